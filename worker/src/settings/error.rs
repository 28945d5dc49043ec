//! Why settings cannot be used.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::keys::KeyError;

/// Why settings cannot be used.
#[derive(Debug, Error)]
pub enum SettingsError {
	/// A file cannot be read or written.
	#[error(
		"{} cannot be read or written: {reason}. Check its name, its owner and the disk.",
		path.display()
	)]
	Unreadable {
		/// The file.
		path: PathBuf,
		/// What the system says.
		reason: io::Error,
	},
	/// The file says something that is not understood.
	#[error("{} is not understood: {reason}. Correct it, or name another file with --config.", path.display())]
	BadFile {
		/// The file.
		path: PathBuf,
		/// What is wrong.
		reason: String,
	},
	/// The environment holds what is no text.
	#[error("The environment's {name} is no text. Set it anew.")]
	NotText {
		/// The variable.
		name: &'static str,
	},
	/// That is no hash.
	#[error(
		"`{value}` is no hash of a block. Write 64 hexadecimal digits after 0x: `chain_getBlockHash(0)` of a \
		 node that you trust tells it."
	)]
	NoHash {
		/// What was given.
		value: String,
	},
	/// There is nowhere to keep data.
	#[error("Nobody said where to keep data, and there is no home directory. Name a folder with --data.")]
	NoHome,
	/// The data belongs to another chain than the one that was asked for.
	#[error(
		"{} belongs to the chain whose first block is {found:?}, not {expected:?}. Use another data \
		 directory for this one.",
		data.display()
	)]
	DataOfOtherChain {
		/// The data directory.
		data: PathBuf,
		/// The chain that was asked for.
		expected: cairn_primitives::Hash,
		/// The chain that the data belongs to.
		found: cairn_primitives::Hash,
	},
	/// There is no such key.
	#[error(transparent)]
	Key(#[from] KeyError),
}
