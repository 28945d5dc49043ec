//! A model of the pipeline: what a lane of stages does in a step, from what each part of it costs alone.
//!
//! Every stage goes through its microbatches as a seat does, one forward and one backward in turn behind a warm-up of forwards
//! (1F1B), and begins a step when it has ended the one before. A tensor takes the upload of its sender and the download of its
//! receiver, one after another as tensors of both edges queue for them, then the latency; few are in flight, and each
//! until its receiver has told that it came. Stages and the packets of tensors share the machine's cores evenly.

use serde::{Deserialize, Serialize};

/// What a stage computes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageCost {
	/// Seconds of a microbatch forward.
	pub forward: f64,
	/// Seconds of a microbatch backward.
	pub backward: f64,
	/// Seconds of the optimizer's step.
	pub finish: f64,
}

/// What a tensor takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TensorCost {
	/// Seconds of an upload and of a download: bytes by bandwidth.
	pub transfer: f64,
	/// Seconds of latency, one way.
	pub latency: f64,
	/// CPU-seconds at each end.
	pub packets: f64,
	/// How many of an edge may be under way in a direction.
	pub in_flight: usize,
}

/// A lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
	/// Its stages.
	pub stages: Vec<StageCost>,
	/// What crosses between them.
	pub tensor: TensorCost,
	/// Microbatches of a step.
	pub microbatches: usize,
	/// Cores that all of them share.
	pub cores: usize,
}

/// What a pipeline does in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
	/// Seconds.
	pub step: f64,
	/// The mean stage's share of them in which it waits.
	pub waiting: f64,
}

/// Steps before those that are counted.
const WARMUP: usize = 2;
/// Steps that are counted.
const COUNTED: usize = 3;

impl Pipeline {
	/// What it does in a step once it is full.
	pub fn predict(&self) -> Prediction {
		let ends = Run::new(self).ends();
		let first = |end: &Vec<End>| end[WARMUP - 1];
		let last = |end: &Vec<End>| end[WARMUP + COUNTED - 1];
		let seconds = last(&ends[0]).at - first(&ends[0]).at;
		let waits = ends.iter().map(|end| {
			let (first, last) = (first(end), last(end));
			1.0 - (last.busy - first.busy) / (last.at - first.at)
		});
		Prediction {
			step: seconds / COUNTED as f64,
			waiting: waits.sum::<f64>() / ends.len() as f64,
		}
	}
}

/// What a stage does next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Work {
	Forward,
	Backward,
	Finish,
}

/// The work of a step, in order.
fn order(stages: usize, stage: usize, microbatches: usize) -> Vec<Work> {
	let ahead = (stages - 1 - stage).min(microbatches);
	let mut order = Vec::new();
	for number in 0..microbatches + ahead {
		if number < microbatches {
			order.push(Work::Forward);
		}
		if number >= ahead {
			order.push(Work::Backward);
		}
	}
	order.push(Work::Finish);
	order
}

/// The end of a step at a stage.
#[derive(Clone, Copy, Debug)]
struct End {
	at: f64,
	/// Time in which the stage computed so far.
	busy: f64,
}

/// Something that needs a core.
#[derive(Clone, Copy, Debug)]
struct Task {
	/// Seconds on a core of its own.
	left: f64,
	what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
	/// A stage computes.
	Stage(usize),
	/// An end of the tensor with this number deals with its packets.
	Packets(usize),
}

/// A tensor under way.
#[derive(Clone, Copy, Debug)]
struct Tensor {
	way: usize,
	/// When the link is done with it.
	crossed: f64,
	/// Ends that still deal with its packets.
	ends: usize,
	has_come: bool,
}

/// What goes from a stage to a neighbour.
#[derive(Clone, Debug, Default)]
struct Way {
	/// Tensors that wait until they may be under way.
	waiting: usize,
	/// When those under way have been acknowledged, as far as that is known.
	acknowledged: Vec<f64>,
	under_way: usize,
	/// Tensors that have come, and tensors that were taken.
	came: usize,
	taken: usize,
}

/// A stage at work.
#[derive(Clone, Debug)]
struct Stage {
	order: Vec<Work>,
	place: usize,
	is_busy: bool,
	busy: f64,
	ends: Vec<End>,
	/// When its line is free again, up and down.
	free: [f64; 2],
}

/// A pipeline as it runs.
struct Run<'a> {
	pipeline: &'a Pipeline,
	now: f64,
	stages: Vec<Stage>,
	/// Down from each stage but the last, then up to it.
	ways: Vec<[Way; 2]>,
	tasks: Vec<Task>,
	tensors: Vec<Tensor>,
}

