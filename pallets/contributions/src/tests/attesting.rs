//! What is taken in as an attestation, and what is not.

use cairn_primitives::{
	attestation::{Attestation, EdgeReceipt, NonNegative, Outcome},
	signing::Edge,
	spec::{Access, InnerOptimizer},
	traits::Work,
	Hash, UnitId,
};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{DispatchResultWithPostInfo, Pays},
};

use crate::{mock::*, Error, Event, Phase, Stages, Units};

/// The unit in the middle of three stages.
const MIDDLE: UnitId = UnitId { model: MODEL, window: 3, stage: 1, lane: 1 };
/// The last unit of the same lane.
const LAST: UnitId = UnitId { stage: 2, ..MIDDLE };
/// The last unit of a gate.
const GATE: UnitId = UnitId { window: 15, ..LAST };

const STEPS: u32 = 6;

fn in_window(test: impl FnOnce()) {
	ExtBuilder::default().shape(3, 3, 2).build_and_execute(|| {
		start_window(MIDDLE.window);
		test();
	});
}

/// Attests `id` as its worker, after a change that everybody signs.
fn changed(
	id: UnitId,
	change: impl FnOnce(&mut Attestation<AccountId>),
) -> DispatchResultWithPostInfo {
	let mut attestation = attestation(id, START, STEPS);
	change(&mut attestation);
	sign(&mut attestation);
	attest_as(on(id), attestation)
}

/// Attests `id` as its worker, after a change that nobody signs.
fn forged(
	id: UnitId,
	change: impl FnOnce(&mut Attestation<AccountId>),
) -> DispatchResultWithPostInfo {
	let mut attestation = attestation(id, START, STEPS);
	change(&mut attestation);
	attest_as(on(id), attestation)
}

#[test]
fn an_attestation_is_counted_queued_and_free() {
	in_window(|| {
		let who = on(LAST);
		let paid = attest_as(who, attestation(LAST, START, STEPS)).unwrap().pays_fee;
		assert_eq!(paid, Pays::No);

		let batch = 8;
		let points = spec().stage_cost(2).unwrap().points(STEPS, batch);
		assert!(points > 0);
		let unit = stored(LAST);
		assert_eq!(unit.provider, provider(who));
		assert_eq!(unit.worker, Keys::get(provider(who)).unwrap());
		assert_eq!((unit.points, unit.phase), (points, Phase::Pending));
		assert!(unit.in_merge);
		assert_eq!(unit.due, window_of(LAST).deadline + 100);
		assert_eq!(record_of(who).escrow, points);
		assert_eq!(Contributions::escrow(provider(who), MODEL), points);
		assert_eq!(Contributions::open_units(&provider(who)), 1);
		assert_eq!(Contributions::attested_lanes(MODEL, 3, 2), 0b10);
		let tally = Contributions::tally(MODEL, 3);
		assert_eq!((tally.attested, tally.samples), (1, u64::from(STEPS * batch)));
		assert_eq!(
			events(),
			[Event::Attested {
				unit: LAST,
				provider: provider(who),
				steps: STEPS,
				points,
				in_merge: true
			}]
		);
	});
}

#[test]
fn samples_are_those_of_the_last_stage_alone() {
	in_window(|| {
		attest(MIDDLE);
		assert_eq!(Contributions::tally(MODEL, 3).samples, 0);
		attest(LAST);
		assert_eq!(Contributions::tally(MODEL, 3).samples, 48);
		assert_eq!(Contributions::tally(MODEL, 3).attested, 2);
	});
}

#[test]
fn escrow_is_as_long_as_windows_where_they_are_long() {
	in_window(|| {
		Specs::mutate_extant(MODEL, |spec| spec.window.blocks = 60);
		attest(MIDDLE);
		assert_eq!(stored(MIDDLE).due, window_of(MIDDLE).deadline + 120);
	});
}

#[test]
fn who_attests_early_is_in_escrow_as_long_as_who_attests_late() {
	in_window(|| {
		attest(MIDDLE);
		run_to(window_of(MIDDLE).deadline);
		attest(LAST);
		assert_eq!(stored(MIDDLE).due, stored(LAST).due);
	});
}

#[test]
fn only_a_worker_key_attests() {
	in_window(|| {
		let attestation = attestation(MIDDLE, START, STEPS);
		assert_noop!(attest_as(NOBODY, attestation.clone()), Error::<Test>::NotAWorker);
		let as_provider = RuntimeOrigin::signed(provider(on(MIDDLE)));
		assert_noop!(
			Contributions::attest(as_provider, attestation.clone()),
			Error::<Test>::NotAWorker
		);
		assert_noop!(
			Contributions::attest(RuntimeOrigin::root(), attestation),
			sp_runtime::DispatchError::BadOrigin
		);
	});
}

