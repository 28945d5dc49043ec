//! Blobs: large objects by the BLAKE3 of their bytes, verified while they come, resumed where they broke off.
//!
//! A blob lies on one or more shelves. A [`Shelf`] is a name, as `merge/7/3`, for blobs that are given out and thrown away
//! together: whoever is admitted to the shelf may fetch what lies there, and when the shelf is cleared, what lies on no other
//! is deleted. So files stay bounded without counting.

mod fetch;
mod index;
mod serve;

use std::{
	collections::HashSet,
	fmt,
	path::{Path, PathBuf},
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::Duration,
};

use bytes::Bytes;
use cairn_primitives::Hash;
use iroh_blobs::{
	api::{blobs::BlobStatus, Store},
	store::{
		fs::{options::Options as FileOptions, FsStore},
		mem::{MemStore, Options as MemoryOptions},
		GcConfig,
	},
	HashAndFormat,
};
use tokio::time::sleep;

pub use fetch::{Attempt, FetchError, FetchStats, Fetched};
pub(crate) use iroh_blobs::ALPN;

/// How often the store is looked at until it has opened a file anew, and the pause between.
const REOPENING: u32 = 50;
const PAUSE: Duration = Duration::from_millis(20);
/// Separates shelf and hash in a tag; shelves cannot contain it.
const SEPARATOR: char = '\0';

/// Blobs that are given out and thrown away together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shelf(Arc<str>);

impl Shelf {
	/// The shelf of this name. NUL characters are left out.
	pub fn new(name: impl AsRef<str>) -> Self {
		Self(name.as_ref().replace(SEPARATOR, "").into())
	}

	fn tag(&self, hash: Hash) -> String {
		format!("{}{SEPARATOR}{hash:x}", self.0)
	}
}

impl fmt::Display for Shelf {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.0)
	}
}

/// Where blobs are kept.
#[derive(Clone, Debug, Default)]
pub enum BlobStore {
	/// In memory, for tests.
	#[default]
	Memory,
	/// In a folder, which is created if need be and belongs to one endpoint at a time.
	Files(PathBuf),
}

/// Why something could not be done with the blobs kept here.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BlobError {
	/// The blob is not here, or not all of it.
	#[error("blob {0:?} is not here")]
	Missing(Hash),
	/// The blob's file does not hold it any more. Fetching or sharing it again mends that.
	#[error("blob {hash:?} is damaged here ({cause}): it has to be fetched anew")]
	Damaged {
		/// The blob.
		hash: Hash,
		/// What the store says.
		cause: String,
	},
	/// The store failed: the disk is full, or cannot be written.
	#[error("the store of blobs failed to {action}: {cause}")]
	Store {
		/// What was to be done.
		action: &'static str,
		/// What the store says.
		cause: String,
	},
}

/// Turns what the store says into an error, for `map_err`.
fn store_error<E: fmt::Display>(action: &'static str) -> impl FnOnce(E) -> BlobError {
	move |error| BlobError::Store { action, cause: format!("{error:#}") }
}

/// The blobs that an endpoint keeps. Clones share them.
#[derive(Clone, Debug)]
pub struct Blobs {
	store: Store,
	/// How long a peer may be silent before the next one is tried.
	patience: Duration,
	stats: Arc<Mutex<FetchStats>>,
	/// Blobs that the store thinks it has, but could not read.
	damaged: Arc<Mutex<HashSet<Hash>>>,
}

impl Blobs {
	/// Open a store. What lies on no shelf is deleted every `collection`.
	pub(crate) async fn open(
		place: &BlobStore,
		collection: Duration,
		patience: Duration,
	) -> Result<Self, BlobError> {
		let gc = Some(GcConfig { interval: collection, add_protected: None });
		let store = match place {
			BlobStore::Memory => MemStore::new_with_opts(MemoryOptions { gc_config: gc }).into(),
			BlobStore::Files(folder) => {
				index::check(folder).await?;
				let options = FileOptions { gc, ..FileOptions::new(folder) };
				let store = FsStore::load_with_opts(folder.join(index::FILE), options).await;
				store.map_err(store_error("open"))?.into()
			},
		};
		Ok(Self { store, patience, stats: Arc::default(), damaged: Arc::default() })
	}

	/// Keep some bytes, on a shelf. Returns their hash, which is the root of a tensor with these bytes.
	pub async fn share_bytes(
		&self,
		shelf: &Shelf,
		bytes: impl Into<Bytes>,
	) -> Result<Hash, BlobError> {
		let bytes = bytes.into();
		let blob = self.store.blobs().add_bytes(bytes).temp_tag().await;
		let blob = blob.map_err(store_error("import bytes"))?;
		self.shared(shelf, from_store(blob.hash())).await
	}

