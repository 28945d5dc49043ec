//! Deposits, folds, royalties, and the pot.

use cairn_primitives::{traits::Shares, Balance, ModelId, ModelStatus};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{DispatchResult, Pays},
};
use sp_runtime::{traits::BadOrigin, TokenError};

use crate::{mock::*, Call, MAX_INCOME};

fn deposit_by_neighbour(model: ModelId, from: AccountId, amount: Balance) -> DispatchResult {
	<Revenue as Shares>::deposit(model, &from, amount)
}

fn fold_fee(model: ModelId) -> Pays {
	post_info(CLIENT, Call::fold { model }).unwrap().pays_fee
}

mod pot {
	use super::*;

	#[test]
	fn genesis_keeps_it_alive_so_that_the_smallest_deposit_arrives() {
		build_and_execute(|| {
			assert_eq!(Balances::free_balance(Revenue::pot()), ExistentialDeposit::get());
			deposit(ROOT, 1);
			assert_eq!(Balances::free_balance(Revenue::pot()), ExistentialDeposit::get() + 1);
		});
	}

	#[test]
	fn genesis_does_not_fund_a_pot_that_has_funds() {
		build_and_execute(|| {
			Revenue::do_genesis();
			assert_eq!(Balances::free_balance(Revenue::pot()), ExistentialDeposit::get());
		});
	}

	#[test]
	fn the_last_claim_is_paid_in_full() {
		build_and_execute(|| {
			mint(ROOT, ALICE, 8);
			deposit(ROOT, 1_003);
			pass(100);
			assert_eq!(claimed(ALICE, ROOT), 1_003);
			assert_eq!(Balances::free_balance(Revenue::pot()), ExistentialDeposit::get());
		});
	}
}

mod deposit_revenue {
	use super::*;

	#[test]
	fn streams_to_the_holders() {
		build_and_execute(|| {
			mint(ROOT, ALICE, 1);
			deposit(ROOT, 1_000);
			System::assert_last_event(
				Event::RevenueDeposited { model: ROOT, from: CLIENT, amount: 1_000 }.into(),
			);
			assert_eq!(claimed(ALICE, ROOT), 0);
			pass(1);
			assert_eq!(claimed(ALICE, ROOT), 10);
			pass(98);
			assert_eq!(claimed(ALICE, ROOT), 980);
			pass(10);
			assert_eq!(claimed(ALICE, ROOT), 10);
		});
	}

	#[test]
	fn fails_unsigned() {
		build_and_execute(|| {
			assert_noop!(Revenue::deposit_revenue(RuntimeOrigin::none(), ROOT, 5), BadOrigin);
		});
	}

	#[test]
	fn fails_for_nothing() {
		build_and_execute(|| {
			assert_noop!(deposit_from(CLIENT, ROOT, 0), Error::ZeroAmount);
		});
	}

	#[test]
	fn fails_for_an_unknown_model() {
		build_and_execute(|| {
			assert_noop!(deposit_from(CLIENT, UNKNOWN, 5), Error::UnknownModel);
		});
	}

	#[test]
	fn fails_for_a_model_that_was_retired_before_it_had_shares() {
		build_and_execute(|| {
			deposit(ROOT, 5);
			for model in [ROOT, SHARED] {
				set_status(model, ModelStatus::Retired);
				let refused = deposit_from(CLIENT, model, 5);
				assert_noop!(refused, Error::RetiredWithoutShares);
				let refused = deposit_by_neighbour(model, CLIENT, 5);
				assert_noop!(refused, Error::RetiredWithoutShares);
			}
			// Work that was done before may become final after.
			mint(ROOT, ALICE, 1);
			assert_ok!(deposit_from(CLIENT, ROOT, 5));
			pass(200);
			assert_eq!(claimed(ALICE, ROOT), 10);
		});
	}

	#[test]
	fn fails_without_the_money_or_if_the_account_would_die() {
		build_and_execute(|| {
			assert_noop!(deposit_from(POOR, ROOT, 11), TokenError::FundsUnavailable);
			assert_noop!(deposit_from(POOR, ROOT, 10), TokenError::NotExpendable);
		});
	}

	#[test]
	fn fails_beyond_the_income_of_a_lifetime() {
		build_and_execute(|| {
			deposit(ROOT, MAX_INCOME - 5);
			assert_noop!(deposit_from(CLIENT, ROOT, 6), Error::IncomeTooHigh);
			assert_noop!(deposit_from(CLIENT, ROOT, Balance::MAX), Error::IncomeTooHigh);
			deposit(ROOT, 5);
			mint(ROOT, ALICE, 2);
			pass(100);
			assert_eq!(claimed(ALICE, ROOT), MAX_INCOME);
			assert_noop!(deposit_from(CLIENT, ROOT, 1), Error::IncomeTooHigh);
		});
	}