const DOWN: usize = 0;
const UP: usize = 1;

impl<'a> Run<'a> {
	fn new(pipeline: &'a Pipeline) -> Self {
		let count = pipeline.stages.len();
		let stage = |stage| Stage {
			order: order(count, stage, pipeline.microbatches),
			place: 0,
			is_busy: false,
			busy: 0.0,
			ends: Vec::new(),
			free: [0.0; 2],
		};
		Self {
			pipeline,
			now: 0.0,
			stages: (0..count).map(stage).collect(),
			ways: vec![Default::default(); count - 1],
			tasks: Vec::new(),
			tensors: Vec::new(),
		}
	}

	/// Run all steps; when each stage ended each of them.
	fn ends(mut self) -> Vec<Vec<End>> {
		while self.stages.iter().any(|stage| stage.ends.len() < WARMUP + COUNTED) {
			(0..self.stages.len()).for_each(|stage| self.begin(stage));
			(0..self.ways.len()).for_each(|edge| {
				self.dispatch(edge, DOWN);
				self.dispatch(edge, UP);
			});
			self.advance();
		}
		self.stages.into_iter().map(|stage| stage.ends).collect()
	}

	/// Let a stage begin what comes next, if what it needs has come.
	fn begin(&mut self, stage: usize) {
		let state = &self.stages[stage];
		if state.is_busy || state.ends.len() == WARMUP + COUNTED {
			return;
		}
		let is_last = stage == self.ways.len();
		let cost = self.pipeline.stages[stage];
		let (left, needs) = match state.order[state.place] {
			Work::Forward => (cost.forward, stage.checked_sub(1).map(|edge| (edge, DOWN))),
			Work::Backward => (cost.backward, (!is_last).then_some((stage, UP))),
			Work::Finish => (cost.finish, None),
		};
		if let Some((edge, direction)) = needs {
			let way = &mut self.ways[edge][direction];
			if way.came == way.taken {
				return;
			}
			way.taken += 1;
		}
		self.stages[stage].is_busy = true;
		self.tasks.push(Task { left, what: What::Stage(stage) });
	}

	/// Put tensors under way that may be.
	fn dispatch(&mut self, edge: usize, direction: usize) {
		let TensorCost { transfer, latency, packets, in_flight } = self.pipeline.tensor;
		let now = self.now;
		let way = &mut self.ways[edge][direction];
		way.acknowledged.retain(|at| *at > now);
		while way.waiting > 0 && way.under_way + way.acknowledged.len() < in_flight {
			way.waiting -= 1;
			way.under_way += 1;
			let (sender, receiver) = match direction {
				DOWN => (edge, edge + 1),
				_ => (edge + 1, edge),
			};
			let sent = self.stages[sender].free[0].max(now) + transfer;
			self.stages[sender].free[0] = sent;
			// Packets come while others of the same tensor are still to be sent.
			let came = sent.max(self.stages[receiver].free[1] + transfer);
			self.stages[receiver].free[1] = came;
			let number = self.tensors.len();
			let way = 2 * edge + direction;
			let crossed = came + latency;
			self.tensors.push(Tensor { way, crossed, ends: 2, has_come: false });
			let task = Task { left: packets, what: What::Packets(number) };
			self.tasks.extend([task, task]);
		}
	}

	/// Go on to the next moment at which something changes.
	fn advance(&mut self) {
		let rate = (self.pipeline.cores as f64 / self.tasks.len() as f64).min(1.0);
		let work = self.tasks.iter().map(|task| task.left / rate);
		let crossings = self.tensors.iter().filter(|tensor| !tensor.has_come);
		let crossings = crossings.map(|tensor| tensor.crossed - self.now);
		let acknowledgements = self.ways.iter().flatten().flat_map(|way| &way.acknowledged);
		let acknowledgements = acknowledgements.map(|at| at - self.now);
		let until = work.chain(crossings.chain(acknowledgements).filter(|after| *after > 0.0));
		let passed = until.fold(f64::INFINITY, f64::min);
		assert!(passed.is_finite(), "a pipeline that stands still");
		self.now += passed;
		let mut done = Vec::new();
		for task in &mut self.tasks {
			task.left -= passed * rate;
			if let What::Stage(stage) = task.what {
				self.stages[stage].busy += passed;
			}
		}
		// What is left of a task after its time is an error of rounding.
		self.tasks.retain(|task| {
			let is_done = task.left <= 1e-12;
			if is_done {
				done.push(task.what);
			}
			!is_done
		});
		for what in done {
			match what {
				What::Stage(stage) => self.complete(stage),
				What::Packets(tensor) => self.tensors[tensor].ends -= 1,
			}
		}
		self.arrive();
	}

