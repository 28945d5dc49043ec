//! What is removed, and when.

use cairn_primitives::{model::ModelStatus, traits::Work, UnitId};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResultWithPostInfo};

use crate::{mock::*, Error, Event, Newest, Stages, Units, Windows};

fn prune(window: u32, stage: u8) -> DispatchResultWithPostInfo {
	Contributions::prune(signed(NOBODY), MODEL, window, stage)
}

fn set_status(status: ModelStatus) {
	Infos::mutate_extant(MODEL, |info| info.status = status);
}

/// Nothing of the newest window can be disputed any more.
fn until_all_is_over() {
	run_to(now() + 101);
}

/// A void window of two stages, whose units are final at once.
fn void_window(window: u32) {
	start_window(window);
	for stage in 0..2 {
		attest(unit(window, stage, 0));
	}
	close_window(true);
	for stage in 0..2 {
		assert_ok!(Contributions::draw_lots(signed(NOBODY), MODEL, window, stage));
		assert_ok!(Contributions::finalise(signed(NOBODY), unit(window, stage, 0)));
	}
}

#[test]
fn a_finished_model_leaves_nothing_behind() {
	ExtBuilder::default().build_and_execute(|| {
		void_window(0);
		void_window(1);
		assert_noop!(prune(0, 0), Error::<Test>::StillNeeded);
		set_status(ModelStatus::Retired);
		assert_noop!(prune(0, 0), Error::<Test>::StillNeeded);
		until_all_is_over();
		events();
		for (window, stage) in [(0, 0), (1, 1), (1, 0)] {
			assert_ok!(prune(window, stage));
		}
		assert!(Newest::<Test>::contains_key(MODEL), "window 0 is there still");
		assert_ok!(prune(0, 1));
		assert_eq!(events()[0], Event::StagePruned { model: MODEL, window: 0, stage: 0 });
		assert_eq!(Units::<Test>::iter().count(), 0);
		assert_eq!(Stages::<Test>::iter().count(), 0);
		assert_eq!(Windows::<Test>::iter().count(), 0);
		assert_eq!(Newest::<Test>::get(MODEL), None);
		assert_noop!(prune(0, 0), Error::<Test>::NothingToPrune);
	});
}

#[test]
fn counts_stay_until_the_last_stage_is_gone() {
	ExtBuilder::default().build_and_execute(|| {
		void_window(0);
		set_status(ModelStatus::Retired);
		until_all_is_over();
		assert_ok!(prune(0, 1));
		assert_eq!(Contributions::tally(MODEL, 0).attested, 2);
		assert_eq!(Contributions::attested_lanes(MODEL, 0, 1), 0);
		assert_ok!(prune(0, 0));
		assert_eq!(Contributions::tally(MODEL, 0).attested, 0);
	});
}

#[test]
fn windows_that_a_model_may_restart_from_are_kept() {
	ExtBuilder::default().build_and_execute(|| {
		void_window(0);
		void_window(63);
		assert_noop!(prune(0, 0), Error::<Test>::StillNeeded);
		void_window(64);
		assert_ok!(prune(0, 0));
		assert_noop!(prune(63, 0), Error::<Test>::StillNeeded);
	});
}

#[test]
fn a_model_that_serves_may_still_be_restarted() {
	ExtBuilder::default().build_and_execute(|| {
		void_window(0);
		set_status(ModelStatus::Serving);
		assert_noop!(prune(0, 0), Error::<Test>::StillNeeded);
	});
}

#[test]
fn the_base_of_a_window_is_kept_until_the_window_is_due() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest(unit(0, 0, 0));
		close_window(false);
		start_window(1);
		attest(unit(1, 0, 0));
		close_window(false);
		set_status(ModelStatus::Retired);
		Contributions::forfeit_points(&provider(on(unit(0, 0, 0))), MODEL);
		run_to(now() + LotDelay::get() + 1);
		assert_ok!(Contributions::draw_lots(signed(NOBODY), MODEL, 0, 0));
		assert_ok!(Contributions::finalise(signed(NOBODY), unit(0, 0, 0)));
		let needed = Windows::<Test>::get(MODEL, 0).unwrap().needed_until;
		run_to(needed);
		assert_noop!(prune(0, 0), Error::<Test>::StillNeeded);
		run_to(needed + 1);
		assert_ok!(prune(0, 0));
	});
}

#[test]
fn pending_units_open_suspicions_and_running_windows_are_not_pruned() {
	ExtBuilder::default().build_and_execute(|| {
		set_status(ModelStatus::Retired);
		let id: UnitId = unit(0, 0, 0);
		start_window(0);
		attest(id);
		assert_noop!(prune(0, 0), Error::<Test>::UnitsPending);
		close_window(false);
		assert_noop!(prune(0, 0), Error::<Test>::UnitsPending);
		assert_ok!(Contributions::suspect(signed(seat(0, 0)), MODEL, 0, 0));
		assert_noop!(prune(0, 0), Error::<Test>::SuspicionOpen);
	});
}

#[test]
fn a_final_unit_with_an_approval_in_escrow_is_not_pruned() {
	ExtBuilder::default().build_and_execute(|| {
		set_status(ModelStatus::Retired);
		let id: UnitId = unit(0, 0, 0);
		start_window(0);
		attest(id);
		suspected(id);
		close_window(false);
		run_to(now() + LotDelay::get() + 1);
		assert_ok!(Contributions::draw_lots(signed(NOBODY), MODEL, 0, 0));
		let auditor = auditor_of(id);
		let verdict = cairn_primitives::Verdict::Ok { audit_root: trace(id).answer(auditor) };
		assert_ok!(Contributions::verdict(signed(auditor), id, verdict));
		run_to(stored(id).due);
		assert_ok!(Contributions::finalise(signed(NOBODY), id));
		assert_noop!(prune(0, 0), Error::<Test>::UnitsPending);
		run_to(now() + 100);
		assert_ok!(Contributions::finalise(signed(NOBODY), id));
		assert_ok!(prune(0, 0));
	});
}
