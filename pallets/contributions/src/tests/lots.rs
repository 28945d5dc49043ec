//! Which units are audited, and who audits them.

use cairn_primitives::{
	attestation::{NonNegative, Verdict},
	roster::Standby,
	Hash, UnitId,
};
use frame_support::{assert_noop, assert_ok};

use crate::{
	mock::*, AuditState, Audits, Check, Error, Event, Lots, Record, Records, Stages, Windows,
};

fn draw(window: u32, stage: u8) -> frame_support::dispatch::DispatchResultWithPostInfo {
	Contributions::draw_lots(signed(NOBODY), MODEL, window, stage)
}

/// Goes to the first block in which a window's lots can be drawn.
fn until_lots(window: u32) {
	run_to(window_of(unit(window, 0, 0)).deadline + LotDelay::get() + 1);
}

/// Attests a unit with a training loss and, at gates, a held-out loss.
fn attest_with_loss(id: UnitId, loss: f32) {
	let mut attestation = attestation(id, START, spec().window.steps);
	attestation.loss = Some(NonNegative(loss.to_bits()));
	attestation.held_out = attestation.held_out.map(|_| NonNegative(loss.to_bits()));
	sign(&mut attestation);
	attest_as(on(id), attestation).unwrap();
}

#[test]
fn lots_are_refused_where_there_is_nothing_to_draw() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Contributions::draw_lots(signed(NOBODY), 9, 0, 0),
			Error::<Test>::UnknownModel
		);
		assert_noop!(draw(0, 0), Error::<Test>::UnknownWindow);
		start_window(0);
		attest(unit(0, 1, 0));
		assert_noop!(draw(0, 0), Error::<Test>::NothingAttested);
	});
}

#[test]
fn lots_wait_for_the_close_and_for_randomness_after_the_deadline() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		attest(unit(0, 1, 0));
		let deadline = window_of(unit(0, 1, 0)).deadline;
		run_to(deadline + 1);
		assert_noop!(draw(0, 1), Error::<Test>::WindowNotClosed);
		close_window(false);
		assert_noop!(draw(0, 1), Error::<Test>::RandomnessNotKnown);
		run_to(deadline + LotDelay::get());
		assert_noop!(draw(0, 1), Error::<Test>::RandomnessNotKnown);
		run_to(deadline + LotDelay::get() + 1);
		assert_ok!(draw(0, 1));
		assert_noop!(draw(0, 1), Error::<Test>::LotsAlreadyDrawn);
	});
}

#[test]
fn the_last_stage_is_drawn_first_if_it_attested_anything() {
	ExtBuilder::default().build_and_execute(|| {
		whole_window(0);
		until_lots(0);
		assert_noop!(draw(0, 0), Error::<Test>::LastStageFirst);
		assert_ok!(draw(0, 1));
		assert_ok!(draw(0, 0));

		start_window(1);
		attest(unit(1, 0, 0));
		close_window(false);
		until_lots(1);
		assert_ok!(draw(1, 0));
	});
}

#[test]
fn a_void_window_is_voided_without_audits() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(15);
		attest(unit(15, 1, 0));
		close_window(true);
		events();
		assert_ok!(draw(15, 1));
		assert_eq!(events(), [Event::WindowVoided { model: MODEL, window: 15, stage: 1 }]);
		assert_eq!(Stages::<Test>::get((MODEL, 15, 1)).lots, Lots::Void);
		assert_eq!(Audits::<Test>::iter().count(), 0);
		assert_eq!(Gates::get((MODEL, 15)), None, "a void gate judges nobody");
	});
}

#[test]
fn a_window_that_the_clock_forgot_is_judged_by_its_own_count() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN six seats, two of which attest in one window, and three in the next.
		for (window, attested) in [(0, 2), (1, 3)] {
			start_window(window);
			places(window).into_iter().rev().take(attested).for_each(attest);
			close_window(false);
			Closed::remove((MODEL, window));
		}
		until_lots_of_forgotten();
		assert_ok!(draw(0, 1));
		assert_ok!(draw(1, 1));
		assert_eq!(Stages::<Test>::get((MODEL, 0, 1)).lots, Lots::Void);
		assert!(matches!(Stages::<Test>::get((MODEL, 1, 1)).lots, Lots::Drawn(_)));
	});
}

