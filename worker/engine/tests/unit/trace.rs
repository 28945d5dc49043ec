//! What the chain's trace of a unit commits to, by the reference interpreter, from what crossed the edges.

use std::{collections::BTreeMap, fs, path::Path};

use cairn_engine::{
	unit::{Crossing, UnitReport},
	OuterState, Snapshot,
};
use cairn_primitives::{
	attestation::{checkpoint_steps, Attestation, NonNegative},
	dataset::DatasetHead,
	dispute::UnitContext,
	hash::{blob_root, list_root},
	spec::BoundaryCodec,
	Hash, Outcome,
};
use cairn_program::{
	reference::Reference,
	trace::{Action, Commitment, Crossed as SignedStep, Record, Source, Step},
	Code, Direction, Moment, Stage, Tensor, Value,
};

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

/// The leaves of the unit's checkpoints, of which the last is the result.
pub fn leaves(
	window: &Window,
	(lane, number): (u8, u8),
	(before, outer): (&Snapshot, &OuterState),
	crossed: &Crossed,
) -> Vec<Hash> {
	let Window { spec, folder, samples, steps, .. } = *window;
	let stage = Stage::new(spec, number).unwrap();
	let before: BTreeMap<Tensor, Vec<f32>> =
		stage.tensors().into_iter().zip(before.weights().map(<[f32]>::to_vec)).collect();
	let root = |floats: &[f32]| {
		blob_root(&floats.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>())
	};
	let mut list: Vec<Hash> = stage.tensors().iter().map(|tensor| root(&before[tensor])).collect();
	list.extend(outer.blobs().map(|momentum| blob_root(&momentum)));
	let shard = list.clone();
	let context = UnitContext {
		genesis: Hash::repeat_byte(3),
		unit: window.unit(lane, number),
		shard_before: Commitment::Shard { list: list_root(&shard) }.hash(),
		outcome: Outcome::Done { steps },
		samples,
		upstream: None, // signatures are not the engine's
		downstream: None,
		result: Hash::zero(),
		checkpoints: Hash::zero(),
	};
	let (head, tokens) = (dataset(folder).manifest().head(), tokens(folder));
	let mut states = Vec::new();
	let mut last: Option<Reference<f32>> = None;
	for number in 0..=steps {
		let step = Step::new(spec, &context, number).unwrap();
		let mut reference = Reference::<f32>::new();
		reference.insert_integers(Value::Frequencies, spec.architecture.frequencies.to_vec());
		let from_last = |value| last.as_ref().and_then(|last| last.get(value)).map(<[f32]>::to_vec);
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
		let at = |microbatch| match step.is_closing() {
			true => Crossing::HeldOut { microbatch },
			false => Crossing::Step { step: number, microbatch },
		};
		for m in 0..step.microbatches() {
			for value in [Value::Tokens(m), Value::Targets(m)] {
				let token = |index| tokens[step.token(&head, value, index).unwrap() as usize];
				reference.insert_integers(value, (0..stage.tokens().into()).map(token).collect());
			}
			let kinds = [ACTIVATIONS, GRADIENTS];
			for (value, floats, _) in messages(&stage, crossed, kinds, at(m), m, Value::Received) {
				reference.insert(value, floats);
			}
		}
		for number in 0.. {
			let Some(Action::Compute(operation)) = step.action(number) else { break };
			reference.execute(&operation).unwrap();
		}
		let values = Values(reference.blobs());
		for m in 0..step.microbatches() {
			let kinds = [SENT_ACTIVATIONS, SENT_GRADIENTS];
			for (value, _, bytes) in messages(&stage, crossed, kinds, at(m), m, Value::Sent) {
				assert_eq!(values.0[&value], bytes, "step {number}: {value}");
			}
		}
		let signed = [SignedStep::default(), SignedStep::default()];
		let record = Record::new(&step, &values, list, shard.clone(), signed).unwrap();
		states.push(record.commitment(0, 0).unwrap());
		if step.is_closing() {
			states.push(record.commitment(step.length(), 0).unwrap());
		}
		list = record.next().unwrap();
		last = Some(reference);
	}
	let result = states.pop().unwrap();
	let at = checkpoint_steps(steps, spec.window.checkpoint_every);
	at.into_iter().map(|step| states[step as usize]).chain([result]).collect()
}

/// The leaves that a seat attests with its report.
pub fn attested(window: &Window, (lane, stage): (u8, u8), report: &UnitReport) -> Vec<Hash> {
	let number = |number: f32| NonNegative(number.to_bits());
	let attestation = Attestation::<u64> {
		unit: window.unit(lane, stage),
		shard_before: report.leaves[0],
		outcome: report.outcome,
		difference: report.root,
		norm: number(report.norm),
		checkpoints: Hash::zero(),
		upstream: None,
		downstream: None,
		loss: report.loss.map(number),
		held_out: report.held_out.map(number),
		inner_state: None,
		held: Default::default(),
	};
	report.leaves.iter().copied().chain([attestation.result()]).collect()
}
