//! What this pallet stores.

use alloc::vec::Vec;

use cairn_primitives::{
	voucher::Price, Balance, ModelId, ModelInfo, ModelSpec, ModelStatus, Points, Terms, WindowIndex,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

/// Most bytes of a dataset's name or address.
pub const MAX_DATASET_METADATA: u32 = 128;
/// Most bytes of a model's name or address.
pub const MAX_MODEL_METADATA: u32 = 256;
/// How many of the last checkpoints a model can be restarted from: those whose shards standbys keep.
pub const MAX_RESTARTS: u32 = 2;

/// Name or address of a dataset's description.
pub type DatasetMetadata = BoundedVec<u8, ConstU32<MAX_DATASET_METADATA>>;
/// Name or address of a model's description.
pub type ModelMetadata = BoundedVec<u8, ConstU32<MAX_MODEL_METADATA>>;

/// A dataset that models may be trained on.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Dataset<AccountId> {
	/// Who is paid the data's part of each mint.
	pub owner: AccountId,
	/// Name or address of its description.
	pub metadata: DatasetMetadata,
	/// What is on hold for this row.
	pub deposit: Balance,
}

/// A gate window whose merged shards standbys keep.
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
pub struct Checkpoint {
	/// The window.
	pub window: WindowIndex,
	/// Samples accepted up to and including it.
	pub samples: u64,
	/// The best held-out loss known of the training up to it.
	pub best_loss: Option<u64>,
}

/// Windows that a restart has undone: those between the checkpoint that it went back to and the first window after it.
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
pub struct Undone {
	/// The checkpoint.
	pub after: WindowIndex,
	/// The first window that was accepted since.
	pub before: WindowIndex,
}

/// Everything about a model but its spec, which is large and has a map of its own.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Record<AccountId> {
	/// Who proposed it and owns its decisions.
	pub researcher: AccountId,
	/// The model that it was forked from.
	pub parent: Option<ModelId>,
	/// The first model of its family; itself if it is no fork.
	pub root: ModelId,
	/// Where it is in its life.
	pub status: ModelStatus,
	/// How shares and revenue are split.
	pub terms: Terms,
	/// What tokens of it cost; none while it is not for sale.
	pub price: Option<Price>,
	/// Samples accepted so far.
	pub samples: u64,
	/// FLOPs that the bond of a provider answers for: those that the spec asks, or the parent's if they are more.
	pub bonded_points: Points,
	/// The best median held-out loss of a gate window whose audits are done, in millionths of a nat.
	pub best_loss: Option<u64>,
	/// The gate window of the best loss, unless that is known from a checkpoint only.
	pub best_at: Option<WindowIndex>,
	/// The last gate windows, the older one first.
	pub checkpoints: BoundedVec<Checkpoint, ConstU32<MAX_RESTARTS>>,
	/// The window whose merged shards the next window starts from, where that is not the last one.
	pub restart_from: Option<WindowIndex>,
	/// The windows that the last restart has undone.
	pub undone: Option<Undone>,
	/// What gates of windows before this one find no longer matters: a restart before the last one lies between.
	pub branch: WindowIndex,
	/// Name or address of its description.
	pub metadata: ModelMetadata,
	/// What is on hold for this row and the spec.
	pub deposit: Balance,
}

impl<AccountId: Clone> Record<AccountId> {
	/// What neighbours need to know.
	pub fn info(&self) -> ModelInfo<AccountId> {
		ModelInfo {
			researcher: self.researcher.clone(),
			parent: self.parent,
			root: self.root,
			status: self.status,
			samples: self.samples,
			restart_from: self.restart_from,
		}
	}
}

impl<AccountId> Record<AccountId> {
	/// Whether the model was opened and not retired: it trains, serves or is paused.
	pub fn is_live(&self) -> bool {
		!matches!(self.status, ModelStatus::Proposed | ModelStatus::Retired)
	}

	/// What a live model does when nothing keeps it from it.
	pub fn natural_status(&self, spec: &ModelSpec) -> ModelStatus {
		if self.samples >= spec.schedule.total_samples() {
			ModelStatus::Serving
		} else {
			ModelStatus::Training
		}
	}

	/// Keep a checkpoint in place of the oldest one.
	pub fn keep_checkpoint(&mut self, checkpoint: Checkpoint) {
		let last = self.checkpoints.last().copied();
		self.checkpoints =
			BoundedVec::truncate_from(last.into_iter().chain([checkpoint]).collect());
	}

	/// Go back to a checkpoint, and forget what was reached after it. False if it is not kept.
	pub fn go_back_to(&mut self, window: WindowIndex) -> bool {
		let Some(checkpoint) = self.checkpoints.iter().find(|kept| kept.window == window).copied()
		else {
			return false;
		};
		self.checkpoints.retain(|kept| kept.window <= window);
		self.samples = checkpoint.samples;
		if self.best_loss != checkpoint.best_loss {
			(self.best_loss, self.best_at) = (checkpoint.best_loss, None);
		}
		self.restart_from = Some(window);
		// What an earlier restart has undone lies before the checkpoint, or is undone once more.
		if let Some(earlier) = self.undone.take().filter(|undone| undone.before <= window) {
			self.branch = earlier.before;
		}
		true
	}

	/// Whether a window comes after all that are known to be accepted: the last checkpoint, and the first after a restart.
	pub fn takes(&self, window: WindowIndex) -> bool {
		self.checkpoints.last().is_none_or(|last| window > last.window)
			&& self.undone.is_none_or(|undone| window > undone.before)
	}

	/// Training goes on with `window`: if a restart waited for it, what lies between is undone for good.
	pub fn go_on_with(&mut self, window: WindowIndex) {
		if let Some(after) = self.restart_from.take() {
			self.undone = Some(Undone { after, before: window });
		}
	}

	/// Whether a window belongs to training that a restart has undone, or that is undone until the first window after
	/// the restart is accepted. Windows before the last restart but one count as undone, though some are not.
	pub fn is_undone(&self, window: WindowIndex) -> bool {
		let between = |undone: Undone| undone.after < window && window < undone.before;
		window < self.branch
			|| self.restart_from.is_some_and(|from| window > from)
			|| self.undone.is_some_and(between)
	}

	/// Take a better held-out loss as the one that later gates are compared with, also after a restart from a checkpoint
	/// that the window led to.
	pub fn improve_loss(&mut self, window: WindowIndex, loss: u64) {
		let better = |best: Option<u64>| Some(best.map_or(loss, |best| best.min(loss)));
		for kept in self.checkpoints.iter_mut().filter(|kept| kept.window >= window) {
			kept.best_loss = better(kept.best_loss);
		}
		let best = better(self.best_loss);
		if best != self.best_loss {
			(self.best_loss, self.best_at) = (best, Some(window));
		}
	}

	/// Forget the best held-out loss if it is that of `window`, because it turned out to be false: what was known before counts
	/// again.
	pub fn forget_loss(&mut self, window: WindowIndex) {
		if self.best_at != Some(window) {
			return;
		}
		let lost = self.best_loss;
		let (before, after): (Vec<_>, Vec<_>) =
			self.checkpoints.iter_mut().partition(|kept| kept.window < window);
		let known = before.into_iter().filter_map(|kept| kept.best_loss).min();
		for kept in after.into_iter().filter(|kept| kept.best_loss == lost) {
			kept.best_loss = known;
		}
		(self.best_loss, self.best_at) = (known, None);
	}
}
