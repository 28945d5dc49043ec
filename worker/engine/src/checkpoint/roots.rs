//! Roots of shards and of states between two steps, as the trace of a unit orders them.

use cairn_primitives::{hash::list_root, Hash};
use cairn_program::trace::Commitment;
use rayon::prelude::*;

use crate::{OuterState, Result, Shard};

/// Bytes that are hashed at a time: enough for BLAKE3 to fill the widest vectors, and few enough to stay in the nearest cache.
const PART: usize = 16 << 10;

/// BLAKE3 of the little-endian bytes of floats, which are never there as a whole.
pub(crate) fn floats_root(floats: &[f32]) -> Hash {
	let mut hasher = blake3::Hasher::new();
	let mut bytes = [0; PART];
	for part in floats.chunks(PART / 4) {
		for (bytes, float) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(part) {
			*bytes = float.to_le_bytes();
		}
		hasher.update(&bytes[..4 * part.len()]);
	}
	Hash::from(*hasher.finalize().as_bytes())
}

/// The commitment to a shard: to the list of its tensors' roots and of those of its outer momenta, which there are where lanes are
/// merged.
pub fn shard_root(shard: &Shard, outer: &OuterState) -> Result<Hash> {
	let mut list = shard.tensor_roots()?;
	list.extend(outer.roots());
	Ok(Commitment::Shard { list: list_root(&list) }.hash())
}

/// The commitment to the state between two steps: weights of each tensor, then first moments, then second moments of those that
/// have them, and on the last stage the summed loss of the steps so far.
pub fn state_root(shard: &Shard, loss: Option<f32>) -> Result<Hash> {
	Ok(Commitment::State { list: list_root(&state_list(shard, loss)?) }.hash())
}

/// The list of roots in that commitment.
pub(crate) fn state_list(shard: &Shard, loss: Option<f32>) -> Result<Vec<Hash>> {
	let of_tensor = |tensor: &crate::ShardTensor| {
		let parts = |state: &[f32]| Ok(state.par_chunks(tensor.len()).map(floats_root).collect());
		tensor.state.read(parts)
	};
	let roots = shard.tensors().par_iter().map(of_tensor);
	let roots: Vec<Vec<Hash>> = roots.collect::<candle_core::Result<_>>()?;
	let parts = (0..3).flat_map(|part| roots.iter().filter_map(move |own| own.get(part).copied()));
	Ok(parts.chain(loss.map(|loss| floats_root(&[loss]))).collect())
}

impl Shard {
	/// Roots of the weights of each tensor, in order: also the addresses of their blobs.
	pub fn tensor_roots(&self) -> Result<Vec<Hash>> {
		let roots = self
			.tensors()
			.par_iter()
			.map(|tensor| tensor.state.read(|state| Ok(floats_root(&state[..tensor.len()]))));
		Ok(roots.collect::<candle_core::Result<_>>()?)
	}

	/// The root that a spec's `initial` names: of the list of the tensors' BLAKE3 roots and, where lanes are merged, of those of
	/// their outer momenta, which are +0 then.
	pub fn root(&self, lanes: u8) -> Result<Hash> {
		let mut list = self.tensor_roots()?;
		if lanes > 1 {
			let zeros = self.tensors().iter().map(|tensor| vec![0.0; tensor.len()]);
			list.extend(zeros.map(|zeros| floats_root(&zeros)));
		}
		Ok(Commitment::Shard { list: list_root(&list) }.hash())
	}
}

impl OuterState {
	/// Roots of the momentum of each tensor, in order: also the addresses of their blobs.
	pub fn roots(&self) -> Vec<Hash> {
		self.0.par_iter().map(|momentum| floats_root(momentum)).collect()
	}
}
