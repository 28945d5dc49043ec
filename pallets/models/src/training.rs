//! What neighbours ask of, and tell, the registry.

use crate::{AccountIdOf, Checkpoint, Config, Datasets, Error, Event, Pallet, Records, Specs};
use cairn_primitives::{
	roster::is_gate,
	traits::{tolerance_millionths, Models},
	voucher::Price,
	DatasetId, ModelId, ModelInfo, ModelSpec, ModelStatus, PauseReason, Points, Terms, WindowIndex,
};
use frame_support::{dispatch::DispatchResult, ensure};

impl<T: Config> Models for Pallet<T> {
	type AccountId = AccountIdOf<T>;

	fn spec(model: ModelId) -> Option<ModelSpec> {
		Specs::<T>::get(model)
	}

	fn terms(model: ModelId) -> Option<Terms> {
		Records::<T>::get(model).map(|record| record.terms)
	}

	fn info(model: ModelId) -> Option<ModelInfo<Self::AccountId>> {
		Records::<T>::get(model).map(|record| record.info())
	}

	fn data_owner(dataset: DatasetId) -> Option<Self::AccountId> {
		Datasets::<T>::get(dataset).map(|row| row.owner)
	}

	fn price(model: ModelId) -> Option<Price> {
		Records::<T>::get(model)?.price
	}

	/// A window that ran when the model was paused or retired counts as any other: its work was done.
	fn accept_window(model: ModelId, window: WindowIndex, samples: u64) -> DispatchResult {
		let mut record = Self::record_of(model)?;
		let spec = Self::spec_of(model)?;
		ensure!(record.status != ModelStatus::Proposed, Error::<T>::NotOpened);
		ensure!(record.takes(window), Error::<T>::StaleWindow);
		let samples = record.samples.checked_add(samples).ok_or(Error::<T>::TooManySamples)?;
		record.samples = samples;
		record.go_on_with(window);
		if is_gate(window) {
			record.keep_checkpoint(Checkpoint { window, samples });
		}
		let is_trained = record.status == ModelStatus::Training
			&& record.natural_status(&spec) == ModelStatus::Serving;
		if is_trained {
			record.status = ModelStatus::Serving;
		}
		Records::<T>::insert(model, record);
		Self::deposit_event(Event::WindowAccepted { model, window, samples });
		if is_trained {
			Self::deposit_event(Event::Trained { model, samples });
		}
		Ok(())
	}

	fn bonded_points(model: ModelId) -> Option<Points> {
		Records::<T>::get(model).map(|record| record.bonded_points)
	}

	/// Nothing happens if the model is over, or if a restart has undone the window meanwhile. What a window merely attested
	/// leaves no trace but a pause: a loss that is too good to be true must not become the mark that honest ones fail.
	fn judge_gate(model: ModelId, window: WindowIndex, loss: u64) -> DispatchResult {
		let record = Self::record_of(model)?;
		ensure!(record.status != ModelStatus::Proposed, Error::<T>::NotOpened);
		if !record.is_live() || record.is_undone(window) {
			return Ok(());
		}
		let tolerance = tolerance_millionths(Self::spec_of(model)?.gate_tolerance);
		match record.best_loss() {
			// Saturating: only compared with.
			Some(best) if loss > best.saturating_add(tolerance) => {
				Self::deposit_event(Event::GateFailed { model, window, loss, best });
				Self::halt(model, record, PauseReason::Gate);
			},
			_ => Self::deposit_event(Event::GatePassed { model, window, loss }),
		}
		Ok(())
	}

	/// Nothing happens if the model is over, or if a restart has undone the window meanwhile.
	fn conclude_gate(model: ModelId, window: WindowIndex, loss: Option<u64>) -> DispatchResult {
		let mut record = Self::record_of(model)?;
		ensure!(record.status != ModelStatus::Proposed, Error::<T>::NotOpened);
		if !record.is_live() || record.is_undone(window) {
			return Ok(());
		}
		let before = record.best_loss();
		record.conclude_gate(window, loss);
		let best = record.best_loss();
		Records::<T>::insert(model, record);
		if best != before {
			Self::deposit_event(Event::BestLossChanged { model, window, best });
		}
		Ok(())
	}

	/// Nothing happens if the model is over, so that evidence against its last windows still counts.
	fn pause(model: ModelId, reason: PauseReason) -> DispatchResult {
		let record = Self::record_of(model)?;
		ensure!(record.status != ModelStatus::Proposed, Error::<T>::NotOpened);
		if record.is_live() {
			Self::halt(model, record, reason);
		}
		Ok(())
	}
}
