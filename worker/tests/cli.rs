//! The commands, as a researcher runs them.

mod common;

use std::{
	fs,
	path::Path,
	process::{Command, Output},
	time::Duration,
};

use cairn_primitives::{spec::Nano, ModelSpec};
use common::{assert_needs_memory, fails, succeeds, worker, workplace};

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
		"bytes that a step writes",
		"selective recomputation: ",
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

/// The spec in a workplace.
fn spec_in(folder: &Path) -> ModelSpec {
	serde_json::from_slice(&fs::read(folder.join("spec.json")).unwrap()).unwrap()
}

#[test]
fn a_run_leaves_alone_what_is_in_its_folder() {
	let folder = workplace();
	let spec = folder.path().join("spec.json");
	let before = fs::read(&spec).unwrap();
	let train = ["train-local", "--spec", "spec.json", "--data", "data", "--windows", "1", "--out"];
	let complaint = fails(folder.path(), &[&train[..], &["."]].concat());
	assert!(complaint.contains("name another folder with --out"), "{complaint}");
	assert_eq!(fs::read(&spec).unwrap(), before);
}

#[test]
fn whole_layers_are_recomputed_only_where_memory_is_short() {
	let folder = workplace();
	let path = folder.path();
	let mut spec = spec_in(path);
	(spec.architecture.context, spec.schedule.microbatch) = (256, 8);
	spec.stages = vec![4, 4].try_into().unwrap();
	fs::write(path.join("spec.json"), serde_json::to_string(&spec).unwrap()).unwrap();
	let train = |recompute: &'static str, mebibytes: String| {
		let files = ["train-local", "--spec", "spec.json", "--data", "data", "--out", "run"];
		let options = ["--windows", "0", "--recompute", recompute, "--memory", &mebibytes];
		worker(path, &[&files[..], &options].concat())
	};
	// What is needed, in MiB.
	let needed = |recompute| {
		let said = train(recompute, "1".into());
		let complaint = String::from_utf8(said.stderr).unwrap();
		let words = complaint.split_once("needs ").unwrap().1;
		words.split_once(" M").unwrap().0.parse::<f64>().unwrap() * 1e6 / f64::from(1 << 20)
	};
	let [selective, full] = ["selective", "full"].map(needed);
	assert!(full + 4.0 < selective, "{full} {selective}");
	let auto = |mebibytes: f64| train("auto", mebibytes.to_string());
	let says_full = |output: &Output| {
		String::from_utf8_lossy(&output.stdout).contains("whole layers are computed again")
	};

	let enough = auto((selective + 1.0).ceil());
	assert!(enough.status.success() && !says_full(&enough), "{enough:?}");
	let short = auto(((selective + full) / 2.0).floor());
	assert!(short.status.success() && says_full(&short), "{short:?}");
	let too_short = auto((full - 1.0).floor());
	assert!(!too_short.status.success(), "{too_short:?}");
	// It is of no use to ask for what is done already.
	let complaint = String::from_utf8_lossy(&too_short.stderr);
	assert!(complaint.contains("needs") && !complaint.contains("--recompute"), "{complaint}");
}

#[test]
fn a_model_that_becomes_worse_than_guessing_is_told() {
	let folder = workplace();
	let path = folder.path();
	let mut spec = spec_in(path);
	let train = |spec: &ModelSpec, out: &str| {
		fs::write(path.join("spec.json"), serde_json::to_string(spec).unwrap()).unwrap();
		let files = ["train-local", "--spec", "spec.json", "--data", "data", "--out", out];
		let output = worker(path, &[&files[..], &["--windows", "1"]].concat());
		(output.status.success(), String::from_utf8(output.stderr).unwrap())
	};
	let (is_done, said) = train(&spec, "well");
	assert!(is_done && !said.contains("guessing"), "{said}");
	spec.schedule.points.iter_mut().for_each(|point| point.learning_rate = Nano(4_000_000_000));
	spec.window.warmup = 0;
	let (is_done, said) = train(&spec, "badly");
	assert!(is_done && said.contains("above that of guessing"), "{said}");
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
