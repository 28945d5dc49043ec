//! Generation by candle's own Llama in binary32; prints a line of JSON. usage: candle-peer MODEL.gguf PROMPT TOKENS
//! RAYON_NUM_THREADS says how many threads.

use std::{collections::HashMap, time::Instant};

use candle_core::{quantized::gguf_file::Content, DType, Device, Result, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::llama::{Cache, Config, Llama};

/// Hugging Face's names of a GGUF file's tensors.
const NAMES: [(&str, &str); 12] = [
	("token_embd", "model.embed_tokens"),
	("output_norm", "model.norm"),
	("blk.", "model.layers."),
	("attn_norm", "input_layernorm"),
	("ffn_norm", "post_attention_layernorm"),
	("attn_q", "self_attn.q_proj"),
	("attn_k", "self_attn.k_proj"),
	("attn_v", "self_attn.v_proj"),
	("attn_output", "self_attn.o_proj"),
	("ffn_gate", "mlp.gate_proj"),
	("ffn_up", "mlp.up_proj"),
	("ffn_down", "mlp.down_proj"),
];

fn main() -> Result<()> {
	let arguments: Vec<String> = std::env::args().collect();
	let prompt: u32 = arguments[2].parse().expect("a number of tokens");
	let count: usize = arguments[3].parse().expect("a number of tokens");
	let device = Device::Cpu;
	let mut file = std::fs::File::open(&arguments[1])?;
	let content = Content::read(&mut file)?;
	let number = |key: &str| -> Result<usize> {
		Ok(content.metadata[&format!("llama.{key}")].to_u32()? as usize)
	};
	let heads = number("attention.head_count")?;
	let config = Config {
		hidden_size: number("embedding_length")?,
		intermediate_size: number("feed_forward_length")?,
		vocab_size: content.tensor_infos["token_embd.weight"].shape.dims()[0],
		num_hidden_layers: number("block_count")?,
		num_attention_heads: heads,
		num_key_value_heads: number("attention.head_count_kv")?,
		use_flash_attn: false,
		rms_norm_eps: 1e-5,
		rope_theta: content.metadata["llama.rope.freq_base"].to_f32()?,
		bos_token_id: None,
		eos_token_id: None,
		rope_scaling: None,
		max_position_embeddings: 2_048,
		tie_word_embeddings: !content.tensor_infos.contains_key("output.weight"),
	};
	let width = config.hidden_size / heads;
	let mut tensors = HashMap::new();
	for name in content.tensor_infos.keys() {
		let mut tensor = content.tensor(&mut file, name, &device)?.dequantize(&device)?;
		if name.contains("attn_q") || name.contains("attn_k") {
			let (rows, columns) = tensor.dims2()?;
			let pairs = tensor.reshape((rows / width, width / 2, 2, columns))?;
			tensor = pairs.transpose(1, 2)?.reshape((rows, columns))?.contiguous()?;
		}
		let name = NAMES.iter().fold(name.clone(), |name, (from, to)| name.replace(from, to));
		tensors.insert(name, tensor);
	}
	let model = Llama::load(VarBuilder::from_tensors(tensors, DType::F32, &device), &config)?;
	let mut cache = Cache::new(true, DType::F32, &config, &device)?;
	let (mut next, mut before): (Vec<u32>, usize) = ((1_000..1_000 + prompt).collect(), 0);
	let (mut tokens, mut times) = (Vec::new(), Vec::new());
	while tokens.len() < count {
		let start = Instant::now();
		let input = Tensor::new(&next[..], &device)?.unsqueeze(0)?;
		let logits = model.forward(&input, before, &mut cache)?.flatten_all()?;
		let token = logits.argmax(0)?.to_scalar::<u32>()?;
		before += next.len();
		tokens.push(token);
		times.push(start.elapsed().as_secs_f64());
		next = vec![token];
	}
	let prefill = f64::from(prompt) / times.remove(0);
	times.sort_by(f64::total_cmp);
	let line = serde_json::json!({
		"tokens_per_second": 1.0 / times[times.len() / 2],
		"prompt_tokens_per_second": prefill,
		"tokens": tokens,
	});
	println!("{line}");
	Ok(())
}
