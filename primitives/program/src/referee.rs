//! The referee: recomputes one piece of one operation on integers, from chunks of its operands that are proven to belong
//! to what both sides agree on, and says whether the claim about it is right.
//!
//! A piece is one segment of one element. The first of an element starts its registers, the last finishes them and yields
//! the element; between two pieces of an element the claimant names the registers.

use alloc::vec::Vec;

use cairn_primitives::{
	chunk::{ChunkProof, CHUNK},
	Hash,
};

use crate::{operation::Definition, Float, Operands, Operation, Registers, SoftFloat, Value};

/// A chunk of a value, proven.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
	/// The value.
	pub value: Value,
	/// The chunk.
	pub proof: ChunkProof,
}

/// What is claimed about a piece.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
	/// The element.
	pub element: u64,
	/// The segment of the element.
	pub segment: u64,
	/// Bits of the registers before the segment; of the first segment it is left out.
	pub before: Option<Registers<u32>>,
	/// What the piece yields.
	pub after: Yield,
}

/// What a piece yields, in bits.
#[derive(Clone, Debug, PartialEq)]
pub enum Yield {
	/// The registers after the segment.
	Registers(Registers<u32>),
	/// The element, after its last segment.
	Element(u32),
}

/// What the referee says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
	/// The claim is what the operation yields.
	Right,
	/// The operation yields something else.
	Wrong,
	/// The opened chunks do not hold every operand, or a proof or the claim is malformed: nothing is shown.
	Unproven,
}

impl Operation {
	/// Pieces of an element.
	pub fn pieces_per_element(&self) -> u64 {
		self.segments().max(1)
	}

	/// Judge a claim about a piece. `roots` names the root of a value, plain BLAKE3 of its bytes; `frequencies` are those of
	/// the spec. All NaNs are one: their bits are not specified.
	pub fn judge(
		&self,
		claim: &Claim,
		roots: impl Fn(Value) -> Option<Hash>,
		frequencies: &[u64],
		opened: &[Opened],
	) -> Ruling {
		let genuine = opened
			.iter()
			.all(|chunk| roots(chunk.value).is_some_and(|root| chunk.proof.verify(root)));
		let exists = claim.element < self.elements() && claim.segment < self.pieces_per_element();
		if !genuine || !exists {
			return Ruling::Unproven;
		}
		let mut operands = Chunks { opened, frequencies, is_complete: true };
		let Some(after) = self.piece(claim, &mut operands) else {
			return Ruling::Unproven;
		};
		match operands.is_complete {
			false => Ruling::Unproven,
			true if after == claim.after.with_one_nan() => Ruling::Right,
			true => Ruling::Wrong,
		}
	}

	/// What a piece yields from its operands; `None` if the registers before it are not those of this operation.
	pub fn piece(&self, claim: &Claim, operands: &mut impl Operands<SoftFloat>) -> Option<Yield> {
		let (element, segment) = (claim.element, claim.segment);
		let registers = match (segment, &claim.before) {
			(0, None) => self.start(element, operands),
			(1.., Some(before)) if self.carries(before) => before.map(SoftFloat::from_bits),
			_ => return None,
		};
		let registers = if segment < self.segments() {
			self.advance(element, segment, registers, operands)
		} else {
			registers
		};
		let is_last = segment.checked_add(1) == Some(self.pieces_per_element());
		Some(if is_last {
			Yield::Element(self.finish(element, registers, operands).to_bits())
		} else {
			Yield::Registers(registers.map(SoftFloat::to_bits))
		})
		.map(|after| after.with_one_nan())
	}

	/// Whether an element of this operation carries such registers.
	fn carries<F>(&self, registers: &Registers<F>) -> bool {
		matches!(
			(&self.definition, registers),
			(Definition::Contraction(_), Registers::Contraction { .. })
				| (Definition::RowSum { .. }, Registers::Sum(_))
				| (Definition::RowMax { .. }, Registers::Max(_))
				| (Definition::Map { .. }, Registers::Empty)
		)
	}
}

