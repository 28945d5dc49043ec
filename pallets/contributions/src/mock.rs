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
	signing::{edge_message, held_message, Edge},
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
	pub const SuspicionBond: Balance = 1_001;
	pub const ChallengeBond: Balance = 2_003;
	pub const MaxChallenges: u32 = 2;
	pub TreasuryAccount: AccountId = AccountId::new([0xfe; 32]);
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

// ---- Models.

#[storage_alias]
pub type Specs = StorageMap<MockModels, Twox64Concat, ModelId, ModelSpec>;
#[storage_alias]
pub type Infos = StorageMap<MockModels, Twox64Concat, ModelId, ModelInfo<AccountId>>;
#[storage_alias]
pub type Gates = StorageMap<MockModels, Twox64Concat, (ModelId, WindowIndex), u64>;

pub struct MockModels;

impl Models for MockModels {
	type AccountId = AccountId;

	fn spec(model: ModelId) -> Option<ModelSpec> {
		Specs::get(model)
	}

	fn terms(_: ModelId) -> Option<Terms> {
		None
	}

	fn info(model: ModelId) -> Option<ModelInfo<AccountId>> {
		Infos::get(model)
	}

	fn data_owner(_: DatasetId) -> Option<AccountId> {
		None
	}

	fn price(_: ModelId) -> Option<Price> {
		None
	}

	fn accept_window(_: ModelId, _: WindowIndex, _: u64) -> DispatchResult {
		Ok(())
	}

	fn pass_gate(model: ModelId, window: WindowIndex, loss: u64) -> DispatchResult {
		Gates::insert((model, window), loss);
		if ModelsFail::get() {
			return Err(DispatchError::Unavailable);
		}
		Ok(())
	}

	fn pause(model: ModelId, reason: PauseReason) -> DispatchResult {
		if ModelsFail::get() {
			return Err(DispatchError::Unavailable);
		}
		Infos::mutate_extant(model, |info| info.status = ModelStatus::Paused(reason));
		Ok(())
	}
}

// ---- Providers.

/// What a fine was for: provider, model, fault, prover, amount.
pub type Fine = (AccountId, ModelId, Fault, Option<AccountId>, Balance);

#[storage_alias]
pub type Keys = StorageMap<MockProviders, Twox64Concat, AccountId, sr25519::Public>;
#[storage_alias]
pub type Workers = StorageMap<MockProviders, Twox64Concat, AccountId, AccountId>;
#[storage_alias]
pub type Committed = StorageMap<
	MockProviders,
	Twox64Concat,
	(AccountId, ModelId),
	Balance,
	frame_support::storage::types::ValueQuery,
>;
#[storage_alias]
pub type Fines = StorageValue<MockProviders, Vec<Fine>, frame_support::storage::types::ValueQuery>;
#[storage_alias]
pub type Reputation = StorageMap<
	MockProviders,
	Twox64Concat,
	AccountId,
	Points,
	frame_support::storage::types::ValueQuery,
>;

/// Bond that the mock asks of everybody.
pub const BOND: Balance = 10_000;

pub struct MockProviders;

impl Providers for MockProviders {
	type AccountId = AccountId;

	fn provider_of(worker: &AccountId) -> Option<AccountId> {
		Workers::get(worker)
	}

	fn worker_key(provider: &AccountId) -> Option<sr25519::Public> {
		Keys::get(provider)
	}

	fn required_bond(_: &ModelSpec) -> Balance {
		BOND
	}

	fn commit(provider: &AccountId, model: ModelId, amount: Balance) -> DispatchResult {
		Committed::insert((provider, model), amount);
		Ok(())
	}

	fn committed(provider: &AccountId, model: ModelId) -> Balance {
		Committed::get((provider, model))
	}

	fn release(_: &AccountId, _: ModelId) {}

