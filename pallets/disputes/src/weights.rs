//! Weights of `pallet_disputes`, measured by `make bench NAME=weights`; do not edit.
//!
//! Date: 2026-12-01, steps: 20, repeats: 10

#![cfg_attr(rustfmt, rustfmt_skip)]

use core::marker::PhantomData;

use frame_support::{traits::Get, weights::{constants::ParityDbWeight, Weight}};

/// What the calls and hooks of `pallet_disputes` cost.
pub trait WeightInfo {
	/// Weight of `reveal`.
	fn reveal() -> Weight;
	/// Weight of `advance`.
	fn advance() -> Weight;
	/// Weight of `choose`.
	fn choose() -> Weight;
	/// Weight of `prove_leaf`.
	fn prove_leaf(e: u32, ) -> Weight;
	/// Weight of `time_out`.
	fn time_out() -> Weight;
}

/// The measured weights, with the database weights of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Disputes::Games` (r:1 w:1)
	/// Proof: `Disputes::Games` (`max_values`: None, `max_size`: Some(925), added: 3400, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	fn reveal() -> Weight {
		// Minimum execution time: 91_716_000 picoseconds.
		Weight::from_parts(118_046_000, 7397)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Disputes::Games` (r:1 w:1)
	/// Proof: `Disputes::Games` (`max_values`: None, `max_size`: Some(925), added: 3400, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	fn advance() -> Weight {
		// Minimum execution time: 81_762_000 picoseconds.
		Weight::from_parts(112_487_000, 7397)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Disputes::Games` (r:1 w:1)
	/// Proof: `Disputes::Games` (`max_values`: None, `max_size`: Some(925), added: 3400, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	fn choose() -> Weight {
		// Minimum execution time: 234_389_000 picoseconds.
		Weight::from_parts(300_106_000, 7397)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Disputes::Games` (r:1 w:8)
	/// Proof: `Disputes::Games` (`max_values`: None, `max_size`: Some(925), added: 3400, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Disputes::OpenGames` (r:1 w:1)
	/// Proof: `Disputes::OpenGames` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Units` (r:16 w:1)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Audits` (r:1 w:1)
	/// Proof: `Contributions::Audits` (`max_values`: None, `max_size`: Some(193), added: 2668, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::OpenUnits` (r:2 w:2)
	/// Proof: `Contributions::OpenUnits` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Records` (r:2 w:2)
	/// Proof: `Contributions::Records` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Challenges` (r:1 w:1)
	/// Proof: `Contributions::Challenges` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:7 w:7)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:5 w:5)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Ledgers` (r:1 w:1)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Commitments` (r:1 w:1)
	/// Proof: `Workers::Commitments` (`max_values`: None, `max_size`: Some(81), added: 2556, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Workers::BondPrice` (r:1 w:0)
	/// Proof: `Workers::BondPrice` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Requests` (r:1 w:0)
	/// Proof: `Shards::Requests` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Places` (r:1 w:1)
	/// Proof: `Shards::Places` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Rosters` (r:1 w:1)
	/// Proof: `Shards::Rosters` (`max_values`: None, `max_size`: Some(1143), added: 3618, mode: `MaxEncodedLen`)
	/// Storage: `Shards::SeatRecords` (r:1 w:1)
	/// Proof: `Shards::SeatRecords` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Clocks` (r:1 w:0)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(74), added: 2549, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Vacancies` (r:1 w:1)
	/// Proof: `Shards::Vacancies` (`max_values`: None, `max_size`: Some(142), added: 2617, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Stages` (r:1 w:0)
	/// Proof: `Contributions::Stages` (`max_values`: None, `max_size`: Some(605), added: 3080, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Queue` (r:0 w:1)
	/// Proof: `Contributions::Queue` (`max_values`: None, `max_size`: Some(83), added: 2558, mode: `MaxEncodedLen`)
	fn prove_leaf(e: u32, ) -> Weight {
		// Minimum execution time: 1_772_564_000 picoseconds.
		Weight::from_parts(2_844_861_745, 45886)
			// Standard Error: 2_682
			.saturating_add(Weight::from_parts(26_252, 0).saturating_mul(e.into()))
			.saturating_add(T::DbWeight::get().reads(49_u64))
			.saturating_add(T::DbWeight::get().writes(36_u64))
	}

	/// Storage: `Disputes::Games` (r:1 w:8)
	/// Proof: `Disputes::Games` (`max_values`: None, `max_size`: Some(925), added: 3400, mode: `MaxEncodedLen`)
	/// Storage: `Disputes::OpenGames` (r:1 w:1)
	/// Proof: `Disputes::OpenGames` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Units` (r:16 w:1)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Audits` (r:1 w:1)
	/// Proof: `Contributions::Audits` (`max_values`: None, `max_size`: Some(193), added: 2668, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::OpenUnits` (r:2 w:2)
	/// Proof: `Contributions::OpenUnits` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Records` (r:2 w:2)
	/// Proof: `Contributions::Records` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Challenges` (r:1 w:1)
	/// Proof: `Contributions::Challenges` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:7 w:7)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:5 w:5)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Ledgers` (r:1 w:1)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Commitments` (r:1 w:1)
	/// Proof: `Workers::Commitments` (`max_values`: None, `max_size`: Some(81), added: 2556, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Workers::BondPrice` (r:1 w:0)
	/// Proof: `Workers::BondPrice` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Requests` (r:1 w:0)
	/// Proof: `Shards::Requests` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Places` (r:1 w:1)
	/// Proof: `Shards::Places` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Rosters` (r:1 w:1)
	/// Proof: `Shards::Rosters` (`max_values`: None, `max_size`: Some(1143), added: 3618, mode: `MaxEncodedLen`)
	/// Storage: `Shards::SeatRecords` (r:1 w:1)
	/// Proof: `Shards::SeatRecords` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Clocks` (r:1 w:0)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(74), added: 2549, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Vacancies` (r:1 w:1)
	/// Proof: `Shards::Vacancies` (`max_values`: None, `max_size`: Some(142), added: 2617, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Stages` (r:1 w:0)
	/// Proof: `Contributions::Stages` (`max_values`: None, `max_size`: Some(605), added: 3080, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Queue` (r:0 w:1)
	/// Proof: `Contributions::Queue` (`max_values`: None, `max_size`: Some(83), added: 2558, mode: `MaxEncodedLen`)
	fn time_out() -> Weight {
		// Minimum execution time: 1_227_434_000 picoseconds.
		Weight::from_parts(1_375_384_000, 45886)
			.saturating_add(T::DbWeight::get().reads(49_u64))
			.saturating_add(T::DbWeight::get().writes(36_u64))
	}

}

// For tests.
impl WeightInfo for () {
	fn reveal() -> Weight {
		Weight::from_parts(118_046_000, 7397)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn advance() -> Weight {
		Weight::from_parts(112_487_000, 7397)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn choose() -> Weight {
		Weight::from_parts(300_106_000, 7397)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn prove_leaf(e: u32, ) -> Weight {
		Weight::from_parts(2_844_861_745, 45886)
			.saturating_add(Weight::from_parts(26_252, 0).saturating_mul(e.into()))
			.saturating_add(ParityDbWeight::get().reads(49_u64))
			.saturating_add(ParityDbWeight::get().writes(36_u64))
	}
	fn time_out() -> Weight {
		Weight::from_parts(1_375_384_000, 45886)
			.saturating_add(ParityDbWeight::get().reads(49_u64))
			.saturating_add(ParityDbWeight::get().writes(36_u64))
	}
}
