//! Bond that answers for work in a model, and what neighbours tell of that work.

use crate::{
	BondPrice, Commitment, Commitments, Config, Error, Event, Ledgers, Pallet, Workers, LOG_TARGET,
};
use cairn_primitives::{
	traits::{Fault, Providers, Work},
	Balance, BlockNumber, ModelId, Points,
};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get};
use sp_core::sr25519;
use sp_runtime::AccountId32;

impl<T: Config> Providers for Pallet<T> {
	type AccountId = AccountId32;

	fn provider_of(worker: &AccountId32) -> Option<AccountId32> {
		Workers::<T>::get(worker)
	}

	fn worker_key(provider: &AccountId32) -> Option<sr25519::Public> {
		Self::keys(provider).map(|keys| keys.worker)
	}

	fn worker_key_at(provider: &AccountId32, block: BlockNumber) -> Option<sr25519::Public> {
		Self::keys(provider).map(|keys| keys.at(block))
	}

	fn required_bond(points: Points) -> Balance {
		Self::bond_of(points, BondPrice::<T>::get())
	}

	/// A commitment whose lock is over is settled on the way, unless work that it answers for is open still.
	fn commit(provider: &AccountId32, model: ModelId, amount: Balance) -> DispatchResult {
		if Commitments::<T>::get(provider, model).is_some_and(|old| old.is_over(Self::now())) {
			Self::do_settle_commitment(provider.clone(), model)?;
		}
		let mut ledger = Self::ledger(provider)?;
		ensure!(!Commitments::<T>::contains_key(provider, model), Error::<T>::AlreadyCommitted);
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		ensure!(amount <= ledger.free(), Error::<T>::NotEnoughFreeBond);
		ledger.committed =
			ledger.committed.checked_add(amount).ok_or(Error::<T>::NotEnoughFreeBond)?;
		Commitments::<T>::insert(provider, model, Commitment { amount, unlock: None });
		Ledgers::<T>::insert(provider, ledger);
		Self::deposit_event(Event::Committed { provider: provider.clone(), model, amount });
		Ok(())
	}

	/// Nothing that was committed becomes free on the way, also where less is asked for now: it answers for past work still.
	fn recommit(provider: &AccountId32, model: ModelId, amount: Balance) -> DispatchResult {
		let released = |old: &Commitment| old.unlock.is_some();
		let Some(old) = Commitments::<T>::get(provider, model).filter(released) else {
			return Self::commit(provider, model, amount);
		};
		let mut ledger = Self::ledger(provider)?;
		let amount = amount.max(old.amount);
		let lacking = amount.saturating_sub(old.amount); // the larger of the two
		ensure!(lacking <= ledger.free(), Error::<T>::NotEnoughFreeBond);
		ledger.committed =
			ledger.committed.checked_add(lacking).ok_or(Error::<T>::NotEnoughFreeBond)?;
		Commitments::<T>::insert(provider, model, Commitment { amount, unlock: None });
		Ledgers::<T>::insert(provider, ledger);
		Self::deposit_event(Event::Committed { provider: provider.clone(), model, amount });
		Ok(())
	}

	fn committed(provider: &AccountId32, model: ModelId) -> Balance {
		Commitments::<T>::get(provider, model).map_or(0, |commitment| commitment.amount)
	}

	/// Releasing twice does not begin the lock anew.
	fn release(provider: &AccountId32, model: ModelId) {
		let Some(mut commitment) = Commitments::<T>::get(provider, model) else {
			log::warn!(target: LOG_TARGET, "nothing to release for {provider:?} in model {model}");
			return;
		};
		if commitment.unlock.is_some() {
			return;
		}
		// Saturating: a block number at its maximum means never, which is what an overflow would be.
		let unlock = Self::now().saturating_add(T::LeaveLock::get());
		commitment.unlock = Some(unlock);
		Commitments::<T>::insert(provider, model, commitment);
		Self::deposit_event(Event::CommitmentReleased {
			provider: provider.clone(),
			model,
			unlock,
		});
	}

	fn fine(
		provider: &AccountId32,
		model: ModelId,
		fault: Fault,
		prover: Option<&AccountId32>,
	) -> Balance {
		Self::do_fine(provider, model, fault, prover)
	}

	fn note_work(provider: &AccountId32, points: Points) {
		Ledgers::<T>::mutate_extant(provider, |ledger| {
			// Saturating: a reputation is for reading, nothing is paid by it.
			ledger.reputation.units = ledger.reputation.units.saturating_add(1);
			ledger.reputation.points = ledger.reputation.points.saturating_add(points);
		});
	}

	fn note_absence(provider: &AccountId32) {
		Ledgers::<T>::mutate_extant(provider, |ledger| {
			// Saturating: as above.
			ledger.reputation.absences = ledger.reputation.absences.saturating_add(1);
		});
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_settle_commitment(provider: AccountId32, model: ModelId) -> DispatchResult {
		let commitment = Commitments::<T>::get(&provider, model).ok_or(Error::<T>::NoCommitment)?;
		ensure!(commitment.unlock.is_some(), Error::<T>::NotReleased);
		ensure!(commitment.is_over(Self::now()), Error::<T>::CommitmentLocked);
		ensure!(!T::Work::has_open_units(&provider, model), Error::<T>::OpenUnits);
		let mut ledger = Self::ledger(&provider)?;
		let amount = commitment.amount;
		ledger.committed = ledger.committed.checked_sub(amount).ok_or(Error::<T>::NoCommitment)?;
		Commitments::<T>::remove(&provider, model);
		Ledgers::<T>::insert(&provider, ledger);
		Self::deposit_event(Event::CommitmentSettled { provider, model, amount });
		Ok(())
	}
}
