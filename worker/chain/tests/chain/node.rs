//! A real node on this machine, for tests: a development chain of its own, in a directory of its own.

use std::{
	env,
	fs::{self, File},
	net::TcpListener,
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	time::{Duration, Instant},
};

use cairn_chain::{ConnectError, Connection, Key};
use tempfile::TempDir;
use tokio::time::sleep;

/// How long a node has to answer. It compiles the runtime before that.
const STARTUP: Duration = Duration::from_secs(90);

/// A node that can be stopped and started again, on the same data and at the same address.
pub struct Node {
	directory: TempDir,
	port: u16,
	process: Option<Child>,
}

impl Node {
	/// A node that answers.
	pub async fn start() -> Self {
		let directory = tempfile::tempdir().expect("a temporary directory can be made");
		let mut node = Self { directory, port: free_port(), process: None };
		node.restart().await;
		node
	}

	/// Where the node listens.
	pub fn url(&self) -> String {
		format!("ws://127.0.0.1:{}", self.port)
	}

	/// A file beside the node's data.
	pub fn file(&self, name: &str) -> PathBuf {
		self.directory.path().join(name)
	}

	/// The running process.
	pub fn id(&self) -> Option<i32> {
		self.process.as_ref().map(|process| process.id() as i32)
	}

	/// A connection to the node.
	pub async fn connect(&self) -> Connection {
		Connection::open(&self.url(), None).await.unwrap_or_else(|error| self.fail(&error))
	}

	/// Kills the process, as a power failure would.
	pub fn kill(&mut self) {
		if let Some(mut process) = self.process.take() {
			// It may have ended by itself.
			let _ = process.kill();
			let _ = process.wait();
		}
	}

	/// Starts the process, and waits until it answers.
	pub async fn restart(&mut self) {
		self.restart_with(&[]).await;
	}

	/// The same, with more arguments.
	pub async fn restart_with(&mut self, arguments: &[&str]) {
		self.kill();
		let output = File::options()
			.create(true)
			.append(true)
			.open(self.file("log"))
			.expect("the node's log can be opened");
		let process = Command::new(binary())
			.args(["--dev", "--base-path"])
			.arg(self.file("data"))
			.args(["--rpc-port", &self.port.to_string()])
			.args(["--listen-addr", "/ip4/127.0.0.1/tcp/0"])
			.args(["--no-mdns", "--no-prometheus", "--no-telemetry"])
			.arg("--unsafe-force-node-key-generation")
			.args(arguments)
			.stdin(Stdio::null())
			.stdout(output.try_clone().expect("a file handle can be cloned"))
			.stderr(output)
			.spawn()
			.expect("the node can be started");
		self.process = Some(process);
		let started = Instant::now();
		while let Err(error) = Connection::open(&self.url(), None).await {
			if matches!(error, ConnectError::Incompatible(_)) {
				break; // it answers, and the metadata is to be written anew
			}
			if started.elapsed() > STARTUP {
				self.fail(&error);
			}
			sleep(Duration::from_millis(250)).await;
		}
	}

	/// Fails the test with the end of the node's log.
	fn fail(&self, reason: &dyn std::fmt::Display) -> ! {
		let log = fs::read_to_string(self.file("log")).unwrap_or_default();
		let lines: Vec<_> = log.lines().collect();
		let end = lines[lines.len().saturating_sub(30)..].join("\n");
		panic!("{reason}\n--- end of the node's log ---\n{end}")
	}
}

impl Drop for Node {
	fn drop(&mut self) {
		self.kill();
	}
}

/// The key of a well-known account, such as `Alice`.
pub fn key(name: &str) -> Key {
	Key::from_phrase(&format!("//{name}")).expect("it is a development path")
}

/// The node's binary: the one that `CAIRN_NODE` names, or the one that was built beside this test.
fn binary() -> PathBuf {
	let path =
		env::var_os("CAIRN_NODE").map_or_else(|| beside_this_test("cairn-node"), PathBuf::from);
	assert!(
		path.is_file(),
		"there is no node at {}: build it (`make build`), or name another with CAIRN_NODE",
		path.display()
	);
	path
}

/// A program that was built beside this test.
pub fn beside_this_test(program: &str) -> PathBuf {
	let test = env::current_exe().expect("a test knows its file");
	// Tests lie in `deps`, one folder below binaries.
	let folder = test.parent().and_then(Path::parent).expect("a test lies in a target folder");
	folder.join(program)
}

/// A port that nobody listens on.
fn free_port() -> u16 {
	TcpListener::bind(("127.0.0.1", 0))
		.and_then(|listener| listener.local_addr())
		.expect("a loopback port is free")
		.port()
}
