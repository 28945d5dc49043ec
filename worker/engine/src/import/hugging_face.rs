//! A folder as Hugging Face lays it out: `config.json`, `*.safetensors`, `tokenizer.json`.

use std::{
	collections::HashMap,
	fs::{self, File},
	io::{self, Read},
	os::unix::fs::FileExt,
	path::{Path, PathBuf},
};

use safetensors::{tensor::Metadata, Dtype};
use serde::{de::DeserializeOwned, Deserialize};

use super::{Description, Found, ImportError};
use crate::checkpoint::floats_of;

/// The fields of `config.json` that decide what a model computes.
#[derive(Debug, Deserialize)]
struct Config {
	model_type: String,
	vocab_size: u32,
	hidden_size: u32,
	intermediate_size: u32,
	num_hidden_layers: u16,
	num_attention_heads: u16,
	num_key_value_heads: Option<u16>,
	head_dim: Option<u16>,
	max_position_embeddings: u32,
	rms_norm_eps: f64,
	rope_theta: Option<f64>,
	rope_scaling: Option<serde_json::Value>,
	/// Where newer configurations say both.
	rope_parameters: Option<RopeParameters>,
	hidden_act: Option<String>,
	#[serde(default)]
	attention_bias: bool,
	#[serde(default)]
	mlp_bias: bool,
	#[serde(default)]
	tie_word_embeddings: bool,
	eos_token_id: Option<Ends>,
}

/// Tokens that end a text.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Ends {
	One(u32),
	Several(Vec<u32>),
}

/// The field of `generation_config.json` that matters. What it says of the end of a text comes before `config.json`.
#[derive(Debug, Deserialize)]
struct Generation {
	eos_token_id: Option<Ends>,
}

#[derive(Debug, Deserialize)]
struct RopeParameters {
	rope_theta: Option<f64>,
	rope_type: Option<String>,
}

/// The files of a folder.
#[derive(Debug)]
pub(super) struct HuggingFace {
	folder: PathBuf,
	files: Vec<Weights>,
	/// In which file a tensor is.
	places: HashMap<String, usize>,
}

fn read(path: &Path) -> Result<Vec<u8>, ImportError> {
	fs::read(path).map_err(unreadable(path))
}

fn unreadable(path: &Path) -> impl Fn(io::Error) -> ImportError + '_ {
	move |error| ImportError::Unreadable { path: path.into(), error }
}

fn broken(path: &Path, reason: impl ToString) -> ImportError {
	ImportError::Broken { path: path.into(), reason: reason.to_string() }
}

fn from_json<T: DeserializeOwned>(path: &Path) -> Result<T, ImportError> {
	serde_json::from_slice(&read(path)?).map_err(|error| broken(path, error))
}

/// A file of weights, of which only the head is in memory.
#[derive(Debug)]
struct Weights {
	path: PathBuf,
	file: File,
	head: Metadata,
	/// Where the tensors begin.
	start: u64,
}

impl Weights {
	/// The head's length in 8 bytes, the head, the tensors: what safetensors files are.
	fn open(path: &Path) -> Result<Self, ImportError> {
		let mut file = File::open(path).map_err(unreadable(path))?;
		let size = file.metadata().map_err(unreadable(path))?.len();
		let mut length = [0; 8];
		file.read_exact(&mut length).map_err(|error| broken(path, error))?;
		let length = u64::from_le_bytes(length);
		let start = length.saturating_add(8);
		if start > size {
			return Err(broken(path, "its head is longer than the file"));
		}
		let mut head = vec![0; length as usize];
		file.read_exact(&mut head).map_err(|error| broken(path, error))?;
		let head: Metadata = serde_json::from_slice(&head).map_err(|error| broken(path, error))?;
		if head.data_len() as u64 != size - start {
			return Err(broken(path, "it has not as many bytes as its tensors"));
		}
		Ok(Self { path: path.into(), file, head, start })
	}

	/// A tensor's type, shape and bytes.
	fn tensor(&self, name: &str) -> Result<(Dtype, Vec<usize>, Vec<u8>), ImportError> {
		let info = self.head.info(name).ok_or_else(|| ImportError::Missing(name.into()))?;
		let (from, to) = info.data_offsets;
		let mut bytes = vec![0; to - from];
		self.file
			.read_exact_at(&mut bytes, self.start + from as u64)
			.map_err(unreadable(&self.path))?;
		Ok((info.dtype, info.shape.clone(), bytes))
	}
}

