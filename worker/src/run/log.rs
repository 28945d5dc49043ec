//! Logs: events with named fields, in colour on a terminal.

use std::io::{stderr, IsTerminal};

use tracing_subscriber::{fmt, EnvFilter};

/// What is logged if `RUST_LOG` does not say otherwise: this program's own tasks.
const DEFAULT: &str = "warn,cairn_worker=info,cairn_chain=info,cairn_transport=info";

/// Begin to log to standard error.
pub fn start() {
	let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
	let log = fmt().with_env_filter(filter).with_writer(stderr).with_ansi(stderr().is_terminal());
	// A process logs once: that there is a log already is as good.
	let _ = log.try_init();
}
