//! The seats of a model, window after window.
#![allow(dead_code)] // each test file uses its own part

use std::{path::Path, sync::Arc, thread};

use cairn_engine::{
	unit::{self, UnitPlan, UnitReport},
	Compute, Difference, OuterState, Recompute, Shard, Snapshot, Trainer,
};
use cairn_primitives::{spec::BoundaryCodec, ModelSpec, StepIndex, UnitId, WindowIndex};

use crate::{
	lanes::{edge, Channels, Crossed},
	runs::{
		self,
		common::{adamw, muon},
		dataset,
	},
};

/// A gate: the second window of a test that begins at 14.
pub const GATE: u32 = 15;

/// Models of every kind of edge and optimizer, of two stages or three.
pub fn specs(folder: &Path, lanes: u8) -> Vec<(String, ModelSpec)> {
	let boundaries = [
		BoundaryCodec::Dense,
		BoundaryCodec::Int8 { block: 8 },
		BoundaryCodec::Bottleneck { rank: 8 },
	];
	let mut specs = Vec::new();
	for (boundary, stages) in boundaries.into_iter().zip([&[1, 1, 1][..], &[1, 2], &[1, 1, 1]]) {
		for inner in [adamw(false), muon()] {
			let mut spec = runs::spec(folder, stages, lanes);
			(spec.boundary, spec.inner) = (boundary, inner);
			spec.window.steps = 5;
			spec.window.checkpoint_every = 2;
			specs.push((format!("{lanes} lanes, {boundary:?}, {inner:?}"), spec));
		}
	}
	specs
}

/// Seats of all lanes and stages.
pub fn seats(spec: &ModelSpec) -> Vec<Vec<Seat>> {
	let stages = 0..spec.stages.len() as u8;
	(0..spec.lanes).map(|_| stages.clone().map(|stage| Seat::new(spec, stage)).collect()).collect()
}

/// A seat of a stage.
pub struct Seat {
	pub trainer: Trainer,
	pub outer: OuterState,
}

impl Seat {
	pub fn new(spec: &ModelSpec, stage: u8) -> Self {
		let shard = Shard::initial(spec, stage).unwrap();
		let outer = match spec.lanes {
			1 => OuterState::default(),
			_ => OuterState::new(&shard),
		};
		Self { trainer: trainer(spec, stage, shard), outer }
	}

	pub fn before(&self) -> Snapshot {
		Snapshot::of(self.trainer.shard()).unwrap()
	}

	/// Weights and moments.
	pub fn state(&self) -> Vec<Vec<u32>> {
		state(&self.trainer)
	}
}

pub fn trainer(spec: &ModelSpec, stage: u8, shard: Shard) -> Trainer {
	let compute = Arc::new(Compute::new(1).unwrap());
	let room = unit::in_flight(spec, stage);
	Trainer::new(spec, stage, shard, room, Recompute::Selective, compute).unwrap()
}

/// Weights and moments.
pub fn state(trainer: &Trainer) -> Vec<Vec<u32>> {
	let bits = |floats: &[f32]| floats.iter().map(|x| x.to_bits()).collect();
	let tensors = trainer.shard().tensors().iter();
	tensors
		.flat_map(|tensor| [bits(&tensor.weights().unwrap()), tensor.read_moments(bits).unwrap()])
		.collect()
}

/// Where a window stands.
#[derive(Clone, Copy)]
pub struct Window<'a> {
	pub folder: &'a Path,
	pub spec: &'a ModelSpec,
	pub window: WindowIndex,
	pub samples: u64,
	pub steps: StepIndex,
}

