//! The 8-bit boundary codec: blocks along the features, each with a power of two.

use rayon::prelude::*;

use super::{kernel, reduce, ROWS};

/// Largest magnitude of a code.
const LARGEST: f32 = 127.0;
/// Codes that are computed side by side.
const LANES: usize = 16;

/// Codes and exponents of blocks; the last block may be shorter.
pub fn encode(x: &[f32], block: usize, codes: &mut [i8], exponents: &mut [i8]) {
	x.par_chunks(ROWS * block)
		.zip(codes.par_chunks_mut(ROWS * block))
		.zip(exponents.par_chunks_mut(ROWS))
		.for_each(|((x, codes), exponents)| encode_blocks(x, block, codes, exponents));
}

/// The values that codes and exponents stand for.
pub fn decode(codes: &[i8], exponents: &[i8], block: usize, x: &mut [f32]) {
	x.par_chunks_mut(ROWS * block)
		.zip(codes.par_chunks(ROWS * block))
		.zip(exponents.par_chunks(ROWS))
		.for_each(|((x, codes), exponents)| decode_blocks(codes, exponents, block, x));
}

kernel! {
	fn encode_blocks(x: &[f32], block: usize, codes: &mut [i8], exponents: &mut [i8]) {
		for ((x, codes), exponent) in x.chunks(block).zip(codes.chunks_mut(block)).zip(exponents) {
			let e = exponent_of(reduce::max_magnitude(x));
			let factor = power_of_two(-e);
			let (whole, rest) = x.as_chunks::<LANES>();
			let (codes, code_rest) = codes.as_chunks_mut::<LANES>();
			for (codes, x) in codes.iter_mut().zip(whole) {
				*codes = std::array::from_fn(|j| code(x[j] * factor));
			}
			for (own, x) in code_rest.iter_mut().zip(rest) {
				*own = code(x * factor);
			}
			*exponent = e as i8;
		}
	}
}

kernel! {
	fn decode_blocks(codes: &[i8], exponents: &[i8], block: usize, x: &mut [f32]) {
		for ((x, codes), exponent) in x.chunks_mut(block).zip(codes.chunks(block)).zip(exponents) {
			let factor = power_of_two(i32::from(*exponent));
			for (x, code) in x.iter_mut().zip(codes) {
				*x = f32::from(*code) * factor;
			}
		}
	}
}

/// The nearest integer, halves to even, from −127 to 127; 0 of what is no number. Of floats between 2²³ and 2²⁴ the last bits
/// are the integer that they stand for, so adding 1.5 · 2²³ rounds.
#[inline(always)]
fn code(scaled: f32) -> i8 {
	let number = if scaled.is_nan() { 0.0 } else { scaled };
	let least = if number < -LARGEST { -LARGEST } else { number };
	let clamped = if least > LARGEST { LARGEST } else { least };
	(clamped + 12_582_912.0).to_bits() as i8
}

/// The smallest e from −126 to 121 with max ≤ 127 · 2ᵉ, else 121; 0 of +0.
#[inline(always)]
fn exponent_of(max: f32) -> i32 {
	let bits = max.to_bits();
	if bits == 0 {
		return 0;
	}
	let exponent = (bits >> 23) as i32 - 127 - 6 + i32::from(bits & 0x7f_ffff > 0x7e_0000);
	exponent.clamp(-126, 121)
}

/// 2^exponent of an exponent from −126 to 127.
#[inline(always)]
fn power_of_two(exponent: i32) -> f32 {
	f32::from_bits(((exponent + 127) as u32) << 23)
}
