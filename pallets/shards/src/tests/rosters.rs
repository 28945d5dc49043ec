use super::*;
use crate::{Clocks, Departure, Error, Places, Rosters, SeatRecords, Vacancies};
use cairn_primitives::{spec::Access, traits::Seats, ModelStatus};
use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use sp_runtime::DispatchError;

/// A one-stage model with two seats, taken by 1 and 2, and standbys 3, 4 and 5.
fn staffed() -> ModelId {
	let model = add_model(1, 2, Access::Sealed);
	(1..=5).for_each(|provider| place(model, provider));
	assert_eq!(standby_at(model, 3), Some(0));
	model
}

#[test]
fn a_standby_leaves_at_once() {
	ExtBuilder::build_and_execute(|| {
		let model = staffed();
		start_window(model);
		assert_ok!(Shards::leave(signed(3), model));
		assert_last(Event::Departed { model, stage: 0, provider: 3, reason: Departure::Left });
		assert!(is_released(model, 3));
		assert_eq!(Shards::seat_of(model, 3), None);
	});
}

#[test]
fn a_seat_that_is_left_between_windows_goes_to_the_first_standby() {
	ExtBuilder::build_and_execute(|| {
		let model = staffed();
		let before = seat_of(model, 1);
		assert_ok!(Shards::leave(signed(1), model));
		assert!(is_released(model, 1));
		assert_eq!(seat_of(model, 3), before);
		assert_eq!(Shards::roster(model, 0).unwrap().standbys.len(), 2);
	});
}

#[test]
fn a_seat_that_is_left_in_a_window_falls_vacant_when_it_closes() {
	ExtBuilder::build_and_execute(|| {
		let model = staffed();
		start_window(model);
		let before = seat_of(model, 1);
		assert_ok!(Shards::leave(signed(1), model));
		assert_last(Event::DepartureScheduled {
			model,
			stage: 0,
			provider: 1,
			reason: Departure::Left,
		});
		assert_eq!(seat_of(model, 1), before);
		assert!(is_committed(model, 1));
		assert_noop!(Shards::leave(signed(1), model), Error::<Test>::AlreadyLeaving);

		attest_without(model, &[]);
		close_window(model);
		assert!(is_released(model, 1));
		assert_eq!(seat_of(model, 3), before);
	});
}

#[test]
fn only_members_leave() {
	ExtBuilder::build_and_execute(|| {
		let model = staffed();
		assert_noop!(Shards::leave(signed(9), model), Error::<Test>::NotIn);
		assert_noop!(Shards::leave(RuntimeOrigin::root(), model), DispatchError::BadOrigin);
	});
}

#[test]
fn an_expelled_standby_is_out_at_once_and_an_expelled_seat_when_the_window_closes() {
	ExtBuilder::build_and_execute(|| {
		let model = staffed();
		start_window(model);
		Shards::expel(&3, model);
		assert!(is_released(model, 3));
		Shards::expel(&1, model);
		assert_last(Event::DepartureScheduled {
			model,
			stage: 0,
			provider: 1,
			reason: Departure::Expelled,
		});
		// Its absence is not held against it twice.
		attest_without(model, &[1]);
		close_window(model);
		assert!(is_released(model, 1));
		assert_eq!(world(|world| world.absences.get(&1).copied()), None);
		System::assert_has_event(
			Event::Departed { model, stage: 0, provider: 1, reason: Departure::Expelled }.into(),
		);
	});
}

#[test]
fn expelling_overrides_leaving_and_is_harmless_to_strangers() {
	ExtBuilder::build_and_execute(|| {
		let model = staffed();
		start_window(model);
		assert_ok!(Shards::leave(signed(1), model));
		Shards::expel(&1, model);
		let seat = usize::from(seat_of(model, 1).unwrap().1);
		let record = SeatRecords::<Test>::get(model, 0)[seat];
		assert_eq!(record.departure, Some(Departure::Expelled));
		assert_noop!(Shards::leave(signed(1), model), Error::<Test>::AlreadyLeaving);

		let events = System::events().len();
		Shards::expel(&99, model);
		Shards::expel(&1, 99);
		assert_eq!(System::events().len(), events);
	});
}

#[test]
fn expelling_ends_an_enlistment_and_vacates_a_seat_between_windows() {
	ExtBuilder::build_and_execute(|| {
		let model = staffed();
		Shards::expel(&1, model);
		assert!(is_released(model, 1));
		assert!(seat_of(model, 3).is_some());
		assert_ok!(Shards::enlist(signed(9), model));
		Shards::expel(&9, model);
		assert_eq!(Shards::seat_of(model, 9), None);
		assert!(is_released(model, 9));
	});
}

#[test]
fn the_standby_with_the_latest_shard_steps_in() {
	ExtBuilder::build_and_execute(|| {
		let model = staffed();
		start_window(model);
		attest_without(model, &[]);
		close_window(model);
		let post = Shards::declare_held(signed(worker_of(4)), model, 0).unwrap();
		assert_eq!(post.pays_fee, Pays::No);
		assert_last(Event::ShardHeld { model, stage: 0, provider: 4, window: 0 });

		assert_ok!(Shards::leave(signed(1), model));
		assert!(seat_of(model, 4).is_some());
		// With no shard declared the order decides.
		assert_ok!(Shards::leave(signed(2), model));
		assert!(seat_of(model, 3).is_some());
		assert_eq!(standby_at(model, 5), Some(0));
	});
}

