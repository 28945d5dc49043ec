//! One life of a liar: from its first window at a model until it is expelled, or its time is over, and everything is settled.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cairn_primitives::{
	lcg::Lcg,
	traits::{Fault, Seats},
	BlockNumber, Hash, Points, StageIndex, UnitId, Window, WindowIndex,
};
use pallet_contributions::VoidReason;
use pallet_disputes::{Ending, Side};
use sp_runtime::DispatchError;

use crate::{
	books::Books,
	network::{act, genesis, keeper, must, next_block, wealth, Network, STAGES},
	runtime::*,
	strategy::{Claim, Role, Standing, Strategy},
};

/// Blocks in which a worker that is online answers the chain.
pub const PROMPT: BlockNumber = 2;
/// Blocks before the deadline at which everyone attests.
const MARGIN: BlockNumber = 20;
/// Windows in which a full escrow fills.
const HONEST_WINDOWS: WindowIndex = 48;
/// Times that something is tried to be finalised before the simulation is wrong.
const MOST_TRIES: u32 = 500;

/// What somebody will do.
#[derive(Clone, Debug)]
pub enum Task {
	/// Move the window clock.
	Poke,
	/// Attest everything of the running window.
	Attest(Window),
	/// Draw the lots of a window.
	Draw(WindowIndex),
	/// Draw another auditor.
	Redraw(UnitId),
	/// Answer an audit.
	Audit(UnitId, AccountId),
	/// Look at the answer of an audit of one's own unit.
	LookAt(UnitId),
	/// Move in a game.
	Move(UnitId, AccountId),
	/// End a game whose clock has run out.
	TimeOut(UnitId, AccountId),
	/// Finalise work and audit of a unit.
	Finalise(UnitId, u32),
}

/// What was done about a unit.
#[derive(Clone, Debug)]
pub struct Work {
	/// Who did it.
	pub provider: AccountId,
	/// The state that it started from.
	pub start: u64,
	/// What was attested.
	pub claim: Claim,
}

/// The course of a life.
pub struct Life {
	/// How the liars lie.
	pub strategy: Strategy,
	/// The network.
	pub network: Network,
	/// The liars.
	pub liars: BTreeSet<AccountId>,
	/// What roots open to.
	pub states: HashMap<Hash, u64>,
	/// Everything that was attested.
	pub works: HashMap<UnitId, Work>,
	/// What the stages start the next window from, and what they started the last one from.
	pub starts: [Vec<u64>; 2],
	/// The books.
	pub books: Books,
	agenda: BTreeMap<BlockNumber, Vec<Task>>,
	/// The first window with lies.
	first: WindowIndex,
	/// Windows with lies at most.
	most: u32,
	is_ending: bool,
}

/// Live one life of `most` windows with lies at most.
pub fn live(strategy: Strategy, standing: Standing, most: u32, seed: u64) -> Books {
	genesis(seed).execute_with(|| {
		let network = Network::new(standing);
		let mut life = Life::new(strategy, standing, network, most);
		life.run();
		life.books
	})
}

/// The FLOPs that gains are counted in: those of the model's dearest unit.
pub fn unit_points() -> Points {
	genesis(0).execute_with(|| Network::new(Standing::Novice).spec.dearest_unit())
}

impl Life {
	fn new(strategy: Strategy, standing: Standing, network: Network, most: u32) -> Self {
		let liars: BTreeSet<_> = network.liars(strategy.role()).into_iter().collect();
		let initial: Vec<u64> = (0..u64::from(STAGES)).collect();
		let states = initial.iter().map(|state| (Lcg::commit(*state), *state)).collect();
		// The first shards are known, and there is nothing older.
		let first = if standing.has_escrow() { HONEST_WINDOWS } else { 1 };
		Self {
			strategy,
			network,
			liars,
			states,
			works: HashMap::new(),
			starts: [initial.clone(), initial],
			books: Books { lives: 1, ..Default::default() },
			agenda: BTreeMap::new(),
			first,
			most,
			is_ending: false,
		}
	}

	/// Blocks until nothing is left to do.
	fn run(&mut self) {
		let before = self.wealth_of_liars();
		self.plan(System::block_number() + 1, Task::Poke);
		while let Some((&next, _)) = self.agenda.first_key_value() {
			if self.is_ending && !self.waits_for_randomness() {
				System::set_block_number(next - 1);
			}
			let now = next_block();
			for task in self.agenda.remove(&now).unwrap_or_default() {
				self.perform(task);
			}
			// What follows from an event can have events of its own in the same block.
			let mut seen = 0;
			loop {
				let events = System::events();
				if seen == events.len() {
					break;
				}
				for record in events.into_iter().skip(seen) {
					self.follow(record.event);
					seen += 1;
				}
			}
		}
		self.books.money = Books::difference(before, self.wealth_of_liars());
	}

