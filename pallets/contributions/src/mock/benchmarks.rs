//! What benchmarks ask of their neighbours.

use super::*;

pub struct Helper;

impl BenchmarkHelper<AccountId> for Helper {
	fn create_model(stages: u8, lanes: u8, standbys: u8) -> ModelId {
		let model = 77;
		let mut spec = ModelSpec::example(Hash::zero(), stages, lanes);
		spec.access = Access::Open;
		put_model(model, spec, standbys, |name| {
			let seed = sp_io::hashing::blake2_256(&name.encode());
			let provider = AccountId::new(seed);
			// From a seed: a phrase, as without one, takes a hundred times as long.
			let seed = format!("{:?}", Hash::from(seed)).into_bytes();
			register(&provider, sp_io::crypto::sr25519_generate(DUMMY, Some(seed)));
			provider
		});
		model
	}

	fn start_window(model: ModelId, index: WindowIndex) {
		start_window_of(model, index);
	}

	fn close_window(model: ModelId, _: WindowIndex) {
		close_window_of(model, false);
	}

	fn reach_beacon(block: BlockNumber) {
		System::set_block_number((u64::from(block) + 3).max(System::block_number()));
	}
}
