//! Pallet `shards`: places, and the window clock.

use cairn_primitives::{ModelId, StageIndex, WindowIndex};

use super::Call;
use crate::{api, views::to_chain, AccountId};

/// Enlist for a model. The provider.
pub fn enlist(model: ModelId) -> Call {
	api::tx().shards().enlist(model).into()
}

/// Draw the lot of an enlisted provider. Anybody.
pub fn draw_seat(model: ModelId, provider: &AccountId) -> Call {
	api::tx().shards().draw_seat(model, to_chain(provider)).into()
}

/// Leave a model. The provider.
pub fn leave(model: ModelId) -> Call {
	api::tx().shards().leave(model).into()
}

/// Declare to hold the merged shard of the last closed window. A standby's worker.
pub fn declare_held(model: ModelId, window: WindowIndex) -> Call {
	api::tx().shards().declare_held(model, window).into()
}

/// Close, schedule or start a window. Anybody. Only whoever comes first does anything, and a late poke may move the clock one step
/// further than was meant: look at [`State::clock`](crate::State::clock) first.
pub fn poke_window(model: ModelId) -> Call {
	api::tx().shards().poke_window(model).into()
}

/// Clear a stage of a retired model. Anybody.
pub fn dissolve(model: ModelId, stage: StageIndex) -> Call {
	api::tx().shards().dissolve(model, stage).into()
}
