//! The smallest program with the shape of a stage program: a linear congruential generator.
//!
//! It exercises the dispute game and the merge check end to end where no neural network is needed: a state is one `u64`,
//! every piece of every operation is one step of the generator with a constant of its own, and the commitment of a state
//! opens with its eight bytes. A chain whose models train for real configures the stage program instead.

use codec::Decode;

use crate::{
	dispute::{Leaf, LeafVerdict, LeafVerifier, MergeContext, MergeVerifier, UnitContext},
	hash::{hash, Domain},
	Hash, ModelSpec, StepIndex, UnitId,
};

/// Operations of every step.
pub const OPERATIONS: u32 = 20;
/// Pieces of every operation.
pub const PIECES: u64 = 18;

/// The linear congruential program.
pub struct Lcg;

impl Lcg {
	/// The state after one piece.
	pub fn piece(unit: &UnitId, state: u64, step: StepIndex, operation: u32, piece: u64) -> u64 {
		let position = (u64::from(step) << 40) | (u64::from(operation) << 20) | piece;
		let place =
			(u64::from(unit.window) << 16) | (u64::from(unit.stage) << 8) | u64::from(unit.lane);
		// Knuth's MMIX multiplier (The Art of Computer Programming, vol. 2, 3.3.4); the increment names the position.
		state
			.wrapping_mul(6_364_136_223_846_793_005)
			.wrapping_add(position ^ place.wrapping_mul(1_442_695_040_888_963_407))
	}

	/// The state after a whole step.
	pub fn step(unit: &UnitId, state: u64, step: StepIndex) -> u64 {
		(0..OPERATIONS).fold(state, |state, operation| {
			(0..PIECES).fold(state, |state, piece| Self::piece(unit, state, step, operation, piece))
		})
	}

	/// The commitment of a state.
	pub fn commit(state: u64) -> Hash {
		hash(Domain::State, &state)
	}

	/// The merge of some differences: what the outer step is to a stage program.
	pub fn merge(before: u64, differences: &[(u64, StepIndex)]) -> u64 {
		differences.iter().fold(before, |sum, (difference, steps)| {
			sum.wrapping_add(difference.wrapping_mul(u64::from(*steps)))
		})
	}
}

impl LeafVerifier for Lcg {
	fn operations(_: &ModelSpec, _: &UnitContext, _: StepIndex) -> u32 {
		OPERATIONS
	}

	fn pieces(_: &ModelSpec, _: &UnitContext, _: StepIndex, _: u32) -> u64 {
		PIECES
	}

	/// The evidence is the state before the piece. The very last piece of a trace leads to the result, whose difference is
	/// the commitment of the state after it.
	fn verify(
		spec: &ModelSpec,
		context: &UnitContext,
		leaf: &Leaf,
		mut evidence: &[u8],
	) -> LeafVerdict {
		let Ok(state) = u64::decode(&mut evidence) else { return LeafVerdict::Unproven };
		if Self::commit(state) != leaf.before {
			return LeafVerdict::Unproven;
		}
		let after = Self::piece(&context.unit, state, leaf.step, leaf.operation, leaf.piece);
		let last_step = context.trace_steps().saturating_sub(1); // a trace has at least the closing step
		let is_last = leaf.step == last_step
			&& leaf.operation == OPERATIONS.saturating_sub(1) // constants
			&& leaf.piece == PIECES.saturating_sub(1);
		let expected = if is_last { closing(spec, context, after) } else { Self::commit(after) };
		if expected == leaf.after {
			LeafVerdict::Right
		} else {
			LeafVerdict::Wrong
		}
	}
}

/// The result that follows from the last state: the difference is the state's commitment, and so is the inner state where it is
/// carried; norm and losses are 0, and present where the rules want them.
fn closing(spec: &ModelSpec, context: &UnitContext, state: u64) -> Hash {
	let zero = crate::attestation::NonNegative(0);
	let is_last_stage = spec.is_last_stage(context.unit.stage);
	let is_gate = crate::roster::is_gate(context.unit.window);
	let root = Lcg::commit(state);
	hash(
		Domain::Result,
		&(
			root,
			zero,
			context.upstream,
			context.downstream,
			is_last_stage.then_some(zero),
			(is_last_stage && is_gate).then_some(zero),
			spec.inner.carries_state().then_some(root),
		),
	)
}

impl MergeVerifier for Lcg {
	/// The evidence is the state before and the difference of every member.
	fn verify(_: &ModelSpec, context: &MergeContext, mut evidence: &[u8]) -> LeafVerdict {
		let Ok((before, differences)) = <(u64, alloc::vec::Vec<u64>)>::decode(&mut evidence) else {
			return LeafVerdict::Unproven;
		};
		let opens = Self::commit(before) == context.before
			&& differences.len() == context.members.len()
			&& differences
				.iter()
				.zip(&context.members)
				.all(|(difference, member)| Self::commit(*difference) == member.difference);
		if !opens {
			return LeafVerdict::Unproven;
		}
		let weighted: alloc::vec::Vec<_> = differences
			.into_iter()
			.zip(context.members.iter().map(|member| member.steps))
			.collect();
		if Self::commit(Self::merge(before, &weighted)) == context.claimed {
			LeafVerdict::Right
		} else {
			LeafVerdict::Wrong
		}
	}
}
