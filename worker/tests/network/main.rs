//! Whole networks: a real node, and workers as processes that train over real sockets.
//!
//! They wait for blocks most of the time, so that `make test` and `make test-faults` run several at once; one by one they take too long.

mod audits;
mod disk;
mod faults;
mod finality;
mod liars;
#[path = "../commands/machine.rs"]
#[allow(dead_code)] // each test crate uses its own part
mod machine;
mod network;
#[path = "../../chain/tests/chain/node.rs"]
#[allow(dead_code)] // each test crate uses its own part
mod node;
mod partition;
mod phases;
mod same;
#[path = "../commands/scrape.rs"]
mod scrape;
mod seen;
