//! Every strategy once, for a few windows.

use crate::{
	books::Books,
	life::{live, unit_points},
	strategy::{Standing, Strategy},
};

/// A life of a liar: whatever it does, nobody else loses anything.
fn life(strategy: Strategy, windows: u32) -> Books {
	let books = live(strategy, Standing::Novice, windows, 7);
	assert_eq!(books.fined_honest, 0, "{strategy:?}");
	assert_eq!(books.done_honest, books.paid_honest, "{strategy:?}");
	books
}

/// A life that ends by a mechanism, and does not pay.
fn caught(strategy: Strategy, windows: u32, how: &str) {
	let books = life(strategy, windows);
	assert!(books.caught.contains_key(how), "{strategy:?}: {books:?}");
	assert!(books.gain(unit_points()) < 0.0, "{strategy:?}: {books:?}");
}

#[test]
fn honest_work_gains_what_honest_work_gains() {
	let books = life(Strategy::Honest, 6);
	assert_eq!(books.gain(unit_points()), 0.0);
	assert_eq!(books.windows, 6);
	assert!(books.caught.is_empty(), "{books:?}");
	assert!(books.earned > 0);
}

#[test]
#[ignore = "takes minutes: every strategy that lies about its work, to the last piece of each game"]
fn false_work_is_audited_and_refuted() {
	for strategy in [Strategy::RandomGradients, Strategy::SkippedSteps, Strategy::FewerTokens] {
		caught(strategy, 40, "audit, then proof");
	}
	caught(Strategy::LaneOfZeros, 200, "audit, then proof");
}

#[test]
fn who_cannot_answer_loses_by_the_clock() {
	caught(Strategy::CopiedAttestation, 40, "audit, then clock");
}

#[test]
fn stalling_loses_by_proof_all_the_same() {
	caught(Strategy::StalledClock, 40, "audit, then proof");
}

#[test]
fn a_stale_shard_earns_nothing() {
	caught(Strategy::StaleShard, 3, "minority root");
}

#[test]
fn two_roots_are_reported() {
	caught(Strategy::TwoRoots, 3, "two roots reported");
}

#[test]
fn huge_activations_cost_their_sender_its_own_steps() {
	caught(Strategy::HugeActivations, 3, "lane cut short");
}

#[test]
fn differences_that_others_do_not_hold_are_not_merged_and_gain_nothing() {
	for strategy in [Strategy::TwoDifferences, Strategy::WithheldDifference] {
		let books = life(strategy, 3);
		assert_eq!(books.caught["not merged"], 3, "{strategy:?}");
		assert_eq!(books.gain(unit_points()), 0.0, "{strategy:?}");
	}
}

#[test]
fn inputs_that_nobody_can_fetch_void_the_unit() {
	caught(Strategy::WithheldInputs, 40, "inputs unavailable");
}

#[test]
fn approving_without_work_is_exposed() {
	caught(Strategy::LazyAuditor, 40, "answer exposed");
}

#[test]
fn false_accusations_are_lost() {
	caught(Strategy::FalseAccuser, 40, "accusation lost");
}

#[test]
fn a_wrong_merge_is_refuted_and_the_minority_is_paid() {
	caught(Strategy::WrongMerge, 3, "merge refuted");
}
