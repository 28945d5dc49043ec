//! Final blocks, in order and each of them, also over restarts of node and worker.

use std::{
	io,
	path::{Path, PathBuf},
	time::Duration,
};

use cairn_primitives::Hash;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::time::{timeout_at, Instant};

use crate::{
	disk,
	walk::{Walk, WalkError},
	BlockRef, ConnectError, Connection, ViewError,
};

/// What a [`Follower`] tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
	/// A block became final. What it changed is in its state; events are hints where to look.
	Final(BlockRef),
	/// No block became final for a while. It is told once; the next block that becomes final ends it.
	Stalled {
		/// For how long.
		silence: Duration,
		/// Whether the node answers: if so, the network does not finalise, or the node is not connected to it.
		node_answers: bool,
	},
}

/// Why a [`Follower`] cannot go on.
#[derive(Debug, Error)]
pub enum FollowError {
	/// The chain cannot be followed.
	#[error(transparent)]
	Walk(#[from] WalkError),
	/// The file is about another chain.
	#[error(
		"{path} belongs to another chain, whose first block is {found:?}, not {expected:?}. Use one \
		 data directory for each network."
	)]
	PositionOfOtherChain {
		/// The file.
		path: PathBuf,
		/// Hash of the first block of the chain that is followed.
		expected: Hash,
		/// Hash of the first block of the chain that the file is about.
		found: Hash,
	},
	/// The file that remembers the last block cannot be read or written.
	#[error(
		"{path} cannot be read or written: {reason}. Check the disk and the file's owner; if the file is \
		 damaged, delete it to start at the newest block."
	)]
	Position {
		/// The file.
		path: PathBuf,
		/// What the system says.
		reason: io::Error,
	},
}

/// The last block that was handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
	genesis: Hash,
	block: BlockRef,
}

/// Follows the chain: yields each final block once it is told that the one before was handled, and remembers that in a file.
///
/// A block that was yielded but not handled is yielded again after a restart: handling must bear that.
pub struct Follower {
	connection: Connection,
	walk: Walk,
	path: PathBuf,
	patience: Duration,
	/// When the last block became final, as far as it was noticed here.
	heard: Instant,
	is_stalled: bool,
	/// A block that was passed and not told yet.
	passed: Option<BlockRef>,
}

impl Follower {
	/// Goes on behind the block that `path` remembers, or starts with the newest final block if there is no such file. If no block
	/// becomes final for `patience`, that is told.
	pub fn open(
		connection: Connection,
		path: &Path,
		patience: Duration,
	) -> Result<Self, FollowError> {
		let path = path.to_path_buf();
		let position = disk::load::<Position>(&path)
			.map_err(|reason| FollowError::Position { path: path.clone(), reason })?;
		let expected = connection.genesis();
		if let Some(other) = position.filter(|position| position.genesis != expected) {
			let found = other.genesis;
			return Err(FollowError::PositionOfOtherChain { path, expected, found });
		}
		let walk = Walk::after(connection.clone(), position.map(|position| position.block));
		let heard = Instant::now();
		Ok(Self { connection, walk, path, patience, heard, is_stalled: false, passed: None })
	}

	/// The next notice. Nothing is lost if this is not awaited to its end.
	pub async fn next(&mut self) -> Result<Notice, FollowError> {
		let block = match self.passed {
			Some(block) => block,
			None if self.is_stalled => self.walk.next().await?,
			None => match timeout_at(self.heard + self.patience, self.walk.next()).await {
				Ok(block) => block?,
				Err(_) => return Ok(self.stalled().await),
			},
		};
		self.passed = Some(block);
		self.heard = Instant::now();
		self.is_stalled = false;
		self.check_runtime(&block).await?;
		self.passed = None;
		Ok(Notice::Final(block))
	}

	/// Remembers that a block was handled.
	pub fn handled(&mut self, block: BlockRef) -> Result<(), FollowError> {
		let position = Position { genesis: self.connection.genesis(), block };
		disk::save(&self.path, &position)
			.map_err(|reason| FollowError::Position { path: self.path.clone(), reason })
	}

	async fn stalled(&mut self) -> Notice {
		self.is_stalled = true;
		let node_answers = self.connection.link().is_alive().await;
		Notice::Stalled { silence: self.heard.elapsed(), node_answers }
	}

	/// Stops at a runtime that is not known. Older blocks are passed over: only what is new can be worked with.
	async fn check_runtime(&self, block: &BlockRef) -> Result<(), WalkError> {
		if !self.walk.is_at_head() {
			return Ok(());
		}
		match self.connection.link().state(block).await {
			Err(ViewError::Incompatible(error)) => Err(ConnectError::from(error).into()),
			// Whoever reads the state is told what is wrong with it.
			_ => Ok(()),
		}
	}
}
