//! Blocks as people count time.

use cairn_primitives::{BlockNumber, MILLISECONDS_PER_BLOCK};

/// How long so many blocks take: `20 blocks (1 min)`.
pub fn blocks(count: BlockNumber) -> String {
	let unit = if count == 1 { "block" } else { "blocks" };
	format!("{count} {unit} ({})", duration(count))
}

/// When a block comes, seen from another: `block 120, in 20 blocks (1 min)`.
pub fn at(block: BlockNumber, now: BlockNumber) -> String {
	match block.checked_sub(now) {
		Some(0) => format!("block {block}, now"),
		Some(left) => format!("block {block}, in {}", blocks(left)),
		None => format!("block {block}, {} ago", blocks(now - block)),
	}
}

/// The time that so many blocks take.
fn duration(count: BlockNumber) -> String {
	let seconds = u64::from(count) * MILLISECONDS_PER_BLOCK / 1_000;
	let (minutes, hours) = (seconds as f64 / 60.0, seconds as f64 / 3_600.0);
	let text = |number: f64, unit: &str| {
		let number = format!("{number:.1}");
		format!("{} {unit}", number.trim_end_matches(".0"))
	};
	match seconds {
		..60 => format!("{seconds} s"),
		60..7_200 => text(minutes, "min"),
		7_200..172_800 => text(hours, "h"),
		_ => text(hours / 24.0, "days"),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn blocks_are_three_seconds_each() {
		let shown = [1, 20, 30, 3_000, 28_800, 2_592_000].map(blocks);
		assert_eq!(
			shown,
			[
				"1 block (3 s)",
				"20 blocks (1 min)",
				"30 blocks (1.5 min)",
				"3000 blocks (2.5 h)",
				"28800 blocks (24 h)",
				"2592000 blocks (90 days)"
			]
		);
		assert_eq!(at(30, 10), "block 30, in 20 blocks (1 min)");
		assert_eq!(at(10, 30), "block 10, 20 blocks (1 min) ago");
		assert_eq!(at(30, 30), "block 30, now");
	}
}
