#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
// `frame_support::runtime` nests deeply.
#![recursion_limit = "512"]
// FRAME's macros expand to items without documentation.
#![allow(missing_docs)]
// What runs in a block must not panic.
#![cfg_attr(
	not(any(test, feature = "runtime-benchmarks", feature = "try-runtime")),
	deny(
		clippy::arithmetic_side_effects,
		clippy::expect_used,
		clippy::indexing_slicing,
		clippy::panic,
		clippy::unwrap_used
	)
)]

extern crate alloc;

// The compiled runtime, for the node and for tests.
#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

// First, since the API uses its macros.
#[cfg(feature = "runtime-benchmarks")]
#[macro_use]
pub mod benches;

pub mod apis;
pub mod clock;
pub mod configs;
#[allow(clippy::arithmetic_side_effects, reason = "32 bits times a small constant fit into 128")]
pub mod currency;
pub mod fees;
pub mod genesis_config_presets;
pub mod parameters;
pub mod proxy;
pub mod questions;
#[cfg(test)]
mod tests;
pub mod time;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{
	generic, impl_opaque_keys,
	traits::{BlakeTwo256, IdentifyAccount, Verify},
	MultiAddress, MultiSignature,
};
use sp_version::{runtime_version, RuntimeVersion};

pub use configs::TreasuryAccount;

/// A signature of an account, of any of the supported schemes.
pub type Signature = MultiSignature;
/// An account: the public key or its hash.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// What transactions name accounts by.
pub type Address = MultiAddress<AccountId, ()>;
/// Amounts of tokens.
pub type Balance = u128;
/// Height of a block.
pub type BlockNumber = u32;
/// A hash of the chain.
pub type Hash = sp_core::H256;
/// Number of transactions of an account.
pub type Nonce = u32;
/// Milliseconds since 1970.
pub type Moment = u64;
/// Head of a block.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// A block that carries its signature.
pub type SignedBlock = generic::SignedBlock<Block>;
/// Identifies a block.
pub type BlockId = generic::BlockId<Block>;

/// What a transaction proves and pays besides its call. Standard extensions only, so that every
/// wallet can sign.
pub type TxExtension = (
	frame_system::AuthorizeCall<Runtime>,
	frame_system::CheckNonZeroSender<Runtime>,
	frame_system::CheckSpecVersion<Runtime>,
	frame_system::CheckTxVersion<Runtime>,
	frame_system::CheckGenesis<Runtime>,
	frame_system::CheckMortality<Runtime>,
	frame_system::CheckNonce<Runtime>,
	frame_system::CheckWeight<Runtime>,
	pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
	frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
	frame_system::WeightReclaim<Runtime>,
);

/// A transaction or inherent as it travels.
pub type UncheckedExtrinsic =
	generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// What a transaction's signature covers.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;

/// Executes blocks.
pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

impl_opaque_keys! {
	/// The keys with which a validator takes part in consensus.
	pub struct SessionKeys {
		pub grandpa: Grandpa,
		pub babe: Babe,
	}
}

/// Version of this runtime. `spec_version` rises with every release that changes the state
/// transition, `transaction_version` with every change to the encoding of a call or extension.
#[runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: Cow::Borrowed("cairn"),
	impl_name: Cow::Borrowed("cairn-node"),
	authoring_version: 1,
	spec_version: 1,
	impl_version: 1,
	apis: apis::RUNTIME_API_VERSIONS,
	transaction_version: 1,
	// 3: an upgrade takes effect in the block after the one that stored it.
	system_version: 3,
};

// Indices are part of the encoding of every call, event and error: never change or reuse one.
#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Timestamp = pallet_timestamp;
	#[runtime::pallet_index(2)]
	pub type Parameters = pallet_parameters;
	// After the parameters that its genesis writes.
	#[runtime::pallet_index(3)]
	pub type Clock = crate::clock;
	#[runtime::pallet_index(4)]
	pub type Utility = pallet_utility;
	#[runtime::pallet_index(5)]
	pub type Multisig = pallet_multisig;
	#[runtime::pallet_index(6)]
	pub type Proxy = pallet_proxy;
	#[runtime::pallet_index(7)]
	pub type Preimage = pallet_preimage;
	#[runtime::pallet_index(8)]
	pub type Scheduler = pallet_scheduler;
	#[runtime::pallet_index(9)]
	pub type MultiBlockMigrations = pallet_migrations;

	// Babe before Session: a session ends when Babe says so.
	#[runtime::pallet_index(10)]
	pub type Babe = pallet_babe;
	// Authorship after Babe, which tells it the author.
	#[runtime::pallet_index(11)]
	pub type Authorship = pallet_authorship;

	#[runtime::pallet_index(15)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(16)]
	pub type TransactionPayment = pallet_transaction_payment;
	#[runtime::pallet_index(17)]
	pub type Treasury = pallet_treasury;

	// Before Session, whose genesis asks it for the first set.
	#[runtime::pallet_index(20)]
	pub type Validators = pallet_validators;
	#[runtime::pallet_index(21)]
	pub type Session = pallet_session;
	#[runtime::pallet_index(22)]
	pub type Historical = pallet_session::historical;
	#[runtime::pallet_index(23)]
	pub type Offences = pallet_offences;
	#[runtime::pallet_index(24)]
	pub type Grandpa = pallet_grandpa;

	#[runtime::pallet_index(30)]
	pub type Council = pallet_collective;
	#[runtime::pallet_index(31)]
	pub type SafeMode = pallet_safe_mode;
	#[runtime::pallet_index(32)]
	pub type Whitelist = pallet_whitelist;
	#[runtime::pallet_index(39)]
	pub type Sudo = pallet_sudo;

	#[runtime::pallet_index(40)]
	pub type Models = pallet_models;
	#[runtime::pallet_index(41)]
	pub type Workers = pallet_workers;
	#[runtime::pallet_index(42)]
	pub type Shards = pallet_shards;
	#[runtime::pallet_index(43)]
	pub type Contributions = pallet_contributions;
	#[runtime::pallet_index(44)]
	pub type Disputes = pallet_disputes;
	#[runtime::pallet_index(45)]
	pub type Revenue = pallet_revenue;
	#[runtime::pallet_index(46)]
	pub type Inference = pallet_inference;
}
