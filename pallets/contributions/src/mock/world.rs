//! A model and its people, and how time passes.

use super::*;

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
	spec.initial = vec![root_of(START); stages.into()].try_into().unwrap();
	spec
}

pub fn put_model(
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
		SuspicionBond::set(1_001);
		ChallengeBond::set(2_003);
		PointsPerBond::set(NO_BONDS);
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

pub fn start_window_of(model: ModelId, index: WindowIndex) -> Window {
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

pub fn close_window_of(model: ModelId, is_void: bool) {
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

/// A window, running or closed.
pub fn find_window(model: ModelId, index: WindowIndex) -> Option<Window> {
	Running::get(model)
		.filter(|running| running.index == index)
		.or_else(|| Some(Closed::get((model, index))?.window))
}

/// The window of a unit, running or closed.
pub fn window_of(id: UnitId) -> Window {
	find_window(id.model, id.window).unwrap()
}

/// Lets the next window start from any shard, as after a refuted merge.
pub fn open_start() {
	crate::Newest::<Test>::insert(MODEL, crate::Latest { window: 0, is_broken: true });
}

/// Number of the provider that works on a unit.
pub fn on(id: UnitId) -> u8 {
	let window = window_of(id);
	let roster = Rosters::get((id.model, id.stage)).unwrap();
	number_of(roster.in_lane(window.seed, id.stage, id.lane).unwrap())
}
