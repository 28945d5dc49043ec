//! The trace of a step by somebody who has computed it: commitments and evidence at any of its boundaries.

use alloc::{collections::BTreeSet, vec::Vec};

use cairn_primitives::{
	chunk::{ChunkProof, CHUNK},
	dataset::DatasetHead,
	dispute::Leaf,
	growth::Growth,
	hash::{blob_root, list_bytes, list_root},
	Hash,
};
use sp_core::ConstU32;
use sp_runtime::BoundedVec;

use super::{
	evidence::{list_chunk, EdgeProof},
	Action, Commitment, Evidence, Step, TokenProof, ValueChunk,
};
use crate::{
	referee::{chunk_of, reads, Claim, Yield},
	Float, Operands, Operation, SoftFloat, Value,
};

/// What a step has read and computed.
pub trait Source {
	/// The bytes of a value as they are committed to; `None` of what was not computed. Tokens have 4 bytes here.
	fn blob(&self, value: Value) -> Option<&[u8]>;
	/// The dataset's head, and the BLAKE3 hashes of its chunks.
	fn dataset(&self) -> Option<(DatasetHead, &[Hash])>;
	/// A chunk of the dataset.
	fn tokens(&self, chunk: u64) -> Option<&[u8]>;
}

/// A step that was computed.
#[derive(Clone, Debug)]
pub struct Record<'a, S> {
	step: &'a Step<'a>,
	source: &'a S,
	/// The list of values: what the step begins with, and what was written.
	list: Vec<Hash>,
	/// The list of the shard before the window.
	shard: Vec<Hash>,
	/// What has crossed the edges, as signed: before the stage, behind it.
	edges: [Crossed; 2],
}

/// What has crossed an edge in a window.
#[derive(Clone, Debug, Default)]
pub struct Crossed {
	/// The list of what crossed in this step.
	pub list: Vec<Hash>,
	/// The running root before the step.
	pub before: Hash,
	/// The roots of the steps behind it, until the last that counts.
	pub after: Vec<Hash>,
}

impl Crossed {
	fn open(&self, chunks: BTreeSet<u64>) -> Option<Option<EdgeProof>> {
		if chunks.is_empty() {
			return Some(None);
		}
		let list = chunks_of_list(&self.list, chunks)?;
		let after = self.after.clone().try_into().ok()?;
		Some(Some(EdgeProof { before: self.before, list, after }))
	}
}

impl<'a, S: Source> Record<'a, S> {
	/// A step that begins with a list of values; `None` if a value is missing.
	pub fn new(
		step: &'a Step<'a>,
		source: &'a S,
		begin: Vec<Hash>,
		shard: Vec<Hash>,
		edges: [Crossed; 2],
	) -> Option<Self> {
		let mut list = begin;
		for number in 0..step.computed() {
			let Some(Action::Compute(operation)) = step.action(number) else { return None };
			list.push(blob_root(source.blob(operation.output)?));
		}
		Some(Self { step, source, list, shard, edges })
	}

	/// The list of values that the next step begins with.
	pub fn next(&self) -> Option<Vec<Hash>> {
		let end = self.step.handed_on();
		(end - self.step.kept()..end).map(|number| self.kept(number)).collect()
	}

	fn kept(&self, number: u64) -> Option<Hash> {
		let Some(Action::Keep(value)) = self.step.action(number) else { return None };
		self.list.get(self.step.place(value)? as usize).copied()
	}

	/// The commitment before a piece; behind the last operation it is that of the next step, or the result.
	pub fn commitment(&self, number: u64, piece: u64) -> Option<Hash> {
		let Some(action) = self.step.action(number) else {
			return match self.step.is_closing() {
				true => self.result(),
				false => Some(Commitment::State { list: list_root(&self.next()?) }.hash()),
			};
		};
		if piece == Step::pieces(&action) {
			return self.commitment(number + 1, 0);
		}
		let evidence = self.evidence(number, piece)?;
		let (list, output) = (evidence.values.root()?, evidence.output.root()?);
		let commitment = match action {
			Action::Compute(_) if piece > 0 => {
				Commitment::Pieces { list, output, registers: evidence.registers }
			},
			Action::Keep(_) | Action::Attest if self.step.kept_before(number) > 0 => {
				Commitment::Kept { list, next: output }
			},
			_ => self.step.boundary(number, list),
		};
		Some(commitment.hash())
	}

