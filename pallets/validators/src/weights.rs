//! Weights of the calls and hooks. Estimates until a benchmark on reference hardware replaces them:
//! 25 µs and the storage accesses of the code, counted by hand.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::RocksDbWeight, Weight},
};

/// The weight of every call and hook of this pallet.
pub trait WeightInfo {
	/// `apply`.
	fn apply() -> Weight;
	/// `bond_more`.
	fn bond_more() -> Weight;
	/// `approve`, with a full queue.
	fn approve() -> Weight;
	/// `remove` of the last in a full queue.
	fn remove() -> Weight;
	/// `leave` by the last in a full queue.
	fn leave() -> Weight;
	/// `withdraw`.
	fn withdraw() -> Weight;
	/// `purge_keys`.
	fn purge_keys() -> Weight;
	/// `set_min_validators`.
	fn set_min_validators() -> Weight;
	/// Punishing `o` offenders.
	fn on_offence(o: u32) -> Weight;
	/// Planning a session: `v` validators who all want to leave, `c` candidates in the queue.
	fn new_session(v: u32, c: u32) -> Weight;
	/// Beginning a session with `v` validators.
	fn start_session(v: u32) -> Weight;
}

/// Weights for the runtime's own database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn apply() -> Weight {
		// Reads: row, keys, count, holds, account. Writes: row, count, holds, account.
		Weight::from_parts(60_000_000, 4_000).saturating_add(T::DbWeight::get().reads_writes(5, 4))
	}

	fn bond_more() -> Weight {
		// Reads: row, holds, account. Writes: the same.
		Weight::from_parts(55_000_000, 4_000).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}

	fn approve() -> Weight {
		// Reads: row, keys, queue. Writes: row, queue.
		Weight::from_parts(35_000_000, 8_000).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}

	fn remove() -> Weight {
		// Reads: row, count, queue. Writes: the same.
		Weight::from_parts(45_000_000, 8_000).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}

	fn leave() -> Weight {
		// Reads: row, count, queue. Writes: the same.
		Weight::from_parts(45_000_000, 8_000).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}

	fn withdraw() -> Weight {
		// Reads: row, current set, holds, account. Writes: row, holds, account.
		Weight::from_parts(60_000_000, 8_000).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}

	fn purge_keys() -> Weight {
		// Reads: row, current set, keys, holds, account, registration. Writes: keys, up to four key
		// owners, holds, account, registration.
		Weight::from_parts(60_000_000, 8_000).saturating_add(T::DbWeight::get().reads_writes(6, 8))
	}

	fn set_min_validators() -> Weight {
		// Reads: planned set. Writes: floor.
		Weight::from_parts(25_000_000, 8_000).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}

	fn on_offence(o: u32) -> Weight {
		// Once: session index, validators, disabled. Each reads row, slash, holds, account and the
		// reporter's account, and writes the same.
		let each = Weight::from_parts(70_000_000, 8_000)
			.saturating_add(T::DbWeight::get().reads_writes(5, 5));
		Weight::from_parts(25_000_000, 8_000)
			.saturating_add(T::DbWeight::get().reads_writes(3, 1))
			.saturating_add(each.saturating_mul(o.into()))
	}

	fn new_session(v: u32, c: u32) -> Weight {
		// Once: planned set, queue, floor, count, queued keys. Each validator: row and keys read,
		// row written. Each candidate: row and keys read, row written.
		let each = Weight::from_parts(10_000_000, 4_000)
			.saturating_add(T::DbWeight::get().reads_writes(2, 1));
		Weight::from_parts(25_000_000, 16_000)
			.saturating_add(T::DbWeight::get().reads_writes(5, 3))
			.saturating_add(each.saturating_mul(u64::from(v).saturating_add(c.into())))
	}

	fn start_session(v: u32) -> Weight {
		// Once: planned and current set, history, validators, disabled. Each validator: row read,
		// one slash of a forgotten session removed.
		let each = Weight::from_parts(10_000_000, 4_000)
			.saturating_add(T::DbWeight::get().reads_writes(2, 1));
		Weight::from_parts(25_000_000, 16_000)
			.saturating_add(T::DbWeight::get().reads_writes(5, 4))
			.saturating_add(each.saturating_mul(v.into()))
	}
}

impl WeightInfo for () {
	fn apply() -> Weight {
		Weight::from_parts(60_000_000, 4_000)
			.saturating_add(RocksDbWeight::get().reads_writes(5, 4))
	}

	fn bond_more() -> Weight {
		Weight::from_parts(55_000_000, 4_000)
			.saturating_add(RocksDbWeight::get().reads_writes(3, 3))
	}

	fn approve() -> Weight {
		Weight::from_parts(35_000_000, 8_000)
			.saturating_add(RocksDbWeight::get().reads_writes(3, 2))
	}

	fn remove() -> Weight {
		Weight::from_parts(45_000_000, 8_000)
			.saturating_add(RocksDbWeight::get().reads_writes(3, 3))
	}

	fn leave() -> Weight {
		Weight::from_parts(45_000_000, 8_000)
			.saturating_add(RocksDbWeight::get().reads_writes(3, 3))
	}

	fn withdraw() -> Weight {
		Weight::from_parts(60_000_000, 8_000)
			.saturating_add(RocksDbWeight::get().reads_writes(4, 3))
	}

	fn purge_keys() -> Weight {
		Weight::from_parts(60_000_000, 8_000)
			.saturating_add(RocksDbWeight::get().reads_writes(6, 8))
	}

	fn set_min_validators() -> Weight {
		Weight::from_parts(25_000_000, 8_000)
			.saturating_add(RocksDbWeight::get().reads_writes(1, 1))
	}

	fn on_offence(o: u32) -> Weight {
		let each = Weight::from_parts(70_000_000, 8_000)
			.saturating_add(RocksDbWeight::get().reads_writes(5, 5));
		Weight::from_parts(25_000_000, 8_000)
			.saturating_add(RocksDbWeight::get().reads_writes(3, 1))
			.saturating_add(each.saturating_mul(o.into()))
	}

	fn new_session(v: u32, c: u32) -> Weight {
		let each = Weight::from_parts(10_000_000, 4_000)
			.saturating_add(RocksDbWeight::get().reads_writes(2, 1));
		Weight::from_parts(25_000_000, 16_000)
			.saturating_add(RocksDbWeight::get().reads_writes(5, 3))
			.saturating_add(each.saturating_mul(u64::from(v).saturating_add(c.into())))
	}

	fn start_session(v: u32) -> Weight {
		let each = Weight::from_parts(10_000_000, 4_000)
			.saturating_add(RocksDbWeight::get().reads_writes(2, 1));
		Weight::from_parts(25_000_000, 16_000)
			.saturating_add(RocksDbWeight::get().reads_writes(5, 4))
			.saturating_add(each.saturating_mul(v.into()))
	}
}
