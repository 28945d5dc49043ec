//! Operands of a piece out of proven chunks.

use alloc::vec::Vec;

use cairn_primitives::{
	chunk::{ChunkProof, CHUNK},
	Hash,
};

use super::{evidence::hash_at, verify::is_finite, Commitment, Evidence, Step, TokenProof};
use crate::{referee::chunk_of, Code, Float, Operands, SoftFloat, Value};

/// Chunks of the values that an operation reads.
pub(super) struct Proven<'a> {
	step: &'a Step<'a>,
	reads: &'a [Value],
	evidence: &'a Evidence,
	/// Roots of the values that the operation reads.
	roots: Vec<Option<Hash>>,
	/// Whether everything that was asked for was there.
	pub is_complete: bool,
	/// Whether something was read that an honest receiver refuses.
	pub is_refused: bool,
}

impl<'a> Proven<'a> {
	/// The chunks of evidence, if all of them belong to what is committed to: `list` is the root of the list of values.
	pub fn new(
		step: &'a Step<'a>,
		reads: &'a [Value],
		evidence: &'a Evidence,
		list: Hash,
	) -> Option<Self> {
		let own = evidence.list.iter().all(|chunk| chunk.verify(list));
		let earlier = evidence.shard.iter().all(|chunk| {
			let root = chunk.root().map(|list| Commitment::Shard { list }.hash());
			root == Some(step.unit.shard_before)
		});
		let signed = [step.unit.upstream, step.unit.downstream];
		let crossed =
			signed.iter().zip(&evidence.edges).all(|(signed, edge)| match (signed, edge) {
				(_, None) => true,
				(Some(signed), Some(edge)) => edge.verify(*signed, step.crossings_after()),
				(None, Some(_)) => false,
			});
		let roots = Vec::new();
		let mut proven =
			Self { step, reads, evidence, roots, is_complete: true, is_refused: false };
		proven.roots = reads.iter().map(|value| proven.find(*value)).collect();
		let values = evidence.chunks.iter().all(|chunk| {
			let root = proven.roots.get(usize::from(chunk.operand)).copied().flatten();
			root.is_some_and(|root| chunk.proof.verify(root))
		});
		let tokens = evidence.tokens.as_ref().is_none_or(|tokens| {
			tokens.head.root() == step.spec.dataset
				&& tokens.list.iter().all(|chunk| chunk.verify(tokens.head.chunks))
				&& tokens.parts.iter().all(|(chunk, part)| {
					hash_at(&tokens.list, *chunk).is_some_and(|root| part.verify(root))
				})
		});
		(own && earlier && crossed && values && tokens).then_some(proven)
	}

	/// The root of one of the values.
	pub fn root(&self, value: Value) -> Option<Hash> {
		let place = self.reads.iter().position(|read| *read == value)?;
		self.roots.get(place).copied().flatten()
	}

	fn find(&self, value: Value) -> Option<Hash> {
		match (value, self.step.crossing(value)) {
			(Value::Earlier(tensor), _) => {
				let number = self.step.program().stage().number_of(tensor);
				hash_at(&self.evidence.shard, number.into())
			},
			(Value::Received(..), Some((edge, place))) => self.crossed(edge, place),
			_ => hash_at(&self.evidence.list, self.step.place(value)?),
		}
	}

	/// The root of what was signed in the place of a code that was sent.
	pub fn signed(&self, value: Value) -> Option<Hash> {
		let (edge, place) = self.step.crossing(value)?;
		self.crossed(edge, place)
	}

	/// The root of what crossed an edge in a place of the step's list.
	fn crossed(&self, edge: usize, place: u64) -> Option<Hash> {
		hash_at(&self.evidence.edges.get(edge)?.as_ref()?.list, place)
	}

	/// Little-endian bytes of an element, zero-extended.
	fn bytes(&mut self, value: Value, index: u64) -> [u8; 8] {
		let size = value.element_bytes() as usize;
		let (chunk, offset) = chunk_of(value, index);
		let operand = self.reads.iter().position(|read| *read == value);
		let opened = self.evidence.chunks.iter().find(|opened| {
			Some(usize::from(opened.operand)) == operand && opened.proof.index == chunk
		});
		let found = opened.and_then(|opened| opened.proof.bytes.get(offset..offset + size));
		let mut bytes = [0; 8];
		match found {
			Some(found) => bytes[..size].copy_from_slice(found),
			None => self.is_complete = false,
		}
		bytes
	}
}

/// Whether an honest receiver refuses an element of a value, by the bits that it has in its bytes.
pub(super) fn is_refused(value: Value, bits: u32) -> bool {
	match value {
		Value::Received(_, _, Code::Dense) => !is_finite(bits),
		Value::Received(_, _, Code::Exponents) => !(-126..=121).contains(&(bits as u8 as i8)),
		_ => false,
	}
}

/// A token out of proven parts of the dataset.
fn token(tokens: &TokenProof, step: &Step, value: Value, index: u64) -> Option<u64> {
	let token = step.token(&tokens.head, value, index)?;
	let (chunk, byte) = tokens.head.place(token)?;
	let of_part =
		|(number, part): &&(u64, ChunkProof)| *number == chunk && part.index == byte / CHUNK as u64;
	let (_, part) = tokens.parts.iter().find(of_part)?;
	let start = (byte % CHUNK as u64) as usize;
	let found = part.bytes.get(start..start + usize::from(tokens.head.token_bytes))?;
	let mut bytes = [0; 8];
	bytes.get_mut(..found.len())?.copy_from_slice(found);
	Some(u64::from_le_bytes(bytes))
}

impl Operands<SoftFloat> for Proven<'_> {
	fn float(&mut self, value: Value, index: u64) -> SoftFloat {
		if self.step.starts_at_zero(value) {
			return SoftFloat::zero();
		}
		let bits = u64::from_le_bytes(self.bytes(value, index)) as u32;
		self.is_refused |= is_refused(value, bits);
		match value.element_bytes() {
			1 => SoftFloat::integer((bits as u8 as i8).into()),
			_ => SoftFloat::from_bits(bits),
		}
	}

	fn integer(&mut self, value: Value, index: u64) -> u64 {
		if value == Value::Frequencies {
			let frequency = self.step.spec.architecture.frequencies.get(index as usize);
			self.is_complete &= frequency.is_some();
			return frequency.copied().unwrap_or(0);
		}
		let tokens = self.evidence.tokens.as_ref();
		let token = tokens.and_then(|tokens| token(tokens, self.step, value, index));
		self.is_complete &= token.is_some();
		token.unwrap_or(0)
	}
}
