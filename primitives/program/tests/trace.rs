//! Traces: what one piece ends with, the next begins with; right pieces are found right and wrong ones wrong.

mod common;

use std::{
	collections::{BTreeMap, BTreeSet},
	sync::OnceLock,
	thread,
};

use cairn_primitives::{
	attestation::{Attestation, EdgeReceipt, NonNegative},
	dataset::DatasetHead,
	dispute::{Leaf, LeafVerdict, LeafVerifier, UnitContext},
	growth::Growth,
	hash::{blob_root, hash, list_root, Domain},
	signing::{running_root, step_root},
	spec::BoundaryCodec,
	Hash, ModelSpec, Outcome, UnitId,
};
use cairn_program::{
	random::sample_at,
	reference::Reference,
	trace::{Action, Commitment, Crossed, Evidence, Record, Source, StageProgram, Step},
	ChangeName, Code, Direction, Float, Moment, Name, Operation, Program, SoftFloat, Tensor, Value,
};
use codec::{Decode, Encode};
use common::{adamw, insert_inputs, muon, spec};

/// Steps of a unit.
const STEPS: u32 = 2;

/// Values of one step, and the dataset.
#[derive(Clone)]
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
			chunks: list_root(&hashes),
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
#[derive(Clone)]
struct Unit {
	spec: ModelSpec,
	context: UnitContext,
	steps: Vec<Values>,
	/// What has crossed the edges in each step; in the closing one, what was held out.
	edges: [Vec<Vec<Hash>>; 2],
	/// The list that the first step begins with.
	shard: Vec<Hash>,
}

