//! Proof that a 1 KiB chunk belongs to a blob of a given plain BLAKE3 root.
//!
//! BLAKE3 is itself a Merkle tree over 1 KiB chunks (BLAKE3 paper, sections 2.1 and 2.7: left subtrees hold the largest
//! power of two of chunks), so the chaining values beside the path from a chunk to the root are all the proof there is.

use alloc::vec::Vec;

use blake3::hazmat::{merge_subtrees_non_root, merge_subtrees_root, HasherExt, Mode};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::ConstU32;
use sp_runtime::BoundedVec;

use crate::Hash;

/// Bytes of a chunk.
pub const CHUNK: usize = 1024;
/// Most levels of the tree: blobs of up to 2⁴² bytes.
pub const MAX_DEPTH: u32 = 32;

/// A chunk of a blob with the chaining values beside its path to the root.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ChunkProof {
	/// Length of the blob in bytes.
	pub length: u64,
	/// Which chunk this is, counted from 0.
	pub index: u64,
	/// The chunk's bytes: 1,024, fewer only at the blob's end.
	pub bytes: BoundedVec<u8, ConstU32<{ CHUNK as u32 }>>,
	/// Chaining values of the sibling subtrees, from the root down.
	pub siblings: BoundedVec<[u8; 32], ConstU32<MAX_DEPTH>>,
}

impl ChunkProof {
	/// Whether this chunk is part of the blob named `root`.
	pub fn verify(&self, root: Hash) -> bool {
		self.root() == Some(root)
	}

	/// The root that the proof leads to; `None` if its shape is impossible.
	pub fn root(&self) -> Option<Hash> {
		let chunks = chunks_of(self.length);
		let start = self.index.checked_mul(CHUNK as u64)?;
		let expected = self.length.saturating_sub(start).min(CHUNK as u64); // index < chunks is checked next
		if self.index >= chunks || self.bytes.len() as u64 != expected {
			return None;
		}
		if chunks == 1 {
			return self.siblings.is_empty().then(|| crate::hash::blob_root(&self.bytes));
		}
		let mut value =
			blake3::Hasher::new().set_input_offset(start).update(&self.bytes).finalize_non_root();
		let turns = path(self.index, chunks);
		if turns.len() != self.siblings.len() {
			return None;
		}
		for (depth, (is_right, sibling)) in turns.iter().zip(&self.siblings).enumerate().rev() {
			let (left, right) = if *is_right { (sibling, &value) } else { (&value, sibling) };
			if depth == 0 {
				let root = merge_subtrees_root(left, right, Mode::Hash);
				return Some(Hash::from(*root.as_bytes()));
			}
			value = merge_subtrees_non_root(left, right, Mode::Hash);
		}
		None
	}

	/// Cut the proof for chunk `index` out of a blob; `None` if the blob has no such chunk.
	pub fn of(blob: &[u8], index: u64) -> Option<Self> {
		let length = blob.len() as u64;
		let chunks = chunks_of(length);
		if index >= chunks {
			return None;
		}
		let mut siblings = Vec::new();
		let (mut first, mut count) = (0u64, chunks);
		for is_right in path(index, chunks) {
			let left = left_chunks(count);
			let (sibling_first, sibling_count) = if is_right {
				(first, left)
			} else {
				(first.checked_add(left)?, count.checked_sub(left)?)
			};
			siblings.push(subtree(blob, sibling_first, sibling_count)?);
			if is_right {
				first = first.checked_add(left)?;
				count = count.checked_sub(left)?;
			} else {
				count = left;
			}
		}
		let bytes = chunk_range(blob, index, 1)?;
		Some(Self {
			length,
			index,
			bytes: bytes.to_vec().try_into().ok()?,
			siblings: siblings.try_into().ok()?,
		})
	}
}

/// Chunks of a blob; the empty blob has one.
fn chunks_of(length: u64) -> u64 {
	length.div_ceil(CHUNK as u64).max(1)
}

/// Chunks of the left subtree of a tree with `chunks` ≥ 2 chunks: the largest power of two below.
fn left_chunks(chunks: u64) -> u64 {
	chunks.div_ceil(2).next_power_of_two()
}

/// The turns from the root to a chunk: `true` is right.
fn path(mut index: u64, mut chunks: u64) -> Vec<bool> {
	let mut turns = Vec::new();
	while chunks > 1 {
		let left = left_chunks(chunks);
		let is_right = index >= left;
		turns.push(is_right);
		if is_right {
			// index ≥ left, and left < chunks
			index = index.saturating_sub(left);
			chunks = chunks.saturating_sub(left);
		} else {
			chunks = left;
		}
	}
	turns
}

/// The bytes of `count` chunks from chunk `first`.
fn chunk_range(blob: &[u8], first: u64, count: u64) -> Option<&[u8]> {
	let start = usize::try_from(first.checked_mul(CHUNK as u64)?).ok()?;
	let length = usize::try_from(count.checked_mul(CHUNK as u64)?).ok()?;
	let end = start.checked_add(length)?.min(blob.len());
	blob.get(start..end)
}

/// The chaining value of a subtree that is not the root.
fn subtree(blob: &[u8], first: u64, count: u64) -> Option<[u8; 32]> {
	let offset = first.checked_mul(CHUNK as u64)?;
	let bytes = chunk_range(blob, first, count)?;
	Some(blake3::Hasher::new().set_input_offset(offset).update(bytes).finalize_non_root())
}

#[cfg(test)]
mod tests {
	use proptest::prelude::*;

	use super::*;
	use crate::hash::blob_root;

	fn blob(length: usize) -> Vec<u8> {
		(0..length).map(|i| (i * 31 + i / 251) as u8).collect()
	}

	#[test]
	fn every_chunk_of_blobs_of_many_sizes_is_proven() {
		for length in
			[0, 1, 1023, 1024, 1025, 2048, 3 * 1024, 5 * 1024 + 7, 17 * 1024, 33 * 1024 + 1]
		{
			let blob = blob(length);
			for index in 0..chunks_of(length as u64) {
				let proof = ChunkProof::of(&blob, index).unwrap();
				assert!(proof.verify(blob_root(&blob)), "{length} bytes, chunk {index}");
			}
			assert_eq!(ChunkProof::of(&blob, chunks_of(length as u64)), None);
		}
	}

	proptest! {
		#[test]
		fn a_changed_proof_proves_nothing(
			length in 1usize..40_000, at in any::<u64>(), flip in any::<u8>(), what in 0u8..4
		) {
			let blob = blob(length);
			let root = blob_root(&blob);
			let proof = ChunkProof::of(&blob, at % chunks_of(length as u64)).unwrap();
			let mut changed = proof.clone();
			match what {
				0 => changed.index ^= 1 + u64::from(flip % 8),
				1 => changed.length = changed.length.wrapping_add(1 + u64::from(flip)),
				2 => {
					let bytes = changed.bytes.len();
					changed.bytes[usize::from(flip) % bytes] ^= 1;
				},
				_ => {
					if changed.siblings.is_empty() {
						changed.siblings.try_push([0; 32]).unwrap();
					} else {
						let siblings = changed.siblings.len();
						changed.siblings[usize::from(flip) % siblings][0] ^= 1;
					}
				},
			}
			// A longer length can lead to the same tree shape only if the last chunk's bytes grow with it.
			prop_assert!(!changed.verify(root) || changed == proof || (what == 1 && changed.index + 1 < chunks_of(changed.length)));
		}
	}
}
