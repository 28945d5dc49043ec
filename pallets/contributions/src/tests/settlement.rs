//! How work becomes final, and what keeps it from it.

use cairn_primitives::{attestation::Verdict, traits::Work, Hash, UnitId};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{DispatchResultWithPostInfo, Pays},
};

use crate::{mock::*, Check, Error, Event, Phase, Queue, VoidReason, Windows};

const ID: UnitId = UnitId { model: MODEL, window: 0, stage: 1, lane: 1 };

fn finalise(id: UnitId) -> DispatchResultWithPostInfo {
	Contributions::finalise(signed(NOBODY), id)
}

/// A window of honest work whose lots are drawn, without any audit.
fn spared(test: impl FnOnce()) {
	ExtBuilder::default().build_and_execute(|| {
		veterans(six_seats());
		whole_window(0);
		spare_all(0);
		draw_all(0);
		assert!(places(0).into_iter().all(|id| stored(id).check == Check::Spared));
		test();
	});
}

#[test]
fn a_due_unit_mints_once() {
	spared(|| {
		let who = on(ID);
		let points = stored(ID).points;
		run_to(stored(ID).due - 1);
		assert_noop!(finalise(ID), Error::<Test>::NotDue);
		run_to(stored(ID).due);
		events();
		assert_eq!(finalise(ID).unwrap().pays_fee, Pays::No);
		assert_eq!(
			events(),
			[Event::UnitFinalised {
				unit: ID,
				provider: provider(who),
				points,
				shares: points / 1_000
			}]
		);
		assert_eq!((minted(who), Reputation::get(provider(who))), (points, points));
		assert_eq!((record_of(who).escrow, record_of(who).clean), (0, 1_001));
		assert_eq!(open_units(who), 0);
		assert_noop!(finalise(ID), Error::<Test>::NothingPending);
		assert_eq!(minted(who), points);
	});
}

#[test]
fn unknown_units_and_units_without_lots_are_not_finalised() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(finalise(ID), Error::<Test>::UnknownUnit);
		whole_window(0);
		run_to(stored(ID).due);
		assert_noop!(finalise(ID), Error::<Test>::LotsNotDrawn);
	});
}

#[test]
fn an_open_audit_keeps_a_due_unit_pending() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest(ID);
		suspected(ID);
		close_window(false);
		run_to(stored(ID).due);
		draw_all_stages_of(0, &[1]);
		assert_noop!(finalise(ID), Error::<Test>::AuditOpen);
		let auditor = auditor_of(ID);
		let verdict = Verdict::Bad { checkpoints: Hash::zero() };
		assert_ok!(Contributions::verdict(signed(auditor), ID, verdict));
		assert_noop!(finalise(ID), Error::<Test>::AuditOpen);
	});
}

fn draw_all_stages_of(window: u32, stages: &[u8]) {
	for stage in stages {
		assert_ok!(Contributions::draw_lots(signed(NOBODY), MODEL, window, *stage));
	}
}

#[test]
fn a_challenge_keeps_a_due_unit_pending() {
	spared(|| {
		let rival = [seat(1, 0), seat(1, 1)].into_iter().find(|who| *who != on(ID)).unwrap();
		assert_ok!(Contributions::challenge(signed(rival), ID, Hash::zero()));
		run_to(stored(ID).due);
		assert_noop!(finalise(ID), Error::<Test>::Contested);
		end_game(ID, &provider(rival), false);
		assert_ok!(finalise(ID));
	});
}

#[test]
fn an_open_suspicion_keeps_its_lane_pending() {
	spared(|| {
		let by = seat(0, 0);
		assert_ok!(Contributions::suspect(signed(by), MODEL, 0, ID.lane));
		run_to(now() + LotDelay::get() + 1);
		for stage in 0..2 {
			let id = UnitId { stage, ..ID };
			assert_ok!(Contributions::redraw_audit(signed(NOBODY), id));
			let auditor = auditor_of(id);
			let audit_root = trace(id).answer(auditor);
			let verdict = Verdict::Ok { audit_root };
			assert_ok!(Contributions::verdict(signed(auditor), id, verdict));
		}
		run_to(stored(ID).due);
		assert_noop!(finalise(ID), Error::<Test>::SuspicionOpen);
		assert_ok!(Contributions::settle_suspicion(signed(NOBODY), MODEL, 0, ID.lane));
		assert_ok!(finalise(ID));
	});
}

