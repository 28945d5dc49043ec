//! From `apply` to `withdraw`.

use crate::{
	mock::*, Candidates, Error, Event, HoldReason, MinValidators, Queue, Status, WaitingCount,
};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::DispatchResult,
	traits::{fungible::MutateHold, Currency},
};
use sp_runtime::{traits::Dispatchable, DispatchError::BadOrigin, TokenError};

fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

fn leave(who: AccountId) -> DispatchResult {
	Validators::leave(signed(who))
}

#[test]
fn apply_holds_the_bond_and_waits_for_governance() {
	ExtBuilder::default().build_and_execute(|| {
		register_keys(20, keys_of(20));

		assert_ok!(Validators::apply(signed(20), 150));

		assert_eq!(bond_of(20), 150);
		assert_eq!(status_of(20), Status::Applied);
		assert_eq!(WaitingCount::<Test>::get(), 1);
		assert_eq!(events(), vec![Event::Applied { who: 20, bond: 150 }]);
	});
}

#[test]
fn apply_fails_with_a_bond_below_the_minimum() {
	ExtBuilder::default().build_and_execute(|| {
		register_keys(20, keys_of(20));
		let least = MinBond::get();
		assert_noop!(Validators::apply(signed(20), least - 1), Error::<Test>::BondTooSmall);
		assert_ok!(Validators::apply(signed(20), least));
	});
}

#[test]
fn apply_fails_without_session_keys() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Validators::apply(signed(20), BOND), Error::<Test>::NoSessionKeys);
	});
}

#[test]
fn apply_fails_for_whoever_has_a_bond_already() {
	ExtBuilder::default().build_and_execute(|| {
		applied(20);
		assert_noop!(Validators::apply(signed(20), BOND), Error::<Test>::AlreadyCandidate);
		assert_noop!(Validators::apply(signed(1), BOND), Error::<Test>::AlreadyCandidate);
		assert_ok!(leave(20));
		assert_noop!(Validators::apply(signed(20), BOND), Error::<Test>::AlreadyCandidate);
	});
}

#[test]
fn apply_fails_when_too_many_wait_whether_approved_or_not() {
	ExtBuilder::default().build_and_execute(|| {
		(20..22).for_each(applied);
		(22..25).for_each(queued);
		register_keys(25, keys_of(25));
		assert_noop!(Validators::apply(signed(25), BOND), Error::<Test>::TooManyCandidates);

		// WHEN one of them stops to wait, THEN there is a place.
		assert_ok!(leave(20));
		assert_ok!(Validators::apply(signed(25), BOND));
	});
}

#[test]
fn apply_fails_if_the_account_cannot_pay() {
	ExtBuilder::default().build_and_execute(|| {
		register_keys(20, keys_of(20));
		assert_noop!(Validators::apply(signed(20), ENDOWMENT + 1), TokenError::FundsUnavailable);
	});
}

#[test]
fn bond_more_adds_to_the_hold_before_and_after_the_seat() {
	ExtBuilder::default().build_and_execute(|| {
		applied(20);
		queued(21);
		events();
		for who in [20, 21, 1] {
			assert_ok!(Validators::bond_more(signed(who), 11));
			assert_eq!(bond_of(who), BOND + 11);
		}
		let bond = BOND + 11;
		assert_eq!(
			events(),
			[20, 21, 1].map(|who| Event::BondIncreased { who, amount: 11, bond }).to_vec()
		);
	});
}

#[test]
fn bond_more_fails_for_strangers_leavers_and_the_poor() {
	ExtBuilder::default().build_and_execute(|| {
		applied(20);
		assert_noop!(Validators::bond_more(signed(21), 1), Error::<Test>::NotCandidate);
		assert_noop!(Validators::bond_more(signed(20), ENDOWMENT), TokenError::FundsUnavailable);
		for who in [1, 20] {
			assert_ok!(leave(who));
			assert_noop!(Validators::bond_more(signed(who), 1), Error::<Test>::AlreadyLeaving);
		}
	});
}

#[test]
fn approve_puts_candidates_in_line_in_the_order_of_approval() {
	ExtBuilder::default().build_and_execute(|| {
		applied(20);
		applied(21);
		events();
		assert_ok!(Validators::approve(RuntimeOrigin::root(), 21));
		assert_ok!(Validators::approve(RuntimeOrigin::root(), 20));

		assert_eq!(Queue::<Test>::get().into_inner(), vec![21, 20]);
		assert_eq!(status_of(20), Status::Queued);
		assert_eq!(events(), vec![Event::Approved { who: 21 }, Event::Approved { who: 20 }]);
	});
}

