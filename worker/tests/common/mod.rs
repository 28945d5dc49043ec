//! Commands, and a folder to run them in.
#![allow(dead_code)] // each test file uses its own part

use std::{
	fs,
	path::Path,
	process::{Command, Output},
};

use cairn_primitives::ModelSpec;

/// Run a command in a folder.
pub fn worker(folder: &Path, arguments: &[&str]) -> Output {
	let mut command = Command::new(env!("CARGO_BIN_EXE_cairn-worker"));
	command.current_dir(folder).args(arguments).output().unwrap()
}

/// What a command that must succeed prints.
pub fn succeeds(folder: &Path, arguments: &[&str]) -> String {
	let output = worker(folder, arguments);
	let errors = String::from_utf8_lossy(&output.stderr);
	assert!(output.status.success(), "{arguments:?}: {errors}");
	String::from_utf8(output.stdout).unwrap()
}

/// What a command that must fail complains of.
pub fn fails(folder: &Path, arguments: &[&str]) -> String {
	let output = worker(folder, arguments);
	assert!(!output.status.success(), "{arguments:?}");
	String::from_utf8(output.stderr).unwrap()
}

/// A folder with a text, a dataset of it, and a spec that names the dataset.
pub fn workplace() -> tempfile::TempDir {
	let folder = tempfile::tempdir().unwrap();
	let text = "a cairn is a pile of stones that walkers add to\n".repeat(600);
	fs::write(folder.path().join("text.txt"), text).unwrap();
	let said = succeeds(
		folder.path(),
		&[
			"dataset",
			"build",
			"text.txt",
			"--out",
			"data",
			"--vocabulary",
			"300",
			"--chunk-tokens",
			"1000",
		],
	);
	let mut hashes = said.split('"').filter(|part| part.starts_with("0x"));
	let mut hash = || hashes.next().unwrap().parse().unwrap();
	let mut spec = ModelSpec::example(hash(), 2, 2);
	spec.tokenizer = hash();
	spec.architecture.vocabulary = 300;
	spec.window.steps = 100;
	fs::write(folder.path().join("spec.json"), serde_json::to_string(&spec).unwrap()).unwrap();
	folder
}

/// With little address space, and then more and more, a command names what it needs before it ever succeeds. How much the program
/// itself takes is nobody's promise: with less it does not start.
pub fn assert_needs_memory(folder: &Path, command: &str, what: &str) {
	let worker = env!("CARGO_BIN_EXE_cairn-worker");
	let is_refused = (1..100).any(|limit| {
		let limited = format!("ulimit -v {} && exec '{worker}' {command}", limit * 20_000);
		let output = Command::new("sh").current_dir(folder).args(["-c", &limited]).output();
		let output = output.unwrap();
		assert!(!output.status.success(), "no limit kept it from: {command}");
		let said = String::from_utf8_lossy(&output.stderr);
		said.contains(&format!("{what} needs")) && said.contains("may take")
	});
	assert!(is_refused, "no limit is said to be too low for: {command}");
}
