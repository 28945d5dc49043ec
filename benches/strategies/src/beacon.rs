//! What stands in for the VRF outputs of blocks: hashes of a seed, which nobody in the simulation looks at.

use std::cell::Cell;

use cairn_primitives::{hash::blob_root, BlockNumber, Hash};
use codec::Encode;

thread_local! {
	static SEED: Cell<u64> = const { Cell::new(0) };
}

/// The outputs of a chain's blocks.
pub struct Vrf;

impl Vrf {
	/// Choose the course of randomness.
	pub fn seed(seed: u64) {
		SEED.set(seed);
	}

	/// The output of a block.
	pub fn of(block: BlockNumber) -> Hash {
		blob_root(&("vrf", SEED.get(), block).encode())
	}
}
