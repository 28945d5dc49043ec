//! A runtime with balances, and a count of open units that tests set.

use crate::{self as pallet_workers, Addresses, Hardware, HardwareClass, Ledger, Relay};
use cairn_primitives::{
	signing::{endpoint_message, worker_message},
	traits::{Providers, Tally, Work},
	Balance, ModelId, StageIndex, WindowIndex,
};
use frame_support::{derive_impl, parameter_types, traits::fungible::InspectHold};
use frame_system::EnsureRoot;
use sp_core::{ed25519, sr25519, Pair};
use sp_keystore::{testing::MemoryKeystore, KeystoreExt};
use sp_runtime::{traits::IdentityLookup, AccountId32, BuildStorage};

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
	pub type Register = pallet_workers::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlockU32<Test>;
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
	pub const MinBond: Balance = 100;
	pub const DefaultBondPrice: Balance = 1_000_000;
	pub const Treasury: AccountId = AccountId32::new([0xee; 32]);
	pub static UnbondingPeriod: u32 = 50;
	pub static LeaveLock: u32 = 200;
	pub static RotationPause: u32 = 30;
	/// Units that are not final, whoever's.
	pub static OpenUnits: u32 = 0;
	/// The model in which they are.
	pub static OpenModel: Option<ModelId> = None;
}

/// Work of which only the count of open units is known.
pub struct Attested;
impl Work for Attested {
	type AccountId = AccountId;

	fn tally(_: ModelId, _: WindowIndex) -> Tally {
		Tally::default()
	}

	fn attested_lanes(_: ModelId, _: WindowIndex, _: StageIndex) -> u16 {
		0
	}

	fn open_units(_: &AccountId) -> u32 {
		OpenUnits::get()
	}

	fn has_open_units(_: &AccountId, model: ModelId) -> bool {
		OpenModel::get() == Some(model)
	}
}

impl crate::Config for Test {
	type Currency = Balances;
	type Work = Attested;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type TreasuryAccount = Treasury;
	type MinBond = MinBond;
	type DefaultBondPrice = DefaultBondPrice;
	type UnbondingPeriod = UnbondingPeriod;
	type LeaveLock = LeaveLock;
	type RotationPause = RotationPause;
	type WeightInfo = ();
}

/// What every account has at first.
pub const ENDOWMENT: Balance = 1_000_000;
/// The bond that [`registered`] providers have.
pub const BOND: Balance = 10_000;

/// The accounts that have an endowment, but for the treasury.
pub fn accounts() -> [AccountId; 4] {
	[1, 2, 3, 4].map(account)
}

pub fn account(byte: u8) -> AccountId {
	AccountId32::new([byte; 32])
}

/// A chain that is to be.
pub struct ExtBuilder {
	endowment: Balance,
	treasury: Balance,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { endowment: ENDOWMENT, treasury: ENDOWMENT }
	}
}

impl ExtBuilder {
	pub fn endowment(self, endowment: Balance) -> Self {
		Self { endowment, ..self }
	}

	pub fn without_treasury(self) -> Self {
		Self { treasury: 0, ..self }
	}

	pub fn build(self) -> sp_io::TestExternalities {
		OpenUnits::set(0);
		OpenModel::set(None);
		UnbondingPeriod::set(50);
		LeaveLock::set(200);
		RotationPause::set(30);
		let treasury = (self.treasury > 0).then(|| (Treasury::get(), self.treasury));
		let balances = accounts().map(|who| (who, self.endowment));
		let genesis = RuntimeGenesisConfig {
			balances: pallet_balances::GenesisConfig {
				balances: balances.into_iter().chain(treasury).collect(),
				..Default::default()
			},
			..Default::default()
		};
		let mut ext: sp_io::TestExternalities = genesis.build_storage().unwrap().into();
		ext.register_extension(KeystoreExt::new(MemoryKeystore::new()));
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	/// Runs a test, and checks the invariants when it is over.
	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Register::do_try_state().unwrap();
		});
	}
}

pub fn new_test_ext() -> sp_io::TestExternalities {
	ExtBuilder::default().build()
}

pub fn signed(who: &AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who.clone())
}

/// The keys of a machine, made from a number.
pub struct Machine {
	pub worker: sr25519::Pair,
	pub endpoint: ed25519::Pair,
}

impl Machine {
	pub fn new(seed: u8) -> Self {
		Self {
			worker: sr25519::Pair::from_seed(&[seed; 32]),
			endpoint: ed25519::Pair::from_seed(&[seed; 32]),
		}
	}

	pub fn worker_account(&self) -> AccountId {
		self.worker.public().into()
	}

	/// The worker key's consent to work for a provider at the machine's own endpoint.
	pub fn consent(&self, provider: &AccountId) -> sr25519::Signature {
		self.consent_at(provider, &self.endpoint.public())
	}

	pub fn consent_at(
		&self,
		provider: &AccountId,
		endpoint: &ed25519::Public,
	) -> sr25519::Signature {
		self.worker.sign(worker_message(Register::genesis(), provider, endpoint).as_bytes())
	}

	pub fn proof(&self, provider: &AccountId) -> ed25519::Signature {
		self.endpoint.sign(endpoint_message(Register::genesis(), provider).as_bytes())
	}

	/// Registers this machine for a provider.
	pub fn register(&self, provider: &AccountId, bond: Balance) -> sp_runtime::DispatchResult {
		Register::register(
			signed(provider),
			self.worker.public(),
			self.consent(provider),
			self.endpoint.public(),
			self.proof(provider),
			addresses(),
			relay(),
			hardware(),
			bond,
		)
	}
}

pub fn addresses() -> Addresses {
	vec![b"192.0.2.1:4433".to_vec().try_into().unwrap()].try_into().unwrap()
}

pub fn relay() -> Option<Relay> {
	Some(b"https://relay.example.org".to_vec().try_into().unwrap())
}

pub fn hardware() -> Hardware {
	Hardware { class: HardwareClass::ConsumerGpu, memory_mib: 24_576, gigaflops: 20_000 }
}

/// A provider with a bond, whose machine is made from the same number.
pub fn registered(number: u8) -> AccountId {
	let provider = account(number);
	Machine::new(number).register(&provider, BOND).unwrap();
	System::reset_events();
	provider
}

/// A provider that committed 4,000 to model 7.
pub fn committed(number: u8) -> AccountId {
	let provider = registered(number);
	Register::commit(&provider, MODEL, COMMITTED).unwrap();
	System::reset_events();
	provider
}

pub const MODEL: ModelId = 7;
pub const COMMITTED: Balance = 4_000;

pub fn ledger(provider: &AccountId) -> Ledger {
	crate::Ledgers::<Test>::get(provider).unwrap()
}

pub fn held(who: &AccountId) -> Balance {
	Balances::balance_on_hold(&crate::HoldReason::ProviderBond.into(), who)
}

/// Lets blocks go by.
pub fn pass(blocks: u32) {
	System::set_block_number(System::block_number() + blocks);
}

/// The events of this pallet since the last call.
pub fn events() -> Vec<crate::Event<Test>> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}
