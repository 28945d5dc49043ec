//! What is looked at while it lasts, and what follows from it.

use std::{fmt::Write as _, fs, path::Path, time::Duration};

use cairn_primitives::WindowIndex;

use crate::network::Network;

/// What all processes take at a moment.
#[derive(Clone, Debug)]
pub struct Sample {
	/// Since the start.
	pub at: Duration,
	/// The window that the model is in, as far as the node tells.
	pub window: Option<WindowIndex>,
	/// Processes that have died so far.
	pub deaths: u32,
	/// Memory of each worker, in bytes; none while it is away.
	pub workers: Vec<Option<u64>>,
	/// Bytes of each worker's files.
	pub files: Vec<u64>,
	/// Memory of the node, in bytes.
	pub node: Option<u64>,
}

/// All samples.
#[derive(Clone, Debug, Default)]
pub struct Course {
	/// In order.
	pub samples: Vec<Sample>,
}

impl Sample {
	/// Look at everything.
	pub fn take(network: &Network, at: Duration, window: Option<WindowIndex>, deaths: u32) -> Self {
		Self {
			at,
			window,
			deaths,
			workers: network.workers.iter().map(|worker| memory(worker.id()?)).collect(),
			files: network
				.workers
				.iter()
				.map(|worker| size(&worker.machine.file("data")))
				.collect(),
			node: network.node.id().and_then(memory),
		}
	}
}

impl Course {
	/// One row for each sample: seconds, window, deaths, memory of the node, of each worker, and its files, in bytes.
	pub fn csv(&self) -> String {
		let mut text = String::from("seconds,window,deaths,node");
		let workers = self.samples.first().map_or(0, |sample| sample.workers.len());
		(0..workers).for_each(|number| _ = write!(text, ",memory_{number}"));
		(0..workers).for_each(|number| _ = write!(text, ",files_{number}"));
		text.push('\n');
		for sample in &self.samples {
			let known = |number: Option<u64>| number.map_or(String::new(), |n| n.to_string());
			let mut row = vec![
				sample.at.as_secs().to_string(),
				known(sample.window.map(u64::from)),
				sample.deaths.to_string(),
				known(sample.node),
			];
			row.extend(sample.workers.iter().map(|bytes| known(*bytes)));
			row.extend(sample.files.iter().map(u64::to_string));
			text.push_str(&row.join(","));
			text.push('\n');
		}
		text
	}

	/// Measures with their goals. Growth is the median of the last third over that of the second.
	pub fn results(&self) -> Vec<(&'static str, f64, &'static str)> {
		let windows: Vec<_> = self.samples.iter().filter_map(|sample| sample.window).collect();
		let completed = windows.last().zip(windows.first()).map_or(0, |(last, first)| last - first);
		let minutes = self.samples.last().map_or(0.0, |last| last.at.as_secs_f64() / 60.0);
		let memory = |sample: &Sample| largest(sample.workers.iter().flatten());
		let files = |sample: &Sample| largest(&sample.files);
		vec![
			("soak_windows_per_10_minutes", f64::from(completed) * 10.0 / minutes, ">=4"),
			("soak_worker_memory_growth", self.growth(memory), "<=1.1"),
			("soak_node_memory_growth", self.growth(|sample| sample.node), "<=1.2"),
			("soak_files_growth", self.growth(files), "<=1.1"),
		]
	}

	fn growth(&self, measure: impl Fn(&Sample) -> Option<u64>) -> f64 {
		let third = self.samples.len() / 3;
		let median = |samples: &[Sample]| {
			let mut all: Vec<_> = samples.iter().filter_map(&measure).collect();
			all.sort_unstable();
			all.get(all.len() / 2).copied().unwrap_or_default() as f64
		};
		median(&self.samples[2 * third..]) / median(&self.samples[third..2 * third]).max(1.0)
	}
}

fn largest<'a>(numbers: impl IntoIterator<Item = &'a u64>) -> Option<u64> {
	numbers.into_iter().max().copied()
}

/// Resident memory of a process, in bytes.
fn memory(process: i32) -> Option<u64> {
	let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
	let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
	let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
	Some(kilobytes * 1024)
}

/// Bytes of all files in a folder, some of which may vanish meanwhile.
fn size(folder: &Path) -> u64 {
	let Ok(entries) = fs::read_dir(folder) else { return 0 };
	let each = entries.flatten().map(|entry| match entry.metadata() {
		Ok(metadata) if metadata.is_dir() => size(&entry.path()),
		Ok(metadata) => metadata.len(),
		Err(_) => 0,
	});
	each.sum()
}
