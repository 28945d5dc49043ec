//! Weights of the calls. Estimates until a benchmark on reference hardware replaces them: 25 µs, the time of signature
//! checks and transfers, and the storage accesses of the code, counted by hand.

use core::marker::PhantomData;

use frame_support::{
	traits::Get,
	weights::{constants::RocksDbWeight, RuntimeDbWeight, Weight},
};

/// The weight of every call of this pallet.
pub trait WeightInfo {
	/// `open_channel` to a lane of `s` stages.
	fn open_channel(s: u32) -> Weight;
	/// `top_up`.
	fn top_up() -> Weight;
	/// `extend`.
	fn extend() -> Weight;
	/// The first `settle` of a channel, to a lane of `s` stages.
	fn settle(s: u32) -> Weight;
	/// A further `settle` of a channel.
	fn raise() -> Weight;
	/// `close` of a channel to a lane of `s` stages.
	fn close(s: u32) -> Weight;
	/// `force_close` of a channel that nobody settled.
	fn force_close() -> Weight;
}

/// Weights for the runtime's own database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn open_channel(s: u32) -> Weight {
		open_channel(T::DbWeight::get(), s)
	}

	fn top_up() -> Weight {
		top_up(T::DbWeight::get())
	}

	fn extend() -> Weight {
		extend(T::DbWeight::get())
	}

	fn settle(s: u32) -> Weight {
		settle(T::DbWeight::get(), s)
	}

	fn raise() -> Weight {
		raise(T::DbWeight::get())
	}

	fn close(s: u32) -> Weight {
		close(T::DbWeight::get(), s)
	}

	fn force_close() -> Weight {
		force_close(T::DbWeight::get())
	}
}

impl WeightInfo for () {
	fn open_channel(s: u32) -> Weight {
		open_channel(RocksDbWeight::get(), s)
	}

	fn top_up() -> Weight {
		top_up(RocksDbWeight::get())
	}

	fn extend() -> Weight {
		extend(RocksDbWeight::get())
	}

	fn settle(s: u32) -> Weight {
		settle(RocksDbWeight::get(), s)
	}

	fn raise() -> Weight {
		raise(RocksDbWeight::get())
	}

	fn close(s: u32) -> Weight {
		close(RocksDbWeight::get(), s)
	}

	fn force_close() -> Weight {
		force_close(RocksDbWeight::get())
	}
}

/// The seat of one stage: its roster is read.
fn seat(db: RuntimeDbWeight) -> Weight {
	Weight::from_parts(4_000_000, 4_000).saturating_add(db.reads(1))
}

fn open_channel(db: RuntimeDbWeight, s: u32) -> Weight {
	// Reads: index, model (spec, state, price), number, holds, account. Writes: holds, account, number, index, hired, row.
	Weight::from_parts(70_000_000, 8_000)
		.saturating_add(db.reads_writes(7, 6))
		.saturating_add(seat(db).saturating_mul(s.into()))
}

fn top_up(db: RuntimeDbWeight) -> Weight {
	// Reads: row, holds, account. Writes: the same.
	Weight::from_parts(55_000_000, 4_000).saturating_add(db.reads_writes(3, 3))
}

fn extend(db: RuntimeDbWeight) -> Weight {
	// Reads: row. Writes: row.
	Weight::from_parts(25_000_000, 4_000).saturating_add(db.reads_writes(1, 1))
}

fn settle(db: RuntimeDbWeight, s: u32) -> Weight {
	// Two signature checks. Reads: row, hired, provider, genesis. Writes: index, served, row.
	Weight::from_parts(140_000_000, 8_000)
		.saturating_add(db.reads_writes(4, 3))
		.saturating_add(seat(db).saturating_mul(s.into()))
}

fn raise(db: RuntimeDbWeight) -> Weight {
	// Two signature checks. Reads: row, hired, served, provider, genesis. Writes: row.
	Weight::from_parts(135_000_000, 12_000).saturating_add(db.reads_writes(5, 1))
}

fn close(db: RuntimeDbWeight, s: u32) -> Weight {
	// Each part is a transfer out of the hold to an account that is read and written.
	let each = Weight::from_parts(45_000_000, 4_000).saturating_add(db.reads_writes(1, 1));
	// Reads: row, model (spec, terms, state), served, holds, client, pot, and what a deposit of revenue reads: pool, model,
	// its pot. Writes: holds, client, pot, pool, its pot, hired, served, row.
	Weight::from_parts(200_000_000, 16_000)
		.saturating_add(db.reads_writes(11, 8))
		.saturating_add(each.saturating_mul(s.into()))
}

fn force_close(db: RuntimeDbWeight) -> Weight {
	// Reads: row, holds, account. Writes: holds, account, index, hired, row.
	Weight::from_parts(60_000_000, 4_000).saturating_add(db.reads_writes(3, 5))
}
