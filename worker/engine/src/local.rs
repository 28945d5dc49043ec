//! A whole training run in one process: pipelines through memory instead of over a network, merges, held-out evaluation. It
//! computes what the network would, to the bit, and is how a researcher tries a spec before proposing it.

mod state;

use std::{error::Error, fs::File, path::PathBuf, sync::Arc};

use cairn_primitives::{ModelSpec, StageIndex, StepIndex, WindowIndex, HELD_OUT_SAMPLES};
use cairn_program::{random::sample_at, Stage, StepContext};

pub use state::{newest_window, verify_window, Progress, StateError};

use crate::{
	data::{Dataset, DatasetError, Split},
	generate::{Decoder, GenerateError, Pipeline},
	Compute, Difference, Diverged, Input, Message, OuterState, Recompute, Shard, Snapshot,
	StageError, Trainer,
};

/// Why a run stopped.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
	/// The dataset is not the spec's.
	#[error("the spec names dataset {expected:?}, this one is {found:?}: put the latter into the spec's field \"dataset\"")]
	WrongDataset {
		/// Of the spec.
		expected: cairn_primitives::Hash,
		/// As given.
		found: cairn_primitives::Hash,
	},
	/// The dataset was not made with the spec's tokenizer.
	#[error("the spec names tokenizer {expected:?}, the dataset has {found:?}: put the latter into the spec's field \"tokenizer\"")]
	WrongTokenizer {
		/// Of the spec.
		expected: cairn_primitives::Hash,
		/// Of the dataset.
		found: cairn_primitives::Hash,
	},
	/// The dataset has tokens that the model has not.
	#[error("the dataset has a vocabulary of {dataset}, the spec one of {spec}")]
	WrongVocabulary {
		/// Of the dataset.
		dataset: u32,
		/// Of the spec.
		spec: u32,
	},
	/// The dataset is too small.
	#[error("the dataset has no sample of {0} tokens to train on, or none held out")]
	DatasetTooSmall(u32),
	/// A value was not finite.
	#[error("window {window}, lane {lane}, step {step}: {diverged}. Lower the learning rate or lengthen the warm-up in the spec, and start a run of it in another folder")]
	Diverged {
		/// The window.
		window: WindowIndex,
		/// The lane.
		lane: u8,
		/// The step within the window.
		step: StepIndex,
		/// Which value.
		diverged: Diverged,
	},
	/// The dataset is damaged.
	#[error(transparent)]
	Dataset(#[from] DatasetError),
	/// The stored state is damaged, or cannot be written.
	#[error(transparent)]
	State(#[from] StateError),
	/// A stage failed.
	#[error(transparent)]
	Stage(#[from] StageError),
	/// Whoever hears of what happens cannot go on.
	#[error(transparent)]
	Listener(ListenerError),
}

/// Why whoever hears of what happens cannot go on.
pub type ListenerError = Box<dyn Error + Send + Sync>;

/// A run.
#[derive(Debug)]
pub struct LocalTraining {
	spec: ModelSpec,
	dataset: Dataset,
	folder: PathBuf,
	/// Keeps other processes from the folder.
	_lock: File,
	compute: Arc<Compute>,
	stages: Vec<LocalStage>,
	/// Inner state of each lane, where the spec carries it.
	carried: Vec<LaneState>,
	progress: Progress,
	inputs: Vec<u32>,
	targets: Vec<u32>,
}

/// Moments of each tensor, stage by stage.
type LaneState = Vec<Vec<f32>>;

#[derive(Debug)]
struct LocalStage {
	trainer: Trainer,
	/// Where there are lanes to merge.
	outer: OuterState,
	/// To the stage after.
	forward: Message,
	/// To the stage before.
	backward: Message,
}

/// A step that is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepDone {
	/// The window.
	pub window: WindowIndex,
	/// The lane.
	pub lane: u8,
	/// The step within the window.
	pub step: StepIndex,
	/// Samples of the training when all lanes have done this step.
	pub samples: u64,
	/// Mean loss of the step's tokens, in nats.
	pub loss: f32,
	/// Tokens of the step.
	pub tokens: u64,
}

/// What happens in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
	/// A step is done.
	Step(StepDone),
	/// A window is done; its state is stored next.
	Window(WindowDone),
}

