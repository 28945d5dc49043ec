//! `model …`: proposing models, and looking at them.

mod error;
mod estimate;
mod list;
mod losses;
mod open;
mod propose;
mod row;
mod show;
mod terms;

use clap::Subcommand;

use super::CommandResult;
pub use error::ModelError;
pub use row::{clock_words, Row};

/// See [`crate::Command`].
#[derive(Debug, Subcommand)]
#[command(after_help = "In this order:
  cairn-worker dataset register data --metadata \"Moby-Dick\" --provider-key my.key
  cairn-worker model propose --spec spec.json --metadata \"A whale\" --provider-key my.key
  cairn-worker model open 3 --provider-key my.key
  cairn-worker model show 3")]
pub enum ModelCommand {
	/// Propose a model; what it takes is shown before you are asked.
	///
	/// Spec and terms are fixed for ever. What the model takes, costs and yields is shown first; then you are asked. A deposit is
	/// held until the model is retired, but for what holds the bytes of spec and metadata, which stay.
	Propose(propose::ProposeCommand),
	/// Let a proposed model train.
	///
	/// Its first window starts once every stage has its seats filled.
	Open(open::OpenCommand),
	/// Show models, a line each.
	///
	/// The loss is the median training loss of the window that was closed last.
	List(list::ListCommand),
	/// Show a model: spec, terms, checkpoints, who sits where, and its clock.
	Show(show::ShowCommand),
	/// Show how a model learns, window by window, and draw it.
	Losses(losses::LossesCommand),
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
				Self::Losses(command) => command.run().await,
			}
		})
	}
}
