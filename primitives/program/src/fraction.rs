//! Fractions of integers as binary32, rounded once: how decimals of a spec enter the arithmetic.

use cairn_primitives::spec::Nano;

use crate::Float;

/// The binary32 nearest to `numerator / denominator`, ties to even; +0 if the denominator is 0.
pub fn ratio<F: Float>(numerator: u32, denominator: u32) -> F {
	if numerator == 0 || denominator == 0 {
		return F::zero();
	}
	// A quotient of at least 26 bits, and whether anything was cut off.
	let (numerator, denominator) = (u64::from(numerator) << 31, u64::from(denominator));
	let shift = 26u32.saturating_sub((numerator / denominator).checked_ilog2().unwrap_or(0));
	let (numerator, denominator) = (u128::from(numerator) << shift, u128::from(denominator));
	let (quotient, rest) = (numerator / denominator, numerator % denominator);
	// Round at 24 bits.
	let excess = quotient.ilog2() - 23; // at least 2
	let (kept, cut) = (quotient >> excess, quotient & ((1 << excess) - 1));
	let half = 1 << (excess - 1);
	let above = cut > half || (cut == half && (rest != 0 || kept & 1 == 1));
	let exponent = excess + 127 + 23 - 31 - shift; // 2⁻³² at least: always normal
	F::from_bits(((exponent - 1) << 23) + kept as u32 + u32::from(above)) // a carry raises the exponent
}

/// The binary32 nearest to a decimal of a spec.
pub fn decimal<F: Float>(value: Nano) -> F {
	ratio(value.0, Nano::ONE.0)
}

#[cfg(test)]
mod tests {
	use proptest::prelude::*;

	use super::*;

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(5_000))]
		#[test]
		fn ratios_round_to_nearest(numerator in 1u32.., denominator in prop_oneof![1u32.., 1u32..1_000]) {
			let bits = ratio::<f32>(numerator, denominator).to_bits();
			// The float is m · 2^e, and n/d lies within half of 2^e of it: compare d · 2^e with twice the distance, in integers.
			let (m, e) = (u128::from(bits & 0x7f_ffff | 0x80_0000), (bits >> 23) as i32 - 150);
			let (n, d) = (u128::from(numerator), u128::from(denominator));
			let (n, d) = if e < 0 { (n << -e, d) } else { (n, d << e) };
			prop_assert!(2 * n.abs_diff(m * d) <= d);
		}
	}

	#[test]
	fn decimals_are_what_the_compiler_reads() {
		for (nano, literal) in [
			(0, 0.0f32),
			(1, 1e-9),
			(10, 1e-8),
			(100_000_000, 0.1),
			(950_000_000, 0.95),
			(900_000_000, 0.9),
			(333_333_333, 0.333_333_34),
			(1_000_000_000, 1.0),
			(4_294_967_295, 4.294_967),
			(999_999_999, 0.999_999_999),
		] {
			assert_eq!(decimal::<f32>(Nano(nano)).to_bits(), literal.to_bits(), "{nano}");
		}
		assert_eq!(ratio::<f32>(0, 5).to_bits(), 0);
		assert_eq!(ratio::<f32>(5, 0).to_bits(), 0);
		assert_eq!(ratio::<f32>(u32::MAX, u32::MAX), 1.0);
		assert_eq!(ratio::<f32>(1, u32::MAX), 1.0 / u32::MAX as f32);
	}
}
