//! The merge: how the lanes of a stage become one shard again (DiLoCo, arXiv 2311.08105, algorithm 1; Nesterov outside).

use alloc::vec::Vec;

use cairn_primitives::{spec::OuterOptimizer, StepIndex};

use crate::{
	fraction::{decimal, ratio},
	Float,
};

/// What a lane brings to a merge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contribution<F> {
	/// Its steps that count.
	pub steps: StepIndex,
	/// Norm of its difference, as attested.
	pub norm: F,
}

/// The factor of each lane's difference: its part of all steps, and less where its norm is above the median (of an even
/// number, the lower one).
pub fn coefficients<F: Float>(lanes: &[Contribution<F>]) -> Vec<F> {
	let mut norms: Vec<F> = lanes.iter().map(|lane| lane.norm).collect();
	norms.sort_by_key(|norm| norm.to_bits()); // not negative, so bits order as numbers do
	let median = norms.get(norms.len().saturating_sub(1) / 2).copied().unwrap_or(F::zero());
	let steps = lanes.iter().fold(0u32, |sum, lane| sum.saturating_add(lane.steps));
	let coefficient = |lane: &Contribution<F>| {
		let factor = median / (lane.norm + F::literal(1e-6));
		let factor = if factor.exceeds(F::one()) { F::one() } else { factor };
		ratio::<F>(lane.steps, steps) * factor
	};
	lanes.iter().map(coefficient).collect()
}

/// Numbers of the outer step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outer<F> {
	/// Learning rate.
	pub rate: F,
	/// Momentum.
	pub momentum: F,
}

impl<F: Float> Outer<F> {
	/// The numbers of a spec.
	pub fn new(outer: &OuterOptimizer) -> Self {
		Self { rate: decimal(outer.learning_rate), momentum: decimal(outer.momentum) }
	}

	/// A weight and its momentum after the step, from the mean difference: that is the sum over lanes, ascending, by
	/// `mean = fma(coefficient, difference, mean)` from +0.
	#[inline(always)]
	pub fn step(&self, weight: F, momentum: F, mean: F) -> (F, F) {
		let momentum = self.momentum.fma(momentum, mean);
		let ahead = self.momentum.fma(momentum, mean);
		(self.rate.fma(ahead, weight), momentum)
	}
}

#[cfg(test)]
mod tests {
	use cairn_primitives::spec::Nano;

	use super::*;

	#[test]
	fn lanes_count_by_their_steps_and_up_to_the_median_norm() {
		let lane = |steps, norm| Contribution { steps, norm };
		let close = |found: Vec<f32>, expected: &[f32]| {
			assert_eq!(found.len(), expected.len());
			for (found, expected) in found.iter().zip(expected) {
				assert!((found - expected).abs() < 1e-5, "{found} {expected}");
			}
		};
		close(coefficients(&[lane(50, 1.0), lane(50, 1.0)]), &[0.5, 0.5]);
		close(coefficients(&[lane(75, 1.0), lane(25, 1.0)]), &[0.75, 0.25]);
		// The median of two is the lower one, that of three the middle one.
		close(coefficients(&[lane(50, 1.0), lane(50, 4.0)]), &[0.5, 0.125]);
		close(coefficients(&[lane(1, 8.0), lane(1, 2.0), lane(2, 1.0)]), &[0.0625, 0.25, 0.5]);
		close(coefficients::<f32>(&[]), &[]);
		close(coefficients(&[lane(0, 0.0)]), &[0.0]);
	}

	#[test]
	fn an_outer_step_is_nesterov() {
		let spec = OuterOptimizer { learning_rate: Nano(500_000_000), momentum: Nano(900_000_000) };
		let outer = Outer::<f32>::new(&spec);
		// m = 0.9 · 1 + 2 = 2.9; w = 10 + 0.5 · (0.9 · 2.9 + 2) = 12.305
		let (weight, momentum) = outer.step(10.0, 1.0, 2.0);
		assert!(
			(momentum - 2.9).abs() < 1e-6 && (weight - 12.305).abs() < 1e-5,
			"{weight} {momentum}"
		);
		// Without momentum at rate 1 it is the mean of the lanes.
		let plain = Outer { rate: 1.0f32, momentum: 0.0 };
		assert_eq!(plain.step(3.0, 7.0, 0.5), (3.5, 0.5));
	}
}
