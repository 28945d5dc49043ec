//! The life of a network: what keepers, workers, auditors, clients and holders send, and when.

use std::{
	collections::{BTreeMap, HashMap},
	sync::mpsc::Receiver,
	time::{Duration, Instant},
};

use cairn_primitives::{
	traits::lanes_of, LaneIndex, ModelId, StageIndex, UnitId, Verdict, Window, WindowIndex,
	GATE_EVERY,
};
use cairn_runtime::{currency::CRN, parameters::protocol, AccountId, Runtime, RuntimeCall};
use frame_support::traits::Get;
use pallet_contributions::{AuditState, Audits, Stages};
use pallet_shards::{Clocks, Phase};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
	attesting::{approval, Signed, Signers},
	claims::{self, ClaimCost},
	keys::Signer,
	measure::Log,
	network::{Included, Made, Network},
	options::Options,
	pool::{Purpose, Waiting},
	state::Census,
};

/// Windows behind the newest that the chain keeps of a model in training.
pub const KEPT_WINDOWS: WindowIndex = 4 * GATE_EVERY;
/// The first window after which units have minted shares, revenue has come in, and claims are measured.
const FIRST_CLAIMS: WindowIndex = 3;
/// What a client pays to each model in a window.
const REVENUE: u128 = CRN;
/// Time between two lines that say how far the simulation is.
const SAY_EVERY: Duration = Duration::from_secs(30);

/// Something that somebody will do.
enum Task {
	/// Move a model's clock.
	Poke(ModelId),
	/// Attest the nth unit of a model's running window.
	Attest(ModelId, usize),
	/// Draw the lots of a stage.
	Draw(ModelId, WindowIndex, StageIndex),
	/// Answer an audit by a block.
	Verdict(UnitId, AccountId, u32),
	/// Remove a stage of an old window.
	Prune(ModelId, WindowIndex, StageIndex),
	/// Pay revenue.
	Deposit(ModelId),
	/// Claim revenue.
	Claim(ModelId, u32),
}

/// Where a model stands.
#[derive(Default)]
struct Course {
	running: Option<Window>,
	coming: Option<Receiver<Vec<Signed>>>,
	ready: Vec<Option<Signed>>,
	closed: WindowIndex,
	is_done: bool,
}

/// What became of a network.
pub struct Outcome {
	/// Its blocks and calls.
	pub log: Log,
	/// Its state from time to time.
	pub censuses: Vec<Census>,
	/// The bytes of its trie's nodes after each window.
	pub growth: Vec<(WindowIndex, u64)>,
	/// What claims cost after the first windows, and in the end.
	pub claims: [ClaimCost; 2],
	/// Windows that every model closed.
	pub windows: WindowIndex,
	/// Units that were attested.
	pub units: u64,
	/// Models whose clock stopped because a seat fell vacant.
	pub stalled: u32,
	/// Whether the budget ended it.
	pub is_cut_short: bool,
}

/// A network that lives.
pub struct Simulation<'a> {
	network: &'a mut Network,
	options: &'a Options,
	signers: Signers,
	random: ChaCha8Rng,
	agenda: BTreeMap<u32, Vec<Task>>,
	courses: Vec<Course>,
	numbers: HashMap<AccountId, u32>,
	lot_delay: u32,
	burst: u32,
	log: Log,
	censuses: Vec<Census>,
	growth: Vec<(WindowIndex, u64)>,
	early: Option<ClaimCost>,
	closed: Vec<u32>,
	stalled: u32,
	units: u64,
	target: WindowIndex,
}

