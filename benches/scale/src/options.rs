//! What can be chosen.

use std::path::PathBuf;

use clap::Parser;

/// Simulates networks of many seats on the compiled runtime and reports storage, weight of blocks and cost of claims.
#[derive(Parser, Clone, Debug)]
#[command(name = "scale")]
pub struct Options {
	/// Sizes of the networks, in seats; each is rounded up to whole models.
	#[arg(long, value_delimiter = ',', default_value = "1000,10000,100000")]
	pub seats: Vec<u32>,
	/// Windows that every model trains.
	#[arg(long, default_value_t = 100)]
	pub windows: u32,
	/// Minutes after which a size starts no further windows.
	#[arg(long, default_value_t = 40)]
	pub budget: u64,
	/// Stages of a model.
	#[arg(long, default_value_t = 8)]
	pub stages: u8,
	/// Lanes of a model.
	#[arg(long, default_value_t = 16)]
	pub lanes: u8,
	/// Blocks of a window; without it 200 (ten minutes), and 600 (half an hour) from 50,000 seats on.
	#[arg(long)]
	pub window_blocks: Option<u32>,
	/// Attestations arrive evenly over this share of a window before its deadline, in percent.
	#[arg(long, default_value_t = 10)]
	pub burst: u32,
	/// Blocks between the last arrival and the deadline.
	#[arg(long, default_value_t = 2)]
	pub margin: u32,
	/// Signatures "held" under an attestation; without it as many as make it part of the merge.
	#[arg(long)]
	pub held: Option<usize>,
	/// Blocks over which the models are opened; with 0 only the chain's own offsets keep their deadlines apart.
	#[arg(long, default_value_t = 0)]
	pub open_over: u32,
	/// Windows between two claims of a holder.
	#[arg(long, default_value_t = 10)]
	pub claim_every: u32,
	/// Folder for a plot of each size.
	#[arg(long)]
	pub plots: Option<PathBuf>,
	/// Folder for a table of all blocks of each size.
	#[arg(long)]
	pub tables: Option<PathBuf>,
}

impl Options {
	/// Seats of a model.
	pub fn seats_of_model(&self) -> u32 {
		u32::from(self.stages) * u32::from(self.lanes)
	}

	/// Models that give at least so many seats.
	pub fn models(&self, seats: u32) -> u32 {
		seats.div_ceil(self.seats_of_model())
	}

	/// Blocks of a window of a network of so many seats.
	pub fn window_blocks(&self, seats: u32) -> u32 {
		self.window_blocks.unwrap_or(if seats < 50_000 { 200 } else { 600 })
	}

	/// Blocks over which the attestations of a window arrive.
	pub fn burst_blocks(&self, seats: u32) -> u32 {
		(self.window_blocks(seats) * self.burst / 100).max(1)
	}

	/// Signatures "held": by default the smallest majority of a stage's other seats.
	pub fn held(&self) -> usize {
		let others = usize::from(self.lanes) - 1;
		self.held.unwrap_or(others / 2 + 1).min(others)
	}
}
