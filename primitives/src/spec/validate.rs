//! Whether a spec describes a model that can be trained and verified.

use sp_core::U256;

use super::{Access, BoundaryCodec, InnerOptimizer, MergeCodec, ModelSpec, Nano, SpecError};
use crate::{
	MAX_CHECKPOINTS, MAX_LANES, MAX_STANDBYS, MAX_STEPS, MAX_SUPPLY, MAX_WINDOW_BLOCKS,
	MILLISECONDS_PER_BLOCK,
};

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
/// Fewest steps of a window whose inner state starts from zero.
const LEAST_STEPS: u32 = 50;
/// Steps of a window whose inner state starts from zero, times 1 − β, in units of 10⁻⁹.
const DECAY_TIMES: u64 = 5_000_000_000;
/// How many times the work of its schedule a model's supply has room for. Lanes that break before the last stage, audits and
/// work that restarts undo are paid too, so that more is minted than the schedule's own work.
const SUPPLY_ROOM: u64 = 16;
/// Largest decay that is below 1 in binary32: those from 1 − 2⁻²⁵ on round to 1, and what decays by 1 never does.
const LARGEST_DECAY: Nano = Nano(999_999_970);
/// Seats that a model may have for each block of its window.
const SEATS_PER_BLOCK: u32 = 2;
/// Most elements of a value, so that a chunk of it can be proven (see [`crate::chunk::MAX_DEPTH`]).
const MAX_ELEMENTS: u64 = 1 << 40;
/// FLOPs that [`crate::share::ShareRate::per_teraflop`] is for.
const TERAFLOP: u64 = 1_000_000_000_000;

impl ModelSpec {
	/// Check that the spec is consistent and within the bounds of the protocol.
	pub fn validate(&self) -> Result<(), SpecError> {
		self.validate_architecture()?;
		self.validate_places()?;
		self.validate_schedule()?;
		self.validate_window()?;
		self.validate_inner()?;
		self.validate_outer()?;
		self.validate_codecs()?;
		self.validate_merge_traffic()?;
		self.validate_hashing()?;
		self.validate_shares()
	}

	/// Check the shapes alone: what a model that is used, and not trained, has to have in order.
	pub fn validate_shapes(&self) -> Result<(), SpecError> {
		self.validate_architecture()?;
		self.validate_stages()?;
		self.validate_codecs()
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
		let queries = u32::from(a.heads).saturating_mul(a.head_width.into()); // 512 · 256 at most
		let longest = a.vocabulary.max(a.hidden).max(queries);
		ensure(longest.checked_mul(a.width).is_some(), SpecError::SizeOutOfRange)?;
		ensure(a.heads.is_multiple_of(a.kv_heads), SpecError::HeadsDoNotDivide)?;
		let pairs_match =
			a.head_width.is_multiple_of(2) && a.frequencies.len() == usize::from(a.head_width >> 1);
		ensure(pairs_match, SpecError::FrequenciesDoNotMatch)?;
		ensure(!a.tied_head || self.stages.len() == 1, SpecError::TiedHeadAcrossStages)
	}

	fn validate_stages(&self) -> Result<(), SpecError> {
		let layers: u32 = self.stages.iter().map(|layers| u32::from(*layers)).sum();
		let has_layers = !self.stages.is_empty() && self.stages.iter().all(|layers| *layers > 0);
		ensure(has_layers && layers <= 1_024, SpecError::StagesOutOfRange)
	}

	fn validate_places(&self) -> Result<(), SpecError> {
		self.validate_stages()?;
		let lanes = u32::from(self.lanes);
		ensure((1..=MAX_LANES).contains(&lanes), SpecError::LanesOutOfRange)?;
		let least = match self.access {
			Access::Sealed => 3,
			Access::Open => 1u32,
		};
		let most = lanes.saturating_add(MAX_STANDBYS); // at most 16 each
		let holders = (least..=most).contains(&u32::from(self.min_holders));
		ensure(holders, SpecError::HoldersOutOfRange)?;
		let one_each = self.initial.len() == self.stages.len();
		ensure(one_each, SpecError::InitialRootsDoNotMatch)
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
		ensure(whole, SpecError::BatchNotWhole)?;
		let context = self.architecture.context;
		let countable = points.iter().all(|point| point.batch.checked_mul(context).is_some());
		ensure(countable, SpecError::TooManyTokens)?;
		let a = &self.architecture;
		let scores = u64::from(a.heads).saturating_mul(context.into()); // 2²⁶ at most
		let widest = scores.max(a.vocabulary.max(a.hidden).max(a.width).into());
		let tokens = u64::from(microbatch).saturating_mul(context.into()); // 2³³ at most
		ensure(tokens.saturating_mul(widest) <= MAX_ELEMENTS, SpecError::TooManyTokens)
	}