#[test]
fn units_of_a_void_window_earn_nothing_and_cost_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest(ID);
		close_window(true);
		draw_all_stages_of(0, &[1]);
		assert_ok!(finalise(ID));
		assert_eq!(stored(ID).phase, Phase::Void(VoidReason::Window));
		assert_eq!((minted(on(ID)), fines()), (0, vec![]));
		assert_eq!((record_of(on(ID)).escrow, open_units(on(ID))), (0, 0));
		assert!(!record_of(on(ID)).is_faulted);
	});
}

#[test]
fn a_unit_from_another_shard_than_the_majoritys_is_void_and_unfined() {
	ExtBuilder::default().build_and_execute(|| {
		veterans(six_seats());
		open_start();
		start_window(0);
		attest_from(ID, START + 1);
		attest(UnitId { lane: 0, ..ID });
		attest(UnitId { lane: 2, ..ID });
		close_window(false);
		spare_all(0);
		run_to(stored(ID).due);
		draw_all_stages_of(0, &[1]);
		assert_ok!(finalise(ID));
		assert_eq!(stored(ID).phase, Phase::Void(VoidReason::Minority));
		assert_ok!(finalise(UnitId { lane: 0, ..ID }));
		assert_eq!(minted(on(ID)), 0);
		assert!(minted(on(UnitId { lane: 0, ..ID })) > 0);
		assert_eq!(fines(), []);
	});
}

#[test]
fn heartbeats_become_final_without_minting() {
	ExtBuilder::default().build_and_execute(|| {
		veterans(six_seats());
		start_window(0);
		assert_ok!(attest_as(on(ID), attestation(ID, START, 0)));
		MintFails::set(true);
		close_window(false);
		spare_all(0);
		run_to(stored(ID).due);
		draw_all_stages_of(0, &[1]);
		assert_ok!(finalise(ID));
		assert_eq!(stored(ID).phase, Phase::Final);
		assert_eq!(record_of(on(ID)).clean, 1_000);
	});
}

#[test]
fn attesting_finalises_two_older_items() {
	ExtBuilder::default().shape(1, 1, 1).build_and_execute(|| {
		let who = seat(0, 0);
		veterans([who]);
		for window in 0..4 {
			whole_window(window);
			spare_all(window);
			draw_all(window);
		}
		let phases =
			|| (0..4).filter(|window| stored(unit(*window, 0, 0)).phase == Phase::Final).count();
		assert_eq!(phases(), 0);
		run_to(now() + 100);
		start_window(4);
		attest(unit(4, 0, 0));
		assert_eq!(phases(), 2);
		assert_eq!((record_of(who).head, record_of(who).tail), (2, 5));
		assert_eq!(open_units(who), 3);
	});
}

#[test]
fn what_is_not_due_stops_the_sweep_and_gaps_are_skipped() {
	ExtBuilder::default().shape(1, 1, 1).build_and_execute(|| {
		let who = seat(0, 0);
		veterans([who]);
		for window in 0..3 {
			whole_window(window);
			spare_all(window);
			draw_all(window);
		}
		assert_eq!(record_of(who).head, 0);
		// GIVEN the second is finalised out of turn.
		run_to(stored(unit(1, 0, 0)).due);
		assert_ok!(finalise(unit(1, 0, 0)));
		assert_eq!(record_of(who).head, 0);
		// WHEN the next attestation sweeps, THEN the first is final and the gap skipped.
		start_window(3);
		attest(unit(3, 0, 0));
		assert_eq!(stored(unit(0, 0, 0)).phase, Phase::Final);
		assert_eq!(record_of(who).head, 2);
		assert_eq!(stored(unit(2, 0, 0)).phase, Phase::Pending, "it is not due");
	});
}

