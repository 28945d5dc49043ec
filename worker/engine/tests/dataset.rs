//! Datasets from text to samples, and what is refused.

use std::{fs, path::Path};

use cairn_engine::data::{
	build, Assembly, AssemblyError, BuildError, BuildSettings, Dataset, DatasetError, Manifest,
	Split, Tokenization,
};

const TEXT: &str = "the cat sat on the mat\nthe dog sat on the log\n";

fn settings(folder: &Path, text: &str) -> BuildSettings {
	let input = folder.join("text.txt");
	fs::write(&input, text).unwrap();
	BuildSettings {
		inputs: vec![input],
		output: folder.join("dataset"),
		tokenization: Tokenization::Train { vocabulary: 280 },
		chunk_tokens: 100,
		held_out_permille: 100,
	}
}

fn dataset(folder: &Path) -> (BuildSettings, Manifest) {
	let settings = settings(folder, &TEXT.repeat(50));
	let manifest = build(&settings, |_| {}).unwrap();
	(settings, manifest)
}

#[test]
fn samples_together_are_the_text() {
	let folder = tempfile::tempdir().unwrap();
	let (settings, manifest) = dataset(folder.path());
	let dataset = Dataset::open(&settings.output).unwrap();
	assert_eq!(dataset.manifest(), &manifest);
	let mut heard = 0;
	dataset.verify(|done| heard = done).unwrap();
	assert_eq!(heard, manifest.chunks.len());
	assert!(heard > 3, "samples must cross chunks");

	let (mut inputs, mut targets) = (Vec::new(), Vec::new());
	let samples = dataset.samples(Split::Training, 7);
	for index in 0..samples {
		dataset.read_sample(Split::Training, 7, index, &mut inputs, &mut targets).unwrap();
	}
	assert_eq!(inputs.len() as u64, samples * 7);
	assert_eq!(inputs[1..], targets[..targets.len() - 1]);
	let tokenizer = tokenizers::Tokenizer::from_file(dataset.tokenizer()).unwrap();
	let text = tokenizer.decode(&inputs, false).unwrap();
	assert!(TEXT.repeat(50).starts_with(&text), "{text}");
	assert!(text.len() > 1_000);

	let error = dataset.read_sample(Split::HeldOut, 7, 1 << 40, &mut inputs, &mut targets);
	assert!(matches!(error, Err(DatasetError::NoSample { .. })));
	let held_out = dataset.samples(Split::HeldOut, 7);
	assert!(held_out > 0 && held_out < samples);
}

#[test]
fn the_same_text_makes_the_same_dataset() {
	let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
	assert_eq!(dataset(one.path()).1.root(), dataset(other.path()).1.root());
}

#[test]
fn json_lines_are_documents_with_an_end_each() {
	let folder = tempfile::tempdir().unwrap();
	let input = folder.path().join("lines.jsonl");
	fs::write(&input, "{\"text\": \"a b\"}\n\n{\"text\": \"<|end|> is text\", \"id\": 3}\n")
		.unwrap();
	let mut settings = settings(folder.path(), "");
	settings.inputs = vec![input.clone()];
	settings.held_out_permille = 0;
	let manifest = build(&settings, |_| {}).unwrap();
	let dataset = Dataset::open(&settings.output).unwrap();
	let (mut inputs, mut targets) = (Vec::new(), Vec::new());
	let context = manifest.tokens as u32 - 1;
	dataset.read_sample(Split::Training, context, 0, &mut inputs, &mut targets).unwrap();
	inputs.push(targets[targets.len() - 1]);
	assert_eq!(inputs.iter().filter(|token| **token == 0).count(), 2, "{inputs:?}");

	fs::write(&input, "{\"text\": \"a\"}\n{\"txt\": \"b\"}\n").unwrap();
	settings.output = folder.path().join("other");
	let error = build(&settings, |_| {}).unwrap_err();
	assert!(matches!(error, BuildError::NotJson { line: 2, .. }), "{error}");
	assert!(!settings.output.exists());
}

#[test]
fn input_that_makes_no_dataset_is_named_and_leaves_nothing() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path();
	let built = |change: &dyn Fn(&mut BuildSettings)| {
		let mut settings = settings(path, TEXT);
		change(&mut settings);
		build(&settings, |_| {}).unwrap_err()
	};
	let error = built(&|s| s.tokenization = Tokenization::Train { vocabulary: 256 });
	assert!(matches!(error, BuildError::VocabularyTooSmall(256)), "{error}");
	let error = built(&|s| fs::write(&s.inputs[0], b"abc\xff").unwrap());
	assert!(matches!(error, BuildError::NotText { at: 3, .. }), "{error}");
	let error = built(&|s| fs::write(&s.inputs[0], "").unwrap());
	assert!(matches!(error, BuildError::NoText), "{error}");
	let error = built(&|s| s.inputs.push("missing.txt".into()));
	assert!(matches!(error, BuildError::Unreadable { .. }), "{error}");
	let error = built(&|s| s.chunk_tokens = 0);
	assert!(matches!(error, BuildError::BadSettings(_)), "{error}");
	let error = built(&|s| s.tokenization = Tokenization::Given(s.inputs[0].clone()));
	assert!(matches!(error, BuildError::Tokenizer(_)), "{error}");
	let left: Vec<_> =
		fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
	assert_eq!(left, ["text.txt"]);
	build(&settings(path, TEXT), |_| {}).unwrap();
	assert!(matches!(built(&|_| {}), BuildError::Exists(_)));
}

