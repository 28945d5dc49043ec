//! Who works for whom, and how it is reached.

use crate::{
	types::Keys, Config, Endpoint, Endpoints, Error, Event, Hardware, Ledger, Ledgers, Pallet,
	Reputation, Rotation, Workers,
};
use cairn_primitives::{
	signing::{endpoint_message, verify_endpoint, verify_worker, worker_message},
	Balance, BlockNumber, Hash,
};
use frame_support::{dispatch::DispatchResult, ensure, storage::unhashed, traits::Get};
use sp_core::{ed25519, sr25519};
use sp_runtime::{traits::Zero, AccountId32, DispatchError, SaturatedConversion};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register(
		provider: AccountId32,
		worker: sr25519::Public,
		consent: sr25519::Signature,
		endpoint: Endpoint,
		proof: ed25519::Signature,
		hardware: Hardware,
		bond: Balance,
	) -> DispatchResult {
		ensure!(!Ledgers::<T>::contains_key(&provider), Error::<T>::AlreadyRegistered);
		ensure!(bond >= T::MinBond::get(), Error::<T>::BondTooSmall);
		Self::check_worker(&provider, &worker, &consent, &endpoint.key)?;
		ensure!(!Endpoints::<T>::contains_key(endpoint.key), Error::<T>::EndpointTaken);
		Self::check_endpoint(&provider, &endpoint.key, &proof)?;

		Self::hold(&provider, bond)?;
		Workers::<T>::insert(AccountId32::from(worker), &provider);
		Endpoints::<T>::insert(endpoint.key, &provider);
		let key = endpoint.key;
		let ledger = Ledger {
			worker,
			rotation: None,
			endpoint,
			hardware,
			bond,
			committed: 0,
			unbonding: Default::default(),
			reputation: Reputation { since: Self::now(), ..Default::default() },
		};
		Ledgers::<T>::insert(&provider, ledger);
		Self::deposit_event(Event::Registered { provider, worker, endpoint: key, bond });
		Ok(())
	}

	pub(crate) fn do_rotate_key(
		provider: AccountId32,
		new: sr25519::Public,
		consent: sr25519::Signature,
	) -> DispatchResult {
		let mut ledger = Self::ledger(&provider)?;
		Self::check_pause(&ledger)?;
		Self::check_worker(&provider, &new, &consent, &ledger.endpoint.key)?;
		let old = ledger.worker;
		ledger.worker = new;
		ledger.rotation = Some(Rotation { from: old, at: Self::now() });
		Workers::<T>::remove(AccountId32::from(old));
		Workers::<T>::insert(AccountId32::from(new), &provider);
		Ledgers::<T>::insert(&provider, ledger);
		Self::deposit_event(Event::KeyRotated { provider, old, new });
		Ok(())
	}

	pub(crate) fn do_set_endpoint(
		provider: AccountId32,
		endpoint: Endpoint,
		proof: ed25519::Signature,
	) -> DispatchResult {
		let mut ledger = Self::ledger(&provider)?;
		let (old, new) = (ledger.endpoint.key, endpoint.key);
		ensure!(old == new || !Endpoints::<T>::contains_key(new), Error::<T>::EndpointTaken);
		Self::check_endpoint(&provider, &new, &proof)?;
		Endpoints::<T>::remove(old);
		Endpoints::<T>::insert(new, &provider);
		ledger.endpoint = endpoint;
		Ledgers::<T>::insert(&provider, ledger);
		Self::deposit_event(Event::EndpointSet { provider, endpoint: new });
		Ok(())
	}

	pub(crate) fn do_set_hardware(provider: AccountId32, hardware: Hardware) -> DispatchResult {
		let mut ledger = Self::ledger(&provider)?;
		ledger.hardware = hardware;
		Ledgers::<T>::insert(&provider, ledger);
		Self::deposit_event(Event::HardwareSet { provider, hardware });
		Ok(())
	}

	pub(crate) fn ledger(provider: &AccountId32) -> Result<Ledger, DispatchError> {
		Ledgers::<T>::get(provider).ok_or(Error::<T>::NotProvider.into())
	}

	/// The keys of a provider's worker. An attestation asks for up to 34: what follows them in a ledger is not decoded,
	/// because its vectors take several times as long.
	pub(crate) fn keys(provider: &AccountId32) -> Option<Keys> {
		unhashed::get(&Ledgers::<T>::hashed_key_for(provider))
	}

	/// The block that is executed.
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	pub(crate) fn genesis() -> Hash {
		frame_system::Pallet::<T>::block_hash(
			frame_system::pallet_prelude::BlockNumberFor::<T>::zero(),
		)
	}

	/// Only the last key is remembered: it must be old enough for what was signed with the one before to be judged. Never
	/// twice in a block, however short the pause is, or the key that the block began with would be forgotten.
	fn check_pause(ledger: &Ledger) -> DispatchResult {
		let Some(Rotation { at, .. }) = ledger.rotation else { return Ok(()) };
		// Saturating: a block number at its maximum means never.
		let over = at.saturating_add(T::RotationPause::get().max(1));
		ensure!(Self::now() >= over, Error::<T>::RotatedRecently);
		Ok(())
	}

	/// A key that works for nobody else and agreed: without its consent anyone could occupy it.
	fn check_worker(
		provider: &AccountId32,
		worker: &sr25519::Public,
		consent: &sr25519::Signature,
		endpoint: &ed25519::Public,
	) -> DispatchResult {
		let is_taken = Workers::<T>::contains_key(AccountId32::from(*worker));
		ensure!(!is_taken, Error::<T>::WorkerTaken);
		let message = worker_message(Self::genesis(), provider, endpoint);
		ensure!(verify_worker(message, consent, worker), Error::<T>::BadConsent);
		Ok(())
	}

	fn check_endpoint(
		provider: &AccountId32,
		endpoint: &ed25519::Public,
		proof: &ed25519::Signature,
	) -> DispatchResult {
		let message = endpoint_message(Self::genesis(), provider);
		ensure!(verify_endpoint(message, proof, endpoint), Error::<T>::BadEndpointProof);
		Ok(())
	}
}
