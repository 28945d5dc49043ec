//! A runtime with the balances pallet beside this one, and neighbours that tests write to.

use std::collections::BTreeMap;

use cairn_primitives::{
	traits::{ClosedWindow, Entitlement, Fault, Models, Providers, Seats, Shares},
	voucher::{ChannelId, Price, Voucher},
	Balance, BlockNumber, DatasetId, Hash, LaneIndex, ModelId, ModelInfo, ModelSpec, ModelStatus,
	PauseReason, Points, Roster, StageIndex, Terms, Window, WindowIndex,
};
use frame_support::{
	derive_impl,
	dispatch::{DispatchResult, GetDispatchInfo, PostDispatchInfo},
	parameter_types,
	traits::{
		fungible::{InspectHold, Mutate},
		tokens::Preservation,
	},
	PalletId,
};
use sp_core::{ecdsa, ed25519, sr25519, Pair};
use sp_keystore::{testing::MemoryKeystore, KeystoreExt};
use sp_runtime::{
	traits::{Dispatchable, IdentifyAccount, IdentityLookup},
	AccountId32, BuildStorage, DispatchError, MultiSigner, Permill,
};

use crate::{self as pallet_inference, HoldReason};

pub type AccountId = AccountId32;
pub type Call = crate::Call<Test>;
pub type Error = crate::Error<Test>;
pub type Event = crate::Event<Test>;

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
	pub type Inference = pallet_inference::Pallet<Test>;
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
	type FreezeIdentifier = [u8; 8];
	type MaxFreezes = frame_support::traits::ConstU32<1>;
}

parameter_types! {
	pub const ExistentialDeposit: Balance = 10;
	pub const MinDeposit: Balance = 100;
	pub const MaxLife: u32 = 1_000;
	pub const InferencePalletId: PalletId = PalletId(*b"cairninf");
	pub static SettlementWindow: u32 = 20;
	/// The registry of models.
	pub static Registry: BTreeMap<ModelId, Model> = BTreeMap::new();
	/// Who sits where: (model, stage) and then by seat.
	pub static Rosters: BTreeMap<(ModelId, StageIndex), Vec<Option<AccountId>>> = BTreeMap::new();
	/// The provider of each worker key.
	pub static Workers: BTreeMap<AccountId, AccountId> = BTreeMap::new();
	/// Revenue that came in.
	pub static Revenue: BTreeMap<ModelId, Balance> = BTreeMap::new();
	/// All shares of each model.
	pub static Supply: Balance = 1;
	/// Whether the revenue pallet takes nothing.
	pub static RevenueFails: bool = false;
}

impl crate::Config for Test {
	type Currency = Balances;
	type Models = MockModels;
	type Seats = MockSeats;
	type Providers = MockProviders;
	type Shares = MockShares;
	type PalletId = InferencePalletId;
	type MinDeposit = MinDeposit;
	type MaxLife = MaxLife;
	type SettlementWindow = SettlementWindow;
	type WeightInfo = ();
	type BenchmarkHelper = MockModels;
}

/// What the registry knows of a model.
#[derive(Clone)]
pub struct Model {
	pub spec: ModelSpec,
	pub terms: Terms,
	pub status: ModelStatus,
	pub price: Option<Price>,
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
		let status = Registry::get().get(&model)?.status;
		let researcher = account(90);
		let (parent, restart_from) = (None, None);
		Some(ModelInfo { researcher, parent, root: model, status, samples: 0, restart_from })
	}

	fn data_owner(_: DatasetId) -> Option<AccountId> {
		None
	}

	fn price(model: ModelId) -> Option<Price> {
		Registry::get().get(&model)?.price
	}

	fn accept_window(_: ModelId, _: WindowIndex, _: u64) -> DispatchResult {
		unreachable!("this pallet trains nothing")
	}

	fn bonded_points(_: ModelId) -> Option<Points> {
		None
	}

	fn judge_gate(_: ModelId, _: WindowIndex, _: u64) -> DispatchResult {
		unreachable!("this pallet trains nothing")
	}

	fn conclude_gate(_: ModelId, _: WindowIndex, _: Option<u64>) -> DispatchResult {
		unreachable!("this pallet trains nothing")
	}

	fn pause(_: ModelId, _: PauseReason) -> DispatchResult {
		unreachable!("this pallet pauses nothing")
	}
}

impl crate::BenchmarkHelper<AccountId> for MockModels {
	fn serving_model(stages: u32) -> (ModelId, AccountId) {
		let stages = stages as u8;
		let terms = Terms { serving_fee: Terms::MAX_SERVING_FEE, ..TERMS };
		register(BENCHMARK, stages, 1, terms);
		for stage in 0..stages {
			sit(BENCHMARK, stage, vec![Some(account(100 + stage))]);
		}
		(BENCHMARK, worker(&account(99 + stages)))
	}
}

