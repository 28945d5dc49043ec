//! What neighbours, peers and files may hold.

use std::{convert::Infallible, fs, path::Path};

use bytes::Bytes;
use cairn_engine::{
	load_seat, shard_root, store_seat,
	unit::{self, Crossing, End, Lane, UnitError, UnitPlan, UnitReport},
	BlobError, CheckpointError, Difference, DifferenceError, Message, MessageError, OuterState,
	Shard, Snapshot,
};
use cairn_primitives::{
	roster::is_gate, spec::InnerOptimizer, spec::Nano, ModelSpec, Outcome, StepIndex,
};
use cairn_program::{Name, Program, Stage, StepContext, Tensor, Value};

use crate::{
	lanes::{Crossed, Replay, ACTIVATIONS, GRADIENTS},
	runs::{self, common::adamw, dataset},
	seats::{self, Seat, Window},
	specs, two_windows,
};

/// A unit of a stage whose neighbour sends other bytes in one place.
fn tampered(
	window: Window,
	stage: u8,
	seat: &mut Seat,
	before: &Snapshot,
	(crossed, signed): (&Crossed, StepIndex),
	tamper: impl FnOnce(&mut Crossed),
) -> UnitReport {
	let mut crossed = crossed.clone();
	tamper(&mut crossed);
	let mut replay = Replay { is_whole: false, ..Replay::new(&crossed, signed) };
	window.run(0, stage, seat, before, &mut replay)
}

/// All floats of a message become one.
fn fill(crossed: &mut Crossed, kind: usize, at: Crossing, float: f32) {
	let message = crossed.messages[kind].get_mut(&at).unwrap();
	message.chunks_exact_mut(4).for_each(|bytes| bytes.copy_from_slice(&float.to_le_bytes()));
}

/// A unit that ended early is that of fewer steps but for how it ended.
fn assert_is(found: UnitReport, outcome: Outcome, end: End, shorter: &UnitReport) {
	assert_eq!((found.outcome, found.end), (outcome, end));
	assert_eq!(UnitReport { outcome: shorter.outcome, end: shorter.end, ..found }, *shorter);
}

/// What the operation with this number of a step writes.
fn written(spec: &ModelSpec, stage: u8, operation: u32) -> Value {
	let context = StepContext { batch: 4, ..StepContext::default() };
	let program = Program::new(spec, stage, &context).unwrap();
	program.operation(operation.into()).unwrap().output
}

#[test]
fn what_is_not_finite_ends_a_unit_at_the_step_before() {
	let folder = tempfile::tempdir().unwrap();
	let folder = folder.path();
	let (_, spec) = specs(folder, 2).remove(0);
	two_windows(folder, &spec, |window, lanes| {
		let seats = &mut lanes[0];
		let before: Vec<_> = seats.iter().map(Seat::before).collect();
		let whole = window.lane(0, seats, None);
		for stage in 0..3 {
			let number = usize::from(stage);
			let (seat, before, crossed) = (&mut seats[number], &before[number], &whole[number].1);
			let mut shorter = |steps| {
				let replay = &mut Replay::new(crossed, steps);
				let report = Window { steps, ..window }.run(0, stage, seat, before, replay);
				(report, seat.state())
			};
			let (none, one, two) = (shorter(0), shorter(1), shorter(2));
			let at = Crossing::Step { step: 2, microbatch: 1 };
			let kind = if stage == 0 { GRADIENTS } else { ACTIVATIONS };
			let mut with = |signed, tamper: &dyn Fn(&mut Crossed)| {
				let crossed = (crossed, signed);
				let report = tampered(window, stage, seat, before, crossed, tamper);
				(report, seat.state())
			};

			// Values that no honest neighbour sends: the lane is broken there.
			let wild = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
			for wild in wild {
				let (report, state) = with(2, &|crossed| fill(crossed, kind, at, wild));
				assert_is(report, Outcome::Done { steps: 2 }, End::Refused { at }, &two.0);
				assert_eq!(state, two.1);
			}
			for length in [0, 1, 4 * 24 * 32 - 1] {
				let truncate = |crossed: &mut Crossed| {
					crossed.messages[kind].get_mut(&at).unwrap().truncate(length);
				};
				let (report, _) = with(2, &truncate);
				assert_is(report, Outcome::Done { steps: 2 }, End::Refused { at }, &two.0);
			}

			// Values so large that the stage itself diverges.
			let (report, state) = with(2, &|crossed| fill(crossed, kind, at, 1e30));
			let End::Diverged { step: 2, operation } = report.end else { panic!("{report:?}") };
			let outcome = Outcome::Diverged { step: 2, operation };
			let is_right = match written(&spec, stage, operation) {
				Value::Layer(1, 0, name) => stage > 0 && name == Name::AttentionSquares,
				Value::SquaredNorm(_) => stage == 0,
				_ => false,
			};
			assert!(is_right, "stage {stage}: {}", written(&spec, stage, operation));
			assert_is(report.clone(), outcome, report.end, &two.0);
			assert_eq!(state, two.1);

			// It diverged behind a step that nobody signed: that one is all that counts.
			let (report, state) = match kind {
				ACTIVATIONS => with(1, &|crossed| fill(crossed, kind, at, 1e30)),
				_ => continue, // the optimizer's step waits for the signatures
			};
			assert_is(report.clone(), Outcome::Done { steps: 1 }, report.end, &one.0);
			assert_eq!(state, one.1);

			// Before the first step nothing counts.
			let at = Crossing::HeldOut { microbatch: 3 };
			let (report, state) = with(5, &|crossed| fill(crossed, kind, at, f32::NAN));
			assert_is(report, Outcome::Done { steps: 0 }, End::Refused { at }, &none.0);
			assert_eq!(state, none.1);
			let (report, _) = with(5, &|crossed| fill(crossed, kind, at, 1e30));
			let End::Diverged { step: 0, operation } = report.end else { panic!("{report:?}") };
			let squares = Value::Layer(0, 0, Name::AttentionSquares);
			assert_eq!(written(&spec, stage, operation), squares);
			assert_is(
				report.clone(),
				Outcome::Diverged { step: 0, operation },
				report.end,
				&none.0,
			);
			let expected = (stage == 2).then_some(0.0);
			assert_eq!((report.loss, report.held_out), (expected, expected));
		}
	});
}

