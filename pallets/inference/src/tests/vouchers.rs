//! Which signatures count.

use cairn_primitives::{
	voucher::{ChannelId, Voucher},
	Balance, Hash,
};
use frame_support::{assert_noop, assert_ok};
use sp_core::Pair;
use sp_runtime::{MultiSignature, MultiSigner};

use crate::{mock::*, settling::wrapped};

/// A voucher with any signature.
fn with(channel: ChannelId, amount: Balance, signature: impl Into<MultiSignature>) -> Voucher {
	Voucher { channel, amount, window: WINDOW, signature: signature.into() }
}

/// A channel whose vouchers `signer` signs.
fn signed_by(signer: impl Into<MultiSigner>) -> ChannelId {
	Opening { signer: Some(signer.into()), ..opening() }.dispatch().unwrap()
}

#[test]
fn every_type_of_key_counts() {
	let sr25519 = pair("Hot");
	let ed25519 = ed25519_pair("Hot");
	let ecdsa = ecdsa_pair("Hot");
	type Sign<'a> = Box<dyn Fn(&[u8]) -> MultiSignature + 'a>;
	let keys: [(MultiSigner, Sign); 3] = [
		(sr25519.public().into(), Box::new(|message| sr25519.sign(message).into())),
		(ed25519.public().into(), Box::new(|message| ed25519.sign(message).into())),
		(ecdsa.public().into(), Box::new(|message| ecdsa.sign(message).into())),
	];
	for (signer, sign) in &keys {
		ExtBuilder::default().build_and_execute(|| {
			let channel = signed_by(signer.clone());
			let plain = with(channel, 5, sign(message(channel, 5).as_bytes()));
			let by_wallet = with(channel, 6, sign(&wrapped(message(channel, 6))));
			assert_ok!(settle(&client(), plain));
			assert_ok!(settle(&client(), by_wallet));
			assert_eq!(row(channel).unwrap().settlement.unwrap().best, 6);
		});
	}
}

#[test]
fn a_client_with_an_ed25519_account_signs_for_itself() {
	ExtBuilder::default().build_and_execute(|| {
		let key = ed25519_pair("Client");
		let client = account_of(key.public());
		Balances::force_set_balance(RuntimeOrigin::root(), client.clone(), ENDOWMENT).unwrap();
		let channel = Opening { client: client.clone(), ..opening() }.dispatch().unwrap();
		let signature = key.sign(message(channel, 5).as_bytes());
		assert_ok!(settle(&client, with(channel, 5, signature)));
	});
}

#[test]
fn wallets_wrap_messages_like_this() {
	let message = Hash::repeat_byte(0xab);
	let mut expected = b"<Bytes>".to_vec();
	expected.extend([0xab; 32]);
	expected.extend(b"</Bytes>");
	assert_eq!(wrapped(message), expected);
}

#[test]
fn another_key_does_not_count() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		let forged = voucher_by(&pair("Other"), channel, 5);
		assert_noop!(settle(&provider(MODEL, 0, 0), forged), Error::BadSignature);
	});
}

#[test]
fn the_clients_own_key_does_not_count_where_a_hot_key_signs() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = signed_by(pair("Hot").public());
		assert_noop!(settle(&client(), voucher(channel, 5)), Error::BadSignature);
		assert_ok!(settle(&client(), voucher_by(&pair("Hot"), channel, 5)));
	});
}

#[test]
fn a_key_of_another_type_does_not_count_though_its_seed_is_the_same() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = signed_by(pair("Hot").public());
		let signature = ed25519_pair("Hot").sign(message(channel, 5).as_bytes());
		assert_noop!(settle(&client(), with(channel, 5, signature)), Error::BadSignature);
	});
}

#[test]
fn a_changed_voucher_does_not_count() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		let seat = provider(MODEL, 0, 0);
		let honest = voucher(channel, 5);
		let more = Voucher { amount: 6, ..honest.clone() };
		let later = Voucher { window: WINDOW + 1, ..honest };
		assert_noop!(settle(&seat, more), Error::BadSignature);
		assert_noop!(settle(&seat, later), Error::BadSignature);
	});
}

#[test]
fn a_voucher_of_one_channel_does_not_count_in_another() {
	ExtBuilder::default().build_and_execute(|| {
		let first = opened();
		let second = Opening { lane: 1, ..opening() }.dispatch().unwrap();
		let replayed = Voucher { channel: second, ..voucher(first, 5) };
		assert_noop!(settle(&provider(MODEL, 0, 1), replayed), Error::BadSignature);
	});
}

#[test]
fn a_voucher_of_a_closed_channel_counts_never_again() {
	ExtBuilder::default().build_and_execute(|| {
		let first = settled(5);
		pass(SettlementWindow::get());
		close(&stranger(), first).unwrap();
		// GIVEN the same client, model and lane again
		let second = opened();
		let seat = provider(MODEL, 0, 0);
		assert_noop!(settle(&seat, voucher(first, 5)), Error::UnknownChannel);
		let replayed = Voucher { channel: second, ..voucher(first, 5) };
		assert_noop!(settle(&seat, replayed), Error::BadSignature);
	});
}

#[test]
fn a_voucher_of_another_chain_does_not_count() {
	ExtBuilder::default().build_and_execute(|| {
		let channel = opened();
		assert_ne!(genesis(), Hash::zero());
		let elsewhere = Voucher::message(Hash::zero(), channel, 5, WINDOW);
		let signature = pair("Client").sign(elsewhere.as_bytes());
		let seat = provider(MODEL, 0, 0);
		assert_noop!(settle(&seat, with(channel, 5, signature)), Error::BadSignature);
	});
}
