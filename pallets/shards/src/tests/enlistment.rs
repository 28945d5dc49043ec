use super::*;
use crate::{
	lot::Lot, Entitlements, Error, Holders, Outputs, RequestCount, Requests, StageVacancies,
	Vacancies, Vacancy,
};
use cairn_primitives::{
	hash::Domain,
	lottery::draw,
	spec::Access,
	traits::{Entitlement, Seats},
	Hash, ModelStatus, PauseReason, MAX_STANDBYS,
};
use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use sp_runtime::DispatchError;

#[test]
fn an_enlisted_provider_is_bonded_and_waits_for_its_lot() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(2, 2, Access::Sealed);
		assert_ok!(Shards::enlist(signed(1), model));
		assert_last(Event::Enlisted { model, provider: 1, seed_at: 4 });
		assert_eq!(Shards::seat_of(model, 1), Some(Place::Enlisted { seed_at: 4 }));
		assert!(is_committed(model, 1));
		assert_eq!(RequestCount::<Test>::get(model), 1);
	});
}

#[test]
fn models_that_are_not_retired_take_providers() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(2, 2, Access::Sealed);
		for (provider, status) in [
			(1, ModelStatus::Proposed),
			(2, ModelStatus::Serving),
			(3, ModelStatus::Paused(PauseReason::Owner)),
		] {
			set_status(model, status);
			assert_ok!(Shards::enlist(signed(provider), model));
		}
	});
}

#[test]
fn enlist_names_what_is_wrong() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(2, 1, Access::Sealed);
		assert_noop!(Shards::enlist(signed(1), 7), Error::<Test>::UnknownModel);
		world(|world| world.strangers.insert(5));
		assert_noop!(Shards::enlist(signed(5), model), Error::<Test>::NotRegistered);
		world(|world| world.poor.insert(6));
		assert_noop!(Shards::enlist(signed(6), model), DispatchError::Other("too little is free"));
		assert_noop!(Shards::enlist(RuntimeOrigin::root(), model), DispatchError::BadOrigin);

		assert_ok!(Shards::enlist(signed(1), model));
		assert_noop!(Shards::enlist(signed(1), model), Error::<Test>::AlreadyIn);
		run(4);
		assert_ok!(Shards::draw_seat(signed(9), model, 1));
		assert_noop!(Shards::enlist(signed(1), model), Error::<Test>::AlreadyIn);

		set_status(model, ModelStatus::Retired);
		assert_noop!(Shards::enlist(signed(2), model), Error::<Test>::ModelRetired);
	});
}

#[test]
fn only_so_many_enlistments_wait_at_a_time() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(2, 16, Access::Open);
		let max = u64::from(MaxRequests::get());
		for provider in 1..=max {
			assert_ok!(Shards::enlist(signed(provider), model));
		}
		assert_noop!(Shards::enlist(signed(max + 1), model), Error::<Test>::TooManyRequests);
		run(4);
		assert_ok!(Shards::draw_seat(signed(0), model, 1));
		assert_ok!(Shards::enlist(signed(max + 1), model));
	});
}

#[test]
fn a_full_model_takes_nobody_and_a_full_lot_stays_undrawn() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(1, 1, Access::Sealed);
		let places = u64::from(1 + MAX_STANDBYS);
		(1..places).for_each(|provider| place(model, provider));
		// GIVEN one place left, and two that enlisted for it
		assert_ok!(Shards::enlist(signed(100), model));
		assert_ok!(Shards::enlist(signed(101), model));
		run(4);
		assert_ok!(Shards::draw_seat(signed(0), model, 100));
		// THEN the second finds none, and nobody else may enlist
		assert_noop!(Shards::draw_seat(signed(0), model, 101), Error::<Test>::NoVacancy);
		assert_noop!(Shards::enlist(signed(102), model), Error::<Test>::NoVacancy);
		// UNTIL somebody leaves
		assert_ok!(Shards::leave(signed(100), model));
		assert_ok!(Shards::draw_seat(signed(0), model, 101));
	});
}

#[test]
fn a_lot_gives_a_seat_first_and_costs_the_caller_nothing() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(2, 2, Access::Sealed);
		assert_ok!(Shards::enlist(signed(1), model));
		run(4);
		let post = Shards::draw_seat(signed(77), model, 1).unwrap();
		assert_eq!(post.pays_fee, Pays::No);
		let (stage, seat) = seat_of(model, 1).unwrap();
		assert_last(Event::SeatTaken { model, stage, seat, provider: 1 });
		System::assert_has_event(Event::Entitled { root: model, provider: 1, stage }.into());
		assert_eq!(Requests::<Test>::iter().count(), 0);

		(2..=4).for_each(|provider| place(model, provider));
		assert!((1..=4).all(|provider| seat_of(model, provider).is_some()));
		place(model, 5);
		assert!(standby_at(model, 5).is_some());
	});
}

