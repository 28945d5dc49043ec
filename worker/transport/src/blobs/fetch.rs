//! Fetches blobs, from one peer after the other until one has all of it.

use std::{future::Future, sync::PoisonError, time::Duration};

use cairn_primitives::Hash;
use futures::StreamExt;
use iroh::{endpoint::Connection, EndpointAddr, EndpointId};
use iroh_blobs::{
	api::remote::GetProgressItem,
	get::{
		fsm::{AtBlobHeaderNextError, DecodeError},
		request::get_verified_size,
		GetError,
	},
	protocol::{ERR_INTERNAL, ERR_PERMISSION},
	store::mem::MemStore,
	HashAndFormat,
};
use tokio::time::timeout;

use super::{store_error, to_store, BlobError, Blobs, Shelf};
use crate::{lines::Lines, CloseCode};

/// What was fetched so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FetchStats {
	/// Blobs that were fetched whole.
	pub blobs: u64,
	/// Bytes of blobs that came, of unfinished ones, too.
	pub bytes: u64,
	/// Peers that did not deliver.
	pub failed_attempts: u64,
}

/// A blob that is here now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetched {
	/// Bytes of the blob.
	pub bytes: u64,
	/// The peer that gave the last of it; none if all was here already.
	pub from: Option<EndpointId>,
}

/// Why a peer did not deliver a blob. What it delivered before is kept, unless it was wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Attempt {
	/// No connection came about.
	#[error("cannot be reached: {0}")]
	Unreachable(String),
	/// The peer does not give it to us.
	#[error("does not give it to this endpoint")]
	NotAdmitted,
	/// The peer does not have it, or not all of it.
	#[error("does not have all of it")]
	Missing,
	/// The peer sent bytes that are not part of it.
	#[error("sent bytes that do not belong to it")]
	Corrupt,
	/// The peer fell silent.
	#[error("was silent for {} s", .0.as_secs())]
	Stalled(Duration),
	/// The connection broke.
	#[error("broke off: {0}")]
	Lost(String),
}

/// Why a blob is not here now.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FetchError {
	/// It has more bytes than the caller allows, which the peers' proofs show.
	#[error("blob {hash:?} has {bytes} bytes, more than the {limit} that are allowed")]
	TooLarge {
		/// The blob.
		hash: Hash,
		/// Its bytes.
		bytes: u64,
		/// Bytes that are allowed.
		limit: u64,
	},
	/// No peer delivered it. What came stays on the shelf: fetching again goes on from there.
	#[error("no peer delivered blob {hash:?}:{}", list(.attempts))]
	NoPeer {
		/// The blob.
		hash: Hash,
		/// What happened with each peer, in the order of trying.
		attempts: Vec<(EndpointId, Attempt)>,
	},
	/// The store of this endpoint failed.
	#[error(transparent)]
	Here(#[from] BlobError),
}

fn list(attempts: &[(EndpointId, Attempt)]) -> String {
	let entries = attempts.iter().map(|(peer, why)| format!(" {} {why}", peer.fmt_short()));
	entries.collect::<Vec<_>>().join(",")
}

/// How an attempt ended, other than well.
enum Stop {
	/// Try the next peer.
	Next(Attempt),
	/// No other peer will do better.
	Final(FetchError),
}

impl From<Attempt> for Stop {
	fn from(attempt: Attempt) -> Self {
		Stop::Next(attempt)
	}
}

impl Blobs {
	/// See [`crate::Endpoint::fetch`].
	pub(crate) async fn fetch(
		&self,
		lines: &Lines,
		hash: Hash,
		peers: impl Iterator<Item = EndpointAddr>,
		limit: u64,
		shelf: &Shelf,
	) -> Result<Fetched, FetchError> {
		// First the shelf, so that what came is not deleted as rubbish.
		self.put(shelf, hash).await?;
		match self.size(hash).await? {
			Some(bytes) if bytes <= limit => return Ok(Fetched { bytes, from: None }),
			Some(bytes) => return Err(FetchError::TooLarge { hash, bytes, limit }),
			None => {},
		}
		let mut attempts = Vec::new();
		for peer in peers {
			let id = peer.id;
			match self.attempt(lines, hash, peer, limit).await {
				Ok(bytes) => {
					tracing::debug!(peer = %id.fmt_short(), ?hash, bytes, "blob fetched");
					self.count(|stats| stats.blobs += 1);
					return Ok(Fetched { bytes, from: Some(id) });
				},
				Err(Stop::Next(attempt)) => {
					tracing::info!(peer = %id.fmt_short(), ?hash, %attempt, "blob not fetched");
					self.count(|stats| stats.failed_attempts += 1);
					attempts.push((id, attempt));
				},
				Err(Stop::Final(error)) => return Err(error),
			}
		}
		Err(FetchError::NoPeer { hash, attempts })
	}