#[test]
fn an_update_that_is_not_finite_leaves_the_state_before_it() {
	let folder = tempfile::tempdir().unwrap();
	let folder = folder.path();
	let mut spec = runs::spec(folder, &[2], 2);
	if let InnerOptimizer::AdamW { epsilon, .. } = &mut spec.inner {
		*epsilon = Nano(0); // rows of tokens that were not seen become 0/0
	}
	let mut seat = Seat::new(&spec, 0);
	let before = seat.before();
	let window = Window { folder, spec: &spec, window: 15, samples: 0, steps: 3 };
	let report = window.run(0, 0, &mut seat, &before, &mut Replay::new(&Crossed::default(), 3));
	let Outcome::Diverged { step: 0, operation } = report.outcome else { panic!("{report:?}") };
	assert_eq!(written(&spec, 0, operation), Value::NextParameter(Tensor::Embedding));
	assert_eq!(seat.before(), before);
	assert_eq!(report.leaves, [shard_root(seat.trainer.shard(), &seat.outer).unwrap()]);
}

#[test]
fn a_change_whose_norm_is_not_finite_is_none() {
	let folder = tempfile::tempdir().unwrap();
	let folder = folder.path();
	for lanes in [1, 2] {
		let mut spec = runs::spec(folder, &[2], lanes);
		spec.inner = adamw(false);
		let initial = Shard::initial(&spec, 0).unwrap();
		let shard = Shard::from_weights(initial.stage(), |tensor, _| {
			let number = initial.stage().number_of(tensor) as usize;
			let mut weights = initial.tensors()[number].weights()?;
			if tensor == Tensor::Embedding {
				// A token that the text does not have: its weights decay by enough.
				weights[..24].fill(1e30);
			}
			Ok(weights)
		})
		.unwrap();
		let outer = if lanes > 1 { OuterState::new(&shard) } else { OuterState::default() };
		let mut seat = Seat { trainer: seats::trainer(&spec, 0, shard), outer };
		let before = seat.before();
		let window = Window { folder, spec: &spec, window: 15, samples: 0, steps: 2 };
		let lane = &mut Replay::new(&Crossed::default(), 2);
		let report = window.run(0, 0, &mut seat, &before, lane);
		assert_eq!(lane.done, 2, "each step is finite");
		assert_eq!(report.outcome, Outcome::Diverged { step: 0, operation: 0 });
		assert_eq!((report.norm, report.loss, report.held_out), (0.0, Some(0.0), Some(0.0)));
		assert_eq!(report.leaves, [shard_root(seat.trainer.shard(), &seat.outer).unwrap()]);
		assert_eq!(seat.before(), before);
	}
}

/// A lane without edges that goes back on what it said.
struct Liar;

