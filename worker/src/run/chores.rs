//! What anybody may do for a model, and somebody must: move its clock, draw lots, finalise what is due. Nothing of it costs anything
//! if it succeeds.

use std::collections::BTreeSet;

use cairn_chain::{
	calls::Call,
	calls::{
		contributions::{draw_lots, redraw_audit},
		shards::poke_window,
	},
	views::{AuditState, Clock, Lots, Phase, State},
	AccountId, Request, ViewError,
};
use cairn_primitives::{
	hash::{hash, Domain},
	BlockNumber, ModelId, ModelSpec, StageIndex, UnitId, WindowIndex,
};

use futures::future::join_all;

use super::{settle, worker::Worker};

/// Closed windows whose lots and audits are looked after; what is open in older ones is settled with what is due of them.
const RECENT: WindowIndex = 3;
/// Blocks after which the next worker does a chore that nobody has done: as many as it takes until what was done is final.
const PATIENCE: BlockNumber = 4;

/// Something to be done, from a block on.
pub struct Chore {
	/// How.
	pub call: Call,
	/// The first block in which it can be done.
	pub from: BlockNumber,
}

/// What is remembered of a model from block to block.
#[derive(Debug, Default)]
pub struct Memory {
	/// The block in which everything was there for the next window, and nobody had scheduled it.
	ready_since: Option<BlockNumber>,
	/// Windows of which everything is decided.
	settled: BTreeSet<WindowIndex>,
}

/// Do what is to be done for a model.
pub async fn look_after(
	worker: &Worker,
	state: &State,
	model: ModelId,
	spec: &ModelSpec,
	memory: &mut Memory,
) -> Result<(), ViewError> {
	let Some(clock) = state.clock(model).await? else { return Ok(()) };
	let mut chores = Vec::new();
	chores.extend(clock_chore(state, model, spec, &clock, &mut memory.ready_since).await?);
	let newest = clock.next;
	for window in newest.saturating_sub(RECENT)..newest {
		chores.extend(lots_chores(state, model, spec, window).await?);
	}
	match settle::chores(state, model, spec, &mut memory.settled).await {
		Ok(due) => chores.extend(due),
		// What is due can wait; the clock cannot.
		Err(error) => tracing::debug!(model, "what is due waits: {error}"),
	}
	// What is called now gets into a block after the newest, final or not.
	let now = match chores.is_empty() {
		true => return Ok(()),
		false => worker.connection.best().await?.max(state.height()),
	};
	let mut calls = Vec::new();
	for chore in chores {
		let wait = rank(worker, state, model, spec, &chore).await?.saturating_mul(PATIENCE);
		if now >= chore.from.saturating_add(wait) {
			calls.push(chore.call);
		}
	}
	do_all(worker, model, calls).await;
	Ok(())
}

/// Finalise what the provider has in escrow in a model in which it has no place: no attestation of its own does.
pub async fn settle_own(worker: &Worker, state: &State, model: ModelId) -> Result<(), ViewError> {
	let chores = settle::own(state, &worker.provider, model).await?;
	let due = chores.into_iter().filter(|chore| chore.from <= state.height());
	do_all(worker, model, due.map(|chore| chore.call)).await;
	Ok(())
}

async fn do_all(worker: &Worker, model: ModelId, calls: impl IntoIterator<Item = Call>) {
	let done = calls.into_iter().map(|call| async {
		tracing::debug!(model, call = call.name(), "doing a chore");
		// Somebody else may be faster: that is as good.
		if let Err(error) = worker.submitter.submit(Request::from(call)).await {
			tracing::debug!(model, %error, "a chore was not done");
		}
	});
	join_all(done).await;
}

/// How many of the model's workers do a chore before this one: all of them could, but one is enough.
async fn rank(
	worker: &Worker,
	state: &State,
	model: ModelId,
	spec: &ModelSpec,
	chore: &Chore,
) -> Result<BlockNumber, ViewError> {
	let order = |provider: &AccountId| {
		hash(Domain::Lanes, &(provider, model, chore.call.name(), chore.from))
	};
	let (own, mut before) = (order(&worker.provider), 0);
	for stage in (0..spec.stages.len()).filter_map(|stage| StageIndex::try_from(stage).ok()) {
		let Some(roster) = state.roster(model, stage).await? else { continue };
		let standbys = roster.standbys.iter().map(|standby| &standby.provider);
		let all = roster.seats.iter().flatten().chain(standbys);
		before += all.filter(|provider| order(provider) < own).count();
	}
	Ok(before as BlockNumber) // at most 64 stages of 32
}

/// Move the clock, if it can be moved.
async fn clock_chore(
	state: &State,
	model: ModelId,
	spec: &ModelSpec,
	clock: &Clock,
	ready_since: &mut Option<BlockNumber>,
) -> Result<Option<Chore>, ViewError> {
	let is_ready = match clock.phase {
		Phase::Running(_) => true,
		_ => is_ready(state, model, spec).await?,
	};
	let is_awaited = is_ready && clock.phase == Phase::Waiting;
	*ready_since = is_awaited.then(|| ready_since.unwrap_or(state.height()));
	let from = match clock.phase {
		Phase::Running(window) => window.deadline,
		Phase::Scheduled { seed_at } => seed_at.saturating_add(1),
		Phase::Waiting => ready_since.unwrap_or(state.height()),
	};
	Ok(is_ready.then(|| Chore { call: poke_window(model), from }))
}

/// Whether the next window may start.
async fn is_ready(state: &State, model: ModelId, spec: &ModelSpec) -> Result<bool, ViewError> {
	let trains = state.model(model).await?.is_some_and(|found| found.status.trains());
	for stage in (0..spec.stages.len()).filter_map(|stage| StageIndex::try_from(stage).ok()) {
		let Some(roster) = state.roster(model, stage).await? else { return Ok(false) };
		let present = roster.seats.len() + roster.standbys.len();
		if !trains || !roster.is_full() || present < usize::from(spec.min_holders) {
			return Ok(false);
		}
	}
	Ok(trains)
}

/// Draw lots of a closed window, and auditors.
async fn lots_chores(
	state: &State,
	model: ModelId,
	spec: &ModelSpec,
	window: WindowIndex,
) -> Result<Vec<Chore>, ViewError> {
	let mut chores = Vec::new();
	let Some(closed) = state.closed_window(model, window).await? else { return Ok(chores) };
	let drawable = closed.window.deadline.saturating_add(state.beacon_delay().await?);
	// The last stage comes first.
	for stage in (0..spec.stages.len()).rev().filter_map(|s| StageIndex::try_from(s).ok()) {
		match state.lots(model, window, stage).await? {
			Some(Lots::Waiting) => {
				let from = drawable.saturating_add(1);
				chores.push(Chore { call: draw_lots(model, window, stage), from });
				break;
			},
			Some(Lots::Drawn(_)) => {
				for lane in 0..spec.lanes {
					let unit = UnitId { model, window, stage, lane };
					let audit = state.audit(unit).await?;
					chores.extend(audit.and_then(|audit| auditor_chore(unit, &audit.state)));
				}
			},
			_ => {},
		}
	}
	Ok(chores)
}

/// Draw an auditor, or another one.
pub(super) fn auditor_chore(unit: UnitId, audit: &AuditState) -> Option<Chore> {
	let from = match audit {
		AuditState::Drawing { seed_at } => seed_at.saturating_add(1),
		AuditState::Assigned { deadline, .. } => deadline.saturating_add(2),
		_ => return None,
	};
	Some(Chore { call: redraw_audit(unit), from })
}
