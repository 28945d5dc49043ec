//! How much memory training takes, known before any of it is taken.

use cairn_primitives::{spec::MergeCodec, ModelSpec, StageIndex};
use cairn_program::Stage;
use candle_core::{Device, Result as TensorResult};

use crate::{
	buffer::Buffer,
	cpu::{attention::Attention, product},
	stage::{room, smallest_step, Kept, Recompute, Result, Work},
	Message, StageError,
};

/// Bytes of a float.
pub(crate) const FLOAT: u64 = 4;
/// Bytes of the process itself: its code, the system's libraries, what opens files.
pub(crate) const PROCESS: u64 = 8 << 20;

/// Where buffers come from: a device, or nowhere, to find out how large they would be.
#[derive(Debug)]
pub(crate) struct Memory {
	device: Option<Device>,
	floats: usize,
}

impl Memory {
	/// Buffers on a device.
	pub fn on(device: Device) -> Self {
		Self { device: Some(device), floats: 0 }
	}

	/// Empty buffers that are only counted.
	fn counted() -> Self {
		Self { device: None, floats: 0 }
	}

	/// A buffer of zeros.
	pub fn zeros(&mut self, floats: usize) -> TensorResult<Buffer> {
		self.floats += floats;
		match &self.device {
			Some(device) => Buffer::zeros(floats, device),
			None => Buffer::zeros(0, &Device::Cpu),
		}
	}

	fn bytes(&self) -> u64 {
		self.floats as u64 * FLOAT
	}
}

/// Bytes that training takes: what a process has in memory when it has the most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryPlan {
	/// Weights, moments and gradients.
	pub shard: u64,
	/// What forward leaves for backward, of all microbatches under way.
	pub activations: u64,
	/// What a microbatch works in.
	pub work: u64,
	/// What threads work in, all of them together.
	pub scratch: u64,
	/// What windows and lanes add: copies, momenta, differences, messages.
	pub window: u64,
	/// The process without all of that.
	pub process: u64,
	/// Of all that, what a run in one process has free between two windows.
	pub free_between: u64,
}

impl MemoryPlan {
	/// The memory of a stage with so many microbatches under way.
	pub fn new(
		spec: &ModelSpec,
		number: StageIndex,
		in_flight: usize,
		recompute: Recompute,
		threads: usize,
	) -> Result<Self> {
		let program = smallest_step(spec, number)?;
		let stage = program.stage();
		let mut shard = Memory::counted();
		for tensor in stage.tensors() {
			room(&program, tensor, &mut shard)?;
		}
		let mut activations = Memory::counted();
		for _ in 0..in_flight {
			Kept::new(stage, recompute, &mut activations)?;
		}
		let mut work = Memory::counted();
		Work::new(stage, spec.inner, recompute, &mut work)?;
		let rotations = u64::from(stage.context) * u64::from(stage.head_width) * FLOAT;
		let attention = Attention {
			context: stage.context as usize,
			heads: stage.heads as usize,
			kv_heads: stage.kv_heads as usize,
			width: stage.head_width as usize,
			scale: 1.0,
		};
		let rows = stage.tensors().into_iter().map(|tensor| stage.size(tensor).0).max();
		let rows = rows.unwrap_or(0).max(stage.tokens()) as usize;
		let of_thread = attention.scratch() as u64 * FLOAT + product::thread_memory();
		Ok(Self {
			shard: shard.bytes(),
			activations: activations.bytes(),
			work: work.bytes() + rotations,
			scratch: threads as u64 * of_thread + product::memory(rows),
			window: 0,
			process: PROCESS,
			free_between: 0,
		})
	}

	/// The memory of a seat: a stage in training, and what windows add: the weights that a window began with, the state of one step
	/// back, outer momenta, the differences of all lanes while they are merged, a message each way.
	pub fn seat(
		spec: &ModelSpec,
		number: StageIndex,
		in_flight: usize,
		recompute: Recompute,
		threads: usize,
	) -> Result<Self> {
		let mut plan = Self::new(spec, number, in_flight, recompute, threads)?;
		plan.window = Window::of_seat(spec, number)?;
		Ok(plan)
	}

