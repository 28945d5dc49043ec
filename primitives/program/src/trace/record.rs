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
	operands::is_refused,
	verify::is_finite,
	Action, Commitment, Evidence, Step, TokenProof, ValueChunk,
};
use crate::{
	referee::{chunk_of, reads, Claim, Yield},
	Float, Operands, Operation, Registers, SoftFloat, Value,
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

	/// A step whose values are known by their roots already: those of [`Record::list`].
	pub fn resumed(
		step: &'a Step<'a>,
		source: &'a S,
		list: Vec<Hash>,
		shard: Vec<Hash>,
		edges: [Crossed; 2],
	) -> Self {
		Self { step, source, list, shard, edges }
	}

	/// The list of values: what the step begins with, and what was written.
	pub fn list(&self) -> &[Hash] {
		&self.list
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
		if piece > Step::pieces(&action) {
			return None;
		}
		// Of the evidence for a piece nothing is needed here but the roots in it: a move asks for many boundaries.
		let list = list_root(self.before(number)?);
		let commitment = match action {
			Action::Compute(operation) if piece > 0 => {
				let (output, registers) = self.under_way(&operation, piece)?;
				Commitment::Pieces { list, output: blob_root(output), registers }
			},
			Action::Keep(_) | Action::Attest if self.step.kept_before(number) > 0 => {
				Commitment::Kept { list, next: list_root(&self.handed_on(number)?) }
			},
			_ => self.step.boundary(number, list),
		};
		Some(commitment.hash())
	}

	/// The list of values before an operation.
	fn before(&self, number: u64) -> Option<&[Hash]> {
		let values = self.step.base() + number.min(self.step.computed());
		self.list.get(..values as usize)
	}

	/// The list of values handed on before an operation.
	fn handed_on(&self, number: u64) -> Option<Vec<Hash>> {
		let first = number.checked_sub(self.step.kept_before(number))?;
		(first..number).map(|number| self.kept(number)).collect()
	}

	/// The elements before a piece, and the registers of the one under way.
	fn under_way(
		&self,
		operation: &Operation,
		piece: u64,
	) -> Option<(&[u8], Option<Registers<u32>>)> {
		let per_element = operation.pieces_per_element();
		let (element, segment) = (piece / per_element, piece % per_element);
		let mut operands = Computed::new(self.step, self.source);
		let mut before = None;
		for segment in 0..segment {
			let claim = Claim { element, segment, before, after: Yield::Element(0) };
			let Yield::Registers(after) = operation.piece(&claim, &mut operands)? else {
				return None;
			};
			before = Some(after);
		}
		let done = element.checked_mul(operation.output.element_bytes())? as usize;
		Some((self.source.blob(operation.output)?.get(..done)?, before))
	}

	/// The first piece behind which no honest trace goes on, by its operation: it reads what an honest receiver refuses, yields
	/// what has to be finite and is not, or finds another code signed than was computed.
	pub fn torn(&self) -> Option<(u64, u64)> {
		(0..self.step.computed() + self.step.compared()).find_map(|number| {
			let piece = match self.step.action(number)? {
				Action::Compute(operation) => self.torn_piece(&operation)?,
				Action::Compare(value) => {
					let own = self.list.get(self.step.place(value)? as usize);
					let (edge, place) = self.step.crossing(value)?;
					let signed = self.edges.get(edge)?.list.get(place as usize);
					(own != signed).then_some(0)?
				},
				Action::Keep(_) | Action::Attest => return None,
			};
			Some((number, piece))
		})
	}

	/// The first piece of an operation that an honest trace does not go on behind.
	fn torn_piece(&self, operation: &Operation) -> Option<u64> {
		let output = operation.output;
		let is_wild = |bits| self.step.must_be_finite(output) && !is_finite(bits);
		let any = |value: Value, is_so: &dyn Fn(u32) -> bool| {
			let blob = self.source.blob(value).unwrap_or_default();
			blob.chunks(value.element_bytes() as usize).any(|bytes| is_so(bits_of(bytes)))
		};
		let is_suspect = any(output, &is_wild)
			|| operation.reads().into_iter().any(|value| {
				matches!(value, Value::Received(..)) && any(value, &|bits| is_refused(value, bits))
			});
		if !is_suspect {
			return None;
		}
		// It is one piece of this operation, unless it reads all but what is refused.
		let per_element = operation.pieces_per_element();
		let mut before = None;
		(0..operation.elements().saturating_mul(per_element)).find(|piece| {
			let (element, segment) = (piece / per_element, piece % per_element);
			let claim = Claim { element, segment, before, after: Yield::Element(0) };
			let mut operands = Computed::new(self.step, self.source);
			let after = operation.piece(&claim, &mut operands);
			let mut is_torn = operands.is_refused;
			before = match after {
				Some(Yield::Registers(registers)) => Some(registers),
				Some(Yield::Element(bits)) => {
					is_torn |= is_wild(bits);
					None
				},
				None => None,
			};
			is_torn
		})
	}

	/// What a piece is recomputed from.
	pub fn evidence(&self, number: u64, piece: u64) -> Option<Evidence> {
		let action = self.step.action(number)?;
		let list = self.before(number)?;
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
				evidence.output = Growth::of(&list_bytes(&self.handed_on(number)?))?;
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
		let (output, before) = self.under_way(operation, piece)?;
		let claim = Claim { element, segment, before, after: Yield::Element(0) };
		let integers = |value, index| Computed::new(self.step, self.source).integer(value, index);
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
		evidence.output = Growth::of(output)?;
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
	/// Whether something was read that an honest receiver refuses.
	is_refused: bool,
}

/// The bits in the little-endian bytes of an element, of four at most.
fn bits_of(bytes: &[u8]) -> u32 {
	bytes.iter().rev().fold(0, |bits, byte| bits << 8 | u32::from(*byte))
}

impl<'a, S: Source> Computed<'a, S> {
	fn new(step: &'a Step<'a>, source: &'a S) -> Self {
		Self { step, source, is_refused: false }
	}

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
		let bits = u64::from_le_bytes(self.bytes(value, index)) as u32;
		self.is_refused |= is_refused(value, bits);
		match value.element_bytes() {
			1 => SoftFloat::integer((bits as u8 as i8).into()),
			_ => SoftFloat::from_bits(bits),
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
