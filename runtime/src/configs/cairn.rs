//! Cairn's own pallets: models, the work on them, and what they earn.

use cairn_primitives::{traits, Hash, ModelId, ModelStatus};
use cairn_program::trace::StageProgram;
use frame_support::{
	parameter_types,
	traits::{tokens::imbalance::ResolveTo, ConstU128, ConstU32, ConstU8, Contains, Get},
	PalletId,
};
use sp_runtime::Perbill;

use super::{EnsureRootOrMajority, EnsureRootOrTwoThirds, TreasuryAccount};
use crate::{
	clock::EpochDuration,
	currency::{deposit, CRN, MICRO_CRN},
	parameters::protocol,
	time::{DAYS, SLASHABLE_SESSIONS},
	Babe, Balance, Balances, BlockNumber, Contributions, Disputes, Models, Revenue, Runtime,
	Shards, Workers,
};

parameter_types! {
	/// A validator's bond outlives every session that an offence of it can be proven in.
	pub ValidatorUnbonding: BlockNumber = BlockNumber::try_from(EpochDuration::<Runtime>::get())
		.unwrap_or(BlockNumber::MAX)
		.saturating_mul(SLASHABLE_SESSIONS.saturating_add(2)); // an epoch is far below 2³² blocks
	pub const MaxValidatorChange: Perbill = Perbill::from_percent(25);
	pub const MinValidatorSlash: Perbill = Perbill::from_percent(10);
	pub const ValidatorReporterShare: Perbill = Perbill::from_percent(10);
}

impl pallet_validators::Config for Runtime {
	type Currency = Balances;
	type GovernanceOrigin = EnsureRootOrMajority;
	type HistoryDepth = ConstU32<SLASHABLE_SESSIONS>;
	type MaxCandidates = ConstU32<50>;
	type MaxChangePerSession = MaxValidatorChange;
	type MaxValidators = super::consensus::MaxAuthorities;
	type MinBond = ConstU128<{ 1_000 * CRN }>;
	type MinSlash = MinValidatorSlash;
	type ReporterShare = ValidatorReporterShare;
	type SlashDestination = ResolveTo<TreasuryAccount, Balances>;
	type UnbondingPeriod = ValidatorUnbonding;
	type WeightInfo = pallet_validators::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	pub const DatasetDeposit: Balance = deposit(1, 96);
	pub const ModelDeposit: Balance = deposit(2, 256);
	pub const DepositPerByte: Balance = 100 * MICRO_CRN;
}

impl pallet_models::Config for Runtime {
	type Currency = Balances;
	type DatasetDeposit = DatasetDeposit;
	type DepositPerByte = DepositPerByte;
	type GovernanceOrigin = EnsureRootOrMajority;
	type ModelDeposit = ModelDeposit;
	type Seats = Shards;
	type WeightInfo = pallet_models::weights::SubstrateWeight<Runtime>;
}

impl pallet_workers::Config for Runtime {
	type Currency = Balances;
	// An honest 10¹⁵ FLOPs cost about 50 s of a rented GPU: some US cents.
	type DefaultBondPrice = ConstU128<{ CRN / 20 }>;
	type GovernanceOrigin = EnsureRootOrTwoThirds;
	type LeaveLock = protocol::PostLeaveLock;
	type MinBond = ConstU128<{ 10 * CRN }>;
	type RotationPause = protocol::UnbondingBlocks;
	type TreasuryAccount = TreasuryAccount;
	type UnbondingPeriod = protocol::UnbondingBlocks;
	type WeightInfo = pallet_workers::weights::SubstrateWeight<Runtime>;
	type Work = Contributions;
}

/// The VRF output of the parent block.
pub struct ParentVrf;

impl Get<Option<Hash>> for ParentVrf {
	fn get() -> Option<Hash> {
		Babe::author_vrf_randomness().map(Hash::from)
	}
}

impl pallet_shards::Config for Runtime {
	type BeaconDelay = protocol::BeaconDelay;
	type BeaconLength = ConstU32<8192>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benches::Helper;
	type BlockRandomness = ParentVrf;
	type DissolveDelay = protocol::EscrowBlocks;
	type DissolveWindows = protocol::EscrowWindows;
	type MaxMissed = ConstU8<2>;
	type MaxRequests = ConstU32<64>;
	type Models = Models;
	type Providers = Workers;
	type RetainedWindows = ConstU32<4096>;
	type WeightInfo = pallet_shards::weights::SubstrateWeight<Runtime>;
	type Work = Contributions;
}

impl pallet_contributions::Config for Runtime {
	type AuditBlocks = protocol::AuditDeadline;
	type AuditWindows = protocol::AuditWindows;
	type Beacon = Shards;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benches::Helper;
	type ChallengeBond = ConstU128<{ 10 * CRN }>;
	type Currency = Balances;
	type Disputes = Disputes;
	type EscrowBlocks = protocol::EscrowBlocks;
	type EscrowWindows = protocol::EscrowWindows;
	type LotDelay = protocol::BeaconDelay;
	type MaxChallenges = ConstU32<4>;
	type Merges = StageProgram;
	type Models = Models;
	type Providers = Workers;
	type RetentionWindows = protocol::RetentionWindows;
	type Seats = Shards;
	type Shares = Revenue;
	type SuspicionBond = ConstU128<{ 10 * CRN }>;
	type Treasury = TreasuryAccount;
	type WeightInfo = pallet_contributions::weights::SubstrateWeight<Runtime>;
}

impl pallet_disputes::Config for Runtime {
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benches::Helper;
	type ClockBudget = protocol::DisputeBudget;
	type ClockExtension = protocol::DisputeExtension;
	type Leaf = StageProgram;
	type MaxGamesPerUnit = ConstU32<8>;
	type Models = Models;
	type Outcome = Contributions;
	type Providers = Workers;
	type WeightInfo = pallet_disputes::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	pub const RevenuePalletId: PalletId = PalletId(*b"crn/revn");
	pub const RevenueRowDeposit: Balance = deposit(1, 144);
	pub const InferencePalletId: PalletId = PalletId(*b"crn/infr");
}

/// Models that will never have more shares than they have: they are retired, and the last of their windows is forgotten, which
/// no unit outlasts.
pub struct Ended;

impl Contains<ModelId> for Ended {
	fn contains(model: &ModelId) -> bool {
		let status = <Models as traits::Models>::info(*model).map(|info| info.status);
		status == Some(ModelStatus::Retired)
			&& !pallet_shards::Clocks::<Runtime>::contains_key(model)
	}
}

impl pallet_revenue::Config for Runtime {
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benches::Helper;
	type Currency = Balances;
	type Ended = Ended;
	type Models = Models;
	type PalletId = RevenuePalletId;
	type RowDeposit = RevenueRowDeposit;
	type StreamBlocks = protocol::StreamBlocks;
	type Treasury = TreasuryAccount;
	type WeightInfo = pallet_revenue::weights::SubstrateWeight<Runtime>;
}

impl pallet_inference::Config for Runtime {
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benches::Helper;
	type Currency = Balances;
	type MaxLife = ConstU32<{ 90 * DAYS }>;
	type MinDeposit = ConstU128<{ CRN / 10 }>;
	type Models = Models;
	type PalletId = InferencePalletId;
	type Providers = Workers;
	type Seats = Shards;
	type SettlementWindow = protocol::SettlementWindow;
	type Shares = Revenue;
	type WeightInfo = pallet_inference::weights::SubstrateWeight<Runtime>;
}
