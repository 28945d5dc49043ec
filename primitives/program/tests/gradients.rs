//! What the reference computes: gradients are those of the loss, a cut model is the whole one, both kinds of floats agree.

mod common;

use cairn_primitives::{spec::BoundaryCodec, ModelSpec};
use cairn_program::{
	reference::Reference, Code, Direction, Float, Program, Section, SoftFloat, Tensor, Value,
};
use common::{context, elements, insert_inputs, insert_tokens, specs, Numbers};

fn run<F: Float>(spec: &ModelSpec, stage: u8) -> (Program, Reference<F>) {
	let program = Program::new(spec, stage, &context()).unwrap();
	let mut reference = Reference::new();
	insert_inputs(&mut reference, spec, &program);
	reference.run(program.operations()).unwrap();
	(program, reference)
}

/// Loss of the first microbatches of a whole model, from parameters that are given.
fn loss(spec: &ModelSpec, program: &Program, inputs: &Reference<f32>) -> f64 {
	let mut reference = inputs.clone();
	reference.run(program.section(Section::Tables)).unwrap();
	let stage = program.stage();
	for m in 0..program.microbatches() {
		insert_tokens(&mut reference, stage, m);
		let layers = (0..spec.stages[0]).map(|layer| Section::LayerForward(m, layer));
		let sections =
			[Section::EntryForward(m)].into_iter().chain(layers).chain([Section::ExitForward(m)]);
		sections.for_each(|section| reference.run(program.section(section)).unwrap());
	}
	let tokens = f64::from(program.microbatches() * stage.tokens());
	// Token by token in binary64: the sum of a step rounds more than a small change of it amounts to.
	let losses = (0..program.microbatches()).flat_map(|m| {
		let value = Value::Outer(m, cairn_program::OuterName::TokenLoss);
		reference.get(value).unwrap().to_vec()
	});
	losses.map(f64::from).sum::<f64>() / tokens
}

#[test]
fn gradients_of_every_tensor_are_slopes_of_the_loss() {
	for (name, spec) in specs().into_iter().filter(|(_, spec)| spec.stages.len() == 1) {
		let (program, reference) = run::<f32>(&spec, 0);
		let stage = program.stage();
		let mut inputs = Reference::new();
		insert_inputs(&mut inputs, &spec, &program);
		for tensor in stage.tensors() {
			let gradient = reference.get(Value::Gradient(tensor, program.microbatches())).unwrap();
			assert!(gradient.iter().any(|g| *g != 0.0), "{name}: {tensor:?} has no gradient");
			// Along the gradient itself, so that the slope is its norm, and along a direction at random.
			let norm = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
			let along: Vec<f64> = gradient.iter().map(|g| f64::from(*g) / norm).collect();
			let mut numbers = Numbers(elements(stage, tensor) as u64);
			let random: Vec<f64> = along.iter().map(|_| f64::from(numbers.next()) * 0.3).collect();
			for direction in [along, random] {
				let moved = |distance: f64| {
					let mut moved = inputs.clone();
					let parameter = inputs.get(Value::Parameter(tensor)).unwrap();
					let there = parameter.iter().zip(&direction);
					let there = there.map(|(w, d)| (f64::from(*w) + distance * d) as f32).collect();
					moved.insert(Value::Parameter(tensor), there);
					loss(&spec, &program, &moved)
				};
				// Central differences of two distances, extrapolated (Richardson): the error is of fourth order.
				let slope = |h: f64| (moved(h) - moved(-h)) / (2.0 * h);
				let measured = (4.0 * slope(0.01) - slope(0.02)) / 3.0;
				let expected: f64 =
					gradient.iter().zip(&direction).map(|(g, d)| f64::from(*g) * d).sum();
				let error = (measured - expected).abs();
				assert!(
					error < 2e-3 * norm + 1e-5,
					"{name}: {tensor:?}: measured {measured:e}, gradient {expected:e}, norm {norm:e}"
				);
			}
		}
	}
}

