//! The engine against the reference interpreter, value by value, to the bit.

#[path = "../../../primitives/program/tests/common/mod.rs"]
mod common;

use std::sync::Arc;

use cairn_engine::{Compute, Input, Message, Recompute, Shard, StageError, Trainer};
use cairn_primitives::{spec::BoundaryCodec, ModelSpec};
use cairn_program::{
	reference::Reference, Code, Direction, Moment, Program, Stage, StepContext, Value,
};
use common::{adamw, context, golden, insert_inputs, muon, specs};
use proptest::prelude::*;

/// The message that a reference holds under these names.
fn message(reference: &Reference<f32>, stage: &Stage, value: impl Fn(Code) -> Value) -> Message {
	let floats = |code| reference.get(value(code)).unwrap();
	let bytes = |code| floats(code).iter().map(|x| *x as i8).collect();
	match stage.boundary {
		BoundaryCodec::Dense | BoundaryCodec::Bottleneck { .. } => {
			Message::Dense(floats(Code::Dense).to_vec())
		},
		BoundaryCodec::Int8 { .. } => {
			Message::Int8 { integers: bytes(Code::Integers), exponents: bytes(Code::Exponents) }
		},
	}
}

/// The values that a message holds.
fn values(message: Message, value: impl Fn(Code) -> Value) -> Vec<(Value, Vec<f32>)> {
	let floats = |bytes: Vec<i8>| bytes.into_iter().map(f32::from).collect();
	match message {
		Message::Dense(dense) => vec![(value(Code::Dense), dense)],
		Message::Int8 { integers, exponents } => vec![
			(value(Code::Integers), floats(integers)),
			(value(Code::Exponents), floats(exponents)),
		],
	}
}

fn bits(floats: &[f32]) -> Vec<u32> {
	floats.iter().map(|x| x.to_bits()).collect()
}

/// A stage as the reference has it before the step.
fn trainer(
	reference: &Reference<f32>,
	spec: &ModelSpec,
	number: u8,
	threads: usize,
	recompute: Recompute,
) -> Trainer {
	let stage = Stage::new(spec, number).unwrap();
	let value = |value| reference.get(value).unwrap().to_vec();
	let shard =
		Shard::from_weights(&stage, |tensor, _| Ok(value(Value::Parameter(tensor)))).unwrap();
	let compute = Arc::new(Compute::new(threads).unwrap());
	let trainer = Trainer::new(spec, number, shard, 2, recompute, compute).unwrap();
	for tensor in trainer.shard().tensors() {
		let moments = [Moment::First, Moment::Second]
			.map(|moment| value(Value::State(tensor.tensor, moment)))
			.concat();
		let count = tensor.read_moments(<[f32]>::len).unwrap(); // Muon has one
		tensor.set_moments(&moments[..count]).unwrap();
	}
	trainer
}

