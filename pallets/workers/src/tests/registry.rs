use crate::{mock::*, Endpoint, Endpoints, Error, Event, Hardware, Ledgers, Workers};
use cairn_primitives::{signing::worker_message, traits::Providers, Hash};
use frame_support::{assert_noop, assert_ok};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sp_core::{ed25519, sr25519, Pair};
use sp_runtime::{DispatchError, TokenError};
use std::collections::BTreeMap;

#[test]
fn a_registration_bonds_and_leads_from_both_keys_to_the_provider() {
	ExtBuilder::default().build_and_execute(|| {
		let (provider, machine) = (account(1), Machine::new(1));
		assert_ok!(machine.register(&provider, BOND));

		let ledger = ledger(&provider);
		assert_eq!((ledger.bond, ledger.free(), ledger.committed), (BOND, BOND, 0));
		assert_eq!(ledger.reputation.since, 1);
		let key = machine.endpoint.public();
		assert_eq!(ledger.endpoint, Endpoint { key, addresses: addresses(), relay: relay() });
		assert_eq!(ledger.hardware, hardware());
		assert_eq!(held(&provider), BOND);
		assert_eq!(Register::provider_of(&machine.worker_account()), Some(provider.clone()));
		assert_eq!(Register::worker_key(&provider), Some(machine.worker.public()));
		assert_eq!(Endpoints::<Test>::get(key), Some(provider.clone()));
		let worker = machine.worker.public();
		assert_eq!(events(), [Event::Registered { provider, worker, endpoint: key, bond: BOND }]);
	});
}

#[test]
fn a_provider_registers_once() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		assert_noop!(Machine::new(2).register(&provider, BOND), Error::<Test>::AlreadyRegistered);
	});
}

#[test]
fn keys_that_work_for_somebody_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		registered(1);
		let other = account(2);
		assert_noop!(Machine::new(1).register(&other, BOND), Error::<Test>::WorkerTaken);
		let endpoint = Machine { worker: Machine::new(2).worker, ..Machine::new(1) };
		assert_noop!(endpoint.register(&other, BOND), Error::<Test>::EndpointTaken);
	});
}

#[test]
fn the_smallest_bond_is_inclusive_and_must_be_paid() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = account(1);
		let machine = Machine::new(1);
		assert_noop!(machine.register(&provider, 99), Error::<Test>::BondTooSmall);
		assert_noop!(machine.register(&provider, ENDOWMENT), TokenError::FundsUnavailable);
		assert_noop!(machine.register(&account(99), 100), TokenError::FundsUnavailable);
		assert_ok!(machine.register(&provider, 100));
	});
}

#[test]
fn a_worker_key_consents_to_one_provider_at_one_endpoint_on_one_chain() {
	ExtBuilder::default().build_and_execute(|| {
		let (provider, machine) = (account(1), Machine::new(1));
		let try_with = |consent: sr25519::Signature| {
			Register::register(
				signed(&provider),
				machine.worker.public(),
				consent,
				machine.endpoint.public(),
				machine.proof(&provider),
				addresses(),
				relay(),
				hardware(),
				BOND,
			)
		};
		let other_chain = worker_message(Hash::zero(), &provider, &machine.endpoint.public());
		for consent in [
			machine.consent(&account(2)),
			machine.consent_at(&provider, &Machine::new(2).endpoint.public()),
			machine.worker.sign(other_chain.as_bytes()),
			Machine::new(2).consent_at(&provider, &machine.endpoint.public()),
			sr25519::Signature::default(),
		] {
			assert_noop!(try_with(consent), Error::<Test>::BadConsent);
		}
		assert_ok!(try_with(machine.consent(&provider)));
	});
}

#[test]
fn an_endpoint_needs_a_proof_by_its_own_key_for_this_provider() {
	ExtBuilder::default().build_and_execute(|| {
		let (provider, machine) = (account(1), Machine::new(1));
		let try_with = |proof: ed25519::Signature| {
			Register::register(
				signed(&provider),
				machine.worker.public(),
				machine.consent(&provider),
				machine.endpoint.public(),
				proof,
				addresses(),
				relay(),
				hardware(),
				BOND,
			)
		};
		for proof in [
			machine.proof(&account(2)),
			Machine::new(2).proof(&provider),
			ed25519::Signature::default(),
		] {
			assert_noop!(try_with(proof), Error::<Test>::BadEndpointProof);
		}
	});
}

