//! A folder with a model: its spec, its tokenizer and the shards of all stages. Runs of `train-local` are such folders, and
//! `shard import` makes them.
//!
//! ```text
//! spec.json
//! tokenizer.json
//! stage-0.safetensors ...   here, or in the newest folder window-*
//! ```

use std::{
	error::Error,
	path::{Path, PathBuf},
	sync::Arc,
};

use cairn_engine::{
	data::Text,
	folder,
	generate::{Decoder, Pipeline},
	local::newest_window,
	Compute, Shard,
};
use cairn_primitives::ModelSpec;

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
		spec.validate().map_err(|error| format!("the model's spec is not valid: {error}"))?;
		let shards = newest_window(folder)?.unwrap_or_else(|| folder.into());
		Ok(Self { spec, folder: folder.into(), shards })
	}

	/// The tokenizer.
	pub fn text(&self) -> Result<Text, Box<dyn Error>> {
		Ok(Text::open(&tokenizer_file(&self.folder))?)
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

/// The spec in a model's folder.
fn spec_file(folder: &Path) -> PathBuf {
	folder.join("spec.json")
}

/// Write the spec of a model's folder.
pub fn write_spec(path: &Path, spec: &ModelSpec) -> CommandResult {
	let json = serde_json::to_string_pretty(spec)? + "\n";
	folder::write_file(&spec_file(path), json.as_bytes())?;
	Ok(())
}

/// The tokenizer in a model's folder.
pub fn tokenizer_file(folder: &Path) -> PathBuf {
	folder.join("tokenizer.json")
}

/// The shard of a stage in a model's folder.
pub fn shard_file(folder: &Path, stage: u8) -> PathBuf {
	folder.join(format!("stage-{stage}.safetensors"))
}
