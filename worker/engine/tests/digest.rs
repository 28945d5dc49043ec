//! Training as a whole comes to committed bits: from the seed's weights through pipelines and optimizer steps. Whatever
//! changes a bit, a processor, a compiler, a profile, a number of threads, fails here.
//!
//! The golden vectors of `cairn-program` pin each operation; this pins what an engine makes of them.

use std::sync::Arc;

use cairn_engine::{Compute, Input, Message, Recompute, Shard, Trainer};
use cairn_primitives::{
	hash::blob_root,
	spec::{BoundaryCodec, InnerOptimizer, Nano},
	ModelSpec,
};
use cairn_program::{Stage, StepContext};

/// Steps, each of two microbatches.
const STEPS: u32 = 3;

/// Sizes on both sides of every block: 520 tokens of a sample, 1,040 of a microbatch, a vocabulary of 530.
fn spec(boundary: BoundaryCodec, inner: InnerOptimizer) -> ModelSpec {
	let mut spec = ModelSpec::example(Default::default(), 2, 1);
	let a = &mut spec.architecture;
	(a.vocabulary, a.width, a.hidden, a.context) = (530, 24, 40, 520);
	(a.heads, a.kv_heads, a.head_width) = (4, 2, 6);
	a.frequencies = vec![1 << 61, 0x0345_6789_abcd_ef01, 0x0011_2233_4455_6677].try_into().unwrap();
	(spec.boundary, spec.inner) = (boundary, inner);
	spec
}

fn adamw() -> InnerOptimizer {
	ModelSpec::example(Default::default(), 1, 1).inner
}

fn muon() -> InnerOptimizer {
	InnerOptimizer::Muon {
		momentum: Nano(950_000_000),
		weight_decay: Nano(10_000_000),
		clip: Nano::ONE,
		rest: Nano(300_000_000),
		carry: false,
	}
}

/// BLAKE3 of both shards behind some steps, and the loss before the last one.
fn train(spec: &ModelSpec, threads: usize, recompute: Recompute) -> String {
	let compute = Arc::new(Compute::new(threads).unwrap());
	let mut stages = [0, 1].map(|number| {
		let shard = Shard::initial(spec, number).unwrap();
		Trainer::new(spec, number, shard, 1, recompute, compute.clone()).unwrap()
	});
	let shapes = Stage::new(spec, 0).unwrap();
	let [mut forward, mut backward] = [(); 2].map(|()| Message::new(&shapes));
	let mut loss = 0.0;
	for step in 0..STEPS {
		let context = StepContext {
			batch: 4,
			learning_rate: Nano(3_000_000),
			step: step + 10,
			carried_steps: 0,
		};
		for (number, stage) in stages.iter_mut().enumerate() {
			stage.begin(spec, number as u8, &context).unwrap();
		}
		let [first, last] = &mut stages;
		for microbatch in 0..2 {
			let token = |i: u32| (i * i + 7 * i * (step + 2 * microbatch)) % 523;
			let tokens: Vec<u32> = (0..=shapes.tokens()).map(token).collect();
			let (inputs, targets) = (&tokens[..tokens.len() - 1], &tokens[1..]);
			first.forward(0, Input::Tokens(inputs), &[], Some(&mut forward)).unwrap();
			last.forward(0, Input::Message(&forward), targets, None).unwrap();
			last.backward(0, None, Some(&mut backward)).unwrap();
			first.backward(0, Some(&backward), None).unwrap();
		}
		first.finish().unwrap();
		loss = last.finish().unwrap().loss.unwrap();
	}
	let shards: Vec<u8> = [0u8, 1]
		.iter()
		.zip(&stages)
		.flat_map(|(number, stage)| stage.shard().to_safetensors(spec, *number).unwrap())
		.collect();
	format!("{:08x} {}", loss.to_bits(), hex(blob_root(&shards).as_ref()))
}

fn hex(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn training_comes_to_the_committed_bits() {
	let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/digest.txt");
	let runs = [
		("AdamW, Dense", spec(BoundaryCodec::Dense, adamw())),
		("AdamW, Int8", spec(BoundaryCodec::Int8 { block: 12 }, adamw())),
		("Muon, Bottleneck", spec(BoundaryCodec::Bottleneck { rank: 7 }, muon())),
	];
	let digests = |threads, recompute| -> String {
		runs.iter()
			.map(|(name, spec)| format!("{name}: {}\n", train(spec, threads, recompute)))
			.collect()
	};
	let found = digests(2, Recompute::Selective);
	if std::env::var_os("UPDATE_GOLDEN").is_some() {
		std::fs::write(path, &found).unwrap();
	}
	let expected = std::fs::read_to_string(path).unwrap();
	assert_eq!(found, expected, "two threads");
	assert_eq!(digests(1, Recompute::Full), expected, "one thread, layers recomputed");
	assert_eq!(digests(5, Recompute::Selective), expected, "five threads");
}
