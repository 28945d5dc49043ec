//! The engine alone: the same units without a network.

use std::{path::PathBuf, sync::Arc, thread};

use cairn_engine::{unit::Lane, Compute, Recompute};
use cairn_primitives::{ModelSpec, StageIndex};
use cairn_worker::run::{engine::Engine, shard::Held};
use serde::{Deserialize, Serialize};

use crate::{
	channels::{Channels, Ready},
	model,
	pipeline::StageCost,
	seat,
	talk::{hear, say},
	timed::{Mark, Steady, Timed},
	Failed,
};

/// Backward takes twice the products of forward.
const BACKWARD_TO_FORWARD: f64 = 2.0;

/// What is to be trained.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
	/// The model.
	pub spec: ModelSpec,
	/// The dataset's folder.
	pub dataset: PathBuf,
	/// Threads that compute, in all.
	pub threads: usize,
	/// Steps that are not counted.
	pub warmup: usize,
}

/// As a part: all stages of a lane in this process, over channels. Says the ends of steps of the first stage.
pub fn lane() -> Result<(), Failed> {
	let Some(order) = hear::<Order>()? else { return Ok(()) };
	let compute = Arc::new(Compute::new(order.threads)?);
	let lanes = (0..).zip(Channels::lane(order.spec.stages.len()));
	let works: Vec<_> = lanes
		.map(|(stage, lane)| {
			let (order, compute) = (&order, compute.clone());
			move || run(order, stage, compute, lane).map(|(_, marks)| marks)
		})
		.collect();
	say(&together(works)?[0])
}

/// As a part: each stage by itself with all that it needs at hand, always as many side by side as there are threads, so that each
/// has the memory and the clock that it has in a lane. Says what each costs.
pub fn stages() -> Result<(), Failed> {
	let Some(order) = hear::<Order>()? else { return Ok(()) };
	let stages: Vec<StageIndex> = (0..order.spec.stages.len() as StageIndex).collect();
	let mut costs = Vec::new();
	for some in stages.chunks(order.threads) {
		let order = &order;
		costs.extend(together(some.iter().map(|stage| move || cost(order, *stage)).collect())?);
	}
	say(&costs)
}

/// Do things on threads of their own.
fn together<T: Send>(
	works: Vec<impl FnOnce() -> Result<T, Failed> + Send>,
) -> Result<Vec<T>, Failed> {
	thread::scope(|scope| {
		let running: Vec<_> = works.into_iter().map(|work| scope.spawn(work)).collect();
		running.into_iter().map(|running| running.join().map_err(|_| "a stage panicked")?).collect()
	})
}

fn run<L: Lane>(
	order: &Order,
	stage: StageIndex,
	compute: Arc<Compute>,
	lane: L,
) -> Result<(L, Vec<Mark>), Failed> {
	let spec = Arc::new(order.spec.clone());
	let dataset = model::dataset_of(&spec, stage, &order.dataset)?;
	let held = Held::initial(&spec, stage)?;
	let steps = spec.window.steps;
	let engine = Engine::new(spec, stage, compute, Recompute::Selective, dataset);
	let mut lane = Timed::new(lane);
	engine.run(&held, seat::unit(stage), 0, steps, &mut lane)?;
	Ok(lane.into_parts())
}

fn cost(order: &Order, stage: StageIndex) -> Result<StageCost, Failed> {
	let lane = Ready::new(&model::form(&order.spec)?);
	let (lane, marks) = run(order, stage, Arc::new(Compute::new(1)?), lane)?;
	let step = Steady::of(&marks, order.warmup).ok_or("too few steps")?.seconds;
	let finish = lane.finish();
	let microbatch = (step - finish) / f64::from(seat::extent(&order.spec).microbatches);
	let forward = microbatch / (1.0 + BACKWARD_TO_FORWARD);
	Ok(StageCost { forward, backward: microbatch - forward, finish })
}