#[test]
fn approve_fails_unless_a_candidate_with_keys_has_applied() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Validators::approve(RuntimeOrigin::root(), 20), Error::<Test>::NotCandidate);
		assert_noop!(Validators::approve(RuntimeOrigin::root(), 1), Error::<Test>::NotApplied);
		queued(20);
		assert_noop!(Validators::approve(RuntimeOrigin::root(), 20), Error::<Test>::NotApplied);
		applied(21);
		// Past the runtime's call filter, as only a privileged call can.
		assert_ok!(Session::purge_keys(signed(21)));
		assert_noop!(Validators::approve(RuntimeOrigin::root(), 21), Error::<Test>::NoSessionKeys);
	});
}

#[test]
fn approve_fails_if_a_mistaken_count_let_too_many_apply() {
	ExtBuilder::default().build().execute_with(|| {
		(20..25).for_each(queued);
		WaitingCount::<Test>::put(0);
		applied(25);
		assert_noop!(
			Validators::approve(RuntimeOrigin::root(), 25),
			Error::<Test>::TooManyCandidates
		);
	});
}

#[test]
fn governance_calls_fail_for_everyone_else() {
	ExtBuilder::default().build_and_execute(|| {
		applied(20);
		for origin in [signed(20), signed(1), RuntimeOrigin::none()] {
			assert_noop!(Validators::approve(origin.clone(), 20), BadOrigin);
			assert_noop!(Validators::remove(origin.clone(), 20), BadOrigin);
			assert_noop!(Validators::set_min_validators(origin, 1), BadOrigin);
		}
	});
}

#[test]
fn signed_calls_fail_for_root() {
	ExtBuilder::default().build_and_execute(|| {
		let root = RuntimeOrigin::root;
		assert_noop!(Validators::apply(root(), BOND), BadOrigin);
		assert_noop!(Validators::bond_more(root(), BOND), BadOrigin);
		assert_noop!(Validators::leave(root()), BadOrigin);
		assert_noop!(Validators::withdraw(root()), BadOrigin);
		assert_noop!(Validators::purge_keys(root()), BadOrigin);
	});
}

#[test]
fn leave_takes_a_waiting_candidate_out_at_once_and_locks_its_bond() {
	ExtBuilder::default().build_and_execute(|| {
		(20..23).for_each(queued);
		applied(23);
		run_to(3);
		events();

		assert_ok!(leave(21));
		assert_ok!(leave(23));

		let unlocks_at = 3 + UnbondingPeriod::get();
		assert_eq!(Queue::<Test>::get().into_inner(), vec![20, 22]);
		assert_eq!(WaitingCount::<Test>::get(), 2);
		assert_eq!(status_of(21), Status::Unbonding { unlocks_at });
		assert_eq!(bond_of(21), BOND);
		assert_eq!(
			events(),
			vec![Event::Retired { who: 21, unlocks_at }, Event::Retired { who: 23, unlocks_at }]
		);
	});
}

#[test]
fn leave_schedules_the_end_of_a_seat() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(leave(1));
		assert_eq!(status_of(1), Status::Leaving);
		assert_eq!(events(), vec![Event::LeaveScheduled { who: 1 }]);
	});
}

#[test]
fn leave_and_remove_fail_for_strangers_and_for_those_who_leave_already() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(leave(20), Error::<Test>::NotCandidate);
		assert_noop!(Validators::remove(RuntimeOrigin::root(), 20), Error::<Test>::NotCandidate);

		applied(20);
		assert_ok!(report(2, 1, percent(50), None));
		assert_ok!(leave(1));
		assert_ok!(leave(20));
		for who in [1, 2, 20] {
			assert_noop!(leave(who), Error::<Test>::AlreadyLeaving);
			assert_noop!(
				Validators::remove(RuntimeOrigin::root(), who),
				Error::<Test>::AlreadyLeaving
			);
		}
	});
}

#[test]
fn remove_acts_like_leaving() {
	ExtBuilder::default().build_and_execute(|| {
		applied(20);
		queued(21);
		events();
		for who in [20, 21, 1] {
			assert_ok!(Validators::remove(RuntimeOrigin::root(), who));
		}

		let unlocks_at = 1 + UnbondingPeriod::get();
		assert_eq!(status_of(20), Status::Unbonding { unlocks_at });
		assert_eq!(status_of(21), Status::Unbonding { unlocks_at });
		assert_eq!(status_of(1), Status::Leaving);
		assert_eq!(
			events(),
			vec![
				Event::Removed { who: 20 },
				Event::Retired { who: 20, unlocks_at },
				Event::Removed { who: 21 },
				Event::Retired { who: 21, unlocks_at },
				Event::Removed { who: 1 },
				Event::LeaveScheduled { who: 1 },
			]
		);
	});
}

