//! Suspicions and their bonds.

use cairn_primitives::{attestation::Verdict, traits::Providers, Hash, UnitId};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResultWithPostInfo};
use sp_runtime::TokenError;

use crate::{mock::*, Check, Error, Event, HoldReason, Suspicions, Units};

fn suspect(who: u8, window: u32, lane: u8) -> DispatchResultWithPostInfo {
	Contributions::suspect(signed(who), MODEL, window, lane)
}

fn settle(lane: u8) -> DispatchResultWithPostInfo {
	Contributions::settle_suspicion(signed(NOBODY), MODEL, 0, lane)
}

fn bond() -> u128 {
	SuspicionBond::get()
}

/// Has every open audit of a lane of window 0 drawn and answered: by the truth, or accusing without reason.
fn answer_lane(lane: u8) {
	for stage in 0..2 {
		let id = unit(0, stage, lane);
		if Units::<Test>::get(id).is_none_or(|unit| unit.check != Check::Open) {
			continue;
		}
		let is_drawn = crate::Audits::<Test>::get(id).unwrap().auditor().is_some();
		if !is_drawn {
			run_to(now() + LotDelay::get() + 1);
			assert_ok!(Contributions::redraw_audit(signed(NOBODY), id));
		}
		let auditor = auditor_of(id);
		let truth = trace(id);
		if truth.checkpoints() == stored(id).checkpoints {
			let verdict = Verdict::Ok { audit_root: truth.answer(auditor) };
			assert_ok!(Contributions::verdict(signed(auditor), id, verdict));
		} else {
			let verdict = Verdict::Bad { checkpoints: truth.checkpoints() };
			assert_ok!(Contributions::verdict(signed(auditor), id, verdict));
			assert!(end_game_by_truth(id, &provider(auditor)));
		}
	}
}

#[test]
fn what_was_refuted_before_does_not_vouch_for_a_suspicion() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		places(0).into_iter().filter(|id| id.stage != 0 || id.lane != 2).for_each(attest);
		let known = unit(0, 0, 2);
		attest_falsely(known);
		close_window(false);
		draw_all(0);
		answer_lane(2);
		if stored(known).is_pending() {
			let rival = standby(0, 0);
			assert_ok!(Contributions::challenge(signed(rival), known, trace(known).checkpoints()));
			end_game(known, &provider(rival), true);
		}
		assert_ok!(suspect(standby(1, 0), 0, 2));
		answer_lane(2);
		assert_ok!(settle(2));
		assert!(events().contains(&Event::SuspicionSettled {
			model: MODEL,
			window: 0,
			lane: 2,
			was_right: false
		}));
	});
}

#[test]
fn a_suspicion_has_every_unit_of_the_lane_audited() {
	ExtBuilder::default().build_and_execute(|| {
		whole_window(0);
		draw_all(0);
		events();
		assert_ok!(suspect(standby(1, 0), 0, 2));
		for stage in 0..2 {
			assert_eq!(stored(unit(0, stage, 2)).check, Check::Open);
		}
		assert_eq!(held(HoldReason::Suspicion, standby(1, 0)), bond());
		assert!(events().contains(&Event::LaneSuspected {
			model: MODEL,
			window: 0,
			lane: 2,
			by: Some(provider(standby(1, 0)))
		}));
		assert_noop!(suspect(seat(0, 0), 0, 2), Error::<Test>::AlreadySuspected);
	});
}

#[test]
fn a_suspicion_before_the_lots_makes_them_certain() {
	ExtBuilder::default().build_and_execute(|| {
		whole_window(0);
		assert_ok!(suspect(seat(0, 0), 0, 1));
		assert_eq!(stored(unit(0, 0, 1)).check, Check::Waiting);
		assert_noop!(settle(1), Error::<Test>::SuspicionOpen);
		draw_all(0);
		assert_eq!(stored(unit(0, 0, 1)).check, Check::Open);
		assert_eq!(stored(unit(0, 1, 1)).check, Check::Open);
	});
}

