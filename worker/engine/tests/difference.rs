//! What a unit attests of its difference is what the closing step of its trace computes, to the bit.

use cairn_engine::{Difference, Shard, Snapshot};
use cairn_primitives::{
	dispute::UnitContext,
	hash::{blob_root, list_root},
	spec::MergeCodec,
	Hash, ModelSpec, Outcome, UnitId,
};
use cairn_program::{
	reference::Reference,
	trace::{Action, Commitment, Step},
	ChangeName, Value,
};
use proptest::prelude::*;

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]
	#[test]
	fn a_difference_is_that_of_the_trace(
		block in 1u16..70, seed: u32, scale in -40i32..20, (width, hidden) in (1u32..40, 1u32..40),
	) {
		let mut spec = ModelSpec::example(Hash::zero(), 2, 2);
		spec.merge = MergeCodec::Int8 { block };
		(spec.architecture.width, spec.architecture.hidden) = (width, hidden);
		let context = UnitContext {
			genesis: Hash::zero(),
			unit: UnitId { model: 0, window: 0, stage: 1, lane: 0 },
			shard_before: Hash::zero(),
			outcome: Outcome::Done { steps: 0 },
			samples: 0,
			upstream: None,
			downstream: None,
			result: Hash::zero(),
			checkpoints: Hash::zero(),
		};
		let before = Shard::initial(&spec, 1).unwrap();
		let mut numbers = seed;
		let after = Shard::from_weights(before.stage(), |tensor, _| {
			let tensor = before.tensors().iter().find(|own| own.tensor == tensor).unwrap();
			let change = |weight: &f32| {
				numbers = numbers.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
				let change = (numbers >> 8) as f32 / (1 << 23) as f32 - 1.0;
				// Every seventh weight stays, so that some blocks are small or zero.
				let change = if numbers >> 29 == 0 { 0.0 } else { change * change * change };
				weight + change * 2f32.powi(scale)
			};
			Ok(tensor.weights()?.iter().map(change).collect())
		})
		.unwrap();

		let step = Step::new(&spec, &context, 0).unwrap();
		prop_assert!(step.is_closing());
		let mut reference = Reference::<f32>::new();
		for (old, new) in before.tensors().iter().zip(after.tensors()) {
			reference.insert(Value::Earlier(old.tensor), old.weights().unwrap());
			reference.insert(Value::Parameter(new.tensor), new.weights().unwrap());
		}
		for number in 0.. {
			let Some(Action::Compute(operation)) = step.action(number) else { break };
			reference.execute(&operation).unwrap();
		}
		let blobs = reference.blobs();
		let of_tensor = |tensor| {
			[ChangeName::Codes, ChangeName::Exponents]
				.map(|name| blob_root(&blobs[&Value::Change(tensor, name)]))
		};
		let list: Vec<Hash> = after.stage().tensors().into_iter().flat_map(of_tensor).collect();
		let expected = Commitment::Difference { list: list_root(&list) }.hash();

		let found = Difference::of(&Snapshot::of(&before).unwrap(), &after, spec.merge).unwrap();
		prop_assert_eq!(found.root(), expected);
		let norm = reference.get(Value::ChangeNorm).unwrap()[0];
		prop_assert_eq!(found.norm.to_bits(), norm.to_bits());
		let received = Difference::from_bytes(&spec, 1, &found.to_bytes());
		prop_assert_eq!(received, Ok(found));
	}
}
