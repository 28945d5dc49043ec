//! The shapes of a stage.

use alloc::vec::Vec;

use cairn_primitives::{
	spec::{Architecture, BoundaryCodec},
	ModelSpec, StageIndex,
};

use crate::{Matrix, Tensor};

/// What a stage is made of, and how large everything in it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
	/// Layers.
	pub layers: u16,
	/// Whether it holds the embedding.
	pub is_first: bool,
	/// Whether it holds the head.
	pub is_last: bool,
	/// Whether the head is the embedding.
	pub tied_head: bool,
	/// How tensors cross its edges.
	pub boundary: BoundaryCodec,
	/// Samples of a microbatch.
	pub samples: u32,
	/// Tokens of a sample.
	pub context: u32,
	/// Number of tokens there are.
	pub vocabulary: u32,
	/// Width of the residual stream.
	pub width: u32,
	/// Query heads.
	pub heads: u32,
	/// Key and value heads.
	pub kv_heads: u32,
	/// Width of a head.
	pub head_width: u32,
	/// Width inside the SwiGLU.
	pub hidden: u32,
}

impl Stage {
	/// The shapes of a stage of a valid spec; `None` if there is no such stage.
	pub fn new(spec: &ModelSpec, stage: StageIndex) -> Option<Self> {
		let Architecture {
			vocabulary,
			width,
			heads,
			kv_heads,
			head_width,
			hidden,
			context,
			tied_head,
			..
		} = spec.architecture;
		Some(Self {
			layers: *spec.stages.get(usize::from(stage))?,
			is_first: stage == 0,
			is_last: spec.is_last_stage(stage),
			tied_head,
			boundary: spec.boundary,
			samples: spec.schedule.microbatch.into(),
			context,
			vocabulary,
			width,
			heads: heads.into(),
			kv_heads: kv_heads.into(),
			head_width: head_width.into(),
			hidden,
		})
	}

	/// Tokens of a microbatch.
	pub fn tokens(&self) -> u32 {
		self.samples * self.context
	}

	/// Query heads that share a key head.
	pub fn group(&self) -> u32 {
		self.heads / self.kv_heads
	}

	/// Width of the queries of all heads.
	pub fn queries(&self) -> u32 {
		self.heads * self.head_width
	}

	/// Width of the keys of all heads.
	pub fn keys(&self) -> u32 {
		self.kv_heads * self.head_width
	}

	/// The tensors of the shard before its layers: at most one.
	pub fn front(&self) -> Option<Tensor> {
		match self.boundary {
			_ if self.is_first => Some(Tensor::Embedding),
			BoundaryCodec::Bottleneck { .. } => Some(Tensor::Expand),
			_ => None,
		}
	}

	/// The tensors of the shard behind its layers: at most one.
	pub fn back(&self) -> Option<Tensor> {
		match self.boundary {
			_ if self.is_last && self.tied_head => None,
			_ if self.is_last => Some(Tensor::Head),
			BoundaryCodec::Bottleneck { .. } => Some(Tensor::Compress),
			_ => None,
		}
	}

	/// The tensor that yields logits, on the last stage.
	pub fn head(&self) -> Tensor {
		if self.tied_head {
			Tensor::Embedding
		} else {
			Tensor::Head
		}
	}

	/// Number of tensors in the shard.
	pub fn tensor_count(&self) -> u32 {
		let ends = u32::from(self.front().is_some()) + u32::from(self.back().is_some());
		u32::from(self.layers) * Matrix::ALL.len() as u32 + ends
	}

	/// A tensor of the shard by its number.
	pub fn tensor_at(&self, number: u32) -> Option<Tensor> {
		let inner = match (self.front(), number) {
			(Some(front), 0) => return Some(front),
			(Some(_), number) => number - 1,
			(None, number) => number,
		};
		let matrices = Matrix::ALL.len() as u32;
		if inner / matrices >= u32::from(self.layers) {
			return self.back().filter(|_| inner == u32::from(self.layers) * matrices);
		}
		let matrix = *Matrix::ALL.get((inner % matrices) as usize)?;
		Some(Tensor::Layer((inner / matrices) as u16, matrix))
	}

	/// The number of a tensor that the stage has.
	pub fn number_of(&self, tensor: Tensor) -> u32 {
		match tensor {
			Tensor::Embedding | Tensor::Expand => 0,
			Tensor::Layer(layer, matrix) => {
				let front = u32::from(self.front().is_some());
				front + u32::from(layer) * Matrix::ALL.len() as u32 + matrix as u32
			},
			Tensor::Compress | Tensor::Head => self.tensor_count() - 1,
		}
	}

	/// The tensors of the shard, in order.
	pub fn tensors(&self) -> Vec<Tensor> {
		(0..self.tensor_count()).filter_map(|number| self.tensor_at(number)).collect()
	}

	/// Rows and columns of a tensor of the shard.
	pub fn size(&self, tensor: Tensor) -> (u32, u32) {
		let rank = match self.boundary {
			BoundaryCodec::Bottleneck { rank } => rank.into(),
			_ => self.width,
		};
		match tensor {
			Tensor::Embedding | Tensor::Head => (self.vocabulary, self.width),
			Tensor::Expand => (self.width, rank),
			Tensor::Compress => (rank, self.width),
			Tensor::Layer(_, matrix) => match matrix {
				Matrix::Query => (self.queries(), self.width),
				Matrix::Key | Matrix::Value => (self.keys(), self.width),
				Matrix::Output => (self.width, self.queries()),
				Matrix::Gate | Matrix::Up => (self.hidden, self.width),
				Matrix::Down => (self.width, self.hidden),
			},
		}
	}
}
