//! From an enlistment to a place: requests, lots, entitlements.

use crate::{
	beacon::Seed, lot::Lot, stage::Stage, Clock, Clocks, Config, Departure, Entitlements, Error,
	Event, Holders, Pallet, Phase, Places, RequestCount, Requests, StageVacancies, Vacancies,
	Vacancy,
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

/// What this pallet reads of a model.
pub(crate) type ModelOf<T> = (ModelSpec, ModelInfo<<T as frame_system::Config>::AccountId>);

impl<T: Config> Pallet<T> {
	/// Commit a provider's bond to a model and let it wait for its lot.
	pub(crate) fn do_enlist(provider: T::AccountId, model: ModelId) -> DispatchResult {
		let (spec, info) = Self::model(model)?;
		ensure!(info.status.takes_providers(), Error::<T>::ModelRetired);
		ensure!(T::Providers::worker_key(&provider).is_some(), Error::<T>::NotRegistered);
		let is_in = Requests::<T>::contains_key(model, &provider)
			|| Places::<T>::contains_key(model, &provider);
		ensure!(!is_in, Error::<T>::AlreadyIn);
		let waiting = RequestCount::<T>::get(model);
		ensure!(waiting < T::MaxRequests::get(), Error::<T>::TooManyRequests);
		let known = Vacancies::<T>::get(model);
		let is_open = |vacancy: &Vacancy| vacancy.seats > 0 || vacancy.standbys > 0;
		ensure!(known.as_ref().is_none_or(|all| all.iter().any(is_open)), Error::<T>::NoVacancy);
		T::Providers::commit(&provider, model, T::Providers::required_bond(&spec))?;

		if known.is_none() {
			Self::open_books(model, &spec);
		}
		let seed_at = Self::judged_at();
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
		match Self::seed(seed_at) {
			Seed::Coming => Err(Error::<T>::BeaconNotKnown.into()),
			Seed::Known(seed) => Self::give_place(model, &of_model, provider, seed),
			Seed::Forgotten => {
				let seed_at = Self::judged_at();
				Requests::<T>::insert(model, &provider, seed_at);
				Self::deposit_event(Event::LotRescheduled { model, provider, seed_at });
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
		if let Seed::Known(seed) = Self::seed(seed_at) {
			if let Ok(lot) = Self::lot(model, of_model, &provider, seed) {
				Self::entitle(of_model, &provider, lot.stage);
			}
		}
		Self::remove_request(model, &provider);
		T::Providers::release(&provider, model);
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

	fn give_place(
		model: ModelId,
		of_model: &ModelOf<T>,
		provider: T::AccountId,
		seed: Hash,
	) -> DispatchResult {
		let Lot { stage, vacant_seat } = Self::lot(model, of_model, &provider, seed)?;
		let mut members = Self::load_stage(model, stage, of_model.0.lanes);
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
		Self::remove_request(model, &provider);
		Places::<T>::insert(model, &provider, stage);
		Self::entitle(of_model, &provider, stage);
		Self::deposit_event(event);
		Ok(())
	}

	/// The place that a provider draws. While a window runs no seat is vacant, so that it then is a standby's.
	fn lot(
		model: ModelId,
		of_model: &ModelOf<T>,
		provider: &T::AccountId,
		seed: Hash,
	) -> Result<Lot, Error<T>> {
		let vacancies = Vacancies::<T>::get(model).unwrap_or_default();
		let drawn = draw(Domain::SeatLot, seed, &(model, provider));
		match Self::entitled_to(of_model, provider) {
			Entitlement::Stage(stage) => {
				Lot::at(stage, &vacancies, drawn).ok_or(Error::<T>::StageFull)
			},
			Entitlement::None | Entitlement::Any => {
				Lot::among(&vacancies, drawn).ok_or(Error::<T>::NoVacancy)
			},
		}
	}

	/// Bind a provider to the stage of a sealed family that was drawn for it, unless it is bound already.
	fn entitle(of_model: &ModelOf<T>, provider: &T::AccountId, stage: StageIndex) {
		if Self::entitled_to(of_model, provider) != Entitlement::None {
			return;
		}
		let root = of_model.1.root;
		Entitlements::<T>::insert(root, provider, stage);
		// As many as there are accounts cannot overflow u32 before storage does.
		Holders::<T>::mutate(root, stage, |holders| *holders = holders.saturating_add(1));
		Self::deposit_event(Event::Entitled { root, provider: provider.clone(), stage });
	}

	fn open_books(model: ModelId, spec: &ModelSpec) {
		let vacancy = Stage::<T::AccountId>::empty(spec.lanes).vacancy();
		let all: StageVacancies = BoundedVec::truncate_from(vec![vacancy; spec.stages.len()]);
		Vacancies::<T>::insert(model, all);
		Clocks::<T>::insert(model, Clock { next: 0, oldest: 0, phase: Phase::Waiting });
	}

	fn remove_request(model: ModelId, provider: &T::AccountId) {
		Requests::<T>::remove(model, provider);
		// Counts existing requests, of which this was one.
		match RequestCount::<T>::get(model).saturating_sub(1) {
			0 => RequestCount::<T>::remove(model),
			waiting => RequestCount::<T>::insert(model, waiting),
		}
	}
}
