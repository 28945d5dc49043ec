//! From an enlistment to a place: requests, lots, entitlements.

use crate::{
	lot::{first_stage, Lot},
	stage::Stage,
	Clock, Clocks, Config, Departure, Entitlements, Error, Event, Pallet, Phase, Places,
	RequestCount, Requests, StageVacancies, Vacancies, Vacancy,
};
use alloc::vec;
use cairn_primitives::{
	hash::Domain,
	lottery::draw,
	spec::Access,
	traits::{Entitlement, Models, Providers},
	BlockNumber, Hash, ModelId, ModelInfo, ModelSpec, StageIndex,
};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get, BoundedVec};
use sp_core::U256;

/// What this pallet reads of a model.
pub(crate) type ModelOf<T> = (ModelSpec, ModelInfo<<T as frame_system::Config>::AccountId>);

impl<T: Config> Pallet<T> {
	/// Commit a provider's bond to a model and let it wait for its lot.
	pub(crate) fn do_enlist(provider: T::AccountId, model: ModelId) -> DispatchResult {
		let of_model = Self::model(model)?;
		let (spec, info) = &of_model;
		ensure!(info.status.takes_providers(), Error::<T>::ModelRetired);
		ensure!(T::Providers::worker_key(&provider).is_some(), Error::<T>::NotRegistered);
		let is_in = Requests::<T>::contains_key(model, &provider)
			|| Places::<T>::contains_key(model, &provider);
		ensure!(!is_in, Error::<T>::AlreadyIn);
		let waiting = RequestCount::<T>::get(model);
		ensure!(waiting < T::MaxRequests::get(), Error::<T>::TooManyRequests);
		let known = Vacancies::<T>::get(model);
		let entitlement = Self::entitled_to(&of_model, &provider);
		if let Some(all) = &known {
			Self::ensure_room(all, entitlement)?;
		}
		let points = T::Models::bonded_points(model).ok_or(Error::<T>::UnknownModel)?;
		let bond = T::Providers::required_bond(points);
		match entitlement {
			Entitlement::Stage(_) => T::Providers::recommit(&provider, model, bond)?,
			// Its lot may give another stage than the last one. Until what it left is settled, every lot costs a bond: otherwise
			// whoever left at once could draw until it got the stage that it wants.
			Entitlement::None | Entitlement::Any => T::Providers::commit(&provider, model, bond)?,
		}

		if known.is_none() {
			Self::open_books(model, spec);
		}
		let seed_at = Self::judged_at();
		Self::wait_for(seed_at);
		Requests::<T>::insert(model, &provider, seed_at);
		RequestCount::<T>::insert(model, waiting.saturating_add(1)); // below MaxRequests
		Self::deposit_event(Event::Enlisted { model, provider, seed_at });
		Ok(())
	}

	/// Give an enlisted provider the place that its lot decides.
	pub(crate) fn do_draw_seat(model: ModelId, provider: T::AccountId) -> DispatchResult {
		let seed_at = Requests::<T>::get(model, &provider).ok_or(Error::<T>::NoRequest)?;
		let of_model = Self::model(model)?;
		if !of_model.1.status.takes_providers() {
			Self::withdraw(model, &of_model, provider, seed_at);
			return Ok(());
		}
		let seed = Self::seed(seed_at).ok_or(Error::<T>::BeaconNotKnown)?;
		let drawn = Self::drawn(model, &provider, seed);
		let vacancies = Vacancies::<T>::get(model).unwrap_or_default();
		let (stage, lot) = match Self::entitled_to(&of_model, &provider) {
			Entitlement::Any => {
				let lot = Lot::among(&vacancies, drawn).ok_or(Error::<T>::NoVacancy)?;
				(lot.stage, Some(lot))
			},
			Entitlement::Stage(stage) => (stage, Lot::at(stage, &vacancies, drawn)),
			Entitlement::None => {
				let (stage, rest) = Self::bind_to_first(&of_model, &provider, drawn);
				(stage, Lot::at(stage, &vacancies, rest))
			},
		};
		match lot {
			Some(lot) => Self::give_place(model, &of_model.0, provider, lot, seed_at),
			None => {
				Self::end_enlistment(model, &provider, seed_at);
				Self::deposit_event(Event::TurnedAway { model, provider, stage });
				Ok(())
			},
		}
	}

	/// Withdraw an enlistment, or give up a place.
	pub(crate) fn do_leave(provider: T::AccountId, model: ModelId) -> DispatchResult {
		if let Some(seed_at) = Requests::<T>::get(model, &provider) {
			let of_model = Self::model(model)?;
			Self::withdraw(model, &of_model, provider, seed_at);
			return Ok(());
		}
		Self::give_up_place(model, provider, Departure::Left)
	}

