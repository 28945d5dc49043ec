//! Files with secrets: there as a whole or not at all, and for their owner only.

use std::{
	fs::{self, DirBuilder, File},
	io::{self, Write},
	os::unix::fs::{DirBuilderExt, PermissionsExt},
	path::Path,
};

use tempfile::NamedTempFile;

use super::KeyError;

/// The secret that a file holds.
pub fn read_secret(path: &Path) -> Result<String, KeyError> {
	let failed = |reason: io::Error| match reason.kind() {
		io::ErrorKind::NotFound => KeyError::Missing { path: path.into() },
		io::ErrorKind::InvalidData => KeyError::NoKey { path: path.into() },
		_ => KeyError::Unreadable { path: path.into(), reason },
	};
	let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
	let text = fs::read_to_string(path).map_err(failed)?;
	if mode & 0o077 != 0 {
		return Err(KeyError::Exposed { path: path.into(), mode });
	}
	let secret = text.trim();
	// Of nothing a key would be derived, too: one that everybody knows.
	if secret.is_empty() {
		return Err(KeyError::NoKey { path: path.into() });
	}
	Ok(secret.into())
}

/// Make a file, unless there is one. Tells whether it was made.
pub fn make(path: &Path, text: &str) -> Result<bool, KeyError> {
	if path.exists() {
		return Ok(false);
	}
	match write(path, text) {
		Ok(()) => Ok(true),
		// Somebody else was faster.
		Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
		Err(reason) => Err(KeyError::Unreadable { path: path.into(), reason }),
	}
}

fn write(path: &Path, text: &str) -> io::Result<()> {
	let folder = path.parent().unwrap_or(Path::new("."));
	DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
	// Temporary files are for their owner only, and keep that when they get their name.
	let mut file = NamedTempFile::new_in(folder)?;
	writeln!(file, "{text}")?;
	file.as_file().sync_all()?;
	file.persist_noclobber(path)?;
	// The key is safe once its name is on disk, too.
	File::open(folder)?.sync_all()
}
