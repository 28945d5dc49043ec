//! What the chain's trace of a unit commits to, by the reference interpreter, from what crossed the edges.
#![allow(dead_code)] // each test file uses its own part

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use bytes::Bytes;
use cairn_engine::{
	unit::{Crossing, Crossings, UnitReport, UnitTrace},
	Compute, OuterState, Snapshot,
};
use cairn_primitives::{
	attestation::{checkpoint_steps, checkpoints_root, Attestation, EdgeReceipt, NonNegative},
	dataset::DatasetHead,
	dispute::UnitContext,
	hash::{blob_root, list_root},
	signing::{running_root, step_root},
	spec::BoundaryCodec,
	Hash, ModelSpec, Outcome,
};
use cairn_program::{
	reference::Reference,
	trace::{Action, Commitment, Record, Source, Step},
	Code, Direction, Moment, Operation, Stage, Tensor, Value,
};
use codec::Decode;

use crate::{
	lanes::{Crossed, ACTIVATIONS, GRADIENTS, SENT_ACTIVATIONS, SENT_GRADIENTS},
	runs::{common::elements, dataset},
	seats::Window,
};

/// Values of a step.
struct Values(BTreeMap<Value, Vec<u8>>);

impl Source for Values {
	fn blob(&self, value: Value) -> Option<&[u8]> {
		self.0.get(&value).map(Vec::as_slice)
	}

	fn dataset(&self) -> Option<(DatasetHead, &[Hash])> {
		None
	}

	fn tokens(&self, _: u64) -> Option<&[u8]> {
		None
	}
}

/// All tokens of a dataset.
fn tokens(folder: &Path) -> Vec<u64> {
	let chunks = 0..dataset(folder).manifest().chunks.len();
	let bytes = chunks
		.flat_map(|chunk| fs::read(folder.join(format!("dataset/chunks/{chunk:05}.bin"))).unwrap());
	let bytes: Vec<u8> = bytes.collect();
	bytes.chunks_exact(2).map(|b| u64::from(u16::from_le_bytes([b[0], b[1]]))).collect()
}

/// The codes of a message under their names.
fn codes(
	stage: &Stage,
	bytes: &[u8],
	value: impl Fn(Code) -> Value,
) -> Vec<(Value, Vec<f32>, Vec<u8>)> {
	let small = |bytes: &[u8]| bytes.iter().map(|byte| f32::from(*byte as i8)).collect();
	match stage.boundary {
		BoundaryCodec::Dense | BoundaryCodec::Bottleneck { .. } => {
			let floats = bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
			vec![(value(Code::Dense), floats.collect(), bytes.to_vec())]
		},
		BoundaryCodec::Int8 { .. } => {
			let (integers, exponents) = bytes.split_at((stage.tokens() * stage.width) as usize);
			[(Code::Integers, integers), (Code::Exponents, exponents)]
				.map(|(code, bytes)| (value(code), small(bytes), bytes.to_vec()))
				.to_vec()
		},
	}
}

/// The values that a microbatch receives or sends.
fn messages(
	stage: &Stage,
	crossed: &Crossed,
	kinds: [usize; 2],
	at: Crossing,
	m: u32,
	value: fn(u32, Direction, Code) -> Value,
) -> Vec<(Value, Vec<f32>, Vec<u8>)> {
	let directions = [Direction::Forward, Direction::Backward].into_iter().zip(kinds);
	directions
		.filter_map(|(direction, kind)| Some((direction, crossed.messages[kind].get(&at)?)))
		.flat_map(|(direction, bytes)| codes(stage, bytes, |code| value(m, direction, code)))
		.collect()
}

/// The ways that codes take over the edges of a stage: forward and backward, before it and behind it.
const EDGES: [[usize; 2]; 2] = [[ACTIVATIONS, SENT_GRADIENTS], [SENT_ACTIVATIONS, GRADIENTS]];

fn crossing(step: &Step, microbatch: u32) -> Crossing {
	match step.is_closing() {
		true => Crossing::HeldOut { microbatch },
		false => Crossing::Step { step: step.number(), microbatch },
	}
}

/// What both ends of an edge have signed: what was held out, then step after step.
fn signed(
	(spec, stage, context): (&ModelSpec, &Stage, &UnitContext),
	edge: usize,
	crossed: &Crossed,
) -> Option<Hash> {
	let is_end = [stage.is_first, stage.is_last][edge];
	let steps = context.outcome.steps();
	let list = |number| -> Vec<Hash> {
		let step = Step::new(spec, context, number).unwrap();
		let of = |m| messages(stage, crossed, EDGES[edge], crossing(&step, m), m, Value::Sent);
		let codes = (0..step.microbatches()).flat_map(of);
		codes.map(|(_, _, bytes)| blob_root(&bytes)).collect()
	};
	let roots = [steps].into_iter().chain(0..steps).map(list).filter(|list| !list.is_empty());
	let root = roots.fold(Hash::zero(), |root, list| running_root(root, step_root(&list)));
	(!is_end && steps > 0).then_some(root)
}

