//! A provider's life on a real node: what is done by calls is seen by views.

use std::time::Duration;

use crate::node::{key, Node};
use cairn_chain::{
	calls::{self, workers::Consent},
	events::Proposed,
	views::{Hardware, HardwareClass, Phase, Place, UnitPhase},
	AccountId, Connection, Done, Failure, Key, Request, State, Submitter, Tips,
};
use cairn_primitives::{
	attestation::{checkpoints_root, NonNegative},
	Attestation, Balance, Hash, ModelId, ModelSpec, ModelStatus, Outcome, Terms, UnitId, Window,
};
use sp_core::{ed25519, Pair as _};
use sp_runtime::Permill;
use tokio::time::{sleep, timeout};

const CRN: Balance = 1_000_000_000_000;
const BOND: Balance = 100 * CRN;
/// For everything that takes some blocks.
const PATIENCE: Duration = Duration::from_secs(120);
/// A machine.
const HARDWARE: Hardware =
	Hardware { class: HardwareClass::ConsumerGpu, memory_mib: 8_192, gigaflops: 500 };

/// Somebody with an account.
struct Person {
	key: Key,
	submitter: Submitter,
}

impl Person {
	fn new(node: &Node, connection: &Connection, name: &str) -> Self {
		let key = key(name);
		let tips = Tips { least: 0, step: 1_000_000, most: CRN };
		let horizon = node.file(&format!("{}.json", name.replace('/', "-")));
		let submitter = Submitter::start(connection.clone(), key.clone(), tips, &horizon).unwrap();
		Self { key, submitter }
	}

	fn account(&self) -> AccountId {
		self.key.account()
	}

	async fn tries(&self, request: impl Into<Request>) -> Result<Done, Failure> {
		timeout(PATIENCE, self.submitter.submit(request)).await.expect("requests end")
	}

	async fn does(&self, request: impl Into<Request>) -> Done {
		self.tries(request).await.unwrap_or_else(|failure| panic!("{failure}"))
	}
}

/// A provider with its worker, both with money.
struct Provider {
	owner: Person,
	worker: Person,
	endpoint: ed25519::Pair,
}

impl Provider {
	async fn new(node: &Node, connection: &Connection, alice: &Person, name: &str) -> Self {
		let owner = Person::new(node, connection, name);
		let worker = Person::new(node, connection, &format!("{name}//worker"));
		let endpoint = ed25519::Pair::from_string(&format!("//{name}//endpoint"), None).unwrap();
		let pay = |to: AccountId| calls::balances::transfer_keep_alive(&to, 10 * BOND);
		tokio::join!(alice.does(pay(owner.account())), alice.does(pay(worker.account())));
		Self { owner, worker, endpoint }
	}

	async fn register(&self, genesis: Hash) {
		let consent =
			Consent::new(genesis, &self.owner.account(), &self.worker.key, &self.endpoint);
		let addresses = ["127.0.0.1:4001".to_string()];
		let relay = Some("https://relay.example");
		let call = calls::workers::register(&consent, &addresses, relay, HARDWARE, BOND);
		self.owner.does(call).await;
	}

	/// A place in a model.
	async fn enlist(&self, connection: &Connection, model: ModelId) -> Place {
		self.owner.does(calls::shards::enlist(model)).await;
		let account = self.owner.account();
		loop {
			let state = connection.state().await.unwrap();
			match state.place(model, &account).await.unwrap().expect("it has enlisted") {
				Place::Enlisted { seed_at } if state.height() > seed_at => {
					self.owner.does(calls::shards::draw_seat(model, &account)).await;
				},
				Place::Enlisted { .. } => sleep(Duration::from_secs(1)).await,
				place => return place,
			}
		}
	}
}

/// A model of two stages and one lane, open for training.
async fn model(researcher: &Person, spec: &ModelSpec, terms: Terms) -> ModelId {
	researcher.does(calls::models::register_dataset(spec.dataset, "Some text")).await;
	let proposal = calls::models::propose(spec.clone(), terms, None, "A tiny model");
	let proposed = researcher.does(proposal).await;
	let model = proposed.event::<Proposed>().expect("a proposal tells its number").model;
	researcher.does(calls::models::open(model)).await;
	model
}

/// The window that runs once somebody has poked the clock often enough.
async fn window(connection: &Connection, model: ModelId, anyone: &Person) -> (State, Window) {
	loop {
		let state = connection.state().await.unwrap();
		match state.clock(model).await.unwrap().expect("somebody has enlisted").phase {
			Phase::Running(window) => return (state, window),
			Phase::Scheduled { seed_at } if state.height() <= seed_at => {
				sleep(Duration::from_secs(1)).await;
			},
			_ => drop(anyone.does(calls::shards::poke_window(model)).await),
		}
	}
}

/// An attestation of a seat whose lane broke before the first step.
fn attestation(genesis: Hash, spec: &ModelSpec, unit: UnitId) -> Attestation<AccountId> {
	let shard = spec.initial[usize::from(unit.stage)];
	Attestation {
		unit,
		shard_before: shard,
		outcome: Outcome::Done { steps: 0 },
		difference: shard,
		norm: NonNegative(0),
		checkpoints: checkpoints_root(genesis, &unit, &[shard]),
		upstream: None,
		downstream: None,
		loss: (unit.stage == 1).then_some(NonNegative(0)),
		held_out: None,
		inner_state: None,
		held: Default::default(),
	}
}

