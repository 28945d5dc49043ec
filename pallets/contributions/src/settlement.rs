//! How work becomes final: what speaks against it, and what it mints.

use cairn_primitives::{
	traits::{Disputes, Providers, Shares},
	Balance, BlockNumber, ModelSpec, Points, UnitId,
};
use frame_support::{dispatch::DispatchResult, ensure};
use sp_runtime::DispatchError;

use crate::{
	queue::Escrow, types::bit, AccountIdOf, AuditState, Audits, Check, Config, Error, Event, Lots,
	Pallet, Phase, Record, Stages, UnitOf, Units, VoidReason, WindowRow,
};

/// What is to become of a unit or an audit.
enum Fate {
	/// It earns.
	Earned,
	/// It earns nothing.
	Void(VoidReason),
}

/// The answer of an audit.
pub(crate) struct Answer<AccountId> {
	auditor: AccountId,
	index: u32,
	due: BlockNumber,
	generation: u32,
}

impl<T: Config> Pallet<T> {
	/// Finalise what is pending of a unit: the work, its audit, or both. If neither can be, the error is that of the work,
	/// or of the audit if the work is decided already.
	pub(crate) fn do_finalise(id: UnitId) -> DispatchResult {
		let unit = Self::attested_unit(&id)?;
		let spec = Self::spec(id.model)?;
		let was_pending = unit.is_pending();
		match (Self::finalise_work(id, unit, &spec), Self::finalise_audit(id, &spec)) {
			(Ok(()), _) | (_, Ok(())) => Ok(()),
			(Err(error), _) if was_pending => Err(error),
			(_, error) => error,
		}
	}

	fn finalise_work(id: UnitId, unit: UnitOf<T>, spec: &ModelSpec) -> DispatchResult {
		let mut escrow = Escrow::of(unit.provider.clone(), id.model);
		Self::settle_work(id, unit, spec, &mut escrow)?;
		escrow.store();
		Ok(())
	}

	fn finalise_audit(id: UnitId, spec: &ModelSpec) -> DispatchResult {
		let answer = Self::answer_of(&id)?;
		let mut escrow = Escrow::of(answer.auditor.clone(), id.model);
		Self::settle_audit(id, answer, spec, &mut escrow)?;
		escrow.store();
		Ok(())
	}

	/// A unit, if its time in escrow is over.
	pub(crate) fn due_unit(id: &UnitId) -> Option<UnitOf<T>> {
		Units::<T>::get(id).filter(|unit| unit.due <= Self::now())
	}

	/// The answer of a unit's audit, if its time in escrow is over.
	pub(crate) fn due_answer(id: &UnitId) -> Option<Answer<AccountIdOf<T>>> {
		Self::answer_of(id).ok().filter(|answer| answer.due <= Self::now())
	}

	fn answer_of(id: &UnitId) -> Result<Answer<AccountIdOf<T>>, DispatchError> {
		match Audits::<T>::get(id).ok_or(Error::<T>::NothingPending)?.state {
			AuditState::Answered { auditor, index, due, generation, .. } => {
				Ok(Answer { auditor, index, due, generation })
			},
			_ => Err(Error::<T>::AuditOpen.into()),
		}
	}

	/// Decide the fate of a unit, in its provider's escrow. An error leaves everything as it was.
	pub(crate) fn settle_work(
		id: UnitId,
		unit: UnitOf<T>,
		spec: &ModelSpec,
		escrow: &mut Escrow<T>,
	) -> DispatchResult {
		ensure!(unit.is_pending(), Error::<T>::NothingPending);
		let row = Self::window_of(id.model, id.window)?;
		match Self::fate_of_work(&id, &unit, &row, &escrow.record)? {
			Fate::Earned => {
				let shares = Self::mint(&id, spec, &unit.provider, unit.points, row.samples)?;
				// A low audit rate is not to be had for less work than it saves.
				if unit.is_whole(spec) {
					escrow.record.clean = escrow.record.clean.saturating_add(1); // only compared with VETERAN_UNITS
				}
				let (provider, points) = (unit.provider.clone(), unit.points);
				Self::close_in(escrow, &id, unit, Phase::Final);
				Self::deposit_event(Event::UnitFinalised { unit: id, provider, points, shares });
			},
			Fate::Void(reason) => {
				let provider = unit.provider.clone();
				Self::close_in(escrow, &id, unit, Phase::Void(reason));
				Self::deposit_event(Event::UnitVoided { unit: id, provider, reason });
			},
		}
		Ok(())
	}

