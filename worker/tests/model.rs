//! From a run to a model that others use.

mod common;

use std::{fs, path::Path};

use common::{assert_needs_memory, fails, succeeds, worker, workplace};

fn train(folder: &Path, out: &str, more: &[&str]) -> String {
	let files = ["train-local", "--spec", "spec.json", "--data", "data", "--out", out];
	succeeds(folder, &[&files[..], &["--windows", "1"], more].concat())
}

fn generate(folder: &Path, model: &str, more: &[&str]) -> String {
	succeeds(folder, &[&["generate", "--model", model, "--prompt", "a pile of"][..], more].concat())
}

/// The loss of the first step of a run.
fn first_loss(folder: &Path, run: &str) -> f32 {
	let table = fs::read_to_string(folder.join(run).join("loss.csv")).unwrap();
	let names: Vec<&str> = table.lines().next().unwrap().split(',').collect();
	let place = names.iter().position(|name| *name == "loss").unwrap();
	table.lines().nth(1).unwrap().split(',').nth(place).unwrap().parse().unwrap()
}

#[test]
fn a_run_ends_with_what_the_model_says_and_is_a_model() {
	let folder = workplace();
	let path = folder.path();
	let said = train(path, "run", &["--prompt", "walkers add"]);
	assert!(said.contains("goes on with \"walkers add\""), "{said}");

	let greedy = generate(path, "run", &["--temperature", "0", "--tokens", "8"]);
	assert!(greedy.starts_with("a pile of"), "{greedy}");
	assert!(greedy.trim_end().len() > "a pile of".len(), "{greedy}");
	let sampled = ["--temperature", "1.5", "--seed", "5", "--tokens", "20"];
	let one = generate(path, "run", &sampled);
	assert_eq!(one, generate(path, "run", &sampled));
	assert_ne!(
		one,
		generate(path, "run", &["--temperature", "1.5", "--seed", "6", "--tokens", "20"])
	);

	let roots = succeeds(path, &["shard", "export", "run", "--out", "model"]);
	assert_eq!(greedy, generate(path, "model", &["--temperature", "0", "--tokens", "8"]));
	for stage in ["0", "1"] {
		let file = format!("model/stage-{stage}.safetensors");
		let root =
			succeeds(path, &["shard", "root", "--spec", "spec.json", "--stage", stage, &file]);
		assert!(roots.contains(&format!("stage {stage}: {}", root.trim())), "{roots} {root}");
	}

	// A spec that names no roots, or too many, gets one for each stage.
	let mut spec: serde_json::Value =
		serde_json::from_slice(&fs::read(path.join("run/spec.json")).unwrap()).unwrap();
	for (number, count) in [0, 1, 3].into_iter().enumerate() {
		spec["initial"] = serde_json::json!(vec![spec["seed"].clone(); count]);
		fs::write(path.join("run/spec.json"), spec.to_string()).unwrap();
		let out = format!("export-{number}");
		assert_eq!(succeeds(path, &["shard", "export", "run", "--out", &out]), roots);
	}

	let exported = fs::read_to_string(path.join("model/spec.json")).unwrap();
	// A model that is not ready to be trained can be used.
	let mut spec: cairn_primitives::ModelSpec = serde_json::from_str(&exported).unwrap();
	spec.shares.per_teraflop = 0;
	fs::write(path.join("model/spec.json"), serde_json::to_string(&spec).unwrap()).unwrap();
	assert_eq!(greedy, generate(path, "model", &["--temperature", "0", "--tokens", "8"]));
	fs::write(path.join("model/spec.json"), &exported).unwrap();
	assert!(roots.lines().all(|line| exported.contains(&line[line.len() - 66..])), "{exported}");

	// Training goes on from the model, not from the seed.
	train(path, "further", &["--from", "model"]);
	assert!(first_loss(path, "further") < 0.6 * first_loss(path, "run"));
}

#[test]
fn a_model_that_reads_little_speaks_in_the_end_too() {
	let folder = workplace();
	let path = folder.path();
	let file = path.join("spec.json");
	let mut spec: cairn_primitives::ModelSpec =
		serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
	spec.architecture.context = 4;
	spec.window.checkpoint_every = 100;
	spec.schedule.points.iter_mut().for_each(|point| point.batch = 64);
	fs::write(&file, serde_json::to_string(&spec).unwrap()).unwrap();
	assert!(train(path, "short", &[]).contains("the model goes on with"));
}

