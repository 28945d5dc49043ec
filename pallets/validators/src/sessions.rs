//! Session changes: who sits in the next set, and what is forgotten.

use crate::{
	quota::Outlook, AccountIdOf, BalanceOf, Candidates, Config, Current, Event, Exposure,
	MinValidators, Pallet, Planned, Queue, Seat, SeatsOf, Slashes, Status, LOG_TARGET,
};
use alloc::{collections::BTreeSet, vec::Vec};
use core::marker::PhantomData;
use frame_support::traits::{Get, ValidatorRegistration};
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_session::{historical, Pallet as Session, SessionManager};
use sp_runtime::traits::{Convert, SaturatedConversion};
use sp_staking::{offence::OffenceSeverity, SessionIndex};

/// Who takes and who gives up a seat at a session change.
struct Change<AccountId> {
	/// Candidates who take a seat, in the order of the queue.
	joined: Vec<AccountId>,
	/// Validators who give up theirs.
	left: Vec<AccountId>,
	/// How many should have given up theirs too.
	held_back: u32,
}

impl<T: Config> Pallet<T> {
	/// Plans the set of session `index`. Returns it if it differs from the one planned before, in
	/// its members, their bonds or their keys.
	pub(crate) fn plan_session(index: SessionIndex) -> Option<SeatsOf<T>> {
		let seats = Planned::<T>::get();
		// Without genesis validators this pallet leaves the set to the session pallet's genesis.
		if seats.is_empty() {
			return None;
		}
		let change = Self::draft(&seats);
		let next = Self::seats_after(&seats, &change)?;
		if next == seats && !Self::keys_rotated() {
			return None;
		}
		Self::enact(index, change);
		Planned::<T>::put(&next);
		Some(next)
	}

	/// Decides who joins and who leaves.
	fn draft(seats: &SeatsOf<T>) -> Change<AccountIdOf<T>> {
		let members = seats.iter().map(|seat| seat.who.clone());
		let (able, lost): (Vec<_>, Vec<_>) = members.partition(Session::<T>::is_registered);
		let mut going = Self::with_status(&able, |status| matches!(status, Status::Ejected { .. }));
		going.extend(Self::with_status(&able, |status| *status == Status::Leaving));

		let floor = MinValidators::<T>::get();
		let limit =
			T::MaxChangePerSession::get().mul_floor(seats.len().saturated_into::<u32>()).max(1);
		let able_count: u32 = able.len().saturated_into();
		let most = Outlook::most_admissions(able_count, floor, limit);
		let mut joined: Vec<_> = Queue::<T>::get()
			.into_iter()
			.filter(Session::<T>::is_registered)
			.take(most.saturated_into())
			.collect();

		let outlook = Outlook {
			able: able_count,
			lost: lost.len().saturated_into(),
			going: going.len().saturated_into(),
			ready: joined.len().saturated_into(),
			floor,
			ceiling: T::MaxValidators::get(),
			limit,
		};
		let quota = outlook.quota();
		joined.truncate(quota.admissions.saturated_into());
		going.truncate(quota.removals.saturated_into());
		going.extend(lost);
		// Saturating: a quota never removes more than are going.
		let held_back = outlook.going.saturating_sub(quota.removals);
		Change { joined, left: going, held_back }
	}

	/// The seats after a change, each with its owner's bond of now: the oldest first.
	fn seats_after(seats: &SeatsOf<T>, change: &Change<AccountIdOf<T>>) -> Option<SeatsOf<T>> {
		let left: BTreeSet<_> = change.left.iter().collect();
		let next: Vec<_> = seats
			.iter()
			.map(|seat| &seat.who)
			.filter(|who| !left.contains(who))
			.chain(change.joined.iter())
			.filter_map(|who| {
				let bond = Candidates::<T>::get(who)?.bond;
				Some(Seat { who: who.clone(), bond })
			})
			.collect();
		SeatsOf::<T>::try_from(next)
			.inspect_err(
				|next| log::error!(target: LOG_TARGET, "set of {} not planned", next.len()),
			)
			.ok()
	}

	/// Writes a change to the rows and the queue.
	fn enact(index: SessionIndex, change: Change<AccountIdOf<T>>) {
		let Change { joined, left, held_back } = change;
		for who in &left {
			Self::set_status(who, Self::retire(who));
		}
		for who in &joined {
			Self::set_status(who, Status::Active);
			Self::forget_waiting();
		}
		if !joined.is_empty() {
			let seated: BTreeSet<_> = joined.iter().collect();
			Queue::<T>::mutate(|queue| queue.retain(|who| !seated.contains(who)));
		}
		if !joined.is_empty() || !left.is_empty() {
			Self::deposit_event(Event::SetPlanned { session: index, joined, left, held_back });
		}
	}

