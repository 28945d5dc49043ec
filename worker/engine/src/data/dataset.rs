//! Reading a dataset, and checking it.

use std::{
	fs::File,
	io,
	os::unix::fs::FileExt,
	path::{Path, PathBuf},
	sync::atomic::{AtomicBool, Ordering},
};

use cairn_primitives::{hash::blob_root, Hash};

use super::{manifest::TokenBytes, Manifest};

/// Bytes of a chunk that are checked at a time.
const PART: u64 = 64 << 10;

/// Which part of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
	/// What models train on.
	Training,
	/// What they are evaluated on.
	HeldOut,
}

/// What is wrong with a dataset.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
	/// A file could not be read.
	#[error("cannot read {path}: {error}")]
	Unreadable {
		/// The file.
		path: PathBuf,
		/// Why.
		error: io::Error,
	},
	/// The manifest is not one.
	#[error("{path} is no manifest of a dataset: {reason}")]
	BadManifest {
		/// The file.
		path: PathBuf,
		/// What is wrong with it.
		reason: String,
	},
	/// A chunk has another length than the manifest says.
	#[error("chunk {chunk} has {found} bytes instead of {expected}: fetch it again")]
	WrongLength {
		/// The chunk.
		chunk: usize,
		/// Bytes that it should have.
		expected: u64,
		/// Bytes that it has.
		found: u64,
	},
	/// The bytes of a chunk or of the tokenizer are not those that the manifest names.
	#[error("{what} is corrupt: its BLAKE3 is {found:?}, the manifest says {expected:?}; fetch it again")]
	WrongHash {
		/// Which file.
		what: String,
		/// As the manifest says.
		expected: Hash,
		/// Of the file.
		found: Hash,
	},
	/// A token is not of the vocabulary.
	#[error("token {token} at place {place} is beyond the vocabulary of {vocabulary}")]
	TokenOutOfRange {
		/// The token.
		token: u32,
		/// Its place in the dataset.
		place: u64,
		/// Tokens that there are.
		vocabulary: u32,
	},
	/// There is no such sample.
	#[error(
		"the dataset has {samples} samples of {context} tokens, so there is no sample {index}"
	)]
	NoSample {
		/// The sample asked for.
		index: u64,
		/// Samples that there are.
		samples: u64,
		/// Tokens of a sample.
		context: u32,
	},
}

/// A dataset on disk. A chunk is checked against its hash before the first sample is read from it, and is opened anew for each
/// sample: that takes microseconds, and there may be more chunks than files that a process may have open.
#[derive(Debug)]
pub struct Dataset {
	folder: PathBuf,
	manifest: Manifest,
	/// Chunks that were found to be right.
	checked: Vec<AtomicBool>,
}

/// File of a chunk within a dataset's folder.
pub(super) fn chunk_path(folder: &Path, chunk: usize) -> PathBuf {
	folder.join("chunks").join(format!("{chunk:05}.bin"))
}

impl Dataset {
	/// Open a dataset; its chunks must be there and have the right length.
	pub fn open(folder: impl Into<PathBuf>) -> Result<Self, DatasetError> {
		let folder = folder.into();
		let path = folder.join("manifest.json");
		let bytes = std::fs::read(&path)
			.map_err(|error| DatasetError::Unreadable { path: path.clone(), error })?;
		let manifest = Manifest::parse(&bytes)
			.map_err(|reason| DatasetError::BadManifest { path: path.clone(), reason })?;
		for chunk in 0..manifest.chunks.len() {
			let path = chunk_path(&folder, chunk);
			let found = match std::fs::metadata(&path) {
				Ok(metadata) => metadata.len(),
				Err(error) => return Err(DatasetError::Unreadable { path, error }),
			};
			let expected = manifest.tokens_of(chunk) * u64::from(u8::from(manifest.token_bytes));
			if found != expected {
				return Err(DatasetError::WrongLength { chunk, expected, found });
			}
		}
		let checked = manifest.chunks.iter().map(|_| AtomicBool::new(false)).collect();
		Ok(Self { folder, manifest, checked })
	}

	/// The manifest.
	pub fn manifest(&self) -> &Manifest {
		&self.manifest
	}

	/// The tokenizer's file.
	pub fn tokenizer(&self) -> PathBuf {
		self.folder.join("tokenizer.json")
	}

	/// Check every chunk and the tokenizer; `progress` hears how many chunks are done.
	pub fn verify(&self, mut progress: impl FnMut(usize)) -> Result<(), DatasetError> {
		self.check_tokenizer()?;
		for chunk in 0..self.checked.len() {
			self.check(chunk)?;
			progress(chunk + 1);
		}
		Ok(())
	}

	/// Check the hash of the tokenizer's file.
	pub fn check_tokenizer(&self) -> Result<(), DatasetError> {
		let path = self.tokenizer();
		let bytes =
			std::fs::read(&path).map_err(|error| DatasetError::Unreadable { path, error })?;
		let found = blob_root(&bytes);
		if found != self.manifest.tokenizer {
			let expected = self.manifest.tokenizer;
			return Err(DatasetError::WrongHash { what: "the tokenizer".into(), expected, found });
		}
		Ok(())
	}

