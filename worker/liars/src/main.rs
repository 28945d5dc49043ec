//! Workers that lie, for the tests of networks: `cairn-liars LIE WINDOW COMMAND…` is `cairn-worker COMMAND…`, but for one lie.

mod liar;
mod lie;

use std::{ffi::OsString, iter, process::ExitCode, sync::Arc};

use cairn_primitives::WindowIndex;
use clap::Parser;

use liar::Liar;
use lie::Lie;

/// A worker that lies.
#[derive(Debug, Parser)]
struct Cli {
	/// What it lies about.
	lie: Lie,
	/// The window whose units it lies about.
	window: WindowIndex,
	/// What `cairn-worker` is to do.
	#[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
	command: Vec<OsString>,
}

fn main() -> ExitCode {
	let Cli { lie, window, command } = Cli::parse();
	let arguments = iter::once("cairn-worker".into()).chain(command);
	cairn_worker::main_with(arguments, Arc::new(Liar::new(lie, window)))
}
