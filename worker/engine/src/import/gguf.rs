//! A GGUF file, quantised or not.

use std::{
	fs::File,
	io::{BufReader, Seek},
	panic::{catch_unwind, AssertUnwindSafe},
	path::{Path, PathBuf},
};

use candle_core::{
	quantized::gguf_file::{Content, Value},
	Device,
};

use super::{same_shape, tokenizer, Description, Found, ImportError};

/// A file and what its head says.
#[derive(Debug)]
pub(super) struct Gguf {
	path: PathBuf,
	content: Content,
	heads: usize,
	kv_heads: usize,
}

impl Gguf {
	pub fn open(path: &Path) -> Result<(Description, Self), ImportError> {
		let file = File::open(path)
			.map_err(|error| ImportError::Unreadable { path: path.into(), error })?;
		// It divides by an alignment that the file may say is 0.
		let read = || Content::read(&mut BufReader::new(file));
		let content = catch_unwind(AssertUnwindSafe(read))
			.unwrap_or_else(|_| Err(candle_core::Error::Msg("its head makes no sense".into())));
		let content = content.map_err(|error| broken(path, error))?;
		let description = describe(&content)?;
		let (heads, kv_heads) = (description.heads.into(), description.kv_heads.into());
		Ok((description, Self { path: path.into(), content, heads, kv_heads }))
	}

	pub fn tokenizer(&self) -> Result<Vec<u8>, ImportError> {
		tokenizer::from_gguf(&self.content)
	}

	/// A tensor of the shape that is expected. Any other is refused before the library sees it, which computes sizes of what the
	/// file says.
	pub fn read(&self, name: &str, expected: &[usize]) -> Result<Found, ImportError> {
		let missing = || ImportError::Missing(name.into());
		let own = gguf_name(name).ok_or_else(missing)?;
		let info = self.content.tensor_infos.get(&own).ok_or_else(missing)?;
		same_shape(name, expected, info.shape.dims())?;
		let mut file = File::open(&self.path)
			.map_err(|error| ImportError::Unreadable { path: self.path.clone(), error })?;
		let mut read = || -> candle_core::Result<Found> {
			file.rewind()?;
			let tensor = self.content.tensor(&mut file, &own, &Device::Cpu)?;
			let tensor = tensor.dequantize(&Device::Cpu)?;
			Ok(Found { shape: tensor.dims().to_vec(), floats: tensor.flatten_all()?.to_vec1()? })
		};
		let mut found = read().map_err(|error| broken(&self.path, error))?;
		if name.ends_with("q_proj.weight") {
			found.floats = halves_apart(&found, self.heads);
		}
		if name.ends_with("k_proj.weight") {
			found.floats = halves_apart(&found, self.kv_heads);
		}
		Ok(found)
	}
}

fn broken(path: &Path, error: candle_core::Error) -> ImportError {
	ImportError::Broken { path: path.into(), reason: error.to_string() }
}

/// GGUF's name of a tensor.
fn gguf_name(name: &str) -> Option<String> {
	let whole = match name {
		"model.embed_tokens.weight" => Some("token_embd.weight"),
		"model.norm.weight" => Some("output_norm.weight"),
		"lm_head.weight" => Some("output.weight"),
		_ => None,
	};
	if let Some(name) = whole {
		return Some(name.into());
	}
	let (layer, part) = name.strip_prefix("model.layers.")?.split_once('.')?;
	let part = match part.strip_suffix(".weight")? {
		"input_layernorm" => "attn_norm",
		"post_attention_layernorm" => "ffn_norm",
		"self_attn.q_proj" => "attn_q",
		"self_attn.k_proj" => "attn_k",
		"self_attn.v_proj" => "attn_v",
		"self_attn.o_proj" => "attn_output",
		"mlp.gate_proj" => "ffn_gate",
		"mlp.up_proj" => "ffn_up",
		"mlp.down_proj" => "ffn_down",
		_ => return None,
	};
	Some(format!("blk.{layer}.{part}.weight"))
}

