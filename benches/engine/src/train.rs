//! Training steps.

use std::{sync::Arc, time::Instant};

use cairn_engine::{state_root, Compute, Input, MemoryPlan, Recompute, Shard, Trainer};
use cairn_primitives::{
	spec::{Nano, SchedulePoint},
	ModelSpec,
};
use cairn_program::StepContext;
use clap::Args;
use serde_json::json;

use crate::median;

/// Features of a head.
const HEAD_WIDTH: u32 = 64;

/// Training steps of a whole model.
#[derive(Debug, Args)]
pub struct TrainCommand {
	#[arg(long)]
	width: u32,
	#[arg(long)]
	layers: u16,
	#[arg(long)]
	vocabulary: u32,
	#[arg(long)]
	context: u32,
	/// Samples of a step, one microbatch.
	#[arg(long)]
	batch: u16,
	#[arg(long)]
	threads: usize,
	#[arg(long, default_value_t = 6)]
	steps: u32,
	/// Recompute whole layers.
	#[arg(long)]
	full: bool,
}

impl TrainCommand {
	/// A line of JSON.
	pub fn run(self) -> serde_json::Value {
		let spec = self.spec();
		let recompute = if self.full { Recompute::Full } else { Recompute::Selective };
		let compute = Arc::new(Compute::new(self.threads).expect("this machine computes"));
		let plan =
			MemoryPlan::new(&spec, 0, 1, recompute, self.threads).expect("there is a stage 0");
		let shard = Shard::initial(&spec, 0).expect("there is a stage 0");
		let parameters: usize = shard.tensors().iter().map(|tensor| tensor.len()).sum();
		let mut trainer =
			Trainer::new(&spec, 0, shard, 1, recompute, compute).expect("memory suffices");
		let tokens: Vec<u32> = (0..u32::from(self.batch) * self.context)
			.map(|i| i.wrapping_mul(2_654_435_761) % self.vocabulary)
			.collect();
		let mut times: [Vec<f64>; 4] = Default::default();
		for step in 0..self.steps {
			let context = StepContext {
				batch: self.batch.into(),
				learning_rate: Nano(1_000_000),
				step: step + 100, // behind the warm-up
				carried_steps: 0,
			};
			let start = Instant::now();
			let mut last = 0.0;
			let mut lap = |times: &mut Vec<f64>| {
				let now = start.elapsed().as_secs_f64();
				times.push(now - last);
				last = now;
			};
			trainer.begin(&spec, 0, &context).expect("there is a stage 0");
			trainer.forward(0, Input::Tokens(&tokens), &tokens, None).expect("sizes fit");
			lap(&mut times[0]);
			trainer.backward(0, None, None).expect("sizes fit");
			lap(&mut times[1]);
			trainer.finish().expect("nothing diverges");
			lap(&mut times[2]);
			times[3].push(start.elapsed().as_secs_f64());
		}
		let [forward, backward, optimizer, step] = times.map(median);
		// A window roots its states, weights and both moments, every `checkpoint_every` steps.
		let start = Instant::now();
		let root = trainer.compute().run(|| state_root(trainer.shard(), None));
		std::hint::black_box(root.expect("the device reads"));
		let hashing = start.elapsed().as_secs_f64() / f64::from(spec.window.checkpoint_every);
		json!({
			"parameters": parameters,
			"tokens_per_second": tokens.len() as f64 / step,
			"forward": forward,
			"backward": backward,
			"optimizer": optimizer,
			"hashing_share": hashing / step,
			"planned_bytes": plan.total(),
		})
	}

	fn spec(&self) -> ModelSpec {
		let mut spec = ModelSpec::example(Default::default(), 1, 1);
		let frequency = |i: u32| {
			let turns =
				10_000f64.powf(-f64::from(2 * i) / f64::from(HEAD_WIDTH)) / std::f64::consts::TAU;
			(turns * 2f64.powi(64)) as u64
		};
		let a = &mut spec.architecture;
		a.vocabulary = self.vocabulary;
		a.width = self.width;
		a.head_width = HEAD_WIDTH as u16;
		a.heads = (self.width / HEAD_WIDTH) as u16;
		a.kv_heads = a.heads;
		a.hidden = hidden(self.width);
		a.context = self.context;
		let frequencies: Vec<u64> = (0..HEAD_WIDTH / 2).map(frequency).collect();
		a.frequencies = frequencies.try_into().expect("a head is narrow");
		spec.stages = vec![self.layers].try_into().expect("one stage");
		spec.schedule.microbatch = self.batch;
		let point = |samples| SchedulePoint {
			samples,
			batch: self.batch.into(),
			learning_rate: Nano(1_000_000),
		};
		spec.schedule.points = vec![point(0), point(1_000_000)].try_into().expect("two points");
		spec
	}
}

/// Width inside the SwiGLU: 8/3 of the width, in steps of 64; the peer's is the same.
fn hidden(width: u32) -> u32 {
	(width * 8 / 3).div_ceil(64) * 64
}
