//! The trace of a unit, right or wrong, and how who holds it plays a game by it.

use cairn_primitives::{
	attestation::{checkpoint_steps, NonNegative},
	dispute::{checkpoint_boundaries, split, Leaf},
	hash::{hash, Domain},
	lcg::{Lcg, OPERATIONS, PIECES},
	roster::is_gate,
	Hash, ModelSpec, StepIndex, UnitId,
};
use codec::Encode;
use pallet_disputes::{Game, Hashes, Leaves, Move, Phase, Place, Range};

/// Pieces of a step.
const PER_STEP: usize = OPERATIONS as usize * PIECES as usize;
/// What a wrong state is off by.
const NOISE: u64 = 0x5bd1_e995;

/// All states of a unit.
pub struct Trace {
	unit: UnitId,
	steps: StepIndex,
	every: StepIndex,
	states: Vec<u64>,
	result: Hash,
}

/// The running roots of a unit's edges.
pub type Edges = [Option<Hash>; 2];

impl Trace {
	/// The right trace of so many steps from a state.
	pub fn new(spec: &ModelSpec, unit: UnitId, start: u64, steps: StepIndex, edges: Edges) -> Self {
		let mut states = Vec::with_capacity((steps as usize + 1) * PER_STEP + 1);
		states.push(start);
		let mut state = start;
		for step in 0..=steps {
			for operation in 0..OPERATIONS {
				for piece in 0..PIECES {
					state = Lcg::piece(&unit, state, step, operation, piece);
					states.push(state);
				}
			}
		}
		let every = spec.window.checkpoint_every;
		let mut trace = Self { unit, steps, every, states, result: Hash::zero() };
		trace.conclude(spec, edges);
		trace
	}

	/// The same, but wrong from a piece on.
	pub fn wrong_from(mut self, spec: &ModelSpec, piece: usize, edges: Edges) -> Self {
		for state in self.states.iter_mut().skip(piece + 1) {
			*state = state.wrapping_add(NOISE);
		}
		self.conclude(spec, edges);
		self
	}

	/// The first piece of a step.
	pub fn first_piece(step: StepIndex) -> usize {
		step as usize * PER_STEP
	}

	/// The last state: what the difference opens to.
	pub fn difference(&self) -> u64 {
		self.states[self.states.len() - 1]
	}

	/// Root and attested values follow from the last state: see `Attestation::result`.
	fn conclude(&mut self, spec: &ModelSpec, [upstream, downstream]: Edges) {
		let zero = NonNegative(0);
		let is_last = spec.is_last_stage(self.unit.stage);
		let loss = is_last.then_some(zero);
		let held_out = loss.filter(|_| is_gate(self.unit.window));
		let difference = Lcg::commit(self.difference());
		let no_state: Option<Hash> = None;
		self.result = hash(
			Domain::Result,
			&(difference, zero, upstream, downstream, loss, held_out, no_state),
		);
	}

	/// The leaves of the checkpoints root.
	pub fn leaves(&self) -> Vec<Hash> {
		checkpoint_steps(self.steps, self.every)
			.into_iter()
			.map(|step| Lcg::commit(self.states[Self::first_piece(step)]))
			.chain([self.result])
			.collect()
	}

	/// The move by this trace in a game, whoever's turn it is; none at the leaf, and none where the trace agrees with
	/// everything.
	pub fn next_move(&self, game: &Game) -> Option<Move> {
		match &game.phase {
			Phase::Reveal => Leaves::try_from(self.leaves()).ok().map(Move::Reveal),
			Phase::Split(range) => self.hashes(range).map(Move::Split),
			Phase::ChooseCheckpoint(leaves) => {
				let ends = checkpoint_boundaries(&game.context, self.every);
				let ends: Vec<u64> = ends.into_iter().skip(1).map(u64::from).collect();
				self.choose(Place::Trace, &ends, &leaves[1..])
			},
			Phase::ChooseChild(range, hashes) => {
				let mut boundaries = split(range.from, range.to);
				boundaries.push(range.to);
				let ends: Vec<Hash> = hashes.iter().copied().chain([range.after]).collect();
				self.choose(range.place, &boundaries, &ends)
			},
			Phase::Prove(_) => None,
		}
	}

	/// What shows how a leaf comes out, if its start is a state of this trace.
	pub fn evidence(&self, leaf: &Leaf) -> Option<Vec<u8>> {
		let place = Place::Operation { step: leaf.step, operation: leaf.operation };
		let state = self.states[Self::index(place, leaf.piece)];
		(Lcg::commit(state) == leaf.before).then(|| state.encode())
	}

	fn hashes(&self, range: &Range) -> Option<Hashes> {
		let inner = split(range.from, range.to);
		let hashes: Vec<Hash> =
			inner.into_iter().map(|boundary| self.at(range.place, boundary)).collect();
		hashes.try_into().ok()
	}

	/// Name the first child whose end is another than ours.
	fn choose(&self, place: Place, boundaries: &[u64], ends: &[Hash]) -> Option<Move> {
		let child = boundaries
			.iter()
			.zip(ends)
			.position(|(boundary, end)| self.at(place, *boundary) != *end)?;
		Some(Move::Choose(child as u8))
	}

	/// The commitment at a boundary.
	fn at(&self, place: Place, boundary: u64) -> Hash {
		let index = Self::index(place, boundary);
		if index + 1 == self.states.len() {
			self.result
		} else {
			Lcg::commit(self.states[index])
		}
	}

	fn index(place: Place, boundary: u64) -> usize {
		let boundary = boundary as usize;
		match place {
			Place::Trace => boundary * PER_STEP,
			Place::Step { step } => Self::first_piece(step) + boundary * PIECES as usize,
			Place::Operation { step, operation } => {
				Self::first_piece(step) + operation as usize * PIECES as usize + boundary
			},
		}
	}
}
