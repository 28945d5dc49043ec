//! A blob that grows: what is needed of its first bytes to take in more, without having them.
//!
//! The plain BLAKE3 root of what there is so far commits to it, so that the chain can check one addition from this little
//! and two roots. See [`crate::chunk`] for the tree.

use blake3::hazmat::{merge_subtrees_non_root, merge_subtrees_root, HasherExt, Mode};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::ConstU32;
use sp_runtime::BoundedVec;

use crate::{
	chunk::{CHUNK, MAX_DEPTH},
	hash::blob_root,
	Hash,
};

/// What is needed of a blob's first bytes to take in more: its last chunk, and the chaining values of the subtrees before it.
#[derive(
	Clone,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Growth {
	/// Chunks before the last one.
	chunks: u64,
	/// Chaining values of the complete subtrees that these chunks make up, largest first: one for each bit of their number.
	subtrees: BoundedVec<[u8; 32], ConstU32<MAX_DEPTH>>,
	/// The last chunk: empty in an empty blob only.
	last: BoundedVec<u8, ConstU32<{ CHUNK as u32 }>>,
}

impl Growth {
	/// Of the first bytes of a blob; `None` beyond 2⁴² bytes.
	pub fn of(bytes: &[u8]) -> Option<Self> {
		let mut growth = Self::default();
		growth.push(bytes).then_some(growth)
	}

	/// Bytes so far; `None` if this is no state of any blob.
	pub fn length(&self) -> Option<u64> {
		let is_sound = self.subtrees.len() == self.chunks.count_ones() as usize
			&& (self.chunks == 0 || !self.last.is_empty());
		let before = self.chunks.checked_mul(CHUNK as u64)?;
		is_sound.then(|| before.checked_add(self.last.len() as u64)).flatten()
	}

	/// The root of the bytes so far; `None` if this is no state of any blob.
	pub fn root(&self) -> Option<Hash> {
		self.length()?;
		let Some((first, rest)) = self.subtrees.split_first() else {
			return Some(blob_root(&self.last));
		};
		let last = self.last_value()?;
		let right = rest
			.iter()
			.rev()
			.fold(last, |right, left| merge_subtrees_non_root(left, &right, Mode::Hash));
		Some(Hash::from(*merge_subtrees_root(first, &right, Mode::Hash).as_bytes()))
	}

	/// Take in more; `false` if there is no room for it, or if this is no state of any blob.
	#[must_use]
	pub fn push(&mut self, bytes: &[u8]) -> bool {
		if self.length().is_none() {
			return false;
		}
		let mut rest = bytes;
		while !rest.is_empty() {
			// Only when more follows is it known that a full chunk is not the last one.
			if self.last.len() == CHUNK && self.complete_last().is_none() {
				return false;
			}
			let room = CHUNK.saturating_sub(self.last.len());
			let (now, later) = rest.split_at(room.min(rest.len()));
			if self.last.try_extend(now.iter().copied()).is_err() {
				return false;
			}
			rest = later;
		}
		true
	}

	/// The last chunk becomes one of those before it.
	fn complete_last(&mut self) -> Option<()> {
		let mut value = self.last_value()?;
		// As in a binary counter: subtrees of equal size become one.
		for _ in 0..self.chunks.trailing_ones() {
			let left = self.subtrees.pop()?;
			value = merge_subtrees_non_root(&left, &value, Mode::Hash);
		}
		self.subtrees.try_push(value).ok()?;
		self.chunks = self.chunks.checked_add(1)?;
		self.last = BoundedVec::new();
		Some(())
	}

	/// Chaining value of the last chunk, which is not the only one.
	fn last_value(&self) -> Option<[u8; 32]> {
		let start = self.chunks.checked_mul(CHUNK as u64)?;
		let mut hasher = blake3::Hasher::new();
		Some(hasher.set_input_offset(start).update(&self.last).finalize_non_root())
	}
}

#[cfg(test)]
mod tests {
	use proptest::prelude::*;

	use super::*;

	fn blob(length: usize) -> Vec<u8> {
		(0..length).map(|i| (i * 31 + i / 251) as u8).collect()
	}

	#[test]
	fn roots_on_the_way_are_those_of_the_bytes_so_far() {
		let blob = blob(70 * 1024);
		for step in [1_024, 1_000, 4, 333, 5_000] {
			let mut growth = Growth::default();
			assert_eq!(growth.root(), Some(blob_root(&[])));
			for (number, piece) in blob.chunks(step).enumerate() {
				assert!(growth.push(piece));
				let so_far = &blob[..number * step + piece.len()];
				if step > 4 || so_far.len() % 1_024 < 8 {
					assert_eq!(growth.length(), Some(so_far.len() as u64));
					assert_eq!(growth.root(), Some(blob_root(so_far)), "{} bytes", so_far.len());
				}
			}
		}
	}

	#[test]
	fn what_is_no_state_has_no_root_and_takes_nothing_in() {
		let sound = Growth::of(&blob(5 * 1_024 + 3)).unwrap();
		let mut missing = sound.clone();
		missing.subtrees.pop();
		let mut more = sound.clone();
		more.subtrees.try_push([0; 32]).unwrap();
		let mut empty = sound.clone();
		empty.last = BoundedVec::new();
		let far = Growth { chunks: u64::MAX, ..sound };
		for mut unsound in [missing, more, empty, far] {
			assert_eq!(unsound.root(), None);
			assert!(!unsound.push(&[1]));
		}
	}

	proptest! {
		#[test]
		fn another_state_has_another_root(
			length in 1usize..9_000, chunk in any::<u64>(), flip in 0usize..9_000, subtree in any::<bool>(),
		) {
			let sound = Growth::of(&blob(length)).unwrap();
			let mut other = sound.clone();
			if subtree && !other.subtrees.is_empty() {
				let count = other.subtrees.len();
				other.subtrees[flip % count][flip % 32] ^= 1;
			} else if flip % 3 == 0 {
				other.chunks ^= 1 + chunk % 15;
			} else {
				let count = other.last.len();
				other.last[flip % count] ^= 1;
			}
			prop_assert!(other.root().is_none() || other.root() != sound.root());
		}
	}
}
