//! A folder as Hugging Face lays it out: `config.json`, `*.safetensors`, `tokenizer.json`.

use std::{
	collections::HashMap,
	fs,
	path::{Path, PathBuf},
};

use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

use super::{Description, Found, ImportError};

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
	/// Contents of the files of weights.
	files: Vec<(PathBuf, Vec<u8>)>,
	/// In which file a tensor is.
	places: HashMap<String, usize>,
}

fn read(path: &Path) -> Result<Vec<u8>, ImportError> {
	fs::read(path).map_err(|error| ImportError::Unreadable { path: path.into(), error })
}

impl HuggingFace {
	pub fn open(folder: &Path) -> Result<(Description, Self), ImportError> {
		let path = folder.join("config.json");
		let config: Config = serde_json::from_slice(&read(&path)?)
			.map_err(|error| ImportError::Broken { path, reason: error.to_string() })?;
		let description = config.describe()?;
		let unreadable = |error| ImportError::Unreadable { path: folder.into(), error };
		let mut paths = Vec::new();
		for entry in fs::read_dir(folder).map_err(unreadable)? {
			let path = entry.map_err(unreadable)?.path();
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
			let bytes = read(&path)?;
			let names: Vec<String> =
				parse(&path, &bytes)?.names().into_iter().map(Into::into).collect();
			for name in names {
				if places.insert(name.clone(), files.len()).is_some() {
					let reason = format!("another file has {name}, too");
					return Err(ImportError::Broken { path, reason });
				}
			}
			files.push((path, bytes));
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
		let (path, bytes) = &self.files[*place];
		let file = parse(path, bytes)?;
		let view = file.tensor(name).map_err(|_| ImportError::Missing(name.into()))?;
		let halves = || view.data().chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]));
		let floats = match view.dtype() {
			Dtype::F32 => view
				.data()
				.chunks_exact(4)
				.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
				.collect(),
			Dtype::BF16 => halves().map(|bits| f32::from_bits(u32::from(bits) << 16)).collect(),
			Dtype::F16 => halves().map(|bits| half::f16::from_bits(bits).to_f32()).collect(),
			other => {
				let found = format!("{other:?}");
				return Err(ImportError::WrongType { name: name.into(), found });
			},
		};
		Ok(Found { shape: view.shape().to_vec(), floats })
	}
}

fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<SafeTensors<'a>, ImportError> {
	SafeTensors::deserialize(bytes)
		.map_err(|error| ImportError::Broken { path: path.into(), reason: error.to_string() })
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
		}
		.check()
	}
}
