//! Models of others: Llama's family, from safetensors with `config.json` or from GGUF.
//!
//! Cairn's norms have no gains, so those of an imported model are folded into the matrices that read their output. A head that
//! was tied to the embedding becomes a matrix of its own, because the gain of the last norm is folded into it alone.

mod error;
mod gguf;
mod hugging_face;
mod tokenizer;

use std::path::Path;

use cairn_primitives::{
	spec::{Architecture, Nano},
	ModelSpec,
};
use cairn_program::{Matrix, Stage, Tensor};

pub use error::ImportError;

use crate::{tensor_name, MemoryPlan, Shard};
use gguf::Gguf;
use hugging_face::HuggingFace;

/// A model that can be imported.
#[derive(Debug)]
pub struct Import {
	description: Description,
	source: Source,
}

#[derive(Debug)]
enum Source {
	Gguf(Gguf),
	HuggingFace(HuggingFace),
}

/// What is said of a model besides its tensors.
#[derive(Clone, Debug, PartialEq)]
struct Description {
	layers: u16,
	vocabulary: u32,
	width: u32,
	heads: u16,
	kv_heads: u16,
	head_width: u16,
	hidden: u32,
	context: u32,
	norm_epsilon: f64,
	/// Base of RoPE's frequencies.
	rope_base: f64,
	/// Whether the head is the embedding.
	is_tied: bool,
	/// Tokens that end a text; none if it is not said.
	ends: Vec<u32>,
}

/// A tensor as it was found: row-major.
struct Found {
	shape: Vec<usize>,
	floats: Vec<f32>,
}

impl Import {
	/// Open a GGUF file, or a folder in Hugging Face's layout.
	pub fn open(path: &Path) -> Result<Self, ImportError> {
		let (description, source) = if path.is_dir() {
			let (description, source) = HuggingFace::open(path)?;
			(description, Source::HuggingFace(source))
		} else if path.extension().is_some_and(|extension| extension == "gguf") {
			let (description, source) = Gguf::open(path)?;
			(description, Source::Gguf(source))
		} else {
			return Err(ImportError::UnknownFormat(path.into()));
		};
		Ok(Self { description, source })
	}

	/// Number of layers.
	pub fn layers(&self) -> u16 {
		self.description.layers
	}

	/// Tokens that the model was trained to read.
	pub fn context(&self) -> u32 {
		self.description.context
	}

	/// The shapes, for samples of `context` tokens.
	pub fn architecture(&self, context: u32) -> Result<Architecture, ImportError> {
		let d = &self.description;
		let frequencies = frequencies(d.rope_base, d.head_width);
		Ok(Architecture {
			vocabulary: d.vocabulary,
			width: d.width,
			heads: d.heads,
			kv_heads: d.kv_heads,
			head_width: d.head_width,
			hidden: d.hidden,
			context,
			tied_head: false,
			norm_epsilon: Nano((d.norm_epsilon * 1e9).round() as u32),
			frequencies: frequencies
				.try_into()
				.map_err(|_| ImportError::BadField("width of a head".into()))?,
		})
	}

	/// The memory that cutting the model into the shards of a spec takes.
	pub fn memory(&self, spec: &ModelSpec) -> Result<MemoryPlan, ImportError> {
		// Of a tensor that is read there are its bytes in the file, too; of GGUF also what the library makes of them.
		let copies = match &self.source {
			Source::Gguf(_) => 2,
			Source::HuggingFace(_) => 1,
		};
		Ok(MemoryPlan::one_shard(spec, copies)?)
	}

	/// Tokens that end a text, as the model's description says; none if it does not.
	pub fn ends(&self) -> &[u32] {
		&self.description.ends
	}

	/// The tokenizer's file (`tokenizer.json`).
	pub fn tokenizer(&self) -> Result<Vec<u8>, ImportError> {
		match &self.source {
			Source::Gguf(gguf) => gguf.tokenizer(),
			Source::HuggingFace(folder) => folder.tokenizer(),
		}
	}

	/// The shard of a stage that begins behind so many layers.
	pub fn shard(&self, stage: &Stage, before: u16) -> Result<Shard, ImportError> {
		let tensors = stage.tensors().into_iter();
		let weights = tensors.map(|tensor| self.tensor(stage, tensor, before));
		let mut weights = weights.collect::<Result<Vec<_>, _>>()?.into_iter();
		Ok(Shard::from_weights(stage, |_, _| Ok(weights.next().unwrap_or_default()))?)
	}

