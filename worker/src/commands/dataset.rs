//! `dataset build`, `dataset verify`, `dataset register`; `dataset seed` is the daemon's.

use std::path::{Path, PathBuf};

use cairn_chain::{calls, Request, State};
use cairn_engine::data::{build, BuildProgress, BuildSettings, Dataset, Tokenization};
use clap::{value_parser, Args, Subcommand};

use super::{progress_bar, CommandResult, Failed};
use crate::{
	amount::Crn,
	run::SeedCommand,
	settings::{ChainArguments, Settings},
	signer::Signer,
};

/// Most bytes of a dataset's metadata.
const MAX_METADATA: usize = 128;

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
	/// Register a dataset on chain, so that models may be trained on it.
	///
	/// Every chunk is checked first. Whoever registers a dataset is paid the data owner's part of each mint of every model on it. A
	/// deposit is held.
	Register(RegisterCommand),
	Seed(SeedCommand),
}

/// See [`DatasetCommand::Register`].
#[derive(Debug, Args)]
#[command(after_help = "Example:
  cairn-worker dataset register whale --metadata \"Moby-Dick\" --provider-key my.key")]
pub struct RegisterCommand {
	/// The dataset's folder.
	folder: PathBuf,
	/// Name or address of its description, up to 128 bytes.
	#[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
	metadata: String,
	#[command(flatten)]
	chain: ChainArguments,
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
			DatasetCommand::Verify { folder } => {
				let dataset = verify(&folder)?;
				let manifest = dataset.manifest();
				println!("{:?}: all {} chunks are right", manifest.root(), manifest.chunks.len());
				Ok(())
			},
			DatasetCommand::Register(command) => super::run(command.run()),
			DatasetCommand::Seed(command) => command.run(),
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

impl RegisterCommand {
	async fn run(self) -> CommandResult {
		if self.metadata.len() > MAX_METADATA {
			let given = self.metadata.len();
			return Err(format!(
				"The metadata has {given} bytes, and the chain takes {MAX_METADATA}. Shorten it, or give an address where more is said."
			)
			.into());
		}
		let root = verify(&self.folder)?.manifest().root();
		let signer = Signer::open(&Settings::read(&self.chain)?).await?;
		let (state, account) = (signer.state().await?, signer.account());
		if let Some(known) = state.dataset(root).await? {
			if known.owner == account {
				println!("{root:?} is registered already, and yours.");
				return Ok(());
			}
			return Err(format!(
				"{root:?} is registered already by {}. Use it as it is, or ask its owner to transfer it.",
				known.owner
			)
			.into());
		}
		let floors = state.floors()?;
		let deposit = floors.dataset + floors.byte * self.metadata.len() as u128;
		let call = calls::models::register_dataset(root, &self.metadata);
		let fee = signer.afford(&state, &[&call], deposit, "of deposit").await?;
		let is_done = move |state: State| {
			let account = account.clone();
			async move { Ok(state.dataset(root).await?.is_some_and(|known| known.owner == account)) }
		};
		signer.submit("register the dataset", Request::from(call).unless(is_done)).await?;
		println!("{root:?} is registered: {} are held, {fee} were spent.", Crn(deposit));
		Ok(())
	}
}

/// Check every chunk.
fn verify(folder: &Path) -> Result<Dataset, Failed> {
	let dataset = Dataset::open(folder)?;
	let bar = progress_bar(dataset.manifest().chunks.len() as u64, "chunks {wide_bar} {pos}/{len}");
	dataset.verify(|done| bar.set_position(done as u64))?;
	bar.finish_and_clear();
	Ok(dataset)
}
