//! What auditors answer, and what becomes of them.

use cairn_primitives::{attestation::Verdict, traits::Fault, Hash, UnitId};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResultWithPostInfo};

use crate::{
	mock::*, AuditState, AuditTask, Audits, Check, Error, Event, Leaves, Phase, VoidReason,
};

const ID: UnitId = UnitId { model: MODEL, window: 0, stage: 1, lane: 1 };

/// A window of honest work in which [`ID`] is audited. Tells the test who does.
fn audited(test: impl FnOnce(u8)) {
	ExtBuilder::default().shape(2, 3, 3).build_and_execute(|| {
		start_window(0);
		places(0).into_iter().for_each(attest);
		suspected(ID);
		close_window(false);
		draw_all(0);
		events();
		test(auditor_of(ID));
	});
}

fn approve(who: u8, root: Hash) -> DispatchResultWithPostInfo {
	Contributions::verdict(signed(who), ID, Verdict::Ok { audit_root: root })
}

fn accuse(who: u8) -> DispatchResultWithPostInfo {
	let checkpoints = Hash::repeat_byte(0xcc);
	Contributions::verdict(signed(who), ID, Verdict::Bad { checkpoints })
}

fn redraw() -> DispatchResultWithPostInfo {
	Contributions::redraw_audit(signed(NOBODY), ID)
}

fn deadline() -> u32 {
	match Audits::<Test>::get(ID).unwrap().state {
		AuditState::Assigned { deadline, .. } => deadline,
		state => panic!("{state:?}"),
	}
}

fn seed_at() -> u32 {
	match Audits::<Test>::get(ID).unwrap().state {
		AuditState::Drawing { seed_at } => seed_at,
		state => panic!("{state:?}"),
	}
}

/// Draws the next auditor once its randomness is known.
fn next_auditor() -> u8 {
	run_to(seed_at() + 1);
	redraw().unwrap();
	auditor_of(ID)
}

fn leaves() -> Leaves {
	trace(ID).leaves.try_into().unwrap()
}

fn expose(who: u8, leaves: Leaves) -> DispatchResultWithPostInfo {
	Contributions::expose_audit(signed(who), ID, leaves)
}

#[test]
fn an_approval_earns_a_tenth_more_than_the_unit_when_it_is_due() {
	audited(|auditor| {
		assert_ok!(approve(auditor, trace(ID).answer(auditor)));
		let pay = stored(ID).points * 11 / 10;
		assert_eq!(stored(ID).check, Check::Approved);
		assert_eq!(record_of(auditor).escrow, pay);
		assert_eq!(open_units(auditor), 1);
		assert_eq!(events(), [Event::UnitApproved { unit: ID, auditor: provider(auditor) }]);

		run_to(now() + 100);
		assert_ok!(Contributions::finalise(signed(NOBODY), ID));
		assert_eq!(minted(auditor), pay);
		assert_eq!(minted(on(ID)), stored(ID).points);
		assert_eq!(Reputation::get(provider(auditor)), pay);
		assert_eq!((record_of(auditor).escrow, open_units(auditor)), (0, 0));
		assert!(!Audits::<Test>::contains_key(ID));
	});
}

#[test]
fn only_the_assigned_auditor_answers_and_only_in_time() {
	audited(|auditor| {
		let other = on(ID);
		assert_noop!(approve(NOBODY, Hash::zero()), Error::<Test>::NotAWorker);
		assert_noop!(approve(other, Hash::zero()), Error::<Test>::NotTheAuditor);
		assert_noop!(accuse(other), Error::<Test>::NotTheAuditor);
		let as_provider = RuntimeOrigin::signed(provider(auditor));
		let verdict = Verdict::Ok { audit_root: Hash::zero() };
		assert_noop!(Contributions::verdict(as_provider, ID, verdict), Error::<Test>::NotAWorker);
		let spared = unit(0, 1, 9);
		assert_noop!(
			Contributions::verdict(signed(auditor), spared, verdict),
			Error::<Test>::NotAudited
		);
		run_to(deadline() + 1);
		assert_noop!(approve(auditor, Hash::zero()), Error::<Test>::AuditTooLate);
		assert_noop!(accuse(auditor), Error::<Test>::AuditTooLate);
		System::set_block_number(deadline().into());
		assert_ok!(approve(auditor, Hash::zero()));
		assert_noop!(approve(auditor, Hash::zero()), Error::<Test>::NotTheAuditor);
	});
}

#[test]
fn an_accusation_with_the_attested_checkpoints_is_none() {
	audited(|auditor| {
		let checkpoints = stored(ID).checkpoints;
		assert_noop!(
			Contributions::verdict(signed(auditor), ID, Verdict::Bad { checkpoints }),
			Error::<Test>::SameCheckpoints
		);
	});
}

