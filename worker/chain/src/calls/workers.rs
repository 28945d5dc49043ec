//! Pallet `workers`: what providers sign with their own account.

use cairn_primitives::{
	signing::{endpoint_message, worker_message},
	Balance, Hash, ModelId,
};
use sp_core::{ed25519, sr25519, Pair as _};

use super::Call;
use crate::{
	api,
	views::{to_chain, Endpoint, Hardware},
	AccountId, Key,
};

/// A worker's consent to work for a provider, and the proof that it has the key of its endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
	/// The worker's key.
	pub worker: sr25519::Public,
	/// Its signature that it works for the provider at the endpoint.
	pub consent: sr25519::Signature,
	/// The endpoint's key.
	pub endpoint: ed25519::Public,
	/// Its signature that the provider has it.
	pub proof: ed25519::Signature,
}

impl Consent {
	/// Signed by the keys of worker and endpoint, for a provider on the chain of `genesis`.
	pub fn new(
		genesis: Hash,
		provider: &AccountId,
		worker: &Key,
		endpoint: &ed25519::Pair,
	) -> Self {
		let to_endpoint = endpoint_message(genesis, provider);
		let to_worker = worker_message(genesis, provider, &endpoint.public());
		Self {
			worker: worker.public(),
			consent: worker.sign(to_worker.as_bytes()),
			endpoint: endpoint.public(),
			proof: endpoint.sign(to_endpoint.as_bytes()),
		}
	}
}

/// Register as a provider with a worker that can be reached at `addresses` (socket addresses as text) or through `relay` (a URL).
/// The provider.
pub fn register(
	consent: &Consent,
	addresses: &[String],
	relay: Option<&str>,
	hardware: Hardware,
	bond: Balance,
) -> Call {
	api::tx()
		.workers()
		.register(
			consent.worker.0,
			consent.consent.0,
			consent.endpoint.0,
			consent.proof.0,
			bytes(addresses),
			relay.map(Into::into),
			hardware.into(),
			bond,
		)
		.into()
}

/// Replace the worker's key. The provider.
pub fn rotate_key(worker: sr25519::Public, consent: sr25519::Signature) -> Call {
	api::tx().workers().rotate_key(worker.0, consent.0).into()
}

/// Change how the worker is reached. The provider.
pub fn set_endpoint(endpoint: &Endpoint, proof: ed25519::Signature) -> Call {
	let (addresses, relay) = (bytes(&endpoint.addresses), endpoint.relay.clone().map(Into::into));
	api::tx().workers().set_endpoint(endpoint.key.0, proof.0, addresses, relay).into()
}

/// Change what is said about the worker's machine. The provider.
pub fn set_hardware(hardware: Hardware) -> Call {
	api::tx().workers().set_hardware(hardware.into()).into()
}

/// Add to the bond. The provider. Adding twice is adding twice: have it done [once](crate::Request::once).
pub fn bond_more(amount: Balance) -> Call {
	api::tx().workers().bond_more(amount).into()
}

/// Begin to take back bond. The provider. Have it done [once](crate::Request::once).
pub fn unbond(amount: Balance) -> Call {
	api::tx().workers().unbond(amount).into()
}

/// Take back what is unlocked. The provider.
pub fn withdraw() -> Call {
	api::tx().workers().withdraw().into()
}

/// Free the commitment of a provider that left a model and waited out the lock. Anybody.
pub fn settle_commitment(provider: &AccountId, model: ModelId) -> Call {
	api::tx().workers().settle_commitment(to_chain(provider), model).into()
}

/// End the registration. The provider.
pub fn deregister() -> Call {
	api::tx().workers().deregister().into()
}

fn bytes(addresses: &[String]) -> Vec<Vec<u8>> {
	addresses.iter().map(|address| address.as_bytes().to_vec()).collect()
}
