//! A runtime with the balances pallet beside this one, and a registry of models that tests write to.

use std::collections::BTreeMap;

use cairn_primitives::{
	traits::{Models, Shares},
	voucher::Price,
	Balance, DatasetId, Hash, ModelId, ModelInfo, ModelSpec, ModelStatus, PauseReason, Points,
	Terms, WindowIndex,
};
use frame_support::{
	assert_ok, derive_impl,
	dispatch::{DispatchResult, GetDispatchInfo, PostDispatchInfo},
	parameter_types,
	traits::Contains,
	PalletId,
};
use sp_runtime::{traits::Dispatchable, BuildStorage, DispatchError, Permill};

use crate as pallet_revenue;

pub type AccountId = u64;
pub type Event = crate::Event<Test>;
pub type Error = crate::Error<Test>;

pub const ALICE: AccountId = 1;
pub const BOB: AccountId = 2;
pub const CAROL: AccountId = 3;
pub const RESEARCHER: AccountId = 10;
pub const DATA_OWNER: AccountId = 11;
pub const TREASURY: AccountId = 12;
/// Pays revenue and has no end of money.
pub const CLIENT: AccountId = 30;
/// Has an account with the existential deposit and nothing more.
pub const POOR: AccountId = 40;
/// Has no account.
pub const NOBODY: AccountId = 50;

/// A model without a parent, and its child and grandchild.
pub const ROOT: ModelId = 0;
pub const CHILD: ModelId = 1;
pub const GRANDCHILD: ModelId = 2;
/// A model whose terms pay everyone.
pub const SHARED: ModelId = 3;
/// A number that no model has.
pub const UNKNOWN: ModelId = 99;

/// All shares go to who works; forks owe a tenth.
pub const PLAIN: Terms = Terms {
	data: Permill::zero(),
	researcher: Permill::zero(),
	treasury: Permill::zero(),
	royalty: Permill::from_percent(10),
	serving_fee: Permill::zero(),
};
pub const SPLIT: Terms = Terms {
	data: Permill::from_percent(5),
	researcher: Permill::from_percent(10),
	treasury: Permill::from_parts(33_333),
	..PLAIN
};

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
	pub type Revenue = pallet_revenue::Pallet<Test>;
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
	pub const RowDeposit: Balance = 50;
	pub const Treasury: AccountId = TREASURY;
	pub const RevenuePalletId: PalletId = PalletId(*b"cairnrev");
	pub static StreamBlocks: u32 = 100;
	/// The registry of models.
	pub static Registry: BTreeMap<ModelId, Model> = BTreeMap::new();
	/// Whether work of retired models is open still.
	pub static WorkIsOpen: bool = false;
	/// Who owns the datasets.
	pub static DataOwners: BTreeMap<DatasetId, AccountId> = BTreeMap::new();
}

impl crate::Config for Test {
	type Currency = Balances;
	type Models = MockModels;
	type Ended = MockModels;
	type Treasury = Treasury;
	type PalletId = RevenuePalletId;
	type StreamBlocks = StreamBlocks;
	type RowDeposit = RowDeposit;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = MockModels;
}

/// What the registry knows of a model.
#[derive(Clone)]
pub struct Model {
	spec: ModelSpec,
	terms: Terms,
	info: ModelInfo<AccountId>,
}

pub struct MockModels;

impl Models for MockModels {
	type AccountId = AccountId;

	fn spec(model: ModelId) -> Option<ModelSpec> {
		Registry::get().get(&model).map(|entry| entry.spec.clone())
	}

	fn terms(model: ModelId) -> Option<Terms> {
		Registry::get().get(&model).map(|entry| entry.terms)
	}

	fn info(model: ModelId) -> Option<ModelInfo<AccountId>> {
		Registry::get().get(&model).map(|entry| entry.info.clone())
	}

	fn data_owner(dataset: DatasetId) -> Option<AccountId> {
		DataOwners::get().get(&dataset).copied()
	}

	fn price(_: ModelId) -> Option<Price> {
		None
	}

	fn accept_window(_: ModelId, _: WindowIndex, _: u64) -> DispatchResult {
		unreachable!("revenue accepts no windows")
	}

	fn bonded_points(_: ModelId) -> Option<Points> {
		None
	}

	fn judge_gate(_: ModelId, _: WindowIndex, _: u64) -> DispatchResult {
		unreachable!("revenue judges no gates")
	}

	fn conclude_gate(_: ModelId, _: WindowIndex, _: Option<u64>) -> DispatchResult {
		unreachable!("revenue judges no gates")
	}

	fn pause(_: ModelId, _: PauseReason) -> DispatchResult {
		unreachable!("revenue pauses nothing")
	}
}

