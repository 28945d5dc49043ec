//! Units: the same as whole runs in one process, the same as the chain's trace, the same from stored bytes, and whole whenever a lane
//! breaks.

#[path = "unit/hostile.rs"]
mod hostile;
#[path = "unit/lanes.rs"]
mod lanes;
mod runs;
#[path = "unit/seats.rs"]
mod seats;
#[path = "unit/trace.rs"]
mod trace;

use std::sync::Arc;

use cairn_engine::{
	local::{Event, LocalTraining},
	unit::{End, UnitReport},
	Compute, Recompute, Snapshot,
};
use cairn_primitives::Outcome;
use lanes::{Crossed, Replay};
use seats::{seats, specs, two_windows, window, Seat, Window, GATE};
use trace::Oracle;

#[test]
fn units_and_merges_come_to_what_a_run_in_one_process_comes_to() {
	let folder = tempfile::tempdir().unwrap();
	let folder = folder.path();
	for (number, (name, spec)) in specs(folder, 2).into_iter().enumerate() {
		let compute = Arc::new(Compute::new(2).unwrap());
		let run = folder.join(format!("run-{number}"));
		let dataset = runs::dataset(folder);
		let mut local =
			LocalTraining::open(spec.clone(), dataset, run, Recompute::Selective, compute).unwrap();
		let mut lanes = seats(&spec);
		let mut held_out = None;
		for index in 14..17 {
			let samples = local.progress().samples;
			let mut losses = Vec::new();
			let done = local.window(|event| {
				if let Event::Step(step) = event {
					losses.push(Some(step.loss.to_bits()));
				}
				Ok(())
			});
			let window_of =
				Window { folder, spec: &spec, window: index, samples, steps: spec.window.steps };
			let reports = window(window_of, &mut lanes);
			let last = spec.stages.len() - 1;
			let found = reports.iter().flat_map(|lane| &lane[last].1.losses);
			let found: Vec<_> = found.map(|loss| loss.map(f32::to_bits)).collect();
			assert_eq!(found, losses, "{name}");
			for (lane, stages) in reports.iter().enumerate() {
				for (stage, (report, ..)) in stages.iter().enumerate() {
					assert_eq!(report.outcome, Outcome::Done { steps: 5 });
					assert_eq!(report.end, End::Whole);
					assert_eq!(report.loss.is_some(), stage == last);
					let expected = held_out.filter(|_| index == GATE && stage == last);
					assert_eq!(report.held_out.map(f32::to_bits), expected, "{name}");
					let [own, local] = [lanes[lane][stage].trainer.shard(), local.shard(stage)]
						.map(|shard| shard.tensor_roots().unwrap());
					assert_eq!(own, local, "{name}, window {index}, stage {stage}");
				}
			}
			held_out = Some(done.unwrap().held_out.to_bits());
		}
	}
}

#[test]
fn a_unit_attests_what_its_trace_commits_to() {
	let folder = tempfile::tempdir().unwrap();
	let folder = folder.path();
	let mut tied = runs::spec(folder, &[2], 1);
	tied.architecture.tied_head = true;
	let tied = [("tied".into(), tied)];
	let alone = specs(folder, 1).into_iter().take(2);
	let mut traces = 0;
	for (name, mut spec) in specs(folder, 2).into_iter().chain(alone).chain(tied) {
		// The reference takes its time.
		(spec.architecture.context, spec.window.steps, spec.window.checkpoint_every) = (5, 3, 2);
		let mut every_step = spec.clone();
		every_step.window.checkpoint_every = 1;
		two_windows(folder, &spec, |gate, lanes| {
			let lane = spec.lanes - 1;
			let seats = &mut lanes[usize::from(lane)];
			let before: Vec<_> = seats.iter().map(Seat::before).collect();
			let done = gate.lane(lane, seats, None);
			for (stage, (report, crossed, _)) in (0..).zip(done) {
				let (seat, before) = (&mut seats[usize::from(stage)], &before[usize::from(stage)]);
				let windows =
					[gate, Window { steps: 0, ..gate }, Window { window: 14, steps: 2, ..gate }];
				for window in windows {
					let what = || format!("{name}, stage {stage}, {} steps", window.steps);
					let oracle =
						Oracle::new(&window, (lane, stage), (before, &seat.outer), &crossed);
					let mut attested = |spec| {
						let window = Window { spec, ..window };
						let mut replay = Replay::new(&crossed, window.steps);
						let again = window.run(lane, stage, seat, before, &mut replay);
						let leaves = trace::attested(&oracle.context, &again);
						(leaves, again)
					};
					let (found, again) = attested(&spec);
					assert_eq!(found, oracle.leaves(), "{}", what());
					if window.steps == spec.window.steps {
						assert_eq!(again, report, "{}", what());
					}
					// The trace that a dispute is about is the same at every step.
					let (found, _) = attested(&every_step);
					let mut own = oracle.unit_trace(before, &seat.outer, &crossed);
					let boundaries = 0..=u64::from(window.steps) + 1;
					let own: Vec<_> = boundaries.map(|at| own.boundary(at).unwrap()).collect();
					assert_eq!(own, found, "{}", what());
					traces += 1;
				}
			}
		});
	}
	assert!(traces > 60, "{traces}");
}

