//! What windows start from, and who answers for it.

use cairn_primitives::{
	lcg::Lcg,
	model::{ModelStatus, PauseReason},
	traits::Fault,
	Hash,
};
use codec::Encode;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResultWithPostInfo};

use crate::{mock::*, Base, Error, Event, Phase, Stages, Units, VoidReason, Windows};

/// Evidence for the merge after `window`: the state before and the differences.
fn evidence(window: u32, stage: u8, before: u64) -> Vec<u8> {
	let differences: Vec<u64> = Contributions::merge_set(MODEL, window, stage)
		.iter()
		.map(|member| state_of(member.difference))
		.collect();
	(before, differences).encode()
}

/// The right merge after `window`.
fn merge(window: u32, stage: u8, before: u64) -> u64 {
	let differences: Vec<_> = Contributions::merge_set(MODEL, window, stage)
		.iter()
		.map(|member| (state_of(member.difference), member.steps))
		.collect();
	Lcg::merge(before, &differences)
}

fn refute(window: u32, stage: u8, evidence: Vec<u8>) -> DispatchResultWithPostInfo {
	Contributions::refute_merge(
		signed(STRANGER),
		MODEL,
		window,
		stage,
		evidence.try_into().unwrap(),
	)
}

/// Window 0 from [`START`], and window 1 in which lanes start stage 0 from the given states.
fn windows(starts: [u64; 3]) {
	whole_window(0);
	second_window(1, starts);
}

fn second_window(window: u32, starts: [u64; 3]) {
	start_window(window);
	for (lane, start) in starts.into_iter().enumerate() {
		attest_from(unit(window, 0, lane as u8), start);
		attest(unit(window, 1, lane as u8));
	}
	close_window(false);
}

#[test]
fn a_wrong_merge_costs_all_who_started_from_it_and_pauses_the_model() {
	ExtBuilder::default().build_and_execute(|| {
		windows([666, 666, 7]);
		let liars = [on(unit(1, 0, 0)), on(unit(1, 0, 1))];
		events();
		assert_ok!(refute(1, 0, evidence(0, 0, START)));
		for (lane, liar) in liars.into_iter().enumerate() {
			let id = unit(1, 0, lane as u8);
			assert_eq!(stored(id).phase, Phase::Void(VoidReason::Refuted));
			assert_eq!(fines()[lane], (liar, Fault::Merge, Some(STRANGER)));
		}
		assert_eq!(fines().len(), 2);
		assert!(stored(unit(1, 0, 2)).is_pending());
		assert_eq!(Contributions::majority_root(MODEL, 1, 0), Some(root_of(7)));
		let status = Infos::get(MODEL).unwrap().status;
		assert_eq!(status, ModelStatus::Paused(PauseReason::Merge));
		assert_eq!(
			events().last(),
			Some(&Event::MergeRefuted {
				model: MODEL,
				window: 1,
				stage: 0,
				claimed: root_of(666),
				is_paused: true
			})
		);
		// Another wrong root is no safer behind the first.
		assert_ok!(refute(1, 0, evidence(0, 0, START)));
		assert_eq!(fines().len(), 3);
		assert_noop!(refute(1, 0, evidence(0, 0, START)), Error::<Test>::MergeAlreadyRefuted);
	});
}

#[test]
fn a_merge_is_judged_once_the_window_is_closed_and_counts() {
	ExtBuilder::default().build_and_execute(|| {
		whole_window(0);
		// GIVEN one wrong attestation, which is most of what there is so far.
		start_window(1);
		attest_from(unit(1, 0, 0), 666);
		let evidence = evidence(0, 0, START);
		assert_noop!(refute(1, 0, evidence.clone()), Error::<Test>::WindowNotClosed);
		close_window(true);
		assert_noop!(refute(1, 0, evidence), Error::<Test>::WindowIsVoid);
		assert_eq!(fines(), []);
	});
}