/// GGUF puts the two features that RoPE turns together side by side; here the first ones of all pairs come first.
fn halves_apart(found: &Found, heads: usize) -> Vec<f32> {
	let (rows, columns) = (found.shape[0], found.shape[1..].iter().product::<usize>());
	let width = rows / heads;
	let mut floats = Vec::with_capacity(found.floats.len());
	for row in 0..rows {
		let (head, feature) = (row / width, row % width);
		let (half, pair) = (feature / (width / 2), feature % (width / 2));
		let from = head * width + pair * 2 + half;
		floats.extend_from_slice(&found.floats[from * columns..(from + 1) * columns]);
	}
	floats
}

fn describe(content: &Content) -> Result<Description, ImportError> {
	let text = |key: &str| content.metadata.get(key).and_then(|value| value.to_string().ok());
	match text("general.architecture") {
		Some(name) if name == "llama" => {},
		other => {
			let name = other.cloned().unwrap_or_default();
			return Err(ImportError::NotLlama(format!("its architecture is {name:?}")));
		},
	}
	// The factor stood alone before there were kinds.
	let factor = float(content, "llama.rope.scale_linear").is_some_and(|factor| factor != 1.0);
	let scaling = text("llama.rope.scaling.type").is_some_and(|kind| kind != "none");
	if factor || scaling || content.tensor_infos.contains_key("rope_freqs.weight") {
		return Err(ImportError::NotLlama("it scales the frequencies of RoPE".into()));
	}
	if number::<u32>(content, "llama.expert_count").is_ok_and(|experts| experts > 0) {
		return Err(ImportError::NotLlama("it is a mixture of experts".into()));
	}
	if let Some(bias) = content.tensor_infos.keys().find(|name| name.ends_with(".bias")) {
		return Err(ImportError::NotLlama(format!("it has biases ({bias})")));
	}
	let heads: u16 = number(content, "llama.attention.head_count")?;
	let width: u32 = number(content, "llama.embedding_length")?;
	let head_width = match content.metadata.contains_key("llama.attention.key_length") {
		true => number(content, "llama.attention.key_length")?,
		false => u16::try_from(width.checked_div(heads.into()).unwrap_or(0)).unwrap_or(0),
	};
	let turned = content.metadata.contains_key("llama.rope.dimension_count");
	if turned && number::<u16>(content, "llama.rope.dimension_count")? != head_width {
		return Err(ImportError::NotLlama("RoPE turns a part of a head only".into()));
	}
	let embedding = content
		.tensor_infos
		.get("token_embd.weight")
		.ok_or_else(|| ImportError::Missing("token_embd.weight".into()))?;
	let vocabulary = embedding.shape.dims().first().copied().unwrap_or(0);
	Description {
		layers: number(content, "llama.block_count")?,
		vocabulary: u32::try_from(vocabulary).unwrap_or(0),
		width,
		heads,
		kv_heads: match content.metadata.contains_key("llama.attention.head_count_kv") {
			true => number(content, "llama.attention.head_count_kv")?,
			false => heads,
		},
		head_width,
		hidden: number(content, "llama.feed_forward_length")?,
		context: number(content, "llama.context_length")?,
		norm_epsilon: float(content, "llama.attention.layer_norm_rms_epsilon")
			.ok_or_else(|| bad("llama.attention.layer_norm_rms_epsilon"))?,
		rope_base: float(content, "llama.rope.freq_base").unwrap_or(10_000.0),
		is_tied: !content.tensor_infos.contains_key("output.weight"),
		ends: ["eos", "eot"]
			.iter()
			.filter_map(|end| number(content, &format!("tokenizer.ggml.{end}_token_id")).ok())
			.collect(),
	}
	.check()
}

fn bad(key: &str) -> ImportError {
	ImportError::BadField(key.into())
}

fn number<N: TryFrom<u64>>(content: &Content, key: &str) -> Result<N, ImportError> {
	let number = content.metadata.get(key).and_then(|value| value.to_u64().ok());
	number.and_then(|number| N::try_from(number).ok()).ok_or_else(|| bad(key))
}

/// A binary32 as the decimal number that it stands for: ε is written in decimal.
fn float(content: &Content, key: &str) -> Option<f64> {
	match content.metadata.get(key)? {
		Value::F32(number) => number.to_string().parse().ok(),
		Value::F64(number) => Some(*number),
		_ => None,
	}
}