/// A window that is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowDone {
	/// The window.
	pub window: WindowIndex,
	/// Samples of the training so far.
	pub samples: u64,
	/// Mean loss over the window's steps, in nats.
	pub loss: f32,
	/// Mean loss of held-out tokens, in nats.
	pub held_out: f32,
	/// Bytes that would cross the edges of all lanes, there and back.
	pub edge_bytes: usize,
	/// Bytes that the lanes' differences would take on the network, all stages and lanes together.
	pub merge_bytes: usize,
}

impl LocalTraining {
	/// Begin a run in a folder with the shards that the spec's seed yields, or go on with the run that is there. One process at a
	/// time has a run's folder.
	pub fn open(
		spec: ModelSpec,
		dataset: Dataset,
		folder: PathBuf,
		recompute: Recompute,
		compute: Arc<Compute>,
	) -> Result<Self, LocalError> {
		let initial = |spec: &ModelSpec, number| Ok(Shard::initial(spec, number)?);
		Self::open_from(spec, dataset, folder, recompute, compute, initial)
	}

	/// The same, but a run begins with given shards: those of another run, or of an imported model.
	pub fn open_from(
		spec: ModelSpec,
		dataset: Dataset,
		folder: PathBuf,
		recompute: Recompute,
		compute: Arc<Compute>,
		initial: impl Fn(&ModelSpec, StageIndex) -> Result<Shard, LocalError>,
	) -> Result<Self, LocalError> {
		check_dataset(&spec, &dataset)?;
		let lock = state::lock(&folder)?;
		let numbers = 0..spec.stages.len() as u8;
		let stored = state::load(&spec, &folder)?;
		let (progress, shards) = match stored {
			Some(stored) => (stored.progress, stored.shards),
			None => {
				let shards = numbers.clone().map(|number| {
					let shard = initial(&spec, number)?;
					let outer = match spec.lanes {
						1 => OuterState::default(),
						_ => OuterState::new(&shard),
					};
					Ok((shard, outer))
				});
				(Progress::default(), shards.collect::<Result<Vec<_>, LocalError>>()?)
			},
		};
		let mut stages = Vec::new();
		for (number, (shard, outer)) in numbers.zip(shards) {
			let shapes = Stage::new(&spec, number).ok_or(StageError::NoStage(number))?;
			let trainer = Trainer::new(&spec, number, shard, 1, recompute, compute.clone())?;
			let (forward, backward) = (Message::new(&shapes), Message::new(&shapes));
			stages.push(LocalStage { trainer, outer, forward, backward });
		}
		let (carried, inputs, targets) = (Vec::new(), Vec::new(), Vec::new());
		let mut training = Self {
			spec,
			dataset,
			folder,
			_lock: lock,
			compute,
			stages,
			carried,
			progress,
			inputs,
			targets,
		};
		training.carried = training.load_lanes()?;
		Ok(training)
	}

	/// What lanes carry into the window that comes next.
	fn load_lanes(&self) -> Result<Vec<LaneState>, StateError> {
		let sizes = |stage: &LocalStage| {
			stage.trainer.shard().tensors().iter().map(|tensor| tensor.moment_count()).collect()
		};
		let sizes: Vec<Vec<usize>> = self.stages.iter().map(sizes).collect();
		state::load_lanes(&self.spec, &self.folder, &sizes)
	}

	/// How far the run is.
	pub fn progress(&self) -> Progress {
		self.progress
	}

	/// Whether the schedule has ended.
	pub fn is_done(&self) -> bool {
		self.progress.samples >= self.spec.schedule.total_samples()
	}

