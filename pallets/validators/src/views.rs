//! What the view functions answer with.

use crate::{AccountIdOf, BalanceOf, Candidates, Config, Pallet, Queue, Standing};
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_session::Pallet as Session;
use sp_runtime::traits::SaturatedConversion;

impl<T: Config> Pallet<T> {
	pub(crate) fn standing(
		who: &AccountIdOf<T>,
	) -> Option<Standing<BalanceOf<T>, BlockNumberFor<T>>> {
		let candidacy = Candidates::<T>::get(who)?;
		let index = Session::<T>::validator_id_to_index(who);
		Some(Standing {
			bond: candidacy.bond,
			status: candidacy.status,
			ahead_in_queue: Queue::<T>::get()
				.iter()
				.position(|queued| queued == who)
				.map(|position| position.saturated_into()),
			validating: index.is_some(),
			disabled: index
				.is_some_and(|index| Session::<T>::disabled_validators().contains(&index)),
		})
	}
}
