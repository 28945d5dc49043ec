//! The numbering of programs, and that they are well formed.

mod common;

use std::collections::BTreeSet;

use cairn_program::{Code, Direction, Matrix, Moment, Operation, Program, Tensor, Value};
use common::{context, specs};

/// Everything that the neighbours, the dataset and the shard give to a step.
fn is_input(value: &Value) -> bool {
	matches!(
		value,
		Value::Frequencies
			| Value::Tokens(_)
			| Value::Targets(_)
			| Value::Parameter(_)
			| Value::State(..)
			| Value::Received(..)
	)
}

fn programs() -> impl Iterator<Item = (String, Program)> {
	specs().into_iter().flat_map(|(name, spec)| {
		(0..spec.stages.len() as u8).map(move |stage| {
			let program = Program::new(&spec, stage, &context()).unwrap();
			(format!("{name}, stage {stage}"), program)
		})
	})
}

#[test]
fn the_operation_at_a_number_is_that_of_the_unrolled_program() {
	for (name, program) in programs() {
		let unrolled: Vec<Operation> = program.operations().collect();
		assert_eq!(program.length(), unrolled.len() as u64, "{name}");
		for (number, operation) in unrolled.iter().enumerate() {
			assert_eq!(
				program.operation(number as u64).as_ref(),
				Some(operation),
				"{name}: {number}"
			);
		}
		for beyond in [unrolled.len() as u64, u64::from(u32::MAX), u64::MAX] {
			assert_eq!(program.operation(beyond), None, "{name}");
		}
	}
}

#[test]
fn every_value_is_found_where_it_is_written() {
	for (name, program) in programs() {
		for (number, operation) in (0..).zip(program.operations()) {
			assert_eq!(program.writer(operation.output), Some(number), "{name}: {number}");
			for input in operation.reads().into_iter().filter(is_input) {
				assert_eq!(program.writer(input), None, "{name}: {input}");
			}
		}
		let stage = program.stage();
		for beyond in [
			Value::Hidden(program.microbatches(), 0),
			Value::Hidden(0, stage.layers + 1),
			Value::Gradient(Tensor::Layer(0, Matrix::Up), program.microbatches() + 1),
			Value::NextParameter(Tensor::Layer(stage.layers, Matrix::Up)),
		] {
			assert_eq!(program.writer(beyond), None, "{name}: {beyond}");
		}
	}
}

#[test]
fn sections_are_short() {
	for (name, program) in programs() {
		for section in program.sections() {
			let length = program.section(section).len();
			assert!((1..=128).contains(&length), "{name}: {section:?} has {length} operations");
		}
	}
}

#[test]
fn every_value_is_written_once_and_before_it_is_read() {
	for (name, program) in programs() {
		let mut written = BTreeSet::new();
		for operation in program.operations() {
			for value in operation.reads() {
				let known = is_input(&value) || value.starts_at_zero() || written.contains(&value);
				assert!(known, "{name}: {} reads {value}", operation.output);
			}
			assert!(!is_input(&operation.output), "{name}: {} is an input", operation.output);
			assert!(written.insert(operation.output), "{name}: {} twice", operation.output);
		}
	}
}

#[test]
fn every_tensor_takes_a_step_and_every_edge_is_served() {
	for (name, program) in programs() {
		let stage = program.stage();
		let written: BTreeSet<Value> = program.operations().map(|o| o.output).collect();
		for tensor in stage.tensors() {
			assert!(written.contains(&Value::NextParameter(tensor)), "{name}: {tensor:?}");
			assert!(
				written.contains(&Value::NextState(tensor, Moment::First)),
				"{name}: {tensor:?}"
			);
			assert!(written.contains(&Value::Gradient(tensor, program.microbatches())), "{name}");
		}
		let sends = |m, direction| {
			[Code::Dense, Code::Integers]
				.iter()
				.any(|code| written.contains(&Value::Sent(m, direction, *code)))
		};
		for m in 0..program.microbatches() {
			assert_eq!(sends(m, Direction::Forward), !stage.is_last, "{name}");
			assert_eq!(sends(m, Direction::Backward), !stage.is_first, "{name}");
			assert_eq!(written.contains(&Value::Loss(m + 1)), stage.is_last, "{name}");
		}
	}
}

#[test]
fn the_shard_holds_the_parameters_that_the_spec_counts() {
	for (name, spec) in specs() {
		for number in 0..spec.stages.len() as u8 {
			let program = Program::new(&spec, number, &context()).unwrap();
			let stage = program.stage();
			let parameters: u64 =
				stage.tensors().into_iter().map(|t| common::elements(stage, t) as u64).sum();
			assert_eq!(parameters, spec.stage_cost(number).unwrap().parameters, "{name}");
			let sorted: BTreeSet<Tensor> = stage.tensors().into_iter().collect();
			assert!(sorted.into_iter().eq(stage.tensors()), "{name}: the order of the shard");
		}
		assert!(Program::new(&spec, spec.stages.len() as u8, &context()).is_none());
	}
}

#[test]
fn an_operation_of_a_program_of_millions_is_found_at_once() {
	let mut spec = common::spec(2);
	spec.stages = vec![500, 500].try_into().unwrap();
	let context = cairn_program::StepContext { batch: 60_000, ..context() };
	let program = Program::new(&spec, 1, &context).unwrap();
	assert!(program.length() > 100_000_000, "{}", program.length());
	// Walking there would take hours.
	for i in 0..1_000 {
		assert!(program.operation(program.length() / 1_000 * i).is_some());
	}
}
