//! The chain that the data belongs to.

use std::{fs, io, path::PathBuf, time::Duration};

use cairn_chain::{ConnectError, Connection};
use cairn_engine::folder;
use cairn_primitives::Hash;
use thiserror::Error;
use tokio::time::timeout;

use super::{Settings, SettingsError};

/// How long a node has to answer at first.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no chain to work with.
#[derive(Debug, Error)]
pub enum OpenError {
	/// There is no connection.
	#[error(transparent)]
	Connect(#[from] ConnectError),
	/// Data or settings are in the way.
	#[error(transparent)]
	Settings(#[from] SettingsError),
}

impl Settings {
	/// Connects to the node, if it follows the chain that was asked for and that the data belongs to.
	pub async fn look(&self) -> Result<Connection, OpenError> {
		let expected = self.expected_genesis()?;
		let opening = Connection::open(&self.node, expected);
		let opened = timeout(PATIENCE, opening).await.unwrap_or_else(|_| {
			let reason = format!("it was silent for {} s", PATIENCE.as_secs());
			Err(ConnectError::NoNode { url: self.node.clone(), reason })
		});
		Ok(opened?)
	}

	/// The same, and from now on the data belongs to this chain.
	pub async fn connect(&self) -> Result<Connection, OpenError> {
		let connection = self.look().await?;
		self.remember(connection.genesis())?;
		Ok(connection)
	}

	fn expected_genesis(&self) -> Result<Option<Hash>, SettingsError> {
		match (self.genesis, self.remembered()?) {
			(Some(expected), Some(found)) if expected != found => {
				Err(SettingsError::DataOfOtherChain { data: self.data.clone(), expected, found })
			},
			(asked, remembered) => Ok(asked.or(remembered)),
		}
	}

	fn genesis_file(&self) -> PathBuf {
		self.data.join("genesis")
	}

	/// The chain that the data belongs to; none if it is new.
	fn remembered(&self) -> Result<Option<Hash>, SettingsError> {
		let path = self.genesis_file();
		match fs::read_to_string(&path) {
			Ok(text) => text.trim().parse().map(Some).map_err(|_| SettingsError::BadFile {
				path,
				reason: "it should hold the hash of a block".into(),
			}),
			Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
			Err(reason) => Err(SettingsError::Unreadable { path, reason }),
		}
	}

	fn remember(&self, genesis: Hash) -> Result<(), SettingsError> {
		if self.remembered()?.is_some() {
			return Ok(());
		}
		let path = self.genesis_file();
		let failed = |reason| SettingsError::Unreadable { path: self.genesis_file(), reason };
		fs::create_dir_all(&self.data).map_err(failed)?;
		folder::write_file(&path, format!("{genesis:?}\n").as_bytes())
			.map_err(|error| failed(error.error))
	}
}
