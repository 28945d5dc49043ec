//! Real nodes on this machine, for tests.
//!
//! A [`Network`] owns a directory and the processes in it; dropping it kills and deletes both. Nodes
//! listen on ports that the system picks, find each other by boot node, and talk to tests over
//! WebSocket. Every wait ends: with what was waited for, or with a message that says what was
//! seen instead and shows the node's last words.

mod state;
mod transaction;

use std::{
	fs::{self, File},
	future::Future,
	net::TcpListener,
	path::PathBuf,
	process::{Child, Command, Stdio},
	time::{Duration, Instant},
};

use cairn_chain_spec::Genesis;
use cairn_runtime::{clock::EpochLength, Runtime};
use codec::Encode;
use jsonrpsee::{
	core::{client::ClientT, params::ArrayParams, DeserializeOwned},
	rpc_params,
	ws_client::{WsClient, WsClientBuilder},
};
use serde_json::Value;
use sp_core::bytes::to_hex;
use tempfile::TempDir;

/// How long a node has to answer its first question. It compiles the runtime before that.
const STARTUP: Duration = Duration::from_secs(60);
/// Time between two looks.
const POLL: Duration = Duration::from_millis(250);

/// A directory with nodes in it.
pub struct Network {
	directory: TempDir,
	/// The arguments that name the chain.
	chain: Vec<String>,
}

impl Network {
	/// An empty network whose nodes are started with `--dev`: each is a chain of its own.
	pub fn development() -> Self {
		let directory = tempfile::tempdir().expect("a temporary directory can be made");
		Self { directory, chain: vec!["--dev".into()] }
	}

	/// An empty network of the chain that `--chain local` stands for, but with epochs of so many slots.
	pub fn local_with_epochs_of(slots: u64) -> Self {
		let spec = cairn_chain_spec::local(Genesis::Built).expect("the preset builds");
		let spec = spec.as_json(true).expect("the specification can be written");
		let mut spec: Value = serde_json::from_str(&spec).expect("what was written is JSON");
		let key = to_hex(&EpochLength::<Runtime>::hashed_key(), false);
		let length = &mut spec["genesis"]["raw"]["top"][key];
		assert!(length.is_string(), "genesis says how long an epoch is");
		*length = to_hex(&slots.encode(), false).into();

		let directory = tempfile::tempdir().expect("a temporary directory can be made");
		let path = directory.path().join("chain.json");
		fs::write(&path, spec.to_string()).expect("the specification can be saved");
		Self { directory, chain: vec!["--chain".into(), path.display().to_string()] }
	}

	/// Describes the node called `name`, which keeps its data in the network's directory.
	pub fn node(&self, name: &str) -> Setup {
		Setup {
			name: name.into(),
			base_path: self.directory.path().join(name),
			arguments: self.chain.clone(),
			port: free_port(),
			boot_node: None,
		}
	}
}

/// A node that can be started, again and again, on the same data.
#[derive(Clone)]
pub struct Setup {
	name: String,
	base_path: PathBuf,
	arguments: Vec<String>,
	port: u16,
	boot_node: Option<String>,
}

impl Setup {
	/// Adds command-line arguments.
	pub fn with(mut self, arguments: &[&str]) -> Self {
		self.arguments.extend(arguments.iter().map(ToString::to_string));
		self
	}

	/// Tells the node where to find `other`.
	pub async fn knowing(mut self, other: &Node) -> Self {
		self.boot_node = Some(other.address().await);
		self
	}

	/// Starts the node and waits until it answers.
	pub async fn start(self) -> Node {
		fs::create_dir_all(&self.base_path).expect("the node's directory can be made");
		let log = self.base_path.join("log");
		let output = File::options()
			.create(true)
			.append(true)
			.open(&log)
			.expect("the node's log can be opened");
		let rpc_port = free_port();
		let mut command = Command::new(env!("CARGO_BIN_EXE_cairn-node"));
		command
			.args(&self.arguments)
			.arg("--base-path")
			.arg(&self.base_path)
			.args(["--name", &self.name])
			.args(["--listen-addr", &format!("/ip4/127.0.0.1/tcp/{}", self.port)])
			.args(["--rpc-port", &rpc_port.to_string()])
			.args(["--no-mdns", "--no-prometheus", "--no-telemetry", "--allow-private-ip"])
			// All nodes are on one address; each keeps the network key of its first start.
			.args(["--discover-local", "--unsafe-force-node-key-generation"]);
		if let Some(address) = &self.boot_node {
			command.args(["--bootnodes", address]);
		}
		let process = command
			.stdin(Stdio::null())
			.stdout(output.try_clone().expect("a file handle can be cloned"))
			.stderr(output)
			.spawn()
			.expect("the node can be started");

		let mut node = Node { setup: self, process, log, client: None };
		node.connect(rpc_port).await;
		node
	}
}

/// A running node.
pub struct Node {
	setup: Setup,
	process: Child,
	log: PathBuf,
	client: Option<WsClient>,
}

