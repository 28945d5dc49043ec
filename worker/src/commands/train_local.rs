//! `train-local`.

use std::{
	error::Error,
	fs, io,
	path::{Path, PathBuf},
	sync::Arc,
	time::Instant,
};

use cairn_engine::{
	data::{Dataset, Split, Text},
	folder,
	generate::{Request, Sampling},
	local::{Event, LocalTraining, StateError, WindowDone},
	Compute, MemoryPlan, Recompute, Shard,
};
use cairn_primitives::ModelSpec;
use clap::{value_parser, Args, ValueEnum};

use super::{cut, progress_bar, read_spec, short, CommandResult};
use crate::{
	memory,
	model_folder::{spec_file, spec_text, tokenizer_file, ModelFolder},
	plot,
	table::Table,
};

/// Held-out tokens that a model goes on with in the end.
const PROMPT: u32 = 16;
/// By how much a model may be worse than guessing, at the beginning.
const WORSE_THAN_GUESSING: f64 = 1.1;
/// Tokens of the text that it then generates, at most.
const SAMPLE: usize = 100;

/// Train a model on this machine alone, as the network would.
///
/// Every window is stored in the folder when it is done; the same command goes on from there, whatever stopped it. The folder
/// also has loss.csv, the loss of every step, and behind every window the loss of held-out text with the bytes that the network
/// would have moved; and loss.png, which shows the losses.
#[derive(Debug, Args)]
pub struct TrainLocalCommand {
	/// The spec (JSON).
	#[arg(long)]
	spec: PathBuf,
	/// The dataset's folder.
	#[arg(long)]
	data: PathBuf,
	/// Folder of the run.
	#[arg(long)]
	out: PathBuf,
	/// Cut the model into so many stages instead of the spec's.
	#[arg(long)]
	stages: Option<u8>,
	/// Begin with the shards in this model's folder, instead of those that the spec's seed yields: an imported model, or another
	/// run. The model must be cut as the spec says.
	#[arg(long)]
	from: Option<PathBuf>,
	/// Train on so many lanes instead of the spec's.
	#[arg(long)]
	lanes: Option<u8>,
	/// Stop after so many windows, counted from the run's first.
	#[arg(long)]
	windows: Option<u32>,
	/// Compute threads; 0 is one for each core.
	#[arg(long, default_value_t = 0)]
	threads: usize,
	/// What backward computes again instead of keeping it in memory. No result depends on it.
	#[arg(long, value_enum, default_value_t = RecomputeArgument::Auto)]
	recompute: RecomputeArgument,
	/// Text that the model goes on with when it has been trained; by default the beginning of the held-out text.
	#[arg(long)]
	prompt: Option<String>,
	/// Memory that the run may take, in MiB; by default what the machine has free.
	#[arg(long, value_parser = value_parser!(u64).range(1..1 << 40))]
	memory: Option<u64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RecomputeArgument {
	/// Selective if the memory suffices, full otherwise.
	Auto,
	/// Norms, activations and scores.
	Selective,
	/// Whole layers: a third more work, far less memory.
	Full,
}

impl TrainLocalCommand {
	/// Run it.
	pub fn run(self) -> CommandResult {
		let mut spec = read_spec(&self.spec)?;
		if let Some(stages) = self.stages {
			cut(&mut spec, stages)?;
		}
		if let Some(lanes) = self.lanes {
			spec.lanes = lanes;
		}
		spec.validate().map_err(|error| format!("the spec is not valid: {error}"))?;
		let compute = Arc::new(Compute::new(self.threads)?);
		let recompute = self.recompute_in_memory(&spec, compute.threads())?;
		let dataset = Dataset::open(&self.data)?;
		let text = Text::open(&dataset.tokenizer())?;
		let prompt = self.prompt.as_ref().map(|prompt| text.encode(prompt)).transpose()?;
		if prompt.as_ref().is_some_and(Vec::is_empty) {
			return Err("the prompt is empty: give a text, or leave out --prompt".into());
		}
		let model = self.from.as_deref().map(|folder| self.other(&spec, folder)).transpose()?;
		let mut training = LocalTraining::open_from(
			spec.clone(),
			dataset,
			self.out.clone(),
			recompute,
			compute,
			|spec, stage| match &model {
				None => Ok(Shard::initial(spec, stage)?),
				Some(model) => {
					let shard = Shard::load(spec, stage, &model.shard(stage));
					Ok(shard.map_err(StateError::from)?)
				},
			},
		)?;
		if training.progress().window == 0 {
			self.describe(spec.clone(), &training)?;
		} else if self.from.is_some() {
			println!("--from is for the beginning of a run: this one goes on with its own shards");
		}
		let start = training.progress();
		let mut table = Table::open(&self.out, start.window, spec.architecture.context)?;
		let title = title(&self.spec, &spec);
		if start.window > 0 {
			println!("going on with window {} after {} samples", start.window, start.samples);
			plot_losses(&self.out, &title, &table)?; // the run may have been killed before it did
		}
		let last = self.windows.unwrap_or(u32::MAX);
		let mut done = None;
		while !training.is_done() && training.progress().window < last {
			done = Some(window(&mut training, &spec, &mut table)?);
			plot_losses(&self.out, &title, &table)?;
		}
		match done {
			Some(done) => {
				println!("held-out loss {:.4} after {} samples", done.held_out, done.samples)
			},
			None => println!("nothing left to do: held-out loss {:.4}", training.evaluate()?),
		}
		let file = |name| self.out.join(name).display().to_string();
		println!("losses are in {}, and shown in {}", file("loss.csv"), file("loss.png"));
		self.sample(training, &text, prompt, spec.architecture.context)
	}

