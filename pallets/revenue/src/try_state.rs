//! What is true after every block.

use alloc::collections::BTreeMap;

use cairn_primitives::{Balance, ModelId};
use frame_support::{
	ensure,
	traits::fungible::{Inspect, InspectHold},
};
use sp_core::U256;
use sp_runtime::{traits::Zero, TryRuntimeError};

use crate::{
	accumulator::SCALE, AccountIdOf, Config, HoldReason, Holders, Pallet, Pool, Pools, MAX_SUPPLY,
};

/// What the rows of one model add up to.
#[derive(Default)]
struct Rows {
	shares: U256,
	credit: U256,
	/// Fractions and what is not settled, in 2⁻⁶⁴ units.
	fine: U256,
}

impl<T: Config> Pallet<T> {
	/// The invariants of this pallet.
	///
	/// 1. Income = paid + royalties + unallocated + due + unstreamed + credits + (fractions + remainder + what is not
	///    settled) / 2⁶⁴, exactly, for every model.
	/// 2. The shares of all rows are the supply, which is within its bound.
	/// 3. Every row belongs to a pool, was settled no later than now, and is not spent.
	/// 4. Nothing is unallocated where there are shares; no stream released more than all, or ends before it starts.
	/// 5. The pot holds all that is owed, and its existential deposit.
	/// 6. On every account as much is held as the rows say that it paid.
	/// 7. What forks passed on has arrived: a parent's income is not less than the sum.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut rows = Self::sum_rows()?;
		let mut owed = U256::zero();
		let mut royalties = BTreeMap::<ModelId, U256>::new();
		for (model, pool) in Pools::<T>::iter() {
			Self::check_pool(&pool, &rows.remove(&model).unwrap_or_default())?;
			owed = add(owed, pool.owed().ok_or("5: a model paid more than came in")?)?;
			if let Some(royalty) = pool.royalty {
				let sum = royalties.entry(royalty.parent).or_default();
				*sum = add(*sum, pool.royalties)?;
			}
		}
		ensure!(rows.is_empty(), "3: a row belongs to no pool");
		let funds = U256::from(T::Currency::total_balance(&Self::pot()));
		ensure!(
			funds >= add(owed, T::Currency::minimum_balance())?,
			"5: the pot owes more than it holds"
		);
		for (parent, sum) in royalties {
			let income = Pools::<T>::get(parent).map_or(0, |pool| pool.income);
			ensure!(sum <= income.into(), "7: a royalty did not arrive");
		}
		Self::check_deposits()
	}

	fn sum_rows() -> Result<BTreeMap<ModelId, Rows>, TryRuntimeError> {
		let mut sums = BTreeMap::<ModelId, Rows>::new();
		for (model, _, row) in Holders::<T>::iter() {
			ensure!(!row.is_spent(), "3: a spent row was kept");
			let pool = Pools::<T>::get(model).ok_or("3: a row belongs to no pool")?;
			let unsettled = pool
				.acc
				.checked_sub(row.acc)
				.ok_or("3: a row was settled in the future")?
				.checked_mul(row.shares.into())
				.ok_or("1: a row earned more than there can be")?;
			let rows = sums.entry(model).or_default();
			rows.shares = add(rows.shares, row.shares)?;
			rows.credit = add(rows.credit, row.credit)?;
			rows.fine = add(add(rows.fine, unsettled)?, row.fraction)?;
		}
		Ok(sums)
	}

	fn check_pool(pool: &Pool, rows: &Rows) -> Result<(), TryRuntimeError> {
		let stream = &pool.stream;
		let mut whole = rows.credit;
		for part in [pool.paid, pool.royalties, pool.unallocated, pool.due, stream.left()] {
			whole = add(whole, part)?;
		}
		let too_much = "1: a model has more than there can be";
		let fine = whole.checked_mul(SCALE).ok_or(too_much)?;
		let accounted = add(add(fine, rows.fine)?, pool.rem)?;
		let income = U256::from(pool.income).checked_mul(SCALE).ok_or(too_much)?;
		ensure!(accounted == income, "1: income was lost, or made up");
		ensure!(rows.shares == pool.supply.into(), "2: the shares of all rows are not the supply");
		ensure!(pool.supply <= MAX_SUPPLY, "2: the supply is above its bound");
		ensure!(
			pool.supply.is_zero() || pool.unallocated.is_zero(),
			"4: income waits although there are shares"
		);
		ensure!(stream.released <= stream.total, "4: a stream released more than all");
		ensure!(stream.end >> 32 >= stream.start.into(), "4: a stream ends before it starts");
		Ok(())
	}

	fn check_deposits() -> Result<(), TryRuntimeError> {
		let mut paid = BTreeMap::<AccountIdOf<T>, U256>::new();
		for (_, _, row) in Holders::<T>::iter() {
			if let Some(deposit) = row.deposit {
				let sum = paid.entry(deposit.payer).or_default();
				*sum = add(*sum, deposit.amount)?;
			}
		}
		// Whoever else has funds on hold here has a row or an account; accounts are all there are.
		for (who, _) in frame_system::Account::<T>::iter() {
			let held: Balance = T::Currency::balance_on_hold(&HoldReason::ShareHolder.into(), &who);
			let due = paid.remove(&who).unwrap_or_default();
			ensure!(due == held.into(), "6: a deposit is not the amount on hold");
		}
		ensure!(paid.is_empty(), "6: a deposit is not the amount on hold");
		Ok(())
	}
}

fn add(sum: U256, part: impl Into<U256>) -> Result<U256, TryRuntimeError> {
	Ok(sum.checked_add(part.into()).ok_or("1: a model has more than there can be")?)
}