#[test]
fn a_difference_from_another_shard_than_most_started_from_is_not_merged() {
	ExtBuilder::default().build_and_execute(|| {
		windows([666, 7, 7]);
		assert!(stored(unit(1, 0, 0)).in_merge, "its holders cannot know");
		let merged = Contributions::merge_set(MODEL, 1, 0);
		assert_eq!(merged.iter().map(|member| member.lane).collect::<Vec<_>>(), [1, 2]);
	});
}

#[test]
fn a_single_lane_goes_on_from_its_own_shard_without_arithmetic() {
	ExtBuilder::default().shape(1, 1, 1).build_and_execute(|| {
		whole_window(0);
		let after = state_of(stored(unit(0, 0, 0)).difference);
		start_window(1);
		attest_from(unit(1, 0, 0), after);
		close_window(false);
		assert_noop!(refute(1, 0, vec![]), Error::<Test>::MergeIsRight);
		start_window(2);
		attest_from(unit(2, 0, 0), after);
		close_window(false);
		assert_ok!(refute(2, 0, vec![]));
	});
}

#[test]
fn a_right_merge_stands_and_bad_evidence_proves_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		whole_window(0);
		let right = merge(0, 0, START);
		second_window(1, [right, right, 7]);
		assert_noop!(refute(1, 0, evidence(0, 0, START)), Error::<Test>::MergeIsRight);
		assert_noop!(refute(1, 0, evidence(0, 0, 1)), Error::<Test>::EvidenceUnproven);
		assert_noop!(refute(1, 0, vec![]), Error::<Test>::EvidenceUnproven);
		assert_eq!(fines(), []);
	});
}

#[test]
fn anybody_is_paid_for_the_proof_as_the_provider_it_works_for() {
	ExtBuilder::default().build_and_execute(|| {
		windows([666, 666, 666]);
		let evidence = evidence(0, 0, START).try_into().unwrap();
		assert_ok!(Contributions::refute_merge(
			RuntimeOrigin::signed(provider(NOBODY)),
			MODEL,
			1,
			0,
			evidence
		));
		assert!(fines().iter().all(|fine| fine.2 == Some(NOBODY)));
		assert_eq!(Contributions::majority_root(MODEL, 1, 0), None, "no root is left");
	});
}

#[test]
fn merges_that_nobody_can_judge_are_not_refuted() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Contributions::refute_merge(signed(STRANGER), 9, 0, 0, Default::default()),
			Error::<Test>::UnknownModel
		);
		assert_noop!(refute(0, 0, vec![]), Error::<Test>::UnknownWindow);
		// GIVEN the first window: it started from the spec's shards, or it was not attested.
		whole_window(0);
		assert_noop!(refute(0, 0, vec![]), Error::<Test>::MergeIsRight);
		// GIVEN a stage in which nobody attested.
		start_window(1);
		(0..3).for_each(|lane| attest(unit(1, 1, lane)));
		close_window(false);
		assert_noop!(refute(1, 0, vec![]), Error::<Test>::NothingAttested);
	});
}

#[test]
fn a_stage_that_nobody_trained_starts_from_what_it_was_before() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN a merge after window 0, and a window after it in which one stage attests nothing.
		whole_window(0);
		let right = merge(0, 0, START);
		idle(1);
		second_window(2, [right, right, right]);
		assert_eq!(Windows::<Test>::get(MODEL, 2).unwrap().base, Base::Merge(1));
		assert_noop!(refute(2, 0, evidence(0, 0, START)), Error::<Test>::MergeIsRight);
		// GIVEN two of them, after which somebody thinks that nobody can tell.
		let right = merge(2, 0, right);
		idle(3);
		idle(4);
		second_window(5, [666, 666, right]);
		assert_ok!(refute(5, 0, evidence(2, 0, state_of(stored(unit(2, 0, 0)).shard_before))));
		assert_eq!(Contributions::majority_root(MODEL, 5, 0), Some(root_of(right)));
	});
}

/// A window in which nobody of stage 0 attests.
fn idle(window: u32) {
	start_window(window);
	(0..3).for_each(|lane| attest(unit(window, 1, lane)));
	close_window(false);
}

