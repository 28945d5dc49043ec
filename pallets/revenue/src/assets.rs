//! Shares as `fungibles`, so that other pallets can build on them. The asset id is the model's number.
//!
//! Transfers and burning work as ever and settle whoever they touch. Minting is refused: only verified work mints shares.

use alloc::{format, vec::Vec};

use cairn_primitives::{
	traits::{Models, Shares},
	Balance, ModelId,
};
use frame_support::{
	ensure,
	storage::with_storage_layer,
	traits::{
		fungibles::{metadata, Dust, Inspect, Mutate, Unbalanced},
		tokens::{
			DepositConsequence, Fortitude, Precision, Preservation, Provenance, WithdrawConsequence,
		},
	},
};
use sp_runtime::{DispatchError, TokenError};

use crate::{AccountIdOf, Config, Error, Holder, Holders, Pallet, Pools, MAX_SUPPLY};

/// Decimal places of shares.
const DECIMALS: u8 = 12;

impl<T: Config> Inspect<AccountIdOf<T>> for Pallet<T> {
	type AssetId = ModelId;
	type Balance = Balance;

	fn total_issuance(model: ModelId) -> Balance {
		<Self as Shares>::supply(model)
	}

	fn minimum_balance(_: ModelId) -> Balance {
		1
	}

	fn total_balance(model: ModelId, who: &AccountIdOf<T>) -> Balance {
		Self::balance(model, who)
	}

	fn balance(model: ModelId, who: &AccountIdOf<T>) -> Balance {
		Holders::<T>::get(model, who).map_or(0, |row| row.shares)
	}

	fn reducible_balance(
		model: ModelId,
		who: &AccountIdOf<T>,
		preservation: Preservation,
		_: Fortitude,
	) -> Balance {
		let shares = Self::balance(model, who);
		match preservation {
			Preservation::Expendable => shares,
			// One unit stays; who has none has none to spare.
			Preservation::Protect | Preservation::Preserve => {
				shares.saturating_sub(Self::minimum_balance(model))
			},
		}
	}

	fn can_deposit(
		model: ModelId,
		_: &AccountIdOf<T>,
		amount: Balance,
		provenance: Provenance,
	) -> DepositConsequence {
		if !Self::asset_exists(model) {
			return DepositConsequence::UnknownAsset;
		}
		let fits = Self::total_issuance(model)
			.checked_add(amount)
			.is_some_and(|supply| supply <= MAX_SUPPLY);
		if provenance == Provenance::Minted && !fits {
			return DepositConsequence::Overflow;
		}
		DepositConsequence::Success
	}

	fn can_withdraw(
		model: ModelId,
		who: &AccountIdOf<T>,
		amount: Balance,
	) -> WithdrawConsequence<Balance> {
		if !Self::asset_exists(model) {
			return WithdrawConsequence::UnknownAsset;
		}
		match Self::balance(model, who).checked_sub(amount) {
			None => WithdrawConsequence::BalanceLow,
			Some(0) if amount > 0 => WithdrawConsequence::ReducedToZero(0),
			Some(_) => WithdrawConsequence::Success,
		}
	}

	fn asset_exists(model: ModelId) -> bool {
		Pools::<T>::contains_key(model) || T::Models::info(model).is_some()
	}
}

/// For what the trait's own functions need; rows that are created here carry no deposit.
impl<T: Config> Unbalanced<AccountIdOf<T>> for Pallet<T> {
	/// There is none: the least balance is the smallest unit.
	fn handle_dust(_: Dust<AccountIdOf<T>, Self>) {}

	fn write_balance(
		model: ModelId,
		who: &AccountIdOf<T>,
		shares: Balance,
	) -> Result<Option<Balance>, DispatchError> {
		with_storage_layer(|| {
			let (pool, _) = Self::fold_pool(model, Self::pool_of(model)?)?;
			let row = Self::settled_row(model, &pool, who)?.unwrap_or_else(|| Holder::new(&pool));
			let pool = Self::store_row(model, pool, who, Holder { shares, ..row })?;
			Pools::<T>::insert(model, pool);
			Ok(None)
		})
	}

	fn set_total_issuance(model: ModelId, supply: Balance) {
		// No fold: the balance that changes with the supply was written, and the pool folded, just before. The trait knows
		// no error; a model that is unknown keeps the supply of nothing that it has.
		if let Ok(pool) = Self::pool_of(model).and_then(|pool| Self::resize(pool, supply)) {
			Pools::<T>::insert(model, pool);
		}
	}
}

impl<T: Config> Mutate<AccountIdOf<T>> for Pallet<T> {
	fn mint_into(_: ModelId, _: &AccountIdOf<T>, _: Balance) -> Result<Balance, DispatchError> {
		Err(Error::<T>::OnlyWorkMints.into())
	}

	fn burn_from(
		model: ModelId,
		who: &AccountIdOf<T>,
		amount: Balance,
		preservation: Preservation,
		precision: Precision,
		force: Fortitude,
	) -> Result<Balance, DispatchError> {
		let actual = Self::reducible_balance(model, who, preservation, force).min(amount);
		ensure!(
			actual == amount || precision == Precision::BestEffort,
			TokenError::FundsUnavailable
		);
		if actual > 0 {
			with_storage_layer(|| Self::do_burn(model, who, actual))?;
		}
		Ok(actual)
	}

	fn shelve(_: ModelId, _: &AccountIdOf<T>, _: Balance) -> Result<Balance, DispatchError> {
		Err(Error::<T>::OnlyWorkMints.into()) // what is shelved could not be restored
	}

	fn restore(_: ModelId, _: &AccountIdOf<T>, _: Balance) -> Result<Balance, DispatchError> {
		Err(Error::<T>::OnlyWorkMints.into())
	}

	/// The source has the deposit held, if the destination has no row.
	fn transfer(
		model: ModelId,
		source: &AccountIdOf<T>,
		dest: &AccountIdOf<T>,
		amount: Balance,
		preservation: Preservation,
	) -> Result<Balance, DispatchError> {
		Self::can_withdraw(model, source, amount)
			.into_result(preservation != Preservation::Expendable)?;
		if source != dest && amount > 0 {
			with_storage_layer(|| Self::do_transfer(model, source, dest, amount))?;
		}
		Ok(amount)
	}
}

impl<T: Config> metadata::Inspect<AccountIdOf<T>> for Pallet<T> {
	fn name(model: ModelId) -> Vec<u8> {
		format!("Cairn model {model} shares").into_bytes()
	}

	fn symbol(model: ModelId) -> Vec<u8> {
		format!("CM{model}").into_bytes()
	}

	fn decimals(_: ModelId) -> u8 {
		DECIMALS
	}
}
