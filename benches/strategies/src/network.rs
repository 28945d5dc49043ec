//! A network on a fresh chain: everyone registers, enlists and is seated by lot, all by calls.

use std::collections::BTreeMap;

use cairn_primitives::{
	hash::blob_root,
	spec::{Access, Nano, SchedulePoint},
	traits::Seats,
	Balance, BlockNumber, Hash, ModelSpec, StageIndex, Terms,
};
use cairn_runtime::{currency::CRN, time::MINUTES};
use frame_support::traits::{fungible::Inspect, OnFinalize, OnInitialize};
use pallet_contributions::Records;
use sp_runtime::{traits::Dispatchable, BuildStorage, DispatchError, Permill};

use crate::{
	beacon::Vrf,
	people::Person,
	runtime::*,
	strategy::{Role, Standing},
};

/// Stages of the model.
pub const STAGES: u8 = 3;
/// Its lanes.
pub const LANES: u8 = 4;
/// Blocks of a window: half an hour, of which 48 fill the escrow's day, the least that a public network asks for.
const WINDOW: BlockNumber = 30 * MINUTES;
/// The stage where a liar sits.
pub const MIDDLE: StageIndex = 1;
/// Standbys beyond which nobody else enlists.
const MOST_STANDBYS: u32 = 24;
/// What everyone starts with.
const PURSE: Balance = 10_000 * CRN;

/// A network whose seats are taken.
pub struct Network {
	/// Everyone, by account.
	pub people: BTreeMap<AccountId, Person>,
	/// The model's spec.
	pub spec: ModelSpec,
}

/// An empty chain.
pub fn genesis(seed: u64) -> sp_io::TestExternalities {
	Vrf::seed(seed);
	let mut balances = vec![(researcher(), PURSE), (TreasuryAccount::get(), PURSE)];
	for number in 0..most_people() {
		let person = Person::new(number);
		balances.push((person.account.clone(), PURSE));
		balances.push((person.worker_account(), PURSE));
	}
	let config = RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig { balances, ..Default::default() },
		..Default::default()
	};
	let mut chain: sp_io::TestExternalities =
		config.build_storage().expect("balances above the least one build").into();
	chain.execute_with(|| System::set_block_number(1));
	chain
}

fn most_people() -> u32 {
	u32::from(STAGES) * u32::from(LANES) + MOST_STANDBYS
}

/// Who proposes the model.
fn researcher() -> AccountId {
	AccountId::new([0xaa; 32])
}

/// Who calls what anyone may call.
pub fn keeper() -> AccountId {
	researcher()
}

/// Make a call.
pub fn act(who: AccountId, call: impl Into<RuntimeCall>) -> Result<(), DispatchError> {
	let call: RuntimeCall = call.into();
	call.dispatch(RuntimeOrigin::signed(who)).map(drop).map_err(|failed| failed.error)
}

/// Make a call that has to succeed.
pub fn must(who: AccountId, call: impl Into<RuntimeCall>) {
	let call: RuntimeCall = call.into();
	act(who, call.clone()).unwrap_or_else(|error| panic!("{call:?} failed: {error:?}"));
}

/// Begin the next block.
pub fn next_block() -> BlockNumber {
	let now = System::block_number();
	AllPalletsWithoutSystem::on_finalize(now);
	System::reset_events();
	let next = now + 1;
	System::set_block_number(next);
	AllPalletsWithoutSystem::on_initialize(next);
	next
}

/// What every message is bound to.
pub fn genesis_hash() -> Hash {
	System::block_hash(0)
}

/// All money of a provider, bonds included.
pub fn wealth(person: &Person) -> Balance {
	Balances::total_balance(&person.account) + Balances::total_balance(&person.worker_account())
}

