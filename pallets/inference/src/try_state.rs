//! What is true after every block.

use alloc::collections::BTreeMap;

use cairn_primitives::{traits::Models, Balance};
use frame_support::{
	ensure,
	traits::fungible::{Inspect, InspectHold},
};
use sp_runtime::TryRuntimeError;

use crate::{
	AccountIdOf, Channels, Config, Hired, HoldReason, NextChannel, OpenChannels, Pallet, Served,
};

impl<T: Config> Pallet<T> {
	/// The invariants of this pallet.
	///
	/// 1. What is on hold for an account is the sum of the deposits of its channels.
	/// 2. The index names exactly the channels that are not being settled, each under its client, model and lane.
	/// 3. A settlement pays at most the deposit.
	/// 4. Who was hired is known of exactly the channels there are, one for each stage.
	/// 5. Who served is known of exactly the channels that are being settled, one for each stage.
	/// 6. Every channel's number is below the next one.
	/// 7. The pot is alive.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_holds()?;
		Self::check_rows()?;
		let pot = T::Currency::total_balance(&Self::pot());
		ensure!(pot >= T::Currency::minimum_balance(), "7: the pot is dead");
		Ok(())
	}

	fn check_holds() -> Result<(), TryRuntimeError> {
		let mut deposits = BTreeMap::<AccountIdOf<T>, Balance>::new();
		for channel in Channels::<T>::iter_values() {
			let sum = deposits.entry(channel.client).or_default();
			*sum = sum.checked_add(channel.deposit).ok_or("1: deposits overflow")?;
		}
		let reason = HoldReason::Channel.into();
		for (who, deposits) in &deposits {
			let held = T::Currency::balance_on_hold(&reason, who);
			ensure!(held == *deposits, "1: the deposits of an account are not what it has on hold");
		}
		for who in frame_system::Account::<T>::iter_keys() {
			let held = T::Currency::balance_on_hold(&reason, &who);
			ensure!(
				held == 0 || deposits.contains_key(&who),
				"1: an account without a channel has something on hold"
			);
		}
		Ok(())
	}

	fn check_rows() -> Result<(), TryRuntimeError> {
		let (mut open, mut settling) = (0usize, 0usize);
		for (id, channel) in Channels::<T>::iter() {
			let hired = Hired::<T>::get(id).ok_or("4: who was hired is not known")?;
			let stages = T::Models::spec(channel.model).map(|spec| spec.stages.len());
			ensure!(stages == Some(hired.len()), "4: a stage has nobody who was hired, or two");
			ensure!(id < NextChannel::<T>::get(), "6: a channel is numbered too high");
			match &channel.settlement {
				None => {
					open = open.saturating_add(1); // a count of rows
					let key = (&channel.client, channel.model, channel.lane);
					ensure!(
						OpenChannels::<T>::get(key) == Some(id),
						"2: an open channel is not in the index"
					);
				},
				Some(settlement) => {
					settling = settling.saturating_add(1); // a count of rows
					ensure!(settlement.best <= channel.deposit, "3: more is paid than is there");
					let served = Served::<T>::get(id).ok_or("5: who served is not known")?;
					ensure!(
						stages == Some(served.len()),
						"5: a stage has nobody who served, or two"
					);
				},
			}
		}
		let indexed = OpenChannels::<T>::iter_keys().count();
		ensure!(indexed == open, "2: the index names a channel that is not open");
		let hired = Hired::<T>::iter_keys().count();
		let channels = open.saturating_add(settling); // counts of rows
		ensure!(hired == channels, "4: who was hired is known of a channel that is closed");
		let served = Served::<T>::iter_keys().count();
		ensure!(
			served == settling,
			"5: who served is known of a channel that is not being settled"
		);
		Ok(())
	}
}
