//! Gradients against candle's autograd in binary64: of every kernel, of every kind of stage, of whole pipelines.
//!
//! candle's own are as good as exact here, so that what differs is the engine's rounding: each of a few hundred operations on
//! the way adds at most 2⁻²⁴ = 6·10⁻⁸ of a value, mostly in directions that have nothing to do with each other. Measured
//! differences are 2·10⁻⁶ of a tensor's norm at most; a term that is missing, doubled or of the wrong token is no matter of
//! rounding. [`BOUND`] lies between.
//!
//! Of candle-nn only functions that are made of differentiable tensor operations are used: its fused norm, softmax and RoPE
//! yield tensors that know no way back, and gradients end there without an error.

#[path = "autograd/llama.rs"]
mod llama;
#[path = "../../../primitives/program/tests/common/mod.rs"]
mod program;

use std::sync::Arc;

use cairn_engine::{
	cpu::{
		attention::{Attention, Backward, Gradients, Inputs, Outputs},
		elementwise::{self, Rotations},
		embedding, loss,
		norm::Norm,
		product::{accumulate, Matrix},
		Panel,
	},
	Compute, Input, Message, Recompute, Shard, Trainer,
};
use cairn_primitives::{
	spec::{BoundaryCodec, Nano},
	ModelSpec,
};
use cairn_program::{Program, Stage, StepContext, Tensor as Name};
use candle_core::{Tensor, Var, D};
use gemm::Parallelism;
use llama::{attend, causal, integers, rows, surrogate, Model};
use program::Numbers;

/// Largest difference of two tensors, relative to the norm of the right one.
const BOUND: f64 = 1e-5;

/// Samples and tokens of a sample: more tokens than are attended to at a time, and no multiple of anything.
const SAMPLES: usize = 2;
const CONTEXT: usize = 70;

/// Two layers a stage, with odd sizes.
fn spec(stages: usize, boundary: BoundaryCodec) -> ModelSpec {
	let mut spec = ModelSpec::example(Default::default(), stages as u8, 1);
	let a = &mut spec.architecture;
	(a.vocabulary, a.width, a.hidden, a.context) = (101, 36, 50, CONTEXT as u32);
	(a.heads, a.kv_heads, a.head_width) = (6, 2, 10);
	a.frequencies =
		(0..5).map(|i| (u64::MAX / 7) >> (2 * i)).collect::<Vec<_>>().try_into().unwrap();
	spec.stages = vec![2; stages].try_into().unwrap();
	spec.schedule.microbatch = SAMPLES as u16;
	spec.boundary = boundary;
	spec
}

const BOUNDARIES: [BoundaryCodec; 2] =
	[BoundaryCodec::Dense, BoundaryCodec::Bottleneck { rank: 9 }];

/// A step of two microbatches.
fn context() -> StepContext {
	let batch = 2 * SAMPLES as u32;
	StepContext { batch, learning_rate: Nano(1_000_000), step: 20, carried_steps: 0 }
}

/// Numbers as large as features are.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
	Numbers(seed).take(count as u64, 1.7)
}

fn tokens(microbatch: usize, vocabulary: u32) -> [Vec<u32>; 2] {
	let mut numbers = Numbers(microbatch as u64 + 5);
	[(); 2].map(|()| {
		let token = |_| (numbers.integer() % u64::from(vocabulary)) as u32;
		(0..SAMPLES * CONTEXT).map(token).collect()
	})
}

/// A stage with weights at random, none of them zero, that keep the size of what goes through.
fn trainer(spec: &ModelSpec, number: u8, recompute: Recompute) -> Trainer {
	let stage = Stage::new(spec, number).unwrap();
	let mut seed = 1_000 * u64::from(number);
	let shard = Shard::from_weights(&stage, |tensor, count| {
		seed += 1;
		let columns = stage.size(tensor).1 as f32;
		Ok(Numbers(seed).take(count as u64, 1.7 / columns.sqrt()))
	});
	let compute = Arc::new(Compute::new(2).unwrap());
	let mut trainer = Trainer::new(spec, number, shard.unwrap(), 1, recompute, compute).unwrap();
	trainer.begin(spec, number, &context()).unwrap();
	trainer
}

