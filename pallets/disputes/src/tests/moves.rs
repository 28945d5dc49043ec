//! Every move: who may make it, when, and with what.

use cairn_primitives::{
	dispute::{split, Leaf, LeafVerdict, LeafVerifier, UnitContext},
	lcg::Lcg,
	Hash, ModelSpec,
};
use frame_support::{assert_noop, assert_ok};

use super::{trace::Toy, *};
use crate::{Error, Event, Hashes, Leaves, Place, Range, Times};

/// Open the usual game and play it until the phase is as wanted.
fn at(wanted: impl Fn(&Phase) -> bool) -> (Trace, Trace) {
	let (right, wrong) = right_and_wrong();
	assert_ok!(open(&wrong.context, CHALLENGER));
	play_until(&wrong, &right, wanted);
	(right, wrong)
}

fn is_split(phase: &Phase) -> bool {
	matches!(phase, Phase::Split(_))
}

fn chooses_child(phase: &Phase) -> bool {
	matches!(phase, Phase::ChooseChild(..))
}

mod reveal {
	use super::*;

	#[test]
	fn hands_the_turn_to_the_challenger() {
		for who in [DEFENDER, worker(DEFENDER)] {
			ExtBuilder.build_and_execute(|| {
				let (_, wrong) = at(|phase| *phase == Phase::Reveal);
				run_to(5);
				assert_ok!(Disputes::reveal(signed(who), UNIT, CHALLENGER, wrong.leaves()));
				assert_eq!(game().phase, Phase::ChooseCheckpoint(wrong.leaves()));
				assert_eq!(game().turn().side, Side::Challenger);
				let deadline = 5 + ClockBudget::get();
				System::assert_last_event(
					Event::CheckpointsRevealed { unit: UNIT, challenger: CHALLENGER, deadline }
						.into(),
				);
			});
		}
	}

	#[test]
	fn fails_for_a_game_that_is_not_open() {
		ExtBuilder.build_and_execute(|| {
			let (_, wrong) = at(|phase| *phase == Phase::Reveal);
			assert_noop!(
				Disputes::reveal(signed(DEFENDER), UNIT, RIVAL, wrong.leaves()),
				Error::<Test>::NoSuchGame
			);
		});
	}

	#[test]
	fn fails_for_everybody_but_the_defender() {
		ExtBuilder.build_and_execute(|| {
			let (_, wrong) = at(|phase| *phase == Phase::Reveal);
			for who in [STRANGER, worker(STRANGER), CHALLENGER, worker(CHALLENGER)] {
				assert_noop!(
					Disputes::reveal(signed(who), UNIT, CHALLENGER, wrong.leaves()),
					Error::<Test>::NotAParty
				);
			}
		});
	}

	#[test]
	fn fails_where_another_move_is_due() {
		ExtBuilder.build_and_execute(|| {
			let (right, wrong) = at(is_split);
			let reveal = || Disputes::reveal(signed(DEFENDER), UNIT, CHALLENGER, wrong.leaves());
			assert_noop!(reveal(), Error::<Test>::WrongMove);
			play_until(&wrong, &right, chooses_child);
			assert_noop!(reveal(), Error::<Test>::NotYourTurn);
			play_until(&wrong, &right, |phase| matches!(phase, Phase::Prove(_)));
			assert_noop!(reveal(), Error::<Test>::WrongMove);
		});
	}

	#[test]
	fn fails_with_leaves_that_were_not_attested() {
		ExtBuilder.build_and_execute(|| {
			let (right, wrong) = at(|phase| *phase == Phase::Reveal);
			let reveal = |leaves: &[Hash]| {
				let leaves = Leaves::truncate_from(leaves.to_vec());
				Disputes::reveal(signed(DEFENDER), UNIT, CHALLENGER, leaves)
			};
			let leaves = wrong.leaves();
			let doubled: Vec<Hash> = leaves.iter().flat_map(|leaf| [*leaf, *leaf]).collect();
			for count in [&[][..], &leaves[1..], &leaves[..5], &doubled] {
				assert_noop!(reveal(count), Error::<Test>::WrongNumberOfHashes);
			}
			let changed = |at: usize| {
				let mut leaves = leaves.to_vec();
				leaves[at] = Hash::repeat_byte(0xba);
				leaves
			};
			assert_noop!(reveal(&changed(0)), Error::<Test>::FirstLeafNotShard);
			assert_noop!(reveal(&changed(5)), Error::<Test>::LastLeafNotResult);
			for inner in 1..5 {
				assert_noop!(reveal(&changed(inner)), Error::<Test>::LeavesDoNotMatch);
			}
			assert_noop!(reveal(&right.leaves()), Error::<Test>::LastLeafNotResult);
		});
	}

