//! Refuting a merge: one weight and its momentum, recomputed from what the shard before, the differences and the shard after
//! hold in that place.

use alloc::vec::Vec;

use cairn_primitives::{
	chunk::{ChunkProof, CHUNK},
	dispute::{LeafVerdict, MergeContext, MergeVerifier},
	spec::MergeCodec,
	Hash, ModelSpec, MAX_LANES,
};
use codec::{Decode, DecodeAll, Encode};
use sp_core::ConstU32;
use sp_runtime::BoundedVec;

use super::{evidence::hash_at, Commitment, StageProgram};
use crate::{
	evaluate::decoded,
	merge::{coefficients, Contribution, Outer},
	Float, SoftFloat, Stage,
};

/// A weight of the shard, and everything that its merge depends on.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct MergeEvidence {
	/// Which tensor of the shard.
	pub tensor: u32,
	/// Which of its elements.
	pub element: u64,
	/// Weight and momentum before.
	pub before: [Element; 2],
	/// The code and the exponent of each member's difference.
	pub differences: BoundedVec<Coded, ConstU32<MAX_LANES>>,
	/// Weight and momentum after, as claimed.
	pub after: [Element; 2],
}

/// An element of a tensor in a list.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Element {
	/// The chunk of the list that names the tensor.
	pub list: ChunkProof,
	/// The chunk of the tensor that holds the element.
	pub chunk: ChunkProof,
}

/// An element of a coded difference.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Coded {
	/// The chunk of the difference's list that names the codes and the exponents of the tensor, which lie side by side.
	pub list: ChunkProof,
	/// The chunk of the codes that holds the element.
	pub code: ChunkProof,
	/// The chunk of the exponents that holds that of the element's block.
	pub exponent: ChunkProof,
}

impl MergeVerifier for StageProgram {
	/// [`LeafVerdict::Wrong`] if the claimed weight or its momentum is not what the merge comes to, or if the claimed shard has
	/// another shape, which its last chunks show.
	fn verify(spec: &ModelSpec, context: &MergeContext, mut evidence: &[u8]) -> LeafVerdict {
		let Ok(evidence) = MergeEvidence::decode_all(&mut evidence) else {
			return LeafVerdict::Unproven;
		};
		match evidence.is_right(spec, context) {
			Some(true) => LeafVerdict::Right,
			Some(false) => LeafVerdict::Wrong,
			None => LeafVerdict::Unproven,
		}
	}
}

/// Where an element of a shard is, and how large everything around it is.
struct Place {
	/// Places of its tensor and of the momentum in the shard's list.
	tensors: [u64; 2],
	/// Bytes of the list, and of the tensor.
	lengths: [u64; 2],
}

impl MergeEvidence {
	/// `None` if the evidence does not open what it has to.
	fn is_right(&self, spec: &ModelSpec, context: &MergeContext) -> Option<bool> {
		let Place { tensors, lengths: [list, tensor] } = self.place(spec, context)?;
		let is_of = |elements: &[Element; 2], shard| {
			elements.iter().all(|element| shard_root(&element.list) == Some(shard))
		};
		if !is_of(&self.before, context.before) || !is_of(&self.after, context.claimed) {
			return None;
		}
		let (mut before, mut after) = ([SoftFloat::zero(); 2], [SoftFloat::zero(); 2]);
		for ((float, element), place) in before.iter_mut().zip(&self.before).zip(tensors) {
			*float = element.open(place, self.element)?;
		}
		if self.after.iter().any(|element| has_other_length(&element.list, list)) {
			return Some(false);
		}
		for ((float, element), place) in after.iter_mut().zip(&self.after).zip(tensors) {
			let root = hash_at(core::slice::from_ref(&element.list), place)?;
			if element.chunk.verify(root) && has_other_length(&element.chunk, tensor) {
				return Some(false);
			}
			*float = element.open(place, self.element)?;
		}
		let mean = self.mean(spec, context)?;
		let [weight, momentum] = before;
		let (weight, momentum) = Outer::new(&spec.outer).step(weight, momentum, mean);
		let expected = [weight, momentum].map(SoftFloat::to_bits);
		Some(expected == after.map(SoftFloat::to_bits))
	}