	#[test]
	fn by_a_neighbour_may_take_an_account_s_last_money_and_may_be_nothing() {
		build_and_execute(|| {
			assert_ok!(deposit_by_neighbour(ROOT, POOR, 0));
			assert_ok!(deposit_by_neighbour(ROOT, POOR, 10));
			assert_eq!(pool(ROOT).income, 10);
			assert_noop!(deposit_by_neighbour(UNKNOWN, CLIENT, 1), Error::UnknownModel);
			assert_noop!(deposit_by_neighbour(ROOT, NOBODY, 1), TokenError::FundsUnavailable);
		});
	}
}

mod fold {
	use super::*;

	#[test]
	fn shares_out_what_the_stream_released() {
		build_and_execute(|| {
			mint(ROOT, ALICE, 10);
			deposit(ROOT, 1_000);
			pass(30);
			assert_ok!(super::fold(ROOT));
			System::assert_last_event(Event::Folded { model: ROOT, amount: 300 }.into());
			assert_eq!(pool(ROOT).stream.left(), 700);
		});
	}

	#[test]
	fn fails_unsigned() {
		build_and_execute(|| {
			assert_noop!(Revenue::fold(RuntimeOrigin::none(), ROOT), BadOrigin);
		});
	}

	#[test]
	fn fails_for_a_model_without_shares_and_income() {
		build_and_execute(|| {
			assert_noop!(super::fold(ROOT), Error::UnknownModel);
			assert_noop!(super::fold(UNKNOWN), Error::UnknownModel);
		});
	}

	#[test]
	fn fails_if_nothing_was_released() {
		build_and_execute(|| {
			mint(ROOT, ALICE, 10);
			assert_noop!(super::fold(ROOT), Error::NothingToFold);
			deposit(ROOT, 1_000);
			assert_noop!(super::fold(ROOT), Error::NothingToFold);
			pass(1);
			assert_ok!(super::fold(ROOT));
			assert_noop!(super::fold(ROOT), Error::NothingToFold);
		});
	}

	#[test]
	fn pays_the_treasury_what_a_model_earned_that_ended_without_shares() {
		build_and_execute(|| {
			// GIVEN a model that was retired after it had income and before it had shares
			deposit(ROOT, 1_005);
			let treasury = || Balances::free_balance(TREASURY);
			let before = treasury();
			assert_noop!(super::fold(ROOT), Error::NothingToFold);
			set_status(ROOT, ModelStatus::Retired);
			// WHEN work of it is open, which may mint shares yet, it waits
			WorkIsOpen::set(true);
			assert_noop!(super::fold(ROOT), Error::NothingToFold);
			// THEN it goes to the treasury, and the pot owes nothing
			WorkIsOpen::set(false);
			pass(100);
			let post = post_info(CLIENT, Call::fold { model: ROOT }).unwrap();
			assert_eq!((post.pays_fee, post.actual_weight), (Pays::No, None));
			let claimed = Event::Claimed { model: ROOT, who: TREASURY, amount: 1_005 };
			System::assert_last_event(claimed.into());
			assert_eq!(treasury() - before, 1_005);
			assert_eq!((pool(ROOT).owed(), pool(ROOT).unallocated), (Some(0), 0));
			assert_eq!(Balances::free_balance(Revenue::pot()), ExistentialDeposit::get());
			assert_noop!(super::fold(ROOT), Error::NothingToFold);
		});
	}

	#[test]
	fn pays_the_treasury_nothing_of_a_model_with_shares() {
		build_and_execute(|| {
			mint(ROOT, ALICE, 10);
			deposit(ROOT, 1_000);
			set_status(ROOT, ModelStatus::Retired);
			pass(100);
			assert_ok!(super::fold(ROOT));
			System::assert_last_event(Event::Folded { model: ROOT, amount: 1_000 }.into());
			assert_eq!(claimed(ALICE, ROOT), 1_000);
		});
	}

	#[test]
	fn is_free_once_in_a_while() {
		build_and_execute(|| {
			StreamBlocks::set(240); // a twenty-fourth of it is 10
			mint(ROOT, ALICE, 10);
			deposit(ROOT, 10_000);
			pass(9);
			assert_eq!(fold_fee(ROOT), Pays::Yes);
			pass(10);
			assert_eq!(fold_fee(ROOT), Pays::No);
			pass(1);
			assert_eq!(fold_fee(ROOT), Pays::Yes);
			pass(10);
			assert_eq!(claimed(ALICE, ROOT), 1_250); // 30 of 240 blocks; a claim folds too
			pass(5);
			assert_eq!(fold_fee(ROOT), Pays::Yes);
		});
	}
}

mod royalties {
	use super::*;

	fn family() {
		mint(ROOT, ALICE, 16);
		mint(CHILD, BOB, 16);
		mint(GRANDCHILD, CAROL, 16);
	}

