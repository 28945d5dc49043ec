//! What the view functions answer.

use cairn_primitives::dispute::Level;
use frame_support::assert_ok;

use super::*;
use crate::{Standing, Turn};

#[test]
fn turn_names_the_side_the_level_and_the_deadline() {
	ExtBuilder.build_and_execute(|| {
		let (right, wrong) = right_and_wrong();
		assert_eq!(Disputes::turn(UNIT, CHALLENGER), None);
		assert_eq!(Disputes::game(UNIT, CHALLENGER), None);
		assert_ok!(open(&wrong.context, CHALLENGER));
		assert_eq!(Disputes::game(UNIT, CHALLENGER), Some(dispute(CHALLENGER)));

		let mut levels = vec![];
		loop {
			let turn = Disputes::turn(UNIT, CHALLENGER).unwrap();
			assert_eq!(turn.deadline, now() + ClockBudget::get());
			levels.push((turn.side, turn.level));
			if !step(&wrong, &right) {
				break;
			}
		}
		let (defender, challenger) = (Side::Defender, Side::Challenger);
		let round = |level| [(defender, level), (challenger, level)];
		let expected = [
			&round(Level::Checkpoints)[..],
			&round(Level::Steps),      // 25 steps
			&round(Level::Steps),      // 2
			&round(Level::Operations), // 20, of which the wrong one is a child by itself
			&round(Level::Pieces),     // 18, likewise
			&[(defender, Level::Pieces)],
		]
		.concat();
		assert_eq!(levels, expected);
	});
}

#[test]
fn my_games_lists_both_sides() {
	ExtBuilder.build_and_execute(|| {
		let (right, _) = right_and_wrong();
		assert_ok!(open(&right.context, CHALLENGER));
		assert_ok!(open(&right.context, RIVAL));
		let mut other = right.context.clone();
		other.unit.lane = 9;
		assert_ok!(<Disputes as cairn_primitives::traits::Disputes>::open(
			other.clone(),
			RIVAL,
			DEFENDER,
			cairn_primitives::Hash::zero()
		));
		let turn = Turn {
			side: Side::Defender,
			level: Level::Checkpoints,
			deadline: now() + ClockBudget::get(),
		};
		let standing = |unit, challenger, side| Standing { unit, challenger, side, turn };
		let sorted = |provider| {
			let mut games = Disputes::my_games(provider);
			games.sort_by_key(|game| (game.unit, game.challenger));
			games
		};
		assert_eq!(
			sorted(DEFENDER),
			[
				standing(UNIT, CHALLENGER, Side::Defender),
				standing(UNIT, RIVAL, Side::Defender),
				standing(other.unit, DEFENDER, Side::Challenger),
			]
		);
		assert_eq!(sorted(CHALLENGER), [standing(UNIT, CHALLENGER, Side::Challenger)]);
		assert_eq!(sorted(STRANGER), []);
	});
}
