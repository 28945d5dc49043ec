//! Models of others, against candle's own implementation of them.

mod candle_llama;

use std::{collections::HashMap, fs, io::BufReader, path::Path, sync::Arc};

use cairn_engine::{
	data::Text,
	generate::{Decoder, Pipeline, Request, Rows, Sampling, Turn},
	import::{Import, ImportError},
	Compute, Shard,
};
use cairn_primitives::ModelSpec;
use cairn_program::Stage;
use candle_core::{
	quantized::{
		gguf_file::{self, Content, Value},
		GgmlDType, QTensor,
	},
	DType, Device, Tensor,
};
use candle_transformers::models::quantized_llama::ModelWeights;

const LAYERS: usize = 3;
const VOCABULARY: usize = 96;
const WIDTH: usize = 64;
const HIDDEN: usize = 96;
const HEADS: usize = 4;
const KV_HEADS: usize = 2;
const HEAD: usize = WIDTH / HEADS;
const CONTEXT: u32 = 64;
const PROMPT: [u32; 7] = [5, 90, 17, 3, 3, 60, 41];

type Tensors = HashMap<String, Tensor>;

/// Random weights, with gains that are not 1.
fn model(is_tied: bool) -> Tensors {
	let mut tensors = Tensors::new();
	let mut add = |name: &str, shape: &[usize], mean: f64, deviation: f64| {
		let tensor = Tensor::randn(mean as f32, deviation as f32, shape, &Device::Cpu).unwrap();
		tensors.insert(format!("{name}.weight"), tensor);
	};
	add("model.embed_tokens", &[VOCABULARY, WIDTH], 0.0, 1.0);
	add("model.norm", &[WIDTH], 1.0, 0.3);
	if !is_tied {
		add("lm_head", &[VOCABULARY, WIDTH], 0.0, 0.3);
	}
	for layer in 0..LAYERS {
		let mut add = |part: &str, shape: &[usize], mean, deviation| {
			add(&format!("model.layers.{layer}.{part}"), shape, mean, deviation);
		};
		add("input_layernorm", &[WIDTH], 1.0, 0.3);
		add("post_attention_layernorm", &[WIDTH], 0.7, 0.3);
		add("self_attn.q_proj", &[WIDTH, WIDTH], 0.0, 0.2);
		add("self_attn.k_proj", &[KV_HEADS * HEAD, WIDTH], 0.0, 0.2);
		add("self_attn.v_proj", &[KV_HEADS * HEAD, WIDTH], 0.0, 0.2);
		add("self_attn.o_proj", &[WIDTH, WIDTH], 0.0, 0.1);
		add("mlp.gate_proj", &[HIDDEN, WIDTH], 0.0, 0.2);
		add("mlp.up_proj", &[HIDDEN, WIDTH], 0.0, 0.2);
		add("mlp.down_proj", &[WIDTH, HIDDEN], 0.0, 0.1);
	}
	tensors
}

fn config() -> serde_json::Value {
	tied_config(false)
}

fn tied_config(is_tied: bool) -> serde_json::Value {
	serde_json::json!({
		"tie_word_embeddings": is_tied,
		"model_type": "llama", "vocab_size": VOCABULARY, "hidden_size": WIDTH, "intermediate_size": HIDDEN,
		"num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS,
		"max_position_embeddings": CONTEXT, "rms_norm_eps": 1e-5, "rope_theta": 20000.0, "hidden_act": "silu",
	})
}

fn write_folder(folder: &Path, tensors: &Tensors, config: &serde_json::Value) {
	fs::write(folder.join("config.json"), config.to_string()).unwrap();
	candle_core::safetensors::save(tensors, folder.join("model.safetensors")).unwrap();
}

/// The model in stages of so many layers.
fn import(path: &Path, layers: &[u16]) -> Result<(ModelSpec, Vec<Shard>), ImportError> {
	let model = Import::open(path)?;
	let mut spec = ModelSpec::example(Default::default(), layers.len() as u8, 1);
	spec.architecture = model.architecture(CONTEXT)?;
	spec.stages = layers.to_vec().try_into().unwrap();
	let mut before = 0;
	let mut stages = Vec::new();
	for (number, layers) in (0..).zip(layers) {
		let stage = Stage::new(&spec, number).unwrap();
		stages.push(model.shard(&stage, before)?);
		before += layers;
	}
	Ok((spec, stages))
}

