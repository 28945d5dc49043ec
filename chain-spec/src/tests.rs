use cairn_runtime::{AccountId, Historical, Runtime, SessionKeys};
use frame_support::traits::KeyOwnerProofSystem;
use pallet_session::historical::HistoricalSessions;
use pallet_validators::{MinValidators, Planned};
use sc_chain_spec::{ChainSpec as _, ChainType};
use serde_json::{json, Value};
use sp_core::crypto::{KeyTypeId, Ss58Codec};
use sp_runtime::{traits::OpaqueKeys, BuildStorage};

use crate::{development, from_file, from_template, local, Genesis};

/// Accounts and keys that nobody knows the secret of: 32 times the same byte.
const STRANGERS: [&str; 5] = [
	"5C62Ck4UrFPiBtoCmeSrgF7x9yv9mn38446dhCpsi2mLHiFT",
	"5C7LYpP2ZH3tpKbvVvwiVe54AapxErdPBbvkYhe6y9ZBkqWt",
	"5C8etthaGJi5SkQeEDSaK32ABBjkhwDeK9ksQCTLEGM3EH14",
	"5C9yEy27yLNG5BDMxVwS8RyGBneZB1ouShazFhGZVP8thK5z",
	"5CBHb3LfgN2Shc25gnSHwpvNCPZMe6QAaFR77C5nkVvkAK1o",
];
const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
/// Alice again, as an address of Polkadot.
const ALICE_ELSEWHERE: &str = "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5";

/// 10,000 CRN.
const BOND: u64 = 10_000_000_000_000_000;

/// The accounts of the validators.
fn validators() -> [&'static str; 4] {
	let [validators @ .., _] = STRANGERS;
	validators
}

/// A template that is filled in as it should be.
fn filled_in() -> Value {
	let keys = validators().map(|key| json!([key, key, { "grandpa": key, "babe": key }]));
	json!({
		"name": "Cairn One",
		"id": "cairn_one",
		"protocolId": "cairn-one",
		"bootNodes": [],
		"genesis": {
			"babe": {
				"epochConfig": { "c": [1, 4], "allowed_slots": "PrimaryAndSecondaryVRFSlots" }
			},
			"balances": { "balances": validators().map(|key| json!([key, 2 * BOND])) },
			"council": { "members": STRANGERS[2..] },
			"session": { "keys": keys },
			"validators": {
				"validators": validators().map(|key| json!([key, BOND])),
				"minValidators": 4
			}
		}
	})
}

/// The message with which `template` is refused.
fn refusal(template: &Value) -> String {
	match from_template(template.to_string().as_bytes()) {
		Ok(_) => panic!("the template should have been refused"),
		Err(message) => message,
	}
}

#[test]
fn natively_built_genesis_equals_the_one_that_the_runtime_builds() {
	for network in [development, local] {
		let named = network(Genesis::Named).unwrap().build_storage().unwrap();
		let built = network(Genesis::Built).unwrap().build_storage().unwrap();
		assert_eq!(named.top, built.top);
		assert!(built.children_default.is_empty() && named.children_default.is_empty());
	}
}

#[test]
fn networks_differ_in_id_protocol_and_genesis() {
	let (dev, local) = (development(Genesis::Built).unwrap(), local(Genesis::Built).unwrap());
	assert_ne!(dev.id(), local.id());
	assert_ne!(dev.protocol_id(), local.protocol_id());
	assert_ne!(dev.build_storage().unwrap().top, local.build_storage().unwrap().top);
	assert_eq!(dev.chain_type(), ChainType::Development);
	assert_eq!(local.chain_type(), ChainType::Local);
}

#[test]
fn wallets_are_told_the_token() {
	let properties = development(Genesis::Built).unwrap().properties();
	assert_eq!(
		Value::Object(properties),
		json!({ "tokenSymbol": "CRN", "tokenDecimals": 12, "ss58Format": 42 })
	);
}

#[test]
fn a_filled_in_template_becomes_a_network_that_has_a_genesis() {
	let spec = from_template(filled_in().to_string().as_bytes()).unwrap();
	assert_eq!(spec.id(), "cairn_one");
	assert_eq!(spec.protocol_id(), Some("cairn-one"));
	assert_eq!(spec.chain_type(), ChainType::Live);
	let state = spec.build_storage().unwrap();
	// The published, raw form says the same.
	let raw = crate::ChainSpec::from_json_bytes(spec.as_json(true).unwrap().into_bytes()).unwrap();
	assert_eq!(raw.build_storage().unwrap().top, state.top);
}

#[test]
fn the_published_template_is_refused_until_it_is_filled_in() {
	let template: Value = serde_json::from_str(include_str!("../public/template.json")).unwrap();
	assert!(refusal(&template).contains("is not filled in"));
	// Its shape is that of the template which the other tests fill in.
	let keys = |value: &Value| {
		let mut keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
		keys.sort();
		keys
	};
	assert_eq!(keys(&template), keys(&filled_in()));
	assert_eq!(keys(&template["genesis"]), keys(&filled_in()["genesis"]));
}