#[test]
fn an_accusation_opens_a_game_about_exactly_what_was_attested() {
	audited(|auditor| {
		assert_ok!(accuse(auditor));
		let games = Games::get(ID).unwrap();
		let (challenger, checkpoints, context) = &games[0];
		assert_eq!(number_of(challenger), auditor);
		assert_eq!(*checkpoints, Hash::repeat_byte(0xcc));
		let attestation = attestation(ID, START, spec().window.steps);
		let samples = window_of(ID).samples;
		assert_eq!(
			*context,
			cairn_primitives::dispute::UnitContext::new(genesis(), samples, &attestation)
		);
		assert_eq!(open_units(auditor), 1, "an accuser's bond stays while it can be fined");
		assert_eq!(events(), [Event::UnitAccused { unit: ID, auditor: provider(auditor) }]);
	});
}

#[test]
fn a_false_accusation_costs_the_auditor_and_another_looks() {
	audited(|auditor| {
		assert_ok!(accuse(auditor));
		end_game(ID, &provider(auditor), false);
		assert_eq!(fines(), [(auditor, Fault::Audit, Some(on(ID)))]);
		assert_eq!(expelled(), [auditor]);
		assert_eq!(open_units(auditor), 0);
		assert!(record_of(auditor).is_faulted, "its own next units are audited");
		assert_eq!(stored(ID).check, Check::Open);
		let next = next_auditor();
		assert_ne!(next, auditor);
		assert_ok!(approve(next, trace(ID).answer(next)));
	});
}

#[test]
fn a_proven_accusation_refutes_the_unit_and_forfeits_the_escrow() {
	ExtBuilder::default().shape(2, 3, 1).build_and_execute(|| {
		// GIVEN honest work in an earlier window, and a false unit after it by the same provider.
		whole_window(0);
		draw_all(0);
		start_window(1);
		let id = unit(1, 1, 0);
		attest_falsely(id);
		suspected(id);
		let liar = on(id);
		close_window(false);
		run_to(now() + LotDelay::get() + 1);
		assert_ok!(Contributions::draw_lots(signed(NOBODY), MODEL, 1, 1));
		let earlier = places(0).into_iter().find(|id| on(*id) == liar).unwrap();
		let auditor = auditor_of(id);
		let checkpoints = trace(id).checkpoints();
		assert_ok!(Contributions::verdict(signed(auditor), id, Verdict::Bad { checkpoints }));
		assert!(record_of(liar).escrow > 0);

		// WHEN the game is played by the truth.
		assert!(end_game_by_truth(id, &provider(auditor)));

		// THEN the unit and all that is pending are void, and half the bond is gone.
		assert_eq!(stored(id).phase, Phase::Void(VoidReason::Refuted));
		assert_eq!(fines(), [(liar, Fault::Unit, Some(auditor))]);
		assert_eq!(expelled(), [liar]);
		let record = record_of(liar);
		assert_eq!((record.escrow, record.generation), (0, 1));
		assert!(record.is_faulted);
		assert_eq!(open_units(auditor), 0);
		assert!(!Audits::<Test>::contains_key(id));
		assert_eq!(open_units(liar), 1, "the earlier unit waits to be voided");
		if stored(earlier).check != Check::Open {
			assert_ok!(Contributions::finalise(signed(NOBODY), earlier));
			assert_eq!(stored(earlier).phase, Phase::Void(VoidReason::Forfeited));
			assert_eq!(open_units(liar), 0);
		}
		assert_eq!(minted(liar), 0);
	});
}

#[test]
fn a_silent_auditor_is_replaced_after_its_deadline() {
	audited(|first| {
		run_to(deadline());
		assert_noop!(redraw(), Error::<Test>::AuditorHasTime);
		run_to(deadline() + 1);
		assert_ok!(redraw());
		let second = auditor_of(ID);
		assert_ne!(first, second);
		assert_noop!(approve(first, Hash::zero()), Error::<Test>::NotTheAuditor);
		assert_ok!(approve(second, trace(ID).answer(second)));
		assert_noop!(redraw(), Error::<Test>::AuditAnswered);
		assert_eq!(fines(), []);
	});
}

#[test]
fn after_three_silent_auditors_the_unit_counts_as_unaudited() {
	audited(|_| {
		for _ in 0..3 {
			assert_eq!(stored(ID).check, Check::Open);
			assert_noop!(Contributions::finalise(signed(NOBODY), ID), Error::<Test>::AuditOpen);
			run_to(deadline() + 1);
			assert_ok!(redraw());
		}
		assert_eq!(stored(ID).check, Check::NoAuditor);
		assert_noop!(redraw(), Error::<Test>::NotAudited);
		run_to(stored(ID).due);
		assert_ok!(Contributions::finalise(signed(NOBODY), ID));
		assert_eq!(stored(ID).phase, Phase::Final);
	});
}