/// Which token an element of tokens or targets is: what `train-local` reads, and at the end what is held out.
fn expected_token(
	spec: &ModelSpec,
	unit: &UnitContext,
	dataset: &Dataset,
	step: &Step,
	value: Value,
	index: u64,
) -> u64 {
	let (m, ahead) = match value {
		Value::Tokens(m) => (m, 0),
		Value::Targets(m) => (m, 1),
		other => panic!("{other} are no tokens"),
	};
	let (batch, microbatch, context) = (4, 2, 7);
	let row = u64::from(m) * microbatch + index / context;
	let (first, sample) = if step.is_closing() {
		let available = (500 - 1) / context;
		(20_000 - 500, row * available / 64)
	} else {
		let lanes = u64::from(spec.lanes) * u64::from(step.number());
		let position = unit.samples + (lanes + u64::from(unit.unit.lane)) * batch + row;
		(0, sample_at(&spec.seed, dataset.head.samples(7), position))
	};
	first + sample * context + index % context + ahead
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
	/// `factor` is what the embedding, or what the first neighbour sends, is multiplied by.
	fn new(spec: ModelSpec, stage: u8, is_gate: bool, factor: f32) -> Self {
		let mut spec = spec;
		spec.schedule.points.iter_mut().for_each(|point| point.batch = 4);
		let dataset = Dataset::new(spec.architecture.vocabulary, if stage == 0 { 2 } else { 4 });
		spec.dataset = dataset.head.root();
		let lane = spec.lanes - 1;
		let unit = UnitId { model: 3, window: 1, stage, lane };
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
		if is_gate {
			context.unit.window = 31;
		}
		let (mut steps, mut edges) = (Vec::new(), [Vec::new(), Vec::new()]);
		let mut initial = BTreeMap::new();
		let mut handed_on: Option<Reference<SoftFloat>> = None;
		let mut shard = Vec::new();
		for number in 0..=STEPS {
			let step = Step::new(&spec, &context, number).unwrap();
			let program: &Program = step.program();
			let mut reference = Reference::new();
			insert_inputs(&mut reference, &spec, program);
			let stage = program.stage();
			let received = Value::Received(0, Direction::Forward, Code::Dense);
			for value in [Value::Parameter(Tensor::Embedding), received] {
				if let Some(floats) = reference.get(value) {
					let scaled = floats.iter().map(|x| *x * SoftFloat::literal(factor)).collect();
					reference.insert(value, scaled);
				}
			}
			for tensor in stage.tensors() {
				for moment in [Moment::First, Moment::Second] {
					let state = Value::State(tensor, moment);
					let zeros = vec![SoftFloat::zero(); common::elements(stage, tensor)];
					let next =
						handed_on.as_ref().map(|last| last.get(Value::NextState(tensor, moment)));
					reference.insert(state, next.flatten().map_or(zeros, <[_]>::to_vec));
				}
				if let Some(last) = &handed_on {
					let next = last.get(Value::NextParameter(tensor)).unwrap().to_vec();
					reference.insert(Value::Parameter(tensor), next);
				}
			}
			if step.is_closing() {
				for m in 0..step.microbatches() {
					let numbers = &mut common::Numbers(u64::from(m) + 5);
					common::insert_microbatch(&mut reference, numbers, stage, m);
				}
			}
			for m in 0..step.microbatches() {
				for value in [Value::Tokens(m), Value::Targets(m)] {
					let token = |index| {
						let token = step.token(&dataset.head, value, index).unwrap();
						assert_eq!(
							token,
							expected_token(&spec, &context, &dataset, &step, value, index)
						);
						dataset.token(token)
					};
					reference
						.insert_integers(value, (0..stage.tokens().into()).map(token).collect());
				}
			}
			let earlier = handed_on.as_ref().and_then(|last| last.get(Value::LossSoFar));
			reference
				.insert(Value::EarlierLoss, earlier.map_or(vec![SoftFloat::zero()], <[_]>::to_vec));
			for tensor in stage.tensors() {
				let weights = reference.get(Value::Parameter(tensor)).unwrap().to_vec();
				let weights = initial.entry(tensor).or_insert(weights).clone();
				reference.insert(Value::Earlier(tensor), weights);
			}
			for number in 0.. {
				let Some(Action::Compute(operation)) = step.action(number) else { break };
				reference.execute(&operation).unwrap();
			}
			let mut blobs = reference.blobs();
			if step.is_closing() {
				// What goes back over the edges belongs to steps alone.
				blobs.retain(|value, _| {
					!matches!(value, Value::Received(_, Direction::Backward, _))
				});
			}
			if number == 0 {
				let root = |tensor| blob_root(&blobs[&Value::Parameter(tensor)]);
				shard = stage.tensors().into_iter().map(root).collect();
				if spec.lanes > 1 {
					// Outer momenta, which steps leave alone.
					shard.extend(stage.tensors().iter().map(|_| Hash::repeat_byte(5)));
				}
			}
			for (edge, crossings) in edges.iter_mut().enumerate() {
				let of_step = (0..step.microbatches()).flat_map(|m| crossed(edge, m, &blobs));
				crossings.push(of_step.collect());
			}
			steps.push(Values { blobs, dataset: dataset.clone() });
			handed_on = Some(reference);
		}
		context.shard_before = hash(Domain::Shard, &list_root(&shard));
		let mut unit = Self { spec, context, steps, edges, shard };
		unit.sign();
		unit
	}

	/// The roots of what crossed an edge, in its order: what is held out comes first.
	fn crossings(&self, edge: usize) -> Vec<Hash> {
		let lists = &self.edges[edge];
		let (steps, held_out) = lists.split_at(STEPS as usize);
		let lists = held_out.iter().chain(steps).filter(|list| !list.is_empty());
		lists.map(|list| step_root(list)).collect()
	}

	/// Both ends of the edges sign what crossed.
	fn sign(&mut self) {
		let signed = |edge| {
			let crossings = self.crossings(edge);
			(!crossings.is_empty()).then(|| crossings.into_iter().fold(Hash::zero(), running_root))
		};
		(self.context.upstream, self.context.downstream) = (signed(0), signed(1));
	}

	/// What crossed an edge, as a step's record wants it.
	fn crossed(&self, edge: usize, step: u32) -> Crossed {
		let list = self.edges[edge][step as usize].clone();
		let crossings = self.crossings(edge);
		let is_held_out = !self.edges[edge][STEPS as usize].is_empty();
		let place = if step == STEPS { 0 } else { step as usize + usize::from(is_held_out) };
		let (before, after) = crossings.split_at(place.min(crossings.len()));
		let before = before.iter().fold(Hash::zero(), |root, step| running_root(root, *step));
		Crossed { list, before, after: after.iter().skip(1).copied().collect() }
	}

	/// Look at each step with its record.
	fn each(&self, mut look: impl FnMut(&Step, &Record<Values>, Hash, Hash)) {
		let (mut list, mut before) = (self.shard.clone(), self.context.shard_before);
		for (number, values) in (0..).zip(&self.steps) {
			let step = Step::new(&self.spec, &self.context, number).unwrap();
			let (shard, edges) =
				(self.shard.clone(), [0, 1].map(|edge| self.crossed(edge, number)));
			let record = Record::new(&step, values, list, shard, edges).unwrap();
			let after = record.commitment(step.length(), 0).unwrap();
			look(&step, &record, before, after);
			list = record.next().unwrap();
			before = after;
		}
	}
}

