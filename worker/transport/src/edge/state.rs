//! What an edge knows: one value behind one lock, and one way to wait for it to change.

use std::{
	collections::{BTreeMap, BTreeSet},
	convert::Infallible,
	time::Duration,
};

use bytes::Bytes;
use cairn_primitives::{Hash, StepIndex};
use iroh::endpoint::{Connection, ConnectionError};
use tokio::sync::watch;

use super::{Crossed, Direction, Failure, HeaderError, Position, Side, Terms};
use crate::{Admissions, CloseCode};

/// What crossed an edge so far, as seen from one end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EdgeStats {
	/// Tensors that the neighbour has received whole.
	pub tensors_sent: u64,
	/// Tensors that came whole and matched their root.
	pub tensors_received: u64,
	/// Bytes of tensors sent, without headers.
	pub bytes_sent: u64,
	/// Bytes of tensors received, without headers.
	pub bytes_received: u64,
	/// Time spent waiting for tensors to come.
	pub waited_to_receive: Duration,
	/// Time spent waiting for the neighbour to take tensors.
	pub waited_to_send: Duration,
	/// Time spent waiting for the neighbour's receipts.
	pub waited_to_settle: Duration,
}

/// Roots of the codes of one step, by microbatch: of activations, and of their gradients.
type StepRoots = Vec<[Option<Vec<Hash>>; 2]>;

/// What crossed in a step, and what was held out before it if it is the first of a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StepCrossed {
	pub held_out: Option<Crossed>,
	pub crossed: Crossed,
}

#[derive(Debug)]
pub(super) struct State {
	terms: Terms,
	queue: u64,
	pub failure: Option<Failure>,
	pub stats: EdgeStats,
	/// Roots of the codes of held-out samples, by microbatch.
	held_out: Vec<Option<Vec<Hash>>>,
	/// Steps that are not settled.
	roots: BTreeMap<StepIndex, StepRoots>,
	/// Tensors that are read from their streams.
	arriving: BTreeSet<Position>,
	/// Tensors that came and were not taken.
	arrived: BTreeMap<Position, Bytes>,
	/// The next to be taken.
	next: Position,
	/// Steps that both ends have signed.
	pub settled: StepIndex,
}

impl State {
	fn new(terms: Terms, receives: Direction, queue: usize) -> Self {
		Self {
			next: terms.first(receives),
			held_out: vec![None; terms.held_out as usize],
			terms,
			queue: queue as u64,
			failure: None,
			stats: EdgeStats::default(),
			roots: BTreeMap::new(),
			arriving: BTreeSet::new(),
			arrived: BTreeMap::new(),
			settled: 0,
		}
	}

	/// A tensor begins to come. It must be new, and lie among those that may be in flight.
	pub fn begin(&mut self, position: Position) -> Result<(), HeaderError> {
		let (index, next) = (self.terms.index(position), self.terms.index(self.next));
		let is_under_way =
			self.arriving.contains(&position) || self.arrived.contains_key(&position);
		if index < next || is_under_way {
			return Err(HeaderError::Duplicate(position));
		}
		if index - next >= self.queue {
			return Err(HeaderError::Early { expected: self.next, found: position });
		}
		self.arriving.insert(position);
		Ok(())
	}

	/// A tensor has come whole.
	pub fn arrive(
		&mut self,
		direction: Direction,
		position: Position,
		codes: Vec<Hash>,
		bytes: Bytes,
	) {
		self.stats.tensors_received += 1;
		self.stats.bytes_received += bytes.len() as u64;
		self.record(direction, position, codes);
		self.arriving.remove(&position);
		self.arrived.insert(position, bytes);
	}

	/// The next tensor, if it is here.
	pub fn take(&mut self) -> Option<(Position, Bytes)> {
		let position = self.next;
		let bytes = self.arrived.remove(&position)?;
		self.next = self.terms.after(position);
		Some((position, bytes))
	}

	/// A tensor crosses, in either direction.
	pub fn record(&mut self, direction: Direction, position: Position, codes: Vec<Hash>) {
		let place = match position {
			Position::HeldOut { microbatch } => &mut self.held_out[microbatch as usize],
			Position::Step { step, microbatch } => {
				let none = || vec![[None, None]; self.terms.microbatches as usize];
				let roots = self.roots.entry(step).or_insert_with(none);
				&mut roots[microbatch as usize][direction as usize]
			},
		};
		*place = Some(codes);
	}

