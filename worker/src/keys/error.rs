//! Why there is no key.

use std::{io, path::PathBuf};

use thiserror::Error;

/// Why there is no key.
#[derive(Debug, Error)]
pub enum KeyError {
	/// The file is not there.
	#[error(
		"There is no key in {}. Make one with `cairn-worker key new`, or name another file.",
		path.display()
	)]
	Missing {
		/// The file.
		path: PathBuf,
	},
	/// The file cannot be read or written.
	#[error(
		"The key in {} cannot be read or written: {reason}. Check the file's owner and the disk.",
		path.display()
	)]
	Unreadable {
		/// The file.
		path: PathBuf,
		/// What the system says.
		reason: io::Error,
	},
	/// Others can read the file.
	#[error(
		"Others can read the key in {} (its mode is {mode:o}). Run `chmod 600 {}`, and make another key if \
		 somebody may have.",
		path.display(), path.display()
	)]
	Exposed {
		/// The file.
		path: PathBuf,
		/// Its permissions.
		mode: u32,
	},
	/// The file holds something else.
	#[error(
		"{} holds no key. Write a secret phrase of 12 to 24 words into it, or a seed of 32 bytes in \
		 hexadecimal (0x…).",
		path.display()
	)]
	NoKey {
		/// The file.
		path: PathBuf,
	},
	/// A secret was given where others see it.
	#[error(
		"A secret on the command line or in the configuration can be read by others. Put it into a file of \
		 mode 600 and name that, or into the environment (CAIRN_PROVIDER_KEY)."
	)]
	InPlainSight,
	/// What was given is neither a file nor a secret.
	#[error(
		"CAIRN_PROVIDER_KEY is neither a file nor a secret phrase or seed. Check how it is spelt."
	)]
	NoSecret,
	/// A development key that cannot be one.
	#[error("`{path}` is no development key. Write a name after two slashes, such as `//Alice`.")]
	NoDevelopmentKey {
		/// What was given.
		path: String,
	},
	/// Nobody said who signs.
	#[error(
		"Nobody said which account signs. Name the file with its key (--provider-key FILE, or \
		 CAIRN_PROVIDER_KEY), or let `cairn-worker key new --provider` make one."
	)]
	NoProvider,
}
