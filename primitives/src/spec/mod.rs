//! The complete description of a model. It fixes everything that decides a result; whoever holds it, the dataset and the
//! shard before a window can recompute any unit to the bit.

mod cut;
mod error;
mod example;
mod flops;
mod fractions;
mod optimizer;
mod schedule;
mod validate;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::ConstU32;
use sp_runtime::BoundedVec;

pub use error::SpecError;
pub use flops::StageCost;
pub use fractions::Nano;
pub use optimizer::{InnerOptimizer, OuterOptimizer};
pub use schedule::{Schedule, SchedulePoint, MAX_SCHEDULE_POINTS};

use crate::{share::ShareRate, DatasetId, Hash, StageIndex, StepIndex, MAX_STAGES};

/// Most RoPE frequencies: half the widest head.
pub const MAX_FREQUENCIES: u32 = 128;

/// A decoder-only transformer, Llama-shaped, and how it is trained.
#[derive(
	Clone,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
	/// Shapes of the transformer.
	pub architecture: Architecture,
	/// Layers of each stage. The first stage also holds the embedding, the last the final norm and the head.
	pub stages: BoundedVec<u16, ConstU32<MAX_STAGES>>,
	/// Lanes that train side by side: seats per stage.
	pub lanes: u8,
	/// Who may hold which stages.
	pub access: Access,
	/// Providers that must sit or stand by at each stage for a window to start.
	pub min_holders: u8,
	/// Hash of the dataset's head.
	pub dataset: DatasetId,
	/// Hash of the tokenizer's file.
	pub tokenizer: Hash,
	/// Seed of the initial weights and of the data order.
	pub seed: Hash,
	/// Root of each stage's first shard: what the seed yields, or what was imported, or the checkpoint of the parent that a
	/// fork starts from.
	pub initial: BoundedVec<Hash, ConstU32<MAX_STAGES>>,
	/// Batch size and learning rate by accepted samples; its last point ends training.
	pub schedule: Schedule,
	/// The optimizer within a window.
	pub inner: InnerOptimizer,
	/// The optimizer that merges lanes.
	pub outer: OuterOptimizer,
	/// How numbers are computed.
	pub numerics: Numerics,
	/// How tensors cross an edge.
	pub boundary: BoundaryCodec,
	/// How differences cross a merge.
	pub merge: MergeCodec,
	/// Length and rhythm of a window.
	pub window: WindowSpec,
	/// Shares per verified FLOP.
	pub shares: ShareRate,
	/// How far the median held-out loss may rise above the best one before the gate pauses the model, in nats.
	pub gate_tolerance: Nano,
}

/// Shapes of the transformer.
#[derive(
	Clone,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
	/// Number of tokens.
	pub vocabulary: u32,
	/// Width of the residual stream.
	pub width: u32,
	/// Query heads.
	pub heads: u16,
	/// Key and value heads; divides `heads`.
	pub kv_heads: u16,
	/// Width of a head; even.
	pub head_width: u16,
	/// Width inside the SwiGLU.
	pub hidden: u32,
	/// Tokens of a sample.
	pub context: u32,
	/// Whether the head is the embedding transposed; needs a single stage.
	pub tied_head: bool,
	/// What RMSNorm adds to the mean square.
	pub norm_epsilon: Nano,
	/// RoPE: turns per position in units of 2⁻⁶⁴, one for each pair of a head's features.
	pub frequencies: BoundedVec<u64, ConstU32<MAX_FREQUENCIES>>,
}

/// Who may hold which stages of a model.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum Access {
	/// One identity holds one stage of a model's family, ever: nobody can collect the weights.
	Sealed,
	/// Anyone may take or audit any seat: for test networks and models that need not be sealed.
	Open,
}

/// How numbers are computed.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum Numerics {
	/// binary32 in a fixed order: equal to the bit on any machine.
	Canonical,
}

/// How a tensor crosses an edge. The code on the wire is the committed value.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(deny_unknown_fields)]
pub enum BoundaryCodec {
	/// binary32 as it is.
	Dense,
	/// Blocks along the feature axis, 8-bit integers with a power-of-two scale.
	Int8 {
		/// Features of a block; divides the width.
		block: u16,
	},
	/// Learned projections to fewer features (ResBM, arXiv 2604.11947).
	Bottleneck {
		/// Features that cross.
		rank: u16,
	},
}

/// How a difference crosses a merge.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(deny_unknown_fields)]
pub enum MergeCodec {
	/// Blocks of 8-bit integers with a power-of-two scale.
	Int8 {
		/// Values of a block.
		block: u16,
	},
}

/// Length and rhythm of a window.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct WindowSpec {
	/// Optimizer steps between two merges.
	pub steps: StepIndex,
	/// Steps between two rooted states; at most 16 of them in a window.
	pub checkpoint_every: StepIndex,
	/// Steps over which the learning rate rises from 0 at the start of each window.
	pub warmup: StepIndex,
	/// Blocks from the start of a window to its deadline.
	pub blocks: u32,
	/// Link speed in kbit/s that the model asks of its workers; bounds the merge traffic.
	pub link_kbit: u32,
}

impl ModelSpec {
	/// Number of stages.
	pub fn stage_count(&self) -> u32 {
		self.stages.len() as u32 // bounded by MAX_STAGES
	}

	/// Number of seats, all stages together.
	pub fn seat_count(&self) -> u32 {
		self.stage_count().saturating_mul(u32::from(self.lanes)) // at most 64 · 255
	}

	/// Whether a stage exists.
	pub fn has_stage(&self, stage: StageIndex) -> bool {
		u32::from(stage) < self.stage_count()
	}

	/// Whether a stage is the one that knows the loss.
	pub fn is_last_stage(&self, stage: StageIndex) -> bool {
		u32::from(stage).checked_add(1) == Some(self.stage_count())
	}

	/// Whether a fork of `self` may descend from `parent`: same stage boundaries and shapes of what each stage holds.
	pub fn continues(&self, parent: &ModelSpec) -> bool {
		self.stages == parent.stages && self.architecture == parent.architecture
	}
}
