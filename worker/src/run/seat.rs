//! One place in one model: what a worker does there, block after block.

use std::{
	collections::BTreeSet,
	sync::{Arc, PoisonError},
};

use cairn_chain::{
	calls::shards::declare_held,
	views::{Phase, Place, State},
	BlockRef, Failure, Request, ViewError,
};
use cairn_engine::{unit::UnitError, CheckpointError, StageError};
use cairn_primitives::{
	dispute::Merged, signing::Edge, Hash, LaneIndex, ModelId, ModelSpec, Roster, StageIndex,
	UnitId, Window, WindowIndex,
};
use cairn_transport::{BlobError, OpenError};
use tokio::{
	sync::watch,
	task::{spawn_blocking, JoinError, JoinHandle},
};

use super::{
	audit::Audits,
	colleagues::{ColleagueError, Colleagues},
	dataset::reads_dataset,
	desk::{
		claimed_shelf, fetched_shelf, shard_shelf, shelves_of, Begin, Desk, DeskError, Desks,
		Merger, Session,
	},
	dispute::Games,
	door,
	engine::{Engine, RoomError},
	inspect,
	monitor::{Doing, SeatStatus},
	origin::Origin,
	retention,
	shard::{is_kept, Held},
	units::{UnitStore, UnitStoreError},
	window::Duty,
	worker::{Table, Worker},
};

/// Windows until the lots of one are drawn and what crossed then is asked for, with the one that runs.
const UNTIL_LOTS: WindowIndex = 3;
/// Windows before those that are looked through for what is left of them, at first.
const MOST_FORGOTTEN: WindowIndex = 64;

/// One place in one model.
pub struct Seat {
	pub(super) worker: Arc<Worker>,
	pub(super) model: ModelId,
	pub(super) spec: Arc<ModelSpec>,
	pub(super) stage: StageIndex,
	pub(super) desk: Arc<Desk>,
	pub(super) colleagues: Colleagues,
	/// Tells the tasks that audit and play games that there is a seat.
	seated: watch::Sender<()>,
	/// Lets others in.
	door: JoinHandle<()>,
	/// Looks at what others attest.
	inspection: JoinHandle<()>,
	pub(super) engine: Arc<Engine>,
	pub(super) units: UnitStore,
	/// The shard that was needed last.
	held: Option<Arc<Held>>,
	/// All windows before this one are forgotten, but for those that are retained.
	forgotten: Option<WindowIndex>,
	/// Windows before that of which something may be asked for still.
	retained: BTreeSet<WindowIndex>,
	/// The last window in whose merged shard this standby declared to hold.
	declared: Option<WindowIndex>,
	/// Whether it was told that the place is gone.
	is_left: bool,
	blocks: watch::Receiver<Option<BlockRef>>,
	/// Whether the seat ends with the running window.
	leaving: watch::Receiver<bool>,
}