#[test]
fn a_rotated_key_is_void_at_once_and_free_for_others() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		let (old, new) = (Machine::new(1), Machine::new(2));
		let consent = new.consent_at(&provider, &old.endpoint.public());
		assert_ok!(Register::rotate_key(signed(&provider), new.worker.public(), consent));

		assert_eq!(Register::provider_of(&old.worker_account()), None);
		assert_eq!(Register::provider_of(&new.worker_account()), Some(provider.clone()));
		assert_eq!(Register::worker_key(&provider), Some(new.worker.public()));
		assert_eq!(
			events(),
			[Event::KeyRotated { provider, old: old.worker.public(), new: new.worker.public() }]
		);
		let reused = Machine { worker: old.worker, ..Machine::new(3) };
		assert_ok!(reused.register(&account(3), BOND));
	});
}

#[test]
fn rotations_are_refused_by_name() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		let taken = registered(2);
		let (own, new) = (Machine::new(1), Machine::new(3));
		let rotate = |who, machine: &Machine, consent| {
			Register::rotate_key(signed(who), machine.worker.public(), consent)
		};
		let endpoint = own.endpoint.public();
		let stranger = account(4);
		assert_noop!(
			rotate(&stranger, &new, new.consent_at(&stranger, &endpoint)),
			Error::<Test>::NotProvider
		);
		let theirs = Machine::new(2).consent_at(&provider, &endpoint);
		assert_noop!(rotate(&provider, &Machine::new(2), theirs), Error::<Test>::WorkerTaken);
		assert_noop!(rotate(&provider, &own, own.consent(&provider)), Error::<Test>::WorkerTaken);
		assert_noop!(
			rotate(&provider, &new, new.consent_at(&taken, &endpoint)),
			Error::<Test>::BadConsent
		);
	});
}

/// The provider of machine 1 replaces its key by that of another machine.
fn rotate(provider: &AccountId, seed: u8) -> Result<(), DispatchError> {
	let new = Machine::new(seed);
	let consent = new.consent_at(provider, &Machine::new(1).endpoint.public());
	Register::rotate_key(signed(provider), new.worker.public(), consent)
}

#[test]
fn a_window_is_judged_by_the_key_that_the_worker_had_when_it_started() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		let [old, new] = [1, 2].map(|seed| Some(Machine::new(seed).worker.public()));
		System::set_block_number(100);
		assert_eq!(Register::worker_key_at(&provider, 100), old);
		assert_ok!(rotate(&provider, 2));
		// Block 100 began with the old key, whatever its transactions changed.
		for (block, key) in [(1, old), (99, old), (100, old), (101, new), (u32::MAX, new)] {
			assert_eq!(Register::worker_key_at(&provider, block), key, "block {block}");
		}
		assert_eq!(Register::worker_key(&provider), new);
		assert_eq!(Register::worker_key_at(&account(2), 100), None);
	});
}

#[test]
fn a_key_is_not_replaced_again_before_the_pause_is_over() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		assert_ok!(rotate(&provider, 2));
		pass(29);
		assert_noop!(rotate(&provider, 3), Error::<Test>::RotatedRecently);
		pass(1);
		assert_ok!(rotate(&provider, 3));
	});
}

#[test]
fn a_key_is_replaced_once_a_block_even_without_a_pause() {
	ExtBuilder::default().build_and_execute(|| {
		RotationPause::set(0);
		let provider = registered(1);
		assert_ok!(rotate(&provider, 2));
		assert_noop!(rotate(&provider, 3), Error::<Test>::RotatedRecently);
		pass(1);
		assert_ok!(rotate(&provider, 3));
	});
}

#[test]
fn keys_of_the_past_are_right_for_as_long_as_a_pause_lasts() {
	for seed in 0..20 {
		ExtBuilder::default().build_and_execute(|| {
			let mut random = ChaCha8Rng::seed_from_u64(seed);
			let pause = random.gen_range(0..12);
			RotationPause::set(pause);
			let provider = registered(1);
			// The key that each block began with, written down as it happens
			let mut history = BTreeMap::new();
			let mut rotations = 0;
			for _ in 0..100 {
				let now = System::block_number();
				history.insert(now, Register::worker_key(&provider).unwrap());
				for _ in 0..random.gen_range(0..3) {
					// Among four keys, so that some are taken up again.
					rotations += u32::from(rotate(&provider, random.gen_range(1..5)).is_ok());
				}
				// The last so many blocks, this one among them: the key of an earlier block may be forgotten.
				for block in (now + 1).saturating_sub(pause.max(1)).max(1)..=now {
					let known = Register::worker_key_at(&provider, block);
					assert_eq!(known, history.get(&block).copied(), "block {block} in block {now}");
				}
				// What the chain knows of blocks to come is what it knows now.
				let next = Register::worker_key_at(&provider, now + 1);
				assert_eq!(next, Register::worker_key(&provider));
				pass(1);
			}
			assert!(rotations > 3, "{rotations} rotations with a pause of {pause}");
		});
	}
}

