#![doc = include_str!("../README.md")]

mod amount;
mod commands;
mod keys;
mod memory;
mod model_folder;
mod plot;
mod progress;
pub mod run;
mod settings;
mod signer;
mod table;

use std::{env, error::Error, ffi::OsString, process::ExitCode, sync::Arc};

use clap::{Parser, Subcommand};

pub use run::conduct::{Conduct, Honest, Move};

/// Trains models of Cairn, and tries them out.
///
/// A model is described by a spec (JSON), which a researcher proposes on chain. Before that: make a dataset of text, put its
/// root into the spec, and see with `train-local` how it learns.
///
/// A provider makes keys (`key new`), registers its machine (`provider register`), chooses a model (`model list`, `model show`),
/// enlists for it (`provider enlist`), and works (`run`). Anybody sees with `status` how things are.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
	#[command(subcommand)]
	command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
	/// Make datasets from text, and check them.
	#[command(subcommand)]
	Dataset(commands::dataset::DatasetCommand),
	/// Show what a stage computes in a step: every operation, its shape, its cost, how long its value is needed.
	Program(commands::program::ProgramCommand),
	TrainLocal(commands::train_local::TrainLocalCommand),
	/// Let a model go on with a text.
	Generate(commands::generate::GenerateCommand),
	/// Make shards from a seed or from somebody else's model, check and export them.
	#[command(subcommand)]
	Shard(commands::shard::ShardCommand),
	/// Make and show the keys of this machine.
	#[command(subcommand)]
	Key(commands::key::KeyCommand),
	/// Register a machine, enlist it for models, and manage its bond.
	#[command(subcommand)]
	Provider(commands::provider::ProviderCommand),
	/// Propose models, open them, and look at them.
	#[command(subcommand)]
	Model(commands::model::ModelCommand),
	/// Show which models an account owns a part of.
	#[command(subcommand)]
	Shares(commands::shares::SharesCommand),
	Claim(commands::shares::ClaimCommand),
	Run(run::RunCommand),
	Verify(run::VerifyCommand),
	Status(commands::status::StatusCommand),
}

/// Let all threads allocate from one heap. glibc gives each its own by default, and each keeps what was freed last: memory that
/// no plan knows of.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
fn share_heap() {
	// SAFETY: there is no other thread yet; it sets a number.
	unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
}

/// End where the reader of the output has had enough of it, as other commands do.
#[cfg(unix)]
#[allow(unsafe_code)]
fn end_with_the_reader() {
	// SAFETY: the system's own handler takes the place of the one that ignores the signal.
	unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}

/// Do what the command line says: the whole program.
pub fn main() -> ExitCode {
	main_with(env::args_os(), Arc::new(Honest))
}

/// The same with another command line, and a worker of another conduct.
pub fn main_with(
	arguments: impl IntoIterator<Item = OsString>,
	conduct: Arc<dyn Conduct>,
) -> ExitCode {
	#[cfg(unix)]
	end_with_the_reader();
	#[cfg(all(target_os = "linux", target_env = "gnu"))]
	share_heap();
	let result = match Cli::parse_from(arguments).command {
		Command::Dataset(command) => command.run(),
		Command::Program(command) => command.run(),
		Command::TrainLocal(command) => command.run(),
		Command::Generate(command) => command.run(),
		Command::Shard(command) => command.run(),
		Command::Key(command) => command.run(),
		Command::Provider(command) => command.run(),
		Command::Model(command) => command.run(),
		Command::Shares(command) => command.run(),
		Command::Claim(command) => command.run(),
		Command::Run(command) => command.run(conduct),
		Command::Verify(command) => command.run(),
		Command::Status(command) => command.run(),
	};
	match result {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {}", chain(error.as_ref()));
			ExitCode::FAILURE
		},
	}
}

/// An error and what it came from, each once.
fn chain(error: &dyn Error) -> String {
	let mut text = error.to_string();
	let mut source = error.source();
	while let Some(error) = source {
		let inner = error.to_string();
		if !text.contains(&inner) {
			text = format!("{text}: {inner}");
		}
		source = error.source();
	}
	text
}
