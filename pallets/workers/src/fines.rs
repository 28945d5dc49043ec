//! What faults cost, and where the money goes.

use crate::{Commitments, Config, Event, HoldReason, Ledgers, Pallet, LOG_TARGET};
use cairn_primitives::{traits::Fault, Balance, ModelId};
use frame_support::{
	defensive_assert,
	traits::{
		fungible::{Balanced, BalancedHold, Credit},
		Get, Imbalance,
	},
};
use sp_runtime::{AccountId32, Permill};

/// The part of a fine for who proved the fault. Not more than half, so that accusing oneself through a friend costs.
const REWARD: Permill = Permill::from_percent(50);
/// The part of a fine that is burned. The treasury gets what is left, odd units included.
const BURNED: Permill = Permill::from_percent(30);

/// How a fine was split; the parts sum to it.
#[derive(Default)]
struct Split {
	reward: Balance,
	treasury: Balance,
	burned: Balance,
}

impl<T: Config> Pallet<T> {
	/// Take a fault's part of the commitment to a model, whether the provider is in it still or has left.
	pub(crate) fn do_fine(
		provider: &AccountId32,
		model: ModelId,
		fault: Fault,
		prover: Option<&AccountId32>,
	) -> Balance {
		let Some(mut ledger) = Ledgers::<T>::get(provider) else {
			log::error!(target: LOG_TARGET, "{provider:?} is fined but no provider");
			return 0;
		};
		// Saturating: a reputation is for reading, nothing is paid by it.
		ledger.reputation.faults = ledger.reputation.faults.saturating_add(1);
		let mut commitment = Commitments::<T>::get(provider, model);
		let due = commitment.map_or(0, |commitment| fault.fine().mul_floor(commitment.amount));
		if commitment.is_none() {
			log::warn!(target: LOG_TARGET, "{provider:?} is fined with no bond in model {model}");
		}

		let reason = HoldReason::ProviderBond.into();
		let (credit, missing) = T::Currency::slash(&reason, provider, due);
		defensive_assert!(missing == 0, "a commitment is on hold");
		let fine = credit.peek();
		if let Some(commitment) = commitment.as_mut() {
			// Saturating: the fine is a part of the commitment, which is a part of both sums.
			commitment.amount = commitment.amount.saturating_sub(fine);
			ledger.committed = ledger.committed.saturating_sub(fine);
			ledger.bond = ledger.bond.saturating_sub(fine);
			Commitments::<T>::insert(provider, model, *commitment);
		}
		Ledgers::<T>::insert(provider, ledger);

		// Nobody is rewarded for its own fault.
		let prover = prover.filter(|prover| *prover != provider).cloned();
		let Split { reward, treasury, burned } = Self::distribute(credit, prover.as_ref());
		let provider = provider.clone();
		Self::deposit_event(Event::Fined {
			provider,
			model,
			fault,
			prover,
			reward,
			treasury,
			burned,
		});
		fine
	}

	/// Pay the parts of a fine. What the prover cannot take goes to the treasury, what that cannot take is burned.
	fn distribute(credit: Credit<AccountId32, T::Currency>, prover: Option<&AccountId32>) -> Split {
		let fine = credit.peek();
		let (for_burning, rest) = credit.split(BURNED.mul_floor(fine));
		drop(for_burning);
		let (for_prover, rest) = match prover {
			Some(_) => rest.split(REWARD.mul_floor(fine)),
			None => (Credit::<AccountId32, T::Currency>::zero(), rest),
		};
		let mut split = Split { burned: BURNED.mul_floor(fine), ..Default::default() };
		let (reward, refused) = Self::pay(prover, for_prover);
		split.reward = reward;
		let (treasury, refused) = Self::pay(Some(&T::TreasuryAccount::get()), rest.merge(refused));
		split.treasury = treasury;
		// Saturating: a part of the fine.
		split.burned = split.burned.saturating_add(refused.peek());
		split
	}

	/// Pay a credit to an account; returns what was paid, and what the account could not take.
	fn pay(
		to: Option<&AccountId32>,
		credit: Credit<AccountId32, T::Currency>,
	) -> (Balance, Credit<AccountId32, T::Currency>) {
		let amount = credit.peek();
		let nothing = Credit::<AccountId32, T::Currency>::zero();
		match to {
			Some(to) if amount > 0 => match T::Currency::resolve(to, credit) {
				Ok(()) => (amount, nothing),
				Err(refused) => {
					log::warn!(target: LOG_TARGET, "{to:?} cannot take {amount} of a fine");
					(0, refused)
				},
			},
			_ => (0, credit),
		}
	}
}
