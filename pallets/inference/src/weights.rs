//! Weights of `pallet_inference`, measured by `make bench NAME=weights`; do not edit.
//!
//! Date: 2026-11-27, steps: 20, repeats: 10

#![cfg_attr(rustfmt, rustfmt_skip)]

use core::marker::PhantomData;

use frame_support::{traits::Get, weights::{constants::ParityDbWeight, Weight}};

/// What the calls and hooks of `pallet_inference` cost.
pub trait WeightInfo {
	/// Weight of `open_channel`.
	fn open_channel(s: u32, ) -> Weight;
	/// Weight of `top_up`.
	fn top_up() -> Weight;
	/// Weight of `extend`.
	fn extend() -> Weight;
	/// Weight of `settle`.
	fn settle(s: u32, ) -> Weight;
	/// Weight of `raise`.
	fn raise() -> Weight;
	/// Weight of `close`.
	fn close(s: u32, ) -> Weight;
	/// Weight of `force_close`.
	fn force_close() -> Weight;
}

/// The measured weights, with the database weights of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Inference::OpenChannels` (r:1 w:1)
	/// Proof: `Inference::OpenChannels` (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Rosters` (r:64 w:0)
	/// Proof: `Shards::Rosters` (`max_values`: None, `max_size`: Some(1143), added: 3618, mode: `MaxEncodedLen`)
	/// Storage: `Inference::NextChannel` (r:1 w:1)
	/// Proof: `Inference::NextChannel` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `Inference::Hired` (r:0 w:1)
	/// Proof: `Inference::Hired` (`max_values`: None, `max_size`: Some(2066), added: 4541, mode: `MaxEncodedLen`)
	/// Storage: `Inference::Channels` (r:0 w:1)
	/// Proof: `Inference::Channels` (`max_values`: None, `max_size`: Some(194), added: 2669, mode: `MaxEncodedLen`)
	fn open_channel(s: u32, ) -> Weight {
		// Minimum execution time: 189_867_000 picoseconds.
		Weight::from_parts(213_995_382, 7397)
			// Standard Error: 132_795
			.saturating_add(Weight::from_parts(13_884_933, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(s.into())))
			.saturating_add(T::DbWeight::get().writes(6_u64))
			.saturating_add(Weight::from_parts(0, 3618).saturating_mul(s.into()))
	}

	/// Storage: `Inference::Channels` (r:1 w:1)
	/// Proof: `Inference::Channels` (`max_values`: None, `max_size`: Some(194), added: 2669, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	fn top_up() -> Weight {
		// Minimum execution time: 114_973_000 picoseconds.
		Weight::from_parts(127_636_000, 3748)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}

	/// Storage: `Inference::Channels` (r:1 w:1)
	/// Proof: `Inference::Channels` (`max_values`: None, `max_size`: Some(194), added: 2669, mode: `MaxEncodedLen`)
	fn extend() -> Weight {
		// Minimum execution time: 39_033_000 picoseconds.
		Weight::from_parts(46_804_000, 3659)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Inference::Channels` (r:1 w:1)
	/// Proof: `Inference::Channels` (`max_values`: None, `max_size`: Some(194), added: 2669, mode: `MaxEncodedLen`)
	/// Storage: `Inference::Hired` (r:1 w:0)
	/// Proof: `Inference::Hired` (`max_values`: None, `max_size`: Some(2066), added: 4541, mode: `MaxEncodedLen`)
	/// Storage: `Shards::Rosters` (r:64 w:0)
	/// Proof: `Shards::Rosters` (`max_values`: None, `max_size`: Some(1143), added: 3618, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Workers` (r:1 w:0)
	/// Proof: `Workers::Workers` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Inference::OpenChannels` (r:0 w:1)
	/// Proof: `Inference::OpenChannels` (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`)
	/// Storage: `Inference::Served` (r:0 w:1)
	/// Proof: `Inference::Served` (`max_values`: None, `max_size`: Some(2066), added: 4541, mode: `MaxEncodedLen`)
	fn settle(s: u32, ) -> Weight {
		// Minimum execution time: 224_265_000 picoseconds.
		Weight::from_parts(258_773_261, 5531)
			// Standard Error: 153_858
			.saturating_add(Weight::from_parts(12_828_525, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(s.into())))
			.saturating_add(T::DbWeight::get().writes(3_u64))
			.saturating_add(Weight::from_parts(0, 3618).saturating_mul(s.into()))
	}

	/// Storage: `Inference::Channels` (r:1 w:1)
	/// Proof: `Inference::Channels` (`max_values`: None, `max_size`: Some(194), added: 2669, mode: `MaxEncodedLen`)
	/// Storage: `Inference::Hired` (r:1 w:0)
	/// Proof: `Inference::Hired` (`max_values`: None, `max_size`: Some(2066), added: 4541, mode: `MaxEncodedLen`)
	/// Storage: `Inference::Served` (r:1 w:0)
	/// Proof: `Inference::Served` (`max_values`: None, `max_size`: Some(2066), added: 4541, mode: `MaxEncodedLen`)
	/// Storage: `Workers::Workers` (r:1 w:0)
	/// Proof: `Workers::Workers` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	fn raise() -> Weight {
		// Minimum execution time: 269_216_000 picoseconds.
		Weight::from_parts(279_980_000, 5531)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Inference::Channels` (r:1 w:1)
	/// Proof: `Inference::Channels` (`max_values`: None, `max_size`: Some(194), added: 2669, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(555), added: 3030, mode: `MaxEncodedLen`)
	/// Storage: `Inference::Served` (r:1 w:1)
	/// Proof: `Inference::Served` (`max_values`: None, `max_size`: Some(2066), added: 4541, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:67 w:67)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Revenue::Pools` (r:1 w:1)
	/// Proof: `Revenue::Pools` (`max_values`: None, `max_size`: Some(217), added: 2692, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Inference::Hired` (r:0 w:1)
	/// Proof: `Inference::Hired` (`max_values`: None, `max_size`: Some(2066), added: 4541, mode: `MaxEncodedLen`)
	fn close(s: u32, ) -> Weight {
		// Minimum execution time: 446_466_000 picoseconds.
		Weight::from_parts(444_705_487, 8799)
			// Standard Error: 302_414
			.saturating_add(Weight::from_parts(76_007_543, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(10_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(s.into())))
			.saturating_add(T::DbWeight::get().writes(8_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(s.into())))
			.saturating_add(Weight::from_parts(0, 2603).saturating_mul(s.into()))
	}

	/// Storage: `Inference::Channels` (r:1 w:1)
	/// Proof: `Inference::Channels` (`max_values`: None, `max_size`: Some(194), added: 2669, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(283), added: 2758, mode: `MaxEncodedLen`)
	/// Storage: `Inference::Hired` (r:0 w:1)
	/// Proof: `Inference::Hired` (`max_values`: None, `max_size`: Some(2066), added: 4541, mode: `MaxEncodedLen`)
	/// Storage: `Inference::OpenChannels` (r:0 w:1)
	/// Proof: `Inference::OpenChannels` (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`)
	fn force_close() -> Weight {
		// Minimum execution time: 124_501_000 picoseconds.
		Weight::from_parts(139_906_000, 3748)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}

}

// For tests.
impl WeightInfo for () {
	fn open_channel(s: u32, ) -> Weight {
		Weight::from_parts(213_995_382, 7397)
			.saturating_add(Weight::from_parts(13_884_933, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(6_u64))
	}
	fn top_up() -> Weight {
		Weight::from_parts(127_636_000, 3748)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn extend() -> Weight {
		Weight::from_parts(46_804_000, 3659)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn settle(s: u32, ) -> Weight {
		Weight::from_parts(258_773_261, 5531)
			.saturating_add(Weight::from_parts(12_828_525, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn raise() -> Weight {
		Weight::from_parts(279_980_000, 5531)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn close(s: u32, ) -> Weight {
		Weight::from_parts(444_705_487, 8799)
			.saturating_add(Weight::from_parts(76_007_543, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(10_u64))
			.saturating_add(ParityDbWeight::get().writes(8_u64))
	}
	fn force_close() -> Weight {
		Weight::from_parts(139_906_000, 3748)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
}
