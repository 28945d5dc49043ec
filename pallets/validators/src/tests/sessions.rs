//! Session changes.

use crate::{mock::*, Event, Queue, Seat, Status, WaitingCount};
use codec::Encode;
use frame_support::{assert_ok, traits::KeyOwnerProofSystem};
use sp_runtime::key_types::DUMMY;

fn leave(who: AccountId) {
	assert_ok!(Validators::leave(RuntimeOrigin::signed(who)));
}

fn set_planned() -> Option<Event<Test>> {
	events().into_iter().find(|event| matches!(event, Event::SetPlanned { .. }))
}

#[test]
fn a_leaver_sits_out_the_session_it_is_retired_in() {
	ExtBuilder::default().build_and_execute(|| {
		run_to(2);
		leave(3);
		// WHEN the next session begins
		roll_sessions(1);
		// THEN the seat is gone from the set after it, and the bond begins to unlock,
		assert_eq!(planned(), vec![1, 2, 4, 5, 6, 7, 8]);
		assert_eq!(Session::validators(), (1..=8).collect::<Vec<_>>());
		assert_eq!(status_of(3), Status::Unbonding { unlocks_at: 5 + UnbondingPeriod::get() });
		assert_eq!(
			set_planned(),
			Some(Event::SetPlanned { session: 2, joined: vec![], left: vec![3], held_back: 0 })
		);
		// and one session later it sits no more.
		roll_sessions(1);
		assert_eq!(Session::validators(), vec![1, 2, 4, 5, 6, 7, 8]);
	});
}

#[test]
fn candidates_are_seated_in_the_order_of_approval_a_few_per_session() {
	ExtBuilder::default().build_and_execute(|| {
		for who in [22, 20, 24, 21] {
			queued(who);
		}
		events();

		roll_sessions(1);
		assert_eq!(planned(), vec![1, 2, 3, 4, 5, 6, 7, 8, 22, 20]);
		assert_eq!(status_of(22), Status::Active);
		assert_eq!(status_of(24), Status::Queued);
		assert_eq!(Queue::<Test>::get().into_inner(), vec![24, 21]);
		assert_eq!(WaitingCount::<Test>::get(), 2);
		assert_eq!(
			set_planned(),
			Some(Event::SetPlanned {
				session: 2,
				joined: vec![22, 20],
				left: vec![],
				held_back: 0
			})
		);

		roll_sessions(1);
		assert_eq!(Session::validators(), vec![1, 2, 3, 4, 5, 6, 7, 8, 22, 20]);
		assert_eq!(planned().len(), 12);
		assert!(Queue::<Test>::get().is_empty());
	});
}

#[test]
fn the_set_does_not_outgrow_its_maximum() {
	ExtBuilder::default().validators(11).build_and_execute(|| {
		queued(20);
		queued(21);
		roll_sessions(2);
		assert_eq!(planned().len(), 12);
		assert_eq!(status_of(21), Status::Queued);
		// WHEN a seat is given up THEN the next in line takes it at the same change.
		leave(1);
		roll_sessions(1);
		assert_eq!(planned().len(), 12);
		assert_eq!(status_of(21), Status::Active);
	});
}

#[test]
fn no_more_than_a_part_of_the_set_leaves_at_once_and_the_oldest_first() {
	ExtBuilder::default().build_and_execute(|| {
		[7, 2, 5].into_iter().for_each(leave);
		events();
		roll_sessions(1);
		assert_eq!(planned(), vec![1, 3, 4, 6, 7, 8]);
		assert_eq!(
			set_planned(),
			Some(Event::SetPlanned { session: 2, joined: vec![], left: vec![2, 5], held_back: 1 })
		);
		roll_sessions(1);
		assert_eq!(planned(), vec![1, 3, 4, 6, 8]);
	});
}

#[test]
fn at_the_floor_a_leaver_stays_until_it_is_replaced() {
	ExtBuilder::default().validators(4).build_and_execute(|| {
		leave(2);
		leave(3);
		roll_sessions(5);
		assert_eq!(planned(), vec![1, 2, 3, 4]);
		assert_eq!(status_of(2), Status::Leaving);

		queued(20);
		roll_sessions(1);
		assert_eq!(planned(), vec![1, 3, 4, 20]);
		assert_eq!(status_of(3), Status::Leaving);
		roll_sessions(3);
		assert_eq!(planned(), vec![1, 3, 4, 20]);
	});
}