#[test]
fn a_seed_yields_the_roots_that_a_spec_names() {
	let folder = workplace();
	let path = folder.path();
	let said = succeeds(path, &["shard", "init", "--spec", "spec.json", "--out", "shards"]);
	let roots: Vec<&str> = said.split('"').filter(|part| part.starts_with("0x")).collect();
	assert_eq!(roots.len(), 2);
	assert_ne!(roots[0], roots[1]);
	// A run says so if its spec names others, and only then.
	let train_with = |spec: &str, out: &str| {
		let files = ["train-local", "--spec", spec, "--data", "data", "--out", out];
		let output = worker(path, &[&files[..], &["--windows", "1"]].concat());
		assert!(output.status.success());
		String::from_utf8(output.stderr).unwrap()
	};
	let warning = train_with("spec.json", "others");
	let named = format!("\"initial\": [\"{}\",\"{}\"]", roots[0], roots[1]);
	assert!(warning.contains("warning: ") && warning.contains(&named), "{warning}");
	let mut spec: serde_json::Value =
		serde_json::from_slice(&fs::read(path.join("spec.json")).unwrap()).unwrap();
	spec["initial"] = serde_json::json!(roots);
	fs::write(path.join("named.json"), spec.to_string()).unwrap();
	assert_eq!(train_with("named.json", "named"), "");
	let file = "shards/stage-1.safetensors";
	let root = succeeds(path, &["shard", "root", "--spec", "spec.json", "--stage", "1", file]);
	assert_eq!(root.trim(), roots[1]);
	// A run from these shards is the run from the seed.
	train(path, "seed", &[]);
	for file in ["spec.json", "tokenizer.json"] {
		fs::copy(path.join("seed").join(file), path.join("shards").join(file)).unwrap();
	}
	train(path, "shards-run", &["--from", "shards"]);
	assert_eq!(first_loss(path, "seed"), first_loss(path, "shards-run"));
}

#[test]
fn what_is_no_model_is_refused_by_name() {
	let folder = workplace();
	let path = folder.path();
	let go_on = |model: &str, prompt: &str, more: &[&str]| {
		fails(path, &[&["generate", "--model", model, "--prompt", prompt][..], more].concat())
	};
	assert!(go_on("nowhere", "a", &[]).contains("cannot read nowhere/spec.json"));
	train(path, "run", &[]);
	assert!(go_on("run", "", &[]).contains("the prompt is empty"));
	assert!(go_on("run", "a", &["--threads", "100000"]).contains("too many"));
	assert!(go_on("run", "a", &["--top-p", "0"]).contains("top-p"));
	assert!(go_on("run", "a", &["--temperature", "-1"]).contains("temperature"));
	assert!(
		go_on("run", &"stones ".repeat(60), &[]).contains("does not fit the model's context of 32")
	);
	fs::create_dir(path.join("begun")).unwrap();
	fs::copy(path.join("spec.json"), path.join("begun/spec.json")).unwrap();
	assert!(go_on("begun", "a", &[]).contains("begun has no shards yet"));
	let mut other: cairn_primitives::ModelSpec =
		serde_json::from_slice(&fs::read(path.join("spec.json")).unwrap()).unwrap();
	other.architecture.hidden = 64;
	fs::write(path.join("other.json"), serde_json::to_string(&other).unwrap()).unwrap();
	let files = ["train-local", "--spec", "other.json", "--data", "data", "--out", "other"];
	let complaint = fails(path, &[&files[..], &["--from", "run"]].concat());
	assert!(complaint.contains("another architecture"), "{complaint}");
	let complaint = fails(path, &["shard", "init", "--spec", "spec.json", "--out", "run"]);
	assert!(complaint.contains("exists already"), "{complaint}");
	let whole: serde_json::Value =
		serde_json::from_slice(&fs::read(path.join("spec.json")).unwrap()).unwrap();
	for (place, value, part) in [
		("/architecture/width", serde_json::json!(0), "no model can have this shape"),
		("/architecture/heads", serde_json::json!(0), "no model can have this shape"),
		("/stages", serde_json::json!([]), "no model can have this shape"),
		(
			"/boundary",
			serde_json::json!({"Bottleneck": {"rank": 0}}),
			"no model can have this shape",
		),
		("/stages", serde_json::json!([1023, 1]), "making a shard needs"),
	] {
		let mut spec = whole.clone();
		*spec.pointer_mut(place).unwrap() = value;
		if part.contains("needs") {
			spec["architecture"]["width"] = serde_json::json!(1 << 13);
			spec["architecture"]["hidden"] = serde_json::json!(1 << 18);
		}
		fs::write(path.join("odd.json"), spec.to_string()).unwrap();
		let init = ["shard", "init", "--spec", "odd.json", "--out", "odd"];
		let complaint = fails(path, &init);
		assert!(complaint.contains(part), "{place}: {complaint}");
		assert!(!path.join("odd").exists());
		if !part.contains("needs") {
			let file = "run/window-000001/stage-0.safetensors";
			let root = ["shard", "root", "--spec", "odd.json", "--stage", "0", file];
			let complaint = fails(path, &root);
			assert!(complaint.contains(part), "{place}: {complaint}");
		}
	}
	let shard = path.join("run/window-000001/stage-1.safetensors");
	let whole = fs::read(&shard).unwrap();
	fs::write(&shard, [&whole[..whole.len() - 4], &0.5f32.to_le_bytes()].concat()).unwrap();
	for complaint in
		[go_on("run", "a", &[]), fails(path, &["shard", "export", "run", "--out", "damaged"])]
	{
		assert!(complaint.contains("stage-1.safetensors is damaged"), "{complaint}");
	}
	fs::write(&shard, whole).unwrap();
	let complaint = fails(path, &["shard", "export", "run", "--out", "data"]);
	assert!(complaint.contains("exists already"), "{complaint}");
	let root = |stage: &str, file: &str| {
		fails(path, &["shard", "root", "--spec", "spec.json", "--stage", stage, file])
	};
	succeeds(path, &["shard", "export", "run", "--out", "model"]);
	let shard = path.join("model/stage-0.safetensors");
	assert!(root("2", "model/stage-0.safetensors").contains("no stage 2"));
	assert!(root("1", "model/stage-0.safetensors").contains("has no tensor model.layers.1"));
	let bytes = fs::read(&shard).unwrap();
	fs::write(&shard, &bytes[..bytes.len() - 1]).unwrap();
	assert!(root("0", "model/stage-0.safetensors").contains("no whole safetensors file"));
	assert!(go_on("model", "a", &[]).contains("no whole safetensors file"));
	let complaint = fails(path, &["shard", "import", "text.txt", "--out", "imported"]);
	assert!(complaint.contains("neither a GGUF file"), "{complaint}");
	assert!(!path.join("imported").exists());
}

