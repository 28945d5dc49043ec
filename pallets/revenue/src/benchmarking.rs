//! Benchmarks of every call, each in its worst case: a fork, whose fold pays a royalty to a parent that has no pool yet.

use alloc::vec::Vec;

use cairn_primitives::{Balance, ModelId};
use frame_benchmarking::v2::{account, benchmarks, impl_test_function, BenchmarkError};
use frame_support::{
	traits::{
		fungible::{Inspect, Mutate},
		tokens::Preservation,
		Get,
	},
	BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, Pallet as System, RawOrigin};
use sp_runtime::traits::SaturatedConversion;

use crate::{AccountIdOf, Call, Config, Holder, Holders, Pallet, Pools, MAX_CLAIMS};

/// What benchmarks need of the registry of models.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper {
	/// A fork of a fork, in a family of its own for each `index`; the models of the family ask a royalty of at least
	/// a hundredth, and none has shares or income.
	fn fork(index: u32) -> ModelId;
}

/// Shares of the one holder.
const SHARES: Balance = 1 << 60;
/// Income that streams.
const INCOME: Balance = 1 << 60;

// The mock's registry of models is the same for every `T`.
#[allow(clippy::extra_unused_type_parameters)]
fn fork<T: Config>(index: u32) -> ModelId {
	#[cfg(feature = "runtime-benchmarks")]
	return T::BenchmarkHelper::fork(index);
	#[cfg(not(feature = "runtime-benchmarks"))]
	crate::mock::fork(index)
}

fn rich<T: Config>(name: &'static str) -> AccountIdOf<T> {
	let who = account(name, 0, 0);
	let least = T::Currency::minimum_balance().saturating_add(T::RowDeposit::get());
	let amount = INCOME.saturating_add(least).saturating_mul(100);
	let _ = T::Currency::set_balance(&who, amount);
	who
}

fn pass<T: Config>(blocks: u32) {
	let now: BlockNumberFor<T> = Pallet::<T>::now().saturating_add(blocks).saturated_into();
	System::<T>::set_block_number(now);
}

/// Someone who holds all shares of a fork, in a row that somebody else paid for; half of its income has streamed.
fn held<T: Config>(index: u32) -> Result<(ModelId, AccountIdOf<T>), BenchmarkError> {
	let model = fork::<T>(index);
	let holder = rich::<T>("holder");
	let payer = rich::<T>("payer");
	let pool = Pallet::<T>::pool_of(model)?;
	let row = Pallet::<T>::paid_row(&pool, &payer)?;
	let pool = Pallet::<T>::store_row(model, pool, &holder, Holder { shares: SHARES, ..row })?;
	Pools::<T>::insert(model, Pallet::<T>::resize(pool, SHARES)?);
	Pallet::<T>::do_deposit(model, &payer, INCOME, Preservation::Preserve)?;
	Ok((model, holder))
}

/// Someone who sold all shares of some forks after they had earned, so that the claim removes the rows.
fn sold<T: Config>(count: u32) -> Result<(Vec<ModelId>, AccountIdOf<T>), BenchmarkError> {
	let held: Vec<_> = (0..count).map(held::<T>).collect::<Result<_, _>>()?;
	pass::<T>(T::StreamBlocks::get().div_ceil(2));
	let buyer = rich::<T>("buyer");
	for (model, holder) in &held {
		Pallet::<T>::do_transfer(*model, holder, &buyer, SHARES)?;
	}
	pass::<T>(T::StreamBlocks::get());
	Ok((held.into_iter().map(|(model, _)| model).collect(), rich::<T>("holder")))
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn deposit_revenue() -> Result<(), BenchmarkError> {
		let model = fork::<T>(0);
		let who = rich::<T>("payer");

		#[extrinsic_call]
		_(RawOrigin::Signed(who), model, INCOME);

		assert!(Pools::<T>::get(model).is_some_and(|pool| pool.unallocated == INCOME));
		Ok(())
	}

	#[benchmark]
	fn fold() -> Result<(), BenchmarkError> {
		let (model, holder) = held::<T>(0)?;
		pass::<T>(T::StreamBlocks::get());

		#[extrinsic_call]
		_(RawOrigin::Signed(holder), model);

		assert!(Pools::<T>::get(model).is_some_and(|pool| pool.royalties > 0));
		Ok(())
	}

	#[benchmark]
	fn claim() -> Result<(), BenchmarkError> {
		let (models, who) = sold::<T>(1)?;
		let model = models.first().copied().ok_or(BenchmarkError::Stop("there is one"))?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), model);

		assert!(!Holders::<T>::contains_key(model, &who));
		Ok(())
	}

	#[benchmark]
	fn claim_many(n: Linear<1, MAX_CLAIMS>) -> Result<(), BenchmarkError> {
		let (models, who) = sold::<T>(n)?;
		let claims = BoundedVec::truncate_from(models.clone());

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), claims);

		assert!(models.iter().all(|model| !Holders::<T>::contains_key(model, &who)));
		Ok(())
	}

	#[benchmark]
	fn transfer_shares() -> Result<(), BenchmarkError> {
		let (model, who) = held::<T>(0)?;
		pass::<T>(T::StreamBlocks::get());
		let to: AccountIdOf<T> = account("newcomer", 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(who), model, to.clone(), SHARES);

		assert!(Holders::<T>::get(model, &to).is_some_and(|row| row.deposit.is_some()));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