/// What a step of the engine comes to, from the inputs of a reference: everything that leaves the stage or changes it.
fn step(
	inputs: &Reference<f32>,
	spec: &ModelSpec,
	number: u8,
	context: &StepContext,
	threads: usize,
	recompute: Recompute,
) -> Vec<(Value, Vec<f32>)> {
	let program = Program::new(spec, number, context).unwrap();
	let (stage, microbatches) = (program.stage(), program.microbatches());
	let mut found = Vec::new();
	let mut trainer = trainer(inputs, spec, number, threads, recompute);
	trainer.begin(spec, number, context).unwrap();
	let tokens = |value: Value| -> Vec<u32> {
		(0..u64::from(stage.tokens())).map(|i| inputs.integer(value, i) as u32).collect()
	};
	for m in 0..microbatches {
		let place = m as usize % 2;
		let received =
			|direction| message(inputs, stage, |code| Value::Received(m, direction, code));
		let mut out = Message::new(stage);
		let input_tokens = tokens(Value::Tokens(m));
		let incoming;
		let input = if stage.is_first {
			Input::Tokens(&input_tokens)
		} else {
			incoming = received(Direction::Forward);
			Input::Message(&incoming)
		};
		let targets = if stage.is_last { tokens(Value::Targets(m)) } else { Vec::new() };
		let output = (!stage.is_last).then_some(&mut out);
		trainer.forward(place, input, &targets, output).unwrap();
		if !stage.is_last {
			found.extend(values(out, |code| Value::Sent(m, Direction::Forward, code)));
		}
		let gradient = (!stage.is_last).then(|| received(Direction::Backward));
		let mut out = Message::new(stage);
		let output = (!stage.is_first).then_some(&mut out);
		trainer.backward(place, gradient.as_ref(), output).unwrap();
		if !stage.is_first {
			found.extend(values(out, |code| Value::Sent(m, Direction::Backward, code)));
		}
	}
	for tensor in trainer.shard().tensors() {
		let value = Value::Gradient(tensor.tensor, microbatches);
		found.push((value, tensor.gradient().unwrap()));
	}
	let report = trainer.finish().unwrap();
	let last = stage.tensors().pop().unwrap();
	found.push((Value::SquaredNorm(last), vec![report.squared_norm]));
	assert_eq!(report.loss.is_some(), stage.is_last);
	found.extend(report.loss.map(|loss| (Value::Loss(microbatches), vec![loss])));
	for tensor in trainer.shard().tensors() {
		found.push((Value::NextParameter(tensor.tensor), tensor.weights().unwrap()));
		let moments = tensor.read_moments(<[f32]>::to_vec).unwrap();
		for (moment, floats) in
			[Moment::First, Moment::Second].into_iter().zip(moments.chunks_exact(tensor.len()))
		{
			found.push((Value::NextState(tensor.tensor, moment), floats.to_vec()));
		}
	}
	found
}

/// Run a step of a stage in both, and compare everything that leaves the stage or changes it.
fn compare(
	name: &str,
	spec: &ModelSpec,
	number: u8,
	context: &StepContext,
	threads: usize,
	recompute: Recompute,
) {
	let program = Program::new(spec, number, context).unwrap();
	let mut reference = Reference::<f32>::new();
	insert_inputs(&mut reference, spec, &program);
	reference.run(program.operations()).unwrap();
	for (value, found) in step(&reference, spec, number, context, threads, recompute) {
		let expected = bits(reference.get(value).unwrap());
		assert_eq!(bits(&found), expected, "{name}: {value}");
	}
}

#[test]
fn a_step_of_every_kind_of_stage_is_the_reference_to_the_bit() {
	for (name, spec) in specs() {
		for number in 0..spec.stages.len() as u8 {
			for (threads, recompute) in
				[(1, Recompute::Selective), (2, Recompute::Full), (4, Recompute::Selective)]
			{
				let name = format!("{name}, stage {number}, {threads} threads, {recompute:?}");
				compare(&name, &spec, number, &context(), threads, recompute);
			}
		}
	}
}

/// Models of any shape, with a step of some microbatches.
fn models() -> impl Strategy<Value = (ModelSpec, StepContext)> {
	let tokens = (1u16..4, 1u32..12, 1u32..4);
	let heads = (1u16..4, 1u16..4, 1usize..5);
	let sizes = (1u32..40, 1u32..40, 1u16..8, 1u32..6);
	let stages = prop::collection::vec(1u16..3, 1..4);
	let kinds = (0..3, any::<bool>(), any::<bool>(), 1u16..20);
	(tokens, heads, sizes, stages, kinds).prop_map(|(tokens, heads, sizes, stages, kinds)| {
		let (samples, context, microbatches) = tokens;
		let (hidden, vocabulary, block, blocks) = sizes;
		let (boundary, is_adamw, is_tied, rank) = kinds;
		let mut spec = common::spec(stages.len());
		let a = &mut spec.architecture;
		(a.context, a.hidden, a.vocabulary) = (context, hidden, vocabulary);
		a.width = u32::from(block) * blocks;
		(a.kv_heads, a.heads, a.head_width) = (heads.0, heads.0 * heads.1, 2 * heads.2 as u16);
		a.frequencies = vec![1 << 61; heads.2].try_into().unwrap();
		a.tied_head = is_tied && stages.len() == 1;
		spec.boundary = match boundary {
			0 => BoundaryCodec::Dense,
			1 => BoundaryCodec::Int8 { block },
			_ => BoundaryCodec::Bottleneck { rank },
		};
		spec.inner = if is_adamw { adamw(false) } else { muon() };
		spec.schedule.microbatch = samples;
		spec.stages = stages.try_into().unwrap();
		let batch = microbatches * u32::from(samples);
		(spec, StepContext { batch, ..common::context() })
	})
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(40))]
	#[test]
	fn a_step_of_stages_of_any_shape_is_the_reference_to_the_bit(
		(spec, context) in models(), threads in 1usize..5, is_full: bool,
	) {
		let recompute = if is_full { Recompute::Full } else { Recompute::Selective };
		for number in 0..spec.stages.len() as u8 {
			compare(&format!("stage {number}"), &spec, number, &context, threads, recompute);
		}
	}
}

