//! What differs between a unit as it was attested and as it is computed.

use cairn_chain::views::{Game, GamePhase, Unit};
use cairn_engine::unit::{Crossings, Place, TraceError, UnitTrace};
use cairn_primitives::{
	attestation::checkpoint_steps,
	dispute::{checkpoint_boundaries, split},
	Hash, ModelSpec, StepIndex,
};
use cairn_program::trace::Action;

use crate::run::{audit::Replayed, dispute::place};

/// What differs, in sentences.
#[derive(Debug, Default, PartialEq)]
pub struct Found(Vec<String>);

/// A commitment at a boundary of a trace that the unit's worker claims.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
	place: Place,
	boundary: u64,
	hash: Hash,
}

impl Found {
	/// Add a sentence.
	pub fn add(&mut self, line: String) {
		self.0.push(line);
	}

	/// Print everything.
	pub fn print(&self) {
		self.0.iter().for_each(|line| println!("  {line}"));
	}

	/// What of the attestation itself is another.
	pub fn compare(&mut self, unit: &Unit, replayed: &Replayed) {
		let Replayed { report, torn, .. } = replayed;
		match torn {
			Some(StepIndex::MAX) => {
				self.add("what was sent of held-out samples is not what it computes".into());
			},
			Some(step) => self.add(format!("step {step}: what was sent is not what it computes")),
			None => {},
		}
		if unit.difference != report.root {
			let (attested, own) = (unit.difference, report.root);
			self.add(format!("difference: attested {attested:?}, computed {own:?}"));
		}
		let mut compare = |name: &str, attested: f32, own: f32| {
			if attested.to_bits() != own.to_bits() {
				self.add(format!("{name}: attested {attested}, computed {own}"));
			}
		};
		compare("norm of the difference", f32::from_bits(unit.norm.0), report.norm);
		for (name, attested, own) in
			[("loss", unit.loss, report.loss), ("held-out loss", unit.held_out, report.held_out)]
		{
			if let Some(attested) = attested {
				compare(name, f32::from_bits(attested.0), own.unwrap_or(0.0));
			}
		}
	}

	/// The first checkpoint that is another, where the worker's are known.
	pub fn compare_leaves(
		&mut self,
		steps: StepIndex,
		every: StepIndex,
		attested: &[Hash],
		own: &[Hash],
	) {
		let positions = checkpoint_steps(steps, every);
		let Some(first) = attested.iter().zip(own).position(|(attested, own)| attested != own)
		else {
			return;
		};
		let (attested, own) = (attested[first], own[first]);
		self.add(match (first.checked_sub(1).map(|before| positions[before]), positions.get(first)) {
			(Some(from), Some(to)) => format!(
				"checkpoints: right until step {from}, other after step {to}: attested {attested:?}, computed {own:?}"
			),
			(None, _) => format!("the shard before: attested {attested:?}, computed {own:?}"),
			(Some(_), None) => "all checkpoints are right, the result is not".into(),
		});
	}
}

/// What the worker claims in a game, in the order of the trace.
pub fn claims(spec: &ModelSpec, game: &Game) -> Vec<Claim> {
	match &game.phase {
		GamePhase::Reveal => Vec::new(),
		GamePhase::ChooseCheckpoint(leaves) => {
			let ends = checkpoint_boundaries(&game.context, spec.window.checkpoint_every);
			let claim = |(end, hash): (StepIndex, &Hash)| Claim {
				place: Place::Trace,
				boundary: end.into(),
				hash: *hash,
			};
			ends.into_iter().zip(leaves).map(claim).collect()
		},
		GamePhase::Split(range) => {
			vec![Claim { place: place(range), boundary: range.to, hash: range.after }]
		},
		GamePhase::ChooseChild(range, hashes) => {
			let inner = split(range.from, range.to).into_iter().zip(hashes.iter().copied());
			inner
				.chain([(range.to, range.after)])
				.map(|(boundary, hash)| Claim { place: place(range), boundary, hash })
				.collect()
		},
		GamePhase::Prove(leaf) => {
			let place = Place::Operation { step: leaf.step, operation: leaf.operation };
			vec![Claim { place, boundary: leaf.piece + 1, hash: leaf.after }]
		},
	}
}

/// The first claim that is not what the trace has there, in a sentence.
pub fn first_false<C: Crossings>(
	trace: &mut UnitTrace<C>,
	claims: &[Claim],
) -> Result<Option<String>, TraceError> {
	for Claim { place, boundary, hash } in claims {
		let own = trace.commitment(*place, *boundary)?;
		if own != *hash {
			let at = name(trace, *place, *boundary)?;
			return Ok(Some(format!("{at}: claimed {hash:?}, computed {own:?}")));
		}
	}
	Ok(None)
}

