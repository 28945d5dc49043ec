//! Money out.

use cairn_primitives::{Balance, ModelId};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{
		fungible::{Inspect, Mutate},
		tokens::{DepositConsequence, Preservation, Provenance},
	},
};
use sp_runtime::{ArithmeticError, DispatchError};

use crate::{AccountIdOf, Config, Error, Event, Holder, Holders, Pallet, Pool, Pools};

impl<T: Config> Pallet<T> {
	/// Claim from each of the models and pay it all in one transfer.
	pub(crate) fn do_claim(who: &AccountIdOf<T>, models: &[ModelId]) -> DispatchResult {
		let mut total: Balance = 0;
		for model in models {
			let amount = Self::take_credit(*model, who)?;
			total = total.checked_add(amount).ok_or(ArithmeticError::Overflow)?;
		}
		ensure!(total > 0, Error::<T>::NothingToClaim);
		Self::pay_out(who, total)
	}

	/// Take all that a holder earned of a model out of its row.
	fn take_credit(model: ModelId, who: &AccountIdOf<T>) -> Result<Balance, DispatchError> {
		if !Holders::<T>::contains_key(model, who) {
			return Ok(0);
		}
		let (pool, _) = Self::fold_pool(model, Self::pool_of(model)?)?;
		let Some(row) = Self::settled_row(model, &pool, who)? else { return Ok(0) };
		let amount = row.credit;
		let paid = pool.paid.checked_add(amount).ok_or(ArithmeticError::Overflow)?;
		let pool = Self::store_row(model, Pool { paid, ..pool }, who, Holder { credit: 0, ..row })?;
		Pools::<T>::insert(model, pool);
		if amount > 0 {
			Self::deposit_event(Event::Claimed { model, who: who.clone(), amount });
		}
		Ok(amount)
	}

	pub(crate) fn pay_out(who: &AccountIdOf<T>, amount: Balance) -> DispatchResult {
		ensure!(
			T::Currency::can_deposit(who, amount, Provenance::Extant)
				!= DepositConsequence::BelowMinimum,
			Error::<T>::PayoutBelowExistentialDeposit
		);
		T::Currency::transfer(&Self::pot(), who, amount, Preservation::Preserve)?;
		Ok(())
	}
}
