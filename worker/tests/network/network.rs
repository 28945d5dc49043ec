//! A network: a node, a model that trains, and workers.

use std::{
	fs::{self, File},
	net::UdpSocket,
	path::PathBuf,
	process::{Child, Stdio},
	thread,
	time::{Duration, Instant},
};

use cairn_chain::{
	views::{Clock, Place, State},
	AccountId, Connection, Key,
};
use cairn_engine::{data::Dataset, Shard};
use cairn_primitives::{ModelId, ModelSpec, StageIndex, UnitId, WindowIndex};
use tokio::time::sleep;

use crate::{
	machine::Machine,
	node::{key, Node},
};

/// The model that trains.
pub const MODEL: ModelId = 0;
/// How long anything may take: windows last three quarters of a minute, and half a minute lies between them.
const PATIENCE: Duration = Duration::from_secs(600);

/// Accounts with money on a development chain; the first is the researcher.
const ACCOUNTS: [&str; 7] = ["Bob", "Alice", "Charlie", "Dave", "Eve", "Ferdie", "Alice//stash"];

/// A worker on its machine.
pub struct Worker {
	pub machine: Machine,
	/// The provider that it works for.
	pub provider: AccountId,
	address: String,
	dataset: PathBuf,
	process: Option<Child>,
}

/// A network.
pub struct Network {
	pub node: Node,
	pub connection: Connection,
	pub spec: ModelSpec,
	pub researcher: Machine,
	pub workers: Vec<Worker>,
}

impl Network {
	/// A network whose model has two stages and two lanes, and this many workers, all of which have a place.
	pub async fn start(workers: usize) -> Self {
		Self::with(workers, |_| {}).await
	}

	/// The same, of another model.
	pub async fn with(workers: usize, change: impl FnOnce(&mut ModelSpec)) -> Self {
		let node = Node::start().await;
		let connection = node.connect().await;
		let researcher = Machine::new(&node.url(), &format!("//{}", ACCOUNTS[0]));
		let spec = prepare(&researcher, change);
		researcher.does("dataset register data");
		researcher.does("model propose --spec spec.json --open --yes");
		let dataset = researcher.file("data");
		let url = node.url();
		let entering = ACCOUNTS[1..=workers].iter().map(|name| {
			let (url, dataset) = (url.clone(), dataset.clone());
			thread::spawn(move || Worker::enter(&url, name, dataset))
		});
		let entering: Vec<_> = entering.collect();
		let workers = entering.into_iter().map(|worker| worker.join().unwrap()).collect();
		let mut network = Self { node, connection, spec, researcher, workers };
		network.workers.iter_mut().for_each(Worker::start);
		network
	}

	/// The newest final state, as soon as the node answers.
	pub async fn state(&self) -> State {
		let start = Instant::now();
		loop {
			match self.connection.state().await {
				Ok(state) => return state,
				Err(error) => assert!(start.elapsed() < PATIENCE, "{error}"),
			}
			sleep(Duration::from_secs(1)).await;
		}
	}

	/// Wait until something is so.
	pub async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut(&State) -> Option<T>) -> T {
		let start = Instant::now();
		loop {
			if let Some(found) = look(&self.state().await).await {
				return found;
			}
			assert!(start.elapsed() < PATIENCE, "still waiting for {what}\n{}", self.logs());
			sleep(Duration::from_millis(500)).await;
		}
	}

	/// The clock of the model.
	pub async fn clock(state: &State) -> Option<Clock> {
		state.clock(MODEL).await.ok()?
	}

	/// Wait until all units of a window are attested.
	pub async fn attested(&self, window: WindowIndex) -> Vec<cairn_chain::views::Unit> {
		self.until(&format!("attestations of window {window}"), async |state| {
			let mut units = Vec::new();
			for unit in self.units(window) {
				units.push(state.unit(unit).await.ok()??);
			}
			Some(units)
		})
		.await
	}

	/// The units of a window.
	pub fn units(&self, window: WindowIndex) -> Vec<UnitId> {
		let stages = 0..self.spec.stages.len() as StageIndex;
		let unit = |stage, lane| UnitId { model: MODEL, window, stage, lane };
		stages.flat_map(|stage| (0..self.spec.lanes).map(move |lane| unit(stage, lane))).collect()
	}

	/// Workers that have a seat now.
	pub async fn seated(&self, state: &State) -> Vec<usize> {
		let mut seated = Vec::new();
		for (number, worker) in self.workers.iter().enumerate() {
			let place = state.place(MODEL, &worker.provider).await.unwrap();
			if matches!(place, Some(Place::Seat { .. })) {
				seated.push(number);
			}
		}
		seated
	}

	/// Nobody was fined, or found at fault.
	pub async fn assert_nobody_is_fined(&self) {
		let state = self.state().await;
		for worker in &self.workers {
			let provider = state.provider(&worker.provider).await.unwrap().unwrap();
			assert_eq!(provider.reputation.faults, 0, "{}", self.logs());
			assert_eq!(provider.bond, 20_000_000_000_000, "{}", self.logs());
		}
	}

	/// The end of each worker's log.
	pub fn logs(&self) -> String {
		let logs = self.workers.iter().map(|worker| {
			let log = fs::read_to_string(worker.machine.file("log")).unwrap_or_default();
			let lines: Vec<_> = log.lines().collect();
			format!(
				"--- {} ---\n{}\n",
				worker.provider,
				lines[lines.len().saturating_sub(15)..].join("\n")
			)
		});
		logs.collect()
	}
}

