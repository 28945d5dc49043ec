//! Whether a spec describes a model that can be trained and verified.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::PalletError;
use scale_info::TypeInfo;

use super::{Access, BoundaryCodec, InnerOptimizer, MergeCodec, ModelSpec, Nano};
use crate::{MAX_CHECKPOINTS, MAX_LANES, MILLISECONDS_PER_BLOCK};

/// Part of a window that exchanging differences may take, in percent.
const MERGE_PERCENT: u128 = 15;
/// Part of a unit's compute that hashing may take, in percent.
const HASH_PERCENT: u128 = 3;
/// FLOPs that take as long as hashing one byte: BLAKE3 runs at 4.7 GB/s on a core that computes about 90 GFLOP/s.
const FLOPS_PER_HASHED_BYTE: u128 = 20;
/// Bytes of state per parameter that a checkpoint roots: weight and two moments in binary32.
const STATE_BYTES: u128 = 12;
/// Tokens of a lane's step that Muon needs per unit of a matrix's smaller side.
const MUON_TOKENS_PER_SIDE: u128 = 40;

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
	/// `min_holders` is 0, or below 3 for a sealed model, or more than seats and standbys can be.
	HoldersOutOfRange,
	/// The schedule has fewer than two points or they do not ascend from 0 samples.
	ScheduleNotAscending,
	/// A batch is 0, beyond 65,536, or no multiple of the microbatch.
	BatchNotWhole,
	/// A window has no steps, more than 4,096, a warm-up longer than itself, or fewer than 10 blocks.
	WindowOutOfRange,
	/// Checkpoints lie further apart than the window is long, or there are more than 16 in a window.
	CheckpointsOutOfRange,
	/// A decay is not below 1, or β₂ is above 0.95 while the inner state starts from zero.
	DecayOutOfRange,
	/// The window is shorter than 5/(1 − β₂) steps although the inner state starts from zero.
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
}

impl ModelSpec {
	/// Check that the spec is consistent and within the bounds of the protocol.
	pub fn validate(&self) -> Result<(), SpecError> {
		self.validate_architecture()?;
		self.validate_places()?;
		self.validate_schedule()?;
		self.validate_window()?;
		self.validate_inner()?;
		self.validate_codecs()?;
		self.validate_merge_traffic()?;
		self.validate_hashing()?;
		ensure(self.shares.per_teraflop > 0, SpecError::NoShares)
	}

	fn validate_architecture(&self) -> Result<(), SpecError> {
		let a = &self.architecture;
		let in_range = (2..=1 << 20).contains(&a.vocabulary)
			&& (1..=1 << 16).contains(&a.width)
			&& (1..=1 << 18).contains(&a.hidden)
			&& (1..=1 << 17).contains(&a.context)
			&& (1..=512).contains(&a.heads)
			&& (1..=a.heads).contains(&a.kv_heads)
			&& (2..=256).contains(&a.head_width)
			&& a.norm_epsilon > Nano::ZERO;
		ensure(in_range, SpecError::SizeOutOfRange)?;
		ensure(a.heads.is_multiple_of(a.kv_heads), SpecError::HeadsDoNotDivide)?;
		let pairs_match =
			a.head_width.is_multiple_of(2) && a.frequencies.len() == usize::from(a.head_width >> 1);
		ensure(pairs_match, SpecError::FrequenciesDoNotMatch)?;
		ensure(!a.tied_head || self.stages.len() == 1, SpecError::TiedHeadAcrossStages)
	}

	fn validate_places(&self) -> Result<(), SpecError> {
		let layers: u32 = self.stages.iter().map(|layers| u32::from(*layers)).sum();
		let has_layers = !self.stages.is_empty() && self.stages.iter().all(|layers| *layers > 0);
		ensure(has_layers && layers <= 1_024, SpecError::StagesOutOfRange)?;
		let lanes = u32::from(self.lanes);
		ensure((1..=MAX_LANES).contains(&lanes), SpecError::LanesOutOfRange)?;
		let least = match self.access {
			Access::Sealed => 3,
			Access::Open => 1,
		};
		ensure((least..=32).contains(&self.min_holders), SpecError::HoldersOutOfRange)
	}

	fn validate_schedule(&self) -> Result<(), SpecError> {
		let points = &self.schedule.points;
		let starts_at_zero = points.first().is_some_and(|point| point.samples == 0);
		let ascends = points.iter().zip(points.iter().skip(1)).all(|(a, b)| a.samples < b.samples);
		let ascends = starts_at_zero && points.len() >= 2 && ascends;
		ensure(ascends, SpecError::ScheduleNotAscending)?;
		let microbatch = u32::from(self.schedule.microbatch);
		let whole = microbatch > 0
			&& points.iter().all(|point| {
				(1..=1 << 16).contains(&point.batch) && point.batch.is_multiple_of(microbatch)
			});
		ensure(whole, SpecError::BatchNotWhole)
	}