	/// What crossed in a step, if all of it did, and before the first all that is held out.
	pub fn crossed(&self, step: StepIndex) -> Option<StepCrossed> {
		let held_out = match self.held_out.as_slice() {
			held_out if step == 0 && !held_out.is_empty() => Some(complete(held_out)?),
			_ => None,
		};
		Some(StepCrossed { held_out, crossed: complete(self.roots.get(&step)?.iter().flatten())? })
	}

	/// Both ends have signed a step.
	pub fn settle(&mut self, step: StepIndex) {
		self.roots.remove(&step);
		self.held_out.clear();
		self.settled = step + 1;
	}
}

/// The list of codes of tensors that have all crossed.
fn complete<'a>(tensors: impl IntoIterator<Item = &'a Option<Vec<Hash>>>) -> Option<Crossed> {
	let codes: Option<Vec<&Vec<Hash>>> = tensors.into_iter().map(Option::as_ref).collect();
	Some(Crossed::new(codes?.into_iter().flatten().copied().collect()))
}

/// One end of an open edge, shared by its parts and their tasks.
#[derive(Debug)]
pub(super) struct Shared {
	pub connection: Connection,
	pub terms: Terms,
	pub side: Side,
	admissions: Admissions,
	state: watch::Sender<State>,
}

impl Shared {
	pub fn new(
		connection: Connection,
		terms: Terms,
		side: Side,
		queue: usize,
		admissions: Admissions,
	) -> Self {
		let state = watch::Sender::new(State::new(terms, side.receives(), queue));
		Self { connection, terms, side, admissions, state }
	}

	/// Read from the state.
	pub fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
		read(&self.state.borrow())
	}

	/// Change the state, and wake whoever waits for it.
	pub fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
		let mut result = None;
		self.state.send_modify(|state| result = Some(change(state)));
		result.expect("send_modify calls its closure; qed")
	}

	/// Wait until there is something to take, or nothing will come any more.
	pub async fn until<T>(
		&self,
		mut take: impl FnMut(&mut State) -> Option<T>,
	) -> Result<T, Failure> {
		let mut changes = self.state.subscribe();
		loop {
			let mut outcome = None;
			self.state.send_if_modified(|state| {
				let taken = take(state);
				let is_taken = taken.is_some();
				outcome = taken.map(Ok).or_else(|| state.failure.clone().map(Err));
				is_taken
			});
			if let Some(outcome) = outcome {
				return outcome;
			}
			changes.changed().await.expect("the sender is in `self`; qed");
		}
	}

	/// Wait until nothing crosses any more.
	pub async fn failed(&self) -> Failure {
		let Err(failure) = self.until::<Infallible>(|_| None).await;
		failure
	}

	/// The edge has failed. What is said first stands; the neighbour is told if it broke the protocol.
	pub fn fail(&self, failure: Failure) -> Failure {
		self.update(|state| {
			if let Some(first) = &state.failure {
				return first.clone();
			}
			tracing::debug!(edge = ?self.terms.edge, %failure, "edge failed");
			if failure.is_violation() {
				CloseCode::Violation.close_because(&self.connection, &failure.to_string());
			}
			state.failure = Some(failure.clone());
			failure
		})
	}

	/// What the end of the connection means for the edge.
	pub fn lost(&self, error: ConnectionError) -> Failure {
		let peer = self.connection.remote_id();
		let is_ended_here = matches!(error, ConnectionError::LocallyClosed)
			&& !self.admissions.allow(&peer, |a| a.edges.contains(&self.terms.edge));
		self.fail(if is_ended_here { Failure::Withdrawn } else { error.into() })
	}
}

#[cfg(test)]
mod tests {
	use cairn_primitives::signing::{step_root, Edge};

	use super::*;
	use crate::{Codec, Form};

	fn state(held_out: u32, queue: usize) -> State {
		let terms = Terms {
			edge: Edge { model: 1, window: 2, lane: 3, upper: 4 },
			genesis: Hash::zero(),
			seed: Hash::zero(),
			held_out,
			microbatches: 2,
			form: Form { codec: Codec::Dense, rows: 1, columns: 1 },
		};
		State::new(terms, Direction::Forward, queue)
	}

	fn at(step: StepIndex, microbatch: u32) -> Position {
		Position::Step { step, microbatch }
	}

	fn held_out(microbatch: u32) -> Position {
		Position::HeldOut { microbatch }
	}

