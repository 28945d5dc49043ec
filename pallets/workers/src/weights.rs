//! Weights of `pallet_workers`, measured by `make bench NAME=weights`; do not edit.
//!
//! Date: 2026-11-27, steps: 20, repeats: 10

#![cfg_attr(rustfmt, rustfmt_skip)]

use core::marker::PhantomData;

use frame_support::{traits::Get, weights::{constants::ParityDbWeight, Weight}};

/// What the calls and hooks of `pallet_workers` cost.
pub trait WeightInfo {
	/// Weight of `register`.
	fn register() -> Weight;
	/// Weight of `rotate_key`.
	fn rotate_key() -> Weight;
	/// Weight of `set_endpoint`.
	fn set_endpoint() -> Weight;
	/// Weight of `set_hardware`.
	fn set_hardware() -> Weight;
	/// Weight of `bond_more`.
	fn bond_more() -> Weight;
	/// Weight of `unbond`.
	fn unbond() -> Weight;
	/// Weight of `withdraw`.
	fn withdraw() -> Weight;
	/// Weight of `settle_commitment`.
	fn settle_commitment() -> Weight;
	/// Weight of `deregister`.
	fn deregister() -> Weight;
	/// Weight of `set_bond_price`.
	fn set_bond_price() -> Weight;
}

/// The measured weights, with the database weights of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Workers::Ledgers` (r:1 w:1)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Workers` (r:1 w:1)
	/// Proof: `Workers::Workers` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Endpoints` (r:1 w:1)
	/// Proof: `Workers::Endpoints` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	fn register() -> Weight {
		// Minimum execution time: 251_718_000 picoseconds.
		Weight::from_parts(278_766_000, 4244)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}

	/// Storage: `Workers::Ledgers` (r:1 w:1)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Workers` (r:1 w:2)
	/// Proof: `Workers::Workers` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	fn rotate_key() -> Weight {
		// Minimum execution time: 109_098_000 picoseconds.
		Weight::from_parts(121_937_000, 4244)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}

	/// Storage: `Workers::Ledgers` (r:1 w:1)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Endpoints` (r:1 w:2)
	/// Proof: `Workers::Endpoints` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	fn set_endpoint() -> Weight {
		// Minimum execution time: 108_635_000 picoseconds.
		Weight::from_parts(122_241_000, 4244)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}

	/// Storage: `Workers::Ledgers` (r:1 w:1)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	fn set_hardware() -> Weight {
		// Minimum execution time: 41_609_000 picoseconds.
		Weight::from_parts(49_482_000, 4244)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Workers::Ledgers` (r:1 w:1)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	fn bond_more() -> Weight {
		// Minimum execution time: 122_944_000 picoseconds.
		Weight::from_parts(133_420_000, 4244)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}

	/// Storage: `Workers::Ledgers` (r:1 w:1)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	fn unbond() -> Weight {
		// Minimum execution time: 67_265_000 picoseconds.
		Weight::from_parts(77_879_000, 4244)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Workers::Ledgers` (r:1 w:1)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::OpenUnits` (r:1 w:0)
	/// Proof: `Contributions::OpenUnits` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	fn withdraw() -> Weight {
		// Minimum execution time: 118_873_000 picoseconds.
		Weight::from_parts(140_572_000, 4244)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}

	/// Storage: `Workers::Commitments` (r:1 w:1)
	/// Proof: `Workers::Commitments` (`max_values`: None, `max_size`: Some(81), added: 2556, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Records` (r:1 w:0)
	/// Proof: `Contributions::Records` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Ledgers` (r:1 w:1)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	fn settle_commitment() -> Weight {
		// Minimum execution time: 59_465_000 picoseconds.
		Weight::from_parts(69_312_000, 4244)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}

	/// Storage: `Workers::Ledgers` (r:1 w:1)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::OpenUnits` (r:1 w:0)
	/// Proof: `Contributions::OpenUnits` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Workers` (r:0 w:1)
	/// Proof: `Workers::Workers` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Endpoints` (r:0 w:1)
	/// Proof: `Workers::Endpoints` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	fn deregister() -> Weight {
		// Minimum execution time: 119_678_000 picoseconds.
		Weight::from_parts(129_092_000, 4244)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}

	/// Storage: `Workers::BondPrice` (r:0 w:1)
	/// Proof: `Workers::BondPrice` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	fn set_bond_price() -> Weight {
		// Minimum execution time: 8_127_000 picoseconds.
		Weight::from_parts(9_389_000, 0)
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

}

// For tests.
impl WeightInfo for () {
	fn register() -> Weight {
		Weight::from_parts(278_766_000, 4244)
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn rotate_key() -> Weight {
		Weight::from_parts(121_937_000, 4244)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn set_endpoint() -> Weight {
		Weight::from_parts(122_241_000, 4244)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn set_hardware() -> Weight {
		Weight::from_parts(49_482_000, 4244)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn bond_more() -> Weight {
		Weight::from_parts(133_420_000, 4244)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn unbond() -> Weight {
		Weight::from_parts(77_879_000, 4244)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(140_572_000, 4244)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn settle_commitment() -> Weight {
		Weight::from_parts(69_312_000, 4244)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn deregister() -> Weight {
		Weight::from_parts(129_092_000, 4244)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn set_bond_price() -> Weight {
		Weight::from_parts(9_389_000, 0)
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
}
