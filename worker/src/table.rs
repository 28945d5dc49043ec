//! The losses of a run, as a table that programs read (CSV).

use std::{
	collections::BTreeMap,
	fs::{File, OpenOptions},
	path::{Path, PathBuf},
};

use cairn_engine::{
	folder,
	local::{Event, StepDone, WindowDone},
};
use serde::{Deserialize, Serialize};

use crate::plot::{Curves, Each};

/// The table's file in a run's folder.
const FILE: &str = "loss.csv";

/// Its head.
const HEAD: [&str; 8] =
	["window", "lane", "step", "tokens", "loss", "held_out", "edge_bytes", "merge_bytes"];

/// A step of a lane, or a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Row {
	window: u32,
	/// Of a step only.
	lane: Option<u8>,
	/// Of a step only: within its window.
	step: Option<u32>,
	/// That the model has been trained on when all lanes have done the step, or behind the window.
	tokens: u64,
	/// In nats a token.
	loss: f32,
	/// Of a window only.
	held_out: Option<f32>,
	/// Of a window only: that would have crossed the edges of all lanes.
	edge_bytes: Option<usize>,
	/// Of a window only: that lanes would have exchanged for the merge.
	merge_bytes: Option<usize>,
}

/// Why the table cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {error}")]
pub struct TableError {
	path: PathBuf,
	error: csv::Error,
}

/// The losses of a run so far, and the file that they are in.
#[derive(Debug)]
pub struct Table {
	path: PathBuf,
	/// Tokens of a sample.
	context: u64,
	rows: Vec<Row>,
	writer: csv::Writer<File>,
}

impl Table {
	/// The table of a run that goes on with a window: what was written of that one and later ones is gone.
	pub fn open(folder: &Path, window: u32, context: u32) -> Result<Self, TableError> {
		let path = folder.join(FILE);
		let open = || {
			let rows = read(&path, window)?;
			let writer = rewrite(&path, &rows)?;
			Ok((rows, writer))
		};
		let (rows, writer) = open().map_err(|error| TableError { path: path.clone(), error })?;
		Ok(Self { path, context: context.into(), rows, writer })
	}

	/// Add a step or a window. The state of a window is stored when its row is on disk, so that no row is missing from a run
	/// that goes on.
	pub fn add(&mut self, event: Event) -> Result<(), TableError> {
		let row = match event {
			Event::Step(StepDone { window, lane, step, samples, loss, .. }) => {
				let tokens = samples * self.context;
				let (lane, step) = (Some(lane), Some(step));
				Row { window, lane, step, tokens, loss, ..Row::default() }
			},
			Event::Window(done) => {
				let WindowDone { window, samples, loss, held_out, edge_bytes, merge_bytes } = done;
				Row {
					window,
					tokens: samples * self.context,
					loss,
					held_out: Some(held_out),
					edge_bytes: Some(edge_bytes),
					merge_bytes: Some(merge_bytes),
					..Row::default()
				}
			},
		};
		self.rows.push(row);
		self.write(row).map_err(|error| TableError { path: self.path.clone(), error })
	}

	fn write(&mut self, row: Row) -> csv::Result<()> {
		self.writer.serialize(row)?;
		self.writer.flush()?;
		if row.held_out.is_some() {
			self.writer.get_ref().sync_all()?;
		}
		Ok(())
	}

	/// What the table shows: the mean over lanes of each step, and held-out losses.
	pub fn curves(&self) -> Curves {
		let mut steps = BTreeMap::<u64, (f64, u32)>::new();
		for row in self.rows.iter().filter(|row| row.step.is_some()) {
			let (sum, lanes) = steps.entry(row.tokens).or_default();
			*sum += f64::from(row.loss);
			*lanes += 1;
		}
		let mean = |(tokens, (sum, lanes)): (u64, (f64, u32))| (tokens, sum / f64::from(lanes));
		let held_out = |row: &Row| Some((row.tokens, f64::from(row.held_out?)));
		Curves {
			each: Each::Step,
			training: steps.into_iter().map(mean).collect(),
			held_out: self.rows.iter().filter_map(held_out).collect(),
		}
	}
}

