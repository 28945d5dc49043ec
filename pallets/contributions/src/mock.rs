//! A runtime with this pallet and mocks of its neighbours, which keep their state in storage so that it is rolled back with
//! everything else. Models train with the linear congruential program.

use std::{cell::RefCell, collections::BTreeMap};

use cairn_primitives::{
	attestation::{
		audit_root, checkpoint_steps, checkpoints_root, Attestation, EdgeReceipt, HeldSignature,
		NonNegative,
	},
	dispute::UnitContext,
	hash::{blob_root, Domain},
	lcg::Lcg,
	lottery::{draw, happens},
	model::{ModelInfo, ModelStatus, PauseReason},
	roster::{is_gate, Standby},
	signing::{edge_message, held_message, running_root, Edge},
	spec::Access,
	traits::{
		Beacon, ClosedWindow, DisputeOutcome, Disputes, Entitlement, Fault, Models, Providers,
		Seats, Shares,
	},
	voucher::Price,
	Balance, BlockNumber, DatasetId, Hash, LaneIndex, ModelId, ModelSpec, Outcome, Points, Roster,
	StageIndex, StepIndex, Terms, UnitId, Window, WindowIndex,
};
use codec::Encode;
use frame_support::{
	derive_impl, dispatch::DispatchResult, parameter_types, storage_alias,
	traits::fungible::InspectHold, Twox64Concat,
};
use sp_core::{crypto::key_types::DUMMY, sr25519, Pair};
use sp_keystore::{testing::MemoryKeystore, KeystoreExt};
use sp_runtime::{
	traits::{IdentityLookup, Zero},
	AccountId32, BuildStorage, DispatchError, Permill,
};

use crate::{self as pallet_contributions, BenchmarkHelper, HoldReason};

mod beacon;
mod benchmarks;
mod deeds;
mod disputes;
mod looks;
mod models;
mod providers;
mod seats;
mod shares;
mod world;

pub use self::{
	beacon::*, benchmarks::*, deeds::*, disputes::*, looks::*, models::*, providers::*, seats::*,
	shares::*, world::*,
};

pub type AccountId = AccountId32;

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
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system::Pallet<Test>;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances::Pallet<Test>;
	#[runtime::pallet_index(2)]
	pub type Contributions = pallet_contributions::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
	type AccountId = AccountId;
	type Lookup = IdentityLookup<AccountId>;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
}

parameter_types! {
	pub const ExistentialDeposit: Balance = 10;
	pub const LotDelay: BlockNumber = 5;
	pub const EscrowBlocks: BlockNumber = 100;
	pub const EscrowWindows: u32 = 2;
	pub const AuditBlocks: BlockNumber = 10;
	pub const AuditWindows: u32 = 1;
	pub const RetentionWindows: u32 = 1;
	pub static SuspicionBond: Balance = 1_001;
	pub static ChallengeBond: Balance = 2_003;
	pub const MaxChallenges: u32 = 2;
	pub TreasuryAccount: AccountId = AccountId::new([0xfe; 32]);
	/// Points that a bond of one unit of the currency stands for: more than any unit is worth, unless a test says otherwise.
	pub static PointsPerBond: Points = NO_BONDS;
	/// Blocks for which the beacon remembers.
	pub static BeaconLength: BlockNumber = 1_000;
	/// Sets one course of randomness apart from others.
	pub static BeaconSalt: u8 = 0;
	/// Whether minting, and passing gates and pauses on, fails.
	pub static MintFails: bool = false;
	pub static ModelsFail: bool = false;
}

impl crate::Config for Test {
	type Models = MockModels;
	type Providers = MockProviders;
	type Seats = MockSeats;
	type Beacon = MockBeacon;
	type Disputes = MockDisputes;
	type Shares = MockShares;
	type Merges = Lcg;
	type Currency = Balances;
	type Treasury = TreasuryAccount;
	type LotDelay = LotDelay;
	type EscrowBlocks = EscrowBlocks;
	type EscrowWindows = EscrowWindows;
	type AuditBlocks = AuditBlocks;
	type AuditWindows = AuditWindows;
	type RetentionWindows = RetentionWindows;
	type SuspicionBond = SuspicionBond;
	type ChallengeBond = ChallengeBond;
	type MaxChallenges = MaxChallenges;
	type WeightInfo = ();
	type BenchmarkHelper = Helper;
}
