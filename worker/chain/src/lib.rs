#![doc = include_str!("../README.md")]

mod api;
mod backoff;
mod block;
pub mod calls;
mod connection;
mod disk;
pub mod events;
mod follower;
mod key;
mod refusal;
pub mod submitter;
pub mod views;
mod walk;

pub use sp_core::crypto::AccountId32 as AccountId;

pub use block::BlockRef;
pub use connection::{ConnectError, Connection, Incompatible, Node};
pub use follower::{FollowError, Follower, Notice};
pub use key::Key;
pub use refusal::Refusal;
pub use submitter::{Done, Failure, Request, Submitter, Tips};
pub use views::{State, ViewError};
pub use walk::WalkError;

/// How subxt understands the chain: as any chain of Substrate.
type Config = subxt::SubstrateConfig;
