//! The engine against the reference interpreter, value by value, to the bit.

#[path = "../../../primitives/program/tests/common/mod.rs"]
mod common;

use std::{collections::BTreeMap, sync::Arc};

use cairn_engine::{Compute, Input, Message, Recompute, Shard, Trainer};
use cairn_primitives::{spec::BoundaryCodec, ModelSpec};
use cairn_program::{reference::Reference, Code, Direction, Moment, Program, Value};
use common::{context, insert_inputs, specs};

/// The message that a reference holds under these names.
fn message(
	reference: &Reference<f32>,
	stage: &cairn_program::Stage,
	value: impl Fn(Code) -> Value,
) -> Message {
	let floats = |code| reference.get(value(code)).unwrap();
	match stage.boundary {
		BoundaryCodec::Dense | BoundaryCodec::Bottleneck { .. } => {
			Message::Dense(floats(Code::Dense).to_vec())
		},
		BoundaryCodec::Int8 { .. } => Message::Int8 {
			integers: floats(Code::Integers).iter().map(|x| *x as i8).collect(),
			exponents: floats(Code::Exponents).iter().map(|x| *x as i8).collect(),
		},
	}
}

fn bits(floats: &[f32]) -> Vec<u32> {
	floats.iter().map(|x| x.to_bits()).collect()
}

/// Run a step of a stage in both, and compare everything that leaves the stage or changes it.
fn compare(name: &str, spec: &ModelSpec, number: u8, threads: usize, recompute: Recompute) {
	let program = Program::new(spec, number, &context()).unwrap();
	let stage = program.stage();
	let mut reference = Reference::<f32>::new();
	insert_inputs(&mut reference, spec, &program);
	reference.run(program.operations()).unwrap();

	let shard = Shard::from_weights(stage, |tensor, _| {
		Ok(reference.get(Value::Parameter(tensor)).unwrap().to_vec())
	})
	.unwrap();
	let compute = Arc::new(Compute::new(threads).unwrap());
	let mut trainer = Trainer::new(spec, number, shard, 2, recompute, compute).unwrap();
	trainer.begin(spec, number, &context()).unwrap();
	let tokens = |value: Value| -> Vec<u32> {
		(0..u64::from(stage.tokens())).map(|i| reference.integer(value, i) as u32).collect()
	};
	for m in 0..program.microbatches() {
		let place = m as usize % 2;
		let received =
			|direction| message(&reference, stage, |code| Value::Received(m, direction, code));
		let sent = |direction| message(&reference, stage, |code| Value::Sent(m, direction, code));
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
		trainer.forward(place, input, &targets, (!stage.is_last).then_some(&mut out)).unwrap();
		if !stage.is_last {
			assert_eq!(out, sent(Direction::Forward), "{name}: forward {m}");
		}
		let gradient = (!stage.is_last).then(|| received(Direction::Backward));
		let mut out = Message::new(stage);
		trainer.backward(place, gradient.as_ref(), (!stage.is_first).then_some(&mut out)).unwrap();
		if !stage.is_first {
			assert_eq!(out, sent(Direction::Backward), "{name}: backward {m}");
		}
	}
	for tensor in trainer.shard().tensors() {
		let gradient = Value::Gradient(tensor.tensor, program.microbatches());
		let expected = bits(reference.get(gradient).unwrap());
		assert_eq!(
			bits(&tensor.gradient().unwrap()),
			expected,
			"{name}: gradient of {}",
			tensor.tensor
		);
	}
	let report = trainer.finish().unwrap();
	let last = stage.tensors().pop().unwrap();
	let norm = reference.get(Value::SquaredNorm(last)).unwrap()[0];
	assert_eq!(report.squared_norm.to_bits(), norm.to_bits(), "{name}");
	let loss =
		stage.is_last.then(|| reference.get(Value::Loss(program.microbatches())).unwrap()[0]);
	assert_eq!(report.loss.map(f32::to_bits), loss.map(f32::to_bits), "{name}");
	for tensor in trainer.shard().tensors() {
		let next = Value::NextParameter(tensor.tensor);
		assert_eq!(
			bits(&tensor.weights().unwrap()),
			bits(reference.get(next).unwrap()),
			"{name}: {next}"
		);
		let moments = [Moment::First, Moment::Second].into_iter().zip(tensor.moments().unwrap());
		for (moment, found) in moments {
			if let Some(expected) = reference.get(Value::NextState(tensor.tensor, moment)) {
				assert_eq!(bits(&found), bits(expected), "{name}: {moment:?} of {}", tensor.tensor);
			}
		}
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
				compare(&name, &spec, number, threads, recompute);
			}
		}
	}
}

#[test]
fn sums_beyond_a_block_are_the_reference_to_the_bit() {
	// Contexts, widths and tokens on both sides of 64, 512 and 1,024.
	let sizes: BTreeMap<&str, (u32, u32, u16)> = BTreeMap::from([
		("context 65", (65, 12, 1)),
		("context 600", (600, 12, 1)),
		("width 520", (9, 520, 2)),
		("tokens 1040", (65, 12, 16)),
	]);
	for (name, (context_tokens, width, samples)) in sizes {
		let mut spec = common::spec(1);
		spec.architecture.context = context_tokens;
		spec.architecture.width = width;
		spec.architecture.hidden = 40;
		spec.architecture.heads = 2;
		spec.architecture.kv_heads = 1;
		spec.schedule.microbatch = samples;
		spec.stages = vec![1].try_into().unwrap();
		let _ = &context;
		compare_with_batch(name, &spec, samples.into());
	}
}

/// A whole model, one microbatch of it.
fn compare_with_batch(name: &str, spec: &ModelSpec, batch: u32) {
	let context = cairn_program::StepContext { batch, ..context() };
	let program = Program::new(spec, 0, &context).unwrap();
	let stage = program.stage();
	let mut reference = Reference::<f32>::new();
	insert_inputs(&mut reference, spec, &program);
	reference.run(program.operations()).unwrap();
	let shard = Shard::from_weights(stage, |tensor, _| {
		Ok(reference.get(Value::Parameter(tensor)).unwrap().to_vec())
	})
	.unwrap();
	let compute = Arc::new(Compute::new(2).unwrap());
	let mut trainer = Trainer::new(spec, 0, shard, 1, Recompute::Selective, compute).unwrap();
	trainer.begin(spec, 0, &context).unwrap();
	let tokens = |value: Value| -> Vec<u32> {
		(0..u64::from(stage.tokens())).map(|i| reference.integer(value, i) as u32).collect()
	};
	trainer
		.forward(0, Input::Tokens(&tokens(Value::Tokens(0))), &tokens(Value::Targets(0)), None)
		.unwrap();
	trainer.backward(0, None, None).unwrap();
	for tensor in trainer.shard().tensors() {
		let expected = bits(reference.get(Value::Gradient(tensor.tensor, 1)).unwrap());
		assert_eq!(
			bits(&tensor.gradient().unwrap()),
			expected,
			"{name}: gradient of {}",
			tensor.tensor
		);
	}
}