#[test]
fn an_idle_stage_is_followed_back_over_sixteen_windows() {
	for (idle_windows, is_known) in [(16, true), (17, false)] {
		ExtBuilder::default().build_and_execute(|| {
			whole_window(0);
			(1..=idle_windows).for_each(idle);
			second_window(idle_windows + 1, [666; 3]);
			let refuted = refute(idle_windows + 1, 0, evidence(0, 0, START));
			assert_eq!(refuted.is_ok(), is_known, "{idle_windows}: {refuted:?}");
		});
	}
}

#[test]
fn a_stage_that_is_pruned_is_not_taken_for_an_idle_one() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN an honest window after another, and one stage of the first is pruned as soon as it may be
		veterans(six_seats());
		whole_window(0);
		let right = merge(0, 0, START);
		second_window(1, [right; 3]);
		Infos::mutate_extant(MODEL, |info| info.status = ModelStatus::Retired);
		spare_all(0);
		draw_all(0);
		for id in places(0) {
			Contributions::forfeit_points(&provider(on(id)), MODEL);
		}
		for id in places(0) {
			assert_ok!(Contributions::finalise(signed(NOBODY), id));
		}
		let prune = || Contributions::prune(signed(NOBODY), MODEL, 0, 0);
		run_to(stored(unit(1, 0, 0)).due - 1);
		assert_noop!(prune(), Error::<Test>::StillNeeded);
		assert_noop!(refute(1, 0, evidence(0, 0, START)), Error::<Test>::MergeIsRight);
		run_to(now() + 2);
		assert_ok!(prune());
		// THEN nobody is held to what is missing, although nobody has finalised the second window yet.
		assert!(stored(unit(1, 0, 0)).is_pending());
		assert_noop!(refute(1, 0, vec![]), Error::<Test>::NothingAtStake);
		Units::<Test>::mutate_extant(unit(1, 0, 0), |unit| unit.due = u32::MAX);
		assert_noop!(refute(1, 0, vec![]), Error::<Test>::NoMergeBefore);
	});
}

#[test]
fn a_stage_that_nobody_ever_trained_starts_from_the_specs_shard() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		(0..3).for_each(|lane| attest(unit(0, 1, lane)));
		close_window(false);
		second_window(1, [START, 666, START]);
		assert_noop!(refute(1, 0, vec![]), Error::<Test>::MergeIsRight);
		second_window(2, [666; 3]);
		assert_ok!(refute(2, 0, evidence(1, 0, START)));
	});
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		(0..3).for_each(|lane| attest(unit(0, 1, lane)));
		close_window(false);
		second_window(1, [666; 3]);
		assert_ok!(refute(1, 0, vec![]));
		assert_eq!(fines().len(), 3);
	});
}

#[test]
fn nobody_is_held_to_a_merge_after_its_units_are_decided() {
	ExtBuilder::default().build_and_execute(|| {
		windows([666, 666, 666]);
		for number in (0..3).map(|place| provider(seat(0, place))) {
			Contributions::forfeit_points(&number, MODEL);
		}
		draw_all(1);
		for lane in 0..3 {
			assert_ok!(Contributions::finalise(signed(NOBODY), unit(1, 0, lane)));
		}
		assert_noop!(refute(1, 0, evidence(0, 0, START)), Error::<Test>::NothingAtStake);
	});
}

#[test]
fn a_void_window_changes_nothing_and_its_successor_has_its_base() {
	ExtBuilder::default().build_and_execute(|| {
		whole_window(0);
		let right = merge(0, 0, START);
		start_window(1);
		attest_from(unit(1, 0, 0), right);
		close_window(true);
		second_window(2, [right, right, 5]);
		assert_eq!(Windows::<Test>::get(MODEL, 2).unwrap().base, Base::Merge(0));
		assert_noop!(refute(2, 0, evidence(0, 0, START)), Error::<Test>::MergeIsRight);
		// GIVEN a window in which nobody attested at all: it leaves no row.
		start_window(3);
		close_window(true);
		second_window(4, [0, 0, 0]);
		assert_eq!(Windows::<Test>::get(MODEL, 4).unwrap().base, Base::Merge(2));
	});
}