	/// Have something done in a block to come.
	pub fn plan(&mut self, block: BlockNumber, task: Task) {
		self.agenda.entry(block.max(System::block_number() + 1)).or_default().push(task);
	}

	/// Have something done soon.
	pub fn plan_soon(&mut self, task: Task) {
		self.plan(System::block_number() + PROMPT, task);
	}

	/// Whether a window has lies, if anyone lies.
	pub fn is_time(&self, window: WindowIndex) -> bool {
		window >= self.first
	}

	/// Whether somebody lies, and it is time.
	pub fn lies(&self, who: &AccountId, window: WindowIndex) -> bool {
		self.is_time(window) && self.liars.contains(who)
	}

	fn wealth_of_liars(&self) -> u128 {
		self.liars.iter().map(|liar| wealth(self.network.person(liar))).sum()
	}

	fn waits_for_randomness(&self) -> bool {
		let draws = |task: &Task| {
			matches!(
				task,
				Task::Poke | Task::Attest(_) | Task::Draw(_) | Task::Redraw(_) | Task::Audit(..)
			)
		};
		self.agenda.values().flatten().any(draws)
	}

	fn perform(&mut self, task: Task) {
		match task {
			Task::Poke => {
				// Refused while seats are vacant: then the model waits.
				let _ = act(keeper(), pallet_shards::Call::poke_window { model: MODEL });
			},
			Task::Attest(window) => self.attest_window(&window),
			Task::Draw(window) => self.draw(window),
			Task::Redraw(unit) => {
				// Refused where the unit was refuted meanwhile.
				let _ = act(keeper(), pallet_contributions::Call::redraw_audit { unit });
			},
			Task::Audit(unit, auditor) => self.audit(unit, &auditor),
			Task::LookAt(unit) => self.look_at_answer(unit),
			Task::Move(unit, challenger) => self.make_move(unit, challenger),
			Task::TimeOut(unit, challenger) => {
				// Refused where a move was made in time.
				let _ = act(keeper(), pallet_disputes::Call::time_out { unit, challenger });
			},
			Task::Finalise(unit, tries) => self.finalise(unit, tries),
		}
	}

	/// Draw the lots of all stages, those of the last one first.
	fn draw(&self, window: WindowIndex) {
		for stage in (0..STAGES).rev() {
			let call = pallet_contributions::Call::draw_lots { model: MODEL, window, stage };
			must(keeper(), call);
		}
	}

	fn finalise(&mut self, unit: UnitId, tries: u32) {
		let done = act(keeper(), pallet_contributions::Call::finalise { unit });
		let is_open = done.is_err_and(|error| {
			error != DispatchError::from(pallet_contributions::Error::<Chain>::NothingPending)
		});
		if is_open {
			assert!(tries < MOST_TRIES, "{unit:?} is never final: {done:?}");
			let later = System::block_number() + BeaconDelay::get() * 10;
			self.plan(later, Task::Finalise(unit, tries + 1));
		}
	}

	fn follow(&mut self, event: RuntimeEvent) {
		match event {
			RuntimeEvent::Shards(event) => self.follow_clock(event),
			RuntimeEvent::Contributions(event) => self.follow_work(event),
			RuntimeEvent::Disputes(event) => self.follow_game(event),
			RuntimeEvent::Workers(pallet_workers::Event::Fined { provider, .. })
				if !self.liars.contains(&provider) =>
			{
				self.books.fined_honest += 1
			},
			_ => {},
		}
	}

	fn follow_clock(&mut self, event: pallet_shards::Event<Chain>) {
		use pallet_shards::Event;
		match event {
			Event::WindowScheduled { seed_at, .. } if !self.is_ending => {
				self.plan(seed_at + PROMPT, Task::Poke)
			},
			Event::WindowStarted { window, .. } => {
				self.books.windows += u32::from(self.is_time(window.index));
				self.declare_held(window.index);
				self.plan(window.deadline - MARGIN, Task::Attest(window));
				self.plan(window.deadline + 1, Task::Poke);
			},
			Event::WindowClosed { window, .. } => self.after_close(window),
			_ => {},
		}
	}

