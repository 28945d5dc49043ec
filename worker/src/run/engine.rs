//! A stage at work on this machine: one unit at a time, with a trainer that is kept from window to window.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use cairn_engine::{
	data::Dataset,
	unit::{self, in_flight, Crossing, Lane, UnitError, UnitPlan, UnitReport},
	Compute, MemoryPlan, OuterState, Recompute, StageError, Trainer,
};
use cairn_primitives::{ModelSpec, StageIndex, StepIndex, UnitId};

use super::shard::Held;
use crate::memory;

/// A stage at work on this machine.
#[derive(Debug)]
pub struct Engine {
	spec: Arc<ModelSpec>,
	stage: StageIndex,
	compute: Arc<Compute>,
	/// What is recomputed at least; all of it where memory is short.
	recompute: Recompute,
	dataset: Option<Dataset>,
	trainer: Mutex<Option<Trainer>>,
}

/// Why a stage cannot be trained here.
#[derive(Debug, thiserror::Error)]
pub enum RoomError {
	/// There is no such stage.
	#[error(transparent)]
	Stage(#[from] StageError),
	/// It takes more memory than there is.
	#[error("{0}")]
	TooLittle(String),
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

	/// Whether the stage fits into the memory that is free.
	pub fn has_room(&self) -> Result<(), RoomError> {
		let kept = self.trainer.lock().unwrap_or_else(PoisonError::into_inner);
		match *kept {
			Some(_) => Ok(()),
			None => self.fitting().map(drop),
		}
	}

	/// What has to be recomputed for the stage to fit into the memory that is free.
	fn fitting(&self) -> Result<Recompute, RoomError> {
		let needed = |recompute| -> Result<u64, StageError> {
			let (spec, in_flight) = (&self.spec, in_flight(&self.spec, self.stage));
			let plan =
				MemoryPlan::seat(spec, self.stage, in_flight, recompute, self.compute.threads())?;
			Ok(plan.total())
		};
		let free = memory::free();
		if self.recompute == Recompute::Selective && needed(Recompute::Selective)? <= free {
			return Ok(Recompute::Selective);
		}
		let advice = "close what else runs here, or leave the seat (`provider leave`) before it costs its bond";
		let checked = memory::check("the seat", needed(Recompute::Full)?, free, advice);
		checked.map(|()| Recompute::Full).map_err(RoomError::TooLittle)
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
				self.fitting().unwrap_or(Recompute::Full),
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