#[test]
fn the_golden_vectors_are_what_the_engine_computes() {
	let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../primitives/program/tests/golden.txt");
	let golden = std::fs::read_to_string(path).unwrap();
	for (name, spec) in golden::specs() {
		for number in 0..spec.stages.len() as u8 {
			let (_, lines) = golden.split_once(&golden::title(&name, number)).unwrap();
			let lines: Vec<&str> =
				lines.lines().skip(1).take_while(|l| !l.starts_with('#')).collect();
			let context = golden::context();
			let program = Program::new(&spec, number, &context).unwrap();
			let mut inputs = Reference::<f32>::new();
			insert_inputs(&mut inputs, &spec, &program);
			for (value, found) in step(&inputs, &spec, number, &context, 2, Recompute::Selective) {
				let mut engine = Reference::new();
				engine.insert(value, found);
				let line = golden::line(&engine, value);
				assert!(lines.contains(&line.as_str()), "{name}, stage {number}: {line}");
			}
		}
	}
}

#[test]
fn sums_beyond_a_block_are_the_reference_to_the_bit() {
	// Tokens of a sample, width, samples, vocabulary, hidden: on both sides of 64, 512 and 1,024.
	let sizes = [
		(64, 12, 1, 19, 10),
		(65, 12, 16, 19, 10),
		(512, 8, 1, 19, 10),
		(513, 8, 2, 19, 10),
		(1_030, 4, 1, 19, 10),
		(9, 520, 2, 19, 10),
		(9, 12, 2, 600, 10),
		(9, 12, 2, 19, 1_030),
	];
	for (tokens, width, samples, vocabulary, hidden) in sizes {
		let mut spec = common::spec(1);
		let a = &mut spec.architecture;
		(a.context, a.width, a.vocabulary, a.hidden) = (tokens, width, vocabulary, hidden);
		spec.schedule.microbatch = samples;
		spec.stages = vec![1].try_into().unwrap();
		let name = format!("{samples} × {tokens} tokens, width {width}, {vocabulary}, {hidden}");
		let context = StepContext { batch: samples.into(), ..context() };
		compare(&name, &spec, 0, &context, 2, Recompute::Selective);
	}
}

#[test]
fn what_is_not_finite_is_found_wherever_it_arises() {
	let spec = common::spec(1);
	let context = StepContext { batch: 2, ..context() }; // one microbatch
	let program = Program::new(&spec, 0, &context).unwrap();
	let mut reference = Reference::<f32>::new();
	insert_inputs(&mut reference, &spec, &program);
	let tokens: Vec<u32> = vec![1; program.stage().tokens() as usize];
	for tensor in program.stage().tensors() {
		for wild in [3e38f32, 1e30, f32::NAN, f32::INFINITY] {
			let mut reference = reference.clone();
			let count = reference.get(Value::Parameter(tensor)).unwrap().len();
			reference.insert(Value::Parameter(tensor), vec![wild; count]);
			let mut trainer = trainer(&reference, &spec, 0, 1, Recompute::Selective);
			trainer.begin(&spec, 0, &context).unwrap();
			let step = trainer
				.forward(0, Input::Tokens(&tokens), &tokens, None)
				.and_then(|()| trainer.backward(0, None, None))
				.and_then(|()| trainer.finish().map(|_| ()));
			match step {
				Err(StageError::Diverged(_)) => {},
				// Weights as large as floats go may saturate a softmax and do no more harm.
				Ok(()) if wild.is_finite() => {
					let weights = trainer.shard().tensors().iter().map(|t| t.weights().unwrap());
					assert!(weights.flatten().all(f32::is_finite), "{tensor} = {wild:e}");
				},
				other => panic!("{tensor} = {wild:e}: {other:?}"),
			}
		}
	}
}

