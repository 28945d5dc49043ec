//! The numbers of a step that come from the spec and the schedule, as bits of binary32. Computed on integers, so that the
//! chain comes to the same.

use cairn_primitives::{
	spec::{InnerOptimizer, Nano},
	ModelSpec, StepIndex,
};

use crate::{
	fraction::{decimal, ratio},
	Float, SoftFloat, Stage, Tensor,
};

/// Decays and ε of the AdamW that trains what Muon does not.
const MUON_REST: [Nano; 3] = [Nano(900_000_000), Nano(950_000_000), Nano(10)];
/// Multiplications of [`power`] at most; a power that is still falling then counts as its last value.
const MAX_POWER: u32 = 1 << 17;

/// Where a step stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepContext {
	/// Samples of the lane's step.
	pub batch: u32,
	/// Learning rate of the schedule, before the window's warm-up.
	pub learning_rate: Nano,
	/// The step within the window, from 0.
	pub step: StepIndex,
	/// Steps that the optimizer's state has seen before the window; 0 unless it is carried.
	pub carried_steps: u32,
}

/// Numbers of a step, as bits of binary32.
#[derive(Clone, Debug, PartialEq)]
pub struct Constants {
	/// Width, as a float.
	pub width: u32,
	/// What RMSNorm adds.
	pub norm_epsilon: u32,
	/// 1 / √(head width)
	pub score_scale: u32,
	/// 1 / tokens of the step
	pub token_share: u32,
	/// Largest norm of a stage's gradient.
	pub clip: u32,
	optimizer: Optimizer,
}

/// How a tensor takes its step. Numbers are bits of binary32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
	/// Two moments.
	AdamW(AdamW),
	/// Orthogonalised momentum.
	Muon(Muon),
}

impl Rule {
	/// Moments that the optimizer keeps, each as large as the tensor.
	pub fn moments(&self) -> usize {
		match self {
			Rule::AdamW(_) => 2,
			Rule::Muon(_) => 1,
		}
	}
}

/// Numbers of AdamW, as bits of binary32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdamW {
	/// β₁ and 1 − β₁.
	pub first: [u32; 2],
	/// β₂ and 1 − β₂.
	pub second: [u32; 2],
	/// Learning rate.
	pub rate: u32,
	/// Learning rate · weight decay.
	pub decay: u32,
	/// 1 − β₁ᵗ
	pub bias1: u32,
	/// 1 − β₂ᵗ
	pub bias2: u32,
	/// ε
	pub epsilon: u32,
}

/// Numbers of Muon, as bits of binary32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Muon {
	/// µ
	pub momentum: u32,
	/// Learning rate, with the factor for the matrix's shape.
	pub rate: u32,
	/// Learning rate · weight decay.
	pub decay: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Optimizer {
	AdamW(AdamW),
	Muon { matrices: Muon, rest: AdamW },
}

impl Constants {
	pub(crate) fn new(spec: &ModelSpec, stage: &Stage, context: &StepContext) -> Self {
		let tokens = context.batch.saturating_mul(stage.context);
		let clip = match spec.inner {
			InnerOptimizer::AdamW { clip, .. } | InnerOptimizer::Muon { clip, .. } => clip,
		};
		let head_width = ratio::<SoftFloat>(stage.head_width, 1);
		Self {
			width: bits(ratio(stage.width, 1)),
			norm_epsilon: bits(decimal(spec.architecture.norm_epsilon)),
			score_scale: bits(SoftFloat::one() / head_width.sqrt()),
			token_share: bits(ratio(1, tokens)),
			clip: bits(decimal(clip)),
			optimizer: Optimizer::new(spec, context),
		}
	}

