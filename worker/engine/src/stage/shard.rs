//! The weights of a stage, the optimizer's state beside them, and gradients.

use cairn_primitives::{ModelSpec, StageIndex};
use cairn_program::{random::Initial, Program, Stage, Tensor};
use candle_core::{Device, Result as TensorResult};

use super::{Result, StageError};
use crate::{
	buffer::{Buffer, Slice},
	memory::Memory,
	ops,
};

/// A shard: its tensors in order.
#[derive(Debug)]
pub struct Shard {
	stage: Stage,
	tensors: Vec<ShardTensor>,
}

/// A tensor of a shard.
#[derive(Debug)]
pub struct ShardTensor {
	/// Which one.
	pub tensor: Tensor,
	/// Rows: what it yields.
	pub rows: usize,
	/// Columns: what it reads.
	pub columns: usize,
	/// Weights; in training the optimizer's moments, too, one behind the other.
	pub(crate) state: Buffer,
	/// Gradient of the step so far; empty unless in training.
	pub(crate) gradient: Buffer,
}

impl Shard {
	/// The weights that a spec's seed yields.
	pub fn initial(spec: &ModelSpec, number: StageIndex) -> Result<Self> {
		let stage = Stage::new(spec, number).ok_or(StageError::NoStage(number))?;
		Self::from_weights(&stage, |tensor, count| {
			Ok(Initial::new(spec, number, &stage, tensor, 0).take(count).collect())
		})
	}

	/// Given weights: `weights` yields those of a tensor, which has so many.
	///
	/// # Panics
	///
	/// If it yields more or fewer.
	pub fn from_weights(
		stage: &Stage,
		mut weights: impl FnMut(Tensor, usize) -> Result<Vec<f32>>,
	) -> Result<Self> {
		let device = &Device::Cpu;
		let mut tensors = Vec::new();
		for tensor in stage.tensors() {
			let (rows, columns) = stage.size(tensor);
			let (rows, columns) = (rows as usize, columns as usize);
			let state = weights(tensor, rows * columns)?;
			assert_eq!(state.len(), rows * columns, "weights of {tensor}");
			let (state, gradient) = (Buffer::from_vec(state, device)?, Buffer::zeros(0, device)?);
			tensors.push(ShardTensor { tensor, rows, columns, state, gradient });
		}
		Ok(Self { stage: stage.clone(), tensors })
	}

	/// The shapes of the stage that it is of.
	pub fn stage(&self) -> &Stage {
		&self.stage
	}

	/// Make room for what training needs: gradients, and moments that start from zero.
	pub(crate) fn make_room(&mut self, program: &Program, memory: &mut Memory) -> TensorResult<()> {
		for tensor in &mut self.tensors {
			let [state, gradient] = room(program, tensor.tensor, memory)?;
			ops::copy(state.slice(0, tensor.len()), tensor.state.slice(0, tensor.len()))?;
			(tensor.state, tensor.gradient) = (state, gradient);
		}
		Ok(())
	}

	/// All tensors, in order.
	pub fn tensors(&self) -> &[ShardTensor] {
		&self.tensors
	}

	/// A copy of the weights alone, as for serving.
	pub fn copy(&self) -> Result<Self> {
		Self::from_weights(&self.stage, |tensor, _| Ok(self.get(tensor).weights()?))
	}

	/// The weights of a tensor that the stage has.
	pub(crate) fn weights_of(&self, tensor: Tensor) -> Slice<'_> {
		let tensor = self.get(tensor);
		tensor.state.slice(0, tensor.len())
	}

	/// A tensor that the stage has.
	pub(crate) fn get(&self, tensor: Tensor) -> &ShardTensor {
		let found = &self.tensors[self.stage.number_of(tensor) as usize];
		debug_assert_eq!(found.tensor, tensor);
		found
	}
}

/// Buffers of a tensor in training: weights and moments, gradient.
pub(crate) fn room(
	program: &Program,
	tensor: Tensor,
	memory: &mut Memory,
) -> TensorResult<[Buffer; 2]> {
	let (rows, columns) = program.stage().size(tensor);
	let count = rows as usize * columns as usize;
	let moments = program.constants().rule(tensor, (rows, columns)).moments();
	Ok([memory.zeros((1 + moments) * count)?, memory.zeros(count)?])
}

impl ShardTensor {
	/// Number of weights.
	pub fn len(&self) -> usize {
		self.rows * self.columns
	}

	/// Whether there are none; never.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}

	/// A copy of the weights.
	pub fn weights(&self) -> TensorResult<Vec<f32>> {
		self.state.read(|state| Ok(state[..self.len()].to_vec()))
	}

	/// Replace the weights, and forget the moments.
	pub(crate) fn set(&self, weights: &[f32]) -> TensorResult<()> {
		self.state.write(|state| {
			let (own, moments) = state.split_at_mut(weights.len());
			own.copy_from_slice(weights);
			moments.fill(0.0);
			Ok(())
		})
	}

	/// Floats of all moments together; none unless in training.
	pub(crate) fn moment_count(&self) -> usize {
		self.state.len() - self.len()
	}

	/// Replace the moments: all that the optimizer keeps, one behind the other.
	pub fn set_moments(&self, moments: &[f32]) -> TensorResult<()> {
		self.state.write(|state| {
			state[self.len()..].copy_from_slice(moments);
			Ok(())
		})
	}

	/// Read the moments: of AdamW the first and the second, of Muon the momentum.
	pub fn read_moments<T>(&self, read: impl FnOnce(&[f32]) -> T) -> TensorResult<T> {
		self.state.read(|state| Ok(read(&state[self.len()..])))
	}

	/// A copy of the gradient.
	pub fn gradient(&self) -> TensorResult<Vec<f32>> {
		self.gradient.to_vec()
	}
}
