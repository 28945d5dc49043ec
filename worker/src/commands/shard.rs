//! `shard`.

use std::{
	error::Error,
	fs,
	path::{Path, PathBuf},
};

use cairn_engine::{
	data::Text,
	folder::{self, WriteError},
	import::Import,
	MemoryPlan, Shard,
};
use cairn_primitives::{hash::blob_root, ModelSpec};
use cairn_program::Stage;
use clap::{Args, Subcommand};

use super::{cut, progress_bar, read_spec, short, CommandResult};
use crate::{
	memory,
	model_folder::{shard_file, tokenizer_file, write_ends, write_spec, ModelFolder},
};

/// See [`crate::Command`].
#[derive(Debug, Subcommand)]
pub enum ShardCommand {
	/// Write the shards that a spec's seed yields, and print the roots that the spec must name.
	Init {
		/// The spec (JSON).
		#[arg(long)]
		spec: PathBuf,
		/// Folder for the shards; must not exist.
		#[arg(long)]
		out: PathBuf,
	},
	/// Cut a model of Llama's family into shards, with a spec to train it further.
	Import(ImportCommand),
	/// Write the newest shards of a run, its spec and its tokenizer into a folder of their own.
	Export {
		/// Folder of the run.
		run: PathBuf,
		/// Folder for the model; must not exist.
		#[arg(long)]
		out: PathBuf,
	},
	/// Check a shard's file against a spec and print its root.
	Root {
		/// The spec (JSON).
		#[arg(long)]
		spec: PathBuf,
		/// The stage, from 0.
		#[arg(long)]
		stage: u8,
		/// The shard's file.
		file: PathBuf,
	},
}

/// Cut a model of Llama's family into shards.
///
/// The folder can be tried at once with `generate`. Its spec is a start: put in your dataset, schedule and terms before you
/// propose it.
#[derive(Debug, Args)]
pub struct ImportCommand {
	/// A GGUF file, or a folder with config.json, *.safetensors and tokenizer.json.
	model: PathBuf,
	/// Folder for the model; must not exist.
	#[arg(long)]
	out: PathBuf,
	/// Stages to cut it into.
	#[arg(long, default_value_t = 1)]
	stages: u8,
	/// Tokens of a sample; by default what the model was trained to read, but no more than 2,048.
	#[arg(long)]
	context: Option<u32>,
	/// Take this tokenizer.json instead of the model's own.
	#[arg(long)]
	tokenizer: Option<PathBuf>,
}

impl ShardCommand {
	/// Run it.
	pub fn run(self) -> CommandResult {
		match self {
			ShardCommand::Init { spec, out } => init(&read_shapes(&spec)?, &out),
			ShardCommand::Import(command) => command.run(),
			ShardCommand::Export { run, out } => export(&ModelFolder::open(&run)?, &run, &out),
			ShardCommand::Root { spec, stage, file } => {
				let spec = read_shapes(&spec)?;
				println!("{:?}", Shard::load(&spec, stage, &file)?.root(spec.lanes)?);
				Ok(())
			},
		}
	}
}

/// Read a spec whose shapes a model can have. It need not be ready to be proposed: what it must name is made here.
fn read_shapes(path: &Path) -> Result<ModelSpec, Box<dyn Error>> {
	let spec = read_spec(path)?;
	check_shapes(&spec)?;
	Ok(spec)
}

fn check_shapes(spec: &ModelSpec) -> CommandResult {
	Ok(spec.validate_shapes().map_err(|error| format!("no model can have this shape: {error}"))?)
}

fn init(spec: &ModelSpec, out: &Path) -> CommandResult {
	let advice = "cut the model into more stages, or make it smaller";
	check_memory("making a shard", MemoryPlan::initial(spec)?, advice)?;
	let mut roots = Vec::new();
	make_folder(out, |out| {
		for stage in 0..spec.stages.len() as u8 {
			let shard = Shard::initial(spec, stage)?;
			shard.save(spec, stage, &shard_file(out, stage))?;
			roots.push(shard.root(spec.lanes)?);
		}
		Ok(())
	})?;
	println!("Put this into the spec:");
	println!("  \"initial\": {}", serde_json::to_string(&roots)?);
	Ok(())
}

/// Refuse what does not fit, before anything of it is made or read.
fn check_memory(what: &str, plan: MemoryPlan, advice: &str) -> CommandResult {
	Ok(memory::check(what, plan.total() + memory::PROGRAM, memory::free(), advice)?)
}