	/// The shard of a stage.
	pub fn shard(&self, stage: usize) -> &Shard {
		self.stages[stage].trainer.shard()
	}

	/// The dataset.
	pub fn dataset(&self) -> &Dataset {
		&self.dataset
	}

	/// End the run: its stages as they generate. What only training needs is given back stage by stage.
	pub fn into_pipeline(self) -> Result<Pipeline, GenerateError> {
		let Self { spec, stages, compute, .. } = self;
		let mut decoders = Vec::new();
		for (number, stage) in (0..).zip(stages) {
			let shard = stage.trainer.shard().copy()?;
			drop(stage);
			decoders.push(Decoder::new(&spec, number, shard, compute.clone())?);
		}
		Ok(Pipeline::new(decoders))
	}

	/// Do a window: all lanes, the merge, the evaluation; then store the state. `happened` hears of everything, and ends the window
	/// if it fails. The run then stands where the window began.
	pub fn window(
		&mut self,
		mut happened: impl FnMut(Event) -> Result<(), ListenerError>,
	) -> Result<WindowDone, LocalError> {
		let shards = self.stages.iter().map(|stage| Snapshot::of(stage.trainer.shard()));
		let before = shards.collect::<Result<Vec<_>, _>>()?;
		let momenta: Vec<OuterState> =
			self.stages.iter().map(|stage| stage.outer.clone()).collect();
		let done = self.lanes_and_merge(&before, &mut happened);
		if done.is_err() {
			for ((stage, before), momentum) in self.stages.iter_mut().zip(&before).zip(momenta) {
				before.restore(stage.trainer.shard_mut())?;
				stage.outer = momentum;
			}
			self.carried.clear(); // two of them might not fit
			self.carried = self.load_lanes()?;
		}
		let done = done?;
		self.progress = Progress { window: done.window + 1, samples: done.samples };
		let shards = self.stages.iter().map(|stage| (stage.trainer.shard(), &stage.outer));
		state::store(&self.spec, &self.folder, self.progress, shards, &self.carried)?;
		Ok(done)
	}

	/// All lanes, the merge and the evaluation of a window.
	fn lanes_and_merge(
		&mut self,
		before: &[Snapshot],
		happened: &mut impl FnMut(Event) -> Result<(), ListenerError>,
	) -> Result<WindowDone, LocalError> {
		let (steps, lanes, window) =
			(self.spec.window.steps, self.spec.lanes, self.progress.window);
		let tokens = u64::from(self.batch()) * u64::from(self.spec.architecture.context);
		let compute = self.compute.clone();
		let mut differences: Vec<Vec<(StepIndex, Difference)>> =
			vec![Vec::new(); self.stages.len()];
		let mut loss = 0.0;
		for lane in 0..lanes {
			self.begin_lane(lane, before)?;
			for step in 0..steps {
				let step_loss = self.step(lane, step)?;
				loss += step_loss / (steps * u32::from(lanes)) as f32;
				let samples = self.planned(step + 1);
				let done = StepDone { window, lane, step, samples, loss: step_loss, tokens };
				happened(Event::Step(done)).map_err(LocalError::Listener)?;
			}
			self.end_lane(lane)?;
			if lanes > 1 {
				for ((stage, before), lanes) in self.stages.iter().zip(before).zip(&mut differences)
				{
					let (shard, codec) = (stage.trainer.shard(), self.spec.merge);
					let difference = compute.run(|| Difference::of(before, shard, codec))?;
					lanes.push((steps, difference));
				}
			}
		}
		let merge_bytes =
			differences.iter().flatten().map(|(_, difference)| difference.bytes()).sum();
		if lanes > 1 {
			let outer = self.spec.outer;
			for ((stage, before), lanes) in self.stages.iter_mut().zip(before).zip(&differences) {
				let shard = stage.trainer.shard_mut();
				compute.run(|| stage.outer.merge(shard, before, lanes, &outer))?;
			}
		}
		let held_out = self.evaluate()?;
		let (before, samples) = (self.progress.samples, self.planned(steps));
		let edge_bytes = self.edge_bytes(samples - before);
		let done = WindowDone { window, samples, loss, held_out, edge_bytes, merge_bytes };
		happened(Event::Window(done)).map_err(LocalError::Listener)?;
		Ok(done)
	}

