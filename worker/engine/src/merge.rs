//! The outer step that merges what all lanes have learned.

mod refute;

pub use refute::{Merge, Wrong};

use cairn_primitives::{spec::OuterOptimizer, StepIndex};
use cairn_program::merge::{coefficients, Contribution, Outer};
use rayon::prelude::*;

use crate::{
	cpu::{codec, optimizer},
	Difference, Result, Shard, Snapshot, StageError,
};

/// Momentum of the outer optimizer: it belongs to the shard.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OuterState(pub(crate) Vec<Vec<f32>>);

impl OuterState {
	/// No momentum yet.
	pub fn new(shard: &Shard) -> Self {
		Self(shard.tensors().iter().map(|tensor| vec![0.0; tensor.len()]).collect())
	}

	/// Whether these are momenta of a shard whose lanes are merged, or none where there is one.
	pub(crate) fn is_of(&self, shard: &Shard, lanes: u8) -> bool {
		let sizes = shard.tensors().iter().map(|tensor| tensor.len());
		match lanes {
			1 => self.0.is_empty(),
			_ => sizes.eq(self.0.iter().map(Vec::len)),
		}
	}

	/// Merge the differences of lanes, ascending, with the steps of each that count: the shard becomes that of the next window,
	/// with an optimizer that knows nothing.
	pub fn merge(
		&mut self,
		shard: &mut Shard,
		before: &Snapshot,
		lanes: &[(StepIndex, Difference)],
		outer: &OuterOptimizer,
	) -> Result<()> {
		let step = OuterStep::new(lanes, outer);
		for (number, tensor) in shard.tensors().iter().enumerate() {
			let mut weights = before.0[number].clone();
			let momenta = &mut self.0[number];
			step.apply(number, &mut weights, momenta);
			if !(optimizer::is_finite(&weights) && optimizer::is_finite(momenta)) {
				return Err(StageError::MergeDiverged(tensor.tensor));
			}
			tensor.set(&weights)?;
		}
		Ok(())
	}
}

/// The step that the differences of lanes make, tensor by tensor.
struct OuterStep<'a> {
	lanes: &'a [(StepIndex, Difference)],
	/// The factor of each lane's difference.
	coefficients: Vec<f32>,
	outer: Outer<f32>,
}

impl<'a> OuterStep<'a> {
	fn new(lanes: &'a [(StepIndex, Difference)], outer: &OuterOptimizer) -> Self {
		let contributions: Vec<_> = lanes
			.iter()
			.map(|(steps, lane)| Contribution { steps: *steps, norm: lane.norm })
			.collect();
		Self { lanes, coefficients: coefficients(&contributions), outer: Outer::new(outer) }
	}

	/// Make it with a tensor and its momentum.
	fn apply(&self, number: usize, weights: &mut [f32], momenta: &mut [f32]) {
		let mut mean = vec![0f32; weights.len()];
		let mut decoded = vec![0f32; weights.len()];
		for ((_, lane), coefficient) in self.lanes.iter().zip(&self.coefficients) {
			let (codes, exponents) = &lane.tensors[number];
			codec::decode(codes, exponents, lane.block, &mut decoded);
			mean.par_iter_mut()
				.zip(&decoded)
				.for_each(|(mean, x)| *mean = coefficient.mul_add(*x, *mean));
		}
		let all = weights.par_iter_mut().zip(momenta).zip(&mean);
		all.for_each(|((weight, momentum), mean)| {
			(*weight, *momentum) = self.outer.step(*weight, *momentum, *mean);
		});
	}
}