/// Why a seat cannot do its work now. It tries again with the next block.
#[derive(Debug, thiserror::Error)]
pub enum SeatError {
	/// The chain does not answer.
	#[error(transparent)]
	Chain(#[from] ViewError),
	/// The chain did not do what it was asked for.
	#[error(transparent)]
	Call(#[from] Failure),
	/// The unit cannot be computed.
	#[error(transparent)]
	Unit(#[from] UnitError),
	/// The stage failed.
	#[error(transparent)]
	Stage(#[from] StageError),
	/// The stage does not fit into memory.
	#[error(transparent)]
	Room(#[from] RoomError),
	/// A shard cannot be stored or read.
	#[error(transparent)]
	Shard(#[from] CheckpointError),
	/// A difference that is here cannot be read.
	#[error(transparent)]
	Difference(#[from] DeskError),
	/// Nobody has what is needed.
	#[error(transparent)]
	Colleagues(#[from] ColleagueError),
	/// The store of blobs failed.
	#[error(transparent)]
	Blob(#[from] BlobError),
	/// What a seat signed cannot be remembered.
	#[error(transparent)]
	Units(#[from] UnitStoreError),
	/// The neighbour works for another purpose.
	#[error(transparent)]
	Edge(#[from] OpenError),
	/// There is nobody at the other end of an edge.
	#[error("nobody can be reached at the other end of {0:?}: the neighbour is not registered with an endpoint")]
	NoNeighbour(Edge),
	/// There is no such stage.
	#[error("the model has no such stage")]
	NoStage,
	/// The chain does not tell where to go on from.
	#[error("model {0} waits for its owner: a merge was refuted, and only `restart_from` tells where it goes on from")]
	NoOrigin(ModelId),
	/// A thread was stopped.
	#[error("a thread was stopped: {0}")]
	Stopped(#[from] JoinError),
}

/// Why a seat cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
	/// The dataset is not here.
	#[error("stage {stage} of model {model} reads the dataset {dataset:?}: name its folder with --dataset")]
	NoDataset {
		/// The model.
		model: ModelId,
		/// The stage.
		stage: StageIndex,
		/// Root of the dataset.
		dataset: Hash,
	},
	/// The folder cannot be used.
	#[error("{0} cannot be used: {1}")]
	Folder(std::path::PathBuf, std::io::Error),
	/// What was signed before cannot be read.
	#[error(transparent)]
	Units(#[from] UnitStoreError),
}

impl Seat {
	/// Take a place: open what is stored of it.
	pub fn take(
		worker: Arc<Worker>,
		desks: &Desks,
		model: ModelId,
		spec: ModelSpec,
		stage: StageIndex,
		blocks: watch::Receiver<Option<BlockRef>>,
		leaving: watch::Receiver<bool>,
	) -> Result<Self, TakeError> {
		let spec = Arc::new(spec);
		let dataset = match reads_dataset(&spec, stage) {
			true => Some(worker.dataset(spec.dataset).ok_or(TakeError::NoDataset {
				model,
				stage,
				dataset: spec.dataset,
			})?),
			false => None,
		};
		let folder = worker.place_folder(model, stage);
		let desk = Desk::load(model, spec.clone(), stage, &folder);
		let desk = Arc::new(desk.map_err(|error| TakeError::Folder(folder, error))?);
		let units = UnitStore::open(worker.units_folder(model, stage))?;
		let engine =
			Engine::new(spec.clone(), stage, worker.compute.clone(), worker.recompute, dataset);
		desks.lock().unwrap_or_else(PoisonError::into_inner).insert((model, stage), desk.clone());
		let colleagues = Colleagues::new(worker.clone(), desk.clone());
		let seated = watch::Sender::new(());
		let audits = Audits::new(colleagues.clone(), blocks.clone(), seated.subscribe());
		let games = Games::new(audits.auditor.clone());
		let door = tokio::spawn(door::keep(worker.clone(), desk.clone(), blocks.clone()));
		let inspection = tokio::spawn(inspect::keep(colleagues.clone(), blocks.clone()));
		let seat = Self {
			worker,
			model,
			spec,
			stage,
			desk,
			colleagues,
			seated,
			door,
			inspection,
			engine: Arc::new(engine),
			units,
			held: None,
			forgotten: None,
			retained: BTreeSet::new(),
			declared: None,
			is_left: false,
			blocks,
			leaving,
		};
		for record in seat.units.all() {
			seat.desk.note(record.unit);
			seat.desk.give_out(record);
		}
		tokio::spawn(audits.keep_up());
		tokio::spawn(games.play(seat.blocks.clone(), seat.seated.subscribe()));
		Ok(seat)
	}

	/// Work, as final blocks come, until the place is lost and nobody can ask for anything of it.
	pub async fn run(mut self) {
		let mut told = String::new();
		if let Err(error) = self.clear_shelves().await {
			tracing::warn!(model = self.model, stage = self.stage, "old blobs are left: {error}");
		}
		loop {
			match self.advance().await {
				Ok(true) => {
					told.clear();
					self.note(|seat| seat.waits_for = None);
				},
				Ok(false) => break,
				Err(error) => {
					let words = error.to_string();
					// What it waits for is told once.
					if words != told {
						tracing::warn!(model = self.model, stage = self.stage, "{words}");
						self.tell(&words);
						self.note(|seat| seat.waits_for = Some(words.clone()));
					}
					told = words;
				},
			}
			if *self.leaving.borrow() || self.blocks.changed().await.is_err() {
				break;
			}
		}
		// Before others are kept out: it would let them in again.
		self.door.abort();
		let _ = (&mut self.door).await;
		self.worker.admit(self.model, self.stage, Table::new());
		self.worker.monitor.gave_up(self.model, self.stage);
	}

	/// Remove blobs that a process before this one gave out or fetched: it alone knew them.
	async fn clear_shelves(&self) -> Result<(), BlobError> {
		let blobs = self.worker.endpoint.blobs();
		for shelf in [shard_shelf, fetched_shelf, claimed_shelf] {
			blobs.clear(&shelf(self.model, self.stage)).await?;
		}
		Ok(())
	}

	/// Note what happens here.
	pub(super) fn note(&self, note: impl FnOnce(&mut SeatStatus)) {
		self.worker.monitor.seat(self.model, self.stage, note);
	}

	/// Tell a person what happens here.
	pub(super) fn tell(&self, words: &str) {
		self.worker.monitor.told(&format!("model {}: {words}", self.model));
	}

	/// Do what there is to do now; whether there may be more.
	async fn advance(&mut self) -> Result<bool, SeatError> {
		let state = self.worker.connection.state().await?;
		let provider = &self.worker.provider;
		let place = state.place(self.model, provider).await?;
		let is_here = match place {
			Some(Place::Seat { stage, .. } | Place::Standby { stage, .. }) => stage == self.stage,
			_ => false,
		};
		if !is_here {
			return self.leave(&state).await;
		}
		self.is_left = false;
		let Some(clock) = state.clock(self.model).await? else { return Ok(true) };
		let Some(roster) = state.roster(self.model, self.stage).await? else { return Ok(true) };
		match clock.phase {
			Phase::Running(window) => match self.lane_in(&roster, &window) {
				Some(lane) => self.work_in(&state, window, lane).await?,
				None => self.stand_by(&state, &roster, &window).await?,
			},
			// So as to be ready when it starts.
			_ => {
				self.hold(&state, clock.next).await?;
				self.declare(&state, clock.next).await?;
				self.note(|seat| seat.doing = Doing::Waiting);
			},
		}
		self.forget(&state, clock.next).await?;
		Ok(true)
	}

	/// The place is lost or given up, but its units may be audited and disputed until they are final: serve what they were computed
	/// from; whether any is left.
	async fn leave(&mut self, state: &State) -> Result<bool, SeatError> {
		if !self.is_left {
			tracing::info!(
				model = self.model,
				stage = self.stage,
				"the place is gone: serving auditors as long as its units are not final"
			);
			self.is_left = true;
		}
		self.note(|seat| seat.doing = Doing::Leaving);
		let windows = self.units.all().map(|record| record.unit.window).collect();
		let needed = retention::needed(state, &self.desk, &self.worker.provider, &windows).await?;
		self.forget_all_but(&windows, |window| needed.contains(&window)).await?;
		if needed.is_empty() {
			self.desk.shards.keep(&[]);
		}
		Ok(!needed.is_empty())
	}

	/// The lane in which this seat works.
	fn lane_in(
		&self,
		roster: &Roster<cairn_chain::AccountId>,
		window: &Window,
	) -> Option<LaneIndex> {
		(0..self.spec.lanes).find(|lane| {
			roster.in_lane(window.seed, self.stage, *lane) == Some(&self.worker.provider)
		})
	}

	/// Work in a window that runs, unless that is done.
	async fn work_in(
		&mut self,
		state: &State,
		window: Window,
		lane: LaneIndex,
	) -> Result<(), SeatError> {
		let unit = UnitId { model: self.model, window: window.index, stage: self.stage, lane };
		if state.unit(unit).await?.is_some() {
			return Ok(());
		}
		let neighbours = state.neighbours(self.model, &window, self.stage, lane).await?;
		self.work(Duty { window, unit, neighbours }).await
	}

	/// Hold the shard and what the seats have learned, in case one of them is lost.
	async fn stand_by(
		&mut self,
		state: &State,
		roster: &Roster<cairn_chain::AccountId>,
		window: &Window,
	) -> Result<(), SeatError> {
		let mut seats = Vec::new();
		for lane in 0..self.spec.lanes {
			if let Some(provider) = roster.in_lane(window.seed, self.stage, lane) {
				let peer = state.peer(provider, window).await?;
				seats.extend(peer.map(|peer| (lane, peer)));
			}
		}
		self.desk.open(Session { window: *window, seats });
		self.hold(state, window.index).await?;
		self.note(|seat| seat.doing = Doing::StandingBy);
		self.declare(state, window.index).await
	}

	/// As a standby, declare to hold the shard with which a window begins.
	async fn declare(&mut self, state: &State, window: WindowIndex) -> Result<(), SeatError> {
		let Some(before) = window.checked_sub(1) else { return Ok(()) };
		let place = state.place(self.model, &self.worker.provider).await?;
		let Some(Place::Standby { held, .. }) = place else { return Ok(()) };
		let is_closed = state.closed_window(self.model, before).await?.is_some();
		if held.max(self.declared) >= Some(before) || !is_closed {
			return Ok(());
		}
		let provider = self.worker.provider.clone();
		let model = self.model;
		let request = Request::from(declare_held(model, before)).unless(move |state| {
			let provider = provider.clone();
			async move {
				let place = state.place(model, &provider).await?;
				Ok(!matches!(place, Some(Place::Standby { held, .. }) if held < Some(before)))
			}
		});
		self.worker.submitter.submit(request).await?;
		self.declared = Some(before);
		Ok(())
	}

	/// The shard with which a window begins, and its root.
	pub(super) async fn prepare(&mut self, window: WindowIndex) -> Result<Arc<Held>, SeatError> {
		let state = self.worker.connection.state().await?;
		self.hold(&state, window).await
	}

	/// Hold the shard with which a window begins: it is merged from what is here, or fetched.
	async fn hold(&mut self, state: &State, window: WindowIndex) -> Result<Arc<Held>, SeatError> {
		let origin = Origin::of(state, self.model, &self.spec, self.stage, window).await?;
		let (held, merge) = match origin {
			Origin::Open => return Err(SeatError::NoOrigin(self.model)),
			Origin::Shard(root) => (self.shard(state, root).await?, None),
			Origin::Merge { before, .. } if !self.worker.conduct.merges(window) => {
				(self.shard(state, before).await?, None)
			},
			Origin::Merge { before, window, members } => {
				let merge = Merger { before, window };
				(self.merged(state, merge, members).await?, Some(merge))
			},
		};
		self.desk.begin(window, Begin { root: held.root, merge });
		Ok(held)
	}

	/// The shard with a root.
	async fn shard(&mut self, state: &State, root: Hash) -> Result<Arc<Held>, SeatError> {
		if let Some(held) = self.held.as_ref().filter(|held| held.root == root) {
			return Ok(held.clone());
		}
		self.note(|seat| seat.doing = Doing::Preparing);
		let (desk, spec, stage) = (self.desk.clone(), self.spec.clone(), self.stage);
		let is_initial = spec.initial.get(usize::from(stage)) == Some(&root);
		let found = spawn_blocking(move || -> Result<Option<Held>, SeatError> {
			if let Some(held) = desk.shards.load(&spec, root)? {
				return Ok(Some(held));
			}
			let drawn = is_initial.then(|| Held::initial(&spec, stage)).transpose()?;
			Ok(drawn.filter(|held| held.root == root))
		});
		let held = match found.await?? {
			Some(held) => held,
			None => self.colleagues.shard(state, root).await?,
		};
		self.keep(held).await
	}

	/// Store a shard, and remember it.
	pub(super) async fn keep(&mut self, held: Held) -> Result<Arc<Held>, SeatError> {
		let held = Arc::new(held);
		let (desk, spec, stored) = (self.desk.clone(), self.spec.clone(), held.clone());
		spawn_blocking(move || desk.shards.save(&spec, &stored)).await??;
		self.held = Some(held.clone());
		Ok(held)
	}

	/// What the differences of a window make of a shard.
	async fn merged(
		&mut self,
		state: &State,
		merge: Merger,
		members: Vec<Merged>,
	) -> Result<Arc<Held>, SeatError> {
		// Merging is a pure function of these: it is done once.
		if let Some(root) = self.desk.merged(merge) {
			match self.shard(state, root).await {
				// It is merged again.
				Err(SeatError::Colleagues(ColleagueError::NoShard { .. })) => {},
				found => return found,
			}
		}
		let Merger { before, window } = merge;
		let base = self.shard(state, before).await?;
		self.note(|seat| seat.doing = Doing::Preparing);
		let mut differences = Vec::new();
		for member in &members {
			differences.push(self.colleagues.difference(state, window, member).await?);
		}
		let (spec, stage, compute) = (self.spec.clone(), self.stage, self.worker.compute.clone());
		let merged =
			spawn_blocking(move || base.merged(&spec, stage, &members, differences, &compute));
		let held = self.keep(merged.await??).await?;
		tracing::info!(model = self.model, stage = self.stage, window, root = ?held.root, "merged");
		Ok(held)
	}

	/// Forget what nobody can ask for any more, once a window.
	async fn forget(&mut self, state: &State, newest: WindowIndex) -> Result<(), SeatError> {
		let kept = state.retention_windows().await?.saturating_add(UNTIL_LOTS);
		let oldest = newest.saturating_sub(kept);
		if self.forgotten == Some(oldest) {
			return Ok(());
		}
		// After a long absence more is left than a window's.
		let from = self.forgotten.unwrap_or(oldest.saturating_sub(MOST_FORGOTTEN));
		let done = self.units.all().map(|record| record.unit.window);
		let old = done.filter(|window| *window < oldest).chain(from..oldest);
		let old = old.chain(self.retained.iter().copied()).collect();
		let needed = retention::needed(state, &self.desk, &self.worker.provider, &old).await?;
		let is_needed = |window| window >= oldest || needed.contains(&window);
		self.desk.keep_windows(is_needed);
		let roots = self.desk.keep_roots(|window| is_needed(window) || is_kept(window, newest));
		let held = self.held.as_ref().map(|held| held.root);
		self.desk.shards.keep(&roots.into_iter().chain(held).collect::<Vec<_>>());
		self.forget_all_but(&old, is_needed).await?;
		(self.retained, self.forgotten) = (needed, Some(oldest));
		Ok(())
	}

	/// Forget those of some windows that are not needed.
	async fn forget_all_but(
		&mut self,
		windows: &BTreeSet<WindowIndex>,
		is_needed: impl Fn(WindowIndex) -> bool,
	) -> Result<(), SeatError> {
		for window in windows.iter().filter(|window| !is_needed(**window)) {
			self.units.remove(*window);
			let shelves = shelves_of(self.model, *window);
			self.worker.endpoint.blobs().clear_all(&shelves).await?;
		}
		Ok(())
	}
}

impl Drop for Seat {
	fn drop(&mut self) {
		self.door.abort();
		self.inspection.abort();
	}
}
