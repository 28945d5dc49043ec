//! Processes of this program that do a part of a measurement, and how they talk: lines of JSON on standard input and output.

use std::{
	io::{self, BufRead, BufReader, Write},
	process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde::{de::DeserializeOwned, Serialize};

use crate::Failed;

/// A process that does a part. It ends when this is dropped.
pub struct Part {
	child: Child,
	tell: Option<ChildStdin>,
	hear: BufReader<ChildStdout>,
}

impl Part {
	/// Start a part by its name on the command line.
	pub fn start(name: &str) -> Result<Self, Failed> {
		let mut child = Command::new(std::env::current_exe()?)
			.args(["part", name])
			// All threads allocate from one heap, as those of a worker do.
			.env("MALLOC_ARENA_MAX", "1")
			.stdin(Stdio::piped())
			.stdout(Stdio::piped())
			.spawn()?;
		let tell = child.stdin.take();
		let hear = BufReader::new(child.stdout.take().ok_or("no output")?);
		Ok(Self { child, tell, hear })
	}

	/// Tell it something.
	pub fn tell(&mut self, what: &impl Serialize) -> Result<(), Failed> {
		let tell = self.tell.as_mut().ok_or("no input")?;
		Ok(writeln!(tell, "{}", serde_json::to_string(what)?)?)
	}

	/// Hear what it says next.
	pub fn hear<T: DeserializeOwned>(&mut self) -> Result<T, Failed> {
		let mut line = String::new();
		match self.hear.read_line(&mut line)? {
			0 => Err("a part of the measurement ended early".into()),
			_ => Ok(serde_json::from_str(&line)?),
		}
	}
}

impl Drop for Part {
	fn drop(&mut self) {
		drop(self.tell.take());
		if let Err(error) = self.child.wait() {
			eprintln!("a part of the measurement does not end: {error}");
		}
	}
}

/// As a part: hear what is to be done next; nothing when all is done.
pub fn hear<T: DeserializeOwned>() -> Result<Option<T>, Failed> {
	let mut line = String::new();
	match io::stdin().read_line(&mut line)? {
		0 => Ok(None),
		_ => Ok(Some(serde_json::from_str(&line)?)),
	}
}

/// As a part: say what came of it.
pub fn say(what: &impl Serialize) -> Result<(), Failed> {
	let mut output = io::stdout().lock();
	writeln!(output, "{}", serde_json::to_string(what)?)?;
	Ok(output.flush()?)
}
