//! Tests by topic.

mod candidates;
mod genesis;
mod offences;
mod random;
mod sessions;
mod views;