/// A folder that takes its name when everything is in it. What a call for the same name that was killed has left is removed; one
/// process at a time makes a folder of this name.
fn make_folder(out: &Path, fill: impl FnOnce(&Path) -> CommandResult) -> CommandResult {
	if out.exists() {
		return Err(format!("{} exists already: choose another folder", out.display()).into());
	}
	let parent = folder::parent(out);
	fs::create_dir_all(parent).map_err(WriteError::of(parent))?;
	let name = out.file_name().ok_or_else(|| format!("{} names no folder", out.display()))?;
	let prefix = format!(".{}.model-", name.to_string_lossy());
	folder::remove_partial(&prefix, parent)?;
	let partial = folder::partial(&prefix, parent)?;
	fill(partial.path())?;
	folder::finish(partial, out)?;
	Ok(())
}

fn export(model: &ModelFolder, run: &Path, out: &Path) -> CommandResult {
	let mut spec = model.spec.clone();
	make_folder(out, |out| {
		let mut roots = Vec::new();
		for stage in 0..spec.stages.len() as u8 {
			// Read and written again, so that a damaged shard is not passed on.
			let shard = Shard::load(&spec, stage, &model.shard(stage))?;
			shard.save(&spec, stage, &shard_file(out, stage))?;
			roots.push(shard.root(spec.lanes)?);
		}
		spec.initial = roots.try_into().map_err(|_| "there are too many stages")?;
		write_spec(out, &spec)?;
		let text = model.text()?;
		folder::write_file(&tokenizer_file(out), &fs::read(tokenizer_file(run))?)?;
		write_ends(out, &model.ends(&text)?)
	})?;
	for (stage, root) in spec.initial.iter().enumerate() {
		println!("stage {stage}: {root:?}");
	}
	Ok(())
}

/// Refuse a tokenizer of another model: models have a few tokens more than their tokenizers, to fill up the last block, but not
/// twice as many.
fn check_tokens(known: usize, vocabulary: u32) -> CommandResult {
	match known >= vocabulary.div_ceil(2) as usize {
		true => Ok(()),
		false => Err(format!(
			"the tokenizer has {known} tokens and the model {vocabulary}: it is another model's; give the right one with --tokenizer"
		)
		.into()),
	}
}

impl ImportCommand {
	fn run(self) -> CommandResult {
		let model = Import::open(&self.model)?;
		let mut spec = self.spec(&model)?;
		check_shapes(&spec)?;
		check_memory("cutting the model", model.memory(&spec)?, "cut it into more stages")?;
		let tokenizer = match &self.tokenizer {
			Some(path) => fs::read(path)
				.map_err(|error| format!("cannot read {}: {error}", path.display()))?,
			None => model.tokenizer()?,
		};
		spec.tokenizer = blob_root(&tokenizer);
		make_folder(&self.out, |out| {
			folder::write_file(&tokenizer_file(out), &tokenizer)?;
			let known = Text::open(&tokenizer_file(out))?.vocabulary();
			check_tokens(known, spec.architecture.vocabulary)?;
			let bar = progress_bar(spec.stages.len() as u64, "stages {wide_bar} {pos}/{len}");
			let (mut before, mut parameters) = (0, 0);
			let layers = spec.stages.clone();
			for (number, layers) in (0..).zip(layers) {
				let stage = Stage::new(&spec, number).ok_or("there is no such stage")?;
				let shard = model.shard(&stage, before)?;
				parameters += shard.tensors().iter().map(|tensor| tensor.len()).sum::<usize>();
				shard.save(&spec, number, &shard_file(out, number))?;
				spec.initial[usize::from(number)] = shard.root(spec.lanes)?;
				before += layers;
				bar.inc(1);
			}
			bar.finish_and_clear();
			if !model.ends().is_empty() {
				write_ends(out, model.ends())?;
			}
			write_spec(out, &spec)?;
			println!(
				"{} parameters in stages of {:?} layers",
				short(parameters as f64),
				spec.stages.to_vec()
			);
			Ok(())
		})?;
		if let Err(error) = spec.validate() {
			println!("the spec is not ready to be proposed yet: {error}");
		}
		println!("try it: cairn-worker generate --model {} --prompt ...", self.out.display());
		Ok(())
	}

	/// A spec of the model's shapes. The rest is the example's: a start for whoever trains it further.
	fn spec(&self, model: &Import) -> Result<ModelSpec, Box<dyn Error>> {
		let mut spec = ModelSpec::example(Default::default(), 1, 1);
		let context = self.context.unwrap_or(model.context().min(2_048));
		spec.architecture = model.architecture(context)?;
		spec.stages = vec![model.layers()].try_into().map_err(|_| "there is no stage")?;
		cut(&mut spec, self.stages)?;
		Ok(spec)
	}
}
