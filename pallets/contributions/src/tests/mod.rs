//! Tests by topic.

mod attesting;
mod auditing;
mod challenges;
mod charges;
mod collusion;
mod equivocation;
mod escrow;
mod lots;
mod merges;
mod pruning;
mod random;
mod security;
mod settlement;
mod suspicions;
mod types;
mod windows;
