//! Challenges, their bonds, and games of several challengers.

use cairn_primitives::{
	attestation::Verdict,
	spec::Access,
	traits::{DisputeOutcome, Fault, Providers},
	Hash, UnitId,
};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use sp_runtime::{DispatchError, TokenError};

use crate::{mock::*, Challenges, Check, Error, Event, HoldReason, Phase, VoidReason};

const ID: UnitId = UnitId { model: MODEL, window: 0, stage: 0, lane: 1 };

fn challenge(who: u8, id: UnitId) -> DispatchResult {
	Contributions::challenge(signed(who), id, Hash::repeat_byte(who))
}

fn bond() -> u128 {
	ChallengeBond::get()
}

/// A window with a false unit that the lots spared. Tells the test two others of its stage.
fn spared_lie(test: impl FnOnce([u8; 2])) {
	ExtBuilder::default().build_and_execute(|| {
		veterans(six_seats());
		start_window(0);
		places(0).into_iter().filter(|id| *id != ID).for_each(attest);
		attest_falsely(ID);
		close_window(false);
		spare_all(0);
		draw_all(0);
		assert_eq!(stored(ID).check, Check::Spared);
		let others: Vec<_> = (0..3).map(|place| seat(0, place)).filter(|w| *w != on(ID)).collect();
		test([others[0], others[1]]);
	});
}

#[test]
fn a_challenge_opens_a_game_with_a_bond() {
	spared_lie(|[rival, _]| {
		events();
		assert_ok!(challenge(rival, ID));
		assert_eq!(held(HoldReason::Challenge, rival), bond());
		assert_eq!(Games::get(ID).unwrap()[0].1, Hash::repeat_byte(rival));
		assert_eq!(Challenges::<Test>::get(ID).len(), 1);
		assert!(events().contains(&Event::UnitChallenged { unit: ID, challenger: provider(rival) }));
	});
}

#[test]
fn challenges_are_for_those_entitled_to_the_stage() {
	spared_lie(|[rival, _]| {
		assert_noop!(challenge(NOBODY, ID), Error::<Test>::NotAWorker);
		assert_noop!(challenge(rival, unit(9, 0, 0)), Error::<Test>::UnknownUnit);
		assert_noop!(challenge(on(ID), ID), Error::<Test>::OwnUnit);
		assert_noop!(challenge(seat(1, 0), ID), Error::<Test>::NotEntitled);
		assert_noop!(challenge(STRANGER, ID), Error::<Test>::NotEntitled);
		Specs::mutate_extant(MODEL, |spec| spec.access = Access::Open);
		assert_ok!(challenge(STRANGER, ID));
	});
}

#[test]
fn a_challenge_with_the_attested_checkpoints_is_none() {
	spared_lie(|[rival, _]| {
		assert_noop!(
			Contributions::challenge(signed(rival), ID, stored(ID).checkpoints),
			Error::<Test>::SameCheckpoints
		);
	});
}

#[test]
fn challenges_of_spared_units_end_with_their_retention() {
	spared_lie(|[rival, _]| {
		let drawn_at = now();
		run_to(drawn_at + 21);
		assert_noop!(challenge(rival, ID), Error::<Test>::RetentionOver);
		System::set_block_number(u64::from(drawn_at) + 20);
		assert_ok!(challenge(rival, ID));
	});
}

#[test]
fn audited_units_can_be_challenged_until_their_escrow_is_over() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest(ID);
		suspected(ID);
		close_window(false);
		run_to(now() + LotDelay::get() + 1);
		assert_ok!(Contributions::draw_lots(signed(NOBODY), MODEL, 0, 0));
		let auditor = auditor_of(ID);
		assert_noop!(challenge(auditor, ID), Error::<Test>::AuditorCannotChallenge);
		let verdict = Verdict::Ok { audit_root: trace(ID).answer(auditor) };
		assert_ok!(Contributions::verdict(signed(auditor), ID, verdict));
		assert_noop!(challenge(auditor, ID), Error::<Test>::AuditorCannotChallenge);
		run_to(stored(ID).due - 1);
		let rival = (0..3).map(|place| seat(0, place)).find(|who| *who != on(ID)).unwrap();
		assert_ok!(challenge(rival, ID));
		end_game(ID, &provider(rival), false);
		// Nobody keeps it from becoming final by challenge after challenge.
		run_to(stored(ID).due);
		assert_noop!(challenge(rival, ID), Error::<Test>::EscrowOver);
		assert_ok!(Contributions::finalise(signed(NOBODY), ID));
		assert_noop!(challenge(rival, ID), Error::<Test>::AlreadyDecided);
	});
}