	fn fine(
		provider: &AccountId,
		model: ModelId,
		fault: Fault,
		prover: Option<&AccountId>,
	) -> Balance {
		let committed = Committed::get((provider, model));
		let fine = fault.fine() * committed;
		Committed::insert((provider, model), committed - fine);
		Fines::append((provider, model, fault, prover, fine));
		fine
	}

	fn note_work(provider: &AccountId, points: Points) {
		Reputation::mutate(provider, |sum| *sum += points);
	}

	fn note_absence(_: &AccountId) {}
}

/// Gives a provider a new worker key.
pub fn register(provider: &AccountId, key: sr25519::Public) {
	if let Some(old) = Keys::get(provider) {
		Workers::remove(AccountId::from(old));
	}
	Keys::insert(provider, key);
	Workers::insert(AccountId::from(key), provider);
}

// ---- Seats.

#[storage_alias]
pub type Running = StorageMap<MockSeats, Twox64Concat, ModelId, Window>;
#[storage_alias]
pub type Closed = StorageMap<MockSeats, Twox64Concat, (ModelId, WindowIndex), ClosedWindow>;
#[storage_alias]
pub type Rosters = StorageMap<MockSeats, Twox64Concat, (ModelId, StageIndex), Roster<AccountId>>;
#[storage_alias]
pub type Entitled = StorageMap<MockSeats, Twox64Concat, (AccountId, ModelId), StageIndex>;
#[storage_alias]
pub type Expelled =
	StorageValue<MockSeats, Vec<(AccountId, ModelId)>, frame_support::storage::types::ValueQuery>;

pub struct MockSeats;

impl Seats for MockSeats {
	type AccountId = AccountId;

	fn window(model: ModelId) -> Option<Window> {
		Running::get(model)
	}

	fn closed_window(model: ModelId, window: WindowIndex) -> Option<ClosedWindow> {
		Closed::get((model, window))
	}

	fn roster(model: ModelId, stage: StageIndex) -> Option<Roster<AccountId>> {
		Rosters::get((model, stage))
	}

	fn entitlement(provider: &AccountId, model: ModelId) -> Entitlement {
		match Specs::get(model).map(|spec| spec.access) {
			Some(Access::Open) => Entitlement::Any,
			_ => Entitled::get((provider, model)).map_or(Entitlement::None, Entitlement::Stage),
		}
	}

	fn holders(_: ModelId, _: StageIndex) -> u32 {
		0
	}

	fn expel(provider: &AccountId, model: ModelId) {
		Expelled::append((provider, model));
	}
}

// ---- Beacon: knows each block's randomness one block later, for a while.

pub struct MockBeacon;

impl Beacon for MockBeacon {
	fn at(block: BlockNumber) -> Option<Hash> {
		let now = System::block_number() as BlockNumber;
		let is_known = block < now && now - block <= BeaconLength::get();
		is_known.then(|| randomness(BeaconSalt::get(), block))
	}
}

fn randomness(salt: u8, block: BlockNumber) -> Hash {
	blob_root(&(b"beacon", salt, block).encode())
}

/// Chooses a course of randomness in which no unit of a closed window is audited at the lowest rate.
pub fn spare_all(window: WindowIndex) {
	let block = window_of(unit(window, 0, 0)).deadline + LotDelay::get();
	let is_drawn = |salt, id: &UnitId| {
		happens(draw(Domain::AuditLot, randomness(salt, block), id), Permill::from_percent(2))
	};
	let salt = (0..=u8::MAX).find(|salt| !places(window).iter().any(|id| is_drawn(*salt, id)));
	BeaconSalt::set(salt.unwrap());
}

/// Makes veterans of providers: they are audited at the lowest rate.
pub fn veterans(numbers: impl IntoIterator<Item = u8>) {
	for number in numbers {
		crate::Records::<Test>::mutate(provider(number), MODEL, |record| {
			(record.drawn, record.clean) = (1_000, 1_000)
		});
	}
}