	/// Bytes that cross all edges for so many samples, there and back.
	fn edge_bytes(&self, samples: u64) -> usize {
		let microbatches = samples / u64::from(self.spec.schedule.microbatch);
		let edges = &self.stages[1..];
		let bytes: usize =
			edges.iter().map(|stage| stage.forward.bytes() + stage.backward.bytes()).sum();
		microbatches as usize * bytes
	}

	/// Samples of a lane in a step; fixed for a window.
	fn batch(&self) -> u32 {
		self.spec.schedule.batch_at(self.progress.samples)
	}

	/// Samples of the training when all lanes have done so many steps of the window.
	fn planned(&self, steps: StepIndex) -> u64 {
		let step = u64::from(self.spec.lanes) * u64::from(self.batch());
		self.progress.samples + u64::from(steps) * step
	}

	/// The shard of the window's start, and an inner state that starts from zero or is the lane's own.
	fn begin_lane(&mut self, lane: u8, before: &[Snapshot]) -> Result<(), StageError> {
		for (stage, before) in self.stages.iter_mut().zip(before) {
			before.restore(stage.trainer.shard_mut())?;
		}
		if let Some(moments) = self.carried.get(usize::from(lane)) {
			let tensors = self.stages.iter().flat_map(|stage| stage.trainer.shard().tensors());
			for (tensor, moments) in tensors.zip(moments) {
				tensor.set_moments(moments)?;
			}
		}
		Ok(())
	}

	/// Keep the inner state for the lane's next window.
	fn end_lane(&mut self, lane: u8) -> Result<(), StageError> {
		if let Some(moments) = self.carried.get_mut(usize::from(lane)) {
			let tensors = self.stages.iter().flat_map(|stage| stage.trainer.shard().tensors());
			for (tensor, moments) in tensors.zip(moments) {
				tensor.read_moments(|current| moments.copy_from_slice(current))?;
			}
		}
		Ok(())
	}

	/// One optimizer step of a lane; its mean loss.
	fn step(&mut self, lane: u8, step: StepIndex) -> Result<f32, LocalError> {
		let (batch, progress, planned) = (self.batch(), self.progress, self.planned(step));
		let carried_steps = match self.spec.inner.carries_state() {
			true => progress.window.saturating_mul(self.spec.window.steps),
			false => 0,
		};
		let context = StepContext {
			batch,
			learning_rate: self.spec.schedule.learning_rate_at(planned),
			step,
			carried_steps,
		};
		let diverged = |error| match error {
			StageError::Diverged(diverged) => {
				LocalError::Diverged { window: progress.window, lane, step, diverged }
			},
			error => error.into(),
		};
		for (number, stage) in self.stages.iter_mut().enumerate() {
			stage.trainer.begin(&self.spec, number as u8, &context)?;
		}
		let first = planned + u64::from(lane) * u64::from(batch);
		let microbatch = u64::from(self.spec.schedule.microbatch);
		for from in (first..first + u64::from(batch)).step_by(microbatch as usize) {
			let samples = self.dataset.samples(Split::Training, self.spec.architecture.context);
			let seed = self.spec.seed;
			self.read(
				(from..from + microbatch).map(|p| sample_at(&seed, samples, p)),
				Split::Training,
			)?;
			self.microbatch().map_err(diverged)?;
		}
		let mut loss = 0.0;
		for stage in &mut self.stages {
			loss = stage.trainer.finish().map_err(diverged)?.loss.unwrap_or(loss);
		}
		Ok(loss / (u64::from(batch) * u64::from(self.spec.architecture.context)) as f32)
	}

