use super::*;
use crate::{Awaited, Clock, Clocks, Closed, Departure, Error, Phase};
use cairn_primitives::{
	hash::{hash, Domain},
	lottery::lanes_of_seats,
	spec::Access,
	traits::{Beacon, ClosedWindow, Seats},
	ModelStatus, PauseReason,
};
use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use sp_runtime::DispatchError;

#[test]
fn a_model_waits_is_scheduled_runs_and_is_scheduled_again() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(2, 1, Access::Sealed);
		fill_seats(model, 1);
		assert_eq!(Shards::phase(model), Some(Phase::Waiting));

		let now = System::block_number() as u32;
		let post = Shards::poke_window(signed(7), model).unwrap();
		assert_eq!(post.pays_fee, Pays::No);
		assert!(post.actual_weight.unwrap().all_lt(Shards::poke_weight()));
		let seed_at = now + 3;
		assert_last(Event::WindowScheduled { model, window: 0, seed_at });
		assert_eq!(Shards::phase(model), Some(Phase::Scheduled { seed_at }));

		let window = start_window(model);
		assert_eq!(window.index, 0);
		assert_eq!(window.start, seed_at + 1);
		assert_eq!(window.deadline, window.start + 20);
		assert_eq!(window.samples, 0);
		let beacon = <Shards as Beacon>::at(seed_at).unwrap();
		assert_eq!(window.seed, hash(Domain::Lanes, &(beacon, model, 0u32)));
		assert_last(Event::WindowStarted { model, window });
		assert_eq!(<Shards as Seats>::window(model), Some(window));

		attest_without(model, &[]);
		close_window(model);
		let closed = System::block_number() as u32;
		assert_last(Event::WindowScheduled { model, window: 1, seed_at: closed + 3 });
		System::assert_has_event(
			Event::WindowClosed { model, window: 0, attested: 2, samples: 20, is_void: false }
				.into(),
		);
		assert_eq!(Shards::closed_window(model, 0), Some(ClosedWindow { window, is_void: false }));
		assert_eq!(world(|world| world.accepted.clone()), vec![(model, 0, 20)]);
		assert_eq!(start_window(model).samples, 20);
	});
}

#[test]
fn a_window_closes_only_after_its_deadline() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(1, 1, Access::Open);
		fill_seats(model, 1);
		let window = start_window(model);
		run_to(u64::from(window.deadline));
		assert_noop!(poke(model), Error::<Test>::WindowRunning);
		run(1);
		assert_ok!(poke(model));
	});
}

#[test]
fn poke_window_names_what_is_waited_for() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(2, 1, Access::Sealed);
		set_spec(model, |spec| spec.min_holders = 2);
		assert_noop!(poke(model), Error::<Test>::NobodyEnlisted);
		assert_noop!(Shards::poke_window(RuntimeOrigin::root(), model), DispatchError::BadOrigin);

		place_at(model, 1, 0);
		assert_noop!(poke(model), Error::<Test>::SeatsVacant { stage: 1 });
		place_at(model, 2, 1);
		assert_noop!(poke(model), Error::<Test>::TooFewHolders { stage: 0 });
		place_at(model, 3, 0);
		assert_noop!(poke(model), Error::<Test>::TooFewHolders { stage: 1 });
		place_at(model, 4, 1);
		set_status(model, ModelStatus::Proposed);
		assert_noop!(poke(model), Error::<Test>::NotTraining);
		set_status(model, ModelStatus::Training);
		assert_ok!(poke(model));
		assert_noop!(poke(model), Error::<Test>::BeaconNotKnown);
		run(3);
		assert_noop!(poke(model), Error::<Test>::BeaconNotKnown);
		run(1);
		assert_ok!(poke(model));
		assert_noop!(poke(model), Error::<Test>::WindowRunning);
	});
}

#[test]
fn a_stage_counts_who_sits_and_who_stands_by() {
	for access in [Access::Open, Access::Sealed] {
		ExtBuilder::build_and_execute(|| {
			let model = add_model(1, 2, access);
			set_spec(model, |spec| spec.min_holders = 3);
			fill_seats(model, 1);
			assert_noop!(poke(model), Error::<Test>::TooFewHolders { stage: 0 });
			place(model, 9);
			assert_ok!(poke(model));
		});
	}
}

