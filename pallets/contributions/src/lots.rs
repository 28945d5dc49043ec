//! Which units are audited, and by whom: lots drawn from randomness that nobody knew when the work was attested.

use alloc::vec::Vec;

use cairn_primitives::{
	attestation::NonNegative,
	hash::Domain,
	lottery::{below, draw, happens},
	roster::is_gate,
	spec::Access,
	traits::{Beacon, Fault, Models, Providers, Seats},
	BlockNumber, Hash, ModelId, ModelSpec, Roster, StageIndex, UnitId, WindowIndex,
};
use frame_support::{
	dispatch::DispatchResult, ensure, storage::with_storage_layer, traits::Get, weights::Weight,
};
use sp_runtime::{BoundedVec, DispatchError, Permill};

use crate::{
	types::bit, AccountIdOf, Audit, AuditOf, AuditState, Audits, Challenges, Check, Config, Error,
	Event, Lots, Pallet, Phase, Records, StageRow, Stages, UnitOf, Units, WindowRow, Windows,
	LOG_TARGET, MAX_AUDITORS, UNAVAILABLE_REPORTS,
};

/// Other stages of an open model among which an auditor is looked for.
const FOREIGN_STAGES: u32 = 4;
/// Lanes without which there is no telling which loss is odd.
const LANES_TO_COMPARE: usize = 3;

/// What a deciding block's randomness turned out to be.
pub(crate) enum Seed {
	/// Known.
	Known(Hash),
	/// No longer known: nobody asked in time.
	Forgotten,
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_draw_lots(
		model: ModelId,
		window: WindowIndex,
		stage: StageIndex,
	) -> DispatchResult {
		let spec = Self::spec(model)?;
		let row = Self::window_of(model, window)?;
		let mut progress = Stages::<T>::get((model, window, stage));
		ensure!(progress.lanes != 0, Error::<T>::NothingAttested);
		ensure!(progress.lots == Lots::Waiting, Error::<T>::LotsAlreadyDrawn);
		let is_void =
			Self::closed(model, window, &row, &spec).ok_or(Error::<T>::WindowNotClosed)?;
		if is_void {
			progress.lots = Lots::Void;
			Stages::<T>::insert((model, window, stage), progress);
			Self::deposit_event(Event::WindowVoided { model, window, stage });
			return Ok(());
		}
		Self::check_last_stage_first(&spec, model, window, stage)?;
		// Saturating: the end of block numbers never comes.
		let seed = Self::seed(row.deadline.saturating_add(T::LotDelay::get()))?;

		progress.lots = Lots::Drawn(Self::now());
		Stages::<T>::insert((model, window, stage), &progress);
		let units = Self::units_of(model, window, stage, progress.lanes);
		let start = progress.majority_root();
		let audited = Self::draw_units(&spec, row, start, &seed, units);
		Self::deposit_event(Event::LotsDrawn { model, window, stage, audited });
		Ok(())
	}

	/// Draw the lots of a stage's units; the lanes of those that are audited.
	fn draw_units(
		spec: &ModelSpec,
		mut row: WindowRow,
		start: Option<Hash>,
		seed: &Seed,
		units: Vec<(UnitId, UnitOf<T>)>,
	) -> u16 {
		if let Some((id, _)) = units.iter().find(|(id, _)| spec.is_last_stage(id.stage)) {
			Self::judge_losses(id.model, id.window, start, &units, &mut row);
			Windows::<T>::insert(id.model, id.window, &row);
		}
		let mut audited = 0;
		let first = units.first().map(|(id, _)| *id);
		for (id, unit) in units.into_iter().filter(|(_, unit)| unit.is_pending()) {
			if Some(unit.shard_before) != start {
				Self::spare(id, unit);
			} else if Self::draw_unit(spec, &row, seed, id, unit) {
				audited |= bit(id.lane);
			}
		}
		if let Some(id) = first {
			Self::conclude_gate(&id);
		}
		audited
	}

	/// Leave a unit unaudited. One that did not start where its stage did earns nothing: an audit of it would be paid for
	/// nothing, and it tells nothing of its worker either.
	fn spare(id: UnitId, mut unit: UnitOf<T>) {
		unit.check = Check::Spared;
		Units::<T>::insert(id, unit);
	}

