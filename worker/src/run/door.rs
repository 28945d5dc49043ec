//! Lets those in who have to do with a seat now, and nobody else: colleagues of the stage, neighbours in the lane, auditors.

use std::sync::Arc;

use cairn_chain::{
	views::{AuditState, State},
	AccountId, BlockRef, ViewError,
};
use cairn_primitives::{signing::Edge, ModelId, ModelSpec, StageIndex, UnitId, WindowIndex};
use cairn_transport::{EndpointId, Shelf};
use tokio::sync::watch;

use super::{
	dataset::{dataset_shelf, readers, reads_dataset},
	desk::{difference_shelf, edge_shelf, shard_shelf, Desk},
	peers::endpoint_id,
	worker::{Table, Worker},
};

/// Windows whose differences colleagues may fetch.
const WINDOWS: WindowIndex = 5;

/// Keep the table of admissions as the chain says, block after block.
pub async fn keep(
	worker: Arc<Worker>,
	desk: Arc<Desk>,
	mut blocks: watch::Receiver<Option<BlockRef>>,
) {
	loop {
		match table(&worker, &desk).await {
			Ok(table) => worker.admit(desk.model, desk.stage, table),
			Err(error) => {
				tracing::warn!(model = desk.model, "who may come in is not known: {error}")
			},
		}
		tokio::select! {
			changed = blocks.changed() => if changed.is_err() {
				return;
			},
			() = desk.changed.notified() => {},
		}
	}
}

async fn table(worker: &Worker, desk: &Desk) -> Result<Table, ViewError> {
	let state = worker.connection.state().await?;
	let mut table = Table::new();
	let Some(roster) = state.roster(desk.model, desk.stage).await? else { return Ok(table) };
	let newest = state.clock(desk.model).await?.map_or(0, |clock| clock.next);
	let shelves = shelves(desk, newest);
	let standbys = roster.standbys.iter().map(|standby| &standby.provider);
	for provider in roster.seats.iter().flatten().chain(standbys) {
		if *provider == worker.provider {
			continue;
		}
		if let Some(id) = endpoint(&state, provider).await? {
			table.entry(id).or_default().shelves.extend(shelves.iter().cloned());
		}
	}
	for stage in readers(&desk.spec).filter(|_| reads_dataset(&desk.spec, desk.stage)) {
		for peer in members(&state, desk.model, stage).await? {
			table.entry(peer).or_default().shelves.insert(dataset_shelf(desk.spec.dataset));
		}
	}
	for (edge, peer) in desk.lane() {
		if let Some(id) = endpoint_id(&peer.endpoint) {
			table.entry(id).or_default().edges.insert(edge);
		}
	}
	for (auditor, unit) in auditors(&state, desk).await? {
		if let Some(id) = endpoint(&state, &auditor).await? {
			let admission = table.entry(id).or_default();
			admission.shelves.extend(edges_of(&desk.spec, &unit).iter().map(edge_shelf));
			if unit.stage == desk.stage {
				// It may be of another stage, and hold nothing of this one.
				admission.shelves.insert(shard_shelf(desk.model, desk.stage));
				if reads_dataset(&desk.spec, desk.stage) {
					admission.shelves.insert(dataset_shelf(desk.spec.dataset));
				}
			}
		}
	}
	Ok(table)
}

/// All at a stage, as the transport knows them.
pub async fn members(
	state: &State,
	model: ModelId,
	stage: StageIndex,
) -> Result<Vec<EndpointId>, ViewError> {
	let Some(roster) = state.roster(model, stage).await? else { return Ok(Vec::new()) };
	let mut members = Vec::new();
	let standbys = roster.standbys.iter().map(|standby| &standby.provider);
	for provider in roster.seats.iter().flatten().chain(standbys) {
		members.extend(endpoint(state, provider).await?);
	}
	Ok(members)
}

async fn endpoint(state: &State, provider: &AccountId) -> Result<Option<EndpointId>, ViewError> {
	Ok(state.provider(provider).await?.and_then(|found| endpoint_id(&found.endpoint)))
}

/// What all of the stage may fetch: what it learned, and what its units were computed from, because whoever is entitled to the stage may
/// challenge them.
fn shelves(desk: &Desk, newest: WindowIndex) -> Vec<Shelf> {
	let edges = desk.units().into_iter().flat_map(|unit| edges_of(&desk.spec, &unit));
	(newest.saturating_sub(WINDOWS)..=newest)
		.map(|window| difference_shelf(desk.model, desk.stage, window))
		.chain([shard_shelf(desk.model, desk.stage)])
		.chain(edges.map(|edge| edge_shelf(&edge)))
		.collect()
}

/// The edges of a unit.
fn edges_of(spec: &ModelSpec, unit: &UnitId) -> Vec<Edge> {
	let edges = [Edge::upstream(unit), Edge::downstream(unit, spec.stage_count())];
	edges.into_iter().flatten().collect()
}

/// Who audits a unit of this seat or of one next to it in the lane, and which.
async fn auditors(state: &State, desk: &Desk) -> Result<Vec<(AccountId, UnitId)>, ViewError> {
	let mut auditors = Vec::new();
	for own in desk.units() {
		let stages: std::ops::RangeInclusive<StageIndex> =
			own.stage.saturating_sub(1)..=own.stage.saturating_add(1);
		for stage in stages.filter(|stage| desk.spec.has_stage(*stage)) {
			let unit = UnitId { stage, ..own };
			let audit = state.audit(unit).await?;
			// An accuser may have to fetch again what a game takes.
			if let Some(AuditState::Assigned { auditor, .. } | AuditState::Accused { auditor }) =
				audit.map(|audit| audit.state)
			{
				auditors.push((auditor, unit));
			}
		}
	}
	Ok(auditors)
}