pub struct MockSeats;

impl Seats for MockSeats {
	type AccountId = AccountId;

	fn window(_: ModelId) -> Option<Window> {
		None
	}

	fn closed_window(_: ModelId, _: WindowIndex) -> Option<ClosedWindow> {
		None
	}

	fn roster(model: ModelId, stage: StageIndex) -> Option<Roster<AccountId>> {
		let seats = Rosters::get().get(&(model, stage))?.clone();
		Some(Roster { seats: seats.try_into().unwrap(), standbys: Default::default() })
	}

	fn entitlement(_: &AccountId, _: ModelId) -> Entitlement {
		Entitlement::Any
	}

	fn expel(_: &AccountId, _: ModelId) {
		unreachable!("this pallet expels nobody")
	}
}

pub struct MockProviders;

impl Providers for MockProviders {
	type AccountId = AccountId;

	fn provider_of(worker: &AccountId) -> Option<AccountId> {
		Workers::get().get(worker).cloned()
	}

	fn worker_key(_: &AccountId) -> Option<sr25519::Public> {
		None
	}

	fn worker_key_at(_: &AccountId, _: BlockNumber) -> Option<sr25519::Public> {
		None
	}

	fn required_bond(_: Points) -> Balance {
		0
	}

	fn commit(_: &AccountId, _: ModelId, _: Balance) -> DispatchResult {
		unreachable!("this pallet takes no bonds")
	}

	fn recommit(_: &AccountId, _: ModelId, _: Balance) -> DispatchResult {
		unreachable!("this pallet takes no bonds")
	}

	fn committed(_: &AccountId, _: ModelId) -> Balance {
		0
	}

	fn release(_: &AccountId, _: ModelId) {
		unreachable!("this pallet takes no bonds")
	}

	fn fine(_: &AccountId, _: ModelId, _: Fault, _: Option<&AccountId>) -> Balance {
		unreachable!("this pallet fines nobody")
	}

	fn note_work(_: &AccountId, _: Points) {}

	fn note_absence(_: &AccountId) {}
}

/// Takes revenue like the revenue pallet: from a free balance, leaving the payer alive.
pub struct MockShares;

impl Shares for MockShares {
	type AccountId = AccountId;

	fn mint(
		_: ModelId,
		_: &ModelSpec,
		_: &AccountId,
		_: Points,
		_: u64,
	) -> Result<Balance, DispatchError> {
		unreachable!("this pallet mints nothing")
	}

	fn deposit(model: ModelId, from: &AccountId, amount: Balance) -> DispatchResult {
		if RevenueFails::get() {
			return Err("the revenue pallet refuses".into());
		}
		assert!(amount > 0, "the revenue pallet takes no deposits of nothing");
		let is_retired = Registry::get()[&model].status == ModelStatus::Retired;
		assert!(!is_retired || Supply::get() > 0, "the revenue pallet takes none for nobody");
		Balances::transfer(from, &holders(), amount, Preservation::Preserve)?;
		Revenue::mutate(|revenue| *revenue.entry(model).or_default() += amount);
		Ok(())
	}

	fn supply(_: ModelId) -> Balance {
		Supply::get()
	}
}

/// A model of two stages and two lanes, with everyone on their seats.
pub const MODEL: ModelId = 0;
/// A model of three stages and one lane, with everyone on their seats.
pub const OTHER: ModelId = 1;
/// The model of the benchmarks.
pub const BENCHMARK: ModelId = 50;
/// A number that no model has.
pub const UNKNOWN: ModelId = 99;
/// What most tests deposit.
pub const DEPOSIT: Balance = 10_000;
/// For how long most channels live.
pub const LIFE: u32 = 100;
/// What everyone has at first.
pub const ENDOWMENT: Balance = 1_000_000;
pub const PRICE: Price = Price { prompt: 2_000_000, completion: 5_000_000 };
pub const TERMS: Terms = Terms {
	data: Permill::zero(),
	researcher: Permill::zero(),
	treasury: Permill::zero(),
	royalty: Permill::zero(),
	serving_fee: Permill::from_percent(30),
};

/// An account without a key.
pub fn account(number: u8) -> AccountId {
	[number; 32].into()
}

/// The worker key of a provider.
pub fn worker(provider: &AccountId) -> AccountId {
	let mut key: [u8; 32] = provider.clone().into();
	key[0] ^= 0x80;
	key.into()
}

