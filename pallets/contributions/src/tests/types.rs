//! Pure rules: sizes, audit rates, majorities.

use cairn_primitives::Hash;
use codec::MaxEncodedLen;
use sp_runtime::Permill;

use crate::{
	mock::{AccountId, Test},
	AuditOf, Record, StageRow, UnitOf,
};

#[test]
fn a_unit_takes_less_than_four_hundred_bytes_with_its_key_and_its_place_in_the_queue() {
	let key = 8 + cairn_primitives::UnitId::max_encoded_len();
	let queued = 16 + AccountId::max_encoded_len() + 8 + 4 + 8 + 4 + crate::Item::max_encoded_len();
	let unit = UnitOf::<Test>::max_encoded_len();
	assert!(key + unit <= 400, "{key} + {unit}");
	assert!(queued <= 100, "{queued}");
	assert!(AuditOf::<Test>::max_encoded_len() <= 200);
}

#[test]
fn audit_rates_fall_with_clean_work_and_rise_with_faults() {
	let rate = |drawn, clean, is_faulted| {
		Record { drawn, clean, is_faulted, ..Default::default() }.audit_rate()
	};
	let percent = Permill::from_percent;
	assert_eq!(rate(0, 0, false), percent(20));
	assert_eq!(rate(19, 19, false), percent(20));
	assert_eq!(rate(20, 0, false), percent(5));
	assert_eq!(rate(500, 199, false), percent(5));
	assert_eq!(rate(500, 200, false), percent(2));
	assert_eq!(rate(0, 0, true), percent(100));
	assert_eq!(rate(19, 19, true), percent(100));
	assert_eq!(rate(20, 20, true), percent(5));
	assert_eq!(rate(300, 200, true), percent(2));
}

#[test]
fn a_fault_forgets_everything_good() {
	let mut record =
		Record { drawn: 300, clean: 250, escrow: 7, generation: 3, tail: 9, ..Default::default() };
	record.put_on_probation();
	assert_eq!(record.audit_rate(), Permill::one());
	assert_eq!((record.escrow, record.generation, record.tail), (7, 3, 9), "nothing is forfeited");
	record.clean = 250;
	record.fault();
	assert_eq!(record.audit_rate(), Permill::one());
	assert_eq!((record.escrow, record.generation, record.tail), (0, 4, 9));
}

#[test]
fn a_refuted_root_is_claimed_still_but_no_majority() {
	let root = Hash::repeat_byte;
	let mut stage = StageRow::default();
	for (lane, byte) in [(5, 1), (3, 1), (4, 2), (0, 3)] {
		stage.admit(lane, root(byte));
	}
	assert_eq!(stage.claimed_root(), Some(root(1)));
	assert_eq!(stage.majority_root(), Some(root(1)));
	stage.refute_root(root(1));
	assert_eq!(stage.claimed_root(), Some(root(1)));
	assert_eq!(stage.majority_root(), Some(root(3)), "of two equals the lower lane's");
	assert_eq!(stage.lanes, 0b11_1001);
}
