#![doc = include_str!("../README.md")]

mod admission;
mod ask;
mod blobs;
mod close;
mod edge;
mod endpoint;
mod hashing;
mod lines;
mod link;

pub use admission::{Admission, Admissions};
pub use ask::{AskError, Question, TooLong, MAX_ANSWER, MAX_QUESTION, MAX_QUESTIONS};
pub use blobs::{Attempt, BlobError, BlobStore, Blobs, FetchError, FetchStats, Fetched, Shelf};
pub use close::CloseCode;
pub use edge::{
	BodyError, Codec, Contradiction, Crossed, Direction, EdgeChannel, EdgeConfig, EdgeStats,
	Failure, Form, HeaderError, OpenError, Position, ReceiptError, Receipts, Received, Receiver,
	SendError, Sender, SettleError, Settled, Side, Signer, Terms,
};
pub use endpoint::{BindError, Builder, Congestion, Endpoint, Peer, Tuning, MAX_STREAM_WINDOW};
pub use iroh::{EndpointId, RelayUrl, SecretKey};
pub use link::{Link, LinkError};
