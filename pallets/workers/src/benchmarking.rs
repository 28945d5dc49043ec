//! Benchmarks of every call, each in its worst case. They sign with the keystore of the machine that runs them.

use crate::{
	Addresses, BondPrice, Call, Commitment, Commitments, Config, Hardware, Ledgers, Pallet, Relay,
	Unbonding, MAX_ADDRESS, MAX_ADDRESSES, MAX_RELAY, MAX_UNBONDING,
};
use alloc::vec;
use cairn_primitives::{
	signing::{endpoint_message, worker_message},
	traits::Providers,
	Balance, ModelId,
};
use frame_benchmarking::v2::*; // the macros need names that the prelude hides
use frame_support::{
	traits::{
		fungible::{Inspect, Mutate},
		Get,
	},
	BoundedVec,
};
use frame_system::RawOrigin;
use sp_core::{crypto::KeyTypeId, ed25519, sr25519};
use sp_runtime::AccountId32;

const KEYS: KeyTypeId = KeyTypeId(*b"benc");
const MODEL: ModelId = 0;

/// An account with many times the smallest bond.
fn rich<T: Config>() -> AccountId32 {
	let who = account("provider", 0, 0);
	let amount = bond::<T>().saturating_add(T::Currency::minimum_balance()).saturating_mul(10);
	let _ = T::Currency::set_balance(&who, amount);
	who
}

fn bond<T: Config>() -> Balance {
	T::MinBond::get().saturating_add(T::Currency::minimum_balance()).saturating_mul(100)
}

/// A new worker key and its consent.
fn worker<T: Config>(
	provider: &AccountId32,
	endpoint: &ed25519::Public,
) -> Result<(sr25519::Public, sr25519::Signature), BenchmarkError> {
	let key = sp_io::crypto::sr25519_generate(KEYS, None);
	let message = worker_message(Pallet::<T>::genesis(), provider, endpoint);
	let consent = sp_io::crypto::sr25519_sign(KEYS, &key, message.as_bytes())
		.ok_or(BenchmarkError::Stop("the keystore does not sign"))?;
	Ok((key, consent))
}

/// A new endpoint key and its proof.
fn endpoint<T: Config>(
	provider: &AccountId32,
) -> Result<(ed25519::Public, ed25519::Signature), BenchmarkError> {
	let key = sp_io::crypto::ed25519_generate(KEYS, None);
	let message = endpoint_message(Pallet::<T>::genesis(), provider);
	let proof = sp_io::crypto::ed25519_sign(KEYS, &key, message.as_bytes())
		.ok_or(BenchmarkError::Stop("the keystore does not sign"))?;
	Ok((key, proof))
}

fn addresses() -> Addresses {
	let address = BoundedVec::truncate_from(vec![b'x'; MAX_ADDRESS as usize]);
	BoundedVec::truncate_from(vec![address; MAX_ADDRESSES as usize])
}

fn relay() -> Option<Relay> {
	Some(BoundedVec::truncate_from(vec![b'x'; MAX_RELAY as usize]))
}

/// A provider with the longest addresses, and `parts` of its bond unbonding.
fn registered<T: Config>(parts: u32) -> Result<AccountId32, BenchmarkError> {
	let provider = rich::<T>();
	let (endpoint, proof) = endpoint::<T>(&provider)?;
	let (worker, consent) = worker::<T>(&provider, &endpoint)?;
	Pallet::<T>::register(
		RawOrigin::Signed(provider.clone()).into(),
		worker,
		consent,
		endpoint,
		proof,
		addresses(),
		relay(),
		Hardware::default(),
		bond::<T>(),
	)?;
	Ledgers::<T>::mutate_extant(&provider, |ledger| {
		let part = Unbonding { amount: 1, unlock: 0 };
		ledger.unbonding = BoundedVec::truncate_from(vec![part; parts as usize]);
	});
	Ok(provider)
}