/// A dataset of some text, and a spec of a small model that trains on it.
fn prepare(machine: &Machine, change: impl FnOnce(&mut ModelSpec)) -> ModelSpec {
	let text = "a cairn is a pile of stones that walkers add to\n".repeat(600);
	fs::write(machine.file("text.txt"), text).unwrap();
	let said =
		machine.does("dataset build text.txt --out data --vocabulary 300 --chunk-tokens 1000");
	let root = said.split('"').find(|part| part.starts_with("0x")).unwrap();
	let mut spec = ModelSpec::example(root.parse().unwrap(), 2, 2);
	spec.architecture.vocabulary = 300;
	spec.tokenizer = Dataset::open(machine.file("data")).unwrap().manifest().tokenizer;
	spec.window.steps = 100;
	spec.window.checkpoint_every = 25;
	spec.window.blocks = 14;
	change(&mut spec);
	let initial = |stage| Shard::initial(&spec, stage).unwrap().root(spec.lanes).unwrap();
	spec.initial = [0, 1].map(initial).to_vec().try_into().unwrap();
	fs::write(machine.file("spec.json"), serde_json::to_string(&spec).unwrap()).unwrap();
	spec
}

impl Worker {
	/// Register with a node and enlist for the model.
	fn enter(url: &str, name: &str, dataset: PathBuf) -> Self {
		let machine = Machine::new(url, &format!("//{name}"));
		let port = UdpSocket::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
		let address = format!("127.0.0.1:{port}");
		machine.does(&format!("provider register --address {address} --bond 20"));
		machine.does(&format!("provider enlist {MODEL}"));
		Self { machine, provider: key(name).account(), address, dataset, process: None }
	}

	/// Start the process.
	pub fn start(&mut self) {
		let path = self.machine.file("log");
		let log = File::options().create(true).append(true).open(path).unwrap();
		let arguments = format!(
			"run --listen {} --dataset {} --threads 1",
			self.address,
			self.dataset.display()
		);
		let mut command = self.machine.command(&arguments);
		command.env("RUST_LOG", "warn,cairn_worker=debug");
		let process = command.stdout(Stdio::null()).stderr(log).spawn();
		self.process = Some(process.unwrap());
	}

	/// Kill the process, as a power failure would.
	pub fn kill(&mut self) {
		if let Some(mut process) = self.process.take() {
			process.kill().unwrap();
			process.wait().unwrap();
		}
	}

	/// Send the process a signal.
	pub fn signal(&self, signal: i32) {
		let process = self.process.as_ref().unwrap();
		#[allow(unsafe_code)]
		// SAFETY: the process is a child of this one that was not waited for.
		unsafe {
			assert_eq!(libc::kill(process.id() as i32, signal), 0);
		}
	}

	/// The worker's key.
	pub fn key(&self) -> Key {
		let phrase = fs::read_to_string(self.machine.file("data/keys/worker.key")).unwrap();
		Key::from_phrase(phrase.trim()).unwrap()
	}

	/// Whether the log has a line with all of these words.
	pub fn has_logged_all(&self, words: &[&str]) -> bool {
		let log = fs::read_to_string(self.machine.file("log")).unwrap_or_default();
		log.lines().any(|line| words.iter().all(|words| line.contains(words)))
	}
}

impl Drop for Worker {
	fn drop(&mut self) {
		self.kill();
	}
}
