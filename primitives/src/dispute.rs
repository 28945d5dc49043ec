//! The shape of a unit's trace, over which a dispute bisects, and the check of its last piece.
//!
//! A trace is a path of *states*: from the shard before the window, through the state after each step, to the result.
//! Each step is a path through its operations, each operation a path through its pieces. A boundary has one commitment,
//! whatever the level at which it is looked at: the commitment before the first operation of a step *is* the one before
//! the step. So a range that both sides narrowed down at one level carries over to the next without any proof.

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{
	attestation::{checkpoint_steps, Attestation, Outcome},
	Hash, ModelSpec, StageIndex, StepIndex, UnitId,
};

/// Children of a range that one move of the game distinguishes.
pub const ARITY: u32 = 16;
/// Commitments that the defender posts in one move: those between the children.
pub const MOVE_HASHES: u32 = ARITY - 1;
/// Most bytes of evidence for one piece.
pub const MAX_EVIDENCE: u32 = 96 * 1024;

/// The levels of a trace, from the widest.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Level {
	/// Between two attested checkpoints.
	Checkpoints,
	/// Steps between two checkpoints.
	Steps,
	/// Operations of one step.
	Operations,
	/// Pieces of one operation.
	Pieces,
}

/// Everything about a unit that its trace depends on.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct UnitContext {
	/// Hash of the chain's first block.
	pub genesis: Hash,
	/// The unit.
	pub unit: UnitId,
	/// Root of the shard before the window: the commitment of the trace's first state.
	pub shard_before: Hash,
	/// How the unit ended, as attested.
	pub outcome: Outcome,
	/// Samples that the chain had accepted before the window.
	pub samples: u64,
	/// Running root of the upstream edge, as attested.
	pub upstream: Option<Hash>,
	/// Running root of the downstream edge, as attested.
	pub downstream: Option<Hash>,
	/// Root of everything attested about the result: the commitment of the trace's last state.
	pub result: Hash,
	/// The attested composed root of the checkpoints.
	pub checkpoints: Hash,
}

impl UnitContext {
	/// The context of an attested unit.
	pub fn new<AccountId>(
		genesis: Hash,
		samples: u64,
		attestation: &Attestation<AccountId>,
	) -> Self {
		Self {
			genesis,
			unit: attestation.unit,
			shard_before: attestation.shard_before,
			outcome: attestation.outcome,
			samples,
			upstream: attestation.upstream.as_ref().map(|receipt| receipt.root),
			downstream: attestation.downstream.as_ref().map(|receipt| receipt.root),
			result: attestation.result(),
			checkpoints: attestation.checkpoints,
		}
	}

	/// Steps of the trace: those that count, and the closing step, which derives the result from the last state. A step that
	/// diverged does not belong to it: what it read crossed no edge as a whole, so nobody signed it.
	pub fn trace_steps(&self) -> StepIndex {
		self.outcome.steps().saturating_add(1) // bounded far below u32::MAX by the spec
	}
}

/// One piece of one operation, and what it is claimed to do.
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
pub struct Leaf {
	/// The step within the trace.
	pub step: StepIndex,
	/// The operation within the step.
	pub operation: u32,
	/// The piece within the operation.
	pub piece: u64,
	/// The commitment before the piece, on which both sides agree.
	pub before: Hash,
	/// The commitment after it that the defender claims.
	pub after: Hash,
}

/// What recomputing a leaf showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafVerdict {
	/// The piece takes `before` to `after`: the defender is right.
	Right,
	/// The piece takes `before` to something else: the challenger is right.
	Wrong,
	/// The evidence does not open `before`; it proves nothing about either side.
	Unproven,
}

/// Arithmetic that the chain can check, one piece at a time. Implemented by the stage program.
pub trait LeafVerifier {
	/// Operations of a step of a unit's trace; at least 1.
	fn operations(spec: &ModelSpec, context: &UnitContext, step: StepIndex) -> u32;

	/// Pieces of an operation; at least 1. A large product has more than 2³².
	fn pieces(spec: &ModelSpec, context: &UnitContext, step: StepIndex, operation: u32) -> u64;

	/// Recompute a leaf from evidence of at most [`MAX_EVIDENCE`] bytes.
	fn verify(spec: &ModelSpec, context: &UnitContext, leaf: &Leaf, evidence: &[u8])
		-> LeafVerdict;
}

/// One difference that a merge takes in.
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
pub struct Merged {
	/// Lane of the unit; members of a merge are ordered by it.
	pub lane: u8,
	/// Root of the coded difference.
	pub difference: Hash,
	/// Steps that count: the weight of the difference.
	pub steps: StepIndex,
	/// Norm of the difference, which is clipped to the median of all.
	pub norm: crate::attestation::NonNegative,
}

