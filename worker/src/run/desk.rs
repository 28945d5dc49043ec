//! What other workers may ask a seat for, and its answers.

use std::{
	collections::{BTreeMap, BTreeSet, HashMap},
	io,
	path::Path,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use cairn_chain::{views::Peer, AccountId};
use cairn_engine::{Difference, DifferenceError};
use cairn_primitives::{
	signing::{held_message, Edge},
	Hash, LaneIndex, ModelId, ModelSpec, StageIndex, UnitId, Window, WindowIndex,
};
use cairn_transport::{Contradiction, EndpointId, Shelf};
use serde::{Deserialize, Serialize};
use tokio::{
	sync::{mpsc, Notify},
	task::spawn_blocking,
};

use super::{
	dataset::{dataset_shelf, Lending},
	edge::EdgeRecord,
	kept::Kept,
	peers::{self, endpoint_id},
	question::{Answer, Question},
	shard::ShardStore,
	units::{UnitRecord, UnitResult},
	worker::Worker,
};

/// Windows of which it is remembered what audits have fetched, at most.
const FETCHED: WindowIndex = 64;

/// What others may ask a seat for.
#[derive(Debug)]
pub struct Desk {
	/// The model.
	pub model: ModelId,
	/// Its spec.
	pub spec: Arc<ModelSpec>,
	/// The stage.
	pub stage: StageIndex,
	/// Its shards.
	pub shards: ShardStore,
	tray: Mutex<Tray>,
	/// The dataset, where the stage reads it.
	pub lending: Lending,
	/// Told when others are to be let in.
	pub changed: Notify,
}

/// What lies on a desk.
#[derive(Debug)]
struct Tray {
	/// The window that runs, and who works at the stage in it.
	session: Option<Session>,
	/// The first difference of each unit that was offered, and the only one that is signed for.
	offered: BTreeMap<UnitId, Hash>,
	/// The differences that are here.
	differences: Kept<UnitId, HeldDifference>,
	/// The shard that is given out now: its root, and its blobs.
	shared: Option<(Hash, Vec<Hash>)>,
	/// What crossed the seat's edges.
	edges: BTreeMap<Edge, EdgeRecord>,
	/// What crossed the edges of units that this seat audits, by the unit above.
	fetched: Kept<UnitId, EdgeRecord>,
	/// Units of the seat that auditors may ask about.
	units: BTreeSet<UnitId>,
	/// Leaves under the checkpoints of the seat's units.
	leaves: BTreeMap<UnitId, Vec<Hash>>,
	/// What windows began with here.
	begins: Kept<WindowIndex, Begin>,
	/// What neighbours signed twice.
	contradictions: Vec<(AccountId, Contradiction)>,
	/// The neighbours in the lane of the unit that is computed now.
	lane: Vec<(Edge, Peer)>,
}

/// What a window began with. The chain names a merge by what went into it, and what it came to is known only to those who did it: a
/// model may go back to a gate long after the differences are gone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Begin {
	/// Root of the shard.
	pub root: Hash,
	/// The merge that it came from, if it came from one.
	pub merge: Option<Merger>,
}

/// A merge: what the differences of a window make of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Merger {
	/// Root of the shard.
	pub before: Hash,
	/// The window.
	pub window: WindowIndex,
}

/// Who works at a stage in a window.
#[derive(Clone, Debug)]
pub struct Session {
	/// The window.
	pub window: Window,
	/// The other seats, by lane.
	pub seats: Vec<(LaneIndex, Peer)>,
}

/// A difference that is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldDifference {
	/// Its root.
	pub root: Hash,
	/// The blob with its bytes.
	pub blob: Hash,
}

/// The desks of all seats.
pub type Desks = Arc<Mutex<HashMap<(ModelId, StageIndex), Arc<Desk>>>>;

/// How the names of all shelves of a window begin.
pub fn shelves_of(model: ModelId, window: WindowIndex) -> String {
	format!("{model}/{window}/")
}

