//! What happens to validators who equivocate.

use crate::{
	AccountIdOf, BalanceOf, Candidates, Config, Event, Exposure, HoldReason, Pallet, Slash,
	Slashes, Status, WeightInfo, LOG_TARGET,
};
use frame_support::{
	traits::{
		fungible::{Balanced, BalancedHold},
		Get, Imbalance, OnUnbalanced,
	},
	weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_session::Pallet as Session;
use sp_runtime::{
	traits::{SaturatedConversion, Zero},
	Perbill, Saturating,
};
use sp_staking::{
	offence::{OffenceDetails, OffenceSeverity, OnOffenceHandler},
	SessionIndex,
};

/// A validator with what it answers with, as proofs of misbehaviour name it.
type Offender<T> = (AccountIdOf<T>, Exposure<BalanceOf<T>>);

impl<T: Config> OnOffenceHandler<AccountIdOf<T>, Offender<T>, Weight> for Pallet<T> {
	fn on_offence(
		offenders: &[OffenceDetails<AccountIdOf<T>, Offender<T>>],
		slash_fraction: &[Perbill],
		session: SessionIndex,
	) -> Weight {
		for (details, fraction) in offenders.iter().zip(slash_fraction) {
			Self::punish(details, *fraction, session);
		}
		<T as Config>::WeightInfo::on_offence(offenders.len().saturated_into())
	}
}

impl<T: Config> Pallet<T> {
	/// Slashes, ejects and disables an offender, unless it has paid as much for this session.
	fn punish(
		details: &OffenceDetails<AccountIdOf<T>, Offender<T>>,
		fraction: Perbill,
		session: SessionIndex,
	) {
		let (who, exposure) = &details.offender;
		if session < Self::oldest_punishable(Session::<T>::current_index()) {
			log::warn!(target: LOG_TARGET, "offence of {who:?} in session {session}: too old");
			return;
		}
		let Some(mut candidacy) = Candidates::<T>::get(who) else { return };
		let fraction = fraction.max(T::MinSlash::get());
		let Some(owed) = Self::owed(session, who, exposure.bond, fraction) else { return };

		let reporter = details.reporters.first().filter(|reporter| *reporter != who);
		let (paid, reward) = Self::take_from_bond(who, owed.min(candidacy.bond), reporter);
		Self::record_slash(session, who, fraction, paid);
		// Saturating: no more is taken than the bond.
		candidacy.bond = candidacy.bond.saturating_sub(paid);
		candidacy.status = Self::eject(who, candidacy.status, fraction, session);
		Candidates::<T>::insert(who, candidacy);

		Self::deposit_event(Event::Slashed { who: who.clone(), session, amount: paid, reward });
		Session::<T>::report_offence(who.clone(), OffenceSeverity(fraction));
	}

	/// What an offender has still to pay for a session; `None` if an earlier report asked for as
	/// much.
	///
	/// Reports of one session are not added up: the largest counts. The bond is that of the
	/// session, so that nobody pays less by having been slashed, or more by having added to the
	/// bond since.
	fn owed(
		session: SessionIndex,
		who: &AccountIdOf<T>,
		bond: BalanceOf<T>,
		fraction: Perbill,
	) -> Option<BalanceOf<T>> {
		let due = fraction.mul_ceil(bond);
		let Some(slash) = Slashes::<T>::get(session, who) else { return Some(due) };
		// Saturating: a smaller fraction of the same bond is not more.
		(fraction > slash.fraction).then(|| due.saturating_sub(slash.fraction.mul_ceil(bond)))
	}

	/// Takes from a held bond and hands it out. Returns what was taken, and the reporter's part of
	/// it.
	fn take_from_bond(
		who: &AccountIdOf<T>,
		amount: BalanceOf<T>,
		reporter: Option<&AccountIdOf<T>>,
	) -> (BalanceOf<T>, BalanceOf<T>) {
		let reason = HoldReason::ValidatorBond.into();
		let (credit, _missing) = <T as Config>::Currency::slash(&reason, who, amount);
		let paid = credit.peek();
		let share = match reporter {
			Some(_) => T::ReporterShare::get().mul_floor(paid),
			None => Zero::zero(),
		};
		let (reward, rest) = credit.split(share);
		T::SlashDestination::on_unbalanced(rest);
		let Some(reporter) = reporter else { return (paid, share) };
		match <T as Config>::Currency::resolve(reporter, reward) {
			Ok(()) => (paid, share),
			// A reporter without an account cannot be paid less than the existential deposit.
			Err(unpaid) => {
				T::SlashDestination::on_unbalanced(unpaid);
				(paid, Zero::zero())
			},
		}
	}

	/// Remembers a slash, so that the same offence costs once.
	fn record_slash(
		session: SessionIndex,
		who: &AccountIdOf<T>,
		fraction: Perbill,
		paid: BalanceOf<T>,
	) {
		let before = Slashes::<T>::get(session, who).map(|slash| slash.amount).unwrap_or_default();
		// Saturating: both were part of one bond.
		let amount = before.saturating_add(paid);
		Slashes::<T>::insert(session, who, Slash { fraction, amount });
	}

	/// The status of an offender after its offence.
	fn eject(
		who: &AccountIdOf<T>,
		status: Status<BlockNumberFor<T>>,
		fraction: Perbill,
		session: SessionIndex,
	) -> Status<BlockNumberFor<T>> {
		match status {
			Status::Unbonding { .. } => status,
			Status::Ejected { fraction: before } => {
				Status::Ejected { fraction: fraction.max(before) }
			},
			Status::Active | Status::Leaving => {
				Self::deposit_event(Event::Ejected { who: who.clone(), session });
				Status::Ejected { fraction }
			},
			Status::Applied | Status::Queued => {
				Self::deposit_event(Event::Ejected { who: who.clone(), session });
				Self::stand_down(who)
			},
		}
	}
}
