//! The pure arithmetic of folds, settlements and royalties.

use cairn_primitives::Balance;
use proptest::prelude::*;
use sp_core::U256;
use sp_runtime::Permill;

use crate::{
	accumulator::{distribute, earned, royalty, SCALE},
	Pool, MAX_INCOME, MAX_SUPPLY,
};

#[test]
fn what_does_not_divide_is_carried_to_the_next_fold() {
	let (acc, rem) = distribute(U256::zero(), 0, 3, 1).unwrap();
	assert_eq!((acc, rem), (SCALE / 3, 1)); // 2⁶⁴ = 3 · 6148914691236517205 + 1
	let (acc, rem) = distribute(acc, rem, 3, 1).unwrap();
	let (acc, rem) = distribute(acc, rem, 3, 1).unwrap();
	assert_eq!((acc, rem), (SCALE, 0));
}

#[test]
fn fractions_of_a_unit_are_carried_to_the_next_settlement() {
	let half = SCALE / 2;
	assert_eq!(earned(1, U256::zero(), half, 0), Some((0, 1 << 63)));
	assert_eq!(earned(1, half, SCALE, 1 << 63), Some((1, 0)));
	assert_eq!(earned(5, SCALE, SCALE, 7), Some((0, 7)));
}

#[test]
fn nothing_is_shared_out_without_shares() {
	assert_eq!(distribute(U256::zero(), 0, 0, 1), None);
	let folded =
		Pool { due: 5, unallocated: 2, ..Pool::default() }.fold(9, Permill::one()).unwrap();
	assert_eq!((folded.amount, folded.royalty), (5, 0));
	assert_eq!((folded.pool.unallocated, folded.pool.due, folded.pool.folded_at), (7, 0, 9));
}

#[test]
fn an_accumulator_does_not_run_backwards() {
	assert_eq!(earned(1, SCALE, U256::zero(), 0), None);
}

#[test]
fn the_largest_income_and_supply_fit_with_room_to_spare() {
	// All income of a life goes to a single unit of shares: nothing raises the accumulator higher.
	let (acc, rem) = distribute(U256::zero(), 0, 1, Balance::MAX).unwrap();
	assert_eq!((acc, rem), (U256::from(Balance::MAX) * SCALE, 0));
	assert!(acc.bits() <= 192);
	assert_eq!(earned(1, U256::zero(), acc, 0), Some((Balance::MAX, 0)));

	// The same over the largest supply, with the largest remainder; one holder has it all.
	let rem = MAX_SUPPLY - 1;
	let (acc, rest) = distribute(U256::zero(), rem, MAX_SUPPLY, MAX_INCOME).unwrap();
	assert_eq!(rest, rem);
	assert_eq!(earned(MAX_SUPPLY, U256::zero(), acc, u64::MAX), Some((MAX_INCOME, u64::MAX)));

	// The same as a step of a pool, with every field at its bound.
	let pool = Pool {
		supply: MAX_SUPPLY,
		acc: U256::from(Balance::MAX) * SCALE,
		rem,
		income: Balance::MAX,
		due: MAX_INCOME,
		royalty_carry: 999_999,
		..Pool::default()
	};
	let folded = pool.fold(u32::MAX, Permill::one()).unwrap();
	assert_eq!(folded.royalty, MAX_INCOME);
	assert_eq!(folded.pool.acc, pool.acc);
}

#[test]
fn the_smallest_income_over_the_largest_supply_is_not_lost() {
	let (mut acc, mut rem) = (U256::zero(), 0);
	for _ in 0..1_000 {
		(acc, rem) = distribute(acc, rem, MAX_SUPPLY, 1).unwrap();
	}
	// A thousand units are less than one 2⁻⁶⁴ unit per share: all of it waits in the remainder.
	assert_eq!((acc, U256::from(rem)), (U256::zero(), SCALE * 1_000));
}

#[test]
fn a_royalty_of_single_units_is_exact_in_the_long_run() {
	let tenth = Permill::from_percent(10);
	let (mut sum, mut carry) = (0, 0);
	for _ in 0..1_005 {
		let (part, rest) = royalty(1, tenth, carry).unwrap();
		(sum, carry) = (sum + part, rest);
	}
	assert_eq!((sum, carry), (100, 500_000));
}

proptest! {
	#[test]
	fn what_holders_earn_and_what_is_carried_is_what_came_in(
		shares in prop::collection::vec(1..=MAX_SUPPLY / 32, 1..20),
		amounts in prop::collection::vec(0..=MAX_INCOME, 1..20),
	) {
		let supply = shares.iter().sum();
		let (mut acc, mut rem, mut income) = (U256::zero(), 0, U256::zero());
		for amount in amounts {
			(acc, rem) = distribute(acc, rem, supply, amount).unwrap();
			income += amount.into();
		}
		let mut total = U256::from(rem);
		for held in shares {
			let (whole, fraction) = earned(held, U256::zero(), acc, 0).unwrap();
			total += U256::from(whole) * SCALE + fraction;
		}
		prop_assert_eq!(total, income * SCALE);
	}

	#[test]
	fn settling_often_or_once_is_the_same(
		shares in 1..=MAX_SUPPLY,
		steps in prop::collection::vec(0..=u128::from(u64::MAX), 1..50),
	) {
		let (mut acc, mut sum, mut fraction) = (U256::zero(), 0, 0);
		for step in steps {
			let next = acc + U256::from(step);
			let (whole, rest) = earned(shares, acc, next, fraction).unwrap();
			(acc, sum, fraction) = (next, sum + whole, rest);
		}
		prop_assert_eq!(earned(shares, U256::zero(), acc, 0), Some((sum, fraction)));
	}

	#[test]
	fn royalties_in_pieces_are_the_royalty_of_the_whole(
		part in 0..=1_000_000u32,
		amounts in prop::collection::vec(0..=MAX_INCOME, 1..50),
	) {
		let part = Permill::from_parts(part);
		let (mut sum, mut carry) = (0, 0);
		for amount in &amounts {
			let (piece, rest) = royalty(*amount, part, carry).unwrap();
			prop_assert!(piece <= *amount);
			(sum, carry) = (sum + piece, rest);
		}
		prop_assert_eq!(royalty(amounts.iter().sum(), part, 0), Some((sum, carry)));
	}
}