/// All seats of a model of two stages with three lanes.
pub fn six_seats() -> Vec<u8> {
	(0..2).flat_map(|stage| (0..3).map(move |place| seat(stage, place))).collect()
}

// ---- Disputes: games that a test ends, or that end by the truth.

/// Challenger, its checkpoints, and what it is about.
pub type MockGame = (AccountId, Hash, UnitContext);

#[storage_alias]
pub type Games = StorageMap<MockDisputes, Twox64Concat, UnitId, Vec<MockGame>>;

pub struct MockDisputes;

impl Disputes for MockDisputes {
	type AccountId = AccountId;

	fn open(
		context: UnitContext,
		_: AccountId,
		challenger: AccountId,
		checkpoints: Hash,
	) -> DispatchResult {
		let mut games = Games::get(context.unit).unwrap_or_default();
		if games.len() > MaxChallenges::get() as usize {
			return Err(DispatchError::Exhausted);
		}
		assert!(games.iter().all(|game| game.0 != challenger), "one game per challenger");
		let unit = context.unit;
		games.push((challenger, checkpoints, context));
		Games::insert(unit, games);
		Ok(())
	}

	fn is_contested(unit: &UnitId) -> bool {
		Games::contains_key(unit)
	}

	fn moot(unit: &UnitId) {
		Games::remove(unit);
	}
}

/// Ends a game as if it was played.
pub fn end_game(unit: UnitId, challenger: &AccountId, is_refuted: bool) {
	let mut games = Games::get(unit).unwrap();
	games.retain(|game| game.0 != *challenger);
	if games.is_empty() {
		Games::remove(unit);
	} else {
		Games::insert(unit, games);
	}
	if is_refuted {
		Contributions::refuted(&unit, challenger).unwrap();
	} else {
		Contributions::upheld(&unit, challenger).unwrap();
	}
}

/// Ends a game as honest players of whichever side is right would.
pub fn end_game_by_truth(unit: UnitId, challenger: &AccountId) -> bool {
	let games = Games::get(unit).unwrap();
	let (_, _, context) = games.iter().find(|game| game.0 == *challenger).unwrap();
	let steps = context.outcome.steps();
	let truth = Trace::new(unit, state_of(context.shard_before), steps);
	let is_refuted = truth.checkpoints() != context.checkpoints;
	end_game(unit, challenger, is_refuted);
	is_refuted
}

// ---- Shares.

#[storage_alias]
pub type Minted = StorageMap<
	MockShares,
	Twox64Concat,
	(ModelId, AccountId),
	Points,
	frame_support::storage::types::ValueQuery,
>;

pub struct MockShares;

impl Shares for MockShares {
	type AccountId = AccountId;

	fn mint(
		model: ModelId,
		provider: &AccountId,
		points: Points,
		_: u64,
	) -> Result<Balance, DispatchError> {
		Minted::mutate((model, provider), |sum| *sum += points);
		if MintFails::get() {
			return Err(DispatchError::Unavailable);
		}
		Ok(points / 1_000)
	}

	fn deposit(_: ModelId, _: &AccountId, _: Balance) -> DispatchResult {
		Ok(())
	}

	fn supply(_: ModelId) -> Balance {
		0
	}
}

// ---- Benchmarks.

pub struct Helper;

impl BenchmarkHelper<AccountId> for Helper {
	fn create_model(stages: u8, lanes: u8, standbys: u8) -> ModelId {
		let model = 77;
		let mut spec = ModelSpec::example(Hash::zero(), stages, lanes);
		spec.access = Access::Open;
		put_model(model, spec, standbys, |name| {
			let seed = sp_io::hashing::blake2_256(&name.encode());
			let provider = AccountId::new(seed);
			// From a seed: a phrase, as without one, takes a hundred times as long.
			let seed = format!("{:?}", Hash::from(seed)).into_bytes();
			register(&provider, sp_io::crypto::sr25519_generate(DUMMY, Some(seed)));
			provider
		});
		model
	}

