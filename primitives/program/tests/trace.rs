//! Traces: what one piece ends with, the next begins with; right pieces are found right and wrong ones wrong.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use cairn_primitives::{
	dataset::DatasetHead,
	dispute::{Leaf, LeafVerdict, UnitContext},
	growth::list_bytes,
	hash::{blob_root, hash, Domain},
	Hash, ModelSpec, Outcome, UnitId,
};
use cairn_program::{
	reference::Reference,
	trace::{Action, Evidence, Record, Source, Step},
	Code, Direction, Float, Moment, Program, SoftFloat, Value,
};
use codec::{Decode, Encode};
use common::{insert_inputs, specs};

/// Steps of a unit.
const STEPS: u32 = 2;
/// Most bytes of evidence.
const MOST: usize = 64 * 1024;

/// Values of one step, and the dataset.
struct Values {
	blobs: BTreeMap<Value, Vec<u8>>,
	dataset: Dataset,
}

impl Source for Values {
	fn blob(&self, value: Value) -> Option<&[u8]> {
		self.blobs.get(&value).map(Vec::as_slice)
	}

	fn dataset(&self) -> Option<(DatasetHead, &[Hash])> {
		Some((self.dataset.head, &self.dataset.hashes))
	}

	fn tokens(&self, chunk: u64) -> Option<&[u8]> {
		self.dataset.chunks.get(chunk as usize).map(Vec::as_slice)
	}
}

/// Chunks of tokens, of which a sample may lie in two.
#[derive(Clone)]
struct Dataset {
	head: DatasetHead,
	hashes: Vec<Hash>,
	chunks: Vec<Vec<u8>>,
}

impl Dataset {
	fn new(vocabulary: u32, token_bytes: u8) -> Self {
		let (tokens, chunk_tokens) = (20_000u64, 601);
		let token = |place: u64| (place * place % 1_009 % u64::from(vocabulary)).to_le_bytes();
		let tokens_of = |chunk: &[u64]| -> Vec<u8> {
			chunk.iter().flat_map(|place| token(*place)[..token_bytes.into()].to_vec()).collect()
		};
		let places: Vec<u64> = (0..tokens).collect();
		let chunks: Vec<_> = places.chunks(chunk_tokens).map(tokens_of).collect();
		let hashes: Vec<_> = chunks.iter().map(|chunk| blob_root(chunk)).collect();
		let head = DatasetHead {
			vocabulary,
			token_bytes,
			tokens,
			held_out: 500,
			chunk_tokens: chunk_tokens as u32,
			tokenizer: Hash::zero(),
			chunks: blob_root(&list_bytes(&hashes)),
		};
		Self { head, hashes, chunks }
	}

	fn token(&self, place: u64) -> u64 {
		let (chunk, byte) = self.head.place(place).unwrap();
		let size = usize::from(self.head.token_bytes);
		let found = &self.chunks[chunk as usize][byte as usize..][..size];
		found.iter().rev().fold(0, |token, byte| token << 8 | u64::from(*byte))
	}
}

/// A unit of two steps that was computed by the reference.
struct Unit {
	spec: ModelSpec,
	context: UnitContext,
	steps: Vec<Values>,
	/// What has crossed the edges.
	edges: [Vec<Hash>; 2],
	/// The list that the first step begins with.
	shard: Vec<Hash>,
}

/// The codes of a microbatch on an edge, in the order of its list.
fn crossed(edge: usize, m: u32, blobs: &BTreeMap<Value, Vec<u8>>) -> Vec<Hash> {
	let (forward, backward): (fn(_, _, _) -> _, fn(_, _, _) -> _) = match edge {
		0 => (Value::Received, Value::Sent),
		_ => (Value::Sent, Value::Received),
	};
	let codes = [Code::Dense, Code::Integers, Code::Exponents];
	let forward = codes.map(|code| forward(m, Direction::Forward, code));
	let backward = codes.map(|code| backward(m, Direction::Backward, code));
	let values = forward.into_iter().chain(backward);
	values.filter_map(|value| Some(blob_root(blobs.get(&value)?))).collect()
}

