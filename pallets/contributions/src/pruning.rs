//! Removal of what nobody needs any more.

use cairn_primitives::{
	model::ModelStatus,
	traits::{lanes_of, Models, Seats},
	ModelId, StageIndex, UnitId, WindowIndex, GATE_EVERY,
};
use frame_support::{dispatch::DispatchResult, ensure};

use crate::{Audits, Config, Error, Event, Newest, Pallet, Stages, Units, WindowRow, Windows};

/// Windows behind the newest one that a model may be restarted from: its last two checkpoints lie at gates, and a gate
/// whose window is void makes no checkpoint.
const KEPT_WINDOWS: u32 = 4 * GATE_EVERY;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_prune(
		model: ModelId,
		window: WindowIndex,
		stage: StageIndex,
	) -> DispatchResult {
		let key = (model, window, stage);
		ensure!(Stages::<T>::contains_key(key), Error::<T>::NothingToPrune);
		let mut row = Self::window_of(model, window)?;
		let lanes = Stages::<T>::get(key).lanes;
		ensure!(row.open_suspicions == 0, Error::<T>::SuspicionOpen);
		let ids = || lanes_of(lanes).into_iter().map(|lane| UnitId { model, window, stage, lane });
		let is_pending = |id: UnitId| {
			Units::<T>::get(id).is_some_and(|unit| unit.is_pending())
				|| Audits::<T>::contains_key(id)
		};
		ensure!(!ids().any(is_pending), Error::<T>::UnitsPending);
		ensure!(!Self::is_needed(model, window, &row), Error::<T>::StillNeeded);

		ids().for_each(Units::<T>::remove);
		Stages::<T>::remove(key);
		row.stages = row.stages.saturating_sub(1); // this stage was counted
		row.pruned = row.pruned.saturating_add(lanes.count_ones()); // at most a window's seats
		Self::put_pruned(model, window, row);
		Self::deposit_event(Event::StagePruned { model, window, stage });
		Ok(())
	}

	/// Whether a merge of a later window may still be judged by this one: that of the window after it, or, over windows in
	/// which a stage was idle, of any up to the newest.
	fn is_needed(model: ModelId, window: WindowIndex, row: &WindowRow) -> bool {
		let is_running = T::Seats::window(model).is_some_and(|running| running.index == window);
		let may_restart =
			T::Models::info(model).is_some_and(|info| !matches!(info.status, ModelStatus::Retired));
		let newest = Newest::<T>::get(model).map(|newest| newest.window).unwrap_or(window);
		let is_recent = newest.saturating_sub(window) < KEPT_WINDOWS; // window ≤ newest
		let all_over = Windows::<T>::get(model, newest).is_none_or(|row| Self::now() > row.due);
		let may_be_judged = is_recent && (may_restart || !all_over);
		is_running || Self::now() <= row.needed_until || may_be_judged
	}

	/// Store the row of a window, or remove it with its last stage.
	fn put_pruned(model: ModelId, window: WindowIndex, row: WindowRow) {
		if row.stages > 0 {
			Windows::<T>::insert(model, window, row);
			return;
		}
		Windows::<T>::remove(model, window);
		if Windows::<T>::iter_key_prefix(model).next().is_none() {
			Newest::<T>::remove(model);
		}
	}
}
