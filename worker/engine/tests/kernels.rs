//! Every kernel against the operations of the stage program that it stands for, to the bit: random shapes on both sides of all limits,
//! random numbers of every magnitude, any number of threads. Whoever fails prints the shapes and the seed of the numbers.

#[path = "kernels/case.rs"]
mod case;
#[path = "../../../primitives/program/tests/common/mod.rs"]
mod common;

use cairn_engine::cpu::{
	attention::{Attention, Backward, Gradients, Inputs, Outputs},
	codec,
	elementwise::{self, Rotations},
	embedding, loss, muon,
	norm::Norm,
	optimizer,
	product::{self, Matrix as Factor},
	Panel,
};
use cairn_primitives::spec::BoundaryCodec;
use cairn_program::{
	Code, Direction, Matrix, Moment, Name, OptimizerName, OuterName, Rotation, Rule, Tensor, Value,
};
use case::{floats, shapes, size, Case, Shapes, M};
use proptest::prelude::*;

/// A value of the first layer.
fn layer(name: Name) -> Value {
	Value::Layer(M, 0, name)
}

fn outer(name: OuterName) -> Value {
	Value::Outer(M, name)
}

fn float(bits: u32) -> f32 {
	f32::from_bits(bits)
}

/// `out = out + left · right`, rows of the output `columns` long.
fn accumulate(
	case: &Case,
	mut out: Vec<f32>,
	columns: u32,
	left: Factor,
	right: Factor,
	depth: u32,
) -> Vec<f32> {
	let parallelism = case.parallelism();
	case.compute.run(|| {
		let panel = &mut Panel::new(&mut out, columns as usize);
		product::accumulate(panel, left, right, depth as usize, parallelism);
	});
	out
}

/// The products of a linear map: forward, back, its weight's gradient, and onto what was there.
fn linear_map(shapes: Shapes) -> Result<(), TestCaseError> {
	let mut case = Case::new(shapes);
	let (tokens, width, hidden) = (case.stage().tokens(), shapes.width, shapes.hidden);
	let [gate, down] = [Matrix::Gate, Matrix::Down].map(|matrix| Tensor::Layer(0, matrix));
	let x = case.given(layer(Name::FeedNormed), tokens * width);
	let weight = case.given(Value::Parameter(gate), hidden * width);
	let dy = case.given(layer(Name::GateGradient), tokens * hidden);
	let before = case.given(Value::Gradient(gate, M), hidden * width);
	let activated = case.given(layer(Name::Activated), tokens * hidden);
	let down_weight = case.given(Value::Parameter(down), width * hidden);
	let middle = case.given(layer(Name::Middle), tokens * width);
	case.define();

	let rows = |floats, columns: u32| Factor::new(floats, columns as usize);
	let zeros = |columns: u32| vec![0.0; (tokens * columns) as usize];
	let (x, weight, dy) = (rows(&x, width), rows(&weight, width), rows(&dy, hidden));
	let forward = accumulate(&case, zeros(hidden), hidden, x, weight.transposed(), width);
	case.is(layer(Name::Gate), &forward)?;
	let back = accumulate(&case, zeros(width), width, dy, weight, hidden);
	case.is(layer(Name::FeedNormedFromGate), &back)?;
	let gradient = accumulate(&case, before, width, dy.transposed(), x, tokens);
	case.is(Value::Gradient(gate, M + 1), &gradient)?;
	let down = rows(&down_weight, hidden).transposed();
	let onto = accumulate(&case, middle, width, rows(&activated, hidden), down, hidden);
	case.is(Value::Hidden(M, 1), &onto)
}

/// Attention, forward and back.
fn attention(shapes: Shapes) -> Result<(), TestCaseError> {
	let mut case = Case::new(shapes);
	let stage = case.stage().clone();
	let (tokens, heads) = (stage.tokens() as usize, stage.heads as usize);
	let [queries, keys] = [stage.queries(), stage.keys()].map(|width| stage.tokens() * width);
	let query = case.given(layer(Name::Query), queries);
	let key = case.given(layer(Name::Key), keys);
	let value = case.given(layer(Name::Value), keys);
	let gradient = case.given(layer(Name::AttendedGradient), queries);
	case.define();

	let kernel = Attention {
		context: stage.context as usize,
		heads,
		kv_heads: stage.kv_heads as usize,
		width: stage.head_width as usize,
		scale: float(case.program.constants().score_scale),
	};
	let inputs = Inputs { queries: &query, keys: &key, values: &value };
	let [mut attended, mut d_queries] = [(); 2].map(|()| vec![f32::NAN; query.len()]);
	let [mut d_keys, mut d_values] = [(); 2].map(|()| vec![f32::NAN; key.len()]);
	let [mut maxima, mut sums] = [(); 2].map(|()| vec![f32::NAN; tokens * heads]);
	case.compute.run(|| {
		let outputs = Outputs { attended: &mut attended, maxima: &mut maxima, sums: &mut sums };
		kernel.forward(inputs, outputs);
		let backward =
			Backward { attended: &attended, maxima: &maxima, sums: &sums, gradient: &gradient };
		let (queries, keys, values) = (&mut d_queries, &mut d_keys, &mut d_values);
		kernel.backward(inputs, backward, Gradients { queries, keys, values });
	});
	case.is(layer(Name::ScoreMax), &by_head(&maxima, heads, kernel.context))?;
	case.is(layer(Name::ScoreSum), &by_head(&sums, heads, kernel.context))?;
	case.is(layer(Name::Attended), &attended)?;
	case.is(layer(Name::QueryGradient), &d_queries)?;
	case.is(layer(Name::KeyGradient), &d_keys)?;
	case.is(layer(Name::ValueGradient), &d_values)
}