/// Every kind of stage, edge and optimizer: computed once, side by side.
fn units() -> &'static [(String, Unit)] {
	static UNITS: OnceLock<Vec<(String, Unit)>> = OnceLock::new();
	let kinds = [
		(1, BoundaryCodec::Dense, muon(), 0, true),
		(2, BoundaryCodec::Dense, adamw(false), 0, true),
		(3, BoundaryCodec::Int8 { block: 4 }, adamw(false), 1, true),
		(3, BoundaryCodec::Bottleneck { rank: 5 }, muon(), 1, false),
		(2, BoundaryCodec::Int8 { block: 4 }, muon(), 1, false),
	];
	let compute = |(stages, boundary, inner, stage, is_gate)| {
		let spec = ModelSpec { boundary, inner, lanes: stages as u8, ..spec(stages) };
		let name = format!("stage {stage} of {stages}, {boundary:?}, {inner:?}");
		(name, Unit::new(spec, stage, is_gate, 1.0))
	};
	UNITS.get_or_init(|| {
		thread::scope(|scope| {
			let units = kinds.map(|kind| scope.spawn(move || compute(kind)));
			units.map(|unit| unit.join().unwrap()).into()
		})
	})
}

/// Whether an operation belongs to the first microbatch or to none: those of others are like these.
fn is_singular(action: &Action) -> bool {
	match action {
		Action::Compute(Operation { output: value, .. })
		| Action::Compare(value)
		| Action::Keep(value) => !matches!(
			value,
			Value::Layer(1.., ..)
				| Value::Outer(1.., _)
				| Value::Hidden(1.., _)
				| Value::HiddenGradient(1.., _)
		),
		Action::Attest => true,
	}
}

/// Pieces of an operation that are worth a look.
fn some(pieces: u64) -> BTreeSet<u64> {
	BTreeSet::from([0, pieces / 2, pieces - 1])
}

fn leaf(step: u32, operation: u64, piece: u64, before: Hash, after: Hash) -> Leaf {
	Leaf { step, operation: operation as u32, piece, before, after }
}

#[test]
fn a_trace_leads_from_the_shard_piece_by_piece_to_the_next_state() {
	let mut looked = 0;
	for (name, unit) in units() {
		let mut number = 0;
		unit.each(|step, record, before, after| {
			assert_eq!(record.commitment(0, 0), Some(before), "{name}");
			assert_eq!(step.number(), number);
			assert_eq!(step.action(step.length()), None);
			let operations = StageProgram::operations(&unit.spec, &unit.context, number);
			assert_eq!(u64::from(operations), step.length(), "{name}");
			assert_eq!(record.commitment(step.length() - 1, 1), Some(after), "{name}");
			for operation in 0..step.length() {
				let action = step.action(operation).unwrap();
				let pieces =
					StageProgram::pieces(&unit.spec, &unit.context, number, operation as u32);
				assert_eq!(pieces, Step::pieces(&action));
				if !is_singular(&action) {
					continue;
				}
				for piece in some(pieces) {
					let before = record.commitment(operation, piece).unwrap();
					let after = record.commitment(operation, piece + 1).unwrap();
					let evidence = record.evidence(operation, piece).unwrap();
					let bytes = evidence.encode();
					assert_eq!(Evidence::decode(&mut &bytes[..]), Ok(evidence));
					let verify = |after| {
						let leaf = leaf(number, operation, piece, before, after);
						StageProgram::verify(&unit.spec, &unit.context, &leaf, &bytes)
					};
					let what = || format!("{name}: {action:?}, piece {piece}");
					assert_eq!(verify(after), LeafVerdict::Right, "{}", what());
					assert_eq!(verify(Hash::repeat_byte(1)), LeafVerdict::Wrong, "{}", what());
					looked += 1;
				}
			}
			number += 1;
		});
	}
	assert!(looked > 3_000, "{looked}");
}

