//! What this pallet stores.

use cairn_primitives::{
	voucher::Price, Balance, BlockNumber, LaneIndex, ModelId, WindowIndex, MAX_STAGES,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::ConstU32;
use sp_runtime::BoundedVec;

/// A provider for every stage of a lane, from the first to the last.
pub type Lane<AccountId> = BoundedVec<AccountId, ConstU32<MAX_STAGES>>;

/// A lane of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination {
	/// The model.
	pub model: ModelId,
	/// One of its lanes.
	pub lane: LaneIndex,
}

/// A payment channel between a client and a serving lane.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Channel<AccountId> {
	/// Who pays.
	pub client: AccountId,
	/// The account whose key signs vouchers.
	pub signer: AccountId,
	/// The model that is used.
	pub model: ModelId,
	/// The lane that serves.
	pub lane: LaneIndex,
	/// What is held from the client for this channel.
	pub deposit: Balance,
	/// What tokens cost, as of the opening. Seats serve by it; the chain does not see tokens.
	pub price: Price,
	/// The first block in which the channel is expired.
	pub expires: BlockNumber,
	/// The end of the channel, once it began.
	pub settlement: Option<Settlement<AccountId>>,
}

/// The best voucher of a channel so far.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Settlement<AccountId> {
	/// What the channel will pay: the voucher's amount, at most the deposit.
	pub best: Balance,
	/// The window that the voucher names.
	pub window: WindowIndex,
	/// Who brought it: the client, or the provider of a seat.
	pub by: AccountId,
	/// The first block in which the channel can be closed.
	pub closes: BlockNumber,
}

/// Brings neighbours into the state that benchmarks need.
#[cfg(any(test, feature = "runtime-benchmarks"))]
pub trait BenchmarkHelper<AccountId> {
	/// Make a model of `stages` stages that serves, has a price and the highest serving fee, with somebody on the first
	/// seat of every stage. Returns it and the worker key of the last stage's first seat.
	fn serving_model(stages: u32) -> (ModelId, AccountId);
}