#[test]
fn who_left_or_sits_in_another_model_of_the_family_does_not_count() {
	ExtBuilder::build_and_execute(|| {
		// GIVEN a sealed model that needs two at each stage
		let model = add_model(1, 1, Access::Sealed);
		set_spec(model, |spec| spec.min_holders = 2);
		let other = fork(model);
		place(model, 1);
		place(model, 2);
		// WHEN one of them leaves, and others of the family are entitled to the stage
		assert_ok!(Shards::leave(signed(2), model));
		place(other, 2);
		place(other, 3);
		// THEN the model waits: they keep no shard of it and cannot audit it
		assert_noop!(poke(model), Error::<Test>::TooFewHolders { stage: 0 });
		place(model, 3);
		assert_ok!(poke(model));
	});
}

/// The seed that a scheduled window will have.
fn coming_seed(model: ModelId) -> cairn_primitives::Hash {
	let clock = Shards::clock(model).unwrap();
	let Phase::Scheduled { seed_at } = clock.phase else { panic!("no window is scheduled") };
	let beacon = <Shards as Beacon>::at(seed_at).expect("its block has passed");
	hash(Domain::Lanes, &(beacon, model, clock.next))
}

#[test]
fn a_scheduled_window_with_a_vacancy_waits_with_its_seed() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(2, 1, Access::Sealed);
		fill_seats(model, 1);
		assert_ok!(poke(model));
		// GIVEN that everybody knows the lanes of the next window, and a seat that dislikes its own
		run(4);
		let seed = coming_seed(model);
		assert_ok!(Shards::leave(signed(1), model));
		assert_noop!(poke(model), Error::<Test>::SeatsVacant { stage: 0 });
		// WHEN it is replaced, however late
		run(2 * BeaconLength::get());
		place_at(model, 3, 0);
		assert_ok!(poke(model));
		// THEN the lanes are those that were drawn
		let window = Shards::window(model).unwrap();
		assert_eq!((window.index, window.seed), (0, seed));
		assert_eq!(window.start, System::block_number() as u32);
	});
}

#[test]
fn pausing_and_resuming_does_not_draw_the_lanes_again() {
	ExtBuilder::build_and_execute(|| {
		// GIVEN a model whose next window is scheduled, with lanes that its owner dislikes
		let model = add_model(2, 4, Access::Sealed);
		fill_seats(model, 1);
		start_window(model);
		attest_without(model, &[]);
		close_window(model);
		run(4);
		let seed = coming_seed(model);
		// WHEN it pauses the model, has the clock moved, and resumes it, again and again
		for _ in 0..5 {
			set_status(model, ModelStatus::Paused(PauseReason::Owner));
			assert_noop!(poke(model), Error::<Test>::NotTraining);
			run(BeaconLength::get());
			set_status(model, ModelStatus::Training);
		}
		assert_ok!(poke(model));
		// THEN the window has the lanes that were drawn
		let window = Shards::window(model).unwrap();
		assert_eq!((window.index, window.seed), (1, seed));
	});
}

#[test]
fn a_model_that_is_paused_before_its_seed_is_known_keeps_its_schedule() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(1, 1, Access::Sealed);
		fill_seats(model, 1);
		assert_ok!(poke(model));
		let scheduled = Shards::phase(model);
		set_status(model, ModelStatus::Paused(PauseReason::Owner));
		assert_noop!(poke(model), Error::<Test>::BeaconNotKnown);
		run(4);
		assert_noop!(poke(model), Error::<Test>::NotTraining);
		assert_eq!(Shards::phase(model), scheduled);
		set_status(model, ModelStatus::Training);
		assert_ok!(poke(model));
		assert_eq!(Shards::window(model).unwrap().index, 0);
	});
}

