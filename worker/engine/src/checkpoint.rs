//! Shards as safetensors files, under the names that Llama's checkpoints have.

use std::{
	borrow::Cow,
	fs, io,
	path::{Path, PathBuf},
};

use cairn_primitives::{ModelSpec, StageIndex};
use cairn_program::{Matrix, Stage, Tensor};
use safetensors::{tensor::TensorView, Dtype, SafeTensorError, SafeTensors, View};

use crate::{Shard, StageError};

/// Why a checkpoint could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
	/// The file could not be read.
	#[error("cannot read {path}: {error}")]
	Unreadable {
		/// The file.
		path: PathBuf,
		/// Why.
		error: io::Error,
	},
	/// The file could not be written; the one before is untouched.
	#[error("cannot write {path}: {error}")]
	Unwritable {
		/// The file.
		path: PathBuf,
		/// Why.
		error: io::Error,
	},
	/// It is no safetensors file, or cut short.
	#[error("{path} is no whole safetensors file: {error}")]
	Broken {
		/// The file.
		path: PathBuf,
		/// Why.
		error: SafeTensorError,
	},
	/// A tensor of the shard is not in it.
	#[error("{path} has no tensor {name}")]
	Missing {
		/// The file.
		path: PathBuf,
		/// The tensor.
		name: String,
	},
	/// A tensor has another shape than the spec says.
	#[error("{name} is {found:?}, the spec says {expected:?}")]
	WrongShape {
		/// The tensor.
		name: String,
		/// Of the spec.
		expected: [usize; 2],
		/// Of the file.
		found: Vec<usize>,
	},
	/// A tensor is of another type.
	#[error("{name} is of type {found:?}: a shard is binary32 (F32)")]
	WrongType {
		/// The tensor.
		name: String,
		/// Of the file.
		found: Dtype,
	},
	/// A weight is not finite.
	#[error("{name} holds {value} at element {element}: a shard is finite")]
	NotFinite {
		/// The tensor.
		name: String,
		/// Which element.
		element: usize,
		/// What it is.
		value: f32,
	},
	/// The stage does not exist, or the tensor library failed.
	#[error(transparent)]
	Stage(#[from] StageError),
}

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
		write_tensors(path, tensors)
			.map_err(|error| CheckpointError::Unwritable { path: path.into(), error })
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
	let floats = floats_of(view.data());
	match floats.iter().position(|x| !x.is_finite()) {
		Some(element) => Err(CheckpointError::NotFinite { name, element, value: floats[element] }),
		None => Ok(floats),
	}
}

/// Little-endian bytes of floats.
pub(crate) fn bytes(floats: &[f32]) -> Vec<u8> {
	floats.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// Floats of little-endian bytes.
pub(crate) fn floats_of(bytes: &[u8]) -> Vec<f32> {
	bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// Floats of a tensor, whose bytes are made when it is their turn to be written: a file never is in memory as a whole.
pub(crate) struct Floats<F> {
	/// Size along each axis.
	pub shape: Vec<usize>,
	/// Makes the bytes.
	pub bytes: F,
}

impl<F: Fn() -> Vec<u8>> View for Floats<F> {
	fn dtype(&self) -> Dtype {
		Dtype::F32
	}

	fn shape(&self) -> &[usize] {
		&self.shape
	}

	fn data(&self) -> Cow<'_, [u8]> {
		(self.bytes)().into()
	}

	fn data_len(&self) -> usize {
		4 * self.shape.iter().product::<usize>()
	}
}

/// Write a safetensors file that takes its name when all of it is on disk.
pub(crate) fn write_tensors(
	path: &Path,
	tensors: impl IntoIterator<Item = (String, impl View)>,
) -> io::Result<()> {
	let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
	let partial = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
	let partial = partial.into_temp_path();
	safetensors::serialize_to_file(tensors, None, &partial).map_err(|error| match error {
		SafeTensorError::IoError(error) => error,
		other => io::Error::other(other),
	})?;
	fs::File::open(&partial)?.sync_all()?;
	partial.persist(path)?;
	Ok(())
}
