//! Evidence that refutes a leaf, the dearest of its size.
//!
//! Two things cost time: what a piece computes, however short its evidence is, and what is hashed, which grows with the
//! evidence. Of all pieces a sum of 256 squares in the closing step computes most, when the chunk that it reads comes behind
//! all others that evidence may have. Of all proofs those of single bytes deep in a blob are hashed longest for their size,
//! and longer still the steps of an edge. `primitives/program/tests/pieces.rs` compares.

use alloc::{vec, vec::Vec};

use cairn_primitives::{
	chunk::{ChunkProof, CHUNK, MAX_DEPTH},
	dataset::DatasetHead,
	dispute::{Leaf, UnitContext},
	hash::blob_root,
	signing::running_root,
	Hash, ModelSpec, MAX_CHECKPOINTS, MAX_STEPS,
};
use cairn_program::{
	trace::{Action, EdgeProof, Evidence, Record, Source, Step, TokenProof, ValueChunk},
	Name, Value,
};
use codec::Encode;

/// Elements that a piece of a row's sum reads: a whole chunk.
const WIDTH: u32 = CHUNK as u32 / 4;

/// Every value is the same: a chunk of numbers, and a byte behind it whose proof is as short as can be.
struct Uniform(Vec<u8>);

impl Uniform {
	fn new() -> Self {
		let numbers = (0..WIDTH).flat_map(|i| 0x3f12_3457u32.wrapping_add(i << 12).to_le_bytes());
		Self(numbers.chain([1]).collect())
	}
}

impl Source for Uniform {
	fn blob(&self, _: Value) -> Option<&[u8]> {
		Some(&self.0)
	}

	fn dataset(&self) -> Option<(DatasetHead, &[Hash])> {
		None
	}

	fn tokens(&self, _: u64) -> Option<&[u8]> {
		None
	}
}

/// The last byte of a blob as large as one may be.
fn deep() -> ChunkProof {
	let index = (1u64 << MAX_DEPTH) - 1;
	ChunkProof {
		length: index * CHUNK as u64 + 1,
		index,
		bytes: vec![1].try_into().expect("a chunk has room"),
		siblings: vec![[2; 32]; MAX_DEPTH as usize].try_into().expect("it is as deep as may be"),
	}
}

fn deep_root() -> Hash {
	deep().root().expect("the proof has the shape of its blob")
}

/// What crossed an edge in the closing step, before all others.
fn crossed() -> EdgeProof {
	EdgeProof {
		before: Hash::zero(),
		list: vec![deep()].try_into().expect("a list may have a chunk"),
		after: vec![Hash::repeat_byte(3); MAX_STEPS as usize].try_into().expect("so many may be"),
	}
}

/// What both ends of an edge have signed.
pub fn signed() -> Hash {
	let EdgeProof { before, after, .. } = crossed();
	after.into_iter().fold(running_root(before, deep_root()), running_root)
}

/// The dataset that is read.
fn dataset() -> DatasetHead {
	DatasetHead {
		vocabulary: 256,
		token_bytes: 2,
		tokens: 1 << 20,
		held_out: 1 << 16,
		chunk_tokens: 1 << 10,
		tokenizer: Hash::zero(),
		chunks: deep_root(),
	}
}

/// What makes evidence longer, each part by as little as it can: the dearest for their size first. They tell whether
/// there was room for one more.
const PARTS: [fn(&mut Evidence) -> bool; 4] = [
	|evidence| evidence.edges[0].replace(crossed()).is_none(),
	|evidence| evidence.edges[1].replace(crossed()).is_none(),
	|evidence| {
		let tokens = evidence.tokens.get_or_insert_with(|| TokenProof {
			head: dataset(),
			list: Default::default(),
			parts: Default::default(),
		});
		tokens.list.try_push(deep()).is_ok()
	},
	|evidence| evidence.edges.iter_mut().flatten().any(|edge| edge.list.try_push(deep()).is_ok()),
];

/// A model whose windows are as long as they may be, and whose rows are as wide as a piece.
pub fn spec(lanes: u8) -> ModelSpec {
	let mut spec = ModelSpec::example(dataset().root(), 2, lanes);
	spec.architecture.width = WIDTH;
	spec.window.steps = MAX_STEPS;
	spec.window.checkpoint_every = MAX_STEPS / MAX_CHECKPOINTS;
	spec
}

/// A leaf of the closing step of a unit of such a model, of all steps of a window with a gate, between edges that are
/// [`signed`]; and evidence of up to `size` bytes that it is wrong, though of no fewer than are needed.
pub fn refuted(spec: &ModelSpec, context: &UnitContext, size: u32) -> (Leaf, Vec<u8>) {
	let number = context.outcome.steps();
	let step = Step::new(spec, context, number).expect("every unit has a closing step");
	let sums = |action: Option<Action>| match action {
		Some(Action::Compute(operation)) => {
			matches!(operation.output, Value::Layer(_, _, Name::FeedSquares))
		},
		_ => false,
	};
	let operation = (0..step.length()).find(|number| sums(step.action(*number)));
	let operation = operation.expect("at a gate layers are evaluated");

	let values = Uniform::new();
	// Longer than the list of any operation.
	let list = vec![blob_root(&values.0); 2 * step.length() as usize];
	let record = Record::resumed(&step, &values, list, Vec::new(), Default::default());
	let mut evidence = record.evidence(operation, 0).expect("all values are there");
	let short = ChunkProof::of(&values.0, 1).expect("a byte lies behind the first chunk");
	let needed = evidence.chunks.pop().expect("the piece reads a chunk");
	let other = ValueChunk { proof: short, operand: needed.operand };
	while evidence.chunks.try_push(other.clone()).is_ok() {}
	*evidence.chunks.last_mut().expect("there is room for chunks") = needed;
	let longer = |evidence: &Evidence| {
		PARTS.iter().find_map(|part| {
			let mut longer = evidence.clone();
			(part(&mut longer) && longer.encoded_size() <= size as usize).then_some(longer)
		})
	};
	while let Some(longer) = longer(&evidence) {
		evidence = longer;
	}

	let leaf = Leaf {
		step: number,
		operation: operation as u32,
		piece: 0,
		before: record.commitment(operation, 0).expect("all values are there"),
		after: Hash::repeat_byte(4),
	};
	(leaf, evidence.encode())
}
