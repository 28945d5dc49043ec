//! A merge held against the shard that somebody claims it to be: where the two differ, and what proves it to the chain.
//!
//! Of the claimed shard its list of roots is enough to find the tensor; of that tensor and its momentum the bytes are needed, too.

use cairn_primitives::{chunk::ChunkProof, hash::list_bytes, Hash, ModelSpec, StepIndex};
use cairn_program::trace::{Coded, Element, MergeEvidence};

use super::{OuterState, OuterStep};
use crate::{
	checkpoint::{bytes, floats_root},
	difference::bytes_of,
	Difference, Snapshot,
};

/// Bytes of a chunk, of a float and of a hash.
const CHUNK: usize = cairn_primitives::chunk::CHUNK;
const FLOAT: usize = 4;
const HASH: usize = 32;

/// The merge of a stage, and everything that it depends on.
#[derive(Clone, Copy, Debug)]
pub struct Merge<'a> {
	/// The model.
	pub spec: &'a ModelSpec,
	/// The weights before.
	pub before: &'a Snapshot,
	/// The outer momenta before.
	pub momenta: &'a OuterState,
	/// The differences of lanes, ascending, with the steps of each that count, and the norms that were attested.
	pub lanes: &'a [(StepIndex, Difference)],
}

/// What is wrong with a claimed shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
	/// It has more or fewer tensors and momenta.
	Count,
	/// This tensor, or its momentum, is another.
	Tensor(u32),
}

impl Wrong {
	/// The blobs of the claimed shard that are needed to prove it: the tensor and its momentum.
	pub fn blobs(self, claimed: &[Hash]) -> Vec<Hash> {
		match self {
			Self::Count => Vec::new(),
			Self::Tensor(tensor) => {
				let places = [tensor as usize, claimed.len() / 2 + tensor as usize];
				places.iter().filter_map(|place| claimed.get(*place).copied()).collect()
			},
		}
	}
}

