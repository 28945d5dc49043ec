//! Golden vectors: what every operation of small programs yields, committed, so that no change of a bit goes unnoticed.

mod common;

use std::fmt::Write;

use cairn_program::{reference::Reference, Program};
use common::{golden, insert_inputs};

/// One line for each operation.
fn vectors() -> String {
	let mut lines = String::new();
	for (name, spec) in golden::specs() {
		for stage in 0..spec.stages.len() as u8 {
			let program = Program::new(&spec, stage, &golden::context()).unwrap();
			let mut reference = Reference::<f32>::new();
			insert_inputs(&mut reference, &spec, &program);
			reference.run(program.operations()).unwrap();
			writeln!(lines, "{}", golden::title(&name, stage)).unwrap();
			for operation in program.operations() {
				writeln!(lines, "{}", golden::line(&reference, operation.output)).unwrap();
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
