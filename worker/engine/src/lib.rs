#![doc = include_str!("../README.md")]

mod buffer;
mod compute;
pub mod cpu;
mod memory;
mod message;
mod ops;
mod stage;

pub use compute::{Compute, ComputeError};
pub use memory::MemoryPlan;
pub use message::Message;
pub use stage::{
	Diverged, Input, Recompute, Result, Shard, ShardTensor, StageError, StepReport, Trainer,
};
