//! What a step allocates. Alone in its process, whose allocator counts.

// The allocator of a process cannot be replaced otherwise.
#![allow(unsafe_code)]

use std::{
	alloc::{GlobalAlloc, Layout, System},
	env,
	process::Command,
	sync::{
		atomic::{AtomicU64, Ordering::Relaxed},
		Arc,
	},
};

use cairn_engine::{Compute, Input, Message, Recompute, Shard, Trainer};
use cairn_primitives::{
	spec::{BoundaryCodec, Nano},
	ModelSpec,
};
use cairn_program::{Stage, StepContext};

/// The system's allocator, which counts what it is asked for.
struct Counting;

static CALLS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is the system's allocator's.
unsafe impl GlobalAlloc for Counting {
	unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
		CALLS.fetch_add(1, Relaxed);
		BYTES.fetch_add(layout.size() as u64, Relaxed);
		System.alloc(layout)
	}

	unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
		System.dealloc(memory, layout);
	}
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Instructions with which no product is the library's.
const PORTABLE: (&str, &str) = ("CAIRN_INSTRUCTIONS", "portable");

/// A model of three stages that takes little time without vectors, too.
fn spec(boundary: BoundaryCodec) -> ModelSpec {
	let mut spec = ModelSpec::example(Default::default(), 3, 1);
	let a = &mut spec.architecture;
	(a.vocabulary, a.width, a.hidden, a.context) = (64, 32, 64, 128);
	spec.schedule.microbatch = 2;
	spec.boundary = boundary;
	spec
}

/// Allocations of a step of a stage, and their bytes, when it has done one.
fn of_a_step(spec: &ModelSpec, number: u8) -> [u64; 2] {
	let compute = Arc::new(Compute::new(2).unwrap());
	let shard = Shard::initial(spec, number).unwrap();
	let mut trainer = Trainer::new(spec, number, shard, 1, Recompute::Selective, compute).unwrap();
	let stage = Stage::new(spec, number).unwrap();
	let tokens: Vec<u32> = (0..stage.tokens()).map(|i| i * i % stage.vocabulary).collect();
	let [received, mut sent] = [(); 2].map(|()| Message::new(&stage));
	let mut step = |step| {
		let context =
			StepContext { batch: 4, learning_rate: Nano(1_000_000), step, carried_steps: 0 };
		trainer.begin(spec, number, &context).unwrap();
		for _ in 0..2 {
			let input =
				if stage.is_first { Input::Tokens(&tokens) } else { Input::Message(&received) };
			let output = (!stage.is_last).then_some(&mut sent);
			trainer.forward(0, input, &tokens, output).unwrap();
			let gradient = (!stage.is_last).then_some(&received);
			let output = (!stage.is_first).then_some(&mut sent);
			trainer.backward(0, gradient, output).unwrap();
		}
		trainer.finish().unwrap();
	};
	step(0);
	let before = [&CALLS, &BYTES].map(|counter| counter.load(Relaxed));
	step(1);
	let after = [&CALLS, &BYTES].map(|counter| counter.load(Relaxed));
	[after[0] - before[0], after[1] - before[1]]
}

#[test]
fn a_step_after_the_first_allocates_next_to_nothing() {
	// The library packs the factors of each product into memory that it takes for it; its interface has no other way. Of the engine's own
	// there are the step's numbers, which are found by writing out a few sections of its program, and lists of what threads share.
	let is_own = env::var(PORTABLE.0).is_ok_and(|instructions| instructions == PORTABLE.1);
	let most: [u64; 2] = if is_own { [400, 56 << 10] } else { [800, 3 << 20] };
	let int8 = BoundaryCodec::Int8 { block: 32 };
	let bottleneck = BoundaryCodec::Bottleneck { rank: 8 };
	for (boundary, number) in
		[(BoundaryCodec::Dense, 0), (BoundaryCodec::Dense, 2), (int8, 1), (bottleneck, 1)]
	{
		let [calls, bytes] = of_a_step(&spec(boundary), number);
		let what = format!("{boundary:?}, stage {number}: {calls} allocations of {bytes} bytes");
		println!("{what}, of {most:?}");
		assert!(calls <= most[0] && bytes <= most[1], "{what}");
	}
	if !is_own {
		let again = Command::new(env::current_exe().unwrap()).env(PORTABLE.0, PORTABLE.1).status();
		assert!(again.unwrap().success());
	}
}
