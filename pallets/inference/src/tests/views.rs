//! What wallets ask.

use cairn_primitives::voucher::{Price, Voucher};

use crate::mock::*;

#[test]
fn a_quote_is_at_the_current_price() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Inference::quote(MODEL, 10, 100), Some(2 * 10 + 5 * 100));
		change(MODEL, |model| model.price = Some(Price { prompt: 1, completion: 0 }));
		assert_eq!(Inference::quote(MODEL, 1, 1), Some(1), "rounded up");
		change(MODEL, |model| model.price = None);
		assert_eq!(Inference::quote(MODEL, 10, 100), None);
		assert_eq!(Inference::quote(UNKNOWN, 10, 100), None);
	});
}

#[test]
fn a_channel_is_found_by_number_and_by_what_it_is_for() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Inference::open_channel_of(client(), MODEL, 0), None);
		let channel = opened();
		assert_eq!(Inference::open_channel_of(client(), MODEL, 0), Some(channel));
		assert_eq!(Inference::channel(channel), row(channel));
		assert_eq!(Inference::channel(channel + 1), None);
	});
}

#[test]
fn the_message_of_a_voucher_is_that_of_the_primitives() {
	ExtBuilder::default().build_and_execute(|| {
		let expected = Voucher::message(genesis(), 3, 4, 5);
		assert_eq!(Inference::voucher_message(3, 4, 5), expected);
	});
}