	/// How a tensor of the given size takes its step.
	pub fn rule(&self, tensor: Tensor, (rows, columns): (u32, u32)) -> Rule {
		match (self.optimizer, tensor) {
			(Optimizer::AdamW(adamw), _) => Rule::AdamW(adamw),
			(Optimizer::Muon { matrices, .. }, Tensor::Layer(..)) => {
				// Tall matrices have larger directions: √(rows / columns), at least 1 (Jordan et al., "Muon", 2024).
				let shape = ratio::<SoftFloat>(rows.max(columns), columns).sqrt();
				let rate = bits(SoftFloat::from_bits(matrices.rate) * shape);
				Rule::Muon(Muon { rate, ..matrices })
			},
			(Optimizer::Muon { rest, .. }, _) => Rule::AdamW(rest),
		}
	}
}

impl Optimizer {
	fn new(spec: &ModelSpec, context: &StepContext) -> Self {
		let rate = warmed_up(context.learning_rate, context.step, spec.window.warmup);
		let rate = decimal::<SoftFloat>(rate);
		let count = context.carried_steps.saturating_add(context.step).saturating_add(1);
		match spec.inner {
			InnerOptimizer::AdamW { beta1, beta2, epsilon, weight_decay, .. } => {
				Optimizer::AdamW(AdamW::new([beta1, beta2, epsilon], rate, weight_decay, count))
			},
			InnerOptimizer::Muon { momentum, weight_decay, rest, .. } => Optimizer::Muon {
				matrices: Muon {
					momentum: bits(decimal(momentum)),
					rate: bits(rate),
					decay: bits(rate * decimal(weight_decay)),
				},
				rest: AdamW::new(MUON_REST, rate * decimal(rest), weight_decay, count),
			},
		}
	}
}

impl AdamW {
	fn new(
		[beta1, beta2, epsilon]: [Nano; 3],
		rate: SoftFloat,
		weight_decay: Nano,
		count: u32,
	) -> Self {
		let [beta1, beta2] = [beta1, beta2].map(decimal::<SoftFloat>);
		let decays = |beta| [bits(beta), bits(SoftFloat::one() - beta)];
		let bias = |beta| bits(SoftFloat::one() - power(beta, count));
		Self {
			first: decays(beta1),
			second: decays(beta2),
			rate: bits(rate),
			decay: bits(rate * decimal(weight_decay)),
			bias1: bias(beta1),
			bias2: bias(beta2),
			epsilon: bits(decimal(epsilon)),
		}
	}
}

/// The learning rate of a step of a window, which rises linearly over the window's warm-up.
fn warmed_up(rate: Nano, step: StepIndex, warmup: StepIndex) -> Nano {
	if step >= warmup {
		return rate;
	}
	let scaled = u64::from(rate.0) * (u64::from(step) + 1) / u64::from(warmup);
	Nano(scaled as u32) // no more than the rate
}

/// βᵗ by repeated multiplication, until it no longer changes.
fn power(beta: SoftFloat, count: u32) -> SoftFloat {
	let mut power = beta;
	for _ in 1..count.min(MAX_POWER) {
		let next = power * beta;
		if next.to_bits() == power.to_bits() {
			break; // 0, or a number so small that it rounds back to itself
		}
		power = next;
	}
	power
}

fn bits(number: SoftFloat) -> u32 {
	number.to_bits()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_rate_rises_over_the_warm_up_and_stays() {
		let at = |step| warmed_up(Nano(1_000_000), step, 4).0;
		assert_eq!(
			[0, 1, 2, 3, 4, 99].map(at),
			[250_000, 500_000, 750_000, 1_000_000, 1_000_000, 1_000_000]
		);
		assert_eq!(warmed_up(Nano(7), 0, 0), Nano(7));
	}

	#[test]
	fn powers_are_products() {
		let beta = 0.95f32;
		let expected = (1..100).fold(beta, |power, _| power * beta);
		assert_eq!(power(SoftFloat::literal(beta), 100).to_bits(), expected.to_bits());
		assert_eq!(power(SoftFloat::literal(beta), 1).to_bits(), beta.to_bits());
		assert_eq!(power(SoftFloat::literal(0.5), u32::MAX).to_bits(), 0);
		assert_eq!(power(SoftFloat::literal(0.9), u32::MAX).to_bits(), 4); // 3.6 rounds back to it
	}
}