impl<F: Copy> Registers<F> {
	/// The same registers in another form.
	pub fn map<G: Copy>(&self, form: impl Fn(F) -> G) -> Registers<G> {
		match *self {
			Registers::Empty => Registers::Empty,
			Registers::Contraction { total, block } => {
				Registers::Contraction { total: form(total), block: form(block) }
			},
			Registers::Sum(partials) => Registers::Sum(partials.map(form)),
			Registers::Max(max) => Registers::Max(form(max)),
		}
	}
}

impl Yield {
	/// The same with every NaN replaced by one of them.
	fn with_one_nan(&self) -> Self {
		let one = |bits: u32| if bits & 0x7fff_ffff > 0x7f80_0000 { 0x7fc0_0000 } else { bits };
		match self {
			Yield::Registers(registers) => Yield::Registers(registers.map(one)),
			Yield::Element(bits) => Yield::Element(one(*bits)),
		}
	}
}

/// Operands out of opened chunks.
struct Chunks<'a> {
	opened: &'a [Opened],
	frequencies: &'a [u64],
	/// Whether everything that was asked for was there.
	is_complete: bool,
}

impl Chunks<'_> {
	/// Little-endian bytes of an element, zero-extended.
	fn bytes(&mut self, value: Value, index: u64) -> [u8; 8] {
		let size = value.element_bytes();
		let (chunk, offset) = chunk_of(value, index);
		let found = self
			.opened
			.iter()
			.find(|opened| opened.value == value && opened.proof.index == chunk)
			.and_then(|opened| opened.proof.bytes.get(offset..offset + size as usize));
		let mut bytes = [0; 8];
		match found {
			Some(found) => bytes[..found.len()].copy_from_slice(found),
			None => self.is_complete = false,
		}
		bytes
	}
}

impl Operands<SoftFloat> for Chunks<'_> {
	fn float(&mut self, value: Value, index: u64) -> SoftFloat {
		if value.starts_at_zero() {
			return SoftFloat::zero();
		}
		let bytes = self.bytes(value, index);
		if value.element_bytes() == 1 {
			return SoftFloat::integer((bytes[0] as i8).into());
		}
		SoftFloat::from_bits(u64::from_le_bytes(bytes) as u32)
	}

	fn integer(&mut self, value: Value, index: u64) -> u64 {
		if value == Value::Frequencies {
			let frequency = self.frequencies.get(index as usize);
			self.is_complete &= frequency.is_some();
			return frequency.copied().unwrap_or(0);
		}
		u64::from_le_bytes(self.bytes(value, index))
	}
}

/// The chunk that holds an element, and where in it.
pub fn chunk_of(value: Value, index: u64) -> (u64, usize) {
	let byte = index.saturating_mul(value.element_bytes()); // beyond any blob where it saturates
	(byte / CHUNK as u64, (byte % CHUNK as u64) as usize)
}

/// Which elements of which values a piece reads: what has to be opened for it. Operands of numbers read as +0 here, so
/// that the integers alone decide.
pub fn reads(
	operation: &Operation,
	claim: &Claim,
	integers: impl FnMut(Value, u64) -> u64,
) -> Vec<(Value, u64)> {
	let mut reader = Reader { integers, reads: Vec::new() };
	operation.piece(claim, &mut reader);
	reader.reads
}

struct Reader<I> {
	integers: I,
	reads: Vec<(Value, u64)>,
}

impl<I: FnMut(Value, u64) -> u64> Operands<SoftFloat> for Reader<I> {
	fn float(&mut self, value: Value, index: u64) -> SoftFloat {
		if !value.starts_at_zero() {
			self.reads.push((value, index));
		}
		SoftFloat::zero()
	}

	fn integer(&mut self, value: Value, index: u64) -> u64 {
		if value != Value::Frequencies {
			self.reads.push((value, index));
		}
		(self.integers)(value, index)
	}
}