#[test]
fn a_scheduled_model_that_is_retired_is_forgotten_with_its_schedule() {
	ExtBuilder::build_and_execute(|| {
		for blocks in [1, 4, 2 * BeaconLength::get()] {
			let model = add_model(1, 1, Access::Sealed);
			fill_seats(model, 1);
			assert_ok!(poke(model));
			run(blocks);
			set_status(model, ModelStatus::Retired);
			assert_noop!(poke(model), Error::<Test>::NothingToForget);
			assert_ok!(Shards::dissolve(signed(0), model, 0));
			assert_ok!(poke(model));
			assert_last(Event::WindowsForgotten { model, oldest: 0 });
			assert!(!Clocks::<Test>::contains_key(model));
			assert_eq!(Awaited::<Test>::iter().count(), 0);
			unlock(1, model);
		}
	});
}

#[test]
fn a_seat_that_misses_two_windows_in_a_row_is_lost_to_a_standby() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(1, 2, Access::Sealed);
		(1..=3).for_each(|provider| place(model, provider));
		let seat = seat_of(model, 1);
		let window = |absent: &[AccountId]| {
			start_window(model);
			attest_without(model, absent);
			close_window(model);
		};
		// One missed window is forgiven once another is attested.
		window(&[1]);
		window(&[]);
		window(&[1]);
		assert_eq!(seat_of(model, 1), seat);
		assert_eq!(world(|world| world.absences[&1]), 2);
		window(&[1]);
		assert_eq!(world(|world| world.absences[&1]), 3);
		assert_eq!(Shards::seat_of(model, 1), None);
		assert!(is_released(model, 1));
		System::assert_has_event(
			Event::Departed { model, stage: 0, provider: 1, reason: Departure::Absent }.into(),
		);
		// The successor starts with a clean record.
		assert_eq!(seat_of(model, 3), seat);
		window(&[3]);
		assert_eq!(seat_of(model, 3), seat);
		assert_eq!(world(|world| world.absences.get(&2).copied()), None);
	});
}

#[test]
fn without_a_standby_the_model_waits_for_the_lost_seat() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(1, 2, Access::Sealed);
		fill_seats(model, 1);
		for _ in 0..2 {
			start_window(model);
			attest_without(model, &[1]);
			close_window(model);
		}
		assert_eq!(Shards::phase(model), Some(Phase::Waiting));
		assert_noop!(poke(model), Error::<Test>::SeatsVacant { stage: 0 });
		place(model, 3);
		assert_eq!(start_window(model).index, 2);
	});
}

#[test]
fn a_window_that_fewer_than_half_attest_is_void_and_penalises_nobody() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(1, 4, Access::Sealed);
		fill_seats(model, 1);
		for _ in 0..2 {
			let window = start_window(model);
			attest_without(model, &[1, 2, 3]);
			close_window(model);
			assert!(Shards::closed_window(model, window.index).unwrap().is_void);
		}
		assert!(world(|world| world.absences.is_empty() && world.accepted.is_empty()));
		assert!((1..=4).all(|provider| seat_of(model, provider).is_some()));

		// A void window neither adds to the windows missed nor forgives them.
		let absences = |absent: &[AccountId]| {
			start_window(model);
			attest_without(model, absent);
			close_window(model);
			world(|world| world.absences.clone())
		};
		assert_eq!(absences(&[1]), [(1, 1)].into());
		assert_eq!(absences(&[2, 3, 4]), [(1, 1)].into());
		assert_eq!(absences(&[1]), [(1, 2)].into());
		assert_eq!(seat_of(model, 1), None);
	});
}

#[test]
fn a_model_whose_seats_are_lost_for_good_goes_on_with_its_standbys() {
	ExtBuilder::build_and_execute(|| {
		// GIVEN a model of which three of four seats fall silent, and three stand by
		let model = add_model(1, 4, Access::Sealed);
		let standby = fill_seats(model, 1);
		(standby..standby + 3).for_each(|provider| place_at(model, provider, 0));
		let window_without = |absent: &[AccountId]| {
			let window = start_window(model);
			attest_without(model, absent);
			close_window(model);
			Shards::closed_window(model, window.index).unwrap().is_void
		};
		// WHEN two windows are void, nobody loses a seat
		assert!(window_without(&[1, 2, 3]));
		assert!(window_without(&[1, 2, 3]));
		assert!((1..=4).all(|provider| seat_of(model, provider).is_some()));
		// THEN the third costs the silent ones their seats, and standbys take them
		assert!(window_without(&[1, 2, 3]));
		for provider in [1, 2, 3] {
			assert_eq!(seat_of(model, provider), None);
			assert!(is_released(model, provider));
			let (stage, reason) = (0, Departure::Absent);
			System::assert_has_event(Event::Departed { model, stage, provider, reason }.into());
		}
		assert!((4..=7).all(|provider| seat_of(model, provider).is_some()));
		assert!(world(|world| world.absences.is_empty()), "a void window is no absence");
		// AND a window that counts ends it: the next void one costs nobody a seat.
		assert!(!window_without(&[5, 6]));
		assert!(window_without(&[4, 5, 6]));
		assert!((4..=7).all(|provider| seat_of(model, provider).is_some()));
	});
}

