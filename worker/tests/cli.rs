//! The commands, as a researcher runs them.

mod common;

use std::{fs, process::Command, time::Duration};

use common::{assert_needs_memory, fails, succeeds, workplace};

#[test]
fn a_dataset_is_built_and_verified_and_damage_is_found() {
	let folder = workplace();
	let said = succeeds(folder.path(), &["dataset", "verify", "data"]);
	assert!(said.contains("chunks are right"), "{said}");
	let complaint = fails(folder.path(), &["dataset", "build", "text.txt", "--out", "data"]);
	assert!(complaint.contains("exists already"), "{complaint}");
	let chunk = folder.path().join("data/chunks/00001.bin");
	let mut bytes = fs::read(&chunk).unwrap();
	bytes[5] ^= 1;
	fs::write(chunk, bytes).unwrap();
	let complaint = fails(folder.path(), &["dataset", "verify", "data"]);
	assert!(complaint.contains("chunk 1 is corrupt"), "{complaint}");
}

#[test]
fn a_program_is_shown_with_its_cost() {
	let folder = workplace();
	let said = succeeds(folder.path(), &["program", "--spec", "spec.json", "--stage", "1"]);
	for part in [
		"m0.layer0.scores",
		"clip-factor",
		"head.next",
		"operations of a step",
		"memory, selective",
	] {
		assert!(said.contains(part), "{part} is missing:\n{said}");
	}
	let complaint = fails(folder.path(), &["program", "--spec", "spec.json", "--stage", "2"]);
	assert!(complaint.contains("2 stages"), "{complaint}");
}

#[test]
fn a_run_that_is_killed_goes_on_to_the_same_bits() {
	let folder = workplace();
	let path = folder.path();
	let train = |out, windows| {
		[
			"train-local",
			"--spec",
			"spec.json",
			"--data",
			"data",
			"--out",
			out,
			"--windows",
			windows,
			"--threads",
			"2",
		]
	};
	let said = succeeds(path, &train("whole", "3"));
	for part in ["held-out", "edges 26.2 M bytes", "merge 231.3 k bytes"] {
		assert!(said.contains(part), "{part} is missing:\n{said}");
	}

	let mut command = Command::new(env!("CARGO_BIN_EXE_cairn-worker"));
	let mut killed = command.current_dir(path).args(train("killed", "3")).spawn().unwrap();
	while !path.join("killed/window-000001").exists() {
		assert_eq!(killed.try_wait().unwrap(), None, "it ended before it was killed");
		std::thread::sleep(Duration::from_millis(5));
	}
	killed.kill().unwrap();
	killed.wait().unwrap();
	let said = succeeds(path, &train("killed", "3"));
	assert!(said.contains("going on with window"), "{said}");
	for file in [
		"loss.csv",
		"loss.png",
		"window-000003/stage-0.safetensors",
		"window-000003/stage-1.safetensors",
	] {
		let read = |run: &str| fs::read(path.join(run).join(file)).unwrap();
		assert!(read("whole") == read("killed"), "{file} differs");
	}
}

#[test]
fn a_run_that_goes_on_is_left_alone_by_other_processes() {
	let folder = workplace();
	let path = folder.path();
	let train = ["train-local", "--spec", "spec.json", "--data", "data", "--out", "run"];
	let mut command = Command::new(env!("CARGO_BIN_EXE_cairn-worker"));
	let mut running = command.current_dir(path).args(train).spawn().unwrap();
	while !path.join("run/loss.csv").exists() {
		assert_eq!(running.try_wait().unwrap(), None, "it ended before it wrote anything");
		std::thread::sleep(Duration::from_millis(5));
	}
	let complaint = fails(path, &train);
	assert!(complaint.contains("in use by another process"), "{complaint}");
	running.kill().unwrap();
	running.wait().unwrap();
	// What is left of the lock keeps nobody out.
	assert!(path.join("run/.lock").exists());
	succeeds(path, &[&train[..], &["--windows", "1"]].concat());
}

#[test]
fn a_dataset_may_have_more_chunks_than_a_process_may_have_files() {
	let folder = workplace();
	let path = folder.path();
	let build = "dataset build text.txt --out small --chunk-tokens 16 --vocabulary 300";
	let build: Vec<&str> = build.split(' ').collect();
	succeeds(path, &build);
	let chunks = fs::read_dir(path.join("small/chunks")).unwrap().count();
	assert!(chunks > 200, "{chunks}");
	let worker = env!("CARGO_BIN_EXE_cairn-worker");
	let verify = format!("ulimit -n 100 && exec '{worker}' dataset verify small");
	let output = Command::new("sh").current_dir(path).args(["-c", &verify]).output().unwrap();
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_cannot_be_trained_is_refused_before_the_first_step() {
	let folder = workplace();
	let path = folder.path();
	let train = |more: &[&str]| {
		let mut arguments =
			vec!["train-local", "--spec", "spec.json", "--data", "data", "--out", "run"];
		arguments.extend(more);
		fails(path, &arguments)
	};
	let complaint = train(&["--memory", "1"]);
	assert!(complaint.contains("needs") && complaint.contains("may take 1.0 M"), "{complaint}");
	if cfg!(target_os = "linux") {
		let train = "train-local --spec spec.json --data data --out run --threads 1";
		assert_needs_memory(path, train, "the run");
	}
	let complaint = train(&["--stages", "3"]);
	assert!(complaint.contains("2 layers cannot be cut into 3 stages"), "{complaint}");
	let complaint = train(&["--lanes", "0"]);
	assert!(complaint.contains("the spec is not valid: lanes must be 1 to 16"), "{complaint}");
	let whole = fs::read(path.join("spec.json")).unwrap();
	let whole: serde_json::Value = serde_json::from_slice(&whole).unwrap();
	for place in [
		"",
		"/architecture",
		"/schedule",
		"/schedule/points/0",
		"/inner/AdamW",
		"/outer",
		"/merge/Int8",
		"/window",
		"/shares",
	] {
		let mut spec = whole.clone();
		spec.pointer_mut(place).unwrap()["acess"] = serde_json::json!(1);
		fs::write(path.join("spec.json"), spec.to_string()).unwrap();
		let complaint = train(&[]);
		assert!(complaint.contains("unknown field `acess`"), "{place}: {complaint}");
	}
	let mut spec = whole.clone();
	spec["tokenizer"] = spec["seed"].clone();
	fs::write(path.join("spec.json"), spec.to_string()).unwrap();
	let complaint = train(&[]);
	assert!(complaint.contains("into the spec's field \"tokenizer\""), "{complaint}");
	fs::write(path.join("spec.json"), "{}").unwrap();
	let complaint = train(&[]);
	assert!(complaint.contains("spec.json is no spec of a model"), "{complaint}");
	let complaint =
		fails(path, &["train-local", "--spec", "none.json", "--data", "data", "--out", "run"]);
	assert!(complaint.contains("cannot read none.json"), "{complaint}");
	assert!(!path.join("run").exists());
}
