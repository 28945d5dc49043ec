//! This crate and a real node.

mod following;
mod metadata;
#[allow(dead_code)] // networks of workers use the rest
mod node;
mod submitting;
mod working;
