use crate::{mock::*, Checkpoint, Error, Event, MAX_MARKS};
use cairn_primitives::{traits::Models, ModelId, ModelStatus, PauseReason, WindowIndex};
use frame_support::{assert_noop, assert_ok};

/// The spec's tolerance: half a nat.
const TOLERANCE: u64 = 500_000;

fn checkpoint(window: WindowIndex, samples: u64) -> Checkpoint {
	Checkpoint { window, samples }
}

fn accept(model: ModelId, windows: impl IntoIterator<Item = WindowIndex>) {
	for window in windows {
		assert_ok!(Registry::accept_window(model, window, 10));
	}
}

#[test]
fn accepted_samples_add_up_until_the_schedule_is_done() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		System::reset_events();
		assert_ok!(Registry::accept_window(model, 0, 999_999));
		assert_eq!(status(model), ModelStatus::Training);
		assert_ok!(Registry::accept_window(model, 1, 1));
		assert_eq!(status(model), ModelStatus::Serving);
		assert_eq!(
			events(),
			[
				Event::WindowAccepted { model, window: 0, samples: 999_999 },
				Event::WindowAccepted { model, window: 1, samples: 1_000_000 },
				Event::Trained { model, samples: 1_000_000 },
			]
		);
	});
}

#[test]
fn the_last_two_gate_windows_are_kept_as_checkpoints() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		accept(model, 0..15);
		assert_eq!(record(model).checkpoints.len(), 0);
		accept(model, 15..48);
		assert_eq!(
			record(model).checkpoints.into_inner(),
			[checkpoint(31, 320), checkpoint(47, 480)]
		);
	});
}

#[test]
fn a_window_that_ran_when_the_model_was_paused_or_retired_still_counts() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		assert_ok!(Registry::pause(signed(RESEARCHER), model));
		assert_ok!(Registry::accept_window(model, 0, 2_000_000));
		assert_eq!(status(model), ModelStatus::Paused(PauseReason::Owner));
		assert_ok!(Registry::retire(signed(RESEARCHER), model));
		assert_ok!(Registry::accept_window(model, 1, 10));
		assert_eq!(record(model).samples, 2_000_010);
		assert_eq!(status(model), ModelStatus::Retired);
	});
}

#[test]
fn windows_and_gates_of_models_that_cannot_have_any_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let model = propose();
		assert_noop!(Registry::accept_window(model, 0, 1), Error::<Test>::NotOpened);
		assert_noop!(Registry::judge_gate(model, 15, 1), Error::<Test>::NotOpened);
		assert_noop!(Registry::conclude_gate(model, 15, Some(1)), Error::<Test>::NotOpened);
		assert_noop!(Registry::accept_window(9, 0, 1), Error::<Test>::UnknownModel);
		assert_noop!(Registry::judge_gate(9, 15, 1), Error::<Test>::UnknownModel);
		assert_noop!(Registry::conclude_gate(9, 15, Some(1)), Error::<Test>::UnknownModel);
		assert_noop!(
			<Registry as Models>::pause(9, PauseReason::Merge),
			Error::<Test>::UnknownModel
		);
	});
}

#[test]
fn a_window_before_the_last_checkpoint_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		accept(model, 0..16);
		for window in [0, 14, 15] {
			assert_noop!(Registry::accept_window(model, window, 1), Error::<Test>::StaleWindow);
		}
		accept(model, [16]);
		// Nor does one that a restart has undone come back.
		accept(model, 17..20);
		assert_ok!(Registry::pause(signed(RESEARCHER), model));
		assert_ok!(Registry::restart_from(signed(RESEARCHER), model, 15));
		accept(model, [20]);
		for window in [16, 19, 20] {
			assert_noop!(Registry::accept_window(model, window, 1), Error::<Test>::StaleWindow);
		}
		accept(model, [21]);
	});
}

#[test]
fn samples_that_cannot_be_counted_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		assert_ok!(Registry::accept_window(model, 0, 1));
		assert_noop!(Registry::accept_window(model, 1, u64::MAX), Error::<Test>::TooManySamples);
	});
}