#[test]
fn an_endpoint_moves_and_its_old_key_is_free() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		let new = Machine::new(2);
		let set = |machine: &Machine, addresses, relay| {
			let proof = machine.proof(&provider);
			let key = machine.endpoint.public();
			Register::set_endpoint(signed(&provider), key, proof, addresses, relay)
		};
		assert_ok!(set(&new, Default::default(), None));
		assert_eq!(Endpoints::<Test>::get(Machine::new(1).endpoint.public()), None);
		let key = new.endpoint.public();
		assert_eq!(Endpoints::<Test>::get(key), Some(provider.clone()));
		assert_eq!(events(), [Event::EndpointSet { provider: provider.clone(), endpoint: key }]);
		// The same key at other addresses
		assert_ok!(set(&new, addresses(), relay()));
		assert_eq!(ledger(&provider).endpoint.addresses, addresses());
	});
}

#[test]
fn endpoints_are_refused_by_name() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		registered(2);
		let set = |who, machine: &Machine, proof| {
			let key = machine.endpoint.public();
			Register::set_endpoint(signed(who), key, proof, addresses(), relay())
		};
		let (taken, new, stranger) = (Machine::new(2), Machine::new(3), account(4));
		assert_noop!(set(&stranger, &new, new.proof(&stranger)), Error::<Test>::NotProvider);
		assert_noop!(set(&provider, &taken, taken.proof(&provider)), Error::<Test>::EndpointTaken);
		assert_noop!(set(&provider, &new, taken.proof(&provider)), Error::<Test>::BadEndpointProof);
	});
}

#[test]
fn hardware_is_what_the_provider_says() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		let hardware = Hardware { memory_mib: 1, ..hardware() };
		assert_ok!(Register::set_hardware(signed(&provider), hardware));
		assert_eq!(ledger(&provider).hardware, hardware);
		assert_eq!(events(), [Event::HardwareSet { provider, hardware }]);
		assert_noop!(
			Register::set_hardware(signed(&account(2)), hardware),
			Error::<Test>::NotProvider
		);
	});
}

#[test]
fn calls_of_providers_need_a_signature() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		let (machine, origin) = (Machine::new(1), RuntimeOrigin::root);
		let (worker, endpoint) = (machine.worker.public(), machine.endpoint.public());
		let (consent, proof) = (machine.consent(&provider), machine.proof(&provider));
		let results = [
			Register::register(
				origin(),
				worker,
				consent,
				endpoint,
				proof,
				addresses(),
				relay(),
				hardware(),
				BOND,
			),
			Register::rotate_key(origin(), worker, consent),
			Register::set_endpoint(origin(), endpoint, proof, addresses(), relay()),
			Register::set_hardware(origin(), hardware()),
			Register::bond_more(origin(), 1),
			Register::unbond(origin(), 1),
			Register::withdraw(origin()),
			Register::settle_commitment(origin(), provider.clone(), MODEL)
				.map(drop)
				.map_err(|error| error.error),
			Register::deregister(origin()),
			Register::set_bond_price(signed(&provider), 1),
		];
		assert!(results.iter().all(|result| *result == Err(DispatchError::BadOrigin)));
	});
}

#[test]
fn deregistering_gives_everything_back_and_frees_the_keys() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		assert_ok!(Register::unbond(signed(&provider), 500));
		System::reset_events();
		assert_ok!(Register::deregister(signed(&provider)));

		assert_eq!(held(&provider), 0);
		assert_eq!(Balances::free_balance(&provider), ENDOWMENT);
		assert_eq!(Ledgers::<Test>::iter().count(), 0);
		assert_eq!(Workers::<Test>::iter().count(), 0);
		assert_eq!(events(), [Event::Deregistered { provider, bond: BOND }]);
		assert_ok!(Machine::new(1).register(&account(2), BOND));
	});
}

#[test]
fn nobody_deregisters_from_under_a_commitment_or_open_work() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = committed(1);
		let leave = || Register::deregister(signed(&provider));
		assert_noop!(leave(), Error::<Test>::BondCommitted);
		Register::release(&provider, MODEL);
		assert_noop!(leave(), Error::<Test>::BondCommitted);
		pass(200);
		assert_noop!(leave(), Error::<Test>::BondCommitted);
		assert_ok!(Register::settle_commitment(signed(&account(4)), provider.clone(), MODEL));
		OpenUnits::set(1);
		assert_noop!(leave(), Error::<Test>::OpenUnits);
		OpenUnits::set(0);
		assert_ok!(leave());
		assert_noop!(leave(), Error::<Test>::NotProvider);
	});
}
