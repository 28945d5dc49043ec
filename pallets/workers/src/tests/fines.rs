use crate::{mock::*, Event};
use cairn_primitives::{
	traits::{Fault, Providers},
	Balance,
};
use frame_support::{assert_noop, assert_ok, traits::fungible::Inspect};

/// The balances of an account and of the treasury, and the issuance.
fn wealth(who: &AccountId) -> (Balance, Balance, Balance) {
	(
		Balances::total_balance(who),
		Balances::total_balance(&Treasury::get()),
		Balances::total_issuance(),
	)
}

fn fined(
	provider: &AccountId,
	fault: Fault,
	prover: Option<&AccountId>,
	[reward, treasury, burned]: [Balance; 3],
) -> Event<Test> {
	let (provider, prover) = (provider.clone(), prover.cloned());
	Event::Fined { provider, model: MODEL, fault, prover, reward, treasury, burned }
}

#[test]
fn half_of_a_fine_goes_to_the_prover_and_a_part_is_burned() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN a provider that committed 4,000 of its 10,000
		let (provider, prover) = (committed(1), account(2));
		let (rich, treasury, issuance) = wealth(&prover);
		// WHEN a unit of it is refuted
		assert_eq!(Register::fine(&provider, MODEL, Fault::Unit, Some(&prover)), 2_000);
		// THEN half of the commitment is gone: 50 % to the prover, 20 % to the treasury, 30 % burned
		assert_eq!(wealth(&prover), (rich + 1_000, treasury + 400, issuance - 600));
		assert_eq!(events(), [fined(&provider, Fault::Unit, Some(&prover), [1_000, 400, 600])]);
		let ledger = ledger(&provider);
		assert_eq!((ledger.bond, ledger.committed, ledger.free()), (8_000, 2_000, 6_000));
		assert_eq!(Register::committed(&provider, MODEL), 2_000);
		assert_eq!(ledger.reputation.faults, 1);
	});
}

#[test]
fn every_fault_has_its_price() {
	for (fault, fine) in [
		(Fault::Unit, 2_000),
		(Fault::Equivocation, 2_000),
		(Fault::Unavailable, 2_000),
		(Fault::Merge, 2_000),
		(Fault::Audit, 800),
	] {
		ExtBuilder::default().build_and_execute(|| {
			let provider = committed(1);
			assert_eq!(Register::fine(&provider, MODEL, fault, None), fine, "{fault:?}");
			assert_eq!(held(&provider), BOND - fine);
		});
	}
}

#[test]
fn without_a_prover_its_part_goes_to_the_treasury() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = committed(1);
		let (_, treasury, issuance) = wealth(&provider);
		Register::fine(&provider, MODEL, Fault::Unit, None);
		let (_, treasury_after, issuance_after) = wealth(&provider);
		assert_eq!((treasury_after, issuance_after), (treasury + 1_400, issuance - 600));
	});
}

#[test]
fn nobody_is_rewarded_for_its_own_fault() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = committed(1);
		Register::fine(&provider, MODEL, Fault::Equivocation, Some(&provider));
		assert_eq!(events(), [fined(&provider, Fault::Equivocation, None, [0, 1_400, 600])]);
		assert_eq!(Balances::total_balance(&provider), ENDOWMENT - 2_000);
	});
}

#[test]
fn odd_units_go_to_the_treasury() {
	ExtBuilder::default().build_and_execute(|| {
		let (provider, prover) = (registered(1), account(2));
		assert_ok!(Register::commit(&provider, MODEL, 19));
		System::reset_events();
		// 9 = 4 for the prover + 2 burned + 3 for the treasury
		assert_eq!(Register::fine(&provider, MODEL, Fault::Unit, Some(&prover)), 9);
		assert_eq!(events(), [fined(&provider, Fault::Unit, Some(&prover), [4, 3, 2])]);
	});
}

#[test]
fn an_account_that_cannot_take_its_part_loses_it_to_the_treasury() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN a prover without an account, for whom 4 is less than an account needs
		let (provider, nobody) = (registered(1), account(99));
		assert_ok!(Register::commit(&provider, MODEL, 19));
		System::reset_events();
		// WHEN it proves a fault
		assert_eq!(Register::fine(&provider, MODEL, Fault::Unit, Some(&nobody)), 9);
		// THEN the treasury gets its part
		assert_eq!(events(), [fined(&provider, Fault::Unit, Some(&nobody), [0, 7, 2])]);
		// But a part that an account can live on makes one.
		assert_ok!(Register::commit(&provider, MODEL + 1, COMMITTED));
		Register::fine(&provider, MODEL + 1, Fault::Unit, Some(&nobody));
		assert_eq!(Balances::free_balance(&nobody), 1_000);
	});
}

#[test]
fn what_the_treasury_cannot_take_is_burned() {
	ExtBuilder::default().without_treasury().build_and_execute(|| {
		let (provider, prover) = (registered(1), account(2));
		assert_ok!(Register::commit(&provider, MODEL, 19));
		System::reset_events();
		let issuance = Balances::total_issuance();
		assert_eq!(Register::fine(&provider, MODEL, Fault::Unit, Some(&prover)), 9);
		assert_eq!(events(), [fined(&provider, Fault::Unit, Some(&prover), [4, 0, 5])]);
		assert_eq!(Balances::total_issuance(), issuance - 5);
	});
}

#[test]
fn who_left_can_be_fined_until_its_commitment_is_settled() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = committed(1);
		Register::release(&provider, MODEL);
		pass(1_000);
		assert_eq!(Register::fine(&provider, MODEL, Fault::Unit, None), 2_000);
		assert_ok!(Register::settle_commitment(signed(&provider), provider.clone(), MODEL));
		assert_eq!(Register::fine(&provider, MODEL, Fault::Unit, None), 0);
		assert_eq!(ledger(&provider).free(), BOND - 2_000);
		assert_eq!(ledger(&provider).reputation.faults, 2);
	});
}

#[test]
fn fines_in_one_model_leave_other_commitments_and_unbonding_parts_alone() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = committed(1);
		assert_ok!(Register::commit(&provider, MODEL + 1, 3_000));
		assert_ok!(Register::unbond(signed(&provider), 3_000));
		assert_eq!(ledger(&provider).free(), 0);
		Register::fine(&provider, MODEL, Fault::Unit, None);
		assert_eq!(Register::committed(&provider, MODEL + 1), 3_000);
		pass(50);
		assert_ok!(Register::withdraw(signed(&provider)));
		assert_eq!(held(&provider), 5_000);
		assert_noop!(
			Register::commit(&provider, MODEL + 2, 1),
			crate::Error::<Test>::NotEnoughFreeBond
		);
	});
}

#[test]
fn a_fine_without_bond_takes_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		let (provider, stranger) = (registered(1), account(2));
		let before = wealth(&stranger);
		assert_eq!(Register::fine(&provider, MODEL, Fault::Unit, Some(&stranger)), 0);
		assert_eq!(Register::fine(&stranger, MODEL, Fault::Unit, None), 0);
		assert_eq!(wealth(&stranger), before);
		assert_eq!(held(&provider), BOND);
	});
}