#[test]
fn another_model_stage_or_lane_is_refused() {
	in_window(|| {
		let sent = |change: fn(&mut UnitId)| {
			let mut attestation = attestation(MIDDLE, START, STEPS);
			change(&mut attestation.unit);
			attest_as(on(MIDDLE), attestation)
		};
		assert_noop!(sent(|id| id.model = 9), Error::<Test>::UnknownModel);
		assert_noop!(sent(|id| id.stage = 3), Error::<Test>::UnknownStage);
		assert_noop!(sent(|id| id.stage = 0), Error::<Test>::NotYourLane);
		assert_noop!(sent(|id| id.lane = 0), Error::<Test>::NotYourLane);
		assert_noop!(sent(|id| id.lane = 200), Error::<Test>::NotYourLane);
		let attestation = attestation(MIDDLE, START, STEPS);
		assert_noop!(attest_as(STRANGER, attestation), Error::<Test>::NotYourLane);
	});
}

#[test]
fn other_windows_are_refused_whether_over_or_to_come() {
	in_window(|| {
		let attestation = attestation(MIDDLE, START, STEPS);
		close_window(false);
		assert_noop!(attest_as(on(MIDDLE), attestation.clone()), Error::<Test>::NoRunningWindow);
		start_window(4);
		assert_noop!(attest_as(on(MIDDLE), attestation), Error::<Test>::WrongWindow);
	});
}

#[test]
fn the_deadline_block_is_the_last_and_the_start_the_first() {
	in_window(|| {
		let window = window_of(MIDDLE);
		System::set_block_number(0);
		assert_noop!(
			attest_as(on(MIDDLE), attestation(MIDDLE, START, STEPS)),
			Error::<Test>::TooEarly
		);
		run_to(window.deadline + 1);
		assert_noop!(
			attest_as(on(MIDDLE), attestation(MIDDLE, START, STEPS)),
			Error::<Test>::TooLate
		);
		System::set_block_number(window.deadline.into());
		attest(MIDDLE);
		System::set_block_number(window.start.into());
		attest(LAST);
	});
}

#[test]
fn a_unit_is_attested_once_whatever_the_second_attestation_says() {
	in_window(|| {
		attest(MIDDLE);
		assert_noop!(
			attest_as(on(MIDDLE), attestation(MIDDLE, START, STEPS)),
			Error::<Test>::AlreadyAttested
		);
		assert_noop!(
			attest_as(on(MIDDLE), attestation(MIDDLE, START + 1, 2)),
			Error::<Test>::AlreadyAttested
		);
	});
}

#[test]
fn steps_end_with_the_window_and_divergence_before_it() {
	in_window(|| {
		let outcome = |outcome| changed(MIDDLE, |attestation| attestation.outcome = outcome);
		assert_noop!(outcome(Outcome::Done { steps: STEPS + 1 }), Error::<Test>::StepsOutOfRange);
		assert_noop!(
			outcome(Outcome::Diverged { step: STEPS, operation: 0 }),
			Error::<Test>::StepsOutOfRange
		);
		assert_ok!(outcome(Outcome::Diverged { step: STEPS - 1, operation: 7 }));
		let points = spec().stage_cost(1).unwrap().points(STEPS - 1, 8);
		assert_eq!(stored(MIDDLE).points, points);
	});
}

#[test]
fn receipts_are_there_exactly_where_something_crossed() {
	in_window(|| {
		let receipt = || Some(EdgeReceipt { root: Hash::zero(), signature: Default::default() });
		// GIVEN a stage in the middle: both are wanted.
		assert_noop!(forged(MIDDLE, |a| a.upstream = None), Error::<Test>::UpstreamMisplaced);
		assert_noop!(forged(MIDDLE, |a| a.downstream = None), Error::<Test>::DownstreamMisplaced);
		// GIVEN the ends of the lane: there is nothing beyond.
		let first = UnitId { stage: 0, ..MIDDLE };
		assert_noop!(forged(first, |a| a.upstream = receipt()), Error::<Test>::UpstreamMisplaced);
		assert_noop!(
			forged(LAST, |a| a.downstream = receipt()),
			Error::<Test>::DownstreamMisplaced
		);
		// GIVEN no step: nothing crossed.
		let idle = |change: fn(&mut Attestation<AccountId>)| {
			let mut attestation = attestation(MIDDLE, START, 0);
			change(&mut attestation);
			attest_as(on(MIDDLE), attestation)
		};
		assert_noop!(
			idle(|a| a.upstream =
				Some(EdgeReceipt { root: Hash::zero(), signature: Default::default() })),
			Error::<Test>::UpstreamMisplaced
		);
		assert_noop!(
			idle(|a| a.downstream =
				Some(EdgeReceipt { root: Hash::zero(), signature: Default::default() })),
			Error::<Test>::DownstreamMisplaced
		);
		assert_ok!(idle(|_| ()));
	});
}

