//! What the README says of times is what the code does.

use super::*;

/// A row of the README's table of times.
#[derive(Debug, PartialEq)]
struct Row {
	name: &'static str,
	public: u32,
	short: u32,
	least: u32,
}

/// The number that a cell begins with.
fn number(cell: &str) -> u32 {
	let digits: String =
		cell.trim().chars().take_while(|c| *c != ' ').filter(char::is_ascii_digit).collect();
	digits.parse().unwrap_or_else(|_| panic!("{cell:?} begins with a number"))
}

fn table() -> Vec<Row> {
	include_str!("../../README.md")
		.lines()
		.skip_while(|line| !line.starts_with("| parameter (`protocol`)"))
		.skip(2)
		.map_while(|line| line.strip_prefix("| `")?.strip_suffix(" |"))
		.map(|line| {
			let cells: Vec<_> = line.split(" | ").collect();
			let [name, public, short, least] = cells[..] else { panic!("{line:?} has 4 cells") };
			Row {
				name: name.trim_end_matches('`'),
				public: number(public),
				short: number(short),
				least: number(least),
			}
		})
		.collect()
}

#[test]
fn the_table_of_times_is_that_of_the_constants() {
	macro_rules! row {
		($name:ident, $field:ident) => {
			Row {
				name: stringify!($name),
				public: PUBLIC_TIMES.$field,
				short: SHORT_TIMES.$field,
				least: protocol::$name::LEAST,
			}
		};
	}
	assert_eq!(
		table(),
		[
			row!(EscrowBlocks, escrow),
			row!(EscrowWindows, escrow_windows),
			row!(DisputeBudget, dispute_budget),
			row!(DisputeExtension, dispute_extension),
			row!(RetentionWindows, retention_windows),
			row!(UnbondingBlocks, unbonding),
			row!(PostLeaveLock, post_leave_lock),
			row!(AuditDeadline, audit_deadline),
			row!(AuditWindows, audit_windows),
			row!(StreamBlocks, stream),
			row!(SettlementWindow, settlement_window),
			row!(BeaconDelay, beacon_delay),
		]
	);
}