	/// Samples of a split: each has `context` tokens and one more to predict.
	pub fn samples(&self, split: Split, context: u32) -> u64 {
		let (_, tokens) = self.range(split);
		tokens.saturating_sub(1) / u64::from(context.max(1))
	}

	/// First token of a split, and its number of tokens.
	fn range(&self, split: Split) -> (u64, u64) {
		let Manifest { tokens, held_out, .. } = self.manifest;
		match split {
			Split::Training => (0, tokens - held_out),
			Split::HeldOut => (tokens - held_out, held_out),
		}
	}

	/// A sample: its tokens and the one behind each of them, put at the end of `inputs` and `targets`.
	pub fn read_sample(
		&self,
		split: Split,
		context: u32,
		index: u64,
		inputs: &mut Vec<u32>,
		targets: &mut Vec<u32>,
	) -> Result<(), DatasetError> {
		let samples = self.samples(split, context);
		if index >= samples {
			return Err(DatasetError::NoSample { index, samples, context });
		}
		let (start, _) = self.range(split);
		let tokens = self.tokens(start + index * u64::from(context), context as usize + 1)?;
		inputs.extend_from_slice(&tokens[..context as usize]);
		targets.extend_from_slice(&tokens[1..]);
		Ok(())
	}

	/// `count` tokens from a place on.
	fn tokens(&self, mut place: u64, count: usize) -> Result<Vec<u32>, DatasetError> {
		let size = usize::from(u8::from(self.manifest.token_bytes));
		let mut tokens = Vec::with_capacity(count);
		while tokens.len() < count {
			let per_chunk = u64::from(self.manifest.chunk_tokens);
			let (chunk, within) = ((place / per_chunk) as usize, place % per_chunk);
			if !self.checked[chunk].load(Ordering::Acquire) {
				self.check(chunk)?;
			}
			let available = (self.manifest.tokens_of(chunk) - within) as usize;
			let mut bytes = vec![0; available.min(count - tokens.len()) * size];
			self.read(chunk, within * size as u64, &mut bytes)?;
			decode(&bytes, self.manifest.token_bytes, &mut tokens);
			place += (bytes.len() / size) as u64;
		}
		Ok(tokens)
	}

	/// The bytes of a chunk, which has to exist.
	pub(crate) fn read_chunk(&self, chunk: u64) -> Result<Vec<u8>, DatasetError> {
		let chunk = chunk as usize;
		self.check(chunk)?;
		let count = self.manifest.tokens_of(chunk) as usize;
		let mut bytes = vec![0; count * usize::from(u8::from(self.manifest.token_bytes))];
		self.read(chunk, 0, &mut bytes)?;
		Ok(bytes)
	}

	fn read(&self, chunk: usize, from: u64, bytes: &mut [u8]) -> Result<(), DatasetError> {
		let path = chunk_path(&self.folder, chunk);
		File::open(&path)
			.and_then(|file| file.read_exact_at(bytes, from))
			.map_err(|error| DatasetError::Unreadable { path, error })
	}

	/// Check the hash and the tokens of a chunk, of which a part is in memory at a time.
	fn check(&self, chunk: usize) -> Result<(), DatasetError> {
		let size = u64::from(u8::from(self.manifest.token_bytes));
		let (length, vocabulary) =
			(self.manifest.tokens_of(chunk) * size, self.manifest.vocabulary);
		let mut place = chunk as u64 * u64::from(self.manifest.chunk_tokens);
		let (mut hasher, mut strange) = (blake3::Hasher::new(), None);
		let (mut part, mut tokens) = (vec![0; PART as usize], Vec::new());
		for from in (0..length).step_by(PART as usize) {
			let part = &mut part[..PART.min(length - from) as usize];
			self.read(chunk, from, part)?;
			hasher.update(part);
			tokens.clear();
			decode(part, self.manifest.token_bytes, &mut tokens);
			let found = tokens.iter().position(|token| *token >= vocabulary);
			strange = strange.or(found.map(|found| (tokens[found], place + found as u64)));
			place += tokens.len() as u64;
		}
		let (expected, found) =
			(self.manifest.chunks[chunk], Hash::from(*hasher.finalize().as_bytes()));
		if expected != found {
			return Err(DatasetError::WrongHash {
				what: format!("chunk {chunk}"),
				expected,
				found,
			});
		}
		if let Some((token, place)) = strange {
			return Err(DatasetError::TokenOutOfRange { token, place, vocabulary });
		}
		self.checked[chunk].store(true, Ordering::Release);
		Ok(())
	}
}

/// Little-endian token ids.
fn decode(bytes: &[u8], size: TokenBytes, tokens: &mut Vec<u32>) {
	match size {
		TokenBytes::Two => tokens.extend(
			bytes.chunks_exact(2).map(|bytes| u32::from(u16::from_le_bytes([bytes[0], bytes[1]]))),
		),
		TokenBytes::Four => tokens
			.extend(bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))),
	}
}
