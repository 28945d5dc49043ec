//! What the council can do where there is no root key.

use sp_runtime::{
	traits::{BlakeTwo256, Dispatchable, Hash as _},
	DispatchError,
};

use super::*;

/// A call by `yes` of the council's three members.
fn council(yes: u32, call: impl Into<RuntimeCall>) -> Result<(), DispatchError> {
	let origin = pallet_collective::RawOrigin::<AccountId, ()>::Members(yes, 3);
	call.into().dispatch(origin.into()).map(|_| ()).map_err(|error| error.error)
}

fn upgrade() -> RuntimeCall {
	frame_system::Call::authorize_upgrade { code_hash: Hash::repeat_byte(1) }.into()
}

fn whitelist(call: &RuntimeCall) -> pallet_whitelist::Call<Runtime> {
	pallet_whitelist::Call::whitelist_call { call_hash: BlakeTwo256::hash_of(call) }
}

fn let_go(call: RuntimeCall) -> pallet_whitelist::Call<Runtime> {
	pallet_whitelist::Call::dispatch_whitelisted_call_with_preimage { call: Box::new(call) }
}

#[test]
fn two_thirds_of_the_council_upgrade_the_runtime_without_a_root_key() {
	in_network("development", || {
		pallet_sudo::Key::<Runtime>::kill();
		assert_eq!(council(3, upgrade()), Err(DispatchError::BadOrigin), "it is not root");
		assert_ok!(council(2, whitelist(&upgrade())));
		assert_ok!(council(2, let_go(upgrade())));
		assert!(System::authorized_upgrade().is_some());
	});
}

#[test]
fn one_of_three_members_reaches_nothing() {
	in_network("development", || {
		assert_eq!(council(1, whitelist(&upgrade())), Err(DispatchError::BadOrigin));
		assert_ok!(council(2, whitelist(&upgrade())));
		assert!(council(1, let_go(upgrade())).is_err());
		assert!(System::authorized_upgrade().is_none());
	});
}

#[test]
fn what_was_let_go_before_it_was_named_waits_for_its_name() {
	in_network("development", || {
		assert_ok!(council(2, let_go(upgrade())));
		assert!(System::authorized_upgrade().is_none());

		let anyone = || RuntimeOrigin::signed(Sr25519Keyring::Eve.to_account_id());
		let send = || RuntimeCall::from(let_go(upgrade())).dispatch(anyone());
		assert!(send().is_err());
		assert_ok!(council(2, whitelist(&upgrade())));
		assert_ok!(send());
		assert!(System::authorized_upgrade().is_some());
	});
}

#[test]
fn nobody_sends_what_was_named_but_not_let_go() {
	in_network("development", || {
		assert_ok!(council(2, whitelist(&upgrade())));
		let anyone = RuntimeOrigin::signed(Sr25519Keyring::Eve.to_account_id());
		assert!(RuntimeCall::from(let_go(upgrade())).dispatch(anyone).is_err());
		assert!(System::authorized_upgrade().is_none());
	});
}
