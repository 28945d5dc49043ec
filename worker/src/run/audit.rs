//! Audits: re-execute a unit from what crossed its edges, and say what it came to.

use std::{
	collections::HashSet,
	sync::{Arc, Mutex, PoisonError},
};

use cairn_chain::{
	calls::contributions::{report_unavailable, verdict},
	views::{AuditTask, State, Unit},
	AccountId, Request, ViewError,
};
use cairn_engine::{
	data::Dataset,
	unit::{TraceError, UnitError, UnitTrace},
	Compute, Recompute,
};
use cairn_primitives::{
	attestation::{audit_root, checkpoint_steps, checkpoints_root, NonNegative},
	dispute::UnitContext,
	hash::{hash, Domain},
	roster::is_gate,
	signing::Edge,
	Attestation, BlockNumber, EdgeReceipt, Hash, ModelSpec, UnitId, Verdict,
};
use cairn_program::Stage;
use cairn_transport::{BlobError, FetchError, Form, Peer};
use sp_core::sr25519;
use tokio::task::{spawn_blocking, JoinError};

use super::{
	colleagues::{ColleagueError, Colleagues},
	desk::audit_shelf,
	edge::{EdgeRecord, Extent},
	engine::Engine,
	inputs::{Inputs, Replay},
	peers,
	question::{Answer, Question},
	shard::Held,
};

/// Blocks before an audit's deadline in which it is given up.
const MARGIN: BlockNumber = 4;

/// The audits of a seat.
pub struct Audits {
	/// Who does them.
	pub auditor: Arc<Auditor>,
}

/// Re-executes units.
pub struct Auditor {
	pub(super) colleagues: Colleagues,
	/// Units that are being audited, or were.
	taken: Mutex<HashSet<UnitId>>,
}

