//! `settle`: who may, when, and which voucher wins.

use frame_support::{assert_noop, assert_ok, dispatch::Pays};

use crate::{mock::*, Hired, OpenChannels, Served, Settlement};

#[test]
fn the_first_voucher_starts_the_settlement_and_writes_down_who_serves() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		pass(3);
		assert_ok!(settle(&provider(MODEL, 1, 0), voucher(channel, 700)));

		let by = provider(MODEL, 1, 0);
		let closes = 4 + SettlementWindow::get();
		let expected = Settlement { best: 700, window: WINDOW, by: by.clone(), closes };
		assert_eq!(row(channel).unwrap().settlement, Some(expected));
		let seats = [provider(MODEL, 0, 0), provider(MODEL, 1, 0)];
		assert_eq!(Served::<Test>::get(channel).unwrap().into_inner(), seats);
		assert_eq!(OpenChannels::<Test>::get((client(), MODEL, 0)), None);
		let event = Event::SettlementStarted { channel, by, amount: 700, window: WINDOW, closes };
		assert_eq!(last_event(), event);
		assert_eq!(held(&client()), DEPOSIT, "nothing is paid yet");
	});
}

#[test]
fn client_provider_and_worker_key_of_each_stage_may_settle() {
	let seats = [provider(MODEL, 0, 0), provider(MODEL, 1, 0)];
	let workers = seats.each_ref().map(worker);
	for who in [client()].into_iter().chain(seats).chain(workers) {
		ExtBuilder::default().build_and_execute(|| {
			let channel = opened();
			assert_ok!(settle(&who, voucher(channel, 1)));
			// A worker key is written down as its provider.
			let by = row(channel).unwrap().settlement.unwrap().by;
			assert_eq!(by, Workers::get().get(&who).cloned().unwrap_or(who));
		});
	}
}

#[test]
fn nobody_else_may_settle() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		let another_lane = provider(MODEL, 0, 1);
		let another_model = provider(OTHER, 0, 0);
		for who in [stranger(), other(), another_lane.clone(), worker(&another_lane), another_model]
		{
			assert_noop!(settle(&who, voucher(channel, 1)), Error::NotParty);
		}
		// Nor once a settlement began.
		assert_ok!(settle(&client(), voucher(channel, 1)));
		assert_noop!(settle(&another_lane, voucher(channel, 2)), Error::NotParty);
	});
}

#[test]
fn a_channel_that_does_not_exist_cannot_be_settled() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(settle(&client(), voucher(0, 1)), Error::UnknownChannel);
	});
}

#[test]
fn of_two_vouchers_the_higher_wins_in_either_order() {
	for (first, second, best) in [(300, 700, 700), (700, 300, 700)] {
		ExtBuilder::default().build_and_execute(|| {
			let channel = opened();
			assert_ok!(settle(&provider(MODEL, 0, 0), voucher(channel, first)));
			let raised = settle(&provider(MODEL, 1, 0), voucher(channel, second));
			assert_eq!(raised.is_ok(), second > first);
			assert_eq!(row(channel).unwrap().settlement.unwrap().best, best);
		});
	}
}

#[test]
fn a_higher_voucher_takes_the_place_and_leaves_the_clock_alone() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = settled(300);
		let closes = row(channel).unwrap().settlement.unwrap().closes;
		pass(5);
		let by = provider(MODEL, 1, 0);
		assert_ok!(settle(&worker(&by), voucher(channel, 301)));
		let expected = Settlement { best: 301, window: WINDOW, by: by.clone(), closes };
		assert_eq!(row(channel).unwrap().settlement, Some(expected));
		let event = Event::SettlementRaised { channel, by, amount: 301, window: WINDOW };
		assert_eq!(last_event(), event);
	});
}

#[test]
fn an_equal_or_lower_voucher_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = settled(300);
		for amount in [0, 299, 300] {
			let refused = settle(&provider(MODEL, 1, 0), voucher(channel, amount));
			assert_noop!(refused, Error::VoucherNotBetter);
		}
	});
}

#[test]
fn a_raise_needs_a_signature_too() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = settled(300);
		let forged = voucher_by(&pair("Other"), channel, 301);
		assert_noop!(settle(&provider(MODEL, 1, 0), forged), Error::BadSignature);
	});
}

#[test]
fn a_voucher_above_the_deposit_is_worth_the_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = settled(DEPOSIT + 1);
		assert_eq!(row(channel).unwrap().settlement.unwrap().best, DEPOSIT);
		// THEN nothing is better
		for amount in [DEPOSIT, DEPOSIT + 2, u128::MAX] {
			let refused = settle(&provider(MODEL, 1, 0), voucher(channel, amount));
			assert_noop!(refused, Error::VoucherNotBetter);
		}
	});
}

#[test]
fn better_vouchers_count_until_the_block_before_closing() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = settled(1);
		pass(SettlementWindow::get() - 1);
		assert_ok!(settle(&client(), voucher(channel, 2)));
		pass(1);
		assert_noop!(settle(&client(), voucher(channel, 3)), Error::SettlementOver);
	});
}

#[test]
fn expiry_takes_nothing_from_seats_while_the_channel_exists() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		pass(LIFE + SettlementWindow::get() + 1_000);
		assert_ok!(settle(&provider(MODEL, 0, 0), voucher(channel, 9)));
	});
}

