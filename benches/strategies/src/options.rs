//! What can be chosen.

use std::path::PathBuf;

use clap::Parser;

/// Simulates workers that lie on Cairn's own pallets, and prints what each strategy gains over honest work.
#[derive(Parser, Clone, Debug)]
#[command(name = "strategies")]
pub struct Options {
	/// Windows for which each strategy is followed.
	#[arg(long, default_value_t = 200)]
	pub windows: u32,
	/// Courses of randomness for each.
	#[arg(long, default_value_t = 5)]
	pub seeds: u64,
	/// Names of strategies; without it all.
	#[arg(long, value_delimiter = ',')]
	pub only: Vec<String>,
	/// Folder for a plot.
	#[arg(long)]
	pub plots: Option<PathBuf>,
}