	/// The memory of a whole run in one process: all stages, one lane after the other.
	pub fn local(spec: &ModelSpec, recompute: Recompute, threads: usize) -> Result<Self> {
		let mut whole = Self { process: PROCESS, ..Self::default() };
		let mut copied = 0;
		for number in 0..spec.stages.len() as StageIndex {
			let stage = Self::new(spec, number, 1, recompute, threads)?;
			whole.shard += stage.shard;
			whole.activations += stage.activations;
			whole.work += stage.work;
			whole.scratch = whole.scratch.max(stage.scratch);
			let window = Window::new(spec, number)?;
			whole.window += window.kept + window.begun;
			whole.free_between += window.begun;
			copied = copied.max(window.copied);
		}
		whole.window += copied;
		whole.free_between += copied;
		Ok(whole)
	}

	/// The memory that making the shards of a seed takes, one after the other.
	pub fn initial(spec: &ModelSpec) -> Result<Self> {
		Self::one_shard(spec, 1) // bytes to be written
	}

	/// The memory of one shard after the other, and of so many copies of a tensor.
	pub(crate) fn one_shard(spec: &ModelSpec, copies: u64) -> Result<Self> {
		let mut largest = Self { process: PROCESS, ..Self::default() };
		for number in 0..spec.stages.len() as StageIndex {
			let stage = Stage::new(spec, number).ok_or(StageError::NoStage(number))?;
			let sizes = stage.tensors().into_iter().map(|tensor| {
				let (rows, columns) = stage.size(tensor);
				FLOAT * u64::from(rows) * u64::from(columns)
			});
			largest.shard = largest.shard.max(sizes.clone().sum());
			largest.work = largest.work.max(copies * sizes.max().unwrap_or(0));
		}
		Ok(largest)
	}

	/// All of it.
	pub fn total(&self) -> u64 {
		self.shard + self.activations + self.work + self.scratch + self.window + self.process
	}
}

/// Bytes of a stage that a local run has beside its trainer.
struct Window {
	/// From one window to the next.
	kept: u64,
	/// From the window's start to its end.
	begun: u64,
	/// While a tensor is merged or stored.
	copied: u64,
}

impl Window {
	fn new(spec: &ModelSpec, number: StageIndex) -> Result<Self> {
		let program = smallest_step(spec, number)?;
		let stage = program.stage();
		let lanes = u64::from(spec.lanes);
		let MergeCodec::Int8 { block } = spec.merge;
		let (mut kept, mut begun, mut copied) = (0, 0, 0);
		for tensor in stage.tensors() {
			let (rows, columns) = stage.size(tensor);
			let floats = u64::from(rows) * u64::from(columns);
			let moments = program.constants().rule(tensor, (rows, columns)).moments() as u64;
			begun += FLOAT * floats; // weights of the window's start
			copied = copied.max(FLOAT * floats); // bytes to be written
			if spec.inner.carries_state() {
				kept += lanes * FLOAT * moments * floats;
				copied = copied.max(FLOAT * moments * floats);
			}
			if lanes > 1 {
				kept += FLOAT * floats; // outer momentum
				begun += FLOAT * floats; // that of the window's start
				begun += lanes * (floats + floats.div_ceil(block.into())); // differences
				copied = copied.max(3 * FLOAT * floats); // new weights, mean and one difference
			}
		}
		let edges = u64::from(!stage.is_first) + u64::from(!stage.is_last);
		kept += edges * Message::new(stage).bytes() as u64;
		Ok(Self { kept, begun, copied })
	}

	/// Bytes of a seat beside its trainer: the most there are, at the end of a unit or while it is merged.
	fn of_seat(spec: &ModelSpec, number: StageIndex) -> Result<u64> {
		let program = smallest_step(spec, number)?;
		let stage = program.stage();
		let lanes = u64::from(spec.lanes);
		let MergeCodec::Int8 { block } = spec.merge;
		let (mut always, mut past, mut difference, mut largest) = (0, 0, 0, 0);
		for tensor in stage.tensors() {
			let (rows, columns) = stage.size(tensor);
			let floats = u64::from(rows) * u64::from(columns);
			let moments = program.constants().rule(tensor, (rows, columns)).moments() as u64;
			always += FLOAT * floats; // weights of the window's start
			past += FLOAT * (1 + moments) * floats;
			largest = largest.max(FLOAT * floats);
			if lanes > 1 {
				always += FLOAT * floats; // outer momentum
				difference += floats + floats.div_ceil(block.into());
			}
		}
		let message = Message::new(stage).bytes() as u64;
		let unit = past + difference + largest + 3 * message; // received, sent, and its bytes
		let merge = lanes * difference + 3 * largest; // new weights, mean and one difference
		Ok(always + unit.max(merge))
	}
}
