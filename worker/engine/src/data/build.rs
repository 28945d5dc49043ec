//! From text to a dataset.

use std::{
	fs, io,
	path::{Path, PathBuf},
};

use cairn_primitives::{hash::blob_root, Hash};
use serde::Deserialize;
use tokenizers::{
	models::{
		bpe::{BpeTrainerBuilder, BPE},
		TrainerWrapper,
	},
	pre_tokenizers::byte_level::ByteLevel,
	AddedToken, Tokenizer,
};

use super::{dataset::chunk_path, manifest::TokenBytes, Manifest};
use crate::folder::{self, WriteError};

/// Stands behind every document, and means nothing else.
const END: &str = "<|end|>";
/// What stands behind a document in tokenizers of others, too.
pub(super) const ENDS: [&str; 5] = [END, "<|endoftext|>", "<|end_of_text|>", "</s>", "<|im_end|>"];
/// A vocabulary has each byte and the end of a document at least.
const LEAST_VOCABULARY: u32 = 257;
/// Bytes of text that are encoded at a time; a piece ends behind a line.
const PIECE: usize = 64 * 1024;

/// How text becomes tokens.
#[derive(Clone, Debug)]
pub enum Tokenization {
	/// By a byte-level BPE of so many tokens, trained on the text.
	Train {
		/// Tokens that there will be at most.
		vocabulary: u32,
	},
	/// By a tokenizer's file.
	Given(PathBuf),
}

/// How a dataset is made.
#[derive(Clone, Debug)]
pub struct BuildSettings {
	/// Files of UTF-8 text, one document each, or of JSON lines (`*.jsonl`), whose field `text` is a document each.
	pub inputs: Vec<PathBuf>,
	/// The dataset's folder; it must not exist.
	pub output: PathBuf,
	/// How text becomes tokens.
	pub tokenization: Tokenization,
	/// Tokens of a chunk.
	pub chunk_tokens: u32,
	/// Part of the tokens that is held out for evaluation, in thousandths.
	pub held_out_permille: u32,
}

/// Why a dataset could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
	/// The folder exists.
	#[error("{0} exists already: choose another folder, or remove it")]
	Exists(PathBuf),
	/// A file could not be read.
	#[error("cannot read {path}: {error}")]
	Unreadable {
		/// The file.
		path: PathBuf,
		/// Why.
		error: io::Error,
	},
	/// A file is not UTF-8.
	#[error("{path} is not UTF-8 text: byte {at} belongs to no character")]
	NotText {
		/// The file.
		path: PathBuf,
		/// Where.
		at: usize,
	},
	/// A line is no JSON object with a text.
	#[error("{path}, line {line}, is no JSON object with a field \"text\": {error}")]
	NotJson {
		/// The file.
		path: PathBuf,
		/// Counted from 1.
		line: usize,
		/// Why.
		error: serde_json::Error,
	},
	/// There is nothing to train on.
	#[error("there is no text in the input")]
	NoText,
	/// A byte-level vocabulary is at least so large.
	#[error("a vocabulary has at least {LEAST_VOCABULARY} tokens (each byte, and the end of a document), not {0}")]
	VocabularyTooSmall(u32),
	/// A given tokenizer has no token for the end of a document.
	#[error("the tokenizer has none of the tokens that end a document: {}", ENDS.join(", "))]
	NoEnd,
	/// The settings make no dataset.
	#[error("{0}")]
	BadSettings(&'static str),
	/// The tokenizer fails.
	#[error("the tokenizer fails: {0}")]
	Tokenizer(String),
	/// The dataset could not be written.
	#[error(transparent)]
	Unwritable(#[from] WriteError),
}

impl From<tokenizers::Error> for BuildError {
	fn from(error: tokenizers::Error) -> Self {
		Self::Tokenizer(error.to_string())
	}
}

/// What is going on, for whoever waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildProgress {
	/// A tokenizer is being trained on so many bytes.
	Training {
		/// Bytes of text.
		bytes: u64,
	},
	/// So many bytes of all have become tokens.
	Encoding {
		/// Done.
		bytes: u64,
		/// All.
		of: u64,
	},
}

/// Make a dataset. Nothing is left of it unless it is whole.
pub fn build(
	settings: &BuildSettings,
	mut progress: impl FnMut(BuildProgress),
) -> Result<Manifest, BuildError> {
	if settings.output.exists() {
		return Err(BuildError::Exists(settings.output.clone()));
	}
	if settings.chunk_tokens == 0 || settings.held_out_permille > 500 {
		return Err(BuildError::BadSettings(
			"a chunk has tokens, and at most half of them are held out",
		));
	}
	let documents = read_all(&settings.inputs)?;
	let bytes: u64 = documents.iter().map(|document| document.len() as u64).sum();
	if bytes == 0 {
		return Err(BuildError::NoText);
	}
	let (mut tokenizer, file) = match &settings.tokenization {
		Tokenization::Train { vocabulary } => {
			progress(BuildProgress::Training { bytes });
			train(&documents, *vocabulary)?
		},
		Tokenization::Given(path) => {
			let file = fs::read(path)
				.map_err(|error| BuildError::Unreadable { path: path.clone(), error })?;
			(Tokenizer::from_bytes(&file)?, file)
		},
	};
	// The name of a special token within a text is text.
	tokenizer.set_encode_special_tokens(true);
	let parent = folder::parent(&settings.output);
	fs::create_dir_all(parent).map_err(WriteError::of(parent))?;
	let partial = folder::partial(".dataset-", parent)?;
	let chunks = partial.path().join("chunks");
	fs::create_dir(&chunks).map_err(WriteError::of(&chunks))?;
	folder::write_file(&partial.path().join("tokenizer.json"), &file)?;
	// Numbers may have gaps.
	let vocabulary =
		tokenizer.get_vocab(true).into_values().max().map_or(0, |last| last.saturating_add(1));
	let mut writer = ChunkWriter::new(partial.path(), vocabulary, settings.chunk_tokens);
	let mut done = 0;
	let end = ENDS.iter().find_map(|end| tokenizer.token_to_id(end));
	let end = end.ok_or(BuildError::NoEnd)?;
	for document in &documents {
		for piece in pieces(document) {
			let encoding = tokenizer.encode_fast(piece, false)?;
			writer.write(encoding.get_ids())?;
			done += piece.len() as u64;
			progress(BuildProgress::Encoding { bytes: done, of: bytes });
		}
		writer.write(&[end])?;
	}
	let (tokens, chunks) = writer.finish()?;
	let manifest = Manifest {
		vocabulary,
		token_bytes: token_bytes(vocabulary),
		tokens,
		held_out: tokens * u64::from(settings.held_out_permille) / 1000,
		chunk_tokens: settings.chunk_tokens,
		tokenizer: blob_root(&file),
		chunks,
	};
	folder::write_file(&partial.path().join("manifest.json"), &manifest.to_bytes())?;
	folder::finish(partial, &settings.output)?;
	Ok(manifest)
}

