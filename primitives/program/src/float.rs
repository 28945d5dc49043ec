//! binary32 behind a trait, so that one text defines the arithmetic for machines that have floats and for the chain, which
//! computes with integers.

use core::ops::{Add, Div, Mul, Neg, Sub};

/// IEEE-754 binary32: every operation rounds once, to nearest, ties to even; subnormals are kept.
///
/// The bits of a NaN are not specified: a step that produces one ends the unit, so none is ever committed to.
pub trait Float:
	Copy
	+ Add<Output = Self>
	+ Sub<Output = Self>
	+ Mul<Output = Self>
	+ Div<Output = Self>
	+ Neg<Output = Self>
{
	/// The number with these bits.
	fn from_bits(bits: u32) -> Self;

	/// The number's bits.
	fn to_bits(self) -> u32;

	/// `self · factor + summand`, rounded once.
	fn fma(self, factor: Self, summand: Self) -> Self;

	/// The square root.
	fn sqrt(self) -> Self;

	/// The float that a literal stands for.
	#[inline(always)]
	fn literal(value: f32) -> Self {
		Self::from_bits(value.to_bits())
	}

	/// +0.
	#[inline(always)]
	fn zero() -> Self {
		Self::from_bits(0)
	}

	/// 1.
	#[inline(always)]
	fn one() -> Self {
		Self::from_bits(0x3f80_0000)
	}

	/// −∞.
	#[inline(always)]
	fn negative_infinity() -> Self {
		Self::from_bits(0xff80_0000)
	}

	/// An integer of at most 24 bits, exactly.
	fn integer(value: i32) -> Self {
		debug_assert!(value.unsigned_abs() <= 1 << 24, "{value} has more than 24 bits");
		let magnitude = value.unsigned_abs();
		if magnitude == 0 {
			return Self::zero();
		}
		let zeros = magnitude.leading_zeros(); // from 7, for 2²⁴, to 31
		let significand = if zeros < 8 { magnitude >> 1 } else { magnitude << (zeros - 8) };
		let sign = u32::from(value < 0) << 31;
		Self::from_bits(sign | ((158 - zeros) << 23) | (significand & 0x7f_ffff))
	}

	/// The absolute value.
	fn abs(self) -> Self {
		Self::from_bits(self.to_bits() & 0x7fff_ffff)
	}

	/// Neither infinite nor NaN.
	fn is_finite(self) -> bool {
		(self.to_bits() >> 23) & 0xff != 0xff
	}

	/// Whether this number is the larger one. −0 and +0 are equal; a NaN is neither larger nor smaller than anything.
	fn exceeds(self, other: Self) -> bool;
}

// Inlined always, so that callers which are compiled for wider instructions take this with them.
#[cfg(feature = "std")]
impl Float for f32 {
	#[inline(always)]
	fn from_bits(bits: u32) -> Self {
		f32::from_bits(bits)
	}

	#[inline(always)]
	fn to_bits(self) -> u32 {
		f32::to_bits(self)
	}

	#[inline(always)]
	fn fma(self, factor: Self, summand: Self) -> Self {
		self.mul_add(factor, summand)
	}

	#[inline(always)]
	fn sqrt(self) -> Self {
		f32::sqrt(self)
	}

	#[inline(always)]
	fn exceeds(self, other: Self) -> bool {
		self > other
	}
}

#[cfg(test)]
mod tests {
	use proptest::prelude::*;

	use super::*;

	proptest! {
		#[test]
		fn integers_of_24_bits_are_exact(value in -(1i32 << 24)..=1 << 24) {
			prop_assert_eq!(<f32 as Float>::integer(value).to_bits(), (value as f32).to_bits());
		}
	}
}
