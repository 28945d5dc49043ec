//! The game as a pure state machine: values in, values out, no storage and no accounts.
//!
//! Both sides always agree on the commitment at the start of the range in question, and the challenger disputes the one at
//! its end. The defender parts the range and commits to what lies between; the challenger names the first child whose end it
//! disputes. That child's start is agreed by the same token, so the range only ever gets shorter, until it is one piece.
//!
//! That the two ends of a range differ, or that the challenger really came to something else, is *not* guaranteed: a
//! defender may commit to anything and a challenger may dispute anything. Neither helps: see the crate's documentation.

use alloc::vec::Vec;

use cairn_primitives::{
	attestation::checkpoints_root,
	dispute::{checkpoint_boundaries, split, Leaf, LeafVerdict, LeafVerifier, Level, UnitContext},
	BlockNumber, Hash, ModelSpec, StepIndex,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::ensure;
use scale_info::TypeInfo;

use crate::{Clocks, Hashes, Leaves, Side, Times, Turn};

/// What the boundaries of a range count.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Place {
	/// Steps of the trace.
	Trace,
	/// Operations of one step.
	Step {
		/// The step within the trace.
		step: StepIndex,
	},
	/// Pieces of one operation.
	Operation {
		/// The step within the trace.
		step: StepIndex,
		/// The operation within the step.
		operation: u32,
	},
}

impl Place {
	/// The level of a trace that the boundaries belong to.
	pub fn level(&self) -> Level {
		match self {
			Place::Trace => Level::Steps,
			Place::Step { .. } => Level::Operations,
			Place::Operation { .. } => Level::Pieces,
		}
	}
}

/// A part of the trace whose start is agreed and whose end is disputed.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Range {
	/// What `from` and `to` count.
	pub place: Place,
	/// The first boundary.
	pub from: u64,
	/// The last boundary; greater than `from`.
	pub to: u64,
	/// The commitment at `from`, on which both sides agree.
	pub before: Hash,
	/// The commitment at `to` that the defender claims.
	pub after: Hash,
}

/// What has to be done next.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Phase {
	/// The defender has to reveal the leaves of its checkpoints root.
	Reveal,
	/// The challenger has to choose between the ranges that these leaves bound.
	ChooseCheckpoint(Leaves),
	/// The defender has to part the range, which has two positions or more, by the commitments at [`split`].
	Split(Range),
	/// The challenger has to choose between the children of the range that the commitments bound.
	ChooseChild(Range, Hashes),
	/// The defender has to prove the leaf; anyone may prove or refute it.
	Prove(Leaf),
}

/// What a side can do in its turn; [`Game::prove`] ends the game.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
	/// The defender reveals the leaves of its checkpoints root.
	Reveal(Leaves),
	/// The defender posts the commitments between the children of the range.
	Split(Hashes),
	/// The challenger names the first child whose end it disputes, counted from 0.
	Choose(u8),
}

impl Move {
	/// Who makes such a move.
	pub fn side(&self) -> Side {
		match self {
			Move::Reveal(_) | Move::Split(_) => Side::Defender,
			Move::Choose(_) => Side::Challenger,
		}
	}
}

/// Why a move is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GameError {
	/// The other side has to move.
	NotYourTurn,
	/// The clock of the side to move has run out.
	OutOfTime,
	/// The side to move has to make another move.
	WrongMove,
	/// More or fewer hashes than there are boundaries.
	WrongNumberOfHashes,
	/// The first leaf is not the shard before the window.
	FirstLeafNotShard,
	/// The last leaf is not the attested result.
	LastLeafNotResult,
	/// The leaves do not hash to the attested root.
	LeavesDoNotMatch,
	/// There are fewer children.
	NoSuchChild,
	/// The range is longer than one piece.
	NotAtLeaf,
	/// The evidence does not open the agreed commitment.
	Unproven,
	/// The side to move has time left.
	ClockRunning,
}

/// A game about one unit.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Game {
	/// Everything that the unit's trace depends on.
	pub context: UnitContext,
	/// What has to be done next.
	pub phase: Phase,
	/// Both sides' clocks.
	pub clocks: Clocks,
}

impl Game {
	/// Open a game: the defender is to reveal its checkpoints.
	pub fn open(context: UnitContext, now: BlockNumber, times: Times) -> Self {
		let phase = Phase::Reveal;
		Self { context, clocks: Clocks::start(phase.side(), now, times), phase }
	}

	/// Whose move it is.
	pub fn turn(&self) -> Turn {
		Turn { side: self.phase.side(), level: self.phase.level(), deadline: self.clocks.deadline }
	}

	/// The game after a move.
	pub fn play<V: LeafVerifier>(
		self,
		spec: &ModelSpec,
		movement: Move,
		now: BlockNumber,
	) -> Result<Self, GameError> {
		let side = movement.side();
		ensure!(self.phase.side() == side, GameError::NotYourTurn);
		ensure!(!self.clocks.has_run_out(now), GameError::OutOfTime);

		let Self { context, phase, clocks } = self;
		let phase = match (phase, movement) {
			(Phase::Reveal, Move::Reveal(leaves)) => {
				check_leaves(spec, &context, &leaves)?;
				Phase::ChooseCheckpoint(leaves)
			},
			(Phase::ChooseCheckpoint(leaves), Move::Choose(child)) => {
				let range = between_checkpoints(spec, &context, &leaves, child)?;
				narrow::<V>(spec, &context, range)
			},
			(Phase::Split(range), Move::Split(hashes)) => {
				let expected = split(range.from, range.to).len();
				ensure!(hashes.len() == expected, GameError::WrongNumberOfHashes);
				Phase::ChooseChild(range, hashes)
			},
			(Phase::ChooseChild(range, hashes), Move::Choose(child)) => {
				narrow::<V>(spec, &context, child_of(&range, &hashes, child)?)
			},
			_ => return Err(GameError::WrongMove),
		};
		Ok(Self { context, phase, clocks: clocks.press(side, now) })
	}

