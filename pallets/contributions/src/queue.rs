//! The queue of what a provider has in escrow, and the counts that follow from it.

use cairn_primitives::{ModelId, ModelSpec, Points};
use frame_support::dispatch::DispatchResult;
use sp_runtime::{ArithmeticError, DispatchError};

use crate::{
	AccountIdOf, AuditState, Audits, Config, Item, OpenUnits, Pallet, Queue, Record, Records,
	Units, LOG_TARGET,
};

/// A provider's escrow in a model while a call works on it: read once, and stored once.
pub(crate) struct Escrow<T: Config> {
	/// Whose it is.
	pub provider: AccountIdOf<T>,
	/// In which model.
	pub model: ModelId,
	/// Points, and where the queue begins and ends.
	pub record: Record,
	/// Items that were put in.
	put: u32,
	/// Items that were taken out.
	taken: u32,
}

impl<T: Config> Escrow<T> {
	pub fn of(provider: AccountIdOf<T>, model: ModelId) -> Self {
		let record = Records::<T>::get(&provider, model);
		Self { provider, model, record, put: 0, taken: 0 }
	}

	/// Put an item at the end of the queue and its points in escrow. Returns its place and the generation.
	pub fn put(&mut self, item: Item, points: Points) -> Result<(u32, u32), DispatchError> {
		let record = &mut self.record;
		let index = record.tail;
		record.tail = index.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		record.escrow = record.escrow.checked_add(points).ok_or(ArithmeticError::Overflow)?;
		record.queued = record.queued.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		self.put = self.put.saturating_add(1); // as `queued`
		Queue::<T>::insert((&self.provider, self.model, index), item);
		Ok((index, record.generation))
	}

	/// Take an item out of the queue and its points out of escrow.
	pub fn take(&mut self, index: u32, generation: u32, points: Points) {
		let record = &mut self.record;
		record.queued = record.queued.saturating_sub(1); // it was counted (invariant 3)
		if record.generation == generation {
			// Saturating: the points went in with this generation, and a fault empties the escrow with it.
			record.escrow = record.escrow.saturating_sub(points);
		}
		if record.head == index {
			self.next_head();
		}
		self.taken = self.taken.saturating_add(1); // as `queued`
		Queue::<T>::remove((&self.provider, self.model, index));
	}

	pub fn store(self) {
		let Self { provider, model, record, put, taken } = self;
		// Mostly as much is taken out as is put in.
		if put != taken {
			OpenUnits::<T>::mutate_exists(&provider, |open| {
				// Saturating: each is a row of the queue, of which there never are 2³², and what is taken was counted
				// (invariant 3).
				let left = open.unwrap_or(0).saturating_add(put).saturating_sub(taken);
				*open = (left > 0).then_some(left);
			});
		}
		Records::<T>::insert(provider, model, record);
	}

	/// The item at the head, if there is one.
	fn head(&self) -> Option<Item> {
		Queue::<T>::get((&self.provider, self.model, self.record.head))
	}

	fn next_head(&mut self) {
		self.record.head = self.record.head.saturating_add(1); // head < tail
	}

	/// Move the item at the head to the end.
	fn requeue(&mut self, item: Item) {
		// A queue that came to the end of its numbers stays as it is: its items can be finalised one by one.
		let Some(tail) = self.record.tail.checked_add(1) else { return };
		let place = self.record.tail;
		match item {
			Item::Work(id) => Units::<T>::mutate_extant(id, |unit| unit.index = place),
			Item::Audit(id) => Audits::<T>::mutate_extant(id, |audit| {
				if let AuditState::Answered { index, .. } = &mut audit.state {
					*index = place;
				}
			}),
		}
		Queue::<T>::remove((&self.provider, self.model, self.record.head));
		Queue::<T>::insert((&self.provider, self.model, place), item);
		self.record.tail = tail;
		self.next_head();
	}

	/// Look at the oldest `places` of the queue: finalise what is due; what something still speaks against goes back to the
	/// end, so that it does not hold up the rest. Returns at how many places there was anything to do, if only to pass a gap.
	pub fn sweep(&mut self, spec: &ModelSpec, places: u32) -> u32 {
		let mut done = 0u32;
		while done < places && self.sweep_one(spec) {
			done = done.saturating_add(1); // up to `places`
		}
		done
	}

	/// Look at the head; whether there was anything to do.
	fn sweep_one(&mut self, spec: &ModelSpec) -> bool {
		if self.record.head == self.record.tail {
			return false;
		}
		let Some(item) = self.head() else {
			self.next_head();
			return true;
		};
		let settled = match item {
			Item::Work(id) => match Pallet::<T>::due_unit(&id) {
				Some(unit) => Pallet::<T>::settle_work(id, unit, spec, self),
				None => return false,
			},
			Item::Audit(id) => match Pallet::<T>::due_answer(&id) {
				Some(answer) => Pallet::<T>::settle_audit(id, answer, spec, self),
				None => return false,
			},
		};
		if let Err(error) = settled {
			log::debug!(target: LOG_TARGET, "{item:?} stays in escrow: {error:?}");
			self.requeue(item);
		}
		true
	}
}

impl<T: Config> Pallet<T> {
	/// Put an item at the end of a provider's queue and its points in escrow. Returns its place and the generation.
	pub(crate) fn enqueue(
		provider: &AccountIdOf<T>,
		model: ModelId,
		item: Item,
		points: Points,
	) -> Result<(u32, u32), DispatchError> {
		let mut escrow = Escrow::<T>::of(provider.clone(), model);
		let place = escrow.put(item, points)?;
		escrow.store();
		Ok(place)
	}

	/// Take an item out of a provider's queue and its points out of escrow.
	pub(crate) fn dequeue(
		provider: &AccountIdOf<T>,
		model: ModelId,
		index: u32,
		generation: u32,
		points: Points,
	) {
		let mut escrow = Escrow::<T>::of(provider.clone(), model);
		escrow.take(index, generation, points);
		escrow.store();
	}

	/// Count an accusation whose game is open: it keeps the bond as an item does.
	pub(crate) fn accusation_made(auditor: &AccountIdOf<T>, model: ModelId) -> DispatchResult {
		OpenUnits::<T>::try_mutate(auditor, |open| {
			*open = open.checked_add(1).ok_or(ArithmeticError::Overflow)?;
			Ok::<_, DispatchError>(())
		})?;
		Records::<T>::try_mutate(auditor, model, |record| {
			record.accusations =
				record.accusations.checked_add(1).ok_or(ArithmeticError::Overflow)?;
			Ok(())
		})
	}

	/// The game of an accusation is over.
	pub(crate) fn accusation_over(auditor: &AccountIdOf<T>, model: ModelId) {
		OpenUnits::<T>::mutate_exists(auditor, |open| {
			*open = open.and_then(|open| open.checked_sub(1)).filter(|left| *left > 0);
		});
		Records::<T>::mutate(auditor, model, |record| {
			record.accusations = record.accusations.saturating_sub(1); // it was counted
		});
	}
}
