//! What a worker does where it could do something else. Networks are tested with workers that do; here they are honest.

use cairn_chain::{views::Side, AccountId};
use cairn_engine::unit::{Crossing, UnitReport};
use cairn_primitives::{Attestation, Hash, UnitId, Verdict, WindowIndex};

/// What a worker does where it could do something else. By default it is honest.
pub trait Conduct: Send + Sync {
	/// What is sent to a neighbour in the lane instead of the bytes that were computed.
	fn sends(&self, _: &UnitId, _: Crossing, computed: Vec<u8>) -> Vec<u8> {
		computed
	}

	/// Which samples a unit is trained on: those behind so many, instead of those that are its own.
	fn reads(&self, _: &UnitId, own: u64) -> u64 {
		own
	}

	/// Whether a window begins with what all lanes have learned in the one before.
	fn merges(&self, _: WindowIndex) -> bool {
		true
	}

	/// What a unit came to, instead of what was computed.
	fn reports(&self, _: &UnitId, computed: UnitReport) -> UnitReport {
		computed
	}

	/// What is attested, instead of what a unit came to.
	fn attests(&self, due: Attestation<AccountId>) -> Attestation<AccountId> {
		due
	}

	/// Whether the others of the stage get a unit's difference.
	fn gives_difference(&self, _: &UnitId) -> bool {
		true
	}

	/// Whether auditors of a unit, or of one beside it, get what crossed.
	fn gives_inputs(&self, _: &UnitId) -> bool {
		true
	}

	/// What is said of a unit without an audit; by default there is one.
	fn judges(&self, _: &UnitId) -> Option<Verdict> {
		None
	}

	/// The move in a game about a unit instead of the one that its trace asks for; none is a move that is not made.
	fn moves(&self, _: &UnitId, _: Side, due: Move) -> Option<Move> {
		Some(due)
	}
}

/// Does what is asked for.
pub struct Honest;

impl Conduct for Honest {}

/// A move in a game about a unit.
#[derive(Clone, Debug, PartialEq)]
pub enum Move {
	/// The defender reveals the leaves under its checkpoints.
	Reveal(Vec<Hash>),
	/// The defender parts a range by these commitments.
	Split(Vec<Hash>),
	/// The challenger disputes a child; none where nothing is to be disputed.
	Choose(Option<u8>),
	/// Either side has the chain recompute the last piece from this evidence.
	Prove(Vec<u8>),
}
