//! A layer, forward and backward.

use alloc::{vec, vec::Vec};

use super::{map, row, row_sum, same, Linear};
use crate::{
	constants::Constants,
	operation::{Argument, At, Axis, Contraction, Definition, Factor, Formula, Operation},
	Matrix, Name, Rotation, Stage, Tensor, Value,
};

/// A layer at work on a microbatch.
struct Layer<'a> {
	stage: &'a Stage,
	constants: &'a Constants,
	microbatch: u32,
	layer: u16,
	operations: Vec<Operation>,
}

/// Forward: hidden state in, hidden state out.
pub(crate) fn layer_forward(
	stage: &Stage,
	constants: &Constants,
	microbatch: u32,
	layer: u16,
) -> Vec<Operation> {
	let mut layer = Layer::new(stage, constants, microbatch, layer);
	layer.attention_forward();
	layer.feed_forward();
	layer.operations
}

/// Backward: gradient of the hidden state that came out to that of the one that went in.
pub(crate) fn layer_backward(
	stage: &Stage,
	constants: &Constants,
	microbatch: u32,
	layer: u16,
) -> Vec<Operation> {
	let mut layer = Layer::new(stage, constants, microbatch, layer);
	layer.feed_backward();
	layer.attention_backward();
	layer.operations
}

impl<'a> Layer<'a> {
	fn new(stage: &'a Stage, constants: &'a Constants, microbatch: u32, layer: u16) -> Self {
		Layer { stage, constants, microbatch, layer, operations: Vec::new() }
	}

	fn value(&self, name: Name) -> Value {
		Value::Layer(self.microbatch, self.layer, name)
	}

	fn weight(&self, matrix: Matrix) -> Value {
		Value::Parameter(Tensor::Layer(self.layer, matrix))
	}

	/// The linear map of a matrix, for all tokens.
	fn linear(&self, matrix: Matrix) -> Linear {
		let (output, input) = self.stage.size(Tensor::Layer(self.layer, matrix));
		Linear { tokens: self.stage.tokens(), input, output }
	}

	fn input(&self) -> Value {
		Value::Hidden(self.microbatch, self.layer)
	}

	fn output(&self) -> Value {
		Value::Hidden(self.microbatch, self.layer + 1)
	}

	fn push(&mut self, operation: Operation) {
		self.operations.push(operation);
	}

	/// A map over tokens × width.
	fn map(&mut self, output: Name, width: u32, formula: Formula, arguments: Vec<Argument>) {
		self.push(map(self.value(output), vec![self.stage.tokens(), width], formula, arguments));
	}

	/// y = x · Wᵀ
	fn project(&mut self, output: Name, input: Name, matrix: Matrix) {
		let operation = self.linear(matrix).forward(
			self.value(output),
			self.value(input),
			self.weight(matrix),
			None,
		);
		self.push(operation);
	}

	/// dx = dy · W, onto another sum if there is one.
	fn project_back(&mut self, output: Name, gradient: Value, matrix: Matrix, onto: Option<Name>) {
		let operation = self.linear(matrix).backward(
			self.value(output),
			gradient,
			self.weight(matrix),
			onto.map(|name| self.value(name)),
		);
		self.push(operation);
	}

	/// dW = dyᵀ · x, onto the gradient of the microbatches before.
	fn weight_gradient(&mut self, matrix: Matrix, gradient: Value, input: Name) {
		let tensor = Tensor::Layer(self.layer, matrix);
		let operation = self.linear(matrix).gradient(
			Value::Gradient(tensor, self.microbatch + 1),
			gradient,
			self.value(input),
			Value::Gradient(tensor, self.microbatch),
		);
		self.push(operation);
	}

	fn norm_forward(&mut self, x: Value, squares: Name, scale: Name, normed: Name) {
		let (tokens, width) = (self.stage.tokens(), self.stage.width);
		self.push(row_sum(self.value(squares), vec![tokens], width, x, Some(x)));
		self.push(map(
			self.value(scale),
			vec![tokens],
			Formula::InverseRoot {
				count: self.constants.width,
				epsilon: self.constants.norm_epsilon,
			},
			vec![same(self.value(squares))],
		));
		let arguments = vec![same(x), row(self.value(scale), width)];
		self.map(normed, width, Formula::Multiply, arguments);
	}

