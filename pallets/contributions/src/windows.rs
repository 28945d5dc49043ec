//! What the windows of a model and their stages came to, and which window builds on which.

use alloc::vec::Vec;

use cairn_primitives::{
	dispute::Merged,
	traits::{lanes_of, Models, Providers, Seats, Tally, Work},
	BlockNumber, Hash, LaneIndex, ModelId, ModelSpec, StageIndex, UnitId, Window, WindowIndex,
};
use frame_support::{ensure, traits::Get};
use sp_runtime::{
	traits::{SaturatedConversion, Zero},
	DispatchError,
};

use crate::{
	AccountIdOf, Base, Config, Error, Latest, Newest, OpenUnits, Pallet, Records, Stages, UnitOf,
	Units, WindowRow, Windows,
};

impl<T: Config> Pallet<T> {
	/// The current block.
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// What every message of this chain is bound to.
	pub(crate) fn genesis() -> Hash {
		frame_system::Pallet::<T>::block_hash(
			frame_system::pallet_prelude::BlockNumberFor::<T>::zero(),
		)
	}

	/// A block so many blocks or window lengths from now, whichever is later.
	pub(crate) fn later(spec: &ModelSpec, blocks: BlockNumber, windows: u32) -> BlockNumber {
		// Saturating: at the end of block numbers there is no later.
		Self::now().saturating_add(Self::length(spec, blocks, windows))
	}

	/// So many blocks, and so many windows of a model at least.
	fn length(spec: &ModelSpec, blocks: BlockNumber, windows: u32) -> BlockNumber {
		blocks.max(windows.saturating_mul(spec.window.blocks))
	}

	/// The first block in which what can be contested from block `since` on can become final.
	pub(crate) fn due(spec: &ModelSpec, since: BlockNumber) -> BlockNumber {
		let escrow = Self::length(spec, T::EscrowBlocks::get(), T::EscrowWindows::get());
		since.saturating_add(escrow) // as in `later`
	}

	pub(crate) fn spec(model: ModelId) -> Result<ModelSpec, DispatchError> {
		T::Models::spec(model).ok_or(Error::<T>::UnknownModel.into())
	}

	/// The provider that the signer of an extrinsic works for.
	pub(crate) fn provider_of(who: &AccountIdOf<T>) -> Result<AccountIdOf<T>, DispatchError> {
		T::Providers::provider_of(who).ok_or(Error::<T>::NotAWorker.into())
	}

	/// Who is paid for a proof: the provider that the signer works for, or the signer itself.
	pub(crate) fn prover(who: AccountIdOf<T>) -> AccountIdOf<T> {
		T::Providers::provider_of(&who).unwrap_or(who)
	}

	pub(crate) fn attested_unit(id: &UnitId) -> Result<UnitOf<T>, DispatchError> {
		Units::<T>::get(id).ok_or(Error::<T>::UnknownUnit.into())
	}

	pub(crate) fn window_of(
		model: ModelId,
		window: WindowIndex,
	) -> Result<WindowRow, DispatchError> {
		Windows::<T>::get(model, window).ok_or(Error::<T>::UnknownWindow.into())
	}

	/// The row of a running window, and a new one if this is the first that is heard of it.
	pub(crate) fn running_row(model: ModelId, spec: &ModelSpec, window: &Window) -> WindowRow {
		if let Some(row) = Windows::<T>::get(model, window.index) {
			return row;
		}
		let base = Self::base_of_next(model, spec);
		let due = Self::due(spec, window.deadline);
		if let Base::Merge(base) = base {
			// Work of this window can be disputed until it is due.
			Self::update_window(model, base, |row| row.needed_until = row.needed_until.max(due));
		}
		Newest::<T>::insert(model, Latest { window: window.index, is_broken: false });
		WindowRow {
			deadline: window.deadline,
			due,
			samples: window.samples,
			base,
			needed_until: 0,
			tally: Tally::default(),
			pruned: 0,
			stages: 0,
			suspected: 0,
			open_suspicions: 0,
		}
	}

