//! What the benchmarks measure: evidence of every size that refutes.

#[path = "../benches/leaf.rs"]
mod leaf;
#[path = "../benches/merge.rs"]
pub mod merge;

use cairn_primitives::{
	dispute::{LeafVerdict, LeafVerifier, MergeVerifier, UnitContext, MAX_EVIDENCE},
	Hash, ModelSpec, Outcome, UnitId, GATE_EVERY, MAX_LANES,
};
use cairn_program::trace::StageProgram;

const LANES: u8 = MAX_LANES as u8;
/// Bytes by which evidence misses a size.
const STEP: usize = 2_100;

fn sizes() -> impl Iterator<Item = u32> {
	(0..=MAX_EVIDENCE).step_by(16 * 1_024)
}

#[test]
fn evidence_of_every_size_refutes_a_leaf() {
	let spec = leaf::spec(LANES);
	assert_eq!(spec.validate(), Ok(()));
	let context = UnitContext {
		genesis: Hash::zero(),
		unit: UnitId { model: 0, window: GATE_EVERY - 1, stage: 1, lane: 0 },
		shard_before: Hash::zero(),
		outcome: Outcome::Done { steps: spec.window.steps },
		samples: 0,
		upstream: Some(leaf::signed()),
		downstream: Some(leaf::signed()),
		result: Hash::zero(),
		checkpoints: Hash::zero(),
	};
	let (_, least) = leaf::refuted(&spec, &context, 0);
	let mut longest = 0;
	for size in sizes() {
		let (leaf, evidence) = leaf::refuted(&spec, &context, size);
		assert!(evidence.len() <= least.len().max(size as usize), "{size}: {}", evidence.len());
		let verdict = <StageProgram as LeafVerifier>::verify(&spec, &context, &leaf, &evidence);
		assert_eq!(verdict, LeafVerdict::Wrong, "{size}");
		longest = evidence.len();
	}
	assert!(longest + STEP > MAX_EVIDENCE as usize, "{longest}");
}

#[test]
fn evidence_of_every_size_refutes_a_merge() {
	let spec = ModelSpec::example(Hash::zero(), 2, LANES);
	let (_, least) = merge::wrong(&spec, MAX_LANES, 0);
	let mut longest = 0;
	for size in sizes() {
		let (context, evidence) = merge::wrong(&spec, MAX_LANES, size);
		assert!(evidence.len() <= least.len().max(size as usize), "{size}: {}", evidence.len());
		let verdict = <StageProgram as MergeVerifier>::verify(&spec, &context, &evidence);
		assert_eq!(verdict, LeafVerdict::Wrong, "{size}");
		longest = evidence.len();
	}
	assert!(longest + STEP > MAX_EVIDENCE as usize, "{longest}");
}