#[test]
fn newcomers_stand_by_while_a_window_runs() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(2, 1, Access::Sealed);
		fill_seats(model, 1);
		start_window(model);
		place(model, 9);
		let stage = standby_at(model, 9).unwrap();
		assert_last(Event::StandbyAdded { model, stage, provider: 9 });
	});
}

#[test]
fn draw_seat_names_what_is_wrong() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(2, 2, Access::Sealed);
		assert_noop!(Shards::draw_seat(signed(0), model, 1), Error::<Test>::NoRequest);
		assert_ok!(Shards::enlist(signed(1), model));
		// Enlisted in block 1, judged by block 4, whose value is known in block 5.
		run_to(4);
		assert_noop!(Shards::draw_seat(signed(0), model, 1), Error::<Test>::BeaconNotKnown);
		assert_noop!(Shards::draw_seat(RuntimeOrigin::none(), model, 1), DispatchError::BadOrigin);
		run_to(5);
		assert_ok!(Shards::draw_seat(signed(0), model, 1));
	});
}

#[test]
fn a_lot_that_was_drawn_too_late_is_put_off_to_another_block() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(2, 2, Access::Sealed);
		assert_ok!(Shards::enlist(signed(1), model));
		run_to(4 + 1 + u64::from(BeaconLength::get()));
		assert_ok!(Shards::draw_seat(signed(0), model, 1));
		let seed_at = System::block_number() as u32 + BeaconDelay::get();
		assert_last(Event::LotRescheduled { model, provider: 1, seed_at });
		assert_noop!(Shards::draw_seat(signed(0), model, 1), Error::<Test>::BeaconNotKnown);
		run(4);
		assert_ok!(Shards::draw_seat(signed(0), model, 1));
		assert!(seat_of(model, 1).is_some());
	});
}

#[test]
fn the_last_block_of_the_beacon_still_decides_a_lot() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(2, 2, Access::Sealed);
		assert_ok!(Shards::enlist(signed(1), model));
		run_to(4 + u64::from(BeaconLength::get()));
		assert_ok!(Shards::draw_seat(signed(0), model, 1));
		assert!(seat_of(model, 1).is_some());
	});
}

#[test]
fn an_enlistment_for_a_model_that_was_retired_can_be_cleared_by_anyone() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(2, 2, Access::Sealed);
		assert_ok!(Shards::enlist(signed(1), model));
		set_status(model, ModelStatus::Retired);
		assert_ok!(Shards::draw_seat(signed(0), model, 1));
		assert_last(Event::EnlistmentWithdrawn { model, provider: 1 });
		assert!(is_released(model, 1));
		assert_eq!(Entitlements::<Test>::iter().count(), 0, "its lot was not known yet");
	});
}

#[test]
fn who_withdraws_before_its_lot_is_known_is_bound_to_nothing() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(4, 1, Access::Sealed);
		assert_ok!(Shards::enlist(signed(1), model));
		run_to(4);
		assert_ok!(Shards::leave(signed(1), model));
		assert_last(Event::EnlistmentWithdrawn { model, provider: 1 });
		assert!(is_released(model, 1));
		assert_eq!(Shards::entitlement(&1, model), Entitlement::None);
		assert_eq!(RequestCount::<Test>::iter().count(), 0);
	});
}

#[test]
fn who_withdraws_with_a_known_lot_stays_bound_to_it() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(8, 1, Access::Sealed);
		assert_ok!(Shards::enlist(signed(1), model));
		run_to(5);
		// GIVEN what the lot would have been
		let drawn = draw(Domain::SeatLot, Outputs::<Test>::get(4).unwrap(), &(model, 1u64));
		let lot = Lot::among(&Vacancies::<Test>::get(model).unwrap(), drawn).unwrap();
		// WHEN the provider withdraws and comes back
		assert_ok!(Shards::leave(signed(1), model));
		assert_eq!(Shards::entitlement(&1, model), Entitlement::Stage(lot.stage));
		unlock(1, model);
		place(model, 1);
		// THEN it sits where it would have sat
		assert_eq!(seat_of(model, 1).unwrap().0, lot.stage);
		assert_eq!(Shards::holders(model, lot.stage), 1);
	});
}

#[test]
fn one_identity_gets_one_stage_of_a_family_across_forks() {
	ExtBuilder::build_and_execute(|| {
		let parent = add_model(8, 1, Access::Sealed);
		place(parent, 1);
		let (stage, _) = seat_of(parent, 1).unwrap();
		let child = fork(parent);
		let grandchild = fork(child);
		for model in [child, grandchild] {
			place(model, 1);
			assert_eq!(seat_of(model, 1).unwrap().0, stage);
		}
		assert_eq!(Holders::<Test>::iter().collect::<Vec<_>>(), vec![(parent, stage, 1)]);
		assert_eq!(Shards::holders(grandchild, stage), 1);

		// It keeps the stage after it left, and gets no other one.
		assert_ok!(Shards::leave(signed(1), parent));
		unlock(1, parent);
		place(parent, 1);
		assert_eq!(seat_of(parent, 1).unwrap().0, stage);
	});
}

