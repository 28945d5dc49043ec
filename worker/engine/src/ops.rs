//! The kernels on buffers, wherever these lie.

use candle_core::Result;
use gemm::Parallelism;

use crate::{
	buffer::{read, Buffer, Slice},
	cpu::{
		elementwise,
		norm::Norm,
		product::{accumulate, Matrix},
		Panel,
	},
};

/// A linear map between rows of features.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linear {
	/// Rows: tokens.
	pub tokens: usize,
	/// Features that come in: columns of the weight.
	pub input: usize,
	/// Features that go out: rows of the weight.
	pub output: usize,
	/// How the work is spread over threads.
	pub parallelism: Parallelism,
}

impl Linear {
	/// y = y + x · Wᵀ
	pub fn forward(&self, y: Slice, x: Slice, weight: Slice) -> Result<()> {
		y.write(|y| {
			read!([x, weight], |x, weight| {
				let weight = Matrix::new(weight, self.input).transposed();
				self.accumulate(y, self.output, Matrix::new(x, self.input), weight, self.input)
			})
		})
	}

	/// dx = dx + dy · W
	pub fn backward(&self, dx: Slice, dy: Slice, weight: Slice) -> Result<()> {
		dx.write(|dx| {
			read!([dy, weight], |dy, weight| {
				let weight = Matrix::new(weight, self.input);
				self.accumulate(dx, self.input, Matrix::new(dy, self.output), weight, self.output)
			})
		})
	}

	/// dW = dW + dyᵀ · x
	pub fn gradient(&self, gradient: &Buffer, dy: Slice, x: Slice) -> Result<()> {
		gradient.write(|gradient| {
			read!([dy, x], |dy, x| {
				let dy = Matrix::new(dy, self.output).transposed();
				self.accumulate(gradient, self.input, dy, Matrix::new(x, self.input), self.tokens)
			})
		})
	}

	fn accumulate(
		&self,
		out: &mut [f32],
		columns: usize,
		left: Matrix,
		right: Matrix,
		depth: usize,
	) -> Result<()> {
		accumulate(&mut Panel::new(out, columns), left, right, depth, self.parallelism);
		Ok(())
	}
}

/// +0 everywhere.
pub(crate) fn clear(buffer: Slice) -> Result<()> {
	buffer.write(|floats| {
		floats.fill(0.0);
		Ok(())
	})
}

/// A copy.
pub(crate) fn copy(to: Slice, from: Slice) -> Result<()> {
	to.write(|to| {
		from.read(|from| {
			to.copy_from_slice(from);
			Ok(())
		})
	})
}

/// Factors of the rows of x. Whether their sums of squares are finite.
pub(crate) fn norm_scales(norm: Norm, scales: Slice, x: Slice) -> Result<bool> {
	let mut is_finite = true;
	scales.write(|scales| {
		x.read(|x| {
			is_finite = norm.scales(x, scales);
			Ok(())
		})
	})?;
	Ok(is_finite)
}

/// Rows times their factors.
pub(crate) fn norm_apply(norm: Norm, normed: Slice, x: Slice, scales: Slice) -> Result<()> {
	normed.write(|normed| {
		read!([x, scales], |x, scales| {
			norm.apply(x, scales, normed);
			Ok(())
		})
	})
}

/// Gradient of rows, onto the one that came past the norm.
pub(crate) fn norm_backward(
	norm: Norm,
	gradient: Slice,
	x: Slice,
	scales: Slice,
	normed_gradient: Slice,
) -> Result<()> {
	gradient.write(|gradient| {
		read!([x, scales, normed_gradient], |x, scales, normed_gradient| {
			norm.backward(x, scales, normed_gradient, true, gradient);
			Ok(())
		})
	})
}

/// SwiGLU of gate and up, which lie one behind the other.
pub(crate) fn swiglu(activated: Slice, feed: Slice) -> Result<()> {
	activated.write(|activated| {
		feed.read(|feed| {
			let (gate, up) = feed.split_at(feed.len() / 2);
			elementwise::swiglu(gate, up, activated);
			Ok(())
		})
	})
}

/// Gradients of gate and up: the first half holds that of the activation before.
pub(crate) fn swiglu_backward(gradient: Slice, feed: Slice) -> Result<()> {
	gradient.write(|gradient| {
		feed.read(|feed| {
			let (gate, up) = feed.split_at(feed.len() / 2);
			let (gradient, up_gradient) = gradient.split_at_mut(feed.len() / 2);
			elementwise::swiglu_backward(gate, up, gradient, up_gradient);
			Ok(())
		})
	})
}