	fn validate_window(&self) -> Result<(), SpecError> {
		let w = &self.window;
		let in_range = (1..=4_096).contains(&w.steps) && w.warmup <= w.steps && w.blocks >= 10;
		ensure(in_range, SpecError::WindowOutOfRange)?;
		let checkpoints_fit = (1..=w.steps).contains(&w.checkpoint_every)
			&& w.steps.div_ceil(w.checkpoint_every) <= MAX_CHECKPOINTS;
		ensure(checkpoints_fit, SpecError::CheckpointsOutOfRange)
	}

	fn validate_inner(&self) -> Result<(), SpecError> {
		match self.inner {
			InnerOptimizer::AdamW { beta1, beta2, epsilon, carry, .. } => {
				let below_one = beta1 < Nano::ONE && beta2 < Nano::ONE && epsilon > Nano::ZERO;
				ensure(below_one, SpecError::DecayOutOfRange)?;
				if carry {
					return Ok(());
				}
				ensure(beta2 <= Nano(950_000_000), SpecError::DecayOutOfRange)?;
				// steps ≥ 5 / (1 − β₂)
				let left = u64::from(Nano::ONE.0.saturating_sub(beta2.0)); // β₂ < 1
				let long = u64::from(self.window.steps).saturating_mul(left) >= 5_000_000_000;
				ensure(long, SpecError::WindowTooShortForDecay)
			},
			InnerOptimizer::Muon { momentum, .. } => {
				ensure(momentum < Nano::ONE, SpecError::DecayOutOfRange)?;
				let side = self.layer_matrices().iter().map(|(r, c)| *r.min(c)).max().unwrap_or(0);
				let batch = self.schedule.points.iter().map(|point| point.batch).min().unwrap_or(0);
				let tokens =
					u128::from(batch).saturating_mul(u128::from(self.architecture.context));
				let enough = tokens >= side.saturating_mul(MUON_TOKENS_PER_SIDE);
				ensure(enough, SpecError::TooFewTokensForMuon)
			},
		}
	}

	fn validate_codecs(&self) -> Result<(), SpecError> {
		let width = self.architecture.width;
		let boundary_fits = match self.boundary {
			BoundaryCodec::Dense => true,
			BoundaryCodec::Int8 { block } => block > 0 && width.is_multiple_of(u32::from(block)),
			BoundaryCodec::Bottleneck { rank } => rank > 0 && u32::from(rank) < width,
		};
		let MergeCodec::Int8 { block } = self.merge;
		ensure(boundary_fits && block > 0, SpecError::CodecDoesNotFit)
	}

	/// (R − 1) coded differences cross each link: a byte for a value and one for a block's scale.
	fn validate_merge_traffic(&self) -> Result<(), SpecError> {
		let MergeCodec::Int8 { block } = self.merge;
		let block = u128::from(block.max(1));
		let largest = self.largest_shard();
		let bytes = largest
			.saturating_add(largest.div_ceil(block))
			.saturating_mul(u128::from(self.lanes.saturating_sub(1))); // lanes ≥ 1
		let milliseconds = u128::from(self.window.blocks)
			.saturating_mul(u128::from(MILLISECONDS_PER_BLOCK))
			.saturating_mul(MERGE_PERCENT);
		// bits ≤ kbit/s · ms · 15 %
		let allowed = u128::from(self.window.link_kbit).saturating_mul(milliseconds);
		ensure(bytes.saturating_mul(8 * 100) <= allowed, SpecError::MergeTooLarge)
	}

	fn validate_hashing(&self) -> Result<(), SpecError> {
		let batch = self.schedule.points.iter().map(|point| point.batch).min().unwrap_or(0);
		let checkpoints =
			u128::from(self.window.steps.div_ceil(self.window.checkpoint_every.max(1)));
		let affordable = (0..self.stages.len())
			.filter_map(|stage| self.stage_cost(u8::try_from(stage).ok()?))
			.all(|cost| {
				let bytes = u128::from(cost.parameters)
					.saturating_mul(STATE_BYTES)
					.saturating_mul(checkpoints);
				let compute = cost.points(self.window.steps, batch);
				bytes.saturating_mul(FLOPS_PER_HASHED_BYTE).saturating_mul(100)
					<= compute.saturating_mul(HASH_PERCENT)
			});
		ensure(affordable, SpecError::HashingTooLarge)
	}

	fn largest_shard(&self) -> u128 {
		(0..self.stages.len())
			.filter_map(|stage| self.stage_cost(u8::try_from(stage).ok()?))
			.map(|cost| u128::from(cost.parameters))
			.max()
			.unwrap_or(0)
	}
}

