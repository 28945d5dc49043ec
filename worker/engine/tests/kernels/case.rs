//! A stage of random shape, random numbers for some of its values, and what the stage program makes of them.

use cairn_engine::Compute;
use cairn_primitives::ModelSpec;
use cairn_program::{reference::Reference, Program, Stage, StepContext, Value};
use gemm::Parallelism;
use proptest::prelude::*;

use crate::common;

/// The microbatch that is looked at, of two: gradients go on from what the one before has left.
pub const M: u32 = 1;

/// Shapes of a stage.
#[derive(Clone, Copy, Debug)]
pub struct Shapes {
	pub samples: u16,
	pub context: u32,
	pub width: u32,
	pub kv_heads: u16,
	/// Query heads that share a key head.
	pub group: u16,
	/// Pairs of features of a head.
	pub pairs: u16,
	pub hidden: u32,
	pub vocabulary: u32,
	pub threads: usize,
	pub numbers: Numbers,
}

/// Random numbers of every magnitude, signed zeros and subnormals among them.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
	pub seed: u64,
	/// Powers of two that they go up and down.
	pub spread: u16,
}

impl Numbers {
	fn take(&mut self, count: u32) -> Vec<f32> {
		let mut random = common::Numbers(self.seed);
		let mut number = || {
			let (kind, bits) = (random.integer() % 97, random.integer() as u32);
			let spread = i32::from(self.spread);
			let exponent = (random.integer() % (2 * self.spread as u64 + 1)) as i32 - spread;
			match kind {
				0 => 0.0,
				1 => -0.0,
				2 => f32::from_bits(bits >> 8), // subnormal
				3 => -f32::from_bits(bits >> 8),
				_ => random.next() * 2f32.powi(exponent),
			}
		};
		let floats = (0..count).map(|_| number()).collect();
		self.seed = random.0;
		floats
	}
}

/// Small shapes; whatever matters to a kernel it asks for itself.
pub fn shapes() -> impl Strategy<Value = Shapes> {
	let spread = prop_oneof![Just(0u16), 0u16..4, 4u16..40];
	let numbers = (any::<u64>(), spread).prop_map(|(seed, spread)| Numbers { seed, spread });
	let heads = (1u16..4, 1u16..4, 1u16..9);
	let tokens = (1u16..4, 1u32..24);
	let sizes = (1u32..40, 1u32..40, 1u32..40);
	(tokens, heads, sizes, 1usize..4, numbers).prop_map(
		|(tokens, heads, sizes, threads, numbers)| Shapes {
			samples: tokens.0,
			context: tokens.1,
			kv_heads: heads.0,
			group: heads.1,
			pairs: heads.2,
			width: sizes.0,
			hidden: sizes.1,
			vocabulary: sizes.2,
			threads,
			numbers,
		},
	)
}

/// Sizes on both sides of every limit: of vectors, of rows that a thread takes, of blocks of a sum.
pub fn size() -> impl Strategy<Value = u32> {
	prop_oneof![4 => 1u32..70, 1 => 510u32..516, 1 => 1022u32..1028]
}

/// A stage, and values of one of its steps.
pub struct Case {
	pub program: Program,
	pub compute: Compute,
	numbers: Numbers,
	reference: Reference<f32>,
}

impl Case {
	/// A model of one stage.
	pub fn new(shapes: Shapes) -> Self {
		Self::with(shapes, 1, |_| ())
	}

	/// The first stage of a model that may be changed.
	pub fn with(shapes: Shapes, stages: usize, change: impl FnOnce(&mut ModelSpec)) -> Self {
		let mut spec = common::spec(stages);
		let a = &mut spec.architecture;
		(a.context, a.width, a.hidden, a.vocabulary) =
			(shapes.context, shapes.width, shapes.hidden, shapes.vocabulary);
		(a.heads, a.kv_heads) = (shapes.kv_heads * shapes.group, shapes.kv_heads);
		a.head_width = 2 * shapes.pairs;
		let mut random = common::Numbers(shapes.numbers.seed);
		let frequencies = (0..shapes.pairs).map(|_| random.integer() << 33 | random.integer());
		a.frequencies = frequencies.collect::<Vec<_>>().try_into().unwrap();
		spec.schedule.microbatch = shapes.samples;
		change(&mut spec);
		let context = StepContext { batch: 2 * u32::from(shapes.samples), ..common::context() };
		let program = Program::new(&spec, 0, &context).unwrap();
		let mut reference = Reference::new();
		reference.insert_integers(Value::Frequencies, spec.architecture.frequencies.to_vec());
		let compute = Compute::new(shapes.threads).unwrap();
		Self { program, compute, numbers: shapes.numbers, reference }
	}

	pub fn stage(&self) -> &Stage {
		self.program.stage()
	}

	pub fn parallelism(&self) -> Parallelism {
		match self.compute.threads() {
			1 => Parallelism::None,
			threads => Parallelism::Rayon(threads),
		}
	}

	/// Give a value so many numbers.
	pub fn given(&mut self, value: Value, count: u32) -> Vec<f32> {
		let floats = self.numbers.take(count);
		self.give(value, floats)
	}

	/// Give a value these numbers.
	pub fn give(&mut self, value: Value, floats: Vec<f32>) -> Vec<f32> {
		self.reference.insert(value, floats.clone());
		floats
	}

	/// Give a value small integers from `least` on, so many.
	pub fn given_integers(&mut self, value: Value, least: i8, most: i8, count: usize) -> Vec<i8> {
		let mut random = common::Numbers(self.numbers.seed);
		let range = i64::from(most) - i64::from(least) + 1;
		let mut integer = || (random.integer() as i64 % range + i64::from(least)) as i8;
		let integers: Vec<i8> = (0..count).map(|_| integer()).collect();
		self.numbers.seed = random.0;
		self.reference.insert(value, floats(&integers));
		integers
	}

	/// Give tokens or targets.
	pub fn given_tokens(&mut self, value: Value) -> Vec<u32> {
		let mut random = common::Numbers(self.numbers.seed);
		let (count, vocabulary) = (self.stage().tokens(), u64::from(self.stage().vocabulary));
		let tokens: Vec<u64> = (0..count).map(|_| random.integer() % vocabulary).collect();
		self.numbers.seed = random.0;
		self.reference.insert_integers(value, tokens.clone());
		tokens.into_iter().map(|token| token as u32).collect()
	}

	/// Compute everything that follows from what is given.
	pub fn define(&mut self) {
		for operation in self.program.operations() {
			if self.reference.get(operation.output).is_none() {
				// Nobody asks for what lacks something.
				let _ = self.reference.execute(&operation);
			}
		}
	}

	/// A value by its definition.
	pub fn defined(&self, value: Value) -> &[f32] {
		self.reference.get(value).unwrap_or_else(|| panic!("{value} does not follow"))
	}

	/// Whether a kernel has found a value. All NaNs are one: whichever it is, the unit ends there.
	pub fn is(&self, value: Value, found: &[f32]) -> Result<(), TestCaseError> {
		let defined = self.defined(value);
		prop_assert_eq!(found.len(), defined.len(), "{}", value);
		let is_same =
			|(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
		let wrong = found.iter().zip(defined).position(|pair| !is_same(pair));
		if let Some(at) = wrong {
			let (found, defined) = (found[at], defined[at]);
			return Err(TestCaseError::fail(format!(
				"{value}[{at}] is {defined:e}, not {found:e}"
			)));
		}
		Ok(())
	}
}

/// Integers as the reference has them.
pub fn floats(integers: &[i8]) -> Vec<f32> {
	integers.iter().map(|integer| f32::from(*integer)).collect()
}
