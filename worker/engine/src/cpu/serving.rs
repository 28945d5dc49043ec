//! Products and attention for serving, where sums may be taken in any order and rows are few: what counts is that each
//! weight is read from memory once.

use rayon::prelude::*;

use super::{
	kernel,
	reduce::{tree, PARTIALS},
	Panel,
};

/// Rows up to which a product is bound by reading the matrix; with more the library's product is faster.
pub const FEW: usize = 8;
/// Weights that a thread takes at a time.
const WEIGHTS: usize = 256 * 1024;

/// Few rows times a matrix: y = x · Wᵀ, where x has rows of `width` and so has W.
pub fn multiply(x: &[f32], width: usize, weights: &[f32], y: &mut [f32]) {
	let (rows, outputs) = (x.len() / width, weights.len() / width);
	let share = (WEIGHTS / width).max(1);
	let panels: Vec<Panel> = Panel::new(y, outputs).split(rows.max(1), share).collect();
	panels
		.into_par_iter()
		.zip(weights.par_chunks(share * width))
		.for_each(|(mut panel, weights)| dots(x, width, weights, &mut panel));
}

kernel! {
	/// The product of each row of x with each row of w, which stays in the processor's cache for all rows of x.
	pub fn dots(x: &[f32], width: usize, w: &[f32], y: &mut Panel<'_>) {
		for (j, w) in w.chunks_exact(width).enumerate() {
			for (row, x) in x.chunks_exact(width).enumerate() {
				y.row(row)[j] = dot(x, w);
			}
		}
	}
}

#[inline(always)]
fn dot(x: &[f32], w: &[f32]) -> f32 {
	let ((x, x_rest), (w, w_rest)) = (x.as_chunks::<PARTIALS>(), w.as_chunks::<PARTIALS>());
	let mut partials = [0f32; PARTIALS];
	for (x, w) in x.iter().zip(w) {
		partials = std::array::from_fn(|j| x[j].mul_add(w[j], partials[j]));
	}
	let rest: f32 = x_rest.iter().zip(w_rest).map(|(x, w)| x * w).sum();
	tree(partials) + rest
}

kernel! {
	/// Sums of values, each weighted: out = p · V, where p has rows of as many weights as there are values.
	pub fn combine(p: &[f32], values: &[f32], out: &mut Panel<'_>) {
		let width = out.columns();
		let count = values.len() / width;
		for row in 0..out.rows() {
			let (p, out) = (&p[row * count..(row + 1) * count], out.row(row));
			out.fill(0.0);
			for (p, value) in p.iter().zip(values.chunks_exact(width)) {
				for (out, value) in out.iter_mut().zip(value) {
					*out = p.mul_add(*value, *out);
				}
			}
		}
	}
}

kernel! {
	/// The softmax of the first `seen` scores; the rest takes no part.
	pub fn softmax(scores: &mut [f32], seen: usize, scale: f32) {
		let (seen, rest) = scores.split_at_mut(seen);
		let max = super::reduce::max(seen);
		for score in seen.iter_mut() {
			*score = cairn_program::elementary::exp((*score - max) * scale);
		}
		let sum = super::reduce::sum(seen);
		for score in seen.iter_mut() {
			*score /= sum;
		}
		rest.fill(0.0);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn numbers(count: usize, seed: usize) -> Vec<f32> {
		(0..count).map(|i| ((i * 37 + seed * 11) % 101) as f32 / 50.0 - 1.0).collect()
	}

	fn close(found: f32, expected: f64) {
		assert!(
			(f64::from(found) - expected).abs() <= 1e-5 * expected.abs().max(1.0),
			"{found} {expected}"
		);
	}

	#[test]
	fn products_of_few_rows_are_products() {
		for (rows, width, outputs) in
			[(1, 32, 5), (1, 100, 3), (3, 64, 1500), (7, 70, 1111), (8, 1, 2)]
		{
			let (x, w) = (numbers(rows * width, 1), numbers(outputs * width, 2));
			let mut y = vec![f32::NAN; rows * outputs];
			multiply(&x, width, &w, &mut y);
			for (i, found) in y.iter().enumerate() {
				let (row, output) = (i / outputs, i % outputs);
				let products = (0..width)
					.map(|k| f64::from(x[row * width + k]) * f64::from(w[output * width + k]));
				close(*found, products.sum());
			}
		}
	}

	#[test]
	fn weights_of_a_softmax_add_up_and_what_is_not_seen_has_none() {
		let mut scores = numbers(70, 3);
		let expected: Vec<f64> = scores[..50].iter().map(|x| (f64::from(*x) * 2.0).exp()).collect();
		softmax(&mut scores, 50, 2.0);
		let sum: f64 = expected.iter().sum();
		scores[..50].iter().zip(&expected).for_each(|(found, e)| close(*found, e / sum));
		assert_eq!(scores[50..], [0.0; 20]);
	}

	#[test]
	fn values_are_combined() {
		let (p, values) = (numbers(2 * 5, 4), numbers(5 * 6, 5));
		let mut out = vec![f32::NAN; 12];
		combine(&p, &values, &mut Panel::new(&mut out, 6));
		for (i, found) in out.iter().enumerate() {
			let products =
				(0..5).map(|k| f64::from(p[i / 6 * 5 + k]) * f64::from(values[k * 6 + i % 6]));
			close(*found, products.sum());
		}
	}
}
