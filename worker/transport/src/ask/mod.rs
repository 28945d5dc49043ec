//! Questions: small requests, each with its answer. What they say is the daemon's.
//!
//! A question is one bidirectional stream. Both directions carry a length and as many bytes, so that what breaks off is not
//! taken for a whole; before an answer stands whether there is one. A peer is asked over one connection, which is kept for a
//! while; whoever is admitted to anything may ask.

mod answering;
mod asking;

use bytes::Bytes;
use iroh::{
	endpoint::{ReadError, ReadExactError, RecvStream},
	EndpointId,
};
use tokio::sync::{oneshot, OwnedSemaphorePermit};

pub(crate) use answering::Answering;
pub use asking::AskError;
pub(crate) use asking::Asking;

/// Names the protocol of questions when a connection is made.
pub(crate) const ALPN: &[u8] = b"cairn/ask/1";

/// Most bytes of a question.
pub const MAX_QUESTION: usize = 64 * 1024;
/// Most bytes of an answer.
pub const MAX_ANSWER: usize = 256 * 1024;
/// Questions of one peer that are answered at once; others wait.
pub const MAX_QUESTIONS: usize = 16;

/// What stands before an answer.
const ANSWERED: u8 = 0;
/// What stands instead of an answer.
const REFUSED: u8 = 1;

/// More bytes than may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{bytes} bytes are more than the {limit} that may be sent")]
pub struct TooLong {
	/// Bytes that were to be sent.
	pub bytes: usize,
	/// Bytes that may be.
	pub limit: usize,
}

/// A question of a peer. Dropped without an answer, it is refused.
#[derive(Debug)]
pub struct Question {
	/// Who asks.
	pub from: EndpointId,
	/// What it asks.
	pub bytes: Bytes,
	reply: oneshot::Sender<Bytes>,
	/// Among those of the peer that are answered at once.
	_place: Option<OwnedSemaphorePermit>,
}

impl Question {
	/// A question that came over no connection, and where its answer will be: to test who answers.
	pub fn new(from: EndpointId, bytes: impl Into<Bytes>) -> (Self, oneshot::Receiver<Bytes>) {
		let (reply, answer) = oneshot::channel();
		(Self { from, bytes: bytes.into(), reply, _place: None }, answer)
	}

	/// Answer it with at most [`MAX_ANSWER`] bytes. That nobody waits for the answer any more is no error.
	pub fn answer(self, bytes: impl Into<Bytes>) -> Result<(), TooLong> {
		let bytes = bytes.into();
		check(&bytes, MAX_ANSWER)?;
		let _ = self.reply.send(bytes); // who asked has left
		Ok(())
	}
}

fn check(bytes: &Bytes, limit: usize) -> Result<(), TooLong> {
	let bytes = bytes.len();
	if bytes > limit {
		return Err(TooLong { bytes, limit });
	}
	Ok(())
}

/// Why a message could not be read.
enum Unread {
	TooLong(TooLong),
	Stream(ReadError),
	Short,
}

impl From<ReadExactError> for Unread {
	fn from(error: ReadExactError) -> Self {
		match error {
			ReadExactError::ReadError(error) => Self::Stream(error),
			ReadExactError::FinishedEarly(_) => Self::Short,
		}
	}
}

/// Read a length and as many bytes.
async fn read(stream: &mut RecvStream, limit: usize) -> Result<Bytes, Unread> {
	let mut length = [0; 4];
	stream.read_exact(&mut length).await?;
	let bytes = u32::from_le_bytes(length) as usize;
	if bytes > limit {
		return Err(Unread::TooLong(TooLong { bytes, limit }));
	}
	let mut message = vec![0; bytes];
	stream.read_exact(&mut message).await?;
	Ok(message.into())
}

/// The length of a message, which is within a limit far below what four bytes hold.
fn length(message: &Bytes) -> [u8; 4] {
	(message.len() as u32).to_le_bytes()
}
