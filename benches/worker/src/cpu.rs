//! What this process has computed so far.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

/// Ticks of a second in the files of `/proc`; the same on every Linux.
const TICKS: f64 = 100.0;

/// CPU-seconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Cpu {
	/// Of all threads, those that have ended, too.
	pub process: f64,
	/// Of the threads that compute.
	pub compute: f64,
}

impl Cpu {
	/// As it is now.
	pub fn now() -> Self {
		let (_, process) = read(Path::new("/proc/self/stat")).unwrap_or_default();
		let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
		let compute = threads
			.filter_map(|thread| read(&thread.path().join("stat")))
			.filter(|(name, _)| name.starts_with("compute"))
			.map(|(_, seconds)| seconds)
			.sum();
		Self { process, compute }
	}
}

impl std::ops::Sub for Cpu {
	type Output = Self;

	fn sub(self, other: Self) -> Self {
		Self { process: self.process - other.process, compute: self.compute - other.compute }
	}
}

/// The name in a `stat` file, and CPU-seconds in the program and in the kernel.
fn read(path: &Path) -> Option<(String, f64)> {
	let text = fs::read_to_string(path).ok()?;
	// The name stands in parentheses, and may contain some.
	let (before, after) = text.rsplit_once(')')?;
	let name = before.split_once('(')?.1.to_string();
	let mut fields = after.split_whitespace().skip(11);
	let ticks = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
	Some((name, ticks / TICKS))
}
