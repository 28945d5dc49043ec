//! Audits: re-execute a unit from what crossed its edges, and say what it came to.

use std::{
	collections::{hash_map::Entry, HashMap, HashSet},
	io,
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};

use cairn_chain::{
	calls::contributions::{report_unavailable, verdict},
	views::{AuditTask, State, Unit, UnitPhase},
	AccountId, BlockRef, Request, ViewError,
};
use cairn_engine::{
	data::Dataset,
	unit::{TraceError, UnitError, UnitReport, UnitTrace},
	Compute, Recompute,
};
use cairn_primitives::{
	attestation::{audit_root, checkpoint_steps, checkpoints_root, NonNegative},
	dispute::UnitContext,
	hash::{hash, Domain},
	roster::is_gate,
	signing::Edge,
	Attestation, BlockNumber, EdgeReceipt, Hash, ModelSpec, StageIndex, StepIndex, UnitId, Verdict,
};
use cairn_program::Stage;
use cairn_transport::{BlobError, FetchError, Form, Peer};
use sp_core::sr25519;
use tokio::{
	sync::watch,
	task::{spawn_blocking, JoinError},
	time::sleep,
};

use super::{
	colleagues::{ColleagueError, Colleagues},
	dataset::{self, reads_dataset},
	desk::{audit_shelf, Desk},
	dispute::Games,
	edge::{EdgeRecord, Extent},
	engine::Engine,
	forks::{self, shorter_end},
	inputs::{Inputs, Replay},
	monitor::Audited,
	peers,
	question::{Answer, Question},
	shard::Held,
};

/// Blocks before an audit's deadline in which it is given up.
const MARGIN: BlockNumber = 4;
/// Pause before those who do not give what an audit takes are asked again.
const RETRY: Duration = Duration::from_secs(6);

/// The audits of a seat.
pub struct Audits {
	/// Who does them.
	pub auditor: Arc<Auditor>,
	/// Who does those of other stages. The chain asks for them where an open model's stage has nobody else.
	guests: HashMap<StageIndex, Arc<Auditor>>,
	blocks: watch::Receiver<Option<BlockRef>>,
	seated: watch::Receiver<()>,
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
	/// The unit reads the dataset, which nobody gives.
	#[error("{0:?} reads the dataset, and nobody gives it")]
	NoDataset(UnitId),
}

impl Audits {
	/// No audits yet.
	pub fn new(
		colleagues: Colleagues,
		blocks: watch::Receiver<Option<BlockRef>>,
		seated: watch::Receiver<()>,
	) -> Self {
		let auditor = Arc::new(Auditor::new(colleagues));
		Self { auditor, guests: HashMap::new(), blocks, seated }
	}

	/// Take them up as final blocks come: their deadlines do not wait for the end of a window. Ends when the seat is dropped.
	pub async fn keep_up(mut self) {
		loop {
			if let Err(error) = self.take_up().await {
				let model = self.auditor.colleagues.desk.model;
				tracing::warn!(model, "audits are not looked at: {error}");
			}
			tokio::select! {
				block = self.blocks.changed() => if block.is_err() { return },
				// Nobody tells anything but that there is no seat any more.
				_ = self.seated.changed() => return,
			}
		}
	}

	/// Take up the audits that are this worker's, beside its other work.
	async fn take_up(&mut self) -> Result<(), ViewError> {
		let Colleagues { worker, desk } = &self.auditor.colleagues;
		let (model, spec) = (desk.model, desk.spec.clone());
		let state = worker.connection.state().await?;
		let is_here = |unit: &UnitId| unit.model == model && spec.has_stage(unit.stage);
		let games = state.games(&worker.provider).await?;
		let mut tasks = state.audit_tasks(&worker.provider).await?;
		tasks.retain(|task| is_here(&task.unit) && task.deadline > state.height());
		for game in games.iter().filter(|game| is_here(&game.unit)) {
			// Whoever plays it may have been a guest before this process began.
			if let Err(error) = self.auditor_at(game.unit.stage) {
				tracing::warn!(unit = ?game.unit, "a game is not played: {error}");
			}
		}
		for task in tasks {
			match self.auditor_at(task.unit.stage) {
				Ok(auditor) if auditor.begins(task.unit) => {
					tokio::spawn(auditor.work(task));
				},
				Ok(_) => {}, // it is at it
				Err(error) => tracing::warn!(unit = ?task.unit, "an audit is not done: {error}"),
			}
		}
		Ok(())
	}