/// Why an audit cannot be done now.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
	/// The chain does not answer.
	#[error(transparent)]
	Chain(#[from] ViewError),
	/// The chain did not take the answer.
	#[error(transparent)]
	Call(#[from] cairn_chain::Failure),
	/// Nobody has the shard.
	#[error(transparent)]
	Colleagues(#[from] ColleagueError),
	/// The store of blobs failed.
	#[error(transparent)]
	Blob(#[from] BlobError),
	/// The unit cannot be computed here.
	#[error(transparent)]
	Unit(#[from] UnitError),
	/// The store of shards failed.
	#[error(transparent)]
	Shard(#[from] cairn_engine::CheckpointError),
	/// A thread was stopped.
	#[error("a thread was stopped: {0}")]
	Stopped(#[from] JoinError),
	/// The chain has forgotten the unit or its window.
	#[error("the chain no longer knows {0:?}")]
	Forgotten(UnitId),
	/// Neither end of an edge gives what crossed.
	#[error("neither end of {0:?} gives what crossed")]
	NoInputs(Edge),
	/// The unit is of another stage, which this worker does not hold.
	#[error("{0:?} is of another stage")]
	OtherStage(UnitId),
}

impl Audits {
	/// No audits yet.
	pub fn new(colleagues: Colleagues) -> Self {
		Self { auditor: Arc::new(Auditor { colleagues, taken: Mutex::default() }) }
	}

	/// Take up the audits that are this worker's, beside its other work.
	pub async fn take_up(&self, state: &State) -> Result<(), ViewError> {
		let provider = &self.auditor.colleagues.worker.provider;
		let model = self.auditor.colleagues.desk.model;
		for task in state.audit_tasks(provider).await? {
			let is_new = task.unit.model == model
				&& self
					.auditor
					.taken
					.lock()
					.unwrap_or_else(PoisonError::into_inner)
					.insert(task.unit);
			if is_new {
				tokio::spawn(self.auditor.clone().work(task));
			}
		}
		Ok(())
	}
}

impl Auditor {
	/// Audit a unit, and answer.
	async fn work(self: Arc<Self>, task: AuditTask) {
		let unit = task.unit;
		match self.audit(task).await {
			Ok(()) => {},
			Err(error) => {
				tracing::warn!(?unit, "an audit is not done: {error}");
				// It is tried again as long as it is this worker's.
				self.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&unit);
			},
		}
	}

	async fn audit(&self, task: AuditTask) -> Result<(), AuditError> {
		let AuditTask { unit: id, deadline } = task;
		let worker = &self.colleagues.worker;
		let state = worker.connection.state().await?;
		let answer = match self.case(&state, id).await {
			Ok(case) => {
				let attested = case.unit.checkpoints;
				let leaves = spawn_blocking(move || case.leaves()).await??;
				let checkpoints = checkpoints_root(worker.genesis, &id, &leaves);
				let audit_root = audit_root(worker.genesis, &id, &worker.provider, &leaves);
				match checkpoints == attested {
					true => verdict(id, Verdict::Ok { audit_root }),
					false => {
						tracing::warn!(unit = ?id, "a unit is not what its inputs come to");
						verdict(id, Verdict::Bad { checkpoints })
					},
				}
			},
			Err(AuditError::NoInputs(edge)) if state.height() + MARGIN >= deadline => {
				tracing::warn!(unit = ?id, ?edge, "the inputs of an audit cannot be had");
				report_unavailable(id)
			},
			Err(error) => return Err(error),
		};
		worker.submitter.submit(Request::from(answer).until(deadline)).await?;
		tracing::info!(unit = ?id, "audited");
		Ok(())
	}

	/// A unit with everything that it is computed from.
	pub async fn case(&self, state: &State, id: UnitId) -> Result<Case, AuditError> {
		let Colleagues { desk, worker } = &self.colleagues;
		if id.stage != desk.stage {
			return Err(AuditError::OtherStage(id));
		}
		let unit = state.unit(id).await?.ok_or(AuditError::Forgotten(id))?;
		let closed = state.closed_window(id.model, id.window).await?;
		let window = closed.ok_or(AuditError::Forgotten(id))?.window;
		let root = unit.shard_before;
		let stored = {
			let desk = desk.clone();
			spawn_blocking(move || desk.shards.load(&desk.spec, root)).await??
		};
		let held = match stored {
			Some(held) => held,
			None => self.colleagues.shard(state, root).await?,
		};
		let extent = Extent::of(&desk.spec, &window).within(unit.outcome.steps());
		let upstream = match (Edge::upstream(&id), unit.upstream) {
			(Some(edge), Some(root)) => Some(self.inputs(state, &unit, edge, root, extent).await?),
			_ => None,
		};
		let downstream = match (Edge::downstream(&id, desk.spec.stage_count()), unit.downstream) {
			(Some(edge), Some(root)) => Some(self.inputs(state, &unit, edge, root, extent).await?),
			_ => None,
		};
		let is_end = desk.stage == 0 || desk.spec.is_last_stage(desk.stage);
		Ok(Case {
			id,
			unit,
			samples: window.samples,
			spec: desk.spec.clone(),
			held,
			upstream,
			downstream,
			dataset: worker.dataset(desk.spec.dataset).filter(|_| is_end),
			compute: worker.compute.clone(),
			recompute: worker.recompute,
		})
	}

	/// What crossed an edge, from the unit's worker or its neighbour, if it is what both have signed.
	async fn inputs(
		&self,
		state: &State,
		unit: &Unit,
		edge: Edge,
		root: Hash,
		extent: Extent,
	) -> Result<Inputs, AuditError> {
		let spec = &self.colleagues.desk.spec;
		let Some(stage) = Stage::new(spec, edge.upper) else {
			return Err(AuditError::NoInputs(edge));
		};
		let form = Form::new(spec.boundary, stage.tokens(), stage.width);
		if let Some(record) = self.colleagues.desk.edge(&edge) {
			let own = self.inputs_in(record, &[], edge, &form, extent).await?;
			if let Some(inputs) = own.filter(|inputs| inputs.root(&form) == root) {
				return Ok(inputs);
			}
		}
		let mut ends = vec![unit.provider.clone()];
		for stage in [edge.upper, edge.upper + 1] {
			let Edge { model, window, lane, .. } = edge;
			let neighbour = state.unit(UnitId { model, window, stage, lane }).await?;
			ends.extend(neighbour.map(|neighbour| neighbour.provider));
		}
		for provider in ends {
			let found = state.provider(&provider).await?;
			let Some(peer) = found.and_then(|found| peers::reach(&found.endpoint)) else {
				continue;
			};
			let Some(inputs) = self.inputs_of(&peer, edge, &form, extent).await? else { continue };
			if inputs.root(&form) == root {
				return Ok(inputs);
			}
			tracing::warn!(%provider, ?edge, "what a worker says has crossed is not what was signed");
		}
		Err(AuditError::NoInputs(edge))
	}

	/// What a peer says has crossed an edge.
	async fn inputs_of(
		&self,
		peer: &Peer,
		edge: Edge,
		form: &Form,
		extent: Extent,
	) -> Result<Option<Inputs>, AuditError> {
		let Some(Answer::Crossed { held_out, steps }) =
			self.colleagues.ask(peer, &Question::Crossed { edge }).await
		else {
			return Ok(None);
		};
		let record = EdgeRecord { held_out, steps: steps.into_inner() };
		self.inputs_in(record, std::slice::from_ref(peer), edge, form, extent).await
	}

	/// What crossed an edge, by a record of it, whose blobs are here or fetched.
	async fn inputs_in(
		&self,
		EdgeRecord { held_out, steps }: EdgeRecord,
		peers: &[Peer],
		edge: Edge,
		form: &Form,
		extent: Extent,
	) -> Result<Option<Inputs>, AuditError> {
		let list: Vec<Hash> =
			held_out.into_iter().chain(steps.iter().take(extent.steps as usize).copied()).collect();
		let is_whole =
			steps.len() >= extent.steps as usize && held_out.is_some() == (extent.held_out > 0);
		if !is_whole {
			return Ok(None);
		}
		let most = u64::from((2 * extent.microbatches).max(extent.held_out)) * form.bytes();
		let shelf = audit_shelf(edge.model, edge.window);
		let worker = &self.colleagues.worker;
		match worker.endpoint.fetch_all(&list, peers, most, &shelf).await {
			Ok(_) => {},
			Err(FetchError::Here(error)) => return Err(error.into()),
			Err(error) => {
				tracing::info!(?edge, %error, "the inputs of an audit were not fetched");
				return Ok(None);
			},
		}
		let mut blobs = Vec::new();
		for hash in list {
			blobs.push(worker.endpoint.blobs().read(hash).await?);
		}
		Ok(Inputs::new(blobs, form, extent))
	}
}

/// A unit with everything that it is computed from.
pub struct Case {
	id: UnitId,
	/// As it was attested.
	unit: Unit,
	samples: u64,
	spec: Arc<ModelSpec>,
	held: Held,
	upstream: Option<Inputs>,
	downstream: Option<Inputs>,
	dataset: Option<Dataset>,
	compute: Arc<Compute>,
	recompute: Recompute,
}

impl Case {
	/// The leaves that it comes to. Blocks.
	pub fn leaves(self) -> Result<Vec<Hash>, UnitError> {
		let Self { id, unit, samples, spec, held, .. } = self;
		let engine =
			Engine::new(spec.clone(), id.stage, self.compute, self.recompute, self.dataset);
		let mut replay = Replay::new(self.upstream, self.downstream);
		let steps = unit.outcome.steps();
		let (report, _) = engine.run(&held, id, samples, steps, &mut replay)?;

		let number = |value: f32| NonNegative(value.to_bits());
		let is_last = spec.is_last_stage(id.stage);
		let receipt = |root: Option<Hash>| {
			// The result depends on the root alone.
			root.map(|root| EdgeReceipt { root, signature: sr25519::Signature::default() })
		};
		let own = Attestation::<AccountId> {
			unit: id,
			shard_before: unit.shard_before,
			outcome: unit.outcome,
			difference: report.root,
			norm: number(report.norm),
			checkpoints: Hash::zero(),
			upstream: receipt(unit.upstream),
			downstream: receipt(unit.downstream),
			loss: is_last.then(|| number(report.loss.unwrap_or(0.0))),
			held_out: (is_last && is_gate(id.window))
				.then(|| number(report.held_out.unwrap_or(0.0))),
			inner_state: None,
			held: Default::default(),
		};
		let mut leaves = [report.leaves, vec![own.result()]].concat();
		if let Some(torn) = replay.torn {
			// What was sent is not what was computed: no honest trace goes on behind that.
			let positions = checkpoint_steps(steps, spec.window.checkpoint_every);
			let from = positions.iter().position(|done| *done > torn).unwrap_or(positions.len());
			for leaf in leaves.iter_mut().skip(from) {
				*leaf = hash(Domain::Torn, leaf);
			}
		}
		Ok(leaves)
	}

	/// Its trace, to be played over. Blocks.
	pub fn into_trace(self, context: UnitContext) -> Result<UnitTrace<Inputs>, TraceError> {
		let Self { spec, held, upstream, downstream, dataset, compute, .. } = self;
		let (Held { weights, outer, .. }, edges) = (held, [upstream, downstream]);
		let trace = UnitTrace::new(spec, context, dataset, &weights, &outer, edges)?;
		Ok(trace.by_engine(compute, weights, outer))
	}
}
