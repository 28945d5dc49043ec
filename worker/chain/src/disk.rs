//! Small files that survive a power failure: either as they were or as they should be.

use std::{
	fs::{self, File},
	io::{self, Write},
	path::Path,
};

use serde::{de::DeserializeOwned, Serialize};
use tempfile::NamedTempFile;

/// What a file holds; nothing if there is none.
pub(crate) fn load<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
	match fs::read(path) {
		Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
		Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
		Err(error) => Err(error),
	}
}

/// Puts a value in place of what a file held, in one step. The directory is made if there is none.
pub(crate) fn save<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
	let directory = match path.parent() {
		Some(parent) if !parent.as_os_str().is_empty() => parent,
		_ => Path::new("."),
	};
	fs::create_dir_all(directory)?;
	let mut file = NamedTempFile::new_in(directory)?;
	file.write_all(&serde_json::to_vec(value)?)?;
	file.as_file().sync_all()?;
	file.persist(path)?;
	// The file is where it should be once the directory is on disk, too.
	File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_was_saved_is_loaded_and_nothing_else_is_left() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("deeper").join("value.json");
		assert_eq!(load::<u32>(&path).unwrap(), None);
		save(&path, &1u32).unwrap();
		save(&path, &2u32).unwrap();
		assert_eq!(load::<u32>(&path).unwrap(), Some(2));
		assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
	}

	#[test]
	fn a_damaged_file_is_an_error_and_not_a_new_start() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("value.json");
		fs::write(&path, "{").unwrap();
		assert!(load::<u32>(&path).is_err());
	}
}
