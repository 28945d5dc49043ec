//! RoPE and SwiGLU, forward and backward.

use cairn_program::elementary;
use rayon::prelude::*;

use super::{kernel, ELEMENTS, ROWS};

/// The tables of RoPE: positions × pairs of a head's features.
#[derive(Clone, Copy, Debug)]
pub struct Rotations<'a> {
	/// Cosines.
	pub cosines: &'a [f32],
	/// Sines.
	pub sines: &'a [f32],
	/// Tokens of a sample.
	pub context: usize,
	/// Features of a head.
	pub width: usize,
}

impl Rotations<'_> {
	/// Rotate the heads of tokens × features in place; `back` turns the other way.
	pub fn apply(&self, x: &mut [f32], heads: usize, back: bool) {
		let row = heads * self.width;
		x.par_chunks_mut(ROWS * row).enumerate().for_each(|(chunk, x)| {
			rotate(
				x,
				heads,
				self.width,
				self.context,
				chunk * ROWS,
				self.cosines,
				self.sines,
				back,
			);
		});
	}
}

kernel! {
	fn rotate(
		x: &mut [f32],
		heads: usize,
		width: usize,
		context: usize,
		first: usize,
		cosines: &[f32],
		sines: &[f32],
		back: bool,
	) {
		let half = width / 2;
		for (token, x) in x.chunks_exact_mut(heads * width).enumerate() {
			let position = (first + token) % context;
			let cosines = &cosines[position * half..(position + 1) * half];
			let sines = &sines[position * half..(position + 1) * half];
			for head in x.chunks_exact_mut(width) {
				let (firsts, seconds) = head.split_at_mut(half);
				for ((a, b), (cos, sin)) in firsts.iter_mut().zip(seconds).zip(cosines.iter().zip(sines)) {
					let sin = if back { -sin } else { *sin };
					(*a, *b) = (b.mul_add(-sin, *a * cos), a.mul_add(sin, *b * cos));
				}
			}
		}
	}
}

/// SwiGLU: gate / (1 + exp(−gate)) · up.
pub fn swiglu(gate: &[f32], up: &[f32], activated: &mut [f32]) {
	gate.par_chunks(ELEMENTS)
		.zip(up.par_chunks(ELEMENTS))
		.zip(activated.par_chunks_mut(ELEMENTS))
		.for_each(|((gate, up), activated)| swiglu_rows(gate, up, activated));
}

kernel! {
	fn swiglu_rows(gate: &[f32], up: &[f32], activated: &mut [f32]) {
		for ((gate, up), activated) in gate.iter().zip(up).zip(activated) {
			*activated = gate / (1.0 + elementary::exp(-gate)) * up;
		}
	}
}

/// Gradients of gate and up. `gradient` holds that of the activation before and that of the gate behind; `up_gradient` is
/// overwritten.
pub fn swiglu_backward(gate: &[f32], up: &[f32], gradient: &mut [f32], up_gradient: &mut [f32]) {
	gate.par_chunks(ELEMENTS)
		.zip(up.par_chunks(ELEMENTS))
		.zip(gradient.par_chunks_mut(ELEMENTS))
		.zip(up_gradient.par_chunks_mut(ELEMENTS))
		.for_each(|(((gate, up), gradient), up_gradient)| {
			swiglu_gradients(gate, up, gradient, up_gradient);
		});
}

kernel! {
	fn swiglu_gradients(gate: &[f32], up: &[f32], gradient: &mut [f32], up_gradient: &mut [f32]) {
		for ((gate, up), (gradient, up_gradient)) in gate.iter().zip(up).zip(gradient.iter_mut().zip(up_gradient)) {
			let denominator = 1.0 + elementary::exp(-gate);
			let sigmoid = 1.0 / denominator;
			*up_gradient = *gradient * (gate / denominator);
			*gradient = (*gradient * up) * (sigmoid * gate.mul_add(1.0 - sigmoid, 1.0));
		}
	}
}