/// Where a boundary is, and behind a piece what that writes.
fn name<C: Crossings>(
	trace: &mut UnitTrace<C>,
	place: Place,
	boundary: u64,
) -> Result<String, TraceError> {
	Ok(match place {
		Place::Trace => format!("after step {boundary} of the trace"),
		Place::Step { step } => match boundary.checked_sub(1) {
			Some(last) => {
				let last = u32::try_from(last).map_err(|_| TraceError::NoBoundary)?;
				let action = action(&trace.look(step, last, 0)?.action);
				format!("in step {step}, after operation {last}, which {action}")
			},
			None => format!("before step {step}"),
		},
		Place::Operation { step, operation } => {
			let last = boundary.saturating_sub(1);
			let piece = trace.look(step, operation, last)?;
			let action = action(&piece.action);
			let begin = format!(
				"in step {step}, operation {operation}, which {action}, after piece {last}"
			);
			match piece.output {
				Some((element, number)) => {
					format!("{begin} (element {element}, which comes to {number})")
				},
				None => begin,
			}
		},
	})
}

/// What an operation does.
fn action(action: &Action) -> String {
	match action {
		Action::Compute(operation) => format!("writes {}", operation.output),
		Action::Compare(value) => format!("compares {value} with what was signed"),
		Action::Keep(value) => format!("hands {value} on"),
		Action::Attest => "puts the result together".into(),
	}
}

#[cfg(test)]
mod tests {
	use cairn_chain::views::{GamePlace, Range};
	use cairn_primitives::{
		dispute::{Leaf, UnitContext},
		Outcome, UnitId,
	};

	use super::*;

	fn hash(byte: u8) -> Hash {
		Hash::repeat_byte(byte)
	}

	fn compared(attested: &[u8], own: &[u8]) -> Vec<String> {
		let mut found = Found::default();
		let leaves = |bytes: &[u8]| bytes.iter().copied().map(hash).collect::<Vec<_>>();
		found.compare_leaves(60, 25, &leaves(attested), &leaves(own));
		found.0
	}

	#[test]
	fn the_first_checkpoint_that_is_another_is_named_by_its_step() {
		let own = [0, 1, 2, 3, 4];
		assert!(compared(&own, &own).is_empty());
		let line = |attested: &[u8]| compared(attested, &own).join("\n");
		assert!(line(&[9, 9, 9, 9, 9]).starts_with("the shard before"));
		assert!(line(&[0, 9, 2, 3, 4]).contains("right until step 0, other after step 25"));
		assert!(line(&[0, 1, 2, 9, 9]).contains("right until step 50, other after step 60"));
		assert!(line(&[0, 1, 2, 3, 9]).contains("the result is not"));
	}

	#[test]
	fn what_is_claimed_in_a_game_is_where_the_game_has_come_to() {
		let mut spec = ModelSpec::example(Hash::zero(), 2, 2);
		spec.window.checkpoint_every = 25;
		let context = UnitContext {
			genesis: Hash::zero(),
			unit: UnitId { model: 0, window: 0, stage: 0, lane: 0 },
			shard_before: Hash::zero(),
			outcome: Outcome::Done { steps: 60 },
			samples: 0,
			upstream: None,
			downstream: None,
			result: Hash::zero(),
			checkpoints: Hash::zero(),
		};
		let claims = |phase| {
			let defender = cairn_chain::AccountId::new([1; 32]);
			let game = Game { defender, context: context.clone(), phase, deadline: 9 };
			let claims = claims(&spec, &game).into_iter();
			claims.map(|claim| (claim.place, claim.boundary, claim.hash)).collect::<Vec<_>>()
		};
		let range = |from, to| Range {
			place: GamePlace::Step { step: 3 },
			from,
			to,
			before: hash(1),
			after: hash(2),
		};
		let step = Place::Step { step: 3 };

		assert!(claims(GamePhase::Reveal).is_empty());
		let leaves = (0..5).map(hash).collect();
		let positions: Vec<_> =
			claims(GamePhase::ChooseCheckpoint(leaves)).into_iter().map(|claim| claim.1).collect();
		assert_eq!(positions, [0, 25, 50, 60, 61]);
		assert_eq!(claims(GamePhase::Split(range(0, 3))), [(step, 3, hash(2))]);
		let inner = vec![hash(7), hash(8)];
		assert_eq!(
			claims(GamePhase::ChooseChild(range(0, 3), inner)),
			[(step, 1, hash(7)), (step, 2, hash(8)), (step, 3, hash(2))]
		);
		let leaf = Leaf { step: 3, operation: 5, piece: 6, before: hash(1), after: hash(2) };
		let place = Place::Operation { step: 3, operation: 5 };
		assert_eq!(claims(GamePhase::Prove(leaf)), [(place, 7, hash(2))]);
	}
}
