//! What keys of workers sign off chain. Every message binds the genesis, so that nothing signed for one chain counts on
//! another, and everything else that the signature is about, so that it cannot be replayed.

use codec::Encode;
use sp_core::{ed25519, sr25519};

use crate::{
	hash::{hash, list_root, Domain},
	Hash, LaneIndex, ModelId, StageIndex, StepIndex, UnitId, WindowIndex,
};

/// One boundary between neighbouring stages of a lane in one window.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	core::hash::Hash,
	Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
pub struct Edge {
	/// The model that is trained.
	pub model: ModelId,
	/// The window.
	pub window: WindowIndex,
	/// The lane.
	pub lane: LaneIndex,
	/// The stage above the edge: the edge lies between `upper` and `upper + 1`.
	pub upper: StageIndex,
}

impl Edge {
	/// The edge between a unit and the stage before it, if there is one.
	pub fn upstream(unit: &UnitId) -> Option<Self> {
		let upper = unit.stage.checked_sub(1)?;
		Some(Self { model: unit.model, window: unit.window, lane: unit.lane, upper })
	}

	/// The edge between a unit and the stage after it, if the model has `stages` stages and there is one.
	pub fn downstream(unit: &UnitId, stages: u32) -> Option<Self> {
		let below = u32::from(unit.stage).checked_add(1)?;
		(below < stages).then_some(Self {
			model: unit.model,
			window: unit.window,
			lane: unit.lane,
			upper: unit.stage,
		})
	}
}

/// The root of what crossed an edge in a step: of the list of the codes' BLAKE3 roots. For each microbatch there are those of its
/// activations, then those of their gradients; held-out samples, which cross before the first step of a gate, have no gradients.
pub fn step_root(codes: &[Hash]) -> Hash {
	list_root(codes)
}

/// The running root of an edge after one more step: `previous` is the root after the step before (zero before the first),
/// `step` the root of what crossed in this one.
pub fn running_root(previous: Hash, step: Hash) -> Hash {
	hash(Domain::Crossed, &(previous, step))
}

/// What both ends of an edge sign after `steps` steps: the running root of everything that crossed so far. `seed` is that
/// of the window: if the block that started it is reorganised away, the window that takes its number seats others.
pub fn edge_message(genesis: Hash, seed: Hash, edge: &Edge, steps: StepIndex, root: Hash) -> Hash {
	hash(Domain::Edge, &(genesis, seed, edge, steps, root))
}

/// What a holder signs when it has stored the difference of a unit. `seed` is that of the window.
pub fn held_message(genesis: Hash, seed: Hash, unit: &UnitId, difference: Hash) -> Hash {
	hash(Domain::Held, &(genesis, seed, unit, difference))
}

/// What an endpoint's key signs to prove that its provider has it.
pub fn endpoint_message(genesis: Hash, provider: &impl Encode) -> Hash {
	hash(Domain::Endpoint, &(genesis, provider))
}

/// What a worker key signs to consent to work for a provider, at the machine that has this endpoint.
pub fn worker_message(genesis: Hash, provider: &impl Encode, endpoint: &ed25519::Public) -> Hash {
	hash(Domain::Worker, &(genesis, provider, endpoint))
}

/// Verify the signature of a worker key.
pub fn verify_worker(message: Hash, signature: &sr25519::Signature, key: &sr25519::Public) -> bool {
	sp_io::crypto::sr25519_verify(signature, message.as_bytes(), key)
}

/// Verify the signature of an endpoint key.
pub fn verify_endpoint(
	message: Hash,
	signature: &ed25519::Signature,
	key: &ed25519::Public,
) -> bool {
	sp_io::crypto::ed25519_verify(signature, message.as_bytes(), key)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_step_root_tells_order_and_number_apart() {
		let [a, b] = [Hash::repeat_byte(1), Hash::repeat_byte(2)];
		let others = [&[b, a][..], &[a], &[a, b, b], &[]].map(step_root);
		assert!(!others.contains(&step_root(&[a, b])));
	}
}
