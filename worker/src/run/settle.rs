//! What became due and nobody has finalised: points of whoever no longer attests, suspicions that are answered, windows that nobody
//! needs any more.
//!
//! Every attestation finalises two older items of the worker that makes it. What is left then are a model's last windows and whatever
//! workers that left had in escrow.

use std::collections::BTreeSet;

use cairn_chain::{
	calls::contributions::{finalise, prune, settle_suspicion},
	views::{AttestedWindow, Audit, AuditState, Check, Lots, State, Unit, UnitPhase},
	AccountId, ViewError,
};
use cairn_primitives::{
	BlockNumber, ModelId, ModelSpec, ModelStatus, StageIndex, UnitId, WindowIndex, GATE_EVERY,
};

use super::chores::{auditor_chore, Chore};

/// Windows' lengths for which what is due is left to attestations.
const LEFT_TO_ATTEST: BlockNumber = 2;
/// Windows that are looked at in one block.
const AT_ONCE: usize = 2;
/// Windows behind the newest that the chain keeps: a model may be restarted from their gates.
const KEPT: WindowIndex = 4 * GATE_EVERY;

/// Finalise, settle and prune what is left of a model; `settled` are the windows of which everything is decided.
pub async fn chores(
	state: &State,
	model: ModelId,
	spec: &ModelSpec,
	settled: &mut BTreeSet<WindowIndex>,
) -> Result<Vec<Chore>, ViewError> {
	let windows = state.attested_windows(model).await?;
	settled.retain(|window| windows.iter().any(|found| found.window == *window));
	let mut chores = Vec::new();
	let patience = LEFT_TO_ATTEST.saturating_mul(spec.window.blocks);
	let is_over = |window: &&AttestedWindow| window.due.saturating_add(patience) <= state.height();
	let open = windows.iter().filter(is_over).filter(|window| !settled.contains(&window.window));
	for window in open.take(AT_ONCE).cloned().collect::<Vec<_>>() {
		let left = of_window(state, model, spec, &window, patience).await?;
		if left.is_none() {
			settled.insert(window.window);
		}
		chores.extend(left.into_iter().flatten());
	}
	let is_retired =
		state.model(model).await?.is_none_or(|found| found.status == ModelStatus::Retired);
	let Some(newest) = windows.last() else { return Ok(chores) };
	let is_prunable = |window: &&AttestedWindow| {
		settled.contains(&window.window) && !is_needed(window, newest, is_retired, state.height())
	};
	for window in windows.iter().filter(is_prunable).take(AT_ONCE) {
		for stage in stages(spec) {
			if state.lots(model, window.window, stage).await?.is_some() {
				let from = window.needed_until.saturating_add(1);
				chores.push(Chore { call: prune(model, window.window, stage), from });
			}
		}
	}
	Ok(chores)
}

/// Finalise what a provider has in escrow in a model in which it has no place any more.
pub async fn own(
	state: &State,
	provider: &AccountId,
	model: ModelId,
) -> Result<Vec<Chore>, ViewError> {
	let queue = state.queue(provider, model).await?;
	let windows = match queue.is_empty() {
		true => return Ok(Vec::new()),
		false => state.attested_windows(model).await?,
	};
	let is_suspected = |unit: &UnitId| {
		let mut suspected = windows.iter().filter(|window| window.suspicions.contains(&unit.lane));
		suspected.any(|window| window.window == unit.window)
	};
	let mut chores = Vec::new();
	for unit in queue.into_iter().filter(|unit| !is_suspected(unit)) {
		let Some(due) = due(state, unit).await? else { continue };
		chores.extend(due.from.map(|from| Chore { call: finalise(unit), from }));
	}
	Ok(chores)
}

/// What is to be done for a window; `None` if everything of it is decided.
async fn of_window(
	state: &State,
	model: ModelId,
	spec: &ModelSpec,
	window: &AttestedWindow,
	patience: BlockNumber,
) -> Result<Option<Vec<Chore>>, ViewError> {
	let (mut chores, mut is_open) = (Vec::new(), false);
	let mut unchecked = BTreeSet::new();
	for stage in stages(spec) {
		for lane in 0..spec.lanes {
			let unit = UnitId { model, window: window.window, stage, lane };
			let Some(due) = due(state, unit).await? else { continue };
			is_open = true;
			if due.is_unchecked {
				unchecked.insert(lane);
				let audit = state.audit(unit).await?;
				chores.extend(audit.and_then(|audit| auditor_chore(unit, &audit.state)));
			}
			// A suspicion has to be settled first.
			let from = due.from.filter(|_| !window.suspicions.contains(&lane));
			let from = from.map(|from| from.saturating_add(patience));
			chores.extend(from.map(|from| Chore { call: finalise(unit), from }));
		}
	}
	for lane in window.suspicions.iter().filter(|lane| !unchecked.contains(*lane)) {
		is_open = true;
		chores
			.push(Chore { call: settle_suspicion(model, window.window, *lane), from: window.due });
	}
	Ok(is_open.then_some(chores))
}

/// What is open about a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Due {
	/// From when on something of it can be made final; none as long as anything speaks against it.
	from: Option<BlockNumber>,
	/// Whether its lots or its audit are not over.
	is_unchecked: bool,
}

