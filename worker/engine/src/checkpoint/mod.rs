//! Shards as safetensors files, under the names that Llama's checkpoints have.

mod error;
mod weights;

use std::{
	fs::{self, Permissions},
	io::{self, Write},
	os::unix::fs::PermissionsExt,
	path::Path,
};

use cairn_primitives::{ModelSpec, StageIndex};
use cairn_program::{Matrix, Stage, Tensor};
use candle_core::Result as TensorResult;
use safetensors::{tensor::TensorView, Dtype, SafeTensors};

pub use error::CheckpointError;
pub use weights::Weights;

use crate::{folder, Shard, ShardTensor, StageError};

/// The name of a tensor in a checkpoint. `before` is the number of layers of the stages before.
pub fn tensor_name(tensor: Tensor, before: u32) -> String {
	match tensor {
		Tensor::Embedding => "model.embed_tokens.weight".into(),
		Tensor::Head => "lm_head.weight".into(),
		Tensor::Expand => "boundary.expand.weight".into(),
		Tensor::Compress => "boundary.compress.weight".into(),
		Tensor::Layer(layer, matrix) => {
			let part = match matrix {
				Matrix::Query => "self_attn.q_proj",
				Matrix::Key => "self_attn.k_proj",
				Matrix::Value => "self_attn.v_proj",
				Matrix::Output => "self_attn.o_proj",
				Matrix::Gate => "mlp.gate_proj",
				Matrix::Up => "mlp.up_proj",
				Matrix::Down => "mlp.down_proj",
			};
			format!("model.layers.{}.{part}.weight", before + u32::from(layer))
		},
	}
}

/// Layers of the stages before one.
fn layers_before(spec: &ModelSpec, number: StageIndex) -> u32 {
	spec.stages.iter().take(number.into()).map(|layers| u32::from(*layers)).sum()
}

impl Shard {
	/// The bytes of the shard's file: equal weights make equal bytes.
	pub fn to_safetensors(
		&self,
		spec: &ModelSpec,
		number: StageIndex,
	) -> Result<Vec<u8>, StageError> {
		let weights = self.tensors().iter().map(ShardTensor::weights);
		Ok(encode(spec, number, self.stage(), weights)?)
	}

	/// Write the shard's file; it is there as a whole or as it was before.
	pub fn save(
		&self,
		spec: &ModelSpec,
		number: StageIndex,
		path: &Path,
	) -> Result<(), CheckpointError> {
		write(path, &self.to_safetensors(spec, number)?)
	}

	/// Read a shard from its file.
	pub fn load(
		spec: &ModelSpec,
		number: StageIndex,
		path: &Path,
	) -> Result<Self, CheckpointError> {
		let (stage, weights) = read(spec, number, path)?;
		let mut weights = weights.into_iter();
		Ok(Self::from_weights(&stage, |_, _| Ok(weights.next().unwrap_or_default()))?)
	}
}

/// The file of a stage's weights, which come in the order of the shard.
fn encode(
	spec: &ModelSpec,
	number: StageIndex,
	stage: &Stage,
	weights: impl Iterator<Item = TensorResult<Vec<f32>>>,
) -> TensorResult<Vec<u8>> {
	let before = layers_before(spec, number);
	let mut tensors = Vec::new();
	for (tensor, weights) in stage.tensors().into_iter().zip(weights) {
		let bytes: Vec<u8> = weights?.into_iter().flat_map(f32::to_le_bytes).collect();
		tensors.push((tensor_name(tensor, before), shape(stage, tensor), bytes));
	}
	let views = tensors.iter().map(|(name, shape, bytes)| {
		let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes)
			.expect("sizes are those of the shape");
		(name, view)
	});
	Ok(safetensors::serialize(views, None).expect("names and sizes are sound"))
}

fn shape(stage: &Stage, tensor: Tensor) -> [usize; 2] {
	let (rows, columns) = stage.size(tensor);
	[rows as usize, columns as usize]
}

/// The weights in a stage's file, in the order of the shard.
fn read(
	spec: &ModelSpec,
	number: StageIndex,
	path: &Path,
) -> Result<(Stage, Vec<Vec<f32>>), CheckpointError> {
	let bytes =
		fs::read(path).map_err(|error| CheckpointError::Unreadable { path: path.into(), error })?;
	let file = SafeTensors::deserialize(&bytes)
		.map_err(|error| CheckpointError::Broken { path: path.into(), error })?;
	let stage = Stage::new(spec, number).ok_or(StageError::NoStage(number))?;
	let before = layers_before(spec, number);
	let mut weights = Vec::new();
	for tensor in stage.tensors() {
		let name = tensor_name(tensor, before);
		let view = file
			.tensor(&name)
			.map_err(|_| CheckpointError::Missing { path: path.into(), name: name.clone() })?;
		weights.push(floats(name, &view, shape(&stage, tensor))?);
	}
	Ok((stage, weights))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CheckpointError> {
	write_atomically(path, bytes)
		.map_err(|error| CheckpointError::Unwritable { path: path.into(), error })
}

/// The floats of a tensor of the right shape and type, all finite.
fn floats(
	name: String,
	view: &TensorView,
	expected: [usize; 2],
) -> Result<Vec<f32>, CheckpointError> {
	if view.dtype() != Dtype::F32 {
		return Err(CheckpointError::WrongType { name, found: view.dtype() });
	}
	if view.shape() != expected {
		return Err(CheckpointError::WrongShape { name, expected, found: view.shape().to_vec() });
	}
	let floats: Vec<f32> =
		view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
	match floats.iter().position(|x| !x.is_finite()) {
		Some(element) => Err(CheckpointError::NotFinite { name, element, value: floats[element] }),
		None => Ok(floats),
	}
}

/// Write a file that takes its name when all of it is on disk.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
	let everyone = Permissions::from_mode(0o666); // but for whom the umask excludes
	let mut file =
		tempfile::Builder::new().permissions(everyone).tempfile_in(folder::parent(path))?;
	file.write_all(bytes)?;
	file.as_file().sync_all()?;
	file.persist(path)?;
	Ok(())
}
