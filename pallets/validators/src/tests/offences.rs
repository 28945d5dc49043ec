//! Offences, proven and reported as BABE and GRANDPA do.

use crate::{mock::*, Error, Event, Exposure, Slash, Slashes, Status, WeightInfo};
use frame_support::{assert_noop, assert_ok, traits::Currency, weights::Weight};
use sp_staking::offence::{OffenceDetails, OffenceError, OnOffenceHandler};

#[test]
fn an_offender_is_slashed_disabled_at_once_and_unseated_at_the_next_session() {
	ExtBuilder::default().build_and_execute(|| {
		let issuance = Balances::total_issuance();
		let reporter = Balances::free_balance(30);
		// WHEN validator 3 equivocates
		assert_ok!(report(3, 1, percent(40), Some(30)));
		// THEN its bond is split between the reporter and the destination,
		assert_eq!(bond_of(3), 600);
		assert_eq!(Balances::free_balance(30), reporter + 80);
		assert_eq!(SlashedFunds::get(), 320);
		assert_eq!(Balances::total_issuance(), issuance - 320);
		assert_eq!(
			events(),
			vec![
				Event::Ejected { who: 3, session: 0 },
				Event::Slashed { who: 3, session: 0, amount: 400, reward: 80 },
			]
		);
		// it is disabled in this session
		assert_eq!(status_of(3), Status::Ejected { fraction: percent(40) });
		assert_eq!(disabled(), vec![3]);
		// and in the next, the set of which was planned before,
		roll_sessions(1);
		assert!(Session::validators().contains(&3));
		assert_eq!(disabled(), vec![3]);
		assert!(!planned().contains(&3));
		// and is then gone.
		roll_sessions(1);
		assert!(!Session::validators().contains(&3));
		assert_eq!(disabled(), Vec::<AccountId>::new());
	});
}

#[test]
fn an_offence_costs_at_least_the_smallest_slash() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(report(3, 1, percent(0), None));
		assert_eq!(bond_of(3), 900);
	});
}

#[test]
fn a_slash_is_rounded_against_the_offender() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(report(3, 1, sp_runtime::Perbill::from_parts(500_000_001), None));
		assert_eq!(bond_of(3), BOND - 501);
	});
}

#[test]
fn the_same_offence_cannot_be_reported_twice() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(report(3, 1, percent(40), Some(30)));
		assert_eq!(report(3, 1, percent(40), Some(31)), Err(OffenceError::DuplicateReport));
		assert_eq!(bond_of(3), 600);
	});
}

#[test]
fn offences_of_one_session_cost_the_largest_fraction_and_not_the_sum() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(report(3, 1, percent(40), None));
		events();
		assert_ok!(report(3, 2, percent(40), None));
		assert_ok!(report(3, 3, percent(20), None));
		assert_eq!(bond_of(3), 600);
		assert_eq!(events(), vec![]);

		assert_ok!(report(3, 4, percent(70), None));
		assert_eq!(bond_of(3), 300);
		let paid = Slash { fraction: percent(70), amount: 700 };
		assert_eq!(Slashes::<Test>::get(0, 3), Some(paid));
		assert_eq!(status_of(3), Status::Ejected { fraction: percent(70) });
	});
}

#[test]
fn offences_of_different_sessions_each_cost_their_part_of_the_session_s_bond() {
	ExtBuilder::default().validators(4).build_and_execute(|| {
		// At the floor the offender keeps its seat.
		assert_ok!(report(3, 1, percent(40), None));
		roll_sessions(1);
		// The set of session 1 was planned with the whole bond.
		assert_ok!(report(3, 2, percent(40), None));
		assert_eq!(bond_of(3), 200);
		roll_sessions(1);
		// Session 2 was planned with 600, session 1's slash came later; no more than 200 are left.
		assert_ok!(report(3, 3, percent(50), None));
		assert_eq!(bond_of(3), 0);
		assert_eq!(Slashes::<Test>::get(2, 3).unwrap().amount, 200);
		assert_eq!(status_of(3), Status::Ejected { fraction: percent(50) });
	});
}

#[test]
fn concurrent_offenders_are_all_slashed_and_earlier_ones_pay_the_difference() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(report(3, 1, percent(10), Some(30)));
		let reporter = Balances::free_balance(30);
		// WHEN another offence of the same slot makes both graver
		assert_ok!(report(4, 1, percent(50), Some(31)));
		// THEN the first pays the rest, of which its reporter has a part.
		assert_eq!(bond_of(3), 500);
		assert_eq!(bond_of(4), 500);
		assert_eq!(Balances::free_balance(30), reporter + 80);
	});
}

