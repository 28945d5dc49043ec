//! What things cost: bonds, deposits, theft.

use cairn_primitives::{Balance, ModelId, ModelSpec};
use subxt::{constants, utils::Static};

use super::{State, ViewError};
use crate::api;

/// What it costs at least, on average, to collect all shards of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extraction {
	/// Fresh identities that are needed on average, in thousandths.
	pub identities_milli: u64,
	/// What each of them has to bond.
	pub bond_per_identity: Balance,
	/// What all of them have to bond.
	pub total: Balance,
}

/// The least amounts that the chain takes. They change with the runtime only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floors {
	/// What every account has to keep.
	pub account: Balance,
	/// What every provider has to bond.
	pub bond: Balance,
	/// What is held for a dataset, besides what its metadata costs.
	pub dataset: Balance,
	/// What is held for each byte of metadata.
	pub byte: Balance,
}

impl State {
	/// The least amounts that the chain takes.
	pub fn floors(&self) -> Result<Floors, ViewError> {
		let constants = api::constants();
		Ok(Floors {
			account: self.constant(constants.balances().existential_deposit())?,
			bond: self.constant(constants.workers().min_bond())?,
			dataset: self.constant(constants.models().dataset_deposit())?,
			byte: self.constant(constants.models().deposit_per_byte())?,
		})
	}

	/// The bond that a model of a spec would ask of each provider. A fork asks what its parents ask, if that is more.
	pub async fn bond_for(&self, spec: &ModelSpec) -> Result<Balance, ViewError> {
		self.ask(api::runtime_apis().cairn_api().bond_for(Static(spec.clone()))).await
	}

	/// What 10¹⁵ FLOPs are taken to cost where bonds are concerned.
	pub async fn bond_price(&self) -> Result<Balance, ViewError> {
		Ok(self.read(api::storage().workers().bond_price(), ()).await?.unwrap_or_default())
	}

	/// What would be held for the proposal of a spec.
	pub async fn proposal_deposit(
		&self,
		spec: &ModelSpec,
		metadata: &str,
	) -> Result<Balance, ViewError> {
		let asked =
			api::runtime_apis().cairn_api().proposal_deposit(Static(spec.clone()), metadata.into());
		self.ask(asked).await
	}

	/// What it costs to collect all shards of a model.
	pub async fn extraction_price(&self, model: ModelId) -> Result<Option<Extraction>, ViewError> {
		let price = self.ask(api::runtime_apis().cairn_api().extraction_price(model)).await?;
		Ok(price.map(|price| Extraction {
			identities_milli: price.identities_milli,
			bond_per_identity: price.bond_per_identity,
			total: price.total,
		}))
	}

	fn constant<A: constants::Address>(&self, address: A) -> Result<A::Target, ViewError> {
		let question = format!("{}.{}", address.pallet_name(), address.constant_name());
		let found = self.client().constants().entry(address);
		found.map_err(|error| ViewError::new(&question, self.height(), error))
	}
}