#[test]
fn work_that_is_finalised_in_any_order_leaves_nothing_open() {
	ExtBuilder::default().shape(1, 1, 1).build_and_execute(|| {
		let who = seat(0, 0);
		veterans([who]);
		for window in 0..3 {
			whole_window(window);
			spare_all(window);
			draw_all(window);
		}
		run_to(stored(unit(2, 0, 0)).due);
		for window in [1, 2, 0] {
			assert!(Contributions::has_open_units(&provider(who), MODEL));
			assert_ok!(finalise(unit(window, 0, 0)));
		}
		assert!(!Contributions::has_open_units(&provider(who), MODEL));
	});
}

#[test]
fn what_something_speaks_against_goes_back_to_the_end_of_the_queue() {
	ExtBuilder::default().shape(1, 1, 1).build_and_execute(|| {
		let who = seat(0, 0);
		whole_window(0);
		run_to(now() + 100);
		// GIVEN a due unit whose lots nobody drew.
		start_window(1);
		attest(unit(1, 0, 0));
		assert_eq!(stored(unit(0, 0, 0)).phase, Phase::Pending);
		assert_eq!(stored(unit(0, 0, 0)).index, 2);
		assert_eq!((record_of(who).head, record_of(who).tail), (1, 3));
		assert_eq!(Queue::<Test>::iter().count(), 2);
	});
}

#[test]
fn a_mint_that_fails_leaves_the_unit_pending_and_the_attestation_whole() {
	ExtBuilder::default().shape(1, 1, 1).build_and_execute(|| {
		let who = seat(0, 0);
		veterans([who]);
		whole_window(0);
		spare_all(0);
		draw_all(0);
		run_to(now() + 100);
		MintFails::set(true);
		assert_noop!(finalise(unit(0, 0, 0)), sp_runtime::DispatchError::Unavailable);
		start_window(1);
		attest(unit(1, 0, 0));
		assert_eq!(stored(unit(0, 0, 0)).phase, Phase::Pending);
		assert_eq!((minted(who), Reputation::get(provider(who))), (0, 0));
		assert_eq!((record_of(who).queued, open_units(who)), (2, 2));
		MintFails::set(false);
		assert_ok!(finalise(unit(0, 0, 0)));
		assert_eq!(minted(who), stored(unit(0, 0, 0)).points);
	});
}

#[test]
fn samples_of_the_window_decide_the_rate_at_which_it_mints() {
	spared(|| {
		assert_eq!(Windows::<Test>::get(MODEL, 0).unwrap().samples, window_of(ID).samples);
	});
}

#[test]
fn forfeited_approvals_are_voided_at_once() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest(ID);
		suspected(ID);
		close_window(false);
		run_to(now() + LotDelay::get());
		draw_all_stages_of(0, &[1]);
		let auditor = auditor_of(ID);
		let audit_root = trace(ID).answer(auditor);
		assert_ok!(Contributions::verdict(signed(auditor), ID, Verdict::Ok { audit_root }));
		Contributions::forfeit_points(&provider(auditor), MODEL);
		events();
		assert_ok!(finalise(ID));
		assert_eq!(
			events(),
			[Event::AuditVoided {
				unit: ID,
				auditor: provider(auditor),
				reason: VoidReason::Forfeited
			}]
		);
		assert!(stored(ID).is_pending(), "the unit itself is not due");
		assert_eq!(open_units(auditor), 0);
		assert_noop!(finalise(ID), Error::<Test>::NotDue);
	});
}

#[test]
fn a_low_audit_rate_is_not_to_be_had_for_parts_of_windows() {
	ExtBuilder::default().build_and_execute(|| {
		veterans(six_seats());
		start_window(0);
		let steps = spec().window.steps;
		assert_ok!(attest_as(on(ID), attestation(ID, START, steps - 1)));
		let whole = UnitId { lane: 0, ..ID };
		attest(whole);
		attest(UnitId { lane: 2, ..ID });
		close_window(false);
		let before = [record_of(on(ID)), record_of(on(whole))];
		spare_all(0);
		run_to(stored(ID).due);
		draw_all_stages_of(0, &[1]);
		assert_ok!(finalise(ID));
		assert_ok!(finalise(whole));
		let after = [record_of(on(ID)), record_of(on(whole))];
		assert_eq!(after[0].clean, before[0].clean);
		assert_eq!(after[0].drawn, before[0].drawn);
		assert_eq!(after[1].clean, before[1].clean + 1);
		assert_eq!(after[1].drawn, before[1].drawn + 1);
	});
}
