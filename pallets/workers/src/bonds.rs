//! Bonds: in, out, and what they cost.

use crate::{
	BondPrice, Config, Endpoints, Error, Event, HoldReason, Ledgers, Pallet, Unbonding, Workers,
};
use cairn_primitives::{traits::Work, Balance, Points};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use sp_core::U256;
use sp_runtime::AccountId32;

/// FLOPs that the price of bonds is for.
const PRICED_FLOPS: u64 = 1_000_000_000_000_000;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_bond_more(provider: AccountId32, amount: Balance) -> DispatchResult {
		let mut ledger = Self::ledger(&provider)?;
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		let bond = ledger.bond.checked_add(amount).ok_or(Error::<T>::BondTooLarge)?;
		Self::hold(&provider, amount)?;
		ledger.bond = bond;
		Ledgers::<T>::insert(&provider, ledger);
		Self::deposit_event(Event::BondIncreased { provider, amount, bond });
		Ok(())
	}

	pub(crate) fn do_unbond(provider: AccountId32, amount: Balance) -> DispatchResult {
		let mut ledger = Self::ledger(&provider)?;
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		ensure!(amount <= ledger.free(), Error::<T>::NotEnoughFreeBond);
		let stays = ledger.staying().checked_sub(amount).ok_or(Error::<T>::NotEnoughFreeBond)?;
		ensure!(stays >= T::MinBond::get(), Error::<T>::BondTooSmall);
		// Saturating: a block number at its maximum means never, which is what an overflow would be.
		let unlock = Self::now().saturating_add(T::UnbondingPeriod::get());
		// The period may have become shorter meanwhile: parts stay in the order of their blocks.
		let place = ledger.unbonding.partition_point(|part| part.unlock <= unlock);
		ledger
			.unbonding
			.try_insert(place, Unbonding { amount, unlock })
			.map_err(|_| Error::<T>::TooManyUnbonding)?;
		Ledgers::<T>::insert(&provider, ledger);
		Self::deposit_event(Event::Unbonded { provider, amount, unlock });
		Ok(())
	}

	pub(crate) fn do_withdraw(provider: AccountId32) -> DispatchResult {
		let mut ledger = Self::ledger(&provider)?;
		let amount = ledger.take_unlocked(Self::now());
		ensure!(amount > 0, Error::<T>::NothingToWithdraw);
		ensure!(T::Work::open_units(&provider) == 0, Error::<T>::OpenUnits);
		ledger.bond = ledger.bond.checked_sub(amount).ok_or(Error::<T>::NothingToWithdraw)?;
		Self::give_back(&provider, amount)?;
		Ledgers::<T>::insert(&provider, ledger);
		Self::deposit_event(Event::Withdrawn { provider, amount });
		Ok(())
	}

	/// Gives back everything at once, unbonding or not: nothing that it could be fined for is left, because no work is open
	/// and the lock of whatever was committed has been waited out.
	pub(crate) fn do_deregister(provider: AccountId32) -> DispatchResult {
		let ledger = Self::ledger(&provider)?;
		ensure!(ledger.committed == 0, Error::<T>::BondCommitted);
		ensure!(T::Work::open_units(&provider) == 0, Error::<T>::OpenUnits);
		let bond = ledger.bond;
		Self::give_back(&provider, bond)?;
		Workers::<T>::remove(AccountId32::from(ledger.worker));
		Endpoints::<T>::remove(ledger.endpoint.key);
		Ledgers::<T>::remove(&provider);
		Self::deposit_event(Event::Deregistered { provider, bond });
		Ok(())
	}

	pub(crate) fn do_set_bond_price(price: Balance) -> DispatchResult {
		BondPrice::<T>::put(price);
		Self::deposit_event(Event::BondPriceSet { price });
		Ok(())
	}

	/// Points at the price, rounded up.
	pub(crate) fn bond_of(points: Points, price: Balance) -> Balance {
		let bond = U256::from(points)
			.checked_mul(U256::from(price))
			.and_then(|scaled| scaled.checked_add(U256::from(PRICED_FLOPS - 1)))
			.and_then(|scaled| scaled.checked_div(U256::from(PRICED_FLOPS)))
			.and_then(|bond| Balance::try_from(bond).ok());
		// A bond that cannot be counted is one that nobody can pay: so be it.
		bond.unwrap_or(Balance::MAX).max(T::MinBond::get())
	}

	pub(crate) fn hold(provider: &AccountId32, amount: Balance) -> DispatchResult {
		T::Currency::hold(&HoldReason::ProviderBond.into(), provider, amount)
	}

	fn give_back(provider: &AccountId32, amount: Balance) -> DispatchResult {
		let reason = HoldReason::ProviderBond.into();
		T::Currency::release(&reason, provider, amount, Precision::Exact).map(drop)
	}
}
