//! What can be wrong with a checkpoint.

use std::{io, path::PathBuf};

use safetensors::{Dtype, SafeTensorError};

use crate::{folder::WriteError, StageError};

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
	/// The file could not be written.
	#[error(transparent)]
	Unwritable(#[from] WriteError),
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
	/// A tensor is in it that the stage does not have: it is a shard of another spec.
	#[error("{path} also has a tensor {name}, which the stage has not: it is a shard of another model, or of another cut")]
	Unexpected {
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
	/// A row of numbers does not belong to a tensor of the shard.
	#[error(
		"{path}: {name} is not {expected} numbers of binary32, so that it does not fit the shard"
	)]
	WrongRow {
		/// The file.
		path: PathBuf,
		/// The row.
		name: String,
		/// Numbers that the shard's tensor has.
		expected: usize,
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
