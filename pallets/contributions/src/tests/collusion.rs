//! What a lane gains that feeds itself zeros.
//!
//! Zeros cost nothing to work on: who is sent zeros instead of activations does not have to compute. The model is protocol.md's:
//! a unit costs C and earns 1.3 C, a fine is half of the bond of 16 · S · C, and a fault voids what is in escrow. Everything
//! else is this pallet: lanes are permuted by lot, ends of an edge are compared, units are audited at the rates of the rules.

use std::collections::{BTreeMap, BTreeSet};

use cairn_primitives::{
	attestation::{EdgeReceipt, Verdict},
	signing::Edge,
	Hash, UnitId,
};
use frame_support::assert_ok;

use crate::{mock::*, Check, Phase, Units, VoidReason};

const STAGES: u8 = 4;
const LANES: u8 = 4;
const WINDOWS: u32 = 200;

/// Costs and rewards in tenths of C.
const COST: i64 = 10;
const REWARD: i64 = 13;
const FINE: i64 = COST * 8 * STAGES as i64;
/// Windows of points in escrow on public networks.
const ESCROW: i64 = 48;

/// An attestation whose edges to other members carry zeros, which costs its worker nothing.
fn attest_zeros(id: UnitId, members: &BTreeSet<u8>) -> bool {
	let steps = spec().window.steps;
	let zeros = |edge: Edge| Hash::from_low_u64_be(u64::from(edge.upper) + 1);
	let mut forged = attestation(id, START, steps);
	let mut is_free = false;
	let below = Edge::downstream(&id, STAGES.into());
	let ends = [
		(&mut forged.upstream, Edge::upstream(&id), id.stage.checked_sub(1)),
		(&mut forged.downstream, below, id.stage.checked_add(1)),
	];
	for (receipt, edge, stage) in ends {
		let (Some(edge), Some(stage)) = (edge, stage) else { continue };
		let neighbour = on(UnitId { stage, ..id });
		if members.contains(&neighbour) {
			let root = zeros(edge);
			let signature = sign_edge(neighbour, edge, steps, root);
			*receipt = Some(EdgeReceipt { root, signature });
			is_free |= edge.upper < id.stage;
		}
	}
	attest_as(on(id), forged).unwrap();
	is_free
}

/// Units that compute nothing for what they are said to be: each begins a chain of zeros within its lane.
fn begins_zeros(id: UnitId, is_free: bool, members: &BTreeSet<u8>) -> bool {
	let feeds_member =
		id.stage + 1 < STAGES && members.contains(&on(UnitId { stage: id.stage + 1, ..id }));
	feeds_member && !is_free
}

/// Answers every audit of a window: members of the ring approve each other, everyone else tells the truth. A unit that
/// begins zeros is wrong relative to what it was sent; one that was sent zeros is right, whatever that is worth.
fn answer_audits(window: u32, liars: &BTreeSet<UnitId>, members: &BTreeSet<u8>) {
	for id in places(window).into_iter().filter(|id| stored(*id).check == Check::Open) {
		let auditor = auditor_of(id);
		let is_wrong = liars.contains(&id);
		let verdict = if is_wrong && !members.contains(&auditor) {
			Verdict::Bad { checkpoints: Hash::zero() }
		} else {
			Verdict::Ok { audit_root: Hash::zero() }
		};
		assert_ok!(Contributions::verdict(signed(auditor), id, verdict));
		if matches!(verdict, Verdict::Bad { .. }) {
			end_game(id, &provider(auditor), true);
		}
	}
}

