//! Weights of `pallet_inference`, measured by `make bench NAME=weights`; do not edit.
//!
//! Date: 2026-11-24, steps: 20, repeats: 10

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
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(476), added: 2951, mode: `MaxEncodedLen`)
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
		// Minimum execution time: 707_493_000 picoseconds.
		Weight::from_parts(789_510_391, 7397)
			// Standard Error: 277_230
			.saturating_add(Weight::from_parts(43_533_431, 0).saturating_mul(s.into()))
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
		// Minimum execution time: 519_381_000 picoseconds.
		Weight::from_parts(574_088_000, 3748)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}

	/// Storage: `Inference::Channels` (r:1 w:1)
	/// Proof: `Inference::Channels` (`max_values`: None, `max_size`: Some(194), added: 2669, mode: `MaxEncodedLen`)
	fn extend() -> Weight {
		// Minimum execution time: 142_118_000 picoseconds.
		Weight::from_parts(165_232_000, 3659)
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
		// Minimum execution time: 530_312_000 picoseconds.
		Weight::from_parts(589_074_990, 5531)
			// Standard Error: 372_298
			.saturating_add(Weight::from_parts(44_342_256, 0).saturating_mul(s.into()))
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
		// Minimum execution time: 574_451_000 picoseconds.
		Weight::from_parts(632_932_000, 5531)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}

	/// Storage: `Inference::Channels` (r:1 w:1)
	/// Proof: `Inference::Channels` (`max_values`: None, `max_size`: Some(194), added: 2669, mode: `MaxEncodedLen`)
	/// Storage: `Models::Specs` (r:1 w:0)
	/// Proof: `Models::Specs` (`max_values`: None, `max_size`: Some(3932), added: 6407, mode: `MaxEncodedLen`)
	/// Storage: `Models::Records` (r:1 w:0)
	/// Proof: `Models::Records` (`max_values`: None, `max_size`: Some(476), added: 2951, mode: `MaxEncodedLen`)
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
		// Minimum execution time: 1_912_400_000 picoseconds.
		Weight::from_parts(1_619_182_733, 8799)
			// Standard Error: 2_141_151
			.saturating_add(Weight::from_parts(367_719_634, 0).saturating_mul(s.into()))
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
		// Minimum execution time: 550_852_000 picoseconds.
		Weight::from_parts(603_609_000, 3748)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}

}

// For tests.
impl WeightInfo for () {
	fn open_channel(s: u32, ) -> Weight {
		Weight::from_parts(789_510_391, 7397)
			.saturating_add(Weight::from_parts(43_533_431, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(6_u64))
	}
	fn top_up() -> Weight {
		Weight::from_parts(574_088_000, 3748)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn extend() -> Weight {
		Weight::from_parts(165_232_000, 3659)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn settle(s: u32, ) -> Weight {
		Weight::from_parts(589_074_990, 5531)
			.saturating_add(Weight::from_parts(44_342_256, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn raise() -> Weight {
		Weight::from_parts(632_932_000, 5531)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn close(s: u32, ) -> Weight {
		Weight::from_parts(1_619_182_733, 8799)
			.saturating_add(Weight::from_parts(367_719_634, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(10_u64))
			.saturating_add(ParityDbWeight::get().writes(8_u64))
	}
	fn force_close() -> Weight {
		Weight::from_parts(603_609_000, 3748)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
}