/// The seed of a named key. Phrases would make every look at a key cost two thousand hashes.
fn seed(name: &str) -> [u8; 32] {
	sp_io::hashing::blake2_256(name.as_bytes())
}

/// The key of that name.
pub fn pair(name: &str) -> sr25519::Pair {
	sr25519::Pair::from_seed(&seed(name))
}

pub fn ed25519_pair(name: &str) -> ed25519::Pair {
	ed25519::Pair::from_seed(&seed(name))
}

pub fn ecdsa_pair(name: &str) -> ecdsa::Pair {
	ecdsa::Pair::from_seed(&seed(name))
}

/// The account of a key.
pub fn account_of(signer: impl Into<MultiSigner>) -> AccountId {
	signer.into().into_account()
}

/// The client of most tests; its key is `pair("Client")`.
pub fn client() -> AccountId {
	account_of(pair("Client").public())
}

/// Another client; its key is `pair("Other")`.
pub fn other() -> AccountId {
	account_of(pair("Other").public())
}

/// An account that has no part in anything.
pub fn stranger() -> AccountId {
	account(80)
}

/// Where revenue ends up.
pub fn holders() -> AccountId {
	account(81)
}

/// The provider on a seat of [`MODEL`] or [`OTHER`].
pub fn provider(model: ModelId, stage: StageIndex, lane: LaneIndex) -> AccountId {
	account(1 + model as u8 * 20 + stage * 4 + lane)
}

pub fn register(model: ModelId, stages: u8, lanes: u8, terms: Terms) {
	let spec = ModelSpec::example(Hash::zero(), stages, lanes);
	let entry = Model { spec, terms, status: ModelStatus::Serving, price: Some(PRICE) };
	Registry::mutate(|registry| registry.insert(model, entry));
}

/// Change what the registry knows of a model.
pub fn change(model: ModelId, change: impl FnOnce(&mut Model)) {
	Registry::mutate(|registry| change(registry.get_mut(&model).unwrap()));
}

/// Put providers on the seats of a stage.
pub fn sit(model: ModelId, stage: StageIndex, seats: Vec<Option<AccountId>>) {
	for provider in seats.iter().flatten() {
		Workers::mutate(|workers| workers.insert(worker(provider), provider.clone()));
	}
	Rosters::mutate(|rosters| rosters.insert((model, stage), seats));
}

/// Put one provider, or nobody, on one seat.
pub fn reseat(model: ModelId, stage: StageIndex, lane: LaneIndex, provider: Option<AccountId>) {
	let mut seats = Rosters::get()[&(model, stage)].clone();
	seats[usize::from(lane)] = provider;
	sit(model, stage, seats);
}

/// Retire a model and clear its stages, which anybody may do with those of a retired model.
pub fn retire_and_dissolve(model: ModelId) {
	change(model, |model| model.status = ModelStatus::Retired);
	Rosters::mutate(|rosters| {
		for ((_, stage), seats) in rosters.iter_mut().filter(|((of, _), _)| *of == model) {
			// A cleared stage has its seats still, one that nobody ever enlisted for has none.
			*seats = if *stage == 0 { vec![None; seats.len()] } else { vec![] };
		}
	});
}

/// Everyone who has money at first.
pub fn everyone() -> Vec<AccountId> {
	let lanes = [(MODEL, 2, 2), (OTHER, 3, 1)];
	let seats = lanes.into_iter().flat_map(|(model, stages, lanes)| {
		(0..stages).flat_map(move |s| (0..lanes).map(move |l| provider(model, s, l)))
	});
	seats.chain([client(), other(), stranger(), holders()]).collect()
}

pub struct ExtBuilder {
	endowment: Balance,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { endowment: ENDOWMENT }
	}
}

impl ExtBuilder {
	/// Give everyone more, or less.
	pub fn endowment(endowment: Balance) -> Self {
		Self { endowment }
	}

	pub fn build(self) -> sp_io::TestExternalities {
		SettlementWindow::set(20);
		Registry::set(BTreeMap::new());
		Rosters::set(BTreeMap::new());
		Workers::set(BTreeMap::new());
		Revenue::set(BTreeMap::new());
		RevenueFails::set(false);
		Supply::set(1);
		for (model, stages, lanes) in [(MODEL, 2, 2), (OTHER, 3, 1)] {
			register(model, stages, lanes, TERMS);
			for stage in 0..stages {
				sit(model, stage, (0..lanes).map(|l| Some(provider(model, stage, l))).collect());
			}
		}
		let balances = everyone().into_iter().map(|who| (who, self.endowment)).collect();
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		pallet_balances::GenesisConfig::<Test> { balances, ..Default::default() }
			.assimilate_storage(&mut storage)
			.unwrap();
		pallet_inference::GenesisConfig::<Test>::default()
			.assimilate_storage(&mut storage)
			.unwrap();
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.register_extension(KeystoreExt::new(MemoryKeystore::new()));
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	/// Run a test, and check the invariants after it.
	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Inference::do_try_state().unwrap();
		});
	}
}

