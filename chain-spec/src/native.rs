//! Genesis states without the detour through WebAssembly.
//!
//! A specification that names a preset makes the node compile the runtime twice, only to ask it for its
//! genesis, before it compiles it once more to run it. This build contains the same code natively,
//! which answers at once. A test holds the two equal.

use cairn_runtime::{genesis_config_presets::get_preset, RuntimeGenesisConfig};
use sc_chain_spec::{json_merge, ChainSpec as _};
use serde_json::Value;
use sp_core::storage::well_known_keys::CODE;
use sp_runtime::BuildStorage;

use crate::{runtime, ChainSpec};

/// Replaces the name of the genesis `preset` in `spec` by the state that it stands for.
pub(crate) fn build_genesis(mut spec: ChainSpec, preset: &str) -> Result<ChainSpec, String> {
	let patch = get_preset(&preset.into())
		.ok_or_else(|| format!("the runtime has no genesis preset {preset:?}"))?;
	let patch = serde_json::from_slice(&patch).map_err(|error| error.to_string())?;

	let mut storage = genesis_config(patch)?.build_storage()?;
	storage.top.insert(CODE.to_vec(), runtime()?.to_vec());
	spec.set_storage(storage);
	Ok(spec)
}

/// The runtime's default genesis with the changes of `patch`.
pub(crate) fn genesis_config(patch: Value) -> Result<RuntimeGenesisConfig, String> {
	let mut config =
		serde_json::to_value(RuntimeGenesisConfig::default()).map_err(|error| error.to_string())?;
	json_merge(&mut config, patch);
	serde_json::from_value(config).map_err(|error| error.to_string())
}
