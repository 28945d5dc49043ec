//! How the node tells what went wrong.

use std::{error::Error, fmt, io};

#[path = "../src/error.rs"]
mod error;

use error::with_sources;

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
