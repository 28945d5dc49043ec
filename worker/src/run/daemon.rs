//! Follows the chain, takes the places that it gives, and gives them up when they are lost.

use std::{
	collections::HashMap,
	fs::{self, File, TryLockError},
	io,
	net::SocketAddr,
	path::{Path, PathBuf},
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};

use cairn_chain::{
	submitter::Stopped,
	views::{Place, State},
	AccountId, BlockRef, Connection, FollowError, Follower, Notice, Submitter, Tips, ViewError,
};
use cairn_engine::{Compute, ComputeError, Recompute};
use cairn_primitives::{Balance, ModelId, ModelSpec, StageIndex};
use cairn_transport::{BindError, BlobStore, Endpoint, Link, SecretKey};
use tokio::{
	signal::{self, unix},
	sync::{mpsc, watch},
	task::JoinHandle,
	time::sleep,
};

use super::{
	chores,
	clock::ClockCheck,
	conduct::Conduct,
	dataset::{self, reads_dataset, Seeder},
	desk::{self, Desks},
	monitor::{keep_books, Monitor},
	seat::{Seat, TakeError},
	views::{Views, ViewsError},
	worker::Worker,
};
use crate::{
	keys::KeyError,
	settings::{OpenError, Settings},
};

/// How long nothing may become final until that is told.
const PATIENCE: Duration = Duration::from_secs(60);
/// Questions that may wait for their answers.
const QUESTIONS: usize = 64;
/// What a place in a block may cost besides the fee.
pub(super) const TIPS: Tips = Tips { least: 0, step: CRN / 1_000, most: CRN };
const CRN: Balance = 1_000_000_000_000;
/// Pause before the chain is looked at again while the worker waits to be registered.
const RETRY: Duration = Duration::from_secs(6);

/// How the daemon is to run.
#[derive(Debug)]
pub struct Options {
	/// Where other workers reach it.
	pub listen: SocketAddr,
	/// Folders of datasets.
	pub datasets: Vec<PathBuf>,
	/// Whom to fetch datasets from.
	pub seeders: Vec<Seeder>,
	/// Threads that compute.
	pub threads: usize,
	/// What is computed twice.
	pub recompute: Recompute,
	/// A link to simulate.
	pub link: Option<Link>,
	/// Ways to look at it.
	pub views: Views,
}

