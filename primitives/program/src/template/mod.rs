//! The operations of each section of a step, written out once.

mod edge;
mod layer;
mod optimizer;
mod outer;

use alloc::{vec, vec::Vec};

pub(crate) use edge::{entry_backward, entry_forward, exit_backward, exit_forward};
pub(crate) use layer::{layer_backward, layer_forward};
pub(crate) use optimizer::{clip_factor, squared_norm, update};
pub use optimizer::{NEWTON_SCHULZ_STEPS, QUINTIC};

use crate::{
	operation::{Argument, At, Axis, Contraction, Definition, Factor, Formula, Operation},
	Rotation, Stage, Value,
};

/// The tables of RoPE: positions × pairs of a head's features.
pub(crate) fn rotations(stage: &Stage) -> Vec<Operation> {
	let pairs = stage.head_width / 2;
	let table = |formula, rotation| {
		map(
			Value::Rotation(rotation),
			vec![stage.context, pairs],
			formula,
			vec![Argument { value: Value::Frequencies, at: At::Row(pairs) }],
		)
	};
	vec![table(Formula::Cosine, Rotation::Cosine), table(Formula::Sine, Rotation::Sine)]
}

/// An elementwise operation.
fn map(output: Value, shape: Vec<u32>, formula: Formula, arguments: Vec<Argument>) -> Operation {
	Operation { output, shape, definition: Definition::Map { formula, arguments }, causal: false }
}

/// An argument that has the output's shape.
fn same(value: Value) -> Argument {
	Argument { value, at: At::Same }
}

/// An argument that has one element for each row of the output.
fn row(value: Value, width: u32) -> Argument {
	Argument { value, at: At::Row(width) }
}

/// An argument of one element.
fn scalar(value: Value) -> Argument {
	Argument { value, at: At::Scalar }
}

/// Sums of the rows of left · right.
fn row_sum(
	output: Value,
	rows: Vec<u32>,
	width: u32,
	left: Value,
	right: Option<Value>,
) -> Operation {
	let definition = Definition::RowSum { width, left, right };
	Operation { output, shape: rows, definition, causal: false }
}

/// Maxima of rows.
fn row_max(output: Value, rows: Vec<u32>, width: u32, of: Value) -> Operation {
	let definition = Definition::RowMax { width, count: None, of, magnitude: false, causal: false };
	Operation { output, shape: rows, definition, causal: false }
}

/// A sum of a single run.
pub(crate) const ONE_RUN: Axis = Axis { count: 1, left: 0, right: 0 };

/// A product of two matrices.
struct Product {
	/// Rows of the output, and elements between two of the first factors' rows.
	rows: (u32, u64),
	/// Columns of the output, and elements between two of the second factors' columns.
	columns: (u32, u64),
	/// Terms, and elements between two of them in both factors.
	depth: (u32, u64, u64),
}

impl Product {
	fn operation(
		self,
		output: Value,
		left: Factor,
		right: Value,
		running: Option<Value>,
	) -> Operation {
		let contraction = Contraction {
			axes: vec![
				Axis { count: self.rows.0, left: self.rows.1, right: 0 },
				Axis { count: self.columns.0, left: 0, right: self.columns.1 },
			],
			runs: ONE_RUN,
			depth: Axis { count: self.depth.0, left: self.depth.1, right: self.depth.2 },
			left,
			right,
			running,
			scale: None,
		};
		Operation {
			output,
			shape: vec![self.rows.0, self.columns.0],
			definition: Definition::Contraction(contraction),
			causal: false,
		}
	}
}

/// A linear map between rows of features, as a layer of a network applies it.
#[derive(Clone, Copy)]
struct Linear {
	/// Rows: tokens.
	tokens: u32,
	/// Features that come in: columns of the weight.
	input: u32,
	/// Features that go out: rows of the weight.
	output: u32,
}

impl Linear {
	/// y = x · Wᵀ, tokens × output.
	fn forward(self, y: Value, x: Value, weight: Value, running: Option<Value>) -> Operation {
		let input = u64::from(self.input);
		Product {
			rows: (self.tokens, input),
			columns: (self.output, input),
			depth: (self.input, 1, 1),
		}
		.operation(y, Factor::Value(x), weight, running)
	}

	/// dx = dy · W, tokens × input.
	fn backward(self, dx: Value, dy: Value, weight: Value, running: Option<Value>) -> Operation {
		Product {
			rows: (self.tokens, self.output.into()),
			columns: (self.input, 1),
			depth: (self.output, 1, self.input.into()),
		}
		.operation(dx, Factor::Value(dy), weight, running)
	}

	/// dW = dyᵀ · x onto the running gradient, output × input.
	fn gradient(self, gradient: Value, dy: Value, x: Value, running: Value) -> Operation {
		Product {
			rows: (self.output, 1),
			columns: (self.input, 1),
			depth: (self.tokens, self.output.into(), self.input.into()),
		}
		.operation(gradient, Factor::Value(dy), x, Some(running))
	}
}
