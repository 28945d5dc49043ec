//! A runtime with balances and a window clock that tests set.

use crate::{self as pallet_models, DatasetMetadata, ModelMetadata, RecordOf};
use cairn_primitives::{
	traits::{ClosedWindow, Entitlement, Seats},
	Balance, Hash, ModelId, ModelSpec, ModelStatus, Roster, StageIndex, Terms, Window, WindowIndex,
};
use frame_support::{derive_impl, parameter_types, traits::fungible::InspectHold};
use frame_system::EnsureRoot;
use sp_runtime::{BuildStorage, Permill};

pub type AccountId = u64;

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
	pub type Registry = pallet_models::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlockU32<Test>;
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
	pub const DatasetDeposit: Balance = 100;
	pub const ModelDeposit: Balance = 1_000;
	pub const DepositPerByte: Balance = 2;
	/// The window that runs, whatever the model.
	pub static RunningWindow: Option<Window> = None;
}

/// A window clock without seats.
pub struct Clock;
impl Seats for Clock {
	type AccountId = AccountId;

	fn window(_: ModelId) -> Option<Window> {
		RunningWindow::get()
	}

	fn closed_window(_: ModelId, _: WindowIndex) -> Option<ClosedWindow> {
		None
	}

	fn roster(_: ModelId, _: StageIndex) -> Option<Roster<AccountId>> {
		None
	}

	fn entitlement(_: &AccountId, _: ModelId) -> Entitlement {
		Entitlement::None
	}

	fn expel(_: &AccountId, _: ModelId) {}
}

impl crate::Config for Test {
	type Currency = Balances;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type Seats = Clock;
	type DatasetDeposit = DatasetDeposit;
	type ModelDeposit = ModelDeposit;
	type DepositPerByte = DepositPerByte;
	type WeightInfo = ();
}

/// What every account has at first.
pub const ENDOWMENT: Balance = 1_000_000;
pub const DATA_OWNER: AccountId = 1;
pub const RESEARCHER: AccountId = 2;
pub const STRANGER: AccountId = 3;
pub const ACCOUNTS: [AccountId; 4] = [DATA_OWNER, RESEARCHER, STRANGER, 4];

/// The dataset of [`ExtBuilder`].
pub fn dataset() -> Hash {
	Hash::repeat_byte(0xda)
}

/// A chain that is to be; it has a dataset unless told otherwise.
pub struct ExtBuilder {
	has_dataset: bool,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { has_dataset: true }
	}
}

impl ExtBuilder {
	pub fn without_dataset(self) -> Self {
		Self { has_dataset: false }
	}

	pub fn build(self) -> sp_io::TestExternalities {
		RunningWindow::set(None);
		let genesis = RuntimeGenesisConfig {
			balances: pallet_balances::GenesisConfig {
				balances: ACCOUNTS.iter().map(|who| (*who, ENDOWMENT)).collect(),
				..Default::default()
			},
			..Default::default()
		};
		let mut ext: sp_io::TestExternalities = genesis.build_storage().unwrap().into();
		ext.execute_with(|| {
			System::set_block_number(1);
			if self.has_dataset {
				Registry::register_dataset(signed(DATA_OWNER), dataset(), name(b"corpus")).unwrap();
			}
			System::reset_events();
		});
		ext
	}

	/// Runs a test, and checks the invariants when it is over.
	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Registry::do_try_state().unwrap();
		});
	}
}

pub fn new_test_ext() -> sp_io::TestExternalities {
	ExtBuilder::default().without_dataset().build()
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub fn name(bytes: &[u8]) -> DatasetMetadata {
	bytes.to_vec().try_into().unwrap()
}

pub fn about(bytes: &[u8]) -> ModelMetadata {
	bytes.to_vec().try_into().unwrap()
}

pub fn terms() -> Terms {
	Terms {
		data: Permill::from_percent(5),
		researcher: Permill::from_percent(10),
		treasury: Permill::from_percent(5),
		royalty: Permill::from_percent(10),
		serving_fee: Permill::from_percent(30),
	}
}

/// An open model that trains on a million samples, with a gate tolerance of half a nat.
pub fn spec() -> ModelSpec {
	ModelSpec::example(dataset(), 2, 2)
}

pub fn propose_with(spec: ModelSpec, parent: Option<ModelId>) -> ModelId {
	let model = crate::NextModel::<Test>::get();
	Registry::propose(signed(RESEARCHER), spec.into(), terms(), parent, about(b"tiny")).unwrap();
	model
}

pub fn propose() -> ModelId {
	propose_with(spec(), None)
}

/// A model in training.
pub fn training() -> ModelId {
	let model = propose();
	Registry::open(signed(RESEARCHER), model).unwrap();
	model
}

pub fn record(model: ModelId) -> RecordOf<Test> {
	crate::Records::<Test>::get(model).unwrap()
}

pub fn status(model: ModelId) -> ModelStatus {
	record(model).status
}

pub fn held(reason: crate::HoldReason, who: AccountId) -> Balance {
	Balances::balance_on_hold(&reason.into(), &who)
}

/// The events of this pallet since the last call.
pub fn events() -> Vec<crate::Event<Test>> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}