	/// Through the norm, and onto the gradient that came past it.
	fn norm_backward(&mut self, output: Value, past: Value, x: Value, names: NormNames) {
		let (tokens, width) = (self.stage.tokens(), self.stage.width);
		let gradient = self.value(names.gradient);
		self.push(row_sum(self.value(names.dot), vec![tokens], width, gradient, Some(x)));
		self.push(map(
			self.value(names.coefficient),
			vec![tokens],
			Formula::NormCoefficient { count: self.constants.width },
			vec![same(self.value(names.dot)), same(self.value(names.scale))],
		));
		let (coefficient, scale) = (self.value(names.coefficient), self.value(names.scale));
		self.push(map(
			output,
			vec![tokens, width],
			Formula::NormGradient,
			vec![same(past), same(x), row(coefficient, width), same(gradient), row(scale, width)],
		));
	}

	fn rotate(&mut self, output: Name, input: Name, heads: u32, back: bool) {
		let (context, width) = (self.stage.context, self.stage.head_width);
		let at = At::Rotation { context, heads, width };
		let input = self.value(input);
		let arguments = vec![
			same(input),
			Argument { value: input, at: At::Partner(width) },
			Argument { value: Value::Rotation(Rotation::Cosine), at },
			Argument { value: Value::Rotation(Rotation::Sine), at },
		];
		self.map(output, heads * width, Formula::Rotate { width, back }, arguments);
	}

	fn attention_forward(&mut self) {
		let stage = self.stage;
		self.norm_forward(
			self.input(),
			Name::AttentionSquares,
			Name::AttentionScale,
			Name::AttentionNormed,
		);
		self.project(Name::QueryProjected, Name::AttentionNormed, Matrix::Query);
		self.project(Name::KeyProjected, Name::AttentionNormed, Matrix::Key);
		self.project(Name::Value, Name::AttentionNormed, Matrix::Value);
		self.rotate(Name::Query, Name::QueryProjected, stage.heads, false);
		self.rotate(Name::Key, Name::KeyProjected, stage.kv_heads, false);

		let scale = Some(self.constants.score_scale);
		self.scores(Name::Scores, Name::Query, Name::Key, scale);
		let rows = vec![stage.samples, stage.heads, stage.context];
		let definition = Definition::RowMax {
			count: None,
			width: stage.context,
			of: self.value(Name::Scores),
			magnitude: false,
			causal: true,
		};
		let output = self.value(Name::ScoreMax);
		self.push(Operation { output, shape: rows.clone(), definition, causal: false });
		let arguments =
			vec![same(self.value(Name::Scores)), row(self.value(Name::ScoreMax), stage.context)];
		self.score_map(Name::ScoreExp, Formula::ExpDifference, arguments);
		let exp = self.value(Name::ScoreExp);
		self.push(row_sum(self.value(Name::ScoreSum), rows, stage.context, exp, None));
		self.over_keys(Name::Weighted, Name::ScoreExp, Name::Value);
		let (context, heads, width) = (stage.context, stage.heads, stage.head_width);
		let sums =
			Argument { value: self.value(Name::ScoreSum), at: At::Head { context, heads, width } };
		let arguments = vec![same(self.value(Name::Weighted)), sums];
		self.map(Name::Attended, stage.queries(), Formula::Divide, arguments);

		let operation = self.linear(Matrix::Output).forward(
			self.value(Name::Middle),
			self.value(Name::Attended),
			self.weight(Matrix::Output),
			Some(self.input()),
		);
		self.push(operation);
	}

	fn feed_forward(&mut self) {
		let middle = self.value(Name::Middle);
		self.norm_forward(middle, Name::FeedSquares, Name::FeedScale, Name::FeedNormed);
		self.project(Name::Gate, Name::FeedNormed, Matrix::Gate);
		self.project(Name::Up, Name::FeedNormed, Matrix::Up);
		let arguments = vec![same(self.value(Name::Gate)), same(self.value(Name::Up))];
		self.map(Name::Activated, self.stage.hidden, Formula::SwiGlu, arguments);
		let operation = self.linear(Matrix::Down).forward(
			self.output(),
			self.value(Name::Activated),
			self.weight(Matrix::Down),
			Some(middle),
		);
		self.push(operation);
	}