#[test]
fn suspicions_need_a_reason_to_exist() {
	ExtBuilder::default().build_and_execute(|| {
		let who = seat(0, 0);
		assert_noop!(suspect(NOBODY, 0, 0), Error::<Test>::NotAWorker);
		assert_noop!(suspect(who, 0, 0), Error::<Test>::UnknownWindow);
		assert_noop!(Contributions::suspect(signed(who), 9, 0, 0), Error::<Test>::UnknownModel);
		start_window(0);
		attest(unit(0, 1, 1));
		assert_noop!(suspect(who, 0, 1), Error::<Test>::WindowNotClosed);
		close_window(false);
		assert_noop!(suspect(STRANGER, 0, 1), Error::<Test>::NotAtModel);
		assert_noop!(suspect(who, 0, 0), Error::<Test>::NothingAttested);
		assert_noop!(suspect(who, 0, 77), Error::<Test>::NothingAttested);
		start_window(1);
		attest(unit(1, 1, 1));
		close_window(true);
		assert_noop!(suspect(who, 1, 1), Error::<Test>::WindowIsVoid);
	});
}

#[test]
fn suspicions_end_with_the_retention_of_spared_units() {
	ExtBuilder::default().build_and_execute(|| {
		veterans(six_seats());
		whole_window(0);
		spare_all(0);
		draw_all(0);
		let drawn_at = now();
		run_to(drawn_at + 21);
		assert_noop!(suspect(seat(0, 0), 0, 1), Error::<Test>::RetentionOver);
		System::set_block_number(u64::from(drawn_at) + 20);
		assert_ok!(suspect(seat(0, 0), 0, 1));
	});
}

#[test]
fn a_lane_that_is_final_cannot_be_suspected() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest(unit(0, 1, 1));
		suspected(unit(0, 1, 1));
		close_window(false);
		run_to(now() + LotDelay::get() + 1);
		assert_ok!(Contributions::draw_lots(signed(NOBODY), MODEL, 0, 1));
		answer_lane(1);
		run_to(stored(unit(0, 1, 1)).due);
		assert_ok!(Contributions::finalise(signed(NOBODY), unit(0, 1, 1)));
		Contributions::update_window(MODEL, 0, |row| row.suspected = 0);
		assert_noop!(suspect(seat(0, 0), 0, 1), Error::<Test>::AlreadyDecided);
	});
}

#[test]
fn a_suspicion_bonds_what_its_audits_will_earn() {
	ExtBuilder::default().build_and_execute(|| {
		whole_window(0);
		let audits: u128 = (0..2).map(|stage| stored(unit(0, stage, 1)).audit_points()).sum();
		PointsPerBond::set(audits / (100 * bond()));
		let who = seat(0, 0);
		let bond_of = |window| Contributions::suspicion_bond(MODEL, window, 1);
		assert_eq!(bond_of(0), Some(MockProviders::required_bond(audits)));
		assert_eq!(bond_of(7), None);
		assert_ok!(suspect(who, 0, 1));
		assert_eq!(held(HoldReason::Suspicion, who), MockProviders::required_bond(audits));
		assert!(held(HoldReason::Suspicion, who) >= 100 * bond());
		draw_all(0);
		answer_lane(1);
		assert_ok!(settle(1));
	});
}

#[test]
fn who_suspects_a_lane_that_is_audited_anyway_is_told_so_and_keeps_the_bond() {
	ExtBuilder::default().build_and_execute(|| {
		whole_window(15);
		draw_all(15);
		assert_eq!(Contributions::suspicion_bond(MODEL, 15, 1), None);
		assert_noop!(suspect(seat(0, 0), 15, 1), Error::<Test>::AlreadySuspected);
	});
}

#[test]
fn a_suspicion_pays_only_for_the_audits_that_it_brings_about() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN a lane of which the lots fell on one unit, and spared the other
		veterans(six_seats());
		start_window(0);
		places(0).into_iter().for_each(attest);
		close_window(false);
		spare_all(0);
		draw_all(0);
		let audited = unit(0, 0, 1);
		Contributions::open_audit(audited, stored(audited));
		let points = stored(unit(0, 1, 1)).audit_points();
		PointsPerBond::set(points / (10 * bond()));
		let expected = MockProviders::required_bond(points);
		assert!(expected >= 10 * bond());
		assert_eq!(Contributions::suspicion_bond(MODEL, 0, 1), Some(expected));
	});
}