	/// Whether a validator of the session that now begins has registered other keys since. The
	/// root that proves offences is made of the keys registered when a set is returned, so that
	/// new keys need a new root.
	fn keys_rotated() -> bool {
		Session::<T>::queued_keys()
			.iter()
			.any(|(who, keys)| Session::<T>::load_keys(who).as_ref() != Some(keys))
	}

	/// Begins session `index` with the set planned for it.
	pub(crate) fn begin_session(index: SessionIndex) {
		let seats = Planned::<T>::get();
		// A changed set makes pallet-session forget who was disabled.
		for seat in &seats {
			if let Some(Status::Ejected { fraction }) =
				Candidates::<T>::get(&seat.who).map(|candidacy| candidacy.status)
			{
				Session::<T>::report_offence(seat.who.clone(), OffenceSeverity(fraction));
			}
		}
		Current::<T>::put(seats);
		Self::forget_history(index);
	}

	/// Forgets the one session that falls out of the history when session `index` begins.
	fn forget_history(index: SessionIndex) {
		let oldest = Self::oldest_punishable(index);
		let Some(gone) = oldest.checked_sub(1) else { return };
		historical::Pallet::<T>::prune_up_to(oldest);
		// Offenders of a session were members of its set: the limit takes all of them.
		let _ = Slashes::<T>::clear_prefix(gone, T::MaxValidators::get(), None);
	}

	/// The oldest session whose offences are punished while session `index` lasts.
	pub(crate) fn oldest_punishable(index: SessionIndex) -> SessionIndex {
		// Saturating: the first sessions remember everything.
		index.saturating_sub(T::HistoryDepth::get())
	}

	/// The validators of the current session.
	pub(crate) fn current_validators() -> Vec<AccountIdOf<T>> {
		Current::<T>::get().into_iter().map(|seat| seat.who).collect()
	}

	fn with_status(
		who: &[AccountIdOf<T>],
		wanted: impl Fn(&Status<BlockNumberFor<T>>) -> bool,
	) -> Vec<AccountIdOf<T>> {
		who.iter()
			.filter(|who| {
				Candidates::<T>::get(who).is_some_and(|candidacy| wanted(&candidacy.status))
			})
			.cloned()
			.collect()
	}

	fn set_status(who: &AccountIdOf<T>, status: Status<BlockNumberFor<T>>) {
		Candidates::<T>::mutate(who, |candidacy| {
			if let Some(candidacy) = candidacy {
				candidacy.status = status;
			}
		});
	}
}

impl<T: Config> SessionManager<AccountIdOf<T>> for Pallet<T> {
	fn new_session(index: SessionIndex) -> Option<Vec<AccountIdOf<T>>> {
		let seats = Self::plan_session(index)?;
		Some(seats.into_iter().map(|seat| seat.who).collect())
	}

	fn new_session_genesis(_: SessionIndex) -> Option<Vec<AccountIdOf<T>>> {
		let seats = Planned::<T>::get();
		assert!(
			seats.iter().all(|seat| Session::<T>::is_registered(&seat.who)),
			"a genesis validator has no session keys in the session pallet's genesis"
		);
		(!seats.is_empty()).then(|| seats.into_iter().map(|seat| seat.who).collect())
	}

	fn start_session(index: SessionIndex) {
		Self::begin_session(index);
	}

	fn end_session(_: SessionIndex) {}
}

impl<T: Config> historical::SessionManager<AccountIdOf<T>, Exposure<BalanceOf<T>>> for Pallet<T> {
	fn new_session(index: SessionIndex) -> Option<Vec<(AccountIdOf<T>, Exposure<BalanceOf<T>>)>> {
		Self::plan_session(index).map(Self::exposures)
	}

	fn new_session_genesis(
		index: SessionIndex,
	) -> Option<Vec<(AccountIdOf<T>, Exposure<BalanceOf<T>>)>> {
		<Self as SessionManager<_>>::new_session_genesis(index)?;
		Some(Self::exposures(Planned::<T>::get()))
	}

	fn start_session(index: SessionIndex) {
		Self::begin_session(index);
	}

	fn end_session(_: SessionIndex) {}
}

impl<T: Config> Pallet<T> {
	fn exposures(seats: SeatsOf<T>) -> Vec<(AccountIdOf<T>, Exposure<BalanceOf<T>>)> {
		seats.into_iter().map(|seat| (seat.who, Exposure { bond: seat.bond })).collect()
	}
}

/// The identification of the validators of the current session, for `historical::Config`.
pub struct ExposureOf<T>(PhantomData<T>);

impl<T: Config> Convert<AccountIdOf<T>, Option<Exposure<BalanceOf<T>>>> for ExposureOf<T> {
	fn convert(who: AccountIdOf<T>) -> Option<Exposure<BalanceOf<T>>> {
		let seat = Current::<T>::get().into_iter().find(|seat| seat.who == who)?;
		Some(Exposure { bond: seat.bond })
	}
}