/// A model of Llama's shape with one layer and weights of zero, in the layout of Hugging Face.
fn llama(folder: &Path, vocabulary: usize) {
	let config = serde_json::json!({
		"model_type": "llama", "vocab_size": vocabulary, "hidden_size": 8, "intermediate_size": 6,
		"num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 16,
		"rms_norm_eps": 1e-5, "tie_word_embeddings": true,
	});
	fs::create_dir_all(folder).unwrap();
	fs::write(folder.join("config.json"), config.to_string()).unwrap();
	let (mut head, mut length) = (serde_json::Map::new(), 0);
	for (name, shape) in [
		("embed_tokens", vec![vocabulary, 8]),
		("norm", vec![8]),
		("layers.0.input_layernorm", vec![8]),
		("layers.0.post_attention_layernorm", vec![8]),
		("layers.0.self_attn.q_proj", vec![8, 8]),
		("layers.0.self_attn.k_proj", vec![8, 8]),
		("layers.0.self_attn.v_proj", vec![8, 8]),
		("layers.0.self_attn.o_proj", vec![8, 8]),
		("layers.0.mlp.gate_proj", vec![6, 8]),
		("layers.0.mlp.up_proj", vec![6, 8]),
		("layers.0.mlp.down_proj", vec![8, 6]),
	] {
		let end = length + 4 * shape.iter().product::<usize>();
		let tensor =
			serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [length, end]});
		head.insert(format!("model.{name}.weight"), tensor);
		length = end;
	}
	let head = serde_json::Value::from(head).to_string();
	let bytes = [&(head.len() as u64).to_le_bytes(), head.as_bytes(), &vec![0; length]].concat();
	fs::write(folder.join("model.safetensors"), bytes).unwrap();
}

#[test]
fn an_imported_model_has_a_tokenizer_of_its_size() {
	let folder = workplace();
	let path = folder.path();
	let import = |vocabulary: usize| {
		llama(&path.join("llama"), vocabulary);
		let tokenizer = ["--tokenizer", "data/tokenizer.json"];
		worker(path, &[&["shard", "import", "llama", "--out", "model"][..], &tokenizer].concat())
	};
	let complaint = String::from_utf8(import(1_000).stderr).unwrap();
	assert!(complaint.contains("tokens and the model 1000"), "{complaint}");
	assert!(!path.join("model").exists());
	// What an import that was killed has left goes with the next one of the same name.
	for left in [".model.model-a1b2c3", ".other.model-a1b2c3"] {
		fs::create_dir(path.join(left)).unwrap();
	}
	let output = import(320);
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	assert!(!path.join(".model.model-a1b2c3").exists());
	assert!(path.join(".other.model-a1b2c3").exists());
	generate(path, "model", &["--tokens", "3"]);
}

#[test]
fn what_does_not_fit_into_memory_is_refused_before_it_is_read() {
	let folder = workplace();
	let path = folder.path();
	if cfg!(target_os = "linux") {
		train(path, "run", &[]);
		let generate = "generate --model run --prompt a --tokens 3 --threads 1";
		assert_needs_memory(path, generate, "generating");
	}
	// Of its tensors there is nothing but what the configuration says.
	llama(&path.join("large"), 320);
	let file = path.join("large/config.json");
	let mut config: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
	for (field, value) in [
		("hidden_size", 1 << 12),
		("intermediate_size", 1 << 18),
		("num_hidden_layers", 1_000),
		("num_attention_heads", 16),
	] {
		config[field] = serde_json::json!(value);
	}
	fs::write(&file, config.to_string()).unwrap();
	let complaint = fails(path, &["shard", "import", "large", "--out", "model"]);
	assert!(complaint.contains("cutting the model needs 13.2 T"), "{complaint}");
	assert!(complaint.contains("may take"), "{complaint}");
	assert!(!path.join("model").exists());
}
