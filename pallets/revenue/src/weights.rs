//! Weights of `pallet_revenue`, measured by `make bench NAME=weights`; do not edit.
//!
//! Date: 2026-11-27, steps: 20, repeats: 10

#![cfg_attr(rustfmt, rustfmt_skip)]

use core::marker::PhantomData;

use frame_support::{traits::Get, weights::{constants::ParityDbWeight, Weight}};

/// What the calls and hooks of `pallet_revenue` cost.
pub trait WeightInfo {
	/// Weight of `deposit_revenue`.
	fn deposit_revenue() -> Weight;
	/// Weight of `fold`.
	fn fold() -> Weight;
	/// Weight of `claim`.
	fn claim() -> Weight;
	/// Weight of `claim_many`.
	fn claim_many(n: u32, ) -> Weight;
	/// Weight of `transfer_shares`.
	fn transfer_shares() -> Weight;
}

/// The measured weights, with the database weights of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Revenue::Pools` (r:1 w:1)
	/// Proof: `Revenue::Pools` (`max_values`: None, `max_size`: Some(217), added: 2692, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:2 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn deposit_revenue() -> Weight {
		// Minimum execution time: 117_497_000 picoseconds.
		Weight::from_parts(125_003_000, 7050)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}

	/// Storage: `Revenue::Pools` (r:2 w:2)
	/// Proof: `Revenue::Pools` (`max_values`: None, `max_size`: Some(217), added: 2692, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:2 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	fn fold() -> Weight {
		// Minimum execution time: 76_177_000 picoseconds.
		Weight::from_parts(84_433_000, 7050)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}

	/// Storage: `Revenue::Holders` (r:1 w:1)
	/// Proof: `Revenue::Holders` (`max_values`: None, `max_size`: Some(181), added: 2656, mode: `MaxEncodedLen`)
	/// Storage: `Revenue::Pools` (r:2 w:2)
	/// Proof: `Revenue::Pools` (`max_values`: None, `max_size`: Some(217), added: 2692, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:3 w:3)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	fn claim() -> Weight {
		// Minimum execution time: 204_386_000 picoseconds.
		Weight::from_parts(215_368_000, 8799)
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().writes(7_u64))
	}

	/// Storage: `Revenue::Holders` (r:16 w:16)
	/// Proof: `Revenue::Holders` (`max_values`: None, `max_size`: Some(181), added: 2656, mode: `MaxEncodedLen`)
	/// Storage: `Revenue::Pools` (r:32 w:32)
	/// Proof: `Revenue::Pools` (`max_values`: None, `max_size`: Some(217), added: 2692, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:16 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:3 w:3)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	fn claim_many(n: u32, ) -> Weight {
		// Minimum execution time: 205_594_000 picoseconds.
		Weight::from_parts(104_240_846, 8799)
			// Standard Error: 184_626
			.saturating_add(Weight::from_parts(107_620_145, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(4_u64))
			.saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 5384).saturating_mul(n.into()))
	}

	/// Storage: `Revenue::Pools` (r:2 w:2)
	/// Proof: `Revenue::Pools` (`max_values`: None, `max_size`: Some(217), added: 2692, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:2 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Revenue::Holders` (r:2 w:2)
	/// Proof: `Revenue::Holders` (`max_values`: None, `max_size`: Some(181), added: 2656, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	fn transfer_shares() -> Weight {
		// Minimum execution time: 164_210_000 picoseconds.
		Weight::from_parts(175_949_000, 7050)
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}

}

// For tests.
impl WeightInfo for () {
	fn deposit_revenue() -> Weight {
		Weight::from_parts(125_003_000, 7050)
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn fold() -> Weight {
		Weight::from_parts(84_433_000, 7050)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn claim() -> Weight {
		Weight::from_parts(215_368_000, 8799)
			.saturating_add(ParityDbWeight::get().reads(9_u64))
			.saturating_add(ParityDbWeight::get().writes(7_u64))
	}
	fn claim_many(n: u32, ) -> Weight {
		Weight::from_parts(104_240_846, 8799)
			.saturating_add(Weight::from_parts(107_620_145, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn transfer_shares() -> Weight {
		Weight::from_parts(175_949_000, 7050)
			.saturating_add(ParityDbWeight::get().reads(9_u64))
			.saturating_add(ParityDbWeight::get().writes(6_u64))
	}
}