	fn feed_backward(&mut self) {
		let gradient = Value::HiddenGradient(self.microbatch, self.layer + 1);
		let hidden = self.stage.hidden;
		self.project_back(Name::ActivatedGradient, gradient, Matrix::Down, None);
		self.weight_gradient(Matrix::Down, gradient, Name::Activated);
		let [d, g, u] =
			[Name::ActivatedGradient, Name::Gate, Name::Up].map(|n| same(self.value(n)));
		self.map(Name::GateGradient, hidden, Formula::GateGradient, vec![d, g, u]);
		self.map(Name::UpGradient, hidden, Formula::UpGradient, vec![d, g]);
		let [gate, up] = [Name::GateGradient, Name::UpGradient].map(|name| self.value(name));
		self.weight_gradient(Matrix::Gate, gate, Name::FeedNormed);
		self.weight_gradient(Matrix::Up, up, Name::FeedNormed);
		self.project_back(Name::FeedNormedFromGate, gate, Matrix::Gate, None);
		let onto = Some(Name::FeedNormedFromGate);
		self.project_back(Name::FeedNormedGradient, up, Matrix::Up, onto);
		self.norm_backward(
			self.value(Name::MiddleGradient),
			gradient,
			self.value(Name::Middle),
			NormNames {
				scale: Name::FeedScale,
				gradient: Name::FeedNormedGradient,
				dot: Name::FeedDot,
				coefficient: Name::FeedCoefficient,
			},
		);
	}

	fn attention_backward(&mut self) {
		let stage = self.stage;
		let gradient = self.value(Name::MiddleGradient);
		self.project_back(Name::AttendedGradient, gradient, Matrix::Output, None);
		self.weight_gradient(Matrix::Output, gradient, Name::Attended);

		let (context, heads) = (stage.context, stage.heads);
		let [attended, attended_gradient] =
			[Name::Attended, Name::AttendedGradient].map(|name| self.value(name));
		self.push(row_sum(
			self.value(Name::AttendedDot),
			vec![stage.tokens(), heads],
			stage.head_width,
			attended_gradient,
			Some(attended),
		));
		let arguments =
			vec![same(self.value(Name::ScoreExp)), row(self.value(Name::ScoreSum), context)];
		self.score_map(Name::Probability, Formula::Divide, arguments);
		self.scores(Name::ProbabilityGradient, Name::AttendedGradient, Name::Value, None);
		let dot =
			Argument { value: self.value(Name::AttendedDot), at: At::Query { context, heads } };
		let arguments = vec![
			same(self.value(Name::Probability)),
			same(self.value(Name::ProbabilityGradient)),
			dot,
		];
		let formula = Formula::ScoreGradient { scale: self.constants.score_scale };
		self.score_map(Name::ScoreGradient, formula, arguments);
		self.over_keys(Name::QueryGradient, Name::ScoreGradient, Name::Key);
		self.over_queries(Name::KeyGradient, Name::ScoreGradient, Name::Query);
		self.over_queries(Name::ValueGradient, Name::Probability, Name::AttendedGradient);
		self.rotate(Name::QueryProjectedGradient, Name::QueryGradient, stage.heads, true);
		self.rotate(Name::KeyProjectedGradient, Name::KeyGradient, stage.kv_heads, true);

		let [query, key, value] =
			[Name::QueryProjectedGradient, Name::KeyProjectedGradient, Name::ValueGradient]
				.map(|name| self.value(name));
		self.weight_gradient(Matrix::Query, query, Name::AttentionNormed);
		self.weight_gradient(Matrix::Key, key, Name::AttentionNormed);
		self.weight_gradient(Matrix::Value, value, Name::AttentionNormed);
		self.project_back(Name::AttentionNormedFromQuery, query, Matrix::Query, None);
		let onto = Some(Name::AttentionNormedFromQuery);
		self.project_back(Name::AttentionNormedFromKey, key, Matrix::Key, onto);
		let onto = Some(Name::AttentionNormedFromKey);
		self.project_back(Name::AttentionNormedGradient, value, Matrix::Value, onto);
		self.norm_backward(
			Value::HiddenGradient(self.microbatch, self.layer),
			gradient,
			self.input(),
			NormNames {
				scale: Name::AttentionScale,
				gradient: Name::AttentionNormedGradient,
				dot: Name::AttentionDot,
				coefficient: Name::AttentionCoefficient,
			},
		);
	}

