//! The key that signs transactions.

use sp_core::{crypto::SecretStringError, sr25519, Pair as _};
use subxt::{
	tx::Signer,
	utils::{AccountId32, MultiSignature},
};

use crate::{AccountId, Config};

/// A pair of sr25519 keys whose account signs transactions.
#[derive(Clone)]
pub struct Key(sr25519::Pair);

impl Key {
	/// From a secret phrase, seed or development path such as `//Alice`.
	pub fn from_phrase(phrase: &str) -> Result<Self, SecretStringError> {
		sr25519::Pair::from_string(phrase, None).map(Self)
	}

	/// The public key.
	pub fn public(&self) -> sr25519::Public {
		self.0.public()
	}

	/// The account of the key.
	pub fn account(&self) -> AccountId {
		self.public().into()
	}

	/// A signature of a message that is no transaction.
	pub fn sign(&self, message: &[u8]) -> sr25519::Signature {
		self.0.sign(message)
	}
}

impl From<sr25519::Pair> for Key {
	fn from(pair: sr25519::Pair) -> Self {
		Self(pair)
	}
}

impl Signer<Config> for Key {
	fn account_id(&self) -> AccountId32 {
		AccountId32(self.public().0)
	}

	fn sign(&self, message: &[u8]) -> MultiSignature {
		MultiSignature::Sr25519(self.0.sign(message).0)
	}
}
