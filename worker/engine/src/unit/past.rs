//! The state of one step back.

use cairn_primitives::StepIndex;

use super::seat::Progress;
use crate::{buffer::Buffer, ops, Result, Shard};

/// Weights and moments as they were before the last optimizer step, for a lane that breaks before that step is settled.
#[derive(Debug)]
pub(super) struct Past {
	tensors: Vec<Buffer>,
	/// Which state it is; none yet.
	progress: Option<Progress>,
}

impl Past {
	/// Room for the state of a shard in training.
	pub fn new(shard: &Shard) -> Result<Self> {
		let room = |state: &Buffer| Buffer::zeros(state.len(), &candle_core::Device::Cpu);
		let tensors = shard.tensors().iter().map(|tensor| room(&tensor.state));
		Ok(Self { tensors: tensors.collect::<candle_core::Result<_>>()?, progress: None })
	}

	/// Keep the state of a shard, instead of the one before.
	pub fn keep(&mut self, shard: &Shard, progress: Progress) -> Result<()> {
		self.progress = None; // while it is neither
		for (kept, tensor) in self.tensors.iter().zip(shard.tensors()) {
			ops::copy(kept.all(), tensor.state.all())?;
		}
		self.progress = Some(progress);
		Ok(())
	}

	/// What is kept, if it is the state after so many steps.
	pub fn after(&self, steps: StepIndex) -> Option<Progress> {
		self.progress.filter(|progress| progress.steps == steps)
	}

	/// Give a shard the state back.
	pub fn restore(&self, shard: &Shard) -> Result<()> {
		for (kept, tensor) in self.tensors.iter().zip(shard.tensors()) {
			ops::copy(tensor.state.all(), kept.all())?;
		}
		Ok(())
	}
}
