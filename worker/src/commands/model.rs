//! `model …`: proposing models, and looking at them.

mod error;
mod estimate;
mod list;
mod open;
mod propose;
mod row;
mod show;
mod terms;

use clap::Subcommand;

use super::CommandResult;
pub use error::ModelError;
pub use row::clock_words;

/// See [`crate::Command`].
#[derive(Debug, Subcommand)]
#[command(after_help = "In this order:
  cairn-worker dataset register data --metadata \"Moby-Dick\" --provider-key my.key
  cairn-worker model propose --spec spec.json --metadata \"A whale\" --provider-key my.key
  cairn-worker model open 3 --provider-key my.key
  cairn-worker model show 3")]
pub enum ModelCommand {
	/// Propose a model; what it takes is shown before you are asked.
	Propose(propose::ProposeCommand),
	/// Let a proposed model train.
	Open(open::OpenCommand),
	/// Show all models, a line each.
	List(list::ListCommand),
	/// Show a model: spec, terms, checkpoints, who sits where, and its clock.
	Show(show::ShowCommand),
}

impl ModelCommand {
	/// Run it.
	pub fn run(self) -> CommandResult {
		super::run(async {
			match self {
				Self::Propose(command) => command.run().await,
				Self::Open(command) => command.run().await,
				Self::List(command) => command.run().await,
				Self::Show(command) => command.run().await,
			}
		})
	}
}
