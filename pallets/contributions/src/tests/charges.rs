//! What an attestation is charged: before it is applied, as much as it could do; afterwards, what it did.

use cairn_primitives::{attestation::Attestation, Hash, UnitId};
use frame_support::{assert_ok, dispatch::GetDispatchInfo, weights::Weight};

use crate::{mock::*, Call, Error, Phase, WeightInfo};

/// The only unit of a window of a model with one seat.
fn lone(window: u32) -> UnitId {
	unit(window, 0, 0)
}

/// A model with one seat, whose units are not audited.
fn with_one_seat(test: impl FnOnce(u8)) {
	ExtBuilder::default().shape(1, 1, 1).build_and_execute(|| {
		let who = seat(0, 0);
		veterans([who]);
		test(who);
	});
}

/// A window of honest work whose lots are drawn.
fn drawn_window(window: u32) {
	whole_window(window);
	spare_all(window);
	draw_all(window);
}

fn asked(attestation: &Attestation<AccountId>) -> Weight {
	Call::<Test>::attest { attestation: attestation.clone() }.get_dispatch_info().call_weight
}

/// Sends an attestation in its running window; returns what it was charged in the end.
fn charged_for(attestation: Attestation<AccountId>) -> Weight {
	let (who, asked) = (on(attestation.unit), asked(&attestation));
	let charged = attest_as(who, attestation).unwrap().actual_weight.unwrap();
	assert!(charged.all_lte(asked));
	charged
}

fn charged(id: UnitId) -> Weight {
	charged_for(attestation(id, START, spec().window.steps))
}

/// Weight of the first attestation of a window, with one signature "held", that looks after so many older items.
fn first(swept: u32) -> Weight {
	<() as WeightInfo>::attest(1, swept) + <() as WeightInfo>::open_window()
}

#[test]
fn before_it_is_applied_it_is_charged_all_that_it_could_do() {
	with_one_seat(|_| {
		start_window(0);
		let most = first(2) + <() as WeightInfo>::ends_differ() * 2;
		assert_eq!(asked(&attestation(lone(0), START, 6)), most);
	});
}

#[test]
fn it_is_charged_for_the_items_that_it_finalised_and_no_others() {
	for (older, swept) in [(0, 0), (1, 1), (2, 2), (3, 2)] {
		with_one_seat(|_| {
			(0..older).for_each(drawn_window);
			run_to(now() + 100);
			start_window(older);
			assert_eq!(charged(lone(older)), first(swept));
			let finalised = |window: &u32| stored(lone(*window)).phase == Phase::Final;
			assert_eq!((0..older).filter(finalised).count(), swept as usize);
		});
	}
}

#[test]
fn what_is_not_due_costs_nothing_more() {
	with_one_seat(|who| {
		drawn_window(0);
		start_window(1);
		assert_eq!(charged(lone(1)), first(0));
		assert_eq!(record_of(who).head, 0);
	});
}

#[test]
fn an_item_that_goes_back_to_the_end_of_the_queue_is_charged_for() {
	with_one_seat(|who| {
		// GIVEN a due unit whose lots nobody drew, before one that can be finalised.
		whole_window(0);
		drawn_window(1);
		run_to(now() + 100);
		start_window(2);
		assert_eq!(charged(lone(2)), first(2));
		assert_eq!((stored(lone(0)).phase, stored(lone(0)).index), (Phase::Pending, 3));
		assert_eq!(stored(lone(1)).phase, Phase::Final);
		assert_eq!((record_of(who).head, record_of(who).tail, open_units(who)), (2, 4, 2));
	});
	with_one_seat(|who| {
		// GIVEN only the unit that cannot be finalised.
		whole_window(0);
		run_to(now() + 100);
		start_window(1);
		assert_eq!(charged(lone(1)), first(1));
		assert_eq!((record_of(who).head, record_of(who).tail, open_units(who)), (1, 3, 2));
	});
}

#[test]
fn an_item_whose_mint_fails_is_charged_for() {
	with_one_seat(|_| {
		drawn_window(0);
		run_to(now() + 100);
		start_window(1);
		MintFails::set(true);
		assert_eq!(charged(lone(1)), first(1));
		assert_eq!(stored(lone(0)).phase, Phase::Pending);
	});
}

#[test]
fn a_gap_in_the_queue_is_charged_as_an_item() {
	with_one_seat(|who| {
		(0..2).for_each(drawn_window);
		run_to(stored(lone(1)).due);
		// GIVEN the second is finalised out of turn.
		assert_ok!(Contributions::finalise(signed(NOBODY), lone(1)));
		start_window(2);
		assert_eq!(charged(lone(2)), first(2));
		assert_eq!(record_of(who).head, 2);
	});
}

#[test]
fn only_the_first_of_a_window_is_charged_for_opening_it() {
	ExtBuilder::default().shape(1, 2, 0).build_and_execute(|| {
		start_window(0);
		assert_eq!(charged(unit(0, 0, 0)), first(0));
		assert_eq!(charged(unit(0, 0, 1)), <() as WeightInfo>::attest(1, 0));
	});
}

#[test]
fn whoever_attests_another_root_than_a_neighbour_is_charged_for_what_that_brings_about() {
	ExtBuilder::default().shape(3, 1, 1).build_and_execute(|| {
		start_window(0);
		let middle = unit(0, 1, 0);
		let steps = spec().window.steps;
		attest(unit(0, 0, 0));
		attest(unit(0, 2, 0));
		// GIVEN neighbours that sign other roots than they attested.
		let mut other = attestation(middle, START, steps);
		for receipt in [&mut other.upstream, &mut other.downstream] {
			receipt.as_mut().unwrap().root = Hash::repeat_byte(1);
		}
		sign(&mut other);
		let attest = <() as WeightInfo>::attest(1, 0);
		assert_eq!(charged_for(other), attest + <() as WeightInfo>::ends_differ() * 2);
		assert!(places(0).into_iter().all(|id| !stored(id).in_merge));
	});
}

#[test]
fn a_refused_attestation_is_charged_all_that_it_could_have_done() {
	with_one_seat(|who| {
		start_window(0);
		attest(lone(0));
		let again = attest_as(who, attestation(lone(0), START, 6)).unwrap_err();
		assert_eq!(again.error, Error::<Test>::AlreadyAttested.into());
		assert_eq!(again.post_info.actual_weight, None);
	});
}