	/// Keep a copy of a file, on a shelf. Returns the hash of its bytes.
	pub async fn share_file(&self, shelf: &Shelf, path: &Path) -> Result<Hash, BlobError> {
		// The store wants absolute paths.
		let path = std::path::absolute(path).map_err(store_error("find a file"))?;
		let blob = self.store.blobs().add_path(path).temp_tag().await;
		let blob = blob.map_err(store_error("import a file"))?;
		self.shared(shelf, from_store(blob.hash())).await
	}

	/// Put a blob on a shelf that was just imported.
	async fn shared(&self, shelf: &Shelf, hash: Hash) -> Result<Hash, BlobError> {
		if self.damaged().contains(&hash) {
			self.replaced(hash).await?;
		}
		self.put(shelf, hash).await
	}

	/// A damaged blob was imported again: see that it can be read. The store has the old file open as long as anybody uses it.
	async fn replaced(&self, hash: Hash) -> Result<(), BlobError> {
		let mut tries = 0;
		loop {
			match self.store.blobs().get_bytes(to_store(hash)).await {
				Ok(_) => break,
				Err(_) if tries < REOPENING => tries += 1,
				Err(error) => return Err(store_error("replace a damaged blob")(error)),
			}
			sleep(PAUSE).await;
		}
		self.damaged().remove(&hash);
		Ok(())
	}

	/// Put a blob on a shelf, or what is to become of it when it is fetched.
	pub async fn put(&self, shelf: &Shelf, hash: Hash) -> Result<Hash, BlobError> {
		let blob = HashAndFormat::raw(to_store(hash));
		let put = self.store.tags().set(shelf.tag(hash), blob).await;
		put.map_err(store_error("put a blob on a shelf"))?;
		Ok(hash)
	}

	/// Take a blob off a shelf. It is deleted in time if it lies on no other.
	pub async fn take(&self, shelf: &Shelf, hash: Hash) -> Result<(), BlobError> {
		let taken = self.store.tags().delete(shelf.tag(hash)).await;
		taken.map(drop).map_err(store_error("take a blob off a shelf"))
	}

	/// Take everything off a shelf.
	pub async fn clear(&self, shelf: &Shelf) -> Result<(), BlobError> {
		let cleared = self.store.tags().delete_prefix(format!("{shelf}{SEPARATOR}")).await;
		cleared.map(drop).map_err(store_error("clear a shelf"))
	}

	/// Take everything off all shelves whose names begin with this.
	pub async fn clear_all(&self, beginning: &str) -> Result<(), BlobError> {
		let cleared = self.store.tags().delete_prefix(beginning).await;
		cleared.map(drop).map_err(store_error("clear shelves"))
	}

	/// Bytes of a blob, if all of it is here and it is not known to be damaged.
	pub async fn size(&self, hash: Hash) -> Result<Option<u64>, BlobError> {
		if self.damaged().contains(&hash) {
			return Ok(None);
		}
		let status = self.store.blobs().status(to_store(hash)).await;
		Ok(match status.map_err(store_error("look for a blob"))? {
			BlobStatus::Complete { size } => Some(size),
			BlobStatus::Partial { .. } | BlobStatus::NotFound => None,
		})
	}

	/// The bytes of a blob.
	pub async fn read(&self, hash: Hash) -> Result<Bytes, BlobError> {
		self.require(hash).await?;
		// The store holds what it reads against the hash.
		let bytes = self.store.blobs().get_bytes(to_store(hash)).await;
		bytes.map_err(|error| {
			self.damaged().insert(hash);
			BlobError::Damaged { hash, cause: format!("{error:#}") }
		})
	}

	/// Copy a blob to a file.
	pub async fn write_to(&self, hash: Hash, path: &Path) -> Result<(), BlobError> {
		self.require(hash).await?;
		let path = std::path::absolute(path).map_err(store_error("find a file"))?;
		let written = self.store.blobs().export(to_store(hash), path).await;
		written.map(drop).map_err(store_error("write a blob to a file"))
	}

	/// What was fetched so far.
	pub fn stats(&self) -> FetchStats {
		*self.stats.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Write everything down and let go of the files.
	pub(crate) async fn close(&self) {
		if let Err(error) = self.store.shutdown().await {
			tracing::warn!(%error, "the store of blobs did not close");
		}
	}

	fn damaged(&self) -> MutexGuard<'_, HashSet<Hash>> {
		self.damaged.lock().unwrap_or_else(PoisonError::into_inner)
	}

	async fn require(&self, hash: Hash) -> Result<(), BlobError> {
		self.size(hash).await?.map(drop).ok_or(BlobError::Missing(hash))
	}

	/// Whether a blob lies on a shelf.
	async fn lies_on(&self, shelf: &Shelf, hash: Hash) -> bool {
		matches!(self.store.tags().get(shelf.tag(hash)).await, Ok(Some(_)))
	}
}

fn to_store(hash: Hash) -> iroh_blobs::Hash {
	iroh_blobs::Hash::from_bytes(hash.0)
}

fn from_store(hash: iroh_blobs::Hash) -> Hash {
	Hash::from(*hash.as_bytes())
}
