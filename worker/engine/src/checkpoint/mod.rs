//! Shards as safetensors files, under the names that Llama's checkpoints have.

mod blobs;
mod error;
mod roots;
mod seat;
mod tensors;

use std::{fs, path::Path};

use cairn_primitives::{ModelSpec, StageIndex};
use cairn_program::{Matrix, Stage, Tensor};
use safetensors::{tensor::TensorView, Dtype, SafeTensors};

pub use blobs::BlobError;
pub use error::CheckpointError;
pub(crate) use roots::{floats_root, state_list};
pub use roots::{shard_root, state_root};
pub(crate) use seat::write_stage;
pub use seat::{load_seat, store_seat};
pub(crate) use tensors::{bytes, floats_of, read_rows, write_rows};
use tensors::{write_tensors, Floats};

use crate::{Shard, StageError};

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
		let before = layers_before(spec, number);
		let mut tensors = Vec::new();
		for tensor in self.tensors() {
			let shape = [tensor.rows, tensor.columns];
			tensors.push((tensor_name(tensor.tensor, before), shape, bytes(&tensor.weights()?)));
		}
		let views = tensors.iter().map(|(name, shape, bytes)| {
			let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes)
				.expect("sizes are those of the shape");
			(name, view)
		});
		Ok(safetensors::serialize(views, None).expect("names and sizes are sound"))
	}

	/// Write the shard's file; it is there as a whole or as it was before.
	pub fn save(
		&self,
		spec: &ModelSpec,
		number: StageIndex,
		path: &Path,
	) -> Result<(), CheckpointError> {
		let before = layers_before(spec, number);
		let tensors = self.tensors().iter().map(|tensor| {
			let weights = |state: &[f32]| Ok(bytes(&state[..tensor.len()]));
			let bytes = move || tensor.state.read(weights).expect("weights lie in memory");
			let shape = vec![tensor.rows, tensor.columns];
			(tensor_name(tensor.tensor, before), Floats { shape, bytes })
		});
		Ok(write_tensors(path, tensors)?)
	}

	/// Read a shard from its file.
	pub fn load(
		spec: &ModelSpec,
		number: StageIndex,
		path: &Path,
	) -> Result<Self, CheckpointError> {
		let bytes = fs::read(path)
			.map_err(|error| CheckpointError::Unreadable { path: path.into(), error })?;
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
			let (rows, columns) = stage.size(tensor);
			weights.push(floats(name, &view, [rows as usize, columns as usize])?);
		}
		let expected = |name: &str| {
			stage.tensors().into_iter().any(|tensor| tensor_name(tensor, before) == name)
		};
		if let Some(name) = file.names().into_iter().find(|name| !expected(name)) {
			return Err(CheckpointError::Unexpected { path: path.into(), name: name.into() });
		}
		let mut weights = weights.into_iter();
		Ok(Self::from_weights(&stage, |_, _| Ok(weights.next().unwrap_or_default()))?)
	}
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
	finite(name, floats_of(view.data()))
}

/// Floats, if all of them are finite.
fn finite(name: String, floats: Vec<f32>) -> Result<Vec<f32>, CheckpointError> {
	match floats.iter().position(|x| !x.is_finite()) {
		Some(element) => Err(CheckpointError::NotFinite { name, element, value: floats[element] }),
		None => Ok(floats),
	}
}
