//! This crate and a real node.

mod following;
mod metadata;
mod node;
mod submitting;
mod working;
