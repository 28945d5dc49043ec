//! Pools and rows in storage.

use cairn_primitives::{
	traits::{Models, Shares},
	Balance, BlockNumber, ModelId, ModelStatus,
};
use frame_support::{
	ensure,
	traits::{
		fungible::{InspectHold, MutateHold},
		tokens::Precision,
		Get,
	},
};
use sp_runtime::{
	traits::{AccountIdConversion, SaturatedConversion},
	ArithmeticError, DispatchError, Permill,
};

use crate::{
	AccountIdOf, Config, Error, Event, HoldReason, Holder, HolderOf, Holders, Pallet, Pool, Pools,
	RowDeposit, Royalty,
};

impl<T: Config> Pallet<T> {
	/// The account that holds the money of all models.
	pub fn pot() -> AccountIdOf<T> {
		T::PalletId::get().into_account_truncating()
	}

	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// The pool of a model; a new one if it has none yet.
	pub(crate) fn pool_of(model: ModelId) -> Result<Pool, DispatchError> {
		if let Some(pool) = Pools::<T>::get(model) {
			return Ok(pool);
		}
		let info = T::Models::info(model).ok_or(Error::<T>::UnknownModel)?;
		let royalty = info.parent.and_then(|parent| {
			T::Models::terms(parent).map(|terms| Royalty { parent, part: terms.royalty })
		});
		Ok(Pool { royalty, folded_at: Self::now(), ..Pool::default() })
	}

	/// Share out what a pool is due and pass the royalty on. The pool is the caller's to store.
	pub(crate) fn fold_pool(model: ModelId, pool: Pool) -> Result<(Pool, Balance), DispatchError> {
		let due = Self::royalty_due(&pool);
		let folded = pool.fold(Self::now(), due).ok_or(ArithmeticError::Overflow)?;
		if let Some(Royalty { parent, .. }) = folded.pool.royalty {
			Self::pass_on(model, parent, folded.royalty)?;
		}
		Ok((folded.pool, folded.amount))
	}

	/// The part of a pool's income that its parent gets: nothing while nobody could claim it there. Then it is the fork's
	/// holders'.
	pub(crate) fn royalty_due(pool: &Pool) -> Permill {
		match pool.royalty {
			Some(Royalty { parent, part }) if Self::can_earn(parent) => part,
			_ => Permill::zero(),
		}
	}

	/// Whether somebody has shares of a model, or may get some yet: a model that was retired before it had any would keep
	/// its income for ever.
	pub(crate) fn can_earn(model: ModelId) -> bool {
		let is_retired =
			|| T::Models::info(model).is_some_and(|info| info.status == ModelStatus::Retired);
		<Self as Shares>::supply(model) > 0 || !is_retired()
	}

	/// Credit a royalty to the parent's income. It streams there; nothing goes further up.
	fn pass_on(model: ModelId, parent: ModelId, amount: Balance) -> Result<(), DispatchError> {
		if amount == 0 {
			return Ok(());
		}
		let pool = Self::pool_of(parent)?
			.receive(amount, Self::now(), T::StreamBlocks::get())
			.ok_or(ArithmeticError::Overflow)?;
		Pools::<T>::insert(parent, pool);
		Self::deposit_event(Event::RoyaltyPassedOn { model, parent, amount });
		Ok(())
	}

	/// A folded pool with another supply.
	pub(crate) fn resize(pool: Pool, supply: Balance) -> Result<Pool, DispatchError> {
		let period = T::StreamBlocks::get();
		Ok(pool.resize(supply, Self::now(), period).ok_or(ArithmeticError::Overflow)?)
	}

	/// The row of a holder, settled against a folded pool.
	pub(crate) fn settled_row(
		model: ModelId,
		pool: &Pool,
		who: &AccountIdOf<T>,
	) -> Result<Option<HolderOf<T>>, DispatchError> {
		let Some(row) = Holders::<T>::get(model, who) else { return Ok(None) };
		Ok(Some(row.settle(pool).ok_or(ArithmeticError::Overflow)?))
	}

	/// A new row whose deposit is held on `payer`.
	pub(crate) fn paid_row(
		pool: &Pool,
		payer: &AccountIdOf<T>,
	) -> Result<HolderOf<T>, DispatchError> {
		let amount = T::RowDeposit::get();
		let reason = HoldReason::ShareHolder.into();
		ensure!(T::Currency::can_hold(&reason, payer, amount), Error::<T>::CannotPayRowDeposit);
		T::Currency::hold(&reason, payer, amount)?;
		let deposit = Some(RowDeposit { payer: payer.clone(), amount });
		Ok(Holder { deposit, ..Holder::new(pool) })
	}

	/// Store a settled row, or remove it if it is spent: its fraction goes to the pool, its deposit back.
	pub(crate) fn store_row(
		model: ModelId,
		pool: Pool,
		who: &AccountIdOf<T>,
		row: HolderOf<T>,
	) -> Result<Pool, DispatchError> {
		if !row.is_spent() {
			Holders::<T>::insert(model, who, row);
			return Ok(pool);
		}
		let rem = pool.rem.checked_add(row.fraction.into()).ok_or(ArithmeticError::Overflow)?;
		if let Some(RowDeposit { payer, amount }) = row.deposit {
			let reason = HoldReason::ShareHolder.into();
			T::Currency::release(&reason, &payer, amount, Precision::Exact)?;
		}
		Holders::<T>::remove(model, who);
		Ok(Pool { rem, ..pool })
	}
}
