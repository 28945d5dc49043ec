//! Lots: pure functions of a seed that nobody could know when the drawn thing was committed to.

use codec::Encode;
use sp_core::U256;
use sp_runtime::Permill;

use crate::{
	hash::{hash, Domain},
	Hash, LaneIndex, SeatIndex, StageIndex, MAX_LANES,
};

/// 256 uniform bits for (seed, purpose, what is drawn).
pub fn draw(domain: Domain, seed: Hash, what: &impl Encode) -> U256 {
	U256::from_big_endian(hash(domain, &(seed, what)).as_bytes())
}

/// A uniform number below `bound` (0 if `bound` is 0). The bias of the remainder is below 2⁻²²⁴.
pub fn below(drawn: U256, bound: u32) -> u32 {
	drawn.checked_rem(U256::from(bound)).map_or(0, |rest| rest.low_u32())
}

/// Whether an event of probability `rate` happens.
pub fn happens(drawn: U256, rate: Permill) -> bool {
	// Compares the top 128 bits as a fraction of 2¹²⁸; exact for 0 and for 1. Saturation: 128 + 20 bits.
	let U256([_, _, low, high]) = drawn;
	let top = U256([low, high, 0, 0]);
	let whole = U256([0, 0, 1, 0]);
	top.saturating_mul(U256::from(1_000_000u32))
		< whole.saturating_mul(U256::from(rate.deconstruct()))
}

/// The lane of each seat of a stage in the window of `seed`: a Fisher–Yates shuffle of `lanes` places, drawn for each
/// stage on its own, so that nobody chooses whom it works with.
pub fn lanes_of_seats(seed: Hash, stage: StageIndex, lanes: u8) -> alloc::vec::Vec<LaneIndex> {
	let lanes = lanes.min(MAX_LANES as u8);
	let mut order: alloc::vec::Vec<LaneIndex> = (0..lanes).collect();
	for last in (1..lanes).rev() {
		let drawn = draw(Domain::Lanes, seed, &(stage, last));
		let other = below(drawn, u32::from(last).saturating_add(1)); // last < 16: cannot saturate
		order.swap(usize::from(last), other as usize);
	}
	order
}

/// The seat of a stage that works in `lane` in the window of `seed`.
pub fn seat_in_lane(
	seed: Hash,
	stage: StageIndex,
	lanes: u8,
	lane: LaneIndex,
) -> Option<SeatIndex> {
	lanes_of_seats(seed, stage, lanes)
		.iter()
		.position(|drawn| *drawn == lane)
		.and_then(|seat| SeatIndex::try_from(seat).ok())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_seat_has_exactly_one_lane() {
		for lanes in 1..=16u8 {
			for round in 0..50u64 {
				let mut drawn = lanes_of_seats(Hash::from_low_u64_be(round), 3, lanes);
				drawn.sort_unstable();
				assert_eq!(drawn, (0..lanes).collect::<alloc::vec::Vec<_>>());
			}
		}
	}

	#[test]
	fn each_seat_reaches_each_lane_equally_often() {
		let mut counts = [[0u32; 4]; 4];
		for round in 0..4_000u64 {
			let lanes = lanes_of_seats(Hash::from_low_u64_be(round), 0, 4);
			for (seat, lane) in lanes.iter().enumerate() {
				counts[seat][usize::from(*lane)] += 1;
			}
		}
		// Binomial(4000, 1/4): mean 1000, deviation 27; five deviations.
		assert!(counts.iter().flatten().all(|n| (863..=1137).contains(n)), "{counts:?}");
	}

	#[test]
	fn stages_are_permuted_independently() {
		let differ = (0..100u64)
			.filter(|round| {
				let seed = Hash::from_low_u64_be(*round);
				lanes_of_seats(seed, 0, 8) != lanes_of_seats(seed, 1, 8)
			})
			.count();
		assert_eq!(differ, 100);
	}

	#[test]
	fn seat_in_lane_inverts_lanes_of_seats() {
		let seed = Hash::repeat_byte(7);
		for (seat, lane) in lanes_of_seats(seed, 2, 16).iter().enumerate() {
			assert_eq!(seat_in_lane(seed, 2, 16, *lane), Some(seat as u8));
		}
		assert_eq!(seat_in_lane(seed, 2, 16, 16), None);
	}

	#[test]
	fn rates_of_none_and_all_are_exact_and_others_hit_their_mean() {
		let lot = |round: u64| draw(Domain::AuditLot, Hash::from_low_u64_be(round), &0u8);
		assert!((0..1_000).all(|r| !happens(lot(r), Permill::zero())));
		assert!((0..1_000).all(|r| happens(lot(r), Permill::one())));
		assert!(happens(U256::MAX, Permill::one()));
		let hits = (0..10_000).filter(|r| happens(lot(*r), Permill::from_percent(5))).count();
		assert!((390..=610).contains(&hits), "{hits}");
	}
}
