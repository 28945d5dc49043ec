//! Opening and mooting games.

use cairn_primitives::{dispute::UnitContext, traits::Disputes as _, Hash, Outcome, UnitId};
use codec::MaxEncodedLen;
use frame_support::{assert_noop, assert_ok};

use super::*;
use crate::{Error, Event, OpenGames};

#[test]
fn a_game_opens_with_the_defender_to_reveal() {
	ExtBuilder.build_and_execute(|| {
		let (right, _) = right_and_wrong();
		assert!(!Disputes::is_contested(&UNIT));
		assert_ok!(open(&right.context, CHALLENGER));

		assert!(Disputes::is_contested(&UNIT));
		assert_eq!(game().phase, Phase::Reveal);
		assert_eq!(game().context, right.context);
		assert_eq!(dispute(CHALLENGER).defender, DEFENDER);
		assert_eq!(OpenGames::<Test>::get(UNIT).into_inner(), [CHALLENGER]);
		System::assert_last_event(
			Event::GameOpened {
				unit: UNIT,
				challenger: CHALLENGER,
				defender: DEFENDER,
				checkpoints: Hash::repeat_byte(0xcc),
				deadline: now() + ClockBudget::get(),
			}
			.into(),
		);
	});
}

#[test]
fn a_challenger_has_one_game_about_a_unit_at_a_time() {
	ExtBuilder.build_and_execute(|| {
		let (right, _) = right_and_wrong();
		assert_ok!(open(&right.context, CHALLENGER));
		assert_noop!(open(&right.context, CHALLENGER), Error::<Test>::AlreadyOpen);
		// Another unit is another matter.
		let mut other = right.context.clone();
		other.unit.lane = 9;
		assert_ok!(open(&other, CHALLENGER));
	});
}

#[test]
fn as_many_games_about_a_unit_are_open_as_there_may_be() {
	ExtBuilder.build_and_execute(|| {
		let (right, _) = right_and_wrong();
		for challenger in 10..10 + u64::from(MaxGamesPerUnit::get()) {
			assert_ok!(open(&right.context, challenger));
		}
		assert_noop!(open(&right.context, CHALLENGER), Error::<Test>::TooManyGames);
		// WHEN one of them ends THEN there is room again
		run_to(now() + ClockBudget::get());
		assert_ok!(Disputes::reveal(signed(DEFENDER), UNIT, 10, right.leaves()));
		run_to(dispute(10).game.clocks.deadline + 1);
		assert_ok!(Disputes::time_out(signed(STRANGER), UNIT, 10));
		assert_ok!(open(&right.context, CHALLENGER));
	});
}

#[test]
fn what_cannot_be_disputed_is_refused() {
	ExtBuilder.build_and_execute(|| {
		let (right, _) = right_and_wrong();
		assert_noop!(open(&right.context, DEFENDER), Error::<Test>::OwnUnit);
		let same = right.context.checkpoints;
		assert_noop!(
			Disputes::open(right.context.clone(), DEFENDER, CHALLENGER, same),
			Error::<Test>::NothingDisputed
		);
		let unit = UnitId { model: UNKNOWN_MODEL, ..UNIT };
		let context = UnitContext { unit, ..right.context.clone() };
		assert_noop!(open(&context, CHALLENGER), Error::<Test>::UnknownModel);
	});
}

#[test]
fn a_trace_is_as_long_as_a_window_at_most() {
	ExtBuilder.build_and_execute(|| {
		let (right, _) = right_and_wrong();
		for (challenger, outcome, is_whole) in [
			(10, Outcome::Done { steps: 100 }, true),
			(11, Outcome::Done { steps: 101 }, false),
			(12, Outcome::Diverged { step: 100, operation: 0 }, true),
			(13, Outcome::Diverged { step: 101, operation: 0 }, false),
			(14, Outcome::Diverged { step: u32::MAX, operation: 0 }, false),
		] {
			let context = UnitContext { outcome, ..right.context.clone() };
			if is_whole {
				assert_ok!(open(&context, challenger));
			} else {
				assert_noop!(open(&context, challenger), Error::<Test>::TraceTooLong);
			}
		}
	});
}

#[test]
fn mooting_ends_all_games_about_a_unit_and_no_others() {
	ExtBuilder.build_and_execute(|| {
		let (right, _) = right_and_wrong();
		assert_ok!(open(&right.context, CHALLENGER));
		assert_ok!(open(&right.context, RIVAL));
		let mut other = right.context.clone();
		other.unit.lane = 9;
		assert_ok!(open(&other, CHALLENGER));

		Disputes::moot(&UNIT);

		assert!(!Disputes::is_contested(&UNIT));
		assert!(Disputes::is_contested(&other.unit));
		assert_eq!(Games::<Test>::iter().count(), 1);
		assert_eq!(Told::get(), [], "nobody is fined again");
		for challenger in [CHALLENGER, RIVAL] {
			System::assert_has_event(Event::GameMooted { unit: UNIT, challenger }.into());
		}
		// Mooting what is not disputed does nothing.
		let events = System::events().len();
		Disputes::moot(&UNIT);
		assert_eq!(System::events().len(), events);
	});
}

#[test]
fn a_row_is_as_small_as_documented() {
	let bytes = Dispute::<sp_runtime::AccountId32>::max_encoded_len();
	assert_eq!(bytes, 851, "see the documentation of `Games` and the README");
}
