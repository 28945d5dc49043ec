//! Suspicions of a lane: somebody vouches with a bond that a unit of it is wrong.

use alloc::vec::Vec;

use cairn_primitives::{
	traits::{Providers, Seats},
	Balance, BlockNumber, LaneIndex, ModelId, ModelSpec, Points, StageIndex, UnitId, WindowIndex,
};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{fungible::MutateHold, Get},
};
use sp_runtime::DispatchError;

use crate::{
	types::{bit, stage_bit},
	AccountIdOf, Challenges, Check, Config, Error, Event, HoldReason, Lots, Pallet, Phase, Stages,
	Suspicion, Suspicions, Unit, UnitOf, Units, VoidReason, Windows,
};

impl<T: Config> Pallet<T> {
	/// Returns the stages that were looked at.
	pub(crate) fn do_suspect(
		who: AccountIdOf<T>,
		model: ModelId,
		window: WindowIndex,
		lane: LaneIndex,
	) -> Result<u32, DispatchError> {
		let provider = Self::provider_of(&who)?;
		let (mut row, spec) = Self::counted_window(model, window)?;
		ensure!(Self::is_at_model(&provider, model, &spec), Error::<T>::NotAtModel);
		ensure!(row.suspected & bit(lane) == 0, Error::<T>::AlreadySuspected);
		let units = Self::lane_units(&spec, model, window, lane);
		ensure!(!units.is_empty(), Error::<T>::NothingAttested);
		let is_pending = units.iter().any(|(_, unit)| unit.is_pending());
		ensure!(is_pending, Error::<T>::AlreadyDecided);
		for (id, unit) in units.iter().filter(|(_, unit)| unit.is_pending()) {
			ensure!(Self::is_retained(&spec, id, unit), Error::<T>::RetentionOver);
		}

		let bond = Self::bond_of_suspicion(&units).ok_or(Error::<T>::AlreadySuspected)?;
		T::Currency::hold(&HoldReason::Suspicion.into(), &provider, bond)?;
		let known = refuted_stages(&units);
		let suspicion = Suspicion { by: provider.clone(), bond, known };
		Suspicions::<T>::insert((model, window, lane), suspicion);
		row.suspected |= bit(lane);
		row.open_suspicions |= bit(lane);
		Windows::<T>::insert(model, window, row);
		for (id, unit) in units {
			// Where lots are not drawn yet, they will fall on every unit of the lane.
			if unit.check != Check::Waiting && Self::is_unaudited(&id, &unit) {
				Self::open_audit(id, unit);
			}
		}
		Self::deposit_event(Event::LaneSuspected { model, window, lane, by: Some(provider) });
		Ok(spec.stage_count())
	}

	/// What a suspicion of a lane's units puts up: what the audits that it brings about will earn, as an honest worker's bond
	/// counts it. A false suspicion costs what it makes others mint. None if there is nothing to audit.
	pub(crate) fn bond_of_suspicion(units: &[(UnitId, UnitOf<T>)]) -> Option<Balance> {
		let mut unaudited =
			units.iter().filter(|(id, unit)| Self::is_unaudited(id, unit)).peekable();
		unaudited.peek()?;
		let points = unaudited.fold(0, |sum: Points, (_, unit)| {
			sum.saturating_add(unit.audit_points()) // 64 units of less than 2¹⁰⁰ points
		});
		Some(T::SuspicionBond::get().max(T::Providers::required_bond(points)))
	}

	/// Whether a unit's fate is open and nobody has looked at it or will. Units that did not start where their stage did earn
	/// nothing, and nobody is to earn by auditing them.
	fn is_unaudited(id: &UnitId, unit: &UnitOf<T>) -> bool {
		let starts_right = || {
			let stage = Stages::<T>::get((id.model, id.window, id.stage));
			stage.majority_root() == Some(unit.shard_before)
		};
		unit.is_pending()
			&& matches!(unit.check, Check::Waiting | Check::Spared | Check::NoAuditor)
			&& starts_right()
	}

