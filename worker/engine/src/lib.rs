#![doc = include_str!("../README.md")]

mod buffer;
mod checkpoint;
mod compute;
pub mod cpu;
pub mod data;
pub mod folder;
pub mod generate;
pub mod import;
pub mod local;
mod memory;
mod merge;
mod message;
mod ops;
mod stage;

pub use checkpoint::{tensor_name, CheckpointError};
pub use compute::{Compute, ComputeError};
pub use memory::MemoryPlan;
pub use merge::{Difference, OuterState, Snapshot};
pub use message::Message;
pub use stage::{
	Diverged, Input, Recompute, Result, Shard, ShardTensor, StageError, StepReport, Trainer,
};
