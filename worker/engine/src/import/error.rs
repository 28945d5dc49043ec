//! What can be wrong with a model of somebody else's.

use std::{io, path::PathBuf};

use crate::StageError;

/// Why a model cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
	/// A file could not be read.
	#[error("cannot read {path}: {error}")]
	Unreadable {
		/// The file.
		path: PathBuf,
		/// Why.
		error: io::Error,
	},
	/// It is neither of the two.
	#[error("{0} is neither a GGUF file (*.gguf) nor a folder with config.json and *.safetensors")]
	UnknownFormat(PathBuf),
	/// A file is cut short or damaged.
	#[error("{path} is damaged or cut short: {reason}")]
	Broken {
		/// The file.
		path: PathBuf,
		/// What is wrong with it.
		reason: String,
	},
	/// The model does something that a Llama does not.
	#[error("the model is not of Llama's shape: {0}")]
	NotLlama(String),
	/// A field of the description is missing or makes no sense.
	#[error("the model's description has no sound {0}")]
	BadField(String),
	/// A tensor is missing.
	#[error("the model has no tensor {0}")]
	Missing(String),
	/// A tensor has another shape than the description says.
	#[error("tensor {name} is {found:?}, the description says {expected:?}")]
	WrongShape {
		/// The tensor.
		name: String,
		/// Of the description.
		expected: Vec<usize>,
		/// As it is.
		found: Vec<usize>,
	},
	/// A tensor's numbers have a type that is not known.
	#[error("tensor {name} is of type {found}: F32, F16 and BF16 are known")]
	WrongType {
		/// The tensor.
		name: String,
		/// As it is.
		found: String,
	},
	/// A weight is not finite.
	#[error("tensor {name} holds {value} at element {element}: the file is damaged")]
	NotFinite {
		/// The tensor.
		name: String,
		/// Which element.
		element: usize,
		/// What it is.
		value: f32,
	},
	/// There is no memory for it.
	#[error(transparent)]
	Stage(#[from] StageError),
	/// The tokenizer cannot be taken over.
	#[error("the tokenizer cannot be taken over: {0}; give its tokenizer.json")]
	Tokenizer(String),
}
