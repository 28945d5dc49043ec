//! Commitments: BLAKE3, one domain per purpose.
//!
//! The root of a tensor is *plain* BLAKE3 of its little-endian bytes, so that it is also the address of the blob and
//! the root of its 1 KiB chunks (see [`crate::chunk`]). Everything composed is hashed in a domain of its own through
//! BLAKE3's key derivation mode, so that no hash of one purpose can ever stand for another.

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
	/// Everything that crossed an edge in one step.
	Step,
	/// Everything that crossed an edge up to a step, chained.
	Crossed,
	/// What a holder signs when it stores a difference.
	Held,
	/// The tensors of a shard, in order.
	Shard,
	/// The ordered states and the result of a unit.
	Checkpoints,
	/// The result of a unit: difference, norm, loss and edges.
	Result,
	/// What an auditor answers: the checkpoints, keyed with its account.
	Audit,
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
			Domain::Step => "cairn 2026 step v1",
			Domain::Crossed => "cairn 2026 crossed v1",
			Domain::Held => "cairn 2026 held v1",
			Domain::Shard => "cairn 2026 shard v1",
			Domain::Checkpoints => "cairn 2026 checkpoints v1",
			Domain::Result => "cairn 2026 result v1",
			Domain::Audit => "cairn 2026 audit v1",
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