	#[test]
	fn fails_where_the_attested_root_is_not_over_the_shard_and_the_result() {
		ExtBuilder.build_and_execute(|| {
			// GIVEN leaves that are attested, but start elsewhere or end elsewhere
			let (right, _) = right_and_wrong();
			let mut leaves = right.leaves();
			leaves[0] = Hash::repeat_byte(1);
			assert_ok!(open(&right.attesting(&leaves), CHALLENGER));
			assert_noop!(
				Disputes::reveal(signed(DEFENDER), UNIT, CHALLENGER, leaves),
				Error::<Test>::FirstLeafNotShard
			);
			let mut leaves = right.leaves();
			leaves[5] = Hash::repeat_byte(1);
			let mut context = right.attesting(&leaves);
			context.result = right.context.result;
			assert_ok!(open(&context, RIVAL));
			assert_noop!(
				Disputes::reveal(signed(DEFENDER), UNIT, RIVAL, leaves),
				Error::<Test>::LastLeafNotResult
			);
		});
	}
}

mod advance {
	use super::*;

	#[test]
	fn hands_the_turn_to_the_challenger() {
		for who in [DEFENDER, worker(DEFENDER)] {
			ExtBuilder.build_and_execute(|| {
				let (_, wrong) = at(is_split);
				let Phase::Split(range) = game().phase else { unreachable!("just checked") };
				assert_eq!((range.place, range.from, range.to), (Place::Trace, 50, 75));
				let hashes = wrong.hashes(&range);
				assert_ok!(Disputes::advance(signed(who), UNIT, CHALLENGER, hashes.clone()));
				assert_eq!(game().phase, Phase::ChooseChild(range, hashes));
				assert_eq!(game().turn().side, Side::Challenger);
				let deadline = game().clocks.deadline;
				System::assert_last_event(
					Event::RangeSplit { unit: UNIT, challenger: CHALLENGER, deadline }.into(),
				);
			});
		}
	}

	#[test]
	fn takes_any_hashes_equal_ones_and_those_of_the_ends_too() {
		ExtBuilder.build_and_execute(|| {
			at(is_split);
			let Phase::Split(range) = game().phase else { unreachable!("just checked") };
			let hashes: Hashes = vec![range.before; 15].try_into().unwrap();
			assert_ok!(Disputes::advance(signed(DEFENDER), UNIT, CHALLENGER, hashes));
		});
	}

	#[test]
	fn fails_for_a_game_that_is_not_open() {
		ExtBuilder.build_and_execute(|| {
			at(is_split);
			assert_noop!(
				Disputes::advance(signed(DEFENDER), UNIT, RIVAL, Hashes::default()),
				Error::<Test>::NoSuchGame
			);
		});
	}

	#[test]
	fn fails_for_everybody_but_the_defender() {
		ExtBuilder.build_and_execute(|| {
			at(is_split);
			for who in [STRANGER, worker(STRANGER), CHALLENGER, worker(CHALLENGER)] {
				assert_noop!(
					Disputes::advance(signed(who), UNIT, CHALLENGER, Hashes::default()),
					Error::<Test>::NotAParty
				);
			}
		});
	}

	#[test]
	fn fails_where_another_move_is_due() {
		ExtBuilder.build_and_execute(|| {
			let (right, wrong) = at(|phase| *phase == Phase::Reveal);
			let hashes: Hashes = vec![Hash::zero(); 15].try_into().unwrap();
			let advance = || Disputes::advance(signed(DEFENDER), UNIT, CHALLENGER, hashes.clone());
			assert_noop!(advance(), Error::<Test>::WrongMove);
			step(&wrong, &right);
			assert_noop!(advance(), Error::<Test>::NotYourTurn);
			play_until(&wrong, &right, |phase| matches!(phase, Phase::Prove(_)));
			assert_noop!(advance(), Error::<Test>::WrongMove);
		});
	}

