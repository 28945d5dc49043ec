#![doc = include_str!("../README.md")]

mod buffer;
mod checkpoint;
mod compute;
pub mod cpu;
pub mod data;
mod difference;
pub mod folder;
pub mod generate;
pub mod import;
pub mod local;
mod memory;
mod merge;
mod message;
mod ops;
mod stage;
pub mod unit;

pub use checkpoint::{
	load_seat, shard_root, state_root, store_seat, tensor_name, BlobError, CheckpointError,
};
pub use compute::{Compute, ComputeError};
pub use difference::{Difference, DifferenceError, Snapshot};
pub use memory::MemoryPlan;
pub use merge::{Merge, OuterState, Wrong};
pub use message::{Message, MessageError};
pub use stage::{
	Diverged, Input, Recompute, Result, Shard, ShardTensor, StageError, StepReport, Trainer,
};