/// Tokens × heads as samples × heads × tokens of a sample.
fn by_head(of_tokens: &[f32], heads: usize, context: usize) -> Vec<f32> {
	let of_samples = of_tokens.chunks_exact(heads * context);
	let of_head = |sample: &[f32], head| {
		(0..context).map(|token| sample[token * heads + head]).collect::<Vec<_>>()
	};
	of_samples.flat_map(|sample| (0..heads).flat_map(move |head| of_head(sample, head))).collect()
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	#[test]
	fn products_of_a_linear_map_are_as_defined(shapes in shapes(), long in size(), axis in 0..4) {
		let mut shapes = shapes;
		match axis {
			0 => shapes.width = long,
			1 => shapes.hidden = long,
			2 => (shapes.samples, shapes.context) = (1, long),
			_ => {},
		}
		linear_map(shapes)?;
	}

	#[test]
	fn norms_are_as_defined(shapes in shapes(), width in size()) {
		let mut case = Case::new(Shapes { width, ..shapes });
		let tokens = case.stage().tokens();
		let layers = case.stage().layers;
		let x = case.given(layer(Name::Middle), tokens * width);
		let dy = case.given(layer(Name::FeedNormedGradient), tokens * width);
		let past = case.given(Value::HiddenGradient(M, 1), tokens * width);
		let last = case.given(Value::Hidden(M, layers), tokens * width);
		let last_dy = case.given(outer(OuterName::NormedGradient), tokens * width);
		case.define();

		let epsilon = float(case.program.constants().norm_epsilon);
		let norm = Norm { width: width as usize, epsilon };
		let [mut scales, mut last_scales] = [(); 2].map(|()| vec![f32::NAN; tokens as usize]);
		let [mut normed, mut last_gradient] = [(); 2].map(|()| vec![f32::NAN; x.len()]);
		let mut gradient = past;
		let is_finite = case.compute.run(|| {
			let is_finite = norm.scales(&x, &mut scales);
			norm.apply(&x, &scales, &mut normed);
			norm.backward(&x, &scales, &dy, true, &mut gradient);
			norm.scales(&last, &mut last_scales);
			norm.backward(&last, &last_scales, &last_dy, false, &mut last_gradient);
			is_finite
		});
		let squares = case.defined(layer(Name::FeedSquares));
		prop_assert_eq!(is_finite, squares.iter().all(|x| x.is_finite()));
		case.is(layer(Name::FeedScale), &scales)?;
		case.is(layer(Name::FeedNormed), &normed)?;
		case.is(layer(Name::MiddleGradient), &gradient)?;
		case.is(outer(OuterName::Scale), &last_scales)?;
		case.is(Value::HiddenGradient(M, layers), &last_gradient)?;
	}

	#[test]
	fn rope_is_as_defined(shapes in shapes(), context in 1u32..70) {
		let mut case = Case::new(Shapes { context, ..shapes });
		let (heads, features) = (case.stage().heads, case.stage().tokens() * case.stage().queries());
		let mut x = case.given(layer(Name::QueryProjected), features);
		let mut gradient = case.given(layer(Name::QueryGradient), features);
		case.define();

		let [cosines, sines] =
			[Rotation::Cosine, Rotation::Sine].map(|table| case.defined(Value::Rotation(table)));
		let width = case.stage().head_width as usize;
		let rotations = Rotations { cosines, sines, context: context as usize, width };
		case.compute.run(|| {
			rotations.apply(&mut x, heads as usize, false);
			rotations.apply(&mut gradient, heads as usize, true);
		});
		case.is(layer(Name::Query), &x)?;
		case.is(layer(Name::QueryProjectedGradient), &gradient)?;
	}

	#[test]
	fn attention_is_as_defined(
		shapes in shapes(), context in prop_oneof![3 => 1u32..24, 1 => 60u32..70],
	) {
		attention(Shapes { context, ..shapes })?;
	}

	#[test]
	fn swiglu_is_as_defined(shapes in shapes(), hidden in size()) {
		let mut case = Case::new(Shapes { hidden, ..shapes });
		let count = case.stage().tokens() * hidden;
		let gate = case.given(layer(Name::Gate), count);
		let up = case.given(layer(Name::Up), count);
		let mut gradient = case.given(layer(Name::ActivatedGradient), count);
		case.define();

		let [mut activated, mut up_gradient] = [(); 2].map(|()| vec![f32::NAN; gate.len()]);
		case.compute.run(|| {
			elementwise::swiglu(&gate, &up, &mut activated);
			elementwise::swiglu_backward(&gate, &up, &mut gradient, &mut up_gradient);
		});
		case.is(layer(Name::Activated), &activated)?;
		case.is(layer(Name::GateGradient), &gradient)?;
		case.is(layer(Name::UpGradient), &up_gradient)?;
	}

	#[test]
	fn cross_entropy_is_as_defined(shapes in shapes(), vocabulary in size()) {
		let mut case = Case::new(Shapes { vocabulary, ..shapes });
		let tokens = case.stage().tokens();
		let mut logits = case.given(outer(OuterName::Logits), tokens * vocabulary);
		let targets = case.given_tokens(Value::Targets(M));
		case.define();

		let scale = float(case.program.constants().token_share);
		let [mut losses, mut evaluated] = [(); 2].map(|()| vec![f32::NAN; tokens as usize]);
		let total = case.compute.run(|| {
			loss::losses(&mut logits.clone(), &targets, &mut evaluated);
			loss::cross_entropy(&mut logits, &targets, scale, &mut losses);
			optimizer::sum(&losses)
		});
		case.is(outer(OuterName::TokenLoss), &losses)?;
		case.is(outer(OuterName::TokenLoss), &evaluated)?;
		case.is(outer(OuterName::MicrobatchLoss), &[total])?;
		case.is(outer(OuterName::LogitGradient), &logits)?;
	}

	#[test]
	fn embeddings_are_as_defined(
		shapes in shapes(), context in size(), width in prop_oneof![1u32..9, 126u32..131],
	) {
		let mut case = Case::new(Shapes { samples: 1, context, width, ..shapes });
		let (tokens, size) = (case.stage().tokens(), case.stage().vocabulary * width);
		let table = case.given(Value::Parameter(Tensor::Embedding), size);
		let named = case.given_tokens(Value::Tokens(M));
		let gradient = case.given(Value::HiddenGradient(M, 0), tokens * width);
		// A sum that starts from +0 never is −0.
		let before = Value::Gradient(Tensor::Embedding, M);
		let sums = case.given(before, size).into_iter().map(|x| x + 0.0).collect();
		let mut sums = case.give(before, sums);
		case.define();

		let (mut rows, mut places) = (vec![f32::NAN; gradient.len()], Vec::new());
		case.compute.run(|| {
			embedding::gather(&table, width as usize, &named, &mut rows);
			embedding::place(&named, &mut places);
			embedding::scatter(&gradient, width as usize, &places, &mut sums);
		});
		case.is(Value::Hidden(M, 0), &rows)?;
		case.is(Value::Gradient(Tensor::Embedding, M + 1), &sums)?;
	}

	#[test]
	fn adamw_and_norms_of_gradients_are_as_defined(shapes in shapes(), width in size()) {
		let mut case = Case::new(Shapes { width, ..shapes });
		let tensor = Tensor::Embedding;
		let (rows, columns) = case.stage().size(tensor);
		let gradient = case.given(Value::Gradient(tensor, M + 1), rows * columns);
		let mut weights = case.given(Value::Parameter(tensor), rows * columns);
		let mut first = case.given(Value::State(tensor, Moment::First), rows * columns);
		// Means of squares.
		let second = case.given(Value::State(tensor, Moment::Second), rows * columns);
		let second = second.into_iter().map(f32::abs).collect();
		let mut second = case.give(Value::State(tensor, Moment::Second), second);
		let clip = case.given(Value::ClipFactor, 1)[0];
		case.define();

		let Rule::AdamW(numbers) = case.program.constants().rule(tensor, (rows, columns)) else {
			panic!("the spec trains by AdamW")
		};
		let step = optimizer::AdamW {
			clip,
			first: numbers.first.map(float),
			second: numbers.second.map(float),
			rate: float(numbers.rate),
			decay: float(numbers.decay),
			bias1: float(numbers.bias1),
			bias2: float(numbers.bias2),
			epsilon: float(numbers.epsilon),
		};
		let mut sums = vec![f32::NAN; rows as usize];
		let (squares, is_finite) = case.compute.run(|| {
			let squares = optimizer::squared_norm(&gradient, columns as usize, &mut sums);
			(squares, step.step(&mut weights, &mut first, &mut second, &gradient))
		});
		case.is(Value::Optimizer(tensor, OptimizerName::RowSquares), &sums)?;
		case.is(Value::Optimizer(tensor, OptimizerName::Squares), &[squares])?;
		case.is(Value::NextState(tensor, Moment::First), &first)?;
		case.is(Value::NextState(tensor, Moment::Second), &second)?;
		case.is(Value::NextParameter(tensor), &weights)?;
		let written = weights.iter().chain(&second);
		prop_assert_eq!(is_finite, written.clone().all(|x| x.is_finite()));
	}

	#[test]
	fn muon_is_as_defined(shapes in shapes(), long in prop_oneof![1u32..40, 510u32..516], tall: bool) {
		let mut shapes = shapes;
		match tall {
			true => shapes.hidden = long,
			false => shapes.width = long,
		}
		let mut case = Case::with(shapes, 1, |spec| spec.inner = common::muon());
		let tensor = Tensor::Layer(0, Matrix::Gate);
		let (rows, columns) = case.stage().size(tensor);
		let gradient = case.given(Value::Gradient(tensor, M + 1), rows * columns);
		let mut weights = case.given(Value::Parameter(tensor), rows * columns);
		let mut momentum = case.given(Value::State(tensor, Moment::First), rows * columns);
		let clip = case.given(Value::ClipFactor, 1)[0];
		case.define();

		let Rule::Muon(numbers) = case.program.constants().rule(tensor, (rows, columns)) else {
			panic!("the spec trains by Muon")
		};
		let step = muon::Step {
			rows: rows as usize,
			columns: columns as usize,
			clip,
			momentum: float(numbers.momentum),
			rate: float(numbers.rate),
			decay: float(numbers.decay),
			parallelism: case.parallelism(),
		};
		let mut work = vec![f32::NAN; muon::Step::work(step.rows, step.columns)];
		let is_finite = case.compute.run(|| step.apply(&mut weights, &mut momentum, &gradient, &mut work));
		case.is(Value::NextState(tensor, Moment::First), &momentum)?;
		case.is(Value::NextParameter(tensor), &weights)?;
		prop_assert_eq!(is_finite, weights.iter().all(|x| x.is_finite()));
	}

	#[test]
	fn codes_are_as_defined(shapes in shapes(), block in 1u16..70, blocks in 1u32..6, spread in 0u16..125) {
		let mut shapes = Shapes { width: u32::from(block) * blocks, ..shapes };
		shapes.numbers.spread = spread;
		let mut case = Case::with(shapes, 2, |spec| spec.boundary = BoundaryCodec::Int8 { block });
		let (layers, count) = (case.stage().layers, case.stage().tokens() * shapes.width);
		let x = case.given(Value::Hidden(M, layers), count);
		let received = |code| Value::Received(M, Direction::Backward, code);
		let sent = |code| Value::Sent(M, Direction::Forward, code);
		let of_blocks = x.len() / usize::from(block);
		let codes = case.given_integers(received(Code::Integers), -127, 127, x.len());
		let exponents = case.given_integers(received(Code::Exponents), -126, 121, of_blocks);
		case.define();

		let [mut own_codes, mut own_exponents] = [vec![0; x.len()], vec![0; of_blocks]];
		let mut decoded = vec![f32::NAN; x.len()];
		case.compute.run(|| {
			codec::encode(&x, block.into(), &mut own_codes, &mut own_exponents);
			codec::decode(&codes, &exponents, block.into(), &mut decoded);
		});
		case.is(sent(Code::Integers), &floats(&own_codes))?;
		case.is(sent(Code::Exponents), &floats(&own_exponents))?;
		case.is(Value::HiddenGradient(M, layers), &decoded)?;
	}

	#[test]
	fn what_is_not_finite_is_seen_wherever_it_is(
		count in 1usize..40_000, place: prop::sample::Index, wild: Option<u32>, threads in 1usize..4,
	) {
		let mut floats = vec![f32::MAX; count];
		floats[place.index(count)] = wild.map_or(f32::MIN, |bits| f32::from_bits(bits | 0x7f80_0000));
		let compute = cairn_engine::Compute::new(threads).unwrap();
		prop_assert_eq!(compute.run(|| optimizer::is_finite(&floats)), wild.is_none());
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(6))]

	#[test]
	fn attention_beyond_a_tile_is_as_defined(
		shapes in shapes(), context in 505u32..530, pairs in 1u16..4, group in 1u16..3,
	) {
		attention(Shapes { samples: 1, context, kv_heads: 1, group, pairs, ..shapes })?;
	}
}