#[test]
fn a_proof_stays_valid_while_bonds_change_and_sessions_pass() {
	ExtBuilder::default().build_and_execute(|| {
		let proof = prove(3);
		// WHEN the offender and another validator change their bonds, in the same session
		assert_ok!(Validators::bond_more(RuntimeOrigin::signed(3), 77));
		assert_ok!(report(4, 1, percent(50), None));
		let offender = (3, Exposure { bond: BOND });
		assert_eq!(convict(3, proof.clone()), Some(offender.clone()));
		// and as long as history is kept
		for _ in 0..HistoryDepth::get() {
			roll_sessions(1);
			assert_eq!(convict(3, proof.clone()), Some(offender.clone()));
		}
		// THEN the proof convicts, and the slash is of the bond at the time;
		assert_ok!(report_all(vec![offender], 0, 2, percent(50), None));
		assert_eq!(bond_of(3), BOND + 77 - 500);
		// it convicts no more when history ends.
		roll_sessions(1);
		assert_eq!(convict(3, proof), None);
	});
}

#[test]
fn who_has_left_pays_for_old_offences_as_long_as_they_are_punished() {
	ExtBuilder::default().build_and_execute(|| {
		let proof = prove(3);
		assert_ok!(Validators::leave(RuntimeOrigin::signed(3)));
		roll_sessions(3);
		let before = status_of(3);
		assert!(!Session::validators().contains(&3));

		let offender = convict(3, proof).unwrap();
		assert_ok!(report_all(vec![offender], 0, 1, percent(50), None));
		assert_eq!(bond_of(3), 500);
		assert_eq!(status_of(3), before);
		assert_eq!(disabled(), Vec::<AccountId>::new());
	});
}

#[test]
fn the_bond_of_the_last_session_is_locked_for_as_long_as_it_can_be_slashed() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Validators::leave(RuntimeOrigin::signed(3)));
		roll_sessions(1);
		let proof = prove(3);
		let mut punishable = 0;
		while let Some(offender) = convict(3, proof.clone()) {
			assert_noop!(
				Validators::withdraw(RuntimeOrigin::signed(3)),
				Error::<Test>::StillLocked
			);
			assert_eq!(offender.0, 3);
			run_to(System::block_number() + 1);
			punishable += 1;
		}
		assert_eq!(punishable, (u64::from(HistoryDepth::get()) + 1) * SessionLength::get());
	});
}

#[test]
fn offences_that_are_too_old_or_of_strangers_change_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		roll_sessions(6);
		let offence = |who, session, slot| {
			assert_ok!(report_all(
				vec![(who, Exposure { bond: BOND })],
				session,
				slot,
				percent(50),
				None
			));
		};
		let oldest = 6 - HistoryDepth::get();
		events();
		offence(3, oldest - 1, 1);
		offence(20, oldest, 2);
		assert_eq!(events(), vec![]);
		assert_eq!(bond_of(3), BOND);
		offence(3, oldest, 3);
		assert_eq!(bond_of(3), 500);
	});
}

#[test]
fn slashes_are_forgotten_with_the_session() {
	ExtBuilder::default().validators(4).build_and_execute(|| {
		assert_ok!(report(3, 1, percent(50), None));
		roll_sessions(HistoryDepth::get().into());
		assert!(Slashes::<Test>::contains_key(0, 3));
		roll_sessions(1);
		assert!(!Slashes::<Test>::contains_key(0, 3));
	});
}

#[test]
fn at_the_floor_an_offender_stays_disabled_until_it_is_replaced() {
	ExtBuilder::default().validators(4).build_and_execute(|| {
		assert_ok!(report(3, 1, percent(50), None));
		for _ in 0..4 {
			roll_sessions(1);
			assert_eq!(planned(), vec![1, 2, 3, 4]);
			assert_eq!(disabled(), vec![3]);
		}
		// WHEN somebody is there to replace it THEN it goes, and is disabled to the end.
		queued(20);
		roll_sessions(1);
		assert_eq!(planned(), vec![1, 2, 4, 20]);
		assert_eq!(disabled(), vec![3]);
		roll_sessions(1);
		assert_eq!(disabled(), Vec::<AccountId>::new());
	});
}

