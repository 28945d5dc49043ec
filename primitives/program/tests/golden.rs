//! Golden vectors: what every operation of small programs yields, committed, so that no change of a bit goes unnoticed.

mod common;

use std::fmt::Write;

use cairn_primitives::{
	spec::{BoundaryCodec, InnerOptimizer},
	ModelSpec,
};
use cairn_program::{reference::Reference, Program, StepContext};
use common::{context, insert_inputs, specs};

/// Specs that together have every operation.
fn pinned() -> impl Iterator<Item = (String, ModelSpec)> {
	specs().into_iter().filter(|(name, spec)| match (spec.boundary, spec.inner) {
		_ if name == "tied" => true,
		(BoundaryCodec::Bottleneck { .. }, InnerOptimizer::Muon { .. })
		| (BoundaryCodec::Int8 { .. } | BoundaryCodec::Dense, InnerOptimizer::AdamW { .. }) => {
			spec.stages.len() == 2
		},
		_ => false,
	})
}

/// One line for each operation: its value, the BLAKE3 of the value's bytes, its first elements.
fn vectors() -> String {
	let context = StepContext { batch: 2, ..context() }; // one microbatch
	let mut lines = String::new();
	for (name, spec) in pinned() {
		for stage in 0..spec.stages.len() as u8 {
			let program = Program::new(&spec, stage, &context).unwrap();
			let mut reference = Reference::<f32>::new();
			insert_inputs(&mut reference, &spec, &program);
			reference.run(program.operations()).unwrap();
			let blobs = reference.blobs();
			writeln!(lines, "# {name}, stage {stage}").unwrap();
			for operation in program.operations() {
				let hash = blake3::hash(&blobs[&operation.output]).to_hex();
				let floats = reference.get(operation.output).unwrap();
				let first: Vec<String> =
					floats.iter().take(2).map(|f| format!("{:08x}", f.to_bits())).collect();
				writeln!(lines, "{} {} {}", operation.output, &hash[..16], first.join(" "))
					.unwrap();
			}
		}
	}
	lines
}

#[test]
fn every_operation_yields_the_committed_bits() {
	let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden.txt");
	let found = vectors();
	if std::env::var_os("UPDATE_GOLDEN").is_some() {
		std::fs::write(path, &found).unwrap();
	}
	let expected = std::fs::read_to_string(path).unwrap();
	for (found, expected) in found.lines().zip(expected.lines()) {
		assert_eq!(found, expected, "an operation yields other bits than it did");
	}
	assert_eq!(found.lines().count(), expected.lines().count());
}
