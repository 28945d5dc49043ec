//! Where the provider's key comes from.

use std::{
	fmt,
	path::{Path, PathBuf},
};

use cairn_chain::Key;

use super::{file, KeyError};

/// Where a key comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
	/// A key that everybody knows, such as `//Alice`, for development chains.
	Development(String),
	/// A file that holds a secret phrase or a seed.
	File(PathBuf),
	/// A secret phrase or a seed itself.
	Plain(String),
}

impl Secret {
	/// What a person wrote where others may see it: a development key, or a file.
	pub fn in_sight(text: &str) -> Result<Self, KeyError> {
		match text {
			_ if text.starts_with("//") => Ok(Self::Development(text.into())),
			_ if text.is_empty() || Path::new(text).exists() => Ok(Self::File(text.into())),
			_ if Key::from_phrase(text).is_ok() => Err(KeyError::InPlainSight),
			_ => Ok(Self::File(text.into())),
		}
	}

	/// What the environment holds: one of those, or the secret itself.
	pub fn in_environment(text: &str) -> Result<Self, KeyError> {
		match Self::in_sight(text) {
			Err(KeyError::InPlainSight) => Ok(Self::Plain(text.into())),
			Ok(Self::File(path)) if !path.exists() && text.contains(' ') => Err(KeyError::NoSecret),
			other => other,
		}
	}

	/// The key.
	pub fn key(&self) -> Result<Key, KeyError> {
		match self {
			Self::Development(path) => Key::from_phrase(path)
				.map_err(|_| KeyError::NoDevelopmentKey { path: path.clone() }),
			Self::File(path) => read(path),
			Self::Plain(text) => Key::from_phrase(text).map_err(|_| KeyError::NoSecret),
		}
	}
}

/// Does not show secrets.
impl fmt::Debug for Secret {
	fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
		match self {
			Self::Development(path) => write!(formatter, "Development({path})"),
			Self::File(path) => write!(formatter, "File({})", path.display()),
			Self::Plain(_) => write!(formatter, "Plain(…)"),
		}
	}
}

/// The key in a file.
pub fn read(path: &Path) -> Result<Key, KeyError> {
	let text = file::read_secret(path)?;
	Key::from_phrase(&text).map_err(|_| KeyError::NoKey { path: path.into() })
}

#[cfg(test)]
mod tests {
	use super::*;

	const PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

	#[test]
	fn secrets_are_taken_from_the_environment_only() {
		assert!(matches!(Secret::in_sight(PHRASE), Err(KeyError::InPlainSight)));
		let secret = Secret::in_environment(PHRASE).unwrap();
		assert_eq!(secret, Secret::Plain(PHRASE.into()));
		assert!(!format!("{secret:?}").contains("bottom"));
		assert!(matches!(Secret::in_environment("bottom drive"), Err(KeyError::NoSecret)));
		for take in [Secret::in_sight, Secret::in_environment] {
			let alice = take("//Alice").unwrap().key().unwrap();
			assert_eq!(alice.account(), Key::from_phrase("//Alice").unwrap().account());
			assert!(matches!(take("no/such.key").unwrap().key(), Err(KeyError::Missing { .. })));
		}
	}
}
