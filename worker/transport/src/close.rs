//! Why a connection was closed, in a number that crosses the wire.

use iroh::endpoint::{Connection, ConnectionError, VarInt};

/// Why one end closed a connection. The numbers are part of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum CloseCode {
	/// Everything is done.
	Done = 0,
	/// The peer may not do what it asked for.
	NotAdmitted = 1,
	/// The peer may no longer do what it did.
	AdmissionEnded = 2,
	/// The peer broke the protocol.
	Violation = 3,
	/// The two ends of an edge hold different terms.
	Terms = 4,
	/// More connections than the endpoint serves.
	Busy = 5,
}

impl CloseCode {
	const ALL: [Self; 6] = [
		Self::Done,
		Self::NotAdmitted,
		Self::AdmissionEnded,
		Self::Violation,
		Self::Terms,
		Self::Busy,
	];

	/// Close a connection for this reason.
	pub(crate) fn close(self, connection: &Connection) {
		self.close_because(connection, &self.to_string());
	}

	/// Close a connection for this reason, with words that say more.
	pub(crate) fn close_because(self, connection: &Connection, words: &str) {
		connection.close(VarInt::from_u32(self as u32), words.as_bytes());
	}

	/// Why the peer closed a connection, if it did, and its words for it.
	pub(crate) fn of(error: &ConnectionError) -> Option<(Self, String)> {
		let ConnectionError::ApplicationClosed(closed) = error else { return None };
		let code = closed.error_code.into_inner();
		let code = Self::ALL.into_iter().find(|known| u64::from(*known as u32) == code)?;
		Some((code, String::from_utf8_lossy(&closed.reason).into_owned()))
	}
}

impl std::fmt::Display for CloseCode {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.write_str(match self {
			Self::Done => "done",
			Self::NotAdmitted => "not admitted",
			Self::AdmissionEnded => "admission ended",
			Self::Violation => "protocol broken",
			Self::Terms => "different terms",
			Self::Busy => "too many connections",
		})
	}
}