	/// End an enlistment without a place. A provider whose lot is known stays bound to the stage that it drew: otherwise
	/// to withdraw would be a way to draw again.
	pub(crate) fn withdraw(
		model: ModelId,
		of_model: &ModelOf<T>,
		provider: T::AccountId,
		seed_at: BlockNumber,
	) {
		let is_bound = Self::entitled_to(of_model, &provider) != Entitlement::None;
		if let Some(seed) = Self::seed(seed_at).filter(|_| !is_bound) {
			Self::bind_to_first(of_model, &provider, Self::drawn(model, &provider, seed));
		}
		Self::end_enlistment(model, &provider, seed_at);
		Self::deposit_event(Event::EnlistmentWithdrawn { model, provider });
	}

	/// What a provider may hold of a model's family.
	pub(crate) fn entitled_to((spec, info): &ModelOf<T>, provider: &T::AccountId) -> Entitlement {
		match spec.access {
			Access::Open => Entitlement::Any,
			Access::Sealed => Entitlements::<T>::get(info.root, provider)
				.map_or(Entitlement::None, Entitlement::Stage),
		}
	}

	/// The spec and state of a model.
	pub(crate) fn model(model: ModelId) -> Result<ModelOf<T>, Error<T>> {
		T::Models::spec(model).zip(T::Models::info(model)).ok_or(Error::<T>::UnknownModel)
	}

	/// Whether there is a place that a provider could get.
	fn ensure_room(all: &StageVacancies, entitlement: Entitlement) -> Result<(), Error<T>> {
		let is_open = |vacancy: &Vacancy| vacancy.seats > 0 || vacancy.standbys > 0;
		match entitlement {
			Entitlement::Stage(stage) => {
				ensure!(all.get(usize::from(stage)).is_some_and(is_open), Error::<T>::StageFull);
			},
			// Which stage a first lot falls on nobody knows yet: it may be full all the same.
			Entitlement::None | Entitlement::Any => {
				ensure!(all.iter().any(is_open), Error::<T>::NoVacancy);
			},
		}
		Ok(())
	}

	fn give_place(
		model: ModelId,
		spec: &ModelSpec,
		provider: T::AccountId,
		Lot { stage, vacant_seat }: Lot,
		seed_at: BlockNumber,
	) -> DispatchResult {
		let mut members = Self::load_stage(model, stage, spec.lanes);
		let event = match vacant_seat {
			Some(rank) => {
				let seat = members
					.take_vacant_seat(rank, provider.clone())
					.ok_or(Error::<T>::NoVacancy)?;
				Event::SeatTaken { model, stage, seat, provider: provider.clone() }
			},
			None => {
				ensure!(members.add_standby(provider.clone()), Error::<T>::StageFull);
				Event::StandbyAdded { model, stage, provider: provider.clone() }
			},
		};
		Self::save_stage(model, stage, &members);
		Self::remove_request(model, &provider, seed_at);
		Places::<T>::insert(model, &provider, stage);
		Self::deposit_event(event);
		Ok(())
	}

	/// What a lot draws for a provider.
	fn drawn(model: ModelId, provider: &T::AccountId, seed: Hash) -> U256 {
		draw(Domain::SeatLot, seed, &(model, provider))
	}

	/// Bind a provider to the stage of a sealed family that its first lot gives, for ever; returns also what was drawn
	/// beyond the stage.
	fn bind_to_first(
		(spec, info): &ModelOf<T>,
		provider: &T::AccountId,
		drawn: U256,
	) -> (StageIndex, U256) {
		let (stage, rest) = first_stage(spec.stage_count(), drawn);
		Entitlements::<T>::insert(info.root, provider, stage);
		let (root, provider) = (info.root, provider.clone());
		Self::deposit_event(Event::Entitled { root, provider, stage });
		(stage, rest)
	}

	fn open_books(model: ModelId, spec: &ModelSpec) {
		let vacancy = Stage::<T::AccountId>::empty(spec.lanes).vacancy();
		let all: StageVacancies = BoundedVec::truncate_from(vec![vacancy; spec.stages.len()]);
		Vacancies::<T>::insert(model, all);
		Clocks::<T>::insert(model, Clock { next: 0, oldest: 0, phase: Phase::Waiting, voided: 0 });
	}

	/// End an enlistment that leads to no place.
	fn end_enlistment(model: ModelId, provider: &T::AccountId, seed_at: BlockNumber) {
		Self::remove_request(model, provider, seed_at);
		T::Providers::release(provider, model);
	}

	fn remove_request(model: ModelId, provider: &T::AccountId, seed_at: BlockNumber) {
		Self::done_with(seed_at);
		Requests::<T>::remove(model, provider);
		// Counts existing requests, of which this was one.
		match RequestCount::<T>::get(model).saturating_sub(1) {
			0 => RequestCount::<T>::remove(model),
			waiting => RequestCount::<T>::insert(model, waiting),
		}
	}
}
