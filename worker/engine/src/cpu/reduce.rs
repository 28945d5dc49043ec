//! Sums and maxima of rows, in the order of the stage program.

use cairn_program::Float;

/// Partial sums of a row.
pub(super) const PARTIALS: usize = 32;

/// Sum of a row by 32 partial sums: partial j adds the elements j, j + 32, j + 64 and so on.
#[inline(always)]
pub(super) fn sum(row: &[f32]) -> f32 {
	let mut partials = [0f32; PARTIALS];
	let chunks = row.chunks_exact(PARTIALS);
	let rest = chunks.remainder();
	for chunk in chunks {
		for (partial, x) in partials.iter_mut().zip(chunk) {
			*partial += x;
		}
	}
	for (partial, x) in partials.iter_mut().zip(rest) {
		*partial += x;
	}
	tree(partials)
}

/// Sum of the products of two rows, likewise.
#[inline(always)]
pub(super) fn sum_of_products(left: &[f32], right: &[f32]) -> f32 {
	let mut partials = [0f32; PARTIALS];
	let (lefts, rights) = (left.chunks_exact(PARTIALS), right.chunks_exact(PARTIALS));
	let (left_rest, right_rest) = (lefts.remainder(), rights.remainder());
	for (left, right) in lefts.zip(rights) {
		for (partial, (x, y)) in partials.iter_mut().zip(left.iter().zip(right)) {
			*partial += x * y;
		}
	}
	for (partial, (x, y)) in partials.iter_mut().zip(left_rest.iter().zip(right_rest)) {
		*partial += x * y;
	}
	tree(partials)
}

/// The sum of partial sums: halves onto halves.
#[inline(always)]
pub(super) fn tree(mut partials: [f32; PARTIALS]) -> f32 {
	let mut half = PARTIALS / 2;
	while half > 0 {
		for j in 0..half {
			partials[j] += partials[j + half];
		}
		half /= 2;
	}
	partials[0]
}

/// Largest element of a row, NaNs left out; never −0.
#[inline(always)]
pub(super) fn max(row: &[f32]) -> f32 {
	fold(row, f32::NEG_INFINITY, |max, x| if x.exceeds(max) { x } else { max }) + 0.0
}

/// Largest magnitude of a row, NaNs left out: magnitudes are ordered as their bits are.
#[inline(always)]
pub(super) fn max_magnitude(row: &[f32]) -> f32 {
	let (chunks, rest) = row.as_chunks::<PARTIALS>();
	let mut lanes = [0; PARTIALS];
	for chunk in chunks {
		lanes = std::array::from_fn(|j| magnitude(chunk[j]).max(lanes[j]));
	}
	let largest = rest.iter().fold(0, |largest, x| magnitude(*x).max(largest));
	f32::from_bits(lanes.iter().fold(largest, |largest, lane| largest.max(*lane)))
}

/// Bits of a magnitude; 0 of what is no number.
#[inline(always)]
fn magnitude(x: f32) -> u32 {
	let bits = x.to_bits() & 0x7fff_ffff;
	if bits > f32::INFINITY.to_bits() {
		0
	} else {
		bits
	}
}

/// A fold whose order does not matter.
#[inline(always)]
fn fold(row: &[f32], start: f32, step: impl Fn(f32, f32) -> f32) -> f32 {
	let mut lanes = [start; PARTIALS];
	let chunks = row.chunks_exact(PARTIALS);
	let rest = chunks.remainder();
	for chunk in chunks {
		for (lane, x) in lanes.iter_mut().zip(chunk) {
			*lane = step(*lane, *x);
		}
	}
	for (lane, x) in lanes.iter_mut().zip(rest) {
		*lane = step(*lane, *x);
	}
	lanes.into_iter().fold(start, step)
}
