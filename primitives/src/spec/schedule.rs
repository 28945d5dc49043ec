//! Batch size and learning rate, indexed by the samples that the chain has accepted, not by windows: a poor window delays
//! training, it does not skip it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::ConstU32;
use sp_runtime::BoundedVec;

use super::Nano;

/// Most points of a schedule.
pub const MAX_SCHEDULE_POINTS: u32 = 32;

/// Where the schedule stands from a number of samples on.
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
pub struct SchedulePoint {
	/// Accepted samples at which this point is reached.
	pub samples: u64,
	/// Samples of one lane in one step from here on; a multiple of the microbatch.
	pub batch: u32,
	/// Learning rate here; between two points it is interpolated linearly.
	pub learning_rate: Nano,
}

/// The course of training.
#[derive(
	Clone,
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
pub struct Schedule {
	/// Samples that cross an edge together. It decides block boundaries of sums over tokens, hence bits.
	pub microbatch: u16,
	/// At least two points, ascending from 0 samples; the last one ends training.
	pub points: BoundedVec<SchedulePoint, ConstU32<MAX_SCHEDULE_POINTS>>,
}

impl Schedule {
	/// Samples of the whole training.
	pub fn total_samples(&self) -> u64 {
		self.points.last().map_or(0, |point| point.samples)
	}

	/// Samples of one lane in one step when `samples` have been accepted.
	pub fn batch_at(&self, samples: u64) -> u32 {
		self.points
			.iter()
			.take_while(|point| point.samples <= samples)
			.last()
			.map_or(0, |point| point.batch)
	}

	/// Learning rate when `samples` have been accepted, rounded down to 10⁻⁹.
	pub fn learning_rate_at(&self, samples: u64) -> Nano {
		let mut before: Option<&SchedulePoint> = None;
		for point in &self.points {
			if point.samples > samples {
				return before
					.map_or(point.learning_rate, |from| interpolate(from, point, samples));
			}
			before = Some(point);
		}
		before.map_or(Nano::ZERO, |last| last.learning_rate)
	}
}

/// The learning rate between two points; `from.samples ≤ samples < to.samples`.
fn interpolate(from: &SchedulePoint, to: &SchedulePoint, samples: u64) -> Nano {
	let span = u128::from(to.samples.saturating_sub(from.samples).max(1)); // to lies behind from
	let done = u128::from(samples.saturating_sub(from.samples)).min(span);
	let weighted = u128::from(from.learning_rate.0)
		.saturating_mul(span.saturating_sub(done)) // 32 + 64 bits: cannot saturate
		.saturating_add(u128::from(to.learning_rate.0).saturating_mul(done));
	let rate = weighted.checked_div(span).unwrap_or(0);
	Nano(u32::try_from(rate).unwrap_or(u32::MAX)) // a mean of two u32 fits u32
}

#[cfg(test)]
mod tests {
	use super::*;

	fn warm_up_and_decay() -> Schedule {
		let point = |samples, batch, learning_rate| SchedulePoint {
			samples,
			batch,
			learning_rate: Nano(learning_rate),
		};
		Schedule {
			microbatch: 2,
			points: vec![point(0, 4, 0), point(100, 8, 300_000), point(1_100, 8, 0)]
				.try_into()
				.unwrap(),
		}
	}

	#[test]
	fn learning_rate_is_interpolated_and_batch_is_stepwise() {
		let schedule = warm_up_and_decay();
		let at = |samples| (schedule.batch_at(samples), schedule.learning_rate_at(samples).0);
		assert_eq!(at(0), (4, 0));
		assert_eq!(at(50), (4, 150_000));
		assert_eq!(at(99), (4, 297_000));
		assert_eq!(at(100), (8, 300_000));
		assert_eq!(at(600), (8, 150_000));
		assert_eq!(at(1_100), (8, 0));
		assert_eq!(at(u64::MAX), (8, 0));
		assert_eq!(schedule.total_samples(), 1_100);
	}
}