#[test]
fn units_of_void_windows_are_not_worth_a_challenge() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest(ID);
		close_window(true);
		assert_ok!(Contributions::draw_lots(signed(NOBODY), MODEL, 0, 0));
		assert_noop!(challenge(standby(0, 0), ID), Error::<Test>::WindowIsVoid);
	});
}

#[test]
fn one_challenge_each_and_no_more_than_the_bound() {
	spared_lie(|[first, second]| {
		assert_ok!(challenge(first, ID));
		assert_noop!(challenge(first, ID), Error::<Test>::AlreadyChallenged);
		assert_ok!(challenge(second, ID));
		assert_noop!(challenge(standby(0, 0), ID), Error::<Test>::TooManyChallenges);
	});
}

#[test]
fn a_challenge_bonds_what_the_work_is_worth_and_twice_as_much_beside_another() {
	spared_lie(|[first, second]| {
		// GIVEN a unit that is worth far more than the least bond.
		let worth = 20 * bond();
		PointsPerBond::set(stored(ID).points / worth);
		let worth = MockProviders::required_bond(stored(ID).points);
		assert_eq!(Contributions::challenge_bond(ID), Some(worth));
		assert_ok!(challenge(first, ID));
		assert_eq!(Contributions::challenge_bond(ID), Some(2 * worth));
		assert_ok!(challenge(second, ID));
		assert_eq!(held(HoldReason::Challenge, first), worth);
		assert_eq!(held(HoldReason::Challenge, second), 2 * worth);
		// WHEN the second loses and somebody else comes, THEN its bond is that of a second one again.
		end_game(ID, &provider(second), false);
		assert_eq!(balance(second), ENDOWMENT - 2 * worth);
		assert_ok!(challenge(standby(0, 0), ID));
		assert_eq!(held(HoldReason::Challenge, standby(0, 0)), 2 * worth);
		assert_eq!(Contributions::challenge_bond(unit(9, 0, 0)), None);
	});
}

#[test]
fn who_cannot_pay_the_bond_cannot_challenge() {
	spared_lie(|[rival, _]| {
		let poor = Balances::force_set_balance(RuntimeOrigin::root(), provider(rival), bond());
		assert_ok!(poor);
		assert_noop!(challenge(rival, ID), TokenError::FundsUnavailable);
	});
}

#[test]
fn a_lost_challenge_pays_the_worker_and_vindicates_nothing() {
	spared_lie(|[rival, other]| {
		assert_ok!(challenge(rival, ID));
		let issuance = Balances::total_issuance();
		events();
		end_game(ID, &provider(rival), false);
		assert!(events().contains(&Event::UnitUpheld { unit: ID, challenger: provider(rival) }));
		let (half, burned) = (bond() / 2, bond() * 3 / 10);
		assert_eq!(balance(rival), ENDOWMENT - bond());
		assert_eq!(balance(on(ID)), ENDOWMENT + half);
		assert_eq!(
			Balances::free_balance(TreasuryAccount::get()),
			ENDOWMENT + bond() - half - burned
		);
		assert_eq!(Balances::total_issuance(), issuance - burned);
		assert!(!Challenges::<Test>::contains_key(ID));
		// THEN another challenger can win still.
		assert_ok!(challenge(other, ID));
		assert!(end_game_by_truth(ID, &provider(other)));
		assert_eq!(stored(ID).phase, Phase::Void(VoidReason::Refuted));
		assert_eq!(fines(), [(on(ID), Fault::Unit, Some(other))]);
	});
}

#[test]
fn a_won_challenge_returns_all_bonds_and_ends_all_games() {
	spared_lie(|[first, second]| {
		assert_ok!(challenge(first, ID));
		assert_ok!(challenge(second, ID));
		assert!(end_game_by_truth(ID, &provider(second)));
		for who in [first, second] {
			assert_eq!(held(HoldReason::Challenge, who), 0);
			assert_eq!(balance(who), ENDOWMENT);
		}
		assert_eq!(Games::get(ID), None);
		assert_eq!(fines(), [(on(ID), Fault::Unit, Some(second))], "one fault, one fine");
		assert_noop!(Contributions::refuted(&ID, &provider(first)), Error::<Test>::AlreadyDecided);
	});
}

