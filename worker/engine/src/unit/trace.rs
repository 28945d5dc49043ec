//! The trace of a unit, computed anew from what crossed its edges: the commitment at any boundary, and evidence for any piece, as
//! a dispute asks for them. By the reference interpreter, because every value of a step is needed, and only of a few steps.

use std::{
	collections::{hash_map::Entry, BTreeMap, HashMap},
	sync::Arc,
};

use bytes::Bytes;
use cairn_primitives::{
	dataset::DatasetHead,
	dispute::{Leaf, UnitContext},
	hash::{blob_root, hash, list_root, Domain},
	signing::{running_root, step_root},
	Hash, ModelSpec, StepIndex,
};
use cairn_program::{
	reference::{Missing, Reference},
	trace::{Action, Commitment, Crossed, Record, Source, Step},
	Code, Direction, Moment, Stage, Tensor, Value,
};
use codec::Encode;

use super::{replay::Replay, Crossing, UnitError};
use crate::{
	checkpoint::floats_root,
	data::{Dataset, DatasetError},
	Compute, Message, OuterState, Snapshot,
};

/// What crossed an edge of the unit.
pub trait Crossings {
	/// The bytes of a microbatch in a direction; none where nothing crossed.
	fn bytes(&self, at: Crossing, direction: Direction) -> Option<&Bytes>;
}

/// Why a trace cannot be computed.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
	/// The unit is none of the spec.
	#[error("the spec has no step {0} of this unit, or carries the inner optimizer's state")]
	NoStep(StepIndex),
	/// The shard before is of another stage.
	#[error("the shard is of another stage")]
	OtherShard,
	/// Something is not there that a step reads.
	#[error("{0} is missing")]
	Missing(Value),
	/// What crossed an edge has another size.
	#[error("{0} has another size")]
	WrongSize(Value),
	/// The boundary is none of the trace.
	#[error("the trace has no such boundary")]
	NoBoundary,
	/// The dataset is damaged.
	#[error(transparent)]
	Dataset(#[from] DatasetError),
	/// The engine cannot do the steps.
	#[error(transparent)]
	Engine(#[from] UnitError),
}

impl From<Missing> for TraceError {
	fn from(missing: Missing) -> Self {
		Self::Missing(missing.0)
	}
}

/// What a piece of a trace is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
	/// Its operation.
	pub action: Action,
	/// The element of the operation's output that it belongs to, and the number that this is in the end; of operations that write.
	pub output: Option<(u64, f32)>,
}

/// The trace of a unit.
pub struct UnitTrace<C> {
	spec: Arc<ModelSpec>,
	context: UnitContext,
	stage: Stage,
	/// The shard before: weights, and the list of the roots of its tensors and momenta.
	before: BTreeMap<Tensor, Vec<f32>>,
	shard: Vec<Hash>,
	/// The edges to the stage before and to the stage after.
	edges: [Option<Edge<C>>; 2],
	tokens: Option<Tokens>,
	/// What steps begin with, as far as it is computed and kept.
	begins: BTreeMap<StepIndex, Begin>,
	/// Does the steps before those that are looked at.
	replay: Option<Replay>,
	/// The commitments after each step that the engine came to.
	replayed: Option<Vec<Hash>>,
	/// Where no honest trace goes on, if that was found.
	torn: Option<Torn>,
	/// The step that was looked at last.
	computed: Option<Computed>,
}

/// What crossed an edge, and the roots of it.
struct Edge<C> {
	crossings: C,
	/// The list of what was held out, if there was any, then that of each step; and their roots.
	lists: Vec<Vec<Hash>>,
	roots: Vec<Hash>,
	/// Lists of what was held out: one or none.
	held_out: usize,
}

/// The piece behind which no honest trace goes on, and the commitment before it.
#[derive(Clone, Copy)]
struct Torn {
	step: StepIndex,
	/// The operation, and the piece of it.
	piece: (u64, u64),
	/// The boundary behind the piece.
	next: (u64, u64),
	before: Hash,
}

