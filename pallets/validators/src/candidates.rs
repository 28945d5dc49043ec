//! The life of a candidacy outside session changes: from `apply` to `withdraw`.

use crate::{
	AccountIdOf, BalanceOf, Candidacy, CandidacyOf, Candidates, Config, Current, Error, Event,
	HoldReason, MinValidators, Pallet, Planned, Queue, Status, WaitingCount,
};
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{fungible::MutateHold, tokens::Precision, Get, ValidatorRegistration},
};
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_session::{Pallet as Session, SessionInterface};
use sp_runtime::{
	traits::{CheckedAdd, SaturatedConversion, Zero},
	ArithmeticError,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_apply(who: AccountIdOf<T>, bond: BalanceOf<T>) -> DispatchResult {
		ensure!(!Candidates::<T>::contains_key(&who), Error::<T>::AlreadyCandidate);
		ensure!(bond >= T::MinBond::get(), Error::<T>::BondTooSmall);
		ensure!(Session::<T>::is_registered(&who), Error::<T>::NoSessionKeys);
		let waiting = WaitingCount::<T>::get();
		ensure!(waiting < T::MaxCandidates::get(), Error::<T>::TooManyCandidates);
		let waiting = waiting.checked_add(1).ok_or(ArithmeticError::Overflow)?;

		<T as Config>::Currency::hold(&HoldReason::ValidatorBond.into(), &who, bond)?;
		WaitingCount::<T>::put(waiting);
		Candidates::<T>::insert(&who, Candidacy { bond, status: Status::Applied });

		Self::deposit_event(Event::Applied { who, bond });
		Ok(())
	}

	pub(crate) fn do_bond_more(who: AccountIdOf<T>, amount: BalanceOf<T>) -> DispatchResult {
		let mut candidacy = Self::candidacy(&who)?;
		ensure!(Self::may_stay(&candidacy.status), Error::<T>::AlreadyLeaving);
		candidacy.bond = candidacy.bond.checked_add(&amount).ok_or(ArithmeticError::Overflow)?;

		<T as Config>::Currency::hold(&HoldReason::ValidatorBond.into(), &who, amount)?;
		Candidates::<T>::insert(&who, &candidacy);

		Self::deposit_event(Event::BondIncreased { who, amount, bond: candidacy.bond });
		Ok(())
	}

	pub(crate) fn do_approve(who: AccountIdOf<T>) -> DispatchResult {
		let mut candidacy = Self::candidacy(&who)?;
		ensure!(candidacy.status == Status::Applied, Error::<T>::NotApplied);
		ensure!(Session::<T>::is_registered(&who), Error::<T>::NoSessionKeys);

		Queue::<T>::try_append(who.clone()).map_err(|_| Error::<T>::TooManyCandidates)?;
		candidacy.status = Status::Queued;
		Candidates::<T>::insert(&who, candidacy);

		Self::deposit_event(Event::Approved { who });
		Ok(())
	}

	pub(crate) fn do_remove(who: AccountIdOf<T>) -> DispatchResult {
		let candidacy = Self::candidacy(&who)?;
		ensure!(Self::may_stay(&candidacy.status), Error::<T>::AlreadyLeaving);

		Self::deposit_event(Event::Removed { who: who.clone() });
		Self::depart(who, candidacy);
		Ok(())
	}

	pub(crate) fn do_leave(who: AccountIdOf<T>) -> DispatchResult {
		let candidacy = Self::candidacy(&who)?;
		ensure!(Self::may_stay(&candidacy.status), Error::<T>::AlreadyLeaving);

		Self::depart(who, candidacy);
		Ok(())
	}

	pub(crate) fn do_withdraw(who: AccountIdOf<T>) -> DispatchResult {
		let Candidacy { bond, status } = Self::candidacy(&who)?;
		let Status::Unbonding { unlocks_at } = status else {
			return Err(Error::<T>::StillBonded.into());
		};
		let now = frame_system::Pallet::<T>::block_number();
		ensure!(now >= unlocks_at, Error::<T>::StillLocked);
		ensure!(!Self::is_seated(&who), Error::<T>::StillSeated);

		let reason = HoldReason::ValidatorBond.into();
		<T as Config>::Currency::release(&reason, &who, bond, Precision::Exact)?;
		Candidates::<T>::remove(&who);

		Self::deposit_event(Event::Withdrawn { who, amount: bond });
		Ok(())
	}

	pub(crate) fn do_purge_keys(who: AccountIdOf<T>) -> DispatchResult {
		let gone = match Candidates::<T>::get(&who) {
			Some(candidacy) => matches!(candidacy.status, Status::Unbonding { .. }),
			None => true,
		};
		// The proof of an offence in the current session is made with the keys that are registered.
		ensure!(gone && !Self::is_seated(&who), Error::<T>::KeysInUse);

		<Session<T> as SessionInterface>::purge_keys(&who)?;

		Self::deposit_event(Event::KeysPurged { who });
		Ok(())
	}

	pub(crate) fn do_set_min_validators(min_validators: u32) -> DispatchResult {
		let size: u32 = Planned::<T>::decode_len().unwrap_or_default().saturated_into();
		ensure!(!min_validators.is_zero() && min_validators <= size, Error::<T>::FloorOutOfRange);

		MinValidators::<T>::put(min_validators);

		Self::deposit_event(Event::MinValidatorsSet { min_validators });
		Ok(())
	}

	/// Ends a candidacy at once, or schedules the end of a seat.
	fn depart(who: AccountIdOf<T>, mut candidacy: CandidacyOf<T>) {
		if candidacy.status.is_waiting() {
			candidacy.status = Self::stand_down(&who);
		} else {
			candidacy.status = Status::Leaving;
			Self::deposit_event(Event::LeaveScheduled { who: who.clone() });
		}
		Candidates::<T>::insert(&who, candidacy);
	}

	/// Takes a waiting candidate out of the count and the queue. Returns its new status.
	pub(crate) fn stand_down(who: &AccountIdOf<T>) -> Status<BlockNumberFor<T>> {
		Self::forget_waiting();
		Queue::<T>::mutate(|queue| queue.retain(|queued| queued != who));
		Self::retire(who)
	}

	/// Counts one candidate less.
	pub(crate) fn forget_waiting() {
		// Saturating: the count is of existing rows, one of which has just stopped to wait.
		WaitingCount::<T>::mutate(|waiting| *waiting = waiting.saturating_sub(1));
	}

	/// Announces that an account has nothing to do with the set any more. Returns its new status.
	pub(crate) fn retire(who: &AccountIdOf<T>) -> Status<BlockNumberFor<T>> {
		let unlocks_at = Self::unlock_block();
		Self::deposit_event(Event::Retired { who: who.clone(), unlocks_at });
		Status::Unbonding { unlocks_at }
	}

	/// Whether an account of this status has no reason to leave yet.
	fn may_stay(status: &Status<BlockNumberFor<T>>) -> bool {
		status.is_waiting() || *status == Status::Active
	}

	fn candidacy(who: &AccountIdOf<T>) -> Result<CandidacyOf<T>, Error<T>> {
		Candidates::<T>::get(who).ok_or(Error::<T>::NotCandidate)
	}

	/// Whether an account is in the set of the current session.
	fn is_seated(who: &AccountIdOf<T>) -> bool {
		Current::<T>::get().iter().any(|seat| seat.who == *who)
	}
}
