//! The steps of a unit, done again by the engine with what crossed its edges: to the bit what the reference interpreter comes to, and
//! far faster. Its trace begins from there, and interprets only the steps that somebody looks into.

use std::sync::Arc;

use bytes::Bytes;
use cairn_primitives::{dispute::UnitContext, hash::list_root, Hash, ModelSpec, StepIndex};
use cairn_program::{trace::Commitment, Direction, Moment, Value};

use super::{
	in_flight,
	seat::{Seat, Stop},
	trace::Begin,
	Crossing, Crossings, Lane, UnitError, UnitPlan,
};
use crate::{
	checkpoint::state_list, data::Dataset, Compute, OuterState, Recompute, Snapshot, StageError,
	Trainer,
};

/// What the engine needs to do the steps of a unit.
#[derive(Debug)]
pub(super) struct Replay {
	/// The threads that compute.
	pub compute: Arc<Compute>,
	/// The weights before.
	pub before: Snapshot,
	/// The outer momenta before.
	pub outer: OuterState,
}

impl Replay {
	/// The commitments after each step, from none up to as many as the engine comes to: it stops where a step diverges, where something
	/// is missing, and where the unit's worker sent something else than it computed.
	pub fn commitments<C: Crossings>(
		&self,
		spec: &ModelSpec,
		context: &UnitContext,
		dataset: Option<&Dataset>,
		edges: [Option<&C>; 2],
	) -> Result<Vec<Hash>, UnitError> {
		let mut commitments = vec![context.shard_before];
		self.run(spec, context, dataset, edges, context.outcome.steps(), |seat, _| {
			commitments.push(seat.state()?);
			Ok(())
		})?;
		Ok(commitments)
	}

	/// What a step begins with, if the engine comes to it.
	pub fn begin<C: Crossings>(
		&self,
		spec: &ModelSpec,
		context: &UnitContext,
		dataset: Option<&Dataset>,
		edges: [Option<&C>; 2],
		step: StepIndex,
	) -> Result<Option<Begin>, UnitError> {
		let mut begin = None;
		self.run(spec, context, dataset, edges, step, |seat, done| {
			if done == step {
				begin = Some(begin_of(seat)?);
			}
			Ok(())
		})?;
		Ok(begin)
	}

	/// Do steps, and look at the seat behind each.
	fn run<C: Crossings>(
		&self,
		spec: &ModelSpec,
		context: &UnitContext,
		dataset: Option<&Dataset>,
		edges: [Option<&C>; 2],
		steps: StepIndex,
		mut look: impl FnMut(&Seat, StepIndex) -> Result<(), UnitError>,
	) -> Result<(), UnitError> {
		let unit = context.unit;
		let mut trainer = Trainer::new(
			spec,
			unit.stage,
			self.before.to_shard(spec, unit.stage)?,
			in_flight(spec, unit.stage),
			Recompute::Selective,
			self.compute.clone(),
		)?;
		let (before, outer, samples) = (&self.before, &self.outer, context.samples);
		let plan = UnitPlan { spec, unit, samples, steps, before, outer };
		let mut seat = Seat::new(&mut trainer, dataset, &plan)?;
		let mut lane = Crossed { edges };
		for step in 0..steps {
			match seat.step(&mut lane, step) {
				Ok(()) => look(&seat, step.saturating_add(1))?,
				Err(Stop::End(_)) => break,
				Err(Stop::Failed(error)) => return Err(error),
			}
		}
		Ok(())
	}
}

/// The state of a seat, as the next step begins with it.
fn begin_of(seat: &Seat) -> Result<Begin, StageError> {
	let shard = seat.trainer.shard();
	let loss = seat.stage.is_last.then_some(seat.progress.loss);
	let list = state_list(shard, loss)?;
	let mut values: Vec<(Value, Vec<f32>)> =
		loss.map(|loss| (Value::EarlierLoss, vec![loss])).into_iter().collect();
	for tensor in shard.tensors() {
		let names = [
			Value::Parameter(tensor.tensor),
			Value::State(tensor.tensor, Moment::First),
			Value::State(tensor.tensor, Moment::Second),
		];
		tensor.state.read(|state| {
			values.extend(names.into_iter().zip(state.chunks(tensor.len()).map(<[f32]>::to_vec)));
			Ok(())
		})?;
	}
	let commitment = Commitment::State { list: list_root(&list) }.hash();
	Ok(Begin { values: values.into_iter().collect(), list, commitment })
}

/// What crossed the edges, as a lane. It ends where something else would be sent.
struct Crossed<'a, C> {
	edges: [Option<&'a C>; 2],
}

impl<C: Crossings> Crossed<'_, C> {
	fn crossed(&self, edge: usize, at: Crossing, direction: Direction) -> Result<Bytes, ()> {
		let bytes = self.edges[edge].and_then(|crossings| crossings.bytes(at, direction));
		bytes.cloned().ok_or(())
	}

	fn compare(
		&self,
		edge: usize,
		at: Crossing,
		direction: Direction,
		bytes: &[u8],
	) -> Result<(), ()> {
		match self.crossed(edge, at, direction)? == bytes {
			true => Ok(()),
			false => Err(()),
		}
	}
}

impl<C: Crossings> Lane for Crossed<'_, C> {
	type Error = ();

	fn receive_activations(&mut self, at: Crossing) -> Result<Bytes, ()> {
		self.crossed(0, at, Direction::Forward)
	}

	fn send_activations(&mut self, at: Crossing, bytes: Vec<u8>) -> Result<(), ()> {
		self.compare(1, at, Direction::Forward, &bytes)
	}

	fn receive_gradients(&mut self, at: Crossing) -> Result<Bytes, ()> {
		self.crossed(1, at, Direction::Backward)
	}

	fn send_gradients(&mut self, at: Crossing, bytes: Vec<u8>) -> Result<(), ()> {
		self.compare(0, at, Direction::Backward, &bytes)
	}

	fn until_settled(&mut self, _: StepIndex) -> Result<(), ()> {
		Ok(())
	}

	fn step_done(&mut self, _: StepIndex, _: Option<f32>) -> Result<(), ()> {
		Ok(())
	}

	fn settled(&mut self) -> StepIndex {
		StepIndex::MAX
	}
}
