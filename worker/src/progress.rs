//! What is waited for, shown once it takes long: on a terminal as a line that moves, elsewhere as plain lines.

use std::{
	future::Future,
	io::{stderr, IsTerminal},
	time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::sleep;

/// What takes no longer is not worth a word.
const SHORT: Duration = Duration::from_secs(2);

/// Shows what is waited for, until it is dropped.
pub struct Progress {
	bar: Option<ProgressBar>,
	since: Instant,
	/// What was said last.
	topic: String,
}

impl Progress {
	/// Nothing is shown yet.
	pub fn new() -> Self {
		Self { bar: None, since: Instant::now(), topic: String::new() }
	}

	/// Say what is waited for. Details are for terminals, where they may change as often as they like.
	pub fn say(&mut self, topic: &str, detail: &str) {
		if stderr().is_terminal() {
			let bar = self.bar.get_or_insert_with(|| spinner(self.since.elapsed()));
			bar.set_message(format!("{topic} {detail}").trim_end().to_string());
		} else if self.topic != topic {
			eprintln!("{topic} ...");
		}
		self.topic = topic.into();
	}

	/// Wait for something. If it takes long, say what it is.
	pub async fn during<F: Future>(&mut self, topic: &str, future: F) -> F::Output {
		tokio::pin!(future);
		tokio::select! {
			result = &mut future => return result,
			() = sleep(SHORT) => self.say(topic, ""),
		}
		future.await
	}
}

impl Drop for Progress {
	fn drop(&mut self) {
		if let Some(bar) = &self.bar {
			bar.finish_and_clear();
		}
	}
}

/// Wait for something. If it takes long, say what it is.
pub async fn during<F: Future>(topic: &str, future: F) -> F::Output {
	Progress::new().during(topic, future).await
}

fn spinner(elapsed: Duration) -> ProgressBar {
	let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
	let bar = ProgressBar::new_spinner().with_elapsed(elapsed);
	bar.enable_steady_tick(Duration::from_millis(120));
	match style {
		Ok(style) => bar.with_style(style),
		Err(_) => bar,
	}
}
