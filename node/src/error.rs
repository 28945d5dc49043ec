//! How errors are told.

use std::error::Error;

/// What went wrong, and what it came from, as far as that says more.
pub fn with_sources(error: &dyn Error) -> String {
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
