//! Tests by topic.

mod clocks;
mod endings;
mod exhaustive;
mod moves;
mod random;
mod registry;
mod trace;
mod views;

use cairn_primitives::lcg::Lcg;
use frame_support::{assert_ok, dispatch::DispatchResult};

use crate::{mock::*, Dispute, Game, Games, Move, Phase, Side};
use trace::Trace;

/// The usual game, as it stands.
fn game() -> Game {
	dispute(CHALLENGER).game
}

fn dispute(challenger: AccountId) -> Dispute<AccountId> {
	Games::<Test>::get(UNIT, challenger).expect("the game is open")
}

fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// Make a move through the call that it stands for.
fn submit(who: AccountId, challenger: AccountId, movement: Move) -> DispatchResult {
	match movement {
		Move::Reveal(leaves) => Disputes::reveal(signed(who), UNIT, challenger, leaves),
		Move::Split(hashes) => Disputes::advance(signed(who), UNIT, challenger, hashes),
		Move::Choose(child) => Disputes::choose(signed(who), UNIT, challenger, child),
	}
}

/// Make the move that is due, the defender by one trace and the challenger by another; `false` at the leaf.
fn step(defender: &Trace, challenger: &Trace) -> bool {
	let game = game();
	let (who, trace) = match game.turn().side {
		Side::Defender => (worker(DEFENDER), defender),
		Side::Challenger => (worker(CHALLENGER), challenger),
	};
	let Some(movement) = trace.next_move(&game) else { return false };
	assert_ok!(submit(who, CHALLENGER, movement));
	true
}

/// Play on until the phase is as wanted.
fn play_until(defender: &Trace, challenger: &Trace, wanted: impl Fn(&Phase) -> bool) {
	while !wanted(&game().phase) {
		assert!(step(defender, challenger), "the game came to the leaf before the wanted phase");
	}
}

/// A right and a wrong trace of the usual unit, wrong from somewhere in step 60 on.
fn right_and_wrong() -> (Trace, Trace) {
	let right = Trace::honest::<Lcg>(&spec(), Trace::done(100), 5);
	let wrong = right.wrong_from(60 * 360 + 123, 1);
	(right, wrong)
}
