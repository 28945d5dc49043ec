//! A network: a node, a model that trains, and workers.

#[path = "proxy.rs"]
pub mod proxy;

use std::{
	fs::{self, File},
	io,
	net::{SocketAddr, UdpSocket},
	path::PathBuf,
	process::{Child, Command, Stdio},
	thread,
	time::{Duration, Instant},
};

use cairn_chain::{
	calls::{balances::transfer_keep_alive, contributions, Call},
	views::{Clock, Phase, Place, State},
	AccountId, Connection, Failure, Key, Submitter, Tips,
};
use cairn_engine::{data::Dataset, Shard};
use cairn_primitives::{
	spec::{InnerOptimizer, Nano},
	ModelId, ModelSpec, StageIndex, UnitId, WindowIndex,
};
use proxy::Proxy;
use tokio::time::sleep;

use crate::{
	machine::Machine,
	node::{beside_this_test, key, Node},
};

/// The model that trains.
pub const MODEL: ModelId = 0;
/// How long anything may take: windows last a minute, and half a minute lies between them.
const PATIENCE: Duration = Duration::from_secs(600);

/// What each provider has bonded.
pub const BOND: u128 = 20_000_000_000_000;

/// Accounts with money on a development chain; the first is the researcher.
const ACCOUNTS: [&str; 7] = ["Bob", "Alice", "Charlie", "Dave", "Eve", "Ferdie", "Alice//stash"];

