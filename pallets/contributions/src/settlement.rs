//! How work becomes final: what speaks against it, and what it mints.

use cairn_primitives::{
	traits::{Disputes, Providers, Shares},
	Balance, ModelSpec, Points, UnitId,
};
use frame_support::{dispatch::DispatchResult, ensure, storage::with_storage_layer};
use sp_runtime::DispatchError;

use crate::{
	types::bit, AccountIdOf, AuditState, Audits, Check, Config, Error, Event, Item, Lots, Pallet,
	Phase, Records, Stages, UnitOf, Units, VoidReason, WindowRow,
};

/// What is to become of a unit or an audit.
enum Fate {
	/// It earns.
	Earned,
	/// It earns nothing.
	Void(VoidReason),
}

impl<T: Config> Pallet<T> {
	/// Finalise what is pending of a unit: the work, its audit, or both. If neither can be, the error is that of the work,
	/// or of the audit if the work is decided already.
	pub(crate) fn do_finalise(id: UnitId) -> DispatchResult {
		let was_pending = Self::attested_unit(&id)?.is_pending();
		let work = with_storage_layer(|| Self::settle_work(id));
		let audit = with_storage_layer(|| Self::settle_audit(id));
		match (work, audit) {
			(Ok(()), _) | (_, Ok(())) => Ok(()),
			(Err(error), _) if was_pending => Err(error),
			(_, error) => error,
		}
	}

	pub(crate) fn settle(item: &Item) -> DispatchResult {
		match item {
			Item::Work(id) => Self::settle_work(*id),
			Item::Audit(id) => Self::settle_audit(*id),
		}
	}

	fn settle_work(id: UnitId) -> DispatchResult {
		let unit = Self::attested_unit(&id)?;
		ensure!(unit.is_pending(), Error::<T>::NothingPending);
		let row = Self::window_of(id.model, id.window)?;
		match Self::fate_of_work(&id, &unit, &row)? {
			Fate::Earned => {
				let shares = Self::mint(&id, &unit.provider, unit.points, row.samples)?;
				Self::note_clean(&unit, &id, &Self::spec(id.model)?);
				let (provider, points) = (unit.provider.clone(), unit.points);
				Self::close(&id, unit, Phase::Final);
				Self::deposit_event(Event::UnitFinalised { unit: id, provider, points, shares });
			},
			Fate::Void(reason) => {
				let provider = unit.provider.clone();
				Self::close(&id, unit, Phase::Void(reason));
				Self::deposit_event(Event::UnitVoided { unit: id, provider, reason });
			},
		}
		Ok(())
	}

	/// What a pending unit comes to. The order matters: nothing is decided while anybody can still prove something.
	fn fate_of_work(id: &UnitId, unit: &UnitOf<T>, row: &WindowRow) -> Result<Fate, DispatchError> {
		let stage = Stages::<T>::get((id.model, id.window, id.stage));
		ensure!(stage.lots != Lots::Waiting, Error::<T>::LotsNotDrawn);
		ensure!(unit.check != Check::Open, Error::<T>::AuditOpen);
		ensure!(row.open_suspicions & bit(id.lane) == 0, Error::<T>::SuspicionOpen);
		ensure!(!T::Disputes::is_contested(id), Error::<T>::Contested);
		if stage.lots == Lots::Void {
			return Ok(Fate::Void(VoidReason::Window));
		}
		if Records::<T>::get(&unit.provider, id.model).generation != unit.generation {
			return Ok(Fate::Void(VoidReason::Forfeited));
		}
		ensure!(Self::now() >= unit.due, Error::<T>::NotDue);
		if stage.majority_root() != Some(unit.shard_before) {
			return Ok(Fate::Void(VoidReason::Minority));
		}
		Ok(Fate::Earned)
	}

	fn settle_audit(id: UnitId) -> DispatchResult {
		let audit = Audits::<T>::get(id).ok_or(Error::<T>::NothingPending)?;
		let AuditState::Answered { auditor, index, due, generation, .. } = audit.state else {
			return Err(Error::<T>::AuditOpen.into());
		};
		let unit = Self::attested_unit(&id)?;
		ensure!(!T::Disputes::is_contested(&id), Error::<T>::Contested);
		let points = unit.audit_points();
		if Records::<T>::get(&auditor, id.model).generation != generation {
			Audits::<T>::remove(id);
			Self::dequeue(&auditor, id.model, index, generation, points);
			let reason = VoidReason::Forfeited;
			Self::deposit_event(Event::AuditVoided { unit: id, auditor, reason });
			return Ok(());
		}
		ensure!(Self::now() >= due, Error::<T>::NotDue);
		let row = Self::window_of(id.model, id.window)?;
		let shares = Self::mint(&id, &auditor, points, row.samples)?;
		Audits::<T>::remove(id);
		Self::dequeue(&auditor, id.model, index, generation, points);
		Self::deposit_event(Event::AuditFinalised { unit: id, auditor, points, shares });
		Ok(())
	}

	/// Mint shares for verified work, at the rate of when it was done.
	fn mint(
		id: &UnitId,
		provider: &AccountIdOf<T>,
		points: Points,
		samples: u64,
	) -> Result<Balance, DispatchError> {
		if points == 0 {
			return Ok(0);
		}
		let shares = T::Shares::mint(id.model, provider, points, samples)?;
		T::Providers::note_work(provider, points);
		Ok(shares)
	}

	/// Count a final unit for its provider's audit rate, if it was worth a whole window: a low rate is not to be had for
	/// less work than it saves.
	fn note_clean(unit: &UnitOf<T>, id: &UnitId, spec: &ModelSpec) {
		if unit.is_whole(spec) {
			Records::<T>::mutate(&unit.provider, id.model, |record| {
				record.clean = record.clean.saturating_add(1) // only compared with VETERAN_UNITS
			});
		}
	}

	/// Decide the fate of a pending unit.
	pub(crate) fn close(id: &UnitId, mut unit: UnitOf<T>, phase: Phase) {
		Self::dequeue(&unit.provider, id.model, unit.index, unit.generation, unit.points);
		unit.phase = phase;
		Units::<T>::insert(id, unit);
	}
}