#[test]
fn receipts_bind_neighbour_edge_step_and_root() {
	in_window(|| {
		let edge = Edge::upstream(&MIDDLE).unwrap();
		let root = edge_root(edge, STEPS);
		let above = on(UnitId { stage: 0, ..MIDDLE });
		let with =
			|signature| forged(MIDDLE, |a| a.upstream = Some(EdgeReceipt { root, signature }));
		let other_lane = Edge { lane: 2, ..edge };
		let other_window = Edge { window: 2, ..edge };
		for signature in [
			Default::default(),
			sign_edge(on(MIDDLE), edge, STEPS, root),
			sign_edge(on(UnitId { stage: 0, lane: 0, ..MIDDLE }), edge, STEPS, root),
			sign_edge(above, other_lane, STEPS, root),
			sign_edge(above, other_window, STEPS, root),
			sign_edge(above, edge, STEPS - 1, root),
			sign_edge(above, edge, STEPS, Hash::repeat_byte(1)),
		] {
			assert_noop!(with(signature), Error::<Test>::BadReceipt);
		}
		assert_ok!(with(sign_edge(above, edge, STEPS, root)));
	});
}

#[test]
fn downstream_receipts_are_checked_alike() {
	in_window(|| {
		let edge = Edge::downstream(&MIDDLE, 3).unwrap();
		let root = edge_root(edge, STEPS);
		let above = on(UnitId { stage: 0, ..MIDDLE });
		let signature = sign_edge(above, edge, STEPS, root);
		assert_noop!(
			forged(MIDDLE, |a| a.downstream = Some(EdgeReceipt { root, signature })),
			Error::<Test>::BadReceipt
		);
	});
}

#[test]
fn losses_are_there_exactly_at_the_last_stage_and_at_its_gates() {
	in_window(|| {
		let number = Some(NonNegative(1.5f32.to_bits()));
		assert_noop!(changed(MIDDLE, |a| a.loss = number), Error::<Test>::LossMisplaced);
		assert_noop!(changed(LAST, |a| a.loss = None), Error::<Test>::LossMisplaced);
		assert_noop!(changed(LAST, |a| a.held_out = number), Error::<Test>::HeldOutMisplaced);
		assert_ok!(changed(LAST, |a| a.loss = number));

		close_window(false);
		start_window(GATE.window);
		assert_noop!(changed(GATE, |a| a.held_out = None), Error::<Test>::HeldOutMisplaced);
		let before = UnitId { stage: 1, ..GATE };
		assert_noop!(changed(before, |a| a.held_out = number), Error::<Test>::HeldOutMisplaced);
		assert_ok!(changed(GATE, |a| a.held_out = number));
	});
}

#[test]
fn the_loss_is_there_even_without_a_step() {
	in_window(|| {
		let idle = attestation(LAST, START, 0);
		assert_ok!(attest_as(on(LAST), idle));
	});
}

#[test]
fn numbers_are_finite_and_not_negative() {
	in_window(|| {
		let bad = NonNegative(f32::NAN.to_bits());
		assert_noop!(changed(MIDDLE, |a| a.norm = bad), Error::<Test>::BadNumber);
		assert_noop!(changed(LAST, |a| a.loss = Some(bad)), Error::<Test>::BadNumber);
		close_window(false);
		start_window(GATE.window);
		assert_noop!(changed(GATE, |a| a.held_out = Some(bad)), Error::<Test>::BadNumber);
	});
}

#[test]
fn the_inner_state_is_there_exactly_if_it_is_carried() {
	in_window(|| {
		let some = Some(Hash::repeat_byte(7));
		assert_noop!(changed(MIDDLE, |a| a.inner_state = some), Error::<Test>::InnerStateMisplaced);
		Specs::mutate_extant(MODEL, |spec| {
			if let InnerOptimizer::AdamW { carry, .. } = &mut spec.inner {
				*carry = true;
			}
		});
		assert_noop!(changed(MIDDLE, |_| ()), Error::<Test>::InnerStateMisplaced);
		assert_ok!(changed(MIDDLE, |a| a.inner_state = some));
	});
}

