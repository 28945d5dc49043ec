//! What is printed of a network.

use crate::{
	claims::ClaimCost,
	measure::{CallRow, Log},
	pool::normal_limit,
	simulation::Outcome,
	state::Census,
};

/// A size, and what became of it.
pub struct Size {
	/// Seats that were asked for.
	pub asked: u32,
	/// Seats that there were.
	pub seats: u32,
	/// Windows that were asked for.
	pub windows: u32,
	/// What became of it.
	pub outcome: Outcome,
}

const MICRO: u64 = 1_000_000;

/// Print everything about a size but its results.
pub fn print(size: &Size) {
	executed(size);
	calls(&size.outcome.log);
	blocks(&size.outcome.log);
	state(size);
	claims(&size.outcome.claims);
}

fn executed(Size { windows, outcome, seats, .. }: &Size) {
	println!("  executed: {} of {windows} windows of every model;", outcome.windows);
	println!(
		"    {} units attested of {} in them; nothing is extrapolated",
		outcome.units,
		u64::from(outcome.windows) * u64::from(*seats),
	);
	if outcome.is_cut_short {
		println!("    the budget ended it: what is said below holds for these windows only");
	}
	if outcome.stalled > 0 {
		println!(
			"    {} models stopped, because seats that missed their deadlines fell vacant",
			outcome.stalled
		);
	}
}

fn calls(log: &Log) {
	println!("  calls              number  mean weight   heaviest  mean time  longest wait  too late  failed");
	println!("                                   µs           µs         µs        blocks");
	for (name, row) in &log.calls {
		let CallRow { count, heaviest, took, longest_wait, missed, failed, .. } = row;
		println!(
			"  {name:<16} {count:>8} {:>12} {:>10} {:>10} {longest_wait:>13} {missed:>9} {:>7}",
			row.mean() / MICRO,
			heaviest / MICRO,
			took.as_micros() as u64 / count.max(&1),
			failed.values().sum::<u64>(),
		);
		for (error, times) in failed {
			println!("      {times} times {error}");
		}
	}
}

fn blocks(log: &Log) {
	let limit = normal_limit() as f64;
	let share = |weight: u64| 100.0 * weight as f64 / limit;
	let full = log.blocks.iter().filter(|block| block.left > 0).count();
	let most_left = log.blocks.iter().map(|block| block.left).max().unwrap_or_default();
	let most_bytes = log.blocks.iter().map(|block| block.bytes).max().unwrap_or_default();
	println!(
		"  blocks: {}; ordinary weight in % of its limit: median {:.2}, mean {:.2}, 99th percentile {:.1}, maximum {:.1}",
		log.blocks.len(),
		share(log.quantile(0.5)),
		share(log.blocks.iter().map(|b| b.normal).sum::<u64>() / log.blocks.len().max(1) as u64),
		share(log.quantile(0.99)),
		share(log.quantile(1.0)),
	);
	println!("    {full} blocks left transactions behind, {most_left} at the most; the longest had {most_bytes} bytes");
	let heavy = || log.blocks.iter().filter(|block| block.normal as f64 > limit / 2.0);
	let weight: u64 = heavy().map(|block| block.total).sum();
	let took: u64 = heavy().map(|block| block.took.as_micros() as u64).sum();
	if weight > 0 {
		println!(
			"    {} blocks were more than half full; to execute them took {:.0} % of what they weigh",
			heavy().count(),
			100.0 * took as f64 / (weight / MICRO) as f64,
		);
	}
}

