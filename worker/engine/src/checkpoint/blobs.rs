//! A shard tensor by tensor, as it is handed to whoever joins: blobs of little-endian floats, whose BLAKE3 hashes are in the list that
//! the chain knows the root of.

use cairn_primitives::{ModelSpec, StageIndex};
use cairn_program::{Stage, Tensor};

use super::tensors::{bytes, floats_of};
use crate::{OuterState, Result, Shard, StageError};

/// Why blobs are no shard.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
	/// There are more or fewer than tensors.
	#[error("there are {found} blobs instead of {expected}: one for each tensor of the stage")]
	WrongCount {
		/// By the spec.
		expected: usize,
		/// As given.
		found: usize,
	},
	/// A blob is longer or shorter than its tensor.
	#[error("{tensor} has {expected} bytes, its blob {found}")]
	WrongLength {
		/// The tensor.
		tensor: Tensor,
		/// By the spec.
		expected: usize,
		/// As given.
		found: usize,
	},
	/// A number is not finite.
	#[error("{tensor} holds a number that is not finite at element {element}")]
	NotFinite {
		/// The tensor.
		tensor: Tensor,
		/// Which element.
		element: usize,
	},
	/// The stage does not exist, or the tensor library failed.
	#[error(transparent)]
	Stage(#[from] StageError),
}

impl Shard {
	/// The bytes of the weights of each tensor, in order, each made when it is its turn.
	pub fn blobs(&self) -> impl Iterator<Item = Result<Vec<u8>>> + '_ {
		self.tensors()
			.iter()
			.map(|tensor| Ok(tensor.state.read(|state| Ok(bytes(&state[..tensor.len()])))?))
	}

	/// The shard of a stage out of the bytes of its tensors, in order.
	pub fn from_blobs(
		spec: &ModelSpec,
		number: StageIndex,
		weights: Vec<Vec<u8>>,
	) -> Result<Self, BlobError> {
		let stage = Stage::new(spec, number).ok_or(StageError::NoStage(number))?;
		let mut weights = rows(&stage, weights)?.into_iter();
		Ok(Self::from_weights(&stage, |_, _| Ok(weights.next().unwrap_or_default()))?)
	}
}

impl OuterState {
	/// The bytes of the momentum of each tensor, in order, each made when it is its turn.
	pub fn blobs(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
		self.0.iter().map(|momentum| bytes(momentum))
	}

	/// The momenta of a stage out of their bytes, in order; where there is one lane there are none.
	pub fn from_blobs(
		spec: &ModelSpec,
		number: StageIndex,
		momenta: Vec<Vec<u8>>,
	) -> Result<Self, BlobError> {
		let stage = Stage::new(spec, number).ok_or(StageError::NoStage(number))?;
		match (spec.lanes, momenta.len()) {
			(1, 0) => Ok(Self::default()),
			(1, found) => Err(BlobError::WrongCount { expected: 0, found }),
			_ => Ok(Self(rows(&stage, momenta)?)),
		}
	}
}

/// Finite floats of the size of each tensor.
fn rows(stage: &Stage, blobs: Vec<Vec<u8>>) -> Result<Vec<Vec<f32>>, BlobError> {
	let tensors = stage.tensors();
	if blobs.len() != tensors.len() {
		return Err(BlobError::WrongCount { expected: tensors.len(), found: blobs.len() });
	}
	let row = |(tensor, blob): (Tensor, Vec<u8>)| {
		let (rows, columns) = stage.size(tensor);
		let (expected, found) = (4 * rows as usize * columns as usize, blob.len());
		if expected != found {
			return Err(BlobError::WrongLength { tensor, expected, found });
		}
		let floats = floats_of(&blob);
		match floats.iter().position(|x| !x.is_finite()) {
			Some(element) => Err(BlobError::NotFinite { tensor, element }),
			None => Ok(floats),
		}
	};
	tensors.into_iter().zip(blobs).map(row).collect()
}
