//! Two roots signed for one edge and step.

use cairn_primitives::{
	attestation::EdgeReceipt,
	signing::Edge,
	traits::{Fault, Work},
	Hash, UnitId,
};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResultWithPostInfo};
use sp_core::Pair;

use crate::{mock::*, Error, Event, Phase, Stages, VoidReason};

const EDGE: Edge = Edge { model: MODEL, window: 0, lane: 1, upper: 0 };
const ABOVE: UnitId = UnitId { model: MODEL, window: 0, stage: 0, lane: 1 };
const BELOW: UnitId = UnitId { stage: 1, ..ABOVE };

/// What `signer` signed, at `steps`, for a root.
fn receipt(signer: u8, edge: Edge, steps: u32, byte: u8) -> EdgeReceipt {
	let root = Hash::repeat_byte(byte);
	EdgeReceipt { root, signature: sign_edge(signer, edge, steps, root) }
}

fn report(who: u8, edge: Edge, receipts: [EdgeReceipt; 2]) -> DispatchResultWithPostInfo {
	let [first, second] = receipts;
	Contributions::report_equivocation(signed(STRANGER), provider(who), edge, 3, first, second)
}

/// Reports two roots that `who` signed with its first key.
fn report_two(who: u8, edge: Edge) -> DispatchResultWithPostInfo {
	report(who, edge, [receipt(who, edge, 3, 1), receipt(who, edge, 3, 2)])
}

#[test]
fn two_roots_cost_bond_escrow_and_seat() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest(ABOVE);
		let who = on(ABOVE);
		assert!(record_of(who).escrow > 0);
		events();
		assert_ok!(report_two(who, EDGE));
		assert_eq!(fines(), [(who, Fault::Equivocation, Some(STRANGER))]);
		assert!(expelled().contains(&who));
		assert_eq!((record_of(who).escrow, record_of(who).generation), (0, 1));
		assert_eq!(
			events(),
			[Event::Equivocated { edge: EDGE, steps: 3, provider: provider(who), fine: BOND / 2 }]
		);
		assert_noop!(report_two(who, EDGE), Error::<Test>::AlreadyReported);
	});
}

#[test]
fn either_end_can_be_reported_once() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest(ABOVE);
		attest(BELOW);
		assert_ok!(report_two(on(BELOW), EDGE));
		assert_ok!(report_two(on(ABOVE), EDGE));
		assert_noop!(report_two(on(BELOW), EDGE), Error::<Test>::AlreadyReported);
		assert_eq!(Stages::<Test>::get((MODEL, 0, 0)).equivocated, 0b1100);
	});
}

#[test]
fn expulsion_does_not_wait_for_the_bond_to_fall_short() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest(ABOVE);
		Committed::insert((provider(on(ABOVE)), MODEL), 10 * BOND);
		assert_ok!(report_two(on(ABOVE), EDGE));
		assert_eq!(expelled(), [on(ABOVE)]);
	});
}

#[test]
fn equal_roots_and_other_peoples_signatures_prove_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest(ABOVE);
		let (who, other) = (on(ABOVE), on(BELOW));
		assert_noop!(
			report(who, EDGE, [receipt(who, EDGE, 3, 1), receipt(who, EDGE, 3, 1)]),
			Error::<Test>::RootsAgree
		);
		let elsewhere = Edge { lane: 0, ..EDGE };
		for wrong in [
			receipt(other, EDGE, 3, 2),
			receipt(who, EDGE, 4, 2),
			receipt(who, elsewhere, 3, 2),
			receipt(who, Edge { window: 1, ..EDGE }, 3, 2),
		] {
			let right = receipt(who, EDGE, 3, 1);
			for pair in [[right.clone(), wrong.clone()], [wrong, right]] {
				assert_noop!(report(who, EDGE, pair), Error::<Test>::BadEdgeSignature);
			}
		}
		assert_eq!(fines(), []);
	});
}