	#[test]
	fn fails_with_more_or_fewer_hashes_than_boundaries() {
		ExtBuilder.build_and_execute(|| {
			let (right, wrong) = at(is_split);
			let advance = |count: usize| {
				let hashes = vec![Hash::zero(); count].try_into().unwrap();
				Disputes::advance(signed(DEFENDER), UNIT, CHALLENGER, hashes)
			};
			for count in [0, 14] {
				assert_noop!(advance(count), Error::<Test>::WrongNumberOfHashes);
			}
			// A range of two positions has one boundary.
			play_until(
				&wrong,
				&right,
				|phase| matches!(phase, Phase::Split(range) if range.to - range.from == 2),
			);
			for count in [0, 2, 15] {
				assert_noop!(advance(count), Error::<Test>::WrongNumberOfHashes);
			}
			assert_ok!(advance(1));
		});
	}
}

mod choose {
	use super::*;

	#[test]
	fn hands_the_turn_to_the_defender() {
		for who in [CHALLENGER, worker(CHALLENGER)] {
			ExtBuilder.build_and_execute(|| {
				let (_, wrong) = at(|phase| matches!(phase, Phase::ChooseCheckpoint(_)));
				assert_ok!(Disputes::choose(signed(who), UNIT, CHALLENGER, 1));
				let expected = Range {
					place: Place::Trace,
					from: 25,
					to: 50,
					before: wrong.leaves()[1],
					after: wrong.leaves()[2],
				};
				assert_eq!(game().phase, Phase::Split(expected));
				assert_eq!(game().turn().side, Side::Defender);
				let deadline = game().clocks.deadline;
				System::assert_last_event(
					Event::ChildChosen { unit: UNIT, challenger: CHALLENGER, child: 1, deadline }
						.into(),
				);
			});
		}
	}

	#[test]
	fn fails_for_a_game_that_is_not_open() {
		ExtBuilder.build_and_execute(|| {
			at(chooses_child);
			assert_noop!(
				Disputes::choose(signed(RIVAL), UNIT, RIVAL, 0),
				Error::<Test>::NoSuchGame
			);
		});
	}

	#[test]
	fn fails_for_everybody_but_the_challenger() {
		ExtBuilder.build_and_execute(|| {
			at(chooses_child);
			for who in [STRANGER, worker(STRANGER), DEFENDER, worker(DEFENDER), RIVAL] {
				assert_noop!(
					Disputes::choose(signed(who), UNIT, CHALLENGER, 0),
					Error::<Test>::NotAParty
				);
			}
		});
	}

	#[test]
	fn fails_before_the_defender_has_moved() {
		ExtBuilder.build_and_execute(|| {
			let (right, wrong) = at(|phase| *phase == Phase::Reveal);
			let choose = || Disputes::choose(signed(CHALLENGER), UNIT, CHALLENGER, 0);
			assert_noop!(choose(), Error::<Test>::NotYourTurn);
			play_until(&wrong, &right, is_split);
			assert_noop!(choose(), Error::<Test>::NotYourTurn);
			play_until(&wrong, &right, |phase| matches!(phase, Phase::Prove(_)));
			assert_noop!(choose(), Error::<Test>::NotYourTurn);
		});
	}

	#[test]
	fn fails_beyond_the_last_child() {
		ExtBuilder.build_and_execute(|| {
			let (right, wrong) = at(|phase| matches!(phase, Phase::ChooseCheckpoint(_)));
			let choose = |child| Disputes::choose(signed(CHALLENGER), UNIT, CHALLENGER, child);
			// Six leaves bound five ranges.
			for child in [5, 6, 255] {
				assert_noop!(choose(child), Error::<Test>::NoSuchChild);
			}
			play_until(&wrong, &right, chooses_child);
			for child in [16, 255] {
				assert_noop!(choose(child), Error::<Test>::NoSuchChild);
			}
			assert_ok!(choose(15));
		});
	}
}