#[test]
fn who_stays_away_from_a_model_without_standbys_makes_room_for_newcomers() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(1, 4, Access::Sealed);
		fill_seats(model, 1);
		for _ in 0..3 {
			start_window(model);
			attest_without(model, &[1, 2, 3]);
			close_window(model);
		}
		assert_eq!(Shards::phase(model), Some(Phase::Waiting));
		assert_noop!(poke(model), Error::<Test>::SeatsVacant { stage: 0 });
		// Newcomers are held to it as well, until a window counts.
		(11..=13).for_each(|provider| place_at(model, provider, 0));
		start_window(model);
		attest_without(model, &[11, 12, 13]);
		close_window(model);
		assert!((11..=13).all(|provider| seat_of(model, provider).is_none()));
		assert!(seat_of(model, 4).is_some());
	});
}

#[test]
fn who_leaves_in_the_third_void_window_has_left() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(1, 4, Access::Sealed);
		fill_seats(model, 1);
		for _ in 0..3 {
			start_window(model);
			attest_without(model, &[1, 2, 3]);
			if Shards::window(model).unwrap().index == 2 {
				assert_ok!(Shards::leave(signed(1), model));
			}
			close_window(model);
		}
		let (stage, provider, reason) = (0, 1, Departure::Left);
		System::assert_has_event(Event::Departed { model, stage, provider, reason }.into());
	});
}

#[test]
fn exactly_half_is_enough() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(1, 4, Access::Sealed);
		fill_seats(model, 1);
		start_window(model);
		attest_without(model, &[1, 2]);
		close_window(model);
		assert!(!Shards::closed_window(model, 0).unwrap().is_void);
		// Of an odd number of seats, half of the seats rounded up.
		let odd = add_model(1, 3, Access::Sealed);
		fill_seats(odd, 1);
		start_window(odd);
		attest_without(odd, &[1, 2]);
		close_window(odd);
		assert!(Shards::closed_window(odd, 0).unwrap().is_void);
	});
}

#[test]
fn who_leaves_a_void_window_is_out_all_the_same() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(1, 2, Access::Sealed);
		fill_seats(model, 1);
		start_window(model);
		assert_ok!(Shards::leave(signed(1), model));
		close_window(model);
		assert!(Shards::closed_window(model, 0).unwrap().is_void);
		assert!(is_released(model, 1));
	});
}

#[test]
fn a_window_closes_normally_though_its_model_was_paused_or_retired() {
	for status in [ModelStatus::Paused(PauseReason::Gate), ModelStatus::Retired] {
		ExtBuilder::build_and_execute(|| {
			let model = add_model(1, 2, Access::Sealed);
			fill_seats(model, 1);
			start_window(model);
			attest_without(model, &[1]);
			set_status(model, status);
			close_window(model);
			assert_eq!(world(|world| world.accepted.clone()), vec![(model, 0, 10)]);
			assert_eq!(world(|world| world.absences.clone()), [(1, 1)].into());
			assert_eq!(Shards::phase(model), Some(Phase::Waiting));
		});
	}
}

#[test]
fn the_last_window_of_the_schedule_ends_training() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(1, 1, Access::Sealed);
		fill_seats(model, 1);
		start_window(model);
		attest_without(model, &[]);
		world(|world| world.status_after = Some(ModelStatus::Serving));
		close_window(model);
		assert_noop!(poke(model), Error::<Test>::NotTraining);
	});
}

