//! Tests by topic.

mod accumulator;
mod assets;
mod claims;
mod income;
mod minting;
mod random;
mod stream;
mod transfers;
mod views;
