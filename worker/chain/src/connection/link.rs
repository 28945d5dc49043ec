//! One WebSocket, as long as it lasts.

use std::{
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::Duration,
};

use cairn_primitives::{BlockNumber, Hash};
use serde::Deserialize;
use sp_core::Bytes;
use subxt::{
	backend::LegacyBackend,
	client::OnlineClient,
	config::{substrate::SubstrateHeader, RpcConfigFor},
	rpcs::{
		client::{rpc_params, RpcClient, RpcSubscription},
		Error, LegacyRpcMethods,
	},
};
use tokio::time::timeout;

use super::{ConnectError, Incompatible, Node};
use crate::{
	api,
	views::{State, ViewError},
	BlockRef, Config,
};

/// The head of a block.
pub(crate) type Header = SubstrateHeader<Hash>;

/// How long a node may take for an answer that costs it nothing.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// Stands for no version of a runtime.
const NONE: u64 = u64::MAX;

/// A connection that was made once. Clones share it.
#[derive(Clone)]
pub(crate) struct Link {
	socket: RpcClient,
	client: OnlineClient<Config>,
	rpc: LegacyRpcMethods<RpcConfigFor<Config>>,
	/// The last version of the runtime that was found to fit.
	fitting: Arc<AtomicU64>,
}

/// Of a block what is needed.
#[derive(Deserialize)]
struct SignedBlock {
	block: Block,
}

#[derive(Deserialize)]
struct Block {
	extrinsics: Vec<Extrinsic>,
}

/// Nodes of the 2609 train write extrinsics as lists of numbers, all others in hexadecimal.
#[derive(Deserialize)]
#[serde(untagged)]
enum Extrinsic {
	Numbers(Vec<u8>),
	Hexadecimal(Bytes),
}

impl From<Extrinsic> for Vec<u8> {
	fn from(extrinsic: Extrinsic) -> Self {
		match extrinsic {
			Extrinsic::Numbers(bytes) | Extrinsic::Hexadecimal(Bytes(bytes)) => bytes,
		}
	}
}

impl Link {
	/// Connects, and sees to it that the chain is the right one.
	pub(super) async fn new(url: &str, genesis: Option<Hash>) -> Result<Self, ConnectError> {
		if !url.starts_with("ws://") && !url.starts_with("wss://") {
			return Err(ConnectError::BadAddress { url: url.into() });
		}
		let no_node = |reason: String| ConnectError::NoNode { url: url.to_string(), reason };
		let socket =
			RpcClient::from_insecure_url(url).await.map_err(|error| no_node(error.to_string()))?;
		let backend = LegacyBackend::builder().build(socket.clone());
		let client = OnlineClient::from_backend_with_config(Config::new(), Arc::new(backend))
			.await
			.map_err(|error| no_node(error.to_string()))?;
		let fitting = Arc::new(AtomicU64::new(NONE));
		let rpc = LegacyRpcMethods::new(socket.clone());
		let link = Self { socket, client, rpc, fitting };
		let found = link.genesis();
		if let Some(expected) = genesis.filter(|expected| *expected != found) {
			return Err(ConnectError::WrongChain { url: url.into(), expected, found });
		}
		let head = link.final_head().await.map_err(|error| no_node(error.to_string()))?;
		match link.state(&head).await {
			Err(ViewError::Incompatible(error)) => Err(error.into()),
			Err(error) => Err(no_node(error.to_string())),
			Ok(_) => Ok(link),
		}
	}

	/// Hash of the chain's first block.
	pub(crate) fn genesis(&self) -> Hash {
		self.client.genesis_hash()
	}

	/// Whether it is the same connection, not only one to the same node.
	pub(crate) fn is_same(&self, other: &Link) -> bool {
		Arc::ptr_eq(&self.fitting, &other.fitting)
	}

	/// Whether the node answers.
	pub(crate) async fn is_alive(&self) -> bool {
		matches!(timeout(SIGN_OF_LIFE, self.rpc.chain_get_finalized_head()).await, Ok(Ok(_)))
	}