impl Contains<ModelId> for MockModels {
	fn contains(model: &ModelId) -> bool {
		let is_retired = |info: ModelInfo<_>| info.status == ModelStatus::Retired;
		Self::info(*model).is_some_and(is_retired) && !WorkIsOpen::get()
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper for MockModels {
	fn fork(index: u32) -> ModelId {
		fork(index)
	}
}

/// A fork of a fork, in a family of its own.
pub fn fork(index: u32) -> ModelId {
	let first = 1_000 + 3 * index;
	register(first, None, PLAIN);
	register(first + 1, Some(first), PLAIN);
	register(first + 2, Some(first + 1), PLAIN);
	first + 2
}

/// Give a model another state.
pub fn set_status(model: ModelId, status: ModelStatus) {
	Registry::mutate(|models| models.get_mut(&model).unwrap().info.status = status);
}

/// Make a model known. One point of work is one share.
pub fn register(model: ModelId, parent: Option<ModelId>, terms: Terms) {
	let info = ModelInfo {
		researcher: RESEARCHER,
		parent,
		root: ROOT,
		status: ModelStatus::Training,
		samples: 0,
		restart_from: None,
	};
	Registry::mutate(|models| models.insert(model, Model { spec: spec(model), terms, info }));
}

fn spec(model: ModelId) -> ModelSpec {
	ModelSpec::example(Hash::repeat_byte(model as u8), 2, 1)
}

pub fn new_test_ext() -> sp_io::TestExternalities {
	StreamBlocks::set(100);
	WorkIsOpen::set(false);
	Registry::set(BTreeMap::new());
	register(ROOT, None, PLAIN);
	register(CHILD, Some(ROOT), PLAIN);
	register(GRANDCHILD, Some(CHILD), PLAIN);
	register(SHARED, None, SPLIT);
	DataOwners::set([(Hash::repeat_byte(SHARED as u8), DATA_OWNER)].into());

	let mut balances: Vec<_> = (1..30).map(|who| (who, 1_000_000_000_000)).collect();
	balances.extend([(CLIENT, 1 << 124), (POOR, ExistentialDeposit::get())]);
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	pallet_balances::GenesisConfig::<Test> { balances, ..Default::default() }
		.assimilate_storage(&mut storage)
		.unwrap();
	pallet_revenue::GenesisConfig::<Test>::default().assimilate_storage(&mut storage).unwrap();
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| System::set_block_number(1));
	ext
}

/// Run a test, and check the invariants after it.
pub fn build_and_execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		Revenue::do_try_state().unwrap();
	})
}

/// Dispatch a call as a transaction does: all of it happens or nothing.
pub fn dispatch(who: AccountId, call: crate::Call<Test>) -> DispatchResult {
	post_info(who, call).map(|_| ())
}

/// Like [`dispatch`], for who wants to know of the fee.
pub fn post_info(
	who: AccountId,
	call: crate::Call<Test>,
) -> Result<PostDispatchInfo, DispatchError> {
	let call = RuntimeCall::from(call);
	assert!(call.get_dispatch_info().call_weight.ref_time() > 0);
	call.dispatch(RuntimeOrigin::signed(who)).map_err(|error| error.error)
}

pub fn claim(who: AccountId, model: ModelId) -> DispatchResult {
	dispatch(who, crate::Call::claim { model })
}

pub fn claim_many(who: AccountId, models: &[ModelId]) -> DispatchResult {
	dispatch(who, crate::Call::claim_many { models: models.to_vec().try_into().unwrap() })
}

pub fn fold(model: ModelId) -> DispatchResult {
	dispatch(CLIENT, crate::Call::fold { model })
}

pub fn transfer(model: ModelId, from: AccountId, to: AccountId, amount: Balance) -> DispatchResult {
	dispatch(from, crate::Call::transfer_shares { model, to, amount })
}

pub fn deposit_from(who: AccountId, model: ModelId, amount: Balance) -> DispatchResult {
	dispatch(who, crate::Call::deposit_revenue { model, amount })
}

/// Revenue from a client.
pub fn deposit(model: ModelId, amount: Balance) {
	assert_ok!(deposit_from(CLIENT, model, amount));
}

/// Shares for work, by the model's terms.
pub fn mint(model: ModelId, provider: AccountId, shares: Balance) {
	assert_eq!(try_mint(model, provider, shares), Ok(shares));
}

/// Shares for as much work as may be minted.
pub fn try_mint(
	model: ModelId,
	provider: AccountId,
	points: Points,
) -> Result<Balance, DispatchError> {
	<Revenue as Shares>::mint(model, &spec(model), &provider, points, 0)
}

/// Let blocks pass.
pub fn pass(blocks: u32) {
	System::set_block_number(System::block_number() + blocks);
}

/// Claim, and say how much came in.
pub fn claimed(who: AccountId, model: ModelId) -> Balance {
	let before = Balances::free_balance(who);
	match claim(who, model) {
		Ok(()) => Balances::free_balance(who) - before,
		Err(error) => {
			assert_eq!(error, Error::NothingToClaim.into());
			0
		},
	}
}

pub fn row(model: ModelId, who: AccountId) -> Option<crate::HolderOf<Test>> {
	crate::Holders::<Test>::get(model, who)
}

pub fn pool(model: ModelId) -> crate::Pool {
	crate::Pools::<Test>::get(model).unwrap()
}
