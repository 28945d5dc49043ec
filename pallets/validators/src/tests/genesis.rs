//! The first set, and configurations that are refused.

use crate::{mock::*, Current, MinValidators, Planned, Queue, Seat, Status};
use frame_support::traits::Hooks;

fn keys_for(who: impl Iterator<Item = AccountId>) -> Vec<(AccountId, AccountId, MockSessionKeys)> {
	who.map(|who| (who, who, keys_of(who))).collect()
}

#[test]
fn genesis_validators_are_bonded_and_sit_in_the_first_two_sessions() {
	let bonds = vec![(3, 300), (1, 100), (2, 200)];
	build_with(bonds.clone(), keys_for(1..=3), 2).execute_with(|| {
		let seats: Vec<_> = bonds.into_iter().map(|(who, bond)| Seat { who, bond }).collect();
		assert_eq!(Planned::<Test>::get().into_inner(), seats);
		assert_eq!(Current::<Test>::get().into_inner(), seats);
		assert_eq!(Session::validators(), vec![3, 1, 2]);
		assert_eq!(MinValidators::<Test>::get(), 2);
		assert_eq!(bond_of(2), 200);
		assert_eq!(status_of(2), Status::Active);
		Validators::do_try_state().unwrap();

		roll_sessions(1);
		assert_eq!(Session::validators(), vec![3, 1, 2]);
		Validators::do_try_state().unwrap();
	});
}

#[test]
fn a_genesis_without_validators_leaves_the_set_to_the_session_pallet() {
	build_with(vec![], keys_for(1..=3), 0).execute_with(|| {
		queued(20);
		roll_sessions(3);
		assert_eq!(Session::validators(), vec![1, 2, 3]);
		assert_eq!(Queue::<Test>::get().into_inner(), vec![20]);
		Validators::do_try_state().unwrap();
	});
}

#[test]
#[should_panic(expected = "below MinBond")]
fn genesis_refuses_a_small_bond() {
	build_with(vec![(1, MinBond::get() - 1)], keys_for(1..=1), 1);
}

#[test]
#[should_panic(expected = "cannot pay its bond")]
fn genesis_refuses_an_account_without_funds() {
	build_with(vec![(ACCOUNTS + 1, BOND)], keys_for(1..=1), 1);
}

#[test]
#[should_panic(expected = "listed twice")]
fn genesis_refuses_a_validator_listed_twice() {
	build_with(vec![(1, BOND), (1, BOND)], keys_for(1..=1), 1);
}

#[test]
#[should_panic(expected = "no session keys")]
fn genesis_refuses_a_validator_without_keys() {
	build_with(vec![(1, BOND), (2, BOND)], keys_for(1..=1), 1);
}

#[test]
#[should_panic(expected = "fewer genesis validators than the floor")]
fn genesis_refuses_a_set_below_the_floor() {
	build_with(vec![(1, BOND)], keys_for(1..=1), 2);
}

#[test]
#[should_panic(expected = "at least 1")]
fn genesis_refuses_a_floor_of_nothing() {
	build_with(vec![(1, BOND)], keys_for(1..=1), 0);
}

#[test]
#[should_panic(expected = "has no floor")]
fn genesis_refuses_a_floor_without_validators() {
	build_with(vec![], keys_for(1..=1), 1);
}

#[test]
#[should_panic(expected = "more genesis validators than MaxValidators")]
fn genesis_refuses_too_many_validators() {
	let too_many = AccountId::from(MaxValidators::get()) + 1;
	build_with((1..=too_many).map(|who| (who, BOND)).collect(), keys_for(1..=too_many), 1);
}

#[test]
fn the_configuration_of_the_mock_is_sound() {
	new_test_ext().execute_with(<Validators as Hooks<u64>>::integrity_test);
}

#[test]
#[should_panic(expected = "as long as offences can be proven")]
fn a_short_unbonding_period_is_refused() {
	UnbondingPeriod::set(UnbondingPeriod::get() - 1);
	new_test_ext().execute_with(<Validators as Hooks<u64>>::integrity_test);
}

#[test]
#[should_panic(expected = "more than a third")]
fn a_large_change_per_session_is_refused() {
	MaxChangePerSession::set(percent(34));
	new_test_ext().execute_with(<Validators as Hooks<u64>>::integrity_test);
}

#[test]
#[should_panic(expected = "an offence that costs nothing")]
fn a_free_offence_is_refused() {
	MinSlash::set(percent(0));
	new_test_ext().execute_with(<Validators as Hooks<u64>>::integrity_test);
}
