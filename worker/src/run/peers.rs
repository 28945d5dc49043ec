//! Peers as the chain names them, and as the transport reaches them.

use cairn_chain::views::Endpoint;
use cairn_transport::{EndpointId, RelayUrl};

/// The identity of an endpoint; `None` if its key is none.
pub fn endpoint_id(endpoint: &Endpoint) -> Option<EndpointId> {
	EndpointId::from_bytes(&endpoint.key.0).ok()
}

/// How an endpoint is reached. Addresses that are none are passed over.
pub fn reach(endpoint: &Endpoint) -> Option<cairn_transport::Peer> {
	let addresses = endpoint.addresses.iter().filter_map(|address| address.parse().ok());
	let relay = endpoint.relay.as_ref().and_then(|relay| relay.parse::<RelayUrl>().ok());
	let peer = cairn_transport::Peer::new(endpoint_id(endpoint)?, addresses);
	Some(cairn_transport::Peer { relay, ..peer })
}
