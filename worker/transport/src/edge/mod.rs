//! Edges: what crosses between two neighbouring stages of a lane.
//!
//! An edge is one connection. Its upper end, at the stage nearer to the embedding, dials; both ends say on a control stream what
//! the edge is about ([`Terms`]), and go on only if they agree. Then each tensor is a stream of its own, a fixed header and
//! the bytes, so that several are in flight and a lost packet holds up one of them alone. When all of a step has crossed, the
//! ends exchange receipts on the control stream. What is held out at a gate goes down before the first step and counts to it.
//!
//! An [`EdgeChannel`] has three parts, for three tasks: [`Sender`], [`Receiver`] and [`Receipts`]. All are cancelled by dropping
//! their futures, and the edge is left by dropping its parts. When it fails, every part returns the same [`Failure`].

mod handshake;
mod header;
mod position;
mod receipt;
mod receiver;
mod sender;
mod state;

use std::sync::Arc;

use cairn_primitives::{signing::Edge, Hash};
use codec::{Decode, Encode, MaxEncodedLen};
use iroh::endpoint::ConnectionError;
use sp_core::sr25519;

pub use handshake::OpenError;
pub(crate) use handshake::{open, receive_hello, Arrivals, ALPN, PATIENCE};
pub use header::{Codec, Form, HeaderError};
pub use position::Position;
pub use receipt::{Contradiction, Crossed, ReceiptError, Receipts, SettleError, Settled, Signer};
pub use receiver::{BodyError, Received, Receiver};
pub use sender::{SendError, Sender};
pub use state::EdgeStats;

use crate::CloseCode;

/// Which way a tensor goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Direction {
	/// Activations, from the upper end to the lower.
	Forward = 0,
	/// Gradients, from the lower end to the upper.
	Backward = 1,
}

/// An end of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
	/// The stage nearer to the embedding: sends activations, receives gradients, dials.
	Upper,
	/// The stage nearer to the head: receives activations, sends gradients, waits to be dialled.
	Lower,
}

impl Side {
	/// Which way this end sends.
	pub fn sends(self) -> Direction {
		match self {
			Side::Upper => Direction::Forward,
			Side::Lower => Direction::Backward,
		}
	}

	/// Which way this end receives.
	pub fn receives(self) -> Direction {
		match self {
			Side::Upper => Direction::Backward,
			Side::Lower => Direction::Forward,
		}
	}
}

/// What both ends of an edge must agree on before anything crosses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen)]
pub struct Terms {
	/// The edge.
	pub edge: Edge,
	/// Hash of the chain's first block: receipts are signed for one chain.
	pub genesis: Hash,
	/// Seed of the window: receipts are signed for one drawing of its lanes.
	pub seed: Hash,
	/// Microbatches of held-out samples, which cross before the first step; none but at gates.
	pub held_out: u32,
	/// Microbatches of a step, at least 1.
	pub microbatches: u32,
	/// The form of every tensor.
	pub form: Form,
}

/// One end of an edge, and how to run it.
#[derive(Clone)]
pub struct EdgeConfig {
	/// What both ends agree on.
	pub terms: Terms,
	/// Which end this is.
	pub side: Side,
	/// Signs receipts.
	pub signer: Arc<dyn Signer>,
	/// The neighbour's worker key, which must sign its receipts.
	pub neighbour: sr25519::Public,
	/// Tensors that may lie here and wait to be taken, at least 1; together with those in flight it bounds memory.
	pub queue: usize,
	/// Tensors that may be on their way to the neighbour at once, at least 1.
	pub in_flight: usize,
}

impl EdgeConfig {
	/// Four tensors in flight, four waiting: enough to fill a long link.
	pub fn new(
		terms: Terms,
		side: Side,
		signer: Arc<dyn Signer>,
		neighbour: sr25519::Public,
	) -> Self {
		Self { terms, side, signer, neighbour, queue: 4, in_flight: 4 }
	}
}

/// One end of an open edge. Its parts may go to different tasks; dropping [`Self::receipts`] leaves the edge.
#[derive(Debug)]
pub struct EdgeChannel {
	/// Sends tensors.
	pub sender: Sender,
	/// Receives tensors.
	pub receiver: Receiver,
	/// Exchanges receipts.
	pub receipts: Receipts,
}

impl EdgeChannel {
	/// What crossed so far.
	pub fn stats(&self) -> EdgeStats {
		self.receipts.stats()
	}

	/// Leave the edge, and wait until the neighbour has our last receipt, or is gone.
	pub async fn close(self) {
		self.receipts.close().await;
	}
}

/// Why nothing crosses an edge any more.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
	/// The neighbour does not expect us at this edge.
	#[error("the neighbour does not admit this endpoint to the edge")]
	NotAdmitted,
	/// The neighbour no longer expects us at this edge.
	#[error("the neighbour no longer admits this endpoint to the edge")]
	AdmissionEnded,
	/// We no longer admit the neighbour to this edge.
	#[error("the neighbour is no longer admitted to the edge")]
	Withdrawn,
	/// The neighbour left the edge in order.
	#[error("the neighbour left the edge")]
	Left,
	/// The neighbour says that we broke the protocol, or cannot serve us.
	#[error("the neighbour closed the edge: {words}")]
	Refused {
		/// Its reason.
		code: CloseCode,
		/// Its words for it.
		words: String,
	},
	/// The connection broke: the neighbour is silent for longer than the idle timeout, or its machine restarted.
	#[error("the connection to the neighbour was lost: {0}")]
	Lost(ConnectionError),
	/// The neighbour sent a tensor that should not come.
	#[error("the neighbour sent a wrong tensor: {0}")]
	Header(#[from] HeaderError),
	/// The neighbour sent a tensor whose bytes are not what its header says.
	#[error("the neighbour sent {position} with wrong bytes: {error}")]
	Body {
		/// Which tensor.
		position: Position,
		/// What is wrong.
		error: BodyError,
	},
	/// The neighbour sent a receipt that is none.
	#[error("the neighbour sent a wrong receipt: {0}")]
	Receipt(#[from] ReceiptError),
	/// Both ends signed, but different roots: they do not agree on what crossed. `first` is ours.
	#[error("the ends of the edge signed different roots after {} steps", .0.steps)]
	Fork(Box<Contradiction>),
	/// The neighbour signed two roots for one step, which it can be fined for.
	#[error("the neighbour signed two different roots after {} steps", .0.steps)]
	Equivocation(Box<Contradiction>),
}

impl Failure {
	/// Whether the neighbour broke the protocol in a way that ends the connection at once. A fork does not: the neighbour is
	/// to receive our signature, too.
	fn is_violation(&self) -> bool {
		matches!(
			self,
			Self::Header(_) | Self::Body { .. } | Self::Receipt(_) | Self::Equivocation(_)
		)
	}
}

impl From<ConnectionError> for Failure {
	fn from(error: ConnectionError) -> Self {
		match CloseCode::of(&error) {
			Some((CloseCode::Done, _)) => Self::Left,
			Some((CloseCode::NotAdmitted, _)) => Self::NotAdmitted,
			Some((CloseCode::AdmissionEnded, _)) => Self::AdmissionEnded,
			Some((code, words)) => Self::Refused { code, words },
			None => Self::Lost(error),
		}
	}
}
