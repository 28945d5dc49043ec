//! Games about units, from the first move to the last piece, by the rules of the chain: whoever claims something that is not computed
//! loses, and so does whoever disputes what is.

#[path = "unit/lanes.rs"]
mod lanes;
mod runs;
#[path = "unit/seats.rs"]
mod seats;
#[path = "unit/trace.rs"]
mod trace;

use std::{collections::BTreeSet, path::Path, time::Instant};

use cairn_engine::{
	unit::{Crossing, Place, UnitTrace},
	OuterState, Snapshot,
};
use cairn_primitives::{
	dispute::{Leaf, LeafVerdict, LeafVerifier, UnitContext, ARITY, MAX_EVIDENCE},
	Hash, ModelSpec,
};
use cairn_program::{
	trace::{Action, StageProgram, Step},
	Operation, Value,
};
use lanes::{Crossed, ACTIVATIONS, SENT_ACTIVATIONS, SENT_GRADIENTS};
use pallet_disputes::{Game, Move, Phase, Place as GamePlace, Range, Side, Times};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use seats::{specs, two_windows, Seat, Window};
use trace::{Edge, Oracle, Tamper};

/// A unit of a gate window of a small model.
struct Unit<'a> {
	name: String,
	window: Window<'a>,
	seat: (u8, u8),
	before: &'a Snapshot,
	outer: &'a OuterState,
	crossed: Crossed,
}

impl<'a> Unit<'a> {
	fn oracle(&self) -> Oracle<'a> {
		Oracle::new(&self.window, self.seat, (self.before, self.outer), &self.crossed)
	}

	fn liar(&self, tamper: Tamper) -> Oracle<'a> {
		let begin = (self.before, self.outer);
		Oracle::tampered(&self.window, self.seat, begin, &self.crossed, tamper)
	}

	/// The trace of whoever disputes, or defends, a unit of this context.
	fn trace(&self, oracle: &Oracle) -> UnitTrace<Edge> {
		oracle.unit_trace(self.before, self.outer, &self.crossed)
	}
}

/// Look at every unit of a window of models of every kind of edge and optimizer.
fn each(lanes: u8, every: u32, mut look: impl FnMut(&mut Unit)) {
	let folder = tempfile::tempdir().unwrap();
	let folder: &Path = folder.path();
	for (name, mut spec) in specs(folder, lanes) {
		// The reference takes its time.
		(spec.architecture.context, spec.window.steps) = (5, 3);
		spec.window.checkpoint_every = every;
		two_windows(folder, &spec, |window, lanes| {
			let lane = spec.lanes - 1;
			let seats = &mut lanes[usize::from(lane)];
			let before: Vec<_> = seats.iter().map(Seat::before).collect();
			let done = window.lane(lane, seats, None);
			for (stage, (_, crossed, _)) in (0..).zip(done) {
				let number = usize::from(stage);
				let (before, outer) = (&before[number], &seats[number].outer);
				let name = format!("{name}, stage {stage}");
				look(&mut Unit { name, window, seat: (lane, stage), before, outer, crossed });
			}
		});
	}
}

fn place(range: &Range) -> Place {
	match range.place {
		GamePlace::Trace => Place::Trace,
		GamePlace::Step { step } => Place::Step { step },
		GamePlace::Operation { step, operation } => Place::Operation { step, operation },
	}
}

/// Play until the chain is to recompute a piece. The defender has revealed these leaves.
fn play(
	spec: &ModelSpec,
	context: &UnitContext,
	leaves: Vec<Hash>,
	mut part: impl FnMut(&Range) -> Vec<Hash>,
	mut choose: impl FnMut(&Phase) -> u8,
) -> Game {
	let times = Times { budget: 1_000, extension: 10 };
	let mut game = Game::open(context.clone(), 0, times);
	let mut moves = 0;
	loop {
		let movement = match &game.phase {
			Phase::Reveal => Move::Reveal(leaves.clone().try_into().unwrap()),
			Phase::Split(range) => Move::Split(part(range).try_into().unwrap()),
			Phase::ChooseCheckpoint(_) | Phase::ChooseChild(..) => {
				Move::Choose(choose(&game.phase))
			},
			Phase::Prove(leaf) => {
				let most = most_moves(spec, context, leaf);
				assert!(moves <= most, "{moves} moves, of {most}");
				return game;
			},
		};
		moves += 1;
		game = game.play::<StageProgram>(spec, movement, moves).unwrap();
	}
}

