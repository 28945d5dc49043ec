use crate::{mock::*, BondPrice, Error, Event, HoldReason, Unbonding};
use cairn_primitives::{traits::Providers, Hash, ModelSpec, Points};
use frame_support::{assert_noop, assert_ok, traits::fungible::MutateHold};
use sp_runtime::TokenError;

#[test]
fn a_bond_grows() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		assert_ok!(Register::bond_more(signed(&provider), 1));
		assert_eq!(held(&provider), BOND + 1);
		assert_eq!(
			events(),
			[Event::BondIncreased { provider: provider.clone(), amount: 1, bond: BOND + 1 }]
		);
		assert_noop!(Register::bond_more(signed(&account(2)), 1), Error::<Test>::NotProvider);
		assert_noop!(Register::bond_more(signed(&provider), 0), Error::<Test>::ZeroAmount);
		assert_noop!(
			Register::bond_more(signed(&provider), ENDOWMENT),
			TokenError::FundsUnavailable
		);
		assert_noop!(
			Register::bond_more(signed(&provider), u128::MAX),
			Error::<Test>::BondTooLarge
		);
	});
}

#[test]
fn unbonded_money_comes_back_after_the_period_and_not_a_block_earlier() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		assert_ok!(Register::unbond(signed(&provider), 400));
		let unlock = 51;
		assert_eq!(events(), [Event::Unbonded { provider: provider.clone(), amount: 400, unlock }]);
		assert_eq!((held(&provider), ledger(&provider).free()), (BOND, BOND - 400));

		pass(49);
		assert_noop!(Register::withdraw(signed(&provider)), Error::<Test>::NothingToWithdraw);
		pass(1);
		assert_ok!(Register::withdraw(signed(&provider)));
		assert_eq!((held(&provider), ledger(&provider).bond), (BOND - 400, BOND - 400));
		assert_eq!(events(), [Event::Withdrawn { provider: provider.clone(), amount: 400 }]);
		assert_noop!(Register::withdraw(signed(&provider)), Error::<Test>::NothingToWithdraw);
	});
}

#[test]
fn only_free_bond_is_unbonded_and_the_smallest_bond_stays() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = committed(1);
		let unbond = |amount| Register::unbond(signed(&provider), amount);
		assert_noop!(unbond(0), Error::<Test>::ZeroAmount);
		assert_noop!(unbond(BOND - COMMITTED + 1), Error::<Test>::NotEnoughFreeBond);
		assert_noop!(unbond(u128::MAX), Error::<Test>::NotEnoughFreeBond);
		assert_ok!(unbond(BOND - COMMITTED));
		assert_noop!(unbond(1), Error::<Test>::NotEnoughFreeBond);
		assert_noop!(Register::unbond(signed(&account(2)), 1), Error::<Test>::NotProvider);
	});
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		assert_noop!(Register::unbond(signed(&provider), BOND - 99), Error::<Test>::BondTooSmall);
		assert_ok!(Register::unbond(signed(&provider), BOND - 100));
	});
}

#[test]
fn a_released_commitment_is_not_free_before_it_is_settled() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = committed(1);
		Register::release(&provider, MODEL);
		pass(1_000);
		assert_noop!(
			Register::unbond(signed(&provider), BOND - 100),
			Error::<Test>::NotEnoughFreeBond
		);
		assert_ok!(Register::settle_commitment(signed(&provider), provider.clone(), MODEL));
		assert_ok!(Register::unbond(signed(&provider), BOND - 100));
	});
}

#[test]
fn nothing_is_paid_out_while_a_unit_is_open() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		OpenUnits::set(1);
		assert_ok!(Register::unbond(signed(&provider), 400));
		pass(50);
		assert_noop!(Register::withdraw(signed(&provider)), Error::<Test>::OpenUnits);
		OpenUnits::set(0);
		assert_ok!(Register::withdraw(signed(&provider)));
		assert_noop!(Register::withdraw(signed(&account(2))), Error::<Test>::NotProvider);
	});
}

#[test]
fn eight_parts_unbond_at_a_time_and_only_unlocked_ones_are_withdrawn() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		for amount in 1..=8 {
			assert_ok!(Register::unbond(signed(&provider), amount));
			pass(10);
		}
		assert_noop!(Register::unbond(signed(&provider), 1), Error::<Test>::TooManyUnbonding);
		// Block 81: the first four, of blocks 1, 11, 21 and 31, are unlocked.
		assert_ok!(Register::withdraw(signed(&provider)));
		assert_eq!(held(&provider), BOND - (1 + 2 + 3 + 4));
		assert_eq!(ledger(&provider).unbonding_sum(), 5 + 6 + 7 + 8);
		assert_ok!(Register::unbond(signed(&provider), 1));
	});
}

#[test]
fn parts_stay_in_order_when_the_period_becomes_shorter() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		assert_ok!(Register::unbond(signed(&provider), 1));
		UnbondingPeriod::set(10);
		assert_ok!(Register::unbond(signed(&provider), 2));
		UnbondingPeriod::set(u32::MAX);
		assert_ok!(Register::unbond(signed(&provider), 3));
		let part = |amount, unlock| Unbonding { amount, unlock };
		assert_eq!(
			ledger(&provider).unbonding.into_inner(),
			[part(2, 11), part(1, 51), part(3, u32::MAX)]
		);
	});
}

#[test]
fn the_bond_is_sixteen_lanes_of_the_dearest_unit_at_the_price() {
	ExtBuilder::default().build_and_execute(|| {
		let spec = ModelSpec::example(Hash::zero(), 4, 2);
		let flops = 16 * 4 * spec.dearest_unit();
		assert_ok!(Register::set_bond_price(RuntimeOrigin::root(), 2_000_000_000));
		assert_eq!(events(), [Event::BondPriceSet { price: 2_000_000_000 }]);
		let exact = flops * 2_000_000_000;
		let petaflop = 1_000_000_000_000_000;
		assert!(exact > 100 * petaflop && !exact.is_multiple_of(petaflop), "a case that rounds");
		assert_eq!(Register::required_bond(spec.bonded_points()), exact / petaflop + 1);
		assert_eq!(Register::bond_for(spec), exact / petaflop + 1);
	});
}

#[test]
fn the_bond_is_never_below_the_least_and_never_wraps() {
	ExtBuilder::default().build_and_execute(|| {
		let mut spec = ModelSpec::example(Hash::zero(), 64, 16);
		spec.window.steps = 4_096;
		spec.schedule.points.iter_mut().for_each(|point| point.batch = 65_536);
		let points = spec.bonded_points();
		assert_eq!(BondPrice::<Test>::get(), 1_000_000);
		assert_ok!(Register::set_bond_price(RuntimeOrigin::root(), 0));
		assert_eq!(Register::required_bond(points), 100);
		assert_eq!(Register::required_bond(Points::MAX), 100);
		assert_ok!(Register::set_bond_price(RuntimeOrigin::root(), u128::MAX));
		assert_eq!(Register::required_bond(points), u128::MAX);
		assert_eq!(Register::required_bond(Points::MAX), u128::MAX);
		assert_eq!(Register::required_bond(0), 100);
	});
}

#[test]
fn a_bond_that_no_ledger_knows_is_noticed() {
	ExtBuilder::default().build().execute_with(|| {
		let stranger = account(2);
		registered(1);
		assert_ok!(Register::do_try_state());
		assert_ok!(Balances::hold(&HoldReason::ProviderBond.into(), &stranger, 1));
		assert!(Register::do_try_state().is_err());
	});
}