	/// Recompute the leaf: who wins.
	pub fn prove<V: LeafVerifier>(
		&self,
		spec: &ModelSpec,
		evidence: &[u8],
		now: BlockNumber,
	) -> Result<Side, GameError> {
		let Phase::Prove(leaf) = &self.phase else { return Err(GameError::NotAtLeaf) };
		ensure!(!self.clocks.has_run_out(now), GameError::OutOfTime);
		match V::verify(spec, &self.context, leaf, evidence) {
			LeafVerdict::Right => Ok(Side::Defender),
			LeafVerdict::Wrong => Ok(Side::Challenger),
			LeafVerdict::Unproven => Err(GameError::Unproven),
		}
	}

	/// End the game if the side to move has let its clock run out: who wins.
	pub fn time_out(&self, now: BlockNumber) -> Result<Side, GameError> {
		ensure!(self.clocks.has_run_out(now), GameError::ClockRunning);
		Ok(self.phase.side().opponent())
	}
}

impl Phase {
	/// The side that has to move. At the leaf it is the defender: it claims.
	pub fn side(&self) -> Side {
		match self {
			Phase::Reveal | Phase::Split(_) | Phase::Prove(_) => Side::Defender,
			Phase::ChooseCheckpoint(_) | Phase::ChooseChild(..) => Side::Challenger,
		}
	}

	/// How far the trace is narrowed down.
	pub fn level(&self) -> Level {
		match self {
			Phase::Reveal | Phase::ChooseCheckpoint(_) => Level::Checkpoints,
			Phase::Split(range) | Phase::ChooseChild(range, _) => range.place.level(),
			Phase::Prove(_) => Level::Pieces,
		}
	}
}

/// Whether leaves are those that were attested.
fn check_leaves(spec: &ModelSpec, context: &UnitContext, leaves: &[Hash]) -> Result<(), GameError> {
	let expected = checkpoint_boundaries(context, spec.window.checkpoint_every).len();
	ensure!(leaves.len() == expected, GameError::WrongNumberOfHashes);
	ensure!(leaves.first() == Some(&context.shard_before), GameError::FirstLeafNotShard);
	ensure!(leaves.last() == Some(&context.result), GameError::LastLeafNotResult);
	let root = checkpoints_root(context.genesis, &context.unit, leaves);
	ensure!(root == context.checkpoints, GameError::LeavesDoNotMatch);
	Ok(())
}

/// The steps between leaf `child` and the next.
fn between_checkpoints(
	spec: &ModelSpec,
	context: &UnitContext,
	leaves: &[Hash],
	child: u8,
) -> Result<Range, GameError> {
	let boundaries = checkpoint_boundaries(context, spec.window.checkpoint_every);
	let boundaries = boundaries.into_iter().map(u64::from);
	bounded_by(Place::Trace, boundaries.zip(leaves.iter().copied()), child)
}

/// Child `child` of a range that was split.
fn child_of(range: &Range, hashes: &[Hash], child: u8) -> Result<Range, GameError> {
	let inner = split(range.from, range.to).into_iter().zip(hashes.iter().copied());
	let ends = ([(range.from, range.before)], [(range.to, range.after)]);
	bounded_by(range.place, ends.0.into_iter().chain(inner).chain(ends.1), child)
}

/// The range between boundary `child` and the next.
fn bounded_by(
	place: Place,
	boundaries: impl Iterator<Item = (u64, Hash)>,
	child: u8,
) -> Result<Range, GameError> {
	let ends: Vec<_> = boundaries.skip(usize::from(child)).take(2).collect();
	let [(from, before), (to, after)] = ends.as_slice() else { return Err(GameError::NoSuchChild) };
	Ok(Range { place, from: *from, to: *to, before: *before, after: *after })
}

/// What has to be done about a range: split it if it is longer than one position; else look into that position, whose
/// first and last boundary carry the same commitments; a single piece is a leaf. Recurs twice at most.
fn narrow<V: LeafVerifier>(spec: &ModelSpec, context: &UnitContext, range: Range) -> Phase {
	if range.from.checked_add(1).is_some_and(|next| next < range.to) {
		return Phase::Split(range);
	}
	let into = |place, positions: u64| Range { place, from: 0, to: positions.max(1), ..range };
	// Of pieces alone there may be more than 32 bits hold.
	let number = u32::try_from(range.from).unwrap_or(u32::MAX);
	match range.place {
		Place::Trace => {
			let step = number;
			let operations = V::operations(spec, context, step);
			narrow::<V>(spec, context, into(Place::Step { step }, operations.into()))
		},
		Place::Step { step } => {
			let operation = number;
			let pieces = V::pieces(spec, context, step, operation);
			narrow::<V>(spec, context, into(Place::Operation { step, operation }, pieces))
		},
		Place::Operation { step, operation } => Phase::Prove(Leaf {
			step,
			operation,
			piece: range.from,
			before: range.before,
			after: range.after,
		}),
	}
}
