//! candle's own Llama in binary32: the reference for imported models.

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::llama::{Cache, Config, Llama, LlamaConfig};

/// The model of a `config.json` with given tensors, and an empty cache.
pub fn load(config: &serde_json::Value, tensors: HashMap<String, Tensor>) -> (Llama, Cache) {
	let config: LlamaConfig = serde_json::from_value(config.clone()).unwrap();
	let config: Config = config.into_config(false);
	let weights = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
	let cache = Cache::new(true, DType::F32, &config, &Device::Cpu).unwrap();
	(Llama::load(weights, &config).unwrap(), cache)
}

/// Logits behind tokens that have so many in front of them.
pub fn forward((model, cache): &mut (Llama, Cache), tokens: &[u32], before: usize) -> Vec<f32> {
	let input = Tensor::new(tokens, &Device::Cpu).unwrap().unsqueeze(0).unwrap();
	let logits = model.forward(&input, before, cache).unwrap();
	logits.flatten_all().unwrap().to_vec1().unwrap()
}

/// Logits behind a prompt, and behind each further token.
#[allow(dead_code)] // one of the tests that share this goes on by itself
pub fn logits(
	config: &serde_json::Value,
	tensors: HashMap<String, Tensor>,
	prompt: &[u32],
	further: &[u32],
) -> Vec<Vec<f32>> {
	let mut model = load(config, tensors);
	let (mut all, mut before) = (Vec::new(), 0);
	for tokens in std::iter::once(prompt).chain(further.chunks(1)) {
		all.push(forward(&mut model, tokens, before));
		before += tokens.len();
	}
	all
}
