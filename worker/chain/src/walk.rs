//! A walk over final blocks, one by one, whatever becomes of the connection.

use std::time::Duration;

use cairn_primitives::BlockNumber;
use subxt::rpcs::{client::RpcSubscription, Error};
use thiserror::Error as ThisError;
use tokio::time::timeout;

use crate::{
	connection::{height, Header, Link},
	BlockRef, ConnectError, Connection,
};

/// After so much silence the node is asked whether it still is there: a connection can end without a word.
const SILENCE: Duration = Duration::from_secs(30);

/// Why a walk cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum WalkError {
	/// The node that came back is of no use.
	#[error(transparent)]
	Connect(#[from] ConnectError),
	/// The node's final blocks do not continue those that were seen before.
	#[error(
		"The node's final block {height} does not continue the chain that was followed until now. A \
		 development chain was started anew, or the node is wrong: connect to another one, or use \
		 another data directory."
	)]
	OtherHistory {
		/// The height of that block.
		height: BlockNumber,
	},
}

/// Final blocks in order.
pub(crate) struct Walk {
	connection: Connection,
	/// The block that was passed last; none before the first one.
	last: Option<BlockRef>,
	heads: Option<Heads>,
}

/// The node's announcements.
struct Heads {
	link: Link,
	announced: RpcSubscription<Header>,
	newest: BlockRef,
}

/// What a step came to.
enum Step {
	To(BlockRef),
	OtherHistory(BlockNumber),
}

impl Walk {
	/// A walk that goes on behind `last`, or starts with the newest final block.
	pub(crate) fn after(connection: Connection, last: Option<BlockRef>) -> Self {
		Self { connection, last, heads: None }
	}

	/// The next final block. Nothing is lost if this is not awaited to its end.
	pub(crate) async fn next(&mut self) -> Result<BlockRef, WalkError> {
		loop {
			match self.step().await {
				Ok(Step::To(block)) => {
					self.last = Some(block);
					return Ok(block);
				},
				Ok(Step::OtherHistory(height)) => return Err(WalkError::OtherHistory { height }),
				Err(error) => {
					tracing::debug!("no next block: {error}");
					self.heads = None;
					self.connection.mend().await?;
				},
			}
		}
	}

	/// Whether no newer final block is known than the one that was passed last.
	pub(crate) fn is_at_head(&self) -> bool {
		let newest = self.heads.as_ref().map(|heads| heads.newest.height);
		newest <= self.last.map(|last| last.height)
	}

	async fn step(&mut self) -> Result<Step, Error> {
		let last = self.last;
		let heads = self.heads().await?;
		let Some(last) = last else { return Ok(Step::To(heads.newest)) };
		while heads.newest.height <= last.height {
			heads.wait().await?;
		}
		let block = heads.link.block_at(last.height.saturating_add(1)).await?;
		let parent = heads.link.header(block.hash).await?.parent_hash;
		Ok(if parent == last.hash { Step::To(block) } else { Step::OtherHistory(block.height) })
	}

	async fn heads(&mut self) -> Result<&mut Heads, Error> {
		if self.heads.is_none() {
			let link = self.connection.link();
			let announced = link.final_heads().await?;
			let newest = link.final_head().await?;
			self.heads = Some(Heads { link, announced, newest });
		}
		self.heads.as_mut().ok_or_else(|| Error::Client("no connection".into()))
	}
}

impl Heads {
	/// Waits for the next announcement.
	async fn wait(&mut self) -> Result<(), Error> {
		let ended = || Error::Client("the node announces no more blocks".into());
		match timeout(SILENCE, self.announced.next()).await {
			Ok(Some(header)) => {
				// The announcement has no hash in it, and only its height is needed.
				self.newest.height = height(&header?).max(self.newest.height);
				Ok(())
			},
			Ok(None) => Err(ended()),
			Err(_) if self.link.is_alive().await => Ok(()),
			Err(_) => Err(ended()),
		}
	}
}
