//! A stage at work on this machine: one unit at a time, with a trainer that is kept from window to window.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use cairn_engine::{
	data::Dataset,
	unit::{self, in_flight, Crossing, Lane, UnitError, UnitPlan, UnitReport},
	Compute, OuterState, Recompute, Trainer,
};
use cairn_primitives::{ModelSpec, StageIndex, StepIndex, UnitId};

use super::shard::Held;

/// A stage at work on this machine.
#[derive(Debug)]
pub struct Engine {
	spec: Arc<ModelSpec>,
	stage: StageIndex,
	compute: Arc<Compute>,
	recompute: Recompute,
	dataset: Option<Dataset>,
	trainer: Mutex<Option<Trainer>>,
}

impl Engine {
	/// The first and the last stage need the dataset.
	pub fn new(
		spec: Arc<ModelSpec>,
		stage: StageIndex,
		compute: Arc<Compute>,
		recompute: Recompute,
		dataset: Option<Dataset>,
	) -> Self {
		Self { spec, stage, compute, recompute, dataset, trainer: Mutex::default() }
	}

	/// A unit of which no step was done.
	pub fn nothing(
		&self,
		held: &Held,
		unit: UnitId,
		samples: u64,
	) -> Result<UnitReport, UnitError> {
		self.run(held, unit, samples, 0, &mut NoLane).map(|(report, _)| report)
	}

	/// Do a unit that begins with a shard: `steps` of them at most, behind so many accepted `samples`. Blocks. Returns the shard
	/// after, too, where there is one lane: there is nothing to merge then.
	pub fn run<L: Lane>(
		&self,
		held: &Held,
		unit: UnitId,
		samples: u64,
		steps: StepIndex,
		lane: &mut L,
	) -> Result<(UnitReport, Option<Held>), UnitError> {
		let mut kept = self.trainer.lock().unwrap_or_else(PoisonError::into_inner);
		// A trainer whose unit failed may hold anything: it is not put back.
		let mut trainer = match kept.take() {
			Some(trainer) => trainer,
			None => Trainer::new(
				&self.spec,
				self.stage,
				held.weights.to_shard(&self.spec, self.stage)?,
				in_flight(&self.spec, self.stage),
				self.recompute,
				self.compute.clone(),
			)?,
		};
		let (spec, before, outer) = (&*self.spec, &held.weights, &held.outer);
		let plan = UnitPlan { spec, unit, samples, steps, before, outer };
		let report = unit::run(&mut trainer, self.dataset.as_ref(), &plan, lane)?;
		let after = match self.spec.lanes {
			1 => Some(Held::of(trainer.shard(), OuterState::default())?),
			_ => None,
		};
		*kept = Some(trainer);
		Ok((report, after))
	}
}

/// A lane that nothing crosses.
struct NoLane;

impl Lane for NoLane {
	type Error = ();

	fn receive_activations(&mut self, _: Crossing) -> Result<Bytes, ()> {
		Err(())
	}

	fn send_activations(&mut self, _: Crossing, _: Vec<u8>) -> Result<(), ()> {
		Err(())
	}

	fn receive_gradients(&mut self, _: Crossing) -> Result<Bytes, ()> {
		Err(())
	}

	fn send_gradients(&mut self, _: Crossing, _: Vec<u8>) -> Result<(), ()> {
		Err(())
	}

	fn until_settled(&mut self, _: StepIndex) -> Result<(), ()> {
		Err(())
	}

	fn step_done(&mut self, _: StepIndex, _: Option<f32>) -> Result<(), ()> {
		Err(())
	}

	fn settled(&mut self) -> StepIndex {
		0
	}
}