impl Torn {
	/// The commitment behind the piece.
	fn commitment(&self) -> Hash {
		Commitment::Torn { before: self.before }.hash()
	}

	/// The commitment at all boundaries behind that. Nothing opens it, and no unit ends with it: whoever claims one of them cannot
	/// prove what he claims behind it, whether that is the same or another.
	fn behind(&self) -> Hash {
		hash(Domain::Torn, &(self.commitment(), "behind"))
	}
}

/// A step that was computed.
struct Computed {
	number: StepIndex,
	values: Values,
	/// The list of values: what the step begins with, and what was written.
	list: Vec<Hash>,
}

/// What a step begins with.
pub(super) struct Begin {
	/// Weights, moments, and the loss so far.
	pub values: BTreeMap<Value, Vec<f32>>,
	/// The list of their roots.
	pub list: Vec<Hash>,
	/// The commitment to them.
	pub commitment: Hash,
}

/// All values of a step.
struct Values {
	blobs: BTreeMap<Value, Vec<u8>>,
	dataset: Option<(DatasetHead, Vec<Hash>)>,
	chunks: HashMap<u64, Vec<u8>>,
}

impl Source for Values {
	fn blob(&self, value: Value) -> Option<&[u8]> {
		self.blobs.get(&value).map(Vec::as_slice)
	}

	fn dataset(&self) -> Option<(DatasetHead, &[Hash])> {
		self.dataset.as_ref().map(|(head, hashes)| (*head, hashes.as_slice()))
	}

	fn tokens(&self, chunk: u64) -> Option<&[u8]> {
		self.chunks.get(&chunk).map(Vec::as_slice)
	}
}

/// The dataset's tokens, chunk by chunk.
struct Tokens {
	dataset: Dataset,
	head: DatasetHead,
	hashes: Vec<Hash>,
}

impl<C: Crossings> UnitTrace<C> {
	/// The trace of a unit that begins with a shard; `edges` are those to the stage before and to the stage after. The first and the last
	/// stage need the dataset.
	pub fn new(
		spec: Arc<ModelSpec>,
		context: UnitContext,
		dataset: Option<Dataset>,
		before: &Snapshot,
		outer: &OuterState,
		edges: [Option<C>; 2],
	) -> Result<Self, TraceError> {
		let stage = Stage::new(&spec, context.unit.stage).ok_or(TraceError::NoStep(0))?;
		let before: BTreeMap<Tensor, Vec<f32>> =
			stage.tensors().into_iter().zip(before.weights().map(<[f32]>::to_vec)).collect();
		let is_own = stage.tensors().into_iter().all(|tensor| {
			let (rows, columns) = stage.size(tensor);
			let size = rows as usize * columns as usize;
			before.get(&tensor).is_some_and(|weights| weights.len() == size)
		});
		if !is_own {
			return Err(TraceError::OtherShard);
		}
		let mut list: Vec<Hash> =
			stage.tensors().iter().filter_map(|t| Some(floats_root(before.get(t)?))).collect();
		list.extend(outer.roots());
		let mut values = BTreeMap::new();
		for (tensor, weights) in &before {
			values.insert(Value::Parameter(*tensor), weights.clone());
			for moment in [Moment::First, Moment::Second] {
				values.insert(Value::State(*tensor, moment), vec![0.0; weights.len()]);
			}
		}
		values.insert(Value::EarlierLoss, vec![0.0]);
		let commitment = Commitment::Shard { list: list_root(&list) }.hash();
		let begins = BTreeMap::from([(0, Begin { values, list: list.clone(), commitment })]);
		let tokens = dataset.map(|dataset| {
			let (head, hashes) = (dataset.manifest().head(), dataset.manifest().chunks.clone());
			Tokens { dataset, head, hashes }
		});
		let [upstream, downstream] = edges;
		let edge = |crossings: Option<C>| {
			crossings.map(|crossings| Edge::new(crossings, &spec, &context)).transpose()
		};
		let edges = [edge(upstream)?, edge(downstream)?];
		let shard = list;
		Ok(Self {
			spec,
			context,
			stage,
			before,
			shard,
			edges,
			tokens,
			begins,
			replay: None,
			replayed: None,
			torn: None,
			computed: None,
		})
	}