#[test]
fn after_a_restart_the_base_is_where_it_restarted_from() {
	ExtBuilder::default().build_and_execute(|| {
		whole_window(0);
		second_window(1, [1, 1, 1]);
		let right = merge(0, 0, START);
		Infos::mutate_extant(MODEL, |info| info.restart_from = Some(0));
		second_window(2, [right, right, right]);
		Infos::mutate_extant(MODEL, |info| info.restart_from = None);
		assert_noop!(refute(2, 0, evidence(0, 0, START)), Error::<Test>::MergeIsRight);
		second_window(3, [9, 9, 9]);
		assert_eq!(Windows::<Test>::get(MODEL, 3).unwrap().base, Base::Merge(2));
		assert_ok!(refute(3, 0, evidence(2, 0, right)));
	});
}

#[test]
fn who_built_on_a_wrong_merge_that_was_refuted_later_is_right() {
	ExtBuilder::default().build_and_execute(|| {
		windows([666, 666, 666]);
		let next = merge(1, 0, 666);
		second_window(2, [next, next, next]);
		assert_ok!(refute(1, 0, evidence(0, 0, START)));
		assert_eq!(Stages::<Test>::get((MODEL, 1, 0)).claimed_root(), Some(root_of(666)));
		assert_noop!(refute(2, 0, evidence(1, 0, 666)), Error::<Test>::MergeIsRight);
		assert_noop!(refute(2, 0, evidence(1, 0, START)), Error::<Test>::EvidenceUnproven);
	});
}

#[test]
fn nobody_is_held_to_what_the_window_after_a_refutation_starts_from() {
	ExtBuilder::default().build_and_execute(|| {
		windows([666, 666, 666]);
		assert_ok!(refute(1, 0, evidence(0, 0, START)));
		second_window(2, [5, 5, 5]);
		assert_eq!(Windows::<Test>::get(MODEL, 2).unwrap().base, Base::Open);
		assert_noop!(refute(2, 0, evidence(1, 0, 666)), Error::<Test>::NoMergeBefore);
		second_window(3, [5, 5, 5]);
		assert_eq!(Windows::<Test>::get(MODEL, 3).unwrap().base, Base::Merge(2));
	});
}

#[test]
fn a_model_that_cannot_be_paused_does_not_save_the_liars() {
	ExtBuilder::default().build_and_execute(|| {
		windows([666, 666, 666]);
		ModelsFail::set(true);
		events();
		assert_ok!(refute(1, 0, evidence(0, 0, START)));
		assert_eq!(fines().len(), 3);
		assert!(matches!(events().last(), Some(Event::MergeRefuted { is_paused: false, .. })));
	});
}

#[test]
fn an_honest_approval_of_a_unit_with_a_wrong_start_is_paid() {
	ExtBuilder::default().build_and_execute(|| {
		whole_window(0);
		start_window(1);
		(0..3).for_each(|lane| attest_from(unit(1, 0, lane), 666));
		let id = unit(1, 0, 0);
		suspected(id);
		close_window(false);
		run_to(now() + LotDelay::get() + 1);
		assert_ok!(Contributions::draw_lots(signed(NOBODY), MODEL, 1, 0));
		// The auditor re-executes it relative to the shard that it started from.
		let auditor = auditor_of(id);
		let truth = Trace::new(id, 666, spec().window.steps);
		let verdict = cairn_primitives::Verdict::Ok { audit_root: truth.answer(auditor) };
		assert_ok!(Contributions::verdict(signed(auditor), id, verdict));
		assert_ok!(refute(1, 0, evidence(0, 0, START)));
		assert_eq!(stored(id).phase, Phase::Void(VoidReason::Refuted));
		run_to(now() + 100);
		let was_seated = fines().iter().any(|fine| fine.0 == auditor);
		assert_ok!(Contributions::finalise(signed(NOBODY), id));
		assert_eq!(minted(auditor) > 0, !was_seated);
		assert_ne!(Hash::zero(), stored(id).shard_before);
	});
}
