//! The weights of a stage without what training needs beside them.

use std::path::Path;

use cairn_primitives::{
	hash::{blob_root, hash, Domain},
	Hash, ModelSpec, StageIndex,
};
use cairn_program::{Stage, Tensor};
use candle_core::{Device, Result as TensorResult};

use super::{encode, layers_before, read, shape, tensor_name, write, CheckpointError};
use crate::{buffer::Buffer, Shard, ShardTensor, StageError};

/// The weights of a stage alone: what serving needs of a shard.
#[derive(Debug)]
pub struct Weights {
	stage: Stage,
	/// In the order of the shard.
	tensors: Vec<Buffer>,
}

impl Weights {
	/// Read the weights of a shard's file.
	pub fn load(
		spec: &ModelSpec,
		number: StageIndex,
		path: &Path,
	) -> Result<Self, CheckpointError> {
		let (stage, weights) = read(spec, number, path)?;
		Ok(Self::new(stage, weights)?)
	}

	/// Write them as a shard's file; it is there as a whole or as it was before.
	pub fn save(
		&self,
		spec: &ModelSpec,
		number: StageIndex,
		path: &Path,
	) -> Result<(), CheckpointError> {
		let weights = self.tensors.iter().map(Buffer::to_vec);
		let bytes = encode(spec, number, &self.stage, weights).map_err(StageError::from)?;
		write(path, &bytes)
	}

	/// A copy of a shard's weights.
	pub fn of(shard: &Shard) -> Result<Self, StageError> {
		let weights = shard.tensors().iter().map(ShardTensor::weights);
		Self::new(shard.stage().clone(), weights.collect::<TensorResult<_>>()?)
	}

	/// Of a stage, in the order of its shard.
	///
	/// # Panics
	///
	/// If a tensor has another size than the stage says.
	pub fn new(stage: Stage, weights: Vec<Vec<f32>>) -> Result<Self, StageError> {
		let sizes = stage.tensors().into_iter().map(|tensor| shape(&stage, tensor));
		assert!(
			weights.iter().map(Vec::len).eq(sizes.map(|[rows, columns]| rows * columns)),
			"weights have the sizes of the stage"
		);
		let tensors = weights.into_iter().map(|floats| Buffer::from_vec(floats, &Device::Cpu));
		Ok(Self { tensors: tensors.collect::<TensorResult<_>>()?, stage })
	}

	/// The root that a spec's `initial` names: the shard's tensors in order, each with its name, its shape and the BLAKE3 of its
	/// bytes.
	pub fn root(&self, spec: &ModelSpec, number: StageIndex) -> Result<Hash, StageError> {
		let before = layers_before(spec, number);
		let mut tensors = Vec::new();
		for (tensor, weights) in self.stage.tensors().into_iter().zip(&self.tensors) {
			let bytes: Vec<u8> = weights.to_vec()?.into_iter().flat_map(f32::to_le_bytes).collect();
			let shape = shape(&self.stage, tensor).map(|size| size as u32);
			tensors.push((tensor_name(tensor, before), shape, blob_root(&bytes)));
		}
		Ok(hash(Domain::Shard, &tensors))
	}

	/// A tensor that the stage has.
	pub(crate) fn get(&self, tensor: Tensor) -> &Buffer {
		&self.tensors[self.stage.number_of(tensor) as usize]
	}
}
