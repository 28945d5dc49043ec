//! Blocks by name.

use cairn_primitives::{BlockNumber, Hash};
use serde::{Deserialize, Serialize};

/// Names a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockRef {
	/// Its height.
	pub height: BlockNumber,
	/// Its hash.
	pub hash: Hash,
}