#[test]
fn who_cannot_pay_the_bond_cannot_suspect() {
	ExtBuilder::default().build_and_execute(|| {
		whole_window(0);
		let who = provider(seat(0, 0));
		assert_ok!(Balances::force_set_balance(RuntimeOrigin::root(), who, bond()));
		assert_noop!(suspect(seat(0, 0), 0, 1), TokenError::FundsUnavailable);
	});
}

#[test]
fn the_bond_returns_once_a_unit_is_refuted_even_if_others_are_open() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest_falsely(unit(0, 0, 1));
		attest(unit(0, 1, 1));
		close_window(false);
		let who = seat(1, 0);
		assert_ok!(suspect(who, 0, 1));
		draw_all(0);
		assert_noop!(settle(1), Error::<Test>::SuspicionOpen);
		let id = unit(0, 0, 1);
		let auditor = auditor_of(id);
		let checkpoints = trace(id).checkpoints();
		assert_ok!(Contributions::verdict(signed(auditor), id, Verdict::Bad { checkpoints }));
		assert_noop!(settle(1), Error::<Test>::SuspicionOpen);
		assert!(end_game_by_truth(id, &provider(auditor)));
		assert_ok!(settle(1));
		assert_eq!(held(HoldReason::Suspicion, who), 0);
		assert_eq!(balance(who), ENDOWMENT);
		assert!(Suspicions::<Test>::iter().next().is_none());
		assert_noop!(settle(1), Error::<Test>::NoSuspicion);
	});
}

#[test]
fn a_suspicion_without_a_refuted_unit_costs_its_bond() {
	ExtBuilder::default().build_and_execute(|| {
		whole_window(0);
		let who = seat(0, 0);
		assert_ok!(suspect(who, 0, 1));
		draw_all(0);
		answer_lane(1);
		events();
		let issuance = Balances::total_issuance();
		assert_ok!(settle(1));
		assert_eq!(
			events(),
			[Event::SuspicionSettled { model: MODEL, window: 0, lane: 1, was_right: false }]
		);
		let burned = bond() * 3 / 10;
		assert_eq!(balance(who), ENDOWMENT - bond());
		assert_eq!(held(HoldReason::Suspicion, who), 0);
		assert_eq!(Balances::total_issuance(), issuance - burned);
		assert_eq!(Balances::free_balance(TreasuryAccount::get()), ENDOWMENT + bond() - burned);
	});
}

#[test]
fn a_lost_bond_is_burned_where_the_treasury_cannot_take_it() {
	ExtBuilder::default().build_and_execute(|| {
		whole_window(0);
		let who = seat(0, 0);
		assert_ok!(suspect(who, 0, 1));
		draw_all(0);
		answer_lane(1);
		// GIVEN a treasury so full that nothing more fits.
		let full = u128::MAX - Balances::total_issuance() + ENDOWMENT;
		let _ = Balances::force_set_balance(RuntimeOrigin::root(), TreasuryAccount::get(), full);
		assert_ok!(settle(1));
		assert_eq!(held(HoldReason::Suspicion, who), 0);
		assert_eq!(balance(who), ENDOWMENT - bond());
	});
}

#[test]
fn a_suspicion_of_an_unaudited_unit_has_it_audited_again() {
	ExtBuilder::default().shape(2, 1, 0).build_and_execute(|| {
		// GIVEN a unit for which there was no auditor, and one now.
		start_window(0);
		places(0).into_iter().for_each(attest);
		places(0).into_iter().for_each(suspected);
		close_window(false);
		draw_all(0);
		let id: UnitId = unit(0, 0, 0);
		assert_eq!(stored(id).check, Check::NoAuditor);
		Contributions::update_window(MODEL, 0, |row| row.suspected = 0);
		let late = cairn_primitives::Standby { provider: provider(STRANGER), held: Some(0) };
		Rosters::mutate_extant((MODEL, 0), |roster| roster.standbys.try_push(late).unwrap());
		assert_ok!(suspect(STRANGER, 0, 0));
		run_to(now() + LotDelay::get() + 1);
		assert_ok!(Contributions::redraw_audit(signed(NOBODY), id));
		assert_eq!(auditor_of(id), STRANGER);
		let verdict = Verdict::Ok { audit_root: Hash::zero() };
		assert_ok!(Contributions::verdict(signed(STRANGER), id, verdict));
	});
}
