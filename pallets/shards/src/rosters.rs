//! Changes of rosters: departures, promotions, and what standbys declare.

use crate::{
	stage::Stage, Clocks, Config, Departure, Error, Event, Pallet, Places, Rosters, SeatRecords,
	Vacancies,
};
use cairn_primitives::{traits::Providers, ModelId, ModelStatus, StageIndex, WindowIndex};
use frame_support::{dispatch::DispatchResult, ensure};

/// A stage with the runtime's accounts.
pub(crate) type StageOf<T> = Stage<<T as frame_system::Config>::AccountId>;

impl<T: Config> Pallet<T> {
	/// Note that a standby holds the merged shard of the last closed window.
	pub(crate) fn do_declare_held(
		worker: T::AccountId,
		model: ModelId,
		window: WindowIndex,
	) -> DispatchResult {
		let provider = T::Providers::provider_of(&worker).ok_or(Error::<T>::NotAWorker)?;
		let stage = Places::<T>::get(model, &provider).ok_or(Error::<T>::NotIn)?;
		let clock = Clocks::<T>::get(model).ok_or(Error::<T>::NobodyEnlisted)?;
		ensure!(window.checked_add(1) == Some(clock.next), Error::<T>::NotLastWindow);
		let mut roster = Rosters::<T>::get(model, stage).ok_or(Error::<T>::NotIn)?;
		let standby = roster
			.standbys
			.iter_mut()
			.find(|standby| standby.provider == provider)
			.ok_or(Error::<T>::NotStandby)?;
		ensure!(standby.held != Some(window), Error::<T>::AlreadyDeclared);

		standby.held = Some(window);
		Rosters::<T>::insert(model, stage, roster);
		Self::deposit_event(Event::ShardHeld { model, stage, provider, window });
		Ok(())
	}

	/// Clear a stage of a retired model.
	pub(crate) fn do_dissolve(model: ModelId, stage: StageIndex) -> DispatchResult {
		let (_, info) = Self::model(model)?;
		ensure!(info.status == ModelStatus::Retired, Error::<T>::NotRetired);
		let clock = Clocks::<T>::get(model).ok_or(Error::<T>::NothingToDissolve)?;
		ensure!(!clock.phase.is_running(), Error::<T>::WindowRunning);
		ensure!(Self::now() >= Self::dissolvable(model, &clock), Error::<T>::TooEarlyToDissolve);
		let roster = Rosters::<T>::get(model, stage).ok_or(Error::<T>::NothingToDissolve)?;
		let lanes = roster.seats.len() as u8; // at most 16
		let members = Stage { roster, records: SeatRecords::<T>::get(model, stage) };

		for provider in members.members() {
			Self::depart(model, stage, provider.clone(), Departure::Dissolved);
		}
		Self::save_stage(model, stage, &Stage::empty(lanes));
		Self::deposit_event(Event::StageDissolved { model, stage });
		Ok(())
	}

	/// Take a provider from its place: at once, or when the window closes if it sits in a running one.
	pub(crate) fn give_up_place(
		model: ModelId,
		provider: T::AccountId,
		reason: Departure,
	) -> DispatchResult {
		let stage = Places::<T>::get(model, &provider).ok_or(Error::<T>::NotIn)?;
		let roster = Rosters::<T>::get(model, stage).ok_or(Error::<T>::NotIn)?;
		let mut members = Stage { roster, records: SeatRecords::<T>::get(model, stage) };
		match members.roster.seat_of(&provider) {
			Some(seat) if Self::is_running(model) => {
				ensure!(
					members.record(seat).departure.is_none() || reason != Departure::Left,
					Error::<T>::AlreadyLeaving
				);
				members.schedule_departure(seat, reason);
				SeatRecords::<T>::insert(model, stage, members.records);
				Self::deposit_event(Event::DepartureScheduled { model, stage, provider, reason });
				return Ok(());
			},
			Some(seat) => {
				members.vacate(seat);
			},
			None => {
				members.remove_standby(&provider);
			},
		}
		Self::depart(model, stage, provider, reason);
		if !Self::is_running(model) {
			Self::promote(model, stage, &mut members);
		}
		Self::save_stage(model, stage, &members);
		Ok(())
	}

	/// Let go of a provider that is on no roster any more.
	pub(crate) fn depart(
		model: ModelId,
		stage: StageIndex,
		provider: T::AccountId,
		reason: Departure,
	) {
		Places::<T>::remove(model, &provider);
		T::Providers::release(&provider, model);
		Self::deposit_event(Event::Departed { model, stage, provider, reason });
	}

	/// Fill a stage's vacant seats with its standbys.
	pub(crate) fn promote(model: ModelId, stage: StageIndex, members: &mut StageOf<T>) {
		for (seat, provider) in members.promote_standbys() {
			Self::deposit_event(Event::SeatTaken { model, stage, seat, provider });
		}
	}

	/// A stage as it is stored.
	pub(crate) fn load_stage(model: ModelId, stage: StageIndex, lanes: u8) -> StageOf<T> {
		match Rosters::<T>::get(model, stage) {
			Some(roster) => Stage { roster, records: SeatRecords::<T>::get(model, stage) },
			None => Stage::empty(lanes),
		}
	}

	/// Store a stage and its count of free places.
	pub(crate) fn save_stage(model: ModelId, stage: StageIndex, members: &StageOf<T>) {
		Self::store_rows(model, stage, members);
		Vacancies::<T>::mutate(model, |all| {
			if let Some(vacancy) = all.as_mut().and_then(|all| all.get_mut(usize::from(stage))) {
				*vacancy = members.vacancy();
			}
		});
	}

	/// Store a stage; its count of free places is the caller's business.
	pub(crate) fn store_rows(model: ModelId, stage: StageIndex, members: &StageOf<T>) {
		if members.is_empty() {
			Rosters::<T>::remove(model, stage);
			SeatRecords::<T>::remove(model, stage);
			return;
		}
		Rosters::<T>::insert(model, stage, &members.roster);
		SeatRecords::<T>::insert(model, stage, &members.records);
	}

	/// Whether a window of a model runs, or is over and not yet closed.
	pub(crate) fn is_running(model: ModelId) -> bool {
		Clocks::<T>::get(model).is_some_and(|clock| clock.phase.is_running())
	}
}