#[test]
fn raising_the_floor_keeps_leavers_and_lowering_it_lets_them_go() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Validators::set_min_validators(RuntimeOrigin::root(), 8));
		leave(1);
		roll_sessions(2);
		assert_eq!(status_of(1), Status::Leaving);
		assert_ok!(Validators::set_min_validators(RuntimeOrigin::root(), 7));
		roll_sessions(1);
		assert!(matches!(status_of(1), Status::Unbonding { .. }));
	});
}

#[test]
fn a_small_set_changes_by_one_at_a_time() {
	ExtBuilder::default().validators(2).floor(1).build_and_execute(|| {
		queued(20);
		queued(21);
		leave(1);
		leave(2);
		roll_sessions(1);
		assert_eq!(planned(), vec![2, 20]);
		roll_sessions(1);
		assert_eq!(planned(), vec![20, 21]);
	});
}

#[test]
fn an_unchanged_set_is_not_announced_anew() {
	ExtBuilder::default().build_and_execute(|| {
		roll_sessions(1);
		assert!(!pallet_session::QueuedChanged::<Test>::get());
		assert_eq!(events(), vec![]);
	});
}

#[test]
fn a_larger_bond_counts_from_the_next_planned_session() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Validators::bond_more(RuntimeOrigin::signed(1), 500));
		roll_sessions(1);
		assert!(pallet_session::QueuedChanged::<Test>::get());
		let seat = |bond| Some(Seat { who: 1, bond });
		assert_eq!(crate::Current::<Test>::get().first().cloned(), seat(BOND));
		assert_eq!(crate::Planned::<Test>::get().first().cloned(), seat(BOND + 500));
		roll_sessions(1);
		assert_eq!(crate::Current::<Test>::get().first().cloned(), seat(BOND + 500));
		assert!(!pallet_session::QueuedChanged::<Test>::get());
	});
}

#[test]
fn rotated_keys_are_provable_in_every_session_they_are_used_in() {
	ExtBuilder::default().build_and_execute(|| {
		register_keys(1, keys_of(101));
		// Session 1 begins and plans session 2 with the new keys; session 2 passes.
		roll_sessions(2);
		let root_of = |session| Historical::historical_root(session);
		assert_ne!(root_of(1), root_of(2));
		// A proof of session 2 with the new key still convicts in session 3.
		let key = || (DUMMY, keys_of(101).dummy.encode());
		let proof = Historical::prove(key()).unwrap();
		assert_eq!(proof.session, 2);
		roll_sessions(1);
		assert_eq!(Historical::check_proof(key(), proof).unwrap().0, 1);
	});
}

#[test]
fn a_validator_that_loses_its_keys_is_replaced_beyond_the_bound() {
	ExtBuilder::default().validators(4).build_and_execute(|| {
		(20..23).for_each(queued);
		// Past the runtime's call filter, as only a privileged call can.
		for who in [1, 2, 3] {
			assert_ok!(Session::purge_keys(RuntimeOrigin::signed(who)));
		}
		roll_sessions(1);
		assert_eq!(planned(), vec![4, 20, 21, 22]);
		assert!(matches!(status_of(1), Status::Unbonding { .. }));
		roll_sessions(1);
		assert_eq!(Session::validators(), vec![4, 20, 21, 22]);
	});
}

#[test]
fn a_queued_candidate_without_keys_is_passed_over_and_keeps_its_place() {
	ExtBuilder::default().build_and_execute(|| {
		(20..23).for_each(queued);
		assert_ok!(Session::purge_keys(RuntimeOrigin::signed(20)));
		roll_sessions(1);
		assert_eq!(planned(), vec![1, 2, 3, 4, 5, 6, 7, 8, 21, 22]);
		register_keys(20, keys_of(20));
		roll_sessions(1);
		assert_eq!(planned().last(), Some(&20));
	});
}

#[test]
fn history_is_kept_for_exactly_as_long_as_offences_are_punished() {
	ExtBuilder::default().build_and_execute(|| {
		let depth = HistoryDepth::get();
		roll_sessions(10);
		let kept: Vec<_> =
			(0..=11).filter(|session| Historical::historical_root(*session).is_some()).collect();
		assert_eq!(kept, ((10 - depth)..=11).collect::<Vec<_>>());
	});
}
