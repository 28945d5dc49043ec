//! A dataset that is put together from its files as they come, in any order, from whoever has them.

use std::{
	fs, io,
	path::{Path, PathBuf},
};

use cairn_primitives::{hash::blob_root, DatasetId, Hash};

use super::{dataset::chunk_path, Dataset, DatasetError, Manifest};
use crate::folder::{self, WriteError};

/// A dataset that is put together. What is there already when it is begun anew is not asked for again.
#[derive(Debug)]
pub struct Assembly {
	folder: PathBuf,
	manifest: Manifest,
}

/// Why a file does not become part of a dataset.
#[derive(Debug, thiserror::Error)]
pub enum AssemblyError {
	/// The manifest is none, or another's.
	#[error("this is not the manifest of dataset {root:?}: {reason}")]
	OtherManifest {
		/// The dataset.
		root: DatasetId,
		/// What is wrong.
		reason: String,
	},
	/// The bytes are not those that the manifest names.
	#[error("{what} is corrupt: its BLAKE3 is {found:?}, the manifest says {expected:?}")]
	Corrupt {
		/// Which file.
		what: String,
		/// As the manifest says.
		expected: Hash,
		/// Of the bytes.
		found: Hash,
	},
	/// A file cannot be written.
	#[error(transparent)]
	Unwritable(#[from] WriteError),
	/// What was put together cannot be opened.
	#[error(transparent)]
	Dataset(#[from] DatasetError),
}

impl Assembly {
	/// Begin with the bytes of the manifest of a dataset, or go on, in a folder which is made if need be.
	pub fn begin(folder: &Path, root: DatasetId, manifest: &[u8]) -> Result<Self, AssemblyError> {
		let other = |reason| AssemblyError::OtherManifest { root, reason };
		let manifest = Manifest::parse(manifest).map_err(other)?;
		if manifest.root() != root {
			return Err(other(format!("it is that of {:?}", manifest.root())));
		}
		let chunks = folder.join("chunks");
		fs::create_dir_all(&chunks).map_err(WriteError::of(&chunks))?;
		Ok(Self { folder: folder.into(), manifest })
	}

	/// What the dataset consists of.
	pub fn manifest(&self) -> &Manifest {
		&self.manifest
	}

	/// Bytes of a chunk.
	pub fn bytes_of(&self, chunk: usize) -> u64 {
		self.manifest.tokens_of(chunk) * u64::from(u8::from(self.manifest.token_bytes))
	}

	/// Chunks that are not there. What is there was checked when it came, and is checked again when it is read.
	pub fn missing(&self) -> Vec<usize> {
		let is_missing = |chunk: &usize| match fs::metadata(chunk_path(&self.folder, *chunk)) {
			Ok(metadata) => metadata.len() != self.bytes_of(*chunk),
			Err(_) => true,
		};
		(0..self.manifest.chunks.len()).filter(is_missing).collect()
	}

	/// Put a chunk in its place.
	pub fn add_chunk(&self, chunk: usize, bytes: &[u8]) -> Result<(), AssemblyError> {
		let expected = self.manifest.chunks.get(chunk).copied().unwrap_or_default();
		self.add(&chunk_path(&self.folder, chunk), &format!("chunk {chunk}"), expected, bytes)
	}

	/// Put the tokenizer in its place.
	pub fn add_tokenizer(&self, bytes: &[u8]) -> Result<(), AssemblyError> {
		let path = self.folder.join("tokenizer.json");
		self.add(&path, "the tokenizer", self.manifest.tokenizer, bytes)
	}

	/// The dataset, once everything is there: its manifest comes last.
	pub fn finish(self) -> Result<Dataset, AssemblyError> {
		folder::write_file(&self.folder.join("manifest.json"), &self.manifest.to_bytes())?;
		let dataset = Dataset::open(self.folder)?;
		dataset.check_tokenizer()?;
		Ok(dataset)
	}

	fn add(
		&self,
		path: &Path,
		what: &str,
		expected: Hash,
		bytes: &[u8],
	) -> Result<(), AssemblyError> {
		let found = blob_root(bytes);
		match found == expected {
			true => Ok(folder::write_file(path, bytes)?),
			false => Err(AssemblyError::Corrupt { what: what.into(), expected, found }),
		}
	}
}

impl Dataset {
	/// The bytes of a chunk, if there is such a chunk.
	pub fn chunk(&self, chunk: usize) -> Option<Result<Vec<u8>, DatasetError>> {
		(chunk < self.manifest().chunks.len()).then(|| self.read_chunk(chunk as u64))
	}

	/// The bytes of the tokenizer's file.
	pub fn tokenizer_bytes(&self) -> Result<Vec<u8>, DatasetError> {
		let path = self.tokenizer();
		fs::read(&path).map_err(|error: io::Error| DatasetError::Unreadable { path, error })
	}
}
