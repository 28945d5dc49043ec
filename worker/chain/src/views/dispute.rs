//! Games about units.

use cairn_primitives::{
	dispute::{Leaf, Level, UnitContext},
	BlockNumber, Hash, StepIndex, UnitId,
};
use subxt::utils::{AccountId32, Static};

use super::{from_chain, to_chain, State, ViewError};
use crate::{
	api::{
		self,
		runtime_types::pallet_disputes::{game, types},
	},
	AccountId,
};

/// The sides of a game.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
	/// The provider that attested the unit.
	Defender,
	/// The provider that came to another result.
	Challenger,
}

/// Whose move it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
	/// The side to move.
	pub side: Side,
	/// How far the game has narrowed the trace down.
	pub level: Level,
	/// The last block in which the side can move.
	pub deadline: BlockNumber,
}

/// One game of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
	/// The unit.
	pub unit: UnitId,
	/// The provider that challenges it.
	pub challenger: AccountId,
	/// The provider's own side.
	pub side: Side,
	/// Whose move it is.
	pub turn: Turn,
}

/// A game with everything that its next move needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Game {
	/// The provider that attested the unit.
	pub defender: AccountId,
	/// Everything that the unit's trace depends on.
	pub context: UnitContext,
	/// What has to be done next.
	pub phase: GamePhase,
	/// The last block in which the side to move can do it.
	pub deadline: BlockNumber,
}

/// What has to be done next in a game.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GamePhase {
	/// The defender has to reveal the leaves of its checkpoints root.
	Reveal,
	/// The challenger has to choose between the ranges that these leaves bound.
	ChooseCheckpoint(Vec<Hash>),
	/// The defender has to part the range by the commitments at [`cairn_primitives::dispute::split`].
	Split(Range),
	/// The challenger has to choose between the children of the range that the commitments bound.
	ChooseChild(Range, Vec<Hash>),
	/// The defender has to prove the leaf; anyone may prove or refute it.
	Prove(Leaf),
}

/// A part of the trace whose start is agreed and whose end is disputed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
	/// What `from` and `to` count.
	pub place: GamePlace,
	/// The first boundary.
	pub from: u64,
	/// The last boundary; greater than `from`.
	pub to: u64,
	/// The commitment at `from`, on which both sides agree.
	pub before: Hash,
	/// The commitment at `to` that the defender claims.
	pub after: Hash,
}

/// What the boundaries of a range count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GamePlace {
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

impl State {
	/// The open games of a provider, on either side.
	pub async fn games(&self, provider: &AccountId) -> Result<Vec<Standing>, ViewError> {
		let games =
			self.view(api::view_functions().disputes().my_games(to_chain(provider))).await?;
		Ok(games.into_iter().map(Standing::from).collect())
	}

	/// A game, by its unit and challenger.
	pub async fn game(
		&self,
		unit: UnitId,
		challenger: &AccountId,
	) -> Result<Option<Game>, ViewError> {
		let asked = api::view_functions().disputes().game(Static(unit), to_chain(challenger));
		Ok(self.view(asked).await?.map(Game::from))
	}
}

impl From<types::Standing<AccountId32>> for Standing {
	fn from(standing: types::Standing<AccountId32>) -> Self {
		let turn = standing.turn;
		Self {
			unit: standing.unit.0,
			challenger: from_chain(standing.challenger),
			side: standing.side.into(),
			turn: Turn { side: turn.side.into(), level: turn.level.0, deadline: turn.deadline },
		}
	}
}

impl From<types::Dispute<AccountId32>> for Game {
	fn from(dispute: types::Dispute<AccountId32>) -> Self {
		Self {
			defender: from_chain(dispute.defender),
			context: dispute.game.context.0,
			phase: dispute.game.phase.into(),
			deadline: dispute.game.clocks.deadline,
		}
	}
}

impl From<types::Side> for Side {
	fn from(side: types::Side) -> Self {
		match side {
			types::Side::Defender => Side::Defender,
			types::Side::Challenger => Side::Challenger,
		}
	}
}

impl From<game::Phase> for GamePhase {
	fn from(phase: game::Phase) -> Self {
		match phase {
			game::Phase::Reveal => GamePhase::Reveal,
			game::Phase::ChooseCheckpoint(leaves) => GamePhase::ChooseCheckpoint(leaves),
			game::Phase::Split(range) => GamePhase::Split(range.into()),
			game::Phase::ChooseChild(range, hashes) => GamePhase::ChooseChild(range.into(), hashes),
			game::Phase::Prove(leaf) => GamePhase::Prove(leaf.0),
		}
	}
}

impl From<game::Range> for Range {
	fn from(range: game::Range) -> Self {
		let place = match range.place {
			game::Place::Trace => GamePlace::Trace,
			game::Place::Step { step } => GamePlace::Step { step },
			game::Place::Operation { step, operation } => GamePlace::Operation { step, operation },
		};
		let game::Range { from, to, before, after, .. } = range;
		Self { place, from, to, before, after }
	}
}
