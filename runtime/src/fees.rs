//! Where transaction fees go.

use frame_support::traits::{
	fungible::{Balanced, Credit},
	tokens::imbalance::{OnUnbalanced, ResolveTo},
	Imbalance,
};

use crate::{AccountId, Balances, Runtime, TreasuryAccount};

/// Half of a fee and the whole tip go to the block's author, the other half to the treasury.
pub struct ToAuthorAndTreasury;

impl OnUnbalanced<Credit<AccountId, Balances>> for ToAuthorAndTreasury {
	fn on_unbalanceds(mut credits: impl Iterator<Item = Credit<AccountId, Balances>>) {
		let Some(fee) = credits.next() else { return };
		let (mut for_author, for_treasury) = fee.ration(1, 1);
		if let Some(tip) = credits.next() {
			for_author.subsume(tip);
		}
		ResolveTo::<TreasuryAccount, Balances>::on_unbalanced(for_treasury);
		match pallet_authorship::Pallet::<Runtime>::author() {
			// An author below the existential deposit may refuse a tiny credit; the treasury takes it.
			Some(author) => {
				if let Err(refused) = Balances::resolve(&author, for_author) {
					ResolveTo::<TreasuryAccount, Balances>::on_unbalanced(refused);
				}
			},
			None => ResolveTo::<TreasuryAccount, Balances>::on_unbalanced(for_author),
		}
	}
}
