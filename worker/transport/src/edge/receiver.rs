//! Receives tensors, checks them, and puts them in order.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use cairn_primitives::{hash::list_root, Hash};
use iroh::endpoint::{ReadError, ReadExactError, RecvStream};
use tokio::{
	sync::Semaphore,
	task::{AbortHandle, JoinSet},
};

use super::{header::Header, state::Shared, Failure, HeaderError, Position};
use crate::hashing::roots_of;

/// A tensor that came, was checked, and is the next in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
	/// Which tensor.
	pub position: Position,
	/// Its bytes, of the form in the terms.
	pub bytes: Bytes,
}

/// What is wrong with the bytes behind a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
	/// The stream ended early.
	#[error("the stream ends before the tensor")]
	Short,
	/// The stream goes on.
	#[error("the stream does not end with the tensor")]
	Long,
	/// The bytes are others than the header commits to.
	#[error("their root is {found}, not {claimed}")]
	Root {
		/// The root in the header.
		claimed: Hash,
		/// The root of the bytes.
		found: Hash,
	},
}

/// Receives what this end has to receive: gradients at the upper end, activations at the lower.
#[derive(Debug)]
pub struct Receiver {
	shared: Arc<Shared>,
	/// Room for tensors: as many streams are read, or lie here read, as there may be.
	room: Arc<Semaphore>,
	accepting: AbortHandle,
}

impl Drop for Receiver {
	fn drop(&mut self) {
		self.accepting.abort();
	}
}

impl Receiver {
	pub(super) fn new(shared: Arc<Shared>, queue: usize) -> Self {
		let room = Arc::new(Semaphore::new(queue));
		let accepting = tokio::spawn(accept(shared.clone(), room.clone())).abort_handle();
		Self { shared, room, accepting }
	}

	/// The next tensor, in the order of positions. Waits for it as long as the connection lives: put a deadline around it.
	/// Cancelling loses nothing.
	pub async fn receive(&mut self) -> Result<Received, Failure> {
		let start = Instant::now();
		let (position, bytes) = self
			.shared
			.until(|state| {
				let taken = state.take()?;
				state.stats.waited_to_receive += start.elapsed();
				Some(taken)
			})
			.await?;
		self.room.add_permits(1);
		Ok(Received { position, bytes })
	}
}

/// Accept streams while there is room for what they carry. The neighbour opens them in order, so those that have room are the
/// next in order, and the queue cannot fill up with others.
async fn accept(shared: Arc<Shared>, room: Arc<Semaphore>) {
	let mut readers = JoinSet::new();
	loop {
		let permit = room.acquire().await.expect("never closed; qed");
		permit.forget(); // comes back when the tensor is taken
		let stream = match shared.connection.accept_uni().await {
			Ok(stream) => stream,
			Err(error) => {
				shared.lost(error);
				break;
			},
		};
		while readers.try_join_next().is_some() {}
		let shared = shared.clone();
		readers.spawn(async move {
			if let Err(failure) = read(&shared, stream).await {
				shared.fail(failure);
			}
		});
	}
	// What came before the end may still be taken.
	readers.join_all().await;
}

/// Read one tensor and check it.
async fn read(shared: &Shared, mut stream: RecvStream) -> Result<(), Failure> {
	let mut header = [0; Header::BYTES];
	if let Err(error) = stream.read_exact(&mut header).await {
		return Err(broken(shared, error, HeaderError::Short.into()).await);
	}
	let header = Header::decode(&header)?;
	let direction = shared.side.receives();
	header.check(&shared.terms, direction)?;
	let position = header.position;
	shared.update(|state| state.begin(position))?;

	let short = Failure::Body { position, error: BodyError::Short };
	let mut bytes = vec![0; header.length as usize]; // the form's, so bounded by the terms
	if let Err(error) = stream.read_exact(&mut bytes).await {
		return Err(broken(shared, error, short).await);
	}
	match stream.read(&mut [0]).await {
		Ok(None) => {},
		Ok(Some(_)) => return Err(Failure::Body { position, error: BodyError::Long }),
		Err(error) => return Err(broken(shared, error.into(), short).await),
	}
	let bytes = Bytes::from(bytes);
	let codes = roots_of(header.form, bytes.clone()).await;
	let found = list_root(&codes);
	if found != header.root {
		let error = BodyError::Root { claimed: header.root, found };
		return Err(Failure::Body { position, error });
	}
	tracing::trace!(edge = ?shared.terms.edge, %position, length = bytes.len(), "tensor received");
	shared.update(|state| state.arrive(direction, position, codes, bytes));
	Ok(())
}

/// What it means that a stream ended where it should not.
async fn broken(shared: &Shared, error: ReadExactError, short: Failure) -> Failure {
	match error {
		ReadExactError::FinishedEarly(_) => short,
		ReadExactError::ReadError(ReadError::ConnectionLost(error)) => shared.lost(error),
		// The neighbour gave up the stream, as it does when it leaves; then its connection says why.
		ReadExactError::ReadError(_) => shared.lost(shared.connection.closed().await),
	}
}