	/// What a pending unit comes to. The order matters: nothing is decided while anybody can still prove something.
	fn fate_of_work(
		id: &UnitId,
		unit: &UnitOf<T>,
		row: &WindowRow,
		record: &Record,
	) -> Result<Fate, DispatchError> {
		let stage = Stages::<T>::get((id.model, id.window, id.stage));
		ensure!(stage.lots != Lots::Waiting, Error::<T>::LotsNotDrawn);
		ensure!(unit.check != Check::Open, Error::<T>::AuditOpen);
		ensure!(row.open_suspicions & bit(id.lane) == 0, Error::<T>::SuspicionOpen);
		ensure!(!T::Disputes::is_contested(id), Error::<T>::Contested);
		if stage.lots == Lots::Void {
			return Ok(Fate::Void(VoidReason::Window));
		}
		if record.generation != unit.generation {
			return Ok(Fate::Void(VoidReason::Forfeited));
		}
		ensure!(Self::now() >= unit.due, Error::<T>::NotDue);
		if stage.majority_root() != Some(unit.shard_before) {
			return Ok(Fate::Void(VoidReason::Minority));
		}
		Ok(Fate::Earned)
	}

	/// Pay an answered audit, in its auditor's escrow. An error leaves everything as it was.
	pub(crate) fn settle_audit(
		id: UnitId,
		answer: Answer<AccountIdOf<T>>,
		spec: &ModelSpec,
		escrow: &mut Escrow<T>,
	) -> DispatchResult {
		let Answer { auditor, index, due, generation } = answer;
		let unit = Self::attested_unit(&id)?;
		ensure!(!T::Disputes::is_contested(&id), Error::<T>::Contested);
		let points = unit.audit_points();
		let event = if escrow.record.generation == generation {
			ensure!(Self::now() >= due, Error::<T>::NotDue);
			let row = Self::window_of(id.model, id.window)?;
			let shares = Self::mint(&id, spec, &auditor, points, row.samples)?;
			Event::AuditFinalised { unit: id, auditor, points, shares }
		} else {
			Event::AuditVoided { unit: id, auditor, reason: VoidReason::Forfeited }
		};
		Audits::<T>::remove(id);
		escrow.take(index, generation, points);
		Self::deposit_event(event);
		Ok(())
	}

	/// Mint shares for verified work, at the rate of when it was done.
	fn mint(
		id: &UnitId,
		spec: &ModelSpec,
		provider: &AccountIdOf<T>,
		points: Points,
		samples: u64,
	) -> Result<Balance, DispatchError> {
		if points == 0 {
			return Ok(0);
		}
		let shares = T::Shares::mint(id.model, spec, provider, points, samples)?;
		T::Providers::note_work(provider, points);
		Ok(shares)
	}

	/// Decide the fate of a pending unit.
	pub(crate) fn close(id: &UnitId, unit: UnitOf<T>, phase: Phase) {
		let mut escrow = Escrow::of(unit.provider.clone(), id.model);
		Self::close_in(&mut escrow, id, unit, phase);
		escrow.store();
	}

	fn close_in(escrow: &mut Escrow<T>, id: &UnitId, mut unit: UnitOf<T>, phase: Phase) {
		escrow.take(unit.index, unit.generation, unit.points);
		unit.phase = phase;
		Units::<T>::insert(id, unit);
	}
}
