//! The operations of a step as a trace has them, and where their values are.

use alloc::{vec, vec::Vec};

use cairn_primitives::{
	dataset::DatasetHead, dispute::UnitContext, spec::BoundaryCodec, Hash, ModelSpec, StepIndex,
};

use super::Commitment;
use crate::{
	constants::{Rule, StepContext},
	operation::{Argument, At, Definition, Formula, Operation},
	random::sample_at,
	Code, Direction, Moment, Program, Tensor, Value,
};

/// A step of a unit.
#[derive(Clone, Debug)]
pub struct Step<'a> {
	pub(super) spec: &'a ModelSpec,
	pub(super) unit: &'a UnitContext,
	program: Program,
	number: StepIndex,
}

/// An operation of a trace.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
	/// Write a value.
	Compute(Operation),
	/// Compare a code that was sent with what was signed.
	Compare(Value),
	/// Hand a value on to the next step.
	Keep(Value),
}

impl<'a> Step<'a> {
	/// A step of a unit, of those that count; `None` if there is no such step or stage.
	pub fn new(spec: &'a ModelSpec, unit: &'a UnitContext, number: StepIndex) -> Option<Self> {
		if number >= unit.outcome.steps() {
			return None;
		}
		let batch = spec.schedule.batch_at(unit.samples);
		let of_step = u64::from(spec.lanes).checked_mul(batch.into())?;
		let before = unit.samples.checked_add(of_step.checked_mul(number.into())?)?;
		let context = StepContext {
			batch,
			learning_rate: spec.schedule.learning_rate_at(before),
			step: number,
			carried_steps: 0,
		};
		let program = Program::new(spec, unit.unit.stage, &context)?;
		Some(Self { spec, unit, program, number })
	}

	/// The stage program.
	pub fn program(&self) -> &Program {
		&self.program
	}

	/// The number of operations.
	pub fn length(&self) -> u64 {
		self.computed() + self.compared() + self.kept()
	}

	/// The operation with a number.
	pub fn action(&self, number: u64) -> Option<Action> {
		if number < self.computed() {
			let operation = self.program.operation(number);
			return operation.or_else(|| Some(self.add_losses())).map(Action::Compute);
		}
		let number = number - self.computed();
		if number < self.compared() {
			return self.sent(number).map(Action::Compare);
		}
		self.next(number - self.compared()).map(Action::Keep)
	}

	/// Pieces of an operation.
	pub fn pieces(action: &Action) -> u64 {
		match action {
			Action::Compute(operation) => operation.elements() * operation.pieces_per_element(),
			Action::Compare(_) | Action::Keep(_) => 1,
		}
	}

	/// Operations that write values.
	pub(super) fn computed(&self) -> u64 {
		self.program.length() + u64::from(self.program.stage().is_last)
	}

	/// Operations that compare.
	fn compared(&self) -> u64 {
		u64::from(self.program.microbatches()) * self.sends().len() as u64
	}

	/// Operations that hand on.
	pub(super) fn kept(&self) -> u64 {
		let tensors = u64::from(self.program.stage().tensor_count());
		2 * tensors + self.seconds() + u64::from(self.program.stage().is_last)
	}

	/// Place of the operation among those that hand on.
	pub(super) fn kept_before(&self, number: u64) -> u64 {
		number.saturating_sub(self.computed() + self.compared())
	}

	/// The loss of the steps so far.
	fn add_losses(&self) -> Operation {
		let arguments = [Value::EarlierLoss, Value::Loss(self.program.microbatches())];
		let arguments = arguments.map(|value| Argument { value, at: At::Scalar }).to_vec();
		Operation {
			output: Value::LossSoFar,
			shape: vec![1],
			definition: Definition::Map { formula: Formula::Add, arguments },
			causal: false,
		}
	}

	/// What is sent for each microbatch.
	fn sends(&self) -> Vec<(Direction, Code)> {
		let stage = self.program.stage();
		let forward = (!stage.is_last).then_some(Direction::Forward);
		let backward = (!stage.is_first).then_some(Direction::Backward);
		let codes = self.codes();
		let directions = forward.into_iter().chain(backward);
		directions.flat_map(|way| codes.iter().map(move |code| (way, *code))).collect()
	}