	fn start_window(model: ModelId, index: WindowIndex) {
		start_window_of(model, index);
	}

	fn close_window(model: ModelId, _: WindowIndex) {
		close_window_of(model, false);
	}

	fn reach_beacon(block: BlockNumber) {
		System::set_block_number((u64::from(block) + 3).max(System::block_number()));
	}
}

// ---- The world.

/// The model that tests are about.
pub const MODEL: ModelId = 0;
/// What every account has at first.
pub const ENDOWMENT: Balance = 1_000_000;

thread_local! {
	/// The states whose commitments are roots.
	static STATES: RefCell<BTreeMap<Hash, u64>> = const { RefCell::new(BTreeMap::new()) };
}

/// The root of a state, which `state_of` finds again.
pub fn root_of(state: u64) -> Hash {
	let root = Lcg::commit(state);
	STATES.with_borrow_mut(|states| states.insert(root, state));
	root
}

pub fn state_of(root: Hash) -> u64 {
	STATES.with_borrow(|states| states[&root])
}

/// Key of a provider's worker.
pub fn pair(number: u8) -> sr25519::Pair {
	sr25519::Pair::from_seed(&[number; 32])
}

pub fn provider(number: u8) -> AccountId {
	AccountId::new([number; 32])
}

pub fn worker(number: u8) -> AccountId {
	AccountId::from(pair(number).public())
}

/// A provider without a place anywhere.
pub const STRANGER: u8 = 250;
/// Somebody who is no provider.
pub const NOBODY: u8 = 251;

pub fn number_of(who: &AccountId) -> u8 {
	AsRef::<[u8; 32]>::as_ref(who)[0]
}

pub fn signed(number: u8) -> RuntimeOrigin {
	RuntimeOrigin::signed(worker(number))
}

/// The spec of a test's model: windows of `steps` steps with a checkpoint every two.
pub fn test_spec(stages: u8, lanes: u8, access: Access) -> ModelSpec {
	let mut spec = ModelSpec::example(Hash::zero(), stages, lanes);
	spec.access = access;
	spec.window.steps = 6;
	spec.window.checkpoint_every = 2;
	spec
}

fn put_model(
	model: ModelId,
	spec: ModelSpec,
	standbys: u8,
	mut new_provider: impl FnMut((u8, u8, bool)) -> AccountId,
) {
	for stage in 0..spec.stages.len() as u8 {
		let mut place = |index, is_seat| {
			let who = new_provider((stage, index, is_seat));
			Committed::insert((&who, model), BOND);
			Entitled::insert((&who, model), stage);
			who
		};
		let seats: Vec<_> = (0..spec.lanes).map(|seat| Some(place(seat, true))).collect();
		let standbys: Vec<_> = (0..standbys)
			.map(|index| Standby { provider: place(index, false), held: Some(WindowIndex::MAX) })
			.collect();
		let roster =
			Roster { seats: seats.try_into().unwrap(), standbys: standbys.try_into().unwrap() };
		Rosters::insert((model, stage), roster);
	}
	Specs::insert(model, spec);
	Infos::insert(
		model,
		ModelInfo {
			researcher: provider(NOBODY),
			parent: None,
			root: model,
			status: ModelStatus::Training,
			samples: 0,
			restart_from: None,
		},
	);
}

/// A chain with one model.
pub struct ExtBuilder {
	pub stages: u8,
	pub lanes: u8,
	pub standbys: u8,
	pub access: Access,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { stages: 2, lanes: 3, standbys: 1, access: Access::Sealed }
	}
}

impl ExtBuilder {
	pub fn shape(self, stages: u8, lanes: u8, standbys: u8) -> Self {
		Self { stages, lanes, standbys, ..self }
	}

	pub fn open(self) -> Self {
		Self { access: Access::Open, ..self }
	}

