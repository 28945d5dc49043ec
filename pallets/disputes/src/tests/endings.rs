//! Proofs, time-outs, and what they report.

use cairn_primitives::{dispute::MAX_EVIDENCE, Outcome};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{GetDispatchInfo, Pays},
};
use sp_runtime::{traits::Dispatchable, DispatchError};

use super::*;
use crate::{Ending, Error, Event, Evidence, OpenGames, WeightInfo};

/// Open a game and play it to the leaf; returns what shows how the leaf comes out.
fn to_leaf(defender: &Trace, challenger: &Trace) -> Evidence {
	assert_ok!(open(&defender.context, CHALLENGER));
	play_until(defender, challenger, |phase| matches!(phase, Phase::Prove(_)));
	let Phase::Prove(leaf) = game().phase else { unreachable!("just checked") };
	defender.evidence(&leaf).try_into().unwrap()
}

fn assert_ended(winner: Side, ending: Ending) {
	assert_eq!(Games::<Test>::get(UNIT, CHALLENGER), None);
	assert!(!OpenGames::<Test>::get(UNIT).contains(&CHALLENGER));
	assert_eq!(Told::get().last(), Some(&(UNIT, CHALLENGER, winner)));
	System::assert_has_event(
		Event::GameEnded { unit: UNIT, challenger: CHALLENGER, winner, ending }.into(),
	);
}

#[test]
fn a_proof_decides_whoever_sends_it() {
	for who in [DEFENDER, worker(DEFENDER), CHALLENGER, worker(CHALLENGER), STRANGER] {
		ExtBuilder.build_and_execute(|| {
			let (right, wrong) = right_and_wrong();
			let evidence = to_leaf(&right, &wrong);
			let info = Disputes::prove_leaf(signed(who), UNIT, CHALLENGER, evidence).unwrap();
			assert_eq!(info.pays_fee, Pays::No);
			assert_ended(Side::Defender, Ending::Proof);
		});
		ExtBuilder.build_and_execute(|| {
			let (right, wrong) = right_and_wrong();
			// The state before the first wrong piece is the same in both traces.
			let evidence = to_leaf(&wrong, &right);
			let info = Disputes::prove_leaf(signed(who), UNIT, CHALLENGER, evidence).unwrap();
			assert_eq!(info.pays_fee, Pays::No);
			assert_ended(Side::Challenger, Ending::Proof);
		});
	}
}

#[test]
fn the_first_and_the_last_piece_can_be_decided() {
	for piece in [0, 101 * 360 - 1] {
		ExtBuilder.build_and_execute(|| {
			let (right, _) = right_and_wrong();
			let wrong = right.wrong_from(piece, 5);
			let evidence = to_leaf(&wrong, &right);
			assert_ok!(Disputes::prove_leaf(signed(STRANGER), UNIT, CHALLENGER, evidence));
			assert_ended(Side::Challenger, Ending::Proof);
			// And the other way round.
			let evidence = to_leaf(&right, &wrong);
			assert_ok!(Disputes::prove_leaf(signed(STRANGER), UNIT, CHALLENGER, evidence));
			assert_ended(Side::Defender, Ending::Proof);
		});
	}
}

#[test]
fn a_diverged_unit_can_be_disputed() {
	ExtBuilder.build_and_execute(|| {
		let outcome = Outcome::Diverged { step: 60, operation: 3 };
		let right = Trace::honest::<Lcg>(&spec(), outcome, 5);
		let wrong = right.wrong_from(59 * 360 + 20, 5);
		let evidence = to_leaf(&wrong, &right);
		assert_ok!(Disputes::prove_leaf(signed(STRANGER), UNIT, CHALLENGER, evidence));
		assert_ended(Side::Challenger, Ending::Proof);
	});
}

#[test]
fn prove_leaf_fails_before_the_leaf() {
	ExtBuilder.build_and_execute(|| {
		let (right, wrong) = right_and_wrong();
		assert_ok!(open(&wrong.context, CHALLENGER));
		loop {
			if matches!(game().phase, Phase::Prove(_)) {
				break;
			}
			assert_noop!(
				Disputes::prove_leaf(signed(DEFENDER), UNIT, CHALLENGER, Evidence::default()),
				Error::<Test>::NotAtLeaf
			);
			step(&wrong, &right);
		}
	});
}

#[test]
fn evidence_of_something_else_changes_nothing() {
	ExtBuilder.build_and_execute(|| {
		let (right, wrong) = right_and_wrong();
		let evidence = to_leaf(&right, &wrong);
		let mut other = evidence.clone();
		other[0] ^= 1;
		let short: Evidence = evidence[..7].to_vec().try_into().unwrap();
		for bogus in [other, short, Evidence::default()] {
			for who in [CHALLENGER, DEFENDER, STRANGER] {
				assert_noop!(
					Disputes::prove_leaf(signed(who), UNIT, CHALLENGER, bogus.clone()),
					Error::<Test>::Unproven
				);
			}
		}
		assert_noop!(
			Disputes::prove_leaf(signed(DEFENDER), UNIT, RIVAL, evidence),
			Error::<Test>::NoSuchGame
		);
	});
}

#[test]
fn a_defender_that_does_not_prove_its_leaf_loses() {
	ExtBuilder.build_and_execute(|| {
		let (right, wrong) = right_and_wrong();
		to_leaf(&wrong, &right);
		run_to(game().clocks.deadline + 1);
		let info = Disputes::time_out(signed(STRANGER), UNIT, CHALLENGER).unwrap();
		assert_eq!(info.pays_fee, Pays::No);
		assert_ended(Side::Challenger, Ending::Clock);
	});
}

