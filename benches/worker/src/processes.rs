//! A lane of processes against the engine alone, where time goes, and what an audit costs.

use std::path::Path;

use cairn_engine::data::Dataset;
use cairn_primitives::{spec::BoundaryCodec, ModelSpec};

use crate::{
	alone, audit,
	lanes::Lane,
	median,
	model::Size,
	prices::Prices,
	seat::{self, Report},
	talk::Part,
	timed::{Mark, Steady},
	Failed, Options,
};

/// The stage that is audited: one with an edge on both sides.
const AUDITED: usize = 1;

/// Measure, and print.
pub fn run(options: &Options, dataset: &Dataset, folder: &Path) -> Result<(), Failed> {
	let size = Size {
		width: options.width,
		layers: options.layers,
		stages: 4,
		microbatches: options.microbatches,
		steps: options.steps + options.warmup as u32,
	};
	let spec = size.spec(dataset, BoundaryCodec::Dense)?;
	let cores = cores();
	println!(
		"==> a lane: {} stages of {} layers of width {}, {} tokens a step; {} processes of one thread and, alone, one of {cores}; {cores} cores; {} rounds in turn",
		size.stages, size.layers, size.width, size.tokens(), size.stages, options.rounds,
	);
	let tokens = f64::from(size.tokens());
	let (mut lanes, mut alones) = (Vec::new(), Vec::new());
	let mut last = None;
	for _ in 0..options.rounds {
		alones.push(alone(&spec, &folder.join("dataset"), options.warmup)?);
		drop(last.take()); // its processes end
		let lane = Lane::run(&spec, &folder.join("dataset"), None)?;
		lanes.push(steady(&lane.reports, options.warmup)?);
		last = Some(lane);
	}
	let seconds =
		|lane: &Vec<Steady>| lane.iter().map(|of| of.seconds).sum::<f64>() / lane.len() as f64;
	let cpu = |lane: &Vec<Steady>| lane.iter().map(|of| of.cpu.process).sum::<f64>();
	let ratio = |of: &dyn Fn(&Vec<Steady>, &Steady) -> f64| {
		median(lanes.iter().zip(&alones).map(|(lane, alone)| of(lane, alone)).collect())
	};
	let speed = ratio(&|lane, alone| alone.seconds / seconds(lane));
	let work = ratio(&|lane, alone| cpu(lane) / alone.cpu.process);
	println!(
		"  {:.0} tokens a second, alone {:.0}; CPU-seconds a step {:.2}, alone {:.2}",
		tokens / median(lanes.iter().map(seconds).collect()),
		tokens / median(alones.iter().map(|alone| alone.seconds).collect()),
		median(lanes.iter().map(cpu).collect()),
		median(alones.iter().map(|alone| alone.cpu.process).collect()),
	);
	let prices = Prices::of(&spec)?;
	if let Some(lane) = lanes.last() {
		split(lane, &prices, f64::from(size.microbatches));
	}
	println!("result worker_lane_vs_engine {speed:.3} goal >=0.9");
	println!("result worker_lane_cpu_vs_engine {work:.3} goal <=1.1");
	match last {
		Some(lane) => audit(&spec, folder, &lane),
		None => Err("no round".into()),
	}
}

/// Cores of this machine.
pub fn cores() -> usize {
	std::thread::available_parallelism().map_or(1, usize::from)
}

/// A step of the engine alone, with a thread for each core.
fn alone(spec: &ModelSpec, dataset: &Path, warmup: usize) -> Result<Steady, Failed> {
	let mut part = Part::start("alone")?;
	let (spec, dataset, threads) = (spec.clone(), dataset.into(), cores());
	part.tell(&alone::Order { spec, dataset, threads, warmup })?;
	let marks: Vec<Mark> = part.hear()?;
	Ok(Steady::of(&marks, warmup).ok_or("too few steps")?)
}

/// A step of each seat.
pub fn steady(reports: &[Report], warmup: usize) -> Result<Vec<Steady>, Failed> {
	let of = |report: &Report| Steady::of(&report.marks, warmup);
	Ok(reports.iter().map(of).collect::<Option<_>>().ok_or("too few steps")?)
}

/// Print where the time of each seat goes.
fn split(lane: &[Steady], prices: &Prices, microbatches: f64) {
	println!("  milliseconds a step of each stage; what is in brackets is done beside it, by other threads:");
	println!("  stage  compute  serialise   wait   [hash]  [packets, blobs, rest]");
	for (stage, steady) in lane.iter().enumerate() {
		let edges = f64::from(u8::from(stage > 0) + u8::from(stage + 1 < lane.len()));
		let serialise = edges * microbatches * (prices.write + prices.read);
		// Both ends root each tensor, and the store of blobs hashes it once more.
		let hash = 2.0 * edges * microbatches * 2.0 * prices.hash;
		let compute = steady.seconds - steady.waited - serialise;
		let rest = steady.cpu.process - steady.cpu.compute - serialise - hash;
		println!(
			"  {stage:>5} {:>8.0} {:>10.1} {:>6.0} {:>8.1} {:>12.1}",
			compute * 1e3,
			serialise * 1e3,
			steady.waited * 1e3,
			hash * 1e3,
			rest * 1e3,
		);
	}
}

/// Audit a unit of a lane, and print what that costs.
fn audit(spec: &ModelSpec, folder: &Path, lane: &Lane) -> Result<(), Failed> {
	let report = &lane.reports[AUDITED];
	let mut part = Part::start("audit")?;
	let from = |crossed: &Option<seat::Crossed>, stage: usize| {
		crossed.clone().map(|crossed| (crossed, lane.addresses[stage]))
	};
	part.tell(&audit::Order {
		seat: seat::Order {
			spec: spec.clone(),
			dataset: folder.join("dataset"),
			folder: folder.join("auditor"),
			stage: AUDITED as u8,
			threads: 1,
			link: None,
		},
		upstream: from(&report.upstream, AUDITED - 1),
		downstream: from(&report.downstream, AUDITED + 1),
		leaves: report.leaves.clone(),
	})?;
	let cost: audit::Cost = part.hear()?;
	println!(
		"==> an audit of stage {AUDITED}: {:.1} s, of which {:.1} to fetch and check; {:.1} CPU-seconds; the unit {:.1} CPU-seconds",
		cost.seconds, cost.fetching, cost.cpu, report.cpu,
	);
	println!("result worker_audit_vs_unit {:.2}", cost.cpu / report.cpu);
	Ok(())
}