#[test]
fn declare_held_names_what_is_wrong() {
	ExtBuilder::build_and_execute(|| {
		let model = staffed();
		let declare = |who, window| Shards::declare_held(signed(who), model, window);
		assert_noop!(declare(worker_of(3), 0), Error::<Test>::NotLastWindow);
		start_window(model);
		assert_noop!(declare(worker_of(3), 0), Error::<Test>::NotLastWindow);
		attest_without(model, &[]);
		close_window(model);

		assert_noop!(declare(3, 0), Error::<Test>::NotAWorker);
		assert_noop!(declare(worker_of(9), 0), Error::<Test>::NotIn);
		assert_noop!(declare(worker_of(1), 0), Error::<Test>::NotStandby);
		assert_noop!(declare(worker_of(3), 1), Error::<Test>::NotLastWindow);
		assert_noop!(
			Shards::declare_held(RuntimeOrigin::root(), model, 0),
			DispatchError::BadOrigin
		);
		assert_ok!(declare(worker_of(3), 0));
		assert_noop!(declare(worker_of(3), 0), Error::<Test>::AlreadyDeclared);
	});
}

#[test]
fn a_retired_model_is_dissolved_stage_by_stage() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(2, 1, Access::Sealed);
		let end = fill_seats(model, 1);
		place(model, end);
		start_window(model);
		assert_noop!(Shards::dissolve(signed(0), model, 0), Error::<Test>::NotRetired);
		set_status(model, ModelStatus::Retired);
		assert_noop!(Shards::dissolve(signed(0), model, 0), Error::<Test>::WindowRunning);
		close_window(model);
		assert_noop!(Shards::dissolve(RuntimeOrigin::root(), model, 0), DispatchError::BadOrigin);
		run(DissolveDelay::get());

		for stage in [0, 1] {
			let post = Shards::dissolve(signed(0), model, stage).unwrap();
			assert_eq!(post.pays_fee, Pays::No);
			assert_last(Event::StageDissolved { model, stage });
			assert_noop!(
				Shards::dissolve(signed(0), model, stage),
				Error::<Test>::NothingToDissolve
			);
		}
		assert_noop!(Shards::dissolve(signed(0), model, 2), Error::<Test>::NothingToDissolve);
		assert_noop!(Shards::dissolve(signed(0), 9, 0), Error::<Test>::UnknownModel);
		assert!((1..=end).all(|provider| is_released(model, provider)));

		// Its windows are kept for a while; then nothing is left of it but who may hold what.
		assert_noop!(poke(model), Error::<Test>::NothingToForget);
		run(21 * RetainedWindows::get() - DissolveDelay::get());
		assert_ok!(poke(model));
		assert_last(Event::WindowsForgotten { model, oldest: 1 });
		assert_eq!(Clocks::<Test>::iter().count() + Vacancies::<Test>::iter().count(), 0);
		assert_eq!(Rosters::<Test>::iter().count() + SeatRecords::<Test>::iter().count(), 0);
		assert_eq!(Places::<Test>::iter().count(), 0);
		assert_eq!(Shards::closed_window(model, 0), None);
		assert_noop!(poke(model), Error::<Test>::NobodyEnlisted);
	});
}

#[test]
fn members_of_a_retired_model_may_leave_and_are_never_forgotten_before() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(2, 1, Access::Sealed);
		fill_seats(model, 1);
		set_status(model, ModelStatus::Retired);
		assert_noop!(poke(model), Error::<Test>::NothingToForget);
		assert_ok!(Shards::leave(signed(1), model));
		assert_noop!(poke(model), Error::<Test>::NothingToForget);
		assert_ok!(Shards::leave(signed(2), model));
		assert_ok!(poke(model));
		assert_eq!(Clocks::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_retired_model_is_not_dissolved_before_the_audits_of_its_last_window_had_their_time() {
	ExtBuilder::build_and_execute(|| {
		// GIVEN a model that is retired while its second window runs
		let model = add_model(2, 1, Access::Sealed);
		fill_seats(model, 1);
		start_window(model);
		close_window(model);
		let window = start_window(model);
		set_status(model, ModelStatus::Retired);
		close_window(model);
		// THEN its stages stay for the delay after the deadline, and not a block longer
		let from = window.deadline + DissolveDelay::get();
		assert_eq!(Shards::dissolvable_from(model), Some(from));
		assert_noop!(Shards::dissolve(signed(0), model, 0), Error::<Test>::TooEarlyToDissolve);
		run_to(u64::from(from) - 1);
		assert_noop!(Shards::dissolve(signed(0), model, 0), Error::<Test>::TooEarlyToDissolve);
		run(1);
		assert_ok!(Shards::dissolve(signed(0), model, 0));
		assert_eq!(Shards::dissolvable_from(99), None);
	});
}

#[test]
fn a_model_that_had_no_window_is_dissolved_at_once() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(1, 1, Access::Sealed);
		fill_seats(model, 1);
		set_status(model, ModelStatus::Retired);
		assert_eq!(Shards::dissolvable_from(model), Some(0));
		assert_ok!(Shards::dissolve(signed(0), model, 0));
	});
}

#[test]
fn forgetting_windows_early_is_no_way_around_the_delay() {
	ExtBuilder::build_and_execute(|| {
		// GIVEN a retention that is over long before the delay
		RetainedWindows::set(1);
		DissolveDelay::set(500);
		let model = add_model(1, 1, Access::Sealed);
		fill_seats(model, 1);
		let window = start_window(model);
		close_window(model);
		set_status(model, ModelStatus::Retired);
		// THEN the last window is kept while its audits need the stage
		run_to(u64::from(window.deadline) + 499);
		assert_noop!(poke(model), Error::<Test>::NothingToForget);
		assert_noop!(Shards::dissolve(signed(0), model, 0), Error::<Test>::TooEarlyToDissolve);
		run(1);
		assert_ok!(Shards::dissolve(signed(0), model, 0));
	});
}
