//! Shares as `fungibles`.

use frame_support::{
	assert_noop, assert_ok,
	traits::{
		fungibles::{metadata::Inspect as Metadata, Inspect, Mutate, Unbalanced},
		tokens::{
			DepositConsequence, Fortitude::Polite, Precision, Preservation, Provenance,
			WithdrawConsequence,
		},
	},
};
use sp_runtime::TokenError;

use crate::{mock::*, MAX_SUPPLY};

fn burn(
	who: AccountId,
	amount: u128,
	precision: Precision,
) -> Result<u128, sp_runtime::DispatchError> {
	Revenue::burn_from(ROOT, &who, amount, Preservation::Expendable, precision, Polite)
}

#[test]
fn metadata_names_the_model() {
	build_and_execute(|| {
		assert_eq!(<Revenue as Metadata<_>>::name(7), b"Cairn model 7 shares");
		assert_eq!(<Revenue as Metadata<_>>::symbol(7), b"CM7");
		assert_eq!(<Revenue as Metadata<_>>::decimals(7), 12);
	});
}

#[test]
fn inspection_shows_shares_and_supply() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 10);
		mint(ROOT, BOB, 5);
		assert_eq!(Revenue::total_issuance(ROOT), 15);
		assert_eq!(Revenue::minimum_balance(ROOT), 1);
		assert_eq!(<Revenue as Inspect<_>>::balance(ROOT, &ALICE), 10);
		assert_eq!(Revenue::total_balance(ROOT, &ALICE), 10);
		assert_eq!(Revenue::reducible_balance(ROOT, &ALICE, Preservation::Expendable, Polite), 10);
		assert_eq!(Revenue::reducible_balance(ROOT, &ALICE, Preservation::Preserve, Polite), 9);
		assert_eq!(Revenue::reducible_balance(ROOT, &CAROL, Preservation::Protect, Polite), 0);
		assert!(Revenue::asset_exists(ROOT) && Revenue::asset_exists(CHILD));
		assert!(!Revenue::asset_exists(UNKNOWN));
	});
}

#[test]
fn consequences_are_named() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 10);
		let deposit =
			|model, amount, provenance| Revenue::can_deposit(model, &ALICE, amount, provenance);
		let withdraw = |model, amount| Revenue::can_withdraw(model, &ALICE, amount);
		use {DepositConsequence as D, Provenance::*, WithdrawConsequence as W};
		assert_eq!(deposit(UNKNOWN, 1, Extant), D::UnknownAsset);
		assert_eq!(deposit(ROOT, 1, Extant), D::Success);
		assert_eq!(deposit(ROOT, MAX_SUPPLY - 10, Minted), D::Success);
		assert_eq!(deposit(ROOT, MAX_SUPPLY - 9, Minted), D::Overflow);
		assert_eq!(deposit(ROOT, u128::MAX, Minted), D::Overflow);
		assert!(matches!(withdraw(UNKNOWN, 1), W::UnknownAsset));
		assert!(matches!(withdraw(ROOT, 11), W::BalanceLow));
		assert!(matches!(withdraw(ROOT, 10), W::ReducedToZero(0)));
		assert!(matches!(withdraw(ROOT, 9), W::Success));
		assert!(matches!(Revenue::can_withdraw(ROOT, &BOB, 0), W::Success));
	});
}

#[test]
fn only_work_mints() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 10);
		assert_noop!(Revenue::mint_into(ROOT, &ALICE, 1), Error::OnlyWorkMints);
		assert_noop!(Revenue::restore(ROOT, &ALICE, 1), Error::OnlyWorkMints);
		assert_noop!(Revenue::shelve(ROOT, &ALICE, 1), Error::OnlyWorkMints);
		assert_eq!(Revenue::set_balance(ROOT, &ALICE, 11), 10);
	});
}

#[test]
fn transfers_settle_both_sides() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 10);
		deposit(ROOT, 1_000);
		pass(50);
		let transfer = |amount, preservation| {
			<Revenue as Mutate<_>>::transfer(ROOT, &ALICE, &BOB, amount, preservation)
		};
		assert_noop!(transfer(11, Preservation::Expendable), TokenError::FundsUnavailable);
		assert_noop!(transfer(10, Preservation::Preserve), TokenError::NotExpendable);
		assert_eq!(transfer(10, Preservation::Expendable), Ok(10));
		pass(50);
		assert_eq!(claimed(ALICE, ROOT), 500);
		assert_eq!(claimed(BOB, ROOT), 500);
	});
}

