//! When a packet leaves a link, if it does.

use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Link;

/// A queue holds at least so many bytes.
const QUEUE_BYTES: u64 = 32 * 1024;

/// One direction of a link. Keeps no packets: it only tells when each would leave.
#[derive(Debug)]
pub(super) struct Shaper {
	link: Link,
	/// The longest that a packet may wait for bandwidth.
	queue: Duration,
	/// When the last packet that was let in has passed.
	free_at: Option<Instant>,
	/// Seeded alike everywhere: a run loses the same packets again.
	random: ChaCha8Rng,
}

impl Shaper {
	pub(super) fn new(link: Link) -> Self {
		let queue = link
			.bandwidth
			.map_or(Link::QUEUE, |bits| Link::QUEUE.max(transmission(QUEUE_BYTES, bits)));
		Self { link, queue, free_at: None, random: ChaCha8Rng::seed_from_u64(0) }
	}

	/// When a packet of so many bytes that arrives now comes out at the other end; none if it is lost.
	pub(super) fn admit(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
		let start = self.free_at.map_or(now, |free_at| free_at.max(now));
		if start - now > self.queue {
			return None;
		}
		let passed = match self.link.bandwidth {
			Some(bits) => start + transmission(bytes as u64, bits),
			None => now,
		};
		self.free_at = Some(passed);
		// A packet that is lost on the way has used bandwidth all the same.
		let is_lost = self.link.loss > 0.0 && self.random.gen_bool(self.link.loss);
		(!is_lost).then(|| passed + self.link.latency)
	}
}

/// How long so many bytes take at so many bits per second.
fn transmission(bytes: u64, bits: u64) -> Duration {
	Duration::from_secs_f64(bytes as f64 * 8.0 / bits as f64)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn shaper(link: &str) -> Shaper {
		Shaper::new(link.parse().unwrap())
	}

	#[test]
	fn packets_leave_at_the_bandwidth_and_after_the_latency() {
		let mut shaper = shaper("8mbit,50ms");
		let now = Instant::now();
		let delay = |at: Option<Instant>| (at.unwrap() - now).as_micros();
		assert_eq!(delay(shaper.admit(now, 1000)), 51_000);
		assert_eq!(delay(shaper.admit(now, 1000)), 52_000);
		let later = now + Duration::from_millis(10);
		assert_eq!(delay(shaper.admit(later, 1000)), 61_000);
	}

	#[test]
	fn packets_that_find_the_queue_full_are_dropped() {
		let mut shaper = shaper("8mbit");
		let now = Instant::now();
		let kept = (0..100).filter(|_| shaper.admit(now, 1000).is_some()).count();
		// One on the wire and 50 ms behind it.
		assert_eq!(kept, 51);
		assert!(shaper.admit(now + Duration::from_millis(2), 1000).is_some());
	}

	#[test]
	fn a_share_of_packets_is_lost() {
		let mut shaper = shaper("1gbit,10%");
		let start = Instant::now();
		let kept = (0..10_000u64)
			.filter(|i| shaper.admit(start + Duration::from_millis(*i), 1000).is_some())
			.count();
		assert!((8_850..9_150).contains(&kept), "{kept}"); // five standard deviations
	}
}
