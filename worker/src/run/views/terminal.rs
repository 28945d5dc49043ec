//! The screen on a real terminal: drawn again and again, with the keyboard at hand.

use std::{
	io::{self, Stdout},
	thread,
	time::{Duration, SystemTime, UNIX_EPOCH},
};

use ratatui_termion::{
	termion::{
		event::Key,
		input::TermRead,
		raw::{IntoRawMode, RawTerminal},
		screen::{AlternateScreen, IntoAlternateScreen},
	},
	TermionBackend,
};
use tokio::{
	sync::mpsc,
	time::{interval, MissedTickBehavior},
};

use super::screen;
use crate::run::monitor::Monitor;

/// Pause between two drawings.
const PAUSE: Duration = Duration::from_millis(250);

/// A terminal that shows the screen; it is as before once this is dropped.
pub struct Terminal(
	ratatui_core::terminal::Terminal<TermionBackend<AlternateScreen<RawTerminal<Stdout>>>>,
);

impl Terminal {
	/// Take the terminal.
	pub fn open() -> io::Result<Self> {
		let output = io::stdout().into_raw_mode()?.into_alternate_screen()?;
		ratatui_core::terminal::Terminal::new(TermionBackend::new(output)).map(Self)
	}

	/// Show how things are, until the terminal is gone. `q` and Ctrl-C are heard.
	pub async fn show(mut self, monitor: Monitor, heard: mpsc::Sender<()>) {
		listen(heard);
		let mut ticks = interval(PAUSE);
		ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
		loop {
			ticks.tick().await;
			let status = monitor.status();
			let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
			if let Err(error) = self.0.draw(|frame| screen::draw(frame, &status, now)) {
				return tracing::warn!(%error, "the screen is no longer shown");
			}
		}
	}
}

/// Listen to the keyboard, on a thread that ends with the process: reading it cannot be interrupted.
fn listen(heard: mpsc::Sender<()>) {
	thread::spawn(move || {
		for key in io::stdin().keys() {
			// While the terminal is raw, Ctrl-C is a key like any other.
			let heard = match key {
				Ok(Key::Char('q') | Key::Ctrl('c')) => heard.blocking_send(()),
				Ok(_) => Ok(()),
				Err(_) => break, // the terminal is gone
			};
			if heard.is_err() {
				break; // the daemon is over
			}
		}
	});
}
