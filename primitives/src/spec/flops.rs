//! What a stage costs, from its shapes alone. These numbers are the measure of verified work, so they count what every
//! engine must do and nothing that is its own choice: recomputation earns nothing.
//!
//! A product of an (m × k) and a (k × n) matrix counts 2·m·k·n. A forward product has two backward products of its size
//! (Kaplan et al., arXiv 2001.08361, section 2.1). Elementwise work is left out, but for the optimizer's.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use super::{BoundaryCodec, InnerOptimizer, ModelSpec};
use crate::{Points, StageIndex, StepIndex};

/// FLOPs of AdamW per parameter and step, norm and clipping included: decay 2, first moment 3, second moment 4, update 7,
/// norm 2, clipping 1.
const ADAMW_PER_PARAMETER: u128 = 19;
/// FLOPs of Muon per parameter and step outside its products: momentum 2, decay 2, norms 4, scaling 2, update 2, clipping 1.
const MUON_PER_PARAMETER: u128 = 13;
/// How many lanes' worth of a model's dearest unit a bond covers (protocol: B ≥ 16 · S · C).
const UNITS_BONDED: Points = 16;
/// Newton–Schulz steps of Muon.
const NEWTON_SCHULZ_STEPS: u128 = 5;

/// What a stage costs.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct StageCost {
	/// Parameters of the shard.
	pub parameters: u64,
	/// FLOPs of one sample, forward and backward.
	pub per_sample: Points,
	/// FLOPs of one optimizer step.
	pub per_step: Points,
}

impl StageCost {
	/// Points of a unit: `steps` steps of `batch` samples.
	pub fn points(&self, steps: StepIndex, batch: u32) -> Points {
		// A valid spec bounds each factor so that the product stays below 2¹⁰⁰.
		self.per_sample
			.saturating_mul(u128::from(batch))
			.saturating_add(self.per_step)
			.saturating_mul(u128::from(steps))
	}
}

impl ModelSpec {
	/// What a stage costs; `None` if there is no such stage.
	pub fn stage_cost(&self, stage: StageIndex) -> Option<StageCost> {
		let layers = u128::from(*self.stages.get(usize::from(stage))?);
		let mut parameters = self.layer_parameters().saturating_mul(layers);
		let mut products = parameters; // parameters that multiply every token
		let is_first = stage == 0;
		let is_last = self.is_last_stage(stage);
		let table = u128::from(self.architecture.vocabulary)
			.saturating_mul(u128::from(self.architecture.width));
		if is_first {
			parameters = parameters.saturating_add(table);
		}
		if is_last {
			products = products.saturating_add(table);
			if !self.architecture.tied_head {
				parameters = parameters.saturating_add(table);
			}
		}
		if let BoundaryCodec::Bottleneck { rank } = self.boundary {
			let edges = u128::from(!is_first).saturating_add(u128::from(!is_last));
			let maps = u128::from(rank)
				.saturating_mul(u128::from(self.architecture.width))
				.saturating_mul(edges);
			parameters = parameters.saturating_add(maps);
			products = products.saturating_add(maps);
		}
		let context = u128::from(self.architecture.context);
		let forward = products
			.saturating_mul(2)
			.saturating_mul(context)
			.saturating_add(self.attention_flops().saturating_mul(layers));
		Some(StageCost {
			parameters: u64::try_from(parameters).unwrap_or(u64::MAX),
			per_sample: forward.saturating_mul(3),
			per_step: self.optimizer_flops(parameters, layers),
		})
	}

	/// FLOPs of the dearest unit, at the schedule's largest batch.
	pub fn dearest_unit(&self) -> Points {
		let batch = self.schedule.points.iter().map(|point| point.batch).max().unwrap_or(0);
		(0..self.stages.len())
			.filter_map(|stage| self.stage_cost(u8::try_from(stage).ok()?))
			.map(|cost| cost.points(self.window.steps, batch))
			.max()
			.unwrap_or(0)
	}

	/// FLOPs that the bond of a provider answers for: 16 · stages · dearest unit.
	pub fn bonded_points(&self) -> Points {
		// Of a valid spec 2⁴ · 2⁶ · 2¹⁰⁰ at most: cannot saturate. Of another it asks for more than there is.
		UNITS_BONDED
			.saturating_mul(Points::from(self.stage_count()))
			.saturating_mul(self.dearest_unit())
	}