/// The outer step of one stage, as far as the chain knows it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct MergeContext {
	/// The stage.
	pub stage: StageIndex,
	/// Root of the shard before the window.
	pub before: Hash,
	/// The merge set, lanes ascending.
	pub members: alloc::vec::Vec<Merged>,
	/// Root of the shard after the merge that a majority attested.
	pub claimed: Hash,
}

impl MergeContext {
	/// What the merge comes to where no arithmetic is needed: the shard before if nothing was merged, the shard after if the
	/// model has a single lane.
	pub fn without_arithmetic(&self, lanes: u8) -> Option<Hash> {
		match self.members.as_slice() {
			[] => Some(self.before),
			[only] if lanes == 1 => Some(only.difference),
			_ => None,
		}
	}
}

/// Arithmetic of the outer step that the chain can check, one chunk at a time.
pub trait MergeVerifier {
	/// Recompute one chunk of a merge: [`LeafVerdict::Wrong`] if the evidence shows that `claimed` is not the merge.
	fn verify(spec: &ModelSpec, context: &MergeContext, evidence: &[u8]) -> LeafVerdict;
}

/// The boundaries of a trace that its checkpoints root commits to: steps done, ascending from 0 (the shard before) to
/// the whole trace (the result).
pub fn checkpoint_boundaries(context: &UnitContext, every: StepIndex) -> Vec<StepIndex> {
	let steps = context.trace_steps();
	let mut boundaries = checkpoint_steps(steps.saturating_sub(1), every); // a trace has at least the closing step
	boundaries.push(steps);
	boundaries
}

/// The boundaries inside a range that part it into its children: ascending, strictly between `from` and `to`, at most
/// [`MOVE_HASHES`]. These are the ones whose commitments the defender posts.
///
/// A range of n positions has c = min(n, [`ARITY`]) children, as even as possible: boundary i of 1 … c − 1 lies at
/// `from + ⌊i·n / c⌋`. So no child is longer than ⌈n / 16⌉.
pub fn split(from: u64, to: u64) -> Vec<u64> {
	let positions = u128::from(to.saturating_sub(from)); // an empty range has no boundaries
	let children = positions.min(ARITY.into());
	(1..children)
		.filter_map(|i| i.checked_mul(positions)?.checked_div(children)?.checked_add(from.into()))
		.filter_map(|boundary| u64::try_from(boundary).ok()) // always: it is below `to`
		.collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn children_are_as_even_as_possible_and_cover_the_range() {
		for (from, length) in
			(0..=600).map(|length| (7, length)).chain([(0, u64::MAX), (u64::MAX - 17, 17)])
		{
			let to = from + length;
			let inner = split(from, to);
			if length == 0 {
				assert!(inner.is_empty());
				continue;
			}
			let boundaries: Vec<u64> = [from].into_iter().chain(inner).chain([to]).collect();
			let lengths: Vec<u64> = boundaries.windows(2).map(|pair| pair[1] - pair[0]).collect();
			assert_eq!(lengths.len() as u64, length.min(ARITY.into()), "{from}..{to}");
			let (least, most) = (lengths.iter().min().unwrap(), lengths.iter().max().unwrap());
			assert!(*least >= 1 && most - least <= 1, "{from}..{to}: {lengths:?}");
			assert_eq!(*most, length.div_ceil(ARITY.into()), "{from}..{to}");
		}
	}

	#[test]
	fn boundaries_of_a_short_and_of_a_long_range() {
		assert!(split(3, 4).is_empty());
		assert_eq!(split(3, 6), [4, 5]);
		assert_eq!(
			split(0, 20),
			[1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 15, 16, 17, 18],
			"1.25 positions a child, rounded down"
		);
	}

	#[test]
	fn checkpoints_reach_from_the_shard_before_to_the_result() {
		let context = |outcome| UnitContext {
			genesis: Hash::zero(),
			unit: UnitId { model: 0, window: 0, stage: 0, lane: 0 },
			shard_before: Hash::zero(),
			outcome,
			samples: 0,
			upstream: None,
			downstream: None,
			result: Hash::zero(),
			checkpoints: Hash::zero(),
		};
		let boundaries = |outcome| checkpoint_boundaries(&context(outcome), 25);
		assert_eq!(boundaries(Outcome::Done { steps: 0 }), [0, 1]);
		assert_eq!(boundaries(Outcome::Done { steps: 100 }), [0, 25, 50, 75, 100, 101]);
		let diverged = Outcome::Diverged { step: 60, operation: 3 };
		assert_eq!(boundaries(diverged), [0, 25, 50, 60, 61]);
	}
}
