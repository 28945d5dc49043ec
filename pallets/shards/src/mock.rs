//! A runtime of this pallet alone. Its neighbours are a [`World`] that tests change at will.

use crate as pallet_shards;
use crate::{BenchmarkHelper, Entitlements, Phase};
use cairn_primitives::{
	hash::{hash, Domain},
	model::{ModelInfo, ModelStatus, PauseReason},
	spec::Access,
	traits::{Fault, Models, Providers, Tally, Work},
	Balance, BlockNumber, DatasetId, Hash, LaneIndex, ModelId, ModelSpec, Points, StageIndex,
	Terms, UnitId, WindowIndex,
};
use frame_support::{
	derive_impl,
	dispatch::DispatchResult,
	parameter_types,
	traits::{Get, Hooks},
};
use sp_core::sr25519;
use sp_runtime::{BuildStorage, DispatchError};
use std::{
	cell::RefCell,
	collections::{BTreeMap, BTreeSet},
};

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
	pub type Shards = pallet_shards::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
}

parameter_types! {
	pub const BeaconLength: u32 = 50;
	pub static BeaconDelay: u32 = 3;
	pub static RetainedWindows: u32 = 4;
	pub static DissolveDelay: u32 = 30;
	pub const DissolveWindows: u32 = 1;
	pub const MaxRequests: u32 = 40;
	pub const MaxMissed: u8 = 2;
}

impl crate::Config for Test {
	type Models = World;
	type Providers = World;
	type Work = World;
	type BlockRandomness = World;
	type BeaconLength = BeaconLength;
	type BeaconDelay = BeaconDelay;
	type RetainedWindows = RetainedWindows;
	type DissolveDelay = DissolveDelay;
	type DissolveWindows = DissolveWindows;
	type MaxRequests = MaxRequests;
	type MaxMissed = MaxMissed;
	type WeightInfo = ();
	type BenchmarkHelper = World;
}

/// The bond that models ask for, unless a test says otherwise; a point costs one unit of money.
pub const BOND: Balance = 100;
/// What has to be added to a provider to get its worker key.
const WORKER: AccountId = 1_000_000;

/// The neighbours' state.
#[derive(Default)]
pub struct World {
	/// Specs and states of models.
	pub models: BTreeMap<ModelId, (ModelSpec, ModelInfo<AccountId>)>,
	/// Points that bonds of a model answer for, where that is not [`BOND`].
	pub bonded: BTreeMap<ModelId, Points>,
	/// Samples of windows that were accepted.
	pub accepted: Vec<(ModelId, WindowIndex, u64)>,
	/// Whether the registry refuses windows.
	pub refuses_windows: bool,
	/// The status of a model once a window was accepted.
	pub status_after: Option<ModelStatus>,
	/// Accounts that are no providers.
	pub strangers: BTreeSet<AccountId>,
	/// Providers without free bond.
	pub poor: BTreeSet<AccountId>,
	/// Commitments, and whether they were released and only wait for their lock to end.
	pub commitments: BTreeMap<(AccountId, ModelId), bool>,
	/// Windows in which providers were absent.
	pub absences: BTreeMap<AccountId, u32>,
	/// Units that were attested.
	pub attested: BTreeSet<UnitId>,
	/// Units that are counted without being any in particular.
	pub anonymous: BTreeMap<(ModelId, WindowIndex), u32>,
	/// Mixed into VRF outputs.
	pub salt: u64,
	/// Whether blocks carry no VRF output.
	pub without_vrf: bool,
}

thread_local! {
	static WORLD: RefCell<World> = RefCell::new(World::default());
}

/// Read or change the neighbours' state.
pub fn world<R>(act: impl FnOnce(&mut World) -> R) -> R {
	WORLD.with(|world| act(&mut world.borrow_mut()))
}

impl Get<Option<Hash>> for World {
	fn get() -> Option<Hash> {
		let parent = System::block_number().saturating_sub(1);
		world(|world| {
			(!world.without_vrf).then(|| hash(Domain::State, &(world.salt, parent as u32)))
		})
	}
}

impl Models for World {
	type AccountId = AccountId;

	fn spec(model: ModelId) -> Option<ModelSpec> {
		world(|world| world.models.get(&model).map(|(spec, _)| spec.clone()))
	}

	fn terms(_: ModelId) -> Option<Terms> {
		None
	}

	fn info(model: ModelId) -> Option<ModelInfo<AccountId>> {
		world(|world| world.models.get(&model).map(|(_, info)| info.clone()))
	}

	fn data_owner(_: DatasetId) -> Option<AccountId> {
		None
	}

	fn price(_: ModelId) -> Option<cairn_primitives::voucher::Price> {
		None
	}

	fn accept_window(model: ModelId, window: WindowIndex, samples: u64) -> DispatchResult {
		world(|world| {
			if world.refuses_windows {
				return Err(DispatchError::Other("refused"));
			}
			world.accepted.push((model, window, samples));
			let (_, info) = world.models.get_mut(&model).unwrap();
			info.samples += samples;
			info.status = world.status_after.unwrap_or(info.status);
			Ok(())
		})
	}

