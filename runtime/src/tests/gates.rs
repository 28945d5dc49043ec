//! A model whose held-out loss rises: its gate pauses it, and it goes on from its last good checkpoint. All of it is done by
//! calls, over 33 windows.

use cairn_primitives::{
	model::PauseReason, traits::Models as _, ModelStatus, WindowIndex, GATE_EVERY,
};
use pallet_contributions::{Base, Windows};
use pallet_models::Records;

use super::{
	story::{check_invariants, next_block, try_to, Story, MODEL},
	*,
};

/// The first two gates.
const FIRST: WindowIndex = GATE_EVERY - 1;
const SECOND: WindowIndex = 2 * GATE_EVERY - 1;

fn status() -> ModelStatus {
	Models::info(MODEL).unwrap().status
}

/// Have everybody do its work until the lots of a window are drawn and its audits answered.
fn train_until(story: &Story, last: WindowIndex) {
	let someone = Sr25519Keyring::Eve.to_account_id();
	let is_over = || {
		let clock = pallet_shards::Clocks::<Runtime>::get(MODEL).unwrap();
		let last_stage = pallet_contributions::Stages::<Runtime>::get((MODEL, last, 1));
		let is_drawn = matches!(last_stage.lots, pallet_contributions::Lots::Drawn(_));
		clock.next > last && is_drawn && story.approvals().is_empty()
	};
	for _ in 0..2_000 {
		if is_over() {
			return;
		}
		// Most of it is too early, or done already.
		let _ = try_to((someone.clone(), pallet_shards::Call::poke_window { model: MODEL }.into()));
		if let Some(window) = Shards::window(MODEL) {
			for deed in story.attestations(&window) {
				let _ = try_to(deed);
			}
		}
		let next = pallet_shards::Clocks::<Runtime>::get(MODEL).unwrap().next;
		for window in next.saturating_sub(3)..next {
			for stage in [1, 0] {
				let draw = pallet_contributions::Call::draw_lots { model: MODEL, window, stage };
				let _ = try_to((someone.clone(), draw.into()));
			}
		}
		story.approvals().into_iter().for_each(|deed| try_to(deed).unwrap());
		next_block();
	}
	panic!("window {last} does not end");
}

#[test]
fn a_failed_gate_pauses_the_model_until_it_goes_back_to_a_checkpoint() {
	in_network("development", || {
		let researcher = Sr25519Keyring::Alice.to_account_id();
		let mut story = Story::begin();
		// GIVEN a gate that sets the mark
		train_until(&story, FIRST);
		let samples = Records::<Runtime>::get(MODEL).unwrap().samples;
		assert_eq!(Records::<Runtime>::get(MODEL).unwrap().best_loss(), Some(1_000_000));
		assert_eq!(status(), ModelStatus::Training);
		// WHEN the next one is far above it, THEN the model is paused
		story.held_out = 9.0;
		train_until(&story, SECOND);
		assert_eq!(status(), ModelStatus::Paused(PauseReason::Gate));
		assert!(Records::<Runtime>::get(MODEL).unwrap().samples > samples);
		assert_eq!(Records::<Runtime>::get(MODEL).unwrap().best_loss(), Some(1_000_000));
		let resume = pallet_models::Call::resume { model: MODEL };
		assert_eq!(
			try_to((researcher.clone(), resume.into())),
			Err(pallet_models::Error::<Runtime>::MustRestart.into())
		);
		// WHEN its researcher goes back to the first gate, THEN training goes on from there
		let restart = pallet_models::Call::restart_from { model: MODEL, window: FIRST };
		assert_eq!(try_to((researcher, restart.into())), Ok(()));
		assert_eq!(status(), ModelStatus::Training);
		assert_eq!(Records::<Runtime>::get(MODEL).unwrap().samples, samples);
		story.held_out = 1.0;
		let next = SECOND + 1;
		train_until(&story, next);
		assert_eq!(Windows::<Runtime>::get(MODEL, next).unwrap().base, Base::Merge(FIRST));
		check_invariants();
	});
}
