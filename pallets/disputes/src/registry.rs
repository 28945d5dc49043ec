//! Which games are open.

use cairn_primitives::{
	dispute::UnitContext,
	traits::{Disputes, Models},
	Hash, ModelSpec, UnitId,
};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get};
use sp_runtime::DispatchError;

use crate::{
	AccountIdOf, Config, Dispute, DisputeOf, Error, Event, Game, Games, OpenGames, Pallet, Times,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_open(
		context: UnitContext,
		defender: AccountIdOf<T>,
		challenger: AccountIdOf<T>,
		challenger_checkpoints: Hash,
	) -> DispatchResult {
		let unit = context.unit;
		let spec = Self::spec(&unit)?;
		// The closing step is not one of the window's.
		let steps = context.trace_steps().saturating_sub(1);
		ensure!(steps <= spec.window.steps, Error::<T>::TraceTooLong);
		ensure!(defender != challenger, Error::<T>::OwnUnit);
		ensure!(context.checkpoints != challenger_checkpoints, Error::<T>::NothingDisputed);
		ensure!(!Games::<T>::contains_key(unit, &challenger), Error::<T>::AlreadyOpen);

		let times = Times { budget: T::ClockBudget::get(), extension: T::ClockExtension::get() };
		let game = Game::open(context, Self::now(), times);
		let deadline = game.clocks.deadline;

		OpenGames::<T>::try_mutate(unit, |open| open.try_push(challenger.clone()))
			.map_err(|_| Error::<T>::TooManyGames)?;
		Games::<T>::insert(unit, &challenger, Dispute { defender: defender.clone(), game });
		Self::deposit_event(Event::GameOpened {
			unit,
			challenger,
			defender,
			checkpoints: challenger_checkpoints,
			deadline,
		});
		Ok(())
	}

	/// The game of a challenger, if it is open.
	pub(crate) fn dispute(
		unit: &UnitId,
		challenger: &AccountIdOf<T>,
	) -> Result<DisputeOf<T>, DispatchError> {
		Games::<T>::get(unit, challenger).ok_or(Error::<T>::NoSuchGame.into())
	}

	/// The spec that a unit was computed by.
	pub(crate) fn spec(unit: &UnitId) -> Result<ModelSpec, DispatchError> {
		T::Models::spec(unit.model).ok_or(Error::<T>::UnknownModel.into())
	}

	/// Forget one game.
	pub(crate) fn remove(unit: &UnitId, challenger: &AccountIdOf<T>) {
		Games::<T>::remove(unit, challenger);
		OpenGames::<T>::mutate_exists(unit, |open| {
			let Some(challengers) = open else { return };
			challengers.retain(|other| other != challenger);
			if challengers.is_empty() {
				*open = None;
			}
		});
	}
}

impl<T: Config> Disputes for Pallet<T> {
	type AccountId = AccountIdOf<T>;

	fn open(
		context: UnitContext,
		defender: AccountIdOf<T>,
		challenger: AccountIdOf<T>,
		challenger_checkpoints: Hash,
	) -> DispatchResult {
		Self::do_open(context, defender, challenger, challenger_checkpoints)
	}

	fn is_contested(unit: &UnitId) -> bool {
		OpenGames::<T>::contains_key(unit)
	}

	fn moot(unit: &UnitId) {
		for challenger in OpenGames::<T>::take(unit) {
			Games::<T>::remove(unit, &challenger);
			Self::deposit_event(Event::GameMooted { unit: *unit, challenger });
		}
	}
}
