//! Text from a model: each stage keeps keys and values of every sequence, so that a token passes through the model once.
//! Serving arithmetic is free: it is chosen for speed, and differs from training's in the last bits.

mod attention;
mod cache;
mod decoder;
mod error;
mod memory;
mod pipeline;
mod sampling;

pub use cache::Cache;
pub use decoder::{Decoder, Rows, Turn};
pub use error::GenerateError;
pub use pipeline::{Generated, Pipeline, Request, Stop};
pub use sampling::{Sampler, Sampling};
