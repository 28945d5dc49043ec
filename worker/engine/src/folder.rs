//! Files and folders that are there as a whole or not at all, whenever a process or a machine stops.

use std::{
	fs::{self, File, Permissions},
	io::{self, Write},
	os::unix::fs::PermissionsExt,
	path::{Path, PathBuf},
};

use tempfile::{NamedTempFile, TempDir};

/// A file or a folder could not be written; what was there before is untouched.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}: {error}. Check the space on the disk, and whose folder it is")]
pub struct WriteError {
	/// The file or folder.
	pub path: PathBuf,
	/// Why.
	pub error: io::Error,
}

impl WriteError {
	/// Of a path.
	pub fn of(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
		move |error| Self { path: path.into(), error }
	}
}

/// A folder to fill; it is removed unless it is finished.
pub fn partial(prefix: &str, parent: &Path) -> Result<TempDir, WriteError> {
	let everyone = Permissions::from_mode(0o777); // but for whom the umask excludes
	let mut folder = tempfile::Builder::new();
	folder.prefix(prefix).permissions(everyone).tempdir_in(parent).map_err(WriteError::of(parent))
}

/// Remove the folders with this prefix that whoever was killed did not finish.
pub fn remove_partial(prefix: &str, parent: &Path) -> Result<(), WriteError> {
	for entry in fs::read_dir(parent).map_err(WriteError::of(parent))? {
		let path = entry.map_err(WriteError::of(parent))?.path();
		let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
		if name.starts_with(prefix) {
			fs::remove_dir_all(&path).map_err(WriteError::of(&path))?;
		}
	}
	Ok(())
}

/// Give a folder its name, for which nothing may be there. Its files are on disk already.
pub fn finish(partial: TempDir, path: &Path) -> Result<(), WriteError> {
	sync_names(partial.path())?;
	fs::rename(partial.path(), path).map_err(WriteError::of(path))?;
	let _ = partial.keep(); // it has another name now
	sync_names(parent(path))
}

/// Write a file that takes its name when all of it is on disk, and has it there for good.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
	let write = || {
		let mut file = partial_file(path)?;
		file.write_all(bytes)?;
		file.as_file().sync_all()?;
		file.persist(path)?;
		Ok(())
	};
	write().map_err(WriteError::of(path))?;
	sync_names(parent(path))
}

/// A file to fill beside the path whose name it will take; it is removed unless it is persisted.
pub(crate) fn partial_file(path: &Path) -> io::Result<NamedTempFile> {
	let everyone = Permissions::from_mode(0o666); // but for whom the umask excludes
	tempfile::Builder::new().permissions(everyone).tempfile_in(parent(path))
}

/// See to it that the names of a folder's files are on disk.
pub fn sync_names(folder: &Path) -> Result<(), WriteError> {
	File::open(folder).and_then(|folder| folder.sync_all()).map_err(WriteError::of(folder))
}

/// The folder that a path is in.
pub fn parent(path: &Path) -> &Path {
	match path.parent() {
		Some(parent) if !parent.as_os_str().is_empty() => parent,
		_ => Path::new("."),
	}
}
