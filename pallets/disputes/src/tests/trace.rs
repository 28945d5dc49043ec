//! Traces that players hold, right and wrong ones, and how an honest player moves by its trace.

use cairn_primitives::{
	attestation::{checkpoints_root, NonNegative},
	dispute::{checkpoint_boundaries, split, Leaf, LeafVerdict, LeafVerifier, UnitContext, ARITY},
	hash::{hash, Domain},
	lcg::Lcg,
	Hash, ModelSpec, Outcome, StepIndex,
};
use codec::{Decode, Encode};

use crate::{mock::UNIT, Game, Hashes, Leaves, Move, Phase, Place, Range};

/// The linear congruential program in other, irregular shapes.
pub struct Toy<const OPERATIONS: u32, const PIECES: u64>;

impl<const OPERATIONS: u32, const PIECES: u64> LeafVerifier for Toy<OPERATIONS, PIECES> {
	fn operations(_: &ModelSpec, _: &UnitContext, step: StepIndex) -> u32 {
		OPERATIONS + step % 2
	}

	fn pieces(_: &ModelSpec, _: &UnitContext, _: StepIndex, operation: u32) -> u64 {
		PIECES + u64::from(operation % 3)
	}

	fn verify(
		spec: &ModelSpec,
		context: &UnitContext,
		leaf: &Leaf,
		mut evidence: &[u8],
	) -> LeafVerdict {
		let Ok(state) = u64::decode(&mut evidence) else { return LeafVerdict::Unproven };
		if Lcg::commit(state) != leaf.before {
			return LeafVerdict::Unproven;
		}
		let after = Lcg::piece(&context.unit, state, leaf.step, leaf.operation, leaf.piece);
		let is_last = leaf.step + 1 == context.trace_steps()
			&& leaf.operation + 1 == Self::operations(spec, context, leaf.step)
			&& leaf.piece + 1 == Self::pieces(spec, context, leaf.step, leaf.operation);
		let expected = if is_last { result(spec, context, after) } else { Lcg::commit(after) };
		match expected == leaf.after {
			true => LeafVerdict::Right,
			false => LeafVerdict::Wrong,
		}
	}
}

/// The commitment of the trace's end: see `Attestation::result`.
fn result(spec: &ModelSpec, context: &UnitContext, state: u64) -> Hash {
	let loss = spec.is_last_stage(context.unit.stage).then_some(NonNegative(0));
	let none: (Option<NonNegative>, Option<Hash>) = (None, None);
	let (upstream, downstream) = (context.upstream, context.downstream);
	hash(
		Domain::Result,
		&(Lcg::commit(state), NonNegative(0), upstream, downstream, loss, none.0, none.1),
	)
}

/// All states of a unit, and what follows from them.
#[derive(Clone)]
pub struct Trace {
	/// What its holder attests, or would attest.
	pub context: UnitContext,
	spec: ModelSpec,
	states: Vec<u64>,
	/// Where each operation of each step starts in `states`.
	starts: Vec<Vec<usize>>,
}

impl Trace {
	/// The right trace from an initial state.
	pub fn honest<V: LeafVerifier>(spec: &ModelSpec, outcome: Outcome, initial: u64) -> Self {
		let context = UnitContext {
			genesis: Hash::repeat_byte(0x9e),
			unit: UNIT,
			shard_before: Lcg::commit(initial),
			outcome,
			samples: 0,
			upstream: Some(Hash::repeat_byte(0xed)),
			downstream: None,
			result: Hash::zero(),
			checkpoints: Hash::zero(),
		};
		let (mut states, mut starts) = (vec![initial], vec![]);
		for step in 0..context.trace_steps() {
			let mut row = vec![];
			for operation in 0..V::operations(spec, &context, step) {
				row.push(states.len() - 1);
				for piece in 0..V::pieces(spec, &context, step, operation) {
					let state = states[states.len() - 1];
					states.push(Lcg::piece(&UNIT, state, step, operation, piece));
				}
			}
			starts.push(row);
		}
		Self { context, spec: spec.clone(), states, starts }.attested()
	}

	/// A unit that did so many steps.
	pub fn done(steps: StepIndex) -> Outcome {
		Outcome::Done { steps }
	}

	/// Pieces of the trace.
	pub fn len(&self) -> usize {
		self.states.len() - 1
	}

