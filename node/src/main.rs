#![doc = include_str!("../README.md")]

mod cli;
mod command;
mod error;
mod rpc;
mod service;

use std::process::ExitCode;

fn main() -> ExitCode {
	match command::run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("Error: {}", error::with_sources(&error));
			ExitCode::FAILURE
		},
	}
}