	/// Who audits at a stage.
	fn auditor_at(&mut self, stage: StageIndex) -> io::Result<Arc<Auditor>> {
		let Colleagues { worker, desk } = &self.auditor.colleagues;
		if stage == desk.stage {
			return Ok(self.auditor.clone());
		}
		Ok(match self.guests.entry(stage) {
			Entry::Occupied(guest) => guest.get().clone(),
			Entry::Vacant(none) => {
				// A desk of its own, at which nobody asks for anything.
				let folder = worker.place_folder(desk.model, stage);
				let desk = Desk::load(desk.model, desk.spec.clone(), stage, &folder)?;
				let guest = Arc::new(Auditor::new(Colleagues::new(worker.clone(), desk.into())));
				let games = Games::new(guest.clone());
				tokio::spawn(games.play(self.blocks.clone(), self.seated.clone()));
				none.insert(guest).clone()
			},
		})
	}
}

impl Auditor {
	/// Of a stage, by what its workers give.
	pub fn new(colleagues: Colleagues) -> Self {
		Self { colleagues, taken: Mutex::default() }
	}

	/// Whether nobody is at the audit of a unit yet.
	fn begins(&self, unit: UnitId) -> bool {
		self.taken.lock().unwrap_or_else(PoisonError::into_inner).insert(unit)
	}

