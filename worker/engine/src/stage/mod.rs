//! One stage at work: forward, backward, optimizer step, each value as the stage program defines it.

mod activations;
mod backward;
mod forward;
mod optimizer;
mod shard;

use std::sync::Arc;

use cairn_primitives::{spec::OuterOptimizer, ModelSpec, StageIndex, StepIndex};
use cairn_program::{Program, StepContext, Value};
use candle_core::Device;

pub use activations::Recompute;
pub use forward::Input;
pub use shard::{Shard, ShardTensor};

use crate::{
	buffer::Buffer,
	compute::Compute,
	cpu::{attention::Attention, norm::Norm},
	memory::Memory,
	Difference, OuterState, Snapshot,
};
pub(crate) use activations::{Kept, Work};
pub(crate) use shard::room;

/// A value that is not finite: the step cannot be finished. A trainer that found one while it updated tensors has changed
/// some of them; the shard must then be taken from where it was last stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{value} is not finite: training has diverged")]
pub struct Diverged {
	/// The first value that is not, of those that leave the stage or change it.
	pub value: Value,
}

/// Why a stage could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
	/// Training has diverged.
	#[error(transparent)]
	Diverged(#[from] Diverged),
	/// The tensor library failed, for lack of memory mostly.
	#[error("the tensor library failed: {0}")]
	Tensor(#[from] candle_core::Error),
	/// A merge yields a weight or a momentum that is not finite.
	#[error("the merge of the lanes makes {0} infinite: the outer learning rate or momentum is too large")]
	MergeDiverged(cairn_program::Tensor),
	/// There is no such stage.
	#[error("the model has no stage {0}")]
	NoStage(StageIndex),
	/// Weights are those of another stage.
	#[error("the weights are not of the shape of stage {0}")]
	OtherWeights(StageIndex),
	/// What came across an edge is not what the spec says, or there is none where the stage has an edge.
	#[error("a message is missing, or does not have the size or the codec of the spec")]
	WrongMessage,
	/// What came across an edge holds a value that is not finite: the neighbour's fault.
	#[error("the neighbour sent values that are not finite")]
	NotFiniteMessage,
	/// The gradient of a tied head goes on with that of the embedding, so that microbatches cannot overlap.
	#[error("a model with a tied head takes one microbatch at a time")]
	TiedHeadInFlight,
	/// A step was to end before all of its microbatches had been back.
	#[error("{done} of the step's {of} microbatches are done: it cannot end")]
	Unfinished {
		/// Microbatches that went backward.
		done: u32,
		/// Microbatches of the step.
		of: u32,
	},
	/// A token is not of the vocabulary.
	#[error("token {token} is beyond the vocabulary of {vocabulary}")]
	TokenOutOfRange {
		/// The token.
		token: u32,
		/// Tokens that there are.
		vocabulary: u32,
	},
	/// A microbatch has another number of tokens.
	#[error("a microbatch has {expected} tokens, not {found}")]
	WrongLength {
		/// As the spec says.
		expected: usize,
		/// As given.
		found: usize,
	},
}

/// Result of an operation of a stage.
pub type Result<T, E = StageError> = std::result::Result<T, E>;

/// A stage in training.
#[derive(Debug)]
pub struct Trainer {
	compute: Arc<Compute>,
	program: Program,
	shard: Shard,
	rotations: [Buffer; 2],
	/// What forward leaves for backward, for each microbatch that is under way.
	kept: Vec<Kept>,
	work: Work,
	recompute: Recompute,
	/// Microbatches that went forward in this step, and backward.
	forwarded: u32,
	done: u32,
	/// Summed loss of the step's tokens so far.
	loss: f32,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
	/// Summed loss of the step's tokens; on the last stage only.
	pub loss: Option<f32>,
	/// Squared norm of the stage's gradient before clipping.
	pub squared_norm: f32,
}

impl Trainer {
	/// A stage with its shard, with room for so many microbatches under way.
	pub fn new(
		spec: &ModelSpec,
		number: StageIndex,
		mut shard: Shard,
		in_flight: usize,
		recompute: Recompute,
		compute: Arc<Compute>,
	) -> Result<Self> {
		let device = &Device::Cpu;
		let program = smallest_step(spec, number)?;
		let stage = program.stage();
		let rotations = rotations(spec, stage.context, device)?;
		let mut memory = Memory::on(device.clone());
		shard.make_room(&program, &mut memory)?;
		let kept = (0..in_flight)
			.map(|_| Kept::new(stage, recompute, &mut memory))
			.collect::<Result<_, _>>()?;
		let work = Work::new(stage, spec.inner, recompute, &mut memory)?;
		Ok(Self {
			compute,
			shard,
			rotations,
			kept,
			work,
			recompute,
			program,
			forwarded: 0,
			done: 0,
			loss: 0.0,
		})
	}

	/// The shard.
	pub fn shard(&self) -> &Shard {
		&self.shard
	}

	/// The shard, to replace weights between windows.
	pub(crate) fn shard_mut(&mut self) -> &mut Shard {
		&mut self.shard
	}

	/// The threads that compute.
	pub fn compute(&self) -> &Arc<Compute> {
		&self.compute
	}

	/// Microbatches that may be under way at once.
	pub fn in_flight(&self) -> usize {
		self.kept.len()
	}

	/// The program of the step under way.
	pub(crate) fn program(&self) -> &Program {
		&self.program
	}

	/// Put back the weights of a snapshot of this stage, with an optimizer that knows nothing.
	pub fn restore(&mut self, weights: &Snapshot) -> Result<()> {
		weights.restore(&mut self.shard)
	}

	/// The next window's weights: those before it, and what the lanes have learned since, ascending, each with its steps that
	/// count. If it fails, momenta are lost.
	pub fn merge(
		&mut self,
		before: &Snapshot,
		lanes: &[(StepIndex, Difference)],
		momenta: &mut OuterState,
		outer: &OuterOptimizer,
	) -> Result<()> {
		let (compute, shard) = (&self.compute, &mut self.shard);
		compute.run(|| momenta.merge(shard, before, lanes, outer))
	}

	/// Begin a step: its numbers count from here on, gradients start from zero.
	pub fn begin(
		&mut self,
		spec: &ModelSpec,
		number: StageIndex,
		context: &StepContext,
	) -> Result<()> {
		self.program = Program::new(spec, number, context).ok_or(StageError::NoStage(number))?;
		self.forwarded = 0;
		self.done = 0;
		self.loss = 0.0;
		for tensor in self.shard.tensors() {
			tensor.gradient.write(|gradient| {
				gradient.fill(0.0);
				Ok(())
			})?;
		}
		Ok(())
	}

	fn norm(&self) -> Norm {
		let constants = self.program.constants();
		Norm {
			width: self.program.stage().width as usize,
			epsilon: f32::from_bits(constants.norm_epsilon),
		}
	}

	fn attention(&self) -> Attention {
		let stage = self.program.stage();
		Attention {
			context: stage.context as usize,
			heads: stage.heads as usize,
			kv_heads: stage.kv_heads as usize,
			width: stage.head_width as usize,
			scale: f32::from_bits(self.program.constants().score_scale),
		}
	}
}

/// The program of a step of one microbatch.
pub(crate) fn smallest_step(spec: &ModelSpec, number: StageIndex) -> Result<Program> {
	let context = StepContext { batch: spec.schedule.microbatch.into(), ..StepContext::default() };
	Program::new(spec, number, &context).ok_or(StageError::NoStage(number))
}

/// The tables of RoPE.
pub(crate) fn rotations(
	spec: &ModelSpec,
	context: u32,
	device: &Device,
) -> candle_core::Result<[Buffer; 2]> {
	let frequencies = &spec.architecture.frequencies;
	let table = |pick: fn((f32, f32)) -> f32| {
		let rows = (0..u64::from(context)).flat_map(|position| {
			frequencies.iter().map(move |turns| {
				pick(cairn_program::elementary::sin_cos(turns.wrapping_mul(position)))
			})
		});
		Buffer::from_vec(rows.collect(), device)
	};
	Ok([table(|(_, cos)| cos)?, table(|(sin, _)| sin)?])
}
