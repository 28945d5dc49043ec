//! What is true after every block.

use crate::{Commitments, Config, Endpoints, HoldReason, Ledgers, Pallet, Workers};
use cairn_primitives::Balance;
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::{AccountId32, TryRuntimeError};

impl<T: Config> Pallet<T> {
	/// The invariants of this pallet.
	///
	/// 1. The bond of every ledger is the amount on hold for its provider; nobody else has one on hold.
	/// 2. What a ledger counts as committed is the sum of the provider's commitments, none of which is empty.
	/// 3. A bond covers what is committed and what is unbonding; parts unbond in the order of their blocks, none is empty.
	/// 4. Worker keys and endpoints lead to the provider whose ledger names them, and to nobody else.
	/// 5. Every commitment belongs to a provider.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let reason = HoldReason::ProviderBond.into();
		let mut providers = 0usize;
		for (provider, ledger) in Ledgers::<T>::iter() {
			providers = providers.saturating_add(1); // a count of rows in memory
			ensure!(
				T::Currency::balance_on_hold(&reason, &provider) == ledger.bond,
				"1: a bond is not the amount on hold"
			);
			ensure!(
				Self::sum_of_commitments(&provider)? == ledger.committed,
				"2: what is committed is not the sum of the commitments"
			);
			let bound = ledger
				.unbonding
				.iter()
				.try_fold(ledger.committed, |sum: Balance, part| sum.checked_add(part.amount))
				.ok_or("3: bound bond overflows")?;
			ensure!(bound <= ledger.bond, "3: more is committed and unbonding than bonded");
			ensure!(
				ledger.unbonding.is_sorted_by_key(|part| part.unlock)
					&& ledger.unbonding.iter().all(|part| part.amount > 0),
				"3: a part unbonds out of order or is empty"
			);
			ensure!(
				Workers::<T>::get(AccountId32::from(ledger.worker)).as_ref() == Some(&provider),
				"4: a worker key does not lead to its provider"
			);
			ensure!(
				Endpoints::<T>::get(ledger.endpoint.key).as_ref() == Some(&provider),
				"4: an endpoint does not lead to its provider"
			);
		}
		for (who, _) in frame_system::Account::<T>::iter() {
			ensure!(
				Ledgers::<T>::contains_key(&who)
					|| T::Currency::balance_on_hold(&reason, &who) == 0,
				"1: an account that is no provider has a bond on hold"
			);
		}
		ensure!(Workers::<T>::iter().count() == providers, "4: a worker key leads astray");
		ensure!(Endpoints::<T>::iter().count() == providers, "4: an endpoint leads astray");
		for (provider, _) in Commitments::<T>::iter_keys() {
			ensure!(Ledgers::<T>::contains_key(provider), "5: a commitment has no provider");
		}
		Ok(())
	}

	fn sum_of_commitments(provider: &AccountId32) -> Result<Balance, TryRuntimeError> {
		let mut sum: Balance = 0;
		for (_, commitment) in Commitments::<T>::iter_prefix(provider) {
			ensure!(commitment.amount > 0, "2: a commitment is empty");
			sum = sum.checked_add(commitment.amount).ok_or("2: commitments overflow")?;
		}
		Ok(sum)
	}
}
