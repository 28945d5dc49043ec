//! Where the shard of a stage in a window comes from, as the chain tells.

use cairn_chain::{
	views::{Base, State},
	ViewError,
};
use cairn_primitives::{dispute::Merged, Hash, ModelId, ModelSpec, StageIndex, WindowIndex};

/// Windows in which nobody of a stage attests, over which its shard is followed back: as many as the chain follows.
const MAX_IDLE: usize = 17;

/// Where a shard comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
	/// It is the one with this root.
	Shard(Hash),
	/// It is what the differences of a window make of the one with this root.
	Merge {
		/// The shard that the window began with.
		before: Hash,
		/// The window.
		window: WindowIndex,
		/// Whose differences are merged, lanes ascending.
		members: Vec<Merged>,
	},
	/// The chain does not tell: a merge was refuted, and the model's owner decides where it goes on from.
	Open,
}

impl Origin {
	/// Of the shard with which a stage begins a window that runs, or comes next.
	pub async fn of(
		state: &State,
		model: ModelId,
		spec: &ModelSpec,
		stage: StageIndex,
		window: WindowIndex,
	) -> Result<Self, ViewError> {
		let mut base = state.base(model, window).await?;
		for _ in 0..MAX_IDLE {
			let window = match base {
				Base::Initial => {
					let initial = spec.initial.get(usize::from(stage)).copied();
					return Ok(initial.map_or(Self::Open, Self::Shard));
				},
				Base::Merge(window) => window,
				Base::Open => break,
			};
			if let Some(before) = state.majority_root(model, window, stage).await? {
				let members = state.merge_set(model, window, stage).await?;
				return Ok(Self::merge(spec, before, window, members));
			}
			// What nobody trained is what it was before.
			base = state.base(model, window).await?;
		}
		Ok(Self::Open)
	}

	/// What a merge comes to where it needs no arithmetic.
	fn merge(spec: &ModelSpec, before: Hash, window: WindowIndex, members: Vec<Merged>) -> Self {
		match members.first() {
			None => Self::Shard(before),
			Some(only) if spec.lanes == 1 => Self::Shard(only.difference),
			Some(_) => Self::Merge { before, window, members },
		}
	}
}