#[test]
fn an_entitled_provider_takes_a_place_at_its_stage_or_none() {
	ExtBuilder::build_and_execute(|| {
		let parent = add_model(2, 1, Access::Sealed);
		let child = fork(parent);
		// GIVEN a provider whose stage is taken in the child, though the other is vacant
		place(parent, 1);
		let (stage, _) = seat_of(parent, 1).unwrap();
		Entitlements::<Test>::insert(parent, 2, stage);
		Holders::<Test>::insert(parent, stage, 2);
		place(child, 2);
		assert_eq!(seat_of(child, 2), Some((stage, 0)));
		// THEN it stands by
		place(child, 1);
		assert_eq!(standby_at(child, 1), Some(stage));

		// WHEN its stage has no room at all, it gets no place
		for provider in 3..=u64::from(1 + MAX_STANDBYS) {
			Entitlements::<Test>::insert(parent, provider, stage);
			Holders::<Test>::mutate(parent, stage, |holders| *holders += 1);
			place(child, provider);
		}
		Entitlements::<Test>::insert(parent, 99, stage);
		Holders::<Test>::mutate(parent, stage, |holders| *holders += 1);
		assert_ok!(Shards::enlist(signed(99), child));
		run(4);
		assert_noop!(Shards::draw_seat(signed(0), child, 99), Error::<Test>::StageFull);
		assert_ok!(Shards::leave(signed(99), child));
	});
}

#[test]
fn open_models_entitle_everybody_to_everything() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(3, 1, Access::Open);
		assert_eq!(Shards::entitlement(&1, model), Entitlement::Any);
		fill_seats(model, 1);
		assert_eq!(Entitlements::<Test>::iter().count(), 0);
		assert!((0..3).all(|stage| Shards::holders(model, stage) == 1));
		assert_eq!(Shards::holders(model, 3), 0);
		assert_eq!(Shards::entitlement(&1, 99), Entitlement::None);
	});
}

fn vacancies(seats: &[u8], standbys: &[u8]) -> StageVacancies {
	let all = seats.iter().zip(standbys);
	all.map(|(seats, standbys)| Vacancy { seats: *seats, standbys: *standbys })
		.collect::<Vec<_>>()
		.try_into()
		.unwrap()
}

/// Counts of an experiment with equally likely outcomes stay below the 99.99 % quantile of chi-square with 8 degrees
/// of freedom, 31.8. Seeds are fixed: the test cannot fail by chance.
fn assert_uniform(counts: &[u32; 9]) {
	let total: u32 = counts.iter().sum();
	let mean = f64::from(total) / 9.0;
	let chi = counts.iter().map(|n| (f64::from(*n) - mean).powi(2) / mean).sum::<f64>();
	assert!(chi < 31.8, "{counts:?}: {chi}");
}

#[test]
fn every_vacant_seat_is_equally_likely() {
	let all = vacancies(&[3, 0, 1, 5], &[0, 16, 16, 16]);
	let first = [0, 3, 3, 4];
	let mut counts = [0; 9];
	for round in 0..9_000 {
		let drawn = draw(Domain::SeatLot, Hash::from_low_u64_be(round), &(1u32, 2u64));
		let lot = Lot::among(&all, drawn).unwrap();
		counts[first[usize::from(lot.stage)] + lot.vacant_seat.unwrap() as usize] += 1;
	}
	assert_uniform(&counts);
}

#[test]
fn without_a_vacant_seat_every_standbys_place_is_equally_likely() {
	let all = vacancies(&[0, 0, 0], &[1, 0, 3]);
	let mut counts = [0; 3];
	for round in 0..4_000 {
		let drawn = draw(Domain::SeatLot, Hash::from_low_u64_be(round), &(1u32, 2u64));
		let lot = Lot::among(&all, drawn).unwrap();
		assert_eq!(lot.vacant_seat, None);
		counts[usize::from(lot.stage)] += 1;
	}
	// Binomial(4000, 1/4): mean 1000, deviation 27; five deviations.
	assert!(counts[1] == 0 && (863..=1137).contains(&counts[0]), "{counts:?}");
	assert_eq!(Lot::among(&vacancies(&[0], &[0]), 5.into()), None);
	assert_eq!(Lot::at(0, &vacancies(&[0], &[0]), 5.into()), None);
	assert_eq!(Lot::at(1, &vacancies(&[1], &[0]), 5.into()), None);
}

#[test]
fn enlisted_providers_are_spread_evenly_over_seats() {
	let mut counts = [0; 9];
	for salt in 0..900 {
		new_test_ext().execute_with(|| {
			world(|world| world.salt = salt);
			let model = add_model(3, 3, Access::Sealed);
			place(model, 1);
			let (stage, seat) = seat_of(model, 1).unwrap();
			counts[usize::from(stage) * 3 + usize::from(seat)] += 1;
		});
	}
	assert_uniform(&counts);
}
