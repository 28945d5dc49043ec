//! Pallet `models`: what researchers and owners of datasets sign.

use cairn_primitives::{voucher::Price, DatasetId, ModelId, ModelSpec, Terms, WindowIndex};
use subxt::utils::Static;

use super::Call;
use crate::{api, views::to_chain, AccountId};

/// Register a dataset by the root of its manifest. Its owner.
pub fn register_dataset(root: DatasetId, metadata: &str) -> Call {
	api::tx().models().register_dataset(root, metadata.into()).into()
}

/// Give a dataset to another account. Its owner.
pub fn transfer_dataset(root: DatasetId, to: &AccountId) -> Call {
	api::tx().models().transfer_dataset(root, to_chain(to)).into()
}

/// Propose a model. Its researcher. The number that it gets is in the event [`Proposed`](crate::events::Proposed).
pub fn propose(spec: ModelSpec, terms: Terms, parent: Option<ModelId>, metadata: &str) -> Call {
	api::tx().models().propose(Static(spec), Static(terms), parent, metadata.into()).into()
}

/// Open a proposed model for training. Its researcher.
pub fn open(model: ModelId) -> Call {
	api::tx().models().open(model).into()
}

/// Set what a million tokens cost. Its researcher.
pub fn set_price(model: ModelId, price: Option<Price>) -> Call {
	api::tx().models().set_price(model, price.map(Static)).into()
}

/// Pause a model. Its researcher.
pub fn pause(model: ModelId) -> Call {
	api::tx().models().pause(model).into()
}

/// Let a paused model go on. Its researcher.
pub fn resume(model: ModelId) -> Call {
	api::tx().models().resume(model).into()
}

/// Let a paused model go on from one of its last two checkpoints. Its researcher.
pub fn restart_from(model: ModelId, window: WindowIndex) -> Call {
	api::tx().models().restart_from(model, window).into()
}

/// End a model for good. Its researcher.
pub fn retire(model: ModelId) -> Call {
	api::tx().models().retire(model).into()
}

/// Give the decisions about a model to another account. Its researcher.
pub fn cede(model: ModelId, new_owner: &AccountId) -> Call {
	api::tx().models().cede(model, to_chain(new_owner)).into()
}
