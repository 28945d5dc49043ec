//! Benchmarks of every call and hook, each in its worst case.

use crate::{
	AccountIdOf, BalanceOf, Call, Candidacy, Candidates, Config, Current, Exposure, MinValidators,
	Pallet, Planned, Queue, Seat, SeatsOf, Slash, Slashes, Status, WaitingCount,
};
use alloc::{vec, vec::Vec};
use codec::{Decode, Encode};
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{
		fungible::{Inspect, Mutate, MutateHold},
		Get,
	},
	BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use pallet_session::{
	historical, CurrentIndex, Pallet as Session, SessionInterface, SessionManager,
};
use sp_runtime::{
	traits::{Bounded, TrailingZeroInput, Zero},
	Perbill, Saturating,
};
use sp_staking::offence::{OffenceDetails, OnOffenceHandler};

/// An account with much more than a bond.
fn rich<T: Config>(name: &'static str, index: u32) -> AccountIdOf<T> {
	let who = account(name, index, 0);
	let amount = T::MinBond::get()
		.saturating_add(<T as Config>::Currency::minimum_balance())
		.saturating_mul(100u32.into());
	let _ = <T as Config>::Currency::set_balance(&who, amount);
	who
}

/// An account with session keys that nobody else has.
fn operator<T: Config>(name: &'static str, index: u32) -> Result<AccountIdOf<T>, BenchmarkError> {
	let who = rich::<T>(name, index);
	let seed: Vec<u8> = (0..16u8)
		.flat_map(|part| sp_io::hashing::blake2_256(&(name, index, part).encode()))
		.collect();
	let keys = <T as pallet_session::Config>::Keys::decode(&mut TrailingZeroInput::new(&seed))
		.map_err(|_| BenchmarkError::Stop("session keys do not decode from noise"))?;
	<Session<T> as SessionInterface>::set_keys(&who, keys)?;
	Ok(who)
}

/// An account with a bond, keys and the given status.
fn bonded<T: Config>(
	name: &'static str,
	index: u32,
	status: Status<BlockNumberFor<T>>,
) -> Result<AccountIdOf<T>, BenchmarkError> {
	let who = operator::<T>(name, index)?;
	let bond = T::MinBond::get();
	<T as Config>::Currency::hold(&crate::HoldReason::ValidatorBond.into(), &who, bond)?;
	Candidates::<T>::insert(&who, Candidacy { bond, status });
	Ok(who)
}

/// A queue of `count` candidates with keys, in place of the one there is. Returns the last.
fn fill_queue<T: Config>(count: u32) -> Result<AccountIdOf<T>, BenchmarkError> {
	let queue = (0..count)
		.map(|index| bonded::<T>("candidate", index, Status::Queued))
		.collect::<Result<Vec<_>, _>>()?;
	let last = queue.last().cloned().ok_or(BenchmarkError::Stop("MaxCandidates is zero"))?;
	Queue::<T>::put(BoundedVec::truncate_from(queue));
	WaitingCount::<T>::put(count);
	Ok(last)
}

