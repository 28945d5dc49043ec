//! Events that tell what a call came to where its name does not: [`Done::event`](crate::Done::event) finds them.

pub use crate::api::{
	inference::events::ChannelOpened,
	models::events::Proposed,
	shards::events::{Enlisted, WindowClosed, WindowScheduled, WindowStarted},
};
