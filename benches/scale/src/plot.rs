//! Weight of blocks over time, as a picture and as a table.

use std::fmt::Write;

use crate::{measure::Log, pool::normal_limit};

const WIDTH: usize = 1_200;
const HEIGHT: usize = 260;
const MARGIN: usize = 40;

/// A drawing of how full blocks were: for each column its fullest block, and the mean of all its blocks.
pub fn svg(log: &Log, title: &str) -> String {
	let limit = normal_limit() as f64;
	let columns = WIDTH.min(log.blocks.len()).max(1);
	let per_column = log.blocks.len().div_ceil(columns).max(1);
	let (mut fullest, mut mean) = (String::new(), String::new());
	for (column, blocks) in log.blocks.chunks(per_column).enumerate() {
		let shares = || blocks.iter().map(|block| block.normal as f64 / limit);
		let x = MARGIN + column;
		let bar = |share: f64| (share.min(1.0) * HEIGHT as f64).round() as usize;
		let foot = MARGIN + HEIGHT;
		let _ = write!(fullest, "M{x} {foot}V{}", foot - bar(shares().fold(0.0, f64::max)));
		let average = shares().sum::<f64>() / blocks.len() as f64;
		let _ = write!(mean, "M{x} {foot}V{}", foot - bar(average));
	}
	let (right, foot) = (MARGIN + WIDTH, MARGIN + HEIGHT);
	let (total_width, total_height) = (right + MARGIN, foot + MARGIN);
	let last = log.blocks.last().map_or(0, |block| block.number);
	let first = log.blocks.first().map_or(0, |block| block.number);
	format!(
		r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total_width} {total_height}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#fff"/>
<text x="{MARGIN}" y="24">{title}</text>
<path d="{fullest}" stroke="#9ec5e8"/>
<path d="{mean}" stroke="#1c5d99"/>
<path d="M{MARGIN} {MARGIN}H{right}M{MARGIN} {foot}H{right}" stroke="#444"/>
<text x="4" y="{}">100 %</text>
<text x="22" y="{foot}">0</text>
<text x="{MARGIN}" y="{}">block {first}</text>
<text x="{right}" y="{}" text-anchor="end">block {last}; pale: the fullest of {per_column} blocks, dark: their mean</text>
</svg>
"##,
		MARGIN + 5,
		foot + 18,
		foot + 18,
	)
}

/// All blocks, one a line.
pub fn csv(log: &Log) -> String {
	let mut lines =
		String::from("block,normal_ps,total_ps,transactions,attestations,bytes,left,took_us\n");
	for block in &log.blocks {
		let _ = writeln!(
			lines,
			"{},{},{},{},{},{},{},{}",
			block.number,
			block.normal,
			block.total,
			block.transactions,
			block.attestations,
			block.bytes,
			block.left,
			block.took.as_micros(),
		);
	}
	lines
}
