//! How games end.

use cairn_primitives::{traits::DisputeOutcome, UnitId};
use frame_support::dispatch::DispatchResult;

use crate::{AccountIdOf, Config, Ending, Error, Event, Evidence, Pallet, Side};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_prove_leaf(
		unit: UnitId,
		challenger: AccountIdOf<T>,
		evidence: Evidence,
	) -> DispatchResult {
		let dispute = Self::dispute(&unit, &challenger)?;
		let spec = Self::spec(&unit)?;
		let winner = dispute
			.game
			.prove::<T::Leaf>(&spec, &evidence, Self::now())
			.map_err(Error::<T>::from)?;
		Self::conclude(unit, challenger, winner, Ending::Proof)
	}

	pub(crate) fn do_time_out(unit: UnitId, challenger: AccountIdOf<T>) -> DispatchResult {
		let dispute = Self::dispute(&unit, &challenger)?;
		let winner = dispute.game.time_out(Self::now()).map_err(Error::<T>::from)?;
		Self::conclude(unit, challenger, winner, Ending::Clock)
	}

	/// End a game. It is forgotten before its outcome is reported: whoever is told may moot the unit's other games, or
	/// open new ones, and finds storage as if this game had never been.
	fn conclude(
		unit: UnitId,
		challenger: AccountIdOf<T>,
		winner: Side,
		ending: Ending,
	) -> DispatchResult {
		Self::remove(&unit, &challenger);
		Self::deposit_event(Event::GameEnded {
			unit,
			challenger: challenger.clone(),
			winner,
			ending,
		});
		match winner {
			Side::Defender => T::Outcome::upheld(&unit, &challenger),
			Side::Challenger => T::Outcome::refuted(&unit, &challenger),
		}
	}
}
