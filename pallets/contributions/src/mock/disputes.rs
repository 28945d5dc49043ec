//! Games that a test ends, or that end by the truth.

use super::*;

/// Challenger, its checkpoints, and what it is about.
pub type MockGame = (AccountId, Hash, UnitContext);

#[storage_alias]
pub type Games = StorageMap<MockDisputes, Twox64Concat, UnitId, Vec<MockGame>>;

pub struct MockDisputes;

impl Disputes for MockDisputes {
	type AccountId = AccountId;

	fn open(
		context: UnitContext,
		_: AccountId,
		challenger: AccountId,
		checkpoints: Hash,
	) -> DispatchResult {
		let mut games = Games::get(context.unit).unwrap_or_default();
		if games.len() > MaxChallenges::get() as usize {
			return Err(DispatchError::Exhausted);
		}
		assert!(games.iter().all(|game| game.0 != challenger), "one game per challenger");
		let unit = context.unit;
		games.push((challenger, checkpoints, context));
		Games::insert(unit, games);
		Ok(())
	}

	fn is_contested(unit: &UnitId) -> bool {
		Games::contains_key(unit)
	}

	fn moot(unit: &UnitId) {
		Games::remove(unit);
	}
}

/// Ends a game as if it was played.
pub fn end_game(unit: UnitId, challenger: &AccountId, is_refuted: bool) {
	let mut games = Games::get(unit).unwrap();
	games.retain(|game| game.0 != *challenger);
	if games.is_empty() {
		Games::remove(unit);
	} else {
		Games::insert(unit, games);
	}
	if is_refuted {
		Contributions::refuted(&unit, challenger).unwrap();
	} else {
		Contributions::upheld(&unit, challenger).unwrap();
	}
}

/// Ends a game as honest players of whichever side is right would.
pub fn end_game_by_truth(unit: UnitId, challenger: &AccountId) -> bool {
	let games = Games::get(unit).unwrap();
	let (_, _, context) = games.iter().find(|game| game.0 == *challenger).unwrap();
	let steps = context.outcome.steps();
	let truth = Trace::new(unit, state_of(context.shard_before), steps);
	let is_refuted = truth.checkpoints() != context.checkpoints;
	end_game(unit, challenger, is_refuted);
	is_refuted
}