	/// Rows and columns of the matrices of one layer: q, k, v, o, gate, up, down.
	pub(super) fn layer_matrices(&self) -> [(u128, u128); 7] {
		let width = u128::from(self.architecture.width);
		let hidden = u128::from(self.architecture.hidden);
		let head = u128::from(self.architecture.head_width);
		let queries = head.saturating_mul(u128::from(self.architecture.heads));
		let keys = head.saturating_mul(u128::from(self.architecture.kv_heads));
		[
			(width, queries),
			(width, keys),
			(width, keys),
			(queries, width),
			(width, hidden),
			(width, hidden),
			(hidden, width),
		]
	}

	pub(super) fn layer_parameters(&self) -> u128 {
		self.layer_matrices()
			.iter()
			.fold(0u128, |sum, (rows, columns)| sum.saturating_add(rows.saturating_mul(*columns)))
	}

	/// FLOPs of causal attention in one layer for one sample, forward: scores and sums over n·(n+1)/2 pairs.
	pub(super) fn attention_flops(&self) -> u128 {
		let context = u128::from(self.architecture.context);
		let pairs = context.saturating_mul(context.saturating_add(1)) >> 1;
		let features = u128::from(self.architecture.heads)
			.saturating_mul(u128::from(self.architecture.head_width));
		pairs.saturating_mul(features).saturating_mul(4)
	}

	fn optimizer_flops(&self, parameters: u128, layers: u128) -> u128 {
		match self.inner {
			InnerOptimizer::AdamW { .. } => parameters.saturating_mul(ADAMW_PER_PARAMETER),
			InnerOptimizer::Muon { .. } => {
				let products = self.layer_matrices().iter().fold(0u128, |sum, (rows, columns)| {
					let (small, large) = (rows.min(columns), rows.max(columns));
					// X·Xᵀ and B·X: 2·s²·l each; A·A: 2·s³
					let step = small.saturating_mul(*small).saturating_mul(
						large.saturating_mul(4).saturating_add(small.saturating_mul(2)),
					);
					sum.saturating_add(step)
				});
				products
					.saturating_mul(NEWTON_SCHULZ_STEPS)
					.saturating_mul(layers)
					.saturating_add(parameters.saturating_mul(MUON_PER_PARAMETER))
			},
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::Hash;

	fn small() -> ModelSpec {
		ModelSpec::example(Hash::zero(), 2, 2)
	}

	#[test]
	fn costs_of_a_small_model_agree_with_counting_by_hand() {
		// width 64, 4 heads of 16, 2 kv heads, hidden 128, context 32, vocabulary 256, stages of 1 and 1 layers
		let spec = small();
		let layer = 64 * 64 + 2 * 64 * 32 + 64 * 64 + 3 * 64 * 128;
		let attention = 4 * (32 * 33 / 2) * 64;
		let first = spec.stage_cost(0).unwrap();
		assert_eq!(first.parameters, (layer + 256 * 64) as u64);
		assert_eq!(first.per_sample, 3 * (2 * 32 * layer + attention));
		assert_eq!(first.per_step, 19 * (layer + 256 * 64));
		let last = spec.stage_cost(1).unwrap();
		assert_eq!(last.parameters, first.parameters);
		assert_eq!(last.per_sample, 3 * (2 * 32 * (layer + 256 * 64) + attention));
		assert_eq!(spec.stage_cost(2), None);
	}

	#[test]
	fn the_sum_over_stages_does_not_depend_on_where_the_cuts_are() {
		let cut = |stages: &[u16]| {
			let mut spec = small();
			spec.stages = stages.to_vec().try_into().unwrap();
			(0..stages.len() as u8)
				.map(|stage| spec.stage_cost(stage).unwrap())
				.fold((0, 0), |sum, cost| (sum.0 + cost.per_sample, sum.1 + cost.parameters))
		};
		assert_eq!(cut(&[12]), cut(&[1, 11]));
		assert_eq!(cut(&[12]), cut(&[3, 3, 3, 3]));
	}

	#[test]
	fn a_bond_answers_for_sixteen_lanes_of_the_dearest_unit() {
		let mut spec = small();
		let unit = |spec: &ModelSpec, stage| spec.stage_cost(stage).unwrap().points(100, 8);
		assert!(unit(&spec, 1) > unit(&spec, 0), "the head costs more than the embedding");
		assert_eq!(spec.bonded_points(), 16 * 2 * unit(&spec, 1));
		// The largest batch of the schedule counts, whenever it comes.
		spec.schedule.points[1].batch = 16;
		assert_eq!(spec.bonded_points(), 16 * 2 * spec.stage_cost(1).unwrap().points(100, 16));
	}

	#[test]
	fn points_are_linear_in_steps() {
		let cost = small().stage_cost(0).unwrap();
		assert_eq!(cost.points(0, 8), 0);
		assert_eq!(cost.points(10, 8), 10 * cost.points(1, 8));
	}
}
