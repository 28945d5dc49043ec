//! Pieces over values that nobody has computed: whatever is in them does no harm, and how long the chain takes for them.

mod common;

use std::{
	collections::{BTreeMap, BTreeSet},
	time::Instant,
};

use cairn_primitives::{
	chunk::ChunkProof,
	dataset::DatasetHead,
	dispute::{Leaf, LeafVerdict, LeafVerifier, UnitContext},
	growth::Growth,
	hash::{blob_root, hash, list_root, Domain},
	signing::{running_root, step_root},
	spec::BoundaryCodec,
	Hash, ModelSpec, Outcome, UnitId, GATE_EVERY, MAX_LANES, MAX_STEPS,
};
use cairn_program::{
	trace::{Action, Crossed, Evidence, MergeEvidence, Record, Source, StageProgram, Step},
	Operation, Registers, Value,
};
use codec::{Compact, DecodeAll, Encode};

/// Tokens of a chunk of the dataset.
const CHUNK_TOKENS: u32 = 1_000;

/// Every value has the same bytes, and so has every chunk of the dataset.
struct Uniform {
	value: Vec<u8>,
	tokens: Vec<u8>,
	head: DatasetHead,
	chunks: Vec<Hash>,
}

impl Uniform {
	fn new(value: Vec<u8>) -> Self {
		let tokens = vec![0; 4 * CHUNK_TOKENS as usize];
		let chunks = vec![blob_root(&tokens[..2 * CHUNK_TOKENS as usize]); 1_000];
		let head = DatasetHead {
			vocabulary: 256,
			token_bytes: 2,
			tokens: u64::from(CHUNK_TOKENS) * chunks.len() as u64,
			held_out: 10_000,
			chunk_tokens: CHUNK_TOKENS,
			tokenizer: Hash::zero(),
			chunks: list_root(&chunks),
		};
		Self { value, tokens, head, chunks }
	}
}

impl Source for Uniform {
	fn blob(&self, value: Value) -> Option<&[u8]> {
		Some(if value.is_integer() { &self.tokens } else { &self.value })
	}

	fn dataset(&self) -> Option<(DatasetHead, &[Hash])> {
		Some((self.head, &self.chunks))
	}

	fn tokens(&self, _: u64) -> Option<&[u8]> {
		self.tokens.get(..2 * CHUNK_TOKENS as usize)
	}
}

/// A piece, and evidence that it does something else.
struct Piece<'a> {
	spec: &'a ModelSpec,
	context: &'a UnitContext,
	name: String,
	leaf: Leaf,
	evidence: Vec<u8>,
}

impl Piece<'_> {
	fn verify(&self) -> LeafVerdict {
		StageProgram::verify(self.spec, self.context, &self.leaf, &self.evidence)
	}
}

/// Whether an operation belongs to the first microbatch or to none: those of others are like these.
fn is_singular(action: &Action) -> bool {
	let (Action::Compute(Operation { output: value, .. })
	| Action::Compare(value)
	| Action::Keep(value)) = action
	else {
		return true;
	};
	!matches!(
		value,
		Value::Layer(1.., ..)
			| Value::Outer(1.., _)
			| Value::Hidden(1.., _)
			| Value::HiddenGradient(1.., _)
			| Value::Sent(1.., ..)
	)
}

/// The first and the last piece of the first element of every operation of every kind of stage, edge and optimizer, in the
/// first, the last and the closing step.
fn each(values: &Uniform, mut look: impl FnMut(Piece)) {
	for (stages, stage, boundary, inner) in [
		(1, 0, BoundaryCodec::Dense, common::muon()),
		(2, 0, BoundaryCodec::Dense, common::adamw(false)),
		(3, 1, BoundaryCodec::Int8 { block: 64 }, common::adamw(false)),
		(3, 1, BoundaryCodec::Bottleneck { rank: 32 }, common::adamw(false)),
		(2, 1, BoundaryCodec::Dense, common::adamw(false)),
	] {
		let mut spec = ModelSpec::example(values.head.root(), stages, 16);
		(spec.boundary, spec.inner) = (boundary, inner);
		(spec.architecture.width, spec.architecture.hidden) = (256, 256);
		spec.window.steps = MAX_STEPS;
		let crossings = vec![blob_root(&values.value); 1_000];
		for number in [0, MAX_STEPS - 1, MAX_STEPS] {
			// What is held out crosses before all steps.
			let behind = if number == MAX_STEPS { number } else { MAX_STEPS - number - 1 };
			let crossed = Crossed {
				list: crossings.clone(),
				before: Hash::zero(),
				after: vec![Hash::zero(); behind as usize],
			};
			let first = running_root(crossed.before, step_root(&crossings));
			let signed = crossed.after.iter().fold(first, |root, step| running_root(root, *step));
			let context = UnitContext {
				genesis: Hash::zero(),
				unit: UnitId { model: 0, window: GATE_EVERY - 1, stage, lane: 0 },
				shard_before: hash(Domain::Shard, &list_root(&crossings)),
				outcome: Outcome::Done { steps: MAX_STEPS },
				samples: 77,
				upstream: (stage > 0).then_some(signed),
				downstream: (stage + 1 < stages).then_some(signed),
				result: Hash::zero(),
				checkpoints: Hash::zero(),
			};
			let step = Step::new(&spec, &context, number).unwrap();
			let list = vec![blob_root(&values.value); 2 * step.length() as usize];
			let edges = [crossed.clone(), crossed];
			let record = Record::resumed(&step, values, list, crossings.clone(), edges);
			for operation in 0..step.length() {
				let action = step.action(operation).unwrap();
				if !is_singular(&action) {
					continue;
				}
				let last = match &action {
					Action::Compute(operation) => operation.pieces_per_element() - 1,
					_ => 0,
				};
				for piece in BTreeSet::from([0, last]) {
					let leaf = Leaf {
						step: number,
						operation: operation as u32,
						piece,
						before: record.commitment(operation, piece).unwrap(),
						after: Hash::zero(),
					};
					let what = match &action {
						Action::Compute(operation) => operation.output.to_string(),
						Action::Compare(value) => format!("compare {value}"),
						Action::Keep(value) => format!("keep {value}"),
						Action::Attest => "attest".into(),
					};
					let what = if piece > 0 { format!("{what}, last piece") } else { what };
					let kind = if step.is_closing() { "closing" } else { "training" };
					look(Piece {
						spec: &spec,
						context: &context,
						name: format!("{kind}: {what}"),
						leaf,
						evidence: record.evidence(operation, piece).unwrap().encode(),
					});
				}
			}
		}
	}
}