#[test]
fn transfers_of_nothing_and_to_oneself_do_nothing() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 10);
		let to = |who, amount| {
			<Revenue as Mutate<_>>::transfer(ROOT, &ALICE, &who, amount, Preservation::Expendable)
		};
		let before = (row(ROOT, ALICE), pool(ROOT));
		assert_eq!(to(ALICE, 10), Ok(10));
		assert_eq!(to(BOB, 0), Ok(0));
		assert_noop!(to(ALICE, 11), TokenError::FundsUnavailable);
		assert_eq!((row(ROOT, ALICE), pool(ROOT)), before);
		assert_eq!(row(ROOT, BOB), None);
	});
}

#[test]
fn a_transfer_that_fails_late_leaves_nothing_behind() {
	build_and_execute(|| {
		mint(CHILD, POOR, 10);
		deposit(CHILD, 1_000);
		pass(50);
		assert_noop!(
			<Revenue as Mutate<_>>::transfer(CHILD, &POOR, &BOB, 5, Preservation::Expendable),
			Error::CannotPayRowDeposit
		);
	});
}

#[test]
fn who_burns_keeps_what_it_earned_and_leaves_the_rest_to_the_others() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 10);
		mint(ROOT, BOB, 10);
		deposit(ROOT, 1_000);
		pass(50);
		assert_eq!(burn(ALICE, 10, Precision::Exact), Ok(10));
		System::assert_last_event(
			Event::SharesBurned { model: ROOT, who: ALICE, amount: 10 }.into(),
		);
		assert_eq!(Revenue::total_issuance(ROOT), 10);
		pass(50);
		assert_eq!(claimed(ALICE, ROOT), 250);
		assert_eq!(claimed(BOB, ROOT), 750);
	});
}

#[test]
fn one_burns_no_more_than_one_has() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 10);
		assert_noop!(burn(ALICE, 11, Precision::Exact), TokenError::FundsUnavailable);
		assert_noop!(burn(BOB, 1, Precision::Exact), TokenError::FundsUnavailable);
		assert_eq!(burn(BOB, 1, Precision::BestEffort), Ok(0));
		assert_eq!(burn(ALICE, 11, Precision::BestEffort), Ok(10));
	});
}

#[test]
fn income_waits_when_all_shares_are_burned_and_streams_again_with_new_ones() {
	build_and_execute(|| {
		// GIVEN a model whose only holder burns its shares half way through a stream
		mint(ROOT, ALICE, 10);
		deposit(ROOT, 1_000);
		pass(50);
		assert_ok!(burn(ALICE, 10, Precision::Exact));
		pass(25);
		assert_ok!(fold(ROOT));
		assert_eq!((pool(ROOT).unallocated, pool(ROOT).stream.left()), (250, 250));
		// WHEN shares are minted again THEN what waited and what is left stream together
		mint(ROOT, BOB, 1);
		assert_eq!((pool(ROOT).unallocated, pool(ROOT).stream.left()), (0, 500));
		pass(100);
		assert_eq!(claimed(BOB, ROOT), 500);
		assert_eq!(claimed(ALICE, ROOT), 500);
	});
}

#[test]
fn the_unbalanced_functions_settle_before_they_write() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 10);
		deposit(ROOT, 1_000);
		pass(50);
		// Together, as the trait asks: half of the shares go.
		assert_eq!(Revenue::write_balance(ROOT, &ALICE, 5), Ok(None));
		Revenue::set_total_issuance(ROOT, 5);
		Revenue::do_try_state().unwrap();
		pass(50);
		assert_eq!(claimed(ALICE, ROOT), 1_000);
		// An unknown model has no supply, whatever is set.
		Revenue::set_total_issuance(UNKNOWN, 5);
		assert_eq!(Revenue::total_issuance(UNKNOWN), 0);
		assert_noop!(Revenue::write_balance(UNKNOWN, &ALICE, 5), Error::UnknownModel);
	});
}

#[test]
fn a_row_that_goes_between_write_and_issuance_does_not_disturb_the_accumulator() {
	build_and_execute(|| {
		// GIVEN a holder with a fraction of a unit that, with the remainder, exceeds the supply
		mint(ROOT, ALICE, 1);
		mint(ROOT, BOB, 2);
		deposit(ROOT, 1);
		pass(100);
		assert_eq!(Revenue::write_balance(ROOT, &ALICE, 0), Ok(None));
		Revenue::set_total_issuance(ROOT, 2);
		Revenue::do_try_state().unwrap();
		deposit(ROOT, 1);
		pass(100);
		assert_eq!(claimed(BOB, ROOT), 2);
	});
}
