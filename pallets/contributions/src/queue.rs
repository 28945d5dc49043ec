//! The queue of what a provider has in escrow, and the counts that follow from it.

use cairn_primitives::{BlockNumber, ModelId, Points};
use frame_support::{dispatch::DispatchResult, storage::with_storage_layer};
use sp_runtime::{ArithmeticError, DispatchError};

use crate::{
	AccountIdOf, AuditState, Audits, Config, Item, OpenUnits, Pallet, Queue, Record, Records,
	Units, LOG_TARGET,
};

impl<T: Config> Pallet<T> {
	/// Put an item at the end of a provider's queue and its points in escrow. Returns its place and the generation.
	pub(crate) fn enqueue(
		provider: &AccountIdOf<T>,
		model: ModelId,
		item: Item,
		points: Points,
	) -> Result<(u32, u32), DispatchError> {
		let mut record = Records::<T>::get(provider, model);
		let index = record.tail;
		record.tail = index.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		record.escrow = record.escrow.checked_add(points).ok_or(ArithmeticError::Overflow)?;
		record.queued = record.queued.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		let generation = record.generation;
		Self::more_open(provider)?;
		Queue::<T>::insert((provider, model, index), item);
		Records::<T>::insert(provider, model, record);
		Ok((index, generation))
	}

	/// Take an item out of a provider's queue and its points out of escrow.
	pub(crate) fn dequeue(
		provider: &AccountIdOf<T>,
		model: ModelId,
		index: u32,
		generation: u32,
		points: Points,
	) {
		Queue::<T>::remove((provider, model, index));
		Records::<T>::mutate(provider, model, |record| {
			record.queued = record.queued.saturating_sub(1); // it was counted (invariant 3)
			if record.generation == generation {
				// Saturating: the points went in with this generation, and a fault empties the escrow with it.
				record.escrow = record.escrow.saturating_sub(points);
			}
			if record.head == index {
				record.head = index.saturating_add(1); // index < tail
			}
		});
		Self::fewer_open(provider);
	}

	/// Count an item or an accusation that keeps a provider's bond.
	pub(crate) fn more_open(provider: &AccountIdOf<T>) -> Result<(), DispatchError> {
		let open = OpenUnits::<T>::get(provider).checked_add(1).ok_or(ArithmeticError::Overflow)?;
		OpenUnits::<T>::insert(provider, open);
		Ok(())
	}

	/// Count an accusation whose game is open.
	pub(crate) fn accusation_made(auditor: &AccountIdOf<T>, model: ModelId) -> DispatchResult {
		Self::more_open(auditor)?;
		Records::<T>::try_mutate(auditor, model, |record| {
			record.accusations =
				record.accusations.checked_add(1).ok_or(ArithmeticError::Overflow)?;
			Ok(())
		})
	}

	/// The game of an accusation is over.
	pub(crate) fn accusation_over(auditor: &AccountIdOf<T>, model: ModelId) {
		Self::fewer_open(auditor);
		Records::<T>::mutate(auditor, model, |record| {
			record.accusations = record.accusations.saturating_sub(1); // it was counted
		});
	}

	/// Count one less.
	pub(crate) fn fewer_open(provider: &AccountIdOf<T>) {
		// Saturating: each decrement has its increment (invariant 3).
		match OpenUnits::<T>::get(provider).saturating_sub(1) {
			0 => OpenUnits::<T>::remove(provider),
			open => OpenUnits::<T>::insert(provider, open),
		}
	}

	/// Look at the oldest `places` of a provider's queue: finalise what is due; what something still speaks against goes
	/// back to the end, so that it does not hold up the rest.
	pub(crate) fn sweep(provider: &AccountIdOf<T>, model: ModelId, places: u32) {
		for _ in 0..places {
			let record = Records::<T>::get(provider, model);
			if record.head == record.tail {
				return;
			}
			let Some(item) = Queue::<T>::get((provider, model, record.head)) else {
				Self::skip_head(provider, model);
				continue;
			};
			if Self::due_of(&item).is_none_or(|due| due > Self::now()) {
				return;
			}
			if let Err(error) = with_storage_layer(|| Self::settle(&item)) {
				log::debug!(target: LOG_TARGET, "{item:?} stays in escrow: {error:?}");
				Self::requeue(provider, model, record, item);
			}
		}
	}

	fn due_of(item: &Item) -> Option<BlockNumber> {
		match item {
			Item::Work(id) => Units::<T>::get(id).map(|unit| unit.due),
			Item::Audit(id) => match Audits::<T>::get(id)?.state {
				AuditState::Answered { due, .. } => Some(due),
				_ => None,
			},
		}
	}

	fn skip_head(provider: &AccountIdOf<T>, model: ModelId) {
		Records::<T>::mutate(provider, model, |record| {
			record.head = record.head.saturating_add(1); // head < tail
		});
	}

	/// Move the item at the head to the end.
	fn requeue(provider: &AccountIdOf<T>, model: ModelId, mut record: Record, item: Item) {
		// A queue that came to the end of its numbers stays as it is: its items can be finalised one by one.
		let Some(tail) = record.tail.checked_add(1) else { return };
		let place = record.tail;
		match item {
			Item::Work(id) => Units::<T>::mutate_extant(id, |unit| unit.index = place),
			Item::Audit(id) => Audits::<T>::mutate_extant(id, |audit| {
				if let AuditState::Answered { index, .. } = &mut audit.state {
					*index = place;
				}
			}),
		}
		Queue::<T>::remove((provider, model, record.head));
		Queue::<T>::insert((provider, model, place), item);
		record.head = record.head.saturating_add(1); // head < tail
		record.tail = tail;
		Records::<T>::insert(provider, model, record);
	}
}
