//! The connection to a node, which is made anew whenever it breaks.

mod error;
mod link;

use std::sync::{Arc, PoisonError, RwLock};

use cairn_primitives::{BlockNumber, Hash};
use tokio::sync::Mutex;

pub use error::{ConnectError, Incompatible};
pub(crate) use link::{height, Header, Link};

use crate::{
	backoff::Backoff,
	views::{State, ViewError},
	BlockRef,
};

/// What a node says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
	/// The network's name.
	pub chain: String,
	/// The node's version.
	pub version: String,
	/// Nodes that it is connected to.
	pub peers: usize,
	/// Whether it is still fetching old blocks.
	pub is_syncing: bool,
	/// Height of its newest block, final or not.
	pub best: BlockNumber,
}

/// A node's WebSocket. Clones share one connection.
///
/// Whoever asks something while the node is gone gets an error; the [`Follower`](crate::Follower) and the
/// [`Submitter`](crate::Submitter) wait until it is back, each time a little longer, and then go on.
#[derive(Clone)]
pub struct Connection {
	inner: Arc<Inner>,
}

struct Inner {
	url: String,
	genesis: Hash,
	link: RwLock<Link>,
	/// Held by whoever mends the link.
	mending: Mutex<()>,
}

impl Connection {
	/// Connects to the node at `url`, such as `ws://127.0.0.1:9944`.
	///
	/// `genesis` is the hash of the first block of the chain that is expected. Without one any chain will do; keep what
	/// [`Connection::genesis`] says then, and ask for it the next time.
	pub async fn open(url: &str, genesis: Option<Hash>) -> Result<Self, ConnectError> {
		let link = Link::new(url, genesis).await?;
		let inner = Inner {
			url: url.into(),
			genesis: link.genesis(),
			link: RwLock::new(link),
			mending: Mutex::new(()),
		};
		Ok(Self { inner: Arc::new(inner) })
	}

	/// Hash of the chain's first block.
	pub fn genesis(&self) -> Hash {
		self.inner.genesis
	}

	/// Height of the newest block, final or not: whatever is sent now gets into a later one.
	pub async fn best(&self) -> Result<BlockNumber, ViewError> {
		self.live_link().await?.best().await.map_err(|error| ViewError::NoAnswer {
			question: "chain".into(),
			reason: error.to_string(),
		})
	}

	/// What the node says about itself.
	pub async fn node(&self) -> Result<Node, ViewError> {
		self.live_link().await?.node().await.map_err(|error| ViewError::NoAnswer {
			question: "system".into(),
			reason: error.to_string(),
		})
	}

	/// The newest final state.
	pub async fn state(&self) -> Result<State, ViewError> {
		let link = self.live_link().await?;
		let head = link.final_head().await.map_err(ViewError::no_head)?;
		link.state(&head).await
	}

	/// The state after a final block.
	pub async fn state_at(&self, block: &BlockRef) -> Result<State, ViewError> {
		self.live_link().await?.state(block).await
	}

	/// The link as it is, whole or broken.
	pub(crate) fn link(&self) -> Link {
		// A poisoned lock holds a whole link all the same: it is replaced in one step.
		self.inner.link.read().unwrap_or_else(PoisonError::into_inner).clone()
	}

	/// A link that answers, after one try to mend it.
	async fn live_link(&self) -> Result<Link, ViewError> {
		let link = self.link();
		if link.is_alive().await {
			return Ok(link);
		}
		self.replace(&link).await.map_err(ViewError::from)
	}

	/// Waits until the node answers again. Errors are final: the node that came back follows another chain, or another runtime.
	pub(crate) async fn mend(&self) -> Result<(), ConnectError> {
		let mut backoff = Backoff::new();
		loop {
			// Also if the link is whole: whoever came here had an error, and should not try again at once.
			backoff.pause().await;
			let link = self.link();
			if link.is_alive().await {
				return Ok(());
			}
			match self.replace(&link).await {
				Ok(_) => return Ok(()),
				Err(error) if error.is_final() => return Err(error),
				Err(error) => tracing::warn!("{error}"),
			}
		}
	}

	/// Puts a new link in the place of a broken one, unless somebody else was faster.
	async fn replace(&self, broken: &Link) -> Result<Link, ConnectError> {
		let _mending = self.inner.mending.lock().await;
		let present = self.link();
		if !present.is_same(broken) {
			return Ok(present);
		}
		let link = Link::new(&self.inner.url, Some(self.inner.genesis)).await?;
		tracing::info!("connected to the node at {}", self.inner.url);
		*self.inner.link.write().unwrap_or_else(PoisonError::into_inner) = link.clone();
		Ok(link)
	}
}
