//! A seat at work on a unit.

use cairn_primitives::{roster::is_gate, Hash, StepIndex};
use cairn_program::{Stage, StepContext};

use super::{
	past::Past,
	samples::{held_out, Samples},
	Crossing, End, Lane, UnitError, UnitPlan,
};
use crate::{
	checkpoint::{shard_root, state_root},
	data::{Dataset, DatasetError},
	Input, Message, MessageError, StageError, Trainer,
};

/// How far a unit is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
	/// Steps that are done.
	pub steps: StepIndex,
	/// Summed loss of their tokens; of the last stage.
	pub loss: f32,
}

/// Why the work stops before all of it is done.
pub(super) enum Stop {
	/// The unit is over.
	End(End),
	/// It cannot be computed.
	Failed(UnitError),
}

impl From<StageError> for Stop {
	fn from(error: StageError) -> Self {
		Stop::Failed(error.into())
	}
}

impl From<DatasetError> for Stop {
	fn from(error: DatasetError) -> Self {
		Stop::Failed(error.into())
	}
}

/// A seat at work on a unit.
pub(super) struct Seat<'a> {
	pub plan: &'a UnitPlan<'a>,
	pub stage: Stage,
	pub trainer: &'a mut Trainer,
	/// On the first stage and on the last.
	samples: Option<Samples<'a>>,
	pub progress: Progress,
	pub past: Past,
	/// Commitments to the shard before and to the states at checkpoints, by the steps before them.
	pub leaves: Vec<(StepIndex, Hash)>,
	/// Summed loss of held-out tokens; of the last stage.
	pub held_out: f32,
	/// Samples of a step.
	batch: u32,
	/// What came across an edge, and what is to be sent.
	received: Message,
	sent: Message,
}

impl<'a> Seat<'a> {
	/// With the window's first weights.
	pub fn new(
		trainer: &'a mut Trainer,
		dataset: Option<&'a Dataset>,
		plan: &'a UnitPlan<'a>,
	) -> Result<Self, UnitError> {
		let UnitPlan { spec, unit, before, outer, .. } = *plan;
		if spec.inner.carries_state() {
			return Err(UnitError::CarriedState);
		}
		let stage = Stage::new(spec, unit.stage).ok_or(StageError::NoStage(unit.stage))?;
		let is_own = *trainer.shard().stage() == stage
			&& before.is_of(trainer.shard())
			&& outer.is_of(trainer.shard(), spec.lanes);
		if !is_own {
			return Err(UnitError::OtherStage(unit.stage));
		}
		let samples = match dataset {
			Some(dataset) if stage.is_first || stage.is_last => Some(Samples::new(dataset, plan)?),
			None if stage.is_first || stage.is_last => {
				return Err(UnitError::NoDataset(unit.stage))
			},
			_ => None,
		};
		trainer.restore(before)?;
		let shard = trainer.shard();
		let shard_before = trainer.compute().run(|| shard_root(shard, outer))?;
		Ok(Self {
			past: Past::new(trainer.shard())?,
			batch: spec.schedule.batch_at(plan.samples),
			received: Message::new(&stage),
			sent: Message::new(&stage),
			leaves: vec![(0, shard_before)],
			progress: Progress::default(),
			held_out: 0.0,
			samples,
			trainer,
			stage,
			plan,
		})
	}

	/// All that is to be done with the lane.
	pub fn work(&mut self, lane: &mut impl Lane) -> Result<(), Stop> {
		if is_gate(self.plan.unit.window) && self.plan.steps > 0 {
			self.begin(0)?; // numbers of values count from here on
			for microbatch in 0..held_out(self.plan.spec) {
				self.forward(lane, Crossing::HeldOut { microbatch }, 0)?;
			}
		}
		(0..self.plan.steps).try_for_each(|step| self.step(lane, step))
	}

	/// Tokens of a step.
	pub fn tokens(&self) -> u32 {
		self.batch.saturating_mul(self.stage.context)
	}

	fn begin(&mut self, step: StepIndex) -> Result<(), StageError> {
		let UnitPlan { spec, unit, samples, .. } = *self.plan;
		let of_step = u64::from(spec.lanes) * u64::from(self.batch);
		let before = samples.saturating_add(of_step * u64::from(step));
		let context = StepContext {
			batch: self.batch,
			learning_rate: spec.schedule.learning_rate_at(before),
			step,
			carried_steps: 0,
		};
		self.trainer.begin(spec, unit.stage, &context)
	}