#[test]
fn the_first_gate_sets_the_mark_and_better_ones_lower_it() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		System::reset_events();
		for (window, loss, best) in [(15, 9_000_000, 9_000_000), (31, 7, 7), (47, 8, 7)] {
			assert_ok!(Registry::judge_gate(model, window, loss));
			assert_eq!(events(), [Event::GatePassed { model, window, loss }]);
			let before = record(model).best_loss();
			assert_ok!(Registry::conclude_gate(model, window, Some(loss)));
			assert_eq!(record(model).best_loss(), Some(best));
			let changed = Event::BestLossChanged { model, window, best: Some(best) };
			assert_eq!(events(), if before == Some(best) { vec![] } else { vec![changed] });
		}
	});
}

#[test]
fn a_gate_that_is_only_attested_changes_nothing_that_later_ones_are_compared_with() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN a model with a mark, whose next gate window attests a loss that is too good to be true
		let model = training();
		accept(model, 0..16);
		assert_ok!(Registry::conclude_gate(model, 15, Some(5_000_000)));
		accept(model, 16..32);
		let before = record(model);
		assert_ok!(Registry::judge_gate(model, 31, 1));
		// THEN nothing remembers it: not the mark, not a checkpoint
		assert_eq!(record(model), before);
		// WHEN it is refuted, honest losses still pass, and a restart finds the honest mark
		accept(model, 32..48);
		assert_ok!(Registry::judge_gate(model, 47, 5_000_000));
		assert_eq!(status(model), ModelStatus::Training);
		assert_ok!(Registry::pause(signed(RESEARCHER), model));
		assert_ok!(Registry::restart_from(signed(RESEARCHER), model, 31));
		assert_eq!(record(model).best_loss(), Some(5_000_000));
	});
}

/// What gates would be compared with if the model went back to a checkpoint.
fn best_at(model: ModelId, window: WindowIndex) -> Option<u64> {
	let mut record = record(model);
	assert!(record.go_back_to(window));
	record.best_loss()
}

#[test]
fn an_improvement_that_comes_late_reaches_every_checkpoint_that_its_window_led_to_and_no_other() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		accept(model, 0..48);
		// The audits of a later gate may be done before those of an earlier one.
		assert_ok!(Registry::conclude_gate(model, 47, Some(3_000_000)));
		assert_ok!(Registry::conclude_gate(model, 31, Some(4_000_000)));
		assert_eq!(
			best_at(model, 31),
			Some(4_000_000),
			"what only window 47 reached is no mark of it"
		);
		assert_eq!(best_at(model, 47), Some(3_000_000));
		System::reset_events();
		assert_ok!(Registry::conclude_gate(model, 15, Some(2_000_000)));
		assert_eq!([31, 47].map(|window| best_at(model, window)), [Some(2_000_000); 2]);
		let (window, best) = (15, Some(2_000_000));
		assert_eq!(events(), [Event::BestLossChanged { model, window, best }]);
	});
}

#[test]
fn a_mark_that_turns_out_to_be_false_is_forgotten_and_the_others_count_again() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN a false loss between honest ones, which are no better than it
		let model = training();
		accept(model, 0..65);
		let gates = [(15, 3_000_000), (31, 2_950_000), (47, 2_970_000), (63, 2_960_000)];
		for (window, loss) in gates {
			assert_ok!(Registry::conclude_gate(model, window, Some(loss)));
		}
		assert_eq!(record(model).best_loss(), Some(2_950_000));
		// WHEN the unit that it came from is refuted and others of the window are left, THEN theirs counts like any
		System::reset_events();
		assert_ok!(Registry::conclude_gate(model, 31, Some(4_000_000)));
		let changed = |window, best| [Event::BestLossChanged { model, window, best }];
		assert_eq!(events(), changed(31, Some(2_960_000)));
		assert_eq!(best_at(model, 47), Some(2_970_000));
		// WHEN nothing of a gate is left, THEN the rest counts, and nobody is told what has not changed
		assert_ok!(Registry::conclude_gate(model, 31, None));
		assert_eq!(events(), []);
		assert_ok!(Registry::conclude_gate(model, 63, None));
		assert_eq!(events(), changed(63, Some(2_970_000)));
		for window in [15, 47] {
			assert_ok!(Registry::conclude_gate(model, window, None));
		}
		assert_eq!(record(model).best_loss(), None);
	});
}

