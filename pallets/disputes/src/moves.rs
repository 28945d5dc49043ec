//! Moves that continue a game.

use cairn_primitives::{traits::Providers, BlockNumber, UnitId};
use frame_support::{dispatch::DispatchResult, ensure};
use sp_runtime::DispatchError;

use crate::{AccountIdOf, Config, Error, Event, Games, Hashes, Leaves, Move, Pallet, Side};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_reveal(
		who: AccountIdOf<T>,
		unit: UnitId,
		challenger: AccountIdOf<T>,
		leaves: Leaves,
	) -> DispatchResult {
		let deadline = Self::play(who, &unit, &challenger, Move::Reveal(leaves))?;
		Self::deposit_event(Event::CheckpointsRevealed { unit, challenger, deadline });
		Ok(())
	}

	pub(crate) fn do_advance(
		who: AccountIdOf<T>,
		unit: UnitId,
		challenger: AccountIdOf<T>,
		hashes: Hashes,
	) -> DispatchResult {
		let deadline = Self::play(who, &unit, &challenger, Move::Split(hashes))?;
		Self::deposit_event(Event::RangeSplit { unit, challenger, deadline });
		Ok(())
	}

	pub(crate) fn do_choose(
		who: AccountIdOf<T>,
		unit: UnitId,
		challenger: AccountIdOf<T>,
		child: u8,
	) -> DispatchResult {
		let deadline = Self::play(who, &unit, &challenger, Move::Choose(child))?;
		Self::deposit_event(Event::ChildChosen { unit, challenger, child, deadline });
		Ok(())
	}

	/// Make a move; returns the opponent's deadline.
	fn play(
		who: AccountIdOf<T>,
		unit: &UnitId,
		challenger: &AccountIdOf<T>,
		movement: Move,
	) -> Result<BlockNumber, DispatchError> {
		let mut dispute = Self::dispute(unit, challenger)?;
		let party = match movement.side() {
			Side::Defender => &dispute.defender,
			Side::Challenger => challenger,
		};
		ensure!(Self::acts_for(&who, party), Error::<T>::NotAParty);

		let spec = Self::spec(unit)?;
		dispute.game =
			dispute.game.play::<T::Leaf>(&spec, movement, Self::now()).map_err(Error::<T>::from)?;

		let deadline = dispute.game.clocks.deadline;
		Games::<T>::insert(unit, challenger, dispute);
		Ok(deadline)
	}

	/// Whether an account is a provider or its worker key.
	fn acts_for(who: &AccountIdOf<T>, provider: &AccountIdOf<T>) -> bool {
		who == provider || T::Providers::provider_of(who).as_ref() == Some(provider)
	}
}
