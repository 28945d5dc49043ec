//! A unit of work: what a seat computes in one window, and what it commits to. It knows no network: what crosses the edges of
//! the stage goes through a [`Lane`], which may be a connection, a channel within a process, or what an auditor has fetched.
//!
//! ```text
//! held-out samples with the window's first weights, at gates
//! steps: warm-up forwards, then one forward and one backward in turn, then the optimizer's step
//! the numbers of the attestation, from the state of the last step that counts
//! ```
//!
//! Everything in the report is what the trace of the unit ([`cairn_program::trace`]) commits to, to the bit.
//!
//! Neighbours sign a step after it was done, so that the last step done may turn out not to count. The seat keeps the state of one
//! step back for that, and gives it up only when the step behind it is settled: there is nothing to negotiate when a lane breaks.

mod error;
mod game;
mod past;
mod replay;
mod report;
mod samples;
mod seat;
mod trace;

use bytes::Bytes;
use cairn_primitives::{ModelSpec, Outcome, StageIndex, StepIndex, UnitId};

pub use error::UnitError;
pub use game::Place;
pub use report::UnitReport;
pub use trace::{Crossings, Piece, TraceError, UnitTrace};

use crate::{data::Dataset, OuterState, Snapshot, Trainer};
use seat::{Seat, Stop};

/// Which microbatch crosses. Held-out samples cross before the first step; they have activations only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Crossing {
	/// Of held-out samples, at gates.
	HeldOut {
		/// The microbatch, from 0.
		microbatch: u32,
	},
	/// Of a step.
	Step {
		/// The step within the window, from 0.
		step: StepIndex,
		/// The microbatch within the step, from 0.
		microbatch: u32,
	},
}

/// A lane as one of its stages sees it. Calls block. When one fails the lane is over: none but [`Lane::settled`] follows.
pub trait Lane {
	/// Why nothing crosses any more. It ends the unit, but is no error of it: whoever wants to tell of it keeps it.
	type Error;

	/// The bytes of activations from the stage before.
	fn receive_activations(&mut self, at: Crossing) -> Result<Bytes, Self::Error>;

	/// Send the bytes of activations to the stage after.
	fn send_activations(&mut self, at: Crossing, bytes: Vec<u8>) -> Result<(), Self::Error>;

	/// The bytes of gradients from the stage after.
	fn receive_gradients(&mut self, at: Crossing) -> Result<Bytes, Self::Error>;

	/// Send the bytes of gradients to the stage before.
	fn send_gradients(&mut self, at: Crossing, bytes: Vec<u8>) -> Result<(), Self::Error>;

	/// Wait until at least so many steps are settled: signed by both ends of every edge. It is called before the state after
	/// them becomes the oldest that is kept, when all of the next step has crossed, so that the signatures are mostly there.
	fn until_settled(&mut self, steps: StepIndex) -> Result<(), Self::Error>;

	/// A step is done: all of it has crossed, and the optimizer has made its step, so that it may be signed. It does not wait
	/// for the neighbours' signatures. `loss` is the mean over the step's tokens, in nats, on the last stage.
	fn step_done(&mut self, step: StepIndex, loss: Option<f32>) -> Result<(), Self::Error>;

	/// The lane is over: all steps are done, or it broke, or the stage ends it. Wait until what can be settled is settled; the
	/// number of steps that count.
	fn settled(&mut self) -> StepIndex;
}

/// What is to be computed.
#[derive(Clone, Copy, Debug)]
pub struct UnitPlan<'a> {
	/// The model.
	pub spec: &'a ModelSpec,
	/// The unit.
	pub unit: UnitId,
	/// Samples that the chain had accepted before the window.
	pub samples: u64,
	/// Steps to do at most: those of the window, for an auditor those attested.
	pub steps: StepIndex,
	/// Weights of the stage at the start of the window.
	pub before: &'a Snapshot,
	/// Outer momenta of the stage, which belong to the shard before; none where there is one lane.
	pub outer: &'a OuterState,
}

/// Why a unit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
	/// All of its steps are done.
	Whole,
	/// The lane broke.
	Broken,
	/// A neighbour sent what nobody has to take: values that are not finite, or another number of bytes. As with a lane that broke,
	/// the steps that were settled count, and no operation of this stage has diverged.
	Refused {
		/// Which microbatch.
		at: Crossing,
	},
	/// An operation of this stage wrote a value that is not finite.
	Diverged {
		/// The step that could not be finished.
		step: StepIndex,
		/// The number of the operation in the stage program of that step. Where held-out samples diverge it is that of the same
		/// operation on the first microbatch of step 0.
		operation: u32,
	},
}

impl End {
	/// How the unit ended if so many steps count.
	fn outcome(self, steps: StepIndex) -> Outcome {
		match self {
			Self::Diverged { step, operation } if step == steps => {
				Outcome::Diverged { step, operation }
			},
			// It diverged behind a step that does not count.
			_ => Outcome::Done { steps },
		}
	}
}

/// Microbatches that a stage has under way at most: room for as many makes it wait for nobody but its neighbours.
pub fn in_flight(spec: &ModelSpec, stage: StageIndex) -> usize {
	let behind = spec.stages.len().saturating_sub(usize::from(stage)); // with the stage itself
	let batch = spec.schedule.points.iter().map(|point| point.batch).max().unwrap_or(1);
	let microbatches = batch / u32::from(spec.schedule.microbatch.max(1));
	behind.min(microbatches as usize).max(1)
}

/// Do a unit. The trainer takes the window's first weights, and is left with the state after the last step that counts. The first
/// and the last stage need the dataset.
///
/// # Errors
///
/// If the unit cannot be computed here at all; what the trainer holds is then unknown.
pub fn run<L: Lane>(
	trainer: &mut Trainer,
	dataset: Option<&Dataset>,
	plan: &UnitPlan,
	lane: &mut L,
) -> Result<UnitReport, UnitError> {
	let mut seat = Seat::new(trainer, dataset, plan)?;
	let end = match seat.work(lane) {
		Ok(()) => End::Whole,
		Err(Stop::End(end)) => end,
		Err(Stop::Failed(error)) => return Err(error),
	};
	seat.report(lane.settled(), end)
}