	/// The same, where the engine does the steps before those that are looked into; the reference interpreter takes too long for more than
	/// a few of them. It takes the shard before again.
	pub fn by_engine(self, compute: Arc<Compute>, before: Snapshot, outer: OuterState) -> Self {
		Self { replay: Some(Replay { compute, before, outer }), ..self }
	}

	/// Everything that the trace depends on.
	pub fn context(&self) -> &UnitContext {
		&self.context
	}

	/// The commitment after so many steps of the trace; after all of them it is the result.
	pub fn boundary(&mut self, steps: u64) -> Result<Hash, TraceError> {
		let steps = StepIndex::try_from(steps).map_err(|_| TraceError::NoBoundary)?;
		let counted = self.context.outcome.steps();
		if steps > counted {
			let length = self.program(counted)?.length();
			return match steps == self.context.trace_steps() {
				true => self.at(counted, length, 0),
				false => Err(TraceError::NoBoundary),
			};
		}
		if let Some(commitment) = self.replayed()?.get(steps as usize) {
			return Ok(*commitment);
		}
		self.compute_until(steps)?;
		match self.torn {
			Some(torn) if torn.step < steps => Ok(torn.behind()),
			_ => Ok(self.begin(steps)?.commitment),
		}
	}

	/// The commitment before an operation of a step.
	pub fn operation(&mut self, step: StepIndex, operation: u64) -> Result<Hash, TraceError> {
		self.at(step, operation, 0)
	}

	/// The commitment before a piece of an operation.
	pub fn piece(
		&mut self,
		step: StepIndex,
		operation: u32,
		piece: u64,
	) -> Result<Hash, TraceError> {
		self.at(step, operation.into(), piece)
	}

	/// What the chain recomputes a piece from, in SCALE. Behind a piece that ends all honest traces there is none.
	pub fn evidence(&mut self, leaf: &Leaf) -> Result<Vec<u8>, TraceError> {
		self.compute_until(leaf.step)?;
		self.record(leaf.step, |record| {
			record.evidence(leaf.operation.into(), leaf.piece).map(|evidence| evidence.encode())
		})
	}

	/// What a piece of an operation is about, as it is computed here.
	pub fn look(
		&mut self,
		step: StepIndex,
		operation: u32,
		piece: u64,
	) -> Result<Piece, TraceError> {
		self.compute_until(step)?;
		self.load(step)?;
		let action = self.program(step)?.action(operation.into()).ok_or(TraceError::NoBoundary)?;
		let Action::Compute(computed) = &action else { return Ok(Piece { action, output: None }) };
		let (value, element) = (computed.output, piece / computed.pieces_per_element());
		let blob = self.computed.as_ref().and_then(|computed| computed.values.blob(value));
		let size = value.element_bytes();
		let from = usize::try_from(element * size).map_err(|_| TraceError::NoBoundary)?;
		let bytes = blob.and_then(|blob| blob.get(from..from + size as usize));
		let number = bytes.and_then(|bytes| floats_of(value, bytes).first().copied());
		Ok(Piece { action, output: number.map(|number| (element, number)) })
	}

	fn at(&mut self, step: StepIndex, operation: u64, piece: u64) -> Result<Hash, TraceError> {
		self.compute_until(step)?;
		if let Some(torn) = self.torn.filter(|torn| torn.step < step) {
			return Ok(torn.behind());
		}
		self.load(step)?;
		let place = next(&self.program(step)?, operation, piece);
		match self.torn {
			Some(torn) if torn.step == step && place == torn.next => Ok(torn.commitment()),
			Some(torn) if torn.step == step && place > torn.piece => Ok(torn.behind()),
			_ => self.record(step, |record| record.commitment(place.0, place.1)),
		}
	}

