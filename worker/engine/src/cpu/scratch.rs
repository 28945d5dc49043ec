//! Memory that a thread uses within one kernel and keeps for the next.

use std::cell::RefCell;

thread_local! {
	static SCRATCH: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Run with so many floats of whatever content. A kernel that runs within another's scratch gets memory of its own.
pub(super) fn with_scratch<T>(floats: usize, run: impl FnOnce(&mut [f32]) -> T) -> T {
	SCRATCH.with(|scratch| {
		// Taken out, because a thread that waits within a kernel may be given another one to run.
		let mut memory = scratch.take();
		if memory.len() < floats {
			memory.resize(floats, 0.0);
		}
		let result = run(&mut memory[..floats]);
		scratch.replace(memory);
		result
	})
}
