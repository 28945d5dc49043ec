//! The operations of a step as a trace has them, and where their values are.

use alloc::{vec, vec::Vec};

use cairn_primitives::{
	dataset::DatasetHead, dispute::UnitContext, roster::is_gate, spec::BoundaryCodec, Hash,
	ModelSpec, StepIndex,
};

use super::{closing::Closing, Commitment};
use crate::{
	constants::{Rule, StepContext},
	operation::{Argument, At, Definition, Formula, Operation},
	random::sample_at,
	ChangeName, Code, Direction, Moment, Name, OuterName, Program, Stage, Tensor, Value,
};

/// A step of a unit.
#[derive(Clone, Debug)]
pub struct Step<'a> {
	pub(super) spec: &'a ModelSpec,
	pub(super) unit: &'a UnitContext,
	number: StepIndex,
	/// Samples of a lane's step.
	batch: u32,
	operations: Operations,
}

/// What a step computes.
#[derive(Clone, Debug)]
enum Operations {
	/// The model learns.
	Training(Program),
	/// The window ends.
	Closing(Closing),
}

/// An operation of a trace.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
	/// Write a value.
	Compute(Operation),
	/// Compare a code that was sent with what was signed.
	Compare(Value),
	/// Hand a value on: to the next step, or into what is attested.
	Keep(Value),
	/// Put together the result that is attested.
	Attest,
}