#[test]
fn a_voucher_of_nothing_ends_a_channel_early() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		assert_ok!(settle(&client(), voucher(channel, 0)));
		pass(SettlementWindow::get());
		assert_ok!(close(&client(), channel));
		assert_eq!(free(&client()), ENDOWMENT);
	});
}

#[test]
fn who_is_paid_is_fixed_by_the_first_settlement() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN a seat that changed hands before the settlement, and another that does after it
		let channel = opened();
		let (early, late) = (provider(MODEL, 0, 1), provider(MODEL, 1, 1));
		reseat(MODEL, 0, 0, Some(early.clone()));
		assert_ok!(settle(&early, voucher(channel, 1)));
		reseat(MODEL, 1, 0, Some(late.clone()));
		// THEN who left later is still a party, and who came later is not
		assert_noop!(settle(&late, voucher(channel, 2)), Error::NotParty);
		assert_ok!(settle(&provider(MODEL, 1, 0), voucher(channel, 2)));
		let seats = [early, provider(MODEL, 1, 0)];
		assert_eq!(Served::<Test>::get(channel).unwrap().into_inner(), seats);
	});
}

#[test]
fn who_was_hired_may_settle_and_raise_from_anywhere() {
	let hired = [provider(MODEL, 0, 0), provider(MODEL, 1, 0)];
	let workers = hired.each_ref().map(worker);
	for who in hired.iter().chain(&workers) {
		ExtBuilder::default().build_and_execute(|| {
			// GIVEN a lane in which one seat fell vacant and the other changed hands
			let channel = opened();
			reseat(MODEL, 0, 0, None);
			reseat(MODEL, 1, 0, Some(provider(OTHER, 0, 0)));
			// THEN whoever sat in it at the opening may settle, and raise
			assert_ok!(settle(who, voucher(channel, 1)));
			assert_ok!(settle(who, voucher(channel, 2)));
			// and is paid for the seat that nobody has.
			let seats = [provider(MODEL, 0, 0), provider(OTHER, 0, 0)];
			assert_eq!(Served::<Test>::get(channel).unwrap().into_inner(), seats);
		});
	}
}

#[test]
fn who_was_hired_and_works_for_somebody_else_by_now_is_a_party_still() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		let hired = provider(MODEL, 0, 0);
		Workers::mutate(|workers| workers.insert(hired.clone(), provider(OTHER, 0, 0)));
		assert_ok!(settle(&hired, voucher(channel, 1)));
		assert_eq!(row(channel).unwrap().settlement.unwrap().by, hired);
	});
}

#[test]
fn who_came_and_left_between_opening_and_settlement_is_no_party() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		let guest = provider(OTHER, 0, 0);
		reseat(MODEL, 0, 0, Some(guest.clone()));
		reseat(MODEL, 0, 0, Some(provider(MODEL, 0, 0)));
		assert_noop!(settle(&guest, voucher(channel, 1)), Error::NotParty);
	});
}

#[test]
fn a_client_takes_nothing_back_by_settling_nothing_after_its_model_retired() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN seats with a voucher of 1,000, and a client whose model is retired and whose lane was cleared
		let channel = opened();
		retire_and_dissolve(MODEL);
		// WHEN the client settles a voucher of nothing
		assert_ok!(settle(&client(), voucher(channel, 0)));
		// THEN a seat raises it
		assert_ok!(settle(&worker(&provider(MODEL, 1, 0)), voucher(channel, 1_000)));
		pass(SettlementWindow::get());
		assert_ok!(close(&stranger(), channel));
		// and everyone is paid as if nothing had happened.
		let fees = [0, 1].map(|stage| free(&provider(MODEL, stage, 0)) - ENDOWMENT);
		assert!(fees.iter().all(|fee| *fee > 0), "{fees:?}");
		let fee: u128 = fees.iter().sum();
		assert!((299..=300).contains(&fee), "{fees:?}");
		assert_eq!(revenue(MODEL), 1_000 - fee);
		assert_eq!(free(&client()), ENDOWMENT - 1_000);
	});
}

#[test]
fn who_was_hired_settles_though_the_lane_fell_vacant_and_the_model_retired() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		retire_and_dissolve(MODEL);
		assert_ok!(settle(&provider(MODEL, 0, 0), voucher(channel, 1)));
		assert_eq!(Served::<Test>::get(channel), Hired::<Test>::get(channel));
	});
}

#[test]
fn nothing_that_a_client_changes_takes_a_seat_out_of_its_channel() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		let hired = Hired::<Test>::get(channel);
		reseat(MODEL, 0, 0, Some(provider(OTHER, 0, 0)));
		reseat(MODEL, 1, 0, None);
		assert_ok!(top_up(&client(), channel, 1));
		assert_ok!(extend(&client(), channel, 1));
		assert_eq!(Hired::<Test>::get(channel), hired);
		assert_ok!(settle(&provider(MODEL, 0, 0), voucher(channel, 1)));
	});
}

#[test]
fn only_the_first_settlement_is_free() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		let pays = |amount| {
			let call = Call::settle { voucher: voucher(channel, amount) };
			dispatch(&provider(MODEL, 0, 0), call).unwrap().pays_fee
		};
		assert_eq!(pays(1), Pays::No);
		assert_eq!(pays(2), Pays::Yes);
	});
}
