//! Merges that nobody has computed, and what the chain finds that out from.

use cairn_engine::{Difference, Merge, Shard};
use cairn_primitives::{hash::blob_root, Hash, ModelSpec, StageIndex, StepIndex};
use codec::Encode;

use crate::{training::Begin, Result};

/// What a lane has learned, and its steps that count.
pub type Member = (StepIndex, Difference);

/// The same shard but for one bit of its first weight.
pub fn spoiled(spec: &ModelSpec, stage: StageIndex, shard: &Shard) -> Result<Shard> {
	let mut blobs = shard.blobs().collect::<std::result::Result<Vec<_>, _>>()?;
	let first = blobs.first_mut().and_then(|weights| weights.first_mut());
	*first.ok_or("the shard has no weights")? ^= 1;
	Ok(Shard::from_blobs(spec, stage, blobs)?)
}

/// What the chain recomputes the first weight of a stage, and its momentum, from.
pub fn evidence(
	spec: &ModelSpec,
	stage: StageIndex,
	before: &Begin,
	differences: &[Member],
	after: &Begin,
) -> Result<Vec<u8>> {
	let merge = Merge { spec, before: &before.weights, momenta: &before.outer, lanes: differences };
	let claimed = after.weights.to_shard(spec, stage)?;
	let weights = claimed.blobs().collect::<std::result::Result<Vec<_>, _>>()?;
	let momenta: Vec<_> = after.outer.blobs().collect();
	let roots: Vec<Hash> = weights.iter().chain(&momenta).map(|blob| blob_root(blob)).collect();
	let first = weights.first().zip(momenta.first()).ok_or("the shard has no weights")?;
	let evidence = merge.evidence_of(&roots, 0, 0, [first.0, first.1]);
	Ok(evidence.ok_or("the shard has no weights")?.encode())
}
