//! Games about units, from the first move to the last piece, by the rules of the chain: whoever claims something that is not computed
//! loses, and so does whoever disputes what is.

#[path = "unit/lanes.rs"]
mod lanes;
mod runs;
#[path = "unit/seats.rs"]
mod seats;
#[path = "unit/trace.rs"]
mod trace;

use std::{collections::BTreeSet, path::Path};

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
	Value,
};
use lanes::{Crossed, ACTIVATIONS, SENT_ACTIVATIONS, SENT_GRADIENTS};
use pallet_disputes::{Game, Move, Phase, Place as GamePlace, Range, Side, Times};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use seats::{specs, two_windows, Seat, Window};
use trace::{Edge, Oracle, Tamper};

/// A unit of a gate window of a small model.
struct Unit<'a> {
	/// How many were looked at before.
	number: usize,
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
	let mut units = 0;
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
				let seat = (lane, stage);
				look(&mut Unit { number: units, name, window, seat, before, outer, crossed });
				units += 1;
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

/// A game against a liar by an honest challenger, who proves the last piece wrong: the piece. Who reads what crossed as the liar does
/// and computes it has this trace, whatever the liar attests.
fn convict(unit: &Unit, challenger: &mut UnitTrace<Edge>, liar: &Oracle) -> Leaf {
	let spec = unit.window.spec;
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
		|phase| match phase {
			Phase::ChooseCheckpoint(leaves) => challenger
				.choose_checkpoint(spec.window.checkpoint_every, leaves)
				.unwrap()
				.expect("something is disputed"),
			Phase::ChooseChild(range, claimed) => {
				challenger.choose(place(range), range.from, range.to, claimed).unwrap()
			},
			other => panic!("{other:?} is not the challenger's"),
		},
	);
	let Phase::Prove(leaf) = game.phase else { panic!("{:?}", game.phase) };
	let evidence = challenger.evidence(&leaf).unwrap();
	assert!(evidence.len() < MAX_EVIDENCE as usize);
	let winner = game.prove::<StageProgram>(spec, &evidence, 100);
	assert_eq!(winner, Ok(Side::Challenger), "{}: {leaf:?}", unit.name);
	leaf
}

/// A lie about what an operation writes, from the element in the middle on, which is found in the piece that yields that.
fn lie_about(unit: &Unit, challenger: &mut UnitTrace<Edge>, (step, number): (u32, u64), by: f32) {
	let liar = unit.liar(&|at, operation, reference| {
		let is_it = matches!(at.action(number), Some(Action::Compute(own)) if own == *operation);
		if at.number() == step && is_it {
			let mut floats = reference.get(operation.output).unwrap().to_vec();
			let middle = floats.len() / 2;
			floats.iter_mut().skip(middle).for_each(|float| *float += by);
			reference.insert(operation.output, floats);
		}
	});
	let at = liar.step(step);
	let Some(Action::Compute(operation)) = at.action(number) else { panic!("{number}") };
	let leaf = convict(unit, challenger, &liar);
	let piece = (operation.elements() / 2 + 1) * operation.pieces_per_element() - 1;
	let found = (leaf.step, u64::from(leaf.operation), leaf.piece);
	assert_eq!(found, (step, number, piece), "{}: {}", unit.name, operation.output);
	// What it comes to is told with it.
	let looked = challenger.look(leaf.step, leaf.operation, leaf.piece).unwrap();
	let (element, value) = looked.output.unwrap();
	assert_eq!(element, operation.elements() / 2, "{}: {}", unit.name, operation.output);
	assert_eq!(looked.action, Action::Compute(operation));
	assert!(value.is_finite());
}

/// The numbers of the operations of a step that write, with what they write.
fn outputs(step: &Step) -> Vec<(u64, Value)> {
	let written = (0..step.length()).map_while(|number| match step.action(number)? {
		Action::Compute(operation) => Some((number, operation.output)),
		_ => None,
	});
	written.collect()
}

#[test]
fn another_number_is_found_in_the_piece_that_it_is_in() {
	let mut found = BTreeSet::new();
	each(2, 2, |unit| {
		let honest = unit.oracle();
		let mut challenger = unit.trace(&honest);
		let outputs = outputs(&honest.step(1));
		let last = outputs.len() - 1;
		let places = [0, last / 4, last / 2, last];
		let (number, value) = outputs[places[unit.number % places.len()]];
		lie_about(unit, &mut challenger, (1, number), 1.0);
		found.insert(value);
	});
	assert!(found.len() > 8, "{found:?}");
}

