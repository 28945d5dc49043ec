//! What a spec takes: compute, memory, traffic, shares.

use std::thread::available_parallelism;

use cairn_engine::{MemoryPlan, Recompute};
use cairn_primitives::{
	spec::{BoundaryCodec, MergeCodec, SchedulePoint},
	ModelSpec, Points, StageIndex, MILLISECONDS_PER_BLOCK,
};
use serde::Serialize;

use crate::{
	amount::Shares,
	commands::{columns::Columns, measured, short, Failed},
	memory::PROGRAM,
};

/// What a spec takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
	/// Of all stages.
	pub parameters: u64,
	/// FLOPs of a sample, forward and backward, and of its part of an optimizer step.
	pub flops_per_sample: u128,
	/// FLOPs of the whole schedule.
	pub flops: Points,
	/// Samples of the whole schedule.
	pub samples: u64,
	/// Windows of the whole schedule, if no lane breaks.
	pub windows: u64,
	/// Seconds of a window.
	pub window_seconds: f64,
	/// Stage by stage.
	pub stages: Vec<StageEstimate>,
	/// Bytes that cross an edge in a window, each way.
	pub edge_bytes: u64,
	/// Bytes of differences that a seat sends in a window, and receives.
	pub merge_bytes: u64,
	/// Link speed in bit/s that the spec asks of its workers.
	pub link: f64,
	/// Shares that the work of the schedule mints. Audits mint some more.
	pub shares: Shares,
}

/// What a seat of a stage takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageEstimate {
	/// Of the shard.
	pub parameters: u64,
	/// FLOPs of a sample.
	pub flops_per_sample: u128,
	/// Bytes of memory.
	pub memory: u64,
}

impl Estimate {
	/// Of a valid spec.
	pub fn new(spec: &ModelSpec) -> Result<Self, Failed> {
		let threads = available_parallelism().map_or(1, usize::from);
		let stages = (0..spec.stages.len())
			.map(|stage| StageEstimate::new(spec, StageIndex::try_from(stage)?, threads))
			.collect::<Result<Vec<_>, Failed>>()?;
		let parts = parts(spec);
		let (edge_bytes, merge_bytes) = (edge_bytes(spec), merge_bytes(spec));
		let seconds = f64::from(spec.window.blocks) * MILLISECONDS_PER_BLOCK as f64 / 1_000.0;
		let flops: Points = parts.iter().map(|part| part.flops).sum();
		let samples = spec.schedule.total_samples();
		let total = |part: &Part| spec.shares.shares(part.flops, part.middle, samples);
		Ok(Self {
			parameters: stages.iter().map(|stage| stage.parameters).sum(),
			flops_per_sample: flops / u128::from(samples.max(1)),
			flops,
			samples,
			windows: parts.iter().map(|part| part.windows).sum::<f64>().ceil() as u64,
			window_seconds: seconds,
			stages,
			edge_bytes,
			merge_bytes,
			link: f64::from(spec.window.link_kbit) * 1e3,
			shares: Shares(parts.iter().map(total).sum()),
		})
	}

	/// Seconds that so many bytes take at the spec's link speed.
	fn seconds(&self, bytes: u64) -> f64 {
		bytes as f64 * 8.0 / self.link
	}

	/// Prints it.
	pub fn print(&self) {
		println!("parameters     {}", short(self.parameters as f64));
		println!(
			"compute        {} FLOPs a sample, {} FLOPs for {} samples",
			short(self.flops_per_sample as f64),
			short(self.flops as f64),
			self.samples
		);
		println!(
			"schedule       {} windows of {}, {} if nothing goes wrong",
			self.windows,
			length(self.window_seconds),
			length(self.window_seconds * self.windows as f64)
		);
		let mut columns =
			Columns::new(&[">stage", ">parameters", ">FLOPs a sample", ">memory a seat"]);
		for (number, stage) in self.stages.iter().enumerate() {
			columns.row(vec![
				number.to_string(),
				short(stage.parameters as f64),
				short(stage.flops_per_sample as f64),
				measured(stage.memory as f64, "B"),
			]);
		}
		columns.print("  ");
		if self.stages.len() > 1 {
			self.print_traffic("edges", "each way over an edge", self.edge_bytes);
		}
		if self.merge_bytes > 0 {
			self.print_traffic("merges", "up and down for a seat", self.merge_bytes);
		}
		println!(
			"shares         {} minted by the whole schedule, and about 5 % more by audits",
			self.shares
		);
	}

	fn print_traffic(&self, what: &str, whose: &str, bytes: u64) {
		println!(
			"{what:<14} {} a window {whose}: {} on average, or {} at {}",
			measured(bytes as f64, "B"),
			measured(bytes as f64 * 8.0 / self.window_seconds, "bit/s"),
			length(self.seconds(bytes)),
			measured(self.link, "bit/s")
		);
	}
}

impl StageEstimate {
	fn new(spec: &ModelSpec, stage: StageIndex, threads: usize) -> Result<Self, Failed> {
		let cost = spec.stage_cost(stage).ok_or("the spec has no such stage")?;
		let batch = spec.schedule.points.iter().map(|point| point.batch).max().unwrap_or(1);
		let microbatches = batch / u32::from(spec.schedule.microbatch).max(1);
		// The first stage has most microbatches under way: one for itself and each that follows.
		let behind = spec.stage_count().saturating_sub(stage.into());
		let in_flight = behind.min(microbatches).max(1) as usize;
		let plan = MemoryPlan::new(spec, stage, in_flight, Recompute::Selective, threads)?;
		Ok(Self {
			parameters: cost.parameters,
			flops_per_sample: cost.per_sample,
			memory: plan.total() + window_memory(spec, cost.parameters) + PROGRAM,
		})
	}
}

