//! `close`.

use frame_support::{assert_noop, assert_ok, dispatch::Pays};

use crate::{mock::*, Channels, Hired, OpenChannels, Served};

#[test]
fn closing_pays_seats_and_holders_and_returns_the_rest() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN a channel that pays 1,000 of 10,000, of which 30 % are the seats'
		let channel = settled(1_000);
		pass(SettlementWindow::get());
		// WHEN anyone closes it
		assert_ok!(close(&stranger(), channel));
		// THEN the seats share 300 by FLOPs, the holders have 700, and the client the rest
		let spec = Registry::get()[&MODEL].spec.clone();
		let flops = [0, 1].map(|stage| spec.stage_cost(stage).unwrap().per_sample);
		let parts = flops.map(|f| 300 * f / (flops[0] + flops[1]));
		assert!(parts[0] > 0 && parts[1] > parts[0], "the head makes the last stage dearer");
		for stage in 0..2 {
			let seat = provider(MODEL, stage, 0);
			assert_eq!(free(&seat), ENDOWMENT + parts[usize::from(stage)]);
		}
		let fee = parts[0] + parts[1];
		assert_eq!(revenue(MODEL), 1_000 - fee);
		assert_eq!(free(&holders()), ENDOWMENT + 1_000 - fee);
		assert_eq!(free(&client()), ENDOWMENT - 1_000);
		assert_eq!(held(&client()), 0);
		assert_eq!(free(&Inference::pot()), ExistentialDeposit::get());
		let expected = Event::ChannelClosed {
			channel,
			client: client(),
			fee,
			revenue: 1_000 - fee,
			refund: 9_000,
		};
		assert_eq!(last_event(), expected);
		for stage in 0..2 {
			let (provider, amount) = (provider(MODEL, stage, 0), parts[usize::from(stage)]);
			System::assert_has_event(Event::SeatPaid { channel, stage, provider, amount }.into());
		}
	});
}

#[test]
fn closing_leaves_no_row_behind() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = settled(1_000);
		pass(SettlementWindow::get());
		assert_ok!(close(&stranger(), channel));
		assert_eq!(Channels::<Test>::iter().count(), 0);
		assert_eq!(OpenChannels::<Test>::iter().count(), 0);
		assert_eq!(Hired::<Test>::iter().count(), 0);
		assert_eq!(Served::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_channel_pays_once() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = settled(1_000);
		pass(SettlementWindow::get());
		assert_ok!(close(&stranger(), channel));
		assert_noop!(close(&stranger(), channel), Error::UnknownChannel);
		let again = settle(&provider(MODEL, 0, 0), voucher(channel, 2_000));
		assert_noop!(again, Error::UnknownChannel);
	});
}

#[test]
fn the_best_voucher_is_paid() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = settled(1_000);
		assert_ok!(settle(&provider(MODEL, 1, 0), voucher(channel, 4_000)));
		pass(SettlementWindow::get());
		assert_ok!(close(&stranger(), channel));
		assert_eq!(free(&client()), ENDOWMENT - 4_000);
	});
}

#[test]
fn closing_is_possible_from_the_block_after_the_last_better_voucher() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = settled(1_000);
		pass(SettlementWindow::get() - 1);
		assert_noop!(close(&stranger(), channel), Error::SettlementOpen);
		pass(1);
		assert_ok!(close(&stranger(), channel));
	});
}

#[test]
fn a_change_of_the_settlement_window_is_for_later_settlements() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = settled(1_000);
		SettlementWindow::set(2);
		pass(19);
		assert_noop!(close(&stranger(), channel), Error::SettlementOpen);
		pass(1);
		assert_ok!(close(&stranger(), channel));
	});
}

#[test]
fn a_channel_without_a_voucher_cannot_be_closed() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(close(&client(), 0), Error::UnknownChannel);
		let channel = opened();
		pass(10 * LIFE);
		assert_noop!(close(&client(), channel), Error::NotSettled);
	});
}

#[test]
fn closing_is_free_for_whoever_does_it() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = settled(1_000);
		pass(SettlementWindow::get());
		let post = dispatch(&stranger(), Call::close { channel }).unwrap();
		assert_eq!(post.pays_fee, Pays::No);
	});
}

#[test]
fn if_revenue_is_refused_nobody_is_paid_and_nothing_is_lost() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = settled(1_000);
		pass(SettlementWindow::get());
		RevenueFails::set(true);
		assert!(close(&stranger(), channel).is_err());
		assert_eq!(held(&client()), DEPOSIT);
		assert_eq!(free(&provider(MODEL, 0, 0)), ENDOWMENT);
		RevenueFails::set(false);
		assert_ok!(close(&stranger(), channel));
	});
}

#[test]
fn a_model_without_spec_or_terms_keeps_the_channel_as_it_is() {
	ExtBuilder::default().build_and_execute(|| {
		let (channel, model) = (settled(1_000), Registry::get()[&MODEL].clone());
		pass(SettlementWindow::get());
		Registry::mutate(|registry| registry.remove(&MODEL));
		assert_noop!(close(&stranger(), channel), Error::UnknownModel);
		Registry::mutate(|registry| registry.insert(MODEL, model));
		assert_ok!(close(&stranger(), channel));
	});
}
