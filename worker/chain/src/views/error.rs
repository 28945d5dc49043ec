//! Why a question has no answer.

use cairn_primitives::BlockNumber;
use thiserror::Error;

use crate::{ConnectError, Incompatible};

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ViewError {
	/// The node does not answer, or not what it should.
	#[error(
		"The node does not tell `{question}`: {reason}. Try again; if that does not help, look at the \
		 node's log."
	)]
	NoAnswer {
		/// What was asked.
		question: String,
		/// What came instead.
		reason: String,
	},
	/// The node has forgotten the state.
	#[error(
		"The node no longer keeps the state after block {height}. Ask for a newer one, or use a node that \
		 keeps more (`--state-pruning`)."
	)]
	Forgotten {
		/// The height of the block.
		height: BlockNumber,
	},
	/// There is no node to ask.
	#[error(transparent)]
	Connect(ConnectError),
	/// The runtime is not known.
	#[error(transparent)]
	Incompatible(#[from] Incompatible),
}

impl From<ConnectError> for ViewError {
	fn from(error: ConnectError) -> Self {
		match error {
			ConnectError::Incompatible(error) => ViewError::Incompatible(error),
			other => ViewError::Connect(other),
		}
	}
}

impl ViewError {
	pub(crate) fn new(question: &str, height: BlockNumber, reason: impl ToString) -> Self {
		let reason = reason.to_string();
		// The node's client says so, and its errors have no code for it.
		if reason.contains("State already discarded") {
			return ViewError::Forgotten { height };
		}
		ViewError::NoAnswer { question: question.into(), reason }
	}

	pub(crate) fn no_head(reason: subxt::rpcs::Error) -> Self {
		let question = "the newest final block".into();
		ViewError::NoAnswer { question, reason: reason.to_string() }
	}
}
