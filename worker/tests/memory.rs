//! What a run takes is what it says it takes.
#![cfg(target_os = "linux")] // peaks are read from /proc

use std::{
	fs, io,
	path::Path,
	process::{Command, Stdio},
	time::Duration,
};

use cairn_engine::data::{Dataset, Manifest};
use cairn_primitives::{
	spec::{BoundaryCodec, InnerOptimizer, Nano},
	ModelSpec,
};

/// The worker in a folder.
fn worker(folder: &Path) -> Command {
	let mut command = Command::new(env!("CARGO_BIN_EXE_cairn-worker"));
	command.current_dir(folder).stdout(Stdio::null());
	command
}

/// A dataset.
fn dataset(folder: &Path) -> Manifest {
	fs::write(folder.join("text.txt"), "stones upon stones mark the way\n".repeat(2_000)).unwrap();
	let build = ["dataset", "build", "text.txt", "--out", "data", "--vocabulary", "280"];
	assert!(worker(folder).args(build).status().unwrap().success());
	Dataset::open(folder.join("data")).unwrap().manifest().clone()
}

/// About 12 million parameters, of which a window does little.
fn spec(dataset: &Manifest, stages: &[u16], lanes: u8) -> ModelSpec {
	let mut spec = ModelSpec::example(dataset.root(), stages.len() as u8, lanes);
	spec.tokenizer = dataset.tokenizer;
	let a = &mut spec.architecture;
	(a.vocabulary, a.width, a.hidden, a.context) = (6_000, 384, 1_024, 64);
	(a.heads, a.kv_heads) = (24, 8);
	spec.stages = stages.to_vec().try_into().unwrap();
	spec.schedule.microbatch = 2;
	spec.schedule.points.iter_mut().for_each(|point| point.batch = 2);
	spec.window.steps = 50;
	spec.window.checkpoint_every = 50;
	spec.window.link_kbit = 1_000_000;
	if let InnerOptimizer::AdamW { beta2, .. } = &mut spec.inner {
		beta2.0 = 900_000_000;
	}
	spec
}

/// About 2 million parameters, most of them Muon's.
fn with_muon(dataset: &Manifest) -> ModelSpec {
	let mut spec = spec(dataset, &[8], 1);
	let a = &mut spec.architecture;
	(a.vocabulary, a.width, a.hidden) = (280, 128, 512);
	(a.heads, a.kv_heads) = (8, 2);
	spec.schedule.microbatch = 4;
	spec.schedule.points.iter_mut().for_each(|point| point.batch = 80);
	(spec.window.steps, spec.window.checkpoint_every, spec.window.warmup) = (4, 4, 1);
	spec.inner = InnerOptimizer::Muon {
		momentum: Nano(950_000_000),
		weight_decay: Nano(10_000_000),
		clip: Nano::ONE,
		rest: Nano(300_000_000),
		carry: true,
	};
	spec
}

/// The most memory that a window takes, and what the run says that it takes, in bytes.
fn taken(folder: &Path, spec: &ModelSpec, run: &str, recompute: &str) -> (u64, u64) {
	fs::write(folder.join("spec.json"), serde_json::to_string(spec).unwrap()).unwrap();
	let files = ["train-local", "--spec", "spec.json", "--data", "data", "--out", run];
	let options = ["--windows", "1", "--threads", "2", "--recompute", recompute];
	let mut command = worker(folder);
	command.args(files).args(options).stdout(Stdio::piped());
	let mut run = command.spawn().unwrap();
	let status = format!("/proc/{}/status", run.id());
	let mut peak = 0;
	loop {
		// A process that has ended, but was not waited for, has a status without memory.
		let text = fs::read_to_string(&status).unwrap();
		let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
		if let Some(kibibytes) = line.and_then(|line| line.split_whitespace().next()) {
			peak = kibibytes.parse::<u64>().unwrap() << 10;
		}
		if let Some(status) = run.try_wait().unwrap() {
			assert!(status.success());
			let said = io::read_to_string(run.stdout.take().unwrap()).unwrap();
			return (peak, planned(&said));
		}
		std::thread::sleep(Duration::from_millis(1));
	}
}

/// What a run says first: "the run takes 83.1 M bytes of memory".
fn planned(said: &str) -> u64 {
	let words: Vec<&str> = said.split_whitespace().collect();
	assert_eq!(words[..3], ["the", "run", "takes"], "{said}");
	assert_eq!(words[4..7], ["M", "bytes", "of"], "{said}");
	(words[3].parse::<f64>().unwrap() * 1e6) as u64
}

#[test]
fn a_run_takes_the_memory_that_is_planned() {
	let folder = tempfile::tempdir().unwrap();
	let folder = folder.path();
	let data = dataset(folder);
	let mut carried = spec(&data, &[2, 2], 2);
	carried.boundary = BoundaryCodec::Int8 { block: 64 };
	carried.window.steps = 20;
	carried.window.checkpoint_every = 20;
	if let InnerOptimizer::AdamW { carry, .. } = &mut carried.inner {
		*carry = true;
	}
	// The guides' example, but for its text.
	let whale = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples/whale.json");
	let mut whale: ModelSpec = serde_json::from_slice(&fs::read(whale).unwrap()).unwrap();
	(whale.dataset, whale.tokenizer) = (data.root(), data.tokenizer);
	let runs = [
		("whale", whale, "selective"),
		("muon", with_muon(&data), "selective"),
		("one-lane", spec(&data, &[4], 1), "selective"),
		("two-lanes-carried", carried, "full"),
	];
	for (name, spec, recompute) in runs {
		spec.validate().unwrap();
		let (peak, planned) = taken(folder, &spec, name, recompute);
		println!("{name}: planned {planned}, taken {peak}");
		let ratio = peak as f64 / planned as f64;
		assert!((0.95..=1.05).contains(&ratio), "{name}: planned {planned}, taken {peak}: {ratio}");
	}
}
