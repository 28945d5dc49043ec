//! One file per topic, in the order of a channel's life.

mod changing;
mod closing;
mod force_closing;
mod opening;
mod payouts;
mod random;
mod settling;
mod split;
mod try_state;
mod views;
mod vouchers;
