//! The form of golden vectors, for all who compute them.

use cairn_primitives::{
	spec::{BoundaryCodec, InnerOptimizer},
	ModelSpec,
};
use cairn_program::{reference::Reference, StepContext, Value};

/// Specs that together have every operation.
pub fn specs() -> impl Iterator<Item = (String, ModelSpec)> {
	super::specs().into_iter().filter(|(name, spec)| match (spec.boundary, spec.inner) {
		_ if name == "tied" => true,
		(BoundaryCodec::Bottleneck { .. }, InnerOptimizer::Muon { .. })
		| (BoundaryCodec::Int8 { .. } | BoundaryCodec::Dense, InnerOptimizer::AdamW { .. }) => {
			spec.stages.len() == 2
		},
		_ => false,
	})
}

/// A step of one microbatch.
pub fn context() -> StepContext {
	StepContext { batch: 2, ..super::context() }
}

/// What stands above the vectors of a stage.
pub fn title(name: &str, stage: u8) -> String {
	format!("# {name}, stage {stage}")
}

/// A vector: its name, the BLAKE3 of its bytes, its first elements.
pub fn line(values: &Reference<f32>, value: Value) -> String {
	let floats = values.get(value).unwrap();
	let mut alone = Reference::new();
	alone.insert(value, floats.to_vec());
	let hash = cairn_primitives::hash::blob_root(&alone.blobs()[&value]);
	let hash: String = hash.as_bytes().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
	let first: Vec<String> =
		floats.iter().take(2).map(|float| format!("{:08x}", float.to_bits())).collect();
	format!("{value} {hash} {}", first.join(" "))
}
