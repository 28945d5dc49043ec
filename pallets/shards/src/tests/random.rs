//! A seeded random history: providers come, leave, stay away and are expelled, windows fail, models are paused and
//! retired.

use super::*;
use crate::{Clocks, Closed, Entitlements, Phase, Places, Requests};
use cairn_primitives::{
	hash::{hash, Domain},
	spec::Access,
	traits::{Beacon, Seats},
	Hash, ModelStatus, PauseReason, StageIndex, Window, WindowIndex,
};
use rand::{seq::SliceRandom, Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

const PROVIDERS: AccountId = 90;
/// Steps between two looks at the invariants of the state, which take much longer than a step.
const STEPS_A_CHECK: u32 = 3;

/// What the history has to be consistent with, besides the invariants of the state.
#[derive(Default)]
struct Chronicle {
	/// The stage that an identity was ever seen at in the family of models 0, 1 and 2.
	family: BTreeMap<AccountId, StageIndex>,
	/// The rosters' seats of windows that run.
	seats: BTreeMap<ModelId, Vec<Vec<Option<AccountId>>>>,
	/// What seeds the next window of a model, and the beacon's value once it is known.
	schedules: BTreeMap<(ModelId, WindowIndex), (u32, Option<Hash>)>,
	checks: u32,
	windows: u32,
	late_windows: u32,
	turned_away: u32,
	void_windows: u32,
	absences: u32,
}

impl Chronicle {
	fn seats_of(model: ModelId) -> Vec<Vec<Option<AccountId>>> {
		let stages = world(|world| world.models[&model].0.stages.len()) as StageIndex;
		(0..stages)
			.filter_map(|stage| Shards::roster(model, stage))
			.map(|roster| roster.seats.into_inner())
			.collect()
	}

	fn started(&mut self, model: ModelId, window: Window) {
		let seats = Self::seats_of(model);
		assert!(seats.iter().flatten().all(Option::is_some), "a window starts with a vacancy");
		assert!(world(|world| world.models[&model].1.status.trains()));
		assert_eq!(window.start, System::block_number() as u32);
		let (seed_at, beacon) = self.schedules[&(model, window.index)];
		let beacon = beacon.expect("its block has passed");
		let seed = hash(Domain::Lanes, &(beacon, model, window.index));
		assert_eq!(window.seed, seed, "a window is not seeded as it was scheduled");
		self.late_windows += u32::from(window.start > seed_at + BeaconLength::get());
		let least = world(|world| world.models[&model].0.min_holders);
		for stage in 0..seats.len() as StageIndex {
			let roster = Shards::roster(model, stage).unwrap();
			let present = roster.seats.len() + roster.standbys.len();
			assert!(present >= usize::from(least), "a window starts with too few");
		}
		self.seats.insert(model, seats);
		self.windows += 1;
	}

	fn note_schedules(&mut self) {
		for (model, clock) in Clocks::<Test>::iter() {
			let Phase::Scheduled { seed_at } = clock.phase else { continue };
			let (first, value) =
				self.schedules.entry((model, clock.next)).or_insert((seed_at, None));
			assert_eq!(*first, seed_at, "a window is scheduled twice");
			*value = value.or(Shards::at(seed_at));
		}
	}

	fn check(&mut self) {
		self.checks += 1;
		if self.checks.is_multiple_of(STEPS_A_CHECK) {
			Shards::do_try_state().unwrap();
		}
		self.note_schedules();
		self.turned_away += System::events()
			.iter()
			.filter(|event| matches!(event.event, RuntimeEvent::Shards(Event::TurnedAway { .. })))
			.count() as u32;
		for (model, seats) in &self.seats {
			if Shards::window(*model).is_some() {
				assert_eq!(*seats, Self::seats_of(*model), "seats change in a running window");
			}
		}
		for (model, provider, stage) in Places::<Test>::iter() {
			assert!(is_committed(model, provider));
			if model < 3 {
				let first = *self.family.entry(provider).or_insert(stage);
				assert_eq!(first, stage, "{provider} sees two stages of a family");
			}
		}
		let committed =
			world(|world| world.commitments.values().filter(|released| !**released).count());
		let members = Places::<Test>::iter().count() + Requests::<Test>::iter().count();
		assert_eq!(committed, members, "a bond is kept of somebody who is out");
	}
}

/// Close the running window with some seats absent, and compare what that did.
fn close(model: ModelId, rng: &mut ChaCha8Rng, chronicle: &mut Chronicle) {
	let window = Shards::window(model).unwrap();
	let members: Vec<_> = Chronicle::seats_of(model).into_iter().flatten().flatten().collect();
	let rate = *[0.0, 0.1, 0.3, 0.7].choose(rng).unwrap();
	let absent: Vec<_> = members.iter().copied().filter(|_| rng.gen_bool(rate)).collect();
	attest_without(model, &absent);
	run_to((u64::from(window.deadline) + 1).max(System::block_number()));
	let before = world(|world| (world.absences.clone(), world.accepted.len()));
	poke(model).unwrap();
	let after = world(|world| (world.absences.clone(), world.accepted.len()));

	let is_void = 2 * (members.len() - absent.len()) < members.len();
	assert_eq!(Shards::closed_window(model, window.index).unwrap().is_void, is_void);
	if is_void {
		assert_eq!(before, after, "a void window penalises");
		chronicle.void_windows += 1;
	} else {
		assert_eq!(after.1, before.1 + 1);
		for provider in &members {
			let noted = after.0.get(provider) != before.0.get(provider);
			assert!(!noted || absent.contains(provider), "presence counts as absence");
			chronicle.absences += u32::from(noted);
		}
	}
	chronicle.seats.remove(&model);
}

/// Whatever the clock of a model waits for, if it can go on.
fn advance(model: ModelId, rng: &mut ChaCha8Rng, chronicle: &mut Chronicle) {
	match Shards::phase(model) {
		Some(Phase::Running(_)) => close(model, rng, chronicle),
		Some(_) => {
			chronicle.note_schedules();
			let _ = poke(model);
			if let Some(window) = Shards::window(model) {
				chronicle.started(model, window);
			}
		},
		None => {},
	}
}

fn step(models: &[ModelId], rng: &mut ChaCha8Rng, chronicle: &mut Chronicle) {
	let model = *models.choose(rng).unwrap();
	let provider = rng.gen_range(1..=PROVIDERS);
	match rng.gen_range(0..100) {
		0..=34 => {
			let _ = Shards::enlist(signed(provider), model);
		},
		35..=37 => {
			let _ = Shards::leave(signed(provider), model);
		},
		38 => Shards::expel(&provider, model),
		39..=46 => {
			let last = Shards::clock(model).map_or(0, |clock| clock.next.saturating_sub(1));
			let _ = Shards::declare_held(signed(worker_of(provider)), model, last);
		},
		47..=59 => {
			// The lock of somebody who left is over.
			if is_released(model, provider) {
				unlock(provider, model);
			}
		},
		60..=61 => {
			let status = if rng.gen_bool(0.7) {
				ModelStatus::Training
			} else {
				ModelStatus::Paused(PauseReason::Owner)
			};
			set_status(model, status);
		},
		62..=64 => run(rng.gen_range(1..12)),
		_ => {
			if rng.gen_bool(0.6) {
				run(4);
			}
			for (model, provider, _) in Requests::<Test>::iter().collect::<Vec<_>>() {
				let _ = Shards::draw_seat(signed(0), model, provider);
			}
			advance(model, rng, chronicle);
		},
	}
}

fn retire(model: ModelId) {
	if let Some(window) = Shards::window(model) {
		run_to((u64::from(window.deadline) + 1).max(System::block_number()));
		set_status(model, ModelStatus::Retired);
		poke(model).unwrap();
	}
	set_status(model, ModelStatus::Retired);
	for (provider, _) in Requests::<Test>::iter_prefix(model).collect::<Vec<_>>() {
		Shards::draw_seat(signed(0), model, provider).unwrap();
	}
	let from = Shards::dissolvable_from(model).map_or(0, u64::from);
	if from > System::block_number() && Shards::roster(model, 0).is_some() {
		assert!(Shards::dissolve(signed(0), model, 0).is_err(), "dissolved before its time");
	}
	run_to(from.max(System::block_number()));
	for stage in 0..8 {
		let is_there = Shards::roster(model, stage).is_some();
		assert_eq!(Shards::dissolve(signed(0), model, stage).is_ok(), is_there);
	}
	run(200);
	while Shards::clock(model).is_some() {
		poke(model).unwrap();
	}
	assert_eq!(Closed::<Test>::iter_prefix(model).count(), 0);
	assert_eq!(Places::<Test>::iter_prefix(model).count(), 0);
}

#[test]
fn a_random_history_keeps_every_promise() {
	let mut total = Chronicle::default();
	for seed in 0..4 {
		let mut rng = ChaCha8Rng::seed_from_u64(seed);
		new_test_ext().execute_with(|| {
			System::reset_events();
			let mut chronicle = Chronicle::default();
			world(|world| world.salt = seed);
			// A sealed family of three, and an open model.
			let root = add_model(3, 2, Access::Sealed);
			let child = fork(root);
			let models = [root, child, fork(child), add_model(2, 3, Access::Open)];
			set_spec(root, |spec| spec.min_holders = 3);
			for _ in 0..1_500 {
				step(&models, &mut rng, &mut chronicle);
				chronicle.check();
				System::reset_events();
			}
			for model in models {
				retire(model);
				chronicle.check();
				Shards::do_try_state().unwrap();
			}
			for (_, provider, stage) in Entitlements::<Test>::iter() {
				assert_eq!(*chronicle.family.get(&provider).unwrap_or(&stage), stage);
			}
			total.windows += chronicle.windows;
			total.late_windows += chronicle.late_windows;
			total.turned_away += chronicle.turned_away;
			total.void_windows += chronicle.void_windows;
			total.absences += chronicle.absences;
		});
	}
	// The history is only worth something if enough happened in it.
	assert!(total.windows > 300, "{} windows", total.windows);
	assert!(total.late_windows > 10, "{} late windows", total.late_windows);
	assert!(total.turned_away > 10, "{} turned away", total.turned_away);
	assert!(total.void_windows > 20, "{} void windows", total.void_windows);
	assert!(total.absences > 100, "{} absences", total.absences);
}
