//! What the view functions answer.

use frame_support::{assert_ok, BoundedVec};

use crate::{mock::*, Position};

#[test]
fn claimable_is_what_a_claim_pays_now() {
	build_and_execute(|| {
		assert_eq!(Revenue::claimable(CHILD, ALICE), 0);
		mint(CHILD, ALICE, 10);
		mint(CHILD, BOB, 20);
		deposit(CHILD, 1_000);
		for blocks in [1, 30, 5, 70, 3] {
			pass(blocks);
			let expected = Revenue::claimable(CHILD, ALICE);
			assert_eq!(claimed(ALICE, CHILD), expected);
			assert_eq!(Revenue::claimable(CHILD, ALICE), 0);
		}
		assert_eq!(Revenue::claimable(CHILD, BOB), 600);
		assert_eq!(Revenue::claimable(CHILD, CAROL), 0);
		assert_eq!(Revenue::claimable(UNKNOWN, ALICE), 0);
	});
}

#[test]
fn a_pool_is_shown_as_of_now_without_being_changed() {
	build_and_execute(|| {
		assert_eq!(Revenue::pool(ROOT), None);
		mint(ROOT, ALICE, 10);
		deposit(ROOT, 1_000);
		pass(40);
		let stored = pool(ROOT);
		let shown = Revenue::pool(ROOT).unwrap();
		assert_eq!((shown.supply, shown.income, shown.stream.left()), (10, 1_000, 600));
		assert_eq!(pool(ROOT), stored);
		assert_eq!(stored.stream.left(), 1_000);
	});
}

#[test]
fn shares_of_is_what_an_account_holds() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 10);
		assert_eq!(Revenue::shares_of(ROOT, ALICE), 10);
		assert_eq!(Revenue::shares_of(ROOT, BOB), 0);
	});
}

#[test]
fn a_portfolio_lists_the_models_that_an_account_holds_or_can_claim() {
	build_and_execute(|| {
		mint(ROOT, ALICE, 10);
		mint(ROOT, BOB, 10);
		mint(CHILD, ALICE, 1);
		deposit(ROOT, 1_000);
		pass(50);
		assert_ok!(transfer(ROOT, ALICE, BOB, 10));
		let models = BoundedVec::truncate_from(vec![ROOT, CHILD, GRANDCHILD, UNKNOWN]);
		assert_eq!(
			Revenue::portfolio(ALICE, models),
			[
				Position { model: ROOT, shares: 0, supply: 20, claimable: 250 },
				Position { model: CHILD, shares: 1, supply: 1, claimable: 0 },
			]
		);
	});
}
