//! The manifest of a dataset.

use cairn_primitives::{dataset::DatasetHead, hash::list_root, DatasetId, Hash};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The root's name in the file.
const ROOT: &str = "root";

/// Bytes of a token id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum TokenBytes {
	/// Vocabularies of up to 65,536.
	Two,
	/// Larger ones.
	Four,
}

impl From<TokenBytes> for u8 {
	fn from(bytes: TokenBytes) -> u8 {
		match bytes {
			TokenBytes::Two => 2,
			TokenBytes::Four => 4,
		}
	}
}

impl TryFrom<u8> for TokenBytes {
	type Error = String;

	fn try_from(bytes: u8) -> Result<Self, String> {
		match bytes {
			2 => Ok(TokenBytes::Two),
			4 => Ok(TokenBytes::Four),
			other => Err(format!("a token has 2 or 4 bytes, not {other}")),
		}
	}
}

/// What a dataset consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
	/// Number of tokens that there are.
	pub vocabulary: u32,
	/// Bytes of a token id.
	pub token_bytes: TokenBytes,
	/// Tokens of the dataset.
	pub tokens: u64,
	/// Tokens at its end that no model trains on, for held-out evaluation.
	pub held_out: u64,
	/// Tokens of a chunk; the last one may have fewer.
	pub chunk_tokens: u32,
	/// BLAKE3 of the tokenizer's file.
	pub tokenizer: Hash,
	/// BLAKE3 of each chunk.
	pub chunks: Vec<Hash>,
}

impl Manifest {
	/// Read a manifest from the bytes of its file; what is wrong with it as a sentence. The file names the root that it comes to, so that
	/// it cannot be damaged unnoticed.
	pub fn parse(bytes: &[u8]) -> Result<Self, String> {
		let sentence = |error: serde_json::Error| error.to_string();
		let mut file: Map<String, Value> = serde_json::from_slice(bytes).map_err(sentence)?;
		let root = file.remove(ROOT).ok_or("it does not name its root")?;
		let manifest: Self = serde_json::from_value(file.into()).map_err(sentence)?;
		manifest.check()?;
		let (named, root): (Hash, _) =
			(serde_json::from_value(root).map_err(sentence)?, manifest.root());
		match named == root {
			true => Ok(manifest),
			false => Err(format!("it comes to the root {root:?} and names {named:?}")),
		}
	}

	fn check(&self) -> Result<(), String> {
		let Self { vocabulary, tokens, held_out, chunk_tokens, chunks, .. } = self;
		if *vocabulary < 2 || *chunk_tokens == 0 {
			return Err(
				"there are fewer than two tokens in the vocabulary, or none in a chunk".into()
			);
		}
		if *vocabulary > 1 << 16 && self.token_bytes == TokenBytes::Two {
			return Err(format!("a vocabulary of {vocabulary} does not fit tokens of 2 bytes"));
		}
		if held_out > tokens {
			return Err(format!("{held_out} of {tokens} tokens cannot be held out"));
		}
		let expected = tokens.div_ceil(u64::from(*chunk_tokens));
		if chunks.len() as u64 != expected {
			return Err(format!(
				"{tokens} tokens are {expected} chunks, and {} are listed",
				chunks.len()
			));
		}
		Ok(())
	}

	/// The bytes of the manifest's file.
	pub fn to_bytes(&self) -> Vec<u8> {
		let mut file = serde_json::to_value(self).expect("a manifest is plain data");
		file[ROOT] = Value::String(format!("{:?}", self.root()));
		let mut bytes = serde_json::to_vec_pretty(&file).expect("a manifest is plain data");
		bytes.push(b'\n');
		bytes
	}

	/// What the chain can check of it.
	pub fn head(&self) -> DatasetHead {
		DatasetHead {
			vocabulary: self.vocabulary,
			token_bytes: self.token_bytes.into(),
			tokens: self.tokens,
			held_out: self.held_out,
			chunk_tokens: self.chunk_tokens,
			tokenizer: self.tokenizer,
			chunks: list_root(&self.chunks),
		}
	}

	/// The root that names the dataset: BLAKE3 of its head.
	pub fn root(&self) -> DatasetId {
		self.head().root()
	}

	/// Tokens of a chunk.
	pub fn tokens_of(&self, chunk: usize) -> u64 {
		let before = chunk as u64 * u64::from(self.chunk_tokens);
		self.tokens.saturating_sub(before).min(self.chunk_tokens.into())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn manifest() -> Manifest {
		Manifest {
			vocabulary: 300,
			token_bytes: TokenBytes::Two,
			tokens: 250,
			held_out: 20,
			chunk_tokens: 100,
			tokenizer: Hash::repeat_byte(1),
			chunks: vec![Hash::repeat_byte(2); 3],
		}
	}

	#[test]
	fn a_manifest_is_read_as_it_was_written() {
		assert_eq!(Manifest::parse(&manifest().to_bytes()), Ok(manifest()));
		assert_eq!([0, 1, 2, 3].map(|chunk| manifest().tokens_of(chunk)), [100, 100, 50, 0]);
	}

	#[test]
	fn no_bit_of_a_manifest_flips_unnoticed() {
		let bytes = manifest().to_bytes();
		for at in 0..bytes.len() {
			for bit in 0..8 {
				let mut damaged = bytes.clone();
				damaged[at] ^= 1 << bit;
				// Capitals are as good in a hash.
				if let Ok(read) = Manifest::parse(&damaged) {
					assert_eq!(read, manifest(), "bit {bit} of byte {at}");
				}
			}
		}
	}

	#[test]
	fn manifests_that_do_not_add_up_are_refused() {
		type Change = fn(&mut Manifest);
		let wrong: [(&str, Change); 6] = [
			("chunk", |m| m.chunk_tokens = 0),
			("vocabulary", |m| m.vocabulary = 1),
			("fit", |m| m.vocabulary = 70_000),
			("held out", |m| m.held_out = 251),
			("chunks", |m| m.tokens = 301),
			("chunks", |m| m.chunks.truncate(2)),
		];
		for (part, change) in wrong {
			let mut manifest = manifest();
			change(&mut manifest);
			let error = Manifest::parse(&manifest.to_bytes()).unwrap_err();
			assert!(error.contains(part), "{error}");
		}
		for bytes in ["", "{}", "[1]", "{\"vocabulary\": -1}"] {
			assert!(Manifest::parse(bytes.as_bytes()).is_err());
		}
		let strange = String::from_utf8(manifest().to_bytes()).unwrap();
		assert!(Manifest::parse(
			strange.replace("\"token_bytes\": 2", "\"token_bytes\": 3").as_bytes()
		)
		.is_err());
		assert!(Manifest::parse(strange.replace("{", "{\"more\": 1,").as_bytes()).is_err());
	}
}
