//! Commitments: BLAKE3, one domain per purpose.
//!
//! The root of a tensor is *plain* BLAKE3 of its little-endian bytes, so that it is also the address of the blob and
//! the root of its 1 KiB chunks (see [`crate::chunk`]). Everything composed is hashed in a domain of its own through
//! BLAKE3's key derivation mode, so that no hash of one purpose can ever stand for another.

use alloc::vec::Vec;

use codec::Encode;

/// 32 bytes of BLAKE3.
pub type Hash = sp_core::H256;

/// The purposes for which composed values are hashed or signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
	/// Proof that a provider owns its transport endpoint's key.
	Endpoint,
	/// A worker key's consent to work for a provider.
	Worker,
	/// What both ends of an edge sign after each step.
	Edge,
	/// Everything that crossed an edge up to a step, chained.
	Crossed,
	/// What a holder signs when it stores a difference.
	Held,
	/// The list of the tensors of a shard and of their outer momenta, in order.
	Shard,
	/// The list of the codes and exponents of a coded difference, in order.
	Difference,
	/// The ordered states and the result of a unit.
	Checkpoints,
	/// The result of a unit: difference, norm, loss and edges.
	Result,
	/// What an auditor answers: the checkpoints, keyed with its account.
	Audit,
	/// What a step of a stage program begins with (see `cairn_program::trace`).
	Trained,
	/// The values of a step between two operations.
	Values,
	/// An operation between two of its pieces.
	Pieces,
	/// A step that hands values on to the next.
	Kept,
	/// A step that computed another code than was signed.
	Torn,
	/// The state of the linear congruential program (see [`crate::lcg`]).
	State,
	/// The VRF outputs of blocks, chained.
	Beacon,
	/// Which seat sits in which lane.
	Lanes,
	/// Which vacant seat an enlisted provider is given.
	SeatLot,
	/// Which units are audited.
	AuditLot,
	/// Who audits a drawn unit.
	AuditorLot,
	/// Payment for inference.
	Voucher,
}

impl Domain {
	/// The context string of BLAKE3's key derivation.
	pub const fn context(self) -> &'static str {
		match self {
			Domain::Endpoint => "cairn 2026 endpoint v1",
			Domain::Worker => "cairn 2026 worker v1",
			Domain::Edge => "cairn 2026 edge v1",
			Domain::Crossed => "cairn 2026 crossed v1",
			Domain::Held => "cairn 2026 held v1",
			Domain::Shard => "cairn 2026 shard v1",
			Domain::Difference => "cairn 2026 difference v1",
			Domain::Checkpoints => "cairn 2026 checkpoints v1",
			Domain::Result => "cairn 2026 result v1",
			Domain::Audit => "cairn 2026 audit v1",
			Domain::Trained => "cairn 2026 trained v1",
			Domain::Values => "cairn 2026 values v1",
			Domain::Pieces => "cairn 2026 pieces v1",
			Domain::Kept => "cairn 2026 kept v1",
			Domain::Torn => "cairn 2026 torn v1",
			Domain::State => "cairn 2026 state v1",
			Domain::Beacon => "cairn 2026 beacon v1",
			Domain::Lanes => "cairn 2026 lanes v1",
			Domain::SeatLot => "cairn 2026 seat lot v1",
			Domain::AuditLot => "cairn 2026 audit lot v1",
			Domain::AuditorLot => "cairn 2026 auditor lot v1",
			Domain::Voucher => "cairn 2026 voucher v1",
		}
	}
}

/// Hash the SCALE encoding of a value in a domain.
pub fn hash(domain: Domain, value: &impl Encode) -> Hash {
	let mut hasher = blake3::Hasher::new_derive_key(domain.context());
	value.using_encoded(|bytes| hasher.update(bytes));
	Hash::from(*hasher.finalize().as_bytes())
}

/// The root of a tensor or of any other large object: plain BLAKE3 of its bytes.
pub fn blob_root(bytes: &[u8]) -> Hash {
	Hash::from(*blake3::hash(bytes).as_bytes())
}

/// The root of a list of hashes, which is a blob itself: each of them is opened as a chunk of any blob is.
pub fn list_root(hashes: &[Hash]) -> Hash {
	blob_root(&list_bytes(hashes))
}

/// Bytes of a list of hashes.
pub fn list_bytes(hashes: &[Hash]) -> Vec<u8> {
	hashes.iter().flat_map(|hash| hash.0).collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn equal_values_in_different_domains_have_different_hashes() {
		assert_ne!(hash(Domain::Edge, &1u32), hash(Domain::Held, &1u32));
	}

	#[test]
	fn a_blob_root_is_plain_blake3() {
		// The first test vector of the BLAKE3 reference implementation: the empty input.
		assert_eq!(
			format!("{:?}", blob_root(b"")),
			"0xaf1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
		);
	}
}