	/// The losses of the last stage decide which lanes are audited as a whole.
	fn check_last_stage_first(
		spec: &ModelSpec,
		model: ModelId,
		window: WindowIndex,
		stage: StageIndex,
	) -> DispatchResult {
		let Some(last) = spec.stages.len().checked_sub(1) else { return Ok(()) };
		let last = StageIndex::try_from(last).unwrap_or(StageIndex::MAX); // at most 64 stages
		let waits = |row: StageRow| row.lanes != 0 && row.lots == Lots::Waiting;
		let is_first = stage == last || !waits(Stages::<T>::get((model, window, last)));
		ensure!(is_first, Error::<T>::LastStageFirst);
		Ok(())
	}

	/// The randomness of a block. The beacon tells a block's at the latest two blocks later; where it does not by then, it
	/// has forgotten it.
	pub(crate) fn seed(at: BlockNumber) -> Result<Seed, DispatchError> {
		if let Some(seed) = T::Beacon::at(at) {
			return Ok(Seed::Known(seed));
		}
		ensure!(Self::now() > at.saturating_add(2), Error::<T>::RandomnessNotKnown);
		Ok(Seed::Forgotten)
	}

	/// Hand a gate's median loss to the model, and suspect the lanes whose training loss is far above the median. Units
	/// without a step say nothing, and neither do those that did not start where their stage did: nobody audits them.
	fn judge_losses(
		model: ModelId,
		window: WindowIndex,
		start: Option<Hash>,
		units: &[(UnitId, UnitOf<T>)],
		row: &mut WindowRow,
	) {
		let speaks = |unit: &UnitOf<T>| {
			unit.is_pending() && unit.points > 0 && Some(unit.shard_before) == start
		};
		let trained = || units.iter().filter(|(_, unit)| speaks(unit));
		if let Some(loss) = lower_median(trained().filter_map(|(_, unit)| unit.held_out)) {
			let loss = loss.to_millionths();
			let judged = with_storage_layer(|| T::Models::judge_gate(model, window, loss));
			Self::note_gate(model, window, judged);
		}
		let Some(median) = lower_median(trained().filter_map(|(_, unit)| unit.loss)) else {
			return;
		};
		if trained().count() < LANES_TO_COMPARE {
			return;
		}
		for (id, _) in trained().filter(|(_, unit)| unit.loss.is_some_and(|l| is_odd(l, median))) {
			let lane = bit(id.lane);
			if row.suspected & lane == 0 {
				row.suspected |= lane;
				let lane = id.lane;
				Self::deposit_event(Event::LaneSuspected { model, window, lane, by: None });
			}
		}
	}

	/// Once the last of a gate's audits is over, later gates are compared with what it came to, and again whenever one of its
	/// units is refuted after that. Only approved units count: a loss that nobody checked could set a mark that no honest one
	/// reaches.
	pub(crate) fn conclude_gate(id: &UnitId) {
		let Ok(spec) = Self::spec(id.model) else { return };
		if !is_gate(id.window) || !spec.is_last_stage(id.stage) {
			return;
		}
		let row = Stages::<T>::get((id.model, id.window, id.stage));
		let units = Self::units_of(id.model, id.window, id.stage, row.lanes);
		let is_open = |unit: &UnitOf<T>| matches!(unit.check, Check::Waiting | Check::Open);
		if units.iter().any(|(_, unit)| unit.is_pending() && is_open(unit)) {
			return;
		}
		let counts = |unit: &UnitOf<T>| {
			!matches!(unit.phase, Phase::Void(_))
				&& unit.check == Check::Approved
				&& unit.points > 0
				&& Some(unit.shard_before) == row.majority_root()
		};
		let losses = units.iter().filter(|(_, unit)| counts(unit));
		let loss = lower_median(losses.filter_map(|(_, unit)| unit.held_out));
		let loss = loss.map(|loss| loss.to_millionths());
		let concluded = with_storage_layer(|| T::Models::conclude_gate(id.model, id.window, loss));
		Self::note_gate(id.model, id.window, concluded);
	}

	fn note_gate(model: ModelId, window: WindowIndex, taken: DispatchResult) {
		if let Err(error) = taken {
			Self::deposit_event(Event::GateNotTaken { model, window, error });
		}
	}