	fn validate_window(&self) -> Result<(), SpecError> {
		let w = &self.window;
		let in_range = (1..=MAX_STEPS).contains(&w.steps)
			&& w.warmup <= w.steps
			&& (10..=MAX_WINDOW_BLOCKS).contains(&w.blocks);
		ensure(in_range, SpecError::WindowOutOfRange)?;
		let room = w.blocks.saturating_mul(SEATS_PER_BLOCK); // 28,800 blocks at most
		ensure(self.seat_count() <= room, SpecError::WindowTooShortForSeats)?;
		let checkpoints_fit = (1..=w.steps).contains(&w.checkpoint_every)
			&& w.steps.div_ceil(w.checkpoint_every) <= MAX_CHECKPOINTS;
		ensure(checkpoints_fit, SpecError::CheckpointsOutOfRange)
	}

	fn validate_outer(&self) -> Result<(), SpecError> {
		ensure(self.outer.momentum <= LARGEST_DECAY, SpecError::OuterMomentumOutOfRange)
	}

	fn validate_inner(&self) -> Result<(), SpecError> {
		match self.inner {
			InnerOptimizer::AdamW { beta1, beta2, epsilon, carry, .. } => {
				let decays = beta1.max(beta2) <= LARGEST_DECAY && epsilon > Nano::ZERO;
				ensure(decays, SpecError::DecayOutOfRange)?;
				if carry {
					return Ok(());
				}
				ensure(beta2 <= Nano(950_000_000), SpecError::DecayOutOfRange)?;
				self.validate_restart(beta2)
			},
			InnerOptimizer::Muon { momentum, carry, .. } => {
				ensure(momentum <= LARGEST_DECAY, SpecError::DecayOutOfRange)?;
				if !carry {
					self.validate_restart(momentum)?;
				}
				let side = self.layer_matrices().iter().map(|(r, c)| *r.min(c)).max().unwrap_or(0);
				let batch = self.schedule.points.iter().map(|point| point.batch).min().unwrap_or(0);
				let tokens =
					u128::from(batch).saturating_mul(u128::from(self.architecture.context));
				let enough = tokens >= side.saturating_mul(MUON_TOKENS_PER_SIDE);
				ensure(enough, SpecError::TooFewTokensForMuon)
			},
		}
	}

	/// What a window needs to recover from an inner state of zero that decays with `beta`: 50 steps, and 5 / (1 − β).
	fn validate_restart(&self, beta: Nano) -> Result<(), SpecError> {
		ensure(self.window.steps >= LEAST_STEPS, SpecError::TooFewSteps)?;
		let left = u64::from(Nano::ONE.0.saturating_sub(beta.0)); // β < 1
		let long = u64::from(self.window.steps).saturating_mul(left) >= DECAY_TIMES; // 32 + 30 bits
		ensure(long, SpecError::WindowTooShortForDecay)
	}

	/// The supply has room for the work of the schedule many times over, so that mints do not meet its limit.
	fn validate_shares(&self) -> Result<(), SpecError> {
		ensure(self.shares.per_teraflop > 0, SpecError::NoShares)?;
		let fits = self.most_shares().is_some_and(|shares| shares < U256::from(MAX_SUPPLY));
		ensure(fits, SpecError::TooManyShares)
	}

