//! A runtime with the real session, historical, offences and balances pallets around this one.

use crate::{self as pallet_validators, BalanceOf, Exposure, ExposureOf, HoldReason};
use codec::Encode;
use frame_support::{
	derive_impl, parameter_types,
	traits::{
		fungible::InspectHold, Contains, Imbalance, KeyOwnerProofSystem, OnInitialize, OnUnbalanced,
	},
};
use frame_system::EnsureRoot;
use pallet_session::{
	disabling::UpToLimitWithReEnablingDisablingStrategy, historical as pallet_historical,
	historical::NoteHistoricalRoot, PeriodicSessions, TestSessionHandler,
};
use sp_runtime::{
	impl_opaque_keys,
	key_types::DUMMY,
	testing::UintAuthorityId,
	traits::{ConvertInto, OpaqueKeys},
	BuildStorage, Perbill,
};
use sp_session::MembershipProof;
use sp_staking::{
	offence::{Kind, Offence, OffenceError, ReportOffence},
	SessionIndex,
};

pub type AccountId = u64;
pub type Balance = u128;
pub type Offender = (AccountId, Exposure<BalanceOf<Test>>);

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
	pub type Validators = pallet_validators::Pallet<Test>;
	#[runtime::pallet_index(3)]
	pub type Session = pallet_session::Pallet<Test>;
	#[runtime::pallet_index(4)]
	pub type Historical = pallet_historical::Pallet<Test>;
	#[runtime::pallet_index(5)]
	pub type Offences = pallet_offences::Pallet<Test>;
}

impl_opaque_keys! {
	pub struct MockSessionKeys {
		pub dummy: UintAuthorityId,
	}
}

/// Keeps out the one call that a runtime with this pallet has to keep out.
pub struct NoSessionPurge;
impl Contains<RuntimeCall> for NoSessionPurge {
	fn contains(call: &RuntimeCall) -> bool {
		!matches!(call, RuntimeCall::Session(pallet_session::Call::purge_keys {}))
	}
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
	type AccountData = pallet_balances::AccountData<Balance>;
	type BaseCallFilter = NoSessionPurge;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
}

parameter_types! {
	pub const ExistentialDeposit: Balance = 10;
	pub const KeyDeposit: Balance = 5;
	pub const SessionLength: u64 = 5;
	pub const SessionOffset: u64 = 0;
}

impl pallet_session::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	type ValidatorIdOf = ConvertInto;
	type ShouldEndSession = PeriodicSessions<SessionLength, SessionOffset>;
	type NextSessionRotation = PeriodicSessions<SessionLength, SessionOffset>;
	type SessionManager = NoteHistoricalRoot<Test, Validators>;
	type SessionHandler = TestSessionHandler;
	type Keys = MockSessionKeys;
	type DisablingStrategy = UpToLimitWithReEnablingDisablingStrategy;
	type WeightInfo = ();
	type Currency = Balances;
	type KeyDeposit = KeyDeposit;
}

impl pallet_historical::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type FullIdentification = Exposure<Balance>;
	type FullIdentificationOf = ExposureOf<Test>;
}

impl pallet_offences::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type IdentificationTuple = Offender;
	type OnOffenceHandler = Validators;
}

parameter_types! {
	pub const MinBond: Balance = 100;
	pub const MaxValidators: u32 = 12;
	pub const MaxCandidates: u32 = 5;
	pub static MaxChangePerSession: Perbill = Perbill::from_percent(25);
	pub static MinSlash: Perbill = Perbill::from_percent(10);
	pub const ReporterShare: Perbill = Perbill::from_percent(20);
	pub static UnbondingPeriod: u64 = 30;
	pub const HistoryDepth: SessionIndex = 4;
	/// What has come in at the slash destination.
	pub static SlashedFunds: Balance = 0;
}

/// Counts what is slashed, and burns it.
pub struct CountSlashes;
impl OnUnbalanced<crate::CreditOf<Test>> for CountSlashes {
	fn on_nonzero_unbalanced(credit: crate::CreditOf<Test>) {
		SlashedFunds::mutate(|funds| *funds += credit.peek());
	}
}

impl crate::Config for Test {
	type Currency = Balances;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type SlashDestination = CountSlashes;
	type MinBond = MinBond;
	type MaxValidators = MaxValidators;
	type MaxCandidates = MaxCandidates;
	type MaxChangePerSession = MaxChangePerSession;
	type MinSlash = MinSlash;
	type ReporterShare = ReporterShare;
	type UnbondingPeriod = UnbondingPeriod;
	type HistoryDepth = HistoryDepth;
	type WeightInfo = ();
}

/// What every account has at first.
pub const ENDOWMENT: Balance = 10_000;
/// The bond of genesis validators.
pub const BOND: Balance = 1_000;
/// How many accounts are endowed: from 1 on.
pub const ACCOUNTS: AccountId = 40;

/// A chain that is to be: `validators` accounts from 1 on are its first validators.
pub struct ExtBuilder {
	pub validators: AccountId,
	pub floor: u32,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { validators: 8, floor: 4 }
	}
}

impl ExtBuilder {
	pub fn validators(self, validators: AccountId) -> Self {
		Self { validators, ..self }
	}

	pub fn floor(self, floor: u32) -> Self {
		Self { floor, ..self }
	}

