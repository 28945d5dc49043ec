//! Pallet `revenue`: what holders of shares sign.

use cairn_primitives::{Balance, ModelId};

use super::Call;
use crate::{api, views::to_chain, AccountId};

/// Pay revenue to the holders of a model. Anybody. Have it done [once](crate::Request::once).
pub fn deposit_revenue(model: ModelId, amount: Balance) -> Call {
	api::tx().revenue().deposit_revenue(model, amount).into()
}

/// Share out what a model's stream has released. Anybody.
pub fn fold(model: ModelId) -> Call {
	api::tx().revenue().fold(model).into()
}

/// Claim what shares of a model have earned. Their holder.
pub fn claim(model: ModelId) -> Call {
	api::tx().revenue().claim(model).into()
}

/// Claim what shares of several models have earned, 16 at most. Their holder.
pub fn claim_many(models: Vec<ModelId>) -> Call {
	api::tx().revenue().claim_many(models).into()
}

/// Transfer shares. Their holder. Have it done [once](crate::Request::once).
pub fn transfer_shares(model: ModelId, to: &AccountId, amount: Balance) -> Call {
	api::tx().revenue().transfer_shares(model, to_chain(to), amount).into()
}
