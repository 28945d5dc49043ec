//! New public networks, from a filled-in template.

use cairn_runtime::genesis_config_presets;
use sc_chain_spec::ChainType;
use sc_service::config::MultiaddrWithPeerId;
use serde::Deserialize;
use serde_json::Value;
use sp_core::crypto::{AccountId32, Ss58Codec};

use crate::{properties, runtime, ChainSpec};

/// Fewest validators of a public network: finality survives the loss of one of four.
const MIN_VALIDATORS: usize = 4;

/// What a person decides about a new network. Everything else follows from the runtime.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Template {
	/// The name that people see.
	name: String,
	/// The name of the database's directory.
	id: String,
	/// What keeps the network's messages apart from those of others.
	protocol_id: String,
	/// Addresses of nodes that are always there.
	boot_nodes: Vec<MultiaddrWithPeerId>,
	/// What differs from the runtime's default genesis.
	genesis: Value,
}

/// The network that `json`, a filled-in `public/template.json`, describes.
pub fn from_template(json: &[u8]) -> Result<ChainSpec, String> {
	check_filled_in(json)?;
	let template: Template = serde_json::from_slice(json)
		.map_err(|error| format!("the template cannot be read: {error}"))?;
	check_validators(&template.genesis)?;
	check_no_public_secrets(&template.genesis)?;

	Ok(ChainSpec::builder(runtime()?, None)
		.with_name(&template.name)
		.with_id(&template.id)
		.with_protocol_id(&template.protocol_id)
		.with_chain_type(ChainType::Live)
		.with_boot_nodes(template.boot_nodes)
		.with_properties(properties())
		.with_genesis_config_patch(template.genesis)
		.build())
}

/// No place of the template may be left as it was.
fn check_filled_in(json: &[u8]) -> Result<(), String> {
	let text = String::from_utf8_lossy(json);
	match text.lines().position(|line| line.contains("FILL IN")) {
		Some(line) => Err(format!("line {} of the template is not filled in", line + 1)),
		None => Ok(()),
	}
}

/// There are validators enough to lose one, and none of them twice.
fn check_validators(genesis: &Value) -> Result<(), String> {
	let keys = genesis["session"]["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
	let mut accounts: Vec<_> = keys.iter().map(|entry| entry[0].as_str()).collect();
	accounts.sort_unstable();
	accounts.dedup();
	if accounts.len() < keys.len() {
		return Err("genesis.session.keys names an account twice".into());
	}
	if keys.len() < MIN_VALIDATORS {
		return Err(format!(
			"genesis.session.keys lists {} validators; a public network needs {MIN_VALIDATORS} to \
			 survive the loss of one",
			keys.len()
		));
	}
	Ok(())
}

/// Nobody may own anything with a key that everybody has.
fn check_no_public_secrets(genesis: &Value) -> Result<(), String> {
	let development = genesis_config_presets::get_preset(&"local_testnet".into())
		.and_then(|json| serde_json::from_slice::<Value>(&json).ok())
		.ok_or("the runtime has no local_testnet preset to compare with")?;
	let mut known = Vec::new();
	addresses(&development["balances"], &mut known);
	addresses(&development["session"], &mut known);
	let mut used = Vec::new();
	addresses(genesis, &mut used);
	match used.into_iter().find(|key| known.contains(key)) {
		Some(key) => Err(format!("{key} is a well-known development key: anybody could use it")),
		None => Ok(()),
	}
}

/// Collects the keys that `value` names, whatever network's prefix their addresses carry.
fn addresses(value: &Value, into: &mut Vec<AccountId32>) {
	match value {
		Value::String(text) => {
			into.extend(AccountId32::from_ss58check_with_version(text).map(|(key, _)| key))
		},
		Value::Array(items) => items.iter().for_each(|item| addresses(item, into)),
		Value::Object(fields) => fields.values().for_each(|item| addresses(item, into)),
		_ => (),
	}
}
