//! The file with settings.

use std::{
	fs,
	path::{Path, PathBuf},
};

use cairn_primitives::Hash;
use serde::Deserialize;
use toml::{Table, Value};

use super::SettingsError;

/// What all commands have in common.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Known {
	/// See [`super::ChainArguments::node`].
	pub node: Option<String>,
	/// See [`super::ChainArguments::data`].
	pub data: Option<PathBuf>,
	/// See [`super::ChainArguments::genesis`].
	pub genesis: Option<Hash>,
	/// See [`super::ChainArguments::provider_key`].
	pub provider_key: Option<String>,
}

/// What a file says to all commands, and the tables for single ones.
pub fn read(path: &Path) -> Result<(Known, Table), SettingsError> {
	let text = fs::read_to_string(path)
		.map_err(|reason| SettingsError::Unreadable { path: path.into(), reason })?;
	let wrong = |error: toml::de::Error| SettingsError::BadFile {
		path: path.into(),
		reason: error.to_string().trim_end().into(),
	};
	let whole: Table = toml::from_str(&text).map_err(wrong)?;
	let (tables, known): (Table, Table) =
		whole.into_iter().partition(|(_, value)| matches!(value, Value::Table(_)));
	Ok((known.try_into().map_err(wrong)?, tables))
}