/// Rows of the windows before one. What a run that was killed has written of later ones may be cut off anywhere.
fn read(path: &Path, window: u32) -> csv::Result<Vec<Row>> {
	if !path.exists() {
		return Ok(Vec::new());
	}
	let rows = csv::Reader::from_path(path)?.into_deserialize();
	rows.filter(|row: &csv::Result<Row>| match row {
		Ok(row) => row.window < window,
		Err(error) => error.is_io_error(), // what cannot be read is told, what is no row is left out
	})
	.collect()
}

/// A file of these rows, which takes the place of the one before as a whole.
fn rewrite(path: &Path, rows: &[Row]) -> csv::Result<csv::Writer<File>> {
	let mut writer = plain().from_writer(Vec::new());
	writer.write_record(HEAD)?;
	for row in rows {
		writer.serialize(row)?;
	}
	let bytes = writer.into_inner().map_err(|error| error.into_error())?;
	folder::write_file(path, &bytes).map_err(|failed| failed.error)?;
	Ok(plain().from_writer(OpenOptions::new().append(true).open(path)?))
}

/// Writes rows alone, of which the first is the head.
fn plain() -> csv::WriterBuilder {
	let mut builder = csv::WriterBuilder::new();
	builder.has_headers(false);
	builder
}

#[cfg(test)]
mod tests {
	use std::fs;

	use super::*;

	fn step(window: u32, lane: u8, samples: u64, loss: f32) -> Event {
		Event::Step(StepDone { window, lane, step: 0, samples, loss, tokens: 20 })
	}

	fn window(window: u32, samples: u64) -> Event {
		let (edge_bytes, merge_bytes) = (80, 0);
		let (loss, held_out) = (2.5, 3.0);
		Event::Window(WindowDone { window, samples, loss, held_out, edge_bytes, merge_bytes })
	}

	#[test]
	fn what_is_no_row_takes_no_other_with_it() {
		let folder = tempfile::tempdir().unwrap();
		let rows = ["0,0,0,40,2.0,,,", "0,0,1,8", "0,,,40,2.5,3.0,80,0"];
		fs::write(folder.path().join(FILE), HEAD.join(",") + "\n" + &rows.join("\n")).unwrap();
		let table = Table::open(folder.path(), 1, 10).unwrap();
		assert_eq!(table.rows.len(), 2);
		assert_eq!(table.curves().held_out, [(40, 3.0)]);
	}

	#[test]
	fn a_run_that_goes_on_keeps_the_windows_it_has_finished() {
		let folder = tempfile::tempdir().unwrap();
		let mut table = Table::open(folder.path(), 0, 10).unwrap();
		for event in [step(0, 0, 4, 2.0), step(0, 1, 4, 3.0), window(0, 4), step(1, 0, 8, 0.1)] {
			table.add(event).unwrap();
		}
		let path = folder.path().join(FILE);
		let whole = fs::read_to_string(&path).unwrap();
		let lines: Vec<&str> = whole.lines().collect();
		assert_eq!(
			lines,
			[
				"window,lane,step,tokens,loss,held_out,edge_bytes,merge_bytes",
				"0,0,0,40,2.0,,,",
				"0,1,0,40,3.0,,,",
				"0,,,40,2.5,3.0,80,0",
				"1,0,0,80,0.1,,,"
			]
		);
		// Of the window that was not finished, the last row was cut off.
		for cut in [0, 1, 3, 12] {
			fs::write(&path, &whole[..whole.len() - cut]).unwrap();
			let table = Table::open(folder.path(), 1, 10).unwrap();
			assert_eq!(fs::read_to_string(&path).unwrap(), lines[..4].join("\n") + "\n");
			let expected = Curves {
				training: vec![(40, 2.5)],
				held_out: vec![(40, 3.0)],
				..Curves::default()
			};
			assert_eq!(table.curves(), expected);
		}
	}
}
