use sc_chain_spec::{ChainSpec as _, ChainType};
use serde_json::{json, Value};
use sp_runtime::BuildStorage;

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

/// A template that is filled in as it should be.
fn filled_in() -> Value {
	let keys: Vec<_> = STRANGERS
		.iter()
		.take(4)
		.map(|key| json!([key, key, { "grandpa": key, "babe": key }]))
		.collect();
	json!({
		"name": "Cairn One",
		"id": "cairn_one",
		"protocolId": "cairn-one",
		"bootNodes": [],
		"genesis": {
			"babe": {
				"epochConfig": { "c": [1, 4], "allowed_slots": "PrimaryAndSecondaryVRFSlots" }
			},
			"balances": { "balances": [[STRANGERS[4], 1_000_000_000_000_000u64]] },
			"council": { "members": [STRANGERS[4]] },
			"session": { "keys": keys },
			"sudo": { "key": STRANGERS[4] }
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
fn a_public_network_with_too_few_validators_is_refused() {
	let mut template = filled_in();
	template["genesis"]["session"]["keys"].as_array_mut().unwrap().pop();
	assert!(refusal(&template).contains("lists 3 validators"));
}

#[test]
fn a_validator_that_is_listed_twice_is_refused() {
	let mut template = filled_in();
	let keys = template["genesis"]["session"]["keys"].as_array_mut().unwrap();
	keys[1] = keys[0].clone();
	assert!(refusal(&template).contains("twice"));
}

#[test]
fn development_keys_are_refused_wherever_and_however_they_appear() {
	for place in
		["/genesis/sudo/key", "/genesis/council/members/0", "/genesis/session/keys/2/2/babe"]
	{
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
