//! A model in training, all of its seats in one process.

use std::{collections::BTreeMap, sync::Arc, thread};

use cairn_engine::{
	data::Dataset,
	unit::{self, End, UnitPlan, UnitReport, UnitTrace},
	Compute, OuterState, Recompute, Shard, Snapshot, Trainer,
};
use cairn_primitives::{
	dispute::{Leaf, UnitContext},
	spec::BoundaryCodec,
	Hash, LaneIndex, ModelId, ModelSpec, Outcome, StageIndex, UnitId, WindowIndex,
};
use serde::Serialize;
use tempfile::TempDir;

use crate::{
	dataset,
	lane::{Crossed, Place},
	merge::{self, Member},
	Result, Seat,
};

/// What a stage begins a window with.
#[derive(Clone, Debug)]
pub struct Begin {
	/// Weights.
	pub weights: Snapshot,
	/// Momenta of the outer optimizer; none where there is one lane.
	pub outer: OuterState,
}

impl Begin {
	fn new(spec: &ModelSpec, shard: &Shard) -> Result<Self> {
		let outer = match spec.lanes {
			1 => OuterState::default(),
			_ => OuterState::new(shard),
		};
		Ok(Self { weights: Snapshot::of(shard)?, outer })
	}
}

/// A model in training.
pub struct Training {
	spec: Arc<ModelSpec>,
	folder: TempDir,
	compute: Arc<Compute>,
	/// What each stage begins the next window with.
	begins: Vec<Begin>,
	/// The last window.
	window: Option<Window>,
	/// The window that was merged last.
	merged: Option<Window>,
}

/// A window that was trained.
struct Window {
	model: ModelId,
	number: WindowIndex,
	samples: u64,
	begins: Vec<Begin>,
	units: BTreeMap<Seat, Unit>,
}

/// A unit, and all that it takes to trace it.
struct Unit {
	report: UnitReport,
	crossed: [Option<Crossed>; 2],
	trace: Option<UnitTrace<Crossed>>,
}

/// What a unit comes to. Numbers are the bits of binary32.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
	stage: StageIndex,
	lane: LaneIndex,
	difference: Hash,
	norm: u32,
	loss: Option<u32>,
	held_out: Option<u32>,
	/// Commitments before the first step and after each.
	states: Vec<Hash>,
	upstream: Option<Hash>,
	downstream: Option<Hash>,
}

impl Unit {
	fn tell(&self, (stage, lane): Seat) -> Told {
		let report = &self.report;
		let [upstream, downstream] =
			self.crossed.each_ref().map(|crossed| crossed.as_ref().map(Crossed::root));
		Told {
			stage,
			lane,
			difference: report.root,
			norm: report.norm.to_bits(),
			loss: report.loss.map(f32::to_bits),
			held_out: report.held_out.map(f32::to_bits),
			states: report.leaves.clone(),
			upstream,
			downstream,
		}
	}
}

impl Training {
	/// Begin to train a model. Its dataset, and hence its first shards, are those of this process.
	pub fn new(mut spec: ModelSpec) -> Result<Self> {
		if spec.boundary != BoundaryCodec::Dense {
			return Err("edges must be dense here".into());
		}
		let folder = tempfile::tempdir()?;
		let dataset = dataset::write(folder.path())?;
		let manifest = dataset.manifest();
		(spec.dataset, spec.tokenizer) = (manifest.root(), manifest.tokenizer);
		// Every state is told. A trace does not depend on which of them are attested.
		spec.window.checkpoint_every = 1;
		let (mut begins, mut initial) = (Vec::new(), Vec::new());
		for stage in (0..).take(spec.stages.len()) {
			let shard = Shard::initial(&spec, stage)?;
			initial.push(shard.root(spec.lanes)?);
			begins.push(Begin::new(&spec, &shard)?);
		}
		spec.initial = initial.try_into().map_err(|_| "there are too many stages")?;
		let compute = Arc::new(Compute::new(1)?);
		let spec = Arc::new(spec);
		Ok(Self { spec, folder, compute, begins, window: None, merged: None })
	}

	/// The spec, with the roots of what is trained here.
	pub fn spec(&self) -> &ModelSpec {
		&self.spec
	}

	/// Train a window: all lanes of all stages.
	pub fn window(
		&mut self,
		model: ModelId,
		number: WindowIndex,
		samples: u64,
	) -> Result<Vec<Told>> {
		let begins = self.begins.clone();
		let mut window = Window { model, number, samples, begins, units: BTreeMap::new() };
		for lane in 0..self.spec.lanes {
			for (stage, unit) in (0..).zip(self.lane(&window, lane)?) {
				window.units.insert((stage, lane), unit);
			}
		}
		let told = window.units.iter().map(|(seat, unit)| unit.tell(*seat)).collect();
		self.window = Some(window);
		Ok(told)
	}

	/// All stages of a lane at once.
	fn lane(&self, window: &Window, lane: LaneIndex) -> Result<Vec<Unit>> {
		thread::scope(|scope| {
			let places = Place::of(window.begins.len());
			let units: Vec<_> = (0..)
				.zip(places)
				.map(|(stage, place)| scope.spawn(move || self.unit(window, (stage, lane), place)))
				.collect();
			let units = units.into_iter();
			units.map(|unit| unit.join().map_err(|_| "a stage has panicked")?).collect()
		})
	}

