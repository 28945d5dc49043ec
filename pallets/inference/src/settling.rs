//! Vouchers: the first one that comes in begins the end of its channel.

use alloc::vec::Vec;

use cairn_primitives::{
	voucher::{ChannelId, Voucher},
	Balance, Hash, WindowIndex,
};
use frame_support::{
	dispatch::{DispatchResultWithPostInfo, Pays},
	ensure,
	traits::Get,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
	traits::{SaturatedConversion, Verify, Zero},
	ArithmeticError,
};

use crate::{
	AccountIdOf, Channel, Channels, Config, Error, Event, Hired, OpenChannels, Pallet, Served,
	Settlement, WeightInfo,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_settle(who: AccountIdOf<T>, voucher: Voucher) -> DispatchResultWithPostInfo {
		let channel = Self::channel_of(voucher.channel)?;
		match channel.settlement.clone() {
			None => Self::start_settlement(who, channel, voucher),
			Some(settlement) => Self::raise_settlement(who, channel, settlement, voucher),
		}
	}

	fn start_settlement(
		who: AccountIdOf<T>,
		mut channel: Channel<AccountIdOf<T>>,
		voucher: Voucher,
	) -> DispatchResultWithPostInfo {
		let Channel { model, lane, deposit, .. } = channel;
		let hired = Hired::<T>::get(voucher.channel).unwrap_or_default(); // there is one for every channel
		let served = Self::serving(model, lane, &hired);
		let by = Self::party(who, &channel, &hired, &served)?;
		ensure!(Self::is_signed(&channel, &voucher), Error::<T>::BadSignature);
		let closes =
			Self::now().checked_add(T::SettlementWindow::get()).ok_or(ArithmeticError::Overflow)?;

		let Voucher { channel: id, amount, window, .. } = voucher;
		let best = amount.min(deposit);
		OpenChannels::<T>::remove((&channel.client, model, lane));
		Served::<T>::insert(id, served);
		channel.settlement = Some(Settlement { best, window, by: by.clone(), closes });
		Channels::<T>::insert(id, channel);

		Self::deposit_event(Event::SettlementStarted {
			channel: id,
			by,
			amount: best,
			window,
			closes,
		});
		Ok((Some(T::WeightInfo::settle(hired.len().saturated_into())), Pays::No).into())
	}

	/// Not free: with a client that signs them, better and better vouchers would be free of cost without end.
	fn raise_settlement(
		who: AccountIdOf<T>,
		mut channel: Channel<AccountIdOf<T>>,
		settlement: Settlement<AccountIdOf<T>>,
		voucher: Voucher,
	) -> DispatchResultWithPostInfo {
		let Voucher { channel: id, amount, window, .. } = voucher;
		ensure!(Self::now() < settlement.closes, Error::<T>::SettlementOver);
		let best = amount.min(channel.deposit);
		ensure!(best > settlement.best, Error::<T>::VoucherNotBetter);
		let hired = Hired::<T>::get(id).unwrap_or_default(); // there is one for every channel
		let served = Served::<T>::get(id).unwrap_or_default(); // and one for every settlement
		let by = Self::party(who, &channel, &hired, &served)?;
		ensure!(Self::is_signed(&channel, &voucher), Error::<T>::BadSignature);

		channel.settlement = Some(Settlement { best, window, by: by.clone(), ..settlement });
		Channels::<T>::insert(id, channel);

		Self::deposit_event(Event::SettlementRaised { channel: id, by, amount: best, window });
		Ok(Some(T::WeightInfo::raise()).into())
	}

	/// What a client signs.
	pub(crate) fn message(channel: ChannelId, amount: Balance, window: WindowIndex) -> Hash {
		// The hash of block 0 is kept for ever.
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		Voucher::message(genesis, channel, amount, window)
	}

	/// Whether the channel's signer signed the voucher: as it is, or wrapped as wallets do with all but transactions.
	fn is_signed(channel: &Channel<AccountIdOf<T>>, voucher: &Voucher) -> bool {
		let Voucher { channel: id, amount, window, signature } = voucher;
		let message = Self::message(*id, *amount, *window);
		signature.verify(message.as_bytes(), &channel.signer)
			|| signature.verify(wrapped(message).as_slice(), &channel.signer)
	}
}

/// What a wallet signs when it is asked to sign a message.
pub(crate) fn wrapped(message: Hash) -> Vec<u8> {
	[b"<Bytes>".as_slice(), message.as_bytes(), b"</Bytes>".as_slice()].concat()
}
