//! Configuration of every pallet, by topic.

mod cairn;
mod consensus;
mod governance;
mod money;
mod system;

pub use governance::{AllowedInSafeMode, EnsureRootOrMajority, EnsureRootOrTwoThirds};
pub use money::TreasuryAccount;
pub use system::{BlockWeights, Migrations, MAXIMUM_BLOCK_LENGTH};