#[test]
fn messages_that_are_not_finite_are_the_neighbours_fault() {
	type Change = fn(&mut [i8], &mut [i8]);
	let int8 = BoundaryCodec::Int8 { block: 4 };
	let cases: [(BoundaryCodec, f32, Change); 6] = [
		(BoundaryCodec::Dense, f32::NAN, |_, _| ()),
		(BoundaryCodec::Dense, f32::INFINITY, |_, _| ()),
		(int8, 0.0, |_, exponents| exponents[3] = 122),
		(int8, 0.0, |_, exponents| exponents[3] = -127),
		(int8, 0.0, |codes, exponents| (codes[13], exponents[3]) = (-128, 121)), // −2^128
		(int8, 0.0, |codes, _| codes[13] = -128),
	];
	for (boundary, wrong, change) in cases {
		let mut spec = common::spec(2);
		spec.boundary = boundary;
		let stage = Stage::new(&spec, 1).unwrap();
		let shard = Shard::initial(&spec, 1).unwrap();
		let compute = Arc::new(Compute::new(1).unwrap());
		let mut trainer = Trainer::new(&spec, 1, shard, 1, Recompute::Selective, compute).unwrap();
		trainer.begin(&spec, 1, &context()).unwrap();
		let mut message = Message::new(&stage);
		match &mut message {
			Message::Dense(floats) => floats[3] = wrong,
			Message::Int8 { integers, exponents } => change(integers, exponents),
		}
		let targets = vec![0; stage.tokens() as usize];
		let error = trainer.forward(0, Input::Message(&message), &targets, None).unwrap_err();
		assert!(matches!(error, StageError::NotFiniteMessage), "{error}");
	}
}

#[test]
fn a_step_ends_when_all_its_microbatches_are_back() {
	let spec = common::spec(1);
	let shard = Shard::initial(&spec, 0).unwrap();
	let compute = Arc::new(Compute::new(1).unwrap());
	let mut trainer = Trainer::new(&spec, 0, shard, 1, Recompute::Selective, compute).unwrap();
	trainer.begin(&spec, 0, &context()).unwrap();
	let weights = |trainer: &Trainer| trainer.shard().tensor_roots().unwrap();
	let before = weights(&trainer);
	let tokens = vec![2; 14];
	for done in 0..2 {
		let error = trainer.finish().unwrap_err();
		assert!(matches!(error, StageError::Unfinished { done: d, of: 2 } if d == done), "{error}");
		assert_eq!(weights(&trainer), before);
		trainer.forward(0, Input::Tokens(&tokens), &tokens, None).unwrap();
		trainer.backward(0, None, None).unwrap();
	}
	trainer.finish().unwrap();
	assert_ne!(weights(&trainer), before);
}

#[test]
fn a_tied_head_refuses_a_second_microbatch_before_the_first_is_back() {
	let (_, spec) = specs().into_iter().find(|(name, _)| name == "tied").unwrap();
	let shard = Shard::initial(&spec, 0).unwrap();
	let compute = Arc::new(Compute::new(1).unwrap());
	let mut trainer = Trainer::new(&spec, 0, shard, 2, Recompute::Selective, compute).unwrap();
	trainer.begin(&spec, 0, &context()).unwrap();
	let tokens = vec![2; 14];
	trainer.forward(0, Input::Tokens(&tokens), &tokens, None).unwrap();
	let error = trainer.forward(1, Input::Tokens(&tokens), &tokens, None).unwrap_err();
	assert!(matches!(error, StageError::TiedHeadInFlight), "{error}");
}
