//! Weights of `pallet_contributions`, measured by `make bench NAME=weights`; do not edit.
//!
//! Date: 2026-12-01, steps: 20, repeats: 10

#![cfg_attr(rustfmt, rustfmt_skip)]

use core::marker::PhantomData;

use frame_support::{traits::Get, weights::{constants::ParityDbWeight, Weight}};

/// What the calls and hooks of `pallet_contributions` cost.
pub trait WeightInfo {
	/// Weight of `attest`.
	fn attest(h: u32, f: u32, ) -> Weight;
	/// Weight of `open_window`.
	fn open_window() -> Weight;
	/// Weight of `ends_differ`.
	fn ends_differ() -> Weight;
	/// Weight of `draw_lots`.
	fn draw_lots() -> Weight;
	/// Weight of `redraw_audit`.
	fn redraw_audit() -> Weight;
	/// Weight of `verdict_ok`.
	fn verdict_ok() -> Weight;
	/// Weight of `conclude_gate`.
	fn conclude_gate() -> Weight;
	/// Weight of `verdict_bad`.
	fn verdict_bad() -> Weight;
	/// Weight of `report_unavailable`.
	fn report_unavailable() -> Weight;
	/// Weight of `expose_audit`.
	fn expose_audit() -> Weight;
	/// Weight of `suspect`.
	fn suspect(s: u32, ) -> Weight;
	/// Weight of `settle_suspicion`.
	fn settle_suspicion(s: u32, ) -> Weight;
	/// Weight of `challenge`.
	fn challenge() -> Weight;
	/// Weight of `refute_merge`.
	fn refute_merge(e: u32, ) -> Weight;
	/// Weight of `report_equivocation`.
	fn report_equivocation() -> Weight;
	/// Weight of `report_fork`.
	fn report_fork(n: u32, ) -> Weight;
	/// Weight of `finalise`.
	fn finalise() -> Weight;
	/// Weight of `prune`.
	fn prune() -> Weight;
}

