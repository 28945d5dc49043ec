//! How the treasury comes by what its shares earn: it has no key, so root speaks for it.

use cairn_primitives::{
	traits::{Models as _, Shares},
	ModelSpec, Terms,
};
use frame_support::traits::fungible::Mutate;
use sp_runtime::{
	traits::{BlakeTwo256, Dispatchable, Hash as _},
	DispatchError, Permill,
};

use super::{
	story::{try_to, Story, MODEL},
	*,
};

/// A model that earned money while the treasury held shares of it.
fn earn() {
	let _story = Story::begin();
	let provider = Sr25519Keyring::Bob.to_account_id();
	let spec = Models::spec(MODEL).unwrap();
	let minted = Revenue::mint(MODEL, &spec, &provider, 1_000_000_000_000_000, 1_000).unwrap();
	assert!(minted > 0);
	// 5 % of each mint, as the story's terms say.
	let shares = Revenue::shares_of(MODEL, TreasuryAccount::get());
	assert!(shares > 0 && shares <= minted / 20);
	let amount = 1_000 * CRN;
	let client = Sr25519Keyring::Alice.to_account_id();
	let deposit = pallet_revenue::Call::deposit_revenue { model: MODEL, amount };
	assert_ok!(try_to((client, deposit.into())));
	System::set_block_number(System::block_number() + protocol::StreamBlocks::get());
}

/// The treasury claims, in the words of `docs/shareholder.md`.
fn claim() -> RuntimeCall {
	let treasury = frame_system::RawOrigin::Signed(TreasuryAccount::get());
	pallet_utility::Call::dispatch_as {
		as_origin: Box::new(treasury.into()),
		call: Box::new(pallet_revenue::Call::claim { model: MODEL }.into()),
	}
	.into()
}

fn council(yes: u32, call: impl Into<RuntimeCall>) -> Result<(), DispatchError> {
	let origin = pallet_collective::RawOrigin::<AccountId, ()>::Members(yes, 3);
	call.into().dispatch(origin.into()).map(|_| ()).map_err(|error| error.error)
}

#[test]
fn two_thirds_of_the_council_claim_for_the_treasury_without_a_root_key() {
	in_network("development", || {
		pallet_sudo::Key::<Runtime>::kill();
		earn();
		let claimable = Revenue::claimable(MODEL, TreasuryAccount::get());
		assert!(claimable > 0);
		let before = Balances::balance(&TreasuryAccount::get());

		assert_eq!(council(3, claim()), Err(DispatchError::BadOrigin), "it is not root");
		let call_hash = BlakeTwo256::hash_of(&claim());
		assert_ok!(council(2, pallet_whitelist::Call::whitelist_call { call_hash }));
		let call = Box::new(claim());
		assert_ok!(council(
			2,
			pallet_whitelist::Call::dispatch_whitelisted_call_with_preimage { call }
		));

		assert_eq!(Balances::balance(&TreasuryAccount::get()) - before, claimable);
		assert_eq!(Revenue::claimable(MODEL, TreasuryAccount::get()), 0);
	});
}

#[test]
fn nobody_else_speaks_for_the_treasury() {
	in_network("development", || {
		earn();
		let before = Balances::balance(&TreasuryAccount::get());
		assert_eq!(
			try_to((Sr25519Keyring::Alice.to_account_id(), claim())),
			Err(DispatchError::BadOrigin)
		);
		assert_eq!(Balances::balance(&TreasuryAccount::get()), before);
	});
}

#[test]
fn a_treasury_without_money_can_claim_too() {
	in_network("development", || {
		earn();
		let treasury = TreasuryAccount::get();
		let _ = Balances::set_balance(&treasury, 0);
		let claimable = Revenue::claimable(MODEL, treasury.clone());
		assert_ok!(claim().dispatch(RuntimeOrigin::root()));
		assert_eq!(Balances::balance(&treasury), claimable);
	});
}

#[test]
fn what_a_model_earned_that_ended_without_shares_is_the_treasurys() {
	in_network("development", || {
		let _story = Story::begin();
		let researcher = Sr25519Keyring::Alice.to_account_id();
		let act = |call: RuntimeCall| try_to((researcher.clone(), call));
		// GIVEN a model at work and one that nobody ever enlisted for, both with income and without shares
		let part = Permill::from_percent(5);
		let terms = Terms {
			data: part,
			researcher: part,
			treasury: part,
			royalty: part,
			serving_fee: part,
		};
		let spec = Box::new(ModelSpec::example(Hash::repeat_byte(1), 2, 2));
		let metadata = Default::default();
		assert_ok!(
			act(pallet_models::Call::propose { spec, terms, parent: None, metadata }.into())
		);
		let idle = MODEL + 1;
		let treasury = || Balances::balance(&TreasuryAccount::get());
		let before = treasury();
		for model in [MODEL, idle] {
			let amount = 1_000 * CRN;
			assert_ok!(act(pallet_revenue::Call::deposit_revenue { model, amount }.into()));
			assert!(act(pallet_revenue::Call::fold { model }.into()).is_err());
			assert_ok!(act(pallet_models::Call::retire { model }.into()));
		}
		// THEN the one at work waits, because its work may become final, and the other's income goes to the treasury.
		assert!(act(pallet_revenue::Call::fold { model: MODEL }.into()).is_err());
		assert_eq!(treasury(), before);
		assert_ok!(act(pallet_revenue::Call::fold { model: idle }.into()));
		assert_eq!(treasury(), before + 1_000 * CRN);
	});
}
