//! A machine: a folder with data, in which commands are run.

use std::{
	fs::{self, Permissions},
	os::unix::fs::PermissionsExt,
	path::{Path, PathBuf},
	process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// A machine, and the account that its commands are signed by.
pub struct Machine {
	folder: TempDir,
	node: String,
	key: String,
}

impl Machine {
	/// That talks to a node, and signs with a key such as `//Alice`.
	pub fn new(node: &str, key: &str) -> Self {
		let folder = tempfile::tempdir().unwrap();
		Self { folder, node: node.into(), key: key.into() }
	}

	/// A file of it.
	pub fn file(&self, name: &str) -> PathBuf {
		self.folder.path().join(name)
	}

	/// Writes a file that its owner alone can read.
	pub fn write(&self, name: &str, text: &str) -> String {
		let path = self.file(name);
		fs::write(&path, text).unwrap();
		fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
		path.display().to_string()
	}

	/// A command, whose environment is its own.
	pub fn command(&self, arguments: &str) -> Command {
		self.command_of(Path::new(env!("CARGO_BIN_EXE_cairn-worker")), arguments)
	}

	/// The same of another program.
	pub fn command_of(&self, program: &Path, arguments: &str) -> Command {
		let mut command = Command::new(program);
		command
			.env_clear()
			.env("CAIRN_DATA", self.file("data"))
			.env("CAIRN_NODE_URL", &self.node)
			.env("CAIRN_PROVIDER_KEY", &self.key)
			.current_dir(self.folder.path())
			.args(arguments.split_whitespace())
			.stdin(Stdio::null());
		command
	}

	/// What a command that must succeed prints.
	pub fn does(&self, arguments: &str) -> String {
		self.run(arguments).0
	}

	/// The same, and what it prints to its standard error.
	pub fn run(&self, arguments: &str) -> (String, String) {
		let output = self.command(arguments).output().unwrap();
		let (said, errors) = texts(&output);
		assert!(output.status.success(), "{arguments}: {said}\n{errors}");
		(said, errors)
	}

	/// What a command that must fail complains of. It does so in sentences, and without a panic.
	pub fn fails(&self, arguments: &str) -> String {
		let output = self.command(arguments).output().unwrap();
		let (said, errors) = texts(&output);
		assert_eq!(output.status.code(), Some(1), "{arguments}: {said}\n{errors}");
		let last = errors.lines().last().unwrap_or_default().to_string();
		assert!(last.starts_with("error: "), "{arguments}: {errors}");
		last
	}

	/// What a command tells programs.
	pub fn json(&self, arguments: &str) -> Value {
		let said = self.does(&format!("{arguments} --json"));
		serde_json::from_str(&said).unwrap_or_else(|error| panic!("{arguments}: {error}\n{said}"))
	}
}

fn texts(output: &Output) -> (String, String) {
	let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
	(text(&output.stdout), text(&output.stderr))
}
