//! A folder with a model: its spec, its tokenizer and the shards of all stages. Runs of `train-local` are such folders, and
//! `shard import` makes them.
//!
//! ```text
//! spec.json
//! tokenizer.json
//! generation_config.json    of an imported model
//! stage-0.safetensors ...   here, or in the newest folder window-*
//! ```

use std::{
	error::Error,
	fs,
	path::{Path, PathBuf},
	sync::Arc,
};

use cairn_engine::{
	data::Text,
	folder,
	generate::{Decoder, Pipeline},
	local::{newest_window, verify_window},
	Compute, Shard,
};
use cairn_primitives::ModelSpec;
use serde::{Deserialize, Serialize};

use crate::commands::{read_spec, CommandResult};

/// A model on this disk.
pub struct ModelFolder {
	/// The model's spec.
	pub spec: ModelSpec,
	folder: PathBuf,
	shards: PathBuf,
}

impl ModelFolder {
	/// Open a model.
	pub fn open(folder: &Path) -> Result<Self, Box<dyn Error>> {
		let spec = read_spec(&spec_file(folder))?;
		spec.validate_shapes()
			.map_err(|error| format!("the model's spec is not valid: {error}"))?;
		let window = newest_window(folder)?;
		window.as_deref().map(verify_window).transpose()?;
		let shards = window.unwrap_or_else(|| folder.into());
		if !shard_file(&shards, 0).exists() {
			let folder = folder.display();
			return Err(format!("{folder} has no shards yet: let the run finish a window").into());
		}
		Ok(Self { spec, folder: folder.into(), shards })
	}

	/// The tokenizer.
	pub fn text(&self) -> Result<Text, Box<dyn Error>> {
		Ok(Text::open(&tokenizer_file(&self.folder))?)
	}

	/// Tokens that end a text: those that the model was imported with, or what the tokenizer has for it.
	pub fn ends(&self, text: &Text) -> Result<Vec<u32>, Box<dyn Error>> {
		let path = generation_file(&self.folder);
		if !path.exists() {
			return Ok(text.ends());
		}
		let json =
			fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
		let generation: Generation = serde_json::from_slice(&json)
			.map_err(|error| format!("{} is damaged: {error}", path.display()))?;
		Ok(generation.eos_token_id)
	}

	/// The shard's file of a stage.
	pub fn shard(&self, stage: u8) -> PathBuf {
		shard_file(&self.shards, stage)
	}

	/// All stages, ready to generate.
	pub fn pipeline(&self, compute: &Arc<Compute>) -> Result<Pipeline, Box<dyn Error>> {
		let mut stages = Vec::new();
		for stage in 0..self.spec.stages.len() as u8 {
			let shard = Shard::load(&self.spec, stage, &self.shard(stage))?;
			stages.push(Decoder::new(&self.spec, stage, shard, compute.clone())?);
		}
		Ok(Pipeline::new(stages))
	}
}

/// How a model generates, under the name and with the field that Hugging Face's folders have.
#[derive(Serialize, Deserialize)]
struct Generation {
	eos_token_id: Vec<u32>,
}

fn generation_file(folder: &Path) -> PathBuf {
	folder.join("generation_config.json")
}

/// Write which tokens end a text.
pub fn write_ends(folder: &Path, ends: &[u32]) -> CommandResult {
	let json = serde_json::to_string_pretty(&Generation { eos_token_id: ends.to_vec() })? + "\n";
	Ok(folder::write_file(&generation_file(folder), json.as_bytes())?)
}

/// The spec in a model's folder.
pub fn spec_file(folder: &Path) -> PathBuf {
	folder.join("spec.json")
}

/// Write the spec of a model's folder.
pub fn write_spec(path: &Path, spec: &ModelSpec) -> CommandResult {
	Ok(folder::write_file(&spec_file(path), &spec_text(spec)?)?)
}

/// The file of a spec, as it is written.
pub fn spec_text(spec: &ModelSpec) -> serde_json::Result<Vec<u8>> {
	Ok((serde_json::to_string_pretty(spec)? + "\n").into())
}

/// The tokenizer in a model's folder.
pub fn tokenizer_file(folder: &Path) -> PathBuf {
	folder.join("tokenizer.json")
}

/// The shard of a stage in a model's folder.
pub fn shard_file(folder: &Path, stage: u8) -> PathBuf {
	folder.join(format!("stage-{stage}.safetensors"))
}
