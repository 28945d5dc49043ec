//! New public networks, from a filled-in template.

use sc_chain_spec::ChainType;
use sc_service::config::MultiaddrWithPeerId;
use serde::Deserialize;
use serde_json::Value;

use crate::{checks, properties, runtime, ChainSpec};

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
	checks::check_genesis(&template.genesis)?;

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
