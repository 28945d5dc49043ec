//! `generate`.

use std::{
	io::{self, Write},
	path::PathBuf,
	sync::Arc,
	time::Instant,
};

use cairn_engine::{
	generate::{Request, Sampling, Stop},
	Compute, MemoryPlan,
};
use clap::Args;

use super::CommandResult;
use crate::{memory, model_folder::ModelFolder};

/// Let a model go on with a text.
///
/// The model is the folder of a run of `train-local`, or one that `shard import` made.
#[derive(Debug, Args)]
pub struct GenerateCommand {
	/// The model's folder.
	#[arg(long)]
	model: PathBuf,
	/// The text to go on with.
	#[arg(long)]
	prompt: String,
	/// Tokens to generate at most.
	#[arg(long, default_value_t = 200)]
	tokens: usize,
	/// 0 takes the likeliest token each time, 1 samples as the model says, more is bolder.
	#[arg(long, default_value_t = 0.8, allow_negative_numbers = true)]
	temperature: f32,
	/// Sample among the likeliest tokens only that together have this probability.
	#[arg(long, default_value_t = 0.95, allow_negative_numbers = true)]
	top_p: f32,
	/// Equal seeds make equal texts.
	#[arg(long, default_value_t = 0)]
	seed: u64,
	/// Compute threads; 0 is one for each core.
	#[arg(long, default_value_t = 0)]
	threads: usize,
}

impl GenerateCommand {
	/// Run it.
	pub fn run(self) -> CommandResult {
		let model = ModelFolder::open(&self.model)?;
		let text = model.text()?;
		let compute = Arc::new(Compute::new(self.threads)?);
		let prompt = text.prompt(&self.prompt)?;
		let tokens = prompt.len().saturating_add(self.tokens);
		let plan = MemoryPlan::generation(&model.spec, tokens, compute.threads())?;
		let needed = plan.total() + memory::PROGRAM;
		let advice = "ask for fewer tokens, or take a smaller model";
		memory::check("generating", needed, memory::free(), advice)?;
		let mut pipeline = model.pipeline(&compute)?;
		let request = Request {
			prompt,
			sampling: Sampling {
				temperature: self.temperature,
				top_p: self.top_p,
				seed: self.seed,
			},
			most: self.tokens,
			ends: model.ends(&text)?,
		};
		// Nothing is said before the model has taken the prompt.
		let mut unsaid = Some(&self.prompt[..]);
		let mut written = Ok(());
		let start = Instant::now();
		let mut first = None;
		let generated = {
			let mut say = text.stream(|piece| {
				if written.is_ok() {
					written = write(unsaid.take().unwrap_or_default()).and_then(|()| write(piece));
				}
			});
			pipeline.generate(&[request], |_, token| {
				first.get_or_insert_with(Instant::now);
				say(token);
			})?
		};
		written?;
		println!("{}", unsaid.unwrap_or_default());
		let [generated] = &generated[..] else { return Err("the model gave no answer".into()) };
		let (tokens, begun) = (generated.tokens.len(), first.unwrap_or(start));
		let speed = tokens.saturating_sub(1) as f64 / begun.elapsed().as_secs_f64().max(1e-9);
		let why = match generated.stop {
			Stop::End => "the model ended the text",
			Stop::Most => "as many as asked for",
			Stop::Context => "the model's context is full",
		};
		let waited = begun.duration_since(start).as_secs_f64();
		eprintln!("{tokens} tokens ({why}), {speed:.1} tokens/s after {waited:.2} s of reading");
		Ok(())
	}
}

fn write(text: &str) -> io::Result<()> {
	let mut out = io::stdout().lock();
	out.write_all(text.as_bytes())?;
	out.flush()
}