#[test]
fn integers_come_to_the_same_bits_as_the_processor() {
	for (name, spec) in specs() {
		for stage in 0..spec.stages.len() as u8 {
			let (program, hard) = run::<f32>(&spec, stage);
			let (_, soft) = run::<SoftFloat>(&spec, stage);
			for operation in program.operations() {
				let bits = |floats: &[f32]| floats.iter().map(|f| f.to_bits()).collect::<Vec<_>>();
				let hard = bits(hard.get(operation.output).unwrap());
				let soft: Vec<u32> =
					soft.get(operation.output).unwrap().iter().map(|f| f.to_bits()).collect();
				assert_eq!(hard, soft, "{name}, stage {stage}: {}", operation.output);
			}
		}
	}
}

#[test]
fn a_model_cut_into_stages_with_dense_edges_is_the_whole_model() {
	let mut whole = common::spec(1);
	whole.stages = vec![6].try_into().unwrap();
	let (program, whole) = run::<f32>(&whole, 0);
	let cut = common::spec(3);
	assert_eq!(cut.boundary, BoundaryCodec::Dense);
	let programs: Vec<Program> =
		(0..3).map(|stage| Program::new(&cut, stage, &context()).unwrap()).collect();
	let mut stages: Vec<Reference<f32>> = vec![Reference::new(); 3];
	// The whole model's parameters, layer by layer.
	let tensor_of = |stage: u8, tensor| match tensor {
		Tensor::Layer(layer, matrix) => Tensor::Layer(u16::from(stage) * 2 + layer, matrix),
		tensor => tensor,
	};
	for (number, (program, stage)) in programs.iter().zip(&mut stages).enumerate() {
		insert_inputs(stage, &cut, program);
		for tensor in program.stage().tensors() {
			let original = whole.get(Value::Parameter(tensor_of(number as u8, tensor))).unwrap();
			stage.insert(Value::Parameter(tensor), original.to_vec());
		}
		stage.run(program.section(Section::Tables)).unwrap();
	}
	let pass_on = |stages: &mut Vec<Reference<f32>>, from: usize, to: usize, m, direction| {
		let code = stages[from].get(Value::Sent(m, direction, Code::Dense)).unwrap().to_vec();
		stages[to].insert(Value::Received(m, direction, Code::Dense), code);
	};
	for m in 0..program.microbatches() {
		for number in 0..3 {
			for section in [
				Section::EntryForward(m),
				Section::LayerForward(m, 0),
				Section::LayerForward(m, 1),
				Section::ExitForward(m),
			] {
				stages[number].run(programs[number].section(section)).unwrap();
			}
			if number < 2 {
				pass_on(&mut stages, number, number + 1, m, Direction::Forward);
			}
		}
		for number in (0..3).rev() {
			for section in [
				Section::ExitBackward(m),
				Section::LayerBackward(m, 1),
				Section::LayerBackward(m, 0),
				Section::EntryBackward(m),
			] {
				stages[number].run(programs[number].section(section)).unwrap();
			}
			if number > 0 {
				pass_on(&mut stages, number, number - 1, m, Direction::Backward);
			}
		}
	}
	for (number, (program, stage)) in programs.iter().zip(&stages).enumerate() {
		for tensor in program.stage().tensors() {
			let microbatches = program.microbatches();
			let part = stage.get(Value::Gradient(tensor, microbatches)).unwrap();
			let original = Value::Gradient(tensor_of(number as u8, tensor), microbatches);
			assert_eq!(part, whole.get(original).unwrap(), "stage {number}: {tensor:?}");
		}
	}
	assert_eq!(stages[2].get(Value::Loss(2)), whole.get(Value::Loss(2)));
}

#[test]
fn an_operand_that_is_missing_is_named() {
	let program = Program::new(&common::spec(1), 0, &context()).unwrap();
	let mut reference = Reference::<f32>::new();
	let missing = reference.run(program.operations()).unwrap_err();
	assert_eq!(missing.0, Value::Frequencies);
}
