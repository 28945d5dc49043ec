//! The commands that talk to the chain, run as processes against a real node.

mod failures;
mod journey;
mod machine;
#[path = "../../chain/tests/chain/node.rs"]
#[allow(dead_code)] // each test crate uses its own part
mod node;
mod observed;
mod other_runtime;
mod refusals;
mod scrape;