	/// A map over samples × heads × queries × keys.
	fn score_map(&mut self, output: Name, formula: Formula, arguments: Vec<Argument>) {
		let operation = map(self.value(output), self.score_shape(), formula, arguments);
		self.push(Operation { causal: true, ..operation });
	}

	fn score_shape(&self) -> Vec<u32> {
		vec![self.stage.samples, self.stage.heads, self.stage.context, self.stage.context]
	}

	/// Elements between neighbours: of tokens × queries, of tokens × keys, of one square of scores.
	fn strides(&self) -> (u64, u64, u64) {
		let context = u64::from(self.stage.context);
		(self.stage.queries().into(), self.stage.keys().into(), context * context)
	}

	fn contract(&mut self, output: Name, shape: Vec<u32>, causal: bool, contraction: Contraction) {
		let definition = Definition::Contraction(contraction);
		self.push(Operation { output: self.value(output), shape, definition, causal });
	}

	/// samples × heads × queries × keys = what belongs to queries · what belongs to keys, over the features of a head.
	fn scores(&mut self, output: Name, queries: Name, keys: Name, scale: Option<u32>) {
		let Stage { samples, context, kv_heads, head_width, .. } = *self.stage;
		let (query, key, _) = self.strides();
		let (group, features, n) = (self.stage.group(), u64::from(head_width), u64::from(context));
		let contraction = Contraction {
			axes: vec![
				Axis { count: samples, left: n * query, right: n * key },
				Axis { count: kv_heads, left: u64::from(group) * features, right: features },
				Axis { count: group, left: features, right: 0 },
				Axis { count: context, left: query, right: 0 },
				Axis { count: context, left: 0, right: key },
			],
			runs: super::ONE_RUN,
			depth: Axis { count: head_width, left: 1, right: 1 },
			left: Factor::Value(self.value(queries)),
			right: self.value(keys),
			running: None,
			scale,
		};
		self.contract(output, self.score_shape(), true, contraction);
	}

	/// tokens × queries = scores · what belongs to keys, over the keys of a query.
	fn over_keys(&mut self, output: Name, scores: Name, keys: Name) {
		let Stage { samples, context, heads, kv_heads, head_width, .. } = *self.stage;
		let (_, key, square) = self.strides();
		let (group, n) = (self.stage.group(), u64::from(context));
		let contraction = Contraction {
			axes: vec![
				Axis { count: samples, left: u64::from(heads) * square, right: n * key },
				Axis { count: context, left: n, right: 0 },
				Axis { count: kv_heads, left: u64::from(group) * square, right: head_width.into() },
				Axis { count: group, left: square, right: 0 },
				Axis { count: head_width, left: 0, right: 1 },
			],
			runs: super::ONE_RUN,
			depth: Axis { count: context, left: 1, right: key },
			left: Factor::Value(self.value(scores)),
			right: self.value(keys),
			running: None,
			scale: None,
		};
		let shape = vec![self.stage.tokens(), self.stage.queries()];
		self.contract(output, shape, false, contraction);
	}

	/// tokens × keys = scores · what belongs to queries, over the query heads of a group and over their queries.
	fn over_queries(&mut self, output: Name, scores: Name, queries: Name) {
		let Stage { samples, context, heads, kv_heads, head_width, .. } = *self.stage;
		let (query, _, square) = self.strides();
		let (group, features, n) =
			(u64::from(self.stage.group()), u64::from(head_width), u64::from(context));
		let contraction = Contraction {
			axes: vec![
				Axis { count: samples, left: u64::from(heads) * square, right: n * query },
				Axis { count: context, left: 1, right: 0 },
				Axis { count: kv_heads, left: group * square, right: group * features },
				Axis { count: head_width, left: 0, right: 1 },
			],
			runs: Axis { count: self.stage.group(), left: square, right: features },
			depth: Axis { count: context, left: n, right: query },
			left: Factor::Value(self.value(scores)),
			right: self.value(queries),
			running: None,
			scale: None,
		};
		let shape = vec![self.stage.tokens(), self.stage.keys()];
		self.contract(output, shape, false, contraction);
	}
}

/// What the way back through a norm reads and writes.
struct NormNames {
	scale: Name,
	gradient: Name,
	dot: Name,
	coefficient: Name,
}