#[test]
fn a_registry_that_refuses_a_window_does_not_stop_the_clock() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(1, 1, Access::Sealed);
		fill_seats(model, 1);
		start_window(model);
		attest_without(model, &[]);
		world(|world| world.refuses_windows = true);
		close_window(model);
		assert!(matches!(Shards::phase(model), Some(Phase::Scheduled { .. })));
	});
}

#[test]
fn closed_windows_are_kept_as_long_as_they_are_needed() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(1, 1, Access::Sealed);
		fill_seats(model, 1);
		let window = || {
			start_window(model);
			attest_without(model, &[]);
			close_window(model);
			let mut kept: Vec<_> = Closed::<Test>::iter_key_prefix(model).collect();
			kept.sort_unstable();
			kept
		};
		(0..5).for_each(|_| drop(window()));
		assert_eq!(window(), [2, 3, 4, 5]);
		// A longer retention keeps more from now on; a shorter one is caught up with, two a window.
		RetainedWindows::set(5);
		assert_eq!(window(), [2, 3, 4, 5, 6]);
		RetainedWindows::set(2);
		assert_eq!(window(), [4, 5, 6, 7]);
		assert_eq!(window(), [6, 7, 8]);
		assert_eq!(window(), [8, 9]);
	});
}

#[test]
fn the_windows_of_a_retired_model_are_forgotten_one_after_the_other() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(1, 1, Access::Sealed);
		fill_seats(model, 1);
		let first = start_window(model);
		close_window(model);
		let second = start_window(model);
		close_window(model);
		set_status(model, ModelStatus::Retired);

		let kept = 4 * 21;
		run_to(u64::from(first.deadline + kept));
		assert_noop!(poke(model), Error::<Test>::NothingToForget);
		run(1);
		assert_ok!(poke(model));
		assert_last(Event::WindowsForgotten { model, oldest: 1 });
		run_to(u64::from(second.deadline + kept) + 1);
		assert_ok!(poke(model));
		assert!(Clocks::<Test>::contains_key(model), "somebody still sits");
		assert_ok!(Shards::dissolve(signed(0), model, 0));
		assert_ok!(poke(model));
		assert!(!Clocks::<Test>::contains_key(model));
	});
}

#[test]
fn first_windows_of_models_are_spread_and_later_ones_are_not_delayed() {
	ExtBuilder::build_and_execute(|| {
		let spec = world(|_| cairn_primitives::ModelSpec::example(Default::default(), 1, 1));
		let mut counts = [0; 20];
		assert_eq!(spec.window.blocks, 20);
		for model in 0..2_000 {
			counts[Shards::offset(model, &spec) as usize] += 1;
		}
		assert!(counts.iter().all(|n| (95..=105).contains(n)), "{counts:?}");

		add_model(1, 1, Access::Open);
		let model = add_model(1, 1, Access::Open);
		let offset = Shards::offset(model, &world(|world| world.models[&model].0.clone()));
		assert_eq!(offset, 12);
		fill_seats(model, 1);
		assert_ok!(poke(model));
		let seed_at = System::block_number() as u32 + 3 + offset;
		assert_eq!(Shards::phase(model), Some(Phase::Scheduled { seed_at }));
		start_window(model);
		attest_without(model, &[]);
		close_window(model);
		let seed_at = System::block_number() as u32 + 3;
		assert_eq!(
			Clocks::<Test>::get(model),
			Some(Clock { next: 1, oldest: 0, phase: Phase::Scheduled { seed_at }, voided: 0 })
		);
	});
}

#[test]
fn every_seat_works_in_every_lane_equally_often() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(2, 4, Access::Sealed);
		fill_seats(model, 1);
		let mut counts = [[[0u32; 4]; 4]; 2];
		for _ in 0..400 {
			let window = start_window(model);
			for stage in 0..2 {
				let lanes = lanes_of_seats(window.seed, stage, 4);
				for (seat, lane) in lanes.into_iter().enumerate() {
					counts[usize::from(stage)][seat][usize::from(lane)] += 1;
				}
			}
			attest_without(model, &[]);
			close_window(model);
		}
		// Binomial(400, 1/4): mean 100, deviation 8.7; five deviations.
		let all = counts.iter().flatten().flatten();
		assert!(all.clone().all(|n| (57..=143).contains(n)), "{counts:?}");
	});
}