/// The shelf of the differences of a stage in a window.
pub fn difference_shelf(model: ModelId, stage: StageIndex, window: WindowIndex) -> Shelf {
	Shelf::new(format!("{}difference/{stage}", shelves_of(model, window)))
}

/// The shelf of what crossed an edge.
pub fn edge_shelf(edge: &Edge) -> Shelf {
	let Edge { model, window, lane, upper } = *edge;
	Shelf::new(format!("{}edge/{lane}/{upper}", shelves_of(model, window)))
}

/// The shelf of what an audit of a window has fetched, which is given to nobody.
pub fn audit_shelf(model: ModelId, window: WindowIndex) -> Shelf {
	Shelf::new(format!("{}audit", shelves_of(model, window)))
}

/// The shelf of the shard of a stage that is given out now.
pub fn shard_shelf(model: ModelId, stage: StageIndex) -> Shelf {
	Shelf::new(format!("shard/{model}/{stage}"))
}

/// The shelf of a shard that is being fetched.
pub fn fetched_shelf(model: ModelId, stage: StageIndex) -> Shelf {
	Shelf::new(format!("fetched/{model}/{stage}"))
}

/// The shelf of tensors of shards that others claim, which are looked at.
pub fn claimed_shelf(model: ModelId, stage: StageIndex) -> Shelf {
	Shelf::new(format!("claimed/{model}/{stage}"))
}

/// Answer what peers ask, until nobody can ask any more.
pub async fn serve(
	worker: Arc<Worker>,
	desks: Desks,
	mut questions: mpsc::Receiver<cairn_transport::Question>,
) {
	while let Some(asked) = questions.recv().await {
		let (worker, desks) = (worker.clone(), desks.clone());
		tokio::spawn(async move {
			let Some(question) = Question::from_bytes(&asked.bytes) else { return };
			let desks: Vec<_> = {
				let desks = desks.lock().unwrap_or_else(PoisonError::into_inner);
				let of_model = desks.iter().filter(|((model, _), _)| *model == question.model());
				of_model.map(|(_, desk)| desk.clone()).collect()
			};
			let mut answer = Answer::Unknown;
			for desk in desks {
				answer = desk.answer(&worker, asked.from, question.clone()).await;
				if answer != Answer::Unknown {
					break;
				}
			}
			if let Err(error) = asked.answer(answer.to_bytes()) {
				tracing::error!(%error, "an answer was not given");
			}
		});
	}
}

impl Desk {
	/// With what is stored in the folder of a place.
	pub fn load(
		model: ModelId,
		spec: Arc<ModelSpec>,
		stage: StageIndex,
		folder: &Path,
	) -> io::Result<Self> {
		let shards = ShardStore::open(folder.join("shards"), stage)?;
		let tray = Tray {
			session: None,
			offered: BTreeMap::new(),
			differences: Kept::open(folder.join("differences.json"))?,
			shared: None,
			edges: BTreeMap::new(),
			fetched: Kept::open(folder.join("fetched.json"))?,
			units: BTreeSet::new(),
			leaves: BTreeMap::new(),
			begins: Kept::open(folder.join("begins.json"))?,
			contradictions: Vec::new(),
			lane: Vec::new(),
		};
		let (tray, lending) = (Mutex::new(tray), Lending::default());
		Ok(Self { model, spec, stage, shards, tray, lending, changed: Notify::new() })
	}

	fn tray(&self) -> MutexGuard<'_, Tray> {
		self.tray.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Take in differences of a window that begins.
	pub fn open(&self, session: Session) {
		self.tray().session = Some(session);
	}

	/// Let auditors ask about a unit.
	pub fn note(&self, unit: UnitId) {
		self.tray().units.insert(unit);
	}

	/// Keep the leaves under a unit's checkpoints, in case they are asked for.
	pub fn add_leaves(&self, unit: UnitId, leaves: Vec<Hash>) {
		self.tray().leaves.insert(unit, leaves);
	}

