//! What the view functions answer with.

use alloc::vec::Vec;

use crate::{AccountIdOf, Config, Games, Pallet, Side, Standing};

impl<T: Config> Pallet<T> {
	/// Goes through all open games: for use off chain only.
	pub(crate) fn games_of(provider: &AccountIdOf<T>) -> Vec<Standing<AccountIdOf<T>>> {
		Games::<T>::iter()
			.filter_map(|(unit, challenger, dispute)| {
				let side = if challenger == *provider {
					Side::Challenger
				} else if dispute.defender == *provider {
					Side::Defender
				} else {
					return None;
				};
				Some(Standing { unit, challenger, side, turn: dispute.game.turn() })
			})
			.collect()
	}
}