	/// Look at the record of a step whose begin is known.
	fn record<T>(
		&mut self,
		number: StepIndex,
		look: impl FnOnce(&Record<Values>) -> Option<T>,
	) -> Result<T, TraceError> {
		self.load(number)?;
		let Some(Computed { values, list, .. }) = &self.computed else {
			return Err(TraceError::NoBoundary);
		};
		let step = self.program(number)?;
		let (shard, edges) = (self.shard.clone(), self.crossed(&step));
		let record = Record::resumed(&step, values, list.clone(), shard, edges);
		look(&record).ok_or(TraceError::NoBoundary)
	}

	/// The commitments after each step that the engine comes to; none where it is not to do any.
	fn replayed(&mut self) -> Result<&[Hash], TraceError> {
		if self.replayed.is_none() {
			let commitments = match &self.replay {
				Some(replay) => {
					let (dataset, edges) = (self.dataset(), self.crossings());
					replay.commitments(&self.spec, &self.context, dataset, edges)?
				},
				None => Vec::new(),
			};
			self.replayed = Some(commitments);
		}
		Ok(self.replayed.as_deref().unwrap_or_default())
	}

	fn dataset(&self) -> Option<&Dataset> {
		self.tokens.as_ref().map(|tokens| &tokens.dataset)
	}

	fn crossings(&self) -> [Option<&C>; 2] {
		[0, 1].map(|edge| self.edges[edge].as_ref().map(|edge| &edge.crossings))
	}

	/// Compute the steps before one, unless no honest trace goes on before it.
	fn compute_until(&mut self, number: StepIndex) -> Result<(), TraceError> {
		let known = self.begins.range(..=number).next_back();
		let mut last = known.map_or(0, |(step, _)| *step); // the first one always is
		let reached = self.replayed()?.len().saturating_sub(1) as StepIndex;
		let near = number.min(reached);
		if let Some(replay) = self.replay.as_ref().filter(|_| near > last) {
			let (dataset, edges) = (self.dataset(), self.crossings());
			let begin = replay.begin(&self.spec, &self.context, dataset, edges, near)?;
			self.keep(near, begin.ok_or(TraceError::NoBoundary)?);
			last = near;
		}
		while last < number && self.torn.is_none_or(|torn| torn.step > last) {
			self.load(last)?;
			if self.torn.is_some_and(|torn| torn.step == last) {
				break;
			}
			let list = self.record(last, |record| record.next())?;
			let commitment = Commitment::State { list: list_root(&list) }.hash();
			let values = self.computed.as_ref().map(|computed| computed.values.next());
			let values = values.ok_or(TraceError::NoBoundary)?;
			last += 1;
			self.keep(last, Begin { values, list, commitment });
		}
		Ok(())
	}

	/// Keep what a step begins with. Where the engine does steps again at no great cost, none but that and the first is kept.
	fn keep(&mut self, step: StepIndex, begin: Begin) {
		if self.replay.is_some() {
			self.begins.retain(|step, _| *step == 0);
		}
		self.begins.insert(step, begin);
	}

	/// Have a step computed whose begin is known.
	fn load(&mut self, number: StepIndex) -> Result<(), TraceError> {
		if self.computed.as_ref().is_some_and(|known| known.number == number) {
			return Ok(());
		}
		self.computed = None; // two steps take twice the memory
		let values = self.compute(number)?;
		let step = self.program(number)?;
		let begin = self.begin(number)?.list.clone();
		let record = Record::new(&step, &values, begin, self.shard.clone(), self.crossed(&step));
		let record = record.ok_or(TraceError::NoBoundary)?;
		let torn = match record.torn() {
			Some((operation, piece)) => Some(Torn {
				step: number,
				piece: (operation, piece),
				next: next(&step, operation, piece.saturating_add(1)),
				before: record.commitment(operation, piece).ok_or(TraceError::NoBoundary)?,
			}),
			None => None,
		};
		let list = record.list().to_vec();
		self.torn = self.torn.or(torn);
		self.computed = Some(Computed { number, values, list });
		Ok(())
	}