	/// The leaves under a unit's checkpoints.
	pub fn leaves(&self, unit: &UnitId) -> Option<Vec<Hash>> {
		self.tray().leaves.get(unit).cloned()
	}

	/// Note what a window begins with here.
	pub fn begin(&self, window: WindowIndex, begin: Begin) {
		self.tray().begins.insert(window, begin);
	}

	/// The root of the shard that a window began with here.
	pub fn root(&self, window: WindowIndex) -> Option<Hash> {
		self.tray().begins.get(&window).map(|begin| begin.root)
	}

	/// The root of the shard that a merge came to here.
	pub fn merged(&self, merge: Merger) -> Option<Hash> {
		let tray = self.tray();
		let found = tray.begins.values().find(|begin| begin.merge == Some(merge));
		found.map(|begin| begin.root)
	}

	/// Roots of the shards that windows began with here; those of windows that are not to be kept are forgotten.
	pub fn keep_roots(&self, is_kept: impl Fn(WindowIndex) -> bool) -> Vec<Hash> {
		let mut tray = self.tray();
		tray.begins.retain(|window| is_kept(*window));
		tray.begins.values().map(|begin| begin.root).collect()
	}

	/// Note that a neighbour signed two roots for as many steps of an edge.
	pub fn note_contradiction(&self, provider: AccountId, contradiction: Contradiction) {
		self.tray().contradictions.push((provider, contradiction));
	}

	/// What neighbours signed twice since this was asked last.
	pub fn take_contradictions(&self) -> Vec<(AccountId, Contradiction)> {
		std::mem::take(&mut self.tray().contradictions)
	}

	/// Let others ask for everything that is remembered of a unit: its difference, and what crossed its edges.
	pub fn give_out(&self, record: &UnitRecord) {
		let edges =
			[Edge::upstream(&record.unit), Edge::downstream(&record.unit, self.spec.stage_count())];
		for edge in edges.into_iter().flatten() {
			if let Some(crossed) = record.crossed(&edge) {
				self.add_edge(edge, crossed.clone());
			}
		}
		let result = record.result.as_ref();
		if let Some(result) = result {
			self.add_leaves(record.unit, result.leaves.clone());
		}
		let blob = result.and_then(|result| result.difference);
		if let Some((blob, attestation)) = blob.zip(result.and_then(UnitResult::attestation)) {
			let difference = HeldDifference { root: attestation.difference, blob };
			self.add_difference(record.unit, difference);
		}
	}

	/// Let the neighbours of a lane in.
	pub fn open_lane(&self, lane: Vec<(Edge, Peer)>) {
		self.tray().lane = lane;
		self.changed.notify_one();
	}

	/// The neighbours of the lane.
	pub fn lane(&self) -> Vec<(Edge, Peer)> {
		self.tray().lane.clone()
	}

	/// Units of the seat that auditors may ask about.
	pub fn units(&self) -> Vec<UnitId> {
		self.tray().units.iter().copied().collect()
	}

	/// Give out what crossed an edge.
	pub fn add_edge(&self, edge: Edge, record: EdgeRecord) {
		self.tray().edges.insert(edge, record);
	}

	/// What crossed an edge of this seat.
	pub fn edge(&self, edge: &Edge) -> Option<EdgeRecord> {
		self.tray().edges.get(edge).cloned()
	}

	/// Keep what was fetched of an edge: a game about the unit takes it again, and then nobody may give it any more.
	pub fn add_fetched(&self, edge: Edge, record: EdgeRecord) {
		let mut tray = self.tray();
		tray.fetched.insert(above(edge), record);
		tray.fetched.retain(|unit| unit.window.saturating_add(FETCHED) > edge.window);
	}

	/// What was fetched of an edge.
	pub fn fetched(&self, edge: &Edge) -> Option<EdgeRecord> {
		self.tray().fetched.get(&above(*edge)).cloned()
	}