	/// Read samples into `inputs` and `targets`.
	fn read(
		&mut self,
		samples: impl Iterator<Item = u64>,
		split: Split,
	) -> Result<(), DatasetError> {
		self.inputs.clear();
		self.targets.clear();
		let context = self.spec.architecture.context;
		for sample in samples {
			self.dataset.read_sample(
				split,
				context,
				sample,
				&mut self.inputs,
				&mut self.targets,
			)?;
		}
		Ok(())
	}

	/// Through the pipeline: each stage takes what the one before has sent.
	fn pass_forward(
		&mut self,
		mut pass: impl FnMut(
			&mut Trainer,
			Input,
			&[u32],
			Option<&mut Message>,
		) -> Result<(), StageError>,
	) -> Result<(), StageError> {
		let last = self.stages.len() - 1;
		for number in 0..=last {
			let (before, rest) = self.stages.split_at_mut(number);
			let LocalStage { trainer, forward, .. } = &mut rest[0];
			let input = match before.last() {
				None => Input::Tokens(&self.inputs),
				Some(before) => Input::Message(&before.forward),
			};
			let targets = if number == last { &self.targets[..] } else { &[] };
			pass(trainer, input, targets, (number < last).then_some(forward))?;
		}
		Ok(())
	}

	/// Through the pipeline and back.
	fn microbatch(&mut self) -> Result<(), StageError> {
		self.pass_forward(|trainer, input, targets, output| {
			trainer.forward(0, input, targets, output)
		})?;
		for number in (0..self.stages.len()).rev() {
			let (stages, after) = self.stages.split_at_mut(number + 1);
			let stage = &mut stages[number];
			let gradient = after.first().map(|after| &after.backward);
			let output = (number > 0).then_some(&mut stage.backward);
			stage.trainer.backward(0, gradient, output)?;
		}
		Ok(())
	}

	/// Mean loss of held-out tokens: of samples spread over all that are held out.
	pub fn evaluate(&mut self) -> Result<f32, LocalError> {
		let context = self.spec.architecture.context;
		let microbatch = u64::from(self.spec.schedule.microbatch);
		let available = self.dataset.samples(Split::HeldOut, context);
		let count = u64::from(HELD_OUT_SAMPLES).div_ceil(microbatch) * microbatch;
		let mut loss = 0.0;
		for from in (0..count).step_by(microbatch as usize) {
			let samples = (from..from + microbatch).map(|i| i * available / count);
			self.read(samples, Split::HeldOut)?;
			self.pass_forward(|trainer, input, targets, output| {
				loss += trainer.evaluate(0, input, targets, output)?.unwrap_or(0.0);
				Ok(())
			})?;
		}
		Ok(loss / (count * u64::from(context)) as f32)
	}
}

fn check_dataset(spec: &ModelSpec, dataset: &Dataset) -> Result<(), LocalError> {
	let (expected, found) = (spec.dataset, dataset.manifest().root());
	if expected != found {
		return Err(LocalError::WrongDataset { expected, found });
	}
	let (expected, found) = (spec.tokenizer, dataset.manifest().tokenizer);
	if expected != found {
		return Err(LocalError::WrongTokenizer { expected, found });
	}
	dataset.check_tokenizer()?;
	let (vocabulary, context) = (dataset.manifest().vocabulary, spec.architecture.context);
	if vocabulary > spec.architecture.vocabulary {
		return Err(LocalError::WrongVocabulary {
			dataset: vocabulary,
			spec: spec.architecture.vocabulary,
		});
	}
	match [Split::Training, Split::HeldOut].iter().all(|split| dataset.samples(*split, context) > 0)
	{
		true => Ok(()),
		false => Err(LocalError::DatasetTooSmall(context)),
	}
}
