//! Where to cut a model into stages.

use alloc::{vec, vec::Vec};

use super::ModelSpec;

impl ModelSpec {
	/// Layers of each stage so that the dearest one costs as little as possible, the head counted; `None` if a stage would
	/// have no layer. The step of a pipeline takes as long as its dearest stage.
	pub fn layers_for(&self, stages: u8) -> Option<Vec<u16>> {
		let layers = self.stages.iter().fold(0u16, |sum, layers| sum.saturating_add(*layers));
		let others = u16::from(stages.checked_sub(1)?);
		if others == 0 {
			return (layers > 0).then(|| vec![layers]);
		}
		let context = u128::from(self.architecture.context);
		let layer = self
			.layer_parameters()
			.saturating_mul(2)
			.saturating_mul(context)
			.saturating_add(self.attention_flops());
		let head = u128::from(self.architecture.vocabulary)
			.saturating_mul(u128::from(self.architecture.width))
			.saturating_mul(2)
			.saturating_mul(context);
		let cost = |layers: u16| layer.saturating_mul(layers.into());
		// Of the last stage; the others share the rest.
		let last = (1..=layers.checked_sub(others)?).min_by_key(|last| {
			let most = layers.saturating_sub(*last).div_ceil(others);
			cost(most).max(cost(*last).saturating_add(head))
		})?;
		let rest = layers.saturating_sub(last);
		let (each, more) = (rest.checked_div(others)?, rest.checked_rem(others)?);
		let mut cut: Vec<u16> =
			(0..others).map(|stage| each.saturating_add(u16::from(stage < more))).collect();
		cut.push(last);
		Some(cut)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn spec(layers: u16, vocabulary: u32) -> ModelSpec {
		let mut spec = ModelSpec::example(Default::default(), 1, 1);
		spec.stages = vec![layers].try_into().unwrap();
		spec.architecture.vocabulary = vocabulary;
		spec
	}

	#[test]
	fn without_much_of_a_head_stages_are_of_about_one_size() {
		assert_eq!(spec(12, 2).layers_for(3), Some(vec![4, 4, 4]));
		assert_eq!(spec(11, 2).layers_for(3), Some(vec![4, 4, 3]));
		assert_eq!(spec(5, 2).layers_for(5), Some(vec![1; 5]));
		assert_eq!(spec(7, 2).layers_for(1), Some(vec![7]));
	}

	#[test]
	fn a_large_head_takes_the_place_of_layers() {
		// A layer has 36,864 weights, the head of 4,096 tokens seven times as many.
		assert_eq!(spec(12, 4_096).layers_for(2), Some(vec![9, 3]));
		assert_eq!(spec(12, 1 << 20).layers_for(2), Some(vec![11, 1]));
	}

	#[test]
	fn every_stage_has_a_layer() {
		assert_eq!(spec(3, 256).layers_for(4), None);
		assert_eq!(spec(3, 256).layers_for(0), None);
	}
}
