//! Records of this pallet. The game itself is in [`crate::game`].

use cairn_primitives::{
	dispute::{Level, MAX_EVIDENCE, MOVE_HASHES},
	BlockNumber, Hash, UnitId, MAX_CHECKPOINTS,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

use crate::Game;

/// Most leaves under a checkpoints root: the shard before, the rooted states, and the result.
pub const MAX_LEAVES: u32 = MAX_CHECKPOINTS + 2;

/// The leaves of a unit's checkpoints root, in order.
pub type Leaves = BoundedVec<Hash, ConstU32<MAX_LEAVES>>;
/// The commitments between the children of a range, in order.
pub type Hashes = BoundedVec<Hash, ConstU32<MOVE_HASHES>>;
/// What the chain recomputes a leaf from.
pub type Evidence = BoundedVec<u8, ConstU32<MAX_EVIDENCE>>;

/// The sides of a game.
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
pub enum Side {
	/// The provider that attested the unit.
	Defender,
	/// The provider that came to another result.
	Challenger,
}

impl Side {
	/// The other side.
	pub fn opponent(self) -> Self {
		match self {
			Side::Defender => Side::Challenger,
			Side::Challenger => Side::Defender,
		}
	}
}

/// What ended a game.
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
pub enum Ending {
	/// The chain recomputed the leaf.
	Proof,
	/// The side to move let its clock run out.
	Clock,
}

/// A game and who defends in it. The challenger is part of its key.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Dispute<AccountId> {
	/// The provider that attested the unit.
	pub defender: AccountId,
	/// Where the game stands.
	pub game: Game,
}

/// Whose move it is.
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
pub struct Turn {
	/// The side to move.
	pub side: Side,
	/// How far the game has narrowed the trace down.
	pub level: Level,
	/// The last block in which the side can move.
	pub deadline: BlockNumber,
}

/// One game of a provider.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Standing<AccountId> {
	/// The unit.
	pub unit: UnitId,
	/// The provider that challenges it.
	pub challenger: AccountId,
	/// The provider's own side.
	pub side: Side,
	/// Whose move it is.
	pub turn: Turn,
}
