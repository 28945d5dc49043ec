//! The life of a channel until its settlement begins.

use cairn_primitives::{
	traits::Models,
	voucher::{ChannelId, Price},
	Balance, BlockNumber, ModelId,
};
use frame_support::{
	dispatch::{DispatchResult, DispatchResultWithPostInfo},
	ensure,
	traits::{fungible::MutateHold, Get},
};
use sp_runtime::{
	traits::{IdentifyAccount, SaturatedConversion},
	ArithmeticError, MultiSigner,
};

use crate::{
	AccountIdOf, Channel, Channels, Config, Destination, Error, Event, Hired, HoldReason,
	NextChannel, OpenChannels, Pallet, WeightInfo,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_open_channel(
		client: AccountIdOf<T>,
		Destination { model, lane }: Destination,
		deposit: Balance,
		blocks: BlockNumber,
		signer: Option<MultiSigner>,
		max_price: Price,
	) -> DispatchResultWithPostInfo {
		ensure!(deposit >= T::MinDeposit::get(), Error::<T>::DepositTooSmall);
		ensure!(!OpenChannels::<T>::contains_key((&client, model, lane)), Error::<T>::AlreadyOpen);
		let expires = Self::expiry(Self::now(), blocks)?;
		let price = Self::acceptable_price(model, &max_price)?;
		let hired = Self::seated(model, lane)?;
		let stages = hired.len().saturated_into();
		let id = NextChannel::<T>::get();
		let next = id.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		let signer = signer.map_or_else(|| client.clone(), IdentifyAccount::into_account);

		T::Currency::hold(&HoldReason::Channel.into(), &client, deposit)?;
		NextChannel::<T>::put(next);
		OpenChannels::<T>::insert((&client, model, lane), id);
		let channel =
			Channel { client, signer, model, lane, deposit, price, expires, settlement: None };
		Channels::<T>::insert(id, &channel);
		Hired::<T>::insert(id, hired);

		let Channel { client, signer, .. } = channel;
		Self::deposit_event(Event::ChannelOpened {
			channel: id,
			client,
			signer,
			model,
			lane,
			deposit,
			price,
			expires,
		});
		Ok(Some(T::WeightInfo::open_channel(stages)).into())
	}

	pub(crate) fn do_top_up(who: AccountIdOf<T>, id: ChannelId, amount: Balance) -> DispatchResult {
		let mut channel = Self::own_open_channel(&who, id)?;
		ensure!(Self::now() < channel.expires, Error::<T>::ChannelExpired);
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		let deposit = channel.deposit.checked_add(amount).ok_or(ArithmeticError::Overflow)?;

		T::Currency::hold(&HoldReason::Channel.into(), &who, amount)?;
		channel.deposit = deposit;
		Channels::<T>::insert(id, channel);

		Self::deposit_event(Event::ChannelToppedUp { channel: id, amount, deposit });
		Ok(())
	}

	pub(crate) fn do_extend(
		who: AccountIdOf<T>,
		id: ChannelId,
		blocks: BlockNumber,
	) -> DispatchResult {
		let mut channel = Self::own_open_channel(&who, id)?;
		let expires = Self::expiry(channel.expires.max(Self::now()), blocks)?;

		channel.expires = expires;
		Channels::<T>::insert(id, channel);

		Self::deposit_event(Event::ChannelExtended { channel: id, expires });
		Ok(())
	}

	/// The current block.
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	pub(crate) fn channel_of(id: ChannelId) -> Result<Channel<AccountIdOf<T>>, Error<T>> {
		Channels::<T>::get(id).ok_or(Error::UnknownChannel)
	}

	/// A channel of `who` that can still be changed.
	fn own_open_channel(
		who: &AccountIdOf<T>,
		id: ChannelId,
	) -> Result<Channel<AccountIdOf<T>>, Error<T>> {
		let channel = Self::channel_of(id)?;
		ensure!(channel.client == *who, Error::NotClient);
		ensure!(channel.settlement.is_none(), Error::Settling);
		Ok(channel)
	}

	/// When a channel expires that lives for `blocks` from `start`.
	fn expiry(start: BlockNumber, blocks: BlockNumber) -> Result<BlockNumber, Error<T>> {
		ensure!(blocks > 0, Error::LifeOutOfRange);
		let expires = start.checked_add(blocks).ok_or(Error::LifeOutOfRange)?;
		let life = expires.saturating_sub(Self::now()); // `start` is not in the past
		ensure!(life <= T::MaxLife::get(), Error::LifeOutOfRange);
		Ok(expires)
	}

	/// The price of a model that serves, unless it is above `max`.
	fn acceptable_price(model: ModelId, max: &Price) -> Result<Price, Error<T>> {
		let info = T::Models::info(model).ok_or(Error::UnknownModel)?;
		ensure!(info.status.serves(), Error::NotServing);
		let price = T::Models::price(model).ok_or(Error::NoPrice)?;
		let acceptable = price.prompt <= max.prompt && price.completion <= max.completion;
		ensure!(acceptable, Error::PriceTooHigh);
		Ok(price)
	}
}
