//! What a dataset is, as far as the chain can check what was read from it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{hash::blob_root, DatasetId, Hash};

/// The head of a dataset. Its tokens are chunks of equal length, the last one maybe shorter, whose ids are little-endian.
///
/// Everything of it is a blob under its BLAKE3 hash: the head itself, whose hash is the dataset's root, the tokenizer, the list of
/// chunks, and each chunk.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct DatasetHead {
	/// Number of tokens that there are.
	pub vocabulary: u32,
	/// Bytes of a token id: 2 or 4.
	pub token_bytes: u8,
	/// Tokens of the dataset.
	pub tokens: u64,
	/// Tokens at its end that no model trains on.
	pub held_out: u64,
	/// Tokens of a chunk.
	pub chunk_tokens: u32,
	/// BLAKE3 of the tokenizer's file.
	pub tokenizer: Hash,
	/// Root of the list of the chunks' BLAKE3 hashes (see [`crate::hash::list_root`]).
	pub chunks: Hash,
}

impl DatasetHead {
	/// The root that names the dataset on chain.
	pub fn root(&self) -> DatasetId {
		blob_root(&self.encode())
	}

	/// Samples to train on: each has `context` tokens and one more to predict.
	pub fn samples(&self, context: u32) -> u64 {
		let tokens = self.tokens.saturating_sub(self.held_out);
		tokens.saturating_sub(1).checked_div(context.into()).unwrap_or(0)
	}

	/// Samples to evaluate on.
	pub fn held_out_samples(&self, context: u32) -> u64 {
		let tokens = self.held_out.min(self.tokens);
		tokens.saturating_sub(1).checked_div(context.into()).unwrap_or(0)
	}

	/// Where a token is: its chunk, and its first byte within that. `None` if there is no such token.
	pub fn place(&self, token: u64) -> Option<(u64, u64)> {
		let chunk_tokens = u64::from(self.chunk_tokens);
		let chunk = token.checked_div(chunk_tokens)?;
		let within = token.checked_rem(chunk_tokens)?;
		let byte = within.checked_mul(self.token_bytes.into())?;
		let is_sound = token < self.tokens && matches!(self.token_bytes, 2 | 4);
		is_sound.then_some((chunk, byte))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const HEAD: DatasetHead = DatasetHead {
		vocabulary: 300,
		token_bytes: 2,
		tokens: 250,
		held_out: 20,
		chunk_tokens: 100,
		tokenizer: Hash::zero(),
		chunks: Hash::zero(),
	};

	#[test]
	fn tokens_lie_in_chunks() {
		assert_eq!(HEAD.place(0), Some((0, 0)));
		assert_eq!(HEAD.place(99), Some((0, 198)));
		assert_eq!(HEAD.place(249), Some((2, 98)));
		assert_eq!(HEAD.place(250), None);
		assert_eq!(DatasetHead { chunk_tokens: 0, ..HEAD }.place(0), None);
		assert_eq!(DatasetHead { token_bytes: 8, ..HEAD }.place(0), None);
	}

	#[test]
	fn a_sample_has_one_token_more_to_predict() {
		assert_eq!([229, 230, 115, 76].map(|context| HEAD.samples(context)), [1, 0, 1, 3]);
		assert_eq!(HEAD.samples(0), 0);
		assert_eq!([19, 20, 5].map(|context| HEAD.held_out_samples(context)), [1, 0, 3]);
		assert_eq!(DatasetHead { held_out: 300, ..HEAD }.samples(1), 0);
	}

	#[test]
	fn every_field_counts() {
		let others = [
			DatasetHead { vocabulary: 301, ..HEAD },
			DatasetHead { token_bytes: 4, ..HEAD },
			DatasetHead { tokens: 251, ..HEAD },
			DatasetHead { held_out: 21, ..HEAD },
			DatasetHead { chunk_tokens: 101, ..HEAD },
			DatasetHead { tokenizer: Hash::repeat_byte(1), ..HEAD },
			DatasetHead { chunks: Hash::repeat_byte(1), ..HEAD },
		];
		assert!(others.iter().all(|other| other.root() != HEAD.root()));
	}
}
