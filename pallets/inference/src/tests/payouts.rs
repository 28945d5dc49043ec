//! Payments to accounts that are dead, frozen, gone or the client's own, and to models without holders.

use frame_support::{
	assert_noop, assert_ok,
	traits::{
		fungible::{Inspect, Mutate, MutateFreeze},
		tokens::Preservation,
	},
};
use sp_runtime::TokenError;

use crate::mock::*;

/// Settle and close a channel of [`MODEL`]; returns what the holders got.
fn paid_out(amount: u128) -> u128 {
	let (channel, before) = (opened(), revenue(MODEL));
	settle(&client(), voucher(channel, amount)).unwrap();
	pass(SettlementWindow::get());
	close(&stranger(), channel).unwrap();
	revenue(MODEL) - before
}

#[test]
fn a_part_too_small_for_a_dead_account_is_revenue() {
	ExtBuilder::default().build_and_execute(|| {
		let dead = account(70);
		reseat(MODEL, 0, 0, Some(dead.clone()));
		// GIVEN a fee of 15, of which neither half reaches the existential deposit of 10
		let income = paid_out(50);
		// THEN the seat that exists is paid, and the other's part is not lost
		let part = free(&provider(MODEL, 1, 0)) - ENDOWMENT;
		assert!(part > 0);
		assert_eq!(free(&dead), 0);
		assert_eq!(income, 50 - part);
		assert!(income > 35 + 1, "more than the holders' part and rounding");
	});
}

#[test]
fn a_part_that_is_large_enough_brings_an_account_into_being() {
	ExtBuilder::default().build_and_execute(|| {
		let dead = account(70);
		reseat(MODEL, 0, 0, Some(dead.clone()));
		assert!(paid_out(1_000) < 702);
		assert!(free(&dead) >= ExistentialDeposit::get());
	});
}

#[test]
fn who_was_hired_is_paid_for_a_seat_that_fell_vacant() {
	ExtBuilder::default().build_and_execute(|| {
		let full = paid_out(1_000);
		let parts = [0, 1].map(|stage| free(&provider(MODEL, stage, 0)) - ENDOWMENT);
		let channel = opened();
		reseat(MODEL, 0, 0, None);
		settle(&client(), voucher(channel, 1_000)).unwrap();
		pass(SettlementWindow::get());
		close(&stranger(), channel).unwrap();
		assert_eq!(revenue(MODEL), 2 * full);
		for stage in 0..2 {
			let (seat, part) = (provider(MODEL, stage, 0), parts[usize::from(stage)]);
			assert_eq!(free(&seat), ENDOWMENT + 2 * part, "paid twice");
		}
	});
}

#[test]
fn whoever_sits_there_when_the_settlement_begins_is_paid_for_a_seat_that_changed_hands() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		let next = provider(OTHER, 0, 0);
		reseat(MODEL, 0, 0, Some(next.clone()));
		settle(&provider(MODEL, 0, 0), voucher(channel, 1_000)).unwrap();
		pass(SettlementWindow::get());
		close(&stranger(), channel).unwrap();
		assert!(free(&next) > ENDOWMENT);
		assert_eq!(free(&provider(MODEL, 0, 0)), ENDOWMENT);
	});
}

#[test]
fn what_nobody_could_ever_claim_stays_with_the_client() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN a model that was retired before it had shares
		Supply::set(0);
		let channel = opened();
		retire_and_dissolve(MODEL);
		settle(&provider(MODEL, 0, 0), voucher(channel, 1_000)).unwrap();
		pass(SettlementWindow::get());
		// WHEN a channel to it is closed
		assert_ok!(close(&stranger(), channel));
		// THEN the seats are paid, and the client keeps the rest
		let fee: u128 = (0..2).map(|stage| free(&provider(MODEL, stage, 0)) - ENDOWMENT).sum();
		assert!((299..=300).contains(&fee), "{fee}");
		assert_eq!(free(&client()), ENDOWMENT - fee);
		assert_eq!(revenue(MODEL), 0);
		let refund = DEPOSIT - fee;
		let closed = Event::ChannelClosed { channel, client: client(), fee, revenue: 0, refund };
		assert_eq!(last_event(), closed);
	});
}

#[test]
fn revenue_waits_for_the_first_shares_of_a_model_that_is_not_retired() {
	ExtBuilder::default().build_and_execute(|| {
		Supply::set(0);
		assert!((700..=701).contains(&paid_out(1_000)));
	});
}

#[test]
fn a_payment_of_one_unit_is_revenue() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(paid_out(1), 1);
		assert_eq!(free(&client()), ENDOWMENT - 1);
	});
}

#[test]
fn a_payment_of_the_whole_deposit_leaves_nothing_on_hold() {
	ExtBuilder::default().build_and_execute(|| {
		paid_out(DEPOSIT);
		assert_eq!(held(&client()), 0);
		assert_eq!(free(&client()), ENDOWMENT - DEPOSIT);
	});
}

#[test]
fn a_client_that_serves_itself_pays_itself_the_fee() {
	ExtBuilder::default().build_and_execute(|| {
		reseat(MODEL, 0, 0, Some(client()));
		reseat(MODEL, 1, 0, Some(client()));
		let income = paid_out(1_000);
		assert!((700..=701).contains(&income));
		assert_eq!(free(&client()), ENDOWMENT - income);
	});
}

#[test]
fn a_client_that_froze_its_money_pays_all_the_same() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN a client whose whole balance, what is on hold included, is frozen
		let channel = opened();
		let total = Balances::total_balance(&client());
		Balances::set_freeze(b"whatever", &client(), total).unwrap();
		let moved = Balances::transfer(&client(), &stranger(), 1, Preservation::Expendable);
		assert_noop!(moved.map(|_| ()), TokenError::Frozen);
		// WHEN its channel is settled and closed
		settle(&provider(MODEL, 0, 0), voucher(channel, 1_000)).unwrap();
		pass(SettlementWindow::get());
		assert_ok!(close(&stranger(), channel));
		// THEN everyone is paid
		assert_eq!(Balances::total_balance(&client()), ENDOWMENT - 1_000);
		assert!(free(&provider(MODEL, 0, 0)) > ENDOWMENT);
		assert!(revenue(MODEL) >= 700);
	});
}

#[test]
fn a_fee_of_nothing_leaves_everything_to_the_holders() {
	ExtBuilder::default().build_and_execute(|| {
		change(MODEL, |model| model.terms.serving_fee = Default::default());
		assert_eq!(paid_out(1_000), 1_000);
		assert_eq!(free(&provider(MODEL, 0, 0)), ENDOWMENT);
	});
}

#[test]
fn genesis_keeps_the_pot_alive_once() {
	ExtBuilder::default().build_and_execute(|| {
		let pot = Inference::pot();
		assert_eq!(free(&pot), ExistentialDeposit::get());
		Inference::do_genesis();
		assert_eq!(free(&pot), ExistentialDeposit::get());
	});
}
