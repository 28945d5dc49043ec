//! Text to tokens and back, by a tokenizer's file.

use std::{
	fs, io,
	path::{Path, PathBuf},
};

use tokenizers::Tokenizer;

use super::build::ENDS;

/// A tokenizer.
#[derive(Debug)]
pub struct Text {
	tokenizer: Tokenizer,
}

/// Why there is no text, or there are no tokens.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
	/// The file could not be read.
	#[error("cannot read {path}: {error}")]
	Unreadable {
		/// The file.
		path: PathBuf,
		/// Why.
		error: io::Error,
	},
	/// It is no tokenizer.
	#[error("{path} is no tokenizer's file: {reason}")]
	Broken {
		/// The file.
		path: PathBuf,
		/// Why.
		reason: String,
	},
	/// The tokenizer fails.
	#[error("the tokenizer fails: {0}")]
	Failed(String),
}

impl Text {
	/// Read a tokenizer's file (`tokenizer.json`).
	pub fn open(path: &Path) -> Result<Self, TextError> {
		let bytes =
			fs::read(path).map_err(|error| TextError::Unreadable { path: path.into(), error })?;
		let tokenizer = Tokenizer::from_bytes(&bytes)
			.map_err(|error| TextError::Broken { path: path.into(), reason: error.to_string() })?;
		Ok(Self { tokenizer })
	}

	/// The tokens of a text; names of special tokens in it stand for these.
	pub fn encode(&self, text: &str) -> Result<Vec<u32>, TextError> {
		let encoding = self.tokenizer.encode_fast(text, false).map_err(failed)?;
		Ok(encoding.get_ids().to_vec())
	}

	/// The tokens of a text that a model goes on with: behind the one that texts begin with, if the tokenizer says so.
	pub fn prompt(&self, text: &str) -> Result<Vec<u32>, TextError> {
		let encoding = self.tokenizer.encode_fast(text, true).map_err(failed)?;
		Ok(encoding.get_ids().to_vec())
	}

	/// The text of tokens, without the special ones.
	pub fn decode(&self, tokens: &[u32]) -> Result<String, TextError> {
		self.tokenizer.decode(tokens, true).map_err(failed)
	}

	/// Tokens that there are.
	pub fn vocabulary(&self) -> usize {
		self.tokenizer.get_vocab_size(true)
	}

	/// Tokens that end a document in the tokenizers that are known.
	pub fn ends(&self) -> Vec<u32> {
		ENDS.iter().filter_map(|name| self.tokenizer.token_to_id(name)).collect()
	}

	/// Text that grows by a token at a time: `said` hears of each piece that is whole characters.
	pub fn stream<'a>(&'a self, mut said: impl FnMut(&str) + 'a) -> impl FnMut(u32) + 'a {
		let mut stream = self.tokenizer.decode_stream(true);
		move |token| {
			// It fails for tokens that the tokenizer does not have: they have no text.
			if let Ok(Some(piece)) = stream.step(token) {
				said(&piece);
			}
		}
	}
}

fn failed(error: tokenizers::Error) -> TextError {
	TextError::Failed(error.to_string())
}
