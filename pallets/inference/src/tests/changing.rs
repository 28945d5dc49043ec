//! `top_up` and `extend`.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{ArithmeticError, TokenError};

use crate::mock::*;

#[test]
fn a_top_up_is_held_and_counts_for_vouchers() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		assert_ok!(top_up(&client(), channel, 500));
		assert_eq!(held(&client()), DEPOSIT + 500);
		assert_eq!(
			last_event(),
			Event::ChannelToppedUp { channel, amount: 500, deposit: DEPOSIT + 500 }
		);
		assert_ok!(settle(&client(), voucher(channel, DEPOSIT + 500)));
		assert_eq!(row(channel).unwrap().settlement.unwrap().best, DEPOSIT + 500);
	});
}

#[test]
fn a_top_up_of_nothing_or_of_too_much_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		assert_noop!(top_up(&client(), channel, 0), Error::ZeroAmount);
		assert_noop!(top_up(&client(), channel, ENDOWMENT), TokenError::FundsUnavailable);
		assert_noop!(top_up(&client(), channel, u128::MAX), ArithmeticError::Overflow);
	});
}

#[test]
fn a_top_up_is_possible_until_expiry() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		pass(LIFE - 1);
		assert_ok!(top_up(&client(), channel, 1));
		pass(1);
		assert_noop!(top_up(&client(), channel, 1), Error::ChannelExpired);
		// THEN an extension makes it possible again
		assert_ok!(extend(&client(), channel, 1));
		assert_ok!(top_up(&client(), channel, 1));
	});
}

#[test]
fn an_extension_counts_from_expiry_or_from_now_if_that_is_over() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		assert_ok!(extend(&client(), channel, 50));
		assert_eq!(row(channel).unwrap().expires, 1 + LIFE + 50);
		assert_eq!(last_event(), Event::ChannelExtended { channel, expires: 1 + LIFE + 50 });
		System::set_block_number(1_000);
		assert_ok!(extend(&client(), channel, 50));
		assert_eq!(row(channel).unwrap().expires, 1_050);
	});
}

#[test]
fn an_extension_beyond_the_longest_life_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		let left = MaxLife::get() - LIFE;
		for blocks in [0, left + 1, u32::MAX] {
			assert_noop!(extend(&client(), channel, blocks), Error::LifeOutOfRange);
		}
		assert_ok!(extend(&client(), channel, left));
		assert_noop!(extend(&client(), channel, 1), Error::LifeOutOfRange);
		pass(1);
		assert_ok!(extend(&client(), channel, 1));
	});
}

#[test]
fn only_the_client_changes_a_channel() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		for who in [other(), provider(MODEL, 0, 0)] {
			assert_noop!(top_up(&who, channel, 1), Error::NotClient);
			assert_noop!(extend(&who, channel, 1), Error::NotClient);
		}
	});
}

#[test]
fn a_channel_that_does_not_exist_takes_no_change() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(top_up(&client(), 0, 1), Error::UnknownChannel);
		assert_noop!(extend(&client(), 0, 1), Error::UnknownChannel);
	});
}

#[test]
fn a_channel_that_is_being_settled_takes_no_change() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = settled(1);
		assert_noop!(top_up(&client(), channel, 1), Error::Settling);
		assert_noop!(extend(&client(), channel, 1), Error::Settling);
	});
}
