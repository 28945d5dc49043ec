//! A dataset for models of 32 tokens.

use std::{fs, path::Path};

use cairn_engine::data::{Dataset, Manifest, TokenBytes};
use cairn_primitives::hash::blob_root;

use crate::Result;

const TEXT: &str = "one two three four five six seven eight nine ten\n";
const CHUNK_TOKENS: u32 = 1_000;

/// Write a text into a folder. Its tokens are its letters, by what tells them apart: five bits.
pub fn write(folder: &Path) -> Result<Dataset> {
	let letters: Vec<u16> = TEXT.repeat(80).bytes().map(|letter| (letter % 32).into()).collect();
	fs::create_dir(folder.join("chunks"))?;
	let mut chunks = Vec::new();
	for (number, tokens) in letters.chunks(CHUNK_TOKENS as usize).enumerate() {
		let bytes: Vec<u8> = tokens.iter().flat_map(|token| token.to_le_bytes()).collect();
		fs::write(folder.join(format!("chunks/{number:05}.bin")), &bytes)?;
		chunks.push(blob_root(&bytes));
	}
	let tokens = letters.len() as u64;
	let manifest = Manifest {
		vocabulary: 32,
		token_bytes: TokenBytes::Two,
		tokens,
		held_out: tokens / 10,
		chunk_tokens: CHUNK_TOKENS,
		tokenizer: blob_root(b"five bits of a letter"),
		chunks,
	};
	fs::write(folder.join("manifest.json"), manifest.to_bytes())?;
	Ok(Dataset::open(folder)?)
}