#[test]
fn withdraw_gives_the_whole_bond_back_when_it_unlocks_and_not_a_block_before() {
	ExtBuilder::default().build_and_execute(|| {
		applied(20);
		let free = Balances::free_balance(20);
		assert_ok!(leave(20));
		let unlocks_at = 1 + UnbondingPeriod::get();

		run_to(unlocks_at - 1);
		assert_noop!(Validators::withdraw(signed(20)), Error::<Test>::StillLocked);
		run_to(unlocks_at);
		events();
		assert_ok!(Validators::withdraw(signed(20)));

		assert_eq!(bond_of(20), 0);
		assert_eq!(Balances::free_balance(20), free + BOND);
		assert!(!Candidates::<Test>::contains_key(20));
		assert_eq!(events(), vec![Event::Withdrawn { who: 20, amount: BOND }]);
		// The account may start anew.
		assert_ok!(Validators::apply(signed(20), BOND));
	});
}

#[test]
fn withdraw_fails_before_leaving() {
	ExtBuilder::default().build_and_execute(|| {
		applied(20);
		queued(21);
		assert_ok!(leave(2));
		assert_noop!(Validators::withdraw(signed(22)), Error::<Test>::NotCandidate);
		for who in [20, 21, 1, 2] {
			assert_noop!(Validators::withdraw(signed(who)), Error::<Test>::StillBonded);
		}
	});
}

#[test]
fn withdraw_fails_while_the_session_lasts_however_long_it_does() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(leave(1));
		roll_sessions(1);
		assert!(matches!(status_of(1), Status::Unbonding { .. }));
		// WHEN blocks are made but no session ends, which the session pallet does not rule out
		System::set_block_number(5 + UnbondingPeriod::get());
		// THEN the bond still answers for the session.
		assert_noop!(Validators::withdraw(signed(1)), Error::<Test>::StillSeated);
		roll_sessions(1);
		assert_ok!(Validators::withdraw(signed(1)));
	});
}

#[test]
fn withdraw_gives_nothing_back_of_a_bond_that_was_slashed_whole() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(report(1, 1, percent(100), None));
		roll_sessions(1);
		run_to(5 + UnbondingPeriod::get());
		events();
		assert_ok!(Validators::withdraw(signed(1)));
		assert_eq!(events().last(), Some(&Event::Withdrawn { who: 1, amount: 0 }));
		assert_eq!(Balances::total_balance(&1), ENDOWMENT - BOND);
	});
}

#[test]
fn keys_can_be_purged_only_by_those_who_need_none() {
	ExtBuilder::default().build_and_execute(|| {
		applied(20);
		queued(21);
		assert_ok!(leave(2));
		for who in [20, 21, 1, 2] {
			assert_noop!(Validators::purge_keys(signed(who)), Error::<Test>::KeysInUse);
		}

		// A leaver that has retired sits in its last session still.
		roll_sessions(1);
		assert_noop!(Validators::purge_keys(signed(2)), Error::<Test>::KeysInUse);
		roll_sessions(1);
		assert_ok!(Validators::purge_keys(signed(2)));

		// Who never applied gets the deposit back.
		register_keys(22, keys_of(22));
		let free = Balances::free_balance(22);
		events();
		assert_ok!(Validators::purge_keys(signed(22)));
		assert_eq!(Balances::free_balance(22), free + KeyDeposit::get());
		assert!(Session::load_keys(&22).is_none());
		assert_eq!(events(), vec![Event::KeysPurged { who: 22 }]);
		assert_noop!(Validators::purge_keys(signed(22)), pallet_session::Error::<Test>::NoKeys);
	});
}

#[test]
fn the_call_filter_keeps_validators_from_purging_their_keys_elsewhere() {
	ExtBuilder::default().build_and_execute(|| {
		let call = RuntimeCall::Session(pallet_session::Call::purge_keys {});
		let refused = call.dispatch(signed(1)).unwrap_err().error;
		assert_eq!(refused, frame_system::Error::<Test>::CallFiltered.into());
		assert!(Session::load_keys(&1).is_some());
	});
}

#[test]
fn the_floor_can_be_set_between_one_and_the_size_of_the_set() {
	ExtBuilder::default().build_and_execute(|| {
		let set = |floor| Validators::set_min_validators(RuntimeOrigin::root(), floor);
		assert_noop!(set(0), Error::<Test>::FloorOutOfRange);
		assert_noop!(set(9), Error::<Test>::FloorOutOfRange);
		assert_ok!(set(1));
		assert_ok!(set(8));
		assert_eq!(MinValidators::<Test>::get(), 8);
		assert_eq!(
			events(),
			vec![
				Event::MinValidatorsSet { min_validators: 1 },
				Event::MinValidatorsSet { min_validators: 8 }
			]
		);
	});
}

#[test]
fn a_bond_that_no_row_knows_is_noticed() {
	ExtBuilder::default().build().execute_with(|| {
		assert_ok!(Validators::do_try_state());
		assert_ok!(Balances::hold(&HoldReason::ValidatorBond.into(), &20, 1));
		assert!(Validators::do_try_state().is_err());
	});
}
