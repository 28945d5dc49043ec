use crate::{mock::*, Commitments, Error, Event};
use cairn_primitives::traits::{Fault, Providers};
use frame_support::{assert_noop, assert_ok, dispatch::Pays};

#[test]
fn a_commitment_takes_free_bond() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		assert_ok!(Register::commit(&provider, MODEL, COMMITTED));
		assert_eq!(Register::committed(&provider, MODEL), COMMITTED);
		assert_eq!(Register::committed(&provider, MODEL + 1), 0);
		assert_eq!(ledger(&provider).free(), BOND - COMMITTED);
		assert_eq!(
			events(),
			[Event::Committed { provider: provider.clone(), model: MODEL, amount: COMMITTED }]
		);
		assert_ok!(Register::commit(&provider, MODEL + 1, BOND - COMMITTED));
		assert_eq!(ledger(&provider).free(), 0);
	});
}

#[test]
fn commitments_are_refused_by_name() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = committed(1);
		assert_noop!(Register::commit(&account(2), MODEL, 1), Error::<Test>::NotProvider);
		assert_noop!(Register::commit(&provider, MODEL, 1), Error::<Test>::AlreadyCommitted);
		assert_noop!(Register::commit(&provider, 8, 0), Error::<Test>::ZeroAmount);
		let free = BOND - COMMITTED;
		assert_noop!(Register::commit(&provider, 8, free + 1), Error::<Test>::NotEnoughFreeBond);
		assert_noop!(Register::commit(&provider, 8, u128::MAX), Error::<Test>::NotEnoughFreeBond);
		assert_ok!(Register::unbond(signed(&provider), 1));
		assert_noop!(Register::commit(&provider, 8, free), Error::<Test>::NotEnoughFreeBond);
		assert_ok!(Register::commit(&provider, 8, free - 1));
	});
}

#[test]
fn a_released_commitment_stays_locked_and_anyone_settles_it_for_free() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = committed(1);
		let settle = || Register::settle_commitment(signed(&account(4)), provider.clone(), MODEL);
		assert_noop!(settle(), Error::<Test>::NotReleased);
		Register::release(&provider, MODEL);
		let (model, unlock) = (MODEL, 201);
		assert_eq!(
			events(),
			[Event::CommitmentReleased { provider: provider.clone(), model, unlock }]
		);
		pass(199);
		assert_noop!(settle(), Error::<Test>::CommitmentLocked);
		assert_eq!(Register::committed(&provider, MODEL), COMMITTED);
		pass(1);
		assert_eq!(settle().unwrap().pays_fee, Pays::No);
		let amount = COMMITTED;
		assert_eq!(
			events(),
			[Event::CommitmentSettled { provider: provider.clone(), model, amount }]
		);
		assert_eq!(ledger(&provider).free(), BOND);
		assert_noop!(settle(), Error::<Test>::NoCommitment);
	});
}

#[test]
fn releasing_twice_does_not_prolong_the_lock() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = committed(1);
		Register::release(&provider, MODEL);
		pass(100);
		Register::release(&provider, MODEL);
		Register::release(&provider, MODEL + 1);
		assert_eq!(Commitments::<Test>::get(&provider, MODEL).unwrap().unlock, Some(201));
		assert_eq!(Commitments::<Test>::iter().count(), 1);
	});
}

#[test]
fn a_provider_comes_back_once_the_lock_is_over() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = committed(1);
		Register::release(&provider, MODEL);
		pass(199);
		assert_noop!(Register::commit(&provider, MODEL, 1), Error::<Test>::AlreadyCommitted);
		pass(1);
		assert_ok!(Register::commit(&provider, MODEL, BOND));
		let commitment = Commitments::<Test>::get(&provider, MODEL).unwrap();
		assert_eq!((commitment.amount, commitment.unlock), (BOND, None));
	});
}

