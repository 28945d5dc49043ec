//! Sends tensors, each on a stream of its own.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use cairn_primitives::hash::list_root;
use iroh::endpoint::{SendStream, StoppedError, VarInt, WriteError};
use tokio::{sync::Semaphore, task::JoinSet};

use super::{header::Header, state::Shared, Direction, Failure, Position};
use crate::{hashing::roots_of, CloseCode};

/// Sends what this end has to send: activations at the upper end, gradients at the lower.
#[derive(Debug)]
pub struct Sender {
	shared: Arc<Shared>,
	in_flight: Arc<Semaphore>,
	next: Position,
	writers: JoinSet<()>,
}

/// Why a tensor was not sent. Nothing was sent then, and the edge goes on unless it is a [`Failure`].
#[derive(Clone, Debug, thiserror::Error)]
pub enum SendError {
	/// Tensors cross in order.
	#[error("{found} cannot be sent before {expected}")]
	OutOfTurn {
		/// The next to be sent.
		expected: Position,
		/// What was to be sent.
		found: Position,
	},
	/// Held-out samples go down alone.
	#[error("{0} has no gradients")]
	HeldOutGradients(Position),
	/// The bytes are not those of the form in the terms.
	#[error("a tensor of this edge has {expected} bytes, not {found}")]
	Length {
		/// Bytes of a tensor.
		expected: u64,
		/// Bytes that were to be sent.
		found: u64,
	},
	/// The step before last is not settled. State is kept for one step back only.
	#[error("{found} cannot be sent before step {unsettled} is settled")]
	Unsettled {
		/// The first step that is not settled.
		unsettled: u32,
		/// What was to be sent.
		found: Position,
	},
	/// Nothing crosses any more.
	#[error(transparent)]
	Failed(#[from] Failure),
}

impl Sender {
	pub(super) fn new(shared: Arc<Shared>, in_flight: usize) -> Self {
		Self {
			next: shared.terms.first(shared.side.sends()),
			shared,
			in_flight: Arc::new(Semaphore::new(in_flight.max(1))),
			writers: JoinSet::new(),
		}
	}

	/// Send the tensor at a position, which must be the next. Returns when it is on its way, which waits while too many others
	/// are. That it came is certain when its step is settled.
	pub async fn send(&mut self, position: Position, bytes: Bytes) -> Result<(), SendError> {
		self.check(position, &bytes)?;
		let start = Instant::now();
		let opened = async {
			let permit = self.in_flight.clone().acquire_owned().await.expect("never closed; qed");
			(permit, self.shared.connection.open_uni().await)
		};
		let (permit, stream) = tokio::select! {
			biased;
			failure = self.shared.failed() => return Err(failure.into()),
			opened = opened => opened,
		};
		let stream = stream.map_err(|error| self.shared.lost(error))?;
		// No waiting from here on: a cancelled call has sent nothing or is as good as done.
		self.shared.update(|state| state.stats.waited_to_send += start.elapsed());
		self.next = self.shared.terms.after(position);
		while self.writers.try_join_next().is_some() {}
		let shared = self.shared.clone();
		self.writers.spawn(async move {
			write(&shared, Unfinished(Some(stream)), position, bytes).await;
			drop(permit);
		});
		Ok(())
	}

	fn check(&self, position: Position, bytes: &Bytes) -> Result<(), SendError> {
		let (expected, settled) = (self.next, self.shared.read(|state| state.settled));
		let step = match (position, self.shared.side.sends()) {
			(Position::HeldOut { .. }, Direction::Backward) => {
				return Err(SendError::HeldOutGradients(position));
			},
			(Position::HeldOut { .. }, Direction::Forward) => 0,
			(Position::Step { step, .. }, _) => step,
		};
		if position != expected {
			return Err(SendError::OutOfTurn { expected, found: position });
		}
		if step > settled + 1 {
			return Err(SendError::Unsettled { unsettled: settled, found: position });
		}
		let (expected, found) = (self.shared.terms.form.bytes(), bytes.len() as u64);
		if found != expected {
			return Err(SendError::Length { expected, found });
		}
		Ok(())
	}
}

/// Write a tensor until the neighbour has all of it.
async fn write(shared: &Shared, mut stream: Unfinished, position: Position, bytes: Bytes) {
	let (direction, length) = (shared.side.sends(), bytes.len() as u64);
	let terms = &shared.terms;
	let codes = roots_of(terms.form, bytes.clone()).await;
	let root = list_root(&codes);
	shared.update(|state| state.record(direction, position, codes));
	let header = Header { edge: terms.edge, direction, position, form: terms.form, length, root };
	match stream.write(terms.index(position), &header.encode(), bytes).await {
		Ok(()) => shared.update(|state| {
			tracing::trace!(edge = ?terms.edge, %position, length, "tensor sent");
			state.stats.tensors_sent += 1;
			state.stats.bytes_sent += length;
		}),
		Err(WriteError::ConnectionLost(error)) => drop(shared.lost(error)),
		// The neighbour stops reading a stream only when it leaves or fails; then its connection says why.
		Err(_) => drop(shared.lost(shared.connection.closed().await)),
	}
}

/// A stream that tells the neighbour that it is incomplete if it is dropped before its end. By itself a dropped stream looks
/// complete.
struct Unfinished(Option<SendStream>);

impl Unfinished {
	/// Write all and wait until it has come. Receipts go first, having the default priority of 0, then earlier tensors.
	async fn write(&mut self, index: u64, header: &[u8], bytes: Bytes) -> Result<(), WriteError> {
		let Some(stream) = &mut self.0 else { return Err(WriteError::ClosedStream) };
		stream.set_priority(-1 - (index % (1 << 31)) as i32)?;
		stream.write_all(header).await?;
		stream.write_all_chunks(&mut [bytes]).await?;
		stream.finish()?;
		let stopped = stream.stopped();
		self.0 = None;
		match stopped.await {
			Ok(None) => Ok(()),
			Ok(Some(code)) => Err(WriteError::Stopped(code)),
			Err(StoppedError::ConnectionLost(error)) => Err(error.into()),
			Err(_) => Err(WriteError::ClosedStream),
		}
	}
}

impl Drop for Unfinished {
	fn drop(&mut self) {
		if let Some(stream) = &mut self.0 {
			let _ = stream.reset(VarInt::from_u32(CloseCode::Done as u32)); // closed already: as well
		}
	}
}
