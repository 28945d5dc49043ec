//! The optimizer's step.

use cairn_program::{AdamW, Muon, Rule, Tensor, Value};

use super::{Diverged, Result, ShardTensor, StageError, StepReport, Trainer};
use crate::{
	buffer::read,
	cpu::{muon, optimizer},
};

impl Trainer {
	/// Clip the gradients and step all tensors, when all microbatches are back. If anything came out that is not finite, the shard must be taken from where it
	/// was last stored.
	pub fn finish(&mut self) -> Result<StepReport> {
		let (done, of) = (self.done, self.program.microbatches());
		if done != of {
			return Err(StageError::Unfinished { done, of });
		}
		let compute = self.compute.clone();
		compute.run(|| {
			let squared_norm = self.squared_norm()?;
			let largest = f32::from_bits(self.program.constants().clip);
			let ratio = largest / (squared_norm.sqrt() + 1e-6);
			let clip = if ratio > 1.0 { 1.0 } else { ratio };
			for tensor in self.shard.tensors() {
				let size = (tensor.rows as u32, tensor.columns as u32);
				let is_finite = match self.program.constants().rule(tensor.tensor, size) {
					Rule::AdamW(numbers) => adamw_step(tensor, numbers, clip)?,
					Rule::Muon(numbers) => self.muon_step(tensor, numbers, clip)?,
				};
				if !is_finite {
					return Err(Diverged { value: Value::NextParameter(tensor.tensor) }.into());
				}
			}
			let loss = self.program.stage().is_last.then_some(self.loss);
			Ok(StepReport { loss, squared_norm })
		})
	}

	fn squared_norm(&self) -> Result<f32> {
		let mut total: Option<f32> = None;
		let mut last = Tensor::Embedding;
		for tensor in self.shard.tensors() {
			let mut squares = 0.0;
			self.work.sums.write(|sums| {
				tensor.gradient.read(|gradient| {
					let sums = &mut sums[..tensor.rows];
					squares = optimizer::squared_norm(gradient, tensor.columns, sums);
					Ok(())
				})
			})?;
			total = Some(total.map_or(squares, |total| total + squares));
			last = tensor.tensor;
		}
		let total = total.unwrap_or(0.0);
		match total.is_finite() {
			true => Ok(total),
			false => Err(Diverged { value: Value::SquaredNorm(last) }.into()),
		}
	}

	/// Whether everything that was written is finite.
	fn muon_step(&self, tensor: &ShardTensor, numbers: Muon, clip: f32) -> Result<bool> {
		let step = muon::Step {
			rows: tensor.rows,
			columns: tensor.columns,
			clip,
			momentum: f32::from_bits(numbers.momentum),
			rate: f32::from_bits(numbers.rate),
			decay: f32::from_bits(numbers.decay),
			parallelism: self.compute.parallelism(),
		};
		let mut is_finite = true;
		tensor.state.write(|state| {
			self.work.muon.write(|work| {
				read!([tensor.gradient], |gradient| {
					let (weights, moments) = state.split_at_mut(tensor.len());
					let momentum = &mut moments[..tensor.len()];
					is_finite = step.apply(weights, momentum, gradient, work);
					Ok(())
				})
			})
		})?;
		Ok(is_finite)
	}
}

/// Whether everything that was written is finite.
fn adamw_step(tensor: &ShardTensor, numbers: AdamW, clip: f32) -> Result<bool> {
	let step = optimizer::AdamW {
		clip,
		first: numbers.first.map(f32::from_bits),
		second: numbers.second.map(f32::from_bits),
		rate: f32::from_bits(numbers.rate),
		decay: f32::from_bits(numbers.decay),
		bias1: f32::from_bits(numbers.bias1),
		bias2: f32::from_bits(numbers.bias2),
		epsilon: f32::from_bits(numbers.epsilon),
	};
	let mut is_finite = true;
	tensor.state.write(|state| {
		tensor.gradient.read(|gradient| {
			let (weights, moments) = state.split_at_mut(tensor.len());
			let (first, second) = moments.split_at_mut(tensor.len());
			is_finite = step.step(weights, first, second, gradient);
			Ok(())
		})
	})?;
	Ok(is_finite)
}