	/// All work of the schedule at the highest rate, times [`SUPPLY_ROOM`]; `None` if that has more than 256 bits. A lane's
	/// step takes in the smallest batch at least, hence there are at most so many steps.
	fn most_shares(&self) -> Option<U256> {
		let batch = self.schedule.points.iter().map(|point| point.batch).min()?;
		let samples = self.schedule.total_samples();
		let steps = samples.div_ceil(u64::from(batch).max(1));
		let mut points = U256::zero();
		for stage in 0..self.stages.len() {
			let cost = self.stage_cost(u8::try_from(stage).ok()?)?;
			let in_samples = U256::from(cost.per_sample).checked_mul(samples.into())?;
			let in_steps = U256::from(cost.per_step).checked_mul(steps.into())?;
			points = points.checked_add(in_samples)?.checked_add(in_steps)?;
		}
		points
			.checked_mul(self.shares.per_teraflop.into())?
			.checked_mul(SUPPLY_ROOM.into())?
			.checked_div(TERAFLOP.into())
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
			(|s| s.min_holders = 2 + 16 + 1, HoldersOutOfRange),
			(|s| s.access = Access::Sealed, HoldersOutOfRange),
			(
				|s| {
					s.access = Access::Sealed;
					s.min_holders = 2;
				},
				HoldersOutOfRange,
			),
			(|s| s.initial.truncate(1), InitialRootsDoNotMatch),
			(|s| s.initial.try_push(Hash::zero()).unwrap(), InitialRootsDoNotMatch),
			(|s| s.schedule.points[0].samples = 1, ScheduleNotAscending),
			(|s| s.schedule.points.truncate(1), ScheduleNotAscending),
			(|s| s.schedule.points[1].samples = 0, ScheduleNotAscending),
			(|s| s.schedule.points[1].batch = 7, BatchNotWhole),
			(|s| s.schedule.microbatch = 0, BatchNotWhole),
			(|s| s.window.steps = 0, WindowOutOfRange),
			(|s| s.window.warmup = 101, WindowOutOfRange),
			(|s| s.window.blocks = 9, WindowOutOfRange),
			(|s| s.window.blocks = MAX_WINDOW_BLOCKS + 1, WindowOutOfRange),
			(
				|s| {
					*s = ModelSpec::example(Hash::zero(), 3, 7);
					s.window.blocks = 10;
				},
				WindowTooShortForSeats,
			),
			(|s| s.window.checkpoint_every = 6, CheckpointsOutOfRange),
			(|s| s.window.checkpoint_every = 101, CheckpointsOutOfRange),
			(|s| set_beta2(s, 960_000_000), DecayOutOfRange),
			(|s| set_beta2(s, 1_000_000_000), DecayOutOfRange),
			(|s| set_beta1(s, 1_000_000_000), DecayOutOfRange),
			(|s| set_beta1(s, 999_999_971), DecayOutOfRange),
			(|s| s.inner = muon(999_999_971, true), DecayOutOfRange),
			(|s| s.outer.momentum = Nano::ONE, OuterMomentumOutOfRange),
			(|s| s.outer.momentum = Nano(999_999_971), OuterMomentumOutOfRange),
			(
				|s| {
					s.architecture.context = 1 << 17;
					s.schedule.points[1].batch = 1 << 15;
				},
				TooManyTokens,
			),
			(
				|s| {
					s.architecture.context = 1 << 17;
					s.schedule.microbatch = 1 << 11;
					s.schedule.points.iter_mut().for_each(|point| point.batch = 1 << 11);
				},
				TooManyTokens,
			),
			(
				|s| {
					s.architecture.vocabulary = 1 << 20;
					s.architecture.width = 1 << 12;
				},
				SizeOutOfRange,
			),
			(
				|s| {
					s.window.steps = 99;
					s.window.warmup = 0;
				},
				WindowTooShortForDecay,
			),
			(
				|s| {
					set_beta2(s, 500_000_000);
					s.window.steps = 49;
				},
				TooFewSteps,
			),
			(
				|s| {
					s.inner = muon(950_000_000, false);
					s.window.steps = 99;
				},
				WindowTooShortForDecay,
			),
			(
				|s| {
					s.inner = muon(0, false);
					s.window.steps = 49;
				},
				TooFewSteps,
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
			(|s| s.inner = muon(950_000_000, false), TooFewTokensForMuon),
			(|s| s.shares.per_teraflop = 0, NoShares),
			(
				|s| {
					s.shares.per_teraflop = u64::MAX;
					s.schedule.points[1].samples = u64::MAX;
				},
				TooManyShares,
			),
		];
		for (number, (change, error)) in cases.into_iter().enumerate() {
			let mut spec = valid();
			change(&mut spec);
			assert_eq!(spec.validate(), Err(error), "case {number}");
		}
	}