	/// Give out a difference.
	pub fn add_difference(&self, unit: UnitId, difference: HeldDifference) {
		self.tray().differences.insert(unit, difference);
	}

	/// A difference that is here.
	pub fn difference(&self, unit: &UnitId) -> Option<HeldDifference> {
		self.tray().differences.get(unit).copied()
	}

	/// Forget what is of windows that are not to be kept.
	pub fn keep_windows(&self, is_kept: impl Fn(WindowIndex) -> bool) {
		let mut tray = self.tray();
		tray.units.retain(|unit| is_kept(unit.window));
		tray.leaves.retain(|unit, _| is_kept(unit.window));
		tray.edges.retain(|edge, _| is_kept(edge.window));
		tray.fetched.retain(|unit| is_kept(unit.window));
		tray.offered.retain(|unit, _| is_kept(unit.window));
		tray.differences.retain(|unit| is_kept(unit.window));
	}

	/// Answer a question of a peer that may ask. Whether it may have the blobs that are named is checked when it fetches them.
	async fn answer(
		self: &Arc<Self>,
		worker: &Worker,
		from: EndpointId,
		question: Question,
	) -> Answer {
		match question {
			Question::Hold { unit, difference, blob } => {
				match self.hold(worker, from, unit, difference, blob).await {
					Some(signature) => Answer::Held(signature),
					None => Answer::Unknown,
				}
			},
			Question::Difference { unit, difference } => match self.difference(&unit) {
				Some(held) if held.root == difference => Answer::Blob(held.blob),
				_ => Answer::Unknown,
			},
			Question::Shard { stage, root, .. } if self.may_have_shard(worker, from, stage) => {
				self.share_shard(worker, root).await.map_or(Answer::Unknown, Answer::blobs)
			},
			Question::Shard { .. } => Answer::Unknown,
			Question::Dataset { dataset, part, .. } => {
				let shelf = dataset_shelf(dataset);
				if !worker.endpoint.admissions().get(&from).shelves.contains(&shelf) {
					return Answer::Unknown;
				}
				let open = || worker.dataset(dataset);
				let lent = self.lending.lend(worker.endpoint.blobs(), dataset, part, open).await;
				lent.map_or(Answer::Unknown, Answer::Blob)
			},
			Question::Crossed { edge } => {
				let Edge { model, window, lane, .. } = edge;
				let unit = UnitId { model, window, stage: self.stage, lane };
				let record = self.edge(&edge).filter(|_| worker.conduct.gives_inputs(&unit));
				record.map_or(Answer::Unknown, |record| Answer::crossed(&record))
			},
		}
	}

	/// Fetch a difference of the running window, and sign that it is held.
	async fn hold(
		&self,
		worker: &Worker,
		from: EndpointId,
		unit: UnitId,
		root: Hash,
		blob: Hash,
	) -> Option<sp_core::sr25519::Signature> {
		let session = self.tray().session.clone()?;
		if unit.window != session.window.index || unit.stage != self.stage {
			return None;
		}
		let (_, peer) = session.seats.iter().find(|(lane, _)| *lane == unit.lane)?;
		if endpoint_id(&peer.endpoint) != Some(from) {
			return None;
		}
		// Who offers two differences is given no signature for the second, not even while the first is being fetched.
		let first = *self.tray().offered.entry(unit).or_insert(root);
		let known = self.difference(&unit);
		if first != root || known.is_some_and(|held| held.root != root) {
			return None;
		}
		let is_here = match known {
			Some(held) => worker.endpoint.blobs().size(held.blob).await.ok()?.is_some(),
			None => false,
		};
		if !is_here {
			let peer = peers::reach(&peer.endpoint)?;
			let difference = self.fetch_difference(worker, unit, root, blob, &[peer]).await;
			difference
				.inspect_err(|error| tracing::info!(?unit, %error, "a difference is not held"))
				.ok()?;
		}
		let message = held_message(worker.genesis, session.window.seed, &unit, root);
		Some(worker.key.sign(message.as_bytes()))
	}

