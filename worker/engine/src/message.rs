//! What crosses an edge.

use cairn_primitives::spec::BoundaryCodec;
use cairn_program::Stage;

use crate::{checkpoint::bytes, cpu::optimizer, difference::bytes_of};

/// A microbatch's activations or gradients in the form that crosses an edge, which is also the committed value.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
	/// binary32.
	Dense(Vec<f32>),
	/// 8-bit integers in blocks, each with the exponent of a power of two.
	Int8 {
		/// Tokens × width.
		integers: Vec<i8>,
		/// Tokens × blocks.
		exponents: Vec<i8>,
	},
}

/// Why bytes are no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
	/// More or fewer bytes than the spec's codec takes.
	#[error("a message of this stage has {expected} bytes, not {found}")]
	WrongLength {
		/// By the spec.
		expected: usize,
		/// As given.
		found: usize,
	},
}

impl Message {
	/// An empty message of the size that crosses the edges of a stage.
	pub fn new(stage: &Stage) -> Self {
		let (tokens, width) = (stage.tokens() as usize, stage.width as usize);
		match stage.boundary {
			BoundaryCodec::Dense => Message::Dense(vec![0.0; tokens * width]),
			BoundaryCodec::Bottleneck { rank } => {
				Message::Dense(vec![0.0; tokens * usize::from(rank)])
			},
			BoundaryCodec::Int8 { block } => Message::Int8 {
				integers: vec![0; tokens * width],
				exponents: vec![0; tokens * width / usize::from(block)],
			},
		}
	}

	/// Whether it stands for finite values alone. No encoder writes a code of −128, which the largest exponent makes infinite.
	pub fn is_finite(&self) -> bool {
		match self {
			Message::Dense(floats) => optimizer::is_finite(floats),
			Message::Int8 { integers, exponents } => {
				exponents.iter().all(|exponent| (-126..=121).contains(exponent))
					&& integers.iter().all(|integer| *integer != i8::MIN)
			},
		}
	}

	/// Bytes on the wire.
	pub fn bytes(&self) -> usize {
		match self {
			Message::Dense(floats) => floats.len() * 4,
			Message::Int8 { integers, exponents } => integers.len() + exponents.len(),
		}
	}

	/// As it crosses an edge: its numbers, little-endian, or its integers and then their exponents.
	pub fn to_bytes(&self) -> Vec<u8> {
		match self {
			Message::Dense(floats) => bytes(floats),
			Message::Int8 { integers, exponents } => {
				bytes_of(integers).chain(bytes_of(exponents)).collect()
			},
		}
	}

	/// What came across an edge of a stage. Whether it is finite is another question ([`Self::is_finite`]).
	pub fn from_bytes(stage: &Stage, bytes: &[u8]) -> Result<Self, MessageError> {
		let mut message = Self::new(stage);
		message.read_bytes(bytes)?;
		Ok(message)
	}

	/// What came across an edge, into a message of the edge's size, which stays as it was if the bytes do not fit.
	pub fn read_bytes(&mut self, bytes: &[u8]) -> Result<(), MessageError> {
		let (expected, found) = (self.bytes(), bytes.len());
		if expected != found {
			return Err(MessageError::WrongLength { expected, found });
		}
		match self {
			Message::Dense(floats) => {
				for (float, bytes) in floats.iter_mut().zip(bytes.as_chunks().0) {
					*float = f32::from_le_bytes(*bytes);
				}
			},
			Message::Int8 { integers, exponents } => {
				let (of_integers, of_exponents) = bytes.split_at(integers.len());
				for (values, bytes) in [(integers, of_integers), (exponents, of_exponents)] {
					for (value, byte) in values.iter_mut().zip(bytes) {
						*value = *byte as i8;
					}
				}
			},
		}
		Ok(())
	}
}