fn until_lots_of_forgotten() {
	run_to(now() + LotDelay::get() + 1);
}

#[test]
fn gates_and_offenders_are_audited_always_and_veterans_rarely() {
	ExtBuilder::default().shape(2, 8, 2).build_and_execute(|| {
		let audited_in = |window, record: Record| {
			start_window(window);
			for id in places(window) {
				let place = (provider(on(id)), MODEL);
				let old = Records::<Test>::get(&place.0, MODEL);
				let record = Record {
					escrow: old.escrow,
					head: old.head,
					tail: old.tail,
					queued: old.queued,
					generation: old.generation,
					..record.clone()
				};
				Records::<Test>::insert(place.0, MODEL, record);
				attest(id);
			}
			close_window(false);
			draw_all(window);
			places(window).into_iter().filter(|id| stored(*id).check == Check::Open).count()
		};
		let veteran = Record { drawn: 300, clean: 300, ..Default::default() };
		let offender = Record { is_faulted: true, ..Default::default() };
		assert_eq!(audited_in(15, veteran.clone()), 16, "a gate");
		assert_eq!(audited_in(16, offender), 16, "after a fault");
		let novices: usize = (17..27).map(|w| audited_in(w, Record::default())).sum();
		let veterans: usize = (33..43).map(|w| audited_in(w, veteran.clone())).sum();
		// Binomial(160, 20 %): 32 ± 5; Binomial(160, 2 %): 3.2 ± 1.8. Five deviations.
		assert!((7..=57).contains(&novices), "{novices}");
		assert!(veterans <= 12, "{veterans}");
	});
}

#[test]
fn only_units_with_steps_count_towards_a_lower_rate() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(0);
		let (idle, busy) = (unit(0, 1, 0), unit(0, 1, 1));
		assert_ok!(attest_as(on(idle), attestation(idle, START, 0)));
		attest(busy);
		close_window(false);
		until_lots(0);
		assert_ok!(draw(0, 1));
		assert_eq!(record_of(on(idle)).drawn, 0);
		assert_eq!(record_of(on(busy)).drawn, 1);
	});
}

#[test]
fn forfeited_units_are_spared() {
	ExtBuilder::default().build_and_execute(|| {
		start_window(15);
		let id = unit(15, 1, 0);
		attest(id);
		close_window(false);
		Records::<Test>::mutate(provider(on(id)), MODEL, |record| record.fault());
		draw_all_of(15, 1);
		assert_eq!(stored(id).check, Check::Spared);
		assert_eq!(record_of(on(id)).drawn, 0);
	});
}

fn draw_all_of(window: u32, stage: u8) {
	until_lots(window);
	assert_ok!(draw(window, stage));
}

#[test]
fn the_median_held_out_loss_of_a_gate_reaches_the_model() {
	ExtBuilder::default().shape(1, 4, 1).build_and_execute(|| {
		start_window(15);
		for (lane, loss) in [(0, 9.0), (1, 2.5), (2, 1.0), (3, 3.0)] {
			attest_with_loss(unit(15, 0, lane), loss);
		}
		close_window(false);
		draw_all_of(15, 0);
		assert_eq!(Gates::get((MODEL, 15)), Some(2_500_000), "the lower of the two in the middle");
	});
}

