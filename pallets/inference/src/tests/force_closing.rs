//! `force_close`.

use frame_support::{assert_noop, assert_ok, dispatch::Pays};

use crate::{mock::*, Channels, Hired, OpenChannels};

#[test]
fn the_client_gets_an_unused_deposit_back_after_expiry() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		pass(LIFE + SettlementWindow::get());
		assert_ok!(force_close(&client(), channel));
		assert_eq!(free(&client()), ENDOWMENT);
		assert_eq!(held(&client()), 0);
		assert_eq!(Channels::<Test>::iter().count(), 0);
		assert_eq!(OpenChannels::<Test>::iter().count(), 0);
		assert_eq!(Hired::<Test>::iter().count(), 0);
		let event =
			Event::ChannelClosed { channel, client: client(), fee: 0, revenue: 0, refund: DEPOSIT };
		assert_eq!(last_event(), event);
	});
}

#[test]
fn seats_have_a_settlement_window_after_expiry() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		pass(LIFE);
		assert_noop!(force_close(&client(), channel), Error::NotExpired);
		pass(SettlementWindow::get() - 1);
		assert_noop!(force_close(&client(), channel), Error::NotExpired);
		// A seat settles in the last block.
		assert_ok!(settle(&provider(MODEL, 0, 0), voucher(channel, 1_000)));
		pass(1);
		assert_noop!(force_close(&client(), channel), Error::SettlementOpen);
	});
}

#[test]
fn an_extension_puts_off_the_end() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		assert_ok!(extend(&client(), channel, 1));
		pass(LIFE + SettlementWindow::get());
		assert_noop!(force_close(&client(), channel), Error::NotExpired);
		pass(1);
		assert_ok!(force_close(&client(), channel));
	});
}

#[test]
fn forcing_a_settled_channel_pays_like_closing_it() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = settled(1_000);
		pass(SettlementWindow::get() - 1);
		assert_noop!(force_close(&client(), channel), Error::SettlementOpen);
		pass(1);
		let post = dispatch(&client(), Call::force_close { channel }).unwrap();
		assert_eq!(post.pays_fee, Pays::Yes);
		assert_eq!(free(&client()), ENDOWMENT - 1_000);
		assert!(free(&provider(MODEL, 0, 0)) > ENDOWMENT);
		assert!(revenue(MODEL) >= 700);
	});
}

#[test]
fn only_the_client_forces_and_only_its_own_channel() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(force_close(&client(), 0), Error::UnknownChannel);
		let channel = opened();
		pass(LIFE + SettlementWindow::get());
		for who in [other(), stranger(), provider(MODEL, 0, 0)] {
			assert_noop!(force_close(&who, channel), Error::NotClient);
		}
	});
}
