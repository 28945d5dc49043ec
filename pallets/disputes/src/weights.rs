//! Weights of the calls. Estimates until a benchmark on reference hardware replaces them: 25 µs and the storage accesses of
//! the code, counted by hand. The calls that end a game include what the runtime's `Outcome` does.

use core::marker::PhantomData;

use frame_support::{
	traits::Get,
	weights::{constants::RocksDbWeight, RuntimeDbWeight, Weight},
};

/// The weight of every call of this pallet.
pub trait WeightInfo {
	/// `reveal` of as many leaves as there may be.
	fn reveal() -> Weight;
	/// `advance` by as many hashes as there may be.
	fn advance() -> Weight;
	/// `choose` of a child whose single position has to be looked into.
	fn choose() -> Weight;
	/// `prove_leaf` with `e` bytes of evidence that refute the unit, while as many games about it are open as may be.
	fn prove_leaf(e: u32) -> Weight;
	/// `time_out` of a defender, while as many games about its unit are open as may be.
	fn time_out() -> Weight;
}

/// Weights for the runtime's own database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn reveal() -> Weight {
		moving(T::DbWeight::get())
	}

	fn advance() -> Weight {
		moving(T::DbWeight::get())
	}

	fn choose() -> Weight {
		moving(T::DbWeight::get())
	}

	fn prove_leaf(e: u32) -> Weight {
		proving(e).saturating_add(ending(T::DbWeight::get()))
	}

	fn time_out() -> Weight {
		ending(T::DbWeight::get())
	}
}

impl WeightInfo for () {
	fn reveal() -> Weight {
		moving(RocksDbWeight::get())
	}

	fn advance() -> Weight {
		moving(RocksDbWeight::get())
	}

	fn choose() -> Weight {
		moving(RocksDbWeight::get())
	}

	fn prove_leaf(e: u32) -> Weight {
		proving(e).saturating_add(ending(RocksDbWeight::get()))
	}

	fn time_out() -> Weight {
		ending(RocksDbWeight::get())
	}
}

/// Reads: game, worker key, spec. Writes: game.
fn moving(db: RuntimeDbWeight) -> Weight {
	Weight::from_parts(35_000_000, 12_000).saturating_add(db.reads_writes(3, 1))
}

/// Reads: game, spec, index. Writes: game, index, and a game for each other challenger. The outcome is taken to read and
/// write another 20 items: unit, record, audit, bonds and accounts.
fn ending(db: RuntimeDbWeight) -> Weight {
	Weight::from_parts(150_000_000, 40_000).saturating_add(db.reads_writes(23, 30))
}

/// Hashing and recomputing take 10 ns a byte of evidence.
fn proving(e: u32) -> Weight {
	Weight::from_parts(10_000, 0).saturating_mul(e.into())
}