	#[test]
	fn reach_the_grandparent_only_when_the_parent_folds() {
		build_and_execute(|| {
			// GIVEN income of a grandchild that has streamed
			family();
			deposit(GRANDCHILD, 100_000);
			pass(100);
			// WHEN it folds THEN its parent, and nobody else, gets a tenth
			assert_ok!(super::fold(GRANDCHILD));
			System::assert_has_event(
				Event::RoyaltyPassedOn { model: GRANDCHILD, parent: CHILD, amount: 10_000 }.into(),
			);
			assert_eq!((pool(CHILD).income, pool(ROOT).income), (10_000, 0));
			assert_eq!(claimed(CAROL, GRANDCHILD), 90_000);
			// WHEN it has streamed there too and the parent folds THEN the grandparent gets a tenth of the tenth
			pass(100);
			assert_eq!(pool(ROOT).income, 0);
			assert_ok!(super::fold(CHILD));
			assert_eq!(pool(ROOT).income, 1_000);
			assert_eq!(claimed(BOB, CHILD), 9_000);
			pass(100);
			assert_eq!(claimed(ALICE, ROOT), 1_000);
			assert_eq!(Balances::free_balance(Revenue::pot()), ExistentialDeposit::get());
		});
	}

	#[test]
	fn stream_to_the_parents_holders_like_any_income() {
		build_and_execute(|| {
			family();
			deposit(CHILD, 10_000);
			pass(100);
			assert_ok!(super::fold(CHILD));
			assert_eq!(claimed(ALICE, ROOT), 0);
			pass(50);
			assert_eq!(claimed(ALICE, ROOT), 500);
		});
	}

	#[test]
	fn join_the_parents_stream_without_delaying_what_it_released_already() {
		build_and_execute(|| {
			// GIVEN a parent whose stream released 500 that no fold has shared out
			family();
			deposit(ROOT, 1_000);
			deposit(CHILD, 10_000);
			pass(50);
			// WHEN a royalty of 500 arrives
			assert_ok!(super::fold(CHILD));
			// THEN the 500 are due still, and the rest streams on together
			assert_eq!((pool(ROOT).due, pool(ROOT).stream.left()), (500, 1_000));
			assert_eq!(claimed(ALICE, ROOT), 500);
			pass(75); // the mean of 50 and 100
			assert_eq!(claimed(ALICE, ROOT), 1_000);
		});
	}

	#[test]
	fn wait_where_the_parent_has_no_shares() {
		build_and_execute(|| {
			mint(CHILD, BOB, 10);
			deposit(CHILD, 1_000);
			pass(100);
			assert_eq!(claimed(BOB, CHILD), 900);
			assert_eq!((pool(ROOT).unallocated, pool(ROOT).income), (100, 100));
			mint(ROOT, ALICE, 1);
			pass(100);
			assert_eq!(claimed(ALICE, ROOT), 100);
		});
	}

	#[test]
	fn are_not_taken_for_a_parent_that_was_retired_before_it_had_shares() {
		build_and_execute(|| {
			// GIVEN a fork with a royalty of a tenth, whose parent never had shares and is retired
			mint(CHILD, BOB, 10);
			set_status(ROOT, ModelStatus::Retired);
			deposit(CHILD, 1_005);
			pass(100);
			// THEN its holders have all of its income, as the views say
			assert_eq!(Revenue::claimable(CHILD, BOB), 1_005);
			assert_eq!(claimed(BOB, CHILD), 1_005);
			assert_eq!(pool(CHILD).royalties, 0);
			assert!(crate::Pools::<Test>::get(ROOT).is_none());
		});
	}

	#[test]
	fn are_taken_again_once_a_retired_parent_has_shares() {
		build_and_execute(|| {
			// GIVEN a parent whose last work becomes final after it was retired
			mint(CHILD, BOB, 10);
			set_status(ROOT, ModelStatus::Retired);
			deposit(CHILD, 1_000);
			pass(50);
			assert_eq!(claimed(BOB, CHILD), 500);
			mint(ROOT, ALICE, 1);
			// THEN it earns from then on
			pass(50);
			assert_eq!(claimed(BOB, CHILD), 450);
			pass(100);
			assert_eq!(claimed(ALICE, ROOT), 50);
		});
	}

	#[test]
	fn are_taken_for_a_retired_parent_that_has_shares() {
		build_and_execute(|| {
			family();
			set_status(CHILD, ModelStatus::Retired);
			deposit(GRANDCHILD, 1_000);
			pass(100);
			assert_ok!(super::fold(GRANDCHILD));
			assert_eq!(pool(CHILD).income, 100);
			assert_ok!(deposit_from(CLIENT, CHILD, 1));
		});
	}

	#[test]
	fn of_single_units_are_carried() {
		build_and_execute(|| {
			StreamBlocks::set(1);
			family();
			for _ in 0..25 {
				deposit(CHILD, 1);
				pass(1);
				assert_ok!(super::fold(CHILD));
			}
			assert_eq!(pool(CHILD).royalties, 2);
			assert_eq!(pool(CHILD).royalty_carry, 500_000);
			assert_eq!(claimed(BOB, CHILD), 23);
		});
	}

	#[test]
	fn are_not_taken_twice_from_income_that_waited_for_shares() {
		build_and_execute(|| {
			deposit(CHILD, 1_000);
			pass(100);
			mint(CHILD, BOB, 10);
			pass(100);
			assert_eq!(claimed(BOB, CHILD), 900);
		});
	}
}
