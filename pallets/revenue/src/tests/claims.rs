//! Money out.

use frame_support::{assert_noop, assert_ok, BoundedVec};
use sp_runtime::traits::BadOrigin;

use crate::mock::*;

/// Income of a model that has streamed.
fn earn(model: u32, amount: u128) {
	deposit(model, amount);
	pass(StreamBlocks::get());
}

#[test]
fn a_claim_pays_the_pro_rata_part_once() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 30);
		mint(ROOT, BOB, 10);
		earn(ROOT, 1_000);
		assert_eq!(claimed(ALICE, ROOT), 750);
		System::assert_has_event(Event::Claimed { model: ROOT, who: ALICE, amount: 750 }.into());
		assert_eq!(claimed(ALICE, ROOT), 0);
		assert_eq!(claimed(BOB, ROOT), 250);
	});
}

#[test]
fn fractions_add_up_to_units_over_several_claims() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 1);
		mint(ROOT, BOB, 1);
		mint(ROOT, CAROL, 1);
		let mut total = 0;
		for _ in 0..7 {
			earn(ROOT, 1);
			total += claimed(ALICE, ROOT);
		}
		assert_eq!(total, 2); // 7/3
	});
}

#[test]
fn a_unit_that_does_not_divide_waits_for_the_next_income() {
	build_and_execute(|| {
		// 100 units over 3 shares leave 2⁻⁶⁴ of a unit, without which the last unit is not whole.
		mint(ROOT, ALICE, 3);
		earn(ROOT, 100);
		assert_eq!(claimed(ALICE, ROOT), 99);
		assert_eq!(pool(ROOT).rem, 1);
		earn(ROOT, 2);
		assert_eq!(claimed(ALICE, ROOT), 3);
		assert_eq!(pool(ROOT).rem, 0);
	});
}

#[test]
fn a_claim_fails_unsigned() {
	build_and_execute(|| {
		assert_noop!(Revenue::claim(RuntimeOrigin::none(), ROOT), BadOrigin);
		let models = BoundedVec::truncate_from(vec![ROOT]);
		assert_noop!(Revenue::claim_many(RuntimeOrigin::none(), models), BadOrigin);
	});
}

#[test]
fn a_claim_of_nothing_fails() {
	build_and_execute(|| {
		assert_noop!(claim(ALICE, UNKNOWN), Error::NothingToClaim);
		assert_noop!(claim(ALICE, ROOT), Error::NothingToClaim);
		mint(ROOT, ALICE, 1);
		assert_noop!(claim(ALICE, ROOT), Error::NothingToClaim);
		earn(ROOT, 5);
		assert_noop!(claim(BOB, ROOT), Error::NothingToClaim);
		assert_noop!(claim_many(BOB, &[ROOT, CHILD, UNKNOWN]), Error::NothingToClaim);
		assert_noop!(claim_many(ALICE, &[]), Error::NothingToClaim);
	});
}

#[test]
fn many_models_are_claimed_in_one_call() {
	build_and_execute(|| {
		// GIVEN a parent and its fork, both with income
		mint(ROOT, ALICE, 1);
		mint(CHILD, ALICE, 1);
		earn(ROOT, 100);
		earn(CHILD, 1_000);
		let before = Balances::free_balance(ALICE);
		// WHEN both are claimed, the parent first, one twice, and others that owe nothing
		assert_ok!(claim_many(ALICE, &[ROOT, CHILD, UNKNOWN, ROOT, GRANDCHILD]));
		// THEN each pays once; the royalty has just begun to stream
		assert_eq!(Balances::free_balance(ALICE), before + 100 + 900);
		assert_eq!(pool(ROOT).stream.left(), 100);
		for (model, amount) in [(ROOT, 100), (CHILD, 900)] {
			System::assert_has_event(Event::Claimed { model, who: ALICE, amount }.into());
		}
	});
}

#[test]
fn a_payout_that_cannot_open_an_account_stays_credit() {
	build_and_execute(|| {
		// GIVEN an account that does not exist, and less than an existential deposit for it
		mint(ROOT, NOBODY, 1);
		earn(ROOT, 9);
		assert_noop!(claim(NOBODY, ROOT), Error::PayoutBelowExistentialDeposit);
		assert_noop!(claim_many(NOBODY, &[ROOT]), Error::PayoutBelowExistentialDeposit);
		// WHEN more is due THEN all of it is paid
		earn(ROOT, 1);
		assert_eq!(claimed(NOBODY, ROOT), 10);
	});
}

#[test]
fn small_payouts_of_several_models_open_an_account_together() {
	build_and_execute(|| {
		mint(ROOT, NOBODY, 1);
		mint(SHARED, NOBODY, 1);
		earn(ROOT, 5);
		earn(SHARED, 5);
		assert_ok!(claim_many(NOBODY, &[ROOT, SHARED]));
		assert_eq!(Balances::free_balance(NOBODY), 10);
	});
}

#[test]
fn the_claim_after_the_last_share_was_sold_removes_the_row() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 4);
		earn(ROOT, 100);
		assert_ok!(transfer(ROOT, ALICE, BOB, 4));
		assert_eq!(row(ROOT, ALICE).map(|row| row.credit), Some(100));
		assert_eq!(claimed(ALICE, ROOT), 100);
		assert_eq!(row(ROOT, ALICE), None);
	});
}

#[test]
fn a_holder_may_wait_as_long_as_it_likes() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 1);
		mint(ROOT, BOB, 2);
		let mut bob = 0;
		for _ in 0..50 {
			earn(ROOT, 100);
			bob += claimed(BOB, ROOT);
		}
		assert_eq!(bob, 3_333);
		assert_eq!(claimed(ALICE, ROOT), 1_666);
	});
}

#[test]
fn a_claim_touches_as_many_keys_with_two_holders_as_with_a_thousand() {
	let writes = |holders: u64| {
		let mut ext = new_test_ext();
		ext.execute_with(|| {
			for who in 0..holders {
				mint(CHILD, 1_000 + who, 1_000);
			}
			mint(CHILD, ALICE, 1_000);
			mint(ROOT, BOB, 1);
			earn(CHILD, 1_000_000);
		});
		ext.commit_all().unwrap();
		ext.execute_with(|| claim(ALICE, CHILD)).unwrap();
		let changed = ext.overlayed_changes().clone().changes().count();
		changed
	};
	assert_eq!(writes(1), writes(1_000));
}