/// What a window adds to training: the weights that it began with, and of merges the momentum before and after and all
/// differences.
fn window_memory(spec: &ModelSpec, parameters: u64) -> u64 {
	let float = 4 * parameters;
	match spec.lanes {
		0 | 1 => float,
		lanes => 3 * float + u64::from(lanes) * coded(spec, parameters),
	}
}

/// Bytes of a coded difference.
fn coded(spec: &ModelSpec, parameters: u64) -> u64 {
	let MergeCodec::Int8 { block } = spec.merge;
	parameters + parameters.div_ceil(u64::from(block).max(1))
}

/// Bytes that cross an edge in a window of the largest batch, one way.
fn edge_bytes(spec: &ModelSpec) -> u64 {
	let width = u64::from(spec.architecture.width);
	let token = match spec.boundary {
		BoundaryCodec::Dense => 4 * width,
		BoundaryCodec::Int8 { block } => width + width / u64::from(block).max(1),
		BoundaryCodec::Bottleneck { rank } => 4 * u64::from(rank),
	};
	let batch = spec.schedule.points.iter().map(|point| point.batch).max().unwrap_or(0);
	let samples = u64::from(spec.window.steps) * u64::from(batch);
	samples * u64::from(spec.architecture.context) * token
}

/// Bytes of differences that a seat of the largest stage sends in a window, and receives.
fn merge_bytes(spec: &ModelSpec) -> u64 {
	let stages = (0..spec.stages.len()).filter_map(|stage| StageIndex::try_from(stage).ok());
	let largest = stages.filter_map(|stage| Some(spec.stage_cost(stage)?.parameters)).max();
	let others = u64::from(spec.lanes.saturating_sub(1));
	others * coded(spec, largest.unwrap_or(0))
}

/// The schedule between two of its points.
struct Part {
	/// Accepted samples in its middle.
	middle: u64,
	/// FLOPs of all stages.
	flops: Points,
	/// Windows that it takes.
	windows: f64,
}

fn parts(spec: &ModelSpec) -> Vec<Part> {
	let stages = (0..spec.stages.len()).filter_map(|stage| StageIndex::try_from(stage).ok());
	let costs: Vec<_> = stages.filter_map(|stage| spec.stage_cost(stage)).collect();
	let per_sample: u128 = costs.iter().map(|cost| cost.per_sample).sum();
	let per_step: u128 = costs.iter().map(|cost| cost.per_step).sum();
	let points = &spec.schedule.points;
	let part = |(from, to): (&SchedulePoint, &SchedulePoint)| {
		let samples = to.samples - from.samples;
		let batch = u64::from(from.batch.max(1));
		let steps = samples.div_ceil(batch);
		let per_window = batch * u64::from(spec.window.steps) * u64::from(spec.lanes);
		Part {
			middle: from.samples + samples / 2,
			flops: per_sample * u128::from(samples) + per_step * u128::from(steps),
			windows: samples as f64 / per_window.max(1) as f64,
		}
	};
	points.iter().zip(points.iter().skip(1)).map(part).collect()
}

/// Seconds as people count time.
fn length(seconds: f64) -> String {
	match seconds {
		..0.1 => format!("{:.1} ms", seconds * 1e3),
		..120.0 => format!("{seconds:.1} s"),
		..7_200.0 => format!("{:.1} min", seconds / 60.0),
		..172_800.0 => format!("{:.1} h", seconds / 3_600.0),
		_ => format!("{:.1} days", seconds / 86_400.0),
	}
}

#[cfg(test)]
mod tests {
	use cairn_primitives::Hash;
	use sp_runtime::Permill;

	use super::*;

	#[test]
	fn a_small_model_takes_what_counting_by_hand_says() {
		// Stages of one layer; 100 steps of 8 samples of 32 tokens of width 64, 4 bytes each.
		let spec = ModelSpec::example(Hash::zero(), 2, 3);
		let estimate = Estimate::new(&spec).unwrap();
		let costs = [0, 1].map(|stage| spec.stage_cost(stage).unwrap());
		let parameters = costs[0].parameters;
		assert_eq!(estimate.parameters, 2 * parameters);
		assert_eq!(estimate.edge_bytes, 100 * 8 * 32 * 64 * 4);
		assert_eq!(estimate.merge_bytes, 2 * (parameters + parameters / 32));
		let samples = spec.schedule.total_samples();
		let all: u128 = costs
			.iter()
			.map(|cost| {
				cost.per_sample * u128::from(samples) + cost.per_step * u128::from(samples / 8)
			})
			.sum();
		assert_eq!(estimate.flops, all);
		assert_eq!(estimate.windows, samples.div_ceil(100 * 8 * 3));
		assert_eq!(estimate.window_seconds, 60.0);
		// Every float of the trained shard is there at least: weight, gradient, two moments.
		assert!(estimate.stages.iter().all(|stage| stage.memory > 16 * parameters));
	}

	#[test]
	fn shares_follow_the_rate_down() {
		let mut spec = ModelSpec::example(Hash::zero(), 2, 1);
		let Shares(constant) = Estimate::new(&spec).unwrap().shares;
		spec.shares.at_end = Permill::from_percent(50);
		let Shares(falling) = Estimate::new(&spec).unwrap().shares;
		// A rate that ends at a half is three quarters on average.
		assert!((falling as f64 / constant as f64 - 0.75).abs() < 1e-6);
	}

	#[test]
	fn the_first_stage_keeps_most_microbatches() {
		let spec = ModelSpec::example(Hash::zero(), 4, 1);
		let stages = Estimate::new(&spec).unwrap().stages;
		assert!(stages[1].memory > stages[2].memory, "{stages:?}");
	}
}