/// Changes what an operation of a step has written.
pub type Tamper<'a> = &'a dyn Fn(&Step, &Operation, &mut Reference<f32>);

/// A unit that was computed on its own, perhaps not honestly.
pub struct Oracle<'a> {
	pub window: Window<'a>,
	pub context: UnitContext,
	shard: Vec<Hash>,
	/// The list of values of each step, and the values.
	steps: Vec<(Vec<Hash>, Values)>,
}

impl<'a> Oracle<'a> {
	/// The honest one.
	pub fn new(
		window: &Window<'a>,
		seat: (u8, u8),
		begin: (&Snapshot, &OuterState),
		crossed: &Crossed,
	) -> Self {
		let oracle = Self::tampered(window, seat, begin, crossed, &|_, _, _| ());
		for number in 0..=window.steps {
			let step = oracle.step(number);
			for m in 0..step.microbatches() {
				let stage = step.program().stage();
				let (kinds, at) = ([SENT_ACTIVATIONS, SENT_GRADIENTS], crossing(&step, m));
				for (value, _, bytes) in messages(stage, crossed, kinds, at, m, Value::Sent) {
					let values = &oracle.steps[number as usize].1;
					assert_eq!(values.0[&value], bytes, "step {number}: {value}");
				}
			}
		}
		oracle
	}

	/// One that changes what it has computed, and goes on with that.
	pub fn tampered(
		window: &Window<'a>,
		(lane, number): (u8, u8),
		(before, outer): (&Snapshot, &OuterState),
		crossed: &Crossed,
		tamper: Tamper,
	) -> Self {
		let Window { spec, folder, samples, steps, .. } = *window;
		let stage = Stage::new(spec, number).unwrap();
		let before: BTreeMap<Tensor, Vec<f32>> =
			stage.tensors().into_iter().zip(before.weights().map(<[f32]>::to_vec)).collect();
		let root = |floats: &[f32]| {
			blob_root(&floats.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>())
		};
		let mut shard: Vec<Hash> =
			stage.tensors().iter().map(|tensor| root(&before[tensor])).collect();
		shard.extend(outer.blobs().map(|momentum| blob_root(&momentum)));
		let mut context = UnitContext {
			genesis: Hash::repeat_byte(3),
			unit: window.unit(lane, number),
			shard_before: Commitment::Shard { list: list_root(&shard) }.hash(),
			outcome: Outcome::Done { steps },
			samples,
			upstream: None,
			downstream: None,
			result: Hash::zero(),
			checkpoints: Hash::zero(),
		};
		(context.upstream, context.downstream) = (
			signed((spec, &stage, &context), 0, crossed),
			signed((spec, &stage, &context), 1, crossed),
		);
		let (head, tokens) = (dataset(folder).manifest().head(), tokens(folder));
		let mut oracle = Self { window: *window, context, shard: shard.clone(), steps: Vec::new() };
		let mut list = shard;
		let mut last: Option<Reference<f32>> = None;
		for number in 0..=steps {
			let step = Step::new(spec, &oracle.context, number).unwrap();
			let mut reference = Reference::<f32>::new();
			reference.insert_integers(Value::Frequencies, spec.architecture.frequencies.to_vec());
			let from_last =
				|value| last.as_ref().and_then(|last| last.get(value)).map(<[f32]>::to_vec);
			for (tensor, weights) in &before {
				let parameter = from_last(Value::NextParameter(*tensor));
				reference.insert(Value::Earlier(*tensor), weights.clone());
				reference.insert(Value::Parameter(*tensor), parameter.unwrap_or(weights.clone()));
				for moment in [Moment::First, Moment::Second] {
					let zeros = vec![0.0; elements(&stage, *tensor)];
					let state = from_last(Value::NextState(*tensor, moment)).unwrap_or(zeros);
					reference.insert(Value::State(*tensor, moment), state);
				}
			}
			let loss = from_last(Value::LossSoFar).unwrap_or(vec![0.0]);
			reference.insert(Value::EarlierLoss, loss);
			for m in 0..step.microbatches() {
				for value in [Value::Tokens(m), Value::Targets(m)] {
					let token = |index| tokens[step.token(&head, value, index).unwrap() as usize];
					let indices = 0..stage.tokens().into();
					reference.insert_integers(value, indices.map(token).collect());
				}
				let (kinds, at) = ([ACTIVATIONS, GRADIENTS], crossing(&step, m));
				for (value, floats, _) in messages(&stage, crossed, kinds, at, m, Value::Received) {
					reference.insert(value, floats);
				}
			}
			for number in 0.. {
				let Some(Action::Compute(operation)) = step.action(number) else { break };
				reference.execute(&operation).unwrap();
				tamper(&step, &operation, &mut reference);
			}
			let values = Values(reference.blobs());
			let (shard, signed) = (oracle.shard.clone(), Default::default());
			let record = Record::new(&step, &values, list, shard, signed).unwrap();
			let written = record.list().to_vec();
			list = record.next().unwrap();
			oracle.steps.push((written, values));
			last = Some(reference);
		}
		oracle.context.result = oracle.boundary(u64::from(steps) + 1);
		oracle.attest();
		oracle
	}