impl<'a> Step<'a> {
	/// A step of a unit: one of those that count, or the closing one behind them. `None` if there is no such step or stage.
	pub fn new(spec: &'a ModelSpec, unit: &'a UnitContext, number: StepIndex) -> Option<Self> {
		let steps = unit.outcome.steps();
		// An attestation does not name the inner state that a window began with.
		if number > steps || spec.inner.carries_state() {
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
		let operations = if number < steps {
			Operations::Training(program)
		} else {
			// Where no step was done, nothing crossed.
			let evaluates = is_gate(unit.unit.window) && steps > 0;
			Operations::Closing(Closing::new(spec, program, evaluates, batch, steps))
		};
		Some(Self { spec, unit, number, batch, operations })
	}

	/// The step within the trace.
	pub fn number(&self) -> StepIndex {
		self.number
	}

	/// The stage program; the closing step takes shapes and sections from it.
	pub fn program(&self) -> &Program {
		match &self.operations {
			Operations::Training(program) => program,
			Operations::Closing(closing) => closing.program(),
		}
	}

	/// Microbatches of the step: of the closing step, those of held-out samples.
	pub fn microbatches(&self) -> u32 {
		match &self.operations {
			Operations::Training(program) => program.microbatches(),
			Operations::Closing(closing) => closing.held_out(),
		}
	}

	/// Whether it is the closing step.
	pub fn is_closing(&self) -> bool {
		matches!(self.operations, Operations::Closing(_))
	}

	fn stage(&self) -> &Stage {
		self.program().stage()
	}

	fn tensors(&self) -> u64 {
		self.stage().tensor_count().into()
	}

	/// The number of operations.
	pub fn length(&self) -> u64 {
		self.handed_on() + u64::from(self.is_closing())
	}

	/// The number of operations before the one that attests.
	pub(super) fn handed_on(&self) -> u64 {
		self.computed() + self.compared() + self.kept()
	}

	/// The operation with a number.
	pub fn action(&self, number: u64) -> Option<Action> {
		if number < self.computed() {
			let operation = match &self.operations {
				Operations::Training(program) if number == program.length() => self.add_losses(),
				Operations::Training(program) => program.operation(number)?,
				Operations::Closing(closing) => closing.operation(number)?,
			};
			return Some(Action::Compute(operation));
		}
		if number == self.handed_on() && self.is_closing() {
			return Some(Action::Attest);
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
			Action::Compute(operation) => {
				// 2⁴⁰ elements of 2²⁸ segments at most, by the spec; no real one comes near.
				operation.elements().saturating_mul(operation.pieces_per_element())
			},
			Action::Compare(_) | Action::Keep(_) | Action::Attest => 1,
		}
	}

	/// Operations that write values.
	pub(super) fn computed(&self) -> u64 {
		match &self.operations {
			Operations::Training(program) => program.length() + u64::from(self.stage().is_last),
			Operations::Closing(closing) => closing.length(),
		}
	}

	/// Operations that compare.
	pub(super) fn compared(&self) -> u64 {
		u64::from(self.microbatches()) * self.sends().len() as u64
	}

	/// Operations that hand on.
	pub(super) fn kept(&self) -> u64 {
		match (&self.operations, self.spec.lanes) {
			(Operations::Training(_), _) => self.state_length(),
			(Operations::Closing(_), 1) => self.tensors(),
			(Operations::Closing(_), _) => 2 * self.tensors(),
		}
	}

	/// Length of the list that a step which is not the first begins with.
	fn state_length(&self) -> u64 {
		2 * self.tensors() + self.seconds() + u64::from(self.stage().is_last)
	}

	/// Operations before this one that hand on.
	pub(super) fn kept_before(&self, number: u64) -> u64 {
		number.saturating_sub(self.computed() + self.compared())
	}

	/// The loss of the steps so far.
	fn add_losses(&self) -> Operation {
		let arguments = [Value::EarlierLoss, Value::Loss(self.microbatches())];
		let arguments = arguments.map(|value| Argument { value, at: At::Scalar }).to_vec();
		Operation {
			output: Value::LossSoFar,
			shape: vec![1],
			definition: Definition::Map { formula: Formula::Add, arguments },
			causal: false,
		}
	}

	/// What is sent for each microbatch; of held-out ones there are no gradients.
	fn sends(&self) -> Vec<(Direction, Code)> {
		let stage = self.stage();
		let forward = (!stage.is_last).then_some(Direction::Forward);
		let backward = (!stage.is_first && !self.is_closing()).then_some(Direction::Backward);
		let codes = self.codes();
		let directions = forward.into_iter().chain(backward);
		directions.flat_map(|way| codes.iter().map(move |code| (way, *code))).collect()
	}

	fn codes(&self) -> &'static [Code] {
		match self.stage().boundary {
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

	/// A value that is handed on, by its place, under the name that this step has for it.
	fn next(&self, place: u64) -> Option<Value> {
		let tensors = self.tensors();
		let tensor = |number: u64| self.stage().tensor_at(u32::try_from(number).ok()?);
		match (self.is_closing(), self.spec.lanes, place % 2) {
			(true, 1, _) => return tensor(place).map(Value::Parameter),
			(true, _, 0) => return Some(Value::Change(tensor(place / 2)?, ChangeName::Codes)),
			(true, _, _) => return Some(Value::Change(tensor(place / 2)?, ChangeName::Exponents)),
			(false, ..) => {},
		}
		if place < tensors {
			return tensor(place).map(Value::NextParameter);
		}
		if place < 2 * tensors {
			return Some(Value::NextState(tensor(place - tensors)?, Moment::First));
		}
		let second = place - 2 * tensors;
		if second < self.seconds() {
			let number = match (self.seconds() == tensors, self.has_seconds(0), second) {
				(true, _, number) => number,
				(false, true, 0) => 0,
				_ => tensors.checked_sub(1)?,
			};
			return Some(Value::NextState(tensor(number)?, Moment::Second));
		}
		(place + 1 == self.kept() && self.stage().is_last).then_some(Value::LossSoFar)
	}

	/// Tensors that have a second moment: all of them, or, beside Muon, those at the ends alone.
	fn seconds(&self) -> u64 {
		let stage = self.stage();
		let ends = u64::from(stage.front().is_some()) + u64::from(stage.back().is_some());
		// The first matrix of a layer is like all others.
		let inner = u32::from(stage.front().is_some());
		if self.has_seconds(inner) {
			self.tensors()
		} else {
			ends
		}
	}

	fn has_seconds(&self, number: u32) -> bool {
		let stage = self.stage();
		let Some(tensor) = stage.tensor_at(number) else { return false };
		matches!(self.program().constants().rule(tensor, stage.size(tensor)), Rule::AdamW(_))
	}

	/// Length of the list that the step begins with.
	pub(super) fn base(&self) -> u64 {
		match self.number {
			// A shard, whose momenta the steps leave alone.
			0 if self.spec.lanes > 1 => 2 * self.tensors(),
			0 => self.tensors(),
			_ => self.state_length(),
		}
	}

	/// The place in the list of values of one that the step begins with or has written.
	pub(super) fn place(&self, value: Value) -> Option<u64> {
		let stage = self.stage();
		let number = |tensor: Tensor| u64::from(stage.number_of(tensor));
		match value {
			Value::Parameter(tensor) => Some(number(tensor)),
			_ if self.starts_at_zero(value) => None,
			Value::State(tensor, Moment::First) => Some(self.tensors() + number(tensor)),
			Value::State(tensor, Moment::Second) => {
				let second = match self.seconds() == self.tensors() {
					true => number(tensor),
					false if number(tensor) == 0 => 0,
					false => self.seconds().checked_sub(1)?,
				};
				Some(2 * self.tensors() + second)
			},
			Value::EarlierLoss => self.base().checked_sub(1),
			value => {
				let written = match &self.operations {
					Operations::Training(program) if value == Value::LossSoFar => {
						stage.is_last.then(|| program.length())
					},
					Operations::Training(program) => program.writer(value),
					Operations::Closing(closing) => closing.writer(value),
				};
				Some(self.base() + written?)
			},
		}
	}

	/// The place of a code in the list of what crosses an edge in this step ([`cairn_primitives::signing::step_root`]), and which
	/// edge: 0 before the stage, 1 behind it.
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
		let (count, microbatch) = (codes.len() as u64, u64::from(microbatch));
		let within = match (self.is_closing(), direction) {
			(false, Direction::Forward) => 2 * microbatch * count,
			(false, Direction::Backward) => (2 * microbatch + 1) * count,
			(true, Direction::Forward) => microbatch * count,
			(true, Direction::Backward) => return None,
		};
		Some((edge, within + code))
	}

	/// Steps of the edges behind this one, until the last that counts. What is held out crosses before all others.
	pub(super) fn crossings_after(&self) -> u64 {
		let steps = self.unit.outcome.steps();
		match self.is_closing() {
			true => steps.into(),
			false => u64::from(steps.saturating_sub(self.number).saturating_sub(1)),
		}
	}

	/// Which token of the dataset an element of the tokens or targets of a microbatch is.
	pub fn token(&self, head: &DatasetHead, value: Value, index: u64) -> Option<u64> {
		let (microbatch, ahead) = match value {
			Value::Tokens(m) => (m, 0),
			Value::Targets(m) => (m, 1),
			_ => return None,
		};
		let stage = self.stage();
		let context = u64::from(stage.context);
		let row = u64::from(microbatch) * u64::from(stage.samples) + index / context;
		let (first, sample) = match self.is_closing() {
			true => {
				// Spread over all that are held out.
				let count = u64::from(self.microbatches()) * u64::from(stage.samples);
				let available = head.held_out_samples(stage.context);
				let sample = row.checked_mul(available)?.checked_div(count)?;
				(head.tokens.checked_sub(head.held_out)?, Some(sample).filter(|_| available > 0)?)
			},
			false => {
				let lanes = u64::from(self.spec.lanes).checked_mul(self.number.into())?;
				let batches = lanes.checked_add(self.unit.unit.lane.into())?;
				let before = batches.checked_mul(self.batch.into())?;
				let position = self.unit.samples.checked_add(before)?.checked_add(row)?;
				let samples = head.samples(stage.context);
				(0, (samples > 0).then(|| sample_at(&self.spec.seed, samples, position))?)
			},
		};
		let within = sample.checked_mul(context)?.checked_add(index % context)?;
		within.checked_add(first)?.checked_add(ahead)
	}

	/// Whether a value is +0 everywhere: a sum of nothing, or the optimizer's state at the start of a window.
	pub(super) fn starts_at_zero(&self, value: Value) -> bool {
		let is_first = self.number == 0 && matches!(value, Value::State(..) | Value::EarlierLoss);
		is_first || value.starts_at_zero()
	}

	/// Whether a step ends the unit that yields a value of this name which is not finite (docs/program.md, *Non-finite*): no honest
	/// trace goes on behind it.
	pub(super) fn must_be_finite(&self, value: Value) -> bool {
		let stage = self.stage();
		match value {
			Value::Layer(_, _, Name::AttentionSquares | Name::FeedSquares)
			| Value::Outer(_, OuterName::Squares | OuterName::MicrobatchLoss)
			| Value::Sent(_, _, Code::Dense)
			| Value::Loss(_)
			| Value::SquaredNorm(_)
			| Value::NextParameter(_)
			| Value::NextState(..) => true,
			Value::Hidden(_, layer) => layer == stage.layers && !stage.is_last,
			Value::HiddenGradient(_, layer) => layer == 0 && !stage.is_first,
			_ => false,
		}
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
