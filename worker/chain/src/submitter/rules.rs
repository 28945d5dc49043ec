//! What a submitter has to keep to.

use cairn_primitives::{Balance, BlockNumber};
use serde::{Deserialize, Serialize};

/// What holds for one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
	/// Whether there is a way to see in the chain's state that it is done.
	pub has_check: bool,
	/// Whether harm comes of executing it twice. What the chain itself refuses to do twice, such as an attestation, need not
	/// wait for what the key sent before a restart.
	pub is_once: bool,
	/// The block from which on it is pointless.
	pub until: Option<BlockNumber>,
}

/// What may be paid for a place in a block, besides the fee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tips {
	/// The first tip.
	pub least: Balance,
	/// By how much the first raise is; each further one doubles the tip.
	pub step: Balance,
	/// The highest tip.
	pub most: Balance,
}

impl Tips {
	/// The next higher tip.
	pub fn above(&self, tip: Balance) -> Balance {
		tip.saturating_mul(2).max(tip.saturating_add(self.step)).min(self.most).max(tip)
	}
}

/// What bounds everything that a key ever signed: it is decided once the account's final nonce has reached `nonce`, or a block
/// of `height` is final.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Horizon {
	/// One more than the highest nonce that was signed.
	pub nonce: u64,
	/// The last block that can contain what was signed.
	pub height: BlockNumber,
}

impl Horizon {
	/// Whether all that was signed is decided.
	pub fn is_passed(&self, nonce: u64, height: BlockNumber) -> bool {
		nonce >= self.nonce || height >= self.height
	}

	/// The horizon after one more transaction was signed.
	pub fn with(self, nonce: u64, last: BlockNumber) -> Self {
		Self { nonce: self.nonce.max(nonce.saturating_add(1)), height: self.height.max(last) }
	}
}
