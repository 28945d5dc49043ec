//! The pure arithmetic of streams.

use cairn_primitives::Balance;
use proptest::prelude::*;

use crate::Stream;

const BLOCK: u64 = 1 << 32;

fn stream(amount: Balance, now: u32, period: u32) -> Stream {
	Stream::default().join(amount, now, period).unwrap().0
}

#[test]
fn a_stream_releases_linearly_and_then_all() {
	let fresh = stream(1_000, 10, 100);
	assert_eq!(fresh.end, 110 * BLOCK);
	for (now, released) in [(10, 0), (11, 10), (60, 500), (109, 990), (110, 1_000), (999, 1_000)] {
		assert_eq!(fresh.advance(now).1, released);
	}
	let (half, released) = fresh.advance(60);
	assert_eq!((released, half.left()), (500, 500));
	assert_eq!(half.advance(60), (half, 0));
}

#[test]
fn a_stream_of_less_than_a_unit_a_block_is_not_lost() {
	let mut thin = stream(3, 0, 100);
	let mut released = Vec::new();
	for now in 0..=100 {
		let (next, news) = thin.advance(now);
		thin = next;
		if news > 0 {
			released.push((now, news));
		}
	}
	assert_eq!(released, [(34, 1), (67, 1), (100, 1)]);
}

#[test]
fn a_deposit_moves_the_end_to_the_mean_weighted_by_money() {
	// GIVEN 100 units left for 10 blocks
	let old = stream(1_000, 0, 100).advance(90).0;
	// WHEN 300 come, for 50 blocks
	let (new, released) = old.join(300, 90, 50).unwrap();
	// THEN (100 · 10 + 300 · 50) / 400 = 40
	assert_eq!((new.total, new.left(), new.end, released), (400, 400, 130 * BLOCK, 0));
	// and what was released by then, but not asked for, is handed out with the deposit.
	assert_eq!(stream(1_000, 0, 100).join(300, 90, 50), Some((new, 900)));
}

#[test]
fn a_deposit_of_nothing_changes_nothing() {
	let old = stream(1_000, 0, 100);
	assert_eq!(old.join(0, 0, 100), Some((old, 0)));
	assert_eq!(Stream::default().join(0, 5, 100), Some((Stream::default(), 0)));
}

#[test]
fn a_deposit_after_the_end_streams_over_a_whole_period() {
	let (new, released) = stream(1_000, 0, 100).join(7, 5_000, 100).unwrap();
	assert_eq!((new.total, new.end, released), (7, 5_100 * BLOCK, 1_000));
}

#[test]
fn dust_does_not_hold_up_a_large_stream() {
	let mut large = stream(1_000_000_000_000, 0, 100).advance(50).0;
	for _ in 0..100_000 {
		large = large.join(1, 50, 100).unwrap().0;
	}
	// A ten-millionth of the money for 50 blocks more is 10⁻⁵ blocks, and rounding adds 10⁵ · 2⁻³² at most.
	assert!(large.end > 100 * BLOCK);
	assert!(large.end - 100 * BLOCK < BLOCK / 20_000);
}

#[test]
fn a_deposit_in_a_thousand_pieces_streams_like_a_whole_one() {
	// GIVEN a stream with one block to go, which whoever deposits would like to join without prolonging it
	let old = stream(100_000_000, 0, 100).advance(99).0;
	let whole = old.join(50_000_000, 99, 100).unwrap().0;
	let mut pieces = old;
	for _ in 0..1_000 {
		pieces = pieces.join(50_000, 99, 100).unwrap().0;
	}
	assert_eq!(pieces.total, whole.total);
	assert!(pieces.end >= whole.end && pieces.end - whole.end <= 1_000);
}

#[test]
fn without_a_period_income_is_released_at_once() {
	let (now, released) = stream(1_000, 5, 0).advance(5);
	assert_eq!((now.left(), released), (0, 1_000));
}

#[test]
fn the_largest_amounts_at_the_end_of_time_fit() {
	let half = Balance::MAX / 2;
	let (both, released) =
		stream(half, u32::MAX - 1, u32::MAX).join(half, u32::MAX, u32::MAX).unwrap();
	// The end was cut to the last moment that there is, less than a block away.
	assert_eq!(both.end, u64::MAX);
	assert_eq!(both.total + released, half * 2);
	assert_eq!(both.join(Balance::MAX, u32::MAX, 1), None);

	let long = stream(Balance::MAX, 0, u32::MAX);
	let (rest, released) = long.advance(u32::MAX - 1);
	assert_eq!(released + rest.left(), Balance::MAX);
	assert_eq!(rest.advance(u32::MAX).1, rest.left());
}

proptest! {
	#[test]
	fn how_often_a_stream_is_asked_does_not_matter(
		amount in 1..=u128::MAX,
		period in 1..=50_000u32,
		mut times in prop::collection::vec(0..60_000u32, 1..50),
	) {
		times.sort_unstable();
		let fresh = stream(amount, 0, period);
		let (mut often, mut sum) = (fresh, 0);
		for now in times {
			let (next, released) = often.advance(now);
			(often, sum) = (next, sum + released);
			prop_assert_eq!((often, sum), fresh.advance(now));
			prop_assert_eq!(often.left() + sum, amount);
		}
	}

	#[test]
	fn streams_that_merge_lose_nothing_and_end_within_a_period(
		steps in prop::collection::vec((0..1_000u32, 0..=1u128 << 120, 0..=30_000u32), 1..50),
	) {
		let (mut merged, mut now, mut income, mut released, mut longest) =
			(Stream::default(), 0, 0, 0, 0);
		for (blocks, amount, period) in steps {
			now += blocks;
			longest = longest.max(period);
			let (next, news) = merged.join(amount, now, period).unwrap();
			(merged, income, released) = (next, income + amount, released + news);
			prop_assert_eq!(merged.left() + released, income);
			prop_assert!(merged.end <= u64::from(now + longest) * BLOCK);
		}
		prop_assert_eq!(merged.advance(now + longest).1 + released, income);
	}
}