impl Node {
	/// Kills the process, as a power failure would, and returns what is needed to start it again.
	pub fn kill(self) -> Setup {
		self.setup.clone()
	}

	/// Asks the node a question.
	pub async fn request(&self, method: &str, params: ArrayParams) -> Value {
		self.request_as(method, params).await
	}

	/// Asks the node a question whose answer is of a certain type.
	pub async fn request_as<T: DeserializeOwned>(&self, method: &str, params: ArrayParams) -> T {
		match self.client().request(method, params).await {
			Ok(answer) => answer,
			Err(error) => self.fail(&format!("{method} failed: {error}")),
		}
	}

	/// The height of the best block.
	pub async fn best(&self) -> u64 {
		height(&self.request("chain_getHeader", rpc_params![]).await)
	}

	/// The height of the newest final block.
	pub async fn finalized(&self) -> u64 {
		let hash = self.request("chain_getFinalizedHead", rpc_params![]).await;
		height(&self.request("chain_getHeader", rpc_params![hash]).await)
	}

	/// The hash of the block at `height`, if the node has it.
	pub async fn block_hash(&self, height: u64) -> Value {
		self.request("chain_getBlockHash", rpc_params![height]).await
	}

	/// Waits until a block at `height` is final.
	pub async fn wait_finalized(&self, height: u64, limit: Duration) {
		self.wait(&format!("finality of block {height}"), limit, || async {
			let seen = self.finalized().await;
			if seen >= height {
				Ok(())
			} else {
				Err(format!("final is {seen}, best is {}", self.best().await))
			}
		})
		.await
	}

	/// Waits until the node is connected to `count` others.
	pub async fn wait_peers(&self, count: u64, limit: Duration) {
		self.wait(&format!("{count} peers"), limit, || async {
			let health = self.request("system_health", rpc_params![]).await;
			match health["peers"].as_u64() {
				Some(peers) if peers >= count => Ok(()),
				_ => Err(format!("health is {health}")),
			}
		})
		.await
	}

	/// What the node has logged.
	pub fn log(&self) -> String {
		fs::read_to_string(&self.log).unwrap_or_default()
	}

	/// Looks again and again until `look` succeeds; fails with what it saw last after `limit`.
	pub async fn wait<T, F, Fut>(&self, what: &str, limit: Duration, look: F) -> T
	where
		F: Fn() -> Fut,
		Fut: Future<Output = Result<T, String>>,
	{
		let start = Instant::now();
		loop {
			match look().await {
				Ok(result) => return result,
				Err(seen) if start.elapsed() > limit => {
					self.fail(&format!("waited {limit:?} in vain for {what}: {seen}"))
				},
				Err(_) => tokio::time::sleep(POLL).await,
			}
		}
	}

	/// Where other nodes find this one.
	async fn address(&self) -> String {
		let peer_id = self.request("system_localPeerId", rpc_params![]).await;
		let peer_id = peer_id.as_str().unwrap_or_else(|| self.fail("the node has no peer id"));
		format!("/ip4/127.0.0.1/tcp/{}/p2p/{peer_id}", self.setup.port)
	}

	/// Connects to the JSON-RPC server once it is there.
	async fn connect(&mut self, rpc_port: u16) {
		let start = Instant::now();
		loop {
			if let Ok(Some(status)) = self.process.try_wait() {
				self.fail(&format!("the node ended with {status}"));
			}
			let url = format!("ws://127.0.0.1:{rpc_port}");
			match WsClientBuilder::default().build(&url).await {
				Ok(client) => return self.client = Some(client),
				Err(error) if start.elapsed() > STARTUP => {
					self.fail(&format!("no answer after {STARTUP:?}: {error}"))
				},
				Err(_) => tokio::time::sleep(POLL).await,
			}
		}
	}

	fn client(&self) -> &WsClient {
		self.client.as_ref().expect("`Setup::start` connects before it returns")
	}

	/// Fails the test with `message` and the end of the log.
	fn fail(&self, message: &str) -> ! {
		let log = self.log();
		let lines: Vec<_> = log.lines().collect();
		let end = lines.iter().rev().take(30).rev().copied().collect::<Vec<_>>().join("\n");
		panic!("{}: {message}\n--- end of its log ---\n{end}", self.setup.name)
	}
}

impl Drop for Node {
	fn drop(&mut self) {
		// It may have ended by itself.
		let _ = self.process.kill();
		let _ = self.process.wait();
	}
}

/// The height in a header.
fn height(header: &Value) -> u64 {
	let number = header["number"].as_str().and_then(|number| number.strip_prefix("0x"));
	number
		.and_then(|digits| u64::from_str_radix(digits, 16).ok())
		.unwrap_or_else(|| panic!("not a header: {header}"))
}

/// A port that nobody listens on.
fn free_port() -> u16 {
	TcpListener::bind(("127.0.0.1", 0))
		.and_then(|listener| listener.local_addr())
		.expect("a loopback port is free")
		.port()
}