#[test]
fn damage_is_found_before_a_token_of_it_is_used() {
	let damaged = |damage: &dyn Fn(&Path)| {
		let folder = tempfile::tempdir().unwrap();
		let (settings, _) = dataset(folder.path());
		damage(&settings.output);
		let opened = Dataset::open(&settings.output);
		opened
			.and_then(|dataset| {
				let (mut inputs, mut targets) = (Vec::new(), Vec::new());
				for index in 0..dataset.samples(Split::Training, 30) {
					dataset.read_sample(Split::Training, 30, index, &mut inputs, &mut targets)?;
				}
				dataset.verify(|_| {})
			})
			.unwrap_err()
	};
	let chunk = |folder: &Path| folder.join("chunks/00001.bin");
	let flip = |path: &Path| {
		let mut bytes = fs::read(path).unwrap();
		let last = bytes.len() - 1;
		bytes[last] ^= 1;
		fs::write(path, bytes).unwrap();
	};
	let error = damaged(&|folder| flip(&chunk(folder)));
	assert!(matches!(&error, DatasetError::WrongHash { what, .. } if what == "chunk 1"), "{error}");
	let error = damaged(&|folder| flip(&folder.join("tokenizer.json")));
	assert!(
		matches!(&error, DatasetError::WrongHash { what, .. } if what == "the tokenizer"),
		"{error}"
	);
	let error = damaged(&|folder| fs::remove_file(chunk(folder)).unwrap());
	assert!(matches!(error, DatasetError::Unreadable { .. }), "{error}");
	let error = damaged(&|folder| fs::write(chunk(folder), [0; 30]).unwrap());
	assert!(matches!(error, DatasetError::WrongLength { chunk: 1, found: 30, .. }), "{error}");
	let error = damaged(&|folder| fs::remove_file(folder.join("manifest.json")).unwrap());
	assert!(matches!(error, DatasetError::Unreadable { .. }), "{error}");
	let error = damaged(&|folder| fs::write(folder.join("manifest.json"), "{}").unwrap());
	assert!(matches!(error, DatasetError::BadManifest { .. }), "{error}");
	// A chunk whose hash is right and whose tokens are not.
	let error = damaged(&|folder| {
		let path = folder.join("manifest.json");
		let mut manifest = Manifest::parse(&fs::read(&path).unwrap()).unwrap();
		let mut bytes = fs::read(chunk(folder)).unwrap();
		bytes[10..12].copy_from_slice(&60_000u16.to_le_bytes());
		fs::write(chunk(folder), &bytes).unwrap();
		manifest.chunks[1] = cairn_primitives::hash::blob_root(&bytes);
		fs::write(path, manifest.to_bytes()).unwrap();
	});
	assert!(
		matches!(error, DatasetError::TokenOutOfRange { token: 60_000, place: 105, .. }),
		"{error}"
	);
}

#[test]
fn a_dataset_is_put_together_from_its_files_and_from_no_others() {
	let folder = tempfile::tempdir().unwrap();
	let (settings, manifest) = dataset(folder.path());
	let original = Dataset::open(&settings.output).unwrap();
	let (copy, root) = (folder.path().join("copy"), manifest.root());
	let begin = || Assembly::begin(&copy, root, &manifest.to_bytes()).unwrap();

	// The manifest is that of the dataset, however it is written.
	let file: serde_json::Value = serde_json::from_slice(&manifest.to_bytes()).unwrap();
	let short = serde_json::to_vec(&file).unwrap();
	assert!(Assembly::begin(&copy, root, &short).is_ok());
	let other = Manifest { vocabulary: manifest.vocabulary + 1, ..manifest.clone() };
	for bytes in [other.to_bytes(), b"{}".to_vec()] {
		let error = Assembly::begin(&copy, root, &bytes);
		assert!(matches!(error, Err(AssemblyError::OtherManifest { .. })), "{error:?}");
	}

	// WHEN some chunks come, and others come in their place
	let chunks = manifest.chunks.len();
	let chunk = |number| original.chunk(number).unwrap().unwrap();
	assert!(original.chunk(chunks).is_none());
	let assembly = begin();
	assert_eq!(assembly.missing().len(), chunks);
	assembly.add_chunk(1, &chunk(1)).unwrap();
	let error = assembly.add_chunk(0, &chunk(1));
	assert!(matches!(error, Err(AssemblyError::Corrupt { .. })), "{error:?}");
	assert!(assembly.add_chunk(chunks, &chunk(1)).is_err());
	assert!(assembly.add_tokenizer(b"{}").is_err());
	assert!(Dataset::open(&copy).is_err(), "it is none before everything is there");

	// THEN what is missing is known when it is begun anew, and the whole is the same dataset
	let assembly = begin();
	assert!(!assembly.missing().contains(&1) && assembly.missing().len() == chunks - 1);
	for number in assembly.missing() {
		assert_eq!(assembly.bytes_of(number), chunk(number).len() as u64);
		assembly.add_chunk(number, &chunk(number)).unwrap();
	}
	assert!(begin().finish().is_err(), "the tokenizer is missing");
	assembly.add_tokenizer(&original.tokenizer_bytes().unwrap()).unwrap();
	let found = assembly.finish().unwrap();
	found.verify(|_| {}).unwrap();
	assert_eq!(found.manifest(), &manifest);
}
