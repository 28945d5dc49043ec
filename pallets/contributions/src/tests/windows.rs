//! Counts of windows as the neighbours see them.

use cairn_primitives::traits::{Tally, Work};

use crate::{mock::*, Base, Newest, Windows};

#[test]
fn counts_of_unknown_windows_are_zero() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Contributions::tally(MODEL, 3), Tally::default());
		assert_eq!(Contributions::attested_lanes(MODEL, 3, 0), 0);
		assert_eq!(Contributions::open_units(&provider(1)), 0);
	});
}

#[test]
fn a_whole_window_counts_every_seat_and_all_samples() {
	ExtBuilder::default().shape(3, 4, 1).build_and_execute(|| {
		whole_window(0);
		let tally = Contributions::tally(MODEL, 0);
		assert_eq!(tally, Tally { attested: 12, samples: 4 * 6 * 8 });
		for stage in 0..3 {
			assert_eq!(Contributions::attested_lanes(MODEL, 0, stage), 0b1111);
		}
	});
}

#[test]
fn each_window_builds_on_the_one_before_and_keeps_it_until_it_is_due() {
	ExtBuilder::default().build_and_execute(|| {
		whole_window(0);
		whole_window(1);
		assert_eq!(Windows::<Test>::get(MODEL, 0).unwrap().base, Base::Initial);
		let second = Windows::<Test>::get(MODEL, 1).unwrap();
		assert_eq!(second.base, Base::Merge(0));
		let needed = Windows::<Test>::get(MODEL, 0).unwrap().needed_until;
		assert_eq!(needed, second.deadline + 100);
		assert_eq!(Newest::<Test>::get(MODEL).unwrap().window, 1);
	});
}