fn model(spec: &ModelSpec, number: u8, trainer: &Trainer) -> Model {
	let program = Program::new(spec, number, &context()).unwrap();
	Model::new(&program, &spec.architecture.frequencies, trainer.shard()).unwrap()
}

/// That floats are those of a tensor, but for rounding.
fn assert_near(found: &[f32], expected: &Tensor, what: &str) {
	let expected: Vec<f64> = expected.flatten_all().unwrap().to_vec1().unwrap();
	assert_eq!(found.len(), expected.len(), "{what}");
	let squares = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|x| x * x).sum::<f64>();
	let norm = squares(&mut expected.iter().copied()).sqrt();
	let pairs = found.iter().zip(&expected);
	let error = squares(&mut pairs.map(|(found, expected)| f64::from(*found) - expected)).sqrt();
	assert!(norm > 0.0 && error <= BOUND * norm, "{what}: an error of {:e}", error / norm);
}

/// That every gradient of a stage is candle's, and that there is one for every weight that takes part: of an embedding those
/// of tokens that occur.
fn assert_gradients(trainer: &Trainer, model: &Model, inputs: &[u32], name: &str) {
	for tensor in trainer.shard().tensors() {
		let gradient = tensor.gradient().unwrap();
		let what = format!("{name}: {}", tensor.tensor);
		let expected = model.gradient(tensor.tensor).unwrap();
		assert_near(&gradient, expected, &what);
		let is_head = tensor.tensor == Name::Embedding && model.stage.tied_head;
		for (row, gradient) in gradient.chunks_exact(tensor.columns).enumerate() {
			let takes_part =
				tensor.tensor != Name::Embedding || is_head || inputs.contains(&(row as u32));
			assert!(gradient.iter().all(|x| (*x != 0.0) == takes_part), "{what}, row {row}");
		}
	}
}

fn floats(message: &Message) -> &[f32] {
	match message {
		Message::Dense(floats) => floats,
		Message::Int8 { .. } => panic!("integers have no gradient"),
	}
}

#[test]
fn every_stage_has_the_gradients_of_autograd() {
	for boundary in BOUNDARIES {
		for (stages, number) in [(1, 0), (2, 0), (2, 1), (3, 1)] {
			for recompute in [Recompute::Selective, Recompute::Full] {
				let name = format!("{boundary:?}, stage {number} of {stages}, {recompute:?}");
				compare_stage(&spec(stages, boundary), number, recompute, &name);
			}
		}
	}
	let mut tied = spec(1, BoundaryCodec::Dense);
	tied.architecture.tied_head = true;
	compare_stage(&tied, 0, Recompute::Selective, "tied head");
}

/// A stage by itself: it is given what neighbours would send, and what it sends is compared, too.
fn compare_stage(spec: &ModelSpec, number: u8, recompute: Recompute, name: &str) {
	let mut trainer = trainer(spec, number, recompute);
	let mut model = model(spec, number, &trainer);
	let stage = Stage::new(spec, number).unwrap();
	let (mut all_inputs, mut summed) = (Vec::new(), 0.0);
	for microbatch in 0..2 {
		let [inputs, targets] = tokens(microbatch, stage.vocabulary);
		let message = |seed| match Message::new(&stage) {
			Message::Dense(floats) => {
				Message::Dense(numbers(floats.len(), seed + microbatch as u64))
			},
			other => other,
		};
		let (received, gradient) = (message(100), message(200));
		let mut sent = [Message::new(&stage), Message::new(&stage)];
		let [forward, backward] = &mut sent;

		let input = if stage.is_first { Input::Tokens(&inputs) } else { Input::Message(&received) };
		trainer.forward(0, input, &targets, (!stage.is_last).then_some(forward)).unwrap();
		let gradient = (!stage.is_last).then_some(&gradient);
		trainer.backward(0, gradient, (!stage.is_first).then_some(backward)).unwrap();

		// The same in candle: the input is a variable, so that its gradient is kept.
		let code = rows(floats(&received), SAMPLES * CONTEXT).unwrap();
		let code = Var::from_tensor(&code).unwrap();
		let hidden = match stage.is_first {
			true => model.embed(&inputs).unwrap(),
			false => model.receive(code.as_tensor()).unwrap(),
		};
		let out = model.layers(&hidden).unwrap();
		let loss = match gradient {
			None => (model.loss(&out, &targets).unwrap() / 2.0).unwrap(),
			Some(gradient) => {
				let out = model.send(&out).unwrap();
				assert_near(floats(forward), &out, &format!("{name}: forward"));
				surrogate(&out, floats(gradient)).unwrap()
			},
		};
		let gradients = model.backward(&loss).unwrap();
		if !stage.is_first {
			let expected = gradients.get(&code).unwrap();
			assert_near(floats(backward), expected, &format!("{name}: backward"));
		}
		summed += loss.to_scalar::<f64>().unwrap();
		all_inputs.extend(inputs);
	}
	assert_gradients(&trainer, &model, &all_inputs, name);
	if let Some(loss) = trainer.finish().unwrap().loss {
		let mean = f64::from(loss) / (2 * SAMPLES * CONTEXT) as f64;
		assert!((mean / summed - 1.0).abs() < BOUND, "{name}: loss {mean} instead of {summed}");
	}
}

