//! What people can still do in safe mode, call by call, as transactions dispatch them.

use cairn_primitives::voucher::{Price, Voucher};
use pallet_validators::Status;
use sp_runtime::{traits::Dispatchable, DispatchError};

use super::{
	story::{next_block, try_to, Story, MODEL},
	*,
};

/// What the filter answers a call that waits until safe mode is over.
fn filtered() -> DispatchError {
	frame_system::Error::<Runtime>::CallFiltered.into()
}

fn act(who: Sr25519Keyring, call: impl Into<RuntimeCall>) -> Result<(), DispatchError> {
	try_to((who.to_account_id(), call.into()))
}

fn enter() {
	assert_ok!(SafeMode::force_enter(RuntimeOrigin::root()));
}

/// A channel of Alice to a lane of the story's model, and a voucher of hers for it.
fn open_channel() -> Voucher {
	let price = Price { prompt: CRN, completion: CRN };
	assert_ok!(act(
		Sr25519Keyring::Alice,
		pallet_models::Call::set_price { model: MODEL, price: Some(price) }
	));
	assert_ok!(act(
		Sr25519Keyring::Alice,
		pallet_inference::Call::open_channel {
			model: MODEL,
			lane: 0,
			deposit: 10 * CRN,
			blocks: 100,
			signer: None,
			max_price: price,
		}
	));
	let (channel, amount, window) = (0, CRN, 0);
	let message = Inference::voucher_message(channel, amount, window);
	let signature = Sr25519Keyring::Alice.sign(message.as_ref()).into();
	Voucher { channel, amount, window, signature }
}

#[test]
fn a_voucher_is_settled_in_time_and_paid_afterwards() {
	in_network("development", || {
		let _story = Story::begin();
		let voucher = open_channel();
		let close = || pallet_inference::Call::close { channel: voucher.channel };
		enter();

		let total = Balances::total_balance(&Sr25519Keyring::Alice.to_account_id());
		assert_ok!(act(
			Sr25519Keyring::Alice,
			pallet_inference::Call::settle { voucher: voucher.clone() }
		));
		let channel = Inference::channel(voucher.channel).expect("the channel is there still");
		let closes = channel.settlement.expect("it is being settled").closes;
		assert_eq!(Balances::total_balance(&Sr25519Keyring::Alice.to_account_id()), total);
		System::set_block_number(closes);
		assert_eq!(act(Sr25519Keyring::Bob, close()), Err(filtered()));

		assert_ok!(SafeMode::force_exit(RuntimeOrigin::root()));
		assert_ok!(act(Sr25519Keyring::Bob, close()));
		assert!(Balances::total_balance(&Sr25519Keyring::Alice.to_account_id()) < total);
	});
}

#[test]
fn windows_go_on_and_workers_attest() {
	in_network("development", || {
		let story = Story::begin();
		enter();
		let window = Shards::window(MODEL).expect("the story's window runs");
		assert_ok!(try_to(story.attestation(&window, 0, 0).expect("somebody sits there")));
		while System::block_number() <= window.deadline {
			next_block();
		}
		assert_ok!(act(Sr25519Keyring::Eve, pallet_shards::Call::poke_window { model: MODEL }));
		let pause = pallet_models::Call::pause { model: MODEL };
		assert_ok!(act(Sr25519Keyring::Alice, pause));
		let resume = pallet_models::Call::resume { model: MODEL };
		assert_eq!(act(Sr25519Keyring::Alice, resume), Err(filtered()));
	});
}

#[test]
fn a_multisig_does_what_its_members_may_do_alone() {
	in_network("development", || {
		enter();
		let through = |call: RuntimeCall| {
			let other_signatories = vec![Sr25519Keyring::Charlie.to_account_id()];
			pallet_multisig::Call::as_multi_threshold_1 { other_signatories, call: Box::new(call) }
		};
		let remark = frame_system::Call::remark { remark: vec![] };
		assert_ok!(act(Sr25519Keyring::Bob, through(remark.into())));
		assert_eq!(act(Sr25519Keyring::Bob, through(transfer())), Err(filtered()));
	});
}

