//! A real model: SmolLM2-135M-Instruct, as GGUF. `scripts/smollm2.sh` fetches it, and `make test` runs what needs it.

mod candle_llama;

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use cairn_engine::{
	data::Text,
	generate::{Decoder, Pipeline, Request, Sampling},
	import::Import,
	Compute,
};
use cairn_primitives::ModelSpec;
use cairn_program::Stage;
use candle_core::{quantized::gguf_file::Content, Device, Tensor};

const PROMPT: &str =
	"<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n";
const TOKENS: usize = 24;

/// The model for candle: names and order of rows as Hugging Face has them.
fn candle_tensors(path: &PathBuf) -> HashMap<String, Tensor> {
	let mut file = std::fs::File::open(path).unwrap();
	let content = Content::read(&mut file).unwrap();
	let mut tensors = HashMap::new();
	for name in content.tensor_infos.keys() {
		let tensor = content.tensor(&mut file, name, &Device::Cpu).unwrap();
		let mut tensor = tensor.dequantize(&Device::Cpu).unwrap();
		if name.contains("attn_q") || name.contains("attn_k") {
			let (rows, columns) = tensor.dims2().unwrap();
			let pairs = tensor.reshape((rows / 64, 32, 2, columns)).unwrap();
			let halves = pairs.transpose(1, 2).unwrap().reshape((rows, columns)).unwrap();
			tensor = halves.contiguous().unwrap();
		}
		let parts = [
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
		let own = parts.iter().fold(name.clone(), |name, (from, to)| name.replace(from, to));
		tensors.insert(own, tensor);
	}
	tensors
}

fn config() -> serde_json::Value {
	serde_json::json!({
		"vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
		"num_attention_heads": 9, "num_key_value_heads": 3, "max_position_embeddings": 256,
		"rms_norm_eps": 1e-5, "rope_theta": 100000.0, "tie_word_embeddings": true,
	})
}

fn pipeline(model: &Import, stages: u8) -> Pipeline {
	let mut spec = ModelSpec::example(Default::default(), stages, 1);
	spec.architecture = model.architecture(256).unwrap();
	spec.stages = vec![model.layers()].try_into().unwrap();
	spec.stages = spec.layers_for(stages).unwrap().try_into().unwrap();
	let compute = Arc::new(Compute::new(0).unwrap());
	let (mut before, mut decoders) = (0, Vec::new());
	for (number, layers) in (0..).zip(spec.stages.clone()) {
		let stage = Stage::new(&spec, number).unwrap();
		let shard = model.shard(&stage, before).unwrap();
		decoders.push(Decoder::new(&spec, number, shard, compute.clone()).unwrap());
		before += layers;
	}
	Pipeline::new(decoders)
}

#[test]
#[ignore = "needs the file that CAIRN_SMOLLM2 names: make test-rust fetches it"]
fn it_says_what_candle_says_whole_and_cut_into_three_stages() {
	let path = std::env::var_os("CAIRN_SMOLLM2").map(PathBuf::from);
	let path = path.expect("CAIRN_SMOLLM2 names the model's file: scripts/smollm2.sh fetches it");
	let model = Import::open(&path).unwrap();
	assert_eq!(model.layers(), 30);
	let folder = tempfile::tempdir().unwrap();
	let tokenizer = folder.path().join("tokenizer.json");
	std::fs::write(&tokenizer, model.tokenizer().unwrap()).unwrap();
	let text = Text::open(&tokenizer).unwrap();
	let prompt = text.encode(PROMPT).unwrap();
	assert_eq!(prompt[..3], [1, 4093, 198], "the chat's tokens are tokens");

	let mut reference = candle_llama::load(&config(), candle_tensors(&path));
	let (mut expected, mut before, mut next) = (Vec::new(), 0, prompt.clone());
	while expected.len() < TOKENS {
		let logits = candle_llama::forward(&mut reference, &next, before);
		before += next.len();
		let likeliest = logits.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b));
		let token = likeliest.unwrap().0 as u32;
		if token == 2 {
			break;
		}
		expected.push(token);
		next = vec![token];
	}
	drop(reference);

	for stages in [1, 3] {
		let request = Request {
			prompt: prompt.clone(),
			sampling: Sampling::GREEDY,
			most: TOKENS,
			ends: vec![2],
		};
		let found = pipeline(&model, stages).generate(&[request], |_, _| {}).unwrap().remove(0);
		assert_eq!(found.tokens, expected, "{stages} stages");
		let said = text.decode(&found.tokens).unwrap();
		assert!(said.contains("Paris"), "{said}");
	}
}
