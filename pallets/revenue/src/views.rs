//! What the view functions answer with: everything as of now, as if all were folded and settled.

use alloc::vec::Vec;

use cairn_primitives::{traits::Shares, Balance, ModelId};

use crate::{AccountIdOf, Config, Holders, Pallet, Pool, Pools, Position};

impl<T: Config> Pallet<T> {
	pub(crate) fn folded(model: ModelId) -> Option<Pool> {
		let pool = Pools::<T>::get(model)?;
		pool.fold(Self::now(), Self::royalty_due(&pool)).map(|folded| folded.pool)
	}

	pub(crate) fn claimable_of(model: ModelId, who: &AccountIdOf<T>) -> Balance {
		let Some(row) = Holders::<T>::get(model, who) else { return 0 };
		Self::folded(model).and_then(|pool| row.settle(&pool)).map_or(0, |row| row.credit)
	}

	pub(crate) fn positions(who: &AccountIdOf<T>, models: &[ModelId]) -> Vec<Position> {
		models
			.iter()
			.filter_map(|model| {
				let shares = Holders::<T>::get(model, who)?.shares;
				let supply = <Self as Shares>::supply(*model);
				let claimable = Self::claimable_of(*model, who);
				Some(Position { model: *model, shares, supply, claimable })
			})
			.collect()
	}
}
