//! Chess clocks: whose runs, for how long, and what happens at their edge.

use frame_support::{assert_noop, assert_ok};

use super::*;
use crate::{Clocks, Error, Times};

const TIMES: Times = Times { budget: 100, extension: 10 };

#[test]
fn only_the_clock_of_the_side_to_move_runs() {
	let clocks = Clocks::start(Side::Defender, 7, TIMES);
	assert_eq!((clocks.since, clocks.deadline), (7, 107));

	let clocks = clocks.press(Side::Defender, 37);
	assert_eq!((clocks.defender, clocks.challenger), (70, 100));
	assert_eq!((clocks.since, clocks.deadline), (37, 137));

	let clocks = clocks.press(Side::Challenger, 97);
	assert_eq!((clocks.defender, clocks.challenger), (70, 40));
	assert_eq!((clocks.since, clocks.deadline), (97, 167));
}

#[test]
fn a_side_without_budget_has_the_extension_for_each_move() {
	let clocks = Clocks::start(Side::Defender, 0, TIMES).press(Side::Defender, 100);
	assert_eq!(clocks.defender, 0);
	let clocks = clocks.press(Side::Challenger, 101);
	assert_eq!(clocks.deadline, 111);
	let clocks = clocks.press(Side::Defender, 111).press(Side::Challenger, 112);
	assert_eq!((clocks.defender, clocks.deadline), (0, 122));
}

#[test]
fn a_side_with_less_budget_than_the_extension_has_the_extension() {
	let clocks = Clocks::start(Side::Defender, 0, TIMES).press(Side::Defender, 95);
	let clocks = clocks.press(Side::Challenger, 95);
	assert_eq!((clocks.defender, clocks.deadline), (5, 105));
	// What the extension gives does not come back as budget.
	let clocks = clocks.press(Side::Defender, 98).press(Side::Challenger, 98);
	assert_eq!((clocks.defender, clocks.deadline), (2, 108));
}

#[test]
fn nobody_is_left_without_a_block_to_answer_in() {
	let clocks = Clocks::start(Side::Challenger, 3, Times { budget: 0, extension: 0 });
	assert!(!clocks.has_run_out(4));
	assert!(clocks.has_run_out(5));
}

#[test]
fn clocks_at_the_end_of_time_do_not_wrap() {
	let clocks = Clocks::start(Side::Defender, u32::MAX - 1, TIMES);
	assert_eq!(clocks.deadline, u32::MAX);
	assert!(!clocks.has_run_out(u32::MAX));
}

#[test]
fn a_move_counts_in_the_block_of_the_deadline_and_no_later() {
	// At each turn of a game, of either side.
	for turn in 0..=10 {
		ExtBuilder.build_and_execute(|| {
			let (right, wrong) = right_and_wrong();
			assert_ok!(open(&wrong.context, CHALLENGER));
			for _ in 0..turn {
				assert!(step(&wrong, &right));
			}
			let game = game();
			let side = game.turn().side;
			let (who, trace) = match side {
				Side::Defender => (DEFENDER, &wrong),
				Side::Challenger => (CHALLENGER, &right),
			};

			// GIVEN the block before the deadline, and the deadline: the game goes on
			for block in [game.clocks.deadline - 1, game.clocks.deadline] {
				run_to(block);
				assert_noop!(
					Disputes::time_out(signed(STRANGER), UNIT, CHALLENGER),
					Error::<Test>::ClockRunning
				);
			}
			if let Some(movement) = trace.next_move(&game) {
				assert_ok!(game.clone().play::<Lcg>(&spec(), movement.clone(), now()));
				// WHEN the deadline is over, THEN the move does not count
				run_to(game.clocks.deadline + 1);
				assert_noop!(submit(who, CHALLENGER, movement), Error::<Test>::OutOfTime);
			}
			run_to(game.clocks.deadline + 1);
			assert_ok!(Disputes::time_out(signed(STRANGER), UNIT, CHALLENGER));
			assert_eq!(Told::get(), [(UNIT, CHALLENGER, side.opponent())]);
		});
	}
}

#[test]
fn a_proof_counts_in_the_block_of_the_deadline_and_no_later() {
	let at_leaf = |offset: u32| {
		let (right, wrong) = right_and_wrong();
		assert_ok!(open(&right.context, CHALLENGER));
		play_until(&right, &wrong, |phase| matches!(phase, Phase::Prove(_)));
		let Phase::Prove(leaf) = game().phase else { unreachable!("the phase was waited for") };
		run_to(game().clocks.deadline + offset);
		right.evidence(&leaf).try_into().unwrap()
	};
	ExtBuilder.build_and_execute(|| {
		let evidence = at_leaf(0);
		assert_ok!(Disputes::prove_leaf(signed(DEFENDER), UNIT, CHALLENGER, evidence));
		assert_eq!(Told::get(), [(UNIT, CHALLENGER, Side::Defender)]);
	});
	ExtBuilder.build_and_execute(|| {
		let evidence = at_leaf(1);
		assert_noop!(
			Disputes::prove_leaf(signed(DEFENDER), UNIT, CHALLENGER, evidence),
			Error::<Test>::OutOfTime
		);
	});
}

#[test]
fn new_parameters_concern_new_games_only() {
	ExtBuilder.build_and_execute(|| {
		// GIVEN a game
		let (right, wrong) = right_and_wrong();
		assert_ok!(open(&wrong.context, CHALLENGER));
		let before = game().clocks;
		// WHEN the parameters change
		ClockBudget::set(1);
		ClockExtension::set(1);
		assert_ok!(open(&wrong.context, RIVAL));
		// THEN its clocks go on as before, and only the next game has the new ones
		assert_eq!(game().clocks, before);
		run_to(before.deadline);
		step(&wrong, &right);
		assert_eq!(game().clocks.deadline, now() + before.challenger);
		step(&wrong, &right);
		assert_eq!(game().clocks.deadline, now() + before.extension);
		assert_eq!(dispute(RIVAL).game.clocks.extension, 1);
	});
}
