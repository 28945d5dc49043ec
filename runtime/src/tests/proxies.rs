//! What proxies can do and cannot, as transactions dispatch it.

use cairn_primitives::{
	voucher::{Price, Voucher},
	ModelSpec, Terms, UnitId,
};
use frame_support::traits::{fungible::Mutate, GetCallMetadata, GetCallName};
use sp_runtime::{DispatchError, MultiSignature, Permill};

use super::{
	story::{next_block, try_to, Story, MODEL},
	*,
};

const PRINCIPAL: Sr25519Keyring = Sr25519Keyring::Charlie;
const PROXY: Sr25519Keyring = Sr25519Keyring::Ferdie;

/// The kinds of proxy that are restricted.
const RESTRICTED: [ProxyType; 5] = [
	ProxyType::NonTransfer,
	ProxyType::Governance,
	ProxyType::CancelProxy,
	ProxyType::Worker,
	ProxyType::Validator,
];

fn filtered() -> DispatchError {
	frame_system::Error::<Runtime>::CallFiltered.into()
}

/// `principal` lets the proxy act for it.
fn name_proxy(principal: &AccountId, proxy_type: ProxyType) {
	let delegate = PROXY.to_account_id().into();
	let name = pallet_proxy::Call::add_proxy { delegate, proxy_type, delay: 0 };
	assert_ok!(try_to((principal.clone(), name.into())));
}

/// What becomes of a call by the proxy on behalf of `principal`.
fn through_proxy(principal: &AccountId, call: RuntimeCall) -> Result<(), DispatchError> {
	let (real, call) = (principal.clone().into(), Box::new(call));
	let proxy = pallet_proxy::Call::proxy { real, force_proxy_type: None, call };
	System::reset_events();
	assert_ok!(try_to((PROXY.to_account_id(), proxy.into())));
	let executed = System::events().into_iter().rev().find_map(|record| match record.event {
		RuntimeEvent::Proxy(pallet_proxy::Event::ProxyExecuted { result }) => Some(result),
		_ => None,
	});
	executed.expect("the call was tried")
}

/// Calls that pay, give away or bind what an account owns.
fn spending() -> Vec<RuntimeCall> {
	let other = || Sr25519Keyring::Bob.to_account_id();
	let part = Permill::from_percent(5);
	let terms =
		Terms { data: part, researcher: part, treasury: part, royalty: part, serving_fee: part };
	let root = Hash::repeat_byte(1);
	let price = Price { prompt: CRN, completion: CRN };
	vec![
		transfer(),
		pallet_balances::Call::transfer_allow_death { dest: other().into(), value: CRN }.into(),
		pallet_balances::Call::transfer_all { dest: other().into(), keep_alive: false }.into(),
		pallet_balances::Call::burn { value: CRN, keep_alive: true }.into(),
		pallet_balances::Call::force_transfer {
			source: other().into(),
			dest: PRINCIPAL.to_account_id().into(),
			value: CRN,
		}
		.into(),
		pallet_balances::Call::force_unreserve { who: other().into(), amount: CRN }.into(),
		pallet_balances::Call::force_set_balance { who: other().into(), new_free: CRN }.into(),
		pallet_balances::Call::force_adjust_total_issuance {
			direction: pallet_balances::AdjustmentDirection::Increase,
			delta: CRN,
		}
		.into(),
		pallet_balances::Call::upgrade_accounts { who: vec![other()] }.into(),
		pallet_revenue::Call::transfer_shares { model: MODEL, to: other(), amount: 1 }.into(),
		pallet_revenue::Call::deposit_revenue { model: MODEL, amount: CRN }.into(),
		pallet_inference::Call::open_channel {
			model: MODEL,
			lane: 0,
			deposit: CRN,
			blocks: 100,
			signer: None,
			max_price: price,
		}
		.into(),
		pallet_inference::Call::top_up { channel: 0, amount: CRN }.into(),
		pallet_inference::Call::extend { channel: 0, blocks: 1 }.into(),
		pallet_inference::Call::force_close { channel: 0 }.into(),
		pallet_models::Call::register_dataset { root, metadata: Default::default() }.into(),
		pallet_models::Call::transfer_dataset { root, to: other() }.into(),
		pallet_models::Call::propose {
			spec: Box::new(ModelSpec::example(root, 2, 2)),
			terms,
			parent: None,
			metadata: Default::default(),
		}
		.into(),
		pallet_models::Call::set_price { model: MODEL, price: None }.into(),
		pallet_models::Call::cede { model: MODEL, new_owner: other() }.into(),
		pallet_models::Call::retire { model: MODEL }.into(),
		pallet_sudo::Call::sudo { call: Box::new(transfer()) }.into(),
	]
}

