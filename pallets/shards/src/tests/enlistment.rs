use super::*;
use crate::{
	lot::{first_stage, Lot},
	Entitlements, Error, Outputs, RequestCount, Requests, StageVacancies, Vacancies, Vacancy,
};
use cairn_primitives::{
	hash::Domain,
	lottery::draw,
	spec::Access,
	traits::{Entitlement, Providers, Seats},
	Hash, ModelStatus, PauseReason, StageIndex, MAX_STANDBYS,
};
use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use sp_runtime::DispatchError;
use std::collections::BTreeSet;

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

/// A stage that an enlisted provider has not drawn yet, but will.
fn coming_stage(model: ModelId, provider: AccountId, seed_at: u32) -> StageIndex {
	let seed = Outputs::<Test>::get(seed_at).unwrap();
	let stages = world(|world| world.models[&model].0.stage_count());
	first_stage(stages, draw(Domain::SeatLot, seed, &(model, provider))).0
}

#[test]
fn a_full_open_model_takes_nobody_and_a_lot_waits_for_a_place() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(1, 1, Access::Open);
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
fn who_draws_a_full_stage_of_a_sealed_model_is_turned_away_and_bound_to_it() {
	ExtBuilder::build_and_execute(|| {
		// GIVEN a sealed model with one place left, and two that enlisted for it
		let model = add_model(1, 1, Access::Sealed);
		let places = u64::from(1 + MAX_STANDBYS);
		(1..places).for_each(|provider| place(model, provider));
		assert_ok!(Shards::enlist(signed(100), model));
		assert_ok!(Shards::enlist(signed(101), model));
		run(4);
		assert_ok!(Shards::draw_seat(signed(0), model, 100));
		// WHEN the second draws its lot
		let post = Shards::draw_seat(signed(0), model, 101).unwrap();
		// THEN its enlistment is over, its bond on the way out, and its stage drawn for ever
		assert_eq!(post.pays_fee, Pays::No);
		assert_last(Event::TurnedAway { model, provider: 101, stage: 0 });
		System::assert_has_event(Event::Entitled { root: model, provider: 101, stage: 0 }.into());
		assert!(is_released(model, 101));
		assert_eq!(Shards::seat_of(model, 101), None);
		assert_eq!(Shards::entitlement(&101, model), Entitlement::Stage(0));
		assert_eq!(RequestCount::<Test>::get(model), 0);
		// Its stage being full, it is not let in again before somebody leaves.
		assert_noop!(Shards::enlist(signed(101), model), Error::<Test>::StageFull);
		assert_noop!(Shards::enlist(signed(102), model), Error::<Test>::NoVacancy);
		assert_ok!(Shards::leave(signed(100), model));
		place(model, 101);
		assert_eq!(standby_at(model, 101), Some(0));
	});
}

