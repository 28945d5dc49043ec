//! What this pallet needs before the first block.

use frame_support::traits::fungible::{Inspect, Mutate};

use crate::{Config, Pallet};

impl<T: Config> Pallet<T> {
	/// Give the pot its existential deposit, so that the smallest payment can pass through it.
	pub(crate) fn do_genesis() {
		let (pot, least) = (Self::pot(), T::Currency::minimum_balance());
		// The balances pallet may have given it some already. Saturating: then nothing is missing.
		let missing = least.saturating_sub(T::Currency::total_balance(&pot));
		// A genesis that does not add up shall not become a chain.
		assert!(T::Currency::mint_into(&pot, missing).is_ok(), "the pot cannot be funded");
	}
}