#[test]
fn a_result_that_is_not_computed_is_found_in_the_closing_step() {
	let mut found = 0;
	each(2, 1, |unit| {
		let closing = unit.window.steps;
		let honest = unit.oracle();
		let mut challenger = unit.trace(&honest);
		let numbers = outputs(&honest.step(closing)).into_iter().filter(|(_, value)| {
			matches!(value, Value::ChangeNorm | Value::MeanLoss | Value::HeldOutLoss)
		});
		// On stages that are not the last there is one.
		for (number, _) in numbers.skip(unit.number % 3).take(1) {
			lie_about(unit, &mut challenger, (closing, number), 1e-3);
			found += 1;
		}
	});
	assert!(found > 6, "{found}");
}

#[test]
fn who_skips_a_step_is_found_in_it() {
	let mut found = 0;
	each(2, 2, |unit| {
		let honest = unit.oracle();
		let mut challenger = unit.trace(&honest);
		let skipped = unit.number as u32 % unit.window.steps;
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
		assert_eq!(convict(unit, &mut challenger, &liar).step, skipped, "{}", unit.name);
		found += 1;
	});
	assert_eq!(found, 16);
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
		let leaf = convict(unit, &mut unit.trace(&honest), &liar);
		assert_eq!((leaf.step, leaf.operation, leaf.piece), (0, 0, 0), "{}", unit.name);
		found += 1;
	});
	assert_eq!(found, 16);
}

/// A microbatch of which the sent or received message is changed: in the middle of a window, in its last step, or held out.
fn changed(unit: &Unit, kind: usize) -> Option<Crossing> {
	let all = [
		Crossing::Step { step: 1, microbatch: 0 },
		Crossing::Step { step: unit.window.steps - 1, microbatch: 1 },
		Crossing::HeldOut { microbatch: 7 },
	];
	let mut there = all.into_iter().filter(|at| unit.crossed.messages[kind].contains_key(at));
	let count = there.clone().count().max(1);
	there.nth(unit.number % count)
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
			if let Some(at) = changed(unit, kind) {
				let message = unit.crossed.messages[kind].get_mut(&at).unwrap();
				let last = message.len() - 1;
				message[last] ^= 1;
				let liar = unit.liar(&|_, _, _| ());
				let leaf = convict(unit, &mut unit.trace(&liar), &liar);
				let step = liar.step(leaf.step);
				let action = step.action(leaf.operation.into());
				assert!(matches!(action, Some(Action::Compare(_))), "{}: {action:?}", unit.name);
				assert_eq!(leaf.step, step_of(unit, at), "{}", unit.name);
				unit.crossed = honest.clone();
				found += 1;
			}
		}
	});
	assert_eq!(found, 2 * (2 + 1 + 2) * 2, "both ends of every edge");
}

#[test]
fn who_goes_on_behind_what_is_not_finite_is_found_there() {
	let mut found = 0;
	each(2, 2, |unit| {
		let honest = unit.crossed.clone();
		if let Some(at) = changed(unit, ACTIVATIONS) {
			let is_dense =
				unit.window.spec.boundary == cairn_primitives::spec::BoundaryCodec::Dense;
			// What an honest receiver refuses; and what it takes, although it makes it diverge.
			for last in [[0, 0, 0xc0, 0x7f], [0xff, 0xff, 0xff, 0x7a]] {
				let message = unit.crossed.messages[ACTIVATIONS].get_mut(&at).unwrap();
				let end = message.len() - 4;
				message[end..].copy_from_slice(&last);
				let liar = unit.liar(&|_, _, _| ());
				let leaf = convict(unit, &mut unit.trace(&liar), &liar);
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
	assert_eq!(found, 2 * (2 + 1 + 2) * 2);
}

#[test]
fn who_disputes_an_honest_unit_loses_whatever_he_chooses() {
	let mut random = ChaCha8Rng::seed_from_u64(5);
	let mut steps = BTreeSet::new();
	each(2, 2, |unit| {
		let (spec, honest) = (unit.window.spec, unit.oracle());
		let mut defender = unit.trace(&honest);
		for _ in 0..5 {
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
			if lanes == 1 && unit.number > 0 {
				return; // but for the end of the closing step they are the same
			}
			let (spec, honest) = (unit.window.spec, unit.oracle());
			let mut own = unit.trace(&honest);
			for number in [1, unit.window.steps] {
				let step = honest.step(number);
				// Microbatches and layers are alike: a stride that is no divisor of their length comes to each of their operations.
				let stride = if step.is_closing() { 13 } else { 7 };
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
	assert!(looked > 3_000, "{looked}");
	assert!(longest < MAX_EVIDENCE as usize, "{longest}");
}