/// Moves that it takes at most to get to a leaf: of each pair of them one parts a range by 16.
fn most_moves(spec: &ModelSpec, context: &UnitContext, leaf: &Leaf) -> u32 {
	let parts = |mut positions: u64| {
		let mut parts = 0;
		while positions > 1 {
			positions = positions.div_ceil(ARITY.into());
			parts += 1;
		}
		parts
	};
	let Leaf { step, operation, .. } = *leaf;
	let operations = StageProgram::operations(spec, context, step);
	let pieces = StageProgram::pieces(spec, context, step, operation);
	let levels = [spec.window.checkpoint_every.into(), operations.into(), pieces];
	2 + 2 * levels.into_iter().map(parts).sum::<u32>()
}

/// A game against a liar by an honest challenger, who proves the last piece wrong: the piece.
fn convict(unit: &Unit, liar: &Oracle) -> Leaf {
	let spec = unit.window.spec;
	let mut challenger = unit.trace(liar);
	let challenger = std::cell::RefCell::new(&mut challenger);
	let game = play(
		spec,
		&liar.context,
		liar.leaves(),
		|range| {
			let inner = cairn_primitives::dispute::split(range.from, range.to).into_iter();
			match range.place {
				GamePlace::Trace => inner.map(|at| liar.boundary(at)).collect(),
				GamePlace::Step { step } => inner.map(|at| liar.piece(step, at, 0)).collect(),
				GamePlace::Operation { step, operation } => {
					inner.map(|at| liar.piece(step, operation.into(), at)).collect()
				},
			}
		},
		|phase| {
			let mut challenger = challenger.borrow_mut();
			match phase {
				Phase::ChooseCheckpoint(leaves) => challenger
					.choose_checkpoint(spec.window.checkpoint_every, leaves)
					.unwrap()
					.expect("something is disputed"),
				Phase::ChooseChild(range, claimed) => {
					challenger.choose(place(range), range.from, range.to, claimed).unwrap()
				},
				other => panic!("{other:?} is not the challenger's"),
			}
		},
	);
	let Phase::Prove(leaf) = game.phase else { panic!("{:?}", game.phase) };
	let evidence = challenger.borrow_mut().evidence(&leaf).unwrap();
	assert!(evidence.len() < MAX_EVIDENCE as usize);
	let winner = game.prove::<StageProgram>(spec, &evidence, 100);
	assert_eq!(winner, Ok(Side::Challenger), "{}: {leaf:?}", unit.name);
	leaf
}

/// The nearest other number that a value can have.
fn other(value: Value, number: f32) -> f32 {
	match value.element_bytes() {
		1 if number > 0.0 => number - 1.0,
		1 => number + 1.0,
		_ => f32::from_bits(number.to_bits() ^ 1),
	}
}

/// The lie about one element of what an operation writes, and the piece that it is in.
fn lie_about(unit: &Unit, step: u32, output: Value) -> Option<()> {
	let lie = |at: &Step,
	           operation: &Operation,
	           reference: &mut cairn_program::reference::Reference<f32>| {
		if at.number() == step && operation.output == output {
			let mut floats = reference.get(output).unwrap().to_vec();
			let element = floats.len() / 2;
			floats[element] = other(output, floats[element]);
			reference.insert(output, floats);
		}
	};
	let liar = unit.liar(&lie);
	let at = liar.step(step);
	let (number, operation) = (0..at.length()).find_map(|number| match at.action(number)? {
		Action::Compute(operation) if operation.output == output => Some((number, operation)),
		_ => None,
	})?;
	let leaf = convict(unit, &liar);
	let element = operation.elements() / 2;
	let piece = (element + 1) * operation.pieces_per_element() - 1;
	let found = (leaf.step, u64::from(leaf.operation), leaf.piece);
	assert_eq!(found, (step, number, piece), "{}: {output}", unit.name);
	Some(())
}

/// Values that a step writes.
fn outputs(step: &Step) -> Vec<Value> {
	let actions = (0..step.length()).filter_map(|number| step.action(number));
	let outputs = actions.filter_map(|action| match action {
		Action::Compute(operation) => Some(operation.output),
		_ => None,
	});
	outputs.collect()
}

#[test]
fn another_number_is_found_in_the_piece_that_it_is_in() {
	let mut found = 0;
	each(2, 2, |unit| {
		let honest = unit.oracle();
		for number in [1, 3] {
			let outputs = outputs(&honest.step(number));
			let last = outputs.len() - 1;
			// The last of a step that is not the closing one is what the next step begins with.
			for place in BTreeSet::from([0, last / 3, last / 2, last * 4 / 5, last]) {
				found += lie_about(unit, number, outputs[place]).map_or(0, |()| 1);
			}
		}
	});
	assert_eq!(found, 16 * 10);
}

