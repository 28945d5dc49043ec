//! Who makes blocks, who finalises them, and what becomes of those who cheat.

use frame_support::{
	parameter_types,
	traits::{ConstU32, ConstU64},
	weights::Weight,
};
use pallet_session::{
	disabling::UpToLimitWithReEnablingDisablingStrategy, historical, FindAccountFromAuthorIndex,
};
use pallet_validators::WeightInfo as _;
use sp_runtime::traits::{ConvertInto, OpaqueKeys};
use sp_session::MembershipProof;

use crate::{
	clock::EpochDuration,
	currency::deposit,
	time::{MILLISECS_PER_BLOCK, SLASHABLE_BLOCKS, SLASHABLE_SESSIONS, SLOT_DURATION},
	AccountId, Babe, Balance, Balances, Historical, Moment, Offences, Runtime, RuntimeEvent,
	Session, SessionKeys, Validators,
};

/// Upper bound of the validator set.
pub type MaxAuthorities = ConstU32<100>;

parameter_types! {
	pub const ExpectedBlockTime: Moment = MILLISECS_PER_BLOCK;
	pub const ReportLongevity: u64 = SLASHABLE_BLOCKS as u64;
	pub const MaxSetIdSessionEntries: u64 = SLASHABLE_SESSIONS as u64;
}

/// What a report weighs: upstream's figure for its proofs, and what `validators` does to the offender, which
/// `pallet_offences` leaves out.
pub struct WithPunishment;

impl WithPunishment {
	fn punishment() -> Weight {
		<Runtime as pallet_validators::Config>::WeightInfo::on_offence(1)
	}
}

impl pallet_babe::WeightInfo for WithPunishment {
	fn plan_config_change() -> Weight {
		<() as pallet_babe::WeightInfo>::plan_config_change()
	}
	fn report_equivocation(validators: u32, nominators: u32) -> Weight {
		<() as pallet_babe::WeightInfo>::report_equivocation(validators, nominators)
			.saturating_add(Self::punishment())
	}
}

impl pallet_grandpa::WeightInfo for WithPunishment {
	fn report_equivocation(validators: u32, nominators: u32) -> Weight {
		<() as pallet_grandpa::WeightInfo>::report_equivocation(validators, nominators)
			.saturating_add(Self::punishment())
	}
	fn note_stalled() -> Weight {
		<() as pallet_grandpa::WeightInfo>::note_stalled()
	}
}

impl pallet_timestamp::Config for Runtime {
	type MinimumPeriod = ConstU64<{ SLOT_DURATION / 2 }>;
	type Moment = Moment;
	type OnTimestampSet = Babe;
	type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}

impl pallet_babe::Config for Runtime {
	type DisabledValidators = Session;
	type EpochChangeTrigger = pallet_babe::ExternalTrigger;
	type EpochDuration = EpochDuration<Runtime>;
	type EquivocationReportSystem =
		pallet_babe::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
	type ExpectedBlockTime = ExpectedBlockTime;
	type KeyOwnerProof = MembershipProof;
	type MaxAuthorities = MaxAuthorities;
	type MaxNominators = ConstU32<0>;
	type WeightInfo = WithPunishment;
}

impl pallet_grandpa::Config for Runtime {
	type EquivocationReportSystem =
		pallet_grandpa::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
	type KeyOwnerProof = MembershipProof;
	type MaxAuthorities = MaxAuthorities;
	type MaxNominators = ConstU32<0>;
	type MaxSetIdSessionEntries = MaxSetIdSessionEntries;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = WithPunishment;
}

impl pallet_authorship::Config for Runtime {
	type EventHandler = ();
	type FindAuthor = FindAccountFromAuthorIndex<Self, Babe>;
}

parameter_types! {
	// Two keys of 32 bytes, their owner, and the entry that maps each key back to its owner.
	pub const SessionKeyDeposit: Balance = deposit(3, 192);
}

impl pallet_session::Config for Runtime {
	type Currency = Balances;
	type DisablingStrategy = UpToLimitWithReEnablingDisablingStrategy;
	type KeyDeposit = SessionKeyDeposit;
	type Keys = SessionKeys;
	type NextSessionRotation = Babe;
	type RuntimeEvent = RuntimeEvent;
	type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
	type SessionManager = historical::NoteHistoricalRoot<Self, Validators>;
	type ShouldEndSession = Babe;
	type ValidatorId = AccountId;
	type ValidatorIdOf = ConvertInto;
	type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
}

impl historical::Config for Runtime {
	type FullIdentification = pallet_validators::Exposure<Balance>;
	type FullIdentificationOf = pallet_validators::ExposureOf<Runtime>;
	type RuntimeEvent = RuntimeEvent;
}

impl pallet_offences::Config for Runtime {
	type IdentificationTuple = historical::IdentificationTuple<Self>;
	type OnOffenceHandler = Validators;
	type RuntimeEvent = RuntimeEvent;
}