	pub fn build(self) -> sp_io::TestExternalities {
		SlashedFunds::set(0);
		let bonds = (1..=self.validators).map(|who| (who, BOND)).collect();
		let keys = (1..=self.validators).map(|who| (who, who, keys_of(who))).collect();
		build_with(bonds, keys, self.floor)
	}

	/// Runs a test, and checks the invariants when it is over.
	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Validators::do_try_state().unwrap();
		});
	}
}

/// A chain with any genesis of validators and session keys.
pub fn build_with(
	validators: Vec<(AccountId, Balance)>,
	keys: Vec<(AccountId, AccountId, MockSessionKeys)>,
	min_validators: u32,
) -> sp_io::TestExternalities {
	let genesis = RuntimeGenesisConfig {
		system: Default::default(),
		balances: pallet_balances::GenesisConfig {
			balances: (1..=ACCOUNTS).map(|who| (who, ENDOWMENT)).collect(),
			..Default::default()
		},
		validators: pallet_validators::GenesisConfig { validators, min_validators },
		session: pallet_session::GenesisConfig { keys, ..Default::default() },
	};
	let mut ext: sp_io::TestExternalities = genesis.build_storage().unwrap().into();
	ext.execute_with(|| System::set_block_number(1));
	ext
}

pub fn new_test_ext() -> sp_io::TestExternalities {
	ExtBuilder::default().build()
}

/// The session keys of `who`.
pub fn keys_of(who: AccountId) -> MockSessionKeys {
	MockSessionKeys { dummy: UintAuthorityId(who) }
}

/// Registers session keys, as an operator does.
pub fn register_keys(who: AccountId, keys: MockSessionKeys) {
	let proof = sp_runtime::RuntimeAppPublic::sign(&keys.dummy, &who.encode()).unwrap().encode();
	Session::set_keys(RuntimeOrigin::signed(who), keys, proof).unwrap();
}

/// Brings an account into the status `Applied`.
pub fn applied(who: AccountId) {
	register_keys(who, keys_of(who));
	Validators::apply(RuntimeOrigin::signed(who), BOND).unwrap();
}

/// Brings an account into the status `Queued`.
pub fn queued(who: AccountId) {
	applied(who);
	Validators::approve(RuntimeOrigin::root(), who).unwrap();
}

/// Goes to block `to`, through the hooks of the session pallet.
pub fn run_to(to: u64) {
	while System::block_number() < to {
		let next = System::block_number() + 1;
		System::set_block_number(next);
		<Session as OnInitialize<u64>>::on_initialize(next);
	}
}

/// Lets `count` sessions begin.
pub fn roll_sessions(count: u64) {
	for _ in 0..count {
		let now = System::block_number();
		run_to(now - now % SessionLength::get() + SessionLength::get());
	}
}

/// The set of the session in which changes of now can take effect first.
pub fn planned() -> Vec<AccountId> {
	crate::Planned::<Test>::get().into_iter().map(|seat| seat.who).collect()
}

/// Who the session pallet has disabled.
pub fn disabled() -> Vec<AccountId> {
	let validators = Session::validators();
	Session::disabled_validators().into_iter().map(|i| validators[i as usize]).collect()
}

pub fn bond_of(who: AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::ValidatorBond.into(), &who)
}

pub fn status_of(who: AccountId) -> crate::Status<u64> {
	crate::Candidates::<Test>::get(who).unwrap().status
}

/// The events of this pallet since the last call.
pub fn events() -> Vec<crate::Event<Test>> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}

/// An equivocation that costs a fixed fraction.
pub struct Equivocation {
	pub offenders: Vec<Offender>,
	pub session: SessionIndex,
	pub slot: u64,
	pub fraction: Perbill,
}

impl Offence<Offender> for Equivocation {
	const ID: Kind = *b"mock:equivocatio";
	type Slot = u64;

	fn offenders(&self) -> Vec<Offender> {
		self.offenders.clone()
	}

	fn session_index(&self) -> SessionIndex {
		self.session
	}

	fn validator_set_count(&self) -> u32 {
		self.offenders.len() as u32
	}

	fn slot(&self) -> u64 {
		self.slot
	}

	fn slash_fraction(&self, _: u32) -> Perbill {
		self.fraction
	}
}

/// What proves that a validator of the current session held its session key in it.
pub fn prove(who: AccountId) -> MembershipProof {
	Historical::prove((DUMMY, keys_of(who).get_raw(DUMMY).to_vec())).unwrap()
}

/// Whom a proof convicts, if the chain accepts it.
pub fn convict(who: AccountId, proof: MembershipProof) -> Option<Offender> {
	Historical::check_proof((DUMMY, keys_of(who).get_raw(DUMMY).to_vec()), proof)
}

/// Reports that `who` equivocated in `slot` of the current session.
pub fn report(
	who: AccountId,
	slot: u64,
	fraction: Perbill,
	reporter: Option<AccountId>,
) -> Result<(), OffenceError> {
	let offender = convict(who, prove(who)).unwrap();
	let session = Session::current_index();
	report_all(vec![offender], session, slot, fraction, reporter)
}

pub fn report_all(
	offenders: Vec<Offender>,
	session: SessionIndex,
	slot: u64,
	fraction: Perbill,
	reporter: Option<AccountId>,
) -> Result<(), OffenceError> {
	let offence = Equivocation { offenders, session, slot, fraction };
	Offences::report_offence(reporter.into_iter().collect(), offence)
}

/// `percent` as a fraction.
pub fn percent(percent: u32) -> Perbill {
	Perbill::from_percent(percent)
}
