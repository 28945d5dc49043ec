//! A small valid spec: what tests, benchmarks and guides start from.

use alloc::{vec, vec::Vec};

use sp_runtime::Permill;

use super::{
	Access, Architecture, BoundaryCodec, InnerOptimizer, MergeCodec, ModelSpec, Nano, Numerics,
	OuterOptimizer, Schedule, SchedulePoint, WindowSpec,
};
use crate::{lcg::Lcg, share::ShareRate, DatasetId, Hash};

/// RoPE frequencies of base 10,000 for heads of width 16, in turns per position: 2⁶⁴ / 2π / 10000^(i/8).
const FREQUENCIES: [u64; 8] = [
	2_935_890_503_282_001_226,
	928_410_095_122_917_244,
	293_589_050_328_200_123,
	92_841_009_512_291_724,
	29_358_905_032_820_012,
	9_284_100_951_229_172,
	2_935_890_503_282_001,
	928_410_095_122_917,
];

impl ModelSpec {
	/// A tiny open model on a dataset: one layer a stage, `lanes` lanes, windows of 20 blocks, or half as many as seats. Its first shards are states of
	/// the linear congruential program, by which tests of pallets verify; a model that is trained names its own.
	pub fn example(dataset: DatasetId, stages: u8, lanes: u8) -> Self {
		let point = |samples, learning_rate| SchedulePoint {
			samples,
			batch: 8,
			learning_rate: Nano(learning_rate),
		};
		Self {
			architecture: Architecture {
				vocabulary: 256,
				width: 64,
				heads: 4,
				kv_heads: 2,
				head_width: 16,
				hidden: 128,
				context: 32,
				tied_head: false,
				norm_epsilon: Nano(10_000),
				frequencies: FREQUENCIES.to_vec().try_into().unwrap_or_default(),
			},
			stages: vec![1; usize::from(stages)].try_into().unwrap_or_default(),
			lanes,
			access: Access::Open,
			min_holders: 1,
			dataset,
			tokenizer: Hash::repeat_byte(0x70),
			seed: Hash::repeat_byte(0x5e),
			initial: (0..stages)
				.map(|stage| Lcg::commit(u64::from(stage)))
				.collect::<Vec<_>>()
				.try_into()
				.unwrap_or_default(),
			schedule: Schedule {
				microbatch: 2,
				points: vec![point(0, 1_000_000), point(1_000_000, 100_000)]
					.try_into()
					.unwrap_or_default(),
			},
			inner: InnerOptimizer::AdamW {
				beta1: Nano(900_000_000),
				beta2: Nano(950_000_000),
				epsilon: Nano(10),
				weight_decay: Nano(100_000_000),
				clip: Nano::ONE,
				carry: false,
			},
			outer: OuterOptimizer { learning_rate: Nano(700_000_000), momentum: Nano(900_000_000) },
			numerics: Numerics::Canonical,
			boundary: BoundaryCodec::Dense,
			merge: MergeCodec::Int8 { block: 32 },
			window: WindowSpec {
				steps: 100,
				checkpoint_every: 25,
				warmup: 10,
				blocks: (u32::from(stages).saturating_mul(lanes.into()) >> 1).max(20), // at most 2¹⁶ seats
				link_kbit: 100_000,
			},
			shares: ShareRate { per_teraflop: 1_000_000_000_000, at_end: Permill::one() },
			gate_tolerance: Nano(500_000_000),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::hash::blob_root;

	#[test]
	fn the_example_file_of_the_guides_is_this_spec() {
		let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples/spec.json");
		let spec = ModelSpec::example(blob_root(b"an example dataset"), 2, 2);
		let expected = serde_json::to_string_pretty(&spec).unwrap() + "\n";
		if std::env::var_os("UPDATE_EXAMPLES").is_some() {
			std::fs::write(path, &expected).unwrap();
		}
		let found = std::fs::read_to_string(path).unwrap();
		assert_eq!(found, expected, "run this test with UPDATE_EXAMPLES=1 and commit {path}");
	}
}