/// What `members` gain on average per window over honest work, in tenths of C, when they feed each other zeros. They keep
/// their seats and bond anew whenever they are caught, which is more than they could.
fn gain_of(members: &BTreeSet<u8>, standbys: u8) -> f64 {
	let mut saved = 0;
	let mut lost = 0;
	ExtBuilder::default().shape(STAGES, LANES, standbys).build_and_execute(|| {
		veterans((0..STAGES).flat_map(|stage| (0..LANES).map(move |place| seat(stage, place))));
		let mut escrow: BTreeMap<u8, i64> = members.iter().map(|who| (*who, ESCROW)).collect();
		for window in 0..WINDOWS {
			start_window(window);
			let mut liars = BTreeSet::new();
			for id in places(window) {
				if !members.contains(&on(id)) {
					attest(id);
					continue;
				}
				let is_free = attest_zeros(id, members);
				if begins_zeros(id, is_free, members) {
					liars.insert(id);
				}
				if is_free || liars.contains(&id) {
					saved += COST;
				}
			}
			close_window(false);
			draw_all(window);
			answer_audits(window, &liars, members);
			for id in places(window).into_iter().filter(|id| members.contains(&on(*id))) {
				let windows = escrow.get_mut(&on(id)).unwrap();
				if stored(id).phase == Phase::Void(VoidReason::Refuted) {
					lost += FINE + REWARD + *windows * REWARD;
					*windows = 0;
				} else {
					*windows = ESCROW.min(*windows + 1);
				}
				Committed::insert((provider(on(id)), MODEL), BOND);
			}
		}
	});
	f64::from(saved as i32 - lost as i32) / f64::from(WINDOWS)
}

#[test]
fn a_ring_of_one_seat_in_every_stage_loses_on_average() {
	let members: BTreeSet<u8> = (0..STAGES).map(|stage| seat(stage, 0)).collect();
	let gain = gain_of(&members, 2);
	assert!(gain < 0.0, "it gains {gain} tenths of a unit's cost per window");
}

#[test]
fn a_ring_whose_members_audit_each_other_loses_on_average() {
	// Without standbys seats audit each other: one auditor in three is of the ring.
	let members: BTreeSet<u8> =
		(0..STAGES).flat_map(|stage| [seat(stage, 0), seat(stage, 1)]).collect();
	let gain = gain_of(&members, 0);
	assert!(gain < 0.0, "it gains {gain} tenths of a unit's cost per window");
}

#[test]
fn a_ring_of_half_of_all_seats_loses_on_average() {
	let members: BTreeSet<u8> =
		(0..STAGES).flat_map(|stage| [seat(stage, 0), seat(stage, 1)]).collect();
	let gain = gain_of(&members, 2);
	assert!(gain < 0.0, "it gains {gain} tenths of a unit's cost per window");
}

#[test]
fn a_pair_that_shows_each_other_and_the_world_different_edges_is_caught_each_time() {
	ExtBuilder::default().shape(STAGES, LANES, 2).build_and_execute(|| {
		let mut met = 0;
		let members: BTreeSet<u8> = [seat(1, 0), seat(2, 0)].into();
		for window in 0..60 {
			start_window(window);
			for id in places(window) {
				let below = UnitId { stage: id.stage + 1, ..id };
				let is_pair =
					id.stage == 1 && members.contains(&on(id)) && members.contains(&on(below));
				if is_pair {
					// The lower end is fed zeros; the upper end attests what it should have sent.
					met += 1;
					attest(id);
					attest_zeros(below, &members);
					// Nothing of it is merged, and whoever sees it is paid for saying so.
					assert!(!stored(id).in_merge && !stored(below).in_merge);
					let edge = Edge::downstream(&id, STAGES.into()).unwrap();
					let root = stored(below).upstream.unwrap();
					assert_ok!(Contributions::report_fork(
						signed(STRANGER),
						edge,
						root,
						Default::default()
					));
					assert_eq!(stored(id).phase, Phase::Void(VoidReason::Refuted));
					assert_eq!(stored(below).phase, Phase::Void(VoidReason::Refuted));
				} else if !Units::<Test>::contains_key(id) {
					attest(id);
				}
			}
			close_window(false);
		}
		assert!(met > 5, "the lots bring them together: {met}");
	});
}
