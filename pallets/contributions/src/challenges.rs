//! Challenges, and what the end of a game means for the unit it was about.

use cairn_primitives::{
	traits::{DisputeOutcome, Disputes, Fault, Providers, Seats},
	Balance, Hash, UnitId,
};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{fungible::MutateHold, Get},
};

use crate::{
	lots::tried_too, AccountIdOf, AuditOf, AuditState, Audits, Challenge, Challenges, Config,
	Error, Event, HoldReason, Pallet, UnitOf,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_challenge(
		who: AccountIdOf<T>,
		id: UnitId,
		checkpoints: Hash,
	) -> DispatchResult {
		let challenger = Self::provider_of(&who)?;
		let unit = Self::attested_unit(&id)?;
		Self::check_challengeable(&id, &unit)?;
		ensure!(unit.provider != challenger, Error::<T>::OwnUnit);
		let entitlement = T::Seats::entitlement(&challenger, id.model);
		ensure!(entitlement.covers(id.stage), Error::<T>::NotEntitled);
		ensure!(checkpoints != unit.checkpoints, Error::<T>::SameCheckpoints);
		let is_auditor =
			Audits::<T>::get(id).is_some_and(|audit| audit.auditor() == Some(&challenger));
		ensure!(!is_auditor, Error::<T>::AuditorCannotChallenge);
		let mut challenges = Challenges::<T>::get(id);
		let is_new = challenges.iter().all(|challenge| challenge.by != challenger);
		ensure!(is_new, Error::<T>::AlreadyChallenged);

		let bond = Self::bond_of_challenge(&unit, challenges.len());
		challenges
			.try_push(Challenge { by: challenger.clone(), bond })
			.map_err(|_| Error::<T>::TooManyChallenges)?;
		T::Currency::hold(&HoldReason::Challenge.into(), &challenger, bond)?;
		let samples = Self::window_of(id.model, id.window)?.samples;
		let context = unit.context(Self::genesis(), id, samples);
		T::Disputes::open(context, unit.provider, challenger.clone(), checkpoints)?;
		Challenges::<T>::insert(id, challenges);
		Self::deposit_event(Event::UnitChallenged { unit: id, challenger });
		Ok(())
	}

	/// What a challenge puts up: what the unit's work is worth, as an honest worker's bond counts it, and twice as much for each
	/// challenge that is open, so that nobody can keep honest challengers out for little.
	pub(crate) fn bond_of_challenge(unit: &UnitOf<T>, open: usize) -> Balance {
		let bond = T::ChallengeBond::get().max(T::Providers::required_bond(unit.points));
		// Saturating: nobody has that much. Fewer than 2³² challenges are open.
		bond.saturating_mul(2u128.saturating_pow(open as u32))
	}

	/// The auditor lost its game: it accused falsely, and somebody else is to look.
	fn reject_accusation(
		id: UnitId,
		unit: UnitOf<T>,
		mut audit: AuditOf<T>,
		auditor: &AccountIdOf<T>,
	) {
		Self::accusation_over(auditor, id.model);
		Self::punish_auditor(auditor, id.model, &unit.provider);
		tried_too::<T>(&mut audit, auditor.clone());
		// Who accuses has seen the inputs, and who wins by the rules must not lose by them.
		audit.unavailable = 0;
		Audits::<T>::remove(id);
		Self::await_auditor(id, unit, audit);
		Self::conclude_gate(&id);
	}

	/// A challenger lost its game, and its bond with it.
	fn reject_challenge(id: UnitId, unit: &UnitOf<T>, challenger: &AccountIdOf<T>) {
		let mut challenges = Challenges::<T>::get(id);
		let Some(place) = challenges.iter().position(|other| other.by == *challenger) else {
			return;
		};
		let challenge = challenges.remove(place);
		if challenges.is_empty() {
			Challenges::<T>::remove(id);
		} else {
			Challenges::<T>::insert(id, challenges);
		}
		Self::take_bond(HoldReason::Challenge, challenger, challenge.bond, Some(&unit.provider));
	}
}

impl<T: Config> DisputeOutcome for Pallet<T> {
	type AccountId = AccountIdOf<T>;

	fn refuted(id: &UnitId, challenger: &AccountIdOf<T>) -> DispatchResult {
		let unit = Self::attested_unit(id)?;
		ensure!(unit.is_pending(), Error::<T>::AlreadyDecided);
		Self::refute(*id, unit, Fault::Unit, Some(challenger));
		Ok(())
	}

	fn upheld(id: &UnitId, challenger: &AccountIdOf<T>) -> DispatchResult {
		let unit = Self::attested_unit(id)?;
		Self::deposit_event(Event::UnitUpheld { unit: *id, challenger: challenger.clone() });
		match Audits::<T>::get(id) {
			Some(audit) if audit.is_accused_by(challenger) => {
				Self::reject_accusation(*id, unit, audit, challenger)
			},
			_ => Self::reject_challenge(*id, &unit, challenger),
		}
		Ok(())
	}
}

impl<AccountId: PartialEq> crate::Audit<AccountId> {
	/// Who audits or approved the unit.
	pub fn auditor(&self) -> Option<&AccountId> {
		match &self.state {
			AuditState::Drawing { .. } => None,
			AuditState::Assigned { auditor, .. }
			| AuditState::Answered { auditor, .. }
			| AuditState::Accused { auditor } => Some(auditor),
		}
	}

	/// Whether the auditor's game is open.
	fn is_accused_by(&self, who: &AccountId) -> bool {
		matches!(&self.state, AuditState::Accused { auditor } if auditor == who)
	}
}
