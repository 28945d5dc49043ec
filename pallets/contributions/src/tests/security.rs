//! The numbers of the security argument in `docs/protocol.md`, from the rates that this pallet audits at.

use crate::Record;

const GUIDE: &str = include_str!("../../../../docs/protocol.md");

/// What an honest unit costs its worker, and what it earns, in thousandths of C.
const COST: u32 = 1_000;
const REWARD: u32 = 1_300;
/// Percent of the audits of a false unit that show it.
const SHOWN: u32 = 95;

/// Least loss on proof for which cheating on a unit does not pay: q · (Rw + B) ≥ C.
fn least_loss(record: Record) -> u32 {
	let caught = record.audit_rate().deconstruct() / 100 * SHOWN; // in millionths
	(COST * 1_000_000).div_ceil(caught) - REWARD
}

fn records() -> [Record; 3] {
	[(0, 0), (20, 0), (200, 200)].map(|(drawn, clean)| Record { drawn, clean, ..Record::default() })
}

#[test]
fn the_guide_states_the_least_bonds() {
	let [novice, regular, veteran] = records().map(least_loss);
	for (rate, loss) in
		[("20 % (first units)", novice), ("5 %", regular), ("2 % (after 200 clean units)", veteran)]
	{
		let row = format!("| {rate} | 0.95 | {:.1} C |", f64::from(loss) / 1_000.0);
		assert!(GUIDE.contains(&row), "{row}");
	}
}

#[test]
fn the_guide_states_how_much_escrow_suffices_without_the_bond() {
	let [_, regular, veteran] = records().map(|record| least_loss(record).div_ceil(REWARD));
	let sentence = format!("{regular} units suffice at 5 %, and {veteran} at 2 %");
	assert!(GUIDE.contains(&sentence), "{sentence}");
}

#[test]
fn the_guide_states_from_how_many_stages_on_the_bond_suffices_without_escrow() {
	// A proof takes half of 16 · S · C.
	let [novice, regular, veteran] = records().map(|record| least_loss(record).div_ceil(8 * COST));
	assert_eq!(novice, 1);
	for stages in [regular, veteran] {
		let comparison = format!("(8·{stages} = {})", 8 * stages);
		assert!(GUIDE.contains(&comparison), "{comparison}");
	}
}
