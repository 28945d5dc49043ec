//! What neighbours ask of seats.

use crate::{Clocks, Closed, Config, Departure, Pallet, Phase, Requests, Rosters};
use cairn_primitives::{
	traits::{ClosedWindow, Entitlement, Seats},
	ModelId, Roster, StageIndex, Window, WindowIndex,
};

impl<T: Config> Seats for Pallet<T> {
	type AccountId = T::AccountId;

	fn window(model: ModelId) -> Option<Window> {
		match Clocks::<T>::get(model)?.phase {
			Phase::Running(window) => Some(window),
			Phase::Waiting | Phase::Scheduled { .. } => None,
		}
	}

	fn closed_window(model: ModelId, window: WindowIndex) -> Option<ClosedWindow> {
		Closed::<T>::get(model, window)
	}

	fn roster(model: ModelId, stage: StageIndex) -> Option<Roster<T::AccountId>> {
		Rosters::<T>::get(model, stage)
	}

	fn entitlement(provider: &T::AccountId, model: ModelId) -> Entitlement {
		Self::model(model)
			.map_or(Entitlement::None, |of_model| Self::entitled_to(&of_model, provider))
	}

	fn expel(provider: &T::AccountId, model: ModelId) {
		let request = Requests::<T>::get(model, provider);
		if let Some((seed_at, of_model)) = request.zip(Self::model(model).ok()) {
			return Self::withdraw(model, &of_model, provider.clone(), seed_at);
		}
		// Fails only for a provider that is not in the model, which then is as it should be.
		let _ = Self::give_up_place(model, provider.clone(), Departure::Expelled);
	}
}
