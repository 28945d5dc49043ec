//! The arithmetic of a payment.

use cairn_primitives::{Balance, Points, Terms};
use proptest::{collection::vec, prelude::*};
use sp_core::U256;
use sp_runtime::Permill;

use crate::{split, Split};

/// Amounts at which arithmetic breaks, if it does.
fn amounts() -> impl Strategy<Value = Balance> {
	prop_oneof![
		Just(0),
		Just(1),
		Just(Balance::MAX),
		Just(Balance::MAX - 1),
		0u128..200,
		any::<Balance>(),
		(0u32..128, 0u128..3).prop_map(|(bits, off)| (1u128 << bits).saturating_sub(off)),
	]
}

fn fees() -> impl Strategy<Value = Permill> {
	prop_oneof![Just(0), Just(1), Just(500_000), Just(1_000_000), 0u32..=1_000_000]
		.prop_map(Permill::from_parts)
}

/// ⌊paid · fee⌋ without the type that is tested.
fn fee_of(paid: Balance, fee: Permill) -> U256 {
	let parts = fee.min(Terms::MAX_SERVING_FEE).deconstruct();
	U256::from(paid) * U256::from(parts) / U256::from(1_000_000)
}

fn sum(parts: &[Balance]) -> U256 {
	parts.iter().fold(U256::zero(), |sum, part| sum + U256::from(*part))
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(4_000))]

	#[test]
	fn nothing_is_lost_or_made(
		paid in amounts(),
		fee in fees(),
		flops in vec(amounts(), 0..65),
	) {
		let Split { parts, revenue } = split(paid, fee, &flops);
		prop_assert_eq!(parts.len(), flops.len());
		prop_assert_eq!(sum(&parts) + U256::from(revenue), U256::from(paid));
		prop_assert!(sum(&parts) <= fee_of(paid, fee));
	}

	#[test]
	fn each_part_is_proportional_to_the_flops_and_rounding_costs_less_than_a_unit_a_stage(
		paid in amounts(),
		fee in fees(),
		flops in vec(1u128..1 << 100, 1..65),
	) {
		let Split { parts, .. } = split(paid, fee, &flops);
		let (whole, all) = (fee_of(paid, fee), sum(&flops));
		for (part, flops) in parts.iter().zip(&flops) {
			prop_assert_eq!(U256::from(*part), whole * U256::from(*flops) / all);
		}
		prop_assert!(whole - sum(&parts) < U256::from(parts.len()));
	}

	#[test]
	fn a_higher_voucher_pays_nobody_less(
		paid in any::<Balance>(),
		more in any::<Balance>(),
		fee in fees(),
		flops in vec(1u128..1 << 100, 1..65),
	) {
		let (low, high) = (paid.min(more), paid.max(more));
		let (low, high) = (split(low, fee, &flops), split(high, fee, &flops));
		for (low, high) in low.parts.iter().zip(&high.parts) {
			prop_assert!(low <= high);
		}
	}
}

#[test]
fn fees_are_capped_at_half() {
	let all = Split { parts: vec![500], revenue: 500 };
	assert_eq!(split(1_000, Permill::one(), &[7]), all);
	assert_eq!(split(1_001, Permill::one(), &[7]).parts, [500]);
}

#[test]
fn what_rounding_leaves_is_the_holders() {
	let thirds: [Points; 3] = [1, 1, 1];
	let expected = Split { parts: vec![33, 33, 33], revenue: 901 };
	assert_eq!(split(1_000, Permill::from_percent(10), &thirds), expected);
}

#[test]
fn stages_without_flops_leave_the_fee_to_the_holders() {
	let half = Permill::from_percent(50);
	assert_eq!(split(10, half, &[0, 0]), Split { parts: vec![0, 0], revenue: 10 });
	assert_eq!(split(10, half, &[]), Split { parts: vec![], revenue: 10 });
}
