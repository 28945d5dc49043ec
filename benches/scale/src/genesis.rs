//! The first state: the development preset with the epochs of a public network (a block that ends a session takes no other
//! transactions, and a development chain ends one every minute), and money for everyone who signs.

use cairn_runtime::{
	currency::CRN,
	genesis_config_presets::{get_preset, DEV_RUNTIME_PRESET},
	time::EPOCH_LENGTH,
	RuntimeGenesisConfig,
};
use serde_json::Value;
use sp_core::storage::Storage;
use sp_runtime::BuildStorage;

use crate::keys::Keys;

/// What each account of a provider or worker starts with: bond and fees.
const PURSE: u128 = 1_000 * CRN;

/// The state of the genesis block.
pub fn build(keys: &Keys) -> Storage {
	let patch = get_preset(&DEV_RUNTIME_PRESET.into()).expect("the preset exists");
	let patch = serde_json::from_slice(&patch).expect("a preset is JSON");
	let mut config =
		serde_json::to_value(RuntimeGenesisConfig::default()).expect("a configuration is JSON");
	merge(&mut config, patch);
	let mut config: RuntimeGenesisConfig =
		serde_json::from_value(config).expect("a preset decodes as a configuration");
	config.clock.epoch_length = EPOCH_LENGTH;
	for provider in &keys.providers {
		config.balances.balances.push((provider.id(), PURSE));
		config.balances.balances.push((provider.worker_id(), PURSE));
	}
	config.build_storage().expect("the preset builds")
}

/// Put what a preset says in place of the defaults.
fn merge(base: &mut Value, patch: Value) {
	match (base, patch) {
		(Value::Object(base), Value::Object(patch)) => {
			for (key, value) in patch {
				merge(base.entry(key).or_insert(Value::Null), value);
			}
		},
		(base, patch) => *base = patch,
	}
}