	fn codes(&self) -> &'static [Code] {
		match self.program.stage().boundary {
			BoundaryCodec::Int8 { .. } => &[Code::Integers, Code::Exponents],
			BoundaryCodec::Dense | BoundaryCodec::Bottleneck { .. } => &[Code::Dense],
		}
	}

	fn sent(&self, number: u64) -> Option<Value> {
		let sends = self.sends();
		let of_microbatch = sends.len() as u64;
		let microbatch = number.checked_div(of_microbatch)?;
		let (direction, code) = *sends.get((number % of_microbatch) as usize)?;
		Some(Value::Sent(microbatch as u32, direction, code))
	}

	/// A value that the next step begins with, by its place, under the name that this step has for it.
	fn next(&self, place: u64) -> Option<Value> {
		let tensors = u64::from(self.program.stage().tensor_count());
		let tensor = |number: u64| self.program.stage().tensor_at(u32::try_from(number).ok()?);
		if place < tensors {
			return tensor(place).map(Value::NextParameter);
		}
		if place < 2 * tensors {
			return tensor(place - tensors).map(|t| Value::NextState(t, Moment::First));
		}
		let second = place - 2 * tensors;
		if second < self.seconds() {
			let number = match (self.has_seconds(0), self.seconds() == tensors, second) {
				(_, true, number) => number,
				(true, false, 0) => 0,
				_ => tensors.checked_sub(1)?,
			};
			return tensor(number).map(|t| Value::NextState(t, Moment::Second));
		}
		(place + 1 == self.kept() && self.program.stage().is_last).then_some(Value::LossSoFar)
	}

	/// Tensors that have a second moment: all of them, or, beside Muon, those at the ends alone.
	fn seconds(&self) -> u64 {
		let stage = self.program.stage();
		let inner = u32::from(stage.front().is_some());
		match self.has_seconds(inner) {
			true => stage.tensor_count().into(),
			false => u64::from(stage.front().is_some()) + u64::from(stage.back().is_some()),
		}
	}

	fn has_seconds(&self, number: u32) -> bool {
		let stage = self.program.stage();
		let Some(tensor) = stage.tensor_at(number) else { return false };
		matches!(self.program.constants().rule(tensor, stage.size(tensor)), Rule::AdamW(_))
	}

	/// Length of the list that the step begins with.
	pub(super) fn base(&self) -> u64 {
		let tensors = u64::from(self.program.stage().tensor_count());
		match self.number {
			// A shard, whose momenta the steps leave alone.
			0 if self.spec.lanes > 1 => 2 * tensors,
			0 => tensors,
			_ => self.kept(),
		}
	}

	/// The place in the list of values of one that the step begins with or has written.
	pub(super) fn place(&self, value: Value) -> Option<u64> {
		let stage = self.program.stage();
		let tensors = u64::from(stage.tensor_count());
		let number = |tensor: Tensor| u64::from(stage.number_of(tensor));
		match value {
			Value::Parameter(tensor) => Some(number(tensor)),
			_ if self.starts_at_zero(value) => None,
			Value::State(tensor, Moment::First) => Some(tensors + number(tensor)),
			Value::State(tensor, Moment::Second) => {
				let second = match self.seconds() == tensors {
					true => number(tensor),
					false if number(tensor) == 0 => 0,
					false => self.seconds().checked_sub(1)?,
				};
				Some(2 * tensors + second)
			},
			Value::EarlierLoss => self.base().checked_sub(1),
			Value::LossSoFar if stage.is_last => Some(self.base() + self.program.length()),
			value => Some(self.base() + self.program.writer(value)?),
		}
	}

	/// The place of a code in the list of what has crossed an edge, and which edge: 0 before the stage, 1 behind it. For each
	/// microbatch of each step there are the codes of its activations, then those of their gradients.
	pub(super) fn crossing(&self, value: Value) -> Option<(usize, u64)> {
		let (microbatch, direction, code, edge) = match value {
			Value::Received(m, Direction::Forward, code) => (m, Direction::Forward, code, 0),
			Value::Sent(m, Direction::Backward, code) => (m, Direction::Backward, code, 0),
			Value::Sent(m, Direction::Forward, code) => (m, Direction::Forward, code, 1),
			Value::Received(m, Direction::Backward, code) => (m, Direction::Backward, code, 1),
			_ => return None,
		};
		let codes = self.codes();
		let code = codes.iter().position(|own| *own == code)? as u64;
		let way = u64::from(direction == Direction::Backward) * codes.len() as u64;
		let of_microbatch = 2 * codes.len() as u64;
		let microbatches = u64::from(self.program.microbatches());
		let before = u64::from(self.number) * microbatches + u64::from(microbatch);
		Some((edge, before * of_microbatch + way + code))
	}

	/// Which token of the dataset an element of the tokens or targets of a microbatch is.
	pub fn token(&self, head: &DatasetHead, value: Value, index: u64) -> Option<u64> {
		let (microbatch, ahead) = match value {
			Value::Tokens(m) => (m, 0),
			Value::Targets(m) => (m, 1),
			_ => return None,
		};
		let stage = self.program.stage();
		let (context, batch) =
			(u64::from(stage.context), self.spec.schedule.batch_at(self.unit.samples));
		let lanes = u64::from(self.spec.lanes).checked_mul(self.number.into())?;
		let before = lanes.checked_add(self.unit.unit.lane.into())?.checked_mul(batch.into())?;
		let row = u64::from(microbatch) * u64::from(stage.samples) + index / context;
		let position = self.unit.samples.checked_add(before)?.checked_add(row)?;
		let samples = head.samples(stage.context);
		let sample = (samples > 0).then(|| sample_at(&self.spec.seed, samples, position))?;
		sample.checked_mul(context)?.checked_add(index % context)?.checked_add(ahead)
	}

	/// Whether a value is +0 everywhere: a sum of nothing, or the optimizer's state at the start of a window.
	pub(super) fn starts_at_zero(&self, value: Value) -> bool {
		let is_first = self.number == 0 && matches!(value, Value::State(..) | Value::EarlierLoss);
		is_first || value.starts_at_zero()
	}

	/// The commitment before an operation that writes or compares.
	pub(super) fn boundary(&self, number: u64, list: Hash) -> Commitment {
		match (number, self.number) {
			(0, 0) => Commitment::Shard { list },
			(0, _) => Commitment::State { list },
			_ => Commitment::Values { list },
		}
	}
}
