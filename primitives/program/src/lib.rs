#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

extern crate alloc;

mod constants;
mod cost;
pub mod elementary;
mod evaluate;
mod float;
pub mod fraction;
pub mod merge;
pub mod operation;
mod program;
pub mod random;
pub mod referee;
pub mod reference;
mod soft;
mod stage;
mod template;
pub mod trace;
mod value;

pub use constants::{AdamW, Constants, Muon, Rule, StepContext};
pub use evaluate::{Operands, Registers};
pub use float::Float;
pub use operation::Operation;
pub use program::{Program, Section};
pub use soft::SoftFloat;
pub use stage::Stage;
pub use template::{NEWTON_SCHULZ_STEPS, QUINTIC};
pub use value::{
	ChangeName, Code, Direction, Matrix, Moment, Name, OptimizerName, OuterName, Rotation, Tensor,
	Value,
};