	/// Fetch a difference in a blob, check it, and give it out to others of the stage.
	pub async fn fetch_difference(
		&self,
		worker: &Worker,
		unit: UnitId,
		root: Hash,
		blob: Hash,
		peers: &[cairn_transport::Peer],
	) -> Result<Difference, DeskError> {
		let limit = Difference::length(&self.spec, self.stage)? as u64;
		let shelf = difference_shelf(self.model, self.stage, unit.window);
		worker.endpoint.fetch(blob, peers, limit, &shelf).await?;
		let difference = self.read_difference(worker, root, blob).await;
		match &difference {
			Ok(_) => self.add_difference(unit, HeldDifference { root, blob }),
			Err(_) => drop(worker.endpoint.blobs().take(&shelf, blob).await),
		}
		difference
	}

	/// Read a difference out of a blob that is here.
	pub async fn read_difference(
		&self,
		worker: &Worker,
		root: Hash,
		blob: Hash,
	) -> Result<Difference, DeskError> {
		let bytes = worker.endpoint.blobs().read(blob).await?;
		let (spec, stage) = (self.spec.clone(), self.stage);
		let read = spawn_blocking(move || Difference::from_bytes(&spec, stage, &bytes));
		let difference = read.await??;
		match difference.root() == root {
			true => Ok(difference),
			false => Err(DeskError::WrongDifference(root)),
		}
	}

	/// Whether a peer may fetch shards of a stage from here: for others none is read from the disk.
	fn may_have_shard(&self, worker: &Worker, from: EndpointId, stage: StageIndex) -> bool {
		let shelf = shard_shelf(self.model, self.stage);
		stage == self.stage && worker.endpoint.admissions().get(&from).shelves.contains(&shelf)
	}

	/// The blobs of a shard that is stored here. One at a time is given out.
	async fn share_shard(self: &Arc<Self>, worker: &Worker, root: Hash) -> Option<Vec<Hash>> {
		if let Some((_, list)) = self.tray().shared.as_ref().filter(|(shared, _)| *shared == root) {
			return Some(list.clone());
		}
		let desk = self.clone();
		let blobs = spawn_blocking(move || {
			let held = desk.shards.load(&desk.spec, root).ok()??;
			let shard = held.weights.to_shard(&desk.spec, desk.stage).ok()?;
			shard.blobs().chain(held.outer.blobs().map(Ok)).collect::<Result<Vec<_>, _>>().ok()
		});
		let shelf = shard_shelf(self.model, self.stage);
		let mut list = Vec::new();
		for bytes in blobs.await.ok()?? {
			list.push(worker.endpoint.blobs().share_bytes(&shelf, bytes).await.ok()?);
		}
		let before = self.tray().shared.replace((root, list.clone()));
		for hash in before.into_iter().flat_map(|(_, list)| list) {
			if !list.contains(&hash) {
				worker.endpoint.blobs().take(&shelf, hash).await.ok()?;
			}
		}
		Some(list)
	}
}

/// The unit above an edge.
fn above(Edge { model, window, lane, upper: stage }: Edge) -> UnitId {
	UnitId { model, window, stage, lane }
}

/// Why a difference is not here.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
	/// No peer gave it.
	#[error(transparent)]
	Fetch(#[from] cairn_transport::FetchError),
	/// The store of blobs failed.
	#[error(transparent)]
	Blob(#[from] cairn_transport::BlobError),
	/// The bytes are no difference.
	#[error(transparent)]
	Bytes(#[from] DifferenceError),
	/// The bytes are another difference.
	#[error("the blob holds another difference than {0:?}")]
	WrongDifference(Hash),
	/// The task that reads was stopped.
	#[error("reading was stopped: {0}")]
	Stopped(#[from] tokio::task::JoinError),
}