#[test]
fn a_public_network_begins_with_bonded_validators_whose_offences_can_be_proven() {
	let spec = from_template(filled_in().to_string().as_bytes()).unwrap();
	sp_io::TestExternalities::new(spec.build_storage().unwrap()).execute_with(|| {
		let accounts = validators().map(|address| AccountId::from_ss58check(address).unwrap());
		let planned: Vec<_> =
			Planned::<Runtime>::get().into_iter().map(|seat| (seat.who, seat.bond)).collect();
		assert_eq!(planned, accounts.clone().map(|account| (account, BOND.into())));
		assert_eq!(MinValidators::<Runtime>::get(), 4);
		for session in [0, 1] {
			assert!(HistoricalSessions::<Runtime>::contains_key(session), "session {session}");
		}
		let prove = |key: (KeyTypeId, &[u8])| {
			let proof = <Historical as KeyOwnerProofSystem<_>>::prove(key)?;
			<Historical as KeyOwnerProofSystem<_>>::check_proof(key, proof)
		};
		for account in &accounts {
			let keys = pallet_session::NextKeys::<Runtime>::get(account).unwrap();
			for kind in SessionKeys::key_ids() {
				let (owner, exposure) = prove((*kind, keys.get_raw(*kind))).unwrap();
				assert_eq!((&owner, exposure.bond), (account, BOND.into()));
			}
		}
	});
}

/// Changes a template that is filled in as it should be.
fn with(change: impl FnOnce(&mut Value)) -> Value {
	let mut template = filled_in();
	change(&mut template["genesis"]);
	template
}

/// The list at `place` of a genesis.
fn list<'a>(genesis: &'a mut Value, place: &str) -> &'a mut Vec<Value> {
	genesis.pointer_mut(place).unwrap().as_array_mut().unwrap()
}

#[test]
fn every_inconsistency_of_a_public_network_has_a_name() {
	let [first, ..] = STRANGERS;
	let stranger = STRANGERS[4];
	let keys = "/session/keys";
	let bonds = "/validators/validators";
	for (expected, template) in [
		("session.keys lists 3 validators", with(|genesis| drop(list(genesis, keys).pop()))),
		("session.keys lists 0 validators", with(|genesis| genesis["session"] = json!({}))),
		(
			"session.keys names",
			with(|genesis| {
				let keys = list(genesis, keys);
				keys[1] = keys[0].clone();
			}),
		),
		("for one validator", with(|genesis| list(genesis, keys)[1][0] = first.into())),
		("gives the BABE key", with(|genesis| list(genesis, keys)[1][2]["babe"] = first.into())),
		(
			"gives the GRANDPA key",
			with(|genesis| list(genesis, keys)[1][2]["grandpa"] = first.into()),
		),
		("has session keys: without a bond", with(|genesis| genesis["validators"] = json!({}))),
		(
			"has session keys: without a bond",
			with(|genesis| list(genesis, bonds)[1][0] = stranger.into()),
		),
		("which has a bond", with(|genesis| list(genesis, bonds).push(json!([stranger, BOND])))),
		(
			"validators.validators names",
			with(|genesis| list(genesis, bonds).push(json!([first, BOND]))),
		),
		("minValidators is 3", with(|genesis| genesis["validators"]["minValidators"] = 3.into())),
		("minValidators is 5", with(|genesis| genesis["validators"]["minValidators"] = 5.into())),
		(
			"the least is 1000000000000000 (1000 CRN)",
			with(|genesis| list(genesis, bonds)[2][1] = 999_999_999_999_999u64.into()),
		),
		(
			"its bond and the existential deposit take",
			with(|genesis| list(genesis, "/balances/balances")[3][1] = BOND.into()),
		),
		(
			"gives 5C62Ck4UrFPiBtoCmeSrgF7x9yv9mn38446dhCpsi2mLHiFT 0",
			with(|genesis| drop(list(genesis, "/balances/balances").remove(0))),
		),
		(
			"balances.balances names",
			with(|genesis| list(genesis, "/balances/balances").push(json!([first, 1]))),
		),
		("council.members lists 2", with(|genesis| drop(list(genesis, "/council/members").pop()))),
		(
			"council.members names",
			with(|genesis| list(genesis, "/council/members")[0] = stranger.into()),
		),
		("has no root key", with(|genesis| genesis["sudo"] = json!({ "key": stranger }))),
		(
			"allowed_slots must be",
			with(|genesis| genesis["babe"]["epochConfig"]["allowed_slots"] = "PrimarySlots".into()),
		),
		(
			"whose secrets everybody knows",
			with(|genesis| genesis["balances"]["devAccounts"] = json!([2, BOND, null])),
		),
		(
			"clock.epochLength must be at least 4",
			with(|genesis| genesis["clock"] = json!({ "epochLength": 3 })),
		),
		("unknown field `ghost`", with(|genesis| genesis["ghost"] = json!({}))),
	] {
		let refusal = refusal(&template);
		assert!(refusal.contains(expected), "{refusal:?} instead of {expected:?}");
	}
}

#[test]
fn a_bond_may_take_everything_but_the_existential_deposit() {
	let least = with(|genesis| {
		list(genesis, "/balances/balances")[0][1] = (BOND + 1_000_000_000).into();
	});
	let spec = from_template(least.to_string().as_bytes()).unwrap();
	assert!(spec.build_storage().is_ok());
}

#[test]
fn development_keys_are_refused_wherever_and_however_they_appear() {
	for place in [
		"/genesis/council/members/0",
		"/genesis/session/keys/2/2/babe",
		"/genesis/validators/validators/1/0",
	] {
		for address in [ALICE, ALICE_ELSEWHERE] {
			let mut template = filled_in();
			*template.pointer_mut(place).unwrap() = address.into();
			assert!(refusal(&template).contains(ALICE), "{address} as {place}");
		}
	}
}

#[test]
fn a_field_that_the_template_does_not_have_is_refused() {
	let mut template = filled_in();
	template["chainTyp"] = "Live".into();
	assert!(refusal(&template).contains("chainTyp"));
}

#[test]
fn a_missing_file_is_answered_with_what_to_give_instead() {
	let error = from_file("/nonexistent/cairn.json".as_ref()).err().unwrap();
	assert!(error.contains("--chain dev") && error.contains("/nonexistent/cairn.json"));
}
