//! `train-local`.

use std::{
	fs::{self, OpenOptions},
	io::Write,
	path::{Path, PathBuf},
	sync::Arc,
	time::Instant,
};

use cairn_engine::{
	data::Dataset,
	local::{Event, LocalTraining, StepDone, WindowDone},
	Compute, MemoryPlan, Recompute,
};
use cairn_primitives::ModelSpec;
use clap::{Args, ValueEnum};

use super::{progress_bar, read_spec, short, CommandResult};

/// Train a model on this machine alone, as the network would.
///
/// Every window is stored in the folder when it is done; the same command goes on from there, whatever stopped it. The folder
/// also has loss.csv: the loss of every step, and behind every window the loss of held-out text, with the bytes that the
/// network would have moved.
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
	#[arg(long, value_enum, default_value_t = RecomputeArgument::Selective)]
	recompute: RecomputeArgument,
	/// Memory that the run may take, in MiB; by default what the machine has free.
	#[arg(long)]
	memory: Option<u64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RecomputeArgument {
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
		spec.validate().map_err(|error| format!("the spec is not valid: {error:?}"))?;
		let compute = Arc::new(Compute::new(self.threads)?);
		let recompute = match self.recompute {
			RecomputeArgument::Selective => Recompute::Selective,
			RecomputeArgument::Full => Recompute::Full,
		};
		self.check_memory(&spec, recompute, compute.threads())?;
		let dataset = Dataset::open(&self.data)?;
		let mut training =
			LocalTraining::open(spec.clone(), dataset, self.out.clone(), recompute, compute)?;
		let mut table = Table::open(&self.out, training.progress().window)?;
		let start = training.progress();
		if start.window > 0 {
			println!("going on with window {} after {} samples", start.window, start.samples);
		}
		let last = self.windows.unwrap_or(u32::MAX);
		let mut done = None;
		while !training.is_done() && training.progress().window < last {
			done = Some(window(&mut training, &spec, &mut table)?);
		}
		match done {
			Some(done) => {
				println!("held-out loss {:.4} after {} samples", done.held_out, done.samples)
			},
			None => println!("nothing left to do: held-out loss {:.4}", training.evaluate()?),
		}
		println!("losses are in {}", self.out.join("loss.csv").display());
		Ok(())
	}

	/// Refuse what does not fit, before anything is computed.
	fn check_memory(
		&self,
		spec: &ModelSpec,
		recompute: Recompute,
		threads: usize,
	) -> CommandResult {
		let mut needed = 0;
		for stage in 0..spec.stages.len() as u8 {
			let plan = MemoryPlan::new(spec, stage, 1, recompute, threads)?;
			// A window also has the weights of its start, the outer momentum, and a byte a weight of every lane's difference.
			needed += plan.total() + plan.shard / 2 + plan.shard / 16 * u64::from(spec.lanes);
		}
		let available = match self.memory {
			Some(mebibytes) => mebibytes << 20,
			None => free_memory().unwrap_or(u64::MAX),
		};
		if needed > available {
			return Err(format!(
				"the run needs {} bytes of memory and may take {}: use --recompute full, smaller microbatches, or a smaller model",
				short(needed as f64),
				short(available as f64),
			)
			.into());
		}
		println!("the run takes {} bytes of memory", short(needed as f64));
		Ok(())
	}
}

/// Cut the layers into stages of about the same size.
fn cut(spec: &mut ModelSpec, stages: u8) -> CommandResult {
	let layers: u16 = spec.stages.iter().fold(0, |sum, layers| sum.saturating_add(*layers));
	if stages == 0 || u16::from(stages) > layers {
		return Err(format!("{layers} layers cannot be cut into {stages} stages").into());
	}
	let stages = u16::from(stages);
	let cut: Vec<u16> =
		(0..stages).map(|i| layers / stages + u16::from(i < layers % stages)).collect();
	let root = spec.initial.first().copied().unwrap_or_default();
	spec.initial = vec![root; cut.len()].try_into().map_err(|_| "there are too many stages")?;
	spec.stages = cut.try_into().map_err(|_| "there are too many stages")?;
	Ok(())
}

/// Memory that is free on this machine, in bytes.
fn free_memory() -> Option<u64> {
	let text = fs::read_to_string("/proc/meminfo").ok()?;
	let line = text.lines().find(|line| line.starts_with("MemAvailable:"))?;
	let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
	Some(kibibytes << 10)
}

/// A window, with a bar and a line when it is done.
fn window(
	training: &mut LocalTraining,
	spec: &ModelSpec,
	table: &mut Table,
) -> Result<WindowDone, Box<dyn std::error::Error>> {
	let steps = u64::from(spec.window.steps) * u64::from(spec.lanes);
	let bar =
		progress_bar(steps, "window {prefix} {wide_bar} {pos}/{len} steps, {msg}, {eta} left");
	bar.set_prefix(training.progress().window.to_string());
	let (start, mut tokens) = (Instant::now(), 0);
	let mut failed = None;
	let done = training.window(|event| {
		if let Event::Step(step) = event {
			tokens += step.tokens;
			let speed = tokens as f64 / start.elapsed().as_secs_f64();
			bar.set_message(format!("loss {:.4}, {} tokens/s", step.loss, short(speed)));
			bar.inc(1);
		}
		failed = table.write(event).err().or(failed.take());
	})?;
	bar.finish_and_clear();
	if let Some(error) = failed {
		return Err(format!("cannot write loss.csv: {error}").into());
	}
	let speed = tokens as f64 / start.elapsed().as_secs_f64();
	println!(
		"window {:>3}  samples {:>8}  loss {:.4}  held-out {:.4}  {} tokens/s",
		done.window,
		done.samples,
		done.loss,
		done.held_out,
		short(speed)
	);
	Ok(done)
}

/// The losses of a run, as a table that programs read.
struct Table {
	file: fs::File,
}

const HEAD: &str = "window,lane,step,tokens,loss,held_out,edge_bytes,merge_bytes";

impl Table {
	/// The table of a run that goes on with a window: what was written of later ones is gone.
	fn open(folder: &Path, window: u32) -> std::io::Result<Self> {
		fs::create_dir_all(folder)?;
		let path = folder.join("loss.csv");
		let before = fs::read_to_string(&path).unwrap_or_default();
		let is_kept = |line: &&str| {
			line.split(',')
				.next()
				.and_then(|number| number.parse::<u32>().ok())
				.is_some_and(|w| w < window)
		};
		let lines: Vec<&str> =
			std::iter::once(HEAD).chain(before.lines().filter(is_kept)).collect();
		fs::write(&path, lines.join("\n") + "\n")?;
		Ok(Self { file: OpenOptions::new().append(true).open(path)? })
	}

	/// A row for a step, or for a window: before its state is stored, so that no row is lost with a run that is killed.
	fn write(&mut self, event: Event) -> std::io::Result<()> {
		match event {
			Event::Step(StepDone { window, lane, step, loss, tokens }) => {
				writeln!(self.file, "{window},{lane},{step},{tokens},{loss},,,")
			},
			Event::Window(done) => {
				let WindowDone { window, loss, held_out, edge_bytes, merge_bytes, .. } = done;
				writeln!(self.file, "{window},,,,{loss},{held_out},{edge_bytes},{merge_bytes}")
			},
		}
	}
}
