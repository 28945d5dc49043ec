//! Generation by an imported model, a token at a time.

use std::{path::PathBuf, sync::Arc, time::Instant};

use cairn_engine::{
	generate::{Decoder, Pipeline, Request, Sampling},
	import::Import,
	Compute,
};
use cairn_primitives::ModelSpec;
use cairn_program::Stage;
use clap::Args;
use serde_json::{json, Value};

use crate::median;

#[derive(Debug, Args)]
pub struct DecodeCommand {
	/// A GGUF file.
	#[arg(long)]
	model: PathBuf,
	/// Tokens of the prompt: the numbers from 1,000 on.
	#[arg(long, default_value_t = 64)]
	prompt: u32,
	/// Tokens to generate, each the likeliest.
	#[arg(long, default_value_t = 48)]
	tokens: usize,
	/// Compute threads.
	#[arg(long, default_value_t = 2)]
	threads: usize,
}

impl DecodeCommand {
	pub fn run(self) -> Value {
		let model = Import::open(&self.model).expect("the model is a Llama");
		let mut spec = ModelSpec::example(Default::default(), 1, 1);
		spec.architecture = model.architecture(2_048).expect("the shapes are sound");
		spec.stages = vec![model.layers()].try_into().expect("there is one stage");
		let stage = Stage::new(&spec, 0).expect("there is one stage");
		let shard = model.shard(&stage, 0).expect("the model has all tensors");
		let compute = Arc::new(Compute::new(self.threads).expect("the processor is fit"));
		let decoder = Decoder::new(&spec, 0, shard, compute).expect("there is memory");
		let request = Request {
			prompt: (1_000..1_000 + self.prompt).collect(),
			sampling: Sampling::GREEDY,
			most: self.tokens,
			ends: Vec::new(),
		};
		let (mut times, mut last) = (Vec::new(), Instant::now());
		let generated = Pipeline::new(vec![decoder])
			.generate(&[request], |_, _| {
				times.push(last.elapsed().as_secs_f64());
				last = Instant::now();
			})
			.expect("the model generates");
		let prefill = f64::from(self.prompt) / times.remove(0);
		json!({
			"tokens_per_second": 1.0 / median(times),
			"prompt_tokens_per_second": prefill,
			"tokens": generated[0].tokens,
		})
	}
}
