//! Tests by topic. Each ends by checking the pallet's invariants.

mod bonds;
mod commitments;
mod fines;
mod random;
mod registry;
mod views;
