//! Datasets and who is paid for them.

use crate::{
	AccountIdOf, Config, Dataset, DatasetMetadata, Datasets, Error, Event, HoldReason, Pallet,
};
use cairn_primitives::{Balance, DatasetId};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Get,
	},
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register_dataset(
		owner: AccountIdOf<T>,
		dataset: DatasetId,
		metadata: DatasetMetadata,
	) -> DispatchResult {
		ensure!(!Datasets::<T>::contains_key(dataset), Error::<T>::DatasetExists);
		let deposit = Self::deposit(T::DatasetDeposit::get(), metadata.len());
		T::Currency::hold(&HoldReason::DatasetDeposit.into(), &owner, deposit)?;
		Datasets::<T>::insert(dataset, Dataset { owner: owner.clone(), metadata, deposit });
		Self::deposit_event(Event::DatasetRegistered { dataset, owner });
		Ok(())
	}

	pub(crate) fn do_transfer_dataset(
		from: AccountIdOf<T>,
		dataset: DatasetId,
		to: AccountIdOf<T>,
	) -> DispatchResult {
		let mut row = Datasets::<T>::get(dataset).ok_or(Error::<T>::UnknownDataset)?;
		ensure!(row.owner == from, Error::<T>::NotDatasetOwner);
		ensure!(from != to, Error::<T>::SameOwner);
		Self::hand_over(HoldReason::DatasetDeposit, &from, &to, row.deposit)?;
		row.owner = to.clone();
		Datasets::<T>::insert(dataset, row);
		Self::deposit_event(Event::DatasetTransferred { dataset, from, to });
		Ok(())
	}

	/// A deposit for a row with so many bytes of free size.
	pub(crate) fn deposit(base: Balance, bytes: usize) -> Balance {
		// Saturating: a deposit that no account can pay is a refusal, which is what an overflow should be.
		base.saturating_add(T::DepositPerByte::get().saturating_mul(bytes as Balance))
	}

	/// Move a deposit to another account, still on hold. The new owner gets the money with the row, so that nothing of
	/// its own can be locked without its consent.
	pub(crate) fn hand_over(
		reason: HoldReason,
		from: &AccountIdOf<T>,
		to: &AccountIdOf<T>,
		deposit: Balance,
	) -> DispatchResult {
		T::Currency::transfer_on_hold(
			&reason.into(),
			from,
			to,
			deposit,
			Precision::Exact,
			Restriction::OnHold,
			Fortitude::Polite,
		)
		.map(drop)
	}
}
