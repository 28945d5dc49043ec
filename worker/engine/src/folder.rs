//! Files and folders that are there as a whole or not at all, whenever a process or a machine stops.

use std::{
	fs::{self, File, Permissions},
	io::{self, Write},
	os::unix::fs::PermissionsExt,
	path::Path,
};

use tempfile::TempDir;

/// A folder to fill; it is removed unless it is finished.
pub fn partial(prefix: &str, parent: &Path) -> io::Result<TempDir> {
	let everyone = Permissions::from_mode(0o777); // but for whom the umask excludes
	tempfile::Builder::new().prefix(prefix).permissions(everyone).tempdir_in(parent)
}

/// Give a folder its name, for which nothing may be there. Its files are on disk already.
pub fn finish(partial: TempDir, path: &Path) -> io::Result<()> {
	sync_names(partial.path())?;
	fs::rename(partial.path(), path)?;
	let _ = partial.keep(); // it has another name now
	sync_names(parent(path))
}

/// Write a file that takes its name when all of it is on disk.
pub fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
	let everyone = Permissions::from_mode(0o666); // but for whom the umask excludes
	let mut file = tempfile::Builder::new().permissions(everyone).tempfile_in(parent(path))?;
	file.write_all(bytes)?;
	file.as_file().sync_all()?;
	file.persist(path)?;
	Ok(())
}

/// See to it that the names of a folder's files are on disk.
pub fn sync_names(folder: &Path) -> io::Result<()> {
	File::open(folder)?.sync_all()
}

/// The folder that a path is in.
pub fn parent(path: &Path) -> &Path {
	match path.parent() {
		Some(parent) if !parent.as_os_str().is_empty() => parent,
		_ => Path::new("."),
	}
}
