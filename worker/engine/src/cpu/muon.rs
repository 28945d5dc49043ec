//! Muon: momentum, orthogonalised by Newton–Schulz steps (Jordan et al., 2024).

use cairn_program::{NEWTON_SCHULZ_STEPS, QUINTIC};
use gemm::Parallelism;
use rayon::prelude::*;

use super::{
	kernel,
	optimizer::squared_norm,
	product::{assign, Matrix},
	Panel, ELEMENTS,
};

/// A step of a matrix.
#[derive(Clone, Copy, Debug)]
pub struct Step {
	/// Rows.
	pub rows: usize,
	/// Columns.
	pub columns: usize,
	/// What gradients are multiplied by.
	pub clip: f32,
	/// µ
	pub momentum: f32,
	/// Learning rate, with the factor for the matrix's shape.
	pub rate: f32,
	/// Learning rate · weight decay.
	pub decay: f32,
	/// How products are spread over threads.
	pub parallelism: Parallelism,
}

impl Step {
	/// Floats of working memory for a matrix.
	pub fn work(rows: usize, columns: usize) -> usize {
		let small = rows.min(columns);
		2 * rows * columns + 2 * small * small + rows
	}

	/// Step the weights and their momentum. Whether everything that was written is finite.
	pub fn apply(
		&self,
		weights: &mut [f32],
		momentum: &mut [f32],
		gradients: &[f32],
		work: &mut [f32],
	) -> bool {
		let (small, large) = (self.rows.min(self.columns), self.rows.max(self.columns));
		let is_tall = self.rows > self.columns;
		let (mut iterate, work) = work.split_at_mut(small * large);
		let (mut other, work) = work.split_at_mut(small * large);
		let (gram, work) = work.split_at_mut(small * small);
		let (square, work) = work.split_at_mut(small * small);
		let row_sums = &mut work[..self.rows];

		momentum
			.par_chunks_mut(ELEMENTS)
			.zip(gradients.par_chunks(ELEMENTS))
			.zip(other.par_chunks_mut(ELEMENTS))
			.for_each(|((momentum, gradients), direction)| {
				look_ahead(*self, momentum, gradients, direction)
			});
		let norm = squared_norm(other, self.columns, row_sums).sqrt() + 1e-7;
		if is_tall {
			for (column, iterate) in iterate.chunks_exact_mut(large).enumerate() {
				for (row, iterate) in iterate.iter_mut().enumerate() {
					*iterate = other[row * small + column] / norm;
				}
			}
		} else {
			iterate.iter_mut().zip(&*other).for_each(|(iterate, x)| *iterate = x / norm);
		}
		for _ in 0..NEWTON_SCHULZ_STEPS {
			let [a, b, c] = QUINTIC;
			let x = Matrix::new(iterate, large);
			assign(&mut Panel::new(gram, small), x, x.transposed(), large, self.parallelism);
			let g = Matrix::new(gram, small);
			assign(&mut Panel::new(square, small), g, g, small, self.parallelism);
			combine(b, gram, c, square);
			let polynomial = Matrix::new(square, small);
			assign(&mut Panel::new(other, large), polynomial, x, small, self.parallelism);
			combine(a, iterate, 1.0, other);
			std::mem::swap(&mut iterate, &mut other);
		}
		let mut is_finite = true;
		for (row, weights) in weights.chunks_exact_mut(self.columns).enumerate() {
			for (column, weight) in weights.iter_mut().enumerate() {
				let x = if is_tall {
					iterate[column * large + row]
				} else {
					iterate[row * large + column]
				};
				*weight = (*weight - self.decay * *weight) - self.rate * x;
				is_finite &= weight.is_finite();
			}
		}
		is_finite
	}
}

kernel! {
	/// The momentum takes in the gradient; the direction looks one step ahead.
	fn look_ahead(step: Step, momentum: &mut [f32], gradients: &[f32], direction: &mut [f32]) {
		for ((momentum, gradient), direction) in momentum.iter_mut().zip(gradients).zip(direction) {
			let gradient = gradient * step.clip;
			*momentum = step.momentum.mul_add(*momentum, gradient);
			*direction = step.momentum.mul_add(*momentum, gradient);
		}
	}
}

/// `y = fma(a, x, b · y)`
fn combine(a: f32, x: &[f32], b: f32, y: &mut [f32]) {
	x.par_chunks(ELEMENTS)
		.zip(y.par_chunks_mut(ELEMENTS))
		.for_each(|(x, y)| combine_chunk(a, x, b, y));
}

kernel! {
	fn combine_chunk(a: f32, x: &[f32], b: f32, y: &mut [f32]) {
		for (x, y) in x.iter().zip(y) {
			*y = a.mul_add(*x, b * *y);
		}
	}
}