	/// By the spec alone: lengths in proofs are not proven but of last chunks.
	fn place(&self, spec: &ModelSpec, context: &MergeContext) -> Option<Place> {
		let stage = Stage::new(spec, context.stage)?;
		let (rows, columns) = stage.size(stage.tensor_at(self.tensor)?);
		let elements = u64::from(rows).checked_mul(columns.into())?;
		let (tensor, tensors) = (u64::from(self.tensor), u64::from(stage.tensor_count()));
		let place = Place {
			tensors: [tensor, tensors.checked_add(tensor)?],
			lengths: [tensors.checked_mul(2 * HASH)?, elements.checked_mul(4)?],
		};
		(self.element < elements).then_some(place)
	}

	/// The mean of the differences in this place, as the merge takes it.
	fn mean(&self, spec: &ModelSpec, context: &MergeContext) -> Option<SoftFloat> {
		if self.differences.len() != context.members.len() {
			return None;
		}
		let MergeCodec::Int8 { block } = spec.merge;
		let contributions: Vec<_> = context
			.members
			.iter()
			.map(|member| Contribution {
				steps: member.steps,
				norm: SoftFloat::from_bits(member.norm.0),
			})
			.collect();
		let mut mean = SoftFloat::zero();
		let members = context.members.iter().zip(&self.differences);
		for ((member, coded), coefficient) in members.zip(coefficients(&contributions)) {
			if difference_root(&coded.list)? != member.difference {
				return None;
			}
			let codes = u64::from(self.tensor).checked_mul(2)?;
			let list = core::slice::from_ref(&coded.list);
			let exponent = self.element.checked_div(block.into())?;
			let code = integer(&coded.code, hash_at(list, codes)?, self.element)?;
			let exponent =
				integer(&coded.exponent, hash_at(list, codes.checked_add(1)?)?, exponent)?;
			mean = coefficient.fma(decoded(code, exponent), mean);
		}
		Some(mean)
	}
}

impl Element {
	/// The element, if list and chunk hold it.
	fn open(&self, place: u64, element: u64) -> Option<SoftFloat> {
		let root = hash_at(core::slice::from_ref(&self.list), place)?;
		let bytes = opened(&self.chunk, root, element.checked_mul(4)?, 4)?;
		Some(SoftFloat::from_bits(u32::from_le_bytes(bytes.try_into().ok()?)))
	}
}

/// Bytes of a hash.
const HASH: u64 = 32;

fn shard_root(list: &ChunkProof) -> Option<Hash> {
	list.root().map(|list| Commitment::Shard { list }.hash())
}

fn difference_root(list: &ChunkProof) -> Option<Hash> {
	list.root().map(|list| Commitment::Difference { list }.hash())
}

/// Whether a chunk is the last of its blob and shows that the blob has another length. Of other chunks the length is not proven.
fn has_other_length(chunk: &ChunkProof, expected: u64) -> bool {
	let end = chunk.index.saturating_add(1).saturating_mul(CHUNK as u64);
	end >= chunk.length && chunk.length != expected
}

/// The integer in a place of a blob of bytes.
fn integer(chunk: &ChunkProof, root: Hash, place: u64) -> Option<SoftFloat> {
	let byte = opened(chunk, root, place, 1)?.first().copied()?;
	Some(SoftFloat::integer((byte as i8).into()))
}

/// Bytes of a blob from a place on, out of a chunk that holds them.
fn opened(chunk: &ChunkProof, root: Hash, from: u64, count: usize) -> Option<&[u8]> {
	let start = usize::try_from(from.checked_rem(CHUNK as u64)?).ok()?;
	let is_there = from.checked_div(CHUNK as u64) == Some(chunk.index) && chunk.verify(root);
	chunk.bytes.get(start..start.checked_add(count)?).filter(|_| is_there)
}
