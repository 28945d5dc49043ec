//! exp, ln, and sine and cosine of a phase: exact range reduction, then a polynomial whose every rounding is written down.
//!
//! The polynomials are minimax (Remez) for the relative error of the function, rounded to binary32 coefficient by
//! coefficient; the reductions are Cody and Waite's ("Software Manual for the Elementary Functions", 1980). Errors are
//! bounded in the documentation of each function and tested against multi-precision arithmetic.

use crate::Float;

/// ln 2, its first 12 bits: a product with an integer below 2¹² is exact.
const LN2_HIGH: f32 = f32::from_bits(0x3f31_7000);
/// ln 2 − [`LN2_HIGH`].
const LN2_LOW: f32 = f32::from_bits(0x3805_fdf4);
/// 1 / ln 2.
const LOG2_E: f32 = f32::from_bits(0x3fb8_aa3b);
/// 1.5 · 2²³: what is added to it is rounded to an integer, which the low bits of the sum then hold.
const ROUNDING: f32 = 12_582_912.0;

/// (eʳ − 1 − r) / r² on |r| ≤ ½ ln 2, from the constant up.
const EXP: [f32; 5] = [
	f32::from_bits(0x3eff_fffe),
	f32::from_bits(0x3e2a_aa49),
	f32::from_bits(0x3d2a_ac79),
	f32::from_bits(0x3c09_1cf1),
	f32::from_bits(0x3ab5_121a),
];

/// (ln(1 + f) − f + ½f²) / f³ on √½ ≤ 1 + f ≤ √2, from the constant up.
const LN: [f32; 9] = [
	f32::from_bits(0x3eaa_aaa4),
	f32::from_bits(0xbe80_0003),
	f32::from_bits(0x3e4c_d25b),
	f32::from_bits(0xbe2a_ae27),
	f32::from_bits(0x3e11_9bb4),
	f32::from_bits(0xbdfe_1103),
	f32::from_bits(0x3df3_7831),
	f32::from_bits(0xbdef_1e0e),
	f32::from_bits(0x3d8a_2be2),
];

/// (sin(a) / a − 1) / a² in powers of a² on |a| ≤ π/4, from the constant up.
const SIN: [f32; 3] =
	[f32::from_bits(0xbe2a_aaa3), f32::from_bits(0x3c08_83b0), f32::from_bits(0xb94c_a744)];

/// (cos(a) − 1 + ½a²) / a⁴ in powers of a² on |a| ≤ π/4, from the constant up.
const COS: [f32; 3] =
	[f32::from_bits(0x3d2a_aaa5), f32::from_bits(0xbab6_0646), f32::from_bits(0x37cd_0119)];

/// Horner's scheme, each step one fma. Written so that it unrolls and loops over it are vectorised.
#[inline(always)]
fn polynomial<F: Float, const N: usize>(coefficients: &[f32; N], x: F) -> F {
	let mut sum = F::zero();
	for (i, coefficient) in coefficients.iter().rev().enumerate() {
		let coefficient = F::literal(*coefficient);
		sum = if i == 0 { coefficient } else { sum.fma(x, coefficient) };
	}
	sum
}

/// eˣ, off by less than 1 unit in the last place; +∞ from 88.73 on, +0 below −103.98, NaN of a NaN.
#[inline(always)]
pub fn exp<F: Float>(x: F) -> F {
	// Beyond these limits the result is the same, and k would leave what the reduction can hold.
	let (lowest, highest) = (F::literal(-105.0), F::literal(90.0));
	let x = if lowest.exceeds(x) { lowest } else { x };
	let x = if x.exceeds(highest) { highest } else { x };
	let rounded = x.fma(F::literal(LOG2_E), F::literal(ROUNDING));
	let k = rounded - F::literal(ROUNDING);
	let r = k.fma(F::literal(-LN2_HIGH), x);
	let r = k.fma(F::literal(-LN2_LOW), r);
	let power = (r * r).fma(polynomial(&EXP, r), r) + F::one();
	// 2ᵏ in two factors, because it may lie outside of the normal numbers; the first product is exact.
	let k = (rounded.to_bits() as i32).wrapping_sub(ROUNDING.to_bits() as i32); // −152 to 130, or x is NaN
	let half = k >> 1;
	power * power_of_two(half) * power_of_two(k.wrapping_sub(half))
}

/// 2^exponent, where that is a normal number.
#[inline(always)]
fn power_of_two<F: Float>(exponent: i32) -> F {
	F::from_bits((exponent.wrapping_add(127) as u32) << 23)
}

/// ln x of a normal x > 0, off by less than 1 unit in the last place; of infinity or NaN it is that.
#[inline(always)]
pub fn ln<F: Float>(x: F) -> F {
	// x = (1 + f) · 2ᵏ with √½ ≤ 1 + f < √2
	const ROOT_HALF: u32 = 0x3f35_04f3;
	if !x.is_finite() {
		return x;
	}
	let offset = x.to_bits().wrapping_sub(ROOT_HALF) as i32;
	let k = offset >> 23;
	let f = F::from_bits(x.to_bits().wrapping_sub((k as u32) << 23)) - F::one(); // exact (Sterbenz)
	let k = F::integer(k);
	let square = f * f;
	let tail = (square * f) * polynomial(&LN, f);
	let tail = k.fma(F::literal(LN2_LOW), tail);
	let tail = square.fma(F::literal(-0.5), tail);
	k.fma(F::literal(LN2_HIGH), f + tail)
}

/// Sine and cosine of a phase in turns of 2⁻⁶⁴, each off by less than 2⁻²³.
pub fn sin_cos<F: Float>(phase: u64) -> (F, F) {
	/// 2π · 2⁻²⁷: the angle of the unit to which the phase is rounded.
	const UNIT: f32 = f32::from_bits(0x3349_0fdb);
	// The nearest quarter turn, and how far the phase lies from it, in units of 2⁻²⁷ turns.
	let units = ((phase >> 36) + 1) >> 1; // rounded; 2²⁷ stands for a whole turn
	let quarter = (units + (1 << 24)) >> 25;
	let angle = F::integer((units as i32) - ((quarter as i32) << 25)) * F::literal(UNIT);
	let square = angle * angle;
	let sin = (square * angle).fma(polynomial(&SIN, square), angle);
	let cos =
		(square * square).fma(polynomial(&COS, square), square.fma(F::literal(-0.5), F::one()));
	match quarter & 3 {
		0 => (sin, cos),
		1 => (cos, -sin),
		2 => (-sin, -cos),
		_ => (-cos, sin),
	}
}