#[test]
fn values_that_nobody_computes_do_no_harm() {
	let mut numbers = common::Numbers(1);
	// Infinities and NaNs among them, and exponents that no code has.
	let bytes = (0..1 << 18).map(|_| (numbers.integer() >> 8) as u8);
	let mut looked = 0;
	each(&Uniform::new(bytes.collect()), |piece| {
		assert_eq!(piece.verify(), LeafVerdict::Wrong, "{}", piece.name);
		looked += 1;
	});
	assert!(looked > 1_500, "{looked}");
}

/// Evidence with so many of each part: chunks of the list, of the shard, of an edge, of values, of the dataset's list and of its
/// chunks; steps of an edge; members of a merge.
fn decodes(parts: [usize; 8]) -> bool {
	let proof = ChunkProof::of(&[1], 0).unwrap();
	let proofs = |count| vec![proof.clone(); count];
	let [list, shard, edge, chunks, tokens, places, steps, members] = parts;
	let edge = Some((Hash::zero(), proofs(edge), vec![Hash::zero(); steps]));
	let chunks = vec![(0u8, proof.clone()); chunks];
	let head = Uniform::new(Vec::new()).head;
	let tokens = Some((head, proofs(tokens), vec![(0u64, proof.clone()); places]));
	let [values, output] = [Growth::default(), Growth::default()];
	let registers = None::<Registers<u32>>;
	let lists = (proofs(list), proofs(shard));
	let piece = (values, output, registers, lists, [edge.clone(), edge], chunks, tokens).encode();
	let [element, coded] = [2, 3].map(proofs);
	let coded: Vec<u8> = coded.iter().flat_map(Encode::encode).collect();
	let element: Vec<u8> = element.iter().flat_map(Encode::encode).collect();
	let mut merge = (0u32, 0u64).encode();
	merge.extend(element.repeat(2));
	merge.extend(Compact(members as u32).encode());
	merge.extend(coded.repeat(members));
	merge.extend(element.repeat(2));
	Evidence::decode_all(&mut &piece[..]).is_ok()
		&& MergeEvidence::decode_all(&mut &merge[..]).is_ok()
}

#[test]
fn evidence_has_no_more_parts_than_the_chain_can_look_at() {
	let most = [8, 8, 8, 48, 48, 48, MAX_STEPS as usize, MAX_LANES as usize];
	assert!(decodes(most));
	for part in 0..most.len() {
		let mut more = most;
		more[part] += 1;
		assert!(!decodes(more), "part {part}");
	}
}

#[test]
#[ignore = "prints times"]
fn pieces_by_time() {
	let numbers = common::Numbers(1).take(1 << 16, 1.0);
	let values = Uniform::new(numbers.into_iter().flat_map(f32::to_le_bytes).collect());
	let mut times: BTreeMap<String, (u128, usize)> = BTreeMap::new();
	each(&values, |piece| {
		let least = (0..30).map(|_| {
			let start = Instant::now();
			piece.verify();
			start.elapsed().as_nanos()
		});
		let time = least.min().unwrap_or_default();
		let dearest = times.entry(piece.name).or_default();
		*dearest = (*dearest).max((time, piece.evidence.len()));
	});
	let mut times: Vec<_> = times.into_iter().collect();
	times.sort_by_key(|(_, (time, _))| *time);
	for (name, (time, bytes)) in times {
		println!("{:6} µs {bytes:6} bytes  {name}", time / 1_000);
	}
}