fn decoders(path: &Path, layers: &[u16]) -> Vec<Decoder> {
	let (spec, stages) = import(path, layers).unwrap();
	let compute = Arc::new(Compute::new(2).unwrap());
	let stages = (0..).zip(stages);
	stages.map(|(i, shard)| Decoder::new(&spec, i, shard, compute.clone()).unwrap()).collect()
}

/// Logits behind the prompt, and behind each further token.
fn logits(path: &Path, further: &[u32]) -> Vec<Vec<f32>> {
	let mut decoders = decoders(path, &[LAYERS as u16]);
	let decoder = &mut decoders[0];
	let (mut cache, mut all) = (decoder.cache(), Vec::new());
	for tokens in std::iter::once(&PROMPT[..]).chain(further.chunks(1)) {
		let mut logits = Vec::new();
		let turns = &mut [Turn { cache: &mut cache, tokens: tokens.len() }];
		decoder.forward(turns, Rows::Tokens(tokens), &mut logits).unwrap();
		all.push(logits);
	}
	all
}

fn assert_close(found: &[Vec<f32>], expected: &[Vec<f32>]) {
	for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
		let largest = expected.iter().fold(0f32, |max, x| max.max(x.abs()));
		assert!(largest > 0.5, "the logits say something");
		for (token, (found, expected)) in found.iter().zip(expected).enumerate() {
			let difference = (found - expected).abs();
			assert!(difference < 1e-4 * largest, "{place}, token {token}: {found} {expected}");
		}
	}
}

const FURTHER: [u32; 3] = [8, 77, 0];

#[test]
fn a_folder_of_safetensors_yields_the_logits_of_candles_model() {
	for is_tied in [false, true] {
		let folder = tempfile::tempdir().unwrap();
		let (tensors, config) = (model(is_tied), tied_config(is_tied));
		write_folder(folder.path(), &tensors, &config);
		let expected = candle_llama::logits(&config, tensors, &PROMPT, &FURTHER);
		assert_close(&logits(folder.path(), &FURTHER), &expected);
	}
}

#[test]
fn halves_are_read_as_floats() {
	let folder = tempfile::tempdir().unwrap();
	for dtype in [DType::F16, DType::BF16] {
		let halves: Tensors =
			model(false).into_iter().map(|(name, t)| (name, t.to_dtype(dtype).unwrap())).collect();
		write_folder(folder.path(), &halves, &config());
		let floats = halves.into_iter().map(|(n, t)| (n, t.to_dtype(DType::F32).unwrap()));
		let expected = candle_llama::logits(&config(), floats.collect(), &PROMPT, &FURTHER);
		assert_close(&logits(folder.path(), &FURTHER), &expected);
	}
}

/// GGUF's names, and its order of the rows that RoPE turns.
fn gguf_tensor(name: &str, tensor: &Tensor) -> (String, Tensor) {
	let parts = [
		("model.embed_tokens", "token_embd"),
		("model.norm", "output_norm"),
		("lm_head", "output"),
		("model.layers.", "blk."),
		("input_layernorm", "attn_norm"),
		("post_attention_layernorm", "ffn_norm"),
		("self_attn.q_proj", "attn_q"),
		("self_attn.k_proj", "attn_k"),
		("self_attn.v_proj", "attn_v"),
		("self_attn.o_proj", "attn_output"),
		("mlp.gate_proj", "ffn_gate"),
		("mlp.up_proj", "ffn_up"),
		("mlp.down_proj", "ffn_down"),
	];
	let new = parts.iter().fold(name.to_string(), |name, (from, to)| name.replace(from, to));
	if !(name.contains("q_proj") || name.contains("k_proj")) {
		return (new, tensor.clone());
	}
	let (rows, columns) = tensor.dims2().unwrap();
	if rows % HEAD != 0 {
		return (new, tensor.clone());
	}
	let by_pairs = tensor.reshape((rows / HEAD, 2, HEAD / 2, columns)).unwrap();
	let side_by_side = by_pairs.transpose(1, 2).unwrap().reshape((rows, columns)).unwrap();
	(new, side_by_side.contiguous().unwrap())
}

