//! What is trained: a model of a size, on a text.

use std::{fs, path::Path};

use cairn_engine::data::{build, BuildSettings, Dataset, Tokenization};
use cairn_primitives::{
	spec::{BoundaryCodec, Nano, SchedulePoint},
	ModelSpec, StageIndex,
};
use cairn_program::Stage;
use cairn_transport::Form;

use crate::Failed;

/// Features of a head.
const HEAD_WIDTH: u32 = 64;
/// Tokens of a sample.
const CONTEXT: u32 = 256;
/// Samples of a microbatch.
const MICROBATCH: u16 = 2;
/// More than the text has.
const VOCABULARY: u32 = 1_024;
/// Bytes of the text that are used.
const TEXT: usize = 100_000;

/// How large a model is, and how long a unit.
#[derive(Clone, Copy, Debug)]
pub struct Size {
	/// Width of the residual stream.
	pub width: u32,
	/// Layers of a stage.
	pub layers: u16,
	/// Stages.
	pub stages: u8,
	/// Microbatches of a step.
	pub microbatches: u16,
	/// Steps of a unit.
	pub steps: u32,
}

impl Size {
	/// Tokens of a step.
	pub fn tokens(&self) -> u32 {
		u32::from(self.microbatches) * u32::from(MICROBATCH) * CONTEXT
	}

	/// The spec of such a model.
	pub fn spec(&self, dataset: &Dataset, boundary: BoundaryCodec) -> Result<ModelSpec, Failed> {
		let mut spec = ModelSpec::example(dataset.manifest().root(), self.stages, 1);
		let frequency = |pair: u32| {
			let power = f64::from(2 * pair) / f64::from(HEAD_WIDTH);
			let turns = 10_000f64.powf(-power) / std::f64::consts::TAU;
			(turns * 2f64.powi(64)) as u64
		};
		let a = &mut spec.architecture;
		a.vocabulary = VOCABULARY;
		a.width = self.width;
		a.head_width = HEAD_WIDTH as u16;
		a.heads = (self.width / HEAD_WIDTH) as u16;
		a.kv_heads = a.heads;
		a.hidden = (self.width * 8 / 3).div_ceil(64) * 64;
		a.context = CONTEXT;
		let frequencies: Vec<u64> = (0..HEAD_WIDTH / 2).map(frequency).collect();
		a.frequencies = frequencies.try_into().map_err(|_| "a head is narrow")?;
		let stages = vec![self.layers; usize::from(self.stages)];
		spec.stages = stages.try_into().map_err(|_| "too many stages")?;
		spec.tokenizer = dataset.manifest().tokenizer;
		spec.boundary = boundary;
		spec.window.steps = self.steps;
		spec.schedule.microbatch = MICROBATCH;
		let batch = u32::from(self.microbatches) * u32::from(MICROBATCH);
		let point = |samples| SchedulePoint { samples, batch, learning_rate: Nano(1_000_000) };
		let points = vec![point(0), point(1_000_000)];
		spec.schedule.points = points.try_into().map_err(|_| "two points")?;
		Ok(spec)
	}
}

/// The form of what crosses the edges of a model.
pub fn form(spec: &ModelSpec) -> Result<Form, Failed> {
	let stage = stage(spec, 0)?;
	Ok(Form::new(spec.boundary, stage.tokens(), stage.width))
}

/// A stage of a model.
pub fn stage(spec: &ModelSpec, number: StageIndex) -> Result<Stage, Failed> {
	Stage::new(spec, number).ok_or_else(|| format!("there is no stage {number}").into())
}

/// The dataset of a stage that reads it.
pub fn dataset_of(
	spec: &ModelSpec,
	stage: StageIndex,
	folder: &Path,
) -> Result<Option<Dataset>, Failed> {
	let reads = stage == 0 || spec.is_last_stage(stage);
	Ok(reads.then(|| Dataset::open(folder)).transpose()?)
}

/// Make a dataset of the beginning of a text in a folder: of its bytes, because what it learns does not matter.
pub fn dataset(folder: &Path) -> Result<Dataset, Failed> {
	let text = concat!(env!("CARGO_MANIFEST_DIR"), "/../../worker/data/moby-dick.txt");
	let text = fs::read_to_string(text)?;
	let beginning: String = text.chars().take(TEXT).collect();
	let input = folder.join("text.txt");
	fs::write(&input, beginning)?;
	let settings = BuildSettings {
		inputs: vec![input],
		output: folder.join("dataset"),
		tokenization: Tokenization::Train { vocabulary: 257 },
		chunk_tokens: 65_536,
		held_out_permille: 100,
	};
	build(&settings, |_| {})?;
	Ok(Dataset::open(settings.output)?)
}
