//! Why there is no connection.

use cairn_primitives::Hash;
use thiserror::Error;

/// Why there is no connection to a chain.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConnectError {
	/// The address cannot be one.
	#[error(
		"`{url}` is not the address of a node. Write `ws://` or `wss://`, a host and a port, such as \
		 `ws://127.0.0.1:9944`."
	)]
	BadAddress {
		/// The address.
		url: String,
	},
	/// Nobody answers.
	#[error(
		"No node answers at {url}: {reason}. Start one there, or check the address and whether a \
		 firewall is in the way."
	)]
	NoNode {
		/// The address.
		url: String,
		/// What the system says.
		reason: String,
	},
	/// The node follows another chain.
	#[error(
		"The node at {url} follows another chain: its first block is {found:?}, not {expected:?}. \
		 Connect to a node of the right network, or use another data directory for this one."
	)]
	WrongChain {
		/// The address.
		url: String,
		/// Hash of the first block that was expected.
		expected: Hash,
		/// Hash of the first block that the node has.
		found: Hash,
	},
	/// The runtime is not the one that this program knows.
	#[error(transparent)]
	Incompatible(#[from] Incompatible),
}

impl ConnectError {
	/// Whether trying again is of no use.
	pub fn is_final(&self) -> bool {
		!matches!(self, ConnectError::NoNode { .. })
	}
}

/// The chain's runtime is not the one that this program was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
	"The chain runs a runtime that this program does not know (version {spec_version}). Install the \
	 release for it and start again: nothing is lost."
)]
pub struct Incompatible {
	/// Version of the chain's runtime.
	pub spec_version: u32,
}