	/// Returns the stages that were looked at.
	pub(crate) fn do_settle_suspicion(
		model: ModelId,
		window: WindowIndex,
		lane: LaneIndex,
	) -> Result<u32, DispatchError> {
		let key = (model, window, lane);
		let suspicion = Suspicions::<T>::get(key).ok_or(Error::<T>::NoSuspicion)?;
		let spec = Self::spec(model)?;
		let units = Self::lane_units(&spec, model, window, lane);
		let was_right = refuted_stages(&units) & !suspicion.known != 0;
		let is_open = units.iter().any(|(_, unit)| {
			unit.is_pending() && matches!(unit.check, Check::Waiting | Check::Open)
		});
		ensure!(was_right || !is_open, Error::<T>::SuspicionOpen);

		Suspicions::<T>::remove(key);
		Self::update_window(model, window, |row| row.open_suspicions &= !bit(lane));
		if was_right {
			Self::return_bond(HoldReason::Suspicion, &suspicion.by, suspicion.bond);
		} else {
			Self::take_bond(HoldReason::Suspicion, &suspicion.by, suspicion.bond, None);
		}
		Self::deposit_event(Event::SuspicionSettled { model, window, lane, was_right });
		Ok(spec.stage_count())
	}

	/// Whether a provider sits or stands by at any stage of a model.
	fn is_at_model(provider: &AccountIdOf<T>, model: ModelId, spec: &ModelSpec) -> bool {
		stages_of(spec).any(|stage| {
			T::Seats::roster(model, stage).is_some_and(|roster| roster.contains(provider))
		})
	}

	pub(crate) fn lane_units(
		spec: &ModelSpec,
		model: ModelId,
		window: WindowIndex,
		lane: LaneIndex,
	) -> Vec<(UnitId, UnitOf<T>)> {
		stages_of(spec)
			.map(|stage| UnitId { model, window, stage, lane })
			.filter_map(|id| Some((id, Units::<T>::get(id)?)))
			.collect()
	}

	/// Whether the inputs of a unit have to be kept still: until the lots are drawn and some windows longer, and of units
	/// that were drawn or are challenged until they are final.
	pub(crate) fn is_retained(spec: &ModelSpec, id: &UnitId, unit: &UnitOf<T>) -> bool {
		if unit.check != Check::Spared || Challenges::<T>::contains_key(id) {
			return true;
		}
		match Stages::<T>::get((id.model, id.window, id.stage)).lots {
			Lots::Drawn(at) => Self::now() <= at.saturating_add(Self::retention(spec)),
			Lots::Waiting | Lots::Void => true,
		}
	}

	/// Blocks for which the inputs of spared units are kept after the lots.
	fn retention(spec: &ModelSpec) -> BlockNumber {
		// Saturating: longer than all blocks is for ever.
		T::RetentionWindows::get().saturating_mul(spec.window.blocks)
	}

	/// Whether a unit can be challenged still: from the end of a window that counts, until its escrow is over, so that
	/// challenge after challenge cannot keep it from becoming final.
	pub(crate) fn check_challengeable(id: &UnitId, unit: &UnitOf<T>) -> DispatchResult {
		let (_, spec) = Self::counted_window(id.model, id.window)?;
		ensure!(unit.is_pending(), Error::<T>::AlreadyDecided);
		ensure!(Self::now() < unit.due, Error::<T>::EscrowOver);
		ensure!(Self::is_retained(&spec, id, unit), Error::<T>::RetentionOver);
		Ok(())
	}
}

/// The stages of a lane whose units are refuted, bit by bit.
fn refuted_stages<AccountId>(units: &[(UnitId, Unit<AccountId>)]) -> u64 {
	units
		.iter()
		.filter(|(_, unit)| unit.phase == Phase::Void(VoidReason::Refuted))
		.fold(0, |bits, (id, _)| bits | stage_bit(id.stage))
}

fn stages_of(spec: &ModelSpec) -> impl Iterator<Item = StageIndex> {
	0..StageIndex::try_from(spec.stage_count()).unwrap_or(StageIndex::MAX) // at most 64
}
