//! What a fault costs, and where lost bonds go.

use cairn_primitives::{
	traits::{Disputes, Fault, Models, Providers, Seats},
	Balance, ModelId, UnitId,
};
use frame_support::traits::{
	fungible::MutateHold,
	tokens::{Fortitude, Precision, Restriction},
	Get,
};
use sp_runtime::{traits::Saturating, Permill};

use crate::{
	AccountIdOf, AuditState, Audits, Challenges, Config, Event, HoldReason, Pallet, Phase, Records,
	UnitOf, VoidReason, LOG_TARGET,
};

/// Part of a lost bond that goes to whoever was bothered.
const TO_WRONGED: Permill = Permill::from_percent(50);
/// Part of a lost bond that is burned. The treasury gets what remains.
const TO_BURN: Permill = Permill::from_percent(30);

impl<T: Config> Pallet<T> {
	/// A pending unit is refuted: it is void, its worker's escrow in the model is void, and its bond is fined.
	pub(crate) fn refute(
		id: UnitId,
		unit: UnitOf<T>,
		fault: Fault,
		prover: Option<&AccountIdOf<T>>,
	) {
		Self::end_audit(id, &unit, fault);
		let provider = unit.provider.clone();
		Self::close(&id, unit, Phase::Void(VoidReason::Refuted));
		Self::forfeit_points(&provider, id.model);
		T::Disputes::moot(&id);
		Self::return_challenges(&id);
		let fine = Self::punish(&provider, id.model, fault, prover);
		let prover = prover.cloned();
		Self::deposit_event(Event::UnitRefuted { unit: id, provider, fault, prover, fine });
		Self::conclude_gate(&id);
	}

	/// What a provider has in escrow in a model is void, and its next units are audited.
	pub(crate) fn forfeit_points(provider: &AccountIdOf<T>, model: ModelId) {
		Records::<T>::mutate(provider, model, |record| record.fault());
	}

	/// Fine a provider, and expel it from the model if what is left of its bond is too little.
	pub(crate) fn punish(
		provider: &AccountIdOf<T>,
		model: ModelId,
		fault: Fault,
		prover: Option<&AccountIdOf<T>>,
	) -> Balance {
		let fine = T::Providers::fine(provider, model, fault, prover);
		let required = T::Models::bonded_points(model).map(T::Providers::required_bond);
		if required.is_none_or(|required| T::Providers::committed(provider, model) < required) {
			T::Seats::expel(provider, model);
		}
		fine
	}

	/// An auditor approved without the work, or accused falsely: its own next units are audited, too.
	pub(crate) fn punish_auditor(
		auditor: &AccountIdOf<T>,
		model: ModelId,
		wronged: &AccountIdOf<T>,
	) -> Balance {
		Records::<T>::mutate(auditor, model, |record| record.put_on_probation());
		Self::punish(auditor, model, Fault::Audit, Some(wronged))
	}

	/// The audit of a refuted unit is over. Who approved what a game refuted is not paid; it is not fined either, because
	/// a game can also be lost by the clock.
	fn end_audit(id: UnitId, unit: &UnitOf<T>, fault: Fault) {
		let Some(audit) = Audits::<T>::get(id) else { return };
		match &audit.state {
			AuditState::Drawing { .. } | AuditState::Assigned { .. } => {},
			AuditState::Accused { auditor } => Self::accusation_over(auditor, id.model),
			AuditState::Answered { .. } if fault == Fault::Unit => {
				Self::void_answer(id, unit, &audit, VoidReason::Audit)
			},
			// Re-executing it was right: the unit is refuted for what came before it or crossed beside it.
			AuditState::Answered { .. } => return,
		}
		Audits::<T>::remove(id);
	}

	/// A unit is refuted: those who challenged it get their bonds back.
	fn return_challenges(id: &UnitId) {
		for challenge in Challenges::<T>::take(id) {
			Self::return_bond(HoldReason::Challenge, &challenge.by, challenge.bond);
		}
	}

	pub(crate) fn return_bond(reason: HoldReason, who: &AccountIdOf<T>, bond: Balance) {
		let returned = T::Currency::release(&reason.into(), who, bond, Precision::Exact);
		if let Err(error) = returned {
			// Never: the bond is on hold since it was put up (invariant 4).
			log::error!(target: LOG_TARGET, "a bond of {bond} was not on hold: {error:?}");
		}
	}

	/// A bond is lost: half of it goes to whoever was wronged, 30 % are burned, the rest goes to the treasury, as does what
	/// nobody can receive.
	pub(crate) fn take_bond(
		reason: HoldReason,
		from: &AccountIdOf<T>,
		bond: Balance,
		wronged: Option<&AccountIdOf<T>>,
	) {
		let (half, burned) = (TO_WRONGED.mul_floor(bond), TO_BURN.mul_floor(bond));
		let mut rest = bond.saturating_sub(half).saturating_sub(burned); // parts of the bond
		let is_paid = wronged.is_some_and(|to| Self::pay_held(&reason, from, to, half));
		if !is_paid {
			rest.saturating_accrue(half); // parts of the bond
		}
		let is_taken = Self::pay_held(&reason, from, &T::Treasury::get(), rest);
		let left = if is_taken { burned } else { burned.saturating_add(rest) };
		let burnt = T::Currency::burn_held(
			&reason.into(),
			from,
			left,
			Precision::BestEffort,
			Fortitude::Force,
		);
		if let Err(error) = burnt {
			log::error!(target: LOG_TARGET, "a bond of {left} could not be burned: {error:?}");
		}
	}

	/// Pay from what is on hold; whether the receiver could take it.
	fn pay_held(
		reason: &HoldReason,
		from: &AccountIdOf<T>,
		to: &AccountIdOf<T>,
		amount: Balance,
	) -> bool {
		T::Currency::transfer_on_hold(
			&(*reason).into(),
			from,
			to,
			amount,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)
		.is_ok()
	}
}