/// The measured weights, with the database weights of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Workers::Workers` (r:1 w:0)
	/// Proof: `Workers::Workers` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Clocks` (r:1 w:0)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(74), added: 2549, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Rosters` (r:3 w:0)
	/// Proof: `Shards::Rosters` (`max_values`: None, `max_size`: Some(1143), added: 3618, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Stages` (r:2 w:1)
	/// Proof: `Contributions::Stages` (`max_values`: None, `max_size`: Some(605), added: 3080, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Ledgers` (r:34 w:1)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Records` (r:1 w:1)
	/// Proof: `Contributions::Records` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Windows` (r:2 w:1)
	/// Proof: `Contributions::Windows` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Units` (r:4 w:2)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Queue` (r:2 w:2)
	/// Proof: `Contributions::Queue` (`max_values`: None, `max_size`: Some(83), added: 2558, mode: `MaxEncodedLen`)
	/// Storage: `Disputes::OpenGames` (r:1 w:0)
	/// Proof: `Disputes::OpenGames` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:2 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Revenue::Pools` (r:2 w:2)
	/// Proof: `Revenue::Pools` (`max_values`: None, `max_size`: Some(217), added: 2692, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Models::Datasets` (r:1 w:0)
	/// Proof: `Models::Datasets` (`max_values`: None, `max_size`: Some(226), added: 2701, mode: `MaxEncodedLen`)
	/// Storage: `Revenue::Holders` (r:4 w:4)
	/// Proof: `Revenue::Holders` (`max_values`: None, `max_size`: Some(181), added: 2656, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::OpenUnits` (r:1 w:1)
	/// Proof: `Contributions::OpenUnits` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	fn attest(h: u32, f: u32, ) -> Weight {
		// Minimum execution time: 835_021_000 picoseconds.
		Weight::from_parts(509_935_982, 11844)
			// Standard Error: 2_241_640
			.saturating_add(Weight::from_parts(59_886_111, 0).saturating_mul(h.into()))
			// Standard Error: 47_736_671
			.saturating_add(Weight::from_parts(502_993_952, 0).saturating_mul(f.into()))
			.saturating_add(T::DbWeight::get().reads(18_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(h.into())))
			.saturating_add(T::DbWeight::get().reads((14_u64).saturating_mul(f.into())))
			.saturating_add(T::DbWeight::get().writes(6_u64))
			.saturating_add(T::DbWeight::get().writes((8_u64).saturating_mul(f.into())))
			.saturating_add(Weight::from_parts(0, 5807).saturating_mul(f.into()))
			.saturating_add(Weight::from_parts(0, 3254).saturating_mul(h.into()))
	}

	/// Storage: `Contributions::Windows` (r:2 w:1)
	/// Proof: `Contributions::Windows` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Newest` (r:1 w:1)
	/// Proof: `Contributions::Newest` (`max_values`: None, `max_size`: Some(17), added: 2492, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Closed` (r:1 w:0)
	/// Proof: `Shards::Closed` (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Clocks` (r:1 w:0)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(74), added: 2549, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:2 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	fn open_window() -> Weight {
		// Minimum execution time: 105_768_000 picoseconds.
		Weight::from_parts(116_853_000, 6080)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}

	/// Storage: `Contributions::Units` (r:1 w:1)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	fn ends_differ() -> Weight {
		// Minimum execution time: 35_212_000 picoseconds.
		Weight::from_parts(41_492_000, 3796)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Windows` (r:1 w:1)
	/// Proof: `Contributions::Windows` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Stages` (r:1 w:1)
	/// Proof: `Contributions::Stages` (`max_values`: None, `max_size`: Some(605), added: 3080, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Closed` (r:1 w:0)
	/// Proof: `Shards::Closed` (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:3 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Outputs` (r:1 w:0)
	/// Proof: `Shards::Outputs` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Units` (r:48 w:16)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Records` (r:16 w:0)
	/// Proof: `Contributions::Records` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Challenges` (r:16 w:0)
	/// Proof: `Contributions::Challenges` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Rosters` (r:1 w:0)
	/// Proof: `Shards::Rosters` (`max_values`: None, `max_size`: Some(1143), added: 3618, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Ledgers` (r:32 w:0)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Audits` (r:0 w:16)
	/// Proof: `Contributions::Audits` (`max_values`: None, `max_size`: Some(193), added: 2668, mode: `MaxEncodedLen`)
	fn draw_lots() -> Weight {
		// Minimum execution time: 4_102_336_000 picoseconds.
		Weight::from_parts(4_338_317_000, 135678)
			.saturating_add(T::DbWeight::get().reads(122_u64))
			.saturating_add(T::DbWeight::get().writes(34_u64))
	}

	/// Storage: `Contributions::Audits` (r:1 w:1)
	/// Proof: `Contributions::Audits` (`max_values`: None, `max_size`: Some(193), added: 2668, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Units` (r:3 w:1)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Outputs` (r:1 w:0)
	/// Proof: `Shards::Outputs` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Challenges` (r:1 w:0)
	/// Proof: `Contributions::Challenges` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Rosters` (r:2 w:0)
	/// Proof: `Shards::Rosters` (`max_values`: None, `max_size`: Some(1143), added: 3618, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Ledgers` (r:2 w:0)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:2 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	fn redraw_audit() -> Weight {
		// Minimum execution time: 271_083_000 picoseconds.
		Weight::from_parts(324_322_000, 9408)
			.saturating_add(T::DbWeight::get().reads(13_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}

	/// Storage: `Workers::Workers` (r:1 w:0)
	/// Proof: `Workers::Workers` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Audits` (r:1 w:1)
	/// Proof: `Contributions::Audits` (`max_values`: None, `max_size`: Some(193), added: 2668, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Units` (r:16 w:1)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:2 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Records` (r:1 w:1)
	/// Proof: `Contributions::Records` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::OpenUnits` (r:1 w:1)
	/// Proof: `Contributions::OpenUnits` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Stages` (r:1 w:0)
	/// Proof: `Contributions::Stages` (`max_values`: None, `max_size`: Some(605), added: 3080, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Queue` (r:0 w:1)
	/// Proof: `Contributions::Queue` (`max_values`: None, `max_size`: Some(83), added: 2558, mode: `MaxEncodedLen`)
	fn verdict_ok() -> Weight {
		// Minimum execution time: 362_509_000 picoseconds.
		Weight::from_parts(424_891_000, 45886)
			.saturating_add(T::DbWeight::get().reads(25_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}

	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Stages` (r:1 w:0)
	/// Proof: `Contributions::Stages` (`max_values`: None, `max_size`: Some(605), added: 3080, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Units` (r:16 w:0)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	fn conclude_gate() -> Weight {
		// Minimum execution time: 220_808_000 picoseconds.
		Weight::from_parts(251_113_000, 45886)
			.saturating_add(T::DbWeight::get().reads(19_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Workers::Workers` (r:1 w:0)
	/// Proof: `Workers::Workers` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Audits` (r:1 w:1)
	/// Proof: `Contributions::Audits` (`max_values`: None, `max_size`: Some(193), added: 2668, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Units` (r:1 w:0)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Windows` (r:1 w:0)
	/// Proof: `Contributions::Windows` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Disputes::Games` (r:1 w:1)
	/// Proof: `Disputes::Games` (`max_values`: None, `max_size`: Some(925), added: 3400, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:2 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Disputes::OpenGames` (r:1 w:1)
	/// Proof: `Disputes::OpenGames` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::OpenUnits` (r:1 w:1)
	/// Proof: `Contributions::OpenUnits` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Records` (r:1 w:1)
	/// Proof: `Contributions::Records` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	fn verdict_bad() -> Weight {
		// Minimum execution time: 195_671_000 picoseconds.
		Weight::from_parts(223_482_000, 7397)
			.saturating_add(T::DbWeight::get().reads(12_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}

	/// Storage: `Workers::Workers` (r:1 w:0)
	/// Proof: `Workers::Workers` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Audits` (r:1 w:1)
	/// Proof: `Contributions::Audits` (`max_values`: None, `max_size`: Some(193), added: 2668, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Units` (r:1 w:1)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Records` (r:1 w:1)
	/// Proof: `Contributions::Records` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::OpenUnits` (r:1 w:1)
	/// Proof: `Contributions::OpenUnits` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Disputes::OpenGames` (r:1 w:0)
	/// Proof: `Disputes::OpenGames` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Challenges` (r:1 w:1)
	/// Proof: `Contributions::Challenges` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:6 w:6)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:5 w:5)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Ledgers` (r:1 w:1)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Commitments` (r:1 w:1)
	/// Proof: `Workers::Commitments` (`max_values`: None, `max_size`: Some(81), added: 2556, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
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
	/// Storage: `Contributions::Queue` (r:0 w:1)
	/// Proof: `Contributions::Queue` (`max_values`: None, `max_size`: Some(83), added: 2558, mode: `MaxEncodedLen`)
	fn report_unavailable() -> Weight {
		// Minimum execution time: 842_512_000 picoseconds.
		Weight::from_parts(926_888_000, 16608)
			.saturating_add(T::DbWeight::get().reads(30_u64))
			.saturating_add(T::DbWeight::get().writes(23_u64))
	}

	/// Storage: `Workers::Workers` (r:1 w:0)
	/// Proof: `Workers::Workers` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Units` (r:1 w:1)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Audits` (r:1 w:1)
	/// Proof: `Contributions::Audits` (`max_values`: None, `max_size`: Some(193), added: 2668, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Records` (r:1 w:1)
	/// Proof: `Contributions::Records` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::OpenUnits` (r:1 w:1)
	/// Proof: `Contributions::OpenUnits` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:2 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Ledgers` (r:1 w:1)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Commitments` (r:1 w:1)
	/// Proof: `Workers::Commitments` (`max_values`: None, `max_size`: Some(81), added: 2556, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:3 w:3)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
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
	/// Storage: `Shards::Vacancies` (r:1 w:1)
	/// Proof: `Shards::Vacancies` (`max_values`: None, `max_size`: Some(142), added: 2617, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Queue` (r:0 w:1)
	/// Proof: `Contributions::Queue` (`max_values`: None, `max_size`: Some(83), added: 2558, mode: `MaxEncodedLen`)
	fn expose_audit() -> Weight {
		// Minimum execution time: 580_423_000 picoseconds.
		Weight::from_parts(644_638_000, 8799)
			.saturating_add(T::DbWeight::get().reads(23_u64))
			.saturating_add(T::DbWeight::get().writes(15_u64))
	}

	/// Storage: `Workers::Workers` (r:1 w:0)
	/// Proof: `Workers::Workers` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Windows` (r:1 w:1)
	/// Proof: `Contributions::Windows` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Closed` (r:1 w:0)
	/// Proof: `Shards::Closed` (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Rosters` (r:64 w:0)
	/// Proof: `Shards::Rosters` (`max_values`: None, `max_size`: Some(1143), added: 3618, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Units` (r:64 w:64)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Challenges` (r:64 w:0)
	/// Proof: `Contributions::Challenges` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Stages` (r:64 w:0)
	/// Proof: `Contributions::Stages` (`max_values`: None, `max_size`: Some(605), added: 3080, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:2 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Workers::BondPrice` (r:1 w:0)
	/// Proof: `Workers::BondPrice` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Suspicions` (r:0 w:1)
	/// Proof: `Contributions::Suspicions` (`max_values`: None, `max_size`: Some(89), added: 2564, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Audits` (r:0 w:64)
	/// Proof: `Contributions::Audits` (`max_values`: None, `max_size`: Some(193), added: 2668, mode: `MaxEncodedLen`)
	fn suspect(s: u32, ) -> Weight {
		// Minimum execution time: 330_872_000 picoseconds.
		Weight::from_parts(397_289_365, 7397)
			// Standard Error: 2_163_777
			.saturating_add(Weight::from_parts(94_085_849, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(s.into())))
			.saturating_add(T::DbWeight::get().writes(4_u64))
			.saturating_add(T::DbWeight::get().writes((2_u64).saturating_mul(s.into())))
			.saturating_add(Weight::from_parts(0, 3618).saturating_mul(s.into()))
	}

	/// Storage: `Contributions::Suspicions` (r:1 w:1)
	/// Proof: `Contributions::Suspicions` (`max_values`: None, `max_size`: Some(89), added: 2564, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Units` (r:64 w:0)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Windows` (r:1 w:1)
	/// Proof: `Contributions::Windows` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn settle_suspicion(s: u32, ) -> Weight {
		// Minimum execution time: 243_892_000 picoseconds.
		Weight::from_parts(306_114_372, 7397)
			// Standard Error: 536_638
			.saturating_add(Weight::from_parts(14_692_212, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(s.into())))
			.saturating_add(T::DbWeight::get().writes(5_u64))
			.saturating_add(Weight::from_parts(0, 2806).saturating_mul(s.into()))
	}

	/// Storage: `Workers::Workers` (r:1 w:0)
	/// Proof: `Workers::Workers` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Units` (r:1 w:0)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Windows` (r:1 w:0)
	/// Proof: `Contributions::Windows` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Closed` (r:1 w:0)
	/// Proof: `Shards::Closed` (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Clocks` (r:1 w:0)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(74), added: 2549, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Challenges` (r:1 w:1)
	/// Proof: `Contributions::Challenges` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Stages` (r:1 w:0)
	/// Proof: `Contributions::Stages` (`max_values`: None, `max_size`: Some(605), added: 3080, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:3 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Audits` (r:1 w:0)
	/// Proof: `Contributions::Audits` (`max_values`: None, `max_size`: Some(193), added: 2668, mode: `MaxEncodedLen`)
	/// Storage: `Workers::BondPrice` (r:1 w:0)
	/// Proof: `Workers::BondPrice` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Disputes::Games` (r:1 w:1)
	/// Proof: `Disputes::Games` (`max_values`: None, `max_size`: Some(925), added: 3400, mode: `MaxEncodedLen`)
	/// Storage: `Disputes::OpenGames` (r:1 w:1)
	/// Proof: `Disputes::OpenGames` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	fn challenge() -> Weight {
		// Minimum execution time: 354_116_000 picoseconds.
		Weight::from_parts(416_589_000, 8487)
			.saturating_add(T::DbWeight::get().reads(19_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}

	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Windows` (r:1 w:0)
	/// Proof: `Contributions::Windows` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Closed` (r:1 w:0)
	/// Proof: `Shards::Closed` (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Clocks` (r:1 w:0)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(74), added: 2549, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Stages` (r:2 w:1)
	/// Proof: `Contributions::Stages` (`max_values`: None, `max_size`: Some(605), added: 3080, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Units` (r:32 w:16)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Workers` (r:1 w:0)
	/// Proof: `Workers::Workers` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Audits` (r:16 w:0)
	/// Proof: `Contributions::Audits` (`max_values`: None, `max_size`: Some(193), added: 2668, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Records` (r:16 w:16)
	/// Proof: `Contributions::Records` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::OpenUnits` (r:16 w:16)
	/// Proof: `Contributions::OpenUnits` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Disputes::OpenGames` (r:16 w:0)
	/// Proof: `Disputes::OpenGames` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Challenges` (r:16 w:0)
	/// Proof: `Contributions::Challenges` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Ledgers` (r:16 w:16)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Commitments` (r:16 w:16)
	/// Proof: `Workers::Commitments` (`max_values`: None, `max_size`: Some(81), added: 2556, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:16 w:16)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:18 w:18)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:1)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Workers::BondPrice` (r:1 w:0)
	/// Proof: `Workers::BondPrice` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Requests` (r:16 w:0)
	/// Proof: `Shards::Requests` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Places` (r:16 w:16)
	/// Proof: `Shards::Places` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Rosters` (r:1 w:1)
	/// Proof: `Shards::Rosters` (`max_values`: None, `max_size`: Some(1143), added: 3618, mode: `MaxEncodedLen`)
	/// Storage: `Shards::SeatRecords` (r:1 w:1)
	/// Proof: `Shards::SeatRecords` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Vacancies` (r:1 w:1)
	/// Proof: `Shards::Vacancies` (`max_values`: None, `max_size`: Some(142), added: 2617, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Newest` (r:1 w:1)
	/// Proof: `Contributions::Newest` (`max_values`: None, `max_size`: Some(17), added: 2492, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Queue` (r:0 w:16)
	/// Proof: `Contributions::Queue` (`max_values`: None, `max_size`: Some(83), added: 2558, mode: `MaxEncodedLen`)
	fn refute_merge(e: u32, ) -> Weight {
		// Minimum execution time: 6_214_615_000 picoseconds.
		Weight::from_parts(7_006_227_922, 90782)
			// Standard Error: 1_585
			.saturating_add(Weight::from_parts(6_862, 0).saturating_mul(e.into()))
			.saturating_add(T::DbWeight::get().reads(224_u64))
			.saturating_add(T::DbWeight::get().writes(152_u64))
	}

	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Clocks` (r:1 w:0)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(74), added: 2549, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Units` (r:2 w:0)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Rosters` (r:2 w:0)
	/// Proof: `Shards::Rosters` (`max_values`: None, `max_size`: Some(1143), added: 3618, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Ledgers` (r:1 w:1)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Windows` (r:1 w:1)
	/// Proof: `Contributions::Windows` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Newest` (r:1 w:1)
	/// Proof: `Contributions::Newest` (`max_values`: None, `max_size`: Some(17), added: 2492, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:2 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Stages` (r:1 w:1)
	/// Proof: `Contributions::Stages` (`max_values`: None, `max_size`: Some(605), added: 3080, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Records` (r:1 w:1)
	/// Proof: `Contributions::Records` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Workers` (r:1 w:0)
	/// Proof: `Workers::Workers` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Commitments` (r:1 w:1)
	/// Proof: `Workers::Commitments` (`max_values`: None, `max_size`: Some(81), added: 2556, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:3 w:3)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Workers::BondPrice` (r:1 w:0)
	/// Proof: `Workers::BondPrice` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Requests` (r:1 w:0)
	/// Proof: `Shards::Requests` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Places` (r:1 w:0)
	/// Proof: `Shards::Places` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	/// Storage: `Shards::SeatRecords` (r:1 w:1)
	/// Proof: `Shards::SeatRecords` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	fn report_equivocation() -> Weight {
		// Minimum execution time: 683_756_000 picoseconds.
		Weight::from_parts(760_220_000, 8799)
			.saturating_add(T::DbWeight::get().reads(25_u64))
			.saturating_add(T::DbWeight::get().writes(11_u64))
	}

	/// Storage: `Contributions::Units` (r:2 w:2)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Workers` (r:1 w:0)
	/// Proof: `Workers::Workers` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Audits` (r:2 w:0)
	/// Proof: `Contributions::Audits` (`max_values`: None, `max_size`: Some(193), added: 2668, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Records` (r:2 w:2)
	/// Proof: `Contributions::Records` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::OpenUnits` (r:2 w:2)
	/// Proof: `Contributions::OpenUnits` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Disputes::OpenGames` (r:2 w:0)
	/// Proof: `Disputes::OpenGames` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Challenges` (r:2 w:2)
	/// Proof: `Contributions::Challenges` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:10 w:10)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:8 w:8)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Ledgers` (r:2 w:2)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Commitments` (r:2 w:2)
	/// Proof: `Workers::Commitments` (`max_values`: None, `max_size`: Some(81), added: 2556, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Workers::BondPrice` (r:1 w:0)
	/// Proof: `Workers::BondPrice` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Requests` (r:2 w:0)
	/// Proof: `Shards::Requests` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Places` (r:2 w:2)
	/// Proof: `Shards::Places` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Rosters` (r:2 w:2)
	/// Proof: `Shards::Rosters` (`max_values`: None, `max_size`: Some(1143), added: 3618, mode: `MaxEncodedLen`)
	/// Storage: `Shards::SeatRecords` (r:2 w:2)
	/// Proof: `Shards::SeatRecords` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Clocks` (r:1 w:0)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(74), added: 2549, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Vacancies` (r:1 w:1)
	/// Proof: `Shards::Vacancies` (`max_values`: None, `max_size`: Some(142), added: 2617, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Queue` (r:0 w:2)
	/// Proof: `Contributions::Queue` (`max_values`: None, `max_size`: Some(83), added: 2558, mode: `MaxEncodedLen`)
	fn report_fork(n: u32, ) -> Weight {
		// Minimum execution time: 1_638_064_000 picoseconds.
		Weight::from_parts(2_105_190_703, 27020)
			// Standard Error: 169_816
			.saturating_add(Weight::from_parts(1_524_231, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(49_u64))
			.saturating_add(T::DbWeight::get().writes(39_u64))
	}

	/// Storage: `Contributions::Units` (r:1 w:1)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Records` (r:2 w:2)
	/// Proof: `Contributions::Records` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Windows` (r:1 w:0)
	/// Proof: `Contributions::Windows` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Stages` (r:1 w:0)
	/// Proof: `Contributions::Stages` (`max_values`: None, `max_size`: Some(605), added: 3080, mode: `MaxEncodedLen`)
	/// Storage: `Disputes::OpenGames` (r:1 w:0)
	/// Proof: `Disputes::OpenGames` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:2 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Revenue::Pools` (r:2 w:2)
	/// Proof: `Revenue::Pools` (`max_values`: None, `max_size`: Some(217), added: 2692, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Models::Datasets` (r:1 w:0)
	/// Proof: `Models::Datasets` (`max_values`: None, `max_size`: Some(226), added: 2701, mode: `MaxEncodedLen`)
	/// Storage: `Revenue::Holders` (r:5 w:5)
	/// Proof: `Revenue::Holders` (`max_values`: None, `max_size`: Some(181), added: 2656, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Ledgers` (r:2 w:2)
	/// Proof: `Workers::Ledgers` (`max_values`: None, `max_size`: Some(779), added: 3254, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::OpenUnits` (r:2 w:2)
	/// Proof: `Contributions::OpenUnits` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Audits` (r:1 w:1)
	/// Proof: `Contributions::Audits` (`max_values`: None, `max_size`: Some(193), added: 2668, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Queue` (r:0 w:2)
	/// Proof: `Contributions::Queue` (`max_values`: None, `max_size`: Some(83), added: 2558, mode: `MaxEncodedLen`)
	fn finalise() -> Weight {
		// Minimum execution time: 521_435_000 picoseconds.
		Weight::from_parts(583_287_000, 14270)
			.saturating_add(T::DbWeight::get().reads(23_u64))
			.saturating_add(T::DbWeight::get().writes(17_u64))
	}

	/// Storage: `Contributions::Stages` (r:1 w:1)
	/// Proof: `Contributions::Stages` (`max_values`: None, `max_size`: Some(605), added: 3080, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Windows` (r:3 w:1)
	/// Proof: `Contributions::Windows` (`max_values`: None, `max_size`: Some(70), added: 2545, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Units` (r:16 w:16)
	/// Proof: `Contributions::Units` (`max_values`: None, `max_size`: Some(331), added: 2806, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Audits` (r:16 w:0)
	/// Proof: `Contributions::Audits` (`max_values`: None, `max_size`: Some(193), added: 2668, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Clocks` (r:1 w:0)
	/// Proof: `Shards::Clocks` (`max_values`: None, `max_size`: Some(74), added: 2549, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Contributions::Newest` (r:1 w:0)
	/// Proof: `Contributions::Newest` (`max_values`: None, `max_size`: Some(17), added: 2492, mode: `MaxEncodedLen`)
	fn prune() -> Weight {
		// Minimum execution time: 417_781_000 picoseconds.
		Weight::from_parts(466_474_000, 45886)
			.saturating_add(T::DbWeight::get().reads(39_u64))
			.saturating_add(T::DbWeight::get().writes(18_u64))
	}

}

// For tests.
impl WeightInfo for () {
	fn attest(h: u32, f: u32, ) -> Weight {
		Weight::from_parts(509_935_982, 11844)
			.saturating_add(Weight::from_parts(59_886_111, 0).saturating_mul(h.into()))
			.saturating_add(Weight::from_parts(502_993_952, 0).saturating_mul(f.into()))
			.saturating_add(ParityDbWeight::get().reads(18_u64))
			.saturating_add(ParityDbWeight::get().writes(6_u64))
	}
	fn open_window() -> Weight {
		Weight::from_parts(116_853_000, 6080)
			.saturating_add(ParityDbWeight::get().reads(8_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn ends_differ() -> Weight {
		Weight::from_parts(41_492_000, 3796)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn draw_lots() -> Weight {
		Weight::from_parts(4_338_317_000, 135678)
			.saturating_add(ParityDbWeight::get().reads(122_u64))
			.saturating_add(ParityDbWeight::get().writes(34_u64))
	}
	fn redraw_audit() -> Weight {
		Weight::from_parts(324_322_000, 9408)
			.saturating_add(ParityDbWeight::get().reads(13_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn verdict_ok() -> Weight {
		Weight::from_parts(424_891_000, 45886)
			.saturating_add(ParityDbWeight::get().reads(25_u64))
			.saturating_add(ParityDbWeight::get().writes(6_u64))
	}
	fn conclude_gate() -> Weight {
		Weight::from_parts(251_113_000, 45886)
			.saturating_add(ParityDbWeight::get().reads(19_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn verdict_bad() -> Weight {
		Weight::from_parts(223_482_000, 7397)
			.saturating_add(ParityDbWeight::get().reads(12_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn report_unavailable() -> Weight {
		Weight::from_parts(926_888_000, 16608)
			.saturating_add(ParityDbWeight::get().reads(30_u64))
			.saturating_add(ParityDbWeight::get().writes(23_u64))
	}
	fn expose_audit() -> Weight {
		Weight::from_parts(644_638_000, 8799)
			.saturating_add(ParityDbWeight::get().reads(23_u64))
			.saturating_add(ParityDbWeight::get().writes(15_u64))
	}
	fn suspect(s: u32, ) -> Weight {
		Weight::from_parts(397_289_365, 7397)
			.saturating_add(Weight::from_parts(94_085_849, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(9_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn settle_suspicion(s: u32, ) -> Weight {
		Weight::from_parts(306_114_372, 7397)
			.saturating_add(Weight::from_parts(14_692_212, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn challenge() -> Weight {
		Weight::from_parts(416_589_000, 8487)
			.saturating_add(ParityDbWeight::get().reads(19_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn refute_merge(e: u32, ) -> Weight {
		Weight::from_parts(7_006_227_922, 90782)
			.saturating_add(Weight::from_parts(6_862, 0).saturating_mul(e.into()))
			.saturating_add(ParityDbWeight::get().reads(224_u64))
			.saturating_add(ParityDbWeight::get().writes(152_u64))
	}
	fn report_equivocation() -> Weight {
		Weight::from_parts(760_220_000, 8799)
			.saturating_add(ParityDbWeight::get().reads(25_u64))
			.saturating_add(ParityDbWeight::get().writes(11_u64))
	}
	fn report_fork(n: u32, ) -> Weight {
		Weight::from_parts(2_105_190_703, 27020)
			.saturating_add(Weight::from_parts(1_524_231, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(49_u64))
			.saturating_add(ParityDbWeight::get().writes(39_u64))
	}
	fn finalise() -> Weight {
		Weight::from_parts(583_287_000, 14270)
			.saturating_add(ParityDbWeight::get().reads(23_u64))
			.saturating_add(ParityDbWeight::get().writes(17_u64))
	}
	fn prune() -> Weight {
		Weight::from_parts(466_474_000, 45886)
			.saturating_add(ParityDbWeight::get().reads(39_u64))
			.saturating_add(ParityDbWeight::get().writes(18_u64))
	}
}
