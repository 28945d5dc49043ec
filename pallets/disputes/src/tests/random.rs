//! Thousands of games between an honest player and a liar, with meddlers, through the calls.

use cairn_primitives::{
	dispute::{UnitContext, MOVE_HASHES},
	lcg::{Lcg, OPERATIONS, PIECES},
	Hash,
};
use frame_support::{assert_noop, assert_ok};
use rand::{seq::SliceRandom, Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{
	trace::{rounds, Trace},
	*,
};
use crate::{Error, Evidence, Hashes, Leaves, MAX_LEAVES};

/// How a liar plays.
#[derive(Clone, Copy, Debug)]
enum Style {
	/// By a trace of its own, or at random where it has none.
	Consistent,
	/// Anything.
	Random,
	/// Now right, now by its own trace, now anything.
	Mixed,
	/// Right as far as it can: it lies only where it is bound to.
	Late,
	/// As the others, until it stops answering.
	Fading,
}

const STYLES: [Style; 5] =
	[Style::Consistent, Style::Random, Style::Mixed, Style::Late, Style::Fading];

struct Match {
	rng: ChaCha8Rng,
	/// What the honest player holds.
	right: Trace,
	/// What the liar holds.
	wrong: Trace,
	honest: Side,
	style: Style,
	/// The leaves that were attested, if there are such leaves.
	leaves: Option<Leaves>,
	moves: u32,
}

impl Match {
	/// A game of a random window; returns what was attested too.
	fn arrange(mut rng: ChaCha8Rng, steps: u32, every: u32) -> (Self, UnitContext) {
		Shape::set((steps.max(1), every));
		let initial = rng.gen();
		let right = Trace::honest::<Lcg>(&spec(), Trace::done(steps), initial);
		let honest = *[Side::Defender, Side::Challenger].choose(&mut rng).unwrap();
		let style = *STYLES.choose(&mut rng).unwrap();
		let (wrong, lie, leaves) = loop {
			let wrong = corrupted(&mut rng, &right);
			let (lie, leaves) = attested_lie(&mut rng, &right, &wrong);
			if lie.checkpoints != right.context.checkpoints {
				break (wrong, lie, leaves);
			}
		};
		let (context, leaves) = match honest {
			Side::Defender => (right.context.clone(), Some(right.leaves())),
			Side::Challenger => (lie, leaves),
		};
		(Self { rng, right, wrong, honest, style, leaves, moves: 0 }, context)
	}

	/// Play to the end.
	fn play(&mut self) {
		let opened = now();
		while let Some(Dispute { game, .. }) = Games::<Test>::get(UNIT, CHALLENGER) {
			self.meddle(&game);
			if game.turn().side == self.honest {
				self.honest_turn(&game);
			} else {
				self.liars_turn(&game);
			}
			self.moves += 1;
			if let Some(Dispute { game, .. }) = Games::<Test>::get(UNIT, CHALLENGER) {
				game.check::<Lcg>(&spec(), now()).unwrap();
			}
		}
		let told = Told::take();
		assert_eq!(told, [(UNIT, CHALLENGER, self.honest)], "{:?} {:?}", self.honest, self.style);
		assert!(self.moves <= most_moves(), "{} moves", self.moves);
		let longest = 2 * ClockBudget::get() + self.moves * ClockExtension::get() + 1;
		assert!(now() - opened <= longest, "{} blocks", now() - opened);
	}

	/// Move by the right trace, at any block that counts.
	fn honest_turn(&mut self, game: &Game) {
		let at = self.moment(game);
		run_to(at);
		let account = self.account(self.honest);
		match self.right.next_move(game) {
			Some(movement) => {
				assert_ok!(submit(account, CHALLENGER, movement));
			},
			None => self.honest_proof(game, account),
		}
	}

	fn honest_proof(&mut self, game: &Game, who: AccountId) {
		let Phase::Prove(leaf) = &game.phase else { unreachable!("only a leaf asks for no move") };
		let evidence = self.right.evidence(leaf).try_into().unwrap();
		assert_ok!(Disputes::prove_leaf(signed(who), UNIT, CHALLENGER, evidence));
	}

	fn liars_turn(&mut self, game: &Game) {
		let fades = matches!(self.style, Style::Fading) && self.rng.gen_bool(0.15);
		let movement = if fades { None } else { self.lie(game) };
		let Some(movement) = movement else { return self.liar_stuck(game) };
		let account = self.account(self.honest.opponent());
		if self.rng.gen_ratio(1, 40) {
			// Too late by a block.
			run_to(game.clocks.deadline + 1);
			assert_noop!(submit(account, CHALLENGER, movement), Error::<Test>::OutOfTime);
			return self.liar_stuck(game);
		}
		let at = self.moment(game);
		run_to(at);
		assert_ok!(submit(account, CHALLENGER, movement));
	}

	/// The liar is at the leaf, or does not answer: the honest player proves, or anyone ends the game when the clock has
	/// run out.
	fn liar_stuck(&mut self, game: &Game) {
		if let Phase::Prove(leaf) = &game.phase {
			// A wrong leaf has no evidence that it is right: neither its state nor any other opens it to that effect.
			let bogus: Evidence = match self.rng.gen_range(0..2) {
				0 => vec![self.rng.gen(); self.rng.gen_range(0..40)].try_into().unwrap(),
				_ => Evidence::default(),
			};
			assert_noop!(
				Disputes::prove_leaf(signed(DEFENDER), UNIT, CHALLENGER, bogus),
				Error::<Test>::Unproven
			);
			let own = self.wrong.evidence(leaf).try_into().unwrap();
			if !game.clocks.has_run_out(now()) && self.rng.gen() {
				// The liar may try the state of its own: at best it refutes itself.
				let _ = Disputes::prove_leaf(signed(DEFENDER), UNIT, CHALLENGER, own);
				if !Games::<Test>::contains_key(UNIT, CHALLENGER) {
					return;
				}
				let at = self.moment(game);
				run_to(at);
				return self.honest_proof(game, worker(CHALLENGER));
			}
		}
		run_to(now().max(game.clocks.deadline + 1));
		assert_ok!(Disputes::time_out(signed(STRANGER), UNIT, CHALLENGER));
	}

	/// Some move of the right kind, however wrong; none where the liar has none.
	fn lie(&mut self, game: &Game) -> Option<Move> {
		match &game.phase {
			Phase::Reveal => self.leaves.clone().map(Move::Reveal),
			Phase::Split(range) => {
				let (right, wrong) = (self.right.hashes(range), self.wrong.hashes(range));
				let mixed = right.iter().zip(wrong.iter()).map(|(right, wrong)| {
					let kind = match self.style {
						Style::Consistent => 0,
						Style::Random => 1,
						Style::Late => 2,
						Style::Mixed | Style::Fading => self.rng.gen_range(0..4),
					};
					match kind {
						0 => *wrong,
						1 => noise(&mut self.rng),
						2 => *right,
						_ => range.after,
					}
				});
				let hashes: Vec<Hash> = mixed.collect();
				Some(Move::Split(hashes.try_into().unwrap()))
			},
			Phase::ChooseCheckpoint(leaves) => {
				let children = leaves.len() as u8 - 1;
				Some(Move::Choose(self.rng.gen_range(0..children)))
			},
			Phase::ChooseChild(_, hashes) => {
				let children = hashes.len() as u8 + 1;
				let last = matches!(self.style, Style::Late);
				let child = if last { children - 1 } else { self.rng.gen_range(0..children) };
				Some(Move::Choose(child))
			},
			Phase::Prove(_) => None,
		}
	}

	/// Calls that must not change anything, from all sides.
	fn meddle(&mut self, game: &Game) {
		if self.rng.gen_ratio(3, 4) {
			return;
		}
		let turn = game.turn().side;
		let leaves = vec![noise(&mut self.rng); self.rng.gen_range(0..=MAX_LEAVES as usize)];
		let hashes = vec![noise(&mut self.rng); self.rng.gen_range(0..=MOVE_HASHES as usize)];
		let moves = [
			Move::Reveal(Leaves::try_from(leaves).unwrap()),
			Move::Split(Hashes::try_from(hashes).unwrap()),
			Move::Choose(self.rng.gen_range(0..=u8::MAX)),
		];
		for movement in moves {
			let side = movement.side();
			let outsiders = [STRANGER, self.account(side.opponent())];
			for who in outsiders {
				assert_noop!(submit(who, CHALLENGER, movement.clone()), Error::<Test>::NotAParty);
			}
			if side != turn {
				let who = self.account(side);
				assert_noop!(submit(who, CHALLENGER, movement), Error::<Test>::NotYourTurn);
			}
		}
		assert_noop!(
			Disputes::time_out(signed(STRANGER), UNIT, CHALLENGER),
			Error::<Test>::ClockRunning
		);
		let bogus: Evidence = vec![self.rng.gen(); 8].try_into().unwrap();
		let error = match game.phase {
			Phase::Prove(_) => Error::<Test>::Unproven,
			_ => Error::<Test>::NotAtLeaf,
		};
		assert_noop!(Disputes::prove_leaf(signed(STRANGER), UNIT, CHALLENGER, bogus), error);
	}

	/// A block in which a move still counts: often the first or the last one.
	fn moment(&mut self, game: &Game) -> u32 {
		let (now, last) = (now(), game.clocks.deadline);
		match self.rng.gen_range(0..6) {
			0..=2 => now,
			3 => last,
			4 => now.max(last - 1),
			_ => self.rng.gen_range(now..=last),
		}
	}

	/// The provider of a side, or its worker key.
	fn account(&mut self, side: Side) -> AccountId {
		let provider = match side {
			Side::Defender => DEFENDER,
			Side::Challenger => CHALLENGER,
		};
		if self.rng.gen() {
			provider
		} else {
			worker(provider)
		}
	}
}

/// A hash of nothing.
fn noise(rng: &mut ChaCha8Rng) -> Hash {
	Hash::from(rng.gen::<[u8; 32]>())
}

/// A trace that is wrong from somewhere on, or only for a while.
fn corrupted(rng: &mut ChaCha8Rng, right: &Trace) -> Trace {
	let noise = rng.gen_range(1..=u64::MAX);
	let first = rng.gen_range(0..right.len());
	if rng.gen() {
		right.wrong_from(first, noise)
	} else {
		right.wrong_between(first, rng.gen_range(first + 1..=right.len()), noise)
	}
}

/// What a liar attests, and the leaves that it can reveal, if any.
fn attested_lie(
	rng: &mut ChaCha8Rng,
	right: &Trace,
	wrong: &Trace,
) -> (UnitContext, Option<Leaves>) {
	match rng.gen_range(0..10) {
		// A root over nothing.
		0 => (UnitContext { checkpoints: noise(rng), ..right.context.clone() }, None),
		// A root over leaves that do not start with the shard.
		1 => {
			let mut leaves = wrong.leaves();
			leaves[0] = noise(rng);
			(right.attesting(&leaves), None)
		},
		// Leaves that belong to no trace.
		2 | 3 => {
			let mut leaves = right.leaves();
			leaves.iter_mut().skip(1).for_each(|leaf| {
				if rng.gen() {
					*leaf = noise(rng);
				}
			});
			(right.attesting(&leaves), Some(leaves))
		},
		_ => (wrong.context.clone(), Some(wrong.leaves())),
	}
}

/// The most moves that a game of the current shape can have: a round of checkpoints, the rounds of each level, the leaf.
fn most_moves() -> u32 {
	let (_, every) = Shape::get();
	2 * (1 + rounds(every.into()) + rounds(OPERATIONS.into()) + rounds(PIECES)) + 1
}

fn play_matches(seed: u64, games: u64, shape: impl Fn(&mut ChaCha8Rng) -> (u32, u32)) {
	ExtBuilder.build_and_execute(|| {
		let (mut to_leaf, mut honest_defenders) = (0, 0);
		for game in 0..games {
			let mut rng = ChaCha8Rng::seed_from_u64(seed << 32 | game);
			ClockBudget::set(rng.gen_range(0..50));
			ClockExtension::set(rng.gen_range(1..8));
			let (steps, every) = shape(&mut rng);
			let (mut game, context) = Match::arrange(rng, steps, every);
			assert_ok!(open(&context, CHALLENGER));
			game.play();
			System::reset_events();
			to_leaf += u64::from(game.moves > 4);
			honest_defenders += u64::from(game.honest == Side::Defender);
		}
		// The test tests something: both sides were honest, and most games came far.
		assert!(to_leaf * 2 > games, "{to_leaf} of {games} came far");
		assert!(honest_defenders * 3 > games && honest_defenders * 3 < games * 2);
	});
}

#[test]
fn the_honest_side_wins_thousands_of_games_of_short_windows() {
	play_matches(1, 5_000, |rng| {
		let steps = rng.gen_range(0..=5);
		(steps, rng.gen_range(1..=steps.max(1)))
	});
}

#[test]
fn the_honest_side_wins_games_of_windows_of_a_hundred_steps() {
	play_matches(2, 60, |rng| (100, *[7, 25, 100].choose(rng).unwrap()));
}

#[test]
fn games_about_one_unit_do_not_disturb_each_other() {
	for seed in 0..50 {
		ExtBuilder.build_and_execute(|| {
			// GIVEN an honest defender and several challengers, one of which plays while others rest
			let mut rng = ChaCha8Rng::seed_from_u64(seed);
			Shape::set((3, 1));
			let right = Trace::honest::<Lcg>(&spec(), Trace::done(3), seed);
			let challengers = [CHALLENGER, RIVAL, 4];
			for challenger in challengers {
				assert_ok!(open(&right.context, challenger));
			}
			// WHEN all of them make moves in any order
			while Games::<Test>::iter_prefix(UNIT).next().is_some() {
				let open: Vec<AccountId> = Games::<Test>::iter_key_prefix(UNIT).collect();
				let challenger = *open.choose(&mut rng).unwrap();
				let game = dispute(challenger).game;
				match &game.phase {
					Phase::Prove(leaf) => {
						let evidence = right.evidence(leaf).try_into().unwrap();
						let sender = signed(worker(DEFENDER));
						assert_ok!(Disputes::prove_leaf(sender, UNIT, challenger, evidence));
					},
					Phase::Reveal | Phase::Split(_) => {
						let movement = right.next_move(&game).unwrap();
						assert_ok!(submit(worker(DEFENDER), challenger, movement));
					},
					_ => {
						let movement = Move::Choose(rng.gen_range(0..2));
						assert_ok!(submit(challenger, challenger, movement));
					},
				}
				check_invariants();
			}
			// THEN the defender wins each
			let told = Told::get();
			let won = challengers.map(|challenger| (UNIT, challenger, Side::Defender));
			assert_eq!(told.len(), won.len());
			assert!(won.iter().all(|won| told.contains(won)));
		});
	}
}