	/// The model that a run begins with, which must be of the spec's shape.
	fn other(&self, spec: &ModelSpec, folder: &Path) -> Result<ModelFolder, Box<dyn Error>> {
		let model = ModelFolder::open(folder)?;
		if !spec.continues(&model.spec) {
			return Err(format!(
				"the model in {} has another architecture or other stages than the spec: copy its \"architecture\" and \"stages\"",
				folder.display()
			)
			.into());
		}
		Ok(model)
	}

	/// Put spec and tokenizer into the run's folder, so that it is all that whoever uses the model needs. The spec names the
	/// shards that the run begins with.
	fn describe(&self, mut spec: ModelSpec, training: &LocalTraining) -> CommandResult {
		let stages = 0..spec.stages.len();
		let roots = stages.map(|stage| training.shard(stage).root(spec.lanes));
		let roots = roots.collect::<Result<Vec<_>, _>>()?;
		// The roots of a model that is cut or merged in another way are others.
		let is_as_specified = self.stages.is_none() && self.lanes.is_none();
		if is_as_specified && roots[..] != spec.initial[..] {
			eprintln!(
				"warning: the spec names other shards than the run begins with; to propose these, put this into it:\n  \"initial\": {}",
				serde_json::to_string(&roots)?
			);
		}
		spec.initial = roots.try_into().map_err(|_| "there are too many stages")?;
		put(&spec_file(&self.out), &spec_text(&spec)?)?;
		put(&tokenizer_file(&self.out), &fs::read(training.dataset().tokenizer())?)
	}

	/// Show what the model has learned to say.
	fn sample(
		&self,
		training: LocalTraining,
		text: &Text,
		prompt: Option<Vec<u32>>,
		context: u32,
	) -> CommandResult {
		let mut prompt = match prompt {
			Some(prompt) => prompt,
			None => {
				let (mut tokens, mut targets) = (Vec::new(), Vec::new());
				let (split, count) = (Split::HeldOut, PROMPT.min(context));
				training.dataset().read_sample(split, count, 0, &mut tokens, &mut targets)?;
				tokens
			},
		};
		memory::give_back();
		let mut pipeline = training.into_pipeline()?;
		prompt.truncate((pipeline.context() / 2).max(1));
		let request = Request {
			sampling: Sampling { temperature: 0.8, top_p: 0.95, seed: 0 },
			most: SAMPLE.min(pipeline.context() - prompt.len()),
			ends: text.ends(),
			prompt,
		};
		let generated = pipeline.generate(std::slice::from_ref(&request), |_, _| {})?;
		let said = generated.iter().map(|generated| text.decode(&generated.tokens));
		let said = said.collect::<Result<String, _>>()?;
		println!("\nthe model goes on with \"{}\":", text.decode(&request.prompt)?);
		println!("{said}");
		Ok(())
	}