/// What a unit of fewer steps comes to, from what crossed in a longer one.
fn shorter(
	window: Window,
	(lane, stage): (u8, u8),
	seat: &mut Seat,
	before: &Snapshot,
	crossed: &Crossed,
) -> (UnitReport, Vec<Vec<u32>>) {
	let mut replay = Replay::new(crossed, window.steps);
	let report = window.run(lane, stage, seat, before, &mut replay);
	assert_eq!(report.end, End::Whole);
	(report, seat.state())
}

#[test]
fn an_auditor_comes_to_the_same_report_from_stored_bytes() {
	let folder = tempfile::tempdir().unwrap();
	let folder = folder.path();
	for (name, spec) in specs(folder, 2) {
		two_windows(folder, &spec, |window, lanes| {
			let seats = &mut lanes[1];
			let before: Vec<_> = seats.iter().map(Seat::before).collect();
			let done = window.lane(1, seats, None);
			for (stage, (report, crossed, _)) in (0..).zip(done) {
				let seat = &mut seats[usize::from(stage)];
				let after = seat.state();
				let before = &before[usize::from(stage)];
				let audited = shorter(window, (1, stage), seat, before, &crossed);
				assert_eq!(audited, (report, after), "{name}, stage {stage}");
			}
		});
	}
}

#[test]
fn a_lane_that_breaks_leaves_the_units_of_the_steps_that_were_settled() {
	let folder = tempfile::tempdir().unwrap();
	let folder = folder.path();
	let (mut fallen_back, mut looked) = (0, 0);
	for (name, mut spec) in specs(folder, 2).into_iter().skip(1).step_by(2).take(2) {
		spec.window.steps = 3;
		spec.schedule.microbatch = 4;
		spec.schedule.points.iter_mut().for_each(|point| point.batch = 8);
		two_windows(folder, &spec, |window, lanes| {
			let seats = &mut lanes[0];
			let before: Vec<_> = seats.iter().map(Seat::before).collect();
			let whole = window.lane(0, seats, None);
			let mut units = Vec::new();
			for ((stage, (_, crossed, _)), seat) in (0..).zip(&whole).zip(&mut *seats) {
				let before = &before[usize::from(stage)];
				let of_steps = (0..=3).map(|steps| {
					shorter(Window { steps, ..window }, (0, stage), seat, before, crossed)
				});
				units.push(of_steps.collect::<Vec<_>>());
			}
			for (stage, (_, _, calls)) in (0..).zip(&whole) {
				let held_out = whole[usize::from(stage)].1.held_out();
				// Of the calls for held-out samples the first, one in between and the last.
				let calls = (0..*calls)
					.filter(|call| *call + 1 >= held_out || *call == 0 || *call == held_out / 2);
				for call in calls {
					for (seat, before) in seats.iter_mut().zip(&before) {
						seat.trainer.restore(before).unwrap();
					}
					let done = window.lane(0, seats, Some((stage, call)));
					for (own, (report, crossed, _)) in done.into_iter().enumerate() {
						let steps = report.outcome.steps() as usize;
						let (mut expected, after) = units[own][steps].clone();
						expected.end = report.end;
						let what = || format!("{name}: {stage} breaks at {call}, stage {own}");
						assert_eq!(report, expected, "{}", what());
						assert_eq!(seats[own].state(), after, "{}", what());
						let done = crossed.losses.len();
						assert!(steps == done || steps + 1 == done, "{}", what());
						fallen_back += done - steps;
						looked += 1;
					}
				}
			}
		});
	}
	assert!(looked > 300 && fallen_back > 10, "{looked} units, {fallen_back} fell back");
}
