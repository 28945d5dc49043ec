//! How much memory a stage takes, known before any of it is taken.

use cairn_primitives::{ModelSpec, StageIndex};
use cairn_program::Stage;
use candle_core::{Device, Result as TensorResult};

use crate::{
	buffer::Buffer,
	cpu::attention::Attention,
	stage::{Kept, Recompute, Result, StageError, Work},
};

/// Where buffers come from: a device, or nowhere, to find out how large they would be.
#[derive(Debug)]
pub(crate) struct Memory {
	device: Option<Device>,
	floats: usize,
}

impl Memory {
	/// Buffers on a device.
	pub fn on(device: Device) -> Self {
		Self { device: Some(device), floats: 0 }
	}

	/// Empty buffers that are only counted.
	fn counted() -> Self {
		Self { device: None, floats: 0 }
	}

	/// A buffer of zeros.
	pub fn zeros(&mut self, floats: usize) -> TensorResult<Buffer> {
		self.floats += floats;
		match &self.device {
			Some(device) => Buffer::zeros(floats, device),
			None => Buffer::zeros(0, &Device::Cpu),
		}
	}

	fn bytes(&self) -> u64 {
		self.floats as u64 * 4
	}
}

/// Bytes that a stage takes in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryPlan {
	/// Weights, two moments and gradients.
	pub shard: u64,
	/// What forward leaves for backward, of all microbatches under way.
	pub activations: u64,
	/// What a microbatch works in.
	pub work: u64,
	/// What each thread works in, all threads together.
	pub scratch: u64,
}

impl MemoryPlan {
	/// The memory of a stage with so many microbatches under way.
	pub fn new(
		spec: &ModelSpec,
		number: StageIndex,
		in_flight: usize,
		recompute: Recompute,
		threads: usize,
	) -> Result<Self> {
		let stage = Stage::new(spec, number).ok_or(StageError::NoStage(number))?;
		let parameters: u64 = stage
			.tensors()
			.into_iter()
			.map(|tensor| stage.size(tensor))
			.map(|(rows, columns)| u64::from(rows) * u64::from(columns))
			.sum();
		let mut activations = Memory::counted();
		for _ in 0..in_flight {
			Kept::new(&stage, recompute, &mut activations)?;
		}
		let mut work = Memory::counted();
		Work::new(&stage, spec.inner, recompute, &mut work)?;
		let attention = Attention {
			context: stage.context as usize,
			heads: stage.heads as usize,
			kv_heads: stage.kv_heads as usize,
			width: stage.head_width as usize,
			scale: 1.0,
		};
		Ok(Self {
			shard: parameters * 16,
			activations: activations.bytes(),
			work: work.bytes(),
			scratch: (attention.scratch() * threads) as u64 * 4,
		})
	}

	/// All of it.
	pub fn total(&self) -> u64 {
		self.shard + self.activations + self.work + self.scratch
	}
}
