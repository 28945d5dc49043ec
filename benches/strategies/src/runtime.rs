//! Cairn's own pallets with the constants and the times of a public network. Models train with the linear congruential
//! program, so that units cost nothing to compute and can be disputed down to a piece all the same.

use cairn_primitives::{lcg::Lcg, Balance, BlockNumber, Hash, ModelId};
use cairn_runtime::{
	currency::{deposit, CRN, EXISTENTIAL_DEPOSIT, MICRO_CRN},
	parameters::PUBLIC_TIMES,
};
use frame_support::{
	derive_impl, parameter_types,
	traits::{ConstU32, ConstU8, Get, Nothing},
	PalletId,
};
use frame_system::EnsureRoot;
use sp_core::H256;
use sp_runtime::{traits::IdentityLookup, AccountId32};

use crate::beacon::Vrf;

/// An account.
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
	pub struct Chain;

	#[runtime::pallet_index(0)]
	pub type System = frame_system::Pallet<Chain>;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances::Pallet<Chain>;
	#[runtime::pallet_index(2)]
	pub type Models = pallet_models::Pallet<Chain>;
	#[runtime::pallet_index(3)]
	pub type Workers = pallet_workers::Pallet<Chain>;
	#[runtime::pallet_index(4)]
	pub type Shards = pallet_shards::Pallet<Chain>;
	#[runtime::pallet_index(5)]
	pub type Contributions = pallet_contributions::Pallet<Chain>;
	#[runtime::pallet_index(6)]
	pub type Disputes = pallet_disputes::Pallet<Chain>;
	#[runtime::pallet_index(7)]
	pub type Revenue = pallet_revenue::Pallet<Chain>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Chain {
	type AccountData = pallet_balances::AccountData<Balance>;
	type AccountId = AccountId;
	type Block = frame_system::mocking::MockBlockU32<Chain>;
	type Hash = H256;
	type Lookup = IdentityLookup<AccountId>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Chain {
	type AccountStore = System;
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
}

/// Money for 10¹⁵ FLOPs, as bonds count them: what they cost an honest worker.
pub const PRICE: Balance = CRN / 20;

parameter_types! {
	pub const ExistentialDeposit: Balance = EXISTENTIAL_DEPOSIT;
	pub TreasuryAccount: AccountId = AccountId::new([0xfe; 32]);
	pub const DatasetDeposit: Balance = deposit(1, 96);
	pub const ModelDeposit: Balance = deposit(2, 256);
	pub const DepositPerByte: Balance = 100 * MICRO_CRN;
	pub const BondPrice: Balance = PRICE;
	pub const LeastBond: Balance = 10 * CRN;
	pub const Unbonding: BlockNumber = PUBLIC_TIMES.unbonding;
	pub const LeaveLock: BlockNumber = PUBLIC_TIMES.post_leave_lock;
	pub const BeaconDelay: BlockNumber = PUBLIC_TIMES.beacon_delay;
	pub const Escrow: BlockNumber = PUBLIC_TIMES.escrow;
	pub const EscrowWindows: u32 = PUBLIC_TIMES.escrow_windows;
	pub const AuditBlocks: BlockNumber = PUBLIC_TIMES.audit_deadline;
	pub const AuditWindows: u32 = PUBLIC_TIMES.audit_windows;
	pub const RetentionWindows: u32 = PUBLIC_TIMES.retention_windows;
	pub const DisputeBudget: BlockNumber = PUBLIC_TIMES.dispute_budget;
	pub const DisputeExtension: BlockNumber = PUBLIC_TIMES.dispute_extension;
	pub const Stream: BlockNumber = PUBLIC_TIMES.stream;
	pub const RowDeposit: Balance = deposit(1, 144);
	pub const RevenuePalletId: PalletId = PalletId(*b"crn/revn");
}

impl pallet_models::Config for Chain {
	type Currency = Balances;
	type DatasetDeposit = DatasetDeposit;
	type DepositPerByte = DepositPerByte;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type ModelDeposit = ModelDeposit;
	type Seats = Shards;
	type WeightInfo = ();
}

impl pallet_workers::Config for Chain {
	type Currency = Balances;
	type DefaultBondPrice = BondPrice;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type LeaveLock = LeaveLock;
	type MinBond = LeastBond;
	type RotationPause = Unbonding;
	type TreasuryAccount = TreasuryAccount;
	type UnbondingPeriod = Unbonding;
	type WeightInfo = ();
	type Work = Contributions;
}

/// The VRF output of the parent block.
pub struct ParentVrf;

impl Get<Option<Hash>> for ParentVrf {
	fn get() -> Option<Hash> {
		Some(Vrf::of(System::block_number().saturating_sub(1)))
	}
}

impl pallet_shards::Config for Chain {
	type BeaconDelay = BeaconDelay;
	type BeaconLength = ConstU32<8192>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = cairn_runtime::benches::Helper;
	type BlockRandomness = ParentVrf;
	type DissolveDelay = Escrow;
	type DissolveWindows = EscrowWindows;
	type MaxMissed = ConstU8<2>;
	type MaxRequests = ConstU32<64>;
	type Models = Models;
	type Providers = Workers;
	type RetainedWindows = ConstU32<4096>;
	type WeightInfo = ();
	type Work = Contributions;
}

impl pallet_contributions::Config for Chain {
	type AuditBlocks = AuditBlocks;
	type AuditWindows = AuditWindows;
	type Beacon = Shards;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = cairn_runtime::benches::Helper;
	type ChallengeBond = LeastBond;
	type Currency = Balances;
	type Disputes = Disputes;
	type EscrowBlocks = Escrow;
	type EscrowWindows = EscrowWindows;
	type LotDelay = BeaconDelay;
	type MaxChallenges = ConstU32<4>;
	type Merges = Lcg;
	type Models = Models;
	type Providers = Workers;
	type RetentionWindows = RetentionWindows;
	type Seats = Shards;
	type Shares = Revenue;
	type SuspicionBond = LeastBond;
	type Treasury = TreasuryAccount;
	type WeightInfo = ();
}

impl pallet_disputes::Config for Chain {
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = cairn_runtime::benches::Helper;
	type ClockBudget = DisputeBudget;
	type ClockExtension = DisputeExtension;
	type Leaf = Lcg;
	type MaxGamesPerUnit = ConstU32<8>;
	type Models = Models;
	type Outcome = Contributions;
	type Providers = Workers;
	type WeightInfo = ();
}

impl pallet_revenue::Config for Chain {
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = cairn_runtime::benches::Helper;
	type Currency = Balances;
	type Ended = Nothing;
	type Models = Models;
	type PalletId = RevenuePalletId;
	type RowDeposit = RowDeposit;
	type StreamBlocks = Stream;
	type Treasury = TreasuryAccount;
	type WeightInfo = ();
}

/// The model of the simulation: the chain's only one.
pub const MODEL: ModelId = 0;
