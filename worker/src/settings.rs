//! Which chain, which data and whose key: as the command line says, else the environment, else a file, else by default.
//!
//! | option | environment | file | by default |
//! | --- | --- | --- | --- |
//! | `--node` | `CAIRN_NODE_URL` | `node` | `ws://127.0.0.1:9944` |
//! | `--data` | `CAIRN_DATA` | `data` | `$XDG_DATA_HOME/cairn` or `~/.local/share/cairn` |
//! | `--config` | `CAIRN_CONFIG` | – | `config.toml` in the data directory, if it is there |
//! | `--genesis` | `CAIRN_GENESIS` | `genesis` | that of the chain that the data belongs to |
//! | `--provider-key` | `CAIRN_PROVIDER_KEY` | `provider-key` | `keys/provider.key` in the data directory, if it is there |
//!
//! The file is TOML. Its tables are for single commands: `[run]` has the options of `cairn-worker run`.

mod chain;
mod error;
mod file;

use std::{env, ffi::OsString, path::PathBuf};

use cairn_chain::{AccountId, Key};
use cairn_primitives::Hash;
use clap::Args;
use serde::de::DeserializeOwned;

pub use chain::OpenError;
pub use error::SettingsError;
use file::Known;

use crate::keys::{KeyError, Keys, Secret};

/// Where the node listens, if nobody says otherwise.
const NODE: &str = "ws://127.0.0.1:9944";

/// Options of every command that talks to the chain.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Chain and data")]
pub struct ChainArguments {
	/// WebSocket of the node [env: CAIRN_NODE_URL] [default: ws://127.0.0.1:9944]
	#[arg(long, value_name = "URL")]
	pub node: Option<String>,
	/// Folder of keys and of what is remembered [env: CAIRN_DATA] [default: ~/.local/share/cairn]
	#[arg(long, value_name = "DIR")]
	pub data: Option<PathBuf>,
	/// TOML file with these options by the same names [env: CAIRN_CONFIG] [default: DIR/config.toml]
	#[arg(long, value_name = "FILE")]
	pub config: Option<PathBuf>,
	/// Hash of the first block of the chain that is expected [env: CAIRN_GENESIS]
	#[arg(long, value_name = "HASH")]
	pub genesis: Option<Hash>,
	/// Key of your own account, which owns bond, models and shares: a file, or //Alice on a development chain. A secret
	/// phrase itself is taken from the environment only [env: CAIRN_PROVIDER_KEY]
	#[arg(long, visible_alias = "key", value_name = "KEY")]
	pub provider_key: Option<String>,
}

/// What holds for one command.
#[derive(Clone, Debug)]
pub struct Settings {
	/// WebSocket of the node.
	pub node: String,
	/// Folder of keys and of what is remembered.
	pub data: PathBuf,
	/// Hash of the first block that was asked for.
	pub genesis: Option<Hash>,
	provider_key: Option<Secret>,
	tables: toml::Table,
	/// The file that they were read from, if there was one.
	config: Option<PathBuf>,
}

impl Settings {
	/// What the arguments, the environment and the file say.
	pub fn read(arguments: &ChainArguments) -> Result<Self, SettingsError> {
		Self::merge(arguments, |name| env::var_os(name).filter(|value| !value.is_empty()))
	}

	fn merge(
		arguments: &ChainArguments,
		environment: impl Fn(&'static str) -> Option<OsString>,
	) -> Result<Self, SettingsError> {
		let text = |name: &'static str| match environment(name).map(OsString::into_string) {
			None => Ok(None),
			Some(Ok(value)) => Ok(Some(value)),
			Some(Err(_)) => Err(SettingsError::NotText { name }),
		};
		let path = |name| environment(name).map(PathBuf::from);
		let data = arguments.data.clone().or_else(|| path("CAIRN_DATA"));
		let named = arguments.config.clone().or_else(|| path("CAIRN_CONFIG"));
		let config = match (named, data.clone().or_else(|| default_data(path))) {
			(Some(file), _) => Some(file),
			(None, data) => data.map(|data| data.join("config.toml")).filter(|file| file.is_file()),
		};
		let (known, tables) = match &config {
			Some(path) => file::read(path)?,
			None => (Known::default(), toml::Table::new()),
		};
		let data =
			data.or(known.data).or_else(|| default_data(path)).ok_or(SettingsError::NoHome)?;
		let genesis = match text("CAIRN_GENESIS")? {
			Some(value) => Some(value.parse().map_err(|_| SettingsError::NoHash { value })?),
			None => None,
		};
		let provider_key = match (&arguments.provider_key, text("CAIRN_PROVIDER_KEY")?) {
			(Some(given), _) => Some(Secret::in_sight(given)?),
			(None, Some(given)) => Some(Secret::in_environment(&given)?),
			(None, None) => known.provider_key.as_deref().map(Secret::in_sight).transpose()?,
		};
		Ok(Self {
			node: arguments
				.node
				.clone()
				.or(text("CAIRN_NODE_URL")?)
				.or(known.node)
				.unwrap_or_else(|| NODE.into()),
			genesis: arguments.genesis.or(genesis).or(known.genesis),
			data,
			provider_key,
			tables,
			config,
		})
	}