	/// Draw the lot of one unit; whether it is audited.
	fn draw_unit(
		spec: &ModelSpec,
		row: &WindowRow,
		seed: &Seed,
		id: UnitId,
		unit: UnitOf<T>,
	) -> bool {
		let mut record = Records::<T>::get(&unit.provider, id.model);
		let is_forfeited = record.generation != unit.generation;
		let is_certain = is_gate(id.window) || row.suspected & bit(id.lane) != 0;
		let rate = if is_certain { Permill::one() } else { record.audit_rate() };
		let is_audited = !is_forfeited
			&& match seed {
				Seed::Known(seed) => happens(draw(Domain::AuditLot, *seed, &id), rate),
				// Who let the randomness be forgotten gains nothing: everything is audited.
				Seed::Forgotten => true,
			};
		if unit.is_whole(spec) && !is_forfeited {
			record.drawn = record.drawn.saturating_add(1); // only compared with small numbers
			Records::<T>::insert(&unit.provider, id.model, record);
		}
		if !is_audited {
			Self::spare(id, unit);
			return false;
		}
		match seed {
			Seed::Known(seed) => Self::assign(spec, id, unit, new_audit(), *seed),
			Seed::Forgotten => Self::await_auditor(id, unit, new_audit()),
		}
		true
	}

	/// Open the audit of a unit whose auditor is drawn from randomness to come.
	pub(crate) fn open_audit(id: UnitId, unit: UnitOf<T>) {
		Self::await_auditor(id, unit, new_audit());
	}

	/// Let the next auditor of a unit be drawn from randomness to come, unless enough were asked.
	pub(crate) fn await_auditor(id: UnitId, mut unit: UnitOf<T>, mut audit: AuditOf<T>) {
		if audit.tried.is_full() {
			return Self::give_up(id, unit, audit);
		}
		// Saturating: the end of block numbers never comes.
		let seed_at = Self::now().saturating_add(T::LotDelay::get());
		audit.state = AuditState::Drawing { seed_at };
		Audits::<T>::insert(id, audit);
		unit.check = Check::Open;
		Units::<T>::insert(id, unit);
		Self::deposit_event(Event::AuditorDue { unit: id, seed_at });
	}

	/// Give the audit of a unit to an auditor drawn by a seed, unless enough were asked or there is none.
	pub(crate) fn assign(
		spec: &ModelSpec,
		id: UnitId,
		mut unit: UnitOf<T>,
		mut audit: AuditOf<T>,
		seed: Hash,
	) {
		let drawn = (!audit.tried.is_full())
			.then(|| Self::draw_auditor(spec, &id, &unit, &audit, seed))
			.flatten();
		let Some(auditor) = drawn else { return Self::give_up(id, unit, audit) };
		let deadline = Self::later(spec, T::AuditBlocks::get(), T::AuditWindows::get());
		audit.state = AuditState::Assigned { auditor: auditor.clone(), deadline };
		Audits::<T>::insert(id, audit);
		unit.check = Check::Open;
		Units::<T>::insert(id, unit);
		Self::deposit_event(Event::AuditorDrawn { unit: id, auditor, deadline });
	}

	/// There is nobody left to ask: the unit is refuted if several could not fetch its inputs, and unaudited otherwise.
	fn give_up(id: UnitId, mut unit: UnitOf<T>, audit: AuditOf<T>) {
		if audit.unavailable >= UNAVAILABLE_REPORTS {
			// Nobody is paid for it: two auditors that are would say so of anything.
			return Self::refute(id, unit, Fault::Unavailable, None);
		}
		Audits::<T>::remove(id);
		unit.check = Check::NoAuditor;
		Units::<T>::insert(id, unit);
		Self::deposit_event(Event::AuditorNotFound { unit: id });
	}