/// A set of `count` validators of the given status, in place of the one there is, in this session
/// and the next.
fn seat<T: Config>(
	count: u32,
	status: Status<BlockNumberFor<T>>,
) -> Result<Vec<AccountIdOf<T>>, BenchmarkError> {
	let set = (0..count)
		.map(|index| bonded::<T>("validator", index, status.clone()))
		.collect::<Result<Vec<_>, _>>()?;
	let seats = set.iter().cloned().map(|who| Seat { who, bond: T::MinBond::get() }).collect();
	let seats = SeatsOf::<T>::truncate_from(seats);
	Planned::<T>::put(&seats);
	Current::<T>::put(seats);
	MinValidators::<T>::put(1);
	pallet_session::Validators::<T>::put(&set);
	Ok(set)
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
mod benchmarks {
	use super::*;

	#[benchmark]
	fn apply() -> Result<(), BenchmarkError> {
		let who = operator::<T>("applicant", 0)?;
		WaitingCount::<T>::put(0);
		let bond = T::MinBond::get();

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), bond);

		assert!(Candidates::<T>::contains_key(&who));
		Ok(())
	}

	#[benchmark]
	fn bond_more() -> Result<(), BenchmarkError> {
		let who = bonded::<T>("applicant", 0, Status::Applied)?;
		let bond = T::MinBond::get();

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), bond);

		let bond = bond.saturating_add(bond);
		assert!(Candidates::<T>::get(&who).is_some_and(|candidacy| candidacy.bond == bond));
		Ok(())
	}

	#[benchmark]
	fn approve() -> Result<(), BenchmarkError> {
		let origin = governance::<T>()?;
		fill_queue::<T>(T::MaxCandidates::get())?;
		Queue::<T>::mutate(|queue| queue.pop());
		let who = bonded::<T>("applicant", 0, Status::Applied)?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, who.clone());

		assert!(Queue::<T>::get().contains(&who));
		Ok(())
	}

	#[benchmark]
	fn remove() -> Result<(), BenchmarkError> {
		let origin = governance::<T>()?;
		let who = fill_queue::<T>(T::MaxCandidates::get())?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, who.clone());

		assert!(!Queue::<T>::get().contains(&who));
		Ok(())
	}

	#[benchmark]
	fn leave() -> Result<(), BenchmarkError> {
		let who = fill_queue::<T>(T::MaxCandidates::get())?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(!Queue::<T>::get().contains(&who));
		Ok(())
	}

	#[benchmark]
	fn withdraw() -> Result<(), BenchmarkError> {
		seat::<T>(T::MaxValidators::get(), Status::Active)?;
		let who = bonded::<T>("leaver", 0, Status::Unbonding { unlocks_at: Zero::zero() })?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(!Candidates::<T>::contains_key(&who));
		Ok(())
	}

	#[benchmark]
	fn purge_keys() -> Result<(), BenchmarkError> {
		seat::<T>(T::MaxValidators::get(), Status::Active)?;
		let who = bonded::<T>("leaver", 0, Status::Unbonding { unlocks_at: Bounded::max_value() })?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(Session::<T>::load_keys(&who).is_none());
		Ok(())
	}

	#[benchmark]
	fn set_min_validators() -> Result<(), BenchmarkError> {
		let origin = governance::<T>()?;
		let floor = T::MaxValidators::get();
		seat::<T>(floor, Status::Active)?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, floor);

		assert_eq!(MinValidators::<T>::get(), floor);
		Ok(())
	}

	#[benchmark]
	fn on_offence(o: Linear<1, { T::MaxValidators::get() }>) -> Result<(), BenchmarkError> {
		let bond = T::MinBond::get();
		let offenders: Vec<_> = seat::<T>(T::MaxValidators::get(), Status::Active)?
			.into_iter()
			.zip(0..o)
			.map(|(who, index)| OffenceDetails {
				offender: (who, Exposure { bond }),
				reporters: vec![rich::<T>("reporter", index)],
			})
			.collect();
		let fractions = vec![Perbill::from_percent(100); offenders.len()];
		let session = Session::<T>::current_index();

		#[block]
		{
			<Pallet<T> as OnOffenceHandler<_, _, _>>::on_offence(&offenders, &fractions, session);
		}

		assert_eq!(Slashes::<T>::iter_prefix(session).count(), o as usize);
		Ok(())
	}

	#[benchmark]
	fn new_session(
		v: Linear<1, { T::MaxValidators::get() }>,
		c: Linear<1, { T::MaxCandidates::get() }>,
	) -> Result<(), BenchmarkError> {
		seat::<T>(v, Status::Leaving)?;
		fill_queue::<T>(c)?;
		let next = Session::<T>::current_index().saturating_add(1);

		#[block]
		{
			<Pallet<T> as SessionManager<_>>::new_session(next);
		}

		let first = account("candidate", 0, 0);
		assert!(Planned::<T>::get().iter().any(|seat| seat.who == first));
		Ok(())
	}

	#[benchmark]
	fn start_session(v: Linear<1, { T::MaxValidators::get() }>) -> Result<(), BenchmarkError> {
		let set = seat::<T>(v, Status::Ejected { fraction: Perbill::one() })?;
		Current::<T>::kill();
		// A session falls out of the history in which everyone was slashed.
		let index = T::HistoryDepth::get().saturating_add(1);
		CurrentIndex::<T>::put(index);
		historical::StoredRange::<T>::put((0, index));
		let slash = Slash { fraction: Perbill::one(), amount: BalanceOf::<T>::zero() };
		for who in set {
			Slashes::<T>::insert(0, who, slash.clone());
		}

		#[block]
		{
			<Pallet<T> as SessionManager<_>>::start_session(index);
		}

		assert_eq!(Current::<T>::get().len(), v as usize);
		assert_eq!(Slashes::<T>::iter_prefix(0).count(), 0);
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