	pub fn build(self) -> sp_io::TestExternalities {
		BeaconLength::set(1_000);
		BeaconSalt::set(0);
		MintFails::set(false);
		ModelsFail::set(false);
		let endowed = (0..=u8::MAX).map(provider).chain([TreasuryAccount::get()]);
		let balances: BTreeMap<_, _> = endowed.map(|who| (who, ENDOWMENT)).collect();
		let genesis = RuntimeGenesisConfig {
			system: Default::default(),
			balances: pallet_balances::GenesisConfig {
				balances: balances.into_iter().collect(),
				..Default::default()
			},
		};
		let mut ext: sp_io::TestExternalities = genesis.build_storage().unwrap().into();
		ext.register_extension(KeystoreExt::new(MemoryKeystore::new()));
		ext.execute_with(|| {
			System::set_block_number(1);
			let spec = test_spec(self.stages, self.lanes, self.access);
			put_model(MODEL, spec, self.standbys, |(stage, index, is_seat)| {
				let number = if is_seat { seat(stage, index) } else { standby(stage, index) };
				register(&provider(number), pair(number).public());
				provider(number)
			});
			register(&provider(STRANGER), pair(STRANGER).public());
		});
		ext
	}

	/// Runs a test, and checks the invariants when it is over.
	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Contributions::do_try_state().unwrap();
		});
	}
}

pub fn new_test_ext() -> sp_io::TestExternalities {
	ExtBuilder::default().build()
}

/// Number of the provider on a seat.
pub fn seat(stage: StageIndex, seat: u8) -> u8 {
	1 + stage * 16 + seat
}

/// Number of a standby's provider.
pub fn standby(stage: StageIndex, index: u8) -> u8 {
	129 + stage * 16 + index
}

pub fn unit(window: WindowIndex, stage: StageIndex, lane: LaneIndex) -> UnitId {
	UnitId { model: MODEL, window, stage, lane }
}

pub fn spec() -> ModelSpec {
	Specs::get(MODEL).unwrap()
}

/// All places of the model's window.
pub fn places(window: WindowIndex) -> Vec<UnitId> {
	let spec = spec();
	(0..spec.stages.len() as u8)
		.flat_map(|stage| (0..spec.lanes).map(move |lane| unit(window, stage, lane)))
		.collect()
}

fn start_window_of(model: ModelId, index: WindowIndex) -> Window {
	let now = System::block_number() as BlockNumber;
	let window = Window {
		index,
		start: now,
		deadline: now + Specs::get(model).unwrap().window.blocks,
		seed: blob_root(&(b"seed", index).encode()),
		samples: u64::from(index) * 1_000,
	};
	Running::insert(model, window);
	window
}

fn close_window_of(model: ModelId, is_void: bool) {
	let window = Running::take(model).unwrap();
	Closed::insert((model, window.index), ClosedWindow { window, is_void });
}

pub fn start_window(index: WindowIndex) -> Window {
	start_window_of(MODEL, index)
}

/// Closes the running window after its deadline.
pub fn close_window(is_void: bool) {
	let deadline = Running::get(MODEL).unwrap().deadline;
	run_to(deadline + 1);
	close_window_of(MODEL, is_void);
}

pub fn now() -> BlockNumber {
	System::block_number() as BlockNumber
}

pub fn run_to(block: BlockNumber) {
	System::set_block_number(System::block_number().max(block.into()));
}

/// The window of a unit, running or closed.
pub fn window_of(id: UnitId) -> Window {
	Running::get(id.model)
		.filter(|running| running.index == id.window)
		.unwrap_or_else(|| Closed::get((id.model, id.window)).unwrap().window)
}

/// Number of the provider that works on a unit.
pub fn on(id: UnitId) -> u8 {
	let window = window_of(id);
	let roster = Rosters::get((id.model, id.stage)).unwrap();
	number_of(roster.in_lane(window.seed, id.stage, id.lane).unwrap())
}