/// Everything that evidence can be changed in, each changed once.
fn changed(evidence: &Evidence) -> Vec<(&'static str, Evidence)> {
	let mut all = Vec::new();
	let mut change = |what, change: &dyn Fn(&mut Evidence)| {
		let mut changed = evidence.clone();
		change(&mut changed);
		if changed != *evidence {
			all.push((what, changed));
		}
	};
	let grown = |growth: &mut Growth| assert!(growth.push(&[7; 4]));
	change("values", &|evidence| grown(&mut evidence.values));
	change("output", &|evidence| grown(&mut evidence.output));
	change("registers", &|evidence| {
		evidence.registers = evidence.registers.map(|registers| registers.map(|bits| bits ^ 1));
	});
	change("no registers", &|evidence| evidence.registers = None);
	change("no list", &|evidence| evidence.list.clear());
	change("list", &|evidence| evidence.list.iter_mut().for_each(|chunk| chunk.bytes[0] ^= 1));
	for edge in 0..2 {
		change("no edge", &|evidence| evidence.edges[edge] = None);
		change("edge", &|evidence| {
			let chunks = evidence.edges[edge].iter_mut().flat_map(|edge| &mut edge.list);
			chunks.for_each(|chunk| chunk.bytes[0] ^= 1);
		});
		change("edge before", &|evidence| {
			evidence.edges[edge].iter_mut().for_each(|edge| edge.before.0[0] ^= 1);
		});
		change("edge after", &|evidence| {
			evidence.edges[edge]
				.iter_mut()
				.for_each(|edge| assert!(edge.after.try_push(edge.before).is_ok()));
		});
	}
	change("no values", &|evidence| evidence.chunks.clear());
	change("value", &|evidence| {
		evidence.chunks.iter_mut().for_each(|chunk| chunk.proof.bytes[0] ^= 1);
	});
	change("other value", &|evidence| {
		evidence.chunks.iter_mut().for_each(|chunk| chunk.operand += 1);
	});
	change("no tokens", &|evidence| evidence.tokens = None);
	change("other dataset", &|evidence| {
		evidence.tokens.iter_mut().for_each(|tokens| tokens.head.tokens += 1);
	});
	change("no hashes", &|evidence| {
		evidence.tokens.iter_mut().for_each(|tokens| tokens.list.clear());
	});
	change("tokens", &|evidence| {
		let parts = evidence.tokens.iter_mut().flat_map(|tokens| &mut tokens.parts);
		parts.for_each(|(_, part)| part.bytes[0] ^= 1);
	});
	change("other tokens", &|evidence| {
		let parts = evidence.tokens.iter_mut().flat_map(|tokens| &mut tokens.parts);
		parts.for_each(|(chunk, _)| *chunk ^= 1);
	});
	all
}