	/// Height of the newest block, final or not.
	pub(super) async fn best(&self) -> Result<BlockNumber, Error> {
		let best = self.rpc.chain_get_header(None).await?;
		Ok(height(&best.ok_or_else(|| missing("a newest block"))?))
	}

	/// What the node says about itself.
	pub(super) async fn node(&self) -> Result<Node, Error> {
		let health = self.rpc.system_health().await?;
		Ok(Node {
			chain: self.rpc.system_chain().await?,
			version: self.rpc.system_version().await?,
			peers: health.peers,
			is_syncing: health.is_syncing,
			best: self.best().await?,
		})
	}

	/// The node's standard methods.
	pub(crate) fn rpc(&self) -> &LegacyRpcMethods<RpcConfigFor<Config>> {
		&self.rpc
	}

	/// The newest final block.
	pub(crate) async fn final_head(&self) -> Result<BlockRef, Error> {
		let hash = self.rpc.chain_get_finalized_head().await?;
		let header = self.header(hash).await?;
		Ok(BlockRef { height: height(&header), hash })
	}

	/// The heads of blocks that become final. Some may be left out.
	pub(crate) async fn final_heads(&self) -> Result<RpcSubscription<Header>, Error> {
		self.rpc.chain_subscribe_finalized_heads().await
	}

	/// The head of a block.
	pub(crate) async fn header(&self, hash: Hash) -> Result<Header, Error> {
		self.rpc.chain_get_header(Some(hash)).await?.ok_or_else(|| missing("a block's head"))
	}

	/// The extrinsics of a block. (subxt reads those only that are written in hexadecimal.)
	pub(crate) async fn body(&self, hash: Hash) -> Result<Vec<Vec<u8>>, Error> {
		let found: Option<SignedBlock> =
			self.socket.request("chain_getBlock", rpc_params![hash]).await?;
		let block = found.ok_or_else(|| missing("a block's body"))?.block;
		Ok(block.extrinsics.into_iter().map(Vec::from).collect())
	}

	/// The final block at a height up to that of the newest one.
	pub(crate) async fn block_at(&self, height: BlockNumber) -> Result<BlockRef, Error> {
		let hash = self.rpc.chain_get_block_hash(Some(height.into())).await?;
		hash.map(|hash| BlockRef { height, hash }).ok_or_else(|| missing("a final block"))
	}

	/// The state after a block, if its runtime is the one that is known here.
	pub(crate) async fn state(&self, block: &BlockRef) -> Result<State, ViewError> {
		let at =
			self.client.at_block_hash_and_number(block.hash, block.height.into()).await.map_err(
				|error| ViewError::new("the version of the runtime", block.height, error),
			)?;
		let spec_version = at.spec_version();
		if self.fitting.load(Ordering::Relaxed) != u64::from(spec_version) {
			if !api::is_codegen_valid_for(at.metadata_ref()) {
				return Err(Incompatible { spec_version }.into());
			}
			self.fitting.store(spec_version.into(), Ordering::Relaxed);
		}
		Ok(State::new(at))
	}
}

/// The height in a head. The chain's heights have 32 bits.
pub(crate) fn height(header: &Header) -> BlockNumber {
	header.number.try_into().unwrap_or(BlockNumber::MAX)
}

fn missing(what: &str) -> Error {
	Error::Client(format!("the node does not have {what} that it should have").into())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn extrinsics_are_read_as_numbers_and_in_hexadecimal() {
		let json =
			r#"{"block":{"header":{},"extrinsics":[[8,1,2],"0x080102"]},"justifications":null}"#;
		let block = serde_json::from_str::<SignedBlock>(json).unwrap().block;
		let bytes: Vec<Vec<u8>> = block.extrinsics.into_iter().map(Vec::from).collect();
		assert_eq!(bytes, [[8, 1, 2], [8, 1, 2]]);
	}
}
