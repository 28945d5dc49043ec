//! Benchmarks of every call, each in its worst case.

use alloc::vec::Vec;

use cairn_primitives::{
	traits::Seats,
	voucher::{ChannelId, Price, Voucher},
	Balance, BlockNumber, ModelId, StageIndex, WindowIndex, MAX_STAGES,
};
use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Inspect, Mutate},
	Get,
};
use frame_system::RawOrigin;
use sp_core::{crypto::KeyTypeId, sr25519};
use sp_runtime::{traits::SaturatedConversion, AccountId32, MultiSignature};

use crate::{
	settling::wrapped, BenchmarkHelper, Call, Channels, Config, NextChannel, OpenChannels, Pallet,
};

const KEY: KeyTypeId = KeyTypeId(*b"bnch");
const WINDOW: WindowIndex = 0;
const ANY_PRICE: Price = Price { prompt: Balance::MAX, completion: Balance::MAX };

/// Enough for a fee that brings the account of every seat into being.
fn deposit<T: Config>() -> Balance {
	T::MinDeposit::get().max(T::Currency::minimum_balance().saturating_mul(1_000_000))
}

/// A client with money, and the key that it signs with.
fn client<T: Config>() -> (AccountId32, sr25519::Public) {
	let key = sp_io::crypto::sr25519_generate(KEY, None);
	let who = AccountId32::from(key.0);
	let _ = T::Currency::set_balance(&who, deposit::<T>().saturating_mul(10));
	(who, key)
}

/// A voucher signed as wallets do, which takes a second check.
fn voucher<T: Config>(
	key: &sr25519::Public,
	channel: ChannelId,
	amount: Balance,
) -> Result<Voucher, BenchmarkError> {
	let message = wrapped(Pallet::<T>::message(channel, amount, WINDOW));
	let signature: MultiSignature = sp_io::crypto::sr25519_sign(KEY, key, &message)
		.ok_or(BenchmarkError::Stop("the keystore does not sign"))?
		.into();
	Ok(Voucher { channel, amount, window: WINDOW, signature })
}

/// An open channel to a model of `stages` stages, and the worker of its last seat.
fn opened<T: Config>(
	client: &AccountId32,
	stages: u32,
) -> Result<(ChannelId, ModelId, AccountId32), BenchmarkError> {
	let (model, worker) = T::BenchmarkHelper::serving_model(stages);
	let channel = NextChannel::<T>::get();
	let (deposit, life) = (deposit::<T>(), T::MaxLife::get());
	Pallet::<T>::open_channel(
		RawOrigin::Signed(client.clone()).into(),
		model,
		0,
		deposit,
		life,
		None,
		ANY_PRICE,
	)
	.map_err(|error| error.error)?;
	Ok((channel, model, worker))
}

fn go_to<T: Config>(block: BlockNumber) {
	frame_system::Pallet::<T>::set_block_number(block.saturated_into());
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn open_channel(s: Linear<1, { MAX_STAGES }>) -> Result<(), BenchmarkError> {
		let (who, key) = client::<T>();
		let (model, _) = T::BenchmarkHelper::serving_model(s);
		let channel = NextChannel::<T>::get();
		let (deposit, life) = (deposit::<T>(), T::MaxLife::get());
		let signer = Some(key.into());

		#[extrinsic_call]
		_(RawOrigin::Signed(who), model, 0, deposit, life, signer, ANY_PRICE);

		assert!(Channels::<T>::contains_key(channel));
		Ok(())
	}

	#[benchmark]
	fn top_up() -> Result<(), BenchmarkError> {
		let (who, _) = client::<T>();
		let (channel, ..) = opened::<T>(&who, 1)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who), channel, deposit::<T>());

		let grown = Channels::<T>::get(channel).map(|row| row.deposit);
		assert_eq!(grown, Some(deposit::<T>().saturating_mul(2)));
		Ok(())
	}

	#[benchmark]
	fn extend() -> Result<(), BenchmarkError> {
		let (who, _) = client::<T>();
		let (channel, ..) = opened::<T>(&who, 1)?;
		let expires = Channels::<T>::get(channel).map(|row| row.expires).unwrap_or_default();
		go_to::<T>(expires);

		#[extrinsic_call]
		_(RawOrigin::Signed(who), channel, T::MaxLife::get());

		assert!(Channels::<T>::get(channel).is_some_and(|row| row.expires > expires));
		Ok(())
	}

	#[benchmark]
	fn settle(s: Linear<1, { MAX_STAGES }>) -> Result<(), BenchmarkError> {
		let (who, key) = client::<T>();
		let (channel, model, worker) = opened::<T>(&who, s)?;
		let voucher = voucher::<T>(&key, channel, deposit::<T>())?;

		#[extrinsic_call]
		_(RawOrigin::Signed(worker), voucher);

		assert!(!OpenChannels::<T>::contains_key((&who, model, 0)));
		Ok(())
	}

	#[benchmark]
	fn raise() -> Result<(), BenchmarkError> {
		let (who, key) = client::<T>();
		let (channel, _, worker) = opened::<T>(&who, MAX_STAGES)?;
		let first = voucher::<T>(&key, channel, 0)?;
		Pallet::<T>::settle(RawOrigin::Signed(who).into(), first).map_err(|error| error.error)?;
		let better = voucher::<T>(&key, channel, deposit::<T>())?;

		#[extrinsic_call]
		settle(RawOrigin::Signed(worker), better);

		let best = Channels::<T>::get(channel).and_then(|row| row.settlement).map(|s| s.best);
		assert_eq!(best, Some(deposit::<T>()));
		Ok(())
	}

	#[benchmark]
	fn close(s: Linear<1, { MAX_STAGES }>) -> Result<(), BenchmarkError> {
		let (who, key) = client::<T>();
		let (channel, model, worker) = opened::<T>(&who, s)?;
		let paid = deposit::<T>().saturating_sub(1);
		let voucher = voucher::<T>(&key, channel, paid)?;
		Pallet::<T>::settle(RawOrigin::Signed(worker).into(), voucher)
			.map_err(|error| error.error)?;
		let settlement = Channels::<T>::get(channel).and_then(|row| row.settlement);
		go_to::<T>(settlement.map(|settlement| settlement.closes).unwrap_or_default());
		let seats: Vec<_> = (0..StageIndex::MAX)
			.map_while(|stage| T::Seats::roster(model, stage))
			.filter_map(|roster| roster.seats.into_iter().next().flatten())
			.collect();
		let before: Vec<_> = seats.iter().map(T::Currency::balance).collect();

		#[extrinsic_call]
		_(RawOrigin::Signed(who), channel);

		assert!(!Channels::<T>::contains_key(channel));
		assert!(seats.iter().zip(before).all(|(seat, had)| T::Currency::balance(seat) > had));
		Ok(())
	}

	#[benchmark]
	fn force_close() -> Result<(), BenchmarkError> {
		let (who, _) = client::<T>();
		let (channel, ..) = opened::<T>(&who, 1)?;
		let expires = Channels::<T>::get(channel).map(|row| row.expires).unwrap_or_default();
		go_to::<T>(expires.saturating_add(T::SettlementWindow::get()));

		#[extrinsic_call]
		_(RawOrigin::Signed(who), channel);

		assert!(!Channels::<T>::contains_key(channel));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
