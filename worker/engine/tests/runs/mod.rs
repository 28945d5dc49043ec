//! Small models that learn a small text.
#![allow(dead_code)] // each test file uses its own part

#[path = "../../../../primitives/program/tests/common/mod.rs"]
pub mod common;

use std::{fs, path::Path};

use cairn_engine::data::{build, BuildSettings, Dataset, Tokenization};
use cairn_primitives::{
	spec::{Nano, SchedulePoint},
	ModelSpec,
};

/// A text that a small model learns quickly, as a dataset.
pub fn dataset(folder: &Path) -> Dataset {
	let output = folder.join("dataset");
	if !output.exists() {
		let input = folder.join("text.txt");
		fs::write(&input, "one two three four five six seven eight nine ten\n".repeat(400))
			.unwrap();
		let settings = BuildSettings {
			inputs: vec![input],
			output: output.clone(),
			tokenization: Tokenization::Train { vocabulary: 280 },
			chunk_tokens: 1_000,
			held_out_permille: 100,
		};
		build(&settings, |_| {}).unwrap();
	}
	Dataset::open(output).unwrap()
}

pub fn spec(folder: &Path, stages: &[u16], lanes: u8) -> ModelSpec {
	let mut spec = common::spec(stages.len());
	let dataset = dataset(folder);
	(spec.dataset, spec.tokenizer) = (dataset.manifest().root(), dataset.manifest().tokenizer);
	spec.architecture.vocabulary = 280;
	spec.architecture.width = 24;
	spec.architecture.hidden = 32;
	spec.architecture.context = 16;
	spec.stages = stages.to_vec().try_into().unwrap();
	spec.lanes = lanes;
	spec.window.steps = 6;
	spec.window.warmup = 2;
	let point = |samples| SchedulePoint { samples, batch: 4, learning_rate: Nano(10_000_000) };
	spec.schedule.points = vec![point(0), point(144)].try_into().unwrap();
	spec
}
