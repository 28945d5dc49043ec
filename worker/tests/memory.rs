//! What a run takes is what it says it takes.
#![cfg(target_os = "linux")] // peaks are read from /proc

use std::{
	fs,
	path::Path,
	process::{Command, Stdio},
	time::Duration,
};

use cairn_engine::{MemoryPlan, Recompute};
use cairn_primitives::{
	spec::{BoundaryCodec, InnerOptimizer},
	ModelSpec,
};

/// The worker in a folder.
fn worker(folder: &Path) -> Command {
	let mut command = Command::new(env!("CARGO_BIN_EXE_cairn-worker"));
	command.current_dir(folder).stdout(Stdio::null());
	command
}

/// A dataset, and its root.
fn dataset(folder: &Path) -> cairn_primitives::Hash {
	fs::write(folder.join("text.txt"), "stones upon stones mark the way\n".repeat(2_000)).unwrap();
	let build = ["dataset", "build", "text.txt", "--out", "data", "--vocabulary", "280"];
	assert!(worker(folder).args(build).status().unwrap().success());
	cairn_engine::data::Dataset::open(folder.join("data")).unwrap().manifest().root()
}

/// About 12 million parameters, of which a window does little.
fn spec(dataset: cairn_primitives::Hash, stages: &[u16], lanes: u8) -> ModelSpec {
	let mut spec = ModelSpec::example(dataset, stages.len() as u8, lanes);
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

/// The most memory that a window takes, in bytes.
fn peak(folder: &Path, spec: &ModelSpec, run: &str, recompute: &str) -> u64 {
	fs::write(folder.join("spec.json"), serde_json::to_string(spec).unwrap()).unwrap();
	let files = ["train-local", "--spec", "spec.json", "--data", "data", "--out", run];
	let options = ["--windows", "1", "--threads", "2", "--recompute", recompute];
	let mut run = worker(folder).args(files).args(options).spawn().unwrap();
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
			return peak;
		}
		std::thread::sleep(Duration::from_millis(1));
	}
}

#[test]
fn a_run_takes_the_memory_that_is_planned() {
	let folder = tempfile::tempdir().unwrap();
	let folder = folder.path();
	let root = dataset(folder);
	let mut carried = spec(root, &[2, 2], 2);
	carried.boundary = BoundaryCodec::Int8 { block: 64 };
	carried.window.steps = 20;
	carried.window.checkpoint_every = 20;
	if let InnerOptimizer::AdamW { carry, .. } = &mut carried.inner {
		*carry = true;
	}
	let runs = [
		("one-lane", spec(root, &[4], 1), "selective", Recompute::Selective),
		("two-lanes-carried", carried, "full", Recompute::Full),
	];
	for (name, spec, argument, recompute) in runs {
		spec.validate().unwrap();
		let planned = MemoryPlan::local(&spec, recompute, 2).unwrap().total();
		assert!(planned > 200 << 20, "{name}: {planned} bytes are few beside those of a process");
		let peak = peak(folder, &spec, name, argument);
		let ratio = peak as f64 / planned as f64;
		assert!((0.95..=1.05).contains(&ratio), "{name}: planned {planned}, taken {peak}: {ratio}");
	}
}