/// The origin of governance.
fn governance<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	#[cfg(feature = "runtime-benchmarks")]
	return <T::GovernanceOrigin as frame_support::traits::EnsureOrigin<_>>::try_successful_origin(
	)
	.map_err(|()| BenchmarkError::Weightless);
	// The mock's origin, which can only be made up with that feature.
	#[cfg(not(feature = "runtime-benchmarks"))]
	Ok(RawOrigin::Root.into())
}

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn register() -> Result<(), BenchmarkError> {
		let provider = rich::<T>();
		let (endpoint, proof) = endpoint::<T>(&provider)?;
		let (worker, consent) = worker::<T>(&provider, &endpoint)?;

		#[extrinsic_call]
		_(
			RawOrigin::Signed(provider.clone()),
			worker,
			consent,
			endpoint,
			proof,
			addresses(),
			relay(),
			Hardware::default(),
			bond::<T>(),
		);

		assert_eq!(Pallet::<T>::worker_key(&provider), Some(worker));
		Ok(())
	}

	#[benchmark]
	fn rotate_key() -> Result<(), BenchmarkError> {
		let provider = registered::<T>(MAX_UNBONDING)?;
		let endpoint = Pallet::<T>::ledger(&provider)?.endpoint.key;
		let (worker, consent) = worker::<T>(&provider, &endpoint)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(provider.clone()), worker, consent);

		assert_eq!(Pallet::<T>::worker_key(&provider), Some(worker));
		Ok(())
	}

	#[benchmark]
	fn set_endpoint() -> Result<(), BenchmarkError> {
		let provider = registered::<T>(MAX_UNBONDING)?;
		let (key, proof) = endpoint::<T>(&provider)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(provider.clone()), key, proof, addresses(), relay());

		assert_eq!(Pallet::<T>::ledger(&provider)?.endpoint.key, key);
		Ok(())
	}

	#[benchmark]
	fn set_hardware() -> Result<(), BenchmarkError> {
		let provider = registered::<T>(MAX_UNBONDING)?;
		let hardware = Hardware { gigaflops: 1, ..Default::default() };

		#[extrinsic_call]
		_(RawOrigin::Signed(provider.clone()), hardware);

		assert_eq!(Pallet::<T>::ledger(&provider)?.hardware, hardware);
		Ok(())
	}

	#[benchmark]
	fn bond_more() -> Result<(), BenchmarkError> {
		let provider = registered::<T>(MAX_UNBONDING)?;
		let bond = bond::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(provider.clone()), bond);

		assert_eq!(Pallet::<T>::ledger(&provider)?.bond, bond + bond);
		Ok(())
	}

	#[benchmark]
	fn unbond() -> Result<(), BenchmarkError> {
		let provider = registered::<T>(MAX_UNBONDING - 1)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(provider.clone()), 1);

		let parts = Pallet::<T>::ledger(&provider)?.unbonding.len();
		assert_eq!(parts, MAX_UNBONDING as usize);
		Ok(())
	}

	#[benchmark]
	fn withdraw() -> Result<(), BenchmarkError> {
		let provider = registered::<T>(MAX_UNBONDING)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(provider.clone()));

		let parts = Pallet::<T>::ledger(&provider)?.unbonding.len();
		assert_eq!(parts, 0);
		Ok(())
	}

	#[benchmark]
	fn settle_commitment() -> Result<(), BenchmarkError> {
		let provider = registered::<T>(MAX_UNBONDING)?;
		Pallet::<T>::commit(&provider, MODEL, 1)?;
		Commitments::<T>::insert(&provider, MODEL, Commitment { amount: 1, unlock: Some(0) });

		#[extrinsic_call]
		_(RawOrigin::Signed(provider.clone()), provider.clone(), MODEL);

		assert!(!Commitments::<T>::contains_key(&provider, MODEL));
		Ok(())
	}

	#[benchmark]
	fn deregister() -> Result<(), BenchmarkError> {
		let provider = registered::<T>(MAX_UNBONDING)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(provider.clone()));

		assert!(!Ledgers::<T>::contains_key(&provider));
		Ok(())
	}

	#[benchmark]
	fn set_bond_price() -> Result<(), BenchmarkError> {
		let origin = governance::<T>()?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 7);

		assert_eq!(BondPrice::<T>::get(), 7);
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