#[test]
fn an_approval_of_what_a_challenge_refutes_is_not_paid() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest_falsely(ID);
		suspected(ID);
		close_window(false);
		run_to(now() + LotDelay::get() + 1);
		assert_ok!(Contributions::draw_lots(signed(NOBODY), MODEL, 0, 0));
		let auditor = auditor_of(ID);
		let verdict = Verdict::Ok { audit_root: Hash::zero() };
		assert_ok!(Contributions::verdict(signed(auditor), ID, verdict));
		let rival = (0..3).map(|place| seat(0, place)).find(|who| *who != on(ID)).unwrap();
		assert_ok!(challenge(rival, ID));
		assert!(end_game_by_truth(ID, &provider(rival)));
		assert_eq!((record_of(auditor).escrow, open_units(auditor)), (0, 0));
		assert_eq!(fines(), [(on(ID), Fault::Unit, Some(rival))]);
	});
}

#[test]
fn a_challenger_that_wins_first_ends_the_auditors_game_too() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest_falsely(ID);
		suspected(ID);
		close_window(false);
		run_to(now() + LotDelay::get() + 1);
		assert_ok!(Contributions::draw_lots(signed(NOBODY), MODEL, 0, 0));
		let auditor = auditor_of(ID);
		let checkpoints = trace(ID).checkpoints();
		assert_ok!(Contributions::verdict(signed(auditor), ID, Verdict::Bad { checkpoints }));
		let rival = (0..3).map(|place| seat(0, place)).find(|who| *who != on(ID)).unwrap();
		assert_ok!(challenge(rival, ID));
		assert!(end_game_by_truth(ID, &provider(rival)));
		assert_eq!(open_units(auditor), 0);
		assert_eq!(fines(), [(on(ID), Fault::Unit, Some(rival))]);
	});
}

#[test]
fn auditors_always_find_room_for_their_game() {
	ExtBuilder::default().shape(1, 4, 1).build_and_execute(|| {
		start_window(0);
		attest(ID);
		suspected(ID);
		close_window(false);
		run_to(now() + LotDelay::get() + 1);
		assert_ok!(Contributions::draw_lots(signed(NOBODY), MODEL, 0, 0));
		let auditor = auditor_of(ID);
		let rivals = (0..4).map(|place| seat(0, place)).filter(|who| *who != on(ID)).take(2);
		rivals.for_each(|rival| challenge(rival, ID).unwrap());
		let verdict = Verdict::Bad { checkpoints: Hash::zero() };
		assert_ok!(Contributions::verdict(signed(auditor), ID, verdict));
	});
}

#[test]
fn a_worker_whose_bond_suffices_stays() {
	spared_lie(|[rival, _]| {
		Committed::insert((provider(on(ID)), MODEL), 2 * BOND);
		assert_ok!(challenge(rival, ID));
		assert!(end_game_by_truth(ID, &provider(rival)));
		assert_eq!(expelled(), [] as [u8; 0]);
	});
}

#[test]
fn outcomes_of_unknown_units_are_errors() {
	ExtBuilder::default().build_and_execute(|| {
		let unknown: DispatchError = Error::<Test>::UnknownUnit.into();
		assert_noop!(Contributions::refuted(&ID, &provider(1)), unknown);
		assert_noop!(Contributions::upheld(&ID, &provider(1)), unknown);
	});
}

#[test]
fn a_running_window_is_not_challenged() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest(ID);
		assert_noop!(challenge(standby(0, 0), ID), Error::<Test>::WindowNotClosed);
	});
}

#[test]
fn an_open_challenge_keeps_the_inputs_for_others() {
	ExtBuilder::default().shape(2, 3, 3).build_and_execute(|| {
		veterans(six_seats());
		start_window(0);
		places(0).into_iter().for_each(attest);
		close_window(false);
		spare_all(0);
		draw_all(0);
		assert_ok!(challenge(standby(0, 0), ID));
		run_to(stored(ID).due - 1);
		assert_ok!(challenge(standby(0, 1), ID));
		end_game(ID, &provider(standby(0, 0)), false);
		end_game(ID, &provider(standby(0, 1)), false);
		assert_noop!(challenge(standby(0, 2), ID), Error::<Test>::RetentionOver);
	});
}
