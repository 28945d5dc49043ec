//! This machine's clock against the chain's. Work goes by blocks and needs no clock, but logs, metrics and the node beside it do.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cairn_chain::{views::State, Connection, ViewError};
use cairn_primitives::BlockNumber;

/// What is told. Blocks become final some seconds after they were made, and clocks of their authors are not exact, either.
const TOLERANCE: Duration = Duration::from_secs(120);

/// Looks at the clock once.
#[derive(Debug, Default)]
pub struct ClockCheck {
	/// The height that was final at first: for how long, nobody knows.
	first: Option<BlockNumber>,
	is_done: bool,
}

impl ClockCheck {
	/// Hold the clock against a block that has just become final, unless the node fetches old ones; what is wrong, if anything is.
	pub async fn look(
		&mut self,
		connection: &Connection,
		state: &State,
	) -> Result<Option<String>, ViewError> {
		let first = *self.first.get_or_insert(state.height());
		if self.is_done || state.height() == first || connection.node().await?.is_syncing {
			return Ok(None);
		}
		self.is_done = true;
		let made_at = state.made_at().await?;
		Ok(made_at.and_then(|made_at| complaint(made_at, SystemTime::now())))
	}
}

/// What is wrong with a clock, if a block that has just become final was made then.
fn complaint(made_at: Duration, now: SystemTime) -> Option<String> {
	let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
	let difference = now.abs_diff(made_at);
	let minutes = difference.as_secs() / 60;
	let direction = if now > made_at { "ahead of" } else { "behind" };
	(difference > TOLERANCE).then(|| {
		format!(
			"this machine's clock is {minutes} min {direction} the chain's: work goes on by blocks, but the times of logs and metrics are wrong, and a \
			 validator could not work here. Set the clock, with `timedatectl set-ntp true` for example"
		)
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn clocks_that_are_minutes_off_are_told() {
		let made_at = Duration::from_secs(1_800_000_000);
		let at = |seconds: i64| {
			let now = made_at.as_secs().checked_add_signed(seconds).unwrap();
			complaint(made_at, UNIX_EPOCH + Duration::from_secs(now))
		};
		for right in [-120, 0, 8, 120] {
			assert_eq!(at(right), None, "{right}");
		}
		assert!(at(3_600).unwrap().contains("60 min ahead of the chain's"));
		assert!(at(-600).unwrap().contains("10 min behind the chain's"));
		// A machine whose clock begins in 1970, as those without a battery do.
		assert!(complaint(made_at, UNIX_EPOCH - Duration::from_secs(1)).is_some());
	}
}