	/// Where the next window starts from: the checkpoint that the model was restarted from, or else the last window that
	/// counted. A void window changes nothing, so its own base stands in for it.
	fn base_of_next(model: ModelId, spec: &ModelSpec) -> Base {
		if let Some(restart) = T::Models::info(model).and_then(|info| info.restart_from) {
			return Base::Merge(restart);
		}
		let Some(Latest { window, is_broken }) = Newest::<T>::get(model) else {
			return Base::Initial;
		};
		match Windows::<T>::get(model, window) {
			Some(row) if !is_broken => match Self::closed(model, window, &row, spec) {
				Some(true) => row.base,
				_ => Base::Merge(window),
			},
			_ => Base::Open,
		}
	}

	/// Whether a window is void; `None` while it is not closed.
	pub(crate) fn closed(
		model: ModelId,
		window: WindowIndex,
		row: &WindowRow,
		spec: &ModelSpec,
	) -> Option<bool> {
		if let Some(closed) = T::Seats::closed_window(model, window) {
			return Some(closed.is_void);
		}
		if T::Seats::window(model).is_some_and(|running| running.index == window) {
			return None;
		}
		// The clock has forgotten it: decide by the same rule.
		Some(row.tally.attested.saturating_mul(2) < spec.seat_count())
	}

	/// Change the row of a window, if it has one.
	pub(crate) fn update_window(
		model: ModelId,
		window: WindowIndex,
		change: impl FnOnce(&mut WindowRow),
	) {
		Windows::<T>::mutate_exists(model, window, |row| row.as_mut().map(change));
	}

	/// The attested units of a stage, lanes ascending.
	pub(crate) fn units_of(
		model: ModelId,
		window: WindowIndex,
		stage: StageIndex,
		lanes: u16,
	) -> Vec<(UnitId, UnitOf<T>)> {
		lanes_of(lanes)
			.into_iter()
			.map(|lane: LaneIndex| UnitId { model, window, stage, lane })
			.filter_map(|id| Some((id, Units::<T>::get(id)?)))
			.collect()
	}

	/// What the merge after a window takes in at a stage, lanes ascending: a pure function of what was attested. A difference
	/// from another shard than most started from would only spoil it.
	pub(crate) fn merged(model: ModelId, window: WindowIndex, stage: StageIndex) -> Vec<Merged> {
		let row = Stages::<T>::get((model, window, stage));
		let claimed = row.claimed_root();
		Self::units_of(model, window, stage, row.lanes)
			.into_iter()
			.filter(|(_, unit)| unit.in_merge && Some(unit.shard_before) == claimed)
			.map(|(id, unit)| Merged {
				lane: id.lane,
				difference: unit.difference,
				steps: unit.outcome.steps(),
				norm: unit.norm,
			})
			.collect()
	}

	/// The row of a closed window that is not void, and its spec.
	pub(crate) fn counted_window(
		model: ModelId,
		window: WindowIndex,
	) -> Result<(WindowRow, ModelSpec), DispatchError> {
		let spec = Self::spec(model)?;
		let row = Self::window_of(model, window)?;
		let is_void =
			Self::closed(model, window, &row, &spec).ok_or(Error::<T>::WindowNotClosed)?;
		ensure!(!is_void, Error::<T>::WindowIsVoid);
		Ok((row, spec))
	}
}

impl<T: Config> Work for Pallet<T> {
	type AccountId = AccountIdOf<T>;

	fn tally(model: ModelId, window: WindowIndex) -> Tally {
		Windows::<T>::get(model, window).map(|row| row.tally).unwrap_or_default()
	}

	fn attested_lanes(model: ModelId, window: WindowIndex, stage: StageIndex) -> u16 {
		Stages::<T>::get((model, window, stage)).lanes
	}

	fn open_units(provider: &AccountIdOf<T>) -> u32 {
		OpenUnits::<T>::get(provider)
	}

	fn has_open_units(provider: &AccountIdOf<T>, model: ModelId) -> bool {
		let record = Records::<T>::get(provider, model);
		record.queued > 0 || record.accusations > 0
	}
}
