//! What is noted while a network lives.

use std::{collections::BTreeMap, time::Duration};

use crate::network::{Included, Made};

/// One block.
pub struct BlockRow {
	/// Its number.
	pub number: u32,
	/// Picoseconds of its ordinary transactions.
	pub normal: u64,
	/// Picoseconds of everything.
	pub total: u64,
	/// Its transactions.
	pub transactions: usize,
	/// Attestations among them.
	pub attestations: usize,
	/// Bytes of its transactions.
	pub bytes: usize,
	/// Transactions that it left behind.
	pub left: usize,
	/// How long its execution took.
	pub took: Duration,
}

/// All calls for one purpose.
#[derive(Default)]
pub struct CallRow {
	/// How many.
	pub count: u64,
	/// Picoseconds that blocks were charged for them.
	pub weight: u64,
	/// The most that one was charged.
	pub heaviest: u64,
	/// How long they took.
	pub took: Duration,
	/// The longest wait of one for its block, in blocks.
	pub longest_wait: u32,
	/// Those that came too late.
	pub missed: u64,
	/// Those that failed, by error.
	pub failed: BTreeMap<String, u64>,
}

impl CallRow {
	/// Mean weight in picoseconds.
	pub fn mean(&self) -> u64 {
		self.weight / self.count.max(1)
	}

	fn add(&mut self, included: &Included, number: u32) {
		self.count += 1;
		self.weight += included.weight;
		self.heaviest = self.heaviest.max(included.weight);
		self.took += included.took;
		self.longest_wait = self.longest_wait.max(number - included.sent.arrived);
		if let Err(error) = &included.result {
			*self.failed.entry(format!("{error:?}")).or_default() += 1;
		}
	}
}

/// Everything that is noted.
#[derive(Default)]
pub struct Log {
	/// All blocks.
	pub blocks: Vec<BlockRow>,
	/// All calls, by name.
	pub calls: BTreeMap<&'static str, CallRow>,
}

impl Log {
	/// Note a block, and how many transactions wait behind it.
	pub fn add(&mut self, made: &Made, left: usize) {
		for included in &made.included {
			let row = self.calls.entry(included.sent.purpose.name()).or_default();
			row.add(included, made.number);
		}
		for missed in &made.missed {
			self.calls.entry(missed.purpose.name()).or_default().missed += 1;
		}
		let attests = |included: &&Included| included.sent.purpose.name() == "attest";
		self.blocks.push(BlockRow {
			number: made.number,
			normal: made.normal,
			total: made.total,
			transactions: made.included.len(),
			attestations: made.included.iter().filter(attests).count(),
			bytes: made.bytes,
			left,
			took: made.took,
		});
	}

	/// Transactions that came too late.
	pub fn missed(&self) -> u64 {
		self.calls.values().map(|row| row.missed).sum()
	}

	/// Picoseconds of ordinary transactions below which a part of all blocks stays, from 0 to 1.
	pub fn quantile(&self, part: f64) -> u64 {
		let mut weights: Vec<u64> = self.blocks.iter().map(|block| block.normal).collect();
		weights.sort_unstable();
		let last = weights.len().saturating_sub(1);
		weights.get((last as f64 * part).round() as usize).copied().unwrap_or_default()
	}
}
