//! What becomes of requests.

use std::{io, path::PathBuf};

use subxt::{events::DecodeAsEvent, extrinsics::ExtrinsicEvents};
use thiserror::Error;

use crate::{walk::WalkError, AccountId, BlockRef, Config, Incompatible, Refusal};

/// A request that is done, as of a final block.
#[derive(Debug)]
pub enum Done {
	/// A block contains its transaction.
	Included(Included),
	/// The chain's state shows that it was done before.
	Already,
}

impl Done {
	/// The first event of a kind that the call caused; none if it was done before.
	pub fn event<E: DecodeAsEvent>(&self) -> Option<E> {
		match self {
			Done::Included(included) => included.event(),
			Done::Already => None,
		}
	}
}

/// A successful transaction in a final block.
#[derive(Debug)]
pub struct Included {
	/// The block.
	pub block: BlockRef,
	pub(super) events: ExtrinsicEvents<Config>,
}

impl Included {
	/// The first event of a kind that the call caused.
	pub fn event<E: DecodeAsEvent>(&self) -> Option<E> {
		self.events.find_first::<E>()?.ok()
	}
}

/// Why a request failed.
#[derive(Clone, Debug, Error)]
pub enum Failure {
	/// The chain executed the call and refused it.
	#[error(transparent)]
	Refused(#[from] Refusal),
	/// No block contained it before its deadline, and none will.
	#[error(
		"No block took the transaction before its deadline. The network was too slow, or the request came \
		 too late."
	)]
	TooLate,
	/// The account cannot pay the fee.
	#[error("The account {account} cannot pay the fee. Send it some money and try again.")]
	BalanceTooLow {
		/// The account.
		account: AccountId,
	},
	/// The node does not accept it.
	#[error(
		"The node calls the transaction invalid: {reason}. Check that node and program are of one \
		 release, and that the node is in sync."
	)]
	Invalid {
		/// What the node says.
		reason: String,
	},
	/// What became of it can no longer be read.
	#[error(
		"Block {} contains the transaction, but the node no longer knows what became of it. Look at the \
		 chain's state before you try again.",
		block.height
	)]
	Unknown {
		/// The block.
		block: BlockRef,
	},
	/// The submitter has stopped.
	#[error(transparent)]
	Stopped(#[from] Stopped),
}

/// Why a submitter stopped. Its requests fail; what it sent may still get into blocks.
#[derive(Clone, Debug, Error)]
pub enum Stopped {
	/// The chain cannot be followed.
	#[error(transparent)]
	Walk(#[from] WalkError),
	/// The runtime is not known.
	#[error(transparent)]
	Incompatible(#[from] Incompatible),
	/// The file that remembers what was signed cannot be read or written: without it something might be done twice.
	#[error("{path} cannot be read or written: {reason}. Check the disk and the file's owner.")]
	Horizon {
		/// The file.
		path: PathBuf,
		/// What the system says.
		reason: String,
	},
	/// Its task is gone.
	#[error("The submitter's task has ended. Start the program again.")]
	TaskEnded,
}

impl Stopped {
	pub(super) fn horizon(path: &std::path::Path, reason: io::Error) -> Self {
		Self::Horizon { path: path.to_path_buf(), reason: reason.to_string() }
	}
}