/// The game narrowed down by a right challenger and a wrong defender of a program of some shape: the phases it went
/// through, and the leaf that the challenger refutes.
fn narrowed<const O: u32, const P: u64>(steps: u32, wrong_piece: usize) -> Vec<Phase> {
	Shape::set((steps.max(1), steps.max(1)));
	let right = Trace::honest::<Toy<O, P>>(&spec(), Trace::done(steps), 3);
	let wrong = right.wrong_from(wrong_piece, 9);
	let times = Times { budget: 10, extension: 10 };
	let mut game = crate::Game::open(wrong.context.clone(), 0, times);
	let mut phases = vec![];
	loop {
		let trace = match game.turn().side {
			Side::Defender => &wrong,
			Side::Challenger => &right,
		};
		phases.push(game.phase.clone());
		let Some(movement) = trace.next_move(&game) else { break };
		game = game.play::<Toy<O, P>>(&spec(), movement, 0).unwrap();
	}
	let Phase::Prove(leaf) = game.phase else { unreachable!("only a leaf asks for no move") };
	assert_eq!(
		game.prove::<Toy<O, P>>(&spec(), &right.evidence(&leaf), 0),
		Ok(Side::Challenger),
		"the leaf is the first wrong piece"
	);
	phases
}

#[test]
fn levels_with_a_single_position_are_passed_over() {
	// No step, one operation, one piece: choosing the only range is choosing the leaf.
	let phases = narrowed::<1, 1>(0, 0);
	assert!(
		matches!(phases[..], [Phase::Reveal, Phase::ChooseCheckpoint(_), Phase::Prove(_)]),
		"{phases:?}"
	);
	// The closing step is alone behind the last checkpoint; step 1 has two operations of one and two pieces.
	let phases = narrowed::<1, 1>(1, 2);
	let [_, _, Phase::Split(step), _, Phase::Split(operation), _, Phase::Prove(leaf)] = &phases[..]
	else {
		panic!("{phases:?}")
	};
	assert_eq!((step.place, step.from, step.to), (Place::Step { step: 1 }, 0, 2));
	assert_eq!(
		(operation.place, operation.from, operation.to),
		(Place::Operation { step: 1, operation: 1 }, 0, 2)
	);
	assert_eq!((leaf.step, leaf.operation, leaf.piece), (1, 1, 0));
}

#[test]
fn a_boundary_has_one_commitment_at_every_level() {
	for piece in [0, 1, 100, 777] {
		let phases = narrowed::<17, 20>(3, piece);
		let ranges: Vec<&Range> = phases
			.iter()
			.filter_map(|phase| match phase {
				Phase::Split(range) => Some(range),
				_ => None,
			})
			.collect();
		// Splitting ranges of one place shortens them to a sixteenth, rounded up.
		for pair in ranges.windows(2).filter(|pair| pair[0].place == pair[1].place) {
			assert!(pair[1].to - pair[1].from <= (pair[0].to - pair[0].from).div_ceil(16));
		}
		let Some(Phase::Prove(leaf)) = phases.last() else { unreachable!("narrowed to a leaf") };
		assert_ne!(leaf.before, leaf.after);
		for range in ranges {
			assert!(range.from < range.to && split(range.from, range.to).len() < 16);
		}
	}
}

#[test]
fn a_verifier_that_names_no_positions_is_taken_to_name_one() {
	/// Contradicts the trait's contract.
	struct Empty;
	impl LeafVerifier for Empty {
		fn operations(_: &ModelSpec, _: &UnitContext, _: u32) -> u32 {
			0
		}
		fn pieces(_: &ModelSpec, _: &UnitContext, _: u32, _: u32) -> u64 {
			0
		}
		fn verify(_: &ModelSpec, _: &UnitContext, _: &Leaf, _: &[u8]) -> LeafVerdict {
			LeafVerdict::Unproven
		}
	}
	let right = Trace::honest::<Lcg>(&spec(), Trace::done(0), 3);
	let game = crate::Game::open(right.context.clone(), 0, Times { budget: 1, extension: 1 })
		.play::<Empty>(&spec(), Move::Reveal(right.leaves()), 0)
		.unwrap()
		.play::<Empty>(&spec(), Move::Choose(0), 0)
		.unwrap();
	assert!(matches!(game.phase, Phase::Prove(_)));
}
