//! What crosses an edge.

use cairn_primitives::spec::BoundaryCodec;
use cairn_program::Stage;

use crate::cpu::optimizer;

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

	/// Whether it stands for finite values alone.
	pub fn is_finite(&self) -> bool {
		match self {
			Message::Dense(floats) => optimizer::is_finite(floats),
			Message::Int8 { exponents, .. } => exponents.iter().all(|e| (-126..=121).contains(e)),
		}
	}

	/// Bytes on the wire.
	pub fn bytes(&self) -> usize {
		match self {
			Message::Dense(floats) => floats.len() * 4,
			Message::Int8 { integers, exponents } => integers.len() + exponents.len(),
		}
	}
}