#[test]
fn a_proxy_does_what_its_principal_may_do_itself() {
	in_network("development", || {
		let (real, delegate) = (Sr25519Keyring::Charlie, Sr25519Keyring::Dave);
		enter();
		// Naming one moves nothing either.
		assert_ok!(act(
			real,
			pallet_proxy::Call::add_proxy {
				delegate: delegate.to_account_id().into(),
				proxy_type: ProxyType::Any,
				delay: 0,
			}
		));
		for (call, result) in [
			(RuntimeCall::System(frame_system::Call::remark { remark: vec![] }), Ok(())),
			(transfer(), Err(filtered())),
		] {
			let real = real.to_account_id().into();
			let call = Box::new(call);
			let through = pallet_proxy::Call::proxy { real, force_proxy_type: None, call };
			assert_ok!(act(delegate, through));
			System::assert_last_event(pallet_proxy::Event::ProxyExecuted { result }.into());
		}
	});
}

#[test]
fn a_batch_does_what_its_parts_may_do() {
	in_network("development", || {
		enter();
		let remark = || RuntimeCall::System(frame_system::Call::remark { remark: vec![] });
		let all = |calls| pallet_utility::Call::batch_all { calls };
		assert_ok!(act(Sr25519Keyring::Bob, all(vec![remark(), remark()])));
		let before = Balances::balance(&Sr25519Keyring::Alice.to_account_id());
		let refused = act(Sr25519Keyring::Bob, all(vec![remark(), transfer()]));
		assert_eq!(refused, Err(filtered()));

		let some = pallet_utility::Call::batch { calls: vec![remark(), transfer()] };
		assert_ok!(act(Sr25519Keyring::Bob, some));
		let stopped = pallet_utility::Event::BatchInterrupted { index: 1, error: filtered() };
		System::assert_last_event(stopped.into());
		let call = Box::new(transfer());
		let derived = pallet_utility::Call::as_derivative { index: 0, call };
		assert_eq!(act(Sr25519Keyring::Bob, derived), Err(filtered()));
		assert_eq!(Balances::balance(&Sr25519Keyring::Alice.to_account_id()), before);
	});
}

#[test]
fn a_validator_can_leave_but_its_bond_stays() {
	in_network("local_testnet", || {
		enter();
		assert_ok!(act(Sr25519Keyring::Dave, pallet_validators::Call::leave {}));
		let status = Validators::status(Sr25519Keyring::Dave.to_account_id()).unwrap().status;
		assert_eq!(status, Status::Leaving);
		for (who, call) in [
			(Sr25519Keyring::Dave, pallet_validators::Call::withdraw {}),
			(Sr25519Keyring::Eve, pallet_validators::Call::apply { bond: 1_000 * CRN }),
			(Sr25519Keyring::Bob, pallet_validators::Call::bond_more { amount: CRN }),
		] {
			assert_eq!(act(who, call), Err(filtered()));
		}
		// Whoever governs decides about the set, without a root key too.
		let candidate = Sr25519Keyring::Bob.to_account_id();
		let remove = RuntimeCall::from(pallet_validators::Call::remove { candidate });
		let council = pallet_collective::RawOrigin::<AccountId, ()>::Members(2, 3);
		assert_ok!(remove.dispatch(council.into()));
	});
}

#[test]
fn money_waits_until_safe_mode_is_over() {
	in_network("development", || {
		enter();
		for call in [
			transfer(),
			pallet_revenue::Call::claim { model: 0 }.into(),
			pallet_revenue::Call::deposit_revenue { model: 0, amount: CRN }.into(),
			pallet_inference::Call::close { channel: 0 }.into(),
			pallet_inference::Call::force_close { channel: 0 }.into(),
			pallet_workers::Call::withdraw {}.into(),
			pallet_treasury::Call::payout { index: 0 }.into(),
		] {
			assert_eq!(act(Sr25519Keyring::Bob, call), Err(filtered()));
		}
	});
}
