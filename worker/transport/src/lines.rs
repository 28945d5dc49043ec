//! Connections to peers that are asked again and again, at most one to each, for as long as they are wanted.
//!
//! Not for ever, and not for all: noq's BBR3 takes the little that a connection has carried for all that the path can carry.
//! Over 200 Mbit/s and 50 ms, 8 MiB behind fifty small blobs one by one took 7 s instead of 1. So connections that may have to
//! carry much are shared within one call, and those for questions, which are small, are kept.

use std::{
	collections::HashMap,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::{Duration, Instant},
};

use iroh::{
	endpoint::{ConnectError, Connection},
	EndpointAddr, EndpointId,
};
use tokio::{
	sync::Mutex as AsyncMutex,
	time::{interval, MissedTickBehavior},
};

use crate::CloseCode;

/// How long a connection is kept that nobody uses.
const KEPT: Duration = Duration::from_secs(60);
/// How long a peer that could not be reached is not dialled again: as many as wait for it, it is dialled once.
const REST: Duration = Duration::from_secs(1);

/// Connections of one protocol, at most one to each peer. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
	endpoint: iroh::Endpoint,
	alpn: &'static [u8],
	lines: Arc<Table>,
}

type Table = Mutex<HashMap<EndpointId, Arc<Line>>>;

#[derive(Debug, Default)]
struct Line {
	/// Locked while the peer is dialled, so that it is dialled once.
	outcome: AsyncMutex<Option<Outcome>>,
}

#[derive(Debug)]
struct Outcome {
	connection: Result<Connection, Arc<ConnectError>>,
	at: Instant,
}

/// A connection that is in use, and stays open until this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
	pub connection: Connection,
	/// Whether it was there before.
	is_reused: bool,
	_line: Arc<Line>,
}

impl Lines {
	/// No connections yet. They are closed when this is dropped.
	pub fn new(endpoint: iroh::Endpoint, alpn: &'static [u8]) -> Self {
		Self { endpoint, alpn, lines: Arc::default() }
	}

	/// No connections yet. Those that nobody has used for a while are closed.
	pub fn kept(endpoint: iroh::Endpoint, alpn: &'static [u8]) -> Self {
		let lines = Self::new(endpoint, alpn);
		let weak = Arc::downgrade(&lines.lines);
		tokio::spawn(async move {
			let mut ticks = interval(KEPT / 4);
			ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
			loop {
				ticks.tick().await;
				let Some(lines) = weak.upgrade() else { return };
				lock(&lines).retain(|_, line| line.is_kept(KEPT));
			}
		});
		lines
	}

	/// The connection to a peer, which is dialled unless there is one that lives.
	pub async fn get(&self, peer: EndpointAddr) -> Result<Held, Arc<ConnectError>> {
		let line = lock(&self.lines).entry(peer.id).or_default().clone();
		let mut outcome = line.outcome.lock().await;
		let now = Instant::now();
		match outcome.as_mut() {
			Some(Outcome { connection: Ok(connection), at })
				if connection.close_reason().is_none() =>
			{
				*at = now;
				let connection = connection.clone();
				drop(outcome);
				return Ok(Held { connection, is_reused: true, _line: line });
			},
			Some(Outcome { connection: Err(error), at }) if at.elapsed() < REST => {
				return Err(error.clone());
			},
			_ => {},
		}
		let connection = self.endpoint.connect(peer, self.alpn).await.map_err(Arc::new);
		*outcome = Some(Outcome { connection: connection.clone(), at: Instant::now() });
		drop(outcome);
		Ok(Held { connection: connection?, is_reused: false, _line: line })
	}
}

fn lock(table: &Table) -> MutexGuard<'_, HashMap<EndpointId, Arc<Line>>> {
	table.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Held {
	/// Whether it was there before and is lost now. Its peer may have restarted and know nothing of it, and is to be dialled.
	pub fn is_outdated(&self) -> bool {
		self.is_reused && self.connection.close_reason().is_some()
	}
}

impl Line {
	/// Whether it is in use, or lives and was used not so long ago. A connection that is not kept is closed.
	fn is_kept(self: &Arc<Self>, long: Duration) -> bool {
		// Whoever takes another reference does so under the lock that is held here.
		if Arc::strong_count(self) > 1 {
			return true;
		}
		let Ok(outcome) = self.outcome.try_lock() else { return true };
		match outcome.as_ref() {
			Some(Outcome { connection: Ok(connection), at }) => {
				let is_kept = connection.close_reason().is_none() && at.elapsed() < long;
				if !is_kept {
					CloseCode::Done.close(connection);
				}
				is_kept
			},
			Some(Outcome { connection: Err(_), .. }) | None => false,
		}
	}
}

#[cfg(test)]
mod tests {
	use iroh::{endpoint::presets::Minimal, RelayMode};

	use super::*;

	const ALPN: &[u8] = b"test";

	async fn endpoint() -> iroh::Endpoint {
		let builder = iroh::Endpoint::builder(Minimal).relay_mode(RelayMode::Disabled);
		let builder = builder.clear_ip_transports().bind_addr("127.0.0.1:0").unwrap();
		builder.alpns(vec![ALPN.to_vec()]).bind().await.unwrap()
	}

	#[tokio::test]
	async fn a_connection_is_closed_when_nobody_has_used_it_for_long() {
		let (here, there) = (endpoint().await, endpoint().await);
		let peer = EndpointAddr::new(there.id()).with_ip_addr(there.bound_sockets()[0]);
		let accepting = tokio::spawn(async move {
			let first = there.accept().await.unwrap().await.unwrap();
			let error = first.closed().await;
			let second = there.accept().await.unwrap().await.unwrap();
			second.closed().await;
			error
		});
		let lines = Lines::new(here.clone(), ALPN);
		let sweep = |kept| lock(&lines.lines).retain(|_, line| line.is_kept(kept));
		let first = lines.get(peer.clone()).await.unwrap();
		sweep(Duration::ZERO);
		let again = lines.get(peer.clone()).await.unwrap();
		assert_eq!((first.is_reused, again.is_reused), (false, true));
		assert_eq!(first.connection.stable_id(), again.connection.stable_id());
		drop((first, again));
		sweep(KEPT);
		let third = lines.get(peer.clone()).await.unwrap();
		assert!(third.is_reused && !third.is_outdated());
		drop(third);

		sweep(Duration::ZERO);
		assert!(lock(&lines.lines).is_empty());
		let anew = lines.get(peer).await.unwrap();
		assert!(!anew.is_reused);
		drop((anew, lines));
		here.close().await;
		let closed = accepting.await.unwrap();
		assert!(matches!(CloseCode::of(&closed), Some((CloseCode::Done, _))), "{closed}");
	}

	#[tokio::test]
	async fn a_peer_that_cannot_be_reached_is_dialled_once_for_all_who_wait() {
		let (here, gone) = (endpoint().await, endpoint().await.id());
		let lines = Lines::new(here, ALPN);
		let nowhere = || lines.get(EndpointAddr::new(gone));
		let (one, two) = tokio::join!(nowhere(), nowhere());
		assert!(Arc::ptr_eq(&one.unwrap_err(), &two.unwrap_err()));
	}
}
