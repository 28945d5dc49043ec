//! The example of the guides is what it says, on every machine.

mod common;

use std::fs;

use cairn_primitives::ModelSpec;
use common::succeeds;

#[test]
fn moby_dick_becomes_the_dataset_and_the_seed_the_shards_that_the_spec_names() {
	let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
	let spec = format!("{root}/docs/examples/whale.json");
	let named: ModelSpec = serde_json::from_slice(&fs::read(&spec).unwrap()).unwrap();
	assert_eq!(named.validate(), Ok(()));
	let folder = tempfile::tempdir().unwrap();
	let text = format!("{root}/worker/data/moby-dick.txt");
	let build = ["dataset", "build", &text, "--out", "data", "--vocabulary", "1024"];
	let said = succeeds(folder.path(), &build);
	for hash in [named.dataset, named.tokenizer] {
		assert!(said.contains(&format!("{hash:?}")), "{hash:?} is not among\n{said}");
	}
	let said = succeeds(folder.path(), &["shard", "init", "--spec", &spec, "--out", "shards"]);
	let roots = serde_json::to_string(&named.initial).unwrap();
	assert!(said.contains(&roots), "{roots} is not among\n{said}");
}
