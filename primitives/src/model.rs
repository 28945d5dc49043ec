//! A model's life cycle.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{ModelId, WindowIndex};

/// Where a model is in its life.
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
)]
pub enum ModelStatus {
	/// Proposed: providers may enlist, no window starts.
	Proposed,
	/// Windows run.
	Training,
	/// The schedule is done; the model only serves.
	Serving,
	/// Windows wait until the owner resumes the model or restarts it from a checkpoint.
	Paused(PauseReason),
	/// Over: no windows, no new channels; shares and claims live on.
	Retired,
}

impl ModelStatus {
	/// Whether a window may start.
	pub fn trains(&self) -> bool {
		matches!(self, ModelStatus::Training)
	}

	/// Whether providers may enlist.
	pub fn takes_providers(&self) -> bool {
		!matches!(self, ModelStatus::Retired)
	}

	/// Whether clients may open channels.
	pub fn serves(&self) -> bool {
		matches!(self, ModelStatus::Training | ModelStatus::Serving)
	}
}

/// Why a model is paused.
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
)]
pub enum PauseReason {
	/// Its owner asked for it.
	Owner,
	/// The held-out loss of a gate window was too far above the best one.
	Gate,
	/// A merge was refuted.
	Merge,
}

/// What neighbours need to know of a model besides its spec and terms.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ModelInfo<AccountId> {
	/// Who proposed it and owns its decisions.
	pub researcher: AccountId,
	/// The model that it was forked from.
	pub parent: Option<ModelId>,
	/// The first model of its family; itself if it is no fork.
	pub root: ModelId,
	/// Where it is in its life.
	pub status: ModelStatus,
	/// Samples accepted so far.
	pub samples: u64,
	/// The window whose merged shards the next window starts from, where that is not the last one.
	pub restart_from: Option<WindowIndex>,
}