impl Unit {
	fn new(spec: ModelSpec, stage: u8) -> Self {
		let mut spec = spec;
		spec.schedule.points.iter_mut().for_each(|point| point.batch = 4);
		let dataset = Dataset::new(spec.architecture.vocabulary, if stage == 0 { 2 } else { 4 });
		spec.dataset = dataset.head.root();
		let unit = UnitId { model: 3, window: 1, stage, lane: 0 };
		let mut context = UnitContext {
			genesis: Hash::repeat_byte(9),
			unit,
			shard_before: Hash::zero(),
			outcome: Outcome::Done { steps: STEPS },
			samples: 8,
			upstream: None,
			downstream: None,
			result: Hash::zero(),
			checkpoints: Hash::zero(),
		};
		let (mut steps, mut edges) = (Vec::new(), [Vec::new(), Vec::new()]);
		let mut handed_on: Option<Reference<SoftFloat>> = None;
		let mut shard = Vec::new();
		for number in 0..STEPS {
			let step = Step::new(&spec, &context, number).unwrap();
			let program: &Program = step.program();
			let mut reference = Reference::new();
			insert_inputs(&mut reference, &spec, program);
			let stage = program.stage();
			for tensor in stage.tensors() {
				for moment in [Moment::First, Moment::Second] {
					let state = Value::State(tensor, moment);
					let zeros = vec![SoftFloat::zero(); common::elements(stage, tensor)];
					let next = handed_on.as_ref().map(|last| last.get(Value::NextState(tensor, moment)));
					reference.insert(state, next.flatten().map_or(zeros, <[_]>::to_vec));
				}
				if let Some(last) = &handed_on {
					let next = last.get(Value::NextParameter(tensor)).unwrap().to_vec();
					reference.insert(Value::Parameter(tensor), next);
				}
			}
			for m in 0..program.microbatches() {
				for value in [Value::Tokens(m), Value::Targets(m)] {
					let token = |index| dataset.token(step.token(&dataset.head, value, index).unwrap());
					reference.insert_integers(value, (0..stage.tokens().into()).map(token).collect());
				}
			}
			let earlier = handed_on.as_ref().and_then(|last| last.get(Value::LossSoFar));
			reference.insert(Value::EarlierLoss, earlier.map_or(vec![SoftFloat::zero()], <[_]>::to_vec));
			for number in 0.. {
				let Some(Action::Compute(operation)) = step.action(number) else { break };
				reference.execute(&operation).unwrap();
			}
			let blobs = reference.blobs();
			if number == 0 {
				let root = |tensor| blob_root(&blobs[&Value::Parameter(tensor)]);
				shard = stage.tensors().into_iter().map(root).collect();
				if spec.lanes > 1 {
					// Outer momenta, which steps leave alone.
					shard.extend(stage.tensors().iter().map(|_| Hash::repeat_byte(5)));
				}
			}
			for edge in 0..2 {
				for m in 0..program.microbatches() {
					edges[edge].extend(crossed(edge, m, &blobs));
				}
			}
			steps.push(Values { blobs, dataset: dataset.clone() });
			handed_on = Some(reference);
		}
		let signed = |list: &Vec<Hash>| {
			(!list.is_empty()).then(|| hash(Domain::Crossed, &blob_root(&list_bytes(list))))
		};
		context.upstream = signed(&edges[0]);
		context.downstream = signed(&edges[1]);
		context.shard_before = hash(Domain::Shard, &blob_root(&list_bytes(&shard)));
		Self { spec, context, steps, edges, shard }
	}

	/// Look at each step with its record.
	fn each(&self, mut look: impl FnMut(&Step, &Record<Values>, Hash, Hash)) {
		let (mut list, mut before) = (self.shard.clone(), self.context.shard_before);
		for (number, values) in (0..).zip(&self.steps) {
			let step = Step::new(&self.spec, &self.context, number).unwrap();
			let record = Record::new(&step, values, list, self.edges.clone()).unwrap();
			let after = record.commitment(step.length(), 0).unwrap();
			look(&step, &record, before, after);
			list = record.next().unwrap();
			before = after;
		}
	}
}

fn units() -> impl Iterator<Item = (String, Unit)> {
	specs().into_iter().flat_map(|(name, spec)| {
		let stages = 0..spec.stages.len() as u8;
		stages.map(move |stage| (format!("{name}, stage {stage}"), Unit::new(spec.clone(), stage)))
	})
}

/// Pieces of an operation that are worth a look.
fn some(pieces: u64) -> BTreeSet<u64> {
	BTreeSet::from([0, 1 % pieces, pieces / 3, pieces / 2, pieces - 1])
}

fn leaf(step: u32, operation: u64, piece: u64, before: Hash, after: Hash) -> Leaf {
	Leaf { step, operation: operation as u32, piece, before, after }
}

#[test]
fn a_trace_leads_from_the_shard_piece_by_piece_to_the_next_state() {
	let (mut largest, mut looked) = (0, 0);
	for (name, unit) in units() {
		let mut number = 0;
		unit.each(|step, record, before, after| {
			assert_eq!(record.commitment(0, 0), Some(before), "{name}");
			assert_eq!(step.action(step.length()), None);
			assert_eq!(record.commitment(step.length() - 1, 1), Some(after), "{name}");
			for operation in 0..step.length() {
				let action = step.action(operation).unwrap();
				for piece in some(Step::pieces(&action)) {
					let before = record.commitment(operation, piece).unwrap();
					let after = record.commitment(operation, piece + 1).unwrap();
					let evidence = record.evidence(operation, piece).unwrap();
					let bytes = evidence.encode();
					largest = largest.max(bytes.len());
					let evidence = Evidence::decode(&mut &bytes[..]).unwrap();
					let verify = |after| step.verify(&leaf(number, operation, piece, before, after), &evidence);
					let what = || format!("{name}: {action:?}, piece {piece}");
					assert_eq!(verify(after), LeafVerdict::Right, "{}", what());
					assert_eq!(verify(Hash::repeat_byte(1)), LeafVerdict::Wrong, "{}", what());
					looked += 1;
				}
			}
			number += 1;
		});
	}
	assert!(looked > 10_000, "{looked}");
	assert!(largest <= MOST, "{largest} bytes of evidence");
	println!("{looked} pieces, {largest} bytes of evidence at most");
}
