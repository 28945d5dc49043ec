//! The reference interpreter: every operation of a program, element by element, on any floats. It tunes nothing and is
//! the oracle of everything that does.

use alloc::{collections::BTreeMap, vec::Vec};

use crate::{Float, Operands, Operation, Value};

/// Values by name.
#[derive(Clone, Debug, Default)]
pub struct Reference<F> {
	floats: BTreeMap<Value, Vec<F>>,
	integers: BTreeMap<Value, Vec<u64>>,
}

/// An operation reads a value that nobody has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing(pub Value);

impl<F: Float> Reference<F> {
	/// An interpreter that knows nothing yet.
	pub fn new() -> Self {
		Self { floats: BTreeMap::new(), integers: BTreeMap::new() }
	}

	/// Give it a value of numbers.
	pub fn insert(&mut self, value: Value, floats: Vec<F>) {
		self.floats.insert(value, floats);
	}

	/// Give it a value of integers: tokens, targets, frequencies.
	pub fn insert_integers(&mut self, value: Value, integers: Vec<u64>) {
		self.integers.insert(value, integers);
	}

	/// A value of numbers.
	pub fn get(&self, value: Value) -> Option<&[F]> {
		self.floats.get(&value).map(Vec::as_slice)
	}

	/// Element `index` of a value of integers.
	///
	/// # Panics
	///
	/// If there is none.
	pub fn integer(&self, value: Value, index: u64) -> u64 {
		self.integers[&value][index as usize]
	}

	/// The bytes of every value, as they are committed to: little-endian.
	pub fn blobs(&self) -> BTreeMap<Value, Vec<u8>> {
		let floats = self.floats.iter().map(|(value, floats)| {
			let bytes: Vec<u8> = match value.element_bytes() {
				1 => floats.iter().map(|float| small_integer(*float) as u8).collect(),
				_ => floats.iter().flat_map(|float| float.to_bits().to_le_bytes()).collect(),
			};
			(*value, bytes)
		});
		let integers = self.integers.iter().map(|(value, integers)| {
			let size = value.element_bytes() as usize;
			let bytes = integers.iter().flat_map(|i| i.to_le_bytes().into_iter().take(size));
			(*value, bytes.collect())
		});
		floats.chain(integers).collect()
	}

	/// Do an operation.
	pub fn execute(&mut self, operation: &Operation) -> Result<(), Missing> {
		let known = |value: &Value| {
			value.starts_at_zero()
				|| self.floats.contains_key(value)
				|| self.integers.contains_key(value)
		};
		let reads = operation.reads();
		if let Some(missing) = reads.iter().find(|value| !known(value)) {
			return Err(Missing(*missing));
		}
		let mut read = Read(reads.into_iter().map(|value| (value, self.numbers(value))).collect());
		let floats = (0..operation.elements()).map(|e| operation.element(e, &mut read)).collect();
		self.floats.insert(operation.output, floats);
		Ok(())
	}

	/// What is known of a value.
	fn numbers(&self, value: Value) -> Numbers<'_, F> {
		match (self.floats.get(&value), self.integers.get(&value)) {
			(Some(floats), _) => Numbers::Floats(floats),
			(None, Some(integers)) => Numbers::Integers(integers),
			(None, None) => Numbers::Zeros, // starts at zero, or execute had complained
		}
	}

	/// Do operations in order.
	pub fn run(&mut self, operations: impl IntoIterator<Item = Operation>) -> Result<(), Missing> {
		operations.into_iter().try_for_each(|operation| self.execute(&operation))
	}
}

/// The values that an operation reads, looked up once: it reads millions of their elements.
struct Read<'a, F>(Vec<(Value, Numbers<'a, F>)>);

/// A value.
enum Numbers<'a, F> {
	Floats(&'a [F]),
	Integers(&'a [u64]),
	Zeros,
}

impl<'a, F> Read<'a, F> {
	fn of(&self, value: Value) -> Option<&Numbers<'a, F>> {
		self.0.iter().find(|(name, _)| *name == value).map(|(_, numbers)| numbers)
	}
}

impl<F: Float> Operands<F> for Read<'_, F> {
	fn float(&mut self, value: Value, index: u64) -> F {
		match self.of(value) {
			Some(Numbers::Floats(floats)) => floats[index as usize],
			Some(Numbers::Zeros) => F::zero(),
			_ => panic!("{value} is no value of numbers that the operation reads"),
		}
	}

	fn integer(&mut self, value: Value, index: u64) -> u64 {
		match self.of(value) {
			Some(Numbers::Integers(integers)) => integers[index as usize],
			_ => panic!("{value} is no value of integers that the operation reads"),
		}
	}
}

/// The integer from −128 to 127 that a float holds.
fn small_integer<F: Float>(float: F) -> i8 {
	// 1.5 · 2²³ is added: the integer is then in the low bits.
	(float + F::literal(12_582_912.0)).to_bits() as u8 as i8
}

impl<F: Float> Operands<F> for &Reference<F> {
	fn float(&mut self, value: Value, index: u64) -> F {
		match self.floats.get(&value) {
			Some(floats) => floats[index as usize],
			None => F::zero(), // starts at zero, or execute had complained
		}
	}

	fn integer(&mut self, value: Value, index: u64) -> u64 {
		Reference::integer(self, value, index)
	}
}