/// Why the daemon ends.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
	/// There is no chain to work with.
	#[error(transparent)]
	Open(#[from] OpenError),
	/// There is no key.
	#[error(transparent)]
	Key(#[from] KeyError),
	/// Another process has the folder.
	#[error(
		"{0} is in use by another worker: stop that, or use another data directory with --data"
	)]
	InUse(PathBuf),
	/// The folder cannot be used.
	#[error("{0} cannot be used: {1}. Check its owner and the disk")]
	Folder(PathBuf, io::Error),
	/// The transport cannot be bound.
	#[error(
		"{0}. Choose another port with --listen, and tell the chain with `provider set-endpoint`"
	)]
	Bind(#[from] BindError),
	/// There are no threads to compute with.
	#[error(transparent)]
	Compute(#[from] ComputeError),
	/// Transactions cannot be signed.
	#[error(transparent)]
	Submitter(#[from] Stopped),
	/// The chain cannot be followed.
	#[error(transparent)]
	Follow(#[from] FollowError),
	/// The chain does not answer.
	#[error(transparent)]
	Chain(#[from] ViewError),
	/// A place cannot be taken.
	#[error(transparent)]
	Take(#[from] TakeError),
	/// A view cannot be opened.
	#[error(transparent)]
	Views(#[from] ViewsError),
}

/// A place that is worked at, or was: until its units are final others may ask for what they were computed from.
struct Working {
	spec: Arc<ModelSpec>,
	task: JoinHandle<()>,
}

/// What is done for a model in which there is a place.
#[derive(Default)]
struct Chores {
	/// Runs until what it asked for is final.
	task: Option<JoinHandle<()>>,
	memory: Arc<tokio::sync::Mutex<chores::Memory>>,
}

/// Run until told to end.
pub async fn run(
	settings: Settings,
	options: Options,
	conduct: Arc<dyn Conduct>,
) -> Result<(), RunError> {
	let folder = settings.data.clone();
	let _lock = lock(&folder)?;
	let connection = settings.connect().await?;
	let monitor = Monitor::new(&settings.node);
	let (heard, mut told) = mpsc::channel(2);
	hear(heard.clone());
	let mut views = options.views.open(&monitor, heard).await?;
	let provider = tokio::select! {
		provider = registered(&settings, &connection, &monitor) => provider?,
		_ = told.recv() => return Ok(()),
	};
	let (ask, questions) = mpsc::channel(QUESTIONS);
	let keys = settings.keys();
	let secret = SecretKey::from_bytes(&keys.endpoint_or_new()?.seed());
	let mut endpoint = Endpoint::builder(secret)
		.bind_address(options.listen)
		.blobs(BlobStore::Files(folder.join("blobs")))
		.answer(ask);
	if let Some(link) = options.link {
		endpoint = endpoint.link(link);
	}
	let endpoint = endpoint.bind().await?;
	monitor.works_for(&provider, endpoint.id());
	if !options.views.is_empty() {
		views.with(keep_books(connection.clone(), provider.clone(), monitor.clone()));
	}
	let key = keys.worker_or_new()?;
	let horizon = settings.horizon(&key.account());
	let submitter = Submitter::start(connection.clone(), key.clone(), TIPS, &horizon)?;
	let worker = Arc::new(Worker {
		genesis: connection.genesis(),
		connection: connection.clone(),
		submitter,
		key,
		provider,
		endpoint,
		compute: Arc::new(Compute::new(options.threads)?),
		recompute: options.recompute,
		conduct,
		folder: folder.clone(),
		datasets: options.datasets,
		seeders: options.seeders,
		monitor,
		replays: tokio::sync::Mutex::default(),
		admissions: Mutex::default(),
	});
	tracing::info!(provider = %worker.provider, endpoint = %worker.endpoint.id(), "working");
	let desks = Desks::default();
	tokio::spawn(desk::serve(worker.clone(), desks.clone(), questions));
	let follower = Follower::open(connection, &folder.join("position.json"), PATIENCE)?;
	let ended = Daemon::new(worker.clone(), desks).follow(follower, told).await;
	worker.endpoint.close().await;
	ended
}

/// The provider that the worker's key works for; waits until it is registered.
async fn registered(
	settings: &Settings,
	connection: &Connection,
	monitor: &Monitor,
) -> Result<AccountId, RunError> {
	let key = settings.keys().worker_or_new()?.public();
	let mut told = false;
	loop {
		if let Some(provider) = connection.state().await?.provider_of(&key).await? {
			return Ok(provider);
		}
		if !told {
			let words = "no provider has registered this machine's key yet: waiting. Register it with `cairn-worker provider register`";
			tracing::warn!("{words}");
			monitor.told(words);
			told = true;
		}
		sleep(RETRY).await;
	}
}

/// Keep other processes from a data directory for as long as the lock lives.
pub(super) fn lock(folder: &Path) -> Result<File, RunError> {
	let unusable = |error| RunError::Folder(folder.into(), error);
	fs::create_dir_all(folder).map_err(unusable)?;
	let lock = File::create(folder.join(".lock")).map_err(unusable)?;
	match lock.try_lock() {
		Ok(()) => Ok(lock),
		Err(TryLockError::WouldBlock) => Err(RunError::InUse(folder.into())),
		Err(TryLockError::Error(error)) => Err(unusable(error)),
	}
}

/// Hears Ctrl-C, and what service managers send.
fn hear(heard: mpsc::Sender<()>) {
	tokio::spawn(async move {
		let mut terminated = match unix::signal(unix::SignalKind::terminate()) {
			Ok(terminated) => terminated,
			Err(error) => return tracing::warn!(%error, "signals are not heard"),
		};
		loop {
			tokio::select! {
				_ = signal::ctrl_c() => {},
				_ = terminated.recv() => {},
			}
			if heard.send(()).await.is_err() {
				return;
			}
		}
	});
}

struct Daemon {
	worker: Arc<Worker>,
	desks: Desks,
	places: HashMap<(ModelId, StageIndex), Working>,
	chores: HashMap<ModelId, Chores>,
	/// Finalise what is left of models in which the provider has no place any more.
	settling: HashMap<ModelId, JoinHandle<()>>,
	/// Fetch datasets of models at which it has a place.
	fetching: HashMap<ModelId, JoinHandle<()>>,
	/// The newest final block.
	blocks: watch::Sender<Option<BlockRef>>,
	/// Whether it is to end after the running windows.
	leaving: watch::Sender<bool>,
	/// What was told last.
	told: Option<String>,
	/// Whether this machine's clock was looked at.
	clock: ClockCheck,
}

impl Daemon {
	fn new(worker: Arc<Worker>, desks: Desks) -> Self {
		Self {
			worker,
			desks,
			places: HashMap::new(),
			chores: HashMap::new(),
			settling: HashMap::new(),
			fetching: HashMap::new(),
			blocks: watch::Sender::new(None),
			leaving: watch::Sender::new(false),
			told: None,
			clock: ClockCheck::default(),
		}
	}

	/// Follow the chain until told to end.
	async fn follow(
		mut self,
		mut follower: Follower,
		mut told: mpsc::Receiver<()>,
	) -> Result<(), RunError> {
		let monitor = self.worker.monitor.clone();
		loop {
			tokio::select! {
				notice = follower.next() => match notice? {
					Notice::Final(block) => {
						monitor.finalised(block.height);
						let handled = self.handle(block).await;
						// If that is forgotten, what was handled is handled again.
						let noted = follower.handled(block).map_err(RunError::from);
						self.tell(handled.and(noted).err());
					},
					Notice::Stalled { silence, node_answers } => {
						let whose = if node_answers { "the network does not finalise" } else { "the node does not answer" };
						monitor.stalled(silence, node_answers);
						tracing::warn!(?silence, "nothing becomes final: {whose}. Work goes on as far as it can");
					},
				},
				Some(()) = told.recv() => {
					if self.leaving.send_replace(true) {
						return Ok(());
					}
					monitor.leaving();
					tracing::info!("ending after the running window; Ctrl-C again ends at once");
				},
			}
			self.remove_ended();
			if *self.leaving.borrow() && self.places.is_empty() {
				return Ok(());
			}
		}
	}

	/// Tell of an error, once.
	fn tell(&mut self, error: Option<RunError>) {
		let words = error.map(|error| error.to_string());
		if let Some(words) = words.as_ref().filter(|_| words != self.told) {
			tracing::warn!("{words}");
			self.worker.monitor.told(words);
		}
		self.told = words;
	}

	/// Do what a final block asks for.
	async fn handle(&mut self, block: BlockRef) -> Result<(), RunError> {
		let state = self.worker.connection.state().await?;
		// That the clock cannot be looked at now is no reason to leave places without blocks.
		if let Ok(Some(words)) = self.clock.look(&self.worker.connection, &state).await {
			tracing::warn!("{words}");
			self.worker.monitor.told(&words);
		}
		let is_leaving = *self.leaving.borrow();
		let taken = match is_leaving {
			true => Ok(()),
			false => self.take_places(&state).await,
		};
		// Places that cannot be taken are no reason to leave others without blocks.
		self.blocks.send_replace(Some(block));
		self.do_chores(&state);
		taken
	}

	/// Forget places that are given up.
	fn remove_ended(&mut self) {
		let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
		self.places.retain(|place, working| {
			let is_over = working.task.is_finished();
			if is_over {
				desks.remove(place);
			}
			!is_over
		});
	}

	/// Look after the models in which there is a place.
	fn do_chores(&mut self, state: &State) {
		let models: HashMap<_, _> =
			self.places.iter().map(|((model, _), place)| (*model, place.spec.clone())).collect();
		self.chores.retain(|model, _| models.contains_key(model));
		for (model, spec) in models {
			let Chores { task, memory } = self.chores.entry(model).or_default();
			// What is on its way would be asked for again.
			if task.as_ref().is_some_and(|task| !task.is_finished()) {
				continue;
			}
			let (worker, state, memory) = (self.worker.clone(), state.clone(), memory.clone());
			*task = Some(tokio::spawn(async move {
				let memory = &mut *memory.lock().await;
				if let Err(error) = chores::look_after(&worker, &state, model, &spec, memory).await
				{
					tracing::debug!(model, "chores wait: {error}");
				}
			}));
		}
	}

	/// Whether the dataset is here if a stage reads it. If not it is being fetched.
	fn has_dataset(
		&mut self,
		state: &State,
		model: ModelId,
		spec: &ModelSpec,
		stage: StageIndex,
	) -> bool {
		if !reads_dataset(spec, stage) || self.worker.dataset(spec.dataset).is_some() {
			return true;
		}
		if self.fetching.get(&model).is_none_or(JoinHandle::is_finished) {
			let fetch = dataset::fetch_for(self.worker.clone(), state.clone(), model, spec.clone());
			self.fetching.insert(model, tokio::spawn(fetch));
		}
		false
	}

	/// Have what the provider did in a model before it left made final.
	async fn settle(&mut self, state: &State, model: ModelId) -> Result<(), RunError> {
		let is_at_it = self.settling.get(&model).is_some_and(|task| !task.is_finished());
		if is_at_it || state.record(&self.worker.provider, model).await?.queued == 0 {
			return Ok(());
		}
		let (worker, state) = (self.worker.clone(), state.clone());
		let task = tokio::spawn(async move {
			if let Err(error) = chores::settle_own(&worker, &state, model).await {
				tracing::debug!(model, "what is due waits: {error}");
			}
		});
		self.settling.insert(model, task);
		Ok(())
	}

	/// Take the places that the provider has and nobody works at.
	async fn take_places(&mut self, state: &State) -> Result<(), RunError> {
		let mut taken = Ok(());
		for model in 0..state.model_count().await? {
			taken = taken.and(self.take_places_in(state, model).await);
		}
		taken
	}

	/// The same in one model: the place that it has, and those that it had as long as anything there is not final.
	async fn take_places_in(&mut self, state: &State, model: ModelId) -> Result<(), RunError> {
		let stage = match state.place(model, &self.worker.provider).await? {
			Some(Place::Seat { stage, .. } | Place::Standby { stage, .. }) => Some(stage),
			_ => None,
		};
		if stage.is_none() {
			self.settle(state, model).await?;
		}
		for stage in stage.into_iter().chain(self.worker.stages_with_units(model)) {
			if !self.places.contains_key(&(model, stage)) {
				self.take(state, model, stage).await?;
			}
		}
		Ok(())
	}

	async fn take(
		&mut self,
		state: &State,
		model: ModelId,
		stage: StageIndex,
	) -> Result<(), RunError> {
		let Some(spec) = state.spec(model).await? else { return Ok(()) };
		if !spec.has_stage(stage) || !self.has_dataset(state, model, &spec, stage) {
			return Ok(());
		}
		tracing::info!(model, stage, "taking a place");
		let seat = Seat::take(
			self.worker.clone(),
			&self.desks,
			model,
			spec.clone(),
			stage,
			self.blocks.subscribe(),
			self.leaving.subscribe(),
		)?;
		self.worker.monitor.took(model, stage);
		let task = tokio::spawn(seat.run());
		self.places.insert((model, stage), Working { spec: Arc::new(spec), task });
		Ok(())
	}
}

impl Drop for Daemon {
	fn drop(&mut self) {
		self.desks.lock().unwrap_or_else(PoisonError::into_inner).clear();
		self.places.values().for_each(|place| place.task.abort());
	}
}