impl Lane for Liar {
	type Error = Infallible;

	fn receive_activations(&mut self, at: Crossing) -> Result<Bytes, Infallible> {
		panic!("nothing crosses: {at:?}")
	}

	fn send_activations(&mut self, at: Crossing, _: Vec<u8>) -> Result<(), Infallible> {
		panic!("nothing crosses: {at:?}")
	}

	fn receive_gradients(&mut self, at: Crossing) -> Result<Bytes, Infallible> {
		panic!("nothing crosses: {at:?}")
	}

	fn send_gradients(&mut self, at: Crossing, _: Vec<u8>) -> Result<(), Infallible> {
		panic!("nothing crosses: {at:?}")
	}

	fn until_settled(&mut self, _: StepIndex) -> Result<(), Infallible> {
		Ok(())
	}

	fn step_done(&mut self, _: StepIndex, _: Option<f32>) -> Result<(), Infallible> {
		Ok(())
	}

	fn settled(&mut self) -> StepIndex {
		1
	}
}

#[test]
fn what_cannot_be_computed_is_named() {
	let folder = tempfile::tempdir().unwrap();
	let folder = folder.path();
	let good = runs::spec(folder, &[1, 1], 2);
	let alone = runs::spec(folder, &[2], 2);
	let mut carried = good.clone();
	carried.inner = adamw(true);
	let mut other = good.clone();
	other.dataset = Default::default();
	let data = dataset(folder);
	let run = |spec: &ModelSpec, stage, of: u8, outer: bool, data: Option<_>| {
		let mut seat = Seat::new(spec, of);
		let before = seat.before();
		let outer = if outer { seat.outer.clone() } else { OuterState::default() };
		let plan = UnitPlan {
			spec,
			unit: Window { folder, spec, window: 0, samples: 0, steps: 4 }.unit(0, stage),
			samples: 0,
			steps: 4,
			before: &before,
			outer: &outer,
		};
		assert!(!is_gate(0));
		unit::run(&mut seat.trainer, data, &plan, &mut Liar).unwrap_err()
	};
	let error = run(&carried, 0, 0, true, Some(&data));
	assert!(matches!(error, UnitError::CarriedState), "{error}");
	for (stage, of, outer) in [(1, 0, true), (0, 1, true), (0, 0, false), (2, 0, true)] {
		let error = run(&good, stage, of, outer, Some(&data));
		assert!(matches!(error, UnitError::OtherStage(_) | UnitError::Stage(_)), "{error}");
	}
	for stage in [0, 1] {
		let error = run(&good, stage, stage, true, None);
		assert!(matches!(error, UnitError::NoDataset(_)), "{error}");
	}
	let error = run(&other, 0, 0, true, Some(&data));
	assert!(matches!(error, UnitError::WrongDataset { .. }), "{error}");
	let error = run(&alone, 0, 0, true, Some(&data));
	assert!(matches!(error, UnitError::TooFarBack { settled: 1, computed: 4 }), "{error}");
}

#[test]
fn bytes_of_other_lengths_are_no_messages() {
	for (name, spec) in runs::common::specs() {
		for number in 0..spec.stages.len() as u8 {
			let stage = Stage::new(&spec, number).unwrap();
			let length = Message::new(&stage).bytes();
			let bytes: Vec<u8> = (0..length).map(|i| (i * 37 % 251) as u8).collect();
			let message = Message::from_bytes(&stage, &bytes).unwrap();
			assert_eq!(message.to_bytes(), bytes, "{name}");
			for found in [0, 1, length - 1, length + 1, 2 * length] {
				let expected = MessageError::WrongLength { expected: length, found };
				assert_eq!(Message::from_bytes(&stage, &vec![0; found]), Err(expected));
			}
		}
	}
}