#[test]
fn a_result_that_is_not_computed_is_found_in_the_closing_step() {
	for lanes in [1, 2] {
		let mut found = 0;
		each(lanes, 1, |unit| {
			let closing = unit.window.steps;
			for number in [Value::ChangeNorm, Value::MeanLoss, Value::HeldOutLoss] {
				if outputs(&unit.oracle().step(closing)).contains(&number) {
					found += lie_about(unit, closing, number).map_or(0, |()| 1);
				}
			}
		});
		assert_eq!(found, 16 + 2 * 6, "all stages, and twice more the last");
	}
}

#[test]
fn who_skips_a_step_is_found_in_it() {
	let mut found = 0;
	each(2, 2, |unit| {
		for skipped in 0..unit.window.steps {
			let liar = unit.liar(&|step, operation, reference| {
				if step.number() != skipped {
					return;
				}
				let before = match operation.output {
					Value::NextParameter(tensor) => Value::Parameter(tensor),
					Value::NextState(tensor, moment) => Value::State(tensor, moment),
					Value::LossSoFar => Value::EarlierLoss,
					_ => return,
				};
				let before = reference.get(before).unwrap().to_vec();
				reference.insert(operation.output, before);
			});
			assert_eq!(convict(unit, &liar).step, skipped, "{}", unit.name);
			found += 1;
		}
	});
	assert_eq!(found, 16 * 3);
}

#[test]
fn who_begins_with_another_shard_is_found_in_the_first_piece() {
	let mut found = 0;
	each(2, 2, |unit| {
		let honest = unit.oracle();
		// The shard that the window before began with.
		let stale = Seat::new(unit.window.spec, unit.seat.1).before();
		let begin = (&stale, unit.outer);
		let mut liar =
			Oracle::tampered(&unit.window, unit.seat, begin, &unit.crossed, &|_, _, _| ());
		liar.begin_with(honest.context.shard_before);
		let leaf = convict(unit, &liar);
		assert_eq!((leaf.step, leaf.operation, leaf.piece), (0, 0, 0), "{}", unit.name);
		found += 1;
	});
	assert_eq!(found, 16);
}

/// Microbatches of which the sent or received messages are changed: in the middle of a window, in its last step, and held out.
fn crossings(unit: &Unit, kind: usize) -> Vec<Crossing> {
	let all = [
		Crossing::Step { step: 1, microbatch: 0 },
		Crossing::Step { step: unit.window.steps - 1, microbatch: 1 },
		Crossing::HeldOut { microbatch: 7 },
	];
	all.into_iter().filter(|at| unit.crossed.messages[kind].contains_key(at)).collect()
}

fn step_of(unit: &Unit, at: Crossing) -> u32 {
	match at {
		Crossing::Step { step, .. } => step,
		Crossing::HeldOut { .. } => unit.window.steps,
	}
}

#[test]
fn who_sends_something_else_is_found_in_the_comparison() {
	let mut found = 0;
	each(2, 2, |unit| {
		let honest = unit.crossed.clone();
		for kind in [SENT_ACTIVATIONS, SENT_GRADIENTS] {
			for at in crossings(unit, kind) {
				let message = unit.crossed.messages[kind].get_mut(&at).unwrap();
				let last = message.len() - 1;
				message[last] ^= 1;
				let liar = unit.liar(&|_, _, _| ());
				let leaf = convict(unit, &liar);
				let step = liar.step(leaf.step);
				let action = step.action(leaf.operation.into());
				assert!(matches!(action, Some(Action::Compare(_))), "{}: {action:?}", unit.name);
				assert_eq!(leaf.step, step_of(unit, at), "{}", unit.name);
				unit.crossed = honest.clone();
				found += 1;
			}
		}
	});
	// Of each edge three activations and two gradients, sent by its ends.
	assert_eq!(found, 2 * (2 + 1 + 2) * (3 + 2));
}

#[test]
fn who_goes_on_behind_what_is_not_finite_is_found_there() {
	let mut found = 0;
	each(2, 2, |unit| {
		let honest = unit.crossed.clone();
		for at in crossings(unit, ACTIVATIONS) {
			let is_dense =
				unit.window.spec.boundary == cairn_primitives::spec::BoundaryCodec::Dense;
			// What an honest receiver refuses; and what it takes, although it makes it diverge.
			for last in [[0, 0, 0xc0, 0x7f], [0xff, 0xff, 0xff, 0x7a]] {
				let message = unit.crossed.messages[ACTIVATIONS].get_mut(&at).unwrap();
				let end = message.len() - 4;
				message[end..].copy_from_slice(&last);
				let liar = unit.liar(&|_, _, _| ());
				let leaf = convict(unit, &liar);
				assert_eq!(leaf.step, step_of(unit, at), "{}", unit.name);
				let step = liar.step(leaf.step);
				let action = step.action(leaf.operation.into());
				let Some(Action::Compute(operation)) = action else { panic!("{action:?}") };
				let reads_it =
					operation.reads().iter().any(|value| matches!(value, Value::Received(..)));
				assert!(!is_dense || reads_it == (last[3] == 0x7f), "{}: {operation:?}", unit.name);
				unit.crossed = honest.clone();
				found += 1;
			}
		}
	});
	assert_eq!(found, 2 * (2 + 1 + 2) * 3 * 2);
}

