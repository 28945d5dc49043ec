//! Which tensor of a window, and which comes after it.

use std::fmt;

use cairn_primitives::StepIndex;

use super::{Direction, Terms};

/// Which tensor of a window. Tensors of a direction cross in the order of positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Position {
	/// Of held-out samples, which cross before the first step of a gate: forward alone, with the weights that the window
	/// begins with.
	HeldOut {
		/// The microbatch among those of held-out samples, from 0.
		microbatch: u32,
	},
	/// Of an optimizer step.
	Step {
		/// The step within the window, from 0.
		step: StepIndex,
		/// The microbatch within the step, from 0.
		microbatch: u32,
	},
}

impl fmt::Display for Position {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::HeldOut { microbatch } => write!(f, "held-out microbatch {microbatch}"),
			Self::Step { step, microbatch } => write!(f, "microbatch {microbatch} of step {step}"),
		}
	}
}

impl Terms {
	/// The first tensor of a direction.
	pub(super) fn first(&self, direction: Direction) -> Position {
		match direction {
			Direction::Forward if self.held_out > 0 => Position::HeldOut { microbatch: 0 },
			Direction::Forward | Direction::Backward => Position::Step { step: 0, microbatch: 0 },
		}
	}

	/// The tensor after one, in its direction.
	pub(super) fn after(&self, position: Position) -> Position {
		match position {
			Position::HeldOut { microbatch } if microbatch + 1 < self.held_out => {
				Position::HeldOut { microbatch: microbatch + 1 }
			},
			Position::HeldOut { .. } => Position::Step { step: 0, microbatch: 0 },
			Position::Step { step, microbatch } if microbatch + 1 < self.microbatches => {
				Position::Step { step, microbatch: microbatch + 1 }
			},
			Position::Step { step, .. } => Position::Step { step: step + 1, microbatch: 0 },
		}
	}

	/// The number of a tensor among those that go down, which is as good as any for those that come up.
	pub(super) fn index(&self, position: Position) -> u64 {
		match position {
			Position::HeldOut { microbatch } => microbatch.into(),
			Position::Step { step, microbatch } => {
				let before = u64::from(step) * u64::from(self.microbatches);
				u64::from(self.held_out) + before + u64::from(microbatch)
			},
		}
	}
}

#[cfg(test)]
mod tests {
	use cairn_primitives::{signing::Edge, Hash};

	use super::*;
	use crate::{Codec, Form};

	fn terms(held_out: u32) -> Terms {
		Terms {
			edge: Edge { model: 1, window: 2, lane: 3, upper: 4 },
			genesis: Hash::zero(),
			seed: Hash::zero(),
			held_out,
			microbatches: 2,
			form: Form { codec: Codec::Dense, rows: 1, columns: 1 },
		}
	}

	#[test]
	fn held_out_tensors_come_before_all_steps_and_go_down_alone() {
		let held_out = |microbatch| Position::HeldOut { microbatch };
		let step = |step, microbatch| Position::Step { step, microbatch };
		let order = |terms: Terms, direction| {
			let first = terms.first(direction);
			let order = std::iter::successors(Some(first), move |at| Some(terms.after(*at)));
			order.take(5).collect::<Vec<_>>()
		};
		let down = order(terms(2), Direction::Forward);
		assert_eq!(down, [held_out(0), held_out(1), step(0, 0), step(0, 1), step(1, 0)]);
		assert!(down.is_sorted());
		let indices = down.iter().map(|position| terms(2).index(*position));
		assert_eq!(indices.collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
		let steps = [step(0, 0), step(0, 1), step(1, 0), step(1, 1), step(2, 0)];
		assert_eq!(order(terms(2), Direction::Backward), steps);
		assert_eq!(order(terms(0), Direction::Forward), steps);
	}
}
