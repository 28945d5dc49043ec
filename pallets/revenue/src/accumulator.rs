//! Reward per share, with nothing lost: pure arithmetic in 2⁻⁶⁴ units. The formulas are in the README.
//!
//! Every function returns `None` only where a result does not fit, which the bounds of [`crate::MAX_SUPPLY`] and
//! [`crate::MAX_INCOME`] exclude.

use cairn_primitives::Balance;
use sp_core::U256;
use sp_runtime::Permill;

use crate::{Holder, Pool};

/// Parts that a unit of money is divided into: 2⁶⁴.
pub const SCALE: U256 = U256([0, 1, 0, 0]);

/// Share `amount` out over `supply` shares: the new accumulator, and the new remainder. `None` if there are no shares.
pub fn distribute(
	acc: U256,
	rem: Balance,
	supply: Balance,
	amount: Balance,
) -> Option<(U256, Balance)> {
	let fine = U256::from(amount).checked_mul(SCALE)?.checked_add(rem.into())?;
	let per_share = fine.checked_div(supply.into())?;
	let rem = Balance::try_from(fine.checked_rem(supply.into())?).ok()?;
	Some((acc.checked_add(per_share)?, rem))
}

/// What `shares` earned while the accumulator rose from `from` to `to`, with the fraction that was left before: whole
/// units, and the new fraction.
pub fn earned(shares: Balance, from: U256, to: U256, fraction: u64) -> Option<(Balance, u64)> {
	let fine = to.checked_sub(from)?.checked_mul(shares.into())?.checked_add(fraction.into())?;
	let whole = Balance::try_from(fine.checked_div(SCALE)?).ok()?;
	Some((whole, fine.low_u64()))
}

/// `part` of `amount`, with the millionths of a unit that were left before: whole units, and what is left now.
/// Never more than `amount`.
pub fn royalty(amount: Balance, part: Permill, carry: u32) -> Option<(Balance, u32)> {
	let million = U256::from(Permill::one().deconstruct());
	let parts =
		U256::from(amount).checked_mul(part.deconstruct().into())?.checked_add(carry.into())?;
	let whole = Balance::try_from(parts.checked_div(million)?).ok()?;
	Some((whole, parts.checked_rem(million)?.low_u32()))
}

/// A pool after a fold.
pub struct Folded {
	/// The pool.
	pub pool: Pool,
	/// What was shared out, royalty included.
	pub amount: Balance,
	/// What is to be passed on to the parent.
	pub royalty: Balance,
}

impl Pool {
	/// Share out what the stream has released, of which the parent gets the part `due`; without shares it waits, unallocated.
	pub fn fold(self, now: u32, due: Permill) -> Option<Folded> {
		let (stream, released) = self.stream.advance(now);
		let amount = self.due.checked_add(released)?;
		let pool = Pool { stream, due: 0, folded_at: now, ..self };
		if self.supply == 0 {
			let unallocated = self.unallocated.checked_add(amount)?;
			return Some(Folded { pool: Pool { unallocated, ..pool }, amount, royalty: 0 });
		}
		let (royalty, royalty_carry) = royalty(amount, due, self.royalty_carry)?;
		let own = amount.checked_sub(royalty)?;
		let (acc, rem) = distribute(self.acc, self.rem, self.supply, own)?;
		let royalties = self.royalties.checked_add(royalty)?;
		Some(Folded { pool: Pool { acc, rem, royalties, royalty_carry, ..pool }, amount, royalty })
	}

	/// Take in income: it streams over `period` blocks from now on, or waits where there are no shares.
	pub fn receive(self, amount: Balance, now: u32, period: u32) -> Option<Pool> {
		let income = self.income.checked_add(amount)?;
		let pool = Pool { income, ..self };
		if self.supply == 0 {
			return Some(Pool { unallocated: self.unallocated.checked_add(amount)?, ..pool });
		}
		pool.stream(amount, now, period)
	}

	/// Change the supply of a pool that was folded in this block. With the first shares, income that waited begins to
	/// stream, so that whoever is first does not get all of it at once.
	pub fn resize(self, supply: Balance, now: u32, period: u32) -> Option<Pool> {
		let pool = Pool { supply, ..self };
		if supply == 0 {
			return Some(pool);
		}
		Pool { unallocated: 0, ..pool }.stream(self.unallocated, now, period)
	}

	/// What came in and is neither paid out nor passed on: what the pot owes.
	pub fn owed(&self) -> Option<Balance> {
		self.income.checked_sub(self.paid)?.checked_sub(self.royalties)
	}

	fn stream(self, amount: Balance, now: u32, period: u32) -> Option<Pool> {
		let (stream, released) = self.stream.join(amount, now, period)?;
		Some(Pool { stream, due: self.due.checked_add(released)?, ..self })
	}
}

impl<AccountId> Holder<AccountId> {
	/// A row without shares in a pool.
	pub fn new(pool: &Pool) -> Self {
		Holder { shares: 0, acc: pool.acc, fraction: 0, credit: 0, deposit: None }
	}

	/// Credit what the shares earned since the last settlement.
	pub fn settle(self, pool: &Pool) -> Option<Self> {
		let (whole, fraction) = earned(self.shares, self.acc, pool.acc, self.fraction)?;
		let credit = self.credit.checked_add(whole)?;
		Some(Holder { acc: pool.acc, fraction, credit, ..self })
	}

	/// Whether nothing is left in it but a fraction of a unit.
	pub fn is_spent(&self) -> bool {
		self.shares == 0 && self.credit == 0
	}
}