impl<'a> Simulation<'a> {
	/// A populated network; attestations arrive over the last `burst` blocks of a window.
	pub fn new(network: &'a mut Network, options: &'a Options, burst: u32) -> Self {
		let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get() - 1);
		let keys = &network.common.keys.providers;
		let numbers = (0..).zip(keys).map(|(number, provider)| (provider.id(), number)).collect();
		Self {
			signers: Signers::start(threads, &network.common),
			random: ChaCha8Rng::seed_from_u64(1),
			agenda: BTreeMap::new(),
			courses: network.seats.iter().map(|_| Course::default()).collect(),
			numbers,
			lot_delay: network.chain.read(protocol::BeaconDelay::get),
			burst,
			log: Log::default(),
			censuses: Vec::new(),
			growth: Vec::new(),
			early: None,
			closed: Vec::new(),
			stalled: 0,
			units: 0,
			target: options.windows,
			network,
			options,
		}
	}

	/// Let every model train all windows, or as many as it can in the time there is.
	pub fn run(mut self, began: Instant) -> Outcome {
		self.open();
		let budget = Duration::from_secs(60 * self.options.budget);
		let mut said = Instant::now();
		let mut is_cut_short = false;
		while self.courses.iter().any(|course| !course.is_done) {
			self.step();
			if !is_cut_short && began.elapsed() > budget {
				is_cut_short = true;
				// What has begun is finished, and nothing else begins.
				let begun = |course: &Course| course.closed + u32::from(course.running.is_some());
				self.target = self.courses.iter().map(begun).max().unwrap_or(0).max(1);
				self.target = self.target.min(self.options.windows);
			}
			if said.elapsed() > SAY_EVERY {
				said = Instant::now();
				self.say(began);
			}
		}
		let windows = self.closed.len() as WindowIndex;
		if self.censuses.last().is_none_or(|census| census.windows < windows) {
			self.censuses.push(Census::take(&self.network.chain, windows));
		}
		let late = claims::measure(self.network);
		Outcome {
			log: self.log,
			censuses: self.censuses,
			growth: self.growth,
			claims: [self.early.unwrap_or_default(), late],
			windows,
			units: self.units,
			stalled: self.stalled,
			is_cut_short: is_cut_short && windows < self.options.windows,
		}
	}

	/// Open all models, and start their clocks.
	fn open(&mut self) {
		let models = self.courses.len() as u32;
		for model in 0..models {
			self.network.send(Signer::Researcher, pallet_models::Call::open { model });
		}
		self.network.settle();
		let first = self.network.next();
		for model in 0..models {
			let later = u64::from(self.options.open_over) * u64::from(model) / u64::from(models);
			self.plan(first + later as u32, Task::Poke(model));
		}
	}

	/// One block.
	fn step(&mut self) {
		let number = self.network.next();
		for task in self.agenda.remove(&number).unwrap_or_default() {
			let waiting = self.prepare(task, number);
			self.network.pool.push(waiting);
		}
		let made = self.network.make_block();
		self.log.add(&made, self.network.pool.len());
		self.follow(made);
	}

	fn plan(&mut self, block: u32, task: Task) {
		self.agenda.entry(block).or_default().push(task);
	}

	/// The transaction by which somebody does something.
	fn prepare(&mut self, task: Task, arrived: u32) -> Waiting {
		let keeper = |call: RuntimeCall, purpose| Waiting {
			signer: Signer::Keeper,
			call,
			purpose,
			arrived,
			deadline: u32::MAX,
		};
		match task {
			Task::Poke(model) => {
				keeper(pallet_shards::Call::poke_window { model }.into(), Purpose::Poke(model))
			},
			Task::Draw(model, window, stage) => {
				let call = pallet_contributions::Call::draw_lots { model, window, stage };
				keeper(call.into(), Purpose::Draw(model, window, stage))
			},
			Task::Prune(model, window, stage) => {
				let call = pallet_contributions::Call::prune { model, window, stage };
				keeper(call.into(), Purpose::Prune(model, window, stage))
			},
			Task::Deposit(model) => {
				let call = pallet_revenue::Call::deposit_revenue { model, amount: REVENUE };
				Waiting { signer: Signer::Client, ..keeper(call.into(), Purpose::Deposit(model)) }
			},
			Task::Claim(model, who) => {
				let call = pallet_revenue::Call::claim { model };
				let signer = Signer::Provider(who);
				Waiting { signer, ..keeper(call.into(), Purpose::Claim(model)) }
			},
			Task::Verdict(unit, auditor, deadline) => {
				let audit_root = approval(&self.network.common, unit, &auditor);
				let verdict = Verdict::Ok { audit_root };
				let call = pallet_contributions::Call::verdict { unit, verdict };
				let signer = Signer::Worker(self.numbers[&auditor]);
				Waiting { signer, deadline, ..keeper(call.into(), Purpose::Verdict(unit)) }
			},
			Task::Attest(model, nth) => {
				let course = &mut self.courses[model as usize];
				if let Some(coming) = course.coming.take() {
					let signed = coming.recv().expect("the threads live as long");
					course.ready = signed.into_iter().map(Some).collect();
				}
				let (provider, attestation) =
					course.ready[nth].take().expect("each unit is attested once");
				let deadline = course.running.expect("a window runs until it is closed").deadline;
				let unit = attestation.unit;
				let call = pallet_contributions::Call::attest { attestation };
				let signer = Signer::Worker(provider);
				Waiting { signer, deadline, ..keeper(call.into(), Purpose::Attest(unit)) }
			},
		}
	}

	/// Let everyone see a block, and plan what they do next.
	fn follow(&mut self, made: Made) {
		for Included { sent, result, .. } in made.included {
			let now = made.number;
			match (sent.purpose, result) {
				(Purpose::Poke(model), Ok(())) => self.after_poke(model, now),
				(Purpose::Poke(model), Err(_)) => self.plan(now + 1, Task::Poke(model)),
				(Purpose::Draw(model, window, stage), Ok(())) => {
					self.after_draw(model, window, stage, now)
				},
				(Purpose::Draw(model, window, stage), Err(_)) => {
					self.plan(now + 2, Task::Draw(model, window, stage))
				},
				(Purpose::Prune(model, window, stage), Err(_)) => {
					let later = now + self.network.common.spec.window.blocks;
					self.plan(later, Task::Prune(model, window, stage))
				},
				(Purpose::Attest(_), Ok(())) => self.units += 1,
				_ => {},
			}
		}
	}

	/// A model's clock moved.
	fn after_poke(&mut self, model: ModelId, now: u32) {
		let clock = self
			.network
			.chain
			.read(|| Clocks::<Runtime>::get(model))
			.expect("everyone enlisted, so there is a clock");
		if let Phase::Running(window) = clock.phase {
			return self.after_start(model, window, now);
		}
		if let Some(window) = self.courses[model as usize].running.take() {
			self.after_close(model, window, now);
		}
		match clock.phase {
			Phase::Scheduled { seed_at } if !self.courses[model as usize].is_done => {
				self.plan(now.max(seed_at) + 1, Task::Poke(model))
			},
			Phase::Waiting if !self.courses[model as usize].is_done => {
				self.stalled += 1;
				self.courses[model as usize].is_done = true;
			},
			_ => {},
		}
	}

	/// A window began: everyone at it plans its work.
	fn after_start(&mut self, model: ModelId, window: Window, now: u32) {
		let seats = self.network.seats[model as usize].clone();
		let coming = self.signers.attest(model, window, seats.clone());
		let course = &mut self.courses[model as usize];
		(course.running, course.coming) = (Some(window), Some(coming));
		self.plan(window.deadline + 1, Task::Poke(model));

		let last = window.deadline.saturating_sub(self.options.margin).max(window.start);
		let first = last.saturating_sub(self.burst - 1).max(window.start);
		for nth in 0..self.network.common.spec.seat_count() as usize {
			let arrives = self.random.gen_range(first..=last).max(now + 1);
			self.plan(arrives, Task::Attest(model, nth));
		}
		if window.index < 1 {
			return;
		}
		let paid = self.random.gen_range(now + 1..=window.deadline);
		self.plan(paid, Task::Deposit(model));
		if window.index < FIRST_CLAIMS {
			return;
		}
		for who in seats.iter().flatten() {
			if (who + window.index).is_multiple_of(self.options.claim_every.max(1)) {
				let claims = self.random.gen_range(now + 1..=window.deadline);
				self.plan(claims, Task::Claim(model, *who));
			}
		}
	}

	/// A window is over: its lots are to be drawn.
	fn after_close(&mut self, model: ModelId, window: Window, now: u32) {
		let last = self.network.common.spec.stages.len() as StageIndex - 1;
		let known = window.deadline + self.lot_delay + 1;
		self.plan(known.max(now + 1), Task::Draw(model, window.index, last));

		let course = &mut self.courses[model as usize];
		course.closed += 1;
		course.is_done = course.closed >= self.target;
		let closed = course.closed;
		let models = self.courses.len() as u32;
		let reached = self.courses.iter().filter(|other| other.closed >= closed).count() as u32;
		if reached == models {
			self.after_all_closed(closed);
		}
	}

	/// All models have closed a window.
	fn after_all_closed(&mut self, windows: WindowIndex) {
		self.closed.push(windows);
		self.growth.push((windows, self.network.chain.node_bytes()));
		let all = self.options.windows;
		if [1, all / 4, all / 2, all * 3 / 4, all].contains(&windows) {
			self.censuses.push(Census::take(&self.network.chain, windows));
		}
		if windows == FIRST_CLAIMS {
			self.early = Some(claims::measure(self.network));
		}
	}

	/// The lots of a stage are drawn: the other stages are next, auditors begin, and an old window can go.
	fn after_draw(&mut self, model: ModelId, window: WindowIndex, stage: StageIndex, now: u32) {
		let last = self.network.common.spec.stages.len() as StageIndex - 1;
		if stage == last {
			for stage in 0..last {
				self.plan(now + 1, Task::Draw(model, window, stage));
			}
			if let Some(old) = window.checked_sub(KEPT_WINDOWS) {
				let length = self.network.common.spec.window.blocks;
				for stage in 0..=last {
					let at = self.random.gen_range(now + 1..=now + length / 2);
					self.plan(at, Task::Prune(model, old, stage));
				}
			}
		}
		let assigned: Vec<_> = self.network.chain.read(|| {
			let lanes = Stages::<Runtime>::get((model, window, stage)).lanes;
			let unit = |lane: LaneIndex| UnitId { model, window, stage, lane };
			lanes_of(lanes)
				.into_iter()
				.map(unit)
				.filter_map(|unit| match Audits::<Runtime>::get(unit)?.state {
					AuditState::Assigned { auditor, deadline } => Some((unit, auditor, deadline)),
					_ => None,
				})
				.collect()
		});
		for (unit, auditor, deadline) in assigned {
			// To re-execute a unit takes about as long as it took: between half and nine tenths of the time that there is.
			let time = deadline.saturating_sub(now);
			let answers = self.random.gen_range(now + time / 2..=now + time * 9 / 10).max(now + 1);
			self.plan(answers, Task::Verdict(unit, auditor, deadline));
		}
	}

	fn say(&self, began: Instant) {
		let minutes = began.elapsed().as_secs_f64() / 60.0;
		println!(
			"    ... {minutes:.1} min: {} of {} windows, block {}, {} units, {} transactions wait",
			self.closed.len(),
			self.target,
			self.network.chain.number(),
			self.units,
			self.network.pool.len(),
		);
	}
}
