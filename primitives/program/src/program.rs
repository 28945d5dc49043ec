//! The stage program: the operations of one optimizer step of one stage, numbered.
//!
//! ```text
//! tables · (entry · layers · exit · exit back · layers back · entry back) per microbatch · norms · clipping · updates
//! ```
//!
//! The program is never written out. A step has hundreds of thousands of operations at the sizes that matter, but they are
//! sections that repeat, and a section has fewer than 128; so the operation at any number is found by division.

use alloc::{vec, vec::Vec};

use cairn_primitives::{ModelSpec, StageIndex};

use crate::{
	constants::{Constants, StepContext},
	operation::Operation,
	template, Direction, Stage, Tensor, Value,
};

/// The program of one step of one stage.
#[derive(Clone, Debug)]
pub struct Program {
	stage: Stage,
	constants: Constants,
	microbatches: u32,
	lengths: Lengths,
}

/// A section of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
	/// The tables of RoPE.
	Tables,
	/// From tokens or from an edge to the first layer, for a microbatch.
	EntryForward(u32),
	/// A layer, for a microbatch.
	LayerForward(u32, u16),
	/// From the last layer to the loss or to an edge, for a microbatch.
	ExitForward(u32),
	/// From the loss or from an edge to the last layer, for a microbatch.
	ExitBackward(u32),
	/// A layer, for a microbatch.
	LayerBackward(u32, u16),
	/// From the first layer to the embedding or to an edge, for a microbatch.
	EntryBackward(u32),
	/// Squared norm of the gradient of the tensor with this number.
	Norm(u32),
	/// The factor of all gradients.
	Clipping,
	/// Update of the tensor with this number.
	Update(u32),
}

/// Operations of the sections.
#[derive(Clone, Copy, Debug, Default)]
struct Lengths {
	tables: u64,
	entry_forward: u64,
	layer_forward: u64,
	exit_forward: u64,
	exit_backward: u64,
	layer_backward: u64,
	entry_backward: u64,
	norm: u64,
	clipping: u64,
	/// Of the tensor before the layers, of one layer's tensors each, of the tensor behind them.
	front_update: u64,
	matrix_update: u64,
	back_update: u64,
}

impl Program {
	/// The program of a step of a stage of a valid spec; `None` if there is no such stage.
	pub fn new(spec: &ModelSpec, stage: StageIndex, context: &StepContext) -> Option<Self> {
		let stage = Stage::new(spec, stage)?;
		let constants = Constants::new(spec, &stage, context);
		let microbatches = context.batch / stage.samples.max(1);
		let mut program = Self { stage, constants, microbatches, lengths: Lengths::default() };
		program.lengths = Lengths::of(&program);
		Some(program)
	}

	/// The shapes of the stage.
	pub fn stage(&self) -> &Stage {
		&self.stage
	}

	/// The numbers of the step.
	pub fn constants(&self) -> &Constants {
		&self.constants
	}

	/// Microbatches of the step.
	pub fn microbatches(&self) -> u32 {
		self.microbatches
	}

	/// Operations of a microbatch.
	pub fn microbatch_length(&self) -> u64 {
		let l = &self.lengths;
		let layers = u64::from(self.stage.layers) * (l.layer_forward + l.layer_backward);
		l.entry_forward + layers + l.exit_forward + l.exit_backward + l.entry_backward
	}

	/// Operations of the step.
	pub fn length(&self) -> u64 {
		let l = &self.lengths;
		let updates = l.front_update + l.matrix_update * self.matrix_count() + l.back_update;
		l.tables
			+ self.microbatch_length() * u64::from(self.microbatches)
			+ l.norm * u64::from(self.stage.tensor_count())
			+ l.clipping
			+ updates
	}

	/// Tensors of all layers.
	fn matrix_count(&self) -> u64 {
		u64::from(self.stage.layers) * crate::Matrix::ALL.len() as u64
	}

	/// The operation with a number, in constant time.
	pub fn operation(&self, number: u64) -> Option<Operation> {
		let (section, within) = self.locate(number)?;
		self.section(section).into_iter().nth(within as usize)
	}

	/// The section that holds the operation with a number, and the number within it.
	pub fn locate(&self, number: u64) -> Option<(Section, u64)> {
		let l = &self.lengths;
		let mut rest = Countdown(number);
		if let Some(within) = rest.within(l.tables) {
			return Some((Section::Tables, within));
		}
		if let Some((microbatch, within)) =
			rest.repeated(self.microbatch_length(), self.microbatches.into())
		{
			return Some(self.locate_in_microbatch(microbatch as u32, within));
		}
		if let Some((tensor, within)) = rest.repeated(l.norm, self.stage.tensor_count().into()) {
			return Some((Section::Norm(tensor as u32), within));
		}
		if let Some(within) = rest.within(l.clipping) {
			return Some((Section::Clipping, within));
		}
		if let Some(within) = rest.within(l.front_update) {
			return Some((Section::Update(0), within));
		}
		let front = u32::from(self.stage.front().is_some());
		if let Some((matrix, within)) = rest.repeated(l.matrix_update, self.matrix_count()) {
			return Some((Section::Update(front + matrix as u32), within));
		}
		let within = rest.within(l.back_update)?;
		Some((Section::Update(front + self.matrix_count() as u32), within))
	}