#[test]
fn only_audited_losses_become_the_mark_of_later_gates() {
	ExtBuilder::default().shape(1, 3, 2).build_and_execute(|| {
		// GIVEN a gate whose best loss is a lie, and units without a step that say nothing.
		start_window(15);
		let liar = unit(15, 0, 0);
		for (lane, loss) in [(0, 0.0), (1, 2.5), (2, 3.0)] {
			attest_with_loss(unit(15, 0, lane), loss);
		}
		close_window(false);
		draw_all_of(15, 0);
		assert_eq!(Improvements::get((MODEL, 15)), None, "nobody has looked yet");
		// WHEN the audits come in: all but the liar's are approved.
		for lane in 0..3 {
			let id = unit(15, 0, lane);
			let auditor = auditor_of(id);
			let verdict = if id == liar {
				Verdict::Bad { checkpoints: Hash::zero() }
			} else {
				Verdict::Ok { audit_root: Hash::zero() }
			};
			assert_ok!(Contributions::verdict(signed(auditor), id, verdict));
		}
		assert_eq!(Improvements::get((MODEL, 15)), None, "the game is open");
		let challenger = Games::get(liar).unwrap()[0].0.clone();
		end_game(liar, &challenger, true);
		// THEN the median of the approved ones counts.
		assert_eq!(Improvements::get((MODEL, 15)), Some(2_500_000));

		// WHEN an approved one is refuted after all, THEN the rest count, and then nobody does.
		for (lane, rest) in [(1, Some(3_000_000)), (2, None)] {
			let id = unit(15, 0, lane);
			let may_challenge = |who: &u8| {
				let is_barred = *who == on(id) || *who == auditor_who_answered(id);
				!is_barred && Contributions::challenge(signed(*who), id, Hash::zero()).is_ok()
			};
			let rival = everybody().find(may_challenge).unwrap();
			end_game(id, &provider(rival), true);
			assert_eq!(Improvements::get((MODEL, 15)), rest);
		}
	});
}

/// Everybody with a place in a stage of three lanes and two standbys.
fn everybody() -> impl Iterator<Item = u8> {
	(0..3).map(|place| seat(0, place)).chain((0..2).map(|index| standby(0, index)))
}

fn auditor_who_answered(id: UnitId) -> u8 {
	match Audits::<Test>::get(id).unwrap().state {
		AuditState::Answered { auditor, .. } => number_of(&auditor),
		state => panic!("{state:?}"),
	}
}

#[test]
fn units_that_did_not_start_where_their_stage_did_are_neither_audited_nor_counted() {
	ExtBuilder::default().shape(1, 3, 1).build_and_execute(|| {
		open_start();
		start_window(0);
		let odd = unit(0, 0, 1);
		attest_from(odd, START + 1);
		attest(unit(0, 0, 0));
		attest(unit(0, 0, 2));
		places(0).into_iter().for_each(suspected);
		close_window(false);
		draw_all_of(0, 0);
		assert_eq!(stored(odd).check, Check::Spared);
		assert_eq!(record_of(on(odd)).drawn, 0);
		assert_eq!(stored(unit(0, 0, 0)).check, Check::Open);
		// A suspicion changes nothing about it either: an audit would be paid for what earns nothing.
		Contributions::update_window(MODEL, 0, |row| row.suspected = 0);
		let who = standby(0, 0);
		assert_noop!(
			Contributions::suspect(signed(who), MODEL, 0, odd.lane),
			Error::<Test>::AlreadySuspected
		);
		assert_eq!(stored(odd).check, Check::Spared);
		assert!(!Audits::<Test>::contains_key(odd));
	});
}

#[test]
fn units_that_nobody_will_audit_say_nothing_about_a_gate() {
	ExtBuilder::default().shape(1, 3, 1).build_and_execute(|| {
		open_start();
		start_window(15);
		// GIVEN a lane that started elsewhere and attests the loss that everybody hopes for.
		let mut odd = attestation(unit(15, 0, 0), START + 1, spec().window.steps);
		(odd.loss, odd.held_out) = (Some(NonNegative(0)), Some(NonNegative(0)));
		assert_ok!(attest_as(on(unit(15, 0, 0)), odd));
		for (lane, loss) in [(1, 3.0), (2, 4.0)] {
			attest_with_loss(unit(15, 0, lane), loss);
		}
		close_window(false);
		draw_all_of(15, 0);
		assert_eq!(Gates::get((MODEL, 15)), Some(3_000_000));
		// Of the two that are left neither is far off the other.
		assert_eq!(Windows::<Test>::get(MODEL, 15).unwrap().suspected, 0);
	});
}

#[test]
fn units_without_a_step_say_nothing_about_a_gate() {
	ExtBuilder::default().shape(1, 3, 1).build_and_execute(|| {
		start_window(15);
		for lane in [0, 1] {
			let id = unit(15, 0, lane);
			assert_ok!(attest_as(on(id), attestation(id, START, 0)));
		}
		attest_with_loss(unit(15, 0, 2), 3.0);
		close_window(false);
		draw_all_of(15, 0);
		assert_eq!(Gates::get((MODEL, 15)), Some(3_000_000));
	});
}