	/// A stage has done what it did.
	fn complete(&mut self, stage: usize) {
		let now = self.now;
		let is_last = stage == self.ways.len();
		let state = &mut self.stages[stage];
		state.is_busy = false;
		match state.order[state.place] {
			Work::Forward if !is_last => self.ways[stage][DOWN].waiting += 1,
			Work::Backward if stage > 0 => self.ways[stage - 1][UP].waiting += 1,
			Work::Finish => state.ends.push(End { at: now, busy: state.busy }),
			_ => {},
		}
		let state = &mut self.stages[stage];
		state.place = (state.place + 1) % state.order.len();
	}

	/// Tensors have come that the link and both ends are done with.
	fn arrive(&mut self) {
		for tensor in &mut self.tensors {
			let is_there = tensor.ends == 0 && tensor.crossed <= self.now + 1e-12;
			if is_there && !tensor.has_come {
				tensor.has_come = true;
				let way = &mut self.ways[tensor.way / 2][tensor.way % 2];
				way.came += 1;
				way.under_way -= 1;
				way.acknowledged.push(self.now + self.pipeline.tensor.latency);
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const FREE: TensorCost = TensorCost { transfer: 0.0, latency: 0.0, packets: 0.0, in_flight: 4 };

	fn pipeline(stages: usize, microbatches: usize, cores: usize, tensor: TensorCost) -> Pipeline {
		let stage = StageCost { forward: 1.0, backward: 2.0, finish: 0.5 };
		Pipeline { stages: vec![stage; stages], tensor, microbatches, cores }
	}

	fn close(found: f64, expected: f64) {
		assert!((found / expected - 1.0).abs() < 1e-6, "{found} instead of {expected}");
	}

	#[test]
	fn order_is_warm_up_then_one_forward_and_one_backward() {
		use Work::*;
		let expected = [Forward, Forward, Backward, Forward, Backward, Backward, Finish];
		assert_eq!(order(2, 0, 3), expected);
		assert_eq!(order(2, 1, 2), [Forward, Backward, Forward, Backward, Finish]);
	}

	#[test]
	fn a_stage_alone_never_waits() {
		let predicted = pipeline(1, 4, 1, FREE).predict();
		close(predicted.step, 4.0 * 3.0 + 0.5);
		assert!(predicted.waiting.abs() < 1e-9);
	}

	#[test]
	fn stages_with_a_core_each_wait_for_the_pipeline_to_fill_and_to_drain() {
		let predicted = pipeline(4, 8, 4, FREE).predict();
		close(predicted.step, (8.0 + 3.0) * 3.0 + 0.5);
		close(predicted.waiting, 9.0 / 33.5);
	}

	#[test]
	fn stages_that_share_a_core_take_the_sum_of_their_work() {
		let predicted = pipeline(3, 8, 1, FREE).predict();
		close(predicted.step, 3.0 * (8.0 * 3.0 + 0.5));
	}

	#[test]
	fn latency_is_waited_for_by_every_turn_of_what_is_in_flight() {
		let mut pipeline = pipeline(2, 16, 2, TensorCost { latency: 100.0, ..FREE });
		let predicted = pipeline.predict();
		// Two microbatches go round at a time.
		assert!((1600.0..1700.0).contains(&predicted.step), "{}", predicted.step);
		assert!(predicted.waiting > 0.95);
		pipeline.tensor.in_flight = 1;
		assert!(pipeline.predict().step > predicted.step);
	}

	#[test]
	fn a_narrow_link_is_all_that_counts() {
		let tensor = TensorCost { transfer: 50.0, ..FREE };
		// The middle stage sends both ways over one line.
		let predicted = pipeline(3, 32, 3, tensor).predict();
		let least = 2.0 * 32.0 * 50.0;
		assert!((least..1.2 * least).contains(&predicted.step), "{}", predicted.step);
	}

	#[test]
	fn packets_take_cores_from_the_stages() {
		let tensor = TensorCost { packets: 0.25, ..FREE };
		let predicted = pipeline(2, 8, 1, tensor).predict();
		close(predicted.step, 2.0 * 24.5 + 8.0 * 2.0 * 2.0 * 0.25);
	}
}