impl Merge<'_> {
	/// What is wrong with a claimed shard, by the roots of its tensors and then of their momenta; none if it is what the merge
	/// comes to.
	pub fn wrong(&self, claimed: &[Hash]) -> Option<Wrong> {
		let tensors = self.before.0.len();
		if claimed.len() != 2 * tensors {
			return Some(Wrong::Count);
		}
		let step = OuterStep::new(self.lanes, &self.spec.outer);
		let is_wrong = |tensor: &usize| {
			let after = self.after(&step, *tensor).map(|floats| floats_root(&floats));
			after != [claimed[*tensor], claimed[tensors + tensor]]
		};
		let wrong = (0..tensors).find(is_wrong)?;
		u32::try_from(wrong).ok().map(Wrong::Tensor)
	}

	/// What proves it to the chain, out of the blobs that [`Wrong::blobs`] names; none if they are what the merge comes to.
	pub fn evidence(
		&self,
		claimed: &[Hash],
		wrong: Wrong,
		blobs: &[Vec<u8>],
	) -> Option<MergeEvidence> {
		match (wrong, blobs) {
			(Wrong::Count, _) => {
				let list = list_bytes(claimed);
				let last = list.len().saturating_sub(1) / CHUNK;
				let list = ChunkProof::of(&list, last as u64)?;
				let element = Element { list, chunk: ChunkProof::of(&[], 0)? };
				self.opened(0, 0, [element.clone(), element])
			},
			(Wrong::Tensor(tensor), [weights, momenta]) => {
				let element = self.wrong_element(tensor as usize, [weights, momenta])?;
				self.evidence_of(claimed, tensor, element, [weights, momenta])
			},
			_ => None,
		}
	}

	/// An element of a tensor, before and after, as the chain recomputes it. A blob of another length is shown to be that.
	pub fn evidence_of(
		&self,
		claimed: &[Hash],
		tensor: u32,
		element: usize,
		blobs: [&[u8]; 2],
	) -> Option<MergeEvidence> {
		let list = list_bytes(claimed);
		let number = tensor as usize;
		let length = FLOAT * self.before.0.get(number)?.len();
		let after = |place: usize, blob: &[u8]| {
			let chunk = match blob.len() == length {
				true => element * FLOAT / CHUNK,
				false => blob.len().saturating_sub(1) / CHUNK,
			};
			in_list(&list, place, blob, chunk)
		};
		let [weights, momenta] = blobs;
		let after = [after(number, weights)?, after(claimed.len() / 2 + number, momenta)?];
		self.opened(tensor, element, after)
	}

	/// The first element of a tensor in which claimed weights or momenta are others; the first one if there are more or fewer.
	fn wrong_element(&self, tensor: usize, blobs: [&[u8]; 2]) -> Option<usize> {
		let length = FLOAT * self.before.0.get(tensor)?.len();
		if blobs.iter().any(|blob| blob.len() != length) {
			return Some(0);
		}
		let step = OuterStep::new(self.lanes, &self.spec.outer);
		let after = self.after(&step, tensor);
		let differing = after.iter().zip(blobs).filter_map(|(own, claimed)| {
			let claimed = claimed.as_chunks::<FLOAT>().0.iter();
			own.iter().zip(claimed).position(|(own, claimed)| own.to_le_bytes() != *claimed)
		});
		differing.min()
	}

	/// A tensor and its momentum after the merge. To the chain all NaNs are one.
	fn after(&self, step: &OuterStep, tensor: usize) -> [Vec<f32>; 2] {
		let (mut weights, mut momenta) =
			(self.before.0[tensor].clone(), self.momenta.0[tensor].clone());
		step.apply(tensor, &mut weights, &mut momenta);
		for float in weights.iter_mut().chain(&mut momenta).filter(|float| float.is_nan()) {
			*float = f32::from_bits(0x7fc0_0000);
		}
		[weights, momenta]
	}

	/// Everything that an element of the merge depends on, beside what is claimed.
	fn opened(&self, tensor: u32, element: usize, after: [Element; 2]) -> Option<MergeEvidence> {
		let number = tensor as usize;
		let before: Vec<Hash> =
			self.before.0.iter().chain(&self.momenta.0).map(|floats| floats_root(floats)).collect();
		let before = list_bytes(&before);
		let opened = |place: usize, floats: &[f32]| {
			in_list(&before, place, &bytes(floats), element * FLOAT / CHUNK)
		};
		let tensors = self.before.0.len();
		Some(MergeEvidence {
			tensor,
			element: element as u64,
			before: [
				opened(number, self.before.0.get(number)?)?,
				opened(tensors + number, self.momenta.0.get(number)?)?,
			],
			differences: self
				.lanes
				.iter()
				.map(|(_, difference)| coded(difference, number, element))
				.collect::<Option<Vec<_>>>()?
				.try_into()
				.ok()?,
			after,
		})
	}
}

/// A chunk of a blob, and the place of the blob in a list.
fn in_list(list: &[u8], place: usize, blob: &[u8], chunk: usize) -> Option<Element> {
	let list = ChunkProof::of(list, (place * HASH / CHUNK) as u64)?;
	Some(Element { list, chunk: ChunkProof::of(blob, chunk as u64)? })
}

/// An element of a coded difference.
fn coded(difference: &Difference, tensor: usize, element: usize) -> Option<Coded> {
	let (codes, exponents) = difference.tensors.get(tensor)?;
	let chunk = |integers: &[i8], place: usize| {
		ChunkProof::of(&bytes_of(integers).collect::<Vec<_>>(), (place / CHUNK) as u64)
	};
	let list = list_bytes(&difference.list());
	Some(Coded {
		list: ChunkProof::of(&list, (2 * tensor * HASH / CHUNK) as u64)?,
		code: chunk(codes, element)?,
		exponent: chunk(exponents, element / difference.block)?,
	})
}