#[test]
fn changed_evidence_proves_nothing() {
	let mut seen = BTreeSet::new();
	for (name, unit) in units() {
		let mut number = 0;
		unit.each(|step, record, _, _| {
			for operation in (0..step.length()).step_by(3) {
				let action = step.action(operation).unwrap();
				// Within an element, where elements have two pieces.
				let piece = ((Step::pieces(&action) / 2) | 1).min(Step::pieces(&action) - 1);
				let before = record.commitment(operation, piece).unwrap();
				let after = record.commitment(operation, piece + 1).unwrap();
				let leaf = leaf(number, operation, piece, before, after);
				for (what, evidence) in changed(&record.evidence(operation, piece).unwrap()) {
					seen.insert(what);
					// An operation that writes or hands on what it began to does not look at an output before its own.
					let unread =
						piece == 0 && what == "output" && !matches!(action, Action::Keep(_));
					let verdict = step.verify(&leaf, &evidence);
					let context = || format!("{name}: {action:?}, piece {piece}, {what}");
					match unread && matches!(action, Action::Compare(_)) {
						true => assert_eq!(verdict, LeafVerdict::Right, "{}", context()),
						false => assert_eq!(verdict, LeafVerdict::Unproven, "{}", context()),
					}
				}
				let elsewhere = Leaf { before: Hash::repeat_byte(4), ..leaf };
				let evidence = record.evidence(operation, piece).unwrap();
				assert_eq!(step.verify(&elsewhere, &evidence), LeafVerdict::Unproven);
				let beyond = Leaf { piece: Step::pieces(&action), ..leaf };
				assert_eq!(step.verify(&beyond, &evidence), LeafVerdict::Unproven);
			}
			let beyond = Leaf {
				operation: step.length() as u32,
				..leaf(number, 0, 0, Hash::zero(), Hash::zero())
			};
			assert_eq!(step.verify(&beyond, &Evidence::default()), LeafVerdict::Unproven);
			number += 1;
		});
	}
	assert_eq!(seen.len(), 18, "{seen:?}");
}

#[test]
fn who_sends_something_else_than_it_computes_is_found_out() {
	for (name, mut unit) in units().iter().cloned() {
		for edge in 0..2 {
			let codes =
				if matches!(unit.spec.boundary, BoundaryCodec::Int8 { .. }) { 2 } else { 1 };
			let Some(last) = unit.edges[edge][1].len().checked_sub(1) else { continue };
			// The last code of a step is a gradient, sent to the stage before; the activation before it is sent to the stage behind.
			for (place, expected) in [(last, 1 - edge), (last - codes, edge)] {
				let mut found = 0;
				let honest =
					std::mem::replace(&mut unit.edges[edge][1][place], Hash::repeat_byte(6));
				unit.sign();
				unit.each(|step, record, _, _| {
					for operation in 0..step.length() {
						let Some(Action::Compare(_)) = step.action(operation) else { continue };
						let before = record.commitment(operation, 0).unwrap();
						let evidence = record.evidence(operation, 0).unwrap();
						let verify =
							|after| step.verify(&leaf(0, operation, 0, before, after), &evidence);
						let torn = Commitment::Torn { before }.hash();
						let verdicts = (verify(before), verify(torn));
						match verdicts {
							(LeafVerdict::Right, LeafVerdict::Wrong) => {},
							(LeafVerdict::Wrong, LeafVerdict::Right) => found += 1,
							other => panic!("{name}: {other:?}"),
						}
					}
				});
				unit.edges[edge][1][place] = honest;
				assert_eq!(found, expected, "{name}");
			}
		}
	}
}