	/// The same, but every state from the one after piece `piece` on is another.
	pub fn wrong_from(&self, piece: usize, noise: u64) -> Self {
		self.wrong_between(piece, self.len(), noise)
	}

	/// The same, but the states after the pieces from `first` up to, not including, `end` are others.
	pub fn wrong_between(&self, first: usize, end: usize, noise: u64) -> Self {
		assert!(first < end && end <= self.len() && noise != 0);
		let mut wrong = self.clone();
		for state in &mut wrong.states[first + 1..=end] {
			*state = state.wrapping_add(noise);
		}
		wrong.attested()
	}

	/// The same, but attested under other leaves.
	pub fn attesting(&self, leaves: &[Hash]) -> UnitContext {
		UnitContext {
			result: *leaves.last().unwrap(),
			checkpoints: checkpoints_root(self.context.genesis, &UNIT, leaves),
			..self.context.clone()
		}
	}

	fn attested(mut self) -> Self {
		self.context.result = result(&self.spec, &self.context, self.states[self.len()]);
		self.context = self.attesting(&self.leaves());
		self
	}

	/// The leaves of the checkpoints root.
	pub fn leaves(&self) -> Leaves {
		let every = self.spec.window.checkpoint_every;
		let boundaries = checkpoint_boundaries(&self.context, every);
		let leaves: Vec<Hash> =
			boundaries.into_iter().map(|boundary| self.at(Place::Trace, boundary.into())).collect();
		leaves.try_into().unwrap()
	}

	/// The commitments that split a range.
	pub fn hashes(&self, range: &Range) -> Hashes {
		let hashes: Vec<Hash> = split(range.from, range.to)
			.into_iter()
			.map(|boundary| self.at(range.place, boundary))
			.collect();
		hashes.try_into().unwrap()
	}

	/// The commitment at a boundary.
	pub fn at(&self, place: Place, boundary: u64) -> Hash {
		let index = self.index(place, boundary);
		match index == self.len() {
			true => self.context.result,
			false => Lcg::commit(self.states[index]),
		}
	}

	/// What shows how a leaf comes out.
	pub fn evidence(&self, leaf: &Leaf) -> Vec<u8> {
		let place = Place::Operation { step: leaf.step, operation: leaf.operation };
		self.states[self.index(place, leaf.piece)].encode()
	}

	/// The honest move in a game, whoever's turn it is; none at the leaf.
	pub fn next_move(&self, game: &Game) -> Option<Move> {
		match &game.phase {
			Phase::Reveal => Some(Move::Reveal(self.leaves())),
			Phase::Split(range) => Some(Move::Split(self.hashes(range))),
			Phase::ChooseCheckpoint(leaves) => {
				let every = self.spec.window.checkpoint_every;
				let boundaries = checkpoint_boundaries(&game.context, every);
				let ends: Vec<u64> = boundaries.into_iter().skip(1).map(u64::from).collect();
				Some(self.choose(Place::Trace, &ends, &leaves[1..]))
			},
			Phase::ChooseChild(range, hashes) => {
				let mut boundaries = split(range.from, range.to);
				boundaries.push(range.to);
				let ends: Vec<Hash> = hashes.iter().copied().chain([range.after]).collect();
				Some(self.choose(range.place, &boundaries, &ends))
			},
			Phase::Prove(_) => None,
		}
	}

	/// Name the first child whose end is another than ours.
	fn choose(&self, place: Place, boundaries: &[u64], ends: &[Hash]) -> Move {
		assert_eq!(boundaries.len(), ends.len());
		let child = boundaries
			.iter()
			.zip(ends)
			.position(|(boundary, end)| self.at(place, *boundary) != *end)
			.expect("the end of the disputed range is not ours");
		Move::Choose(child as u8)
	}

	fn index(&self, place: Place, boundary: u64) -> usize {
		let position = boundary as usize;
		match place {
			Place::Trace => match self.starts.get(position) {
				Some(row) => row[0],
				None => self.len(),
			},
			Place::Step { step } => match self.starts[step as usize].get(position) {
				Some(start) => *start,
				None => self.index(Place::Trace, u64::from(step) + 1),
			},
			Place::Operation { step, operation } => {
				self.starts[step as usize][operation as usize] + position
			},
		}
	}
}

/// Rounds of splitting and choosing that narrow `positions` down to one.
pub fn rounds(positions: u64) -> u32 {
	(0..).find(|rounds| u64::from(ARITY).pow(*rounds) >= positions).unwrap()
}
