//! Tests by topic.

mod attesting;
mod auditing;
mod challenges;
mod collusion;
mod equivocation;
mod lots;
mod merges;
mod pruning;
mod random;
mod settlement;
mod suspicions;
mod types;
mod windows;
