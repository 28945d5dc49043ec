//! Shares from one holder to another, and out of existence.

use cairn_primitives::{Balance, ModelId};
use frame_support::{dispatch::DispatchResult, ensure};
use sp_runtime::{ArithmeticError, DispatchError};

use crate::{AccountIdOf, Config, Error, Event, Holder, Pallet, Pool, Pools};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_transfer(
		model: ModelId,
		from: &AccountIdOf<T>,
		to: &AccountIdOf<T>,
		amount: Balance,
	) -> DispatchResult {
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		ensure!(from != to, Error::<T>::TransferToSelf);
		let pool = Pools::<T>::get(model).ok_or(Error::<T>::UnknownModel)?;
		let (pool, _) = Self::fold_pool(model, pool)?;
		// The sender first: a deposit for its own row comes free in time for the receiver's.
		let pool = Self::remove_shares(model, pool, from, amount)?;
		let target = match Self::settled_row(model, &pool, to)? {
			Some(row) => row,
			None => Self::paid_row(&pool, from)?,
		};
		let shares = target.shares.checked_add(amount).ok_or(ArithmeticError::Overflow)?;
		let pool = Self::store_row(model, pool, to, Holder { shares, ..target })?;
		Pools::<T>::insert(model, pool);
		Self::deposit_event(Event::SharesTransferred {
			model,
			from: from.clone(),
			to: to.clone(),
			amount,
		});
		Ok(())
	}

	/// Destroy shares. What the holder earned with them stays its credit, what they would earn is the others'.
	pub(crate) fn do_burn(model: ModelId, who: &AccountIdOf<T>, amount: Balance) -> DispatchResult {
		let pool = Pools::<T>::get(model).ok_or(Error::<T>::UnknownModel)?;
		let (pool, _) = Self::fold_pool(model, pool)?;
		let pool = Self::remove_shares(model, pool, who, amount)?;
		let supply = pool.supply.checked_sub(amount).ok_or(ArithmeticError::Underflow)?;
		Pools::<T>::insert(model, Self::resize(pool, supply)?);
		Self::deposit_event(Event::SharesBurned { model, who: who.clone(), amount });
		Ok(())
	}

	fn remove_shares(
		model: ModelId,
		pool: Pool,
		who: &AccountIdOf<T>,
		amount: Balance,
	) -> Result<Pool, DispatchError> {
		let row = Self::settled_row(model, &pool, who)?.ok_or(Error::<T>::NotEnoughShares)?;
		let shares = row.shares.checked_sub(amount).ok_or(Error::<T>::NotEnoughShares)?;
		Self::store_row(model, pool, who, Holder { shares, ..row })
	}
}
