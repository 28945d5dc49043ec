//! The commands.

pub mod columns;
pub mod dataset;
pub mod generate;
pub mod key;
pub mod model;
pub mod place;
pub mod program;
pub mod provider;
pub mod shard;
pub mod shares;
pub mod status;
pub mod time;
pub mod train_local;

use std::{error::Error, fs, future::Future, path::Path, time::Duration};

use cairn_primitives::ModelSpec;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// Why a command failed.
pub type Failed = Box<dyn Error>;
/// What a command comes to.
pub type CommandResult = Result<(), Failed>;

/// Does what takes a network, on this thread.
pub fn run<F: Future<Output = CommandResult>>(command: F) -> CommandResult {
	tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command)
}

/// Prints what a program reads.
pub fn print_json(value: &impl Serialize) -> CommandResult {
	println!("{}", serde_json::to_string_pretty(value)?);
	Ok(())
}

/// Read a spec.
pub fn read_spec(path: &Path) -> Result<ModelSpec, Box<dyn Error>> {
	let text = fs::read_to_string(path)
		.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
	let spec: ModelSpec = serde_json::from_str(&text)
		.map_err(|error| format!("{} is no spec of a model: {error}", path.display()))?;
	Ok(spec)
}

/// Cut the layers into stages that cost about the same.
pub fn cut(spec: &mut ModelSpec, stages: u8) -> CommandResult {
	let cut = spec.layers_for(stages).ok_or_else(|| {
		let layers: u32 = spec.stages.iter().map(|layers| u32::from(*layers)).sum();
		format!("{layers} layers cannot be cut into {stages} stages")
	})?;
	let root = spec.initial.first().copied().unwrap_or_default();
	spec.initial = vec![root; cut.len()].try_into().map_err(|_| "there are too many stages")?;
	spec.stages = cut.try_into().map_err(|_| "there are too many stages")?;
	Ok(())
}

/// A bar on a terminal; elsewhere nothing.
pub fn progress_bar(length: u64, template: &str) -> ProgressBar {
	let style = ProgressStyle::with_template(template).expect("templates are literals");
	let bar = ProgressBar::new(length).with_style(style.progress_chars("━╸ "));
	bar.enable_steady_tick(Duration::from_millis(200));
	bar
}

/// A number with its unit: 12.3 M.
pub fn short(number: f64) -> String {
	let units = ["", " k", " M", " G", " T", " P", " E"];
	let thousands = (number.abs().max(1.0).log10() / 3.0) as usize;
	let unit = thousands.min(units.len() - 1);
	let scaled = number / 1000f64.powi(unit as i32);
	let digits = if unit == 0 { 0 } else { 1 };
	format!("{scaled:.digits$}{}", units[unit])
}

/// A number with its unit of measure: 12.3 MB, 7 B.
pub fn measured(number: f64, unit: &str) -> String {
	let number = short(number);
	let space = if number.ends_with(|last: char| last.is_ascii_digit()) { " " } else { "" };
	format!("{number}{space}{unit}")
}

#[cfg(test)]
mod tests {
	use super::{measured, short};

	#[test]
	fn units_stand_behind_their_prefix() {
		assert_eq!([7.0, 1_234_000.0].map(|bytes| measured(bytes, "B")), ["7 B", "1.2 MB"]);
	}

	#[test]
	fn numbers_are_short() {
		assert_eq!(
			[0.0, 999.0, 1_000.0, 12_345_678.0, 1e22].map(short),
			["0", "999", "1.0 k", "12.3 M", "10000.0 E"]
		);
	}
}