/// What a unit computes.
pub struct Trace {
	pub unit: UnitId,
	pub leaves: Vec<Hash>,
	pub difference: u64,
}

pub fn genesis() -> Hash {
	System::block_hash(0)
}

/// What crosses an edge in so many steps.
pub fn edge_root(edge: Edge, steps: StepIndex) -> Hash {
	blob_root(&(edge, steps).encode())
}

fn crossed(edge: Option<Edge>, steps: StepIndex) -> Option<Hash> {
	edge.filter(|_| steps > 0).map(|edge| edge_root(edge, steps))
}

impl Trace {
	pub fn new(unit: UnitId, start: u64, steps: StepIndex) -> Self {
		let spec = spec();
		let mut states = vec![start];
		for step in 0..=steps {
			let state = Lcg::step(&unit, states[step as usize], step);
			states.push(state);
		}
		let difference = states[steps as usize + 1];
		let mut leaves: Vec<_> = checkpoint_steps(steps, spec.window.checkpoint_every)
			.into_iter()
			.map(|step| Lcg::commit(states[step as usize]))
			.collect();
		leaves.push(content(unit, steps, Lcg::commit(difference)).result());
		root_of(difference);
		Self { unit, leaves, difference }
	}

	pub fn checkpoints(&self) -> Hash {
		checkpoints_root(genesis(), &self.unit, &self.leaves)
	}

	pub fn answer(&self, auditor: u8) -> Hash {
		audit_root(genesis(), &self.unit, &provider(auditor), &self.leaves)
	}
}

/// An attestation without signatures, shard and checkpoints.
fn content(unit: UnitId, steps: StepIndex, difference: Hash) -> Attestation<AccountId> {
	let spec = spec();
	let receipt = |root| EdgeReceipt { root, signature: sr25519::Signature::default() };
	let zero = NonNegative(0);
	let is_last = spec.is_last_stage(unit.stage);
	Attestation {
		unit,
		shard_before: Hash::zero(),
		outcome: Outcome::Done { steps },
		difference,
		norm: zero,
		checkpoints: Hash::zero(),
		upstream: crossed(Edge::upstream(&unit), steps).map(receipt),
		downstream: crossed(Edge::downstream(&unit, spec.stage_count()), steps).map(receipt),
		loss: is_last.then_some(zero),
		held_out: (is_last && is_gate(unit.window)).then_some(zero),
		inner_state: None,
		held: Default::default(),
	}
}

/// An attestation of work from a state, signed by all that have to.
pub fn attestation(id: UnitId, start: u64, steps: StepIndex) -> Attestation<AccountId> {
	let trace = Trace::new(id, start, steps);
	let mut attestation = content(id, steps, root_of(trace.difference));
	attestation.shard_before = root_of(start);
	attestation.checkpoints = trace.checkpoints();
	sign(&mut attestation);
	attestation
}

/// Has the neighbours and all holders sign an attestation as it is.
pub fn sign(attestation: &mut Attestation<AccountId>) {
	let id = attestation.unit;
	let steps = attestation.outcome.steps();
	if let (Some(receipt), Some(edge)) = (&mut attestation.upstream, Edge::upstream(&id)) {
		let neighbour = on(UnitId { stage: id.stage - 1, ..id });
		receipt.signature = sign_edge(neighbour, edge, steps, receipt.root);
	}
	let below = Edge::downstream(&id, spec().stage_count());
	if let (Some(receipt), Some(edge)) = (&mut attestation.downstream, below) {
		let neighbour = on(UnitId { stage: id.stage + 1, ..id });
		receipt.signature = sign_edge(neighbour, edge, steps, receipt.root);
	}
	let roster = Rosters::get((id.model, id.stage)).unwrap();
	let message = held_message(genesis(), &id, attestation.difference);
	let held: Vec<_> = roster
		.holders_for(&provider(on(id)), id.window)
		.map(|holder| HeldSignature {
			holder: holder.clone(),
			signature: pair(number_of(holder)).sign(message.as_bytes()),
		})
		.collect();
	attestation.held = held.try_into().unwrap();
}