#[test]
fn held_signatures_are_of_distinct_holders_over_this_difference() {
	in_window(|| {
		// GIVEN three seats and two standbys: four may hold it.
		assert_eq!(attestation(MIDDLE, START, STEPS).held.len(), 4);
		assert_noop!(
			forged(MIDDLE, |a| a.held[1] = a.held[0].clone()),
			Error::<Test>::DuplicateHolder
		);
		assert_noop!(
			forged(MIDDLE, |a| a.held[0].signature = a.held[1].signature),
			Error::<Test>::BadHeldSignature
		);
		assert_noop!(
			forged(MIDDLE, |a| a.difference = Hash::zero()),
			Error::<Test>::BadHeldSignature
		);
	});
}

#[test]
fn a_strict_majority_of_holders_puts_a_difference_into_the_merge() {
	in_window(|| {
		let with = |id, holders| {
			assert_ok!(forged(id, |a| a.held.truncate(holders)));
			stored(id).in_merge
		};
		let place = |lane| unit(3, 1, lane);
		assert!(!with(place(0), 1), "one of the two other seats is a half");
		assert!(with(place(1), 2), "both are a majority");
		assert!(!with(place(2), 0), "nobody holds it");
	});
}

#[test]
fn signatures_of_who_holds_nothing_do_no_harm_and_count_for_nothing() {
	in_window(|| {
		let place = |lane| unit(3, 1, lane);
		for (lane, stranger) in [STRANGER, on(place(1)), seat(0, 0)].into_iter().enumerate() {
			let id = place(lane as u8);
			assert_ok!(forged(id, |a| {
				a.held.truncate(2);
				a.held[0].holder = provider(stranger);
			}));
			assert!(!stored(id).in_merge, "one of the two other seats is left");
		}
	});
}

#[test]
fn seats_and_standbys_together_can_be_a_majority_too() {
	in_window(|| {
		let without = |lane, seats| {
			let id = unit(3, 1, lane);
			assert_ok!(forged(id, |a| {
				assert_eq!(a.held.len(), 4, "two seats, and then two standbys");
				a.held.drain(..seats);
			}));
			stored(id).in_merge
		};
		assert!(without(0, 1), "three of four");
		assert!(!without(1, 2), "standbys alone are no more than a half");
	});
}

#[test]
fn standbys_that_hold_the_shard_and_sign_nothing_block_no_merge() {
	ExtBuilder::default().shape(1, 2, 16).build_and_execute(|| {
		start_window(0);
		let id = unit(0, 0, 0);
		assert_ok!(forged(id, |a| a.held.truncate(1)));
		assert!(stored(id).in_merge, "the only other seat signed");
	});
}

#[test]
fn a_single_lane_merges_whatever_its_standbys_sign() {
	ExtBuilder::default().shape(1, 1, 3).build_and_execute(|| {
		start_window(0);
		let id = unit(0, 0, 0);
		assert_ok!(forged(id, |a| a.held.truncate(0)));
		assert!(stored(id).in_merge);
	});
}

#[test]
fn standbys_without_the_shard_are_no_holders() {
	in_window(|| {
		// GIVEN standbys that hold an older shard: only two seats may hold the difference.
		Rosters::mutate_extant((MODEL, 1), |roster| {
			roster.standbys[0].held = Some(MIDDLE.window - 2);
			roster.standbys[1].held = None;
		});
		let attestation = attestation(MIDDLE, START, STEPS);
		assert_eq!(attestation.held.len(), 2);
		assert_ok!(attest_as(on(MIDDLE), attestation));
		assert!(stored(MIDDLE).in_merge);
	});
}

#[test]
fn without_anybody_else_a_seats_word_is_enough() {
	ExtBuilder::default().shape(2, 1, 0).build_and_execute(|| {
		start_window(0);
		attest(unit(0, 0, 0));
		assert!(stored(unit(0, 0, 0)).in_merge);
	});
}

#[test]
fn a_unit_without_a_step_is_a_heartbeat_that_earns_and_merges_nothing() {
	in_window(|| {
		let who = on(MIDDLE);
		assert_ok!(attest_as(who, attestation(MIDDLE, START, 0)));
		let unit = stored(MIDDLE);
		assert_eq!(unit.points, 0);
		assert!(!unit.in_merge);
		assert_eq!(record_of(who).broken, 1);
		assert_eq!(Contributions::attested_lanes(MODEL, 3, 1), 0b10);
	});
}

#[test]
fn broken_edges_are_counted_per_seat() {
	in_window(|| {
		assert_ok!(attest_as(on(MIDDLE), attestation(MIDDLE, START, STEPS - 1)));
		attest(LAST);
		assert_eq!(record_of(on(MIDDLE)).broken, 1);
		assert_eq!(record_of(on(LAST)).broken, 0);
	});
}

