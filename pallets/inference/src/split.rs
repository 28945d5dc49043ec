//! Who gets what of a payment: pure arithmetic.

use alloc::vec::Vec;

use cairn_primitives::{Balance, Points, Terms};
use sp_core::U256;
use sp_runtime::Permill;

/// A payment, split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
	/// What the seat of each stage gets.
	pub parts: Vec<Balance>,
	/// What the model's holders get: everything else.
	pub revenue: Balance,
}

/// Split `paid`: the serving fee over the stages in proportion to their FLOPs, everything else to the holders.
///
/// ```text
/// fee    = ⌊paid · min(serving_fee, MAX_SERVING_FEE)⌋
/// part_s = ⌊fee · flops_s / Σ flops⌋
/// revenue = paid − Σ part_s            (so that what rounding leaves, at most a unit a stage, is the holders')
/// ```
pub fn split(paid: Balance, serving_fee: Permill, flops: &[Points]) -> Split {
	let fee = serving_fee.min(Terms::MAX_SERVING_FEE).mul_floor(paid);
	// No model has a stage above 2¹⁰⁰ FLOPs, nor more than 64; in 256 bits nothing below can saturate whatever they are.
	let all = flops.iter().fold(U256::zero(), |sum, flops| sum.saturating_add((*flops).into()));
	let parts: Vec<Balance> = flops
		.iter()
		.map(|flops| {
			U256::from(fee)
				.saturating_mul((*flops).into()) // two factors of 128 bits
				.checked_div(all)
				.and_then(|part| part.try_into().ok())
				.unwrap_or(0) // no FLOPs at all: the fee is the holders'
		})
		.collect();
	// Saturating: each part is rounded down, so that together they are at most the fee.
	let revenue = parts.iter().fold(paid, |left, part| left.saturating_sub(*part));
	Split { parts, revenue }
}