#[test]
fn a_released_commitment_is_taken_up_again_before_its_lock_is_over() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN a provider that left a model, and lost half of what answers for it
		let provider = committed(1);
		Register::release(&provider, MODEL);
		let fine = Register::fine(&provider, MODEL, Fault::Unit, None);
		System::reset_events();
		// WHEN it comes back while the lock lasts and a unit is open
		OpenModel::set(Some(MODEL));
		pass(100);
		assert_ok!(Register::recommit(&provider, MODEL, COMMITTED));
		// THEN the rest is topped up from its free bond, and the lock is off
		let (model, amount) = (MODEL, COMMITTED);
		assert_eq!(events(), [Event::Committed { provider: provider.clone(), model, amount }]);
		let commitment = Commitments::<Test>::get(&provider, MODEL).unwrap();
		assert_eq!((commitment.amount, commitment.unlock), (COMMITTED, None));
		assert_eq!(ledger(&provider).committed, COMMITTED);
		assert_eq!(ledger(&provider).free(), BOND - fine - COMMITTED);
		// AND all of it can be fined for what was done before; the lock begins anew when it leaves again.
		assert_eq!(Register::fine(&provider, MODEL, Fault::Unit, None), COMMITTED / 2);
		Register::release(&provider, MODEL);
		assert_eq!(Commitments::<Test>::get(&provider, MODEL).unwrap().unlock, Some(301));
	});
}

#[test]
fn coming_back_frees_nothing_and_is_refused_without_the_bond() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = committed(1);
		// Who is in already is refused, and who has no commitment makes one.
		let again = |amount| Register::recommit(&provider, MODEL, amount);
		assert_noop!(again(COMMITTED), Error::<Test>::AlreadyCommitted);
		assert_ok!(Register::recommit(&provider, MODEL + 1, 1_000));
		assert_eq!(Register::committed(&provider, MODEL + 1), 1_000);

		Register::release(&provider, MODEL);
		let all = BOND - 1_000;
		assert_noop!(again(all + 1), Error::<Test>::NotEnoughFreeBond);
		assert_noop!(again(u128::MAX), Error::<Test>::NotEnoughFreeBond);
		// A model that asks less than it did leaves the bond where it is.
		assert_ok!(again(1));
		assert_eq!(Register::committed(&provider, MODEL), COMMITTED);
		Register::release(&provider, MODEL);
		assert_ok!(again(all));
		assert_eq!(ledger(&provider).free(), 0);
	});
}

#[test]
fn a_commitment_is_not_settled_from_under_open_work_in_its_model() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN a provider that left two models and waited out both locks
		let provider = committed(1);
		assert_ok!(Register::commit(&provider, MODEL + 1, 1_000));
		Register::release(&provider, MODEL);
		Register::release(&provider, MODEL + 1);
		pass(200);
		let settle =
			|model| Register::settle_commitment(signed(&account(4)), provider.clone(), model);
		// WHEN a unit of it in one of them is contested still
		OpenModel::set(Some(MODEL));
		// THEN that commitment stays, and can be fined; coming back does not free it either
		assert_noop!(settle(MODEL), Error::<Test>::OpenUnits);
		assert_noop!(Register::commit(&provider, MODEL, 1), Error::<Test>::OpenUnits);
		assert_eq!(Register::fine(&provider, MODEL, Fault::Unit, None), COMMITTED / 2);
		// But the other model has nothing to do with it.
		assert_ok!(settle(MODEL + 1));
		// UNTIL the unit is final
		OpenModel::set(None);
		assert_ok!(settle(MODEL));
		assert_eq!(ledger(&provider).free(), BOND - COMMITTED / 2);
	});
}

#[test]
fn reputation_counts_work_and_absences() {
	ExtBuilder::default().build_and_execute(|| {
		let provider = registered(1);
		Register::note_work(&provider, 5);
		Register::note_work(&provider, u128::MAX);
		Register::note_absence(&provider);
		let reputation = ledger(&provider).reputation;
		assert_eq!((reputation.units, reputation.points), (2, u128::MAX));
		assert_eq!((reputation.absences, reputation.faults), (1, 0));
		// A provider that left is no provider, and gets no row.
		Register::note_work(&account(2), 5);
		Register::note_absence(&account(2));
	});
}