#[test]
fn the_merge_set_is_what_a_majority_holds_lanes_ascending() {
	in_window(|| {
		attest(unit(3, 1, 2));
		assert_ok!(forged(unit(3, 1, 1), |a| a.held.truncate(1)));
		assert_ok!(changed(unit(3, 1, 0), |a| a.norm = NonNegative(5)));
		let merged = Contributions::merge_set(MODEL, 3, 1);
		assert_eq!(merged.iter().map(|m| m.lane).collect::<Vec<_>>(), [0, 2]);
		assert_eq!(merged[0].norm, NonNegative(5));
		assert_eq!(merged[1].steps, STEPS);
		assert_eq!(merged[1].difference, stored(unit(3, 1, 2)).difference);
	});
}

#[test]
fn the_majoritys_root_counts_and_ties_go_to_the_lowest_lane() {
	in_window(|| {
		open_start();
		attest_from(unit(3, 1, 2), 8);
		attest_from(unit(3, 1, 1), 7);
		assert_eq!(Contributions::majority_root(MODEL, 3, 1), Some(root_of(7)));
		attest_from(unit(3, 1, 0), 8);
		assert_eq!(Contributions::majority_root(MODEL, 3, 1), Some(root_of(8)));
		assert_eq!(Contributions::majority_root(MODEL, 3, 0), None);
		assert_eq!(Stages::<Test>::get((MODEL, 3, 1)).roots.len(), 2);
	});
}

#[test]
fn the_view_of_a_unit_is_its_row() {
	in_window(|| {
		attest(MIDDLE);
		assert_eq!(Contributions::unit(MIDDLE), Units::<Test>::get(MIDDLE));
		assert_eq!(Contributions::unit(LAST), None);
	});
}

#[test]
fn a_worker_with_a_new_key_attests_with_it() {
	in_window(|| {
		let who = on(MIDDLE);
		let attestation = attestation(MIDDLE, START, STEPS);
		register(&provider(who), sp_core::Pair::public(&pair(200)));
		assert_noop!(attest_as(who, attestation.clone()), Error::<Test>::NotAWorker);
		assert_ok!(attest_as(200, attestation));
		// What it signed in this window is of the key that it had when the window started.
		assert_eq!(stored(MIDDLE).worker, sp_core::Pair::public(&pair(who)));
	});
}

#[test]
fn a_neighbours_new_key_voids_nothing_that_its_old_one_signed() {
	in_window(|| {
		let edge = Edge::upstream(&LAST).unwrap();
		let root = edge_root(edge, STEPS);
		let before = attestation(LAST, START, STEPS);
		register(&provider(on(MIDDLE)), sp_core::Pair::public(&pair(200)));
		let signature = sign_edge(200, edge, STEPS, root);
		assert_noop!(
			forged(LAST, |a| a.upstream = Some(EdgeReceipt { root, signature })),
			Error::<Test>::BadReceipt
		);
		assert_ok!(attest_as(on(LAST), before));
	});
}

#[test]
fn the_first_windows_start_from_the_shards_of_the_spec() {
	ExtBuilder::default().build_and_execute(|| {
		let id = unit(0, 0, 0);
		start_window(0);
		let other = attestation(id, START + 1, STEPS);
		assert_noop!(attest_as(on(id), other), Error::<Test>::WrongInitialShard);
		// GIVEN a window that was void: it changed nothing.
		attest(id);
		close_window(true);
		start_window(1);
		let id = unit(1, 0, 0);
		let other = attestation(id, START + 1, STEPS);
		assert_noop!(attest_as(on(id), other), Error::<Test>::WrongInitialShard);
		places(1).into_iter().for_each(attest);
		close_window(false);
		// GIVEN one that counted: its merge is what comes next.
		start_window(2);
		let id = unit(2, 0, 0);
		attest_from(id, START + 1);
	});
}

#[test]
fn a_window_with_sixteen_lanes_has_room_for_sixteen_roots() {
	ExtBuilder { access: Access::Open, ..Default::default() }.shape(1, 16, 0).build_and_execute(
		|| {
			open_start();
			start_window(0);
			for id in places(0) {
				attest_from(id, u64::from(id.lane));
			}
			let stage = Stages::<Test>::get((MODEL, 0, 0));
			assert_eq!((stage.lanes, stage.roots.len()), (u16::MAX, 16));
			assert_eq!(stage.majority_root(), Some(root_of(0)));
		},
	);
}