	/// What a piece is recomputed from.
	pub fn evidence(&self, number: u64, piece: u64) -> Option<Evidence> {
		let action = self.step.action(number)?;
		let values = (self.step.base() + number.min(self.step.computed())) as usize;
		let list = self.list.get(..values)?;
		let mut evidence =
			Evidence { values: Growth::of(&list_bytes(list))?, ..Default::default() };
		match action {
			Action::Compute(operation) => {
				self.open_piece(&operation, piece, list, &mut evidence)?;
			},
			Action::Compare(value) => {
				evidence.list = chunks_of_list(list, [list_chunk(self.step.place(value)?)].into())?;
				let (edge, place) = self.step.crossing(value)?;
				evidence.edges[edge] = self.edges[edge].open([list_chunk(place)].into())?;
			},
			Action::Keep(value) => {
				evidence.list = chunks_of_list(list, [list_chunk(self.step.place(value)?)].into())?;
				let first = number.checked_sub(self.step.kept_before(number))?;
				let before: Option<Vec<_>> = (first..number).map(|n| self.kept(n)).collect();
				evidence.output = Growth::of(&list_bytes(&before?))?;
			},
			Action::Attest => {
				evidence.output = Growth::of(&list_bytes(&self.next()?))?;
				let mut lists = BTreeSet::new();
				for (operand, value) in (0..).zip(self.step.attested()) {
					lists.insert(list_chunk(self.step.place(value)?));
					let proof = ChunkProof::of(self.source.blob(value)?, 0)?;
					evidence.chunks.try_push(ValueChunk { operand, proof }).ok()?;
				}
				evidence.list = chunks_of_list(list, lists)?;
			},
		}
		Some(evidence)
	}

	/// What the unit comes to, behind the closing step.
	fn result(&self) -> Option<Hash> {
		let number = self.step.length().checked_sub(1)?;
		let leaf = Leaf {
			step: self.step.number(),
			operation: u32::try_from(number).ok()?,
			piece: 0,
			before: self.commitment(number, 0)?,
			after: Hash::zero(),
		};
		self.step.after(&leaf, &self.evidence(number, 0)?)
	}

	/// The output and the registers before a piece, and every chunk that it reads.
	fn open_piece(
		&self,
		operation: &Operation,
		piece: u64,
		list: &[Hash],
		evidence: &mut Evidence,
	) -> Option<()> {
		let per_element = operation.pieces_per_element();
		let (element, segment) = (piece / per_element, piece % per_element);
		let mut operands = Computed { step: self.step, source: self.source };
		let mut before = None;
		for segment in 0..segment {
			let claim = Claim { element, segment, before, after: Yield::Element(0) };
			let Yield::Registers(after) = operation.piece(&claim, &mut operands)? else {
				return None;
			};
			before = Some(after);
		}
		let claim = Claim { element, segment, before, after: Yield::Element(0) };
		let integers = |value, index| Operands::integer(&mut Computed { ..operands }, value, index);
		let read = reads(operation, &claim, integers);
		let names = operation.reads();
		let (mut lists, mut shards) = (BTreeSet::new(), BTreeSet::new());
		let mut edges = [BTreeSet::new(), BTreeSet::new()];
		let is_token = |value: &Value| matches!(value, Value::Tokens(_) | Value::Targets(_));
		evidence.tokens = match read.iter().any(|(value, _)| is_token(value)) {
			true => Some(self.open_tokens(&read)?),
			false => None,
		};
		let chunks: BTreeSet<(Value, u64)> = read
			.into_iter()
			.filter(|(value, _)| !(is_token(value) || self.step.starts_at_zero(*value)))
			.map(|(value, index)| (value, chunk_of(value, index).0))
			.collect();
		for (value, chunk) in chunks {
			let operand = names.iter().position(|name| *name == value)? as u8;
			let proof = ChunkProof::of(self.source.blob(value)?, chunk)?;
			evidence.chunks.try_push(ValueChunk { operand, proof }).ok()?;
			match (value, self.step.crossing(value)) {
				(Value::Earlier(tensor), _) => {
					let number = self.step.program().stage().number_of(tensor);
					shards.insert(list_chunk(number.into()));
				},
				(Value::Received(..), Some((edge, place))) => {
					edges[edge].insert(list_chunk(place));
				},
				_ => {
					lists.insert(list_chunk(self.step.place(value)?));
				},
			}
		}
		evidence.list = chunks_of_list(list, lists)?;
		evidence.shard = chunks_of_list(&self.shard, shards)?;
		let [before_stage, behind_stage] = edges;
		evidence.edges = [self.edges[0].open(before_stage)?, self.edges[1].open(behind_stage)?];
		evidence.registers = claim.before;
		let done = element.checked_mul(operation.output.element_bytes())? as usize;
		evidence.output = Growth::of(self.source.blob(operation.output)?.get(..done)?)?;
		Some(())
	}
}