impl Window<'_> {
	pub fn unit(&self, lane: u8, stage: u8) -> UnitId {
		UnitId { model: 7, window: self.window, stage, lane }
	}

	/// All stages of a lane at once. The lane may break at a stage before one of its calls.
	pub fn lane(
		&self,
		lane: u8,
		seats: &mut [Seat],
		breaks: Option<(u8, usize)>,
	) -> Vec<(UnitReport, Crossed, usize)> {
		let mut ends = vec![None];
		for _ in 1..seats.len() {
			let [upper, lower] = edge();
			ends.extend([Some(upper), Some(lower)]);
		}
		ends.push(None);
		let mut ends = ends.into_iter();
		thread::scope(|scope| {
			let stages = (0..).zip(seats).map(|(stage, seat)| {
				let mut channels = Channels::new(ends.next().unwrap(), ends.next().unwrap());
				channels.breaks_at = breaks.filter(|(at, _)| *at == stage).map(|(_, call)| call);
				let window = *self;
				scope.spawn(move || {
					let before = seat.before();
					let report = window.run(lane, stage, seat, &before, &mut channels);
					(report, channels.crossed, channels.calls)
				})
			});
			let stages: Vec<_> = stages.collect();
			stages.into_iter().map(|stage| stage.join().unwrap()).collect()
		})
	}

	/// One unit.
	pub fn run(
		&self,
		lane: u8,
		stage: u8,
		seat: &mut Seat,
		before: &Snapshot,
		channels: &mut impl unit::Lane,
	) -> UnitReport {
		let Seat { trainer, outer } = seat;
		let plan = UnitPlan {
			spec: self.spec,
			unit: self.unit(lane, stage),
			samples: self.samples,
			steps: self.steps,
			before,
			outer,
		};
		let dataset = dataset(self.folder);
		let is_end = stage == 0 || self.spec.is_last_stage(stage);
		unit::run(trainer, is_end.then_some(&dataset), &plan, channels).unwrap()
	}
}

/// A window of all lanes, and the merge by each seat on its own: reports and crossings by lane and stage.
pub fn window(window: Window, lanes: &mut [Vec<Seat>]) -> Vec<Vec<(UnitReport, Crossed, usize)>> {
	let before: Vec<Snapshot> = lanes[0].iter().map(Seat::before).collect();
	let done: Vec<_> =
		(0..).zip(&mut *lanes).map(|(lane, seats)| window.lane(lane, seats, None)).collect();
	if window.spec.lanes > 1 {
		for (stage, before) in (0..).zip(&before) {
			let of_lane = |lane: &Vec<(UnitReport, Crossed, usize)>| {
				received(window.spec, stage, &lane[usize::from(stage)].0)
			};
			let differences: Vec<_> = done.iter().map(of_lane).collect();
			for lane in &mut *lanes {
				let Seat { trainer, outer } = &mut lane[usize::from(stage)];
				trainer.merge(before, &differences, outer, &window.spec.outer).unwrap();
			}
		}
	}
	done
}

/// A difference as the other seats of its stage receive it.
fn received(spec: &ModelSpec, stage: u8, report: &UnitReport) -> (StepIndex, Difference) {
	let own = report.difference.as_ref().unwrap();
	let difference = Difference::from_bytes(spec, stage, &own.to_bytes()).unwrap();
	assert_eq!(&difference, own);
	assert_eq!(difference.norm.to_bits(), report.norm.to_bits());
	assert_eq!(difference.root(), report.root);
	(report.outcome.steps(), difference)
}

/// Stages of the first two windows of a lane, of which the second is a gate, with what every seat begins the second one with.
pub fn two_windows(
	folder: &Path,
	spec: &ModelSpec,
	mut look: impl FnMut(Window, &mut [Vec<Seat>]),
) {
	let mut lanes = seats(spec);
	let first = Window { folder, spec, window: 14, samples: 0, steps: spec.window.steps };
	let of_step = u64::from(spec.lanes) * u64::from(spec.schedule.batch_at(0));
	let of_window = u64::from(spec.window.steps) * of_step;
	window(first, &mut lanes);
	look(Window { window: GATE, samples: of_window, ..first }, &mut lanes);
}
