//! What is true after every block.

use alloc::collections::BTreeSet;

use cairn_primitives::{
	attestation::checkpoints_root,
	dispute::{split, LeafVerifier, UnitContext},
	traits::{checkpoint_leaves, Models},
	BlockNumber, ModelSpec,
};
use frame_support::{ensure, traits::Get};
use sp_runtime::TryRuntimeError;

use crate::{Clocks, Config, Game, Games, OpenGames, Pallet, Phase, Place, Range, Side};

impl<T: Config> Pallet<T> {
	/// The invariants of this pallet.
	///
	/// 1. The index names exactly the open games, each once; it has no empty rows and none beyond `MaxGamesPerUnit`.
	/// 2. A game is about the unit that it is filed under, and the challenger is not the defender.
	/// 3. The model of every disputed unit is known.
	/// 4. Exactly one clock runs: that of the side that has to move. It has a deadline, which leaves the side what is
	///    left of its budget, and the extension at least.
	/// 5. Revealed leaves are the attested ones.
	/// 6. Ranges are not empty and lie within the shape of the trace; one that is to be split has two positions or more,
	///    one that was split has a commitment for each boundary.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_index()?;
		for (unit, challenger, dispute) in Games::<T>::iter() {
			ensure!(dispute.game.context.unit == unit, "2: a game is filed under another unit");
			ensure!(dispute.defender != challenger, "2: a provider disputes its own unit");
			let spec = T::Models::spec(unit.model).ok_or("3: the model of a game is unknown")?;
			dispute.game.check::<T::Leaf>(&spec, Self::now())?;
		}
		Ok(())
	}

	fn check_index() -> Result<(), TryRuntimeError> {
		let mut named = BTreeSet::new();
		for (unit, challengers) in OpenGames::<T>::iter() {
			ensure!(!challengers.is_empty(), "1: a row of the index is empty");
			let most = T::MaxGamesPerUnit::get() as usize;
			ensure!(challengers.len() <= most, "1: too many games about a unit");
			for challenger in challengers {
				ensure!(
					Games::<T>::contains_key(unit, &challenger),
					"1: the index names a game that is not open"
				);
				ensure!(named.insert((unit, challenger)), "1: the index names a game twice");
			}
		}
		ensure!(
			Games::<T>::iter_keys().count() == named.len(),
			"1: a game is missing from the index"
		);
		Ok(())
	}
}

impl Game {
	/// The invariants of one game, whatever the players did: 4 to 6 of [`Pallet::do_try_state`].
	pub fn check<V: LeafVerifier>(
		&self,
		spec: &ModelSpec,
		now: BlockNumber,
	) -> Result<(), &'static str> {
		self.clocks.check(self.phase.side(), now)?;
		let context = &self.context;
		match &self.phase {
			Phase::Reveal => Ok(()),
			Phase::ChooseCheckpoint(leaves) => {
				let root = checkpoints_root(context.genesis, &context.unit, leaves);
				let attested = root == context.checkpoints
					&& leaves.len() == checkpoint_leaves(spec, context)
					&& leaves.first() == Some(&context.shard_before)
					&& leaves.last() == Some(&context.result);
				attested.then_some(()).ok_or("5: revealed leaves are not the attested ones")
			},
			Phase::Split(range) => {
				let long = range.to.saturating_sub(range.from) >= 2; // below 2 too if it is empty
				long.then_some(()).ok_or("6: a range to be split is too short")?;
				range.check::<V>(spec, context)
			},
			Phase::ChooseChild(range, hashes) => {
				let bounded =
					hashes.len() == split(range.from, range.to).len() && !hashes.is_empty();
				bounded.then_some(()).ok_or("6: a boundary has no commitment")?;
				range.check::<V>(spec, context)
			},
			Phase::Prove(leaf) => {
				let place = Place::Operation { step: leaf.step, operation: leaf.operation };
				let Some(to) = leaf.piece.checked_add(1) else {
					return Err("6: a leaf lies outside of the trace");
				};
				Range { place, from: leaf.piece, to, before: leaf.before, after: leaf.after }
					.check::<V>(spec, context)
			},
		}
	}
}

impl Clocks {
	fn check(&self, side: Side, now: BlockNumber) -> Result<(), &'static str> {
		let time = self.deadline.saturating_sub(self.since); // 0 if the deadline came first
		let runs = self.since <= now
			&& self.extension >= 1
			&& (time == self.left(side).max(self.extension) || self.deadline == BlockNumber::MAX);
		runs.then_some(()).ok_or("4: the clock of the side to move does not run as it should")
	}
}

impl Range {
	fn check<V: LeafVerifier>(
		&self,
		spec: &ModelSpec,
		context: &UnitContext,
	) -> Result<(), &'static str> {
		let positions = match self.place {
			Place::Trace => context.trace_steps().into(),
			Place::Step { step } if step < context.trace_steps() => {
				V::operations(spec, context, step).into()
			},
			Place::Operation { step, operation }
				if step < context.trace_steps()
					&& operation < V::operations(spec, context, step) =>
			{
				V::pieces(spec, context, step, operation)
			},
			_ => 0,
		};
		let inside = self.from < self.to && self.to <= positions;
		inside.then_some(()).ok_or("6: a range is empty or outside of the trace")
	}
}