	fn begin(&self, number: StepIndex) -> Result<&Begin, TraceError> {
		self.begins.get(&number).ok_or(TraceError::NoBoundary)
	}

	fn program(&self, number: StepIndex) -> Result<Step<'_>, TraceError> {
		Step::new(&self.spec, &self.context, number).ok_or(TraceError::NoStep(number))
	}

	/// What has crossed the edges in a step.
	fn crossed(&self, step: &Step) -> [Crossed; 2] {
		[0, 1].map(|edge| self.edges[edge].as_ref().map_or(Crossed::default(), |e| e.crossed(step)))
	}

	/// All values of a step.
	fn compute(&self, number: StepIndex) -> Result<Values, TraceError> {
		let step = self.program(number)?;
		let mut reference = Reference::<f32>::new();
		let frequencies = self.spec.architecture.frequencies.to_vec();
		reference.insert_integers(Value::Frequencies, frequencies);
		for (value, floats) in &self.begin(number)?.values {
			reference.insert(*value, floats.clone());
		}
		for (tensor, weights) in &self.before {
			reference.insert(Value::Earlier(*tensor), weights.clone());
		}
		let mut chunks = HashMap::new();
		for microbatch in 0..step.microbatches() {
			for (edge, direction) in
				self.edges.iter().zip([Direction::Forward, Direction::Backward])
			{
				let Some(edge) = edge else { continue };
				for (code, bytes) in edge.codes(&step, microbatch, direction)? {
					let value = Value::Received(microbatch, direction, code);
					reference.insert(value, floats_of(value, &bytes));
				}
			}
			if let Some(tokens) = &self.tokens {
				for value in [Value::Tokens(microbatch), Value::Targets(microbatch)] {
					let read = tokens.read(&step, value, &self.stage, &mut chunks)?;
					reference.insert_integers(value, read);
				}
			}
		}
		for operation in 0.. {
			let Some(Action::Compute(operation)) = step.action(operation) else { break };
			reference.execute(&operation)?;
			// To the chain all NaNs are one.
			let output = reference.get(operation.output).unwrap_or_default();
			if output.iter().any(|float| float.is_nan()) {
				let nan = f32::from_bits(0x7fc0_0000);
				let one = output.iter().map(|float| if float.is_nan() { nan } else { *float });
				let one = one.collect();
				reference.insert(operation.output, one);
			}
		}
		let dataset = self.tokens.as_ref().map(|tokens| (tokens.head, tokens.hashes.clone()));
		Ok(Values { blobs: reference.blobs(), dataset, chunks })
	}
}

impl<C: Crossings> Edge<C> {
	/// What crossed in the steps that count, and before them.
	fn new(crossings: C, spec: &ModelSpec, context: &UnitContext) -> Result<Self, TraceError> {
		let mut edge = Self { crossings, lists: Vec::new(), roots: Vec::new(), held_out: 0 };
		let steps = context.outcome.steps();
		for number in [steps].into_iter().chain(0..steps) {
			let step = Step::new(spec, context, number).ok_or(TraceError::NoStep(number))?;
			let mut list = Vec::new();
			for microbatch in 0..step.microbatches() {
				for direction in [Direction::Forward, Direction::Backward] {
					let codes = edge.codes(&step, microbatch, direction)?;
					list.extend(codes.iter().map(|(_, bytes)| blob_root(bytes)));
				}
			}
			// Between gates nothing is held out.
			if step.is_closing() && list.is_empty() {
				continue;
			}
			edge.held_out += usize::from(step.is_closing());
			edge.roots.push(step_root(&list));
			edge.lists.push(list);
		}
		Ok(edge)
	}