fn token_bytes(vocabulary: u32) -> TokenBytes {
	if vocabulary > 1 << 16 {
		TokenBytes::Four
	} else {
		TokenBytes::Two
	}
}

/// The documents of all files.
fn read_all(paths: &[PathBuf]) -> Result<Vec<String>, BuildError> {
	let mut documents = Vec::new();
	for path in paths {
		let bytes =
			fs::read(path).map_err(|error| BuildError::Unreadable { path: path.clone(), error })?;
		let text = String::from_utf8(bytes).map_err(|error| BuildError::NotText {
			path: path.clone(),
			at: error.utf8_error().valid_up_to(),
		})?;
		if path.extension().is_some_and(|extension| extension == "jsonl") {
			for (line, json) in text.lines().enumerate().filter(|(_, json)| !json.trim().is_empty())
			{
				let document: JsonLine = serde_json::from_str(json).map_err(|error| {
					BuildError::NotJson { path: path.clone(), line: line + 1, error }
				})?;
				documents.push(document.text);
			}
		} else {
			documents.push(text);
		}
	}
	Ok(documents)
}

#[derive(Deserialize)]
struct JsonLine {
	text: String,
}

/// A byte-level BPE, and its file.
fn train(documents: &[String], vocabulary: u32) -> Result<(Tokenizer, Vec<u8>), BuildError> {
	if vocabulary < LEAST_VOCABULARY {
		return Err(BuildError::VocabularyTooSmall(vocabulary));
	}
	let mut tokenizer = Tokenizer::new(BPE::default());
	tokenizer.with_pre_tokenizer(Some(ByteLevel::new(false, true, true)));
	tokenizer.with_decoder(Some(ByteLevel::default()));
	let trainer = BpeTrainerBuilder::new()
		.show_progress(false)
		.vocab_size(vocabulary as usize)
		.min_frequency(2)
		.special_tokens(vec![AddedToken::from(END, true)])
		.initial_alphabet(ByteLevel::alphabet().into_iter().collect())
		.build();
	let texts = documents.iter().flat_map(|document| pieces(document));
	tokenizer.train(&mut TrainerWrapper::from(trainer), texts)?;
	let file = tokenizer.to_string(true)?.into_bytes();
	Ok((tokenizer, file))
}

/// A text in pieces that end behind lines, so that no word is cut.
fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
	std::iter::from_fn(move || {
		if text.is_empty() {
			return None;
		}
		let end = text.as_bytes().iter().skip(PIECE).position(|byte| *byte == b'\n');
		let (piece, rest) = text.split_at(end.map_or(text.len(), |end| PIECE + end + 1));
		text = rest;
		Some(piece)
	})
}

/// Writes tokens into chunks.
struct ChunkWriter<'a> {
	folder: &'a Path,
	size: TokenBytes,
	chunk_bytes: usize,
	bytes: Vec<u8>,
	tokens: u64,
	chunks: Vec<Hash>,
}

impl<'a> ChunkWriter<'a> {
	fn new(folder: &'a Path, vocabulary: u32, chunk_tokens: u32) -> Self {
		let size = token_bytes(vocabulary);
		let chunk_bytes = chunk_tokens as usize * usize::from(u8::from(size));
		Self { folder, size, chunk_bytes, bytes: Vec::new(), tokens: 0, chunks: Vec::new() }
	}

	fn write(&mut self, tokens: &[u32]) -> Result<(), WriteError> {
		for token in tokens {
			let bytes = token.to_le_bytes();
			self.bytes.extend_from_slice(&bytes[..u8::from(self.size).into()]);
			if self.bytes.len() == self.chunk_bytes {
				self.flush()?;
			}
		}
		self.tokens += tokens.len() as u64;
		Ok(())
	}

	fn flush(&mut self) -> Result<(), WriteError> {
		folder::write_file(&chunk_path(self.folder, self.chunks.len()), &self.bytes)?;
		self.chunks.push(blob_root(&self.bytes));
		self.bytes.clear();
		Ok(())
	}

	fn finish(mut self) -> Result<(u64, Vec<Hash>), WriteError> {
		if !self.bytes.is_empty() {
			self.flush()?;
		}
		folder::sync_names(&self.folder.join("chunks"))?;
		Ok((self.tokens, self.chunks))
	}
}