impl HuggingFace {
	pub fn open(folder: &Path) -> Result<(Description, Self), ImportError> {
		let path = folder.join("config.json");
		let mut config: Config = from_json(&path)?;
		let path = folder.join("generation_config.json");
		if path.exists() {
			let generation: Generation = from_json(&path)?;
			config.eos_token_id = generation.eos_token_id.or(config.eos_token_id);
		}
		let description = config.describe()?;
		let mut paths = Vec::new();
		for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
			let path = entry.map_err(unreadable(folder))?.path();
			if path.extension().is_some_and(|extension| extension == "safetensors") {
				paths.push(path);
			}
		}
		if paths.is_empty() {
			return Err(ImportError::UnknownFormat(folder.into()));
		}
		paths.sort();
		let (mut files, mut places) = (Vec::new(), HashMap::new());
		for path in paths {
			let weights = Weights::open(&path)?;
			for name in weights.head.tensors().into_keys() {
				if places.contains_key(&name) {
					return Err(broken(&path, format!("another file has {name}, too")));
				}
				places.insert(name, files.len());
			}
			files.push(weights);
		}
		if let Some(bias) = places.keys().find(|name| name.ends_with(".bias")) {
			return Err(ImportError::NotLlama(format!("it has biases ({bias})")));
		}
		Ok((description, Self { folder: folder.into(), files, places }))
	}

	pub fn tokenizer(&self) -> Result<Vec<u8>, ImportError> {
		read(&self.folder.join("tokenizer.json"))
	}

	pub fn read(&self, name: &str) -> Result<Found, ImportError> {
		let place = self.places.get(name).ok_or_else(|| ImportError::Missing(name.into()))?;
		let (kind, shape, bytes) = self.files[*place].tensor(name)?;
		let halves = || bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]));
		let floats = match kind {
			Dtype::F32 => floats_of(&bytes),
			Dtype::BF16 => halves().map(|bits| f32::from_bits(u32::from(bits) << 16)).collect(),
			Dtype::F16 => halves().map(|bits| half::f16::from_bits(bits).to_f32()).collect(),
			other => {
				let found = format!("{other:?}");
				return Err(ImportError::WrongType { name: name.into(), found });
			},
		};
		Ok(Found { shape, floats })
	}
}

impl Config {
	fn describe(self) -> Result<Description, ImportError> {
		let refuse = |what: String| Err(ImportError::NotLlama(what));
		if self.model_type != "llama" {
			return refuse(format!("its model_type is {:?}", self.model_type));
		}
		if self.hidden_act.as_deref().is_some_and(|name| name != "silu") {
			return refuse(format!("its activation is {:?}", self.hidden_act.unwrap_or_default()));
		}
		if self.attention_bias || self.mlp_bias {
			return refuse("it has biases".into());
		}
		if self.rope_scaling.is_some_and(|scaling| !scaling.is_null()) {
			return refuse("it scales the frequencies of RoPE (rope_scaling)".into());
		}
		let rope = self.rope_parameters.as_ref();
		let kind = rope.and_then(|rope| rope.rope_type.as_deref()).unwrap_or("default");
		if kind != "default" {
			return refuse(format!("it scales the frequencies of RoPE ({kind})"));
		}
		let rope_base = rope.and_then(|rope| rope.rope_theta).or(self.rope_theta);
		let heads = self.num_attention_heads;
		let head_width = self.head_dim.or_else(|| {
			let width = self.hidden_size.checked_div(heads.into())?;
			u16::try_from(width).ok()
		});
		Description {
			layers: self.num_hidden_layers,
			vocabulary: self.vocab_size,
			width: self.hidden_size,
			heads,
			kv_heads: self.num_key_value_heads.unwrap_or(heads),
			head_width: head_width.unwrap_or(0),
			hidden: self.intermediate_size,
			context: self.max_position_embeddings,
			norm_epsilon: self.rms_norm_eps,
			rope_base: rope_base.unwrap_or(10_000.0),
			is_tied: self.tie_word_embeddings,
			ends: match self.eos_token_id {
				None => Vec::new(),
				Some(Ends::One(end)) => vec![end],
				Some(Ends::Several(ends)) => ends,
			},
		}
		.check()
	}
}