	fn bonded_points(model: ModelId) -> Option<Points> {
		let bonded = |world: &World| world.bonded.get(&model).copied().unwrap_or(BOND);
		world(|world| world.models.contains_key(&model).then(|| bonded(world)))
	}

	fn judge_gate(_: ModelId, _: WindowIndex, _: u64) -> DispatchResult {
		Ok(())
	}

	fn conclude_gate(_: ModelId, _: WindowIndex, _: Option<u64>) -> DispatchResult {
		Ok(())
	}

	fn pause(model: ModelId, reason: PauseReason) -> DispatchResult {
		set_status(model, ModelStatus::Paused(reason));
		Ok(())
	}
}

impl Providers for World {
	type AccountId = AccountId;

	fn provider_of(worker: &AccountId) -> Option<AccountId> {
		let provider = worker.checked_sub(WORKER)?;
		world(|world| (!world.strangers.contains(&provider)).then_some(provider))
	}

	fn worker_key(provider: &AccountId) -> Option<sr25519::Public> {
		world(|world| !world.strangers.contains(provider))
			.then(|| sr25519::Public::from_raw([*provider as u8; 32]))
	}

	fn worker_key_at(provider: &AccountId, _: BlockNumber) -> Option<sr25519::Public> {
		Self::worker_key(provider)
	}

	fn required_bond(points: Points) -> Balance {
		points
	}

	fn commit(provider: &AccountId, model: ModelId, amount: Balance) -> DispatchResult {
		assert_eq!(Some(amount), Self::bonded_points(model));
		world(|world| {
			if world.poor.contains(provider) {
				return Err(DispatchError::Other("too little is free"));
			}
			if world.commitments.contains_key(&(*provider, model)) {
				return Err(DispatchError::Other("committed already"));
			}
			world.commitments.insert((*provider, model), false);
			Ok(())
		})
	}

	fn recommit(provider: &AccountId, model: ModelId, amount: Balance) -> DispatchResult {
		let key = (*provider, model);
		world(|world| world.commitments.retain(|other, released| *other != key || !*released));
		Self::commit(provider, model, amount)
	}

	fn committed(provider: &AccountId, model: ModelId) -> Balance {
		match world(|world| world.commitments.get(&(*provider, model)).copied()) {
			Some(false) => Self::bonded_points(model).unwrap_or_default(),
			Some(true) | None => 0,
		}
	}

	fn release(provider: &AccountId, model: ModelId) {
		let released = world(|world| world.commitments.insert((*provider, model), true));
		assert_eq!(released, Some(false), "a commitment is released once");
	}

	fn fine(_: &AccountId, _: ModelId, _: Fault, _: Option<&AccountId>) -> Balance {
		0
	}

	fn note_work(_: &AccountId, _: Points) {}

	fn note_absence(provider: &AccountId) {
		world(|world| *world.absences.entry(*provider).or_default() += 1);
	}
}

impl Work for World {
	type AccountId = AccountId;

	fn tally(model: ModelId, window: WindowIndex) -> Tally {
		world(|world| {
			let units = |unit: &&UnitId| unit.model == model && unit.window == window;
			let anonymous = world.anonymous.get(&(model, window)).copied().unwrap_or_default();
			let attested = world.attested.iter().filter(units).count() as u32 + anonymous;
			Tally { attested, samples: u64::from(attested) * 10 }
		})
	}

	fn attested_lanes(model: ModelId, window: WindowIndex, stage: StageIndex) -> u16 {
		let attested = |lane: &LaneIndex| {
			let unit = UnitId { model, window, stage, lane: *lane };
			world(|world| world.attested.contains(&unit))
		};
		(0..16).filter(attested).fold(0, |bits, lane| bits | 1 << lane)
	}

	fn open_units(_: &AccountId) -> u32 {
		0
	}

	fn has_open_units(_: &AccountId, _: ModelId) -> bool {
		false
	}
}

impl BenchmarkHelper<AccountId> for World {
	fn training_model(stages: u8, lanes: u8) -> ModelId {
		add_model(stages, lanes, Access::Sealed)
	}

	fn retire(model: ModelId) {
		set_status(model, ModelStatus::Retired);
	}

	fn provider(number: u32) -> (AccountId, AccountId) {
		let provider = AccountId::from(number);
		(provider, worker_of(provider))
	}

	fn attest(model: ModelId, window: WindowIndex, units: u32) {
		world(|world| world.anonymous.insert((model, window), units));
	}
}

/// A chain that is to be.
pub struct ExtBuilder;

impl ExtBuilder {
	/// Run a test, and check the invariants when it is over.
	pub fn build_and_execute(test: impl FnOnce()) {
		new_test_ext().execute_with(|| {
			test();
			Shards::do_try_state().unwrap();
		});
	}
}

pub fn new_test_ext() -> sp_io::TestExternalities {
	world(|world| *world = World::default());
	BeaconDelay::set(3);
	RetainedWindows::set(4);
	DissolveDelay::set(30);
	let storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let mut ext = sp_io::TestExternalities::from(storage);
	ext.execute_with(|| run_to(1));
	ext
}

