//! What a seat takes is what it says it takes. Alone in its process, whose peak it reads.
#![cfg(target_os = "linux")]

#[path = "unit/lanes.rs"]
mod lanes;
mod runs;

use std::{env, fs, process::Command, sync::Arc};

use cairn_engine::{
	store_seat,
	unit::{self, UnitPlan},
	Compute, MemoryPlan, OuterState, Recompute, Shard, Snapshot, Trainer,
};
use cairn_primitives::UnitId;
use lanes::{Crossed, Replay};

/// As the worker has it: with more, what one thread gives back another does not take.
const ARENAS: (&str, &str) = ("MALLOC_ARENA_MAX", "1");

#[test]
fn a_seat_takes_the_memory_that_is_planned() {
	if env::var(ARENAS.0).is_err() {
		// The allocator reads that when a process begins.
		let again = Command::new(env::current_exe().unwrap()).env(ARENAS.0, ARENAS.1).status();
		return assert!(again.unwrap().success());
	}
	let folder = tempfile::tempdir().unwrap();
	let mut spec = runs::spec(folder.path(), &[3], 2);
	// About 16 million parameters, of which a window does little.
	let a = &mut spec.architecture;
	(a.vocabulary, a.width, a.hidden, a.context) = (6_000, 384, 1_536, 64);
	(a.heads, a.kv_heads) = (64, 16);
	spec.schedule.points.iter_mut().for_each(|point| point.batch = 2);
	let dataset = runs::dataset(folder.path());
	let planned = MemoryPlan::seat(&spec, 0, 1, Recompute::Selective, 2).unwrap().total();
	assert!(planned > 300 << 20, "{planned} bytes are few beside those of a process");

	let compute = Arc::new(Compute::new(2).unwrap());
	let shard = Shard::initial(&spec, 0).unwrap();
	let mut outer = OuterState::new(&shard);
	let mut trainer = Trainer::new(&spec, 0, shard, 1, Recompute::Selective, compute).unwrap();
	// Two windows: before the first merge, momenta are zeros that take no memory.
	for window in 0..2 {
		let before = Snapshot::of(trainer.shard()).unwrap();
		let unit = UnitId { model: 0, window, stage: 0, lane: 0 };
		let (spec, before) = (&spec, &before);
		let plan = UnitPlan { spec, unit, samples: 0, steps: 3, before, outer: &outer };
		let lane = &mut Replay::new(&Crossed::default(), 3);
		let report = unit::run(&mut trainer, Some(&dataset), &plan, lane).unwrap();
		let difference = report.difference.unwrap();
		let lanes = [(3, difference.clone()), (3, difference)];
		trainer.merge(before, &lanes, &mut outer, &spec.outer).unwrap();
		let path = folder.path().join(format!("seat-{window}"));
		store_seat(&path, spec, 0, trainer.shard(), &outer).unwrap();
	}

	let status = fs::read_to_string("/proc/self/status").unwrap();
	let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
	let kibibytes: u64 = line.split_whitespace().next().unwrap().parse().unwrap();
	let ratio = (kibibytes << 10) as f64 / planned as f64;
	println!("planned {planned}, taken {kibibytes} KiB: {ratio}");
	assert!((0.95..=1.05).contains(&ratio), "planned {planned}, taken {kibibytes} KiB: {ratio}");
}
