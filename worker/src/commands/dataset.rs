//! `dataset build`, `dataset verify`.

use std::path::PathBuf;

use cairn_engine::data::{build, BuildProgress, BuildSettings, Dataset, Tokenization};
use clap::{value_parser, Args, Subcommand};

use super::{progress_bar, CommandResult};

/// See [`crate::Command`].
#[derive(Debug, Subcommand)]
pub enum DatasetCommand {
	/// Make a dataset from files of text.
	Build(BuildCommand),
	/// Check every chunk of a dataset against the hashes in its manifest.
	Verify {
		/// The dataset's folder.
		folder: PathBuf,
	},
}

/// Make a dataset from files of text.
#[derive(Debug, Args)]
pub struct BuildCommand {
	/// UTF-8 text, one document a file; or *.jsonl, each line an object with a field "text", one document a line.
	#[arg(required = true)]
	inputs: Vec<PathBuf>,
	/// Folder of the dataset; must not exist.
	#[arg(long)]
	out: PathBuf,
	/// Train a byte-level BPE of at most so many tokens on the text.
	#[arg(long, default_value_t = 4096)]
	vocabulary: u32,
	/// Use this tokenizer.json instead of training one.
	#[arg(long, conflicts_with = "vocabulary")]
	tokenizer: Option<PathBuf>,
	/// Tokens of a chunk, the unit in which datasets are fetched and checked.
	#[arg(long, default_value_t = 1 << 20)]
	chunk_tokens: u32,
	/// Thousandths of the text, at its end, that no model trains on: models are evaluated on it.
	#[arg(long, default_value_t = 50, value_parser = value_parser!(u32).range(1..=500))]
	held_out: u32,
}

impl DatasetCommand {
	/// Run it.
	pub fn run(self) -> CommandResult {
		match self {
			DatasetCommand::Build(command) => command.run(),
			DatasetCommand::Verify { folder } => verify(folder),
		}
	}
}

impl BuildCommand {
	fn run(self) -> CommandResult {
		let tokenization = match self.tokenizer {
			Some(path) => Tokenization::Given(path),
			None => Tokenization::Train { vocabulary: self.vocabulary },
		};
		let settings = BuildSettings {
			inputs: self.inputs,
			output: self.out,
			tokenization,
			chunk_tokens: self.chunk_tokens,
			held_out_permille: self.held_out,
		};
		let bar = progress_bar(0, "{msg} {wide_bar} {bytes}/{total_bytes}");
		let manifest = build(&settings, |progress| match progress {
			BuildProgress::Training { bytes } => {
				bar.set_length(bytes);
				bar.set_message("training a tokenizer");
			},
			BuildProgress::Encoding { bytes, of } => {
				bar.set_length(of);
				bar.set_position(bytes);
				bar.set_message("encoding");
			},
		})?;
		bar.finish_and_clear();
		let training = manifest.tokens - manifest.held_out;
		println!(
			"{} tokens, {training} of them to train on, in {} chunks",
			manifest.tokens,
			manifest.chunks.len()
		);
		println!("Put these into the spec:");
		println!("  \"dataset\": \"{:?}\",", manifest.root());
		println!("  \"tokenizer\": \"{:?}\",", manifest.tokenizer);
		println!("  \"vocabulary\": {} or more, in \"architecture\"", manifest.vocabulary);
		Ok(())
	}
}

fn verify(folder: PathBuf) -> CommandResult {
	let dataset = Dataset::open(folder)?;
	let bar = progress_bar(dataset.manifest().chunks.len() as u64, "chunks {wide_bar} {pos}/{len}");
	dataset.verify(|done| bar.set_position(done as u64))?;
	bar.finish_and_clear();
	println!(
		"{:?}: all {} chunks are right",
		dataset.manifest().root(),
		dataset.manifest().chunks.len()
	);
	Ok(())
}