	fn locate_in_microbatch(&self, m: u32, number: u64) -> (Section, u64) {
		let (l, layers) = (&self.lengths, u64::from(self.stage.layers));
		let mut rest = Countdown(number);
		if let Some(within) = rest.within(l.entry_forward) {
			return (Section::EntryForward(m), within);
		}
		if let Some((layer, within)) = rest.repeated(l.layer_forward, layers) {
			return (Section::LayerForward(m, layer as u16), within);
		}
		if let Some(within) = rest.within(l.exit_forward) {
			return (Section::ExitForward(m), within);
		}
		if let Some(within) = rest.within(l.exit_backward) {
			return (Section::ExitBackward(m), within);
		}
		if let Some((layer, within)) = rest.repeated(l.layer_backward, layers) {
			return (Section::LayerBackward(m, (layers - 1 - layer) as u16), within);
		}
		(Section::EntryBackward(m), rest.0)
	}

	/// The number of the operation that writes a value, in constant time; `None` of what comes from outside.
	pub fn writer(&self, value: Value) -> Option<u64> {
		self.writers(value).into_iter().find_map(|section| {
			let within = self.section(section).iter().position(|op| op.output == value)?;
			Some(self.start(section)? + within as u64)
		})
	}

	/// Sections that may write a value.
	pub(crate) fn writers(&self, value: Value) -> Vec<Section> {
		use Section::*;
		let layers = self.stage.layers;
		let number = |tensor| self.stage.number_of(tensor);
		match value {
			Value::Frequencies
			| Value::Tokens(_)
			| Value::Targets(_)
			| Value::Parameter(_)
			| Value::State(..)
			| Value::Received(..)
			| Value::EarlierLoss
			| Value::LossSoFar
			| Value::Earlier(_)
			| Value::Change(..)
			| Value::ChangeSquares(_)
			| Value::ChangeNorm
			| Value::MeanLoss
			| Value::HeldOutLoss => Vec::new(),
			Value::Rotation(_) => vec![Tables],
			Value::Layer(m, layer, _) => vec![LayerForward(m, layer), LayerBackward(m, layer)],
			Value::Outer(m, _) => {
				vec![EntryForward(m), ExitForward(m), ExitBackward(m), EntryBackward(m)]
			},
			Value::Sent(m, Direction::Forward, _) => vec![ExitForward(m)],
			Value::Sent(m, Direction::Backward, _) => vec![EntryBackward(m)],
			Value::Hidden(m, 0) => vec![EntryForward(m)],
			Value::Hidden(m, behind) => vec![LayerForward(m, behind - 1)],
			Value::HiddenGradient(m, layer) if layer < layers => vec![LayerBackward(m, layer)],
			Value::HiddenGradient(m, _) | Value::HeadGradient(m) => vec![ExitBackward(m)],
			Value::Gradient(_, 0) | Value::Loss(0) => Vec::new(),
			Value::Gradient(Tensor::Layer(layer, _), sum) => vec![LayerBackward(sum - 1, layer)],
			Value::Gradient(Tensor::Embedding | Tensor::Expand, sum) => {
				vec![EntryBackward(sum - 1)]
			},
			Value::Gradient(Tensor::Head | Tensor::Compress, sum) => vec![ExitBackward(sum - 1)],
			Value::Loss(sum) => vec![ExitForward(sum - 1)],
			Value::Optimizer(tensor, _) => vec![Norm(number(tensor)), Update(number(tensor))],
			Value::SquaredNorm(tensor) => vec![Norm(number(tensor))],
			Value::ClipFactor => vec![Clipping],
			Value::NextParameter(tensor) | Value::NextState(tensor, _) => {
				vec![Update(number(tensor))]
			},
		}
	}

	/// The number of a section's first operation; `None` if the step has no such section.
	fn start(&self, section: Section) -> Option<u64> {
		let l = &self.lengths;
		let layers = u64::from(self.stage.layers);
		let of = |m: u32| {
			let before = l.tables + u64::from(m) * self.microbatch_length();
			(m < self.microbatches).then_some(before)
		};
		let exit = l.entry_forward + layers * l.layer_forward;
		let back = exit + l.exit_forward + l.exit_backward;
		let forward = |layer: u16| {
			(layer < self.stage.layers)
				.then(|| l.entry_forward + u64::from(layer) * l.layer_forward)
		};
		let backward = |layer: u16| {
			let before = layers.checked_sub(1 + u64::from(layer))?;
			Some(back + before * l.layer_backward)
		};
		let norms = l.tables + u64::from(self.microbatches) * self.microbatch_length();
		let clipping = norms + u64::from(self.stage.tensor_count()) * l.norm;
		let updates = clipping + l.clipping;
		let tensors = self.stage.tensor_count();
		let front = u32::from(self.stage.front().is_some());
		match section {
			Section::Tables => Some(0),
			Section::EntryForward(m) => of(m),
			Section::LayerForward(m, layer) => Some(of(m)? + forward(layer)?),
			Section::ExitForward(m) => Some(of(m)? + exit),
			Section::ExitBackward(m) => Some(of(m)? + exit + l.exit_forward),
			Section::LayerBackward(m, layer) => Some(of(m)? + backward(layer)?),
			Section::EntryBackward(m) => Some(of(m)? + back + layers * l.layer_backward),
			Section::Norm(number) => (number < tensors).then(|| norms + u64::from(number) * l.norm),
			Section::Clipping => Some(clipping),
			Section::Update(number) => (number < tensors).then(|| {
				let matrices = number.saturating_sub(front); // behind the layers, all of theirs
				let first = if number < front { 0 } else { l.front_update };
				updates + first + u64::from(matrices) * l.matrix_update
			}),
		}
	}

