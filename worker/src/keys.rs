//! The keys of a machine, which live in `DATA/keys`, and the key of the account that owns what it earns, which does not.
//!
//! | file | key | what it does |
//! | --- | --- | --- |
//! | `worker.key` | sr25519, a secret phrase | signs attestations, audits and disputes |
//! | `endpoint.key` | ed25519, a seed | is the machine's name in the transport |
//! | `provider.key` | sr25519, a secret phrase | owns bond and shares; is there only if somebody asked for it |

mod error;
mod file;
mod secret;

use std::path::{Path, PathBuf};

use cairn_chain::Key;
use sp_core::{ed25519, sr25519, Pair as _};

pub use error::KeyError;
pub use secret::Secret;

/// The keys of a machine.
#[derive(Clone, Debug)]
pub struct Keys {
	folder: PathBuf,
}

impl Keys {
	/// Those in a data directory.
	pub fn new(data: &Path) -> Self {
		Self { folder: data.join("keys") }
	}

	/// The file of the worker's key.
	pub fn worker_file(&self) -> PathBuf {
		self.folder.join("worker.key")
	}

	/// The file of the endpoint's key.
	pub fn endpoint_file(&self) -> PathBuf {
		self.folder.join("endpoint.key")
	}

	/// The file of the provider's key, which is there only if somebody asked for it.
	pub fn provider_file(&self) -> PathBuf {
		self.folder.join("provider.key")
	}

	/// The worker's key.
	pub fn worker(&self) -> Result<Key, KeyError> {
		secret::read(&self.worker_file())
	}

	/// The endpoint's key.
	pub fn endpoint(&self) -> Result<ed25519::Pair, KeyError> {
		let path = self.endpoint_file();
		let text = file::read_secret(&path)?;
		ed25519::Pair::from_string(&text, None).map_err(|_| KeyError::NoKey { path })
	}

	/// The worker's key, made on first need.
	pub fn worker_or_new(&self) -> Result<Key, KeyError> {
		self.make_phrase(&self.worker_file())?;
		self.worker()
	}

	/// The endpoint's key, made on first need.
	pub fn endpoint_or_new(&self) -> Result<ed25519::Pair, KeyError> {
		let (_, seed) = ed25519::Pair::generate();
		file::make(&self.endpoint_file(), &format!("0x{}", hex(&seed)))?;
		self.endpoint()
	}

	/// Make a key for the provider and store it beside the others, unless there is one. Tells whether it was made.
	pub fn make_provider(&self) -> Result<bool, KeyError> {
		self.make_phrase(&self.provider_file())
	}

	fn make_phrase(&self, path: &Path) -> Result<bool, KeyError> {
		let (_, phrase, _) = sr25519::Pair::generate_with_phrase(None);
		file::make(path, &phrase)
	}
}

/// An endpoint's name in the transport.
pub fn endpoint_id(key: &ed25519::Public) -> String {
	hex(&key.0)
}

fn hex(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
	use std::{
		fs::{self, Permissions},
		os::unix::fs::PermissionsExt,
	};

	use super::*;

	#[test]
	fn keys_are_made_once_and_only_their_owner_reads_them() {
		let data = tempfile::tempdir().unwrap();
		let keys = Keys::new(data.path());
		assert!(matches!(keys.worker(), Err(KeyError::Missing { .. })));
		let worker = keys.worker_or_new().unwrap();
		let endpoint = keys.endpoint_or_new().unwrap();
		assert_eq!(keys.worker_or_new().unwrap().account(), worker.account());
		assert_eq!(keys.endpoint_or_new().unwrap().public(), endpoint.public());
		for path in [keys.worker_file(), keys.endpoint_file()] {
			assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
		}
		assert!(!keys.provider_file().exists());
		assert!(keys.make_provider().unwrap());
		assert!(!keys.make_provider().unwrap());
		let other = Keys::new(tempfile::tempdir().unwrap().path()).worker_or_new().unwrap();
		assert_ne!(other.account(), worker.account());
	}

	#[test]
	fn files_that_others_read_or_that_hold_no_key_are_refused() {
		let data = tempfile::tempdir().unwrap();
		let keys = Keys::new(data.path());
		keys.worker_or_new().unwrap();
		fs::set_permissions(keys.worker_file(), Permissions::from_mode(0o640)).unwrap();
		assert!(matches!(keys.worker(), Err(KeyError::Exposed { mode: 0o640, .. })));
		fs::set_permissions(keys.worker_file(), Permissions::from_mode(0o600)).unwrap();
		for text in ["twelve words these are not", "", " \n", "\u{0}"] {
			fs::write(keys.worker_file(), text).unwrap();
			assert!(matches!(keys.worker(), Err(KeyError::NoKey { .. })), "{text:?}");
		}
	}
}