	/// Standbys fetched the shards of the last window.
	fn declare_held(&self, running: WindowIndex) {
		let Some(window) = running.checked_sub(1) else { return };
		for stage in 0..STAGES {
			let roster = <Shards as Seats>::roster(MODEL, stage);
			for standby in roster.into_iter().flat_map(|roster| roster.standbys) {
				let worker = self.network.person(&standby.provider).worker_account();
				must(worker, pallet_shards::Call::declare_held { model: MODEL, window });
			}
		}
	}

	fn after_close(&mut self, window: WindowIndex) {
		let drawn = System::block_number() + BeaconDelay::get() + PROMPT;
		self.plan(drawn, Task::Draw(window));
		for stage in 0..STAGES {
			self.check_start(window, stage);
		}
		self.merge(window);
		let is_over = self.books.windows >= self.most || !self.is_in_place();
		self.is_ending = is_over && self.is_time(window);
	}

	/// Whether the liars sit where their strategy needs them.
	fn is_in_place(&self) -> bool {
		let liars_at = |stage: StageIndex| {
			let roster = <Shards as Seats>::roster(MODEL, stage);
			let count = |roster: cairn_primitives::Roster<AccountId>| {
				self.liars.iter().filter(|liar| roster.contains(liar)).count()
			};
			roster.map_or(0, count)
		};
		match self.strategy.role() {
			Role::Seat | Role::Standby => (0..STAGES).any(|stage| liars_at(stage) > 0),
			Role::HalfOfAll => (0..STAGES).all(|stage| liars_at(stage) > 0),
			Role::MostOfStage => (0..STAGES).any(|stage| liars_at(stage) > 2),
		}
	}

	fn follow_work(&mut self, event: pallet_contributions::Event<Chain>) {
		use pallet_contributions::Event;
		match event {
			Event::Attested { unit, provider, in_merge, .. } => {
				let due = pallet_contributions::Units::<Chain>::get(unit).map_or(0, |row| row.due);
				self.plan(due, Task::Finalise(unit, 0));
				if !self.liars.contains(&provider) {
					self.books.done_honest += 1;
				} else if self.is_time(unit.window) && !in_merge {
					self.books.catch("not merged");
				}
			},
			Event::AuditorDrawn { unit, auditor, .. } => {
				self.note_audit(&unit, &auditor);
				// To re-execute a unit takes about as long as it took.
				let answer = System::block_number() + self.network.spec.window.blocks / 2;
				self.plan(answer, Task::Audit(unit, auditor));
			},
			Event::AuditorDue { unit, seed_at } => self.plan(seed_at + PROMPT, Task::Redraw(unit)),
			Event::UnitApproved { unit, auditor } => {
				self.books.done_honest += u32::from(!self.liars.contains(&auditor));
				self.plan_soon(Task::LookAt(unit));
				let due = System::block_number() + Escrow::get();
				self.plan(due, Task::Finalise(unit, 0));
			},
			Event::UnitRefuted { fault: Fault::Unavailable, .. } => {
				self.books.catch("inputs unavailable")
			},
			Event::UnitRefuted { fault: Fault::Merge, .. } => self.books.catch("merge refuted"),
			Event::Equivocated { .. } => self.books.catch("two roots reported"),
			Event::AuditExposed { .. } => self.books.catch("answer exposed"),
			Event::UnitUpheld { .. } => self.books.catch("accusation lost"),
			Event::UnitVoided { reason: VoidReason::Minority, .. } => {
				self.books.catch("minority root")
			},
			Event::UnitFinalised { provider, points, .. } => self.note_paid(&provider, points),
			Event::AuditFinalised { auditor, points, .. } => self.note_paid(&auditor, points),
			_ => {},
		}
	}

	fn note_paid(&mut self, who: &AccountId, points: Points) {
		if self.liars.contains(who) {
			self.books.earned += points;
		} else {
			self.books.paid_honest += 1;
		}
	}

	fn follow_game(&mut self, event: pallet_disputes::Event<Chain>) {
		use pallet_disputes::Event;
		match event {
			Event::GameOpened { unit, challenger, deadline, .. }
			| Event::CheckpointsRevealed { unit, challenger, deadline }
			| Event::RangeSplit { unit, challenger, deadline }
			| Event::ChildChosen { unit, challenger, deadline, .. } => {
				self.plan(deadline + 1, Task::TimeOut(unit, challenger.clone()));
				self.plan_soon(Task::Move(unit, challenger));
			},
			Event::GameEnded { winner: Side::Challenger, ending, .. } => {
				self.books.catch(match ending {
					Ending::Proof => "audit, then proof",
					Ending::Clock => "audit, then clock",
				})
			},
			_ => {},
		}
	}
}