#[test]
fn who_did_not_work_at_the_edge_is_not_at_fault() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest(ABOVE);
		let elsewhere = on(UnitId { lane: 0, ..ABOVE });
		assert_noop!(report_two(elsewhere, EDGE), Error::<Test>::NotAtEdge);
		assert_noop!(report_two(STRANGER, EDGE), Error::<Test>::NotAtEdge);
		let who = on(ABOVE);
		assert_noop!(report_two(who, Edge { window: 7, ..EDGE }), Error::<Test>::NotAtEdge);
		assert_noop!(report_two(who, Edge { upper: 1, ..EDGE }), Error::<Test>::NotAtEdge);
		assert_noop!(report_two(who, Edge { upper: 255, ..EDGE }), Error::<Test>::NotAtEdge);
		assert_noop!(report_two(who, Edge { lane: 99, ..EDGE }), Error::<Test>::NotAtEdge);
		assert_noop!(report_two(who, Edge { model: 9, ..EDGE }), Error::<Test>::UnknownModel);
	});
}

#[test]
fn a_seat_that_has_not_attested_answers_while_the_window_runs() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		assert_ok!(report_two(on(BELOW), EDGE));
		assert_eq!(fines(), [(on(BELOW), Fault::Equivocation, Some(STRANGER))]);
		assert_eq!(Contributions::attested_lanes(MODEL, 0, 0), 0);
		close_window(false);
		assert_noop!(report_two(on(ABOVE), EDGE), Error::<Test>::NotAtEdge);
	});
}

#[test]
fn a_new_key_does_not_hide_what_the_old_one_signed() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest(ABOVE);
		let who = on(ABOVE);
		register(&provider(who), pair(200).public());
		close_window(false);
		// What the new key signs is of another time.
		assert_noop!(
			report(who, EDGE, [receipt(200, EDGE, 3, 1), receipt(200, EDGE, 3, 2)]),
			Error::<Test>::BadEdgeSignature
		);
		assert_ok!(report_two(who, EDGE));
	});
}

/// Attests a unit whose edge to the other was forged: both ends signed `root` for it.
fn attest_with_edge(id: UnitId, steps: u32, root: Hash) -> DispatchResultWithPostInfo {
	let mut forged = attestation(id, START, steps);
	let (receipt, neighbour) =
		if id == ABOVE { (&mut forged.downstream, BELOW) } else { (&mut forged.upstream, ABOVE) };
	let signature = sign_edge(on(neighbour), EDGE, steps, root);
	*receipt = Some(EdgeReceipt { root, signature });
	attest_as(on(id), forged)
}

fn report_fork(previous: Hash, steps: &[Hash]) -> DispatchResultWithPostInfo {
	let steps = steps.to_vec().try_into().unwrap();
	Contributions::report_fork(signed(STRANGER), EDGE, previous, steps)
}

/// The running root of the honest edge after so many steps, and what crossed from there on.
fn course(from: u32, to: u32) -> (Hash, Vec<Hash>) {
	(edge_root(EDGE, from), (from..to).map(|step| crossing(EDGE, step)).collect())
}

#[test]
fn neighbours_that_attest_different_roots_of_their_edge_are_not_merged_and_anybody_proves_their_fault(
) {
	for (first, second) in [(ABOVE, BELOW), (BELOW, ABOVE)] {
		ExtBuilder::default().build_and_execute(|| {
			start_window(0);
			let steps = spec().window.steps;
			assert_ok!(attest_with_edge(first, steps, Hash::repeat_byte(1)));
			events();
			assert_ok!(attest_with_edge(second, steps, Hash::repeat_byte(2)));
			assert!(events().contains(&Event::EndsDiffer { edge: EDGE }));
			for id in [ABOVE, BELOW] {
				assert!(stored(id).is_pending() && !stored(id).in_merge);
			}
			assert!(Contributions::merge_set(MODEL, 0, 0).is_empty());
			assert_eq!(fines(), []);

			assert_noop!(
				report_fork(Hash::zero(), &[Hash::zero()]),
				Error::<Test>::StepsDoNotConnect
			);
			assert_ok!(report_fork(Hash::zero(), &[]));
			for id in [ABOVE, BELOW] {
				assert_eq!(stored(id).phase, Phase::Void(VoidReason::Refuted));
				assert!(fines().contains(&(on(id), Fault::Equivocation, Some(STRANGER))));
				assert!(expelled().contains(&on(id)));
			}
			assert_noop!(report_fork(Hash::zero(), &[]), Error::<Test>::AlreadyDecided);
		});
	}
}

