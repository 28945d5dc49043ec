//! Asks peers, over connections that are kept.

use std::time::Duration;

use bytes::Bytes;
use iroh::{
	endpoint::{Connection, ConnectionError, ReadError, WriteError},
	EndpointAddr,
};
use tokio::time::timeout;

use super::{
	check, length, read, TooLong, Unread, ALPN, ANSWERED, MAX_ANSWER, MAX_QUESTION, REFUSED,
};
use crate::{lines::Lines, CloseCode};

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
	/// The question is longer than [`MAX_QUESTION`]; it was not sent.
	#[error("the question is too long: {0}")]
	TooLong(TooLong),
	/// The peer does not admit us to anything, or no longer.
	#[error("the peer does not admit this endpoint")]
	NotAdmitted,
	/// No connection came about.
	#[error("the peer cannot be reached: {0}")]
	Unreachable(String),
	/// The peer does not answer this question to us.
	#[error("the peer refuses to answer")]
	Refused,
	/// The peer did not answer in time.
	#[error("the peer was silent for {} s", .0.as_secs_f32())]
	Silent(Duration),
	/// The peer's answer is longer than [`MAX_ANSWER`].
	#[error("the answer is too long: {0}")]
	AnswerTooLong(TooLong),
	/// What the peer sent is no answer, or not all of one.
	#[error("the peer sent no whole answer")]
	Malformed,
	/// The connection broke.
	#[error("the connection was lost: {0}")]
	Lost(String),
}

/// Asks peers.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
	lines: Lines,
	/// How long an answer may take.
	patience: Duration,
}

impl Asking {
	pub fn new(endpoint: iroh::Endpoint, patience: Duration) -> Self {
		Self { lines: Lines::kept(endpoint, ALPN), patience }
	}

	/// See [`crate::Endpoint::ask`].
	pub async fn ask(&self, peer: EndpointAddr, question: Bytes) -> Result<Bytes, AskError> {
		check(&question, MAX_QUESTION).map_err(AskError::TooLong)?;
		let answer = timeout(self.patience, self.dial_and_ask(peer, question)).await;
		answer.unwrap_or(Err(AskError::Silent(self.patience)))
	}

	async fn dial_and_ask(&self, peer: EndpointAddr, question: Bytes) -> Result<Bytes, AskError> {
		loop {
			let line = self.lines.get(peer.clone()).await;
			let line = line.map_err(|error| AskError::Unreachable(format!("{error:#}")))?;
			match ask_over(&line.connection, question.clone()).await {
				Err(AskError::Lost(cause)) if line.is_outdated() => {
					tracing::debug!(peer = %peer.id.fmt_short(), cause, "asking again");
				},
				answer => return answer,
			}
		}
	}
}

async fn ask_over(connection: &Connection, question: Bytes) -> Result<Bytes, AskError> {
	let (mut send, mut receive) = connection.open_bi().await.map_err(AskError::from)?;
	let length = Bytes::copy_from_slice(&length(&question));
	match send.write_all_chunks(&mut [length, question]).await {
		// A peer that stops reading says in its answer why.
		Ok(()) | Err(WriteError::Stopped(_)) => {},
		Err(WriteError::ConnectionLost(error)) => return Err(error.into()),
		Err(error) => return Err(AskError::Lost(error.to_string())),
	}
	let _ = send.finish(); // stopped already: as well
	let mut kind = [0];
	receive.read_exact(&mut kind).await.map_err(Unread::from)?;
	match kind {
		[ANSWERED] => Ok(read(&mut receive, MAX_ANSWER).await?),
		[REFUSED] => Err(AskError::Refused),
		_ => Err(AskError::Malformed),
	}
}

impl From<Unread> for AskError {
	fn from(error: Unread) -> Self {
		match error {
			Unread::TooLong(error) => Self::AnswerTooLong(error),
			Unread::Stream(ReadError::ConnectionLost(error)) => error.into(),
			Unread::Stream(_) | Unread::Short => Self::Malformed,
		}
	}
}

impl From<ConnectionError> for AskError {
	fn from(error: ConnectionError) -> Self {
		match CloseCode::of(&error) {
			Some((CloseCode::NotAdmitted | CloseCode::AdmissionEnded, _)) => Self::NotAdmitted,
			_ => Self::Lost(error.to_string()),
		}
	}
}
