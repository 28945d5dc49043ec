//! Norm of gradients, and AdamW.

use rayon::prelude::*;

use super::{kernel, reduce, ELEMENTS};

/// The squared norm of a matrix: sums of its rows' squares, then the sum of those. `row_sums` is as long as there are rows.
pub fn squared_norm(matrix: &[f32], columns: usize, row_sums: &mut [f32]) -> f32 {
	let rows = (ELEMENTS / columns).max(1);
	matrix
		.par_chunks(rows * columns)
		.zip(row_sums.par_chunks_mut(rows))
		.for_each(|(matrix, sums)| row_squares(matrix, columns, sums));
	sum(row_sums)
}

kernel! {
	fn row_squares(matrix: &[f32], columns: usize, sums: &mut [f32]) {
		for (row, sum) in matrix.chunks_exact(columns).zip(sums) {
			*sum = reduce::sum_of_products(row, row);
		}
	}
}

kernel! {
	/// The sum of a row.
	pub fn sum(row: &[f32]) -> f32 {
		reduce::sum(row)
	}
}

/// Whether all numbers are finite.
pub fn is_finite(floats: &[f32]) -> bool {
	floats.par_chunks(ELEMENTS).all(chunk_is_finite)
}

kernel! {
	fn chunk_is_finite(floats: &[f32]) -> bool {
		let largest = floats.iter().fold(0, |largest, x| (x.to_bits() & 0x7fff_ffff).max(largest));
		largest < 0x7f80_0000
	}
}

/// Numbers of an AdamW step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
	/// What gradients are multiplied by.
	pub clip: f32,
	/// β₁ and 1 − β₁.
	pub first: [f32; 2],
	/// β₂ and 1 − β₂.
	pub second: [f32; 2],
	/// Learning rate.
	pub rate: f32,
	/// Learning rate · weight decay.
	pub decay: f32,
	/// 1 − β₁ᵗ
	pub bias1: f32,
	/// 1 − β₂ᵗ
	pub bias2: f32,
	/// ε
	pub epsilon: f32,
}

impl AdamW {
	/// Step a tensor and its two moments. Whether everything that was written is finite.
	pub fn step(
		&self,
		weights: &mut [f32],
		first: &mut [f32],
		second: &mut [f32],
		gradients: &[f32],
	) -> bool {
		weights
			.par_chunks_mut(ELEMENTS)
			.zip(first.par_chunks_mut(ELEMENTS))
			.zip(second.par_chunks_mut(ELEMENTS))
			.zip(gradients.par_chunks(ELEMENTS))
			.map(|(((weights, first), second), gradients)| {
				adamw(*self, weights, first, second, gradients)
			})
			.reduce(|| true, |one, other| one && other)
	}
}

kernel! {
	fn adamw(step: AdamW, weights: &mut [f32], first: &mut [f32], second: &mut [f32], gradients: &[f32]) -> bool {
		let mut largest = 0u32;
		let moments = first.iter_mut().zip(second.iter_mut());
		for ((w, g), (m, v)) in weights.iter_mut().zip(gradients).zip(moments) {
			let g = g * step.clip;
			*m = step.first[0].mul_add(*m, step.first[1] * g);
			*v = step.second[0].mul_add(*v, step.second[1] * (g * g));
			let decayed = *w - step.decay * *w;
			let root = (*v / step.bias2).sqrt() + step.epsilon;
			*w = decayed - step.rate * ((*m / step.bias1) / root);
			largest = largest.max(w.to_bits() & 0x7fff_ffff).max(v.to_bits());
		}
		largest < 0x7f80_0000
	}
}
