//! Pallet `balances`.

use cairn_primitives::Balance;

use super::Call;
use crate::{api, views::to_chain, AccountId};

/// Send money, but not so much that the sender's account ends. Any account.
pub fn transfer_keep_alive(to: &AccountId, amount: Balance) -> Call {
	api::tx().balances().transfer_keep_alive(to_chain(to).into(), amount).into()
}
