//! Units of time, in milliseconds and in blocks.

use crate::{BlockNumber, Moment};

/// Length of a slot, the expected time between two blocks. It can never change after genesis.
pub const MILLISECS_PER_BLOCK: Moment = cairn_primitives::MILLISECONDS_PER_BLOCK;
/// Length of a slot as BABE wants it.
pub const SLOT_DURATION: Moment = MILLISECS_PER_BLOCK;

/// Blocks in a minute.
pub const MINUTES: BlockNumber = 60_000 / (MILLISECS_PER_BLOCK as BlockNumber);
/// Blocks in an hour.
pub const HOURS: BlockNumber = MINUTES * 60;
/// Blocks in a day.
pub const DAYS: BlockNumber = HOURS * 24;

/// Slots in an epoch of a public network: ten minutes. A network keeps the value of its genesis for
/// ever; the local presets choose a shorter one (see the `clock` module).
pub const EPOCH_LENGTH: u64 = 10 * MINUTES as u64;
/// Time, in blocks, for which a validator's bond stays slashable.
pub const SLASHABLE_BLOCKS: BlockNumber = 7 * DAYS;
/// The same time in sessions of a public network.
pub const SLASHABLE_SESSIONS: u32 = SLASHABLE_BLOCKS / (EPOCH_LENGTH as BlockNumber);

/// Probability that a slot has a primary author: one in four.
pub const PRIMARY_PROBABILITY: (u64, u64) = (1, 4);