#[test]
fn auditors_can_look_up_their_tasks() {
	audited(|auditor| {
		let task = AuditTask { unit: ID, deadline: deadline() };
		assert!(Contributions::audit_tasks(provider(auditor)).contains(&task));
		assert_eq!(Contributions::audit_tasks(provider(on(ID))), []);
		assert_ok!(approve(auditor, Hash::zero()));
		assert!(!Contributions::audit_tasks(provider(auditor)).contains(&task));
	});
}

#[test]
fn missing_inputs_are_looked_for_by_another_auditor() {
	audited(|first| {
		assert_noop!(
			Contributions::report_unavailable(signed(on(ID)), ID),
			Error::<Test>::NotTheAuditor
		);
		assert_ok!(Contributions::report_unavailable(signed(first), ID));
		assert_eq!(
			events(),
			[
				Event::InputsMissed { unit: ID, auditor: provider(first) },
				Event::AuditorDue { unit: ID, seed_at: now() + LotDelay::get() }
			]
		);
		assert_noop!(
			Contributions::report_unavailable(signed(first), ID),
			Error::<Test>::NotTheAuditor
		);
		assert_noop!(redraw(), Error::<Test>::RandomnessNotKnown);
		let second = next_auditor();
		assert_ne!(second, first);
		assert_ok!(approve(second, trace(ID).answer(second)));
		assert_eq!(fines(), []);
	});
}

/// Two auditors cannot fetch the inputs; tells the test who is asked then.
fn missed_twice(test: impl FnOnce(u8)) {
	audited(|first| {
		assert_ok!(Contributions::report_unavailable(signed(first), ID));
		assert_ok!(Contributions::report_unavailable(signed(next_auditor()), ID));
		assert!(stored(ID).is_pending());
		test(next_auditor());
	});
}

fn is_refuted_as_unavailable() -> bool {
	fines() == [(on(ID), Fault::Unavailable, None)]
		&& stored(ID).phase == Phase::Void(VoidReason::Refuted)
		&& !Audits::<Test>::contains_key(ID)
}

#[test]
fn what_three_auditors_cannot_fetch_is_refuted_and_nobody_is_paid_for_saying_so() {
	missed_twice(|third| {
		assert_ok!(Contributions::report_unavailable(signed(third), ID));
		assert!(is_refuted_as_unavailable());
	});
}

#[test]
fn silence_of_the_third_auditor_does_not_save_what_two_could_not_fetch() {
	missed_twice(|_| {
		run_to(deadline() + 1);
		assert_ok!(redraw());
		assert!(is_refuted_as_unavailable());
	});
}

#[test]
fn a_third_auditor_who_fetches_them_shows_that_they_are_there() {
	missed_twice(|third| {
		assert_ok!(approve(third, trace(ID).answer(third)));
		assert_eq!((stored(ID).check, fines()), (Check::Approved, vec![]));
	});
}

#[test]
fn what_one_auditor_cannot_fetch_and_two_do_not_look_at_stays_unaudited() {
	audited(|first| {
		assert_ok!(Contributions::report_unavailable(signed(first), ID));
		next_auditor();
		for _ in 0..2 {
			run_to(deadline() + 1);
			assert_ok!(redraw());
		}
		assert_eq!((stored(ID).check, fines()), (Check::NoAuditor, vec![]));
	});
}

#[test]
fn two_who_cannot_fetch_suffice_where_there_is_nobody_else() {
	// GIVEN one other seat and one standby.
	ExtBuilder::default().shape(2, 2, 1).build_and_execute(|| {
		start_window(0);
		attest(ID);
		suspected(ID);
		close_window(false);
		run_to(now() + LotDelay::get() + 1);
		assert_ok!(Contributions::draw_lots(signed(NOBODY), MODEL, 0, 1));
		assert_ok!(Contributions::report_unavailable(signed(auditor_of(ID)), ID));
		assert_ok!(Contributions::report_unavailable(signed(next_auditor()), ID));
		run_to(seed_at() + 1);
		assert_ok!(redraw());
		assert!(is_refuted_as_unavailable());
	});
}

#[test]
fn after_a_report_seats_are_asked_so_that_standbys_alone_call_nothing_unavailable() {
	// GIVEN eight standbys that hold the shard, who are asked first otherwise, and one other seat.
	ExtBuilder::default().shape(2, 2, 8).build_and_execute(|| {
		start_window(0);
		attest(ID);
		suspected(ID);
		close_window(false);
		run_to(now() + LotDelay::get() + 1);
		assert_ok!(Contributions::draw_lots(signed(NOBODY), MODEL, 0, 1));
		assert!(auditor_of(ID) >= standby(1, 0));
		assert_ok!(Contributions::report_unavailable(signed(auditor_of(ID)), ID));
		let second = next_auditor();
		assert!([seat(1, 0), seat(1, 1)].contains(&second) && second != on(ID));
		// It could not fetch them either: a third is asked, a standby again.
		assert_ok!(Contributions::report_unavailable(signed(second), ID));
		assert!(next_auditor() >= standby(1, 0));
	});
}

