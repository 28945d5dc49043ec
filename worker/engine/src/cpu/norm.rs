//! RMSNorm, forward and backward.

use cairn_program::Float;
use rayon::prelude::*;

use super::{kernel, reduce, ROWS};

/// Numbers of an RMSNorm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
	/// Elements of a row.
	pub width: usize,
	/// What is added to the mean square.
	pub epsilon: f32,
}

impl Norm {
	/// The factor of each row: 1 / √(mean square + ε). Whether all sums of squares are finite: of infinity the factor is +0,
	/// which would hide it from everything behind.
	pub fn scales(&self, x: &[f32], scales: &mut [f32]) -> bool {
		let rows = x.par_chunks(ROWS * self.width).zip(scales.par_chunks_mut(ROWS));
		rows.map(|(x, scales)| row_scales(x, *self, scales))
			.reduce(|| true, |one, other| one && other)
	}

	/// Rows times their factors.
	pub fn apply(&self, x: &[f32], scales: &[f32], normed: &mut [f32]) {
		let rows = ROWS * self.width;
		x.par_chunks(rows)
			.zip(scales.par_chunks(ROWS))
			.zip(normed.par_chunks_mut(rows))
			.for_each(|((x, scales), normed)| multiply(x, scales, self.width, normed));
	}

	/// Gradient of the rows from that of the normed rows. With `onto` it is added to the gradient that came past the norm, which
	/// `gradient` holds; without, nothing came past, and `gradient` is overwritten.
	pub fn backward(
		&self,
		x: &[f32],
		scales: &[f32],
		normed_gradient: &[f32],
		onto: bool,
		gradient: &mut [f32],
	) {
		let rows = ROWS * self.width;
		x.par_chunks(rows)
			.zip(scales.par_chunks(ROWS))
			.zip(normed_gradient.par_chunks(rows))
			.zip(gradient.par_chunks_mut(rows))
			.for_each(|(((x, scales), normed), gradient)| {
				row_gradients(x, scales, normed, *self, onto, gradient);
			});
	}
}

kernel! {
	fn row_scales(x: &[f32], norm: Norm, scales: &mut [f32]) -> bool {
		let count = norm.width as f32;
		let mut is_finite = true;
		for (x, scale) in x.chunks_exact(norm.width).zip(scales) {
			let squares = reduce::sum_of_products(x, x);
			is_finite &= squares.is_finite();
			*scale = 1.0 / Float::sqrt(squares / count + norm.epsilon);
		}
		is_finite
	}
}

kernel! {
	fn multiply(x: &[f32], scales: &[f32], width: usize, normed: &mut [f32]) {
		for ((x, scale), normed) in x.chunks_exact(width).zip(scales).zip(normed.chunks_exact_mut(width)) {
			for (normed, x) in normed.iter_mut().zip(x) {
				*normed = x * scale;
			}
		}
	}
}

kernel! {
	fn row_gradients(x: &[f32], scales: &[f32], normed: &[f32], norm: Norm, onto: bool, gradient: &mut [f32]) {
		let count = norm.width as f32;
		let rows = x.chunks_exact(norm.width).zip(normed.chunks_exact(norm.width));
		for ((x, normed), (scale, gradient)) in rows.zip(scales.iter().zip(gradient.chunks_exact_mut(norm.width))) {
			let dot = reduce::sum_of_products(normed, x);
			let coefficient = (dot / count) * (scale * (scale * scale));
			for ((gradient, x), normed) in gradient.iter_mut().zip(x).zip(normed) {
				let own = (-x).mul_add(coefficient, normed * scale);
				*gradient = if onto { *gradient + own } else { own };
			}
		}
	}
}
