//! Each invariant notices its violation.

use frame_support::{
	assert_err, assert_ok,
	traits::{
		fungible::{MutateHold, Unbalanced},
		tokens::Precision,
	},
};
use sp_runtime::TryRuntimeError;

use crate::{mock::*, Channels, Hired, HoldReason, Lane, NextChannel, OpenChannels, Served};

/// Break something in a state with an open and a settled channel.
fn broken(breakage: impl FnOnce(u64, u64), complaint: &'static str) {
	ExtBuilder::default().build().execute_with(|| {
		let settling = settled(1_000);
		let open = opened();
		assert_ok!(Inference::do_try_state());
		breakage(open, settling);
		assert_err!(Inference::do_try_state(), TryRuntimeError::Other(complaint));
	});
}

#[test]
fn holds_that_are_not_deposits_are_noticed() {
	let reason = || HoldReason::Channel.into();
	let complaint = "1: the deposits of an account are not what it has on hold";
	broken(|_, _| Balances::hold(&reason(), &client(), 1).unwrap(), complaint);
	broken(
		|_, _| assert_ok!(Balances::release(&reason(), &client(), 1, Precision::Exact), 1),
		complaint,
	);
	let complaint = "1: an account without a channel has something on hold";
	broken(|_, _| Balances::hold(&reason(), &other(), 1).unwrap(), complaint);
}

#[test]
fn an_index_that_is_not_the_rows_is_noticed() {
	let complaint = "2: an open channel is not in the index";
	broken(|_, _| OpenChannels::<Test>::remove((client(), MODEL, 0)), complaint);
	broken(|_, id| OpenChannels::<Test>::insert((client(), MODEL, 0), id), complaint);
	let complaint = "2: the index names a channel that is not open";
	broken(|_, id| OpenChannels::<Test>::insert((client(), MODEL, 1), id), complaint);
}

#[test]
fn a_settlement_above_the_deposit_is_noticed() {
	let breakage = |_, id| {
		Channels::<Test>::mutate(id, |row| {
			row.as_mut().unwrap().settlement.as_mut().unwrap().best = DEPOSIT + 1;
		})
	};
	broken(breakage, "3: more is paid than is there");
}

#[test]
fn hired_seats_that_do_not_match_channels_are_noticed() {
	broken(|open, _| Hired::<Test>::remove(open), "4: who was hired is not known");
	broken(|_, id| Hired::<Test>::remove(id), "4: who was hired is not known");
	broken(
		|open, _| Hired::<Test>::insert(open, Lane::default()),
		"4: a stage has nobody who was hired, or two",
	);
	broken(
		|open, _| Hired::<Test>::insert(open + 1, Lane::default()),
		"4: who was hired is known of a channel that is closed",
	);
}

#[test]
fn seats_that_do_not_match_settlements_are_noticed() {
	broken(|_, id| Served::<Test>::remove(id), "5: who served is not known");
	broken(
		|_, id| Served::<Test>::insert(id, Lane::default()),
		"5: a stage has nobody who served, or two",
	);
	broken(
		|open, _| Served::<Test>::insert(open, Lane::default()),
		"5: who served is known of a channel that is not being settled",
	);
}

#[test]
fn numbers_that_would_be_given_again_are_noticed() {
	broken(|open, _| NextChannel::<Test>::put(open), "6: a channel is numbered too high");
}

#[test]
fn a_dead_pot_is_noticed() {
	let breakage = |_, _| {
		Balances::write_balance(&Inference::pot(), 0).unwrap();
	};
	broken(breakage, "7: the pot is dead");
}