	/// The root of the leaves as they are.
	fn attest(&mut self) {
		let root = checkpoints_root(self.context.genesis, &self.context.unit, &self.leaves());
		self.context.checkpoints = root;
	}

	/// Say that the unit begins with another shard than it does.
	pub fn begin_with(&mut self, shard_before: Hash) {
		self.context.shard_before = shard_before;
		self.attest();
	}

	pub fn step(&self, number: u32) -> Step<'_> {
		Step::new(self.window.spec, &self.context, number).unwrap()
	}

	/// The bytes of a value of a step.
	pub fn blob(&self, step: u32, value: Value) -> Option<&[u8]> {
		self.steps[step as usize].1.blob(value)
	}

	/// The commitment before a piece.
	pub fn piece(&self, number: u32, operation: u64, piece: u64) -> Hash {
		let (list, values) = &self.steps[number as usize];
		let step = self.step(number);
		let (shard, signed) = (self.shard.clone(), Default::default());
		let record = Record::resumed(&step, values, list.clone(), shard, signed);
		record.commitment(operation, piece).unwrap()
	}

	/// The commitment after so many steps, or the result.
	pub fn boundary(&self, steps: u64) -> Hash {
		match u32::try_from(steps).unwrap() {
			0 => self.context.shard_before,
			steps if steps > self.window.steps => {
				self.piece(steps - 1, self.step(steps - 1).length(), 0)
			},
			steps => self.piece(steps, 0, 0),
		}
	}

	/// The leaves of the unit's checkpoints, of which the last is the result.
	pub fn leaves(&self) -> Vec<Hash> {
		let at = checkpoint_steps(self.window.steps, self.window.spec.window.checkpoint_every);
		let states = at.into_iter().map(|step| self.boundary(step.into()));
		states.chain([self.context.result]).collect()
	}

	/// The trace of the same unit by whoever has what crossed.
	pub fn unit_trace(
		&self,
		before: &Snapshot,
		outer: &OuterState,
		crossed: &Crossed,
	) -> UnitTrace<Edge> {
		let spec = self.window.spec;
		let stage = Stage::new(spec, self.context.unit.stage).unwrap();
		let dataset = (stage.is_first || stage.is_last).then(|| dataset(self.window.folder));
		let edges = [0, 1].map(|edge| {
			let bytes = |kind: usize| {
				let messages = crossed.messages[kind].iter();
				messages.map(|(at, bytes)| (*at, Bytes::from(bytes.clone()))).collect()
			};
			let is_end = [stage.is_first, stage.is_last][edge];
			(!is_end).then(|| Edge(EDGES[edge].map(bytes)))
		});
		let (context, spec) = (self.context.clone(), Arc::new(spec.clone()));
		let trace = UnitTrace::new(spec, context, dataset, before, outer, edges).unwrap();
		// As workers have it; the oracle interprets all steps.
		trace.by_engine(Arc::new(Compute::new(1).unwrap()), before.clone(), outer.clone())
	}
}

/// What crossed an edge, forward and backward.
pub struct Edge([BTreeMap<Crossing, Bytes>; 2]);

impl Crossings for Edge {
	fn bytes(&self, at: Crossing, direction: Direction) -> Option<&Bytes> {
		self.0[usize::from(direction == Direction::Backward)].get(&at)
	}
}

/// The leaves that a seat attests with its report.
pub fn attested(context: &UnitContext, report: &UnitReport) -> Vec<Hash> {
	let number = |number: f32| NonNegative(number.to_bits());
	// The result depends on the root alone.
	let signature = || Decode::decode(&mut &[0; 64][..]).unwrap();
	let receipt =
		|root: Option<Hash>| root.map(|root| EdgeReceipt { root, signature: signature() });
	let attestation = Attestation::<u64> {
		unit: context.unit,
		shard_before: report.leaves[0],
		outcome: report.outcome,
		difference: report.root,
		norm: number(report.norm),
		checkpoints: Hash::zero(),
		upstream: receipt(context.upstream),
		downstream: receipt(context.downstream),
		loss: report.loss.map(number),
		held_out: report.held_out.map(number),
		inner_state: None,
		held: Default::default(),
	};
	report.leaves.iter().copied().chain([attestation.result()]).collect()
}
