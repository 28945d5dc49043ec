//! Small specs of every kind, and inputs for their programs.
#![allow(dead_code)] // each test file uses its own part

pub mod golden;

use cairn_primitives::{
	spec::{BoundaryCodec, InnerOptimizer, Nano},
	ModelSpec,
};
use cairn_program::{
	reference::Reference, Code, Direction, Float, Moment, Program, Stage, StepContext, Tensor,
	Value,
};

/// A model of two layers a stage with odd sizes.
pub fn spec(stages: usize) -> ModelSpec {
	let mut spec = ModelSpec::example(Default::default(), stages as u8, 1);
	spec.architecture.vocabulary = 19;
	spec.architecture.width = 12;
	spec.architecture.heads = 4;
	spec.architecture.kv_heads = 2;
	spec.architecture.head_width = 6;
	spec.architecture.frequencies =
		vec![1 << 61, 0x0345_6789_abcd_ef01, 0x0011_2233_4455_6677].try_into().unwrap();
	spec.architecture.hidden = 10;
	spec.architecture.context = 7;
	spec.stages = vec![2; stages].try_into().unwrap();
	spec.schedule.microbatch = 2;
	spec
}

pub fn adamw(carry: bool) -> InnerOptimizer {
	InnerOptimizer::AdamW {
		beta1: Nano(900_000_000),
		beta2: Nano(950_000_000),
		epsilon: Nano(10),
		weight_decay: Nano(100_000_000),
		clip: Nano(1_000_000_000),
		carry,
	}
}

pub fn muon() -> InnerOptimizer {
	InnerOptimizer::Muon {
		momentum: Nano(950_000_000),
		weight_decay: Nano(10_000_000),
		clip: Nano(1_000_000_000),
		rest: Nano(300_000_000),
		carry: false,
	}
}

/// Specs that together have every kind of stage, edge and optimizer.
pub fn specs() -> Vec<(String, ModelSpec)> {
	let mut specs = Vec::new();
	for stages in 1..=3 {
		for boundary in [
			BoundaryCodec::Dense,
			BoundaryCodec::Int8 { block: 4 },
			BoundaryCodec::Bottleneck { rank: 5 },
		] {
			for inner in [adamw(false), muon()] {
				let mut spec = spec(stages);
				spec.boundary = boundary;
				spec.inner = inner;
				specs.push((format!("{stages} stages, {boundary:?}, {inner:?}"), spec));
			}
		}
	}
	let mut tied = spec(1);
	tied.architecture.tied_head = true;
	specs.push(("tied".into(), tied));
	specs
}

/// A step of four samples.
pub fn context() -> StepContext {
	StepContext { batch: 4, learning_rate: Nano(1_000_000), step: 20, carried_steps: 0 }
}

/// Numbers between −1 and 1 from a seed: a linear congruential generator.
pub struct Numbers(pub u64);

impl Numbers {
	pub fn integer(&mut self) -> u64 {
		self.0 =
			self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
		self.0 >> 33
	}

	pub fn next(&mut self) -> f32 {
		self.integer() as f32 / (1u64 << 30) as f32 - 1.0
	}

	pub fn take(&mut self, count: u64, scale: f32) -> Vec<f32> {
		(0..count).map(|_| self.next() * scale).collect()
	}
}

/// Give a reference everything that the program of a stage reads from outside.
pub fn insert_inputs<F: Float>(reference: &mut Reference<F>, spec: &ModelSpec, program: &Program) {
	let stage = program.stage();
	let mut numbers = Numbers(stage.tensor_count().into());
	let mut insert = |reference: &mut Reference<F>, value, count: u32, scale| {
		let floats = numbers.take(count.into(), scale);
		reference.insert(value, floats.into_iter().map(F::literal).collect());
	};
	reference.insert_integers(Value::Frequencies, spec.architecture.frequencies.to_vec());
	for tensor in stage.tensors() {
		let (rows, columns) = stage.size(tensor);
		insert(reference, Value::Parameter(tensor), rows * columns, 0.5);
		// States as steps before have left them: second moments are not negative.
		insert(reference, Value::State(tensor, Moment::First), rows * columns, 0.01);
		let squares = (0..rows * columns).map(|i| F::literal((i % 7) as f32 * 1e-5)).collect();
		reference.insert(Value::State(tensor, Moment::Second), squares);
	}
	for m in 0..program.microbatches() {
		insert_microbatch(reference, &mut numbers, stage, m);
	}
}

/// Give a reference what a microbatch reads from outside.
pub fn insert_microbatch<F: Float>(
	reference: &mut Reference<F>,
	numbers: &mut Numbers,
	stage: &Stage,
	m: u32,
) {
	let mut insert = |reference: &mut Reference<F>, value, count: u32, scale| {
		let floats = numbers.take(count.into(), scale);
		reference.insert(value, floats.into_iter().map(F::literal).collect());
	};
	insert_tokens(reference, stage, m);
	for (direction, is_needed) in
		[(Direction::Forward, !stage.is_first), (Direction::Backward, !stage.is_last)]
	{
		if is_needed {
			insert_code(reference, &mut insert, stage, m, direction);
		}
	}
}

/// Tokens and targets of a microbatch.
pub fn insert_tokens<F: Float>(reference: &mut Reference<F>, stage: &Stage, m: u32) {
	let mut numbers = Numbers(u64::from(m) + 77);
	for value in [Value::Tokens(m), Value::Targets(m)] {
		let tokens = (0..stage.tokens()).map(|_| numbers.integer() % u64::from(stage.vocabulary));
		reference.insert_integers(value, tokens.collect());
	}
}

fn insert_code<F: Float>(
	reference: &mut Reference<F>,
	insert: &mut impl FnMut(&mut Reference<F>, Value, u32, f32),
	stage: &Stage,
	m: u32,
	direction: Direction,
) {
	let received = |code| Value::Received(m, direction, code);
	let scale = if direction == Direction::Forward { 1.0 } else { 0.01 };
	match stage.boundary {
		BoundaryCodec::Dense => {
			insert(reference, received(Code::Dense), stage.tokens() * stage.width, scale);
		},
		BoundaryCodec::Bottleneck { rank } => {
			insert(reference, received(Code::Dense), stage.tokens() * u32::from(rank), scale);
		},
		BoundaryCodec::Int8 { block } => {
			let mut numbers = Numbers(5);
			let integers = (0..stage.tokens() * stage.width).map(|_| numbers.integer() % 255);
			let integers = integers.map(|i| F::integer(i as i32 - 127)).collect();
			reference.insert(received(Code::Integers), integers);
			let blocks = stage.tokens() * stage.width / u32::from(block);
			let exponents = (0..blocks).map(|i| F::integer(-6 - (i % 3) as i32)).collect();
			reference.insert(received(Code::Exponents), exponents);
		},
	}
}

/// Size of a tensor.
pub fn elements(stage: &Stage, tensor: Tensor) -> usize {
	let (rows, columns) = stage.size(tensor);
	(rows * columns) as usize
}
