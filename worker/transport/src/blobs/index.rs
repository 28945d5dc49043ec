//! The index of a folder of blobs: a database, without which its files say nothing.

use std::{io, path::Path};

use redb::{DatabaseError, StorageError};
use tokio::{fs, task::spawn_blocking};

use super::{store_error, BlobError};

/// The file in a folder of blobs.
pub(super) const FILE: &str = "blobs.db";

/// Begin with an empty folder where the index is damaged: the store would stop amid its work when it comes upon that. The damaged
/// folder is kept beside it, in place of the last one that was.
pub(super) async fn check(folder: &Path) -> Result<(), BlobError> {
	let path = folder.join(FILE);
	let damage = spawn_blocking(move || damage(&path)).await;
	let Some(damage) = damage.map_err(store_error("check the index"))? else { return Ok(()) };
	let aside = folder.with_extension("damaged");
	tracing::warn!(folder = %folder.display(), aside = %aside.display(), %damage, "the index of stored blobs is damaged: they are put aside, and fetched anew");
	match fs::remove_dir_all(&aside).await {
		Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
		_ => fs::rename(folder, &aside).await,
	}
	.map_err(store_error("put damaged blobs aside"))
}

/// What is wrong with an index, if it can be said: what else keeps it from being opened is for the store to say.
fn damage(path: &Path) -> Option<StorageError> {
	if !path.is_file() {
		return None;
	}
	let mut builder = redb::Builder::new();
	match builder.set_check_integrity_on_open(true).open(path) {
		Err(DatabaseError::Storage(error)) if is_damage(&error) => Some(error),
		_ => None,
	}
}

fn is_damage(error: &StorageError) -> bool {
	match error {
		StorageError::Corrupted(_) => true,
		// It does not begin as such files do.
		StorageError::Io(error) => error.kind() == io::ErrorKind::InvalidData,
		_ => false,
	}
}