	#[test]
	fn bounds_are_inclusive() {
		// Twenty seats in ten blocks.
		let mut spec = ModelSpec::example(Hash::zero(), 5, 4);
		spec.window.blocks = 10;
		assert_eq!(spec.validate(), Ok(()));
		let mut spec = valid();
		// 100 steps at β₂ = 0.95 is exactly 5 / (1 − β₂)
		set_beta2(&mut spec, 950_000_000);
		assert_eq!(spec.validate(), Ok(()));
		spec.outer = OuterOptimizer { learning_rate: Nano::ONE, momentum: Nano::ZERO };
		assert_eq!(spec.validate(), Ok(()));
		// 50 steps at β₂ = 0.9 too, and a window of a day
		set_beta2(&mut spec, 900_000_000);
		spec.window.steps = 50;
		spec.window.blocks = MAX_WINDOW_BLOCKS;
		assert_eq!(spec.validate(), Ok(()));
		// Everybody that a stage has room for may be asked for.
		spec.min_holders = 2 + 16;
		assert_eq!(spec.validate(), Ok(()));
		spec.access = Access::Sealed;
		spec.min_holders = 3;
		assert_eq!(spec.validate(), Ok(()));
	}

	#[test]
	fn a_state_that_is_carried_needs_no_long_windows() {
		let mut spec = valid();
		spec.window.steps = 10;
		spec.window.checkpoint_every = 10;
		assert_eq!(spec.validate(), Err(SpecError::TooFewSteps));
		if let InnerOptimizer::AdamW { carry, .. } = &mut spec.inner {
			*carry = true;
		}
		set_beta2(&mut spec, 999_000_000);
		assert_eq!(spec.validate(), Ok(()));
		// 40 tokens for each unit of the smaller side: 64 · 40 = 80 · 32
		spec.schedule.points.iter_mut().for_each(|point| point.batch = 80);
		spec.inner = muon(999_000_000, true);
		assert_eq!(spec.validate(), Ok(()));
		spec.inner = muon(999_000_000, false);
		assert_eq!(spec.validate(), Err(SpecError::TooFewSteps));
	}

	#[test]
	fn the_supply_has_room_for_the_schedule_sixteen_times_over() {
		let mut spec = valid();
		// One share for each FLOP: the most that may be minted is sixteen times the points of the schedule.
		spec.schedule.points[1].samples = 1_000_001;
		let points: u128 = (0..2)
			.map(|stage| spec.stage_cost(stage).unwrap())
			.map(|cost| cost.per_sample * 1_000_001 + cost.per_step * 125_001)
			.sum();
		assert_eq!(spec.most_shares(), Some(U256::from(16 * points)));
		// The dearest schedule that fits, and the next one
		let (mut fits, mut fails) = (1, u64::MAX);
		let at = |samples| {
			let mut spec = valid();
			spec.shares.per_teraflop = u64::MAX;
			spec.schedule.points[1].samples = samples;
			spec
		};
		while fails - fits > 1 {
			let middle = fits + (fails - fits) / 2;
			if at(middle).validate().is_ok() {
				fits = middle
			} else {
				fails = middle
			}
		}
		assert!(at(fits).most_shares().unwrap() < U256::from(MAX_SUPPLY));
		assert!(at(fails).most_shares().unwrap() >= U256::from(MAX_SUPPLY));
		assert_eq!(at(fails).validate(), Err(SpecError::TooManyShares));
	}

	#[test]
	fn the_largest_decay_is_the_last_below_one_in_binary32() {
		let single = |nano: Nano| (f64::from(nano.0) / 1e9) as f32;
		assert!(single(LARGEST_DECAY) < 1.0);
		assert_eq!(single(Nano(LARGEST_DECAY.0 + 1)), 1.0);
		let mut spec = valid();
		set_beta1(&mut spec, LARGEST_DECAY.0);
		spec.outer.momentum = LARGEST_DECAY;
		assert_eq!(spec.validate(), Ok(()));
	}

	fn set_beta1(spec: &mut ModelSpec, value: u32) {
		if let InnerOptimizer::AdamW { beta1, .. } = &mut spec.inner {
			*beta1 = Nano(value);
		}
	}

	fn set_beta2(spec: &mut ModelSpec, value: u32) {
		if let InnerOptimizer::AdamW { beta2, .. } = &mut spec.inner {
			*beta2 = Nano(value);
		}
	}

	fn muon(momentum: u32, carry: bool) -> InnerOptimizer {
		InnerOptimizer::Muon {
			momentum: Nano(momentum),
			weight_decay: Nano::ZERO,
			clip: Nano::ONE,
			rest: Nano::ONE,
			carry,
		}
	}
}
