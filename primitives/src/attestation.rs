//! What a seat commits to at the end of a window, and what an auditor answers.

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::{sr25519, ConstU32};
use sp_runtime::BoundedVec;

use crate::{
	hash::{hash, Domain},
	Hash, StepIndex, UnitId, MAX_HELD,
};

/// How a unit ended.
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
pub enum Outcome {
	/// So many steps were done; fewer than the window's when the lane broke.
	Done {
		/// Steps done: the last step for which the seat holds its neighbours' signatures on all its edges.
		steps: StepIndex,
	},
	/// An operation yielded a value that is not finite. The steps before it count.
	Diverged {
		/// The step that could not be finished; as many steps count.
		step: StepIndex,
		/// The operation of the stage program that yielded the value.
		operation: u32,
	},
}

impl Outcome {
	/// Steps that count.
	pub fn steps(&self) -> StepIndex {
		match self {
			Outcome::Done { steps } => *steps,
			Outcome::Diverged { step, .. } => *step,
		}
	}
}

/// The neighbour's signature under everything that crossed an edge.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct EdgeReceipt {
	/// Running root of all tensors that crossed until the unit's last step.
	pub root: Hash,
	/// The neighbour's worker key signs [`crate::signing::edge_message`].
	pub signature: sr25519::Signature,
}

/// A holder's signature that it has stored a unit's difference.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct HeldSignature<AccountId> {
	/// The provider that holds the difference.
	pub holder: AccountId,
	/// Its worker key signs [`crate::signing::held_message`].
	pub signature: sr25519::Signature,
}

/// Bits of an `f32` that is finite and not negative; such bits order like the numbers they stand for.
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
pub struct NonNegative(pub u32);

impl NonNegative {
	/// Whether the bits are those of a finite number ≥ +0.
	pub fn is_valid(&self) -> bool {
		self.0 < 0x7f80_0000
	}

	/// The number in millionths, rounded down; saturates at `u64::MAX`.
	pub fn to_millionths(&self) -> u64 {
		let exponent = (self.0 >> 23) & 0xff;
		let fraction = u64::from(self.0 & 0x7f_ffff);
		// value = mantissa · 2^(max(exponent, 1) − 150)
		let mantissa = if exponent == 0 { fraction } else { fraction | 0x80_0000 };
		let scaled = u128::from(mantissa).saturating_mul(1_000_000); // < 2^44
		let shift = exponent.max(1);
		let millionths = match shift.checked_sub(150) {
			Some(left) if left < 64 => scaled << left, // < 2^108
			Some(_) => u128::MAX,
			None => scaled.checked_shr(150u32.saturating_sub(shift)).unwrap_or(0), // shift < 150
		};
		u64::try_from(millionths).unwrap_or(u64::MAX)
	}
}

/// What a seat commits to at the end of a window. The extrinsic that carries it is signed by the seat's worker key.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Attestation<AccountId> {
	/// The unit of work.
	pub unit: UnitId,
	/// Root of the shard at the start of the window: what the merge of the window before came to.
	pub shard_before: Hash,
	/// How the unit ended.
	pub outcome: Outcome,
	/// Root of the coded difference, shard after − shard before; of the shard after itself where the model has one lane,
	/// because there is nothing to merge.
	pub difference: Hash,
	/// Norm of the difference.
	pub norm: NonNegative,
	/// Composed root of the states at every checkpoint and of the result ([`checkpoints_root`]).
	pub checkpoints: Hash,
	/// Receipt of the stage before; none at the first stage and where no step was done.
	pub upstream: Option<EdgeReceipt>,
	/// Receipt of the stage after; none at the last stage and where no step was done.
	pub downstream: Option<EdgeReceipt>,
	/// Mean training loss over the steps that count; at the last stage only.
	pub loss: Option<NonNegative>,
	/// Loss on held-out samples; at the last stage of gate windows only.
	pub held_out: Option<NonNegative>,
	/// Roots of the inner optimizer's state after the window; only where the spec carries it.
	pub inner_state: Option<Hash>,
	/// Who stored the difference.
	pub held: BoundedVec<HeldSignature<AccountId>, ConstU32<MAX_HELD>>,
}

impl<AccountId> Attestation<AccountId> {
	/// The result of the unit: the last leaf under its checkpoints root, so that a dispute about any attested value is a
	/// dispute about the step that derives it.
	pub fn result(&self) -> Hash {
		let edge = |receipt: &Option<EdgeReceipt>| receipt.as_ref().map(|receipt| receipt.root);
		hash(
			Domain::Result,
			&(
				self.difference,
				self.norm,
				edge(&self.upstream),
				edge(&self.downstream),
				self.loss,
				self.held_out,
				self.inner_state,
			),
		)
	}
}

/// The composed root of a unit's checkpoints: the shard before, the state after every `checkpoint_every` steps and after
/// the last, and the result.
pub fn checkpoints_root(genesis: Hash, unit: &UnitId, leaves: &[Hash]) -> Hash {
	hash(Domain::Checkpoints, &(genesis, unit, leaves))
}

/// What an auditor answers if it came to the same leaves: keyed with its account, so that it cannot be copied, and over
/// leaves that are not public, so that it cannot be answered without the work.
pub fn audit_root<AccountId: Encode>(
	genesis: Hash,
	unit: &UnitId,
	auditor: &AccountId,
	leaves: &[Hash],
) -> Hash {
	hash(Domain::Audit, &(genesis, unit, auditor, leaves))
}

/// Positions of the checkpoints of a unit: step counts, ascending. The leaves are the state at each of them, and the
/// result behind the last.
pub fn checkpoint_steps(steps: StepIndex, every: StepIndex) -> Vec<StepIndex> {
	let every = every.max(1);
	let mut at: Vec<StepIndex> = (0..steps).step_by(every as usize).collect();
	at.push(steps);
	at
}

/// An auditor's answer.
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
pub enum Verdict {
	/// The auditor came to the same result.
	Ok {
		/// See [`audit_root`].
		audit_root: Hash,
	},
	/// The auditor came to another result: this opens a dispute.
	Bad {
		/// Root of the auditor's own checkpoints.
		checkpoints: Hash,
	},
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn millionths_agree_with_float_arithmetic() {
		for value in [0.0f32, 1.0, 0.5, 2.75, 1e-3, 3.40e-7, 9.99e-7, 1e-45, 123_456.78, 1e12, 1e30]
		{
			let exact = f64::from(value) * 1e6;
			let expected = if exact >= u64::MAX as f64 { u64::MAX } else { exact as u64 };
			assert_eq!(NonNegative(value.to_bits()).to_millionths(), expected, "{value}");
		}
	}

	#[test]
	fn only_finite_numbers_from_zero_up_are_valid() {
		assert!(NonNegative(0f32.to_bits()).is_valid());
		assert!(NonNegative(f32::MAX.to_bits()).is_valid());
		for bits in
			[f32::INFINITY.to_bits(), f32::NAN.to_bits(), (-1f32).to_bits(), (-0f32).to_bits()]
		{
			assert!(!NonNegative(bits).is_valid());
		}
	}

	#[test]
	fn checkpoints_lie_at_the_start_at_every_interval_and_at_the_end() {
		assert_eq!(checkpoint_steps(100, 25), [0, 25, 50, 75, 100]);
		assert_eq!(checkpoint_steps(60, 25), [0, 25, 50, 60]);
		assert_eq!(checkpoint_steps(0, 25), [0]);
	}
}
