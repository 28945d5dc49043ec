//! The contract between a model's researcher and everyone who contributes to it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::PalletError;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::Permill;

/// How shares and revenue of a model are split. Fixed when the model is proposed.
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
pub struct Terms {
	/// Part of each mint for the owner of the dataset.
	pub data: Permill,
	/// Part of each mint for the researcher.
	pub researcher: Permill,
	/// Part of each mint for the treasury.
	pub treasury: Permill,
	/// Part of a fork's revenue that it owes to this model. A fork's own terms ask at least as much.
	pub royalty: Permill,
	/// Part of what a client pays that goes to the seats that serve; the rest is revenue of the holders.
	pub serving_fee: Permill,
}

/// What is wrong with a model's terms.
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
	PalletError,
)]
pub enum TermsError {
	/// Data, researcher and treasury together take more than half: too little would be left for compute.
	ComputeBelowHalf,
	/// The royalty exceeds [`Terms::MAX_ROYALTY`].
	RoyaltyTooHigh,
	/// The serving fee exceeds [`Terms::MAX_SERVING_FEE`].
	ServingFeeTooHigh,
}

impl Terms {
	/// Highest royalty that a model can ask of its forks.
	pub const MAX_ROYALTY: Permill = Permill::from_percent(50);
	/// Highest serving fee.
	pub const MAX_SERVING_FEE: Permill = Permill::from_percent(50);

	/// Part of each mint for the provider that did the work: what the others leave, at least a half.
	pub fn compute(&self) -> Permill {
		Permill::from_parts(Permill::one().deconstruct().saturating_sub(self.others()))
	}

	/// Check the bounds.
	pub fn validate(&self) -> Result<(), TermsError> {
		if self.others() > Permill::from_percent(50).deconstruct() {
			return Err(TermsError::ComputeBelowHalf);
		}
		if self.royalty > Self::MAX_ROYALTY {
			return Err(TermsError::RoyaltyTooHigh);
		}
		if self.serving_fee > Self::MAX_SERVING_FEE {
			return Err(TermsError::ServingFeeTooHigh);
		}
		Ok(())
	}

	fn others(&self) -> u32 {
		// Three parts of at most a million each fit u32 many times over.
		self.data
			.deconstruct()
			.saturating_add(self.researcher.deconstruct())
			.saturating_add(self.treasury.deconstruct())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const FAIR: Terms = Terms {
		data: Permill::from_percent(5),
		researcher: Permill::from_percent(10),
		treasury: Permill::from_percent(5),
		royalty: Permill::from_percent(10),
		serving_fee: Permill::from_percent(30),
	};

	#[test]
	fn compute_gets_what_the_others_leave() {
		assert_eq!(FAIR.validate(), Ok(()));
		assert_eq!(FAIR.compute(), Permill::from_percent(80));
	}

	#[test]
	fn greedy_terms_are_named() {
		let whole = Permill::one();
		assert_eq!(Terms { data: whole, ..FAIR }.validate(), Err(TermsError::ComputeBelowHalf));
		assert_eq!(Terms { royalty: whole, ..FAIR }.validate(), Err(TermsError::RoyaltyTooHigh));
		assert_eq!(
			Terms { serving_fee: whole, ..FAIR }.validate(),
			Err(TermsError::ServingFeeTooHigh)
		);
	}
}
