//! The records of this pallet.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::Perbill;

/// Where a candidacy stands.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Status<BlockNumber> {
	/// Bonded, waits for governance.
	Applied,
	/// Approved, waits for a seat.
	Queued,
	/// Has a seat.
	Active,
	/// Has a seat and gives it up as soon as the set can do without it.
	Leaving,
	/// Has a seat, is disabled, and loses it as soon as the set can do without it.
	Ejected {
		/// The largest part of the bond that an offence cost it: decides who is disabled first.
		fraction: Perbill,
	},
	/// Has no seat any more; the bond is locked.
	Unbonding {
		/// The first block in which the bond can be withdrawn.
		unlocks_at: BlockNumber,
	},
}

impl<BlockNumber> Status<BlockNumber> {
	/// Whether an account of this status waits for a seat.
	pub fn is_waiting(&self) -> bool {
		matches!(self, Self::Applied | Self::Queued)
	}

	/// Whether an account of this status has a seat in the planned set.
	pub fn has_seat(&self) -> bool {
		matches!(self, Self::Active | Self::Leaving | Self::Ejected { .. })
	}
}

/// What is kept of everyone with a bond.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Candidacy<Balance, BlockNumber> {
	/// The bond; always the amount on hold.
	pub bond: Balance,
	/// Where the candidacy stands.
	pub status: Status<BlockNumber>,
}

/// One place in the set of a session.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Seat<AccountId, Balance> {
	/// The validator.
	pub who: AccountId,
	/// Its bond when the session was planned.
	pub bond: Balance,
}

/// What a validator answers with in a session: its identification in proofs of misbehaviour.
///
/// It is fixed when the session is planned. A proof that contains it stays valid whatever happens
/// to the bond later.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Exposure<Balance> {
	/// The bond when the session was planned.
	pub bond: Balance,
}

/// What an account was slashed for its offences of one session.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Slash<Balance> {
	/// The largest part of the bond that was asked for.
	pub fraction: Perbill,
	/// How much was taken, over all reports.
	pub amount: Balance,
}

/// The answer to "where does this account stand?".
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Standing<Balance, BlockNumber> {
	/// The bond.
	pub bond: Balance,
	/// Where the candidacy stands.
	pub status: Status<BlockNumber>,
	/// How many approved candidates are ahead, if it waits in the queue.
	pub ahead_in_queue: Option<u32>,
	/// Whether it is in the set of the current session.
	pub validating: bool,
	/// Whether it is disabled in the current session.
	pub disabled: bool,
}
