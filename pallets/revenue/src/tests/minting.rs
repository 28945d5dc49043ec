//! Shares for verified work.

use cairn_primitives::traits::Shares;
use frame_support::assert_noop;

use crate::{mock::*, Split, MAX_SUPPLY};

fn shares(who: AccountId) -> u128 {
	Revenue::shares_of(SHARED, who)
}

#[test]
fn a_mint_is_split_by_the_terms_and_the_provider_gets_the_rest() {
	build_and_execute(|| {
		// 5 % data, 10 % researcher, 3.3333 % treasury, rounded down.
		mint(SHARED, ALICE, 1_009);
		assert_eq!(shares(DATA_OWNER), 50);
		assert_eq!(shares(RESEARCHER), 100);
		assert_eq!(shares(TREASURY), 33);
		assert_eq!(shares(ALICE), 826);
		assert_eq!(<Revenue as Shares>::supply(SHARED), 1_009);
		System::assert_last_event(
			Event::SharesMinted {
				model: SHARED,
				provider: ALICE,
				points: 1_009,
				split: Split { compute: 826, data: 50, researcher: 100, treasury: 33 },
			}
			.into(),
		);
	});
}

#[test]
fn every_split_adds_up_whatever_the_amount() {
	for minted in (0..200).chain([MAX_SUPPLY - 1, MAX_SUPPLY, u128::MAX]) {
		let Split { compute, data, researcher, treasury } = Split::of(minted, &SPLIT).unwrap();
		assert_eq!(compute + data + researcher + treasury, minted);
		assert!(compute >= minted / 2);
	}
}

#[test]
fn a_dataset_without_an_owner_is_the_researchers() {
	build_and_execute(|| {
		DataOwners::set(Default::default());
		mint(SHARED, ALICE, 1_000);
		assert_eq!(shares(RESEARCHER), 150);
		assert_eq!(shares(DATA_OWNER), 0);
	});
}

#[test]
fn one_account_in_several_roles_gets_all_its_parts() {
	build_and_execute(|| {
		mint(SHARED, RESEARCHER, 1_000);
		assert_eq!(shares(RESEARCHER), 1_000 - 50 - 33);
	});
}

#[test]
fn parts_that_round_to_nothing_create_no_rows() {
	build_and_execute(|| {
		mint(SHARED, ALICE, 1);
		assert_eq!(shares(ALICE), 1);
		assert_eq!(row(SHARED, DATA_OWNER), None);
		assert_eq!(row(SHARED, TREASURY), None);
	});
}

#[test]
fn work_too_small_for_a_share_mints_nothing_and_is_no_error() {
	build_and_execute(|| {
		assert_noop!(
			try_mint(SHARED, ALICE, 0).and_then(|minted| {
				assert_eq!(minted, 0);
				Err::<(), _>(Error::ZeroAmount.into()) // for assert_noop, which wants an error
			}),
			Error::ZeroAmount
		);
		assert_eq!(row(SHARED, ALICE), None);
	});
}

#[test]
fn an_unknown_model_mints_nothing() {
	build_and_execute(|| {
		assert_noop!(try_mint(UNKNOWN, ALICE, 5), Error::UnknownModel);
	});
}

#[test]
fn at_its_limit_a_supply_mints_what_is_left_and_then_nothing() {
	build_and_execute(|| {
		// GIVEN a model with 1,000 shares less than it can have, and income
		mint(SHARED, ALICE, MAX_SUPPLY - 1_000);
		deposit(SHARED, 1_000);
		pass(50);
		// WHEN work for many more becomes final
		assert_eq!(try_mint(SHARED, BOB, u128::MAX), Ok(1_000));
		// THEN what is left is split like any mint
		assert_eq!(shares(BOB), 1_000 - 50 - 100 - 33);
		assert_eq!(<Revenue as Shares>::supply(SHARED), MAX_SUPPLY);
		let split = Split { compute: 817, data: 50, researcher: 100, treasury: 33 };
		let points = u128::MAX;
		System::assert_last_event(
			Event::SharesMinted { model: SHARED, provider: BOB, points, split }.into(),
		);
		// And later work becomes final too, though it mints nothing: its bond is free.
		pass(10);
		let (before, events) = (pool(SHARED), System::events().len());
		assert_eq!(try_mint(SHARED, CAROL, 5), Ok(0));
		assert_eq!((pool(SHARED), System::events().len()), (before, events));
		assert_eq!(row(SHARED, CAROL), None);
	});
}

#[test]
fn a_fork_at_its_limit_passes_no_royalty_on_by_minting_nothing() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 100);
		mint(CHILD, ALICE, MAX_SUPPLY);
		deposit(CHILD, 1_000);
		pass(50);
		let before = (pool(ROOT), pool(CHILD));
		assert_eq!(try_mint(CHILD, BOB, 5), Ok(0));
		assert_eq!((pool(ROOT), pool(CHILD)), before);
	});
}

#[test]
fn who_works_later_gets_nothing_of_what_was_earned_before() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 100);
		deposit(ROOT, 1_000);
		pass(50);
		mint(ROOT, BOB, 100);
		assert_eq!(claimed(BOB, ROOT), 0);
		assert_eq!(claimed(ALICE, ROOT), 500);
		pass(50);
		assert_eq!(claimed(ALICE, ROOT), 250);
		assert_eq!(claimed(BOB, ROOT), 250);
	});
}

#[test]
fn a_second_mint_to_a_holder_keeps_what_it_earned() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 100);
		mint(ROOT, BOB, 100);
		deposit(ROOT, 1_000);
		pass(100);
		mint(ROOT, ALICE, 10_000);
		assert_eq!(claimed(ALICE, ROOT), 500);
		assert_eq!(claimed(BOB, ROOT), 500);
	});
}

#[test]
fn income_from_before_the_first_shares_streams_to_all_who_follow() {
	build_and_execute(|| {
		// GIVEN income of a model without shares
		deposit(ROOT, 1_000);
		pass(500);
		deposit(ROOT, 1_000);
		assert_eq!((pool(ROOT).unallocated, pool(ROOT).stream.left()), (2_000, 0));
		// WHEN the first shares are minted, and more half a period later
		mint(ROOT, ALICE, 1);
		assert_eq!((pool(ROOT).unallocated, pool(ROOT).stream.left()), (0, 2_000));
		pass(50);
		mint(ROOT, BOB, 999);
		pass(50);
		// THEN the first holder does not get all of it
		assert_eq!(claimed(ALICE, ROOT), 1_001);
		assert_eq!(claimed(BOB, ROOT), 999);
	});
}