	fn arrive(state: &mut State, position: Position) {
		state.begin(position).unwrap();
		state.arrive(Direction::Forward, position, vec![Hash::zero()], Bytes::new());
	}

	#[test]
	fn tensors_are_taken_in_order_whatever_order_they_come_in() {
		let mut state = state(0, 4);
		for position in [at(1, 0), at(0, 1), at(0, 0)] {
			arrive(&mut state, position);
		}
		let taken: Vec<_> = std::iter::from_fn(|| state.take()).map(|(at, _)| at).collect();
		assert_eq!(taken, [at(0, 0), at(0, 1), at(1, 0)]);
	}

	#[test]
	fn a_tensor_comes_once() {
		let mut state = state(0, 4);
		state.begin(at(0, 0)).unwrap();
		assert_eq!(state.begin(at(0, 0)), Err(HeaderError::Duplicate(at(0, 0))));
		state.arrive(Direction::Forward, at(0, 0), vec![Hash::zero()], Bytes::new());
		assert_eq!(state.begin(at(0, 0)), Err(HeaderError::Duplicate(at(0, 0))));
		state.take().unwrap();
		assert_eq!(state.begin(at(0, 0)), Err(HeaderError::Duplicate(at(0, 0))));
	}

	#[test]
	fn a_tensor_beyond_the_queue_is_early() {
		let mut state = state(0, 3);
		let early = HeaderError::Early { expected: at(0, 0), found: at(1, 1) };
		assert_eq!(state.begin(at(1, 1)), Err(early));
		arrive(&mut state, at(0, 0));
		state.take().unwrap();
		assert_eq!(state.begin(at(1, 1)), Ok(()));
	}

	#[test]
	fn a_step_has_a_root_when_all_of_it_crossed() {
		let mut state = state(0, 4);
		let roots: Vec<Hash> = (0..6).map(Hash::repeat_byte).collect();
		state.record(Direction::Forward, at(0, 0), roots[..2].to_vec());
		state.record(Direction::Backward, at(0, 1), roots[5..].to_vec());
		state.record(Direction::Forward, at(0, 1), roots[3..5].to_vec());
		assert_eq!(state.crossed(0), None);
		state.record(Direction::Backward, at(0, 0), roots[2..3].to_vec());
		let crossed = Crossed { root: step_root(&roots), codes: roots };
		assert_eq!(state.crossed(0), Some(StepCrossed { held_out: None, crossed }));
		state.settle(0);
		assert_eq!(state.crossed(0), None);
	}

	#[test]
	fn the_first_step_of_a_gate_waits_for_what_is_held_out() {
		let mut state = state(2, 8);
		let roots: Vec<Hash> = (0..6).map(Hash::repeat_byte).collect();
		for (place, root) in roots[2..].iter().enumerate() {
			let direction = [Direction::Forward, Direction::Backward][place % 2];
			state.record(direction, at(0, place as u32 / 2), vec![*root]);
			state.record(direction, at(1, place as u32 / 2), vec![*root]);
		}
		state.record(Direction::Forward, held_out(1), vec![roots[1]]);
		assert_eq!(state.crossed(0), None);
		state.record(Direction::Forward, held_out(0), vec![roots[0]]);
		let crossed = state.crossed(0).unwrap();
		assert_eq!(crossed.held_out, Some(Crossed::new(roots[..2].to_vec())));
		assert_eq!(crossed.crossed, Crossed::new(roots[2..].to_vec()));
		state.settle(0);
		assert_eq!(state.crossed(1).unwrap().held_out, None);
	}

	#[test]
	fn what_is_held_out_comes_once_and_before_the_steps() {
		let mut state = state(2, 3);
		let early = HeaderError::Early { expected: held_out(0), found: at(0, 1) };
		assert_eq!(state.begin(at(0, 1)), Err(early));
		arrive(&mut state, held_out(0));
		assert_eq!(state.begin(held_out(0)), Err(HeaderError::Duplicate(held_out(0))));
		arrive(&mut state, at(0, 0));
		assert_eq!(state.take().unwrap().0, held_out(0));
		assert_eq!(state.take(), None);
		arrive(&mut state, held_out(1));
		assert_eq!(state.take().unwrap().0, held_out(1));
		assert_eq!(state.take().unwrap().0, at(0, 0));
		assert_eq!(state.begin(held_out(1)), Err(HeaderError::Duplicate(held_out(1))));
	}
}
