#![doc = include_str!("../README.md")]

mod checks;
mod native;
mod template;
#[cfg(test)]
mod tests;

use std::path::Path;

use cairn_runtime::genesis_config_presets::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use cairn_runtime::{
	currency::{SS58_PREFIX, TOKEN_DECIMALS, TOKEN_SYMBOL},
	WASM_BINARY,
};
use sc_chain_spec::{ChainType, GenericChainSpec, Properties};

pub use template::from_template;

/// Description of a network.
pub type ChainSpec = GenericChainSpec;

/// How a specification states the genesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Genesis {
	/// By the name of a preset of the runtime: short, for people to read and change.
	Named,
	/// As the state itself: what a node starts from without delay.
	Built,
}

/// A chain of one validator, Alice, for development.
pub fn development(genesis: Genesis) -> Result<ChainSpec, String> {
	preset("Cairn Development", "cairn_dev", ChainType::Development, DEV_RUNTIME_PRESET, genesis)
}

/// A network of four validators (Alice, Bob, Charlie, Dave) on one machine or in one room.
pub fn local(genesis: Genesis) -> Result<ChainSpec, String> {
	preset("Cairn Local", "cairn_local", ChainType::Local, LOCAL_TESTNET_RUNTIME_PRESET, genesis)
}

/// A network whose genesis is a preset of the runtime.
fn preset(
	name: &str,
	id: &str,
	chain_type: ChainType,
	preset: &str,
	genesis: Genesis,
) -> Result<ChainSpec, String> {
	let spec = ChainSpec::builder(runtime()?, None)
		.with_name(name)
		.with_id(id)
		.with_protocol_id(&id.replace('_', "-"))
		.with_chain_type(chain_type)
		.with_properties(properties())
		.with_genesis_config_preset_name(preset)
		.build();
	match genesis {
		Genesis::Named => Ok(spec),
		Genesis::Built => native::build_genesis(spec, preset),
	}
}

/// The network described by a chain specification in JSON.
pub fn from_file(path: &Path) -> Result<ChainSpec, String> {
	if !path.exists() {
		return Err(format!(
			"there is no chain specification at {}: give --chain dev, --chain local, or the path \
			 of the JSON file that a network publishes",
			path.display()
		));
	}
	ChainSpec::from_json_file(path.into())
}

/// What wallets want to know of the token.
pub fn properties() -> Properties {
	let mut properties = Properties::new();
	properties.insert("tokenSymbol".into(), TOKEN_SYMBOL.into());
	properties.insert("tokenDecimals".into(), TOKEN_DECIMALS.into());
	properties.insert("ss58Format".into(), SS58_PREFIX.into());
	properties
}

/// The runtime that this build contains.
fn runtime() -> Result<&'static [u8], String> {
	WASM_BINARY.ok_or_else(|| {
		"this binary was built without a runtime (SKIP_WASM_BUILD was set): build it again without, \
		 or give --chain the file of a network that exists"
			.into()
	})
}