#[test]
fn a_trace_ends_with_what_is_attested() {
	for (name, unit) in units() {
		let closing = &unit.steps[STEPS as usize].blobs;
		let float = |value| {
			let blob: Option<&Vec<u8>> = closing.get(&value);
			blob.map(|blob| f32::from_le_bytes(blob[..4].try_into().unwrap()))
		};
		let step = Step::new(&unit.spec, &unit.context, STEPS).unwrap();
		let stage = step.program().stage();
		let mut squares = 0.0;
		let mut list = Vec::new();
		for tensor in stage.tensors() {
			let floats = |value| {
				closing[&value].chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()))
			};
			let (after, before) =
				(floats(Value::Parameter(tensor)), floats(Value::Earlier(tensor)));
			squares += after.zip(before).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
			let root = |value| blob_root(&closing[&value]);
			match unit.spec.lanes {
				1 => list.push(root(Value::Parameter(tensor))),
				_ => list.extend(
					[ChangeName::Codes, ChangeName::Exponents]
						.map(|name| root(Value::Change(tensor, name))),
				),
			}
		}
		let norm = float(Value::ChangeNorm).unwrap();
		let expected = squares.sqrt();
		assert!((f64::from(norm) - expected).abs() < 0.02 * expected, "{name}: {norm} {expected}");
		let losses: f32 = (0..STEPS as usize)
			.filter_map(|number| {
				let loss = unit.steps[number].blobs.get(&Value::Loss(2))?;
				Some(f32::from_le_bytes(loss[..].try_into().unwrap()))
			})
			.sum();
		if let Some(mean) = float(Value::MeanLoss) {
			assert!((mean - losses / (2.0 * 4.0 * 7.0)).abs() < 1e-5, "{name}: {mean}");
		}
		let is_gate = unit.context.unit.window == 31;
		assert_eq!(float(Value::HeldOutLoss).is_some(), is_gate && stage.is_last, "{name}");
		let held_out = float(Value::HeldOutLoss).map(|loss| NonNegative(loss.to_bits()));
		assert!(held_out.is_none_or(|loss| (1_000_000..9_000_000).contains(&loss.to_millionths())));
		let list = list_root(&list);
		let difference = match unit.spec.lanes {
			1 => Commitment::Shard { list },
			_ => Commitment::Difference { list },
		};
		let receipt =
			|root: Option<Hash>| root.map(|root| EdgeReceipt { root, signature: sp_signature() });
		let attestation = Attestation::<u64> {
			unit: unit.context.unit,
			shard_before: unit.context.shard_before,
			outcome: unit.context.outcome,
			difference: difference.hash(),
			norm: NonNegative(norm.to_bits()),
			checkpoints: Hash::zero(),
			upstream: receipt(unit.context.upstream),
			downstream: receipt(unit.context.downstream),
			loss: float(Value::MeanLoss).map(|loss| NonNegative(loss.to_bits())),
			held_out,
			inner_state: None,
			held: Default::default(),
		};
		let mut last = Hash::zero();
		unit.each(|_, _, _, after| last = after);
		assert_eq!(last, attestation.result(), "{name}");
	}
}

/// A signature of nothing: results do not contain signatures.
fn sp_signature<S: Decode>() -> S {
	S::decode(&mut &[0u8; 64][..]).unwrap()
}

/// Verdicts on the first piece of the trace that ends elsewhere than the record says.
fn first_torn(unit: &Unit) -> Option<Value> {
	let mut torn = None;
	unit.each(|step, record, _, _| {
		for operation in 0..step.length() {
			let Some(Action::Compute(Operation { output, .. })) = step.action(operation) else {
				return;
			};
			let pieces =
				StageProgram::pieces(&unit.spec, &unit.context, step.number(), operation as u32);
			for piece in 0..pieces {
				if torn.is_some() {
					return;
				}
				let before = record.commitment(operation, piece).unwrap();
				let after = record.commitment(operation, piece + 1).unwrap();
				let evidence = record.evidence(operation, piece).unwrap();
				let leaf = leaf(step.number(), operation, piece, before, after);
				if step.verify(&leaf, &evidence) == LeafVerdict::Wrong {
					let leaf = Leaf { after: Commitment::Torn { before }.hash(), ..leaf };
					assert_eq!(step.verify(&leaf, &evidence), LeafVerdict::Right);
					torn = Some(output);
				}
			}
		}
	});
	torn
}

#[test]
fn no_trace_goes_on_behind_what_is_not_finite() {
	let mut spec = spec(2);
	spec.inner = adamw(false);
	let first = |stage, factor| first_torn(&Unit::new(spec.clone(), stage, false, factor));
	assert_eq!(first(0, 1e25), Some(Value::Layer(0, 0, Name::AttentionSquares)));
	// The neighbour sends what an honest receiver refuses.
	assert_eq!(first(1, f32::INFINITY), Some(Value::Hidden(0, 0)));
}
