//! How much memory generation takes, known before any of it is taken.

use cairn_primitives::{ModelSpec, StageIndex};
use cairn_program::Stage;

use super::{attention::TOKENS, pipeline::PREFILL};
use crate::{
	cpu::product,
	memory::{FLOAT, PROCESS},
	MemoryPlan, Result, StageError,
};

impl MemoryPlan {
	/// The memory that reading a model and going on with a text take, to so many tokens with those of the text.
	pub fn generation(spec: &ModelSpec, tokens: usize, threads: usize) -> Result<Self> {
		let context = spec.architecture.context as usize;
		let tokens = tokens.min(context);
		let rows = tokens.min(PREFILL);
		let (mut floats, mut largest, mut cached, mut features) = (0, 0, 0, 0);
		for number in 0..spec.stages.len() as StageIndex {
			let stage = Stage::new(spec, number).ok_or(StageError::NoStage(number))?;
			let sizes = stage.tensors().into_iter().map(|tensor| {
				let (rows, columns) = stage.size(tensor);
				rows as usize * columns as usize
			});
			let shard: usize = sizes.sum();
			floats += shard + context * stage.head_width as usize; // and the tables of RoPE
			largest = largest.max(shard);
			// Keys and values, in memory that is doubled as it grows.
			cached += 4 * usize::from(stage.layers) * tokens * stage.keys() as usize;
			let inner = stage.queries().max(stage.hidden);
			let of_row = 3 * stage.width + stage.queries() + 2 * stage.keys() + 2 * stage.hidden;
			features += (of_row + inner) as usize;
		}
		let a = &spec.architecture;
		let group = usize::from(a.heads / a.kv_heads.max(1));
		let attention = TOKENS * group * (tokens + usize::from(a.head_width));
		let of_thread = FLOAT * attention as u64 + product::thread_memory();
		let scratch = threads as u64 * of_thread + product::memory(a.vocabulary as usize);
		let edges = 2 * (rows * a.width as usize).max(a.vocabulary as usize);
		let activations = FLOAT * cached as u64;
		let work = FLOAT * (rows * features + edges) as u64;
		// Before all of that, the last shard's file.
		let file = (FLOAT * largest as u64).saturating_sub(activations + scratch);
		Ok(Self {
			shard: FLOAT * floats as u64,
			activations,
			work: work.max(file),
			scratch,
			process: PROCESS,
			..Self::default()
		})
	}
}