pub fn sign_edge(who: u8, edge: Edge, steps: StepIndex, root: Hash) -> sr25519::Signature {
	pair(who).sign(edge_message(genesis(), &edge, steps, root).as_bytes())
}

pub fn attest_as(
	who: u8,
	attestation: Attestation<AccountId>,
) -> frame_support::dispatch::DispatchResultWithPostInfo {
	Contributions::attest(signed(who), attestation)
}

/// State from which all stages start a window, unless a test says otherwise.
pub const START: u64 = 42;

/// Attests a unit honestly from [`START`], with all steps.
pub fn attest(id: UnitId) {
	attest_from(id, START);
}

pub fn attest_from(id: UnitId, start: u64) {
	attest_as(on(id), attestation(id, start, spec().window.steps)).unwrap();
}

/// Attests a unit with checkpoints that nothing leads to.
pub fn attest_falsely(id: UnitId) {
	let mut false_one = attestation(id, START, spec().window.steps);
	false_one.checkpoints = Hash::repeat_byte(0xbb);
	attest_as(on(id), false_one).unwrap();
}

/// The trace of a unit from [`START`] with all steps.
pub fn trace(id: UnitId) -> Trace {
	Trace::new(id, START, spec().window.steps)
}

/// A window that all seats attest honestly, closed.
pub fn whole_window(index: WindowIndex) {
	start_window(index);
	places(index).into_iter().for_each(attest);
	close_window(false);
}

/// Draws the lots of all stages, the last one first, when their randomness is known.
pub fn draw_all(window: WindowIndex) {
	run_to(window_of(unit(window, 0, 0)).deadline + LotDelay::get() + 1);
	for stage in (0..spec().stages.len() as u8).rev() {
		Contributions::draw_lots(signed(NOBODY), MODEL, window, stage).unwrap();
	}
}

/// Makes sure that an attested unit is audited when its lots are drawn.
pub fn suspected(id: UnitId) {
	Contributions::update_window(id.model, id.window, |row| row.suspected |= 1 << id.lane);
}

/// Who is to audit a unit.
pub fn auditor_of(id: UnitId) -> u8 {
	match crate::Audits::<Test>::get(id).unwrap().state {
		crate::AuditState::Assigned { auditor, .. } => number_of(&auditor),
		state => panic!("no auditor is at work: {state:?}"),
	}
}

pub fn stored(id: UnitId) -> crate::UnitOf<Test> {
	crate::Units::<Test>::get(id).unwrap()
}

pub fn record_of(who: u8) -> crate::Record {
	crate::Records::<Test>::get(provider(who), MODEL)
}

pub fn open_units(who: u8) -> u32 {
	crate::OpenUnits::<Test>::get(provider(who))
}

pub fn minted(who: u8) -> Points {
	Minted::get((MODEL, provider(who)))
}

pub fn held(reason: HoldReason, who: u8) -> Balance {
	Balances::balance_on_hold(&reason.into(), &provider(who))
}

pub fn balance(who: u8) -> Balance {
	Balances::free_balance(provider(who))
}

pub fn fines() -> Vec<(u8, Fault, Option<u8>)> {
	let fines = Fines::get();
	assert!(fines.iter().all(|fine| fine.1 == MODEL && !fine.4.is_zero()));
	fines.iter().map(|fine| (number_of(&fine.0), fine.2, fine.3.as_ref().map(number_of))).collect()
}

pub fn expelled() -> Vec<u8> {
	Expelled::get().iter().map(|(who, _)| number_of(who)).collect()
}

/// The events of this pallet since the last call.
pub fn events() -> Vec<crate::Event<Test>> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}