	fn tensor(&self, stage: &Stage, tensor: Tensor, before: u16) -> Result<Vec<f32>, ImportError> {
		let (rows, columns) = stage.size(tensor);
		let mut name = tensor_name(tensor, before.into());
		if tensor == Tensor::Head && self.description.is_tied {
			name = tensor_name(Tensor::Embedding, 0);
		}
		let mut weights = self.read(&name, &[rows as usize, columns as usize])?;
		if let Some(gain) = gain_name(tensor, before) {
			let gains = self.read(&gain, &[columns as usize])?;
			for row in weights.chunks_exact_mut(gains.len()) {
				row.iter_mut().zip(&gains).for_each(|(weight, gain)| *weight *= gain);
			}
		}
		match weights.iter().position(|weight| !weight.is_finite()) {
			Some(element) => Err(ImportError::NotFinite { name, element, value: weights[element] }),
			None => Ok(weights),
		}
	}

	fn read(&self, name: &str, expected: &[usize]) -> Result<Vec<f32>, ImportError> {
		let Found { shape, floats } = match &self.source {
			Source::Gguf(gguf) => gguf.read(name, expected)?,
			Source::HuggingFace(folder) => folder.read(name)?,
		};
		same_shape(name, expected, &shape)?;
		Ok(floats)
	}
}

fn same_shape(name: &str, expected: &[usize], found: &[usize]) -> Result<(), ImportError> {
	match expected == found {
		true => Ok(()),
		false => Err(ImportError::WrongShape {
			name: name.into(),
			expected: expected.to_vec(),
			found: found.to_vec(),
		}),
	}
}

/// The gains that a matrix's input was multiplied by.
fn gain_name(tensor: Tensor, before: u16) -> Option<String> {
	let of_layer =
		|layer: u16, norm| Some(format!("model.layers.{}.{norm}.weight", before + layer));
	match tensor {
		Tensor::Layer(layer, Matrix::Query | Matrix::Key | Matrix::Value) => {
			of_layer(layer, "input_layernorm")
		},
		Tensor::Layer(layer, Matrix::Gate | Matrix::Up) => {
			of_layer(layer, "post_attention_layernorm")
		},
		Tensor::Head => Some("model.norm.weight".into()),
		_ => None,
	}
}

/// RoPE's frequencies in turns of 2⁻⁶⁴ per position: pair i of a head turns by base^(−2i/width) radians (Su et al.,
/// arXiv 2104.09864, section 3.2.2).
fn frequencies(base: f64, head_width: u16) -> Vec<u64> {
	let turn = 2f64.powi(64) / std::f64::consts::TAU;
	let pairs = (0..head_width / 2).map(|i| f64::from(2 * i) / f64::from(head_width));
	pairs.map(|exponent| (turn * base.powf(-exponent)).round() as u64).collect()
}

impl Description {
	/// Refuse what is too large for a spec's fields or does not divide; the rest a spec's own check finds.
	fn check(self) -> Result<Self, ImportError> {
		let field = |name: &str| Err(ImportError::BadField(name.into()));
		if self.layers == 0 || self.vocabulary == 0 || self.width == 0 || self.hidden == 0 {
			return field("sizes");
		}
		let queries = u32::from(self.heads) * u32::from(self.head_width);
		let longest = self.vocabulary.max(self.hidden).max(queries);
		if longest.checked_mul(self.width).is_none() {
			return field("sizes: a matrix has more than 2^32 elements"); // as a spec's check says
		}
		if self.heads == 0 || self.kv_heads == 0 || !self.heads.is_multiple_of(self.kv_heads) {
			return field("numbers of heads");
		}
		if self.head_width == 0 || !self.head_width.is_multiple_of(2) {
			return field("width of a head");
		}
		if !(1e-9..1.0).contains(&self.norm_epsilon) {
			return field("epsilon of the norms");
		}
		if !(self.rope_base.is_finite() && self.rope_base >= 1.0) {
			return field("base of RoPE");
		}
		Ok(self)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn frequencies_are_those_of_the_example() {
		let spec = ModelSpec::example(Default::default(), 1, 1);
		let expected = spec.architecture.frequencies;
		for (found, expected) in frequencies(10_000.0, 16).into_iter().zip(expected) {
			assert!(found.abs_diff(expected) < expected >> 48, "{found} {expected}");
		}
	}
}
