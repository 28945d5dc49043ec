//! Optimizers as a spec states them; program.md of the documentation defines their arithmetic.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use super::Nano;

/// The optimizer within a window.
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
	Serialize,
	Deserialize,
)]
#[serde(deny_unknown_fields)]
pub enum InnerOptimizer {
	/// Decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101).
	AdamW {
		/// Decay of the first moment.
		beta1: Nano,
		/// Decay of the second moment.
		beta2: Nano,
		/// Added to the root of the second moment.
		epsilon: Nano,
		/// Decay of the weights per unit of learning rate.
		weight_decay: Nano,
		/// Norm above which a stage's gradient is scaled down.
		clip: Nano,
		/// Whether moments are carried from window to window; by default they start from zero.
		carry: bool,
	},
	/// Orthogonalised momentum for matrices, AdamW for the rest (Jordan et al., 2024).
	Muon {
		/// Decay of the momentum.
		momentum: Nano,
		/// Decay of the weights per unit of learning rate.
		weight_decay: Nano,
		/// Norm above which a stage's gradient is scaled down.
		clip: Nano,
		/// Learning rate of the parameters that are no matrices, relative to the schedule's.
		rest: Nano,
		/// Whether momentum is carried from window to window.
		carry: bool,
	},
}

impl InnerOptimizer {
	/// Whether the inner state outlives a window, and hence is attested.
	pub fn carries_state(&self) -> bool {
		match self {
			InnerOptimizer::AdamW { carry, .. } | InnerOptimizer::Muon { carry, .. } => *carry,
		}
	}
}

/// The optimizer that applies the mean difference of the lanes (DiLoCo, arXiv 2311.08105).
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
	Serialize,
	Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct OuterOptimizer {
	/// Learning rate.
	pub learning_rate: Nano,
	/// Nesterov momentum.
	pub momentum: Nano,
}
