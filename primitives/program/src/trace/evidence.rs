//! What a piece is recomputed from.

use cairn_primitives::{
	chunk::{ChunkProof, CHUNK},
	dataset::DatasetHead,
	growth::Growth,
	signing::running_root,
	Hash, MAX_STEPS,
};
use codec::{Decode, Encode};
use sp_core::ConstU32;
use sp_runtime::BoundedVec;

use crate::Registers;

/// Most chunks of values that a piece reads: 16 terms lie in 32 at most, and what they are added to in one.
const MAX_CHUNKS: u32 = 48;
/// Most values that an operation reads.
const MAX_READS: u32 = 8;

/// Chunks of a list that names values.
pub type Chunks = BoundedVec<ChunkProof, ConstU32<MAX_READS>>;

/// Hashes in a chunk of a list.
const HASHES: u64 = CHUNK as u64 / 32;

/// What a piece is recomputed from.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub struct Evidence {
	/// The list of values before the operation.
	pub values: Growth,
	/// The output before the piece; where a value is handed on, the list of those handed on before.
	pub output: Growth,
	/// Bits of the registers before the piece, unless an element begins with it.
	pub registers: Option<Registers<u32>>,
	/// Chunks of the list of values.
	pub list: Chunks,
	/// Chunks of the list of the shard before the window.
	pub shard: Chunks,
	/// What crossed the edges in the step: before the stage, behind it.
	pub edges: [Option<EdgeProof>; 2],
	/// Chunks of values.
	pub chunks: BoundedVec<ValueChunk, ConstU32<MAX_CHUNKS>>,
	/// Tokens that the piece reads.
	pub tokens: Option<TokenProof>,
}

/// What crossed an edge in a step.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct EdgeProof {
	/// The running root before the step.
	pub before: Hash,
	/// Chunks of the step's list ([`cairn_primitives::signing::step_root`]); at least one.
	pub list: Chunks,
	/// The roots of the steps behind it.
	pub after: BoundedVec<Hash, ConstU32<MAX_STEPS>>,
}

impl EdgeProof {
	/// Whether it leads to a running root that has `after` steps behind this one.
	pub(super) fn verify(&self, signed: Hash, after: u64) -> bool {
		let Some(step) = self.list.first().and_then(ChunkProof::root) else { return false };
		let last = self
			.after
			.iter()
			.fold(running_root(self.before, step), |root, step| running_root(root, *step));
		let is_signed = last == signed && self.after.len() as u64 == after;
		is_signed && self.list.iter().all(|chunk| chunk.verify(step))
	}
}

/// A chunk of a value that an operation reads.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ValueChunk {
	/// Which of the values that the operation reads ([`crate::Operation::reads`]).
	pub operand: u8,
	/// The chunk.
	pub proof: ChunkProof,
}

/// Tokens of a dataset.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct TokenProof {
	/// The dataset's head.
	pub head: DatasetHead,
	/// Chunks of the list of the hashes of its chunks.
	pub list: BoundedVec<ChunkProof, ConstU32<MAX_CHUNKS>>,
	/// Parts of its chunks, each with the number of the chunk.
	pub parts: BoundedVec<(u64, ChunkProof), ConstU32<MAX_CHUNKS>>,
}

/// The chunk of a list that holds the hash at a place.
pub(super) fn list_chunk(place: u64) -> u64 {
	place / HASHES
}

/// The hash at a place of a list, out of chunks of it.
pub(super) fn hash_at(chunks: &[ChunkProof], place: u64) -> Option<Hash> {
	let chunk = chunks.iter().find(|chunk| chunk.index == list_chunk(place))?;
	let start = (place % HASHES) as usize * 32;
	Some(Hash::from_slice(chunk.bytes.get(start..start + 32)?))
}
