//! `status`: one screen about chain, machine and work.

mod gather;
mod print;

use cairn_chain::AccountId;
use clap::Args;

pub use gather::{Account, Registration};

use super::{print_json, CommandResult};
use crate::{
	progress,
	settings::{ChainArguments, Settings},
};

/// Show on one screen how the chain, this machine and its work are.
///
/// Without an account it is about the provider that this machine's worker key works for, else about the account of your key.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cairn-worker status
  cairn-worker status --json | jq .places
  watch cairn-worker status")]
pub struct StatusCommand {
	/// A provider's account.
	account: Option<AccountId>,
	/// For programs: JSON, with amounts as text.
	#[arg(long)]
	json: bool,
	#[command(flatten)]
	chain: ChainArguments,
}

impl StatusCommand {
	/// Run it.
	pub fn run(self) -> CommandResult {
		super::run(async {
			let settings = Settings::read(&self.chain)?;
			let asking = gather::gather(&settings, self.account.clone());
			let status = progress::during("asking the node", asking).await?;
			if self.json {
				return print_json(&status);
			}
			print::print(&status);
			Ok(())
		})
	}
}