#[test]
fn pipelines_have_the_gradients_of_the_model_they_are_cut_from() {
	for boundary in BOUNDARIES {
		let spec = spec(3, boundary);
		let mut trainers = [0, 1, 2].map(|number| trainer(&spec, number, Recompute::Selective));
		let mut models =
			[0, 1, 2].map(|number| model(&spec, number, &trainers[usize::from(number)]));
		let [inputs, targets] = tokens(0, 101);

		let stage = Stage::new(&spec, 0).unwrap();
		let [mut first, mut second] = [Message::new(&stage), Message::new(&stage)];
		let [one, two, three] = &mut trainers;
		one.forward(0, Input::Tokens(&inputs), &[], Some(&mut first)).unwrap();
		two.forward(0, Input::Message(&first), &[], Some(&mut second)).unwrap();
		three.forward(0, Input::Message(&second), &targets, None).unwrap();
		three.backward(0, None, Some(&mut second)).unwrap();
		two.backward(0, Some(&second), Some(&mut first)).unwrap();
		one.backward(0, Some(&first), None).unwrap();

		// One graph from the tokens to the loss.
		let [one, two, three] = &models;
		let sent = one.send(&one.layers(&one.embed(&inputs).unwrap()).unwrap()).unwrap();
		let sent = two.send(&two.layers(&two.receive(&sent).unwrap()).unwrap()).unwrap();
		let out = three.layers(&three.receive(&sent).unwrap()).unwrap();
		// Half of the step, which has two microbatches.
		let loss = (three.loss(&out, &targets).unwrap() / 2.0).unwrap();
		for (number, (trainer, model)) in trainers.iter().zip(&mut models).enumerate() {
			model.backward(&loss).unwrap();
			assert_gradients(trainer, model, &inputs, &format!("{boundary:?}, stage {number}"));
		}
	}
}

/// Gradients of inputs and weights of an operation, from that of what it yields.
fn gradients<const N: usize>(
	inputs: [(&[f32], usize); N],
	gradient: &[f32],
	operation: impl Fn(&[Tensor; N]) -> candle_core::Result<Tensor>,
) -> (Tensor, [Tensor; N]) {
	let inputs =
		inputs.map(|(floats, count)| Var::from_tensor(&rows(floats, count).unwrap()).unwrap());
	let out = operation(&inputs.each_ref().map(|input| input.as_tensor().clone())).unwrap();
	let store = surrogate(&out, gradient).unwrap().backward().unwrap();
	(out, inputs.map(|input| store.get(&input).expect("a gradient").clone()))
}

#[test]
fn linear_maps_have_the_gradients_of_autograd() {
	let (tokens, input, output) = (70, 36, 50);
	let (x, w, dy) =
		(numbers(tokens * input, 1), numbers(output * input, 2), numbers(tokens * output, 3));
	let (y, [dx, dw]) = gradients([(&x, tokens), (&w, output)], &dy, |[x, w]| x.matmul(&w.t()?));
	let product = |columns: usize, out: usize, left: Matrix, right: Matrix, depth| {
		let mut found = vec![0.0; out];
		accumulate(&mut Panel::new(&mut found, columns), left, right, depth, Parallelism::None);
		found
	};
	let (x, w, dy) = (Matrix::new(&x, input), Matrix::new(&w, input), Matrix::new(&dy, output));
	assert_near(&product(output, tokens * output, x, w.transposed(), input), &y, "y");
	assert_near(&product(input, tokens * input, dy, w, output), &dx, "dx");
	assert_near(&product(input, output * input, dy.transposed(), x, tokens), &dw, "dw");
}

