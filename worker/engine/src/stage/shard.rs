//! The weights of a stage, the optimizer's state beside them, and gradients.

use cairn_primitives::{ModelSpec, StageIndex};
use cairn_program::{random::Initial, Stage, Tensor};
use candle_core::{Device, Result as TensorResult};

use super::{Result, StageError};
use crate::buffer::Buffer;

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
	/// Weights, first moment and second moment, one behind the other.
	pub(crate) state: Buffer,
	/// Gradient of the step so far.
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
			let mut state = weights(tensor, rows * columns)?;
			assert_eq!(state.len(), rows * columns, "weights of {tensor}");
			state.resize(3 * rows * columns, 0.0);
			tensors.push(ShardTensor {
				tensor,
				rows,
				columns,
				state: Buffer::from_vec(state, device)?,
				gradient: Buffer::zeros(rows * columns, device)?,
			});
		}
		Ok(Self { stage: stage.clone(), tensors })
	}

	/// The shapes of the stage that it is of.
	pub fn stage(&self) -> &Stage {
		&self.stage
	}

	/// All tensors, in order.
	pub fn tensors(&self) -> &[ShardTensor] {
		&self.tensors
	}

	/// A tensor that the stage has.
	pub(crate) fn get(&self, tensor: Tensor) -> &ShardTensor {
		let found = &self.tensors[self.stage.number_of(tensor) as usize];
		debug_assert_eq!(found.tensor, tensor);
		found
	}
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

	/// Replace both moments.
	pub fn set_moments(&self, [first, second]: &[Vec<f32>; 2]) -> TensorResult<()> {
		let count = self.len();
		self.state.write(|state| {
			state[count..2 * count].copy_from_slice(first);
			state[2 * count..].copy_from_slice(second);
			Ok(())
		})
	}

	/// A copy of the first and second moments.
	pub fn moments(&self) -> TensorResult<[Vec<f32>; 2]> {
		let count = self.len();
		self.state.read(|s| Ok([s[count..2 * count].to_vec(), s[2 * count..].to_vec()]))
	}

	/// A copy of the gradient.
	pub fn gradient(&self) -> TensorResult<Vec<f32>> {
		self.gradient.to_vec()
	}
}