#[test]
fn a_challenger_that_does_not_choose_loses() {
	ExtBuilder.build_and_execute(|| {
		let (right, _) = right_and_wrong();
		assert_ok!(open(&right.context, CHALLENGER));
		assert_ok!(submit(DEFENDER, CHALLENGER, Move::Reveal(right.leaves())));
		run_to(game().clocks.deadline + 1);
		assert_ok!(Disputes::time_out(signed(STRANGER), UNIT, CHALLENGER));
		assert_ended(Side::Defender, Ending::Clock);
	});
}

#[test]
fn time_out_fails_for_a_game_that_is_not_open() {
	ExtBuilder.build_and_execute(|| {
		assert_noop!(
			Disputes::time_out(signed(STRANGER), UNIT, CHALLENGER),
			Error::<Test>::NoSuchGame
		);
	});
}

#[test]
fn calls_without_a_signature_fail() {
	ExtBuilder.build_and_execute(|| {
		let (right, _) = right_and_wrong();
		assert_ok!(open(&right.context, CHALLENGER));
		let none = RuntimeOrigin::none;
		assert_noop!(
			Disputes::reveal(none(), UNIT, CHALLENGER, right.leaves()),
			DispatchError::BadOrigin
		);
		assert_noop!(
			Disputes::advance(none(), UNIT, CHALLENGER, Default::default()),
			DispatchError::BadOrigin
		);
		assert_noop!(Disputes::choose(none(), UNIT, CHALLENGER, 0), DispatchError::BadOrigin);
		assert_noop!(
			Disputes::prove_leaf(none(), UNIT, CHALLENGER, Evidence::default()),
			DispatchError::BadOrigin
		);
		assert_noop!(Disputes::time_out(none(), UNIT, CHALLENGER), DispatchError::BadOrigin);
	});
}

#[test]
fn losing_one_game_vindicates_nothing_against_others() {
	ExtBuilder.build_and_execute(|| {
		// GIVEN a wrong unit, an accomplice who plays badly, and an honest challenger
		let (right, wrong) = right_and_wrong();
		assert_ok!(open(&wrong.context, RIVAL));
		assert_ok!(open(&wrong.context, CHALLENGER));
		// WHEN the accomplice lets its clock run out
		assert_ok!(submit(DEFENDER, RIVAL, Move::Reveal(wrong.leaves())));
		play_until(&wrong, &right, |phase| matches!(phase, Phase::Prove(_)));
		run_to(dispute(RIVAL).game.clocks.deadline + 1);
		assert_ok!(Disputes::time_out(signed(DEFENDER), UNIT, RIVAL));
		// THEN the honest challenger's game is open still, and won
		assert_eq!(Told::get(), [(UNIT, RIVAL, Side::Defender)]);
		assert_ok!(Disputes::time_out(signed(STRANGER), UNIT, CHALLENGER));
		assert_ended(Side::Challenger, Ending::Clock);
	});
}

#[test]
fn a_refuted_unit_is_refuted_once_and_its_other_games_are_mooted() {
	ExtBuilder.build_and_execute(|| {
		let (right, wrong) = right_and_wrong();
		assert_ok!(open(&wrong.context, RIVAL));
		let evidence = to_leaf(&wrong, &right);
		assert_ok!(Disputes::prove_leaf(signed(STRANGER), UNIT, CHALLENGER, evidence));

		assert_eq!(Told::get(), [(UNIT, CHALLENGER, Side::Challenger)]);
		assert_eq!(Games::<Test>::iter().count(), 0);
		assert_eq!(OpenGames::<Test>::iter().count(), 0);
		System::assert_has_event(Event::GameMooted { unit: UNIT, challenger: RIVAL }.into());
	});
}

#[test]
fn a_game_stays_open_if_its_outcome_cannot_be_taken_in() {
	ExtBuilder.build_and_execute(|| {
		// GIVEN a game whose outcome fails
		let (right, wrong) = right_and_wrong();
		let evidence = to_leaf(&wrong, &right);
		let before = dispute(CHALLENGER);
		OutcomeFails::set(true);
		let call = RuntimeCall::Disputes(crate::Call::prove_leaf {
			unit: UNIT,
			challenger: CHALLENGER,
			evidence,
		});
		// WHEN it is proven THEN nothing changes, and the fee is not returned
		let error = call.clone().dispatch(signed(STRANGER)).unwrap_err();
		assert_eq!(error.error, DispatchError::Other("the outcome cannot be taken in"));
		assert_eq!(error.post_info.pays_fee, Pays::Yes);
		assert_eq!(dispute(CHALLENGER), before);
		assert_eq!(OpenGames::<Test>::get(UNIT).into_inner(), [CHALLENGER]);
		// and it can be tried again
		OutcomeFails::set(false);
		assert_ok!(call.dispatch(signed(STRANGER)));
		assert_ended(Side::Challenger, Ending::Proof);
	});
}

#[test]
fn evidence_is_paid_for_by_its_length() {
	for length in [0, 1, MAX_EVIDENCE] {
		let evidence = vec![0; length as usize].try_into().unwrap();
		let call = crate::Call::<Test>::prove_leaf { unit: UNIT, challenger: CHALLENGER, evidence };
		assert_eq!(call.get_dispatch_info().call_weight, TestWeights::prove_leaf(length));
	}
}
