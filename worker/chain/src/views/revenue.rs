//! What work earned: points, shares, money.

use cairn_primitives::{Balance, ModelId, Points};

use super::{to_chain, State, ViewError};
use crate::{
	api::{
		self,
		runtime_types::{pallet_contributions, pallet_revenue},
	},
	AccountId,
};

/// A provider's history in one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
	/// Units that became final since the last fault.
	pub clean: u32,
	/// Units whose lots were drawn since the last fault.
	pub drawn: u32,
	/// Whether there ever was a fault.
	pub is_faulted: bool,
	/// Units that ended before the window's last step.
	pub broken: u32,
	/// Points of pending units and audits.
	pub escrow: Points,
	/// Units and audits that are not final.
	pub queued: u32,
}

/// The shares of one model that an account holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
	/// The model.
	pub model: ModelId,
	/// Shares held.
	pub shares: Balance,
	/// All shares of the model.
	pub supply: Balance,
	/// What can be claimed now.
	pub claimable: Balance,
}

impl State {
	/// A provider's points in a model that are not final.
	pub async fn escrow(&self, provider: &AccountId, model: ModelId) -> Result<Points, ViewError> {
		self.view(api::view_functions().contributions().escrow(to_chain(provider), model)).await
	}

	/// A provider's history in a model.
	pub async fn record(&self, provider: &AccountId, model: ModelId) -> Result<Record, ViewError> {
		let asked = api::view_functions().contributions().record(to_chain(provider), model);
		self.view(asked).await.map(Record::from)
	}

	/// The shares of a model that an account holds.
	pub async fn shares(&self, model: ModelId, account: &AccountId) -> Result<Balance, ViewError> {
		self.view(api::view_functions().revenue().shares_of(model, to_chain(account))).await
	}

	/// What an account can claim of a model now.
	pub async fn claimable(
		&self,
		model: ModelId,
		account: &AccountId,
	) -> Result<Balance, ViewError> {
		self.view(api::view_functions().revenue().claimable(model, to_chain(account))).await
	}

	/// An account's shares of some models, 256 at most, and what can be claimed of them. Models that owe it nothing are left out.
	pub async fn positions(
		&self,
		account: &AccountId,
		models: Vec<ModelId>,
	) -> Result<Vec<Position>, ViewError> {
		let asked = api::view_functions().revenue().portfolio(to_chain(account), models);
		Ok(self.view(asked).await?.into_iter().map(Position::from).collect())
	}
}

impl From<pallet_contributions::types::Record> for Record {
	fn from(record: pallet_contributions::types::Record) -> Self {
		Self {
			clean: record.clean,
			drawn: record.drawn,
			is_faulted: record.is_faulted,
			broken: record.broken,
			escrow: record.escrow,
			queued: record.queued,
		}
	}
}

impl From<pallet_revenue::types::Position> for Position {
	fn from(position: pallet_revenue::types::Position) -> Self {
		let pallet_revenue::types::Position { model, shares, supply, claimable } = position;
		Self { model, shares, supply, claimable }
	}
}