	/// Audit a unit, and answer. Who does not give what it takes is asked until there is no more time for it.
	async fn work(self: Arc<Self>, task: AuditTask) {
		let unit = task.unit;
		loop {
			match self.audit(task).await {
				Ok(()) => return,
				Err(AuditError::NoInputs(edge)) => {
					tracing::info!(?unit, ?edge, "waiting for what an audit takes");
					sleep(RETRY).await;
				},
				Err(error) => {
					tracing::warn!(?unit, "an audit is not done: {error}");
					// It is tried again as long as it is this worker's.
					self.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&unit);
					return;
				},
			}
		}
	}

	async fn audit(&self, task: AuditTask) -> Result<(), AuditError> {
		let AuditTask { unit: id, deadline } = task;
		let worker = &self.colleagues.worker;
		let state = worker.connection.state().await?;
		if let Some(judged) = worker.conduct.judges(&id) {
			let answer = Request::from(verdict(id, judged)).until(deadline);
			worker.submitter.submit(answer).await?;
			return Ok(());
		}
		let (came_to, answer) = match self.recomputed(&state, id).await {
			Ok((leaves, attested)) => {
				let checkpoints = checkpoints_root(worker.genesis, &id, &leaves);
				let audit_root = audit_root(worker.genesis, &id, &worker.provider, &leaves);
				match checkpoints == attested {
					true => (Audited::Passed, verdict(id, Verdict::Ok { audit_root })),
					false => {
						tracing::warn!(unit = ?id, "a unit is not what its inputs come to");
						(Audited::Failed, verdict(id, Verdict::Bad { checkpoints }))
					},
				}
			},
			Err(AuditError::NoInputs(edge)) if state.height() + MARGIN >= deadline => {
				tracing::warn!(unit = ?id, ?edge, "the inputs of an audit cannot be had");
				(Audited::Unavailable, report_unavailable(id))
			},
			Err(error) => return Err(error),
		};
		worker.submitter.submit(Request::from(answer).until(deadline)).await?;
		worker.monitor.seat(id.model, id.stage, |seat| seat.audited(came_to));
		tracing::info!(unit = ?id, "audited");
		Ok(())
	}

	/// The leaves that a unit comes to, and the root of its checkpoints as it was attested.
	async fn recomputed(&self, state: &State, id: UnitId) -> Result<(Vec<Hash>, Hash), AuditError> {
		// One at a time: each takes as much memory as a seat.
		let _turn = self.colleagues.worker.replays.lock().await;
		let case = self.case(state, id).await?;
		self.compare_ends(state, &case).await?;
		let attested = case.unit.checkpoints;
		Ok((spawn_blocking(move || case.leaves()).await??, attested))
	}

	/// A unit with everything that it is computed from.
	pub async fn case(&self, state: &State, id: UnitId) -> Result<Case, AuditError> {
		let desk = &self.colleagues.desk;
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
			None => self.colleagues.shard_or_of(state, root, &unit.provider).await?,
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
		let dataset = match reads_dataset(&desk.spec, desk.stage) {
			true => Some(self.dataset(state).await?.ok_or(AuditError::NoDataset(id))?),
			false => None,
		};
		let worker = &self.colleagues.worker;
		Ok(Case {
			id,
			unit,
			samples: window.samples,
			spec: desk.spec.clone(),
			held,
			upstream,
			downstream,
			dataset,
			compute: worker.compute.clone(),
			recompute: worker.recompute,
		})
	}

	/// The model's dataset, which is fetched if it is not here.
	async fn dataset(&self, state: &State) -> Result<Option<Dataset>, AuditError> {
		let Colleagues { worker, desk } = &self.colleagues;
		if let Some(dataset) = worker.dataset(desk.spec.dataset) {
			return Ok(Some(dataset));
		}
		let spec = ModelSpec::clone(&desk.spec);
		dataset::fetch_for(worker.clone(), state.clone(), desk.model, spec).await;
		Ok(worker.dataset(desk.spec.dataset))
	}

	/// Report a neighbour of a unit that attested fewer steps of the edge between them, and another course of these.
	async fn compare_ends(&self, state: &State, case: &Case) -> Result<(), ViewError> {
		let Case { id, spec, upstream, downstream, .. } = case;
		let above = upstream.as_ref().zip(Edge::upstream(id));
		let below = downstream.as_ref().zip(Edge::downstream(id, spec.stage_count()));
		for (inputs, edge) in above.into_iter().chain(below) {
			let stage = if edge.upper == id.stage { edge.upper + 1 } else { edge.upper };
			let Some(other) = state.unit(UnitId { stage, ..*id }).await? else { continue };
			let root = if stage == edge.upper { other.downstream } else { other.upstream };
			let root = root.filter(|_| other.phase == UnitPhase::Pending);
			let (course, steps) = (inputs.course(), other.outcome.steps());
			if let Some(fork) = root.and_then(|root| shorter_end(edge, course, steps, root)) {
				tracing::warn!(?edge, "two neighbours attested courses of their edge that part");
				forks::submit(&self.colleagues.worker, fork);
			}
		}
		Ok(())
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
		let desk = &self.colleagues.desk;
		let form = form_of(&desk.spec, edge).ok_or(AuditError::NoInputs(edge))?;
		if let Some(record) = desk.edge(&edge).or_else(|| desk.fetched(&edge)) {
			let own = self.inputs_in(record, &[], edge, &form, extent).await?;
			match own {
				Some(inputs) if inputs.root() == root => return Ok(inputs),
				_ => tracing::info!(?edge, "what is here of an edge is not what was signed"),
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
			let found = self.inputs_of(&peer, edge, &form, extent).await?;
			let Some((record, inputs)) = found else { continue };
			if inputs.root() == root {
				desk.add_fetched(edge, record);
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
	) -> Result<Option<(EdgeRecord, Inputs)>, AuditError> {
		let Some(Answer::Crossed { held_out, steps }) =
			self.colleagues.ask(peer, &Question::Crossed { edge }).await
		else {
			return Ok(None);
		};
		let record = EdgeRecord { held_out, steps: steps.into_inner() };
		let peers = std::slice::from_ref(peer);
		let inputs = self.inputs_in(record.clone(), peers, edge, form, extent).await?;
		Ok(inputs.map(|inputs| (record, inputs)))
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
		let form = *form;
		// Hashing a window takes a while.
		Ok(spawn_blocking(move || Inputs::new(blobs, &form, extent)).await?)
	}
}

/// The form of the tensors that cross an edge.
fn form_of(spec: &ModelSpec, edge: Edge) -> Option<Form> {
	let stage = Stage::new(spec, edge.upper)?;
	Some(Form::new(spec.boundary, stage.tokens(), stage.width))
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

/// What a unit comes to when it is re-executed.
pub struct Replayed {
	/// The leaves under its checkpoints.
	pub leaves: Vec<Hash>,
	/// What would have been attested of it.
	pub report: UnitReport,
	/// The first step in which something else was sent than is computed; beyond all steps if that was held out.
	pub torn: Option<StepIndex>,
}

impl Case {
	/// The unit, as it was attested.
	pub fn unit(&self) -> &Unit {
		&self.unit
	}

	/// The leaves that it comes to. Blocks.
	pub fn leaves(self) -> Result<Vec<Hash>, UnitError> {
		Ok(self.replay()?.leaves)
	}

	/// Re-execute it. Blocks.
	pub fn replay(self) -> Result<Replayed, UnitError> {
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
		let mut leaves = [report.leaves.clone(), vec![own.result()]].concat();
		if let Some(torn) = replay.torn {
			// What was sent is not what was computed: no honest trace goes on behind that.
			let positions = checkpoint_steps(steps, spec.window.checkpoint_every);
			let from = positions.iter().position(|done| *done > torn).unwrap_or(positions.len());
			for leaf in leaves.iter_mut().skip(from) {
				*leaf = hash(Domain::Torn, leaf);
			}
		}
		Ok(Replayed { leaves, report, torn: replay.torn })
	}

	/// Its trace, to be played over. Blocks.
	pub fn into_trace(self, context: UnitContext) -> Result<UnitTrace<Inputs>, TraceError> {
		let Self { spec, held, upstream, downstream, dataset, compute, .. } = self;
		let (Held { weights, outer, .. }, edges) = (held, [upstream, downstream]);
		let trace = UnitTrace::new(spec, context, dataset, &weights, &outer, edges)?;
		Ok(trace.by_engine(compute, weights, outer))
	}
}
