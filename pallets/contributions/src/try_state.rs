//! What is true after every block.

use alloc::collections::{BTreeMap, BTreeSet};

use cairn_primitives::{
	traits::{lanes_of, Disputes, Models},
	Balance, ModelId, Points, UnitId,
};
use codec::Encode;
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

use crate::{
	types::bit, AccountIdOf, AuditState, Audits, Challenges, Check, Config, HoldReason, Item, Lots,
	Newest, OpenUnits, Pallet, Queue, Records, StageRow, Stages, Suspicions, Units, Windows,
};

/// Who, in which model.
type Account<T> = (AccountIdOf<T>, ModelId);

impl<T: Config> Pallet<T> {
	/// The invariants of this pallet.
	///
	/// 1. Each pending unit, and each approval that is not final, has exactly one place in its provider's queue, between
	///    head and tail, and nothing else is queued.
	/// 2. The escrow of a provider in a model is the points of what is queued in the record's generation.
	/// 3. The open units of a provider are its queued items and its open accusations, in each model and in all.
	/// 4. What is on hold for suspicions and challenges is what open suspicions and challenges say.
	/// 5. Nothing whose fate is decided is contested, challenged or being audited; an accused or challenged unit is
	///    contested.
	/// 6. A unit is marked as being audited exactly if it has an unanswered audit.
	/// 7. Lanes and roots of a stage are those of its units, and no audit is drawn before its lots.
	/// 8. Counts of a window are those of its units, and its suspicions are those of its lanes.
	/// 9. Every stage has a window, every unit a stage, and no window is newer than its model's newest.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_queues()?;
		Self::check_holds()?;
		Self::check_units()?;
		Self::check_stages()?;
		Self::check_windows()
	}

	fn check_queues() -> Result<(), TryRuntimeError> {
		let mut expected = BTreeMap::new();
		let mut escrow: BTreeMap<Account<T>, Points> = BTreeMap::new();
		let mut open: BTreeMap<AccountIdOf<T>, u32> = BTreeMap::new();
		let mut lengths: BTreeMap<Account<T>, u32> = BTreeMap::new();
		let mut queued =
			|who: &AccountIdOf<T>, model, index: u32, generation: u32, points: Points, item| {
				let record = Records::<T>::get(who, model);
				if record.generation == generation {
					let sum = escrow.entry((who.clone(), model)).or_default();
					*sum = sum.saturating_add(points);
				}
				let count = open.entry(who.clone()).or_default();
				*count = count.saturating_add(1);
				let length = lengths.entry((who.clone(), model)).or_default();
				*length = length.saturating_add(1);
				let is_between = (record.head..record.tail).contains(&index);
				let is_new = expected.insert((who.clone(), model, index), item).is_none();
				is_between && is_new
			};
		for (id, unit) in Units::<T>::iter().filter(|(_, unit)| unit.is_pending()) {
			let (points, item) = (unit.points, Item::Work(id));
			ensure!(
				queued(&unit.provider, id.model, unit.index, unit.generation, points, item),
				"1: a unit has no place in the queue of its own"
			);
		}
		let mut accusations: BTreeMap<Account<T>, u32> = BTreeMap::new();
		for (id, audit) in Audits::<T>::iter() {
			let unit = Units::<T>::get(id).ok_or("6: an audit has no unit")?;
			match audit.state {
				AuditState::Answered { auditor, index, generation, .. } => {
					let (points, item) = (unit.audit_points(), Item::Audit(id));
					ensure!(
						queued(&auditor, id.model, index, generation, points, item),
						"1: an approval has no place in the queue of its own"
					);
				},
				AuditState::Accused { auditor } => {
					let count = accusations.entry((auditor, id.model)).or_default();
					*count = count.saturating_add(1);
				},
				_ => {},
			}
		}
		for ((auditor, _), accused) in &accusations {
			let count = open.entry(auditor.clone()).or_default();
			*count = count.saturating_add(*accused);
		}
		let found: BTreeMap<_, _> = Queue::<T>::iter().collect();
		ensure!(found == expected, "1: something else is queued");
		for (who, model, record) in Records::<T>::iter() {
			ensure!(
				escrow.get(&(who.clone(), model)).copied().unwrap_or_default() == record.escrow,
				"2: an escrow is not the sum of what is queued"
			);
			let length = lengths.get(&(who.clone(), model)).copied().unwrap_or_default();
			ensure!(record.queued == length, "3: a queue is miscounted");
			let accused = accusations.remove(&(who, model)).unwrap_or_default();
			ensure!(record.accusations == accused, "3: open accusations are miscounted");
		}
		ensure!(accusations.is_empty(), "3: an accuser has no record");
		let counted: BTreeMap<_, _> = OpenUnits::<T>::iter().collect();
		ensure!(counted == open, "3: open units are miscounted");
		Ok(())
	}

	fn check_holds() -> Result<(), TryRuntimeError> {
		let mut held: BTreeMap<(alloc::vec::Vec<u8>, AccountIdOf<T>), Balance> = BTreeMap::new();
		let mut add = |reason: HoldReason, who: AccountIdOf<T>, bond: Balance| {
			let sum = held.entry((reason.encode(), who)).or_default();
			*sum = sum.saturating_add(bond);
		};
		for suspicion in Suspicions::<T>::iter_values() {
			add(HoldReason::Suspicion, suspicion.by, suspicion.bond);
		}
		for challenge in Challenges::<T>::iter_values().flatten() {
			add(HoldReason::Challenge, challenge.by, challenge.bond);
		}
		let accounts = frame_system::Account::<T>::iter_keys();
		for who in accounts {
			for reason in [HoldReason::Suspicion, HoldReason::Challenge] {
				let expected = held.remove(&(reason.encode(), who.clone())).unwrap_or_default();
				let found = T::Currency::balance_on_hold(&reason.into(), &who);
				ensure!(found == expected, "4: a hold is not the sum of its bonds");
			}
		}
		ensure!(held.is_empty(), "4: a bond is of nobody");
		Ok(())
	}

	fn check_units() -> Result<(), TryRuntimeError> {
		for (id, unit) in Units::<T>::iter() {
			let audit = Audits::<T>::get(id).map(|audit| audit.state);
			let is_contested = T::Disputes::is_contested(&id);
			let is_challenged = Challenges::<T>::contains_key(id);
			let is_accused = matches!(audit, Some(AuditState::Accused { .. }));
			let is_answered = matches!(audit, Some(AuditState::Answered { .. }));
			if !unit.is_pending() {
				ensure!(!is_contested, "5: a unit is contested after its fate is decided");
				ensure!(!is_challenged, "5: a unit is challenged after its fate is decided");
				ensure!(
					audit.is_none() || is_answered,
					"5: a unit is audited after its fate is decided"
				);
			} else {
				ensure!(
					(unit.check == Check::Open) == (audit.is_some() && !is_answered),
					"6: a unit's mark and its audit disagree"
				);
				ensure!(
					(is_accused || is_challenged) == is_contested,
					"5: a unit is accused or challenged but not contested, or the other way round"
				);
			}
			let stage = Stages::<T>::get((id.model, id.window, id.stage));
			ensure!(stage.has(id.lane), "9: a unit has no stage");
			let is_waiting = unit.check == Check::Waiting;
			ensure!(
				!unit.is_pending() || is_waiting == !matches!(stage.lots, Lots::Drawn(_)),
				"7: a unit and its stage disagree about the lots"
			);
		}
		Ok(())
	}

	fn check_stages() -> Result<(), TryRuntimeError> {
		let mut stages: BTreeMap<_, u8> = BTreeMap::new();
		for ((model, window, stage), row) in Stages::<T>::iter() {
			let count = stages.entry((model, window)).or_default();
			*count = count.saturating_add(1);
			let mut expected = StageRow { roots: Default::default(), lanes: 0, ..row.clone() };
			for lane in lanes_of(row.lanes) {
				let unit = Units::<T>::get(UnitId { model, window, stage, lane })
					.ok_or("7: a stage counts a unit that is not there")?;
				expected.admit(lane, unit.shard_before);
			}
			let set = |row: &StageRow| -> BTreeSet<_> {
				row.roots.iter().map(|tally| (tally.root, tally.units, tally.lane)).collect()
			};
			ensure!(set(&expected) == set(&row), "7: the roots of a stage are miscounted");
		}
		for (model, window, row) in Windows::<T>::iter() {
			let count = stages.remove(&(model, window)).unwrap_or_default();
			ensure!(count == row.stages && count > 0, "9: the stages of a window are miscounted");
			let newest = Newest::<T>::get(model).ok_or("9: a model has windows but no newest")?;
			ensure!(window <= newest.window, "9: a window is newer than the newest");
		}
		ensure!(stages.is_empty(), "9: a stage has no window");
		Ok(())
	}

	fn check_windows() -> Result<(), TryRuntimeError> {
		let mut open: BTreeMap<_, u16> = BTreeMap::new();
		for ((model, window, lane), _) in Suspicions::<T>::iter() {
			*open.entry((model, window)).or_default() |= bit(lane);
		}
		let mut units: BTreeMap<_, (u32, u64)> = BTreeMap::new();
		for (id, unit) in Units::<T>::iter() {
			let Some(spec) = T::Models::spec(id.model) else { continue };
			let (count, samples) = units.entry((id.model, id.window)).or_default();
			*count = count.saturating_add(1);
			if spec.is_last_stage(id.stage) {
				let at = Windows::<T>::get(id.model, id.window).map_or(0, |row| row.samples);
				let batch = u64::from(spec.schedule.batch_at(at));
				let done = u64::from(unit.outcome.steps()).saturating_mul(batch);
				*samples = samples.saturating_add(done);
			}
		}
		for (model, window, row) in Windows::<T>::iter() {
			let (count, samples) = units.get(&(model, window)).copied().unwrap_or_default();
			ensure!(
				row.tally.attested.checked_sub(row.pruned) == Some(count),
				"8: the units of a window are miscounted"
			);
			ensure!(
				row.pruned > 0 || row.tally.samples == samples,
				"8: the samples of a window are miscounted"
			);
			let suspicions = open.remove(&(model, window)).unwrap_or_default();
			ensure!(row.open_suspicions == suspicions, "8: the suspicions of a window differ");
			ensure!(
				row.open_suspicions & !row.suspected == 0,
				"8: a suspicion is open of a lane that is not suspected"
			);
		}
		ensure!(open.is_empty(), "8: a suspicion has no window");
		Ok(())
	}
}
