//! Everyone who signs.

use cairn_primitives::signing::{endpoint_message, worker_message};
use cairn_runtime::{AccountId, Hash, RuntimeCall};
use codec::Encode;
use sp_core::{ed25519, sr25519, Pair};
use sp_io::hashing::blake2_256;
use sp_keyring::Sr25519Keyring;

/// A provider: its account, and the keys of its machine.
pub struct Provider {
	/// Owns bond, points and shares.
	pub account: sr25519::Pair,
	/// Signs attestations.
	pub worker: sr25519::Pair,
	/// The machine's transport key.
	endpoint: ed25519::Pair,
}

impl Provider {
	fn new(number: u32) -> Self {
		let seed = |purpose: &str| blake2_256(&(purpose, number).encode());
		Self {
			account: sr25519::Pair::from_seed(&seed("account")),
			worker: sr25519::Pair::from_seed(&seed("worker")),
			endpoint: ed25519::Pair::from_seed(&seed("endpoint")),
		}
	}

	/// The account.
	pub fn id(&self) -> AccountId {
		self.account.public().into()
	}

	/// The account of the worker's key.
	pub fn worker_id(&self) -> AccountId {
		self.worker.public().into()
	}

	/// The call by which it registers.
	pub fn registration(&self, genesis: Hash, bond: u128) -> RuntimeCall {
		let (id, endpoint) = (self.id(), self.endpoint.public());
		let consent = worker_message(genesis, &id, &endpoint);
		let proof = endpoint_message(genesis, &id);
		let address = b"/ip4/203.0.113.77/udp/4433".to_vec();
		pallet_workers::Call::register {
			worker: self.worker.public(),
			consent: self.worker.sign(consent.as_bytes()),
			endpoint,
			proof: self.endpoint.sign(proof.as_bytes()),
			addresses: vec![address.try_into().expect("26 bytes are few")]
				.try_into()
				.expect("one is few"),
			relay: None,
			hardware: Default::default(),
			bond,
		}
		.into()
	}
}

/// Who signs a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signer {
	/// A provider's account.
	Provider(u32),
	/// A provider's worker.
	Worker(u32),
	/// Who proposes all models.
	Researcher,
	/// Who calls what anyone may call.
	Keeper,
	/// Who pays revenue.
	Client,
}

/// All keys, and how many transactions each has signed.
pub struct Keys {
	/// The providers, by number.
	pub providers: Vec<Provider>,
	researcher: sr25519::Pair,
	keeper: sr25519::Pair,
	client: sr25519::Pair,
}

impl Keys {
	/// Keys of so many providers.
	pub fn new(providers: u32) -> Self {
		Self {
			providers: (0..providers).map(Provider::new).collect(),
			researcher: Sr25519Keyring::Bob.pair(),
			keeper: Sr25519Keyring::Charlie.pair(),
			client: Sr25519Keyring::Dave.pair(),
		}
	}

	/// The key of a signer.
	pub fn pair(&self, signer: Signer) -> &sr25519::Pair {
		match signer {
			Signer::Provider(number) => &self.providers[number as usize].account,
			Signer::Worker(number) => &self.providers[number as usize].worker,
			Signer::Researcher => &self.researcher,
			Signer::Keeper => &self.keeper,
			Signer::Client => &self.client,
		}
	}
}