#[test]
fn the_best_of_gates_long_ago_counts_for_ever() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		let gates: Vec<_> = (0..20).map(|gate| gate * 16 + 15).collect();
		accept(model, 0..320);
		assert_ok!(Registry::conclude_gate(model, gates[3], Some(1)));
		for window in &gates[4..] {
			assert_ok!(Registry::conclude_gate(model, *window, Some(5)));
		}
		assert_eq!(record(model).best_loss(), Some(1));
		assert_eq!(record(model).marks.len(), MAX_MARKS as usize);
		// It is too late to forget it, and an older one only counts if it is better.
		for (window, loss) in [(gates[3], None), (gates[0], Some(3)), (gates[1], Some(0))] {
			assert_ok!(Registry::conclude_gate(model, window, loss));
			assert_eq!(record(model).best_loss(), Some(u64::from(loss != Some(0))));
			assert_eq!(record(model).marks.first().unwrap().window, gates[12]);
		}
	});
}

#[test]
fn a_restart_forgets_no_improvement_that_is_still_to_come() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN a model that went back from window 47 to window 31, and trains on with window 48
		let model = training();
		accept(model, 0..48);
		assert_ok!(Registry::pause(signed(RESEARCHER), model));
		assert_ok!(Registry::restart_from(signed(RESEARCHER), model, 31));
		accept(model, 48..64);
		// WHEN the audits of windows 15, 31 and 47 are done
		assert_ok!(Registry::conclude_gate(model, 15, Some(6_000_000)));
		assert_eq!(record(model).best_loss(), Some(6_000_000));
		assert_ok!(Registry::conclude_gate(model, 31, Some(5_000_000)));
		assert_ok!(Registry::conclude_gate(model, 47, Some(1)));
		// THEN those that led to where the model is now count, and the one that was undone does not
		assert_eq!(record(model).best_loss(), Some(5_000_000));
		assert_eq!([31, 63].map(|window| best_at(model, window)), [Some(5_000_000); 2]);
		// A second restart elsewhere gives up on what came before the first one, to be sure of what is undone.
		assert_ok!(Registry::pause(signed(RESEARCHER), model));
		assert_ok!(Registry::restart_from(signed(RESEARCHER), model, 63));
		accept(model, [64]);
		for window in [15, 31, 47] {
			assert_ok!(Registry::conclude_gate(model, window, Some(1)));
		}
		assert_eq!(record(model).best_loss(), Some(5_000_000));
		assert_ok!(Registry::conclude_gate(model, 63, Some(4_000_000)));
		assert_eq!(record(model).best_loss(), Some(4_000_000));
	});
}

#[test]
fn going_back_further_undoes_what_the_first_restart_began() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		accept(model, 0..32);
		let restart = || {
			assert_ok!(Registry::pause(signed(RESEARCHER), model));
			assert_ok!(Registry::restart_from(signed(RESEARCHER), model, 15));
		};
		restart();
		accept(model, 32..48);
		restart();
		accept(model, [48]);
		for window in [31, 32, 47] {
			assert_ok!(Registry::conclude_gate(model, window, Some(1)));
		}
		assert_eq!(record(model).best_loss(), None);
		assert_ok!(Registry::conclude_gate(model, 15, Some(7)));
		assert_eq!(record(model).best_loss(), Some(7));
	});
}

#[test]
fn a_loss_above_the_tolerance_pauses_the_model_and_one_at_it_does_not() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		assert_ok!(Registry::conclude_gate(model, 15, Some(1_000_000)));
		assert_ok!(Registry::judge_gate(model, 31, 1_000_000 + TOLERANCE));
		assert_eq!(status(model), ModelStatus::Training);
		System::reset_events();

		let loss = 1_000_001 + TOLERANCE;
		assert_ok!(Registry::judge_gate(model, 47, loss));
		assert_eq!(status(model), ModelStatus::Paused(PauseReason::Gate));
		assert_eq!(record(model).best_loss(), Some(1_000_000));
		assert_eq!(
			events(),
			[
				Event::GateFailed { model, window: 47, loss, best: 1_000_000 },
				Event::Paused { model, reason: PauseReason::Gate },
			]
		);
	});
}