#[test]
fn neighbours_that_agree_or_did_different_steps_are_not_at_fault() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest(ABOVE);
		assert_ok!(attest_as(on(BELOW), attestation(BELOW, START, spec().window.steps - 1)));
		places(0).into_iter().filter(|id| *id != ABOVE && *id != BELOW).for_each(attest);
		assert!(!events().iter().any(|event| matches!(event, Event::EndsDiffer { .. })));
		assert!(places(0).into_iter().all(|id| stored(id).in_merge));
	});
}

#[test]
fn a_fork_of_an_edge_between_unequal_steps_is_proven_by_the_steps_between() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		let steps = spec().window.steps;
		// GIVEN an end below that fed itself something else, and one above that covers for it with a step less.
		let lie = Hash::repeat_byte(9);
		let end = cairn_primitives::signing::running_root(lie, lie);
		assert_ok!(attest_as(on(ABOVE), attestation(ABOVE, START, steps - 1)));
		assert_ok!(attest_with_edge(BELOW, steps, end));
		// WHEN somebody who fetched the edge shows how it went on.
		assert_noop!(report_fork(lie, &[]), Error::<Test>::StepsDoNotConnect);
		assert_noop!(report_fork(lie, &[Hash::zero()]), Error::<Test>::StepsDoNotConnect);
		assert_noop!(report_fork(Hash::zero(), &[lie]), Error::<Test>::StepsDoNotConnect);
		assert_ok!(report_fork(lie, &[lie]));
		// THEN both are at fault, and the prover is paid.
		for id in [ABOVE, BELOW] {
			assert_eq!(stored(id).phase, Phase::Void(VoidReason::Refuted));
			assert!(fines().contains(&(on(id), Fault::Equivocation, Some(STRANGER))));
		}
		assert_noop!(report_fork(lie, &[lie]), Error::<Test>::AlreadyDecided);
	});
}

#[test]
fn who_did_no_step_contradicts_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		let steps = spec().window.steps;
		// GIVEN an edge on which held-out samples crossed before the first step, and an end above that lost all of it
		let held_out = cairn_primitives::signing::running_root(Hash::zero(), Hash::repeat_byte(9));
		let course = vec![Hash::repeat_byte(8); steps as usize];
		let end = course
			.iter()
			.fold(held_out, |root, step| cairn_primitives::signing::running_root(root, *step));
		assert_ok!(attest_as(on(ABOVE), attestation(ABOVE, START, 0)));
		assert_ok!(attest_with_edge(BELOW, steps, end));
		// THEN nobody proves a fork by what crossed before the first step.
		assert_noop!(report_fork(held_out, &course), Error::<Test>::RootsAgree);
	});
}

#[test]
fn an_edge_that_goes_on_honestly_is_no_fork() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		let steps = spec().window.steps;
		assert_noop!(report_fork(Hash::zero(), &[]), Error::<Test>::NotAtEdge);
		assert_ok!(attest_as(on(ABOVE), attestation(ABOVE, START, steps - 2)));
		assert_ok!(attest_as(on(BELOW), attestation(BELOW, START, steps)));
		let (previous, between) = course(steps - 2, steps);
		assert_noop!(report_fork(previous, &between), Error::<Test>::RootsAgree);
		// Another number of steps does not connect, whatever they are.
		let (previous, between) = course(steps - 3, steps);
		assert_noop!(report_fork(previous, &between), Error::<Test>::StepsDoNotConnect);
		assert_eq!(fines(), []);
	});
}
