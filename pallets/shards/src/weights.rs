//! Weights of `pallet_shards`, measured by `make bench NAME=weights`; do not edit.
//!
//! Date: 2026-12-01, steps: 20, repeats: 10

#![cfg_attr(rustfmt, rustfmt_skip)]

use core::marker::PhantomData;

use frame_support::{traits::Get, weights::{constants::ParityDbWeight, Weight}};

/// What the calls and hooks of `pallet_shards` cost.
pub trait WeightInfo {
	/// Weight of `on_initialize`.
	fn on_initialize() -> Weight;
	/// Weight of `enlist`.
	fn enlist() -> Weight;
	/// Weight of `draw_seat`.
	fn draw_seat() -> Weight;
	/// Weight of `leave`.
	fn leave() -> Weight;
	/// Weight of `leave_enlistment`.
	fn leave_enlistment() -> Weight;
	/// Weight of `declare_held`.
	fn declare_held() -> Weight;
	/// Weight of `poke_close`.
	fn poke_close(s: u32, ) -> Weight;
	/// Weight of `poke_schedule`.
	fn poke_schedule(s: u32, ) -> Weight;
	/// Weight of `poke_start`.
	fn poke_start(s: u32, ) -> Weight;
	/// Weight of `poke_forget`.
	fn poke_forget() -> Weight;
	/// Weight of `dissolve`.
	fn dissolve() -> Weight;
}

