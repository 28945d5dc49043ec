//! What a seat stores of its stage: the shard, and the outer momenta that belong to it.

use std::path::{Path, PathBuf};

use cairn_primitives::{ModelSpec, StageIndex};

use super::{
	tensors::{read_rows, write_rows},
	CheckpointError,
};
use crate::{folder, OuterState, Shard};

/// How the names of folders begin that are not whole yet.
const PARTIAL: &str = ".seat-";

/// Files of a stage in a folder: of the shard, and of its outer momenta.
fn files(folder: &Path, number: StageIndex) -> [PathBuf; 2] {
	["safetensors", "outer.safetensors"].map(|end| folder.join(format!("stage-{number}.{end}")))
}

/// Write a stage's files.
pub(crate) fn write_stage(
	folder: &Path,
	spec: &ModelSpec,
	number: StageIndex,
	shard: &Shard,
	outer: &OuterState,
) -> Result<(), CheckpointError> {
	let [weights, momenta] = files(folder, number);
	shard.save(spec, number, &weights)?;
	if spec.lanes > 1 {
		write_rows(&momenta, &outer.0)?;
	}
	Ok(())
}

/// What was stored of a stage in a folder.
pub fn load_seat(
	path: &Path,
	spec: &ModelSpec,
	number: StageIndex,
) -> Result<(Shard, OuterState), CheckpointError> {
	let [weights, momenta] = files(path, number);
	let shard = Shard::load(spec, number, &weights)?;
	let outer = match spec.lanes {
		1 => OuterState::default(),
		_ => OuterState(read_rows(&momenta, shard.tensors().iter().map(|tensor| tensor.len()))?),
	};
	Ok((shard, outer))
}

/// Store the shard of a stage and its outer momenta in a folder of this name, for which nothing may be there: it is there as a
/// whole or not at all, whenever the machine stops. What stores that were killed have left beside it is removed, so that one
/// process at a time may store there.
pub fn store_seat(
	path: &Path,
	spec: &ModelSpec,
	number: StageIndex,
	shard: &Shard,
	outer: &OuterState,
) -> Result<(), CheckpointError> {
	let parent = folder::parent(path);
	folder::remove_partial(PARTIAL, parent)?;
	let partial = folder::partial(PARTIAL, parent)?;
	write_stage(partial.path(), spec, number, shard, outer)?;
	Ok(folder::finish(partial, path)?)
}
