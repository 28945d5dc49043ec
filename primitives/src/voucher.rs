//! Payment for inference: cumulative promises that a client signs as tokens stream.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::MultiSignature;

use crate::{
	hash::{hash, Domain},
	Balance, Hash, WindowIndex,
};

/// A payment channel, numbered in the order of opening.
pub type ChannelId = u64;

/// What tokens of a model cost, per million.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct Price {
	/// Price of a million prompt tokens.
	pub prompt: Balance,
	/// Price of a million completion tokens.
	pub completion: Balance,
}

impl Price {
	/// What a request costs, rounded up (in the holders' favour); `None` if it overflows.
	pub fn quote(&self, prompt_tokens: u64, completion_tokens: u64) -> Option<Balance> {
		let prompt = self.prompt.checked_mul(u128::from(prompt_tokens))?;
		let completion = self.completion.checked_mul(u128::from(completion_tokens))?;
		Some(prompt.checked_add(completion)?.div_ceil(1_000_000))
	}
}

/// A client's promise to pay `amount` in all from its channel. Of several vouchers the highest counts.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Voucher {
	/// The channel that pays.
	pub channel: ChannelId,
	/// Everything owed from the opening of the channel until now.
	pub amount: Balance,
	/// The window in which the lane served last.
	pub window: WindowIndex,
	/// The client's signature of [`Voucher::message`]; sr25519 and ed25519 count.
	pub signature: MultiSignature,
}

impl Voucher {
	/// What the client signs.
	pub fn message(
		genesis: Hash,
		channel: ChannelId,
		amount: Balance,
		window: WindowIndex,
	) -> Hash {
		hash(Domain::Voucher, &(genesis, channel, amount, window))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_quote_rounds_up_and_never_wraps() {
		let price = Price { prompt: 1_000_000, completion: 1 };
		assert_eq!(price.quote(3, 0), Some(3));
		assert_eq!(price.quote(0, 1), Some(1));
		assert_eq!(price.quote(2, 1_000_001), Some(4));
		assert_eq!(Price { prompt: u128::MAX, completion: 0 }.quote(2, 0), None);
	}
}
