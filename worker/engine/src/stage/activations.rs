//! Buffers of a stage: what forward leaves for backward, and what a microbatch works in.

use cairn_primitives::spec::{BoundaryCodec, InnerOptimizer};
use cairn_program::{operation::BLOCK, Stage, Tensor};
use candle_core::Result;

use crate::{
	buffer::Buffer,
	cpu::{embedding::Placed, muon},
	memory::Memory,
};

/// What backward computes again instead of keeping it. No bit depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recompute {
	/// Norms, activations and scores: a few hundredths of the work.
	#[default]
	Selective,
	/// Whole layers: a third more work, and the memory of a single layer.
	Full,
}

/// What forward leaves of a layer.
#[derive(Debug)]
pub(crate) struct LayerKept {
	/// Factors of both norms: twice tokens.
	pub scales: Buffer,
	/// Queries, keys and values, after RoPE, one behind the other.
	pub heads: Buffer,
	/// Weighted means, maxima and sums of attention, one behind the other.
	pub attended: Buffer,
	/// Hidden state between attention and feed-forward.
	pub middle: Buffer,
	/// Gate and up, one behind the other.
	pub feed: Buffer,
}

/// What forward leaves of a microbatch.
#[derive(Debug)]
pub(crate) struct Kept {
	/// Its number within the step.
	pub microbatch: u32,
	/// Hidden states: input of each layer, output of the last.
	pub hidden: Vec<Buffer>,
	/// Of each layer; of none where layers are recomputed.
	pub layers: Vec<LayerKept>,
	/// Places of the tokens that went in; on the first stage.
	pub places: Vec<Placed>,
	/// Code that came in, of a bottleneck.
	pub code: Buffer,
	/// Gradient of the output; on the last stage.
	pub gradient: Buffer,
}

/// What a microbatch works in.
#[derive(Debug)]
pub(crate) struct Work {
	/// A layer, where layers are recomputed.
	pub layer: Option<LayerKept>,
	/// Normed rows.
	pub normed: Buffer,
	/// Activation of the feed-forward.
	pub activated: Buffer,
	/// Gradients of gate and up, one behind the other.
	pub feed_gradient: Buffer,
	/// Gradient of the hidden state.
	pub gradient: Buffer,
	/// Gradient of normed rows.
	pub normed_gradient: Buffer,
	/// Gradient of the weighted means.
	pub attended_gradient: Buffer,
	/// Gradients of queries, keys and values, one behind the other.
	pub heads_gradient: Buffer,
	/// Logits of a block of tokens; on the last stage.
	pub logits: Buffer,
	/// Factors of the final norm, then losses of tokens.
	pub rows: Buffer,
	/// Sums of rows of a gradient, or squared norms.
	pub sums: Buffer,
	/// A code before it is sent, of a bottleneck.
	pub code: Buffer,
	/// What Muon works in.
	pub muon: Buffer,
}

impl LayerKept {
	fn new(stage: &Stage, memory: &mut Memory) -> Result<Self> {
		let tokens = stage.tokens() as usize;
		let mut zeros = |per_token: u32| memory.zeros(tokens * per_token as usize);
		Ok(Self {
			scales: zeros(2)?,
			heads: zeros(stage.queries() + 2 * stage.keys())?,
			attended: zeros(stage.queries() + 2 * stage.heads)?,
			middle: zeros(stage.width)?,
			feed: zeros(2 * stage.hidden)?,
		})
	}
}

impl Kept {
	pub fn new(stage: &Stage, recompute: Recompute, memory: &mut Memory) -> Result<Self> {
		let tokens = stage.tokens() as usize;
		let layers = match recompute {
			Recompute::Selective => stage.layers,
			Recompute::Full => 0,
		};
		let mut zeros = |per_token: u32| memory.zeros(tokens * per_token as usize);
		let code = if stage.is_first { 0 } else { rank(stage) };
		Ok(Self {
			microbatch: 0,
			hidden: (0..=stage.layers).map(|_| zeros(stage.width)).collect::<Result<_>>()?,
			code: zeros(code)?,
			gradient: zeros(if stage.is_last { stage.width } else { 0 })?,
			layers: (0..layers).map(|_| LayerKept::new(stage, memory)).collect::<Result<_>>()?,
			places: Vec::with_capacity(if stage.is_first { tokens } else { 0 }),
		})
	}
}

impl Work {
	pub fn new(
		stage: &Stage,
		inner: InnerOptimizer,
		recompute: Recompute,
		memory: &mut Memory,
	) -> Result<Self> {
		let tokens = stage.tokens() as usize;
		let mut zeros = |per_token: u32| memory.zeros(tokens * per_token as usize);
		let matrices =
			stage.tensors().into_iter().filter(|tensor| matches!(tensor, Tensor::Layer(..)));
		let muon = match inner {
			InnerOptimizer::AdamW { .. } => None,
			InnerOptimizer::Muon { .. } => matrices
				.map(|tensor| stage.size(tensor))
				.map(|(rows, columns)| muon::Step::work(rows as usize, columns as usize))
				.max(),
		};
		let logits = match stage.is_last {
			true => tokens.min(BLOCK as usize) * stage.vocabulary as usize,
			false => 0,
		};
		let rows = stage.tensors().into_iter().map(|tensor| stage.size(tensor).0).max();
		Ok(Self {
			normed: zeros(stage.width)?,
			activated: zeros(stage.hidden)?,
			feed_gradient: zeros(2 * stage.hidden)?,
			gradient: zeros(stage.width)?,
			normed_gradient: zeros(stage.width)?,
			attended_gradient: zeros(stage.queries())?,
			heads_gradient: zeros(stage.queries() + 2 * stage.keys())?,
			rows: zeros(2)?,
			code: zeros(rank(stage))?,
			logits: memory.zeros(logits)?,
			sums: memory.zeros(rows.unwrap_or(0) as usize)?,
			muon: memory.zeros(muon.unwrap_or(0))?,
			layer: match recompute {
				Recompute::Selective => None,
				Recompute::Full => Some(LayerKept::new(stage, memory)?),
			},
		})
	}
}

/// Features of a bottleneck's code; 0 of a stage that has none.
fn rank(stage: &Stage) -> u32 {
	match stage.boundary {
		BoundaryCodec::Bottleneck { rank } if !(stage.is_first && stage.is_last) => rank.into(),
		_ => 0,
	}
}

/// Features that cross an edge.
pub(super) fn code_width(stage: &Stage) -> u32 {
	match stage.boundary {
		BoundaryCodec::Bottleneck { rank } => rank.into(),
		_ => stage.width,
	}
}