	/// The sections of the step, in order.
	pub fn sections(&self) -> impl Iterator<Item = Section> + '_ {
		self.sections_of(self.microbatches)
	}

	/// The sections of a step that has the first so many microbatches alone.
	pub fn sections_of(&self, microbatches: u32) -> impl Iterator<Item = Section> + '_ {
		let layers = self.stage.layers;
		let microbatch = move |m| {
			core::iter::once(Section::EntryForward(m))
				.chain((0..layers).map(move |layer| Section::LayerForward(m, layer)))
				.chain([Section::ExitForward(m), Section::ExitBackward(m)])
				.chain((0..layers).rev().map(move |layer| Section::LayerBackward(m, layer)))
				.chain([Section::EntryBackward(m)])
		};
		let tensors = self.stage.tensor_count();
		core::iter::once(Section::Tables)
			.chain((0..microbatches).flat_map(microbatch))
			.chain((0..tensors).map(Section::Norm))
			.chain([Section::Clipping])
			.chain((0..tensors).map(Section::Update))
	}

	/// The operations of a section.
	pub fn section(&self, section: Section) -> Vec<Operation> {
		let (stage, constants) = (&self.stage, &self.constants);
		match section {
			Section::Tables => template::rotations(stage),
			Section::EntryForward(m) => template::entry_forward(stage, m),
			Section::LayerForward(m, layer) => template::layer_forward(stage, constants, m, layer),
			Section::ExitForward(m) => template::exit_forward(stage, constants, m),
			Section::ExitBackward(m) => template::exit_backward(stage, constants, m),
			Section::LayerBackward(m, layer) => {
				template::layer_backward(stage, constants, m, layer)
			},
			Section::EntryBackward(m) => template::entry_backward(stage, m),
			Section::Norm(number) => self.of_tensor(number, |tensor| {
				let before = number.checked_sub(1).and_then(|before| stage.tensor_at(before));
				template::squared_norm(stage, self.microbatches, tensor, before)
			}),
			Section::Clipping => self.of_tensor(stage.tensor_count().saturating_sub(1), |last| {
				template::clip_factor(constants, last)
			}),
			Section::Update(number) => self.of_tensor(number, |tensor| {
				template::update(stage, constants, self.microbatches, tensor)
			}),
		}
	}

	fn of_tensor(
		&self,
		number: u32,
		section: impl FnOnce(Tensor) -> Vec<Operation>,
	) -> Vec<Operation> {
		self.stage.tensor_at(number).map_or(Vec::new(), section)
	}

	/// All operations, in order: for programs small enough to be written out.
	pub fn operations(&self) -> impl Iterator<Item = Operation> + '_ {
		self.sections().flat_map(|section| self.section(section))
	}
}

impl Lengths {
	fn of(program: &Program) -> Self {
		let length = |section| program.section(section).len() as u64;
		let front = u32::from(program.stage.front().is_some());
		let back = front + program.matrix_count() as u32;
		Self {
			tables: length(Section::Tables),
			entry_forward: length(Section::EntryForward(0)),
			layer_forward: length(Section::LayerForward(0, 0)),
			exit_forward: length(Section::ExitForward(0)),
			exit_backward: length(Section::ExitBackward(0)),
			layer_backward: length(Section::LayerBackward(0, 0)),
			entry_backward: length(Section::EntryBackward(0)),
			norm: length(Section::Norm(0)),
			clipping: length(Section::Clipping),
			front_update: if front == 1 { length(Section::Update(0)) } else { 0 },
			matrix_update: length(Section::Update(front)),
			back_update: length(Section::Update(back)),
		}
	}
}

/// A number from which the lengths of sections are taken off until one holds it.
struct Countdown(u64);

impl Countdown {
	/// The number within a section of this length, or what is left of it behind the section.
	fn within(&mut self, length: u64) -> Option<u64> {
		if self.0 < length {
			return Some(self.0);
		}
		self.0 -= length;
		None
	}

	/// The repetition and the number within it, of a section that repeats.
	fn repeated(&mut self, length: u64, times: u64) -> Option<(u64, u64)> {
		let within = self.within(length * times)?;
		Some((within / length, within % length))
	}
}
