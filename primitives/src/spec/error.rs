//! What may be wrong with a spec.

use core::fmt;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::PalletError;
use scale_info::TypeInfo;

/// What is wrong with a spec, and hence what to change.
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
pub enum SpecError {
	/// A size of the architecture is 0 or beyond its bound.
	SizeOutOfRange,
	/// Query heads are no multiple of key-value heads.
	HeadsDoNotDivide,
	/// The head width is odd, or there are not half as many frequencies.
	FrequenciesDoNotMatch,
	/// A tied head needs a single stage.
	TiedHeadAcrossStages,
	/// There is no stage, or a stage without layers, or more than 1,024 layers.
	StagesOutOfRange,
	/// There is no lane or more than 16.
	LanesOutOfRange,
	/// `min_holders` is 0, or below 3 for a sealed model, or more than a stage has seats and standbys' places.
	HoldersOutOfRange,
	/// The schedule has fewer than two points or they do not ascend from 0 samples.
	ScheduleNotAscending,
	/// A batch is 0, beyond 65,536, or no multiple of the microbatch.
	BatchNotWhole,
	/// A window has no steps, more than 512, a warm-up longer than itself, fewer than 10 blocks or more than
	/// 28,800.
	WindowOutOfRange,
	/// Checkpoints lie further apart than the window is long, or there are more than 16 in a window.
	CheckpointsOutOfRange,
	/// A decay is not below 1 in binary32 (0.99999997 at most), or β₂ is above 0.95 while the inner state starts from zero.
	DecayOutOfRange,
	/// The window is shorter than 5/(1 − β) steps although the inner state starts from zero; β is AdamW's β₂ or Muon's
	/// momentum.
	WindowTooShortForDecay,
	/// A block of a codec is 0 or does not divide the width, or the rank is 0 or not below the width.
	CodecDoesNotFit,
	/// Exchanging differences would take more than 15 % of the window at the stated link speed.
	MergeTooLarge,
	/// Hashing states would take more than 3 % of the compute: checkpoint less often, or use larger batches.
	HashingTooLarge,
	/// Muon needs more tokens per lane and step: 40 times the smaller side of the largest matrix.
	TooFewTokensForMuon,
	/// Work mints no shares.
	NoShares,
	/// There is not exactly one root of a first shard for each stage.
	InitialRootsDoNotMatch,
	/// The window has fewer than 50 steps although the inner state starts from zero.
	TooFewSteps,
	/// The whole schedule may mint more shares than a model can have: lower the rate, or shorten the schedule.
	TooManyShares,
	/// The window has fewer blocks than half as many as the model has seats: attestations are free, and no model may fill
	/// blocks with them.
	WindowTooShortForSeats,
	/// A step has 2³² tokens or more: batch times context.
	TooManyTokens,
	/// The outer momentum is not below 1 in binary32 (0.99999997 at most): the model would never stop moving.
	OuterMomentumOutOfRange,
}

impl fmt::Display for SpecError {
	fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
		formatter.write_str(match self {
			Self::SizeOutOfRange => "a size of the architecture is out of range: vocabulary is 2 to 1,048,576, width 1 to 65,536, hidden 1 to 262,144, context 1 to 131,072, heads 1 to 512, kv_heads 1 to heads, head_width 2 to 256, norm_epsilon above 0, and every matrix has fewer than 2^32 elements",
			Self::HeadsDoNotDivide => "heads must be a multiple of kv_heads",
			Self::FrequenciesDoNotMatch => "head_width must be even, and frequencies must have half as many entries",
			Self::TiedHeadAcrossStages => "a tied head needs a single stage: set tied_head to false, or do not cut the model",
			Self::StagesOutOfRange => "there must be a stage, in each stage a layer, and in all stages together 1,024 layers at most",
			Self::LanesOutOfRange => "lanes must be 1 to 16",
			Self::HoldersOutOfRange => "min_holders must be at least 1, of a sealed model 3, and at most 16 more than lanes",
			Self::ScheduleNotAscending => "the schedule needs two points or more: the first at 0 samples, each other one at more samples than the one before it",
			Self::BatchNotWhole => "microbatch must be above 0, and each batch a multiple of it, 65,536 at most",
			Self::WindowOutOfRange => "a window has 1 to 512 steps, a warm-up no longer than that, and 10 to 28,800 blocks",
			Self::CheckpointsOutOfRange => "checkpoint_every must be 1 to the window's steps, and such that a window has 16 checkpoints at most",
			Self::DecayOutOfRange => "beta1, beta2 and momentum must be below 1 (0.99999997 at most), epsilon above 0, and beta2 0.95 at most unless the inner state is carried",
			Self::WindowTooShortForDecay => "the window is too short for an inner state that starts from zero: it needs 5 / (1 - beta) steps, where beta is AdamW's beta2 or Muon's momentum; use more steps or a smaller beta, or set carry to true",
			Self::CodecDoesNotFit => "a codec does not fit: blocks and ranks must be above 0, the block of the boundary must divide the width, and its rank must be below the width",
			Self::MergeTooLarge => "exchanging differences would take more than 15 % of the window: give the window more blocks, use fewer lanes or more stages, or ask for a faster link (link_kbit)",
			Self::HashingTooLarge => "hashing states would take more than 3 % of the compute: raise checkpoint_every, or use larger batches",
			Self::TooFewTokensForMuon => "Muon needs 40 tokens in a lane's step for each unit of the smaller side of the largest matrix: use larger batches or a longer context",
			Self::NoShares => "shares.per_teraflop must be above 0",
			Self::InitialRootsDoNotMatch => "initial must have exactly one root for each stage",
			Self::TooFewSteps => "a window whose inner state starts from zero needs 50 steps or more: use more steps, or set carry to true",
			Self::TooManyShares => "the schedule may mint more shares than a model can have: lower shares.per_teraflop, or shorten the schedule",
			Self::WindowTooShortForSeats => "the window needs at least half as many blocks as the model has seats (stages times lanes): use more blocks, or fewer stages or lanes",
			Self::TooManyTokens => "a step must have fewer than 2^32 tokens, and no value of a microbatch more than 2^40 elements: lower the batch, the microbatch or the context",
			Self::OuterMomentumOutOfRange => "the outer momentum must be below 1 (0.99999997 at most)",
		})
	}
}

impl core::error::Error for SpecError {}

#[cfg(test)]
mod tests {
	use std::collections::BTreeSet;

	use super::*;

	#[test]
	fn every_error_says_something_else() {
		let errors = (0u8..).map_while(|index| SpecError::decode(&mut &[index][..]).ok());
		let texts: Vec<String> = errors.map(|error| error.to_string()).collect();
		assert!(texts.len() >= 24, "they are found by their indices, which have no gaps");
		assert!(texts.iter().all(|text| text.len() > 10), "{texts:?}");
		assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), texts.len(), "{texts:?}");
	}
}
