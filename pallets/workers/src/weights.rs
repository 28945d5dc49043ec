//! Weights of the calls. Estimates until a benchmark on reference hardware replaces them: 25 µs, the signatures that are
//! verified, and the storage accesses of the code, counted by hand.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::RocksDbWeight, Weight},
};

/// The weight of every call of this pallet.
pub trait WeightInfo {
	/// `register`.
	fn register() -> Weight;
	/// `rotate_key`.
	fn rotate_key() -> Weight;
	/// `set_endpoint`.
	fn set_endpoint() -> Weight;
	/// `set_hardware`.
	fn set_hardware() -> Weight;
	/// `bond_more`.
	fn bond_more() -> Weight;
	/// `unbond`.
	fn unbond() -> Weight;
	/// `withdraw`, with all parts unlocked.
	fn withdraw() -> Weight;
	/// `settle_commitment`.
	fn settle_commitment() -> Weight;
	/// `deregister`.
	fn deregister() -> Weight;
	/// `set_bond_price`.
	fn set_bond_price() -> Weight;
}

/// Weights for the runtime's own database.
pub struct SubstrateWeight<T>(PhantomData<T>);

macro_rules! estimates {
	($weight:ty) => {
		fn register() -> Weight {
			// Reads: ledger, worker, endpoint, genesis, holds, account. Writes: ledger, worker, endpoint, holds, account.
			Weight::from_parts(180_000_000, 6_000)
				.saturating_add(<$weight>::get().reads_writes(6, 5))
		}

		fn rotate_key() -> Weight {
			// Reads: ledger, pause, worker, genesis. Writes: ledger, old and new worker.
			Weight::from_parts(95_000_000, 6_000)
				.saturating_add(<$weight>::get().reads_writes(4, 3))
		}

		fn set_endpoint() -> Weight {
			// Reads: ledger, endpoint, genesis. Writes: ledger, old and new endpoint.
			Weight::from_parts(95_000_000, 6_000)
				.saturating_add(<$weight>::get().reads_writes(3, 3))
		}

		fn set_hardware() -> Weight {
			// Reads: ledger. Writes: the same.
			Weight::from_parts(28_000_000, 4_000)
				.saturating_add(<$weight>::get().reads_writes(1, 1))
		}

		fn bond_more() -> Weight {
			// Reads: ledger, holds, account. Writes: the same.
			Weight::from_parts(55_000_000, 4_000)
				.saturating_add(<$weight>::get().reads_writes(3, 3))
		}

		fn unbond() -> Weight {
			// Reads: ledger, period. Writes: ledger.
			Weight::from_parts(32_000_000, 4_000)
				.saturating_add(<$weight>::get().reads_writes(2, 1))
		}

		fn withdraw() -> Weight {
			// Reads: ledger, open units, holds, account. Writes: ledger, holds, account.
			Weight::from_parts(58_000_000, 6_000)
				.saturating_add(<$weight>::get().reads_writes(4, 3))
		}

		fn settle_commitment() -> Weight {
			// Reads: commitment, open units, ledger. Writes: commitment, ledger.
			Weight::from_parts(33_000_000, 6_000)
				.saturating_add(<$weight>::get().reads_writes(3, 2))
		}

		fn deregister() -> Weight {
			// Reads: ledger, open units, holds, account. Writes: ledger, worker, endpoint, holds, account.
			Weight::from_parts(62_000_000, 6_000)
				.saturating_add(<$weight>::get().reads_writes(4, 5))
		}

		fn set_bond_price() -> Weight {
			// Writes: price.
			Weight::from_parts(25_000_000, 0).saturating_add(<$weight>::get().writes(1))
		}
	};
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	estimates!(T::DbWeight);
}

impl WeightInfo for () {
	estimates!(RocksDbWeight);
}