fn metadata() -> Vec<(&'static str, Value)> {
	vec![
		("general.architecture", Value::String("llama".into())),
		("llama.block_count", Value::U32(LAYERS as u32)),
		("llama.context_length", Value::U32(CONTEXT)),
		("llama.embedding_length", Value::U32(WIDTH as u32)),
		("llama.feed_forward_length", Value::U32(HIDDEN as u32)),
		("llama.attention.head_count", Value::U32(HEADS as u32)),
		("llama.attention.head_count_kv", Value::U32(KV_HEADS as u32)),
		("llama.attention.layer_norm_rms_epsilon", Value::F32(1e-5)),
		("llama.rope.freq_base", Value::F32(20_000.0)),
		("llama.rope.dimension_count", Value::U32(HEAD as u32)),
	]
}

fn write_gguf(
	path: &Path,
	tensors: &Tensors,
	metadata: &[(&'static str, Value)],
	dtype: GgmlDType,
) {
	let tensors: Vec<(String, QTensor)> = tensors
		.iter()
		.map(|(name, tensor)| {
			let (name, tensor) = gguf_tensor(name, tensor);
			let dtype = if tensor.dims().len() == 1 { GgmlDType::F32 } else { dtype };
			(name, QTensor::quantize(&tensor, dtype).unwrap())
		})
		.collect();
	let tensors: Vec<_> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
	let metadata: Vec<_> = metadata.iter().map(|(key, value)| (*key, value)).collect();
	gguf_file::write(&mut fs::File::create(path).unwrap(), &metadata, &tensors).unwrap();
}

#[test]
fn a_gguf_file_yields_the_logits_of_candles_model() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("model.gguf");
	write_gguf(&path, &model(false), &metadata(), GgmlDType::F32);
	let mut file = BufReader::new(fs::File::open(&path).unwrap());
	let content = Content::read(&mut file).unwrap();
	let mut reference = ModelWeights::from_gguf(content, &mut file, &Device::Cpu).unwrap();
	let (mut expected, mut position) = (Vec::new(), 0);
	for tokens in std::iter::once(&PROMPT[..]).chain(FURTHER.chunks(1)) {
		let input = Tensor::new(tokens, &Device::Cpu).unwrap().unsqueeze(0).unwrap();
		let logits = reference.forward(&input, position).unwrap();
		expected.push(logits.flatten_all().unwrap().to_vec1().unwrap());
		position += tokens.len();
	}
	assert_close(&logits(&path, &FURTHER), &expected);
}

#[test]
fn what_is_quantised_is_near_what_it_was() {
	let folder = tempfile::tempdir().unwrap();
	let (exact, quantised) = (folder.path().join("f.gguf"), folder.path().join("q.gguf"));
	let tensors = model(false);
	write_gguf(&exact, &tensors, &metadata(), GgmlDType::F32);
	write_gguf(&quantised, &tensors, &metadata(), GgmlDType::Q8_0);
	let all = [&exact, &quantised].map(|path| {
		let (_, stages) = import(path, &[LAYERS as u16]).unwrap();
		let file = folder.path().join("weights");
		let (spec, _) = import(path, &[LAYERS as u16]).unwrap();
		stages[0].save(&spec, 0, &file).unwrap();
		candle_core::safetensors::load(&file, &Device::Cpu).unwrap()
	});
	for (name, exact) in &all[0] {
		let difference = (exact - &all[1][name]).unwrap().abs().unwrap().max_all().unwrap();
		let largest = exact.abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
		let difference = difference.to_scalar::<f32>().unwrap();
		assert!(difference > 0.0 && difference < largest / 100.0, "{name}: {difference} {largest}");
	}
}

#[test]
fn a_model_that_is_cut_generates_what_it_does_whole() {
	let folder = tempfile::tempdir().unwrap();
	write_folder(folder.path(), &model(true), &tied_config(true));
	let generate = |layers: &[u16]| {
		let request = Request {
			prompt: PROMPT.to_vec(),
			sampling: Sampling::GREEDY,
			most: 30,
			ends: Vec::new(),
		};
		let mut pipeline = Pipeline::new(decoders(folder.path(), layers));
		pipeline.generate(&[request], |_, _| {}).unwrap().remove(0).tokens
	};
	let whole = generate(&[3]);
	assert_eq!(whole.len(), 30);
	assert_eq!(generate(&[1, 1, 1]), whole);
	assert_eq!(generate(&[2, 1]), whole);
}

#[test]
fn a_model_in_several_files_is_one_model() {
	let folder = tempfile::tempdir().unwrap();
	let tensors = model(false);
	let expected = candle_llama::logits(&config(), tensors.clone(), &PROMPT, &FURTHER);
	fs::write(folder.path().join("config.json"), config().to_string()).unwrap();
	let (first, second): (Tensors, Tensors) =
		tensors.clone().into_iter().partition(|(name, _)| name.contains("layers.1"));
	for (name, part) in [("model-1-of-2", &first), ("model-2-of-2", &second)] {
		let path = folder.path().join(format!("{name}.safetensors"));
		candle_core::safetensors::save(part, path).unwrap();
	}
	assert_close(&logits(folder.path(), &FURTHER), &expected);
	candle_core::safetensors::save(&first, folder.path().join("more.safetensors")).unwrap();
	let error = Import::open(folder.path()).unwrap_err().to_string();
	assert!(error.contains("another file has model.layers.1"), "{error}");
}

#[test]
fn tokens_that_end_a_text_are_taken_over() {
	let folder = tempfile::tempdir().unwrap();
	let ends = |path: &Path| Import::open(path).unwrap().ends().to_vec();
	let mut config = config();
	write_folder(folder.path(), &model(false), &config);
	assert_eq!(ends(folder.path()), [0u32; 0]);
	config["eos_token_id"] = serde_json::json!(7);
	write_folder(folder.path(), &model(false), &config);
	assert_eq!(ends(folder.path()), [7]);
	fs::write(folder.path().join("generation_config.json"), r#"{"eos_token_id": [3, 4]}"#).unwrap();
	assert_eq!(ends(folder.path()), [3, 4]);

	let path = folder.path().join("model.gguf");
	let mut metadata = metadata();
	metadata.push(("tokenizer.ggml.eos_token_id", Value::U32(9)));
	write_gguf(&path, &model(false), &metadata, GgmlDType::F32);
	assert_eq!(ends(&path), [9]);
}

#[test]
fn a_prompt_begins_as_the_models_texts_do() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("model.gguf");
	let texts = |texts: &[&str]| {
		Value::Array(texts.iter().map(|text| Value::String((*text).into())).collect())
	};
	let tokens = |adds: bool, first: u32| {
		let mut metadata = metadata();
		metadata.extend([
			("tokenizer.ggml.model", Value::String("gpt2".into())),
			("tokenizer.ggml.tokens", texts(&["<s>", "a", "b", "ab"])),
			("tokenizer.ggml.token_type", Value::Array([3, 1, 1, 1].map(Value::I32).to_vec())),
			("tokenizer.ggml.merges", texts(&["a b"])),
			("tokenizer.ggml.add_bos_token", Value::Bool(adds)),
			("tokenizer.ggml.bos_token_id", Value::U32(first)),
		]);
		write_gguf(&path, &model(false), &metadata, GgmlDType::F32);
		let file = folder.path().join("tokenizer.json");
		let tokenizer = Import::open(&path).unwrap().tokenizer();
		tokenizer.map(|tokenizer| {
			fs::write(&file, tokenizer).unwrap();
			let text = Text::open(&file).unwrap();
			[text.encode("aba").unwrap(), text.prompt("aba").unwrap()]
		})
	};
	assert_eq!(tokens(true, 0).unwrap(), [vec![3, 1], vec![0, 3, 1]]);
	assert_eq!(tokens(false, 0).unwrap(), [vec![3, 1], vec![3, 1]]);
	assert!(tokens(true, 4).unwrap_err().to_string().contains("begin with token 4"));
}

#[test]
fn what_is_no_llama_is_refused_by_name() {
	let folder = tempfile::tempdir().unwrap();
	let refused = |config: serde_json::Value, tensors: &Tensors| {
		write_folder(folder.path(), tensors, &config);
		import(folder.path(), &[LAYERS as u16]).expect_err("it is refused").to_string()
	};
	let tensors = model(false);
	let changes = [
		("model_type", serde_json::json!("qwen2"), "model_type"),
		("hidden_act", serde_json::json!("gelu"), "activation"),
		("attention_bias", serde_json::json!(true), "biases"),
		("rope_scaling", serde_json::json!({"factor": 8.0}), "RoPE"),
		("rope_parameters", serde_json::json!({"rope_type": "llama3"}), "llama3"),
		("num_key_value_heads", serde_json::json!(3), "heads"),
		("vocab_size", serde_json::json!("many"), "damaged"),
		("rms_norm_eps", serde_json::json!(0.0), "epsilon"),
		("hidden_size", serde_json::json!(128), "[96, 64]"),
		("num_hidden_layers", serde_json::json!(0), "sizes"),
		("vocab_size", serde_json::json!(97), "[97, 64]"),
		("num_attention_heads", serde_json::json!(5), "heads"),
		("head_dim", serde_json::json!(7), "width of a head"),
		("rope_theta", serde_json::json!(0.0), "base of RoPE"),
	];
	for (field, value, part) in changes {
		let mut config = config();
		config[field] = value;
		let error = refused(config, &tensors);
		assert!(error.contains(part), "{field}: {error}");
	}
	let with = |name: &str, tensor: Tensor| {
		let mut tensors = tensors.clone();
		tensors.insert(name.into(), tensor);
		tensors
	};
	let of = |shape: &[usize], dtype| Tensor::ones(shape, dtype, &Device::Cpu).unwrap();
	let bias = with("model.layers.0.self_attn.q_proj.bias", of(&[WIDTH], DType::F32));
	assert!(refused(config(), &bias).contains("q_proj.bias"));
	let integers = with("model.norm.weight", of(&[WIDTH], DType::I64));
	assert!(refused(config(), &integers).contains("I64"));
	let infinite = of(&[WIDTH], DType::F32).affine(f64::INFINITY, 0.0).unwrap();
	assert!(refused(config(), &with("model.norm.weight", infinite)).contains("holds"));
	let mut missing = tensors.clone();
	missing.remove("model.layers.2.mlp.up_proj.weight");
	assert!(refused(config(), &missing).contains("layers.2.mlp.up_proj"));
	assert!(refused(config(), &model(true)).contains("lm_head"), "it is not said to be tied");
}

#[test]
fn what_is_no_llama_in_a_gguf_file_is_refused_by_name() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("model.gguf");
	let refused = |tensors: &Tensors, metadata: &[(&'static str, Value)]| {
		write_gguf(&path, tensors, metadata, GgmlDType::F32);
		import(&path, &[LAYERS as u16]).expect_err("it is refused").to_string()
	};
	for (key, value, part) in [
		("llama.rope.scaling.type", Value::String("yarn".into()), "RoPE"),
		("llama.rope.scale_linear", Value::F32(4.0), "RoPE"),
		("llama.expert_count", Value::U32(8), "experts"),
		("llama.attention.key_length", Value::U32(HEAD as u32 - 1), "part of a head"),
	] {
		let error = refused(&model(false), &[metadata(), vec![(key, value)]].concat());
		assert!(error.contains(part), "{key}: {error}");
	}
	for (name, shape, part) in [
		("rope_freqs.weight", HEAD / 2, "RoPE"),
		("model.layers.1.self_attn.v_proj.bias", KV_HEADS * HEAD, "biases"),
	] {
		let mut tensors = model(false);
		tensors.insert(name.into(), Tensor::ones(shape, DType::F32, &Device::Cpu).unwrap());
		let error = refused(&tensors, &metadata());
		assert!(error.contains(part), "{name}: {error}");
	}
	// Scaling that changes nothing is none.
	let mut same = metadata();
	same.push(("llama.rope.scaling.type", Value::String("none".into())));
	same.push(("llama.rope.scale_linear", Value::F32(1.0)));
	write_gguf(&path, &model(false), &same, GgmlDType::F32);
	import(&path, &[LAYERS as u16]).unwrap();
}

#[test]
fn damaged_files_are_refused_by_name() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("model.gguf");
	let refused =
		|path: &Path| import(path, &[LAYERS as u16]).expect_err("it is refused").to_string();
	write_gguf(&path, &model(false), &metadata(), GgmlDType::F32);
	let whole = fs::read(&path).unwrap();
	for length in [0, 3, 100, whole.len() / 2, whole.len() - 1] {
		fs::write(&path, &whole[..length]).unwrap();
		assert!(refused(&path).contains("damaged or cut short"), "{length} bytes");
	}
	for (place, part) in
		[(0, "architecture"), (1, "block_count"), (5, "head_count"), (9, "part of a head")]
	{
		let mut metadata = metadata();
		metadata[place].1 = match place {
			0 => Value::String("gemma".into()),
			9 => Value::U32(HEAD as u32 / 2),
			_ => Value::U32(70_001),
		};
		write_gguf(&path, &model(false), &metadata, GgmlDType::F32);
		let error = refused(&path);
		assert!(error.contains(part), "{error}");
	}
	let mut aligned = metadata();
	aligned.push(("general.alignment", Value::U32(0)));
	write_gguf(&path, &model(false), &aligned, GgmlDType::F32);
	assert!(refused(&path).contains("damaged or cut short"));
	let mut odd = model(false);
	let rows = Tensor::ones((HEADS + 1, WIDTH), DType::F32, &Device::Cpu).unwrap();
	odd.insert("model.layers.0.self_attn.k_proj.weight".into(), rows);
	write_gguf(&path, &odd, &metadata(), GgmlDType::F32);
	assert!(
		refused(&path).contains("k_proj"),
		"a wrong shape is found before its rows are put in order"
	);
	// Shapes whose sizes no number holds, and of no element at all.
	for name in ["blk.1.ffn_up.weight", "blk.0.attn_q.weight", "output_norm.weight"] {
		let place = whole.windows(name.len()).position(|part| part == name.as_bytes()).unwrap();
		let (count, dims) = (place + name.len(), place + name.len() + 4);
		let axes = usize::from(whole[count]);
		for size in [[1 << 40, 1 << 40], [300, 1 << 62], [0, 0], [0, 64], [u64::MAX, 1]] {
			let mut crafted = whole.clone();
			for (axis, size) in size.iter().take(axes).enumerate() {
				crafted[dims + 8 * axis..dims + 8 * (axis + 1)]
					.copy_from_slice(&size.to_le_bytes());
			}
			fs::write(&path, crafted).unwrap();
			let error = import(&path, &[LAYERS as u16]).expect_err("it is refused");
			assert!(matches!(error, ImportError::WrongShape { .. }), "{name} {size:?}: {error}");
		}
	}
	// What no matrix can be, whatever the tensors are.
	let mut wide = metadata();
	wide[4].1 = Value::U32(1 << 31);
	write_gguf(&path, &model(false), &wide, GgmlDType::F32);
	assert!(refused(&path).contains("2^32 elements"));
	let text = folder.path().join("model.txt");
	fs::write(&text, "a model").unwrap();
	assert!(matches!(import(&text, &[3]), Err(ImportError::UnknownFormat(_))));
	assert!(refused(&folder.path().join("none.gguf")).contains("cannot read"));
	write_folder(folder.path(), &model(false), &config());
	let weights = folder.path().join("model.safetensors");
	let bytes = fs::read(&weights).unwrap();
	fs::write(&weights, &bytes[..bytes.len() - 4]).unwrap();
	assert!(refused(folder.path()).contains("damaged or cut short"));
	fs::remove_file(&weights).unwrap();
	assert!(refused(folder.path()).contains("neither"));
}
