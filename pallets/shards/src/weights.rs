//! Weights of the calls and hooks. Estimates until a benchmark on reference hardware replaces them: 25 µs and the
//! storage accesses of the code and of its neighbours, counted by hand.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::RocksDbWeight, RuntimeDbWeight, Weight},
};

/// The weight of every call and hook of this pallet.
pub trait WeightInfo {
	/// `on_initialize`.
	fn on_initialize() -> Weight;
	/// `enlist`, as the first for a model.
	fn enlist() -> Weight;
	/// `draw_seat` of a sealed model with as many stages as there may be.
	fn draw_seat() -> Weight;
	/// `leave` by who has a seat.
	fn leave() -> Weight;
	/// `leave` by who waits for a lot that is known.
	fn leave_enlistment() -> Weight;
	/// `declare_held`.
	fn declare_held() -> Weight;
	/// `poke_window` that closes a window of `s` stages, of which every seat changes.
	fn poke_close(s: u32) -> Weight;
	/// `poke_window` that schedules a window of `s` stages.
	fn poke_schedule(s: u32) -> Weight;
	/// `poke_window` that starts a window of `s` stages.
	fn poke_start(s: u32) -> Weight;
	/// `poke_window` that forgets windows of a retired model.
	fn poke_forget() -> Weight;
	/// `dissolve` of a full stage.
	fn dissolve() -> Weight;
}

/// Weights for the runtime's own database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn on_initialize() -> Weight {
		on_initialize(T::DbWeight::get())
	}

	fn enlist() -> Weight {
		enlist(T::DbWeight::get())
	}

	fn draw_seat() -> Weight {
		draw_seat(T::DbWeight::get())
	}

	fn leave() -> Weight {
		leave(T::DbWeight::get())
	}

	fn leave_enlistment() -> Weight {
		leave_enlistment(T::DbWeight::get())
	}

	fn declare_held() -> Weight {
		declare_held(T::DbWeight::get())
	}

	fn poke_close(s: u32) -> Weight {
		poke_close(s, T::DbWeight::get())
	}

	fn poke_schedule(s: u32) -> Weight {
		poke_schedule(s, T::DbWeight::get())
	}

	fn poke_start(s: u32) -> Weight {
		poke_start(s, T::DbWeight::get())
	}

	fn poke_forget() -> Weight {
		poke_forget(T::DbWeight::get())
	}

	fn dissolve() -> Weight {
		dissolve(T::DbWeight::get())
	}
}

impl WeightInfo for () {
	fn on_initialize() -> Weight {
		on_initialize(RocksDbWeight::get())
	}

	fn enlist() -> Weight {
		enlist(RocksDbWeight::get())
	}

	fn draw_seat() -> Weight {
		draw_seat(RocksDbWeight::get())
	}

	fn leave() -> Weight {
		leave(RocksDbWeight::get())
	}

	fn leave_enlistment() -> Weight {
		leave_enlistment(RocksDbWeight::get())
	}

	fn declare_held() -> Weight {
		declare_held(RocksDbWeight::get())
	}

	fn poke_close(s: u32) -> Weight {
		poke_close(s, RocksDbWeight::get())
	}

	fn poke_schedule(s: u32) -> Weight {
		poke_schedule(s, RocksDbWeight::get())
	}

	fn poke_start(s: u32) -> Weight {
		poke_start(s, RocksDbWeight::get())
	}

	fn poke_forget() -> Weight {
		poke_forget(RocksDbWeight::get())
	}

	fn dissolve() -> Weight {
		dissolve(RocksDbWeight::get())
	}
}

fn on_initialize(db: RuntimeDbWeight) -> Weight {
	// Reads: VRF output, value before, what waits for the oldest. Writes: value, oldest value.
	Weight::from_parts(8_000_000, 3_600).saturating_add(db.reads_writes(3, 2))
}

