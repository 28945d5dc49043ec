//! Every game of a small trace, from every state that a liar can reach.

use cairn_primitives::dispute::{split, LeafVerifier};

use super::{trace::Toy, *};
use crate::{GameError, Range, Times};

const TIMES: Times = Times { budget: 10, extension: 1 };

/// Play the right defender against every choice that a challenger has, at every turn; returns how many leaves were
/// reached.
fn against_every_challenger<V: LeafVerifier>(right: &Trace, game: Game) -> usize {
	game.check::<V>(&spec(), 0).unwrap();
	match &game.phase {
		Phase::Prove(leaf) => {
			assert_eq!(game.prove::<V>(&spec(), &right.evidence(leaf), 0), Ok(Side::Defender));
			// Nothing else decides.
			let bogus = right.evidence(leaf).iter().map(|byte| !byte).collect::<Vec<u8>>();
			assert_eq!(game.prove::<V>(&spec(), &bogus, 0), Err(GameError::Unproven));
			1
		},
		Phase::Reveal | Phase::Split(_) => {
			let movement = right.next_move(&game).unwrap();
			against_every_challenger::<V>(right, game.play::<V>(&spec(), movement, 0).unwrap())
		},
		Phase::ChooseCheckpoint(_) | Phase::ChooseChild(..) => (0..=u8::MAX)
			.map_while(|child| game.clone().play::<V>(&spec(), Move::Choose(child), 0).ok())
			.map(|next| against_every_challenger::<V>(right, next))
			.sum(),
	}
}

/// Play the right challenger against every defender: of what one posts only the first wrong commitment matters, since the
/// challenger answers to nothing behind it. Returns how many leaves were reached.
fn against_every_defender<V: LeafVerifier>(right: &Trace, game: Game) -> usize {
	game.check::<V>(&spec(), 0).unwrap();
	match game.phase.clone() {
		Phase::Prove(leaf) => {
			let after = game.prove::<V>(&spec(), &right.evidence(&leaf), 0);
			assert_eq!(after, Ok(Side::Challenger));
			1
		},
		Phase::Split(range) => (0..=split(range.from, range.to).len())
			.map(|first_wrong| {
				let mut hashes = right.hashes(&range);
				hashes.iter_mut().skip(first_wrong).for_each(|hash| hash.0[0] ^= 1);
				let next = game.clone().play::<V>(&spec(), Move::Split(hashes), 0).unwrap();
				assert_chooses::<V>(right, &next, &range);
				against_every_defender::<V>(right, next)
			})
			.sum(),
		Phase::Reveal | Phase::ChooseCheckpoint(_) | Phase::ChooseChild(..) => {
			let movement = match &game.phase {
				// All leaves but the first are the liar's.
				Phase::Reveal => Move::Reveal(liars_leaves(right, &game)),
				_ => right.next_move(&game).unwrap(),
			};
			against_every_defender::<V>(right, game.play::<V>(&spec(), movement, 0).unwrap())
		},
	}
}

/// The chosen child starts with a right commitment and ends with a wrong one.
fn assert_chooses<V: LeafVerifier>(right: &Trace, game: &Game, whole: &Range) {
	let movement = right.next_move(game).unwrap();
	let next = game.clone().play::<V>(&spec(), movement, 0).unwrap();
	if let Phase::Split(range) = next.phase {
		assert_eq!(range.before, right.at(range.place, range.from), "agreed, within {whole:?}");
		assert_ne!(range.after, right.at(range.place, range.to), "disputed, within {whole:?}");
	}
}

/// Leaves that hash to what the liar attested.
fn liars_leaves(right: &Trace, game: &Game) -> crate::Leaves {
	(1..right.leaves().len())
		.map(|first_wrong| leaves_wrong_from(right, first_wrong))
		.find(|leaves| right.attesting(leaves).checkpoints == game.context.checkpoints)
		.expect("the liar knows its leaves")
}

fn leaves_wrong_from(right: &Trace, first_wrong: usize) -> crate::Leaves {
	let mut leaves = right.leaves();
	leaves.iter_mut().skip(first_wrong).for_each(|leaf| leaf.0[0] ^= 1);
	leaves
}

fn exhaust<const O: u32, const P: u64>(steps: u32, every: u32) {
	Shape::set((steps.max(1), every));
	let right = Trace::honest::<Toy<O, P>>(&spec(), Trace::done(steps), 11);
	let game = Game::open(right.context.clone(), 0, TIMES);
	let leaves = against_every_challenger::<Toy<O, P>>(&right, game);
	assert_eq!(leaves, right.len(), "every piece can be disputed");

	let leaves: usize = (1..right.leaves().len())
		.map(|first_wrong| right.attesting(&leaves_wrong_from(&right, first_wrong)))
		.map(|context| Game::open(context, 0, TIMES))
		.map(|game| against_every_defender::<Toy<O, P>>(&right, game))
		.sum();
	assert_eq!(leaves, right.len(), "a lie can be about every piece");
}

#[test]
fn the_honest_side_wins_every_game_of_small_traces() {
	exhaust::<1, 1>(0, 1);
	exhaust::<1, 1>(1, 1);
	exhaust::<2, 3>(5, 2);
	exhaust::<1, 17>(3, 1);
	exhaust::<17, 1>(3, 3);
	exhaust::<5, 2>(16, 1);
	exhaust::<1, 1>(40, 40);
	exhaust::<3, 300>(2, 1);
	exhaust::<20, 18>(4, 2);
}
