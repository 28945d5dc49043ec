use crate::{mock::*, Datasets, Error, Event, HoldReason};
use cairn_primitives::{traits::Models, Hash};
use frame_support::{assert_noop, assert_ok, traits::fungible::MutateHold};
use sp_runtime::{DispatchError, TokenError};

#[test]
fn registering_a_dataset_holds_a_deposit_for_its_row_and_bytes() {
	ExtBuilder::default().without_dataset().build_and_execute(|| {
		assert_ok!(Registry::register_dataset(signed(DATA_OWNER), dataset(), name(b"corpus")));

		let deposit = 100 + 2 * 6;
		assert_eq!(Datasets::<Test>::get(dataset()).unwrap().deposit, deposit);
		assert_eq!(held(HoldReason::DatasetDeposit, DATA_OWNER), deposit);
		assert_eq!(Registry::data_owner(dataset()), Some(DATA_OWNER));
		assert_eq!(events(), [Event::DatasetRegistered { dataset: dataset(), owner: DATA_OWNER }]);
	});
}

#[test]
fn a_dataset_belongs_to_who_registered_it_first() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Registry::register_dataset(signed(STRANGER), dataset(), name(b"mine")),
			Error::<Test>::DatasetExists
		);
		assert_noop!(
			Registry::register_dataset(RuntimeOrigin::root(), dataset(), name(b"mine")),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn who_cannot_pay_the_deposit_cannot_register() {
	ExtBuilder::default().build_and_execute(|| {
		let poor = 99;
		assert_noop!(
			Registry::register_dataset(signed(poor), Hash::zero(), name(b"")),
			TokenError::FundsUnavailable
		);
	});
}

#[test]
fn a_transferred_dataset_takes_its_deposit_along() {
	ExtBuilder::default().build_and_execute(|| {
		let deposit = held(HoldReason::DatasetDeposit, DATA_OWNER);
		assert_ok!(Registry::transfer_dataset(signed(DATA_OWNER), dataset(), STRANGER));

		assert_eq!(Registry::data_owner(dataset()), Some(STRANGER));
		assert_eq!(held(HoldReason::DatasetDeposit, DATA_OWNER), 0);
		assert_eq!(held(HoldReason::DatasetDeposit, STRANGER), deposit);
		assert_eq!(Balances::free_balance(STRANGER), ENDOWMENT);
		assert_eq!(
			events(),
			[Event::DatasetTransferred { dataset: dataset(), from: DATA_OWNER, to: STRANGER }]
		);
	});
}

#[test]
fn transfers_of_datasets_are_refused_by_name() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Registry::transfer_dataset(signed(DATA_OWNER), Hash::zero(), STRANGER),
			Error::<Test>::UnknownDataset
		);
		assert_noop!(
			Registry::transfer_dataset(signed(STRANGER), dataset(), STRANGER),
			Error::<Test>::NotDatasetOwner
		);
		assert_noop!(
			Registry::transfer_dataset(signed(DATA_OWNER), dataset(), DATA_OWNER),
			Error::<Test>::SameOwner
		);
		let nobody = 99;
		assert_noop!(
			Registry::transfer_dataset(signed(DATA_OWNER), dataset(), nobody),
			TokenError::CannotCreateHold
		);
	});
}

#[test]
fn a_deposit_that_no_row_knows_is_noticed() {
	for reason in [HoldReason::DatasetDeposit, HoldReason::ModelDeposit] {
		ExtBuilder::default().build().execute_with(|| {
			assert_ok!(Registry::do_try_state());
			assert_ok!(Balances::hold(&reason.into(), &STRANGER, 1));
			assert!(Registry::do_try_state().is_err());
		});
	}
}
