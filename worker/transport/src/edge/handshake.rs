//! How two ends find each other and agree on what they are about to do.

use std::{
	collections::HashMap,
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};

use cairn_primitives::signing::Edge;
use codec::{DecodeAll, Encode, MaxEncodedLen};
use iroh::{
	endpoint::{ConnectError, Connection, ReadError, ReadExactError, RecvStream, SendStream},
	EndpointAddr, EndpointId,
};
use tokio::{sync::Notify, time::timeout};

use super::{
	header::VERSION, receiver::Receiver, sender::Sender, state::Shared, EdgeChannel, EdgeConfig,
	Failure, Receipts, Side, Terms,
};
use crate::{Admission, Admissions, CloseCode};

/// Names the protocol of edges when a connection is made.
pub(crate) const ALPN: &[u8] = b"cairn/edge/1";
/// How long a peer that connects may take to say what it wants.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Why an edge was not opened.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OpenError {
	/// The neighbour is not in our own table of admissions.
	#[error("the neighbour is not admitted to the edge here")]
	NotAdmitted,
	/// A step would have no microbatches.
	#[error("a step must have a microbatch")]
	NoMicrobatches,
	/// No connection came about.
	#[error("the neighbour cannot be reached: {0}")]
	Unreachable(Arc<ConnectError>),
	/// The ends do not agree on what the edge is about.
	#[error("the neighbour has other terms: {theirs:?} instead of {ours:?}")]
	Terms {
		/// What we hold.
		ours: Box<Terms>,
		/// What the neighbour holds.
		theirs: Box<Terms>,
	},
	/// The neighbour does not speak this version of the protocol.
	#[error("the neighbour does not speak version {VERSION} of the protocol")]
	Version,
	/// The connection ended.
	#[error(transparent)]
	Failed(#[from] Failure),
}

/// A neighbour that dialled and said hello.
#[derive(Debug)]
pub(crate) struct Arrived {
	connection: Connection,
	send: SendStream,
	receive: RecvStream,
	terms: Terms,
}

/// Neighbours that dialled and wait for this end to open the edge, the latest of each.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
	waiting: Mutex<HashMap<(EndpointId, Edge), Arrived>>,
	changed: Notify,
}

impl Arrivals {
	pub fn insert(&self, arrived: Arrived) {
		let key = (arrived.connection.remote_id(), arrived.terms.edge);
		let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
		waiting.retain(|_, arrived| arrived.connection.close_reason().is_none());
		waiting.insert(key, arrived);
		self.changed.notify_waiters();
	}

	fn remove(&self, key: &(EndpointId, Edge)) -> Option<Arrived> {
		let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
		waiting.remove(key).filter(|arrived| arrived.connection.close_reason().is_none())
	}

	async fn wait_for(&self, peer: EndpointId, edge: Edge) -> Arrived {
		let key = (peer, edge);
		loop {
			let changed = self.changed.notified();
			if let Some(arrived) = self.remove(&key) {
				return arrived;
			}
			changed.await;
		}
	}
}

/// Receive the hello of a peer that dialled. Refuses, with a close code, who may not.
pub(crate) async fn receive_hello(
	connection: Connection,
	admissions: &Admissions,
) -> Option<Arrived> {
	let greeting = async {
		let (send, mut receive) = connection.accept_bi().await.ok()?;
		let terms = read_hello(&mut receive).await.ok()?;
		Some((send, receive, terms))
	};
	let Ok(Some((send, receive, terms))) = timeout(PATIENCE, greeting).await else {
		CloseCode::Violation.close_because(&connection, "no hello");
		return None;
	};
	let may_cross = move |admission: &Admission| admission.edges.contains(&terms.edge);
	if !admissions.allow(&connection.remote_id(), may_cross) {
		CloseCode::NotAdmitted.close(&connection);
		return None;
	}
	admissions.guard(&connection, may_cross);
	Some(Arrived { connection, send, receive, terms })
}

