#![cfg_attr(not(feature = "std"), no_std)]
// Runtime code must not panic.
#![cfg_attr(
	not(test),
	deny(
		clippy::arithmetic_side_effects,
		clippy::expect_used,
		clippy::indexing_slicing,
		clippy::panic,
		clippy::unwrap_used
	)
)]
#![doc = include_str!("../README.md")]

extern crate alloc;

pub mod attestation;
pub mod chunk;
pub mod dataset;
pub mod dispute;
pub mod growth;
pub mod hash;
pub mod ids;
pub mod lcg;
pub mod lottery;
pub mod model;
pub mod roster;
pub mod share;
pub mod signing;
pub mod spec;
pub mod terms;
pub mod traits;
pub mod voucher;

pub use attestation::{Attestation, EdgeReceipt, HeldSignature, Outcome, Verdict};
pub use hash::{Domain, Hash};
pub use ids::{
	DatasetId, LaneIndex, ModelId, SeatIndex, StageIndex, StepIndex, UnitId, WindowIndex,
};
pub use model::{ModelInfo, ModelStatus, PauseReason};
pub use roster::{Roster, Standby, Window};
pub use spec::ModelSpec;
pub use terms::Terms;

/// Amounts of money and of shares, in their smallest unit.
pub type Balance = u128;
/// Height of a block.
pub type BlockNumber = u32;
/// Verified work, in floating-point operations derived from the spec.
pub type Points = u128;

/// Most stages a model may have.
pub const MAX_STAGES: u32 = 64;
/// Most lanes a model may train on; merge traffic grows with it.
pub const MAX_LANES: u32 = 16;
/// Most standbys of one stage.
pub const MAX_STANDBYS: u32 = 16;
/// Most signatures "held" under one attestation: every other seat and every standby of the stage.
pub const MAX_HELD: u32 = MAX_LANES - 1 + MAX_STANDBYS;
/// Longest window, in blocks: a day.
pub const MAX_WINDOW_BLOCKS: BlockNumber = 28_800;
/// Most shares of a model: 2¹⁰⁰ of the smallest unit.
pub const MAX_SUPPLY: Balance = 1 << 100;
/// Most states a unit roots within one window.
pub const MAX_CHECKPOINTS: u32 = 16;
/// Most optimizer steps of a window. What crossed an edge in one of them is proven by the roots of all that follow.
pub const MAX_STEPS: u32 = 512;
/// Samples that a gate evaluates, rounded up to whole microbatches.
pub const HELD_OUT_SAMPLES: u32 = 64;
/// Windows between two gates (held-out evaluations), which are also the windows whose shards standbys keep.
pub const GATE_EVERY: WindowIndex = 16;
/// Time between two block slots, in milliseconds.
pub const MILLISECONDS_PER_BLOCK: u64 = 3_000;
