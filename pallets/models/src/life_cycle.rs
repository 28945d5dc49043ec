//! What the owner of a model, and governance, decide about it.

use crate::{AccountIdOf, Config, Error, Event, HoldReason, Pallet, RecordOf, Records, Specs};
use cairn_primitives::{
	traits::Seats, voucher::Price, ModelId, ModelSpec, ModelStatus, PauseReason, WindowIndex,
};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, EnsureOrigin, Get},
};
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_open(who: AccountIdOf<T>, model: ModelId) -> DispatchResult {
		let mut record = Self::owned(&who, model)?;
		ensure!(record.status == ModelStatus::Proposed, Error::<T>::NotProposed);
		record.status = ModelStatus::Training;
		Records::<T>::insert(model, record);
		Self::deposit_event(Event::Opened { model });
		Ok(())
	}

	pub(crate) fn do_set_price(
		who: AccountIdOf<T>,
		model: ModelId,
		price: Option<Price>,
	) -> DispatchResult {
		let mut record = Self::owned(&who, model)?;
		ensure!(record.status != ModelStatus::Retired, Error::<T>::AlreadyRetired);
		record.price = price;
		Records::<T>::insert(model, record);
		Self::deposit_event(Event::PriceSet { model, price });
		Ok(())
	}

	pub(crate) fn do_pause(who: Option<AccountIdOf<T>>, model: ModelId) -> DispatchResult {
		let record = Self::owned_or_governed(who, model)?;
		let runs = matches!(record.status, ModelStatus::Training | ModelStatus::Serving);
		ensure!(runs, Error::<T>::NotRunning);
		Self::halt(model, record, PauseReason::Owner);
		Ok(())
	}

	pub(crate) fn do_resume(who: AccountIdOf<T>, model: ModelId) -> DispatchResult {
		let mut record = Self::owned(&who, model)?;
		let ModelStatus::Paused(reason) = record.status else {
			return Err(Error::<T>::NotPaused.into());
		};
		ensure!(reason != PauseReason::Gate, Error::<T>::MustRestart);
		let status = record.natural_status(&Self::spec_of(model)?);
		record.status = status;
		Records::<T>::insert(model, record);
		Self::deposit_event(Event::Resumed { model, status });
		Ok(())
	}

	pub(crate) fn do_restart_from(
		who: AccountIdOf<T>,
		model: ModelId,
		window: WindowIndex,
	) -> DispatchResult {
		let mut record = Self::owned(&who, model)?;
		ensure!(matches!(record.status, ModelStatus::Paused(_)), Error::<T>::NotPaused);
		// The samples of a running window belong to the training that is to be undone.
		ensure!(T::Seats::window(model).is_none(), Error::<T>::WindowRunning);
		ensure!(record.go_back_to(window), Error::<T>::UnknownCheckpoint);
		record.status = record.natural_status(&Self::spec_of(model)?);
		let samples = record.samples;
		Records::<T>::insert(model, record);
		Self::deposit_event(Event::Restarted { model, window, samples });
		Ok(())
	}

	pub(crate) fn do_retire(who: Option<AccountIdOf<T>>, model: ModelId) -> DispatchResult {
		let mut record = Self::owned_or_governed(who, model)?;
		ensure!(record.status != ModelStatus::Retired, Error::<T>::AlreadyRetired);
		// Spec and record stay for ever, because shares outlive the model: so does the deposit for their bytes.
		let freed = record.deposit.min(T::ModelDeposit::get());
		let reason = HoldReason::ModelDeposit.into();
		T::Currency::release(&reason, &record.researcher, freed, Precision::Exact)?;
		record.status = ModelStatus::Retired;
		record.price = None;
		record.deposit = record.deposit.saturating_sub(freed); // freed is a part of it
		Records::<T>::insert(model, record);
		Self::deposit_event(Event::Retired { model });
		Ok(())
	}

	pub(crate) fn do_cede(
		from: AccountIdOf<T>,
		model: ModelId,
		to: AccountIdOf<T>,
	) -> DispatchResult {
		let mut record = Self::owned(&from, model)?;
		ensure!(from != to, Error::<T>::SameOwner);
		Self::hand_over(HoldReason::ModelDeposit, &from, &to, record.deposit)?;
		record.researcher = to.clone();
		Records::<T>::insert(model, record);
		Self::deposit_event(Event::Ceded { model, from, to });
		Ok(())
	}

	/// Pause a live model. A graver reason stands: an owner cannot talk a failed gate down by pausing first.
	pub(crate) fn halt(model: ModelId, mut record: RecordOf<T>, reason: PauseReason) {
		if let ModelStatus::Paused(current) = record.status {
			if gravity(current) >= gravity(reason) {
				return;
			}
		}
		record.status = ModelStatus::Paused(reason);
		Records::<T>::insert(model, record);
		Self::deposit_event(Event::Paused { model, reason });
	}

	/// The signer, or none for governance.
	pub(crate) fn ensure_signed_or_governance(
		origin: OriginFor<T>,
	) -> Result<Option<AccountIdOf<T>>, DispatchError> {
		match T::GovernanceOrigin::try_origin(origin) {
			Ok(_) => Ok(None),
			Err(origin) => Ok(Some(ensure_signed(origin)?)),
		}
	}

	pub(crate) fn spec_of(model: ModelId) -> Result<ModelSpec, DispatchError> {
		Specs::<T>::get(model).ok_or(Error::<T>::UnknownModel.into())
	}

	pub(crate) fn record_of(model: ModelId) -> Result<RecordOf<T>, DispatchError> {
		Records::<T>::get(model).ok_or(Error::<T>::UnknownModel.into())
	}

	fn owned(who: &AccountIdOf<T>, model: ModelId) -> Result<RecordOf<T>, DispatchError> {
		let record = Self::record_of(model)?;
		ensure!(record.researcher == *who, Error::<T>::NotResearcher);
		Ok(record)
	}

	fn owned_or_governed(
		who: Option<AccountIdOf<T>>,
		model: ModelId,
	) -> Result<RecordOf<T>, DispatchError> {
		match who {
			Some(who) => Self::owned(&who, model),
			None => Self::record_of(model),
		}
	}
}

/// How much it takes to go on after a pause.
const fn gravity(reason: PauseReason) -> u8 {
	match reason {
		PauseReason::Owner => 0,
		PauseReason::Merge => 1,
		PauseReason::Gate => 2,
	}
}