	/// What has to be recomputed for the run to fit. Refuses what does not fit, before anything is computed.
	fn recompute_in_memory(
		&self,
		spec: &ModelSpec,
		threads: usize,
	) -> Result<Recompute, Box<dyn Error>> {
		let needed = |recompute| -> Result<u64, Box<dyn Error>> {
			let plan = MemoryPlan::local(spec, recompute, threads)?;
			let plot = plot::MEMORY.saturating_sub(plan.free_between);
			Ok(plan.total() + plot + memory::PROGRAM)
		};
		let available = self.memory.map_or_else(memory::free, |mebibytes| mebibytes << 20);
		let recompute = match self.recompute {
			RecomputeArgument::Auto if needed(Recompute::Selective)? <= available => {
				Recompute::Selective
			},
			RecomputeArgument::Selective => Recompute::Selective,
			RecomputeArgument::Auto | RecomputeArgument::Full => Recompute::Full,
		};
		let (advice, how) = match recompute {
			Recompute::Selective => {
				("use --recompute full, smaller microbatches, or a smaller model", "")
			},
			Recompute::Full => (
				"use smaller microbatches, or a smaller model",
				", as whole layers are computed again on the way back",
			),
		};
		let needed = needed(recompute)?;
		memory::check("the run", needed, available, advice)?;
		println!("the run takes {} bytes of memory{how}", short(needed as f64));
		Ok(recompute)
	}
}

/// Put a file into the run's folder. Whoever names a folder in which another one lies would lose that.
fn put(path: &Path, bytes: &[u8]) -> CommandResult {
	match fs::read(path) {
		Ok(known) if known == bytes => return Ok(()),
		Ok(_) => {
			return Err(format!(
				"{} is there already and is not this run's: name another folder with --out, or remove it",
				path.display()
			)
			.into())
		},
		Err(error) if error.kind() == io::ErrorKind::NotFound => {},
		Err(error) => return Err(format!("{}: {error}", path.display()).into()),
	}
	Ok(folder::write_file(path, bytes)?)
}

/// What the plot shows: the spec's name and size.
fn title(path: &Path, spec: &ModelSpec) -> String {
	let name = path.file_stem().unwrap_or_default().to_string_lossy();
	let costs = (0..spec.stages.len() as u8).filter_map(|stage| spec.stage_cost(stage));
	let parameters: u64 = costs.map(|cost| cost.parameters).sum();
	let counted = |count: usize, what| match count {
		1 => format!("1 {what}"),
		_ => format!("{count} {what}s"),
	};
	format!(
		"{name}: {} parameters, {}, {}",
		short(parameters as f64),
		counted(spec.stages.len(), "stage"),
		counted(spec.lanes.into(), "lane")
	)
}

/// Show the losses in the run's folder; the image before this one is replaced as a whole.
fn plot_losses(run: &Path, title: &str, table: &Table) -> CommandResult {
	memory::give_back();
	folder::write_file(&run.join("loss.png"), &plot::png(title, &table.curves())?)?;
	Ok(())
}

/// A window, with a bar and a line when it is done.
fn window(
	training: &mut LocalTraining,
	spec: &ModelSpec,
	table: &mut Table,
) -> Result<WindowDone, Box<dyn Error>> {
	let steps = u64::from(spec.window.steps) * u64::from(spec.lanes);
	let bar =
		progress_bar(steps, "window {prefix} {wide_bar} {pos}/{len} steps, {msg}, {eta} left");
	bar.set_prefix(training.progress().window.to_string());
	let (start, mut tokens) = (Instant::now(), 0);
	let done = training.window(|event| {
		if let Event::Step(step) = event {
			tokens += step.tokens;
			let speed = tokens as f64 / start.elapsed().as_secs_f64();
			bar.set_message(format!("loss {:.4}, {} tokens/s", step.loss, short(speed)));
			bar.inc(1);
		}
		Ok(table.add(event)?)
	})?;
	bar.finish_and_clear();
	let speed = tokens as f64 / start.elapsed().as_secs_f64();
	let moved = |what: &str, bytes: usize| match bytes {
		0 => String::new(),
		bytes => format!("  {what} {} bytes", short(bytes as f64)),
	};
	let (edges, merge) = (moved("edges", done.edge_bytes), moved("merge", done.merge_bytes));
	println!(
		"window {:>3}  samples {:>8}  loss {:.4}  held-out {:.4}  {} tokens/s{edges}{merge}",
		done.window,
		done.samples,
		done.loss,
		done.held_out,
		short(speed)
	);
	// A model that has learned nothing gives every token the same probability.
	let guessing = f64::from(spec.architecture.vocabulary).ln();
	if f64::from(done.held_out) > guessing * WORSE_THAN_GUESSING {
		eprintln!(
			"warning: the held-out loss is above that of guessing, {guessing:.2}: the learning rate may be too high, or the warm-up too short"
		);
	}
	Ok(done)
}