/// Calls by which an account binds and frees its own money. Nobody else gets any of it.
fn bonding() -> Vec<RuntimeCall> {
	vec![
		pallet_workers::Call::bond_more { amount: CRN }.into(),
		pallet_workers::Call::unbond { amount: CRN }.into(),
		pallet_workers::Call::withdraw {}.into(),
		pallet_workers::Call::deregister {}.into(),
		pallet_shards::Call::enlist { model: MODEL }.into(),
		pallet_shards::Call::leave { model: MODEL }.into(),
		pallet_revenue::Call::claim { model: MODEL }.into(),
		pallet_revenue::Call::claim_many { models: Default::default() }.into(),
	]
}

/// The same for a validator's bond.
fn bonding_of_validators() -> Vec<RuntimeCall> {
	vec![
		pallet_validators::Call::apply { bond: 1_000 * CRN }.into(),
		pallet_validators::Call::bond_more { amount: CRN }.into(),
		pallet_validators::Call::leave {}.into(),
		pallet_validators::Call::withdraw {}.into(),
	]
}

/// A call, wrapped in all ways in which an account can have another call dispatched.
fn disguises(call: &RuntimeCall, pure: &AccountId) -> Vec<RuntimeCall> {
	let call = || Box::new(call.clone());
	let other_signatories = vec![Sr25519Keyring::Bob.to_account_id()];
	vec![
		pallet_utility::Call::batch_all { calls: vec![*call()] }.into(),
		pallet_utility::Call::as_derivative { index: 0, call: call() }.into(),
		pallet_proxy::Call::proxy {
			real: pure.clone().into(),
			force_proxy_type: None,
			call: call(),
		}
		.into(),
		pallet_multisig::Call::as_multi_threshold_1 { other_signatories, call: call() }.into(),
	]
}

/// The pure proxy that an account makes for itself.
fn own_pure_proxy(owner: &AccountId) -> AccountId {
	let (proxy_type, delay, index) = (ProxyType::Any, 0, 0);
	let create = pallet_proxy::Call::create_pure { proxy_type, delay, index };
	System::reset_events();
	assert_ok!(try_to((owner.clone(), create.into())));
	let created = System::events().into_iter().find_map(|record| match record.event {
		RuntimeEvent::Proxy(pallet_proxy::Event::PureCreated { pure, .. }) => Some(pure),
		_ => None,
	});
	created.expect("a pure proxy was made")
}

#[test]
fn no_restricted_proxy_spends_in_any_disguise() {
	for proxy_type in RESTRICTED {
		in_network("development", || {
			let principal = PRINCIPAL.to_account_id();
			name_proxy(&principal, proxy_type);
			// What the principal owns through others is as safe.
			let pure = own_pure_proxy(&principal);
			Balances::mint_into(&pure, CRN).unwrap();
			let total = || [&principal, &pure].map(Balances::total_balance);
			let before = total();
			for call in spending() {
				assert_eq!(through_proxy(&principal, call.clone()), Err(filtered()), "{call:?}");
				for disguise in disguises(&call, &pure) {
					let result = through_proxy(&principal, disguise.clone());
					assert_eq!(result, Err(filtered()), "{proxy_type:?}: {disguise:?}");
				}
			}
			assert_eq!(total(), before);
		});
	}
}

#[test]
fn bonds_are_touched_by_the_proxies_that_are_made_for_it() {
	use ProxyType::*;
	for (calls, allowed) in [
		(bonding(), [Any, NonTransfer].as_slice()),
		(bonding_of_validators(), &[Any, NonTransfer, Validator]),
	] {
		for proxy_type in RESTRICTED.into_iter().chain([Any]) {
			for call in &calls {
				let wanted = allowed.contains(&proxy_type);
				assert_eq!(proxy_type.filter(call), wanted, "{proxy_type:?}: {call:?}");
			}
		}
	}
}