fn ensure(holds: bool, otherwise: SpecError) -> Result<(), SpecError> {
	holds.then_some(()).ok_or(otherwise)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{spec::OuterOptimizer, Hash};

	fn valid() -> ModelSpec {
		ModelSpec::example(Hash::zero(), 2, 2)
	}

	#[test]
	fn examples_of_all_sizes_are_valid() {
		for stages in [1, 2, 8, 64] {
			for lanes in [1, 2, 16] {
				assert_eq!(ModelSpec::example(Hash::zero(), stages, lanes).validate(), Ok(()));
			}
		}
	}

	#[test]
	fn a_spec_reads_the_same_from_a_file() {
		let json = serde_json::to_string(&valid()).unwrap();
		assert_eq!(serde_json::from_str::<ModelSpec>(&json).unwrap(), valid());
	}

	#[test]
	fn every_inconsistency_has_its_name() {
		use SpecError::*;
		type Change = fn(&mut ModelSpec);
		let cases: Vec<(Change, SpecError)> = vec![
			(|s| s.architecture.width = 0, SizeOutOfRange),
			(|s| s.architecture.context = 1 << 18, SizeOutOfRange),
			(|s| s.architecture.norm_epsilon = Nano::ZERO, SizeOutOfRange),
			(|s| s.architecture.kv_heads = 3, HeadsDoNotDivide),
			(|s| s.architecture.head_width = 15, FrequenciesDoNotMatch),
			(|s| s.architecture.frequencies.truncate(7), FrequenciesDoNotMatch),
			(|s| s.architecture.tied_head = true, TiedHeadAcrossStages),
			(|s| s.stages[1] = 0, StagesOutOfRange),
			(|s| s.stages[1] = 1_024, StagesOutOfRange),
			(|s| s.stages.clear(), StagesOutOfRange),
			(|s| s.lanes = 0, LanesOutOfRange),
			(|s| s.lanes = 17, LanesOutOfRange),
			(|s| s.min_holders = 0, HoldersOutOfRange),
			(|s| s.access = Access::Sealed, HoldersOutOfRange),
			(|s| s.schedule.points[0].samples = 1, ScheduleNotAscending),
			(|s| s.schedule.points.truncate(1), ScheduleNotAscending),
			(|s| s.schedule.points[1].samples = 0, ScheduleNotAscending),
			(|s| s.schedule.points[1].batch = 7, BatchNotWhole),
			(|s| s.schedule.microbatch = 0, BatchNotWhole),
			(|s| s.window.steps = 0, WindowOutOfRange),
			(|s| s.window.warmup = 101, WindowOutOfRange),
			(|s| s.window.blocks = 9, WindowOutOfRange),
			(|s| s.window.checkpoint_every = 6, CheckpointsOutOfRange),
			(|s| s.window.checkpoint_every = 101, CheckpointsOutOfRange),
			(|s| set_beta2(s, 960_000_000), DecayOutOfRange),
			(|s| set_beta2(s, 1_000_000_000), DecayOutOfRange),
			(
				|s| {
					s.window.steps = 99;
					s.window.warmup = 0;
				},
				WindowTooShortForDecay,
			),
			(|s| s.boundary = BoundaryCodec::Int8 { block: 48 }, CodecDoesNotFit),
			(|s| s.boundary = BoundaryCodec::Bottleneck { rank: 64 }, CodecDoesNotFit),
			(|s| s.merge = MergeCodec::Int8 { block: 0 }, CodecDoesNotFit),
			(|s| s.window.link_kbit = 1, MergeTooLarge),
			(
				|s| {
					s.schedule.microbatch = 1;
					s.schedule.points.iter_mut().for_each(|point| point.batch = 1);
				},
				HashingTooLarge,
			),
			(|s| s.inner = muon(), TooFewTokensForMuon),
			(|s| s.shares.per_teraflop = 0, NoShares),
		];
		for (number, (change, error)) in cases.into_iter().enumerate() {
			let mut spec = valid();
			change(&mut spec);
			assert_eq!(spec.validate(), Err(error), "case {number}");
		}
	}

	#[test]
	fn bounds_are_inclusive() {
		let mut spec = valid();
		// 100 steps at β₂ = 0.95 is exactly 5 / (1 − β₂)
		set_beta2(&mut spec, 950_000_000);
		assert_eq!(spec.validate(), Ok(()));
		spec.outer = OuterOptimizer { learning_rate: Nano::ONE, momentum: Nano::ZERO };
		assert_eq!(spec.validate(), Ok(()));
	}

	fn set_beta2(spec: &mut ModelSpec, value: u32) {
		if let InnerOptimizer::AdamW { beta2, .. } = &mut spec.inner {
			*beta2 = Nano(value);
		}
	}

	fn muon() -> InnerOptimizer {
		InnerOptimizer::Muon {
			momentum: Nano(950_000_000),
			weight_decay: Nano::ZERO,
			clip: Nano::ONE,
			rest: Nano::ONE,
			carry: false,
		}
	}
}