#[test]
fn who_comes_or_goes_after_the_draw_is_known_hands_the_audit_to_nobody_else() {
	ExtBuilder::default().shape(1, 2, 8).build_and_execute(|| {
		start_window(0);
		let id = unit(0, 0, 0);
		attest(id);
		suspected(id);
		close_window(false);
		until_lots(0);
		let drawn_with = |gone: Option<u8>| {
			sp_io::storage::start_transaction();
			Rosters::mutate_extant((MODEL, 0), |roster| {
				roster.standbys.retain(|standby| gone != Some(number_of(&standby.provider)))
			});
			assert_ok!(draw(0, 0));
			let auditor = auditor_of(id);
			sp_io::storage::rollback_transaction();
			auditor
		};
		let auditor = drawn_with(None);
		for index in 0..8 {
			let gone = standby(0, index);
			// Only who wins the lot can lose it.
			assert_eq!(drawn_with(Some(gone)) == auditor, gone != auditor, "without {gone}");
		}
	});
}

#[test]
fn lots_are_drawn_even_if_the_model_does_not_take_its_gate() {
	ExtBuilder::default().build_and_execute(|| {
		ModelsFail::set(true);
		whole_window(15);
		draw_all(15);
		assert_eq!(Gates::get((MODEL, 15)), None, "what failed is rolled back");
		let not_taken =
			events().into_iter().filter(|event| matches!(event, Event::GateNotTaken { .. }));
		assert_eq!(not_taken.count(), 1);
		assert_eq!(stored(unit(15, 0, 0)).check, Check::Open);
	});
}

#[test]
fn a_loss_far_above_the_median_has_its_lane_audited_at_all_stages() {
	ExtBuilder::default().shape(2, 3, 1).build_and_execute(|| {
		start_window(0);
		for (lane, loss) in [(0, 2.0), (1, 2.51), (2, 2.0)] {
			attest(unit(0, 0, lane));
			attest_with_loss(unit(0, 1, lane), loss);
		}
		close_window(false);
		draw_all(0);
		assert_eq!(Windows::<Test>::get(MODEL, 0).unwrap().suspected, 0b10);
		assert_eq!(stored(unit(0, 0, 1)).check, Check::Open);
		assert_eq!(stored(unit(0, 1, 1)).check, Check::Open);
		assert!(events().contains(&Event::LaneSuspected {
			model: MODEL,
			window: 0,
			lane: 1,
			by: None
		}));
	});
}

#[test]
fn losses_near_the_median_or_of_two_lanes_raise_no_suspicion() {
	for (lanes, odd, near) in [(3, 2.5, 2.0), (2, 100.0, 1.0)] {
		ExtBuilder::default().shape(2, lanes, 1).build_and_execute(|| {
			start_window(0);
			for lane in 0..lanes {
				attest_with_loss(unit(0, 1, lane), if lane == 0 { odd } else { near });
			}
			close_window(false);
			draw_all_of(0, 1);
			assert_eq!(Windows::<Test>::get(MODEL, 0).unwrap().suspected, 0);
		});
	}
}

#[test]
fn standbys_that_hold_the_shard_audit_first_then_seats_then_other_standbys() {
	ExtBuilder::default().shape(2, 2, 2).build_and_execute(|| {
		let audited_by = |window, held: [Option<u32>; 2], lane| {
			let standbys = [0, 1].map(|index| Standby {
				provider: provider(standby(0, index)),
				held: held[index as usize],
			});
			Rosters::mutate_extant((MODEL, 0), |roster| {
				roster.standbys = standbys.to_vec().try_into().unwrap()
			});
			start_window(window);
			attest(unit(window, 0, lane));
			suspected(unit(window, 0, lane));
			close_window(false);
			draw_all_of(window, 0);
			auditor_of(unit(window, 0, lane))
		};
		assert_eq!(audited_by(3, [None, Some(2)], 0), standby(0, 1));
		assert_eq!(audited_by(4, [Some(3), Some(2)], 0), standby(0, 0));
		let other_seat = audited_by(5, [None, Some(3)], 0);
		assert_ne!(other_seat, on(unit(5, 0, 0)));
		assert!([seat(0, 0), seat(0, 1)].contains(&other_seat));

		// GIVEN no other seat.
		Rosters::mutate_extant((MODEL, 0), |roster| {
			let worker = provider(on(unit(5, 0, 0)));
			for seat in roster.seats.iter_mut() {
				*seat = Some(worker.clone());
			}
		});
		let last = audited_by(6, [None, None], 0);
		assert!([standby(0, 0), standby(0, 1)].contains(&last));
	});
}