/// Open one end of an edge: the upper dials, the lower waits to be dialled.
pub(crate) async fn open(
	endpoint: &iroh::Endpoint,
	arrivals: &Arrivals,
	admissions: &Admissions,
	peer: EndpointAddr,
	config: &EdgeConfig,
) -> Result<EdgeChannel, OpenError> {
	let edge = config.terms.edge;
	if config.terms.microbatches == 0 {
		return Err(OpenError::NoMicrobatches);
	}
	if !admissions.allow(&peer.id, |admission| admission.edges.contains(&edge)) {
		return Err(OpenError::NotAdmitted);
	}
	let (connection, send, receive) = match config.side {
		Side::Upper => dial(endpoint, peer, config.terms, admissions).await?,
		Side::Lower => answer(arrivals.wait_for(peer.id, edge).await, config.terms).await?,
	};
	tracing::debug!(?edge, side = ?config.side, peer = %connection.remote_id().fmt_short(), "edge opened");
	let queue = config.queue.max(1);
	let shared = Shared::new(connection, config.terms, config.side, queue, admissions.clone());
	let shared = Arc::new(shared);
	Ok(EdgeChannel {
		sender: Sender::new(shared.clone(), config.in_flight.max(1)),
		receiver: Receiver::new(shared.clone(), queue),
		receipts: Receipts::new(shared, config, send, receive),
	})
}

/// A connection and its control stream.
type Opened = (Connection, SendStream, RecvStream);

async fn dial(
	endpoint: &iroh::Endpoint,
	peer: EndpointAddr,
	terms: Terms,
	admissions: &Admissions,
) -> Result<Opened, OpenError> {
	let connection = endpoint.connect(peer, ALPN).await;
	let connection = connection.map_err(|error| OpenError::Unreachable(Arc::new(error)))?;
	admissions.guard(&connection, move |admission| admission.edges.contains(&terms.edge));
	let (mut send, mut receive) = connection.open_bi().await.map_err(Failure::from)?;
	say_hello(&connection, &mut send, terms).await?;
	let theirs = read_hello(&mut receive).await?;
	if theirs != terms {
		CloseCode::Terms.close(&connection);
		return Err(other_terms(terms, theirs));
	}
	Ok((connection, send, receive))
}

async fn answer(arrived: Arrived, terms: Terms) -> Result<Opened, OpenError> {
	let Arrived { connection, mut send, receive, terms: theirs } = arrived;
	say_hello(&connection, &mut send, terms).await?;
	if theirs != terms {
		// The neighbour closes the connection when it has read ours.
		tokio::spawn(timeout(PATIENCE, async move { connection.closed().await }));
		return Err(other_terms(terms, theirs));
	}
	Ok((connection, send, receive))
}

fn other_terms(ours: Terms, theirs: Terms) -> OpenError {
	OpenError::Terms { ours: Box::new(ours), theirs: Box::new(theirs) }
}

/// Say what the edge is about: version, length, and the terms in SCALE.
async fn say_hello(
	connection: &Connection,
	stream: &mut SendStream,
	terms: Terms,
) -> Result<(), Failure> {
	let terms = terms.encode();
	let mut hello = VERSION.to_le_bytes().to_vec();
	hello.extend((terms.len() as u16).to_le_bytes()); // below `Terms::max_encoded_len`
	hello.extend(terms);
	match stream.write_all(&hello).await {
		Ok(()) => Ok(()),
		// A stream breaks only with its connection, which knows why.
		Err(_) => Err(connection.closed().await.into()),
	}
}

async fn read_hello(stream: &mut RecvStream) -> Result<Terms, OpenError> {
	let mut head = [0; 4];
	read(stream, &mut head).await?;
	let [v0, v1, l0, l1] = head;
	let (version, length) = (u16::from_le_bytes([v0, v1]), u16::from_le_bytes([l0, l1]));
	if version != VERSION || usize::from(length) > Terms::max_encoded_len() {
		return Err(OpenError::Version);
	}
	let mut terms = vec![0; length.into()];
	read(stream, &mut terms).await?;
	Terms::decode_all(&mut terms.as_slice()).map_err(|_| OpenError::Version)
}

async fn read(stream: &mut RecvStream, bytes: &mut [u8]) -> Result<(), OpenError> {
	stream.read_exact(bytes).await.map_err(|error| match error {
		ReadExactError::ReadError(ReadError::ConnectionLost(error)) => {
			OpenError::Failed(error.into())
		},
		_ => OpenError::Version,
	})
}
