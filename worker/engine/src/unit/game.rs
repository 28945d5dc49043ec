//! The moves of an honest side of a game about a unit, out of the unit's trace. The defender parts a range by its commitments;
//! the challenger names the first child whose end differs from its own.

use cairn_primitives::{
	dispute::{checkpoint_boundaries, split},
	Hash, StepIndex,
};

use super::{Crossings, TraceError, UnitTrace};

/// What the boundaries of a range of a trace count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
	/// Steps of the trace.
	Trace,
	/// Operations of one step.
	Step {
		/// The step within the trace.
		step: StepIndex,
	},
	/// Pieces of one operation.
	Operation {
		/// The step within the trace.
		step: StepIndex,
		/// The operation within the step.
		operation: u32,
	},
}

impl<C: Crossings> UnitTrace<C> {
	/// The commitment at a boundary of a range.
	pub fn commitment(&mut self, place: Place, boundary: u64) -> Result<Hash, TraceError> {
		match place {
			Place::Trace => self.boundary(boundary),
			Place::Step { step } => self.operation(step, boundary),
			Place::Operation { step, operation } => self.piece(step, operation, boundary),
		}
	}

	/// The commitments at the boundaries inside a range, by which the defender parts it.
	pub fn split(&mut self, place: Place, from: u64, to: u64) -> Result<Vec<Hash>, TraceError> {
		split(from, to).into_iter().map(|at| self.commitment(place, at)).collect()
	}

	/// The child of a range that the challenger disputes, where the defender claims these commitments inside. If all of them are the
	/// trace's own, it is the last: the end of the range is disputed already.
	pub fn choose(
		&mut self,
		place: Place,
		from: u64,
		to: u64,
		claimed: &[Hash],
	) -> Result<u8, TraceError> {
		let last = u8::try_from(claimed.len()).unwrap_or(u8::MAX); // 15 at most
		for (child, (at, claimed)) in (0..).zip(split(from, to).into_iter().zip(claimed)) {
			if self.commitment(place, at)? != *claimed {
				return Ok(child);
			}
		}
		Ok(last)
	}

	/// The first range between two checkpoints whose end the challenger disputes, where the defender has revealed these leaves; none
	/// if all of them are the trace's own. The first leaf is the shard before, of which the chain knows that it is right.
	pub fn choose_checkpoint(
		&mut self,
		every: StepIndex,
		leaves: &[Hash],
	) -> Result<Option<u8>, TraceError> {
		let ends = checkpoint_boundaries(self.context(), every).into_iter().zip(leaves).skip(1);
		for (child, (steps, claimed)) in (0..).zip(ends) {
			if self.boundary(steps.into())? != *claimed {
				return Ok(Some(child));
			}
		}
		Ok(None)
	}
}
