//! What is true after every block.

use crate::{
	AccountIdOf, Candidates, Config, Current, HoldReason, MinValidators, Pallet, Planned, Queue,
	SeatsOf, Slashes, Status, WaitingCount,
};
use alloc::collections::BTreeSet;
use frame_support::{
	ensure,
	traits::{fungible::InspectHold, Get},
};
use pallet_session::Pallet as Session;
use sp_runtime::{
	traits::{SaturatedConversion, Zero},
	TryRuntimeError,
};

impl<T: Config> Pallet<T> {
	/// The invariants of this pallet.
	///
	/// 1. The bond of every row is the amount on hold for its account; nobody else has one on hold.
	/// 2. The queue names exactly the rows that are `Queued`, each once.
	/// 3. As many candidates wait as are counted, and no more than `MaxCandidates`.
	/// 4. The planned set names exactly the rows that are `Active`, `Leaving` or `Ejected`, each
	///    once.
	/// 5. The planned set is not smaller than the floor, and a chain with validators has a floor.
	/// 6. The set of the current session is the session pallet's, in the same order, and every
	///    validator of it has a row still: its bond answers for what it does.
	/// 7. The planned set is the one that the session pallet has queued, in the same order.
	/// 8. Slashes are remembered only for sessions whose offences are punished, and for no less
	///    than `MinSlash`; whoever was slashed is out, or ejected with at least that fraction.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_rows()?;
		Self::check_sets()?;
		Self::check_slashes()
	}

	fn check_rows() -> Result<(), TryRuntimeError> {
		let reason = HoldReason::ValidatorBond.into();
		let (mut queued, mut seated, mut waiting) = (BTreeSet::new(), BTreeSet::new(), 0u32);
		for (who, candidacy) in Candidates::<T>::iter() {
			ensure!(
				<T as Config>::Currency::balance_on_hold(&reason, &who) == candidacy.bond,
				"1: a bond is not the amount on hold"
			);
			waiting = waiting.saturating_add(candidacy.status.is_waiting().into());
			if candidacy.status.has_seat() {
				seated.insert(who);
			} else if candidacy.status == Status::Queued {
				queued.insert(who);
			}
		}
		for (who, _) in frame_system::Account::<T>::iter() {
			ensure!(
				Candidates::<T>::contains_key(&who)
					|| <T as Config>::Currency::balance_on_hold(&reason, &who) == Zero::zero(),
				"1: an account without a row has a bond on hold"
			);
		}
		let queue = Queue::<T>::get();
		ensure!(queue.len() == queued.len(), "2: the queue has too many or too few entries");
		ensure!(queue.iter().all(|who| queued.contains(who)), "2: a stranger is in the queue");
		ensure!(WaitingCount::<T>::get() == waiting, "3: the count of waiting candidates is wrong");
		ensure!(waiting <= T::MaxCandidates::get(), "3: too many candidates wait");
		let planned = Planned::<T>::get();
		ensure!(planned.len() == seated.len(), "4: the planned set has too many or too few seats");
		ensure!(
			planned.iter().all(|seat| seated.contains(&seat.who)),
			"4: a stranger is in the planned set"
		);
		Ok(())
	}

	fn check_sets() -> Result<(), TryRuntimeError> {
		let planned = Planned::<T>::get();
		let floor: usize = MinValidators::<T>::get().saturated_into();
		ensure!(planned.len() >= floor, "5: the planned set is smaller than the floor");
		ensure!((floor == 0) == planned.is_empty(), "5: a chain with validators has no floor");
		if planned.is_empty() {
			return Ok(());
		}
		let current = Current::<T>::get();
		ensure!(
			Self::names(&current, Session::<T>::validators().iter()),
			"6: the current set is not the session pallet's"
		);
		ensure!(
			current.iter().all(|seat| Candidates::<T>::contains_key(&seat.who)),
			"6: a validator has no row"
		);
		ensure!(
			Self::names(&planned, Session::<T>::queued_keys().iter().map(|(who, _)| who)),
			"7: the planned set is not the one queued by the session pallet"
		);
		Ok(())
	}

	fn check_slashes() -> Result<(), TryRuntimeError> {
		let now = Session::<T>::current_index();
		for (session, who, slash) in Slashes::<T>::iter() {
			ensure!(
				session >= Self::oldest_punishable(now) && session <= now,
				"8: a slash is remembered for a session that is not punished"
			);
			ensure!(slash.fraction >= T::MinSlash::get(), "8: a slash is below the least");
			match Candidates::<T>::get(&who).map(|candidacy| candidacy.status) {
				Some(Status::Ejected { fraction }) => {
					ensure!(fraction >= slash.fraction, "8: an ejection is milder than its offence")
				},
				Some(Status::Unbonding { .. }) => {},
				_ => return Err("8: an offender was let off".into()),
			}
		}
		Ok(())
	}

	fn names<'a>(seats: &SeatsOf<T>, validators: impl Iterator<Item = &'a AccountIdOf<T>>) -> bool {
		seats.iter().map(|seat| &seat.who).eq(validators)
	}
}
