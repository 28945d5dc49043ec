//! Money in: deposits and folds.

use cairn_primitives::{Balance, ModelId};
use frame_support::{
	dispatch::{DispatchResult, DispatchResultWithPostInfo, Pays},
	ensure,
	traits::{fungible::Mutate, tokens::Preservation, Contains, Get},
	weights::Weight,
};
use sp_runtime::ArithmeticError;

use crate::{
	AccountIdOf, Config, Error, Event, Pallet, Pool, Pools, WeightInfo, FREE_FOLDS, MAX_INCOME,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_deposit(
		model: ModelId,
		from: &AccountIdOf<T>,
		amount: Balance,
		preservation: Preservation,
	) -> DispatchResult {
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		let pool = Self::pool_of(model)?;
		ensure!(Self::can_earn(model), Error::<T>::RetiredWithoutShares);
		let income = pool.income.saturating_add(amount); // compared with a lower bound at once
		ensure!(income <= MAX_INCOME, Error::<T>::IncomeTooHigh);
		let pool = pool
			.receive(amount, Self::now(), T::StreamBlocks::get())
			.ok_or(ArithmeticError::Overflow)?;
		T::Currency::transfer(from, &Self::pot(), amount, preservation)?;
		Pools::<T>::insert(model, pool);
		Self::deposit_event(Event::RevenueDeposited { model, from: from.clone(), amount });
		Ok(())
	}

	pub(crate) fn do_fold(model: ModelId) -> DispatchResultWithPostInfo {
		let pool = Pools::<T>::get(model).ok_or(Error::<T>::UnknownModel)?;
		let pays = Self::fold_fee(&pool);
		let (pool, amount) = Self::fold_pool(model, pool)?;
		if pool.unallocated > 0 && T::Ended::contains(&model) {
			Self::pay_treasury(model, pool)?;
			return Ok(pays.into());
		}
		ensure!(amount > 0, Error::<T>::NothingToFold);
		Pools::<T>::insert(model, pool);
		Self::deposit_event(Event::Folded { model, amount });
		Ok((Some(T::WeightInfo::fold()), pays).into())
	}

	/// The most that a fold can weigh. A payment to the treasury asks the registry and the clock of the model and transfers once
	/// out of the pot; a claim, which folds, settles and removes a row and releases a deposit besides, is more than that.
	pub(crate) fn fold_weight() -> Weight {
		T::WeightInfo::fold().saturating_add(T::WeightInfo::claim())
	}

	/// Pay out what a model took in for holders that it will never have.
	fn pay_treasury(model: ModelId, pool: Pool) -> DispatchResult {
		let (who, amount) = (T::Treasury::get(), pool.unallocated);
		let paid = pool.paid.checked_add(amount).ok_or(ArithmeticError::Overflow)?;
		Pools::<T>::insert(model, Pool { paid, unallocated: 0, ..pool });
		Self::pay_out(&who, amount)?;
		Self::deposit_event(Event::Claimed { model, who, amount });
		Ok(())
	}

	/// A fold is free only now and then: free calls without a bound would fill blocks.
	fn fold_fee(pool: &Pool) -> Pays {
		let since = Self::now().saturating_sub(pool.folded_at); // no fold lies in the future
		let interval = T::StreamBlocks::get().checked_div(FREE_FOLDS).unwrap_or(0).max(1);
		if since >= interval {
			Pays::No
		} else {
			Pays::Yes
		}
	}
}
