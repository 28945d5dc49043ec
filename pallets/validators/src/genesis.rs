//! The first set, and what a runtime may not configure.
//!
//! Assertions are right here: both run while a chain is made, not while it runs.

use crate::{
	AccountIdOf, BalanceOf, Candidacy, Candidates, Config, HoldReason, MinValidators, Pallet,
	Planned, Seat, SeatsOf, Status, WeightInfo,
};
use alloc::vec::Vec;
use frame_support::traits::{fungible::MutateHold, EstimateNextSessionRotation, Get};
use sp_runtime::{
	traits::{SaturatedConversion, Zero},
	Perbill, Saturating,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_genesis(validators: &[(AccountIdOf<T>, BalanceOf<T>)], min_validators: u32) {
		if validators.is_empty() {
			assert!(min_validators.is_zero(), "a chain without validators has no floor");
			return;
		}
		assert!(min_validators > 0, "the floor of the validator set must be at least 1");
		assert!(
			validators.len() >= min_validators.saturated_into(),
			"fewer genesis validators than the floor"
		);
		for (who, bond) in validators {
			assert!(*bond >= T::MinBond::get(), "the bond of a genesis validator is below MinBond");
			assert!(!Candidates::<T>::contains_key(who), "a genesis validator is listed twice");
			let held = <T as Config>::Currency::hold(&HoldReason::ValidatorBond.into(), who, *bond);
			assert!(
				held.is_ok(),
				"a genesis validator cannot pay its bond: endow it, before this pallet's genesis"
			);
			Candidates::<T>::insert(who, Candidacy { bond: *bond, status: Status::Active });
		}
		let seats: Vec<_> =
			validators.iter().cloned().map(|(who, bond)| Seat { who, bond }).collect();
		let seats = SeatsOf::<T>::try_from(seats);
		assert!(seats.is_ok(), "more genesis validators than MaxValidators");
		Planned::<T>::put(seats.unwrap_or_default());
		MinValidators::<T>::put(min_validators);
	}

	pub(crate) fn check_config() {
		let third = Perbill::from_rational(1u32, 3u32);
		assert!(
			T::MaxChangePerSession::get() <= third,
			"GRANDPA stops if more than a third of a set is new and does not work"
		);
		assert!(T::MaxValidators::get() > 0, "there must be room for a validator");
		assert!(!T::MinBond::get().is_zero(), "a bond of nothing cannot be slashed");
		assert!(
			!T::MinSlash::get().is_zero(),
			"an offence that costs nothing would be paid by those who report it"
		);
		// An offence in session n is punished until session n + depth ends. Who leaves is retired
		// at the start of its last session and sits in it still: one session more. One more again
		// for the session in which the last report may come.
		let sessions = T::HistoryDepth::get().saturating_add(2);
		let session = T::NextSessionRotation::average_session_length();
		assert!(
			T::UnbondingPeriod::get() >= session.saturating_mul(sessions.into()),
			"bonds must stay locked for as long as offences can be proven"
		);
		let validators = T::MaxValidators::get();
		let change = <T as Config>::WeightInfo::new_session(validators, T::MaxCandidates::get())
			.saturating_add(<T as Config>::WeightInfo::start_session(validators));
		assert!(
			change.all_lte(<T as frame_system::Config>::BlockWeights::get().max_block),
			"a session change must fit in a block"
		);
	}
}
