//! The beacon: randomness that nobody knew when the things it judges were committed to.
//!
//! **What it holds.** While block *n* is initialised, `pallet_babe::AuthorVrfRandomness` holds the output that block
//! *n − 1* left there when it was finalised (Babe writes it in `on_finalize`; `on_initialize` never changes it, so
//! the order of the two pallets does not matter). Hence block *n* records the value of block *n − 1*:
//!
//! ```text
//! Outputs[n − 1] = hash(Beacon, Outputs[n − 2], n − 1, VRF output of block n − 1)
//! ```
//!
//! `at(b)` is known from block *b + 1* on, contains the outputs of all blocks up to and including *b*, and is forgotten
//! `BeaconLength` blocks later, or when the last lot and the last window that it decides are done, whichever is later.
//! Otherwise whoever dislikes a lot could let it lapse and draw again. Every block must carry an output: the chain has to run BABE with secondary *VRF*
//! slots. A secondary *plain* slot would leave the output of an earlier block in place, and add nothing new.
//!
//! **What an author can buy.** An output is a VRF over the epoch's randomness and the slot, so its author can compute
//! it but not choose it: the contents of a block do not enter. The one choice is to withhold a block. Who authors the
//! last block before a value is fixed can so re-roll it once, a choice of one bit, at the price of that block's
//! income; who authors the last *k* in a row can choose among at most 2ᵏ values. A lot of probability *p* then falls
//! with at most 1 − (1 − p)^(2ᵏ). Other authors' outputs between commitment and value, `BeaconDelay` blocks of them,
//! cannot be known in advance, so nothing can be committed to in the knowledge of its lot as long as one of these
//! authors is honest.

use crate::{Awaited, Config, Outputs, Pallet};
use cairn_primitives::{
	hash::{hash, Domain},
	traits::Beacon,
	BlockNumber, Hash,
};
use frame_support::traits::Get;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::SaturatedConversion;

impl<T: Config> Pallet<T> {
	/// Chain the output of the parent block to the beacon and forget the oldest value.
	pub(crate) fn extend_beacon(now: BlockNumberFor<T>) {
		let Some(parent) = now.saturated_into::<BlockNumber>().checked_sub(1) else { return };
		let previous = parent.checked_sub(1).and_then(Outputs::<T>::get).unwrap_or_default();
		let output = match T::BlockRandomness::get() {
			Some(output) => hash(Domain::Beacon, &(previous, parent, output)),
			None => {
				let parent_hash = frame_system::Pallet::<T>::parent_hash();
				hash(Domain::Beacon, &(previous, parent, parent_hash))
			},
		};
		Outputs::<T>::insert(parent, output);
		if let Some(oldest) = parent.checked_sub(T::BeaconLength::get()) {
			if !Awaited::<T>::contains_key(oldest) {
				Outputs::<T>::remove(oldest);
			}
		}
	}

	/// Keep the beacon's value of a block until [`Self::done_with`] it.
	pub(crate) fn wait_for(block: BlockNumber) {
		// Counts lots and windows, of which there are fewer than u32 can count.
		Awaited::<T>::mutate(block, |waiting| *waiting = waiting.saturating_add(1));
	}

	/// Something that waited for the beacon's value of a block no longer needs it.
	pub(crate) fn done_with(block: BlockNumber) {
		match Awaited::<T>::get(block).saturating_sub(1) {
			0 => {
				Awaited::<T>::remove(block);
				// Saturating: a block number at its maximum is not behind us.
				if block.saturating_add(T::BeaconLength::get()) < Self::now() {
					Outputs::<T>::remove(block);
				}
			},
			waiting => Awaited::<T>::insert(block, waiting),
		}
	}

	/// The beacon's value of a block that something waits for; `None` if the block is still to come, or is the current one.
	pub(crate) fn seed(block: BlockNumber) -> Option<Hash> {
		<Self as Beacon>::at(block)
	}

	/// The block that judges what is committed to now.
	pub(crate) fn judged_at() -> BlockNumber {
		// Saturating: a block number at its maximum means never, which is what an overflow would be.
		Self::now().saturating_add(T::BeaconDelay::get())
	}

	/// The current block.
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}
}

impl<T: Config> Beacon for Pallet<T> {
	fn at(block: BlockNumber) -> Option<Hash> {
		Outputs::<T>::get(block)
	}
}
