//! Folders that are there as a whole or not at all, whenever a process or a machine stops.

use std::{
	fs::{self, File, Permissions},
	io,
	os::unix::fs::PermissionsExt,
	path::Path,
};

use tempfile::TempDir;

/// A folder to fill; it is removed unless it is finished.
pub(crate) fn partial(prefix: &str, parent: &Path) -> io::Result<TempDir> {
	let everyone = Permissions::from_mode(0o777); // but for whom the umask excludes
	tempfile::Builder::new().prefix(prefix).permissions(everyone).tempdir_in(parent)
}

/// Give a folder its name, for which nothing may be there. Its files are on disk already.
pub(crate) fn finish(partial: TempDir, path: &Path) -> io::Result<()> {
	sync_names(partial.path())?;
	fs::rename(partial.path(), path)?;
	let _ = partial.keep(); // it has another name now
	sync_names(parent(path))
}

/// See to it that the names of a folder's files are on disk.
pub(crate) fn sync_names(folder: &Path) -> io::Result<()> {
	File::open(folder)?.sync_all()
}

/// The folder that a path is in.
pub(crate) fn parent(path: &Path) -> &Path {
	match path.parent() {
		Some(parent) if !parent.as_os_str().is_empty() => parent,
		_ => Path::new("."),
	}
}