	fn unit(&self, window: &Window, seat: Seat, mut place: Place) -> Result<Unit> {
		let (spec, unit) = (&*self.spec, window.unit(seat));
		let Begin { weights: before, outer } = &window.begins[usize::from(unit.stage)];
		let shard = before.to_shard(spec, unit.stage)?;
		let room = unit::in_flight(spec, unit.stage);
		let compute = Arc::clone(&self.compute);
		let mut trainer =
			Trainer::new(spec, unit.stage, shard, room, Recompute::Selective, compute)?;
		let (samples, steps) = (window.samples, spec.window.steps);
		let plan = UnitPlan { spec, unit, samples, steps, before, outer };
		let dataset = self.dataset(unit.stage)?;
		let report = unit::run(&mut trainer, dataset.as_ref(), &plan, &mut place)?;
		match report.end {
			End::Whole => Ok(Unit { report, crossed: place.into_crossed(), trace: None }),
			end => Err(format!("{unit:?} ended before its time: {end:?}").into()),
		}
	}

	/// The dataset, where a stage reads it.
	fn dataset(&self, stage: StageIndex) -> Result<Option<Dataset>> {
		let reads = stage == 0 || self.spec.is_last_stage(stage);
		Ok(reads.then(|| Dataset::open(self.folder.path())).transpose()?)
	}

	/// The commitments at boundaries of a unit.
	pub fn commitments(&mut self, unit: Seat, places: &[crate::Place]) -> Result<Vec<Hash>> {
		let trace = self.trace(unit)?;
		let commitments =
			places.iter().map(|(step, operation, piece)| trace.piece(*step, *operation, *piece));
		Ok(commitments.collect::<std::result::Result<_, _>>()?)
	}

	/// What the chain recomputes a piece of a unit from.
	pub fn evidence(
		&mut self,
		unit: Seat,
		(step, operation, piece): crate::Place,
	) -> Result<Vec<u8>> {
		// What is claimed about the piece is no part of it.
		let (before, after) = (Hash::zero(), Hash::zero());
		Ok(self.trace(unit)?.evidence(&Leaf { step, operation, piece, before, after })?)
	}

	fn trace(&mut self, seat: Seat) -> Result<&mut UnitTrace<Crossed>> {
		let dataset = self.dataset(seat.0)?;
		let window = self.window.as_mut().ok_or("no window was trained")?;
		let (id, samples) = (window.unit(seat), window.samples);
		let Unit { report, crossed, trace } =
			window.units.get_mut(&seat).ok_or("there is no such unit")?;
		if trace.is_none() {
			let context = context(id, report.outcome, samples);
			let Begin { weights, outer } = &window.begins[usize::from(id.stage)];
			let (spec, edges) = (Arc::clone(&self.spec), crossed.clone());
			*trace = Some(UnitTrace::new(spec, context, dataset, weights, outer, edges)?);
		}
		Ok(trace.as_mut().ok_or("there is no trace")?)
	}

	/// Merge what all lanes of the last window have learned. Of a stage that is named, the first weight is not what that comes to.
	pub fn merge(&mut self, wrong: Option<StageIndex>) -> Result<()> {
		let window = self.window.take().ok_or("no window was trained")?;
		for (stage, begin) in (0..).zip(&mut self.begins) {
			let differences = window.differences(stage)?;
			let mut shard = begin.weights.to_shard(&self.spec, stage)?;
			let Begin { weights, outer } = begin;
			self.compute
				.run(|| outer.merge(&mut shard, weights, &differences, &self.spec.outer))?;
			if wrong == Some(stage) {
				shard = merge::spoiled(&self.spec, stage, &shard)?;
			}
			*weights = Snapshot::of(&shard)?;
		}
		self.merged = Some(window);
		Ok(())
	}

	/// What the chain recomputes the first weight of a stage from, as the last merge has left it.
	pub fn refutation(&self, stage: StageIndex) -> Result<Vec<u8>> {
		let window = self.merged.as_ref().ok_or("nothing was merged")?;
		let of = |begins: &[Begin]| begins.get(usize::from(stage)).cloned();
		let (before, after) = of(&window.begins).zip(of(&self.begins)).ok_or("no such stage")?;
		let differences = window.differences(stage)?;
		merge::evidence(&self.spec, stage, &before, &differences, &after)
	}
}

impl Window {
	fn unit(&self, (stage, lane): Seat) -> UnitId {
		UnitId { model: self.model, window: self.number, stage, lane }
	}

	/// What the lanes of a stage have learned, each with its steps.
	fn differences(&self, stage: StageIndex) -> Result<Vec<Member>> {
		let of_stage = self.units.iter().filter(|((of, _), _)| *of == stage);
		let member = |unit: &Unit| {
			let UnitReport { outcome, difference, .. } = &unit.report;
			Some((outcome.steps(), difference.clone()?))
		};
		let members: Option<Vec<Member>> = of_stage.map(|(_, unit)| member(unit)).collect();
		Ok(members.ok_or("a single lane has nothing to merge")?)
	}
}

/// What the trace of a unit depends on. What else is attested of it does not matter to whoever computes it.
fn context(unit: UnitId, outcome: Outcome, samples: u64) -> UnitContext {
	UnitContext {
		genesis: Hash::zero(),
		unit,
		shard_before: Hash::zero(),
		outcome,
		samples,
		upstream: None,
		downstream: None,
		result: Hash::zero(),
		checkpoints: Hash::zero(),
	}
}
