//! What auditors answer, and what becomes of their answers.

use cairn_primitives::{
	attestation::{audit_root, checkpoints_root, Verdict},
	traits::Disputes,
	Hash, UnitId,
};
use frame_support::{dispatch::DispatchResult, ensure};
use sp_runtime::DispatchError;

use crate::{
	lots::{tried_too, Seed},
	AccountIdOf, AuditOf, AuditState, Audits, Check, Config, Error, Event, Item, Leaves, Pallet,
	UnitOf, Units, VoidReason,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_redraw_audit(id: UnitId) -> DispatchResult {
		let mut audit = Self::audit_of(&id)?;
		let unit = Self::attested_unit(&id)?;
		let spec = Self::spec(id.model)?;
		let seed_at = match &audit.state {
			AuditState::Drawing { seed_at } => *seed_at,
			AuditState::Assigned { auditor, deadline } => {
				ensure!(Self::now() > *deadline, Error::<T>::AuditorHasTime);
				let (auditor, deadline) = (auditor.clone(), *deadline);
				tried_too::<T>(&mut audit, auditor);
				// Nobody knew the deadline's randomness when it was set, and nobody chooses when to ask for it.
				deadline
			},
			_ => return Err(Error::<T>::AuditAnswered.into()),
		};
		match Self::seed(seed_at)? {
			Seed::Known(seed) => Self::assign(&spec, id, unit, audit, seed),
			Seed::Forgotten => Self::await_auditor(id, unit, audit),
		}
		Self::conclude_gate(&id);
		Ok(())
	}

	pub(crate) fn do_verdict(who: AccountIdOf<T>, id: UnitId, verdict: Verdict) -> DispatchResult {
		let auditor = Self::provider_of(&who)?;
		let audit = Self::assignment(&id, &auditor)?;
		let unit = Self::attested_unit(&id)?;
		match verdict {
			Verdict::Ok { audit_root } => Self::approve(id, unit, audit, auditor, audit_root),
			Verdict::Bad { checkpoints } => Self::accuse(id, unit, audit, auditor, checkpoints),
		}
	}

	/// The audit of a unit, if it is `auditor`'s and can be answered still.
	fn assignment(id: &UnitId, auditor: &AccountIdOf<T>) -> Result<AuditOf<T>, DispatchError> {
		let audit = Self::audit_of(id)?;
		let AuditState::Assigned { auditor: assigned, deadline } = &audit.state else {
			return Err(Error::<T>::NotTheAuditor.into());
		};
		ensure!(assigned == auditor, Error::<T>::NotTheAuditor);
		ensure!(Self::now() <= *deadline, Error::<T>::AuditTooLate);
		Ok(audit)
	}

	fn audit_of(id: &UnitId) -> Result<AuditOf<T>, DispatchError> {
		Audits::<T>::get(id).ok_or(Error::<T>::NotAudited.into())
	}

	fn approve(
		id: UnitId,
		mut unit: UnitOf<T>,
		mut audit: AuditOf<T>,
		auditor: AccountIdOf<T>,
		root: Hash,
	) -> DispatchResult {
		let due = Self::due(&Self::spec(id.model)?, Self::now());
		let pay = unit.audit_points();
		let (index, generation) = Self::enqueue(&auditor, id.model, Item::Audit(id), pay)?;

		audit.state =
			AuditState::Answered { auditor: auditor.clone(), root, index, due, generation };
		Audits::<T>::insert(id, audit);
		unit.check = Check::Approved;
		Units::<T>::insert(id, unit);
		Self::deposit_event(Event::UnitApproved { unit: id, auditor });
		Self::conclude_gate(&id);
		Ok(())
	}

	fn accuse(
		id: UnitId,
		unit: UnitOf<T>,
		mut audit: AuditOf<T>,
		auditor: AccountIdOf<T>,
		checkpoints: Hash,
	) -> DispatchResult {
		ensure!(checkpoints != unit.checkpoints, Error::<T>::SameCheckpoints);
		let samples = Self::window_of(id.model, id.window)?.samples;
		let context = unit.context(Self::genesis(), id, samples);

		T::Disputes::open(context, unit.provider, auditor.clone(), checkpoints)?;
		Self::accusation_made(&auditor, id.model)?;
		audit.state = AuditState::Accused { auditor: auditor.clone() };
		Audits::<T>::insert(id, audit);
		Self::deposit_event(Event::UnitAccused { unit: id, auditor });
		Ok(())
	}

	pub(crate) fn do_report_unavailable(who: AccountIdOf<T>, id: UnitId) -> DispatchResult {
		let auditor = Self::provider_of(&who)?;
		let mut audit = Self::assignment(&id, &auditor)?;
		let unit = Self::attested_unit(&id)?;

		Self::deposit_event(Event::InputsMissed { unit: id, auditor: auditor.clone() });
		audit.unavailable = audit.unavailable.saturating_add(1); // at most MAX_AUDITORS are asked
		tried_too::<T>(&mut audit, auditor);
		Self::await_auditor(id, unit, audit);
		Self::conclude_gate(&id);
		Ok(())
	}

	pub(crate) fn do_expose_audit(
		who: AccountIdOf<T>,
		id: UnitId,
		leaves: Leaves,
	) -> DispatchResult {
		let worker = Self::provider_of(&who)?;
		let unit = Self::attested_unit(&id)?;
		ensure!(unit.provider == worker, Error::<T>::NotYourUnit);
		let mut audit = Audits::<T>::get(id).ok_or(Error::<T>::NotApproved)?;
		let AuditState::Answered { auditor, root, .. } = audit.state.clone() else {
			return Err(Error::<T>::NotApproved.into());
		};
		let genesis = Self::genesis();
		let attested = checkpoints_root(genesis, &id, &leaves);
		ensure!(attested == unit.checkpoints, Error::<T>::LeavesDoNotMatch);
		let expected = audit_root(genesis, &id, &auditor, &leaves);
		ensure!(expected != root, Error::<T>::AuditIsRight);

		Self::void_answer(id, &unit, &audit, VoidReason::Audit);
		Audits::<T>::remove(id);
		if unit.is_pending() {
			tried_too::<T>(&mut audit, auditor.clone());
			// Who approves says that the inputs are there, and nobody is to lose by exposing a lie.
			audit.unavailable = 0;
			Self::await_auditor(id, unit, audit);
			Self::conclude_gate(&id);
		}
		let fine = Self::punish_auditor(&auditor, id.model, &worker);
		Self::deposit_event(Event::AuditExposed { unit: id, auditor, fine });
		Ok(())
	}

	/// Take the pay of an answered audit out of escrow.
	pub(crate) fn void_answer(
		id: UnitId,
		unit: &UnitOf<T>,
		audit: &AuditOf<T>,
		reason: VoidReason,
	) {
		if let AuditState::Answered { auditor, index, generation, .. } = &audit.state {
			Self::dequeue(auditor, id.model, *index, *generation, unit.audit_points());
			let auditor = auditor.clone();
			Self::deposit_event(Event::AuditVoided { unit: id, auditor, reason });
		}
	}
}
