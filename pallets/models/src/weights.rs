//! Weights of the calls. Estimates until a benchmark on reference hardware replaces them: 25 µs and the storage accesses
//! of the code, counted by hand.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::RocksDbWeight, Weight},
};

/// The weight of every call of this pallet.
pub trait WeightInfo {
	/// `register_dataset`.
	fn register_dataset() -> Weight;
	/// `transfer_dataset`.
	fn transfer_dataset() -> Weight;
	/// `propose` of a fork with `s` stages.
	fn propose(s: u32) -> Weight;
	/// `open`.
	fn open() -> Weight;
	/// `set_price`.
	fn set_price() -> Weight;
	/// `pause`.
	fn pause() -> Weight;
	/// `resume`.
	fn resume() -> Weight;
	/// `restart_from`.
	fn restart_from() -> Weight;
	/// `retire`.
	fn retire() -> Weight;
	/// `cede`.
	fn cede() -> Weight;
}

/// Weights for the runtime's own database.
pub struct SubstrateWeight<T>(PhantomData<T>);

macro_rules! estimates {
	($weight:ty) => {
		fn register_dataset() -> Weight {
			// Reads: dataset, holds, account. Writes: the same.
			Weight::from_parts(55_000_000, 4_000)
				.saturating_add(<$weight>::get().reads_writes(3, 3))
		}

		fn transfer_dataset() -> Weight {
			// Reads: dataset, holds and account of both. Writes: the same.
			Weight::from_parts(75_000_000, 7_000)
				.saturating_add(<$weight>::get().reads_writes(5, 5))
		}

		fn propose(s: u32) -> Weight {
			// Reads: dataset, next, parent's record and spec, holds, account. Writes: next, spec, record, holds, account.
			Weight::from_parts(100_000_000, 10_000)
				.saturating_add(Weight::from_parts(500_000, 0).saturating_mul(s.into()))
				.saturating_add(<$weight>::get().reads_writes(6, 5))
		}

		fn open() -> Weight {
			// Reads: record. Writes: the same.
			Weight::from_parts(28_000_000, 4_000)
				.saturating_add(<$weight>::get().reads_writes(1, 1))
		}

		fn set_price() -> Weight {
			// Reads: record. Writes: the same.
			Weight::from_parts(28_000_000, 4_000)
				.saturating_add(<$weight>::get().reads_writes(1, 1))
		}

		fn pause() -> Weight {
			// Reads: record. Writes: the same.
			Weight::from_parts(28_000_000, 4_000)
				.saturating_add(<$weight>::get().reads_writes(1, 1))
		}

		fn resume() -> Weight {
			// Reads: record, spec. Writes: record.
			Weight::from_parts(35_000_000, 6_000)
				.saturating_add(<$weight>::get().reads_writes(2, 1))
		}

		fn restart_from() -> Weight {
			// Reads: record, window, spec. Writes: record.
			Weight::from_parts(40_000_000, 8_000)
				.saturating_add(<$weight>::get().reads_writes(3, 1))
		}

		fn retire() -> Weight {
			// Reads: record, holds, account. Writes: the same.
			Weight::from_parts(55_000_000, 4_000)
				.saturating_add(<$weight>::get().reads_writes(3, 3))
		}

		fn cede() -> Weight {
			// Reads: record, holds and account of both. Writes: the same.
			Weight::from_parts(75_000_000, 7_000)
				.saturating_add(<$weight>::get().reads_writes(5, 5))
		}
	};
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	estimates!(T::DbWeight);
}

impl WeightInfo for () {
	estimates!(RocksDbWeight);
}