/// A model of some 1.1 billion parameters, whose units cost about 1.5 CRN.
fn spec() -> ModelSpec {
	let mut spec = ModelSpec::example(dataset(), STAGES, LANES);
	let shape = &mut spec.architecture;
	(shape.vocabulary, shape.width, shape.hidden, shape.context) = (4_096, 2_048, 5_632, 2_048);
	(shape.heads, shape.kv_heads) = (128, 32);
	spec.stages.iter_mut().for_each(|layers| *layers = 8);
	spec.access = Access::Open;
	spec.window.blocks = WINDOW;
	let point = |samples| SchedulePoint { samples, batch: 64, learning_rate: Nano(100_000) };
	spec.schedule.points =
		vec![point(0), point(100_000_000)].try_into().expect("two points are few");
	spec
}

fn dataset() -> Hash {
	blob_root(b"the dataset of a simulation")
}

impl Network {
	/// Propose and open the model, and seat everyone.
	pub fn new(standing: Standing) -> Self {
		let spec = spec();
		let metadata = Default::default();
		must(
			researcher(),
			pallet_models::Call::register_dataset { root: dataset(), metadata: Default::default() },
		);
		let part = Permill::from_percent(5);
		let terms = Terms {
			data: part,
			researcher: part,
			treasury: part,
			royalty: part,
			serving_fee: part,
		};
		must(
			researcher(),
			pallet_models::Call::propose {
				spec: Box::new(spec.clone()),
				terms,
				parent: None,
				metadata,
			},
		);
		must(researcher(), pallet_models::Call::open { model: MODEL });
		let mut network = Self { people: BTreeMap::new(), spec };
		let seats = u32::from(STAGES) * u32::from(LANES);
		network.enlist(0..seats);
		let mut next = seats;
		while next < most_people() && !network.has_standbys() {
			network.enlist(next..next + 3);
			next += 3;
		}
		network.set_standing(standing);
		network
	}

	/// Let providers enlist, and draw their lots.
	fn enlist(&mut self, numbers: std::ops::Range<u32>) {
		let points = self.spec.bonded_points();
		let bond = <Workers as cairn_primitives::traits::Providers>::required_bond(points);
		let people: Vec<Person> = numbers.map(Person::new).collect();
		for person in &people {
			must(person.account.clone(), person.registration(genesis_hash(), bond));
			must(person.account.clone(), pallet_shards::Call::enlist { model: MODEL });
		}
		for _ in 0..=BeaconDelay::get() {
			next_block();
		}
		for person in people {
			let provider = person.account.clone();
			must(keeper(), pallet_shards::Call::draw_seat { model: MODEL, provider });
			self.people.insert(person.account.clone(), person);
		}
	}

	/// Whether every stage has a standby for each seat that a strategy may cost it.
	fn has_standbys(&self) -> bool {
		(0..STAGES).all(|stage| {
			<Shards as Seats>::roster(MODEL, stage).is_some_and(|roster| roster.standbys.len() >= 2)
		})
	}

	/// Write down what everyone has behind it.
	fn set_standing(&self, standing: Standing) {
		for account in self.people.keys() {
			Records::<Chain>::mutate(account, MODEL, |record| {
				(record.drawn, record.clean) = standing.record();
			});
		}
	}

	/// Who lies.
	pub fn liars(&self, role: Role) -> Vec<AccountId> {
		let seats = |stage, many| {
			let roster = <Shards as Seats>::roster(MODEL, stage);
			let seats = roster.map(|roster| roster.seats).unwrap_or_default();
			seats.into_iter().flatten().take(many).collect::<Vec<_>>()
		};
		match role {
			Role::Seat => seats(MIDDLE, 1),
			Role::HalfOfAll => (0..STAGES).flat_map(|stage| seats(stage, 2)).collect(),
			Role::MostOfStage => seats(MIDDLE, 3),
			Role::Standby => {
				let roster = <Shards as Seats>::roster(MODEL, MIDDLE);
				let standbys = roster.map(|roster| roster.standbys).unwrap_or_default();
				standbys.into_iter().take(1).map(|standby| standby.provider).collect()
			},
		}
	}

	/// The provider of an account.
	pub fn person(&self, account: &AccountId) -> &Person {
		&self.people[account]
	}
}