#[tokio::test]
async fn providers_work_at_a_model_and_see_it_in_views() {
	let node = Node::start().await;
	let connection = node.connect().await;
	let genesis = connection.genesis();
	let alice = Person::new(&node, &connection, "Alice");
	let researcher = Person::new(&node, &connection, "Bob");
	let ada = Provider::new(&node, &connection, &alice, "Ada").await;
	let bea = Provider::new(&node, &connection, &alice, "Bea").await;

	// A model is proposed and opened.
	let spec = ModelSpec::example(Hash::repeat_byte(1), 2, 1);
	let percent = Permill::from_percent;
	let terms = Terms {
		data: percent(5),
		researcher: percent(10),
		treasury: percent(5),
		royalty: percent(10),
		serving_fee: percent(30),
	};
	let id = model(&researcher, &spec, terms).await;
	let state = connection.state().await.unwrap();
	let record = state.model(id).await.unwrap().expect("it was proposed");
	assert_eq!(record.researcher, researcher.account());
	assert_eq!((record.status, record.terms), (ModelStatus::Training, terms));
	assert_eq!((record.metadata.as_str(), record.samples), ("A tiny model", 0));
	assert_eq!(state.spec(id).await.unwrap(), Some(spec.clone()));
	assert_eq!(state.model_count().await.unwrap(), id + 1);
	assert_eq!(state.model(id + 1).await.unwrap(), None);
	let dataset = state.dataset(spec.dataset).await.unwrap().expect("it was registered");
	assert_eq!(dataset.owner, researcher.account());
	let required = state.required_bond(id).await.unwrap().expect("the model asks a bond");
	assert!(required > 0 && required <= BOND);

	// Two providers register and enlist.
	tokio::join!(ada.register(genesis), bea.register(genesis));
	let (place, other) = tokio::join!(ada.enlist(&connection, id), bea.enlist(&connection, id));
	let Place::Seat { stage, seat: 0, missed: 0, departure: None, .. } = place else {
		panic!("there was room for both: {place:?}")
	};
	assert!(matches!(other, Place::Seat { stage: at, .. } if at == 1 - stage), "{other:?}");
	let state = connection.state().await.unwrap();
	let provider = state.provider(&ada.owner.account()).await.unwrap().expect("it registered");
	assert_eq!((provider.bond, provider.committed), (BOND, required));
	assert_eq!((provider.worker, provider.hardware), (ada.worker.key.public(), HARDWARE));
	assert_eq!(provider.endpoint.addresses, ["127.0.0.1:4001"]);
	assert_eq!(provider.endpoint.relay.as_deref(), Some("https://relay.example"));
	let found = state.provider_of(&ada.worker.key.public()).await.unwrap();
	assert_eq!(found, Some(ada.owner.account()));
	let commitment = state.commitment(&ada.owner.account(), id).await.unwrap().unwrap();
	assert_eq!((commitment.amount, commitment.unlock), (required, None));
	let free = state.free_bond(&ada.owner.account()).await.unwrap();
	assert_eq!(free, Some(BOND - required));

	// A window runs, and neighbours know each other.
	let (state, window) = window(&connection, id, &alice).await;
	assert_eq!(state.window(id).await.unwrap(), Some(window));
	let (first, last) = if stage == 0 { (&ada, &bea) } else { (&bea, &ada) };
	let lanes = state.lanes(id).await.unwrap();
	assert_eq!(lanes.len(), 1);
	assert_eq!(lanes[0].providers, [first.owner.account(), last.owner.account()]);
	let neighbours = state.neighbours(id, &window, 0, 0).await.unwrap();
	let downstream = neighbours.downstream.expect("there are two stages");
	assert_eq!(downstream.provider, last.owner.account());
	assert_eq!(downstream.worker, last.worker.key.public());
	assert_eq!(downstream.endpoint.key, last.endpoint.public());
	assert_eq!(neighbours.upstream, None);
	assert!(neighbours.seats.is_empty() && neighbours.standbys.is_empty());
	let roster = state.roster(id, 0).await.unwrap().expect("the stage has a seat");
	assert_eq!(roster.in_lane(window.seed, 0, 0), Some(&first.owner.account()));

	// Its work is attested; twice is as good as once if the state is looked at.
	let unit = UnitId { model: id, window: window.index, stage: 0, lane: 0 };
	let attest = calls::contributions::attest(attestation(genesis, &spec, unit));
	first.worker.does(attest.clone()).await;
	let refused = first.worker.tries(attest.clone()).await.unwrap_err();
	assert!(
		matches!(&refused, Failure::Refused(refusal) if refusal.is("contributions.AlreadyAttested")),
		"{refused}"
	);
	let is_there = move |state: State| async move { Ok(state.unit(unit).await?.is_some()) };
	let again = first.worker.does(Request::from(attest).unless(is_there)).await;
	assert!(matches!(again, Done::Already), "{again:?}");
	let state = connection.state().await.unwrap();
	let attested = state.unit(unit).await.unwrap().expect("it was attested");
	assert_eq!(attested.provider, first.owner.account());
	assert_eq!((attested.outcome, attested.points), (Outcome::Done { steps: 0 }, 0));
	assert_eq!(attested.phase, UnitPhase::Pending);
	assert_eq!(state.majority_root(id, window.index, 0).await.unwrap(), Some(spec.initial[0]));

	// There is nothing to do and nothing to get.
	let account = first.owner.account();
	assert!(state.audit_tasks(&account).await.unwrap().is_empty());
	assert!(state.games(&account).await.unwrap().is_empty());
	assert_eq!(state.escrow(&account, id).await.unwrap(), 0);
	assert_eq!(state.shares(id, &account).await.unwrap(), 0);
	assert_eq!(state.claimable(id, &account).await.unwrap(), 0);
	assert_eq!(state.channel_of(&account, id, 0).await.unwrap(), None);
	assert_eq!(state.quote(id, 1, 1).await.unwrap(), None);
}