	/// The codes of a microbatch that crossed in a direction.
	fn codes(
		&self,
		step: &Step,
		microbatch: u32,
		direction: Direction,
	) -> Result<Vec<(Code, Bytes)>, TraceError> {
		if step.is_closing() && direction == Direction::Backward {
			return Ok(Vec::new()); // what is held out goes forward only
		}
		let stage = step.program().stage();
		let named = |code| Value::Received(microbatch, direction, code);
		let at = crossing(step, microbatch);
		let bytes = self.crossings.bytes(at, direction);
		let bytes = bytes.ok_or(TraceError::Missing(named(Code::Dense)))?;
		let form = Message::new(stage);
		if bytes.len() != form.bytes() {
			return Err(TraceError::WrongSize(named(Code::Dense)));
		}
		Ok(match form {
			Message::Int8 { integers, .. } => vec![
				(Code::Integers, bytes.slice(..integers.len())),
				(Code::Exponents, bytes.slice(integers.len()..)),
			],
			Message::Dense(_) => vec![(Code::Dense, bytes.clone())],
		})
	}

	/// What crossed in a step, and the roots of what crossed before and behind.
	fn crossed(&self, step: &Step) -> Crossed {
		// What is held out crosses before all steps.
		let place = match step.is_closing() {
			true if self.held_out == 0 => return Crossed::default(),
			true => 0,
			false => self.held_out + step.number() as usize,
		};
		let before = self.roots.iter().take(place);
		let before = before.fold(Hash::zero(), |root, step| running_root(root, *step));
		let after = self.roots.iter().skip(place + 1).copied().collect();
		Crossed { list: self.lists.get(place).cloned().unwrap_or_default(), before, after }
	}
}

/// A boundary within a step: behind the last piece of an operation it is the one before the next operation.
fn next(step: &Step, operation: u64, piece: u64) -> (u64, u64) {
	match step.action(operation) {
		Some(action) if piece == Step::pieces(&action) => (operation.saturating_add(1), 0),
		_ => (operation, piece),
	}
}

fn crossing(step: &Step, microbatch: u32) -> Crossing {
	match step.is_closing() {
		true => Crossing::HeldOut { microbatch },
		false => Crossing::Step { step: step.number(), microbatch },
	}
}

/// The numbers that the bytes of a code stand for.
fn floats_of(value: Value, bytes: &[u8]) -> Vec<f32> {
	match value.element_bytes() {
		1 => bytes.iter().map(|byte| f32::from(*byte as i8)).collect(),
		_ => bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
	}
}

impl Values {
	/// What the next step begins with, under its names for it.
	fn next(&self) -> BTreeMap<Value, Vec<f32>> {
		let renamed = self.blobs.iter().filter_map(|(value, bytes)| {
			let name = match value {
				Value::NextParameter(tensor) => Value::Parameter(*tensor),
				Value::NextState(tensor, moment) => Value::State(*tensor, *moment),
				Value::LossSoFar => Value::EarlierLoss,
				_ => return None,
			};
			Some((name, floats_of(*value, bytes)))
		});
		renamed.collect()
	}
}

impl Tokens {
	/// The tokens or targets of a microbatch; the chunks of the dataset that they are in are kept.
	fn read(
		&self,
		step: &Step,
		value: Value,
		stage: &Stage,
		chunks: &mut HashMap<u64, Vec<u8>>,
	) -> Result<Vec<u64>, TraceError> {
		let size = usize::from(self.head.token_bytes);
		(0..u64::from(stage.tokens()))
			.map(|index| {
				let missing = || TraceError::Missing(value);
				let token = step.token(&self.head, value, index).ok_or_else(missing)?;
				let (chunk, byte) = self.head.place(token).ok_or_else(missing)?;
				if let Entry::Vacant(vacant) = chunks.entry(chunk) {
					vacant.insert(self.dataset.read_chunk(chunk)?);
				}
				let bytes = chunks.get(&chunk).and_then(|chunk| chunk.get(byte as usize..));
				let bytes = bytes.and_then(|bytes| bytes.get(..size)).ok_or_else(missing)?;
				Ok(bytes.iter().rev().fold(0, |token, byte| token << 8 | u64::from(*byte)))
			})
			.collect()
	}
}