	/// Fetch what is missing of a blob from one peer. Returns its size.
	async fn attempt(
		&self,
		lines: &Lines,
		hash: Hash,
		peer: EndpointAddr,
		limit: u64,
	) -> Result<u64, Stop> {
		loop {
			let line = self.in_time(lines.get(peer.clone())).await?;
			let line = line.map_err(|error| Attempt::Unreachable(error.to_string()))?;
			match self.fetch_over(&line.connection, hash, limit).await {
				Err(Stop::Next(Attempt::Lost(cause))) if line.is_outdated() => {
					tracing::debug!(peer = %peer.id.fmt_short(), cause, "fetching again");
				},
				outcome => return outcome,
			}
		}
	}

	/// Fetch what is missing of a blob over a connection. Returns its size.
	async fn fetch_over(
		&self,
		connection: &Connection,
		hash: Hash,
		limit: u64,
	) -> Result<u64, Stop> {
		let blob = to_store(hash);
		let size = self.in_time(get_verified_size(connection, &blob)).await?;
		let (bytes, _) = size.map_err(|error| explain(&error, connection))?;
		if bytes > limit {
			return Err(Stop::Final(FetchError::TooLarge { hash, bytes, limit }));
		}
		// A store takes in nothing of a blob that it thinks it has: one that is damaged comes to another store first.
		let aside = self.damaged().contains(&hash).then(MemStore::new);
		let store = aside.as_deref().unwrap_or(&self.store);
		let progress = store.remote().fetch(connection.clone(), HashAndFormat::raw(blob));
		let mut progress = Box::pin(progress.stream());
		let mut counted = 0;
		loop {
			match self.in_time(progress.next()).await? {
				Some(GetProgressItem::Progress(came)) => {
					self.count(|stats| stats.bytes += came.saturating_sub(counted));
					counted = came;
				},
				Some(GetProgressItem::Done(_)) => break,
				Some(GetProgressItem::Error(error)) => return Err(explain(&error, connection)),
				None => return Err(Attempt::Lost("the transfer ended".into()).into()),
			}
		}
		if let Some(aside) = aside {
			self.replace(hash, &aside).await.map_err(|error| Stop::Final(error.into()))?;
		}
		Ok(bytes)
	}

	/// Replace a damaged blob by one from another store.
	async fn replace(&self, hash: Hash, aside: &MemStore) -> Result<(), BlobError> {
		let bytes = aside.blobs().get_bytes(to_store(hash)).await;
		let bytes = bytes.map_err(store_error("read what came"))?;
		let replaced = self.store.blobs().add_bytes(bytes).temp_tag().await;
		replaced.map(drop).map_err(store_error("replace a damaged blob"))?;
		self.replaced(hash).await
	}

	/// Wait for a peer no longer than it may be silent.
	async fn in_time<F: Future>(&self, future: F) -> Result<F::Output, Attempt> {
		timeout(self.patience, future).await.map_err(|_| Attempt::Stalled(self.patience))
	}

	fn count(&self, change: impl FnOnce(&mut FetchStats)) {
		change(&mut self.stats.lock().unwrap_or_else(PoisonError::into_inner));
	}
}

/// What it means for the attempt that a request failed.
fn explain(error: &GetError, connection: &Connection) -> Stop {
	if let Some(closed) = connection.close_reason() {
		return Stop::Next(match CloseCode::of(&closed) {
			Some((CloseCode::NotAdmitted | CloseCode::AdmissionEnded, _)) => Attempt::NotAdmitted,
			_ => Attempt::Lost(closed.to_string()),
		});
	}
	let attempt = match error {
		GetError::AtBlobHeaderNext { source: AtBlobHeaderNextError::NotFound { .. }, .. } => {
			Attempt::Missing
		},
		GetError::Decode { source, .. } => match source {
			DecodeError::ParentHashMismatch { .. } | DecodeError::LeafHashMismatch { .. } => {
				Attempt::Corrupt
			},
			DecodeError::ChunkNotFound { .. }
			| DecodeError::ParentNotFound { .. }
			| DecodeError::LeafNotFound { .. } => Attempt::Missing,
			DecodeError::Write { source, .. } => return here(source),
			_ => by_code(error),
		},
		GetError::LocalFailure { source, .. } => return here(source),
		_ => by_code(error),
	};
	Stop::Next(attempt)
}

/// What a peer's code says, with which it reset a stream.
fn by_code(error: &GetError) -> Attempt {
	match error.iroh_error_code() {
		Some(ERR_PERMISSION) => Attempt::NotAdmitted,
		// The provider says so when it comes upon a part that it does not have.
		Some(ERR_INTERNAL) => Attempt::Missing,
		_ => Attempt::Lost(format!("{error:#}")),
	}
}

fn here(cause: impl std::fmt::Display) -> Stop {
	Stop::Final(FetchError::Here(BlobError::Store {
		action: "keep what came",
		cause: format!("{cause:#}"),
	}))
}