#[test]
fn the_norm_has_the_gradient_of_autograd() {
	let norm = Norm { width: 36, epsilon: 1e-2 };
	let (x, gradient) = (numbers(70 * 36, 1), numbers(70 * 36, 2));
	let (out, [expected]) = gradients([(&x, 70)], &gradient, |[x]| {
		candle_nn::ops::rms_norm_slow(x, &Tensor::ones(36, x.dtype(), x.device())?, norm.epsilon)
	});
	let (mut scales, mut normed, mut found) =
		(vec![0.0; 70], vec![0.0; 70 * 36], vec![9.0; 70 * 36]);
	norm.scales(&x, &mut scales);
	norm.apply(&x, &scales, &mut normed);
	assert_near(&normed, &out, "norm");
	norm.backward(&x, &scales, &gradient, false, &mut found);
	assert_near(&found, &expected, "gradient");
	let past = numbers(70 * 36, 3);
	let mut found = past.clone();
	norm.backward(&x, &scales, &gradient, true, &mut found);
	let sum = (expected + rows(&past, 70).unwrap()).unwrap();
	assert_near(&found, &sum, "gradient onto the one that came past");
}

#[test]
fn rope_has_the_gradient_of_autograd() {
	let (heads, width) = (6, 10);
	let frequencies: Vec<u64> = (0..5).map(|i| (u64::MAX / 7) >> (2 * i)).collect();
	let count = SAMPLES * CONTEXT * heads * width;
	let (x, gradient) = (numbers(count, 1), numbers(count, 2));
	let [cos, sin] = llama::rotations(&frequencies, CONTEXT).unwrap();
	let (out, [expected]) = gradients([(&x, SAMPLES * CONTEXT)], &gradient, |[x]| {
		let x = x.reshape((SAMPLES, CONTEXT, heads, width))?.transpose(1, 2)?.contiguous()?;
		candle_nn::rotary_emb::rope_slow(&x, &cos, &sin)?
			.transpose(1, 2)?
			.flatten_from(2)?
			.flatten_to(1)
	});
	let table = |pick: fn((f32, f32)) -> f32| -> Vec<f32> {
		let phases = (0..CONTEXT as u64)
			.flat_map(|position| frequencies.iter().map(move |turns| turns.wrapping_mul(position)));
		phases.map(|phase| pick(cairn_program::elementary::sin_cos(phase))).collect()
	};
	let (cosines, sines) = (&table(|(_, cos)| cos)[..], &table(|(sin, _)| sin)[..]);
	let rotations = Rotations { cosines, sines, context: CONTEXT, width };
	let (mut found, mut back) = (x, gradient);
	rotations.apply(&mut found, heads, false);
	assert_near(&found, &out, "rotated");
	rotations.apply(&mut back, heads, true);
	assert_near(&back, &expected, "gradient");
}

#[test]
fn attention_has_the_gradients_of_autograd() {
	// Contexts on both sides of the rows and of the tiles that are computed at a time.
	for (samples, context, heads, kv_heads) in
		[(2, 1, 2, 1), (2, 70, 6, 2), (1, 520, 2, 2), (1, 130, 3, 1)]
	{
		let width = 10;
		let scale = 0.3;
		let attention = Attention { context, heads, kv_heads, width, scale };
		let tokens = samples * context;
		let [q, k, v, gradient] = [(heads, 1), (kv_heads, 2), (kv_heads, 3), (heads, 4)]
			.map(|(heads, seed)| numbers(tokens * heads * width, seed));
		let (out, expected) =
			gradients([(&q, tokens), (&k, tokens), (&v, tokens)], &gradient, |[q, k, v]| {
				let split = |x: &Tensor| x.reshape((samples, context, (), width))?.transpose(1, 2);
				let scale = f64::from(scale);
				attend(&split(q)?, &split(k)?, &split(v)?, scale, &causal(context)?)?
					.transpose(1, 2)?
					.flatten_from(2)?
					.flatten_to(1)
			});
		let name = format!("{samples} × {context}, {heads} heads of {kv_heads}");
		let inputs = Inputs { queries: &q, keys: &k, values: &v };
		let mut attended = vec![0.0; q.len()];
		let [mut maxima, mut sums] = [(); 2].map(|()| vec![0.0; tokens * heads]);
		let (attended_out, maxima_out, sums_out) =
			(&mut attended[..], &mut maxima[..], &mut sums[..]);
		attention.forward(
			inputs,
			Outputs { attended: attended_out, maxima: maxima_out, sums: sums_out },
		);
		assert_near(&attended, &out, &name);
		let [mut queries, mut keys, mut values] = [&q, &k, &v].map(|x| vec![9.0; x.len()]);
		attention.backward(
			inputs,
			Backward { attended: &attended, maxima: &maxima, sums: &sums, gradient: &gradient },
			Gradients { queries: &mut queries, keys: &mut keys, values: &mut values },
		);
		for (part, (found, expected)) in ["queries", "keys", "values"]
			.into_iter()
			.zip([queries, keys, values].iter().zip(&expected))
		{
			// Of a single token no gradient comes back to query and key: there is nothing to weigh.
			match context == 1 && part != "values" {
				true => assert!(found.iter().all(|x| x.abs() < 1e-6), "{name}: {part}"),
				false => assert_near(found, expected, &format!("{name}: {part}")),
			}
		}
	}
}

