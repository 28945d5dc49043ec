//! Weights of `pallet_models`, measured by `make bench NAME=weights`; do not edit.
//!
//! Date: 2026-11-24, steps: 20, repeats: 10

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
		// Minimum execution time: 408_043_000 picoseconds.
		Weight::from_parts(486_128_000, 3748)
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
		// Minimum execution time: 488_213_000 picoseconds.
		Weight::from_parts(574_088_000, 6506)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}

	/// Storage: `Models::Datasets` (r:1 w:0)
	/// Proof: `Models::Datasets` (`max_values`: None, `max_size`: Some(226), added: 2701, mode: `MaxEncodedLen`)
	/// Storage: `Models::NextModel` (r:1 w:1)
	/// Proof: `Models::NextModel` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(476), added: 2951, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:1)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	fn propose(s: u32, ) -> Weight {
		// Minimum execution time: 553_296_000 picoseconds.
		Weight::from_parts(632_586_263, 7397)
			// Standard Error: 24_001
			.saturating_add(Weight::from_parts(2_718_263, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}

	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(476), added: 2951, mode: `MaxEncodedLen`)
	fn open() -> Weight {
		// Minimum execution time: 112_624_000 picoseconds.
		Weight::from_parts(136_090_000, 3941)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(476), added: 2951, mode: `MaxEncodedLen`)
	fn set_price() -> Weight {
		// Minimum execution time: 116_879_000 picoseconds.
		Weight::from_parts(137_499_000, 3941)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(476), added: 2951, mode: `MaxEncodedLen`)
	fn pause() -> Weight {
		// Minimum execution time: 112_922_000 picoseconds.
		Weight::from_parts(136_275_000, 3941)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(476), added: 2951, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	fn resume() -> Weight {
		// Minimum execution time: 164_471_000 picoseconds.
		Weight::from_parts(182_006_000, 7397)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(476), added: 2951, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Clocks` (r:1 w:0)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(73), added: 2548, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	fn restart_from() -> Weight {
		// Minimum execution time: 177_210_000 picoseconds.
		Weight::from_parts(211_768_000, 7397)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(476), added: 2951, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	fn retire() -> Weight {
		// Minimum execution time: 398_831_000 picoseconds.
		Weight::from_parts(462_200_000, 3941)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}

	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(476), added: 2951, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:2 w:2)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn cede() -> Weight {
		// Minimum execution time: 506_902_000 picoseconds.
		Weight::from_parts(588_201_000, 6506)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}

}

// For tests.
impl WeightInfo for () {
	fn register_dataset() -> Weight {
		Weight::from_parts(486_128_000, 3748)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn transfer_dataset() -> Weight {
		Weight::from_parts(574_088_000, 6506)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn propose(s: u32, ) -> Weight {
		Weight::from_parts(632_586_263, 7397)
			.saturating_add(Weight::from_parts(2_718_263, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn open() -> Weight {
		Weight::from_parts(136_090_000, 3941)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn set_price() -> Weight {
		Weight::from_parts(137_499_000, 3941)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn pause() -> Weight {
		Weight::from_parts(136_275_000, 3941)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn resume() -> Weight {
		Weight::from_parts(182_006_000, 7397)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn restart_from() -> Weight {
		Weight::from_parts(211_768_000, 7397)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn retire() -> Weight {
		Weight::from_parts(462_200_000, 3941)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn cede() -> Weight {
		Weight::from_parts(588_201_000, 6506)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
}
