//! One stage of a model: its roster and what is noted about its seats. Nothing here touches storage.

use crate::{Departure, SeatRecord, SeatRecordsOf, Vacancy};
use alloc::vec::Vec;
use cairn_primitives::{
	lottery::lanes_of_seats, Roster, SeatIndex, StageIndex, Standby, Window, MAX_LANES,
	MAX_STANDBYS,
};
use frame_support::BoundedVec;

/// A roster and the records of its seats, which are as many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stage<AccountId> {
	/// Who sits and who stands by.
	pub roster: Roster<AccountId>,
	/// What is noted about those who sit.
	pub records: SeatRecordsOf,
}

impl<AccountId: Clone + PartialEq> Stage<AccountId> {
	/// A stage of `lanes` seats with nobody on them.
	pub fn empty(lanes: u8) -> Self {
		let lanes = usize::from(lanes).min(MAX_LANES as usize);
		Self {
			roster: Roster {
				seats: BoundedVec::truncate_from(alloc::vec![None; lanes]),
				standbys: BoundedVec::new(),
			},
			records: BoundedVec::truncate_from(alloc::vec![SeatRecord::default(); lanes]),
		}
	}

	/// Whether nobody is here.
	pub fn is_empty(&self) -> bool {
		self.roster.standbys.is_empty() && self.roster.seats.iter().all(Option::is_none)
	}

	/// Free places.
	pub fn vacancy(&self) -> Vacancy {
		let vacant = self.roster.seats.iter().filter(|seat| seat.is_none()).count();
		let standbys = (MAX_STANDBYS as usize).saturating_sub(self.roster.standbys.len()); // bounded
		Vacancy { seats: vacant as u8, standbys: standbys as u8 } // both at most 16
	}

	/// Everyone here, seats first.
	pub fn members(&self) -> impl Iterator<Item = &AccountId> {
		let standbys = self.roster.standbys.iter().map(|standby| &standby.provider);
		self.roster.seats.iter().flatten().chain(standbys)
	}

	/// Seat a provider on the vacant seat of the given rank.
	pub fn take_vacant_seat(&mut self, rank: u32, provider: AccountId) -> Option<SeatIndex> {
		let mut vacant = self.seats_where(Option::is_none);
		let seat = vacant.nth(rank as usize)?;
		drop(vacant);
		self.seat(seat, provider);
		Some(seat)
	}

	/// Add a standby behind the others; `false` if there is no room.
	pub fn add_standby(&mut self, provider: AccountId) -> bool {
		self.roster.standbys.try_push(Standby { provider, held: None }).is_ok()
	}

	/// Remove a standby; `false` if it is none.
	pub fn remove_standby(&mut self, provider: &AccountId) -> bool {
		let before = self.roster.standbys.len();
		self.roster.standbys.retain(|standby| standby.provider != *provider);
		self.roster.standbys.len() < before
	}

	/// What is noted about a seat.
	pub fn record(&self, seat: SeatIndex) -> SeatRecord {
		self.records.get(usize::from(seat)).copied().unwrap_or_default()
	}

	/// Note that a seat falls vacant when the running window closes.
	pub fn schedule_departure(&mut self, seat: SeatIndex, reason: Departure) {
		if let Some(record) = self.records.get_mut(usize::from(seat)) {
			record.departure = Some(reason);
		}
	}

	/// Make a seat vacant.
	pub fn vacate(&mut self, seat: SeatIndex) -> Option<AccountId> {
		if let Some(record) = self.records.get_mut(usize::from(seat)) {
			*record = SeatRecord::default();
		}
		self.roster.seats.get_mut(usize::from(seat))?.take()
	}

	/// Note who attested in `window` (bit per lane); returns who did not, other than those who were expelled meanwhile.
	pub fn note_attendance(
		&mut self,
		window: &Window,
		stage: StageIndex,
		attested: u16,
	) -> Vec<AccountId> {
		let mut absent = Vec::new();
		for (provider, record, is_present) in self.attendance(window, stage, attested) {
			if is_present {
				record.missed = 0;
			} else if record.departure != Some(Departure::Expelled) {
				record.missed = record.missed.saturating_add(1); // compared with a smaller number only
				absent.push(provider.clone());
			}
		}
		absent
	}

	/// Let those who did not attest in `window` depart, unless they depart already.
	pub fn dismiss_absent(&mut self, window: &Window, stage: StageIndex, attested: u16) {
		for (_, record, is_present) in self.attendance(window, stage, attested) {
			if !is_present {
				record.departure.get_or_insert(Departure::Absent);
			}
		}
	}

	/// Everyone who sits, with what is noted about the seat and whether it attested in `window` (bit per lane).
	fn attendance(
		&mut self,
		window: &Window,
		stage: StageIndex,
		attested: u16,
	) -> impl Iterator<Item = (&AccountId, &mut SeatRecord, bool)> {
		let lanes = lanes_of_seats(window.seed, stage, self.roster.seats.len() as u8); // at most 16
		let is_present =
			move |lane: u8| attested.checked_shr(u32::from(lane)).is_some_and(|bits| bits & 1 == 1);
		let seats = self.roster.seats.iter().zip(self.records.iter_mut()).zip(lanes);
		seats.filter_map(move |((seat, record), lane)| {
			seat.as_ref().map(|provider| (provider, record, is_present(lane)))
		})
	}

	/// Make vacant the seats whose providers depart or missed `max_missed` windows in a row.
	pub fn clear_departed(&mut self, max_missed: u8) -> Vec<(AccountId, Departure)> {
		let mut departed = Vec::new();
		for seat in 0..self.roster.seats.len() as SeatIndex {
			let record = self.record(seat);
			let absent = (record.missed >= max_missed).then_some(Departure::Absent);
			let Some(reason) = record.departure.or(absent) else { continue };
			if let Some(provider) = self.vacate(seat) {
				departed.push((provider, reason));
			}
		}
		departed
	}

	/// Seat standbys on vacant seats: who declared the latest shard first, in their order among equals. A standby without
	/// a shard is better than nobody: it has to fetch it.
	pub fn promote_standbys(&mut self) -> Vec<(SeatIndex, AccountId)> {
		let vacant: Vec<SeatIndex> = self.seats_where(Option::is_none).collect();
		let mut promoted = Vec::new();
		for seat in vacant {
			let Some(provider) = self.first_standby() else { break };
			self.remove_standby(&provider);
			self.seat(seat, provider.clone());
			promoted.push((seat, provider));
		}
		promoted
	}

	fn first_standby(&self) -> Option<AccountId> {
		let mut best: Option<&Standby<AccountId>> = None;
		for standby in &self.roster.standbys {
			// `None`, nothing held, orders before any window.
			if best.is_none_or(|best| standby.held > best.held) {
				best = Some(standby);
			}
		}
		best.map(|standby| standby.provider.clone())
	}

	fn seat(&mut self, seat: SeatIndex, provider: AccountId) {
		if let Some(place) = self.roster.seats.get_mut(usize::from(seat)) {
			*place = Some(provider);
		}
	}

	fn seats_where<'a>(
		&'a self,
		test: impl Fn(&Option<AccountId>) -> bool + 'a,
	) -> impl Iterator<Item = SeatIndex> + 'a {
		(0..=SeatIndex::MAX)
			.zip(self.roster.seats.iter())
			.filter(move |(_, seat)| test(seat))
			.map(|(seat, _)| seat)
	}
}
