//! `key new`, `key show`.

use std::path::PathBuf;

use cairn_chain::{AccountId, Key};
use clap::{Args, Subcommand};
use serde::Serialize;
use sp_core::Pair as _;

use super::{print_json, CommandResult, Failed};
use crate::{
	keys::{endpoint_id, KeyError, Keys},
	settings::{ChainArguments, Settings},
};

/// See [`crate::Command`].
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
	/// Make the keys of this machine, where there are none yet.
	///
	/// `worker.key` signs what the machine does; keep a little CRN on its account for fees. `endpoint.key` is the machine's name in
	/// the network. Both are made on first need, too. The key of your own account, which owns the bond, stays out of here unless you
	/// ask for it.
	New(NewCommand),
	/// Show the accounts of this machine's keys, and the account that signs.
	Show(ShowCommand),
}

/// See [`KeyCommand::New`].
#[derive(Debug, Args)]
#[command(
	after_help = "Examples:\n  cairn-worker key new\n  cairn-worker key new --provider --data /srv/cairn"
)]
pub struct NewCommand {
	/// Make a key for your own account, too, and store it beside the others. Whoever reads it has your bond and your shares.
	#[arg(long)]
	provider: bool,
	#[command(flatten)]
	chain: ChainArguments,
}

/// See [`KeyCommand::Show`].
#[derive(Debug, Args)]
pub struct ShowCommand {
	/// For programs: JSON.
	#[arg(long)]
	json: bool,
	#[command(flatten)]
	chain: ChainArguments,
}

impl KeyCommand {
	/// Run it.
	pub fn run(self) -> CommandResult {
		match self {
			KeyCommand::New(command) => command.run(),
			KeyCommand::Show(command) => command.run(),
		}
	}
}

impl NewCommand {
	fn run(self) -> CommandResult {
		let settings = Settings::read(&self.chain)?;
		let keys = settings.keys();
		let had_worker = keys.worker_file().exists();
		let had_endpoint = keys.endpoint_file().exists();
		let worker = keys.worker_or_new()?.account();
		let endpoint = endpoint_id(&keys.endpoint_or_new()?.public());
		let file = |path: PathBuf| path.display().to_string();
		let made = |was_there| if was_there { "was there" } else { "made" };
		println!("worker    {worker}  {} in {}", made(had_worker), file(keys.worker_file()));
		println!("endpoint  {endpoint}  {} in {}", made(had_endpoint), file(keys.endpoint_file()));
		if self.provider {
			let is_new = keys.make_provider()?;
			let provider = Settings::read(&self.chain)?.provider_key()?.account();
			println!("provider  {provider}  {} in {}", made(!is_new), file(keys.provider_file()));
			if is_new {
				println!(
					"Keep a copy of provider.key elsewhere: bond and shares are lost with it."
				);
			}
		}
		Ok(())
	}
}

/// What `key show` tells.
#[derive(Debug, Serialize)]
struct Shown {
	worker: Option<AccountId>,
	endpoint: Option<String>,
	provider: Option<AccountId>,
}

impl Shown {
	fn gather(settings: &Settings) -> Result<Self, KeyError> {
		let keys: Keys = settings.keys();
		let account = |key: Key| key.account();
		Ok(Self {
			worker: if_there(keys.worker())?.map(account),
			endpoint: if_there(keys.endpoint())?.map(|key| endpoint_id(&key.public())),
			provider: match settings.provider_key() {
				Err(KeyError::NoProvider) => None,
				found => Some(found?.account()),
			},
		})
	}
}

impl ShowCommand {
	fn run(self) -> CommandResult {
		let settings = Settings::read(&self.chain)?;
		let shown = Shown::gather(&settings).map_err(Failed::from)?;
		if self.json {
			return print_json(&shown);
		}
		let or_none = |text: Option<String>| text.unwrap_or_else(|| "none yet".into());
		println!("worker    {}", or_none(shown.worker.map(|account| account.to_string())));
		println!("endpoint  {}", or_none(shown.endpoint));
		println!(
			"provider  {}",
			match shown.provider {
				Some(account) => account.to_string(),
				None => "not named (--provider-key)".into(),
			}
		);
		Ok(())
	}
}

fn if_there<T>(key: Result<T, KeyError>) -> Result<Option<T>, KeyError> {
	match key {
		Err(KeyError::Missing { .. }) => Ok(None),
		found => found.map(Some),
	}
}