#[test]
fn every_call_that_moves_money_or_shares_is_among_those_tried() {
	// Calls of these pallets that are free for whom they are meant for: they need a proof, or give everyone its own.
	let free = ["Revenue.fold", "Inference.settle", "Inference.close"];
	let tried: Vec<_> = spending()
		.into_iter()
		.chain(bonding())
		.map(|call| {
			let names = call.get_call_metadata();
			format!("{}.{}", names.pallet_name, names.function_name)
		})
		.chain(free.map(String::from))
		.collect();
	let names = |pallet: &str, calls: &[&str]| {
		calls.iter().map(|call| format!("{pallet}.{call}")).collect::<Vec<_>>()
	};
	for name in [
		names("Balances", pallet_balances::Call::<Runtime>::get_call_names()),
		names("Revenue", pallet_revenue::Call::<Runtime>::get_call_names()),
		names("Inference", pallet_inference::Call::<Runtime>::get_call_names()),
	]
	.concat()
	{
		assert!(tried.contains(&name), "no test says who may {name}");
	}
}

/// A provider of the story and its attestation of the running window.
fn attestation(story: &Story) -> (AccountId, AccountId, RuntimeCall, UnitId) {
	let window = Shards::window(MODEL).expect("the story's window runs");
	let (worker, call) = story.attestation(&window, 0, 0).expect("somebody sits there");
	let provider = Shards::lanes(MODEL)[0].providers[0].clone();
	assert_ne!(worker, provider);
	(provider, worker, call, UnitId { model: MODEL, window: window.index, stage: 0, lane: 0 })
}

#[test]
fn the_proxy_of_a_worker_key_works_for_its_provider() {
	in_network("development", || {
		let story = Story::begin();
		let (provider, worker, attest, unit) = attestation(&story);
		Balances::mint_into(&worker, CRN).unwrap();
		name_proxy(&worker, ProxyType::Worker);

		assert_eq!(through_proxy(&worker, attest), Ok(()));
		let attested = Contributions::unit(unit).expect("the unit is attested");
		assert_eq!(attested.provider, provider);
	});
}

#[test]
fn a_worker_proxy_that_the_provider_names_cannot_work() {
	in_network("development", || {
		let story = Story::begin();
		let (provider, _, attest, unit) = attestation(&story);
		name_proxy(&provider, ProxyType::Worker);

		let result = through_proxy(&provider, attest);
		assert!(result.is_err_and(|error| error != filtered()), "{result:?}");
		assert_eq!(Contributions::unit(unit), None);
	});
}

#[test]
fn a_worker_key_and_its_proxy_can_bind_the_providers_money() {
	in_network("development", || {
		let story = Story::begin();
		let (provider, worker, attest, unit) = attestation(&story);
		assert_ok!(try_to((worker.clone(), attest)));
		let window = Shards::window(MODEL).unwrap();
		for (stage, lane) in [(0, 1), (1, 0), (1, 1)] {
			assert_ok!(try_to(story.attestation(&window, stage, lane).unwrap()));
		}
		while System::block_number() <= window.deadline {
			next_block();
		}
		let poke = pallet_shards::Call::poke_window { model: MODEL };
		assert_ok!(try_to((Sr25519Keyring::Eve.to_account_id(), poke.into())));
		Balances::mint_into(&worker, CRN).unwrap();
		name_proxy(&worker, ProxyType::Worker);

		let free = Balances::balance(&provider);
		let suspect =
			pallet_contributions::Call::suspect { model: MODEL, window: unit.window, lane: 1 };
		assert_eq!(through_proxy(&worker, suspect.into()), Ok(()));
		assert_eq!(Balances::balance(&provider), free - 10 * CRN);
	});
}

#[test]
fn a_voucher_can_be_settled_by_every_proxy_of_daily_work() {
	let voucher = Voucher {
		channel: 0,
		amount: CRN,
		window: 0,
		signature: MultiSignature::Sr25519([7; 64].into()),
	};
	let settle = RuntimeCall::from(pallet_inference::Call::settle { voucher });
	for proxy_type in RESTRICTED {
		let wanted = matches!(proxy_type, ProxyType::NonTransfer | ProxyType::Worker);
		assert_eq!(proxy_type.filter(&settle), wanted, "{proxy_type:?}");
	}
}