/// Register a model that trains; windows of the example take 20 blocks.
pub fn add_model(stages: u8, lanes: u8, access: Access) -> ModelId {
	let id = world(|world| world.models.len() as ModelId);
	add_fork(stages, lanes, access, None, id)
}

/// Register a fork of a model.
pub fn fork(parent: ModelId) -> ModelId {
	let (spec, info) = world(|world| world.models[&parent].clone());
	add_fork(spec.stages.len() as u8, spec.lanes, spec.access, Some(parent), info.root)
}

fn add_fork(
	stages: u8,
	lanes: u8,
	access: Access,
	parent: Option<ModelId>,
	root: ModelId,
) -> ModelId {
	let spec = ModelSpec { access, ..ModelSpec::example(Hash::zero(), stages, lanes) };
	let info = ModelInfo {
		researcher: 0,
		parent,
		root,
		status: ModelStatus::Training,
		samples: 0,
		restart_from: None,
	};
	world(|world| {
		let id = world.models.len() as ModelId;
		world.models.insert(id, (spec, info));
		id
	})
}

/// Change a model's state.
pub fn set_status(model: ModelId, status: ModelStatus) {
	world(|world| world.models.get_mut(&model).unwrap().1.status = status);
}

/// Change a model's spec.
pub fn set_spec(model: ModelId, change: impl FnOnce(&mut ModelSpec)) {
	world(|world| change(&mut world.models.get_mut(&model).unwrap().0));
}

/// The worker key of a provider, as the signer of extrinsics.
pub fn worker_of(provider: AccountId) -> AccountId {
	provider + WORKER
}

/// The post-leave lock of a commitment is over.
pub fn unlock(provider: AccountId, model: ModelId) {
	let released = world(|world| world.commitments.remove(&(provider, model)));
	assert_eq!(released, Some(true), "only what was released unlocks");
}

/// Go to block `to`, through the hooks.
pub fn run_to(to: u64) {
	while System::block_number() < to {
		let next = System::block_number() + 1;
		System::set_block_number(next);
		<Shards as Hooks<u64>>::on_initialize(next);
	}
}

/// Go so many blocks on.
pub fn run(blocks: u32) {
	run_to(System::block_number() + u64::from(blocks));
}

/// Enlist a provider and draw its lot.
pub fn place(model: ModelId, provider: AccountId) {
	Shards::enlist(RuntimeOrigin::signed(provider), model).unwrap();
	run(BeaconDelay::get() + 1);
	Shards::draw_seat(RuntimeOrigin::signed(0), model, provider).unwrap();
}

/// Let a stage of a model's family have been drawn for a provider before.
pub fn entitle(model: ModelId, provider: AccountId, stage: StageIndex) {
	let (_, info) = world(|world| world.models[&model].clone());
	Entitlements::<Test>::insert(info.root, provider, stage);
}

/// Place a provider at a stage of a sealed model that was drawn for it before.
pub fn place_at(model: ModelId, provider: AccountId, stage: StageIndex) {
	entitle(model, provider, stage);
	place(model, provider);
}

/// Fill every seat with providers from `first` on, stage by stage. Stages of a sealed model were drawn for them before, so
/// that nobody has to stand by.
pub fn fill_seats(model: ModelId, first: AccountId) -> AccountId {
	let (spec, _) = world(|world| world.models[&model].clone());
	let stages = (0..spec.stages.len() as StageIndex).flat_map(|stage| {
		let lanes = usize::from(spec.lanes);
		std::iter::repeat_n(stage, lanes)
	});
	let mut next = first;
	for stage in stages {
		match spec.access {
			Access::Sealed => place_at(model, next, stage),
			Access::Open => place(model, next),
		}
		next += 1;
	}
	next
}

/// Move the clock of a model, as anyone may.
pub fn poke(model: ModelId) -> Result<(), DispatchError> {
	Shards::poke_window(RuntimeOrigin::signed(0), model).map(|_| ()).map_err(|error| error.error)
}

/// Schedule and start the next window.
pub fn start_window(model: ModelId) -> cairn_primitives::Window {
	if let Some(Phase::Waiting) = Shards::phase(model) {
		poke(model).unwrap();
	}
	let Some(Phase::Scheduled { seed_at }) = Shards::phase(model) else {
		panic!("no window is scheduled")
	};
	run_to(u64::from(seed_at) + 1);
	poke(model).unwrap();
	Shards::window(model).expect("the window was not postponed")
}

/// Go past the deadline of the running window and close it.
pub fn close_window(model: ModelId) {
	let window = Shards::window(model).unwrap();
	run_to(u64::from(window.deadline) + 1);
	poke(model).unwrap();
}

/// Let every seat attest but those of some providers.
pub fn attest_without(model: ModelId, absent: &[AccountId]) {
	let window = Shards::window(model).unwrap().index;
	for lane in Shards::lanes(model) {
		for (stage, provider) in (0..).zip(&lane.providers) {
			if !absent.contains(provider) {
				let unit = UnitId { model, window, stage, lane: lane.lane };
				world(|world| world.attested.insert(unit));
			}
		}
	}
}
