//! Merges that nobody has computed, and what the chain finds that out from.

use cairn_engine::{Difference, Shard};
use cairn_primitives::{
	chunk::{ChunkProof, CHUNK},
	hash::{blob_root, list_bytes},
	spec::MergeCodec,
	Hash, ModelSpec, StageIndex, StepIndex,
};
use cairn_program::trace::{Coded, Element, MergeEvidence};
use codec::Encode;

use crate::{training::Begin, Result};

/// What a lane has learned, and its steps that count.
pub type Member = (StepIndex, Difference);

/// Hashes in a chunk of a list.
const HASHES: usize = CHUNK / 32;

/// The same shard but for one bit of its first weight.
pub fn spoiled(spec: &ModelSpec, stage: StageIndex, shard: &Shard) -> Result<Shard> {
	let mut blobs = shard.blobs().collect::<std::result::Result<Vec<_>, _>>()?;
	let first = blobs.first_mut().and_then(|weights| weights.first_mut());
	*first.ok_or("the shard has no weights")? ^= 1;
	Ok(Shard::from_blobs(spec, stage, blobs)?)
}

/// What the chain recomputes the first weight of a stage, and its momentum, from.
pub fn evidence(
	spec: &ModelSpec,
	stage: StageIndex,
	before: &Begin,
	differences: &[Member],
	after: &Begin,
) -> Result<Vec<u8>> {
	let shard = before.weights.to_shard(spec, stage)?;
	let claimed = after.weights.to_shard(spec, stage)?;
	let coded = differences.iter().map(|(_, difference)| coded(spec, &shard, difference));
	let evidence = MergeEvidence {
		tensor: 0,
		element: 0,
		before: elements(&shard, before)?,
		differences: coded.collect::<Result<_>>()?,
		after: elements(&claimed, after)?,
	};
	Ok(evidence.encode())
}

/// The first weight of a shard, and its momentum.
fn elements(shard: &Shard, begin: &Begin) -> Result<[Element; 2]> {
	let mut blobs = shard.blobs().collect::<std::result::Result<Vec<_>, _>>()?;
	let momentum = blobs.len();
	blobs.extend(begin.outer.blobs());
	let list = list_of(&blobs);
	let element = |place: usize| -> Result<Element> {
		Ok(Element { list: chunk(&list, place / HASHES)?, chunk: chunk(&blobs[place], 0)? })
	};
	Ok([element(0)?, element(momentum)?])
}

/// The code of the first weight.
fn coded(spec: &ModelSpec, shard: &Shard, difference: &Difference) -> Result<Coded> {
	let MergeCodec::Int8 { block } = spec.merge;
	let (bytes, mut blobs) = (difference.to_bytes(), Vec::new());
	let mut rest = &bytes[..];
	for tensor in shard.tensors() {
		for length in [tensor.len(), tensor.len().div_ceil(block.into())] {
			let (blob, behind) = rest.split_at(length);
			blobs.push(blob.to_vec());
			rest = behind;
		}
	}
	Ok(Coded {
		list: chunk(&list_of(&blobs), 0)?,
		code: chunk(&blobs[0], 0)?,
		exponent: chunk(&blobs[1], 0)?,
	})
}

fn list_of(blobs: &[Vec<u8>]) -> Vec<u8> {
	let roots: Vec<Hash> = blobs.iter().map(|blob| blob_root(blob)).collect();
	list_bytes(&roots)
}

fn chunk(blob: &[u8], index: usize) -> Result<ChunkProof> {
	Ok(ChunkProof::of(blob, index as u64).ok_or("there is no such chunk")?)
}
