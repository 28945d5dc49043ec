//! Kernels for processors, equal to the bit to the stage program whatever the instruction set and the number of threads.
//!
//! A kernel is written once, in plain Rust over slices, and compiled for each instruction set by `kernel!`: it is
//! vectorised across outputs, so that no sum is taken in another order.

// Calls of what was compiled for instructions that were detected, panels of a matrix for several threads, the library's product.
#![allow(unsafe_code)]

pub mod attention;
pub mod codec;
pub mod elementwise;
pub mod embedding;
mod instructions;
pub mod loss;
pub mod muon;
pub mod norm;
pub mod optimizer;
mod panel;
pub mod product;
mod reduce;
mod scratch;
pub mod serving;

pub(crate) use instructions::kernel;
pub use instructions::{check_threads, InstructionSet, UnfitProcessor};
pub use panel::Panel;
use scratch::with_scratch;

/// Rows of tokens that a thread takes at a time.
const ROWS: usize = 32;
/// Elements that a thread takes at a time where there are no rows.
const ELEMENTS: usize = 16 * 1024;