/// What `#[benchmarks]` runs its tests in.
pub fn new_test_ext() -> sp_io::TestExternalities {
	ExtBuilder::default().build()
}

/// Dispatch a call as a transaction does: all of it happens or nothing.
pub fn dispatch(who: &AccountId, call: Call) -> Result<PostDispatchInfo, DispatchError> {
	let call = RuntimeCall::from(call);
	let declared = call.get_dispatch_info().call_weight;
	let post = call.dispatch(RuntimeOrigin::signed(who.clone())).map_err(|error| error.error)?;
	if let Some(actual) = post.actual_weight {
		assert!(actual.all_lte(declared), "a call weighs more than it declares");
	}
	Ok(post)
}

/// What most tests open a channel with.
pub fn opening() -> Opening {
	Opening {
		client: client(),
		model: MODEL,
		lane: 0,
		deposit: DEPOSIT,
		blocks: LIFE,
		signer: None,
		max_price: PRICE,
	}
}

/// The arguments of `open_channel`.
pub struct Opening {
	pub client: AccountId,
	pub model: ModelId,
	pub lane: LaneIndex,
	pub deposit: Balance,
	pub blocks: u32,
	pub signer: Option<MultiSigner>,
	pub max_price: Price,
}

impl Opening {
	/// Dispatch the call.
	pub fn dispatch(self) -> Result<ChannelId, DispatchError> {
		let id = crate::NextChannel::<Test>::get();
		let Opening { client, model, lane, deposit, blocks, signer, max_price } = self;
		dispatch(&client, Call::open_channel { model, lane, deposit, blocks, signer, max_price })?;
		Ok(id)
	}
}

/// An open channel as in [`opening`].
pub fn opened() -> ChannelId {
	opening().dispatch().unwrap()
}

pub fn top_up(who: &AccountId, channel: ChannelId, amount: Balance) -> DispatchResult {
	dispatch(who, Call::top_up { channel, amount }).map(|_| ())
}

pub fn extend(who: &AccountId, channel: ChannelId, blocks: u32) -> DispatchResult {
	dispatch(who, Call::extend { channel, blocks }).map(|_| ())
}

pub fn settle(who: &AccountId, voucher: Voucher) -> DispatchResult {
	dispatch(who, Call::settle { voucher }).map(|_| ())
}

pub fn close(who: &AccountId, channel: ChannelId) -> DispatchResult {
	dispatch(who, Call::close { channel }).map(|_| ())
}

pub fn force_close(who: &AccountId, channel: ChannelId) -> DispatchResult {
	dispatch(who, Call::force_close { channel }).map(|_| ())
}

/// The window that vouchers of tests name.
pub const WINDOW: WindowIndex = 7;

/// The genesis hash of this runtime.
pub fn genesis() -> Hash {
	System::block_hash(0)
}

/// What is to be signed for a voucher.
pub fn message(channel: ChannelId, amount: Balance) -> Hash {
	Voucher::message(genesis(), channel, amount, WINDOW)
}

/// A voucher that `pair` signed.
pub fn voucher_by(pair: &sr25519::Pair, channel: ChannelId, amount: Balance) -> Voucher {
	let signature = pair.sign(message(channel, amount).as_bytes()).into();
	Voucher { channel, amount, window: WINDOW, signature }
}

/// A voucher of the client of most tests.
pub fn voucher(channel: ChannelId, amount: Balance) -> Voucher {
	voucher_by(&pair("Client"), channel, amount)
}

/// A channel, settled by its first seat.
pub fn settled(amount: Balance) -> ChannelId {
	let channel = opened();
	settle(&provider(MODEL, 0, 0), voucher(channel, amount)).unwrap();
	channel
}

/// Let blocks pass.
pub fn pass(blocks: u32) {
	System::set_block_number(System::block_number() + blocks);
}

pub fn held(who: &AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Channel.into(), who)
}

pub fn free(who: &AccountId) -> Balance {
	Balances::free_balance(who)
}

pub fn revenue(model: ModelId) -> Balance {
	Revenue::get().get(&model).copied().unwrap_or_default()
}

pub fn row(channel: ChannelId) -> Option<crate::Channel<AccountId>> {
	crate::Channels::<Test>::get(channel)
}

/// The last event of this pallet.
pub fn last_event() -> Event {
	System::read_events_for_pallet().pop().unwrap()
}