#[test]
fn bytes_that_no_encoder_writes_are_no_difference() {
	let folder = tempfile::tempdir().unwrap();
	let spec = runs::spec(folder.path(), &[1, 1], 2);
	for stage in [0, 1] {
		let shard = Shard::initial(&spec, stage).unwrap();
		let before = Snapshot::of(&shard).unwrap();
		let zero = Difference::of(&before, &shard, spec.merge).unwrap();
		let good = zero.to_bytes();
		let read = |bytes: &[u8]| Difference::from_bytes(&spec, stage, bytes);
		assert_eq!(read(&good), Ok(zero));
		let length = good.len();
		for found in [0, 1, length - 1, length + 1] {
			let error = read(&vec![0; found]).unwrap_err();
			assert_eq!(error, DifferenceError::WrongLength { expected: length, found });
		}
		let tensor = shard.tensors()[0].tensor;
		let codes = shard.tensors()[0].len();
		let with = |changes: &[(usize, i8)]| {
			let mut bytes = good.clone();
			changes.iter().for_each(|(at, byte)| bytes[*at] = *byte as u8);
			read(&bytes)
		};
		for change in [(0, -128), (codes - 1, -128), (codes, 122), (codes, -127), (codes, -128)] {
			assert_eq!(with(&[change]), Err(DifferenceError::NoCode(tensor)), "{change:?}");
		}
		assert_eq!(with(&[(0, 127), (codes, 121)]), Err(DifferenceError::NotFinite));
		let norm = with(&[(0, -127), (codes, 0)]).unwrap().norm;
		assert_eq!(norm, 127.0);
	}
	let error = Difference::from_bytes(&spec, 2, &[]).unwrap_err();
	assert_eq!(error, DifferenceError::NoStage(2));
}

#[test]
fn a_shard_is_handed_on_tensor_by_tensor_and_as_files() {
	let folder = tempfile::tempdir().unwrap();
	let folder = folder.path();
	for lanes in [1, 2] {
		let mut spec = runs::spec(folder, &[1, 1], lanes);
		spec.window.steps = 2;
		two_windows(folder, &spec, |_, lanes| {
			for (stage, seat) in (0..).zip(&lanes[0]) {
				let (shard, outer) = (seat.trainer.shard(), &seat.outer);
				let root = shard_root(shard, outer).unwrap();
				let weights: Vec<_> = shard.blobs().map(Result::unwrap).collect();
				let momenta: Vec<_> = outer.blobs().collect();
				let of_blobs = |weights: &[Vec<u8>], momenta: &[Vec<u8>]| {
					let shard = Shard::from_blobs(&spec, stage, weights.to_vec())?;
					let outer = OuterState::from_blobs(&spec, stage, momenta.to_vec())?;
					Ok::<_, BlobError>(shard_root(&shard, &outer).unwrap())
				};
				assert_eq!(of_blobs(&weights, &momenta).unwrap(), root);
				let refused = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
					let mut changed = weights.clone();
					change(&mut changed);
					of_blobs(&changed, &momenta).unwrap_err()
				};
				let error = refused(&|blobs| drop(blobs.pop()));
				assert!(matches!(error, BlobError::WrongCount { .. }), "{error}");
				let error = refused(&|blobs| blobs[1].push(0));
				assert!(matches!(error, BlobError::WrongLength { .. }), "{error}");
				let error = refused(&|blobs| blobs[1][8..12].fill(0xff));
				assert!(matches!(error, BlobError::NotFinite { element: 2, .. }), "{error}");
				let one_more = [momenta.clone(), vec![Vec::new()]].concat();
				let error = of_blobs(&weights, &one_more).unwrap_err();
				assert!(matches!(error, BlobError::WrongCount { .. }), "{error}");

				let path = folder.join(format!("seat-{}-{stage}", spec.lanes));
				fs::create_dir(folder.join(".seat-of-a-killed-process")).unwrap();
				store_seat(&path, &spec, stage, shard, outer).unwrap();
				assert!(!folder.join(".seat-of-a-killed-process").exists());
				let (stored, momenta) = load_seat(&path, &spec, stage).unwrap();
				assert_eq!(shard_root(&stored, &momenta).unwrap(), root);
				assert_eq!(momenta, *outer);
				let error = store_seat(&path, &spec, stage, shard, outer).unwrap_err();
				assert!(matches!(error, CheckpointError::Unwritable { .. }), "{error}");
				assert_eq!(load_seat(&path, &spec, stage).unwrap().1, *outer);
				damaged(&path, &spec, stage);
			}
		});
	}
}

/// No file of a seat may be missing or cut short.
fn damaged(path: &Path, spec: &ModelSpec, stage: u8) {
	let load = || load_seat(path, spec, stage).map(|_| ()).unwrap_err();
	for file in fs::read_dir(path).unwrap() {
		let file = file.unwrap().path();
		let whole = fs::read(&file).unwrap();
		fs::remove_file(&file).unwrap();
		assert!(matches!(load(), CheckpointError::Unreadable { .. }));
		for cut in [0, 9, whole.len() - 1] {
			fs::write(&file, &whole[..cut]).unwrap();
			assert!(matches!(load(), CheckpointError::Broken { .. }));
		}
		fs::write(&file, whole).unwrap();
	}
	load_seat(path, spec, stage).unwrap();
}
