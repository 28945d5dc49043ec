//! The tokens that a unit reads.

use cairn_primitives::{ModelSpec, HELD_OUT_SAMPLES};
use cairn_program::random::sample_at;

use super::{Crossing, UnitError, UnitPlan};
use crate::data::{Dataset, DatasetError, Split};

/// The samples of a lane in a window, microbatch by microbatch.
#[derive(Debug)]
pub(super) struct Samples<'a> {
	dataset: &'a Dataset,
	plan: &'a UnitPlan<'a>,
	/// Token ids of the microbatch that was read.
	pub inputs: Vec<u32>,
	/// The token behind each of them.
	pub targets: Vec<u32>,
}

impl<'a> Samples<'a> {
	/// Out of the dataset that the spec names.
	pub fn new(dataset: &'a Dataset, plan: &'a UnitPlan<'a>) -> Result<Self, UnitError> {
		let (expected, found) = (plan.spec.dataset, dataset.manifest().root());
		match expected == found {
			true => Ok(Self { dataset, plan, inputs: Vec::new(), targets: Vec::new() }),
			false => Err(UnitError::WrongDataset { expected, found }),
		}
	}

	/// Read a microbatch.
	pub fn read(&mut self, at: Crossing) -> Result<(), DatasetError> {
		self.inputs.clear();
		self.targets.clear();
		let UnitPlan { spec, unit, samples, .. } = *self.plan;
		let context = spec.architecture.context;
		let of_microbatch = u64::from(spec.schedule.microbatch);
		for row in 0..of_microbatch {
			let (split, sample) = match at {
				Crossing::HeldOut { microbatch } => {
					// Spread over all that are held out.
					let count = u64::from(held_out(spec)) * of_microbatch;
					let available = self.dataset.samples(Split::HeldOut, context);
					let row = u64::from(microbatch) * of_microbatch + row;
					(Split::HeldOut, row.saturating_mul(available) / count.max(1))
				},
				Crossing::Step { step, microbatch } => {
					let available = self.dataset.samples(Split::Training, context);
					let batches = u64::from(spec.lanes) * u64::from(step) + u64::from(unit.lane);
					let before = batches * u64::from(spec.schedule.batch_at(samples));
					let row = u64::from(microbatch) * of_microbatch + row;
					let position = samples.saturating_add(before + row);
					(Split::Training, sample_at(&spec.seed, available, position))
				},
			};
			let (inputs, targets) = (&mut self.inputs, &mut self.targets);
			self.dataset.read_sample(split, context, sample, inputs, targets)?;
		}
		Ok(())
	}
}

/// Microbatches of held-out samples at a gate.
pub(super) fn held_out(spec: &ModelSpec) -> u32 {
	HELD_OUT_SAMPLES.div_ceil(u32::from(spec.schedule.microbatch).max(1))
}
