//! `open_channel`.

use cairn_primitives::{voucher::Price, ModelStatus, PauseReason};
use frame_support::{assert_noop, assert_ok};
use sp_core::Pair;
use sp_runtime::TokenError;

use crate::{mock::*, Channel, OpenChannels};

#[test]
fn an_opened_channel_holds_the_deposit_and_fixes_the_price() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opening().dispatch().unwrap();

		assert_eq!(held(&client()), DEPOSIT);
		assert_eq!(free(&client()), ENDOWMENT - DEPOSIT);
		let expected = Channel {
			client: client(),
			signer: client(),
			model: MODEL,
			lane: 0,
			deposit: DEPOSIT,
			price: PRICE,
			expires: 1 + LIFE,
			settlement: None,
		};
		assert_eq!(row(channel), Some(expected));
		assert_eq!(OpenChannels::<Test>::get((client(), MODEL, 0)), Some(channel));
		let event = Event::ChannelOpened {
			channel,
			client: client(),
			signer: client(),
			model: MODEL,
			lane: 0,
			deposit: DEPOSIT,
			price: PRICE,
			expires: 1 + LIFE,
		};
		assert_eq!(last_event(), event);
		// THEN a later price is for later channels
		change(MODEL, |model| model.price = Some(Price { prompt: 1, completion: 1 }));
		assert_eq!(row(channel).unwrap().price, PRICE);
	});
}

#[test]
fn numbers_of_channels_are_never_given_again() {
	ExtBuilder::default().build_and_execute(|| {
		let first = settled(0);
		pass(SettlementWindow::get());
		close(&stranger(), first).unwrap();
		assert_eq!(opened(), first + 1);
	});
}

#[test]
fn a_hot_key_may_sign_in_place_of_the_client() {
	ExtBuilder::default().build_and_execute(|| {
		let hot = ed25519_pair("Hot").public();
		let channel = Opening { signer: Some(hot.into()), ..opening() }.dispatch().unwrap();
		assert_eq!(row(channel).unwrap().signer, account_of(hot));
		assert_eq!(row(channel).unwrap().client, client());
	});
}

#[test]
fn one_channel_is_open_for_each_client_model_and_lane() {
	ExtBuilder::default().build_and_execute(|| {
		opened();
		assert_noop!(opening().dispatch(), Error::AlreadyOpen);
		// A difference in any of the three makes another channel.
		assert_ok!(Opening { client: other(), ..opening() }.dispatch());
		assert_ok!(Opening { model: OTHER, ..opening() }.dispatch());
		assert_ok!(Opening { lane: 1, ..opening() }.dispatch());
		assert_eq!(held(&client()), 3 * DEPOSIT);
	});
}

#[test]
fn a_channel_that_is_being_settled_makes_room_for_another() {
	ExtBuilder::default().build_and_execute(|| {
		let first = settled(1_000);
		let second = opened();
		assert_ne!(first, second);
		assert_eq!(held(&client()), 2 * DEPOSIT);
		// THEN closing the first leaves the second alone
		pass(SettlementWindow::get());
		assert_ok!(close(&stranger(), first));
		assert_eq!(OpenChannels::<Test>::get((client(), MODEL, 0)), Some(second));
		assert_eq!(held(&client()), DEPOSIT);
	});
}

#[test]
fn a_deposit_below_the_minimum_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let least = MinDeposit::get();
		let small = Opening { deposit: least - 1, ..opening() };
		assert_noop!(small.dispatch(), Error::DepositTooSmall);
		assert_ok!(Opening { deposit: least, ..opening() }.dispatch());
	});
}

#[test]
fn a_deposit_that_the_client_does_not_have_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let all = Opening { deposit: ENDOWMENT, ..opening() };
		assert_noop!(all.dispatch(), TokenError::FundsUnavailable);
		let deposit = ENDOWMENT - ExistentialDeposit::get();
		assert_ok!(Opening { deposit, ..opening() }.dispatch());
	});
}

#[test]
fn a_life_outside_the_bounds_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		for blocks in [0, MaxLife::get() + 1, u32::MAX] {
			assert_noop!(Opening { blocks, ..opening() }.dispatch(), Error::LifeOutOfRange);
		}
		assert_ok!(Opening { blocks: 1, ..opening() }.dispatch());
		assert_ok!(Opening { blocks: MaxLife::get(), lane: 1, ..opening() }.dispatch());
	});
}

#[test]
fn an_unknown_model_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Opening { model: UNKNOWN, ..opening() }.dispatch(), Error::UnknownModel);
	});
}

#[test]
fn a_model_that_does_not_serve_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let paused = ModelStatus::Paused(PauseReason::Owner);
		for status in [ModelStatus::Proposed, paused, ModelStatus::Retired] {
			change(MODEL, |model| model.status = status);
			assert_noop!(opening().dispatch(), Error::NotServing);
		}
		change(MODEL, |model| model.status = ModelStatus::Training);
		assert_ok!(opening().dispatch());
	});
}

#[test]
fn a_model_without_a_price_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		change(MODEL, |model| model.price = None);
		assert_noop!(opening().dispatch(), Error::NoPrice);
	});
}

#[test]
fn a_price_above_the_accepted_one_is_refused_in_either_part() {
	ExtBuilder::default().build_and_execute(|| {
		let prompt = Price { prompt: PRICE.prompt - 1, ..PRICE };
		let completion = Price { completion: PRICE.completion - 1, ..PRICE };
		for max_price in [prompt, completion] {
			assert_noop!(Opening { max_price, ..opening() }.dispatch(), Error::PriceTooHigh);
		}
	});
}

#[test]
fn a_lane_that_the_spec_does_not_have_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Opening { lane: 2, ..opening() }.dispatch(), Error::NoSuchLane);
		assert_noop!(Opening { lane: u8::MAX, ..opening() }.dispatch(), Error::NoSuchLane);
		assert_ok!(Opening { lane: 1, ..opening() }.dispatch());
	});
}

#[test]
fn a_lane_with_a_vacancy_at_any_stage_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		for stage in 0..2 {
			reseat(MODEL, stage, 0, None);
			assert_noop!(opening().dispatch(), Error::LaneVacant);
			reseat(MODEL, stage, 0, Some(provider(MODEL, stage, 0)));
		}
		// A vacancy in another lane does not matter.
		reseat(MODEL, 1, 1, None);
		assert_ok!(opening().dispatch());
		// A stage that nobody ever enlisted for has no roster at all.
		Rosters::mutate(|rosters| rosters.remove(&(OTHER, 2)));
		assert_noop!(Opening { model: OTHER, ..opening() }.dispatch(), Error::LaneVacant);
	});
}
