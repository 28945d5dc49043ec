//! binary32 in integer arithmetic: the chain has no floats.

use core::ops::{Add, Div, Mul, Neg, Sub};

use rustc_apfloat::{ieee::Single, Float as _};

use crate::Float;

/// A binary32 that is computed with integers, by the Rust project's port of LLVM's APFloat.
#[derive(Clone, Copy, Debug)]
pub struct SoftFloat(Single);

impl Float for SoftFloat {
	fn from_bits(bits: u32) -> Self {
		Self(Single::from_bits(bits.into()))
	}

	fn to_bits(self) -> u32 {
		self.0.to_bits() as u32 // a binary32 has 32 bits
	}

	fn fma(self, factor: Self, summand: Self) -> Self {
		Self(self.0.mul_add(factor.0, summand.0).value)
	}

	/// By the integer square root of the significand: APFloat has none.
	fn sqrt(self) -> Self {
		const NAN: u32 = 0x7fc0_0000;
		let bits = self.to_bits();
		if bits << 1 == 0 || bits == 0x7f80_0000 {
			return self; // ±0, +∞
		}
		if bits >> 31 == 1 || bits > 0x7f80_0000 {
			return Self::from_bits(NAN);
		}
		// self = significand · 2^exponent with 24 significant bits
		let (fraction, biased) = (bits & 0x7f_ffff, (bits >> 23) as i32);
		let (mut significand, mut exponent) = if biased == 0 {
			let shift = fraction.leading_zeros() - 8;
			(u64::from(fraction) << shift, -149 - shift as i32)
		} else {
			(u64::from(fraction | 0x80_0000), biased - 150)
		};
		if exponent & 1 != 0 {
			significand <<= 1;
			exponent -= 1;
		}
		// A root of 25 or 26 bits; whatever is cut off by it lies strictly between two of its steps.
		let scaled = significand << 26; // at most 51 bits
		let root = scaled.isqrt();
		let sticky = u64::from(root * root != scaled);
		let significand = (root << 1) | sticky; // 26 or 27 bits
		let exponent = (exponent - 28) / 2;
		// Round to nearest even at 24 bits; the root of a binary32 is never subnormal.
		let excess = significand.ilog2() - 23;
		let (kept, cut) = (significand >> excess, significand & ((1 << excess) - 1));
		let half = 1 << (excess - 1);
		let up = u64::from(cut > half || (cut == half && kept & 1 == 1));
		let biased = (exponent + excess as i32 + 150) as u32;
		Self::from_bits(((biased - 1) << 23) + (kept + up) as u32) // a carry raises the exponent
	}

	fn exceeds(self, other: Self) -> bool {
		self.0 > other.0
	}
}

impl Add for SoftFloat {
	type Output = Self;
	fn add(self, other: Self) -> Self {
		Self((self.0 + other.0).value)
	}
}

impl Sub for SoftFloat {
	type Output = Self;
	fn sub(self, other: Self) -> Self {
		Self((self.0 - other.0).value)
	}
}

impl Mul for SoftFloat {
	type Output = Self;
	fn mul(self, other: Self) -> Self {
		Self((self.0 * other.0).value)
	}
}

impl Div for SoftFloat {
	type Output = Self;
	fn div(self, other: Self) -> Self {
		Self((self.0 / other.0).value)
	}
}

impl Neg for SoftFloat {
	type Output = Self;
	fn neg(self) -> Self {
		Self(-self.0)
	}
}

#[cfg(test)]
mod tests {
	use proptest::prelude::*;

	use super::*;

	/// Bits of floats of every kind, the strange ones often.
	fn bits() -> impl Strategy<Value = u32> {
		prop_oneof![
			any::<u32>(),
			// around 1, where sums cancel and products round
			(0x3e00_0000u32..0x4100_0000, any::<bool>())
				.prop_map(|(b, s)| b | (u32::from(s) << 31)),
			(0u32..0x0100_0000, any::<bool>()).prop_map(|(b, s)| b | (u32::from(s) << 31)),
			prop::sample::select(vec![
				0,
				1 << 31,
				1,
				0x7f_ffff,
				0x80_0000,
				0x7f7f_ffff,
				0x7f80_0000
			]),
		]
	}

	/// Equal bits, or both NaN.
	fn same(soft: SoftFloat, hard: f32) -> bool {
		soft.to_bits() == hard.to_bits()
			|| (hard.is_nan() && f32::from_bits(soft.to_bits()).is_nan())
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(20_000))]
		#[test]
		fn integers_compute_what_the_processor_does(a in bits(), b in bits(), c in bits()) {
			let [x, y, z] = [a, b, c].map(SoftFloat::from_bits);
			let [p, q, r] = [a, b, c].map(f32::from_bits);
			prop_assert!(same(x, p));
			prop_assert!(same(x + y, p + q), "{p:e} + {q:e}");
			prop_assert!(same(x - y, p - q), "{p:e} - {q:e}");
			prop_assert!(same(x * y, p * q), "{p:e} * {q:e}");
			prop_assert!(same(x / y, p / q), "{p:e} / {q:e}");
			prop_assert!(same(-x, -p));
			prop_assert!(same(x.fma(y, z), p.mul_add(q, r)), "fma({p:e}, {q:e}, {r:e})");
			prop_assert!(same(x.sqrt(), p.sqrt()), "sqrt({p:e})");
			prop_assert_eq!(x.exceeds(y), p > q, "{:e} > {:e}", p, q);
		}
	}

	#[test]
	fn roots_of_squares_and_their_neighbours() {
		for root in (1u32..4096).step_by(7) {
			for exponent in [-149i32, -140, -126, -60, -1, 0, 1, 60] {
				let square = (root * root) as f32
					* 2f32.powi(exponent / 2)
					* 2f32.powi(exponent - exponent / 2);
				for bits in
					[square.to_bits().saturating_sub(1), square.to_bits(), square.to_bits() + 1]
				{
					assert_eq!(
						SoftFloat::from_bits(bits).sqrt().to_bits(),
						f32::from_bits(bits).sqrt().to_bits()
					);
				}
			}
		}
	}
}
