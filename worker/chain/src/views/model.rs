//! Models and datasets.

use cairn_primitives::{
	voucher::Price, Balance, DatasetId, ModelId, ModelSpec, ModelStatus, Points, Terms, WindowIndex,
};

use super::{from_chain, text, State, ViewError};
use crate::{
	api::{self, runtime_types::pallet_models::types},
	AccountId,
};

/// Everything about a model but its spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
	/// Who owns its decisions.
	pub researcher: AccountId,
	/// The model that it was forked from.
	pub parent: Option<ModelId>,
	/// The first model of its family; itself if it is no fork.
	pub root: ModelId,
	/// Where it is in its life.
	pub status: ModelStatus,
	/// How shares and revenue are split.
	pub terms: Terms,
	/// What a million tokens cost; none while it is not for sale.
	pub price: Option<Price>,
	/// Samples accepted so far.
	pub samples: u64,
	/// FLOPs that the bond of a provider answers for.
	pub bonded_points: Points,
	/// The last gate windows, which it can be restarted from, the older one first.
	pub checkpoints: Vec<Checkpoint>,
	/// The window whose merged shards the next window starts from, where that is not the last one.
	pub restart_from: Option<WindowIndex>,
	/// Name or address of its description.
	pub metadata: String,
}

/// A gate window whose merged shards standbys keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
	/// The window.
	pub window: WindowIndex,
	/// Samples accepted up to and including it.
	pub samples: u64,
}

/// A dataset that models may be trained on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
	/// Who is paid for it.
	pub owner: AccountId,
	/// Name or address of its description.
	pub metadata: String,
}

impl State {
	/// A model.
	pub async fn model(&self, model: ModelId) -> Result<Option<Model>, ViewError> {
		let record = self.view(api::view_functions().models().model(model)).await?;
		Ok(record.map(Model::from))
	}

	/// The spec of a model.
	pub async fn spec(&self, model: ModelId) -> Result<Option<ModelSpec>, ViewError> {
		let spec = self.view(api::view_functions().models().model_spec(model)).await?;
		Ok(spec.map(|spec| spec.0))
	}

	/// How many models there are. They are numbered from 0.
	pub async fn model_count(&self) -> Result<ModelId, ViewError> {
		Ok(self.read(api::storage().models().next_model(), ()).await?.unwrap_or_default())
	}

	/// The bond that a model asks of a provider.
	pub async fn required_bond(&self, model: ModelId) -> Result<Option<Balance>, ViewError> {
		self.ask(api::runtime_apis().cairn_api().required_bond(model)).await
	}

	/// A dataset.
	pub async fn dataset(&self, root: DatasetId) -> Result<Option<Dataset>, ViewError> {
		let dataset = self.view(api::view_functions().models().dataset(root)).await?;
		Ok(dataset.map(|dataset| Dataset {
			owner: from_chain(dataset.owner),
			metadata: text(dataset.metadata),
		}))
	}
}

impl From<types::Record<subxt::utils::AccountId32>> for Model {
	fn from(record: types::Record<subxt::utils::AccountId32>) -> Self {
		let checkpoint =
			|kept: types::Checkpoint| Checkpoint { window: kept.window, samples: kept.samples };
		Self {
			researcher: from_chain(record.researcher),
			parent: record.parent,
			root: record.root,
			status: record.status.0,
			terms: record.terms.0,
			price: record.price.map(|price| price.0),
			samples: record.samples,
			bonded_points: record.bonded_points,
			checkpoints: record.checkpoints.into_iter().map(checkpoint).collect(),
			restart_from: record.restart_from,
			metadata: text(record.metadata),
		}
	}
}
