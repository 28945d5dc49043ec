//! Pauses between tries.

use std::time::Duration;

/// Pauses that double, from a quarter of a second to a quarter of a minute.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
	next: Duration,
}

impl Backoff {
	const FIRST: Duration = Duration::from_millis(250);
	const LONGEST: Duration = Duration::from_secs(15);

	/// The pauses from the first one on.
	pub(crate) fn new() -> Self {
		Self { next: Self::FIRST }
	}

	/// Pause, longer than the last time.
	pub(crate) async fn pause(&mut self) {
		tokio::time::sleep(self.advance()).await;
	}

	fn advance(&mut self) -> Duration {
		let pause = self.next;
		self.next = pause.saturating_mul(2).min(Self::LONGEST);
		pause
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn pauses_double_up_to_the_longest() {
		let mut backoff = Backoff::new();
		let pauses: Vec<_> = (0..9).map(|_| backoff.advance().as_millis()).collect();
		assert_eq!(pauses, [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
	}
}