#[test]
fn swiglu_has_the_gradients_of_autograd() {
	let count = 70 * 50;
	let [gate, up, gradient] = [1, 2, 3].map(|seed| numbers(count, seed));
	let (out, [gate_gradient, up_gradient]) =
		gradients([(&gate, 70), (&up, 70)], &gradient, |[gate, up]| gate.silu()? * up);
	let mut activated = vec![0.0; count];
	elementwise::swiglu(&gate, &up, &mut activated);
	assert_near(&activated, &out, "activated");
	let (mut first, mut second) = (gradient, vec![9.0; count]);
	elementwise::swiglu_backward(&gate, &up, &mut first, &mut second);
	assert_near(&first, &gate_gradient, "gate");
	assert_near(&second, &up_gradient, "up");
}

#[test]
fn cross_entropy_has_the_gradient_of_autograd() {
	let (tokens, vocabulary) = (70, 101);
	let logits = numbers(tokens * vocabulary, 1);
	let targets: Vec<u32> = (0..tokens as u32).map(|i| i * 37 % vocabulary as u32).collect();
	let var = Var::from_tensor(&rows(&logits, tokens).unwrap()).unwrap();
	let mean = candle_nn::loss::cross_entropy(&var, &integers(&targets).unwrap()).unwrap();
	let store = mean.backward().unwrap();
	let (mut gradient, mut losses) = (logits.clone(), vec![0.0; tokens]);
	loss::cross_entropy(&mut gradient, &targets, 1.0 / tokens as f32, &mut losses);
	assert_near(&gradient, store.get(&var).unwrap(), "gradient");
	let picked = candle_nn::ops::log_softmax(&var, D::Minus1).unwrap();
	let picked = picked.gather(&integers(&targets).unwrap().unsqueeze(1).unwrap(), 1).unwrap();
	assert_near(&losses, &picked.neg().unwrap(), "losses");
	let (mut logits, mut alone) = (logits, vec![0.0; tokens]);
	loss::losses(&mut logits, &targets, &mut alone);
	assert_eq!(alone, losses, "the loss without its gradient");
}

#[test]
fn the_embedding_has_the_gradient_of_autograd() {
	// More tokens than a block has, and more columns than a thread takes.
	let (vocabulary, width, count) = (31, 150, 700);
	let (table, gradient) = (numbers(vocabulary * width, 1), numbers(count * width, 2));
	let tokens: Vec<u32> = (0..count as u32).map(|i| i * i % 29).collect();
	let (out, [expected]) = gradients([(&table, vocabulary)], &gradient, |[table]| {
		table.index_select(&integers(&tokens)?, 0)
	});
	let mut gathered = vec![0.0; count * width];
	embedding::gather(&table, width, &tokens, &mut gathered);
	assert_near(&gathered, &out, "rows");
	let (mut found, mut places) = (vec![0.0; vocabulary * width], Vec::new());
	embedding::place(&tokens, &mut places);
	embedding::scatter(&gradient, width, &places, &mut found);
	assert_near(&found, &expected, "table");
}
