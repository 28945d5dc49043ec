//! Everyone at the model: their keys, and how they register.

use cairn_primitives::{
	hash::blob_root,
	signing::{endpoint_message, worker_message},
	Balance, Hash,
};
use codec::Encode;
use sp_core::{ed25519, sr25519, Pair};

use crate::runtime::{AccountId, RuntimeCall};

/// A provider.
pub struct Person {
	/// Owns bond, points and shares.
	pub account: AccountId,
	/// Signs attestations and what crosses edges.
	pub worker: sr25519::Pair,
	endpoint: ed25519::Pair,
}

impl Person {
	/// The provider of a number.
	pub fn new(number: u32) -> Self {
		let seed = |purpose: &str| blob_root(&(purpose, number).encode()).0;
		Self {
			account: AccountId::new(seed("account")),
			worker: sr25519::Pair::from_seed(&seed("worker")),
			endpoint: ed25519::Pair::from_seed(&seed("endpoint")),
		}
	}

	/// The account of the worker's key.
	pub fn worker_account(&self) -> AccountId {
		self.worker.public().into()
	}

	/// The call by which it registers.
	pub fn registration(&self, genesis: Hash, bond: Balance) -> RuntimeCall {
		let endpoint = self.endpoint.public();
		let consent = worker_message(genesis, &self.account, &endpoint);
		let proof = endpoint_message(genesis, &self.account);
		pallet_workers::Call::register {
			worker: self.worker.public(),
			consent: self.worker.sign(consent.as_bytes()),
			endpoint,
			proof: self.endpoint.sign(proof.as_bytes()),
			addresses: Default::default(),
			relay: None,
			hardware: Default::default(),
			bond,
		}
		.into()
	}
}
