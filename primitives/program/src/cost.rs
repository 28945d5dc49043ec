//! What an operation costs.

use crate::{
	operation::{Definition, Formula},
	Operation,
};

impl Operation {
	/// Floating-point operations: an fma counts two, an exponential as many as its polynomial has.
	pub fn flops(&self) -> u128 {
		let elements = u128::from(self.counted_elements());
		match &self.definition {
			Definition::Contraction(product) => {
				let terms = u128::from(product.runs.count) * u128::from(product.depth.count);
				elements * (2 * terms + u128::from(product.scale.is_some()))
			},
			Definition::RowSum { width, right, .. } => {
				elements * u128::from(*width) * if right.is_some() { 2 } else { 1 }
			},
			Definition::RowMax { width, .. } => elements * u128::from(*width),
			Definition::Map { formula, .. } => elements * formula.flops(),
		}
	}

	/// Elements that are computed: of a causal matrix those on and below the diagonal.
	fn counted_elements(&self) -> u64 {
		if !self.causal {
			return self.elements();
		}
		let context = u64::from(self.shape.last().copied().unwrap_or(1)).max(1);
		self.elements() / context * (context + 1) / 2
	}

	/// Bytes of the value that it writes.
	pub fn bytes(&self) -> u64 {
		self.elements() * self.output.element_bytes()
	}
}

impl Formula {
	fn flops(&self) -> u128 {
		/// Of [`crate::elementary::exp`]: reduction 7, polynomial 12, scaling 2.
		const EXP: u128 = 21;
		match self {
			Formula::Copy | Formula::BlockExponent => 0,
			Formula::Add | Formula::Subtract | Formula::Multiply | Formula::Divide => 1,
			Formula::SquareRoot => 1,
			Formula::Mean { .. } => 2,
			Formula::BlockCode | Formula::BlockDecode => 1,
			Formula::Cosine | Formula::Sine => 20,
			Formula::InverseRoot { .. } | Formula::NormCoefficient { .. } => 4,
			Formula::NormGradient => 4,
			Formula::FinalNormGradient | Formula::Rotate { .. } => 3,
			Formula::ExpDifference => EXP + 1,
			Formula::ScoreGradient { .. } | Formula::LogitGradient { .. } => 3,
			Formula::SwiGlu | Formula::UpGradient => EXP + 3,
			Formula::GateGradient => EXP + 8,
			Formula::TokenLoss => 30,
			Formula::ClipFactor { .. } | Formula::Normalise => 3,
			Formula::Moment { .. } | Formula::Combine { .. } => 3,
			Formula::SquareMoment { .. } | Formula::Descend { .. } => 4,
			Formula::AdamW { .. } => 8,
			Formula::Momentum { .. } => 2,
		}
	}
}