#[test]
fn who_wins_against_the_third_auditor_is_not_refuted_for_what_two_could_not_fetch() {
	missed_twice(|third| {
		let before = open_units(third);
		assert_ok!(accuse(third));
		end_game(ID, &provider(third), false);
		assert_eq!(fines(), [(third, Fault::Audit, Some(on(ID)))]);
		assert_eq!((stored(ID).check, open_units(third)), (Check::NoAuditor, before));
	});
}

#[test]
fn who_exposes_the_third_auditor_is_not_refuted_for_what_two_could_not_fetch() {
	missed_twice(|third| {
		let before = open_units(third);
		assert_ok!(approve(third, Hash::repeat_byte(1)));
		assert_ok!(expose(on(ID), leaves()));
		assert_eq!(fines(), [(third, Fault::Audit, Some(on(ID)))]);
		assert_eq!((stored(ID).check, open_units(third)), (Check::NoAuditor, before));
	});
}

#[test]
fn reports_after_the_deadline_do_not_count() {
	audited(|auditor| {
		run_to(deadline() + 1);
		assert_noop!(
			Contributions::report_unavailable(signed(auditor), ID),
			Error::<Test>::AuditTooLate
		);
	});
}

#[test]
fn forgotten_randomness_of_a_redraw_is_replaced_by_later_randomness() {
	audited(|first| {
		assert_ok!(Contributions::report_unavailable(signed(first), ID));
		BeaconLength::set(10);
		run_to(now() + 50);
		let at = now();
		assert_ok!(redraw());
		assert_eq!(seed_at(), at + LotDelay::get());
		assert_ne!(next_auditor(), first);
	});
}

#[test]
fn an_approval_without_the_work_is_exposed_and_paid_for_by_the_auditor() {
	audited(|auditor| {
		assert_ok!(approve(auditor, Hash::repeat_byte(1)));
		let worker = on(ID);
		assert_ok!(expose(worker, leaves()));
		assert_eq!(fines(), [(auditor, Fault::Audit, Some(worker))]);
		assert_eq!(record_of(auditor).escrow, 0);
		assert!(record_of(auditor).is_faulted, "its own next units are audited");
		assert_eq!(open_units(auditor), 0);
		assert_eq!(stored(ID).check, Check::Open);
		assert_ne!(next_auditor(), auditor);
	});
}

#[test]
fn copied_answers_of_another_account_are_exposed() {
	audited(|auditor| {
		assert_ok!(approve(auditor, trace(ID).answer(STRANGER)));
		assert_ok!(expose(on(ID), leaves()));
	});
}

#[test]
fn a_right_answer_cannot_be_exposed() {
	audited(|auditor| {
		let worker = on(ID);
		assert_noop!(expose(worker, leaves()), Error::<Test>::NotApproved);
		assert_ok!(approve(auditor, trace(ID).answer(auditor)));
		assert_noop!(expose(worker, leaves()), Error::<Test>::AuditIsRight);
		let mut others = leaves();
		others[0] = Hash::zero();
		assert_noop!(expose(worker, others), Error::<Test>::LeavesDoNotMatch);
		assert_noop!(expose(auditor, leaves()), Error::<Test>::NotYourUnit);
		assert_noop!(expose(NOBODY, leaves()), Error::<Test>::NotAWorker);
		assert_noop!(
			Contributions::expose_audit(signed(worker), unit(0, 1, 9), leaves()),
			Error::<Test>::UnknownUnit
		);
	});
}

#[test]
fn an_exposed_audit_of_a_final_unit_is_not_repeated() {
	audited(|auditor| {
		run_to(now() + 3);
		assert_ok!(approve(auditor, Hash::repeat_byte(1)));
		run_to(stored(ID).due);
		assert_ok!(Contributions::finalise(signed(NOBODY), ID));
		assert_eq!(stored(ID).phase, Phase::Final);
		assert!(Audits::<Test>::contains_key(ID), "the approval falls due later");
		assert_ok!(expose(on(ID), leaves()));
		assert!(!Audits::<Test>::contains_key(ID));
		assert_eq!(minted(auditor), 0);
	});
}

#[test]
fn after_the_third_auditor_was_exposed_there_is_no_fourth() {
	audited(|first| {
		let mut auditor = first;
		for round in 0..3 {
			assert_ok!(approve(auditor, Hash::repeat_byte(1)));
			assert_ok!(expose(on(ID), leaves()));
			if round < 2 {
				auditor = next_auditor();
			}
		}
		assert_eq!(stored(ID).check, Check::NoAuditor);
		assert_eq!(fines().len(), 3);
	});
}
