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
/// How many of the last gates' losses are kept apart, because one of their units may still turn out to be false, or a restart
/// may undo them.
pub const MAX_MARKS: u32 = 8;
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
}

/// What the audited units of a gate window came to.
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
pub struct Mark {
	/// The window.
	pub window: WindowIndex,
	/// Median held-out loss in millionths of a nat.
	pub loss: u64,
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
	/// The last gate windows whose audits are done, the oldest first.
	pub marks: BoundedVec<Mark, ConstU32<MAX_MARKS>>,
	/// The best loss of all gates before those, in millionths of a nat.
	pub best_before: Option<u64>,
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
		self.marks.retain(|mark| mark.window <= window);
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

	/// The loss that gates are compared with: the best of all earlier ones, in millionths of a nat.
	pub fn best_loss(&self) -> Option<u64> {
		self.marks.iter().map(|mark| mark.loss).chain(self.best_before).min()
	}

	/// Note what the audited units of a gate came to, in place of what was noted of it before; `None` if nothing of it counts.
	/// A gate that is so old that its loss is no longer kept apart can only become better.
	pub fn conclude_gate(&mut self, window: WindowIndex, loss: Option<u64>) {
		let known = self.marks.iter().copied().filter(|mark| mark.window != window);
		let mut marks: Vec<_> = known.chain(loss.map(|loss| Mark { window, loss })).collect();
		marks.sort_unstable_by_key(|mark| mark.window);
		if marks.len() > MAX_MARKS as usize {
			let oldest = marks.remove(0).loss;
			self.best_before = Some(self.best_before.map_or(oldest, |best| best.min(oldest)));
		}
		self.marks = BoundedVec::truncate_from(marks);
	}
}