/// A worker on its machine.
pub struct Worker {
	pub machine: Machine,
	/// What it lies about, and in which window, as `cairn-liars` has it; the honest run `cairn-worker`.
	pub lie: Option<String>,
	/// The provider that it works for.
	pub provider: AccountId,
	/// Where it listens.
	pub listen: SocketAddr,
	/// What stands before it, if anything does.
	pub proxy: Option<Proxy>,
	/// The folder of the dataset that it is told of.
	pub dataset: Option<PathBuf>,
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
		Self::new(workers, change, false).await
	}

	/// The same, where what workers send each other goes through proxies.
	pub async fn behind_proxies(workers: usize, change: impl FnOnce(&mut ModelSpec)) -> Self {
		Self::new(workers, change, true).await
	}

	async fn new(workers: usize, change: impl FnOnce(&mut ModelSpec), proxies: bool) -> Self {
		let mut network = Self::enter_behind(workers, change, proxies).await;
		network.workers.iter_mut().for_each(Worker::start);
		network
	}

	/// The same, but no worker is started yet.
	pub async fn enter(workers: usize, change: impl FnOnce(&mut ModelSpec)) -> Self {
		Self::enter_behind(workers, change, false).await
	}

	async fn enter_behind(
		workers: usize,
		change: impl FnOnce(&mut ModelSpec),
		proxies: bool,
	) -> Self {
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
			thread::spawn(move || Worker::enter(&url, name, dataset, proxies))
		});
		let entering: Vec<_> = entering.collect();
		let workers = entering.into_iter().map(|worker| worker.join().unwrap()).collect();
		Self { node, connection, spec, researcher, workers }
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

	/// Wait until all units of a window are attested, whole and in the merge.
	pub async fn whole(&self, window: WindowIndex) {
		let steps = self.spec.window.steps;
		let units = self.attested(window).await;
		assert!(units.iter().all(|unit| unit.outcome.steps() == steps), "{}", self.logs());
		assert!(units.iter().all(|unit| unit.in_merge), "{}", self.logs());
	}

	/// Wait until a worker has its lane open in a window, and tell which.
	pub async fn at_work(&self, window: WindowIndex) -> usize {
		let words = format!("window: {window},");
		self.until(&format!("work in window {window}"), async |_| {
			let has_lane = |worker: &Worker| worker.has_logged_all(&["the lane is open", &words]);
			self.workers.iter().position(has_lane)
		})
		.await
	}

	/// Wait until a window runs, and tell who works in it: a worker for each stage and lane.
	pub async fn running(&self, window: WindowIndex) -> Vec<Vec<usize>> {
		self.until(&format!("window {window}"), async |state| {
			let Phase::Running(running) = Self::clock(state).await?.phase else { return None };
			if running.index != window {
				return None;
			}
			let mut stages = Vec::new();
			for stage in 0..self.spec.stages.len() as StageIndex {
				let roster = state.roster(MODEL, stage).await.ok()??;
				let worker = |lane| {
					let provider = roster.in_lane(running.seed, stage, lane)?;
					self.workers.iter().position(|worker| worker.provider == *provider)
				};
				stages.push((0..self.spec.lanes).map(worker).collect::<Option<Vec<_>>>()?);
			}
			Some(stages)
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

	/// Wait until a window is over.
	pub async fn closed(&self, window: WindowIndex) {
		self.until(&format!("the end of window {window}"), async |state| {
			state.closed_window(MODEL, window).await.ok()?.map(|_| ())
		})
		.await
	}

	/// Have all units of a closed window audited: a worker vouches for that.
	pub async fn suspect(&self, worker: usize, window: WindowIndex) {
		let worker = self.workers[worker].key();
		let funds = transfer_keep_alive(&worker.account(), 50_000_000_000_000);
		self.submitter(key("Bob//stash"), "rich.json").submit(funds).await.unwrap();
		let submitter = self.submitter(worker, "suspecting.json");
		for lane in 0..self.spec.lanes {
			let done = submitter.submit(contributions::suspect(MODEL, window, lane)).await;
			// The lots may have fallen on all of its units already.
			let is_audited = matches!(&done, Err(Failure::Refused(refusal)) if refusal.name == "contributions.AlreadySuspected");
			assert!(done.is_ok() || is_audited, "{done:?}");
		}
	}

	/// Have something done that anybody may do, unless a worker has.
	pub async fn have_done(&self, call: Call) {
		let done = self.submitter(key("Bob//stash"), "rich.json").submit(call).await;
		assert!(matches!(done, Ok(_) | Err(Failure::Refused(_))), "{done:?}");
	}

	fn submitter(&self, key: Key, file: &str) -> Submitter {
		let tips = Tips { least: 0, step: 1_000_000, most: 1_000_000_000 };
		Submitter::start(self.connection.clone(), key, tips, &self.node.file(file)).unwrap()
	}

	/// Nobody was fined, or found at fault.
	pub async fn assert_nobody_is_fined(&self) {
		let state = self.state().await;
		for worker in &self.workers {
			let provider = state.provider(&worker.provider).await.unwrap().unwrap();
			assert_eq!(provider.reputation.faults, 0, "{}", self.logs());
			assert_eq!(provider.bond, BOND, "{}", self.logs());
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

/// A unit that takes seconds to compute, so that there is an amid, and a window that has time for it.
pub fn slower(spec: &mut ModelSpec) {
	spec.schedule.points.iter_mut().for_each(|point| point.batch = 16);
	spec.window.blocks = 24;
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
	// As little work as may be, so that a busy machine has time for it: the smaller β₂, the fewer steps may be in a window.
	if let InnerOptimizer::AdamW { beta2, .. } = &mut spec.inner {
		*beta2 = Nano(900_000_000);
	}
	spec.schedule.points.iter_mut().for_each(|point| point.batch = 4);
	spec.window.steps = 50;
	spec.window.checkpoint_every = 25;
	spec.window.blocks = 16;
	change(&mut spec);
	let initial = |stage| Shard::initial(&spec, stage).unwrap().root(spec.lanes).unwrap();
	let stages = 0..spec.stages.len() as StageIndex;
	spec.initial = stages.map(initial).collect::<Vec<_>>().try_into().unwrap();
	fs::write(machine.file("spec.json"), serde_json::to_string(&spec).unwrap()).unwrap();
	spec
}

impl Worker {
	/// Register with a node and enlist for the model.
	fn enter(url: &str, name: &str, dataset: PathBuf, has_proxy: bool) -> Self {
		let machine = Machine::new(url, &format!("//{name}"));
		let listen = UdpSocket::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
		let proxy = has_proxy.then(|| Proxy::start(listen));
		let address = proxy.as_ref().map_or(listen, |proxy| proxy.address);
		machine.does(&format!("provider register --address {address} --bond 20"));
		machine.does(&format!("provider enlist {MODEL}"));
		let (provider, dataset) = (key(name).account(), Some(dataset));
		Self { machine, lie: None, provider, listen, proxy, dataset, process: None }
	}

	/// Start the process.
	pub fn start(&mut self) {
		self.start_as(|command| command);
	}

	/// Start the process, with something changed about it.
	pub fn start_as(&mut self, change: impl FnOnce(&mut Command) -> &mut Command) {
		let dataset = self.dataset.as_ref();
		let dataset = dataset.map_or(String::new(), |path| format!("--dataset {}", path.display()));
		// Behind a simulated link a worker uses the addresses that it knows from the chain, and finds no others.
		let link = if self.proxy.is_some() { "--link 10gbit" } else { "" };
		let arguments = format!("run --listen {} {dataset} --threads 1 {link}", self.listen);
		let mut command = match &self.lie {
			Some(lie) => {
				let liars = beside_this_test("cairn-liars");
				self.machine.command_of(&liars, &format!("{lie} {arguments}"))
			},
			None => self.machine.command(&arguments),
		};
		command.env("RUST_LOG", "warn,cairn_worker=debug");
		let mut process =
			change(&mut command).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
		// Through this process, so that it logs even where it can write nothing to the disk.
		let path = self.machine.file("log");
		let mut log = File::options().create(true).append(true).open(path).unwrap();
		let mut said = process.stderr.take().unwrap();
		thread::spawn(move || io::copy(&mut said, &mut log));
		self.process = Some(process);
	}

	/// The running process.
	pub fn id(&self) -> Option<i32> {
		self.process.as_ref().map(|process| process.id() as i32)
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
		#[allow(unsafe_code)]
		// SAFETY: the process is a child of this one that was not waited for.
		unsafe {
			assert_eq!(libc::kill(self.id().unwrap(), signal), 0);
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