	/// One optimizer step. Before microbatches go back as they go forward, as many go forward as there are stages behind.
	pub fn step(&mut self, lane: &mut impl Lane, step: StepIndex) -> Result<(), Stop> {
		self.begin(step)?;
		let UnitPlan { spec, unit, .. } = self.plan;
		let microbatches = self.trainer.program().microbatches();
		let behind = spec.stage_count().saturating_sub(u32::from(unit.stage) + 1);
		let room = self.trainer.in_flight() as u32;
		let ahead = behind.min(microbatches).min(room.saturating_sub(1));
		for number in 0..microbatches + ahead {
			if number < microbatches {
				let place = number % (ahead + 1);
				self.forward(lane, Crossing::Step { step, microbatch: number }, place as usize)?;
			}
			if let Some(microbatch) = number.checked_sub(ahead) {
				let place = microbatch % (ahead + 1);
				self.backward(lane, Crossing::Step { step, microbatch }, place as usize)?;
			}
		}
		lane.until_settled(step).map_err(|_| Stop::End(End::Broken))?;
		self.past.keep(self.trainer.shard(), self.progress)?;
		let report = self.trainer.finish().map_err(|error| self.stop(error, None))?;
		self.progress.steps += 1;
		self.progress.loss += report.loss.unwrap_or(0.0);
		let loss = report.loss.map(|loss| loss / self.tokens() as f32);
		lane.step_done(step, loss).map_err(|_| Stop::End(End::Broken))?;
		self.checkpoint()
	}

	/// Commit to the state if it is one of those under the checkpoints' root. That after the last step is committed to in the end.
	fn checkpoint(&mut self) -> Result<(), Stop> {
		let (steps, every) = (self.progress.steps, self.plan.spec.window.checkpoint_every.max(1));
		if steps % every == 0 && steps < self.plan.steps {
			self.leaves.push((steps, self.state()?));
		}
		Ok(())
	}

	/// The commitment to the state as it is.
	pub fn state(&self) -> Result<Hash, StageError> {
		let (shard, loss) = (self.trainer.shard(), self.progress.loss);
		let loss = self.stage.is_last.then_some(loss);
		self.trainer.compute().run(|| state_root(shard, loss))
	}

	/// A microbatch goes forward; of held-out samples that is all.
	fn forward(&mut self, lane: &mut impl Lane, at: Crossing, place: usize) -> Result<(), Stop> {
		let (mut tokens, mut targets) = (&[][..], &[][..]);
		if let Some(samples) = &mut self.samples {
			samples.read(at)?;
			(tokens, targets) = (&samples.inputs, &samples.targets);
		}
		let input = match self.stage.is_first {
			true => Input::Tokens(tokens),
			false => {
				let bytes = lane.receive_activations(at).map_err(|_| Stop::End(End::Broken))?;
				read(&mut self.received, &bytes, at)?;
				Input::Message(&self.received)
			},
		};
		let is_last = self.stage.is_last;
		let output = (!is_last).then_some(&mut self.sent);
		let done = match at {
			Crossing::HeldOut { .. } => self.trainer.evaluate(place, input, targets, output),
			Crossing::Step { .. } => {
				self.trainer.forward(place, input, targets, output).map(|()| None)
			},
		};
		let loss = done.map_err(|error| self.stop(error, Some(at)))?;
		self.held_out += loss.unwrap_or(0.0);
		if !is_last {
			let bytes = self.sent.to_bytes();
			lane.send_activations(at, bytes).map_err(|_| Stop::End(End::Broken))?;
		}
		Ok(())
	}

	/// A microbatch goes back.
	fn backward(&mut self, lane: &mut impl Lane, at: Crossing, place: usize) -> Result<(), Stop> {
		let mut gradient = None;
		if !self.stage.is_last {
			let bytes = lane.receive_gradients(at).map_err(|_| Stop::End(End::Broken))?;
			read(&mut self.received, &bytes, at)?;
			gradient = Some(&self.received);
		}
		let is_first = self.stage.is_first;
		let output = (!is_first).then_some(&mut self.sent);
		let done = self.trainer.backward(place, gradient, output);
		done.map_err(|error| self.stop(error, Some(at)))?;
		if !is_first {
			let bytes = self.sent.to_bytes();
			lane.send_gradients(at, bytes).map_err(|_| Stop::End(End::Broken))?;
		}
		Ok(())
	}

	/// What an error of the stage means for the unit.
	fn stop(&self, error: StageError, at: Option<Crossing>) -> Stop {
		match (error, at) {
			(StageError::Diverged(diverged), _) => {
				let operation = self.trainer.program().writer(diverged.value);
				let operation = operation.and_then(|number| u32::try_from(number).ok());
				let (step, operation) = (self.progress.steps, operation.unwrap_or(0));
				Stop::End(End::Diverged { step, operation })
			},
			(StageError::NotFiniteMessage, Some(at)) => Stop::End(End::Refused { at }),
			(error, _) => Stop::Failed(error.into()),
		}
	}
}

/// Read what came across an edge.
fn read(message: &mut Message, bytes: &[u8], at: Crossing) -> Result<(), Stop> {
	message
		.read_bytes(bytes)
		.map_err(|MessageError::WrongLength { .. }| Stop::End(End::Refused { at }))
}
