//! Behind the last microbatch: norm and clipping of the gradients, then AdamW or Muon.

use alloc::{vec, vec::Vec};

use super::{map, row_sum, same, scalar, Product};
use crate::{
	constants::{AdamW, Constants, Muon, Rule},
	operation::{Argument, At, Factor, Formula, Operation},
	Moment, OptimizerName, Stage, Tensor, Value,
};

/// Newton–Schulz steps of Muon.
pub const NEWTON_SCHULZ_STEPS: u8 = 5;
/// Coefficients of a Newton–Schulz step (Jordan et al., "Muon", 2024): a·X + (b·A + c·A²)·X with A = X·Xᵀ.
pub const QUINTIC: [f32; 3] = [3.4445, -4.7750, 2.0315];

/// The squared norm of a tensor's gradient, added to that of the tensors before.
pub(crate) fn squared_norm(
	stage: &Stage,
	microbatches: u32,
	tensor: Tensor,
	before: Option<Tensor>,
) -> Vec<Operation> {
	let (rows, columns) = stage.size(tensor);
	let gradient = Value::Gradient(tensor, microbatches);
	let value = |name| Value::Optimizer(tensor, name);
	let (row_squares, squares) = (value(OptimizerName::RowSquares), value(OptimizerName::Squares));
	let total = Value::SquaredNorm(tensor);
	vec![
		row_sum(row_squares, vec![rows], columns, gradient, Some(gradient)),
		row_sum(squares, vec![1], rows, row_squares, None),
		match before {
			None => map(total, vec![1], Formula::Copy, vec![scalar(squares)]),
			Some(before) => {
				let arguments = vec![scalar(Value::SquaredNorm(before)), scalar(squares)];
				map(total, vec![1], Formula::Add, arguments)
			},
		},
	]
}

/// What all gradients are multiplied by.
pub(crate) fn clip_factor(constants: &Constants, last: Tensor) -> Vec<Operation> {
	let formula = Formula::ClipFactor { norm: constants.clip };
	vec![map(Value::ClipFactor, vec![1], formula, vec![scalar(Value::SquaredNorm(last))])]
}

/// A tensor's step.
pub(crate) fn update(
	stage: &Stage,
	constants: &Constants,
	microbatches: u32,
	tensor: Tensor,
) -> Vec<Operation> {
	let (rows, columns) = stage.size(tensor);
	let clipped = Value::Optimizer(tensor, OptimizerName::Clipped);
	let arguments = vec![same(Value::Gradient(tensor, microbatches)), scalar(Value::ClipFactor)];
	let mut operations = vec![map(clipped, vec![rows, columns], Formula::Multiply, arguments)];
	operations.extend(match constants.rule(tensor, (rows, columns)) {
		Rule::AdamW(numbers) => adamw(tensor, vec![rows, columns], numbers),
		Rule::Muon(numbers) => muon(tensor, rows, columns, numbers),
	});
	operations
}

fn adamw(tensor: Tensor, shape: Vec<u32>, numbers: AdamW) -> Vec<Operation> {
	let AdamW { first, second, rate, decay, bias1, bias2, epsilon } = numbers;
	let clipped = same(Value::Optimizer(tensor, OptimizerName::Clipped));
	let state = |moment| same(Value::State(tensor, moment));
	let next = |moment| Value::NextState(tensor, moment);
	vec![
		map(
			next(Moment::First),
			shape.clone(),
			Formula::Moment { decay: first[0], rest: first[1] },
			vec![state(Moment::First), clipped],
		),
		map(
			next(Moment::Second),
			shape.clone(),
			Formula::SquareMoment { decay: second[0], rest: second[1] },
			vec![state(Moment::Second), clipped],
		),
		map(
			Value::NextParameter(tensor),
			shape,
			Formula::AdamW { rate, decay, bias1, bias2, epsilon },
			vec![
				same(Value::Parameter(tensor)),
				same(next(Moment::First)),
				same(next(Moment::Second)),
			],
		),
	]
}

/// Momentum, orthogonalised by Newton–Schulz on the side on which the matrix is smaller.
fn muon(tensor: Tensor, rows: u32, columns: u32, numbers: Muon) -> Vec<Operation> {
	let momentum = Formula::Momentum { decay: numbers.momentum };
	let value = |name| Value::Optimizer(tensor, name);
	let shape = vec![rows, columns];
	let clipped = same(value(OptimizerName::Clipped));
	let next = Value::NextState(tensor, Moment::First);
	let direction = value(OptimizerName::Direction);
	let state = same(Value::State(tensor, Moment::First));
	let (row_squares, squares) =
		(value(OptimizerName::DirectionRowSquares), value(OptimizerName::DirectionSquares));
	let is_tall = rows > columns;
	let (small, large) = (rows.min(columns), rows.max(columns));
	let oriented = |value, rows, columns| Argument {
		value,
		at: if is_tall { At::Transposed { rows, columns } } else { At::Same },
	};
	let mut operations = vec![
		map(next, shape.clone(), momentum.clone(), vec![state, clipped]),
		map(direction, shape.clone(), momentum, vec![same(next), clipped]),
		row_sum(row_squares, vec![rows], columns, direction, Some(direction)),
		row_sum(squares, vec![1], rows, row_squares, None),
		map(
			value(OptimizerName::Iterate(0)),
			vec![small, large],
			Formula::Normalise,
			vec![oriented(direction, small, large), scalar(squares)],
		),
	];
	for i in 0..NEWTON_SCHULZ_STEPS {
		let [iterate, gram, square, polynomial, product] = [
			OptimizerName::Iterate(i),
			OptimizerName::Gram(i),
			OptimizerName::GramSquare(i),
			OptimizerName::Polynomial(i),
			OptimizerName::Product(i),
		]
		.map(value);
		let [a, b, c] = QUINTIC.map(f32::to_bits);
		let (s, l) = (u64::from(small), u64::from(large));
		operations.extend([
			Product { rows: (small, l), columns: (small, l), depth: (large, 1, 1) }.operation(
				gram,
				Factor::Value(iterate),
				iterate,
				None,
			),
			Product { rows: (small, s), columns: (small, 1), depth: (small, 1, s) }.operation(
				square,
				Factor::Value(gram),
				gram,
				None,
			),
			map(
				polynomial,
				vec![small, small],
				Formula::Combine { first: b, second: c },
				vec![same(gram), same(square)],
			),
			Product { rows: (small, s), columns: (large, 1), depth: (small, 1, l) }.operation(
				product,
				Factor::Value(polynomial),
				iterate,
				None,
			),
			map(
				value(OptimizerName::Iterate(i + 1)),
				vec![small, large],
				Formula::Combine { first: a, second: 1f32.to_bits() },
				vec![same(iterate), same(product)],
			),
		]);
	}
	let last = value(OptimizerName::Iterate(NEWTON_SCHULZ_STEPS));
	let arguments = vec![same(Value::Parameter(tensor)), oriented(last, rows, columns)];
	let step = Formula::Descend { rate: numbers.rate, decay: numbers.decay };
	operations.push(map(Value::NextParameter(tensor), shape, step, arguments));
	operations
}
