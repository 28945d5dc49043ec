//! Tests by topic. Each ends by checking the pallet's invariants.

mod datasets;
mod life_cycle;
mod proposals;
mod random;
mod training;
mod views;
