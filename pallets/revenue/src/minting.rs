//! Shares for verified work.

use cairn_primitives::{
	traits::{Models, Shares},
	Balance, ModelId, ModelSpec, Points, Terms,
};
use frame_support::{
	dispatch::DispatchResult,
	storage::with_storage_layer,
	traits::{tokens::Preservation, Get},
};
use sp_runtime::{ArithmeticError, DispatchError};

use crate::{AccountIdOf, Config, Error, Event, Holder, Pallet, Pool, Pools, Split, MAX_SUPPLY};

impl Split {
	/// Divide a mint by a model's terms. Every part is rounded down but the provider's, which is what the others leave.
	pub fn of(minted: Balance, terms: &Terms) -> Option<Split> {
		let data = terms.data.mul_floor(minted);
		let researcher = terms.researcher.mul_floor(minted);
		let treasury = terms.treasury.mul_floor(minted);
		let compute = minted.checked_sub(data)?.checked_sub(researcher)?.checked_sub(treasury)?;
		Some(Split { compute, data, researcher, treasury })
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_mint(
		model: ModelId,
		spec: &ModelSpec,
		provider: &AccountIdOf<T>,
		points: Points,
		samples: u64,
	) -> Result<Balance, DispatchError> {
		let terms = T::Models::terms(model).ok_or(Error::<T>::UnknownModel)?;
		let researcher = T::Models::info(model).ok_or(Error::<T>::UnknownModel)?.researcher;
		let due = spec.shares.shares(points, samples, spec.schedule.total_samples());
		let pool = Self::pool_of(model)?;
		// Saturating: the supply keeps its bound. Work beyond it is final like any other, and mints what is left.
		let minted = due.min(MAX_SUPPLY.saturating_sub(pool.supply));
		if minted == 0 {
			return Ok(0);
		}
		let (pool, _) = Self::fold_pool(model, pool)?;
		let supply = pool.supply.checked_add(minted).ok_or(ArithmeticError::Overflow)?;
		let split = Split::of(minted, &terms).ok_or(ArithmeticError::Underflow)?;
		let data_owner = T::Models::data_owner(spec.dataset).unwrap_or_else(|| researcher.clone());

		let pool = Self::resize(pool, supply)?;
		let pool = Self::add_shares(model, pool, provider, split.compute)?;
		let pool = Self::add_shares(model, pool, &data_owner, split.data)?;
		let pool = Self::add_shares(model, pool, &researcher, split.researcher)?;
		let pool = Self::add_shares(model, pool, &T::Treasury::get(), split.treasury)?;
		Pools::<T>::insert(model, pool);
		Self::deposit_event(Event::SharesMinted {
			model,
			provider: provider.clone(),
			points,
			split,
		});
		Ok(minted)
	}

	/// Add new shares to a row, which verified work creates without a deposit.
	fn add_shares(
		model: ModelId,
		pool: Pool,
		who: &AccountIdOf<T>,
		amount: Balance,
	) -> Result<Pool, DispatchError> {
		if amount == 0 {
			return Ok(pool);
		}
		let row = Self::settled_row(model, &pool, who)?.unwrap_or_else(|| Holder::new(&pool));
		let shares = row.shares.checked_add(amount).ok_or(ArithmeticError::Overflow)?;
		Self::store_row(model, pool, who, Holder { shares, ..row })
	}
}

// In a storage layer of their own, because a neighbour may go on after an error.
impl<T: Config> Shares for Pallet<T> {
	type AccountId = AccountIdOf<T>;

	fn mint(
		model: ModelId,
		spec: &ModelSpec,
		provider: &Self::AccountId,
		points: Points,
		samples: u64,
	) -> Result<Balance, DispatchError> {
		with_storage_layer(|| Self::do_mint(model, spec, provider, points, samples))
	}

	fn deposit(model: ModelId, from: &Self::AccountId, amount: Balance) -> DispatchResult {
		if amount == 0 {
			return Ok(());
		}
		with_storage_layer(|| Self::do_deposit(model, from, amount, Preservation::Expendable))
	}

	fn supply(model: ModelId) -> Balance {
		Pools::<T>::get(model).map_or(0, |pool| pool.supply)
	}
}