/// What is open about a unit, if anything is.
async fn due(state: &State, id: UnitId) -> Result<Option<Due>, ViewError> {
	let Some(unit) = state.unit(id).await? else { return Ok(None) };
	let lots = state.lots(id.model, id.window, id.stage).await?;
	let audit = state.audit(id).await?;
	let is_contested = state.is_contested(id).await?;
	Ok(Due::of(&unit, lots, audit.as_ref(), is_contested))
}

impl Due {
	fn of(
		unit: &Unit,
		lots: Option<Lots>,
		audit: Option<&Audit>,
		is_contested: bool,
	) -> Option<Self> {
		let is_pending = unit.phase == UnitPhase::Pending;
		if !is_pending && audit.is_none() {
			return None;
		}
		let is_waiting = unit.check == Check::Waiting && lots != Some(Lots::Void);
		let is_unchecked = is_pending && (is_waiting || unit.check == Check::Open);
		let work = (is_pending && !is_unchecked).then_some(unit.due);
		let answer = match audit.map(|audit| &audit.state) {
			Some(AuditState::Answered { due, .. }) => Some(*due),
			_ => None,
		};
		let from = work.into_iter().chain(answer).min().filter(|_| !is_contested);
		Some(Self { from, is_unchecked })
	}
}

/// Whether a window may still be judged by, or restarted from.
fn is_needed(
	window: &AttestedWindow,
	newest: &AttestedWindow,
	is_retired: bool,
	now: BlockNumber,
) -> bool {
	let is_recent = newest.window.saturating_sub(window.window) < KEPT;
	let all_over = now > newest.due;
	now <= window.needed_until || is_recent && !(is_retired && all_over)
}

fn stages(spec: &ModelSpec) -> impl Iterator<Item = StageIndex> {
	0..StageIndex::try_from(spec.stage_count()).unwrap_or(StageIndex::MAX) // at most 64
}

#[cfg(test)]
mod tests {
	use cairn_chain::views::VoidReason;
	use cairn_primitives::{attestation::NonNegative, Hash, Outcome};

	use super::*;

	fn unit(check: Check, phase: UnitPhase) -> Unit {
		Unit {
			provider: AccountId::new([1; 32]),
			worker: Default::default(),
			shard_before: Hash::zero(),
			outcome: Outcome::Done { steps: 1 },
			upstream: None,
			downstream: None,
			result: Hash::zero(),
			checkpoints: Hash::zero(),
			difference: Hash::zero(),
			norm: NonNegative(0),
			loss: None,
			held_out: None,
			points: 1,
			due: 50,
			in_merge: true,
			check,
			phase,
		}
	}

	fn answered(due: BlockNumber) -> Audit {
		let state =
			AuditState::Answered { auditor: AccountId::new([2; 32]), root: Hash::zero(), due };
		Audit { tried: Vec::new(), unavailable: 0, state }
	}

	#[test]
	fn work_and_audits_are_due_once_nothing_speaks_against_them() {
		let drawn = Some(Lots::Drawn(9));
		let due = |from, is_unchecked| Some(Due { from, is_unchecked });
		let pending = |check| unit(check, UnitPhase::Pending);
		let of = |unit: &Unit, lots, audit: Option<&Audit>| Due::of(unit, lots, audit, false);

		assert_eq!(of(&pending(Check::Spared), drawn, None), due(Some(50), false));
		assert_eq!(of(&pending(Check::NoAuditor), drawn, None), due(Some(50), false));
		assert_eq!(of(&pending(Check::Waiting), Some(Lots::Waiting), None), due(None, true));
		assert_eq!(of(&pending(Check::Open), drawn, None), due(None, true));
		// A void window draws no lots, and its units are closed as they are.
		assert_eq!(of(&pending(Check::Waiting), Some(Lots::Void), None), due(Some(50), false));
		// An audit falls due later than the unit that it approved.
		let approved = pending(Check::Approved);
		assert_eq!(of(&approved, drawn, Some(&answered(60))), due(Some(50), false));
		let done = unit(Check::Approved, UnitPhase::Final);
		assert_eq!(of(&done, drawn, Some(&answered(60))), due(Some(60), false));
		assert_eq!(of(&done, drawn, None), None);
		let void = unit(Check::Spared, UnitPhase::Void(VoidReason::Refuted));
		assert_eq!(of(&void, drawn, None), None);
		// While a game is open nothing is final.
		assert_eq!(Due::of(&approved, drawn, Some(&answered(60)), true), due(None, false));
		let accused = Audit {
			state: AuditState::Accused { auditor: AccountId::new([2; 32]) },
			..answered(0)
		};
		assert_eq!(of(&pending(Check::Open), drawn, Some(&accused)), due(None, true));
	}

	#[test]
	fn windows_are_pruned_once_no_restart_and_no_merge_needs_them() {
		let window = |window| AttestedWindow {
			window,
			due: 100 * window,
			needed_until: 100 * window + 10,
			suspicions: Vec::new(),
		};
		let newest = window(KEPT + 5);
		let now = newest.due;
		assert!(!is_needed(&window(5), &newest, false, now));
		assert!(is_needed(&window(6), &newest, false, now));
		assert!(is_needed(&window(6), &newest, true, now), "its last windows are not over");
		assert!(!is_needed(&window(6), &newest, true, now + 1));
		assert!(is_needed(&newest, &newest, true, now + 1));
	}
}
