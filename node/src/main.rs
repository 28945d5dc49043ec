#![doc = include_str!("../README.md")]

mod cli;
mod command;
mod rpc;
mod service;

use std::{error::Error, process::ExitCode};

fn main() -> ExitCode {
	match command::run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("Error: {}", with_sources(&error));
			ExitCode::FAILURE
		},
	}
}

/// What went wrong, and what it came from, as far as that says more.
fn with_sources(error: &dyn Error) -> String {
	let mut text = error.to_string();
	let mut source = error.source();
	while let Some(error) = source {
		let why = error.to_string();
		if !text.contains(&why) {
			text = format!("{text}: {why}");
		}
		source = error.source();
	}
	text
}

#[cfg(test)]
mod tests {
	use std::{fmt, io};

	use super::*;

	/// An error with a source, which says `says`.
	#[derive(Debug)]
	struct Failure {
		says: &'static str,
		source: io::Error,
	}

	impl fmt::Display for Failure {
		fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
			formatter.write_str(self.says)
		}
	}

	impl Error for Failure {
		fn source(&self) -> Option<&(dyn Error + 'static)> {
			Some(&self.source)
		}
	}

	#[test]
	fn an_error_is_told_with_what_it_came_from_and_nothing_twice() {
		let failure = |says| Failure { says, source: io::Error::other("the disk is full") };
		let told = "the database did not open: the disk is full";
		assert_eq!(with_sources(&failure("the database did not open")), told);
		assert_eq!(with_sources(&failure(told)), told);
	}
}
