//! From verified work to shares.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::U256;
use sp_runtime::Permill;

use crate::{Balance, Points};

/// How many shares verified work mints. Constant per FLOP, so that nobody gains when others stall; optionally falling
/// with progress, so that early risk pays more.
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
pub struct ShareRate {
	/// Smallest units of shares per 10¹² FLOPs at the start of training.
	pub per_teraflop: u64,
	/// The rate at the end of training relative to the start; between them it falls linearly with accepted samples.
	pub at_end: Permill,
}

impl ShareRate {
	/// Shares for `points` of work done when `samples` of `total` samples had been accepted, rounded down.
	pub fn shares(&self, points: Points, samples: u64, total: u64) -> Balance {
		let million = u64::from(Permill::one().deconstruct());
		let fall = million.saturating_sub(u64::from(self.at_end.deconstruct())); // at_end ≤ one
		let progress = samples.min(total);
		// rate = per_teraflop · (1 − fall · progress / total), kept as a fraction until the last division
		let total = u128::from(total.max(1));
		let weight = u128::from(million)
			.saturating_mul(total)
			.saturating_sub(u128::from(fall).saturating_mul(u128::from(progress))); // < 2⁸⁴: cannot saturate
		let numerator = U256::from(points)
			.checked_mul(U256::from(self.per_teraflop))
			.and_then(|n| n.checked_mul(U256::from(weight)));
		let denominator = U256::from(1_000_000_000_000u64)
			.checked_mul(U256::from(million))
			.and_then(|d| d.checked_mul(U256::from(total)));
		match (numerator, denominator) {
			(Some(n), Some(d)) => n
				.checked_div(d)
				.and_then(|shares| Balance::try_from(shares).ok())
				.unwrap_or(Balance::MAX),
			// Work beyond 2¹⁰⁰ FLOPs: more than any unit can hold.
			_ => Balance::MAX,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_rate_is_constant_per_flop_and_falls_linearly_with_progress() {
		let rate = ShareRate { per_teraflop: 1_000, at_end: Permill::from_percent(50) };
		let tera = 1_000_000_000_000u128;
		assert_eq!(rate.shares(tera, 0, 100), 1_000);
		assert_eq!(rate.shares(5 * tera, 0, 100), 5_000);
		assert_eq!(rate.shares(tera, 50, 100), 750);
		assert_eq!(rate.shares(tera, 100, 100), 500);
		assert_eq!(rate.shares(tera, 900, 100), 500);
		assert_eq!(rate.shares(tera / 1_001, 0, 100), 0);
	}
}