#[test]
fn who_disputes_an_honest_unit_loses_whatever_he_chooses() {
	let mut random = ChaCha8Rng::seed_from_u64(5);
	let mut steps = BTreeSet::new();
	each(2, 2, |unit| {
		let (spec, honest) = (unit.window.spec, unit.oracle());
		let mut defender = unit.trace(&honest);
		for _ in 0..20 {
			let game = play(
				spec,
				&honest.context,
				honest.leaves(),
				|range| defender.split(place(range), range.from, range.to).unwrap(),
				|phase| match phase {
					Phase::ChooseCheckpoint(leaves) => random.gen_range(1..leaves.len()) as u8 - 1,
					Phase::ChooseChild(_, inner) => random.gen_range(0..=inner.len()) as u8,
					other => panic!("{other:?} is not the challenger's"),
				},
			);
			let Phase::Prove(leaf) = &game.phase else { panic!("{:?}", game.phase) };
			let evidence = defender.evidence(leaf).unwrap();
			let winner = game.prove::<StageProgram>(spec, &evidence, 100);
			assert_eq!(winner, Ok(Side::Defender), "{}: {leaf:?}", unit.name);
			steps.insert(leaf.step);
		}
		// There is nothing that an honest challenger could choose.
		let every = spec.window.checkpoint_every;
		assert_eq!(defender.choose_checkpoint(every, &honest.leaves()).unwrap(), None);
	});
	assert_eq!(steps, BTreeSet::from([0, 1, 2, 3]));
}

#[test]
fn every_operation_is_proven_to_be_what_it_is() {
	let (mut looked, mut longest) = (0, 0);
	for lanes in [1, 2] {
		each(lanes, 2, |unit| {
			let (spec, honest) = (unit.window.spec, unit.oracle());
			let mut own = unit.trace(&honest);
			for number in [1, unit.window.steps] {
				let step = honest.step(number);
				// Of what is held out all microbatches are alike.
				let stride = if step.is_closing() { 3 } else { 1 };
				for operation in (0..step.length())
					.filter(|operation| operation % stride == 0 || operation + 40 > step.length())
				{
					let action = step.action(operation).unwrap();
					let pieces = Step::pieces(&action);
					for piece in BTreeSet::from([0, pieces / 2, pieces - 1]) {
						let what = || format!("{}: {action:?}, piece {piece}", unit.name);
						let operation = operation as u32;
						let [before, after] =
							[piece, piece + 1].map(|at| own.piece(number, operation, at).unwrap());
						let leaf = Leaf { step: number, operation, piece, before, after };
						let evidence = own.evidence(&leaf).unwrap();
						let verify = |leaf: &Leaf, evidence: &[u8]| {
							StageProgram::verify(spec, &honest.context, leaf, evidence)
						};
						assert_eq!(verify(&leaf, &evidence), LeafVerdict::Right, "{}", what());
						let wrong = Leaf { after: Hash::repeat_byte(1), ..leaf };
						assert_eq!(verify(&wrong, &evidence), LeafVerdict::Wrong, "{}", what());
						let mut changed = evidence.clone();
						changed[0] ^= 4; // in a length
						assert_ne!(verify(&wrong, &changed), LeafVerdict::Wrong, "{}", what());
						longest = longest.max(evidence.len());
						looked += 1;
					}
				}
			}
		});
	}
	println!("{looked} pieces, with {longest} bytes of evidence at most");
	assert!(looked > 20_000, "{looked}");
	assert!(longest < MAX_EVIDENCE as usize, "{longest}");
}

/// How long the moves take; not a test of anything.
#[test]
#[ignore = "measures"]
fn moves_take_so_long() {
	each(2, 2, |unit| {
		let honest = unit.oracle();
		let (mut own, begin) = (unit.trace(&honest), Instant::now());
		for steps in 0..=u64::from(unit.window.steps) + 1 {
			own.boundary(steps).unwrap();
		}
		let boundaries = begin.elapsed();
		let length = honest.step(1).length();
		own.operation(1, 0).unwrap();
		let begin = Instant::now();
		own.split(Place::Step { step: 1 }, 0, length).unwrap();
		let split = begin.elapsed();
		println!(
			"{}: {length} operations, {boundaries:?} for all boundaries, {split:?} for a move",
			unit.name
		);
	});
}
