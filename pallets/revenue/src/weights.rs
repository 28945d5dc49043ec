//! Weights of the calls. Estimates until a benchmark on reference hardware replaces them: 25 µs and the storage accesses of the
//! code, counted by hand.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::RocksDbWeight, Weight},
};

/// The weight of every call of this pallet.
pub trait WeightInfo {
	/// `deposit_revenue`, which opens the pool of a fork.
	fn deposit_revenue() -> Weight;
	/// `fold` of a fork whose parent has no pool yet.
	fn fold() -> Weight;
	/// `claim` of a fork, which removes the row.
	fn claim() -> Weight;
	/// `claim_many` of `n` forks.
	fn claim_many(n: u32) -> Weight;
	/// `transfer_shares` of a fork to who has no row.
	fn transfer_shares() -> Weight;
}

/// Weights for the runtime's own database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn deposit_revenue() -> Weight {
		// Reads: pool, model, parent's terms, two accounts. Writes: pool, two accounts.
		Weight::from_parts(55_000_000, 8_000).saturating_add(T::DbWeight::get().reads_writes(5, 3))
	}

	fn fold() -> Weight {
		// Reads: pool, parent's pool, parent's model, grandparent's terms. Writes: two pools.
		Weight::from_parts(40_000_000, 8_000).saturating_add(T::DbWeight::get().reads_writes(4, 2))
	}

	fn claim() -> Weight {
		// Reads: row, pool, parent's pool, model and terms, holds, two accounts, the payer's. Writes: row, two pools, holds,
		// three accounts.
		Weight::from_parts(95_000_000, 12_000).saturating_add(T::DbWeight::get().reads_writes(9, 7))
	}

	fn claim_many(n: u32) -> Weight {
		// Once: two accounts. For each: all else of a claim.
		Weight::from_parts(55_000_000, 8_000)
			.saturating_add(Weight::from_parts(50_000_000, 8_000).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(2, 2))
			.saturating_add(T::DbWeight::get().reads_writes(7, 5).saturating_mul(n.into()))
	}

	fn transfer_shares() -> Weight {
		// Reads: two rows, pool, parent's pool, model and terms, two holds, two accounts. Writes: two rows, two pools, two
		// holds, two accounts.
		Weight::from_parts(110_000_000, 12_000)
			.saturating_add(T::DbWeight::get().reads_writes(10, 8))
	}
}

// For tests.
impl WeightInfo for () {
	fn deposit_revenue() -> Weight {
		Weight::from_parts(55_000_000, 8_000)
			.saturating_add(RocksDbWeight::get().reads_writes(5, 3))
	}

	fn fold() -> Weight {
		Weight::from_parts(40_000_000, 8_000)
			.saturating_add(RocksDbWeight::get().reads_writes(4, 2))
	}

	fn claim() -> Weight {
		Weight::from_parts(95_000_000, 12_000)
			.saturating_add(RocksDbWeight::get().reads_writes(9, 7))
	}

	fn claim_many(n: u32) -> Weight {
		Weight::from_parts(55_000_000, 8_000)
			.saturating_add(Weight::from_parts(50_000_000, 8_000).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads_writes(2, 2))
			.saturating_add(RocksDbWeight::get().reads_writes(7, 5).saturating_mul(n.into()))
	}

	fn transfer_shares() -> Weight {
		Weight::from_parts(110_000_000, 12_000)
			.saturating_add(RocksDbWeight::get().reads_writes(10, 8))
	}
}