#[test]
fn a_late_gate_pauses_a_model_that_serves_and_leaves_one_that_is_over_alone() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		assert_ok!(Registry::conclude_gate(model, 15, Some(0)));
		assert_ok!(Registry::accept_window(model, 31, 1_000_000));
		assert_eq!(status(model), ModelStatus::Serving);
		assert_ok!(Registry::judge_gate(model, 31, u64::MAX));
		assert_eq!(status(model), ModelStatus::Paused(PauseReason::Gate));

		assert_ok!(Registry::retire(signed(RESEARCHER), model));
		let before = record(model);
		assert_ok!(Registry::judge_gate(model, 31, u64::MAX));
		assert_ok!(Registry::conclude_gate(model, 31, Some(0)));
		assert_eq!(record(model), before);
	});
}

#[test]
fn the_next_accepted_window_ends_a_restart() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN a model that went back from window 20 to window 15
		let model = training();
		accept(model, 0..21);
		assert_ok!(Registry::pause(signed(RESEARCHER), model));
		assert_ok!(Registry::restart_from(signed(RESEARCHER), model, 15));
		assert_eq!(Registry::info(model).unwrap().restart_from, Some(15));
		// WHEN the window after the restart counts
		accept(model, [21]);
		// THEN later windows start from the last one again, and the undone samples are gone
		let info = Registry::info(model).unwrap();
		assert_eq!((info.restart_from, info.samples), (None, 170));
	});
}

#[test]
fn gates_of_undone_windows_change_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN a model that went back from window 47 to window 15 before the gates of 31 and 47 were judged
		let model = training();
		accept(model, 0..16);
		assert_ok!(Registry::conclude_gate(model, 15, Some(5_000_000)));
		accept(model, 16..32);
		assert_ok!(Registry::pause(signed(RESEARCHER), model));
		assert_ok!(Registry::restart_from(signed(RESEARCHER), model, 15));
		let before = record(model);
		// WHEN they are judged, before and after the next window counts
		assert_ok!(Registry::conclude_gate(model, 31, Some(1)));
		assert_ok!(Registry::judge_gate(model, 31, u64::MAX));
		assert_eq!(record(model), before);
		accept(model, [32]);
		let before = record(model);
		assert_ok!(Registry::conclude_gate(model, 31, Some(1)));
		assert_ok!(Registry::judge_gate(model, 31, u64::MAX));
		// THEN neither the mark nor the model moves, but a gate of the new training does
		assert_eq!(record(model), before);
		assert_ok!(Registry::conclude_gate(model, 47, Some(4_000_000)));
		assert_eq!(record(model).best_loss(), Some(4_000_000));
	});
}

#[test]
fn a_restart_goes_back_to_the_mark_of_the_checkpoint() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN gates that are judged after their windows were accepted
		let model = training();
		accept(model, 0..16);
		assert_ok!(Registry::conclude_gate(model, 15, Some(5_000_000)));
		accept(model, 16..32);
		assert_ok!(Registry::conclude_gate(model, 31, Some(2_000_000)));
		assert_eq!(
			[15, 31].map(|window| best_at(model, window)),
			[Some(5_000_000), Some(2_000_000)]
		);
		// WHEN the model goes back to the older one
		assert_ok!(Registry::pause(signed(RESEARCHER), model));
		assert_ok!(Registry::restart_from(signed(RESEARCHER), model, 15));
		// THEN the loss that only the undone training reached is no mark for the new one
		assert_eq!(record(model).best_loss(), Some(5_000_000));
		accept(model, 32..48);
		assert_ok!(Registry::judge_gate(model, 47, 4_500_000));
		assert_eq!(status(model), ModelStatus::Training);
	});
}
