//! Shares from one holder to another.

use frame_support::{
	assert_noop, assert_ok,
	traits::{fungible::InspectHold, fungibles::Inspect},
};
use sp_runtime::traits::BadOrigin;

use crate::{mock::*, HoldReason, RowDeposit as Deposit};

fn held(who: AccountId) -> u128 {
	Balances::balance_on_hold(&HoldReason::ShareHolder.into(), &who)
}

#[test]
fn claims_after_transfer_pay_each_holder_for_its_own_time() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 100);
		deposit(ROOT, 1_000);
		pass(30);
		assert_ok!(transfer(ROOT, ALICE, BOB, 100));
		System::assert_last_event(
			Event::SharesTransferred { model: ROOT, from: ALICE, to: BOB, amount: 100 }.into(),
		);
		pass(50);
		assert_ok!(transfer(ROOT, BOB, CAROL, 50));
		pass(20);
		assert_eq!(claimed(ALICE, ROOT), 300);
		assert_eq!(claimed(BOB, ROOT), 500 + 100);
		assert_eq!(claimed(CAROL, ROOT), 100);
	});
}

#[test]
fn buying_just_before_income_buys_nothing() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 100);
		// GIVEN who buys everything just before a deposit, and sells in the same block
		assert_ok!(transfer(ROOT, ALICE, BOB, 100));
		deposit(ROOT, 10_000);
		assert_ok!(transfer(ROOT, BOB, ALICE, 100));
		assert_eq!(row(ROOT, BOB), None);
		// or in the next: one block's hundredth
		deposit(ROOT, 10_000);
		assert_ok!(transfer(ROOT, ALICE, BOB, 100));
		pass(1);
		assert_ok!(transfer(ROOT, BOB, ALICE, 100));
		pass(100);
		assert_eq!(claimed(BOB, ROOT), 200);
		assert_eq!(claimed(ALICE, ROOT), 19_800);
	});
}

#[test]
fn buying_just_before_a_fold_buys_nothing() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 100);
		deposit(ROOT, 10_000);
		pass(1_000);
		assert_ok!(transfer(ROOT, ALICE, BOB, 100));
		assert_noop!(fold(ROOT), Error::NothingToFold);
		assert_eq!(claimed(BOB, ROOT), 0);
		assert_eq!(claimed(ALICE, ROOT), 10_000);
	});
}

#[test]
fn a_transfer_fails_unsigned() {
	build_and_execute(|| {
		assert_noop!(Revenue::transfer_shares(RuntimeOrigin::none(), ROOT, BOB, 1), BadOrigin);
	});
}

#[test]
fn a_transfer_of_nothing_fails() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 1);
		assert_noop!(transfer(ROOT, ALICE, BOB, 0), Error::ZeroAmount);
	});
}

#[test]
fn a_transfer_to_oneself_fails() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 1);
		assert_noop!(transfer(ROOT, ALICE, ALICE, 1), Error::TransferToSelf);
	});
}

#[test]
fn a_transfer_of_an_unknown_models_shares_fails() {
	build_and_execute(|| {
		assert_noop!(transfer(UNKNOWN, ALICE, BOB, 1), Error::UnknownModel);
		assert_noop!(transfer(ROOT, ALICE, BOB, 1), Error::UnknownModel);
	});
}

#[test]
fn a_transfer_of_more_than_one_has_fails() {
	build_and_execute(|| {
		mint(CHILD, ALICE, 10);
		deposit(CHILD, 1_000);
		pass(50); // what a failed transfer folds must be undone
		assert_noop!(transfer(CHILD, ALICE, BOB, 11), Error::NotEnoughShares);
		assert_noop!(transfer(CHILD, BOB, ALICE, 1), Error::NotEnoughShares);
	});
}

#[test]
fn whoever_creates_a_row_pays_its_deposit_until_the_row_goes() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 10);
		// WHEN a row is created THEN the sender pays, once
		assert_ok!(transfer(ROOT, ALICE, BOB, 4));
		assert_ok!(transfer(ROOT, ALICE, BOB, 1));
		let deposit = Deposit { payer: ALICE, amount: RowDeposit::get() };
		assert_eq!(row(ROOT, BOB).unwrap().deposit, Some(deposit));
		assert_eq!((held(ALICE), held(BOB)), (RowDeposit::get(), 0));
		// WHEN work earns shares for a row THEN nothing changes
		mint(ROOT, BOB, 1);
		assert_eq!(held(ALICE), RowDeposit::get());
		// WHEN the row goes THEN the deposit comes back
		assert_ok!(transfer(ROOT, BOB, ALICE, 6));
		assert_eq!(row(ROOT, BOB), None);
		assert_eq!(held(ALICE), 0);
	});
}

#[test]
fn a_row_with_credit_stays_and_so_does_its_deposit() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 10);
		assert_ok!(transfer(ROOT, ALICE, BOB, 10));
		deposit(ROOT, 1_000);
		pass(100);
		assert_ok!(transfer(ROOT, BOB, ALICE, 10));
		assert_eq!(held(ALICE), RowDeposit::get());
		assert_eq!(claimed(BOB, ROOT), 1_000);
		assert_eq!(held(ALICE), 0);
	});
}

#[test]
fn who_cannot_pay_a_deposit_sends_only_to_holders() {
	build_and_execute(|| {
		mint(ROOT, POOR, 10);
		assert_noop!(transfer(ROOT, POOR, BOB, 5), Error::CannotPayRowDeposit);
		mint(ROOT, BOB, 1);
		assert_ok!(transfer(ROOT, POOR, BOB, 5));
	});
}

#[test]
fn the_deposit_of_a_row_that_goes_pays_for_the_one_that_comes() {
	build_and_execute(|| {
		// GIVEN who has just enough for one deposit, which pays for a row of its own
		assert_ok!(Balances::transfer_allow_death(
			RuntimeOrigin::signed(ALICE),
			POOR,
			RowDeposit::get()
		));
		mint(ROOT, POOR, 10);
		assert_ok!(transfer(ROOT, POOR, BOB, 10));
		assert_ok!(transfer(ROOT, BOB, POOR, 10)); // paid by Bob
		assert_eq!((held(POOR), held(BOB)), (0, RowDeposit::get()));
		// WHEN it moves everything on THEN Bob is refunded and the deposit is its own again
		assert_ok!(transfer(ROOT, POOR, CAROL, 10));
		assert_eq!((held(POOR), held(BOB)), (RowDeposit::get(), 0));
	});
}

#[test]
fn the_fraction_of_a_row_that_goes_is_not_lost() {
	build_and_execute(|| {
		// GIVEN three holders of a third of a unit each
		for who in [ALICE, BOB, CAROL] {
			mint(ROOT, who, 1);
		}
		deposit(ROOT, 1);
		pass(100);
		assert_ok!(transfer(ROOT, ALICE, CAROL, 1));
		assert_ok!(transfer(ROOT, BOB, CAROL, 1));
		assert_eq!((row(ROOT, ALICE), row(ROOT, BOB)), (None, None));
		// WHEN the last holder claims THEN the other thirds have found their way
		deposit(ROOT, 1);
		pass(100);
		assert_eq!(claimed(CAROL, ROOT), 2);
	});
}

#[test]
fn a_transfer_does_not_change_the_supply() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 10);
		assert_ok!(transfer(ROOT, ALICE, BOB, 4));
		assert_eq!(Revenue::total_issuance(ROOT), 10);
		assert_eq!((Revenue::shares_of(ROOT, ALICE), Revenue::shares_of(ROOT, BOB)), (6, 4));
	});
}
