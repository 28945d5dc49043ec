//! Linear streams: pure arithmetic. The formulas are in the README.

use cairn_primitives::{Balance, BlockNumber};
use sp_core::U256;

use crate::Stream;

/// Parts that a block is divided into: 2³². Finer than any number of deposits in one block could exploit by rounding.
const TICKS: u64 = 1 << 32;

/// The beginning of a block, or the length of that many blocks.
fn ticks(blocks: BlockNumber) -> u64 {
	u64::from(blocks).saturating_mul(TICKS) // < 2³² · 2³²: cannot saturate
}

impl Stream {
	/// What is not released yet.
	pub fn left(&self) -> Balance {
		self.total.saturating_sub(self.released) // never more than the total is released
	}

	/// Let time pass: the stream now, and what it released since it was asked last.
	pub fn advance(self, now: BlockNumber) -> (Stream, Balance) {
		let released = self.released_by(now).max(self.released);
		let news = released.saturating_sub(self.released); // the maximum of both, less one
		(Stream { released, ..self }, news)
	}

	/// Add income to what is left. The new stream ends at the mean of both ends, weighted by money. Returns also what
	/// the stream released up to now. `None` if the total does not fit.
	pub fn join(
		self,
		amount: Balance,
		now: BlockNumber,
		period: BlockNumber,
	) -> Option<(Stream, Balance)> {
		let (stream, released) = self.advance(now);
		if amount == 0 {
			return Some((stream, released));
		}
		let left = stream.left();
		let total = left.checked_add(amount)?;
		let remaining = stream.end.saturating_sub(ticks(now)); // nothing, if it is over
		let weighted = U256::from(left)
			.checked_mul(remaining.into())?
			.checked_add(U256::from(amount).checked_mul(ticks(period).into())?)?;
		let up = U256::from(total).checked_sub(U256::one())?;
		let span = weighted.checked_add(up)?.checked_div(total.into())?;
		let end = ticks(now).saturating_add(u64::try_from(span).ok()?); // at worst the last block there can be
		Some((Stream { total, released: 0, start: now, end }, released))
	}

	/// What is released in all by the beginning of block `now`.
	fn released_by(&self, now: BlockNumber) -> Balance {
		let (now, start) = (ticks(now), ticks(self.start));
		let elapsed = U256::from(now.saturating_sub(start)); // a stream never starts in the future
		let span = U256::from(self.end.saturating_sub(start)); // nor ends before it starts
		if now >= self.end {
			return self.total;
		}
		// elapsed < span: the quotient is less than the total, and the product fits 128 + 64 bits.
		U256::from(self.total)
			.checked_mul(elapsed)
			.and_then(|product| product.checked_div(span))
			.and_then(|released| Balance::try_from(released).ok())
			.unwrap_or(self.total)
	}
}