/// The measured weights, with the database weights of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Shards::Outputs` (r:1 w:2)
	/// Proof: `Shards::Outputs` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Babe::AuthorVrfRandomness` (r:1 w:0)
	/// Proof: `Babe::AuthorVrfRandomness` (`max_values`: Some(1), `max_size`: Some(33), added: 528, mode: `MaxEncodedLen`)
	/// Storage: `System::ParentHash` (r:1 w:0)
	/// Proof: `System::ParentHash` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Awaited` (r:1 w:0)
	/// Proof: `Shards::Awaited` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	fn on_initialize() -> Weight {
		// Minimum execution time: 37_536_000 picoseconds.
		Weight::from_parts(40_340_000, 3509)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}

	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Ledgers` (r:1 w:1)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Requests` (r:1 w:1)
	/// Proof: `Shards::Requests` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Places` (r:1 w:0)
	/// Proof: `Shards::Places` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	/// Storage: `Shards::RequestCount` (r:1 w:1)
	/// Proof: `Shards::RequestCount` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Vacancies` (r:1 w:1)
	/// Proof: `Shards::Vacancies` (`max_values`: None, `max_size`: Some(142), added: 2617, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Entitlements` (r:1 w:0)
	/// Proof: `Shards::Entitlements` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	/// Storage: `Workers::BondPrice` (r:1 w:0)
	/// Proof: `Workers::BondPrice` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Commitments` (r:1 w:1)
	/// Proof: `Workers::Commitments` (`max_values`: None, `max_size`: Some(81), added: 2556, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Awaited` (r:1 w:1)
	/// Proof: `Shards::Awaited` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Clocks` (r:0 w:1)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(74), added: 2549, mode: `MaxEncodedLen`)
	fn enlist() -> Weight {
		// Minimum execution time: 167_589_000 picoseconds.
		Weight::from_parts(180_468_000, 7397)
			.saturating_add(T::DbWeight::get().reads(12_u64))
			.saturating_add(T::DbWeight::get().writes(7_u64))
	}

	/// Storage: `Shards::Requests` (r:1 w:1)
	/// Proof: `Shards::Requests` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Outputs` (r:1 w:1)
	/// Proof: `Shards::Outputs` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Vacancies` (r:1 w:1)
	/// Proof: `Shards::Vacancies` (`max_values`: None, `max_size`: Some(142), added: 2617, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Entitlements` (r:1 w:1)
	/// Proof: `Shards::Entitlements` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Rosters` (r:1 w:1)
	/// Proof: `Shards::Rosters` (`max_values`: None, `max_size`: Some(1143), added: 3618, mode: `MaxEncodedLen`)
	/// Storage: `Shards::SeatRecords` (r:1 w:1)
	/// Proof: `Shards::SeatRecords` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Awaited` (r:1 w:1)
	/// Proof: `Shards::Awaited` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	/// Storage: `Shards::RequestCount` (r:1 w:1)
	/// Proof: `Shards::RequestCount` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Places` (r:0 w:1)
	/// Proof: `Shards::Places` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	fn draw_seat() -> Weight {
		// Minimum execution time: 197_764_000 picoseconds.
		Weight::from_parts(257_552_000, 7397)
			.saturating_add(T::DbWeight::get().reads(10_u64))
			.saturating_add(T::DbWeight::get().writes(9_u64))
	}

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
	/// Storage: `Workers::Commitments` (r:1 w:1)
	/// Proof: `Workers::Commitments` (`max_values`: None, `max_size`: Some(81), added: 2556, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Vacancies` (r:1 w:1)
	/// Proof: `Shards::Vacancies` (`max_values`: None, `max_size`: Some(142), added: 2617, mode: `MaxEncodedLen`)
	fn leave() -> Weight {
		// Minimum execution time: 171_085_000 picoseconds.
		Weight::from_parts(207_028_000, 4608)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}

	/// Storage: `Shards::Requests` (r:1 w:1)
	/// Proof: `Shards::Requests` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Entitlements` (r:1 w:1)
	/// Proof: `Shards::Entitlements` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Outputs` (r:1 w:1)
	/// Proof: `Shards::Outputs` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Awaited` (r:1 w:1)
	/// Proof: `Shards::Awaited` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	/// Storage: `Shards::RequestCount` (r:1 w:1)
	/// Proof: `Shards::RequestCount` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Commitments` (r:1 w:1)
	/// Proof: `Workers::Commitments` (`max_values`: None, `max_size`: Some(81), added: 2556, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	fn leave_enlistment() -> Weight {
		// Minimum execution time: 152_537_000 picoseconds.
		Weight::from_parts(159_977_000, 7397)
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}

	/// Storage: `Workers::Workers` (r:1 w:0)
	/// Proof: `Workers::Workers` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Places` (r:1 w:0)
	/// Proof: `Shards::Places` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Clocks` (r:1 w:0)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(74), added: 2549, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Rosters` (r:1 w:1)
	/// Proof: `Shards::Rosters` (`max_values`: None, `max_size`: Some(1143), added: 3618, mode: `MaxEncodedLen`)
	fn declare_held() -> Weight {
		// Minimum execution time: 91_376_000 picoseconds.
		Weight::from_parts(113_569_000, 4608)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Shards::Clocks` (r:1 w:1)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(74), added: 2549, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Windows` (r:1 w:0)
	/// Proof: `Contributions::Windows` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Vacancies` (r:1 w:1)
	/// Proof: `Shards::Vacancies` (`max_values`: None, `max_size`: Some(142), added: 2617, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Rosters` (r:64 w:64)
	/// Proof: `Shards::Rosters` (`max_values`: None, `max_size`: Some(1143), added: 3618, mode: `MaxEncodedLen`)
	/// Storage: `Shards::SeatRecords` (r:64 w:64)
	/// Proof: `Shards::SeatRecords` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Stages` (r:64 w:0)
	/// Proof: `Contributions::Stages` (`max_values`: None, `max_size`: Some(605), added: 3080, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Ledgers` (r:1024 w:1024)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Commitments` (r:1024 w:1024)
	/// Proof: `Workers::Commitments` (`max_values`: None, `max_size`: Some(81), added: 2556, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:2 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Awaited` (r:1 w:1)
	/// Proof: `Shards::Awaited` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Places` (r:0 w:1024)
	/// Proof: `Shards::Places` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Closed` (r:0 w:3)
	/// Proof: `Shards::Closed` (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`)
	fn poke_close(s: u32, ) -> Weight {
		// Minimum execution time: 1_287_583_000 picoseconds.
		Weight::from_parts(1_305_611_000, 7397)
			// Standard Error: 16_801_725
			.saturating_add(Weight::from_parts(1_340_085_522, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().reads((35_u64).saturating_mul(s.into())))
			.saturating_add(T::DbWeight::get().writes(7_u64))
			.saturating_add(T::DbWeight::get().writes((50_u64).saturating_mul(s.into())))
			.saturating_add(Weight::from_parts(0, 52064).saturating_mul(s.into()))
	}

	/// Storage: `Shards::Clocks` (r:1 w:1)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(74), added: 2549, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Vacancies` (r:1 w:0)
	/// Proof: `Shards::Vacancies` (`max_values`: None, `max_size`: Some(142), added: 2617, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Awaited` (r:1 w:1)
	/// Proof: `Shards::Awaited` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	fn poke_schedule(s: u32, ) -> Weight {
		// Minimum execution time: 189_392_000 picoseconds.
		Weight::from_parts(242_013_369, 7397)
			// Standard Error: 195_548
			.saturating_add(Weight::from_parts(823_126, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}

	/// Storage: `Shards::Clocks` (r:1 w:1)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(74), added: 2549, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Outputs` (r:1 w:1)
	/// Proof: `Shards::Outputs` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Vacancies` (r:1 w:0)
	/// Proof: `Shards::Vacancies` (`max_values`: None, `max_size`: Some(142), added: 2617, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Awaited` (r:1 w:1)
	/// Proof: `Shards::Awaited` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	fn poke_start(s: u32, ) -> Weight {
		// Minimum execution time: 113_659_000 picoseconds.
		Weight::from_parts(179_954_755, 7397)
			// Standard Error: 162_635
			.saturating_add(Weight::from_parts(1_473_585, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}

	/// Storage: `Shards::Clocks` (r:1 w:1)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(74), added: 2549, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Closed` (r:8 w:8)
	/// Proof: `Shards::Closed` (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:2 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Shards::RequestCount` (r:1 w:0)
	/// Proof: `Shards::RequestCount` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Vacancies` (r:1 w:1)
	/// Proof: `Shards::Vacancies` (`max_values`: None, `max_size`: Some(142), added: 2617, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Awaited` (r:1 w:1)
	/// Proof: `Shards::Awaited` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Outputs` (r:0 w:1)
	/// Proof: `Shards::Outputs` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	fn poke_forget() -> Weight {
		// Minimum execution time: 271_103_000 picoseconds.
		Weight::from_parts(293_796_000, 21406)
			.saturating_add(T::DbWeight::get().reads(16_u64))
			.saturating_add(T::DbWeight::get().writes(12_u64))
	}

	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Clocks` (r:1 w:0)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(74), added: 2549, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Closed` (r:1 w:0)
	/// Proof: `Shards::Closed` (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:3 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Rosters` (r:1 w:1)
	/// Proof: `Shards::Rosters` (`max_values`: None, `max_size`: Some(1143), added: 3618, mode: `MaxEncodedLen`)
	/// Storage: `Shards::SeatRecords` (r:1 w:1)
	/// Proof: `Shards::SeatRecords` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Commitments` (r:32 w:32)
	/// Proof: `Workers::Commitments` (`max_values`: None, `max_size`: Some(81), added: 2556, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Vacancies` (r:1 w:1)
	/// Proof: `Shards::Vacancies` (`max_values`: None, `max_size`: Some(142), added: 2617, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Places` (r:0 w:32)
	/// Proof: `Shards::Places` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	fn dissolve() -> Weight {
		// Minimum execution time: 1_194_946_000 picoseconds.
		Weight::from_parts(1_303_997_000, 82782)
			.saturating_add(T::DbWeight::get().reads(42_u64))
			.saturating_add(T::DbWeight::get().writes(67_u64))
	}

}

// For tests.
impl WeightInfo for () {
	fn on_initialize() -> Weight {
		Weight::from_parts(40_340_000, 3509)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn enlist() -> Weight {
		Weight::from_parts(180_468_000, 7397)
			.saturating_add(ParityDbWeight::get().reads(12_u64))
			.saturating_add(ParityDbWeight::get().writes(7_u64))
	}
	fn draw_seat() -> Weight {
		Weight::from_parts(257_552_000, 7397)
			.saturating_add(ParityDbWeight::get().reads(10_u64))
			.saturating_add(ParityDbWeight::get().writes(9_u64))
	}
	fn leave() -> Weight {
		Weight::from_parts(207_028_000, 4608)
			.saturating_add(ParityDbWeight::get().reads(8_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn leave_enlistment() -> Weight {
		Weight::from_parts(159_977_000, 7397)
			.saturating_add(ParityDbWeight::get().reads(9_u64))
			.saturating_add(ParityDbWeight::get().writes(6_u64))
	}
	fn declare_held() -> Weight {
		Weight::from_parts(113_569_000, 4608)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn poke_close(s: u32, ) -> Weight {
		Weight::from_parts(1_305_611_000, 7397)
			.saturating_add(Weight::from_parts(1_340_085_522, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(8_u64))
			.saturating_add(ParityDbWeight::get().writes(7_u64))
	}
	fn poke_schedule(s: u32, ) -> Weight {
		Weight::from_parts(242_013_369, 7397)
			.saturating_add(Weight::from_parts(823_126, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn poke_start(s: u32, ) -> Weight {
		Weight::from_parts(179_954_755, 7397)
			.saturating_add(Weight::from_parts(1_473_585, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn poke_forget() -> Weight {
		Weight::from_parts(293_796_000, 21406)
			.saturating_add(ParityDbWeight::get().reads(16_u64))
			.saturating_add(ParityDbWeight::get().writes(12_u64))
	}
	fn dissolve() -> Weight {
		Weight::from_parts(1_303_997_000, 82782)
			.saturating_add(ParityDbWeight::get().reads(42_u64))
			.saturating_add(ParityDbWeight::get().writes(67_u64))
	}
}
