//! The records of this pallet.

pub use cairn_primitives::MAX_SUPPLY;
use cairn_primitives::{Balance, BlockNumber, ModelId};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::U256;
use sp_runtime::Permill;

/// Most income of a model, over its whole life, up to which deposits are taken: 2¹²⁰.
pub const MAX_INCOME: Balance = 1 << 120;
/// Most models in one `claim_many`.
pub const MAX_CLAIMS: u32 = 16;
/// Most models that `portfolio` answers for at once.
pub const MAX_PORTFOLIO: u32 = 256;
/// How often in one `StreamBlocks` a model is folded for free.
pub const FREE_FOLDS: BlockNumber = 24;

/// Income that is released linearly.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Stream {
	/// What it releases in all.
	pub total: Balance,
	/// What it has released.
	pub released: Balance,
	/// The block from which on it releases.
	pub start: BlockNumber,
	/// When it is empty, in 2⁻³² blocks.
	pub end: u64,
}

/// What a fork owes to its parent.
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
pub struct Royalty {
	/// The model that it was forked from.
	pub parent: ModelId,
	/// The part of the fork's income that goes there.
	pub part: Permill,
}

/// Shares and income of one model.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Pool {
	/// All shares.
	pub supply: Balance,
	/// What one share earned since the beginning, in 2⁻⁶⁴ units.
	pub acc: U256,
	/// What the last fold could not divide by the supply, in 2⁻⁶⁴ units.
	pub rem: Balance,
	/// Everything that ever came in.
	pub income: Balance,
	/// What was paid out to holders, or to the treasury where there will never be any.
	pub paid: Balance,
	/// What was passed on to the parent.
	pub royalties: Balance,
	/// What came in while there were no shares.
	pub unallocated: Balance,
	/// What the stream released and no fold has shared out.
	pub due: Balance,
	/// What is still to be released.
	pub stream: Stream,
	/// What is owed to the parent, if there is one; fixed with the fork's proposal.
	pub royalty: Option<Royalty>,
	/// What the last royalty was rounded down by, in millionths of a unit.
	pub royalty_carry: u32,
	/// The block of the last fold, or in which the pool was opened.
	pub folded_at: BlockNumber,
}

/// What is held for a row that a transfer created.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct RowDeposit<AccountId> {
	/// On whose account it is held.
	pub payer: AccountId,
	/// How much is held.
	pub amount: Balance,
}

/// One holder of one model.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Holder<AccountId> {
	/// Shares held.
	pub shares: Balance,
	/// The pool's accumulator when the row was settled last.
	pub acc: U256,
	/// What was earned beyond whole units, in 2⁻⁶⁴ units.
	pub fraction: u64,
	/// What can be claimed, as of the last settlement.
	pub credit: Balance,
	/// What is held for the row; nothing for rows that verified work created.
	pub deposit: Option<RowDeposit<AccountId>>,
}

/// How one mint was split.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Split {
	/// For the provider that did the work.
	pub compute: Balance,
	/// For the owner of the dataset.
	pub data: Balance,
	/// For the researcher.
	pub researcher: Balance,
	/// For the treasury.
	pub treasury: Balance,
}

/// One line of a portfolio.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Position {
	/// The model.
	pub model: ModelId,
	/// Shares held.
	pub shares: Balance,
	/// All shares of the model.
	pub supply: Balance,
	/// What can be claimed now.
	pub claimable: Balance,
}
