//! Weights of `pallet_models`, measured by `make bench NAME=weights`; do not edit.
//!
//! Date: 2026-11-27, steps: 20, repeats: 10

#![cfg_attr(rustfmt, rustfmt_skip)]

use core::marker::PhantomData;

use frame_support::{traits::Get, weights::{constants::ParityDbWeight, Weight}};

/// What the calls and hooks of `pallet_models` cost.
pub trait WeightInfo {
	/// Weight of `register_dataset`.
	fn register_dataset() -> Weight;
	/// Weight of `transfer_dataset`.
	fn transfer_dataset() -> Weight;
	/// Weight of `propose`.
	fn propose(s: u32, ) -> Weight;
	/// Weight of `open`.
	fn open() -> Weight;
	/// Weight of `set_price`.
	fn set_price() -> Weight;
	/// Weight of `pause`.
	fn pause() -> Weight;
	/// Weight of `resume`.
	fn resume() -> Weight;
	/// Weight of `restart_from`.
	fn restart_from() -> Weight;
	/// Weight of `retire`.
	fn retire() -> Weight;
	/// Weight of `cede`.
	fn cede() -> Weight;
}

/// The measured weights, with the database weights of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Models::Datasets` (r:1 w:1)
	/// Proof: `Models::Datasets` (`max_values`: None, `max_size`: Some(226), added: 2701, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	fn register_dataset() -> Weight {
		// Minimum execution time: 80_556_000 picoseconds.
		Weight::from_parts(85_603_000, 3748)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}

	/// Storage: `Models::Datasets` (r:1 w:1)
	/// Proof: `Models::Datasets` (`max_values`: None, `max_size`: Some(226), added: 2701, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:2 w:2)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn transfer_dataset() -> Weight {
		// Minimum execution time: 101_544_000 picoseconds.
		Weight::from_parts(108_299_000, 6506)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}

	/// Storage: `Models::Datasets` (r:1 w:0)
	/// Proof: `Models::Datasets` (`max_values`: None, `max_size`: Some(226), added: 2701, mode: `MaxEncodedLen`)
	/// Storage: `Models::NextModel` (r:1 w:1)
	/// Proof: `Models::NextModel` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:1)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	fn propose(s: u32, ) -> Weight {
		// Minimum execution time: 117_262_000 picoseconds.
		Weight::from_parts(125_735_789, 7397)
			// Standard Error: 2_363
			.saturating_add(Weight::from_parts(733_408, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}

	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	fn open() -> Weight {
		// Minimum execution time: 22_259_000 picoseconds.
		Weight::from_parts(27_749_000, 4020)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	fn set_price() -> Weight {
		// Minimum execution time: 22_898_000 picoseconds.
		Weight::from_parts(29_429_000, 4020)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	fn pause() -> Weight {
		// Minimum execution time: 22_757_000 picoseconds.
		Weight::from_parts(28_718_000, 4020)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	fn resume() -> Weight {
		// Minimum execution time: 31_706_000 picoseconds.
		Weight::from_parts(38_465_000, 7397)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Clocks` (r:1 w:0)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(73), added: 2548, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	fn restart_from() -> Weight {
		// Minimum execution time: 37_522_000 picoseconds.
		Weight::from_parts(43_034_000, 7397)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	fn retire() -> Weight {
		// Minimum execution time: 83_195_000 picoseconds.
		Weight::from_parts(93_728_000, 4020)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}

	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:2 w:2)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn cede() -> Weight {
		// Minimum execution time: 105_641_000 picoseconds.
		Weight::from_parts(115_431_000, 6506)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}

}

// For tests.
impl WeightInfo for () {
	fn register_dataset() -> Weight {
		Weight::from_parts(85_603_000, 3748)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn transfer_dataset() -> Weight {
		Weight::from_parts(108_299_000, 6506)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn propose(s: u32, ) -> Weight {
		Weight::from_parts(125_735_789, 7397)
			.saturating_add(Weight::from_parts(733_408, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn open() -> Weight {
		Weight::from_parts(27_749_000, 4020)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn set_price() -> Weight {
		Weight::from_parts(29_429_000, 4020)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn pause() -> Weight {
		Weight::from_parts(28_718_000, 4020)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn resume() -> Weight {
		Weight::from_parts(38_465_000, 7397)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn restart_from() -> Weight {
		Weight::from_parts(43_034_000, 7397)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn retire() -> Weight {
		Weight::from_parts(93_728_000, 4020)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn cede() -> Weight {
		Weight::from_parts(115_431_000, 6506)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
}