fn state(Size { outcome, seats, .. }: &Size) {
	println!("  state after windows: entries, bytes of keys and values, bytes of trie nodes; units in it; bytes a unit");
	println!("    in escrow, once final, of an audit");
	for census in &outcome.censuses {
		let Census { windows, nodes, parts, .. } = census;
		let entries: u64 = parts.values().map(|part| part.entries).sum();
		println!(
			"  {windows:>8} {entries:>10} {:>13} {nodes:>13}; {:>9} units; {:.0}, {:.0}, {:.0}",
			census.bytes(),
			census.part("Contributions.Units").entries,
			census.bytes_per_unit(),
			census.bytes_per_final_unit(),
			census.bytes_per_audit(),
		);
	}
	if let Some(last) = outcome.censuses.last() {
		let mut parts: Vec<_> = last.parts.iter().collect();
		parts.sort_by_key(|(_, part)| core::cmp::Reverse(part.bytes));
		println!("  largest parts of the last state: bytes, entries");
		for (name, part) in parts.into_iter().take(12) {
			println!("  {name:<32} {:>12} {:>10}", part.bytes, part.entries);
		}
	}
	let growth = &outcome.growth;
	let shown = growth
		.iter()
		.filter(|(windows, _)| windows % 10 == 0)
		.map(|(windows, bytes)| format!("{windows}: {:.1}", *bytes as f64 / f64::from(1 << 20)));
	println!(
		"  MiB of trie nodes after windows ({seats} seats): {}",
		shown.collect::<Vec<_>>().join(", ")
	);
}

fn claims(costs: &[ClaimCost; 2]) {
	println!(
		"  claim             measured  weight µs  keys read  keys written  trie bytes  time µs"
	);
	for (when, cost) in ["first windows", "in the end"].iter().zip(costs) {
		println!(
			"  {when:<16} {:>9} {:>10} {:>10} {:>13} {:>11} {:>8}",
			cost.claims,
			cost.weight / MICRO,
			cost.reads,
			cost.writes,
			cost.nodes,
			cost.took.as_micros(),
		);
	}
}

/// Print the lines by which a run is judged.
pub fn results(sizes: &[Size]) {
	for Size { asked, outcome, seats, .. } in sizes {
		let log = &outcome.log;
		let fullest = log.quantile(1.0) as f64 / normal_limit() as f64;
		println!("result scale_{asked}_max_block_weight_share {fullest:.3} goal <=1");
		println!("result scale_{asked}_missed_deadlines {} goal <=0", log.missed());
		if let Some(last) = outcome.censuses.last() {
			println!("result scale_{asked}_bytes_per_unit {:.0} goal <=512", last.bytes_per_unit());
		}
		if let Some(left) = left_behind(outcome, *seats) {
			println!("result scale_{asked}_bytes_left_per_unit {left:.2} goal <=2");
		}
		let [early, late] = &outcome.claims;
		if early.claims > 0 && late.claims > 0 {
			let ratio = late.weight as f64 / early.weight as f64;
			println!("result scale_{asked}_claim_weight_ratio_over_time {ratio:.3} goal <=1.05");
		}
	}
	let (Some(small), Some(large)) =
		(sizes.iter().min_by_key(|size| size.seats), sizes.iter().max_by_key(|size| size.seats))
	else {
		return;
	};
	let (few, many) = (&small.outcome.claims[1], &large.outcome.claims[1]);
	if small.seats < large.seats && few.claims > 0 && many.claims > 0 {
		let names = format!("{}_to_{}", large.asked, small.asked);
		let ratio = |many: f64, few: f64| many / few;
		let weight = ratio(many.weight as f64, few.weight as f64);
		println!("result scale_claim_weight_ratio_{names} {weight:.3} goal <=1.05");
		let keys = ratio((many.reads + many.writes) as f64, (few.reads + few.writes) as f64);
		println!("result scale_claim_keys_ratio_{names} {keys:.3} goal <=1.05");
	}
}

/// Bytes by which the state grew for each unit, between two counts after the chain had begun to forget old windows.
fn left_behind(outcome: &Outcome, seats: u32) -> Option<f64> {
	let settled = |census: &&Census| census.windows > crate::simulation::KEPT_WINDOWS + 1;
	let counts: Vec<_> = outcome.censuses.iter().filter(settled).collect();
	let (first, last) = (counts.first()?, counts.last()?);
	let units = u64::from(last.windows.checked_sub(first.windows)?) * u64::from(seats);
	(units > 0).then(|| (last.bytes() as f64 - first.bytes() as f64) / units as f64)
}