#[test]
fn a_sealed_model_has_no_auditor_from_another_stage() {
	ExtBuilder::default().shape(4, 1, 0).build_and_execute(|| {
		start_window(0);
		let id = unit(0, 0, 0);
		attest(id);
		suspected(id);
		close_window(false);
		draw_all_of(0, 0);
		assert_eq!(stored(id).check, Check::NoAuditor);
		assert!(!Audits::<Test>::contains_key(id));
		assert!(events().contains(&Event::AuditorNotFound { unit: id }));
	});
}

#[test]
fn an_open_model_asks_other_stages_but_not_next_door() {
	ExtBuilder::default().open().shape(4, 1, 0).build_and_execute(|| {
		for window in 0..12 {
			start_window(window);
			places(window).into_iter().for_each(attest);
			places(window).into_iter().for_each(suspected);
			close_window(false);
			draw_all(window);
			let expected = [vec![3, 4], vec![4], vec![1], vec![1, 2]];
			for stage in 0..4 {
				let place = auditor_of(unit(window, stage, 0)) / 16 + 1;
				assert!(expected[usize::from(stage)].contains(&place), "{stage}: {place}");
			}
		}
	});
}

#[test]
fn auditors_without_a_key_and_challengers_are_not_asked() {
	ExtBuilder::default().shape(1, 3, 0).build_and_execute(|| {
		start_window(0);
		let id = unit(0, 0, 0);
		attest(id);
		suspected(id);
		close_window(false);
		let others: Vec<_> =
			[seat(0, 0), seat(0, 1), seat(0, 2)].into_iter().filter(|who| *who != on(id)).collect();
		assert_ok!(Contributions::challenge(signed(others[0]), id, cairn_primitives::Hash::zero()));
		Keys::remove(provider(others[1]));
		draw_all_of(0, 0);
		assert_eq!(stored(id).check, Check::NoAuditor);
	});
}

#[test]
fn forgotten_randomness_has_everything_audited_by_auditors_of_later_lots() {
	ExtBuilder::default().build_and_execute(|| {
		BeaconLength::set(10);
		whole_window(0);
		run_to(now() + 50);
		let drawn_at = now();
		assert_ok!(draw(0, 1));
		let id = unit(0, 1, 2);
		assert_eq!(stored(id).check, Check::Open);
		let seed_at = drawn_at + LotDelay::get();
		assert_eq!(Audits::<Test>::get(id).unwrap().state, AuditState::Drawing { seed_at });
		assert_noop!(
			Contributions::redraw_audit(signed(NOBODY), id),
			Error::<Test>::RandomnessNotKnown
		);
		run_to(seed_at + 1);
		assert_ok!(Contributions::redraw_audit(signed(NOBODY), id));
		assert_ne!(auditor_of(id), on(id));
	});
}

#[test]
fn auditors_are_drawn_evenly() {
	ExtBuilder::default().shape(1, 8, 0).build_and_execute(|| {
		let mut counts = std::collections::BTreeMap::new();
		for window in 0..50 {
			start_window(window);
			places(window).into_iter().for_each(attest);
			places(window).into_iter().for_each(suspected);
			close_window(false);
			draw_all_of(window, 0);
			for id in places(window) {
				*counts.entry(auditor_of(id)).or_insert(0) += 1;
			}
		}
		// Binomial(400, 1/8): 50 ± 6.6; five deviations.
		assert_eq!(counts.len(), 8);
		assert!(counts.values().all(|count| (17..=83).contains(count)), "{counts:?}");
	});
}