	/// Draw an auditor among those entitled to the stage: standbys that hold the shard first, then seats, then the
	/// other standbys, then, where the model is open, the same of other stages. If one could not fetch the inputs, seats come
	/// first: they have more to lose than standbys, who take the seat of whoever is found at fault.
	///
	/// Everyone has a number of its own, and the smallest wins (rendezvous hashing; Thaler and Ravishankar, 1998). So who
	/// comes or goes once the seed is known can win or lose the lot, but not hand it to another of his choice.
	fn draw_auditor(
		spec: &ModelSpec,
		id: &UnitId,
		unit: &UnitOf<T>,
		audit: &AuditOf<T>,
		seed: Hash,
	) -> Option<AccountIdOf<T>> {
		let round = audit.tried.len() as u32; // at most MAX_AUDITORS
		let number = |who: &AccountIdOf<T>| draw(Domain::AuditorLot, seed, &(id, round, who));
		let barred = Self::barred(id, unit, &audit.tried);
		let is_admitted =
			|who: &AccountIdOf<T>| !barred.contains(who) && T::Providers::worker_key(who).is_some();
		let pick = |stage| {
			let roster = T::Seats::roster(id.model, stage)?;
			let mut tiers = tiers(roster, id.window, is_admitted);
			if audit.unavailable > 0 {
				tiers.swap(0, 1);
			}
			let tier = tiers.into_iter().find(|tier| !tier.is_empty())?;
			tier.into_iter().min_by_key(number)
		};
		if let Some(auditor) = pick(id.stage) {
			return Some(auditor);
		}
		if spec.access != Access::Open {
			return None;
		}
		let stages = spec.stage_count();
		let start = below(draw(Domain::AuditorLot, seed, &(id, round)), stages);
		(0..stages.min(FOREIGN_STAGES))
			.filter_map(|offset| start.checked_add(offset)?.checked_rem(stages)?.try_into().ok())
			.filter(|stage: &StageIndex| *stage != id.stage)
			.find_map(pick)
	}

	/// What looking for an auditor reads beyond what benchmarks can bring about: stages that have none to offer.
	pub(crate) fn foreign_reads() -> Weight {
		T::DbWeight::get().reads(FOREIGN_STAGES.into())
	}

	/// Who cannot audit a unit: its worker, those next to it in its lane, those asked before, and open challengers.
	fn barred(id: &UnitId, unit: &UnitOf<T>, tried: &[AccountIdOf<T>]) -> Vec<AccountIdOf<T>> {
		let beside = [id.stage.checked_sub(1), id.stage.checked_add(1)]
			.into_iter()
			.flatten()
			.filter_map(|stage| Units::<T>::get(UnitId { stage, ..*id }))
			.map(|neighbour| neighbour.provider);
		let challengers = Challenges::<T>::get(id).into_iter().map(|challenge| challenge.by);
		core::iter::once(unit.provider.clone())
			.chain(beside)
			.chain(challengers)
			.chain(tried.iter().cloned())
			.collect()
	}
}

/// An audit nobody was asked for yet. Its state is set by whoever opens it.
fn new_audit<AccountId>() -> Audit<AccountId> {
	Audit { tried: BoundedVec::new(), unavailable: 0, state: AuditState::Drawing { seed_at: 0 } }
}

/// The admitted members of a roster in the order in which they are asked: live standbys, seats, other standbys.
fn tiers<AccountId: PartialEq>(
	roster: Roster<AccountId>,
	window: WindowIndex,
	is_admitted: impl Fn(&AccountId) -> bool,
) -> [Vec<AccountId>; 3] {
	let mut tiers = [Vec::new(), Vec::new(), Vec::new()];
	let [live, seated, other] = &mut tiers;
	for standby in roster.standbys {
		// Only compares: saturation is harmless.
		let is_live = standby.held.is_some_and(|held| held.saturating_add(1) >= window);
		let tier = if is_live { &mut *live } else { &mut *other };
		tier.push(standby.provider);
	}
	seated.extend(roster.seats.into_iter().flatten());
	for tier in &mut tiers {
		tier.retain(&is_admitted);
	}
	tiers
}

/// The lower median: of an even number the smaller of the two in the middle.
fn lower_median(values: impl Iterator<Item = NonNegative>) -> Option<NonNegative> {
	let mut values: Vec<_> = values.collect();
	values.sort_unstable();
	values.get(values.len().checked_sub(1)? >> 1).copied()
}

/// Whether a training loss is more than a quarter above the median. Lanes start from the same weights and see samples of
/// the same data, so honest losses of a window lie within a few percent of each other.
fn is_odd(loss: NonNegative, median: NonNegative) -> bool {
	let parts = |number: NonNegative, factor: u128| {
		u128::from(number.to_millionths()).saturating_mul(factor) // 64 + 3 bits
	};
	parts(loss, 4) > parts(median, 5)
}

/// Note that an auditor was asked. [`Pallet::assign`] asks nobody once the list is full, so there is room.
pub(crate) fn tried_too<T: Config>(audit: &mut AuditOf<T>, auditor: AccountIdOf<T>) {
	if audit.tried.try_push(auditor).is_err() {
		log::error!(target: LOG_TARGET, "more than {MAX_AUDITORS} auditors were asked");
	}
}