#[test]
fn lots_without_a_place_do_not_keep_others_from_enlisting() {
	ExtBuilder::build_and_execute(|| {
		// GIVEN a sealed model whose first stage is full, and as many requests for it as may wait
		let model = add_model(2, 1, Access::Sealed);
		let max = u64::from(MaxRequests::get());
		let crowd = 100..100 + max;
		crowd.clone().for_each(|provider| entitle(model, provider, 0));
		place_at(model, 1, 0);
		for provider in crowd.clone() {
			assert_ok!(Shards::enlist(signed(provider), model));
		}
		assert_noop!(Shards::enlist(signed(99), model), Error::<Test>::TooManyRequests);
		// WHEN their lots are drawn
		run(4);
		for provider in crowd.clone() {
			assert_ok!(Shards::draw_seat(signed(0), model, provider));
		}
		// THEN those who find no place are gone, and the queue is empty
		let turned_away = crowd.filter(|provider| is_released(model, *provider)).count();
		assert_eq!(turned_away as u64, max - u64::from(MAX_STANDBYS));
		assert_eq!(RequestCount::<Test>::get(model), 0);
		assert_ok!(Shards::enlist(signed(99), model));
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

		place_at(model, 2, stage);
		assert_eq!(seat_of(model, 2), Some((stage, 1 - seat)));
		place_at(model, 3, stage);
		assert_eq!(standby_at(model, 3), Some(stage));
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
fn a_lot_stays_what_it_was_however_late_it_is_drawn() {
	// Of eight stages, so that a lot drawn anew would differ for most of these.
	for salt in 0..8 {
		new_test_ext().execute_with(|| {
			world(|world| world.salt = salt);
			let model = add_model(8, 1, Access::Sealed);
			assert_ok!(Shards::enlist(signed(1), model));
			run_to(5);
			let stage = coming_stage(model, 1, 4);
			run(3 * BeaconLength::get());
			assert_ok!(Shards::draw_seat(signed(0), model, 1));
			assert_eq!(seat_of(model, 1), Some((stage, 0)));
			Shards::do_try_state().unwrap();
		});
	}
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
		let stage = coming_stage(model, 1, 4);
		// WHEN the provider withdraws and comes back
		assert_ok!(Shards::leave(signed(1), model));
		System::assert_has_event(Event::Entitled { root: model, provider: 1, stage }.into());
		assert_eq!(Shards::entitlement(&1, model), Entitlement::Stage(stage));
		unlock(1, model);
		place(model, 1);
		// THEN it sits where it would have sat
		assert_eq!(seat_of(model, 1).unwrap().0, stage);
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
		assert_eq!(Entitlements::<Test>::iter().collect::<Vec<_>>(), vec![(parent, 1, stage)]);

		// It keeps the stage after it left, and gets no other one.
		assert_ok!(Shards::leave(signed(1), parent));
		unlock(1, parent);
		place(parent, 1);
		assert_eq!(seat_of(parent, 1).unwrap().0, stage);
	});
}

#[test]
fn who_is_bound_to_a_stage_comes_back_before_its_bond_is_settled() {
	ExtBuilder::build_and_execute(|| {
		// GIVEN a provider that left a sealed model
		let model = add_model(8, 1, Access::Sealed);
		place(model, 1);
		let place_before = seat_of(model, 1);
		assert_ok!(Shards::leave(signed(1), model));
		assert!(is_released(model, 1));
		// WHEN it enlists again at once
		place(model, 1);
		// THEN its bond answers for the model again, and it sits where it sat
		assert!(is_committed(model, 1));
		assert_eq!(seat_of(model, 1), place_before);
	});
}

#[test]
fn whose_lot_could_give_another_stage_waits_until_its_bond_is_settled() {
	for access in [Access::Open, Access::Sealed] {
		ExtBuilder::build_and_execute(|| {
			// GIVEN a provider of an open model, or one that withdrew before its lot in a sealed one was known
			let model = add_model(8, 1, access);
			assert_ok!(Shards::enlist(signed(1), model));
			if access == Access::Open {
				run(4);
				assert_ok!(Shards::draw_seat(signed(0), model, 1));
			}
			assert_ok!(Shards::leave(signed(1), model));
			// THEN it draws no second lot with the same bond
			let again = Shards::enlist(signed(1), model);
			assert_noop!(again, DispatchError::Other("committed already"));
			unlock(1, model);
			assert_ok!(Shards::enlist(signed(1), model));
		});
	}
}

#[test]
fn an_entitled_provider_takes_a_place_at_its_stage_or_none() {
	ExtBuilder::build_and_execute(|| {
		let parent = add_model(2, 1, Access::Sealed);
		let child = fork(parent);
		// GIVEN a provider whose stage is taken in the child, though the other is vacant
		place(parent, 1);
		let (stage, _) = seat_of(parent, 1).unwrap();
		place_at(child, 2, stage);
		assert_eq!(seat_of(child, 2), Some((stage, 0)));
		// THEN it stands by
		place(child, 1);
		assert_eq!(standby_at(child, 1), Some(stage));

		// WHEN its stage fills up before its lot is drawn, it gets no place
		entitle(parent, 99, stage);
		assert_ok!(Shards::enlist(signed(99), child));
		for provider in 3..=u64::from(1 + MAX_STANDBYS) {
			place_at(child, provider, stage);
		}
		assert_ok!(Shards::draw_seat(signed(0), child, 99));
		assert_last(Event::TurnedAway { model: child, provider: 99, stage });
		assert!(is_released(child, 99));
		assert_eq!(seat_of(child, 99), None);
		assert_eq!(Vacancies::<Test>::get(child).unwrap()[usize::from(1 - stage)].seats, 1);
	});
}

#[test]
fn open_models_entitle_everybody_to_everything() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(3, 1, Access::Open);
		assert_eq!(Shards::entitlement(&1, model), Entitlement::Any);
		fill_seats(model, 1);
		assert_eq!(Entitlements::<Test>::iter().count(), 0);
		assert!((1..=3).all(|provider| seat_of(model, provider).is_some()));
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

/// How many different stages the identities 1..=8 get in a fork of eight stages, one after the other, each after all
/// before it have their places.
fn stages_of_a_private_fork(salt: u64) -> usize {
	new_test_ext().execute_with(|| {
		world(|world| world.salt = salt);
		let root = add_model(8, 2, Access::Sealed);
		let own = fork(root);
		// One lane, the shortest windows, a bond as in the family
		set_spec(own, |spec| {
			spec.lanes = 1;
			spec.window.blocks = 10;
		});
		world(|world| world.bonded.extend([(root, 7_000), (own, 7_000)]));
		(1..=8).for_each(|provider| place(own, provider));
		assert!((1..=8).all(|provider| Shards::seat_of(own, provider).is_some()));
		let committed: u128 = (1..=8).map(|provider| World::committed(&provider, own)).sum();
		assert_eq!(committed, 8 * 7_000);
		Shards::do_try_state().unwrap();
		let stages: BTreeSet<_> =
			Entitlements::<Test>::iter().map(|(of, _, stage)| (of == root, stage)).collect();
		stages.len()
	})
}

#[test]
fn a_private_fork_gives_stages_at_random_for_the_bond_of_its_family() {
	// Eight lots over eight stages give 8 · (1 − (7/8)⁸) = 5.25 different ones on average, with a deviation of 0.89; over
	// 200 forks 1,050 with a deviation of 13: five deviations. Lots over what is vacant would give 1,600.
	let sum: usize = (0..200).map(stages_of_a_private_fork).sum();
	assert!((980..=1_120).contains(&sum), "{sum}");
}

#[test]
fn a_first_lot_falls_on_every_stage_equally_often_whatever_is_vacant() {
	let mut counts = [0; 9];
	for salt in 0..900 {
		new_test_ext().execute_with(|| {
			world(|world| world.salt = salt);
			// GIVEN a model with a vacant seat at stage 5 only
			let model = add_model(9, 1, Access::Sealed);
			assert_ok!(Shards::enlist(signed(1), model));
			Vacancies::<Test>::mutate(model, |all| {
				for (stage, vacancy) in all.iter_mut().flatten().enumerate() {
					vacancy.seats = u8::from(stage == 5);
				}
			});
			run(4);
			// THEN the lot does not know
			assert_ok!(Shards::draw_seat(signed(0), model, 1));
			let Entitlement::Stage(stage) = Shards::entitlement(&1, model) else { panic!("none") };
			counts[usize::from(stage)] += 1;
		});
	}
	assert_uniform(&counts);
}

#[test]
fn the_seat_does_not_follow_from_the_stage() {
	let mut counts = [0; 9];
	for round in 0..9_000 {
		let drawn = draw(Domain::SeatLot, Hash::from_low_u64_be(round), &(1u32, 2u64));
		let (stage, rest) = first_stage(3, drawn);
		let lot = Lot::at(stage, &vacancies(&[3, 3, 3], &[0, 0, 0]), rest).unwrap();
		counts[usize::from(stage) * 3 + lot.vacant_seat.unwrap() as usize] += 1;
	}
	assert_uniform(&counts);
}
