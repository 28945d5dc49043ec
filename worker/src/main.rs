//! The program `cairn-worker`; what it does is in the library, so that other programs can be built from its parts.

use std::process::ExitCode;

fn main() -> ExitCode {
	cairn_worker::main()
}
