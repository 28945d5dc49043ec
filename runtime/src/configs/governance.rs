//! The council, the emergency brake, and the root key of young networks.

use frame_support::{
	parameter_types,
	traits::{ConstU32, Contains, EitherOfDiverse},
	weights::Weight,
};
use frame_system::{EnsureRoot, EnsureWithSuccess};
use pallet_collective::{EnsureProportionAtLeast, EnsureProportionMoreThan, PrimeDefaultVote};
use sp_runtime::Perbill;

use super::system::share_of_block;
use crate::{
	time::{DAYS, HOURS},
	AccountId, Balance, Balances, BlockNumber, Preimage, Runtime, RuntimeCall, RuntimeEvent,
	RuntimeHoldReason, RuntimeOrigin, System,
};

/// Root, or at least two thirds of the council.
pub type EnsureRootOrTwoThirds =
	EitherOfDiverse<EnsureRoot<AccountId>, EnsureProportionAtLeast<AccountId, (), 2, 3>>;

/// Root, or more than half of the council.
pub type EnsureRootOrMajority =
	EitherOfDiverse<EnsureRoot<AccountId>, EnsureProportionMoreThan<AccountId, (), 1, 2>>;

parameter_types! {
	pub const MotionDuration: BlockNumber = 5 * DAYS;
	pub MaxProposalWeight: Weight = share_of_block(Perbill::from_percent(50));
}

impl pallet_collective::Config for Runtime {
	type Consideration = ();
	type DefaultVote = PrimeDefaultVote;
	type DisapproveOrigin = EnsureRoot<AccountId>;
	type KillOrigin = EnsureRoot<AccountId>;
	type MaxMembers = ConstU32<50>;
	type MaxProposalWeight = MaxProposalWeight;
	type MaxProposals = ConstU32<50>;
	type MotionDuration = MotionDuration;
	type Proposal = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type RuntimeOrigin = RuntimeOrigin;
	type SetMembersOrigin = EnsureRootOrTwoThirds;
	type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
}

impl pallet_sudo::Config for Runtime {
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_sudo::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// How long a call that the council let go waits to be named, which takes a majority of it.
	pub const DeferredDispatchExpiration: BlockNumber = 7 * DAYS;
}

/// How the council reaches root where there is no root key, to upgrade the runtime above all: a majority names the hash of
/// a call, two thirds let it go.
impl pallet_whitelist::Config for Runtime {
	type BlockNumberProvider = System;
	type DeferredDispatchExpiration = DeferredDispatchExpiration;
	type DispatchWhitelistedOrigin = EnsureRootOrTwoThirds;
	type Preimages = Preimage;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_whitelist::weights::SubstrateWeight<Runtime>;
	type WhitelistOrigin = EnsureRootOrMajority;
}

/// Calls that work in safe mode. What moves money does not; what must go on does:
///
/// - consensus, and what ends safe mode or governs meanwhile. The set of validators may change: who cannot go on must be able
///   to leave, and its bond stays locked. New bonds and withdrawals wait.
/// - everything whose clocks go on: windows, audits, disputes, and vouchers, whose settlement only notes what is owed. A worker
///   may change its key and its address, and a model may be paused.
/// - what acts on behalf of others. Calls inside of multisigs, proxies and batches are filtered again.
pub struct AllowedInSafeMode;

impl Contains<RuntimeCall> for AllowedInSafeMode {
	fn contains(call: &RuntimeCall) -> bool {
		matches!(
			call,
			RuntimeCall::System(..)
				| RuntimeCall::Timestamp(..)
				| RuntimeCall::Parameters(..)
				| RuntimeCall::Utility(..)
				| RuntimeCall::Multisig(..)
				| RuntimeCall::Proxy(..)
				| RuntimeCall::Babe(..)
				| RuntimeCall::Grandpa(..)
				| RuntimeCall::Session(..)
				| RuntimeCall::Validators(
					pallet_validators::Call::leave { .. }
						| pallet_validators::Call::approve { .. }
						| pallet_validators::Call::remove { .. }
						| pallet_validators::Call::set_min_validators { .. }
				) | RuntimeCall::Council(..)
				| RuntimeCall::SafeMode(..)
				| RuntimeCall::Whitelist(..)
				| RuntimeCall::Sudo(..)
				| RuntimeCall::Models(pallet_models::Call::pause { .. })
				| RuntimeCall::Workers(
					pallet_workers::Call::rotate_key { .. }
						| pallet_workers::Call::set_endpoint { .. }
				) | RuntimeCall::Shards(..)
				| RuntimeCall::Contributions(..)
				| RuntimeCall::Disputes(..)
				| RuntimeCall::Inference(pallet_inference::Call::settle { .. })
		)
	}
}

parameter_types! {
	pub const SafeModeDuration: BlockNumber = DAYS;
	pub const SafeModeExtension: BlockNumber = 6 * HOURS;
	// Nobody buys safe mode.
	pub const NoDeposit: Option<Balance> = None;
	pub const NoReleaseDelay: Option<BlockNumber> = None;
}

impl pallet_safe_mode::Config for Runtime {
	type Currency = Balances;
	type EnterDepositAmount = NoDeposit;
	type EnterDuration = SafeModeDuration;
	type ExtendDepositAmount = NoDeposit;
	type ExtendDuration = SafeModeExtension;
	type ForceDepositOrigin = EnsureRoot<AccountId>;
	type ForceEnterOrigin = EnsureWithSuccess<EnsureRootOrTwoThirds, AccountId, SafeModeDuration>;
	type ForceExitOrigin = EnsureRootOrTwoThirds;
	type ForceExtendOrigin = EnsureWithSuccess<EnsureRootOrTwoThirds, AccountId, SafeModeExtension>;
	type Notify = ();
	type ReleaseDelay = NoReleaseDelay;
	type RuntimeEvent = RuntimeEvent;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WeightInfo = pallet_safe_mode::weights::SubstrateWeight<Runtime>;
	type WhitelistedCalls = AllowedInSafeMode;
}