#[test]
fn an_offender_stays_disabled_when_the_set_changes_around_it() {
	ExtBuilder::default().validators(5).floor(5).build_and_execute(|| {
		// GIVEN a leaver whose seat precedes the offender's, and one candidate per session
		assert_ok!(report(3, 1, percent(50), None));
		assert_ok!(report(4, 1, percent(50), None));
		queued(20);
		// WHEN one of the offenders is replaced, and the other moves up
		roll_sessions(2);
		assert_eq!(Session::validators(), vec![1, 2, 4, 5, 20]);
		// THEN the other is disabled at its new place.
		assert_eq!(disabled(), vec![4]);
	});
}

#[test]
fn the_gravest_offenders_are_disabled_when_not_all_can_be() {
	ExtBuilder::default().floor(8).build_and_execute(|| {
		// Eight validators: at most two are disabled.
		assert_ok!(report(1, 1, percent(90), None));
		assert_ok!(report(2, 2, percent(20), None));
		assert_ok!(report(3, 3, percent(60), None));
		assert_eq!(disabled(), vec![1, 3]);
		// A changed set is disabled anew in the same order of gravity.
		assert_ok!(Validators::bond_more(RuntimeOrigin::signed(8), 1));
		roll_sessions(2);
		assert_eq!(disabled(), vec![1, 3]);
	});
}

#[test]
fn offenders_are_unseated_before_leavers() {
	ExtBuilder::default().validators(5).build_and_execute(|| {
		assert_ok!(Validators::leave(RuntimeOrigin::signed(1)));
		assert_ok!(report(5, 1, percent(50), None));
		roll_sessions(1);
		assert_eq!(planned(), vec![1, 2, 3, 4]);
	});
}

#[test]
fn a_leaver_who_offends_is_ejected() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Validators::leave(RuntimeOrigin::signed(1)));
		assert_ok!(report(1, 1, percent(50), None));
		assert_eq!(status_of(1), Status::Ejected { fraction: percent(50) });
	});
}

#[test]
fn a_waiting_candidate_who_offended_before_loses_its_candidacy() {
	ExtBuilder::default().build_and_execute(|| {
		applied(20);
		queued(21);
		events();
		for (who, slot) in [(20, 1), (21, 2)] {
			let offender = (who, Exposure { bond: BOND });
			assert_ok!(report_all(vec![offender], 0, slot, percent(50), None));
			assert!(matches!(status_of(who), Status::Unbonding { .. }));
			assert_eq!(bond_of(who), 500);
		}
		assert_eq!(Validators::queue(), Vec::<AccountId>::new());
		assert!(events().contains(&Event::Ejected { who: 21, session: 0 }));
	});
}

#[test]
fn nobody_is_paid_for_reporting_itself() {
	ExtBuilder::default().build_and_execute(|| {
		let total = Balances::total_balance(&3);
		assert_ok!(report(3, 1, percent(50), Some(3)));
		assert_eq!(Balances::total_balance(&3), total - 500);
		assert_eq!(SlashedFunds::get(), 500);
	});
}

#[test]
fn what_a_reporter_without_an_account_cannot_receive_goes_to_the_destination() {
	ExtBuilder::default().build_and_execute(|| {
		// A reward of 20 creates account 100.
		assert_ok!(report(3, 1, percent(10), Some(100)));
		assert_eq!(Balances::total_balance(&100), 20);
		assert_eq!(SlashedFunds::get(), 80);
		events();
		// One of 8 is below the existential deposit.
		let offender = (4, Exposure { bond: 40 });
		assert_ok!(report_all(vec![offender], 0, 2, percent(100), Some(101)));
		assert_eq!(Balances::total_balance(&101), 0);
		assert_eq!(SlashedFunds::get(), 120);
		assert!(events().contains(&Event::Slashed { who: 4, session: 0, amount: 40, reward: 0 }));
	});
}

#[test]
fn punishing_weighs_by_the_number_of_offenders() {
	ExtBuilder::default().build_and_execute(|| {
		let details = |who| OffenceDetails {
			offender: (who, Exposure { bond: BOND }),
			reporters: Vec::<AccountId>::new(),
		};
		let weigh = |offenders: Vec<_>| -> Weight {
			let fractions = vec![percent(10); offenders.len()];
			<Validators as OnOffenceHandler<_, _, Weight>>::on_offence(&offenders, &fractions, 0)
		};
		let (one, two) = (weigh(vec![details(1)]), weigh(vec![details(2), details(3)]));
		assert_eq!(one, <() as WeightInfo>::on_offence(1));
		assert_eq!(two, <() as WeightInfo>::on_offence(2));
		assert!(two.ref_time() > one.ref_time());
	});
}
