//! The chess clock of a game.

use cairn_primitives::BlockNumber;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::Side;

/// What both sides' clocks are set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
	/// Blocks that each side has in all.
	pub budget: BlockNumber,
	/// Blocks that a side has at least for each move, even if its budget is used up.
	pub extension: BlockNumber,
}

/// Both sides' clocks. Exactly one runs: that of the side to move, since the block `since`.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Clocks {
	/// Blocks of the defender's budget that were left when its clock last stood.
	pub defender: BlockNumber,
	/// Blocks of the challenger's budget that were left when its clock last stood.
	pub challenger: BlockNumber,
	/// Blocks that a side has at least for each move; fixed when the game opened. At least 1.
	pub extension: BlockNumber,
	/// The block of the last move, or of the opening.
	pub since: BlockNumber,
	/// The last block in which the side to move can move.
	pub deadline: BlockNumber,
}

impl Clocks {
	/// Set both clocks and let `side`'s run. Without an extension nobody could answer a move: it is 1 at least.
	pub fn start(side: Side, now: BlockNumber, times: Times) -> Self {
		Self {
			defender: times.budget,
			challenger: times.budget,
			extension: times.extension.max(1),
			since: now,
			deadline: now,
		}
		.run(side, now)
	}

	/// Stop the clock of `side`, which has moved, and let the opponent's run.
	pub fn press(mut self, side: Side, now: BlockNumber) -> Self {
		let used = now.saturating_sub(self.since); // blocks never go back
		let left = match side {
			Side::Defender => &mut self.defender,
			Side::Challenger => &mut self.challenger,
		};
		*left = left.saturating_sub(used); // what exceeds the budget was the extension's
		self.run(side.opponent(), now)
	}

	/// Whether the side to move can no longer move.
	pub fn has_run_out(&self, now: BlockNumber) -> bool {
		now > self.deadline
	}

	/// Blocks left of a side's budget when its clock last stood.
	pub fn left(&self, side: Side) -> BlockNumber {
		match side {
			Side::Defender => self.defender,
			Side::Challenger => self.challenger,
		}
	}

	fn run(mut self, side: Side, now: BlockNumber) -> Self {
		self.since = now;
		// Saturating: the last block there can be is as good a deadline as any after it.
		self.deadline = now.saturating_add(self.left(side).max(self.extension));
		self
	}
}