impl<S: Source> Record<'_, S> {
	/// The tokens among what is read.
	fn open_tokens(&self, read: &[(Value, u64)]) -> Option<TokenProof> {
		let (head, hashes) = self.source.dataset()?;
		let places = read.iter().filter_map(|(value, index)| {
			let (chunk, byte) = head.place(self.step.token(&head, *value, *index)?)?;
			Some((chunk, byte / CHUNK as u64))
		});
		let places: BTreeSet<(u64, u64)> = places.collect();
		let parts = places.iter().map(|(chunk, part)| {
			Some((*chunk, ChunkProof::of(self.source.tokens(*chunk)?, *part)?))
		});
		let lists: BTreeSet<u64> = places.iter().map(|(chunk, _)| list_chunk(*chunk)).collect();
		Some(TokenProof {
			head,
			list: chunks_of_list(hashes, lists)?,
			parts: parts.collect::<Option<Vec<_>>>()?.try_into().ok()?,
		})
	}
}

/// Chunks of a list.
fn chunks_of_list<const N: u32>(
	list: &[Hash],
	chunks: BTreeSet<u64>,
) -> Option<BoundedVec<ChunkProof, ConstU32<N>>> {
	let bytes = list_bytes(list);
	let chunks = chunks.into_iter().map(|chunk| ChunkProof::of(&bytes, chunk));
	chunks.collect::<Option<Vec<_>>>()?.try_into().ok()
}

/// Operands out of whole values.
struct Computed<'a, S> {
	step: &'a Step<'a>,
	source: &'a S,
}

impl<S: Source> Computed<'_, S> {
	/// Little-endian bytes of an element, zero-extended; of what is not there they are 0.
	fn bytes(&self, value: Value, index: u64) -> [u8; 8] {
		let size = value.element_bytes() as usize;
		let start = (index as usize).saturating_mul(size);
		let mut bytes = [0; 8];
		let blob = self.source.blob(value).unwrap_or_default();
		if let Some(found) = blob.get(start..start.saturating_add(size)) {
			bytes[..size].copy_from_slice(found);
		}
		bytes
	}
}

impl<S: Source> Operands<SoftFloat> for Computed<'_, S> {
	fn float(&mut self, value: Value, index: u64) -> SoftFloat {
		if self.step.starts_at_zero(value) {
			return SoftFloat::zero();
		}
		let bytes = self.bytes(value, index);
		match value.element_bytes() {
			1 => SoftFloat::integer((bytes[0] as i8).into()),
			_ => SoftFloat::from_bits(u64::from_le_bytes(bytes) as u32),
		}
	}

	fn integer(&mut self, value: Value, index: u64) -> u64 {
		match value {
			Value::Frequencies => {
				let frequencies = &self.step.spec.architecture.frequencies;
				frequencies.get(index as usize).copied().unwrap_or(0)
			},
			_ => u64::from_le_bytes(self.bytes(value, index)),
		}
	}
}