fn enlist(db: RuntimeDbWeight) -> Weight {
	// Reads: spec, model, ledger, commitment, open units, request, place, count, vacancies, entitlement, bond price, awaited.
	// Writes: ledger, commitment, vacancies, clock, request, count, awaited.
	Weight::from_parts(45_000_000, 8_000).saturating_add(db.reads_writes(12, 7))
}

fn draw_seat(db: RuntimeDbWeight) -> Weight {
	// Reads: request, spec, model, beacon, vacancies, entitlement, roster, records, count, awaited. Writes: roster, records,
	// vacancies, request, count, place, entitlement, awaited, beacon.
	Weight::from_parts(45_000_000, 8_000).saturating_add(db.reads_writes(10, 9))
}

fn leave(db: RuntimeDbWeight) -> Weight {
	// Reads: request, place, roster, records, clock, ledger, commitment, vacancies. Writes: place, roster, records,
	// ledger, commitment, vacancies.
	Weight::from_parts(45_000_000, 8_000).saturating_add(db.reads_writes(8, 6))
}

fn leave_enlistment(db: RuntimeDbWeight) -> Weight {
	// Reads: request, spec, model, beacon, entitlement, count, ledger, commitment, awaited. Writes: entitlement, request,
	// count, ledger, commitment, awaited, beacon.
	Weight::from_parts(40_000_000, 8_000).saturating_add(db.reads_writes(9, 7))
}

fn declare_held(db: RuntimeDbWeight) -> Weight {
	// Reads: provider, place, clock, roster. Writes: roster.
	Weight::from_parts(30_000_000, 6_000).saturating_add(db.reads_writes(4, 1))
}

fn poke_close(s: u32, db: RuntimeDbWeight) -> Weight {
	// Once: reads clock, spec, model, tally, checkpoint, vacancies, awaited; writes closed window, two old ones, model,
	// checkpoint, vacancies, clock, awaited.
	// Each stage: reads roster, records, lanes; writes roster, records. Each of its 16 seats: reads ledger,
	// commitment; writes ledger, commitment, place.
	let stages = u64::from(s);
	Weight::from_parts(50_000_000, 8_000)
		.saturating_add(Weight::from_parts(60_000_000, 8_000).saturating_mul(stages))
		.saturating_add(db.reads_writes(7, 8))
		.saturating_add(db.reads_writes(3 + 16 * 2, 2 + 16 * 3).saturating_mul(stages))
}

fn poke_schedule(s: u32, db: RuntimeDbWeight) -> Weight {
	// Reads: clock, spec, model, vacancies, awaited. Writes: clock, awaited.
	Weight::from_parts(30_000_000, 8_000)
		.saturating_add(Weight::from_parts(1_000_000, 2_500).saturating_mul(u64::from(s)))
		.saturating_add(db.reads_writes(5, 2))
}

fn poke_start(s: u32, db: RuntimeDbWeight) -> Weight {
	// Reads: clock, spec, model, beacon, vacancies, awaited. Writes: clock, awaited, beacon.
	Weight::from_parts(30_000_000, 8_000)
		.saturating_add(Weight::from_parts(1_000_000, 2_500).saturating_mul(u64::from(s)))
		.saturating_add(db.reads_writes(6, 3))
}

fn poke_forget(db: RuntimeDbWeight) -> Weight {
	// Reads: clock, spec, model, vacancies, count, awaited; eight closed windows. Writes: clock, vacancies, awaited,
	// beacon; eight closed windows.
	Weight::from_parts(40_000_000, 8_000).saturating_add(db.reads_writes(14, 12))
}

fn dissolve(db: RuntimeDbWeight) -> Weight {
	// Once: reads spec, model, clock, last window, roster, records, vacancies; writes roster, records, vacancies. Each of 32
	// members: reads ledger, commitment; writes ledger, commitment, place.
	Weight::from_parts(150_000_000, 8_000).saturating_add(db.reads_writes(7 + 32 * 2, 3 + 32 * 3))
}