	/// The keys of this machine.
	pub fn keys(&self) -> Keys {
		Keys::new(&self.data)
	}

	/// The key of the account that signs.
	pub fn provider_key(&self) -> Result<Key, KeyError> {
		let stored = self.keys().provider_file();
		match &self.provider_key {
			Some(secret) => secret.key(),
			None if stored.exists() => Secret::File(stored).key(),
			None => Err(KeyError::NoProvider),
		}
	}

	/// What the file says in a command's table; by default nothing.
	pub fn table<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T, SettingsError> {
		let Some(table) = self.tables.get(name) else { return Ok(T::default()) };
		table.clone().try_into().map_err(|error: toml::de::Error| SettingsError::BadFile {
			path: self.config.clone().unwrap_or_default(),
			reason: format!("[{name}]: {}", error.message()),
		})
	}

	/// Where the submitter of an account remembers how far it has signed.
	pub fn horizon(&self, account: &AccountId) -> PathBuf {
		self.data.join("horizons").join(format!("{account}.json"))
	}
}

/// `$XDG_DATA_HOME/cairn` or `~/.local/share/cairn`.
fn default_data(path: impl Fn(&'static str) -> Option<PathBuf>) -> Option<PathBuf> {
	let home = || path("HOME").map(|home| home.join(".local/share"));
	Some(path("XDG_DATA_HOME").or_else(home)?.join("cairn"))
}

#[cfg(test)]
mod tests {
	use std::{fs, path::Path};

	use super::*;

	fn merge(
		arguments: ChainArguments,
		environment: &[(&str, &str)],
	) -> Result<Settings, SettingsError> {
		Settings::merge(&arguments, |name| {
			let found = environment.iter().find(|(known, _)| *known == name);
			found.map(|(_, value)| value.into())
		})
	}

	#[test]
	fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
		let data = tempfile::tempdir().unwrap();
		let home = data.path().to_str().unwrap();
		let settings = merge(ChainArguments::default(), &[("HOME", home)]).unwrap();
		assert_eq!((settings.node.as_str(), settings.genesis), (NODE, None));
		assert_eq!(settings.data, data.path().join(".local/share/cairn"));
		assert!(matches!(settings.provider_key(), Err(KeyError::NoProvider)));

		fs::write(
			data.path().join("config.toml"),
			"node = \"ws://file\"\nprovider-key = \"//Bob\"",
		)
		.unwrap();
		let from_file = merge(ChainArguments::default(), &[("CAIRN_DATA", home)]).unwrap();
		assert_eq!(from_file.node, "ws://file");
		let bob = from_file.provider_key().unwrap().account();
		assert_eq!(bob, Key::from_phrase("//Bob").unwrap().account());

		let environment =
			[("CAIRN_DATA", home), ("CAIRN_NODE_URL", "ws://env"), ("CAIRN_PROVIDER_KEY", "//Eve")];
		let from_environment = merge(ChainArguments::default(), &environment).unwrap();
		assert_eq!(from_environment.node, "ws://env");
		assert_ne!(from_environment.provider_key().unwrap().account(), bob);

		let arguments = ChainArguments {
			node: Some("ws://line".into()),
			provider_key: Some("//Bob".into()),
			..ChainArguments::default()
		};
		let from_line = merge(arguments, &environment).unwrap();
		assert_eq!(from_line.node, "ws://line");
		assert_eq!(from_line.provider_key().unwrap().account(), bob);
	}

	#[test]
	fn a_file_that_is_not_understood_is_refused_by_name() {
		let data = tempfile::tempdir().unwrap();
		let file = data.path().join("other.toml");
		let read = |text: &str| {
			fs::write(&file, text).unwrap();
			let arguments = ChainArguments {
				config: Some(file.clone()),
				data: Some(data.path().into()),
				..ChainArguments::default()
			};
			merge(arguments, &[]).map_err(|error| error.to_string())
		};
		for (text, complaint) in [
			("nod = \"ws://x\"", "`nod`"),
			("node = 1", "node"),
			("node = ", "other.toml"),
			("genesis = \"0x12\"", "genesis"),
		] {
			let refused = read(text).unwrap_err();
			assert!(refused.contains(complaint) && refused.contains("other.toml"), "{refused}");
		}
		let settings = read("[run]\nthreads = 2\n").unwrap();
		let table: toml::Table = settings.table("run").unwrap();
		assert_eq!(table["threads"].as_integer(), Some(2));
		assert!(settings.table::<Vec<u8>>("run").is_err());
		assert!(settings.table::<toml::Table>("other").unwrap().is_empty());
		let missing = ChainArguments {
			config: Some(Path::new("no/such.toml").into()),
			..ChainArguments::default()
		};
		assert!(matches!(merge(missing, &[]), Err(SettingsError::Unreadable { .. })));
		assert!(matches!(merge(ChainArguments::default(), &[]), Err(SettingsError::NoHome)));
	}
}
