//! The end of a channel: everyone gets their part of the deposit.

use alloc::vec::Vec;

use cairn_primitives::{
	traits::{Models, Shares},
	voucher::ChannelId,
	Balance, ModelId, ModelStatus, StageIndex,
};
use frame_support::{
	dispatch::{DispatchResultWithPostInfo, Pays, PostDispatchInfo},
	ensure,
	storage::with_storage_layer,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Get,
	},
};
use sp_runtime::{traits::AccountIdConversion, ArithmeticError, DispatchError, DispatchResult};

use crate::{
	split, AccountIdOf, Channel, Channels, Config, Error, Event, Hired, HoldReason, OpenChannels,
	Pallet, Served, WeightInfo,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_close(id: ChannelId) -> DispatchResultWithPostInfo {
		let channel = Self::channel_of(id)?;
		let settlement = channel.settlement.as_ref().ok_or(Error::<T>::NotSettled)?;
		ensure!(Self::now() >= settlement.closes, Error::<T>::SettlementOpen);
		let paid = settlement.best;

		let (fee, stages) = Self::pay_seats(id, &channel, paid)?;
		let rest = paid.checked_sub(fee).ok_or(ArithmeticError::Underflow)?;
		let revenue = Self::pay_holders(&channel, rest)?;
		let left = channel.deposit.checked_sub(fee).and_then(|left| left.checked_sub(revenue));
		let refund = left.ok_or(ArithmeticError::Underflow)?;
		Self::refund(&channel.client, refund)?;
		Hired::<T>::remove(id);
		Served::<T>::remove(id);
		Channels::<T>::remove(id);

		let client = channel.client;
		Self::deposit_event(Event::ChannelClosed { channel: id, client, fee, revenue, refund });
		Ok((Some(T::WeightInfo::close(stages)), Pays::No).into())
	}

	pub(crate) fn do_force_close(who: AccountIdOf<T>, id: ChannelId) -> DispatchResultWithPostInfo {
		let Channel { client, model, lane, deposit, expires, settlement, .. } =
			Self::channel_of(id)?;
		ensure!(client == who, Error::<T>::NotClient);
		if settlement.is_some() {
			return Self::do_close(id).map(|post| PostDispatchInfo { pays_fee: Pays::Yes, ..post });
		}
		let safe = expires.saturating_add(T::SettlementWindow::get()); // at worst never
		ensure!(Self::now() >= safe, Error::<T>::NotExpired);

		Self::refund(&client, deposit)?;
		OpenChannels::<T>::remove((&client, model, lane));
		Hired::<T>::remove(id);
		Channels::<T>::remove(id);

		Self::deposit_event(Event::ChannelClosed {
			channel: id,
			client,
			fee: 0,
			revenue: 0,
			refund: deposit,
		});
		Ok(Some(T::WeightInfo::force_close()).into())
	}

	/// The account through which revenue passes. It keeps nothing but the existential deposit of its genesis.
	pub fn pot() -> AccountIdOf<T> {
		T::PalletId::get().into_account_truncating()
	}

	/// Pay the serving fee of `paid` to those who served. Returns what they got, and the number of stages.
	///
	/// The part of a provider who cannot be paid stays with the rest of `paid`.
	fn pay_seats(
		id: ChannelId,
		channel: &Channel<AccountIdOf<T>>,
		paid: Balance,
	) -> Result<(Balance, u32), DispatchError> {
		let spec = Self::spec(channel.model)?;
		let terms = T::Models::terms(channel.model).ok_or(Error::<T>::UnknownModel)?;
		let served = Served::<T>::get(id).unwrap_or_default(); // there is one for every settlement
		let costs = (0..StageIndex::MAX).map_while(|stage| spec.stage_cost(stage));
		let flops: Vec<_> = costs.map(|cost| cost.per_sample).collect();
		let parts = split(paid, terms.serving_fee, &flops).parts;

		let mut fee: Balance = 0;
		for ((stage, provider), amount) in (0..).zip(served).zip(parts) {
			if amount > 0 && Self::pay(&channel.client, &provider, amount).is_ok() {
				fee = fee.checked_add(amount).ok_or(ArithmeticError::Overflow)?;
				Self::deposit_event(Event::SeatPaid { channel: id, stage, provider, amount });
			}
		}
		Ok((fee, spec.stage_count()))
	}

	/// Pay revenue to a model's holders, if it has any or may yet. Returns what they got.
	///
	/// From the pot, because money that a client has frozen cannot leave its account other than out of the hold.
	fn pay_holders(
		channel: &Channel<AccountIdOf<T>>,
		revenue: Balance,
	) -> Result<Balance, DispatchError> {
		if revenue == 0 || Self::is_nobodys(channel.model) {
			return Ok(0);
		}
		let pot = Self::pot();
		Self::pay(&channel.client, &pot, revenue)?;
		T::Shares::deposit(channel.model, &pot, revenue)?;
		Ok(revenue)
	}

	/// Whether a model was retired before it had shares: nobody could ever claim what it earns.
	fn is_nobodys(model: ModelId) -> bool {
		let is_retired =
			T::Models::info(model).is_some_and(|info| info.status == ModelStatus::Retired);
		is_retired && T::Shares::supply(model) == 0
	}

	/// Pay out of the hold, even if the client's money is frozen. Changes nothing if it fails: the amount is too small to
	/// bring an account into being, for example.
	fn pay(from: &AccountIdOf<T>, to: &AccountIdOf<T>, amount: Balance) -> DispatchResult {
		with_storage_layer(|| {
			let reason = HoldReason::Channel.into();
			let (precision, mode) = (Precision::Exact, Restriction::Free);
			let force = Fortitude::Force;
			T::Currency::transfer_on_hold(&reason, from, to, amount, precision, mode, force)?;
			Ok(())
		})
	}

	fn refund(client: &AccountIdOf<T>, amount: Balance) -> DispatchResult {
		T::Currency::release(&HoldReason::Channel.into(), client, amount, Precision::Exact)?;
		Ok(())
	}
}
