//! What is true after every call.

use crate::{
	stage::Stage, Awaited, Clocks, Closed, Config, Entitlements, Outputs, Pallet, Phase, Places,
	RequestCount, Requests, Rosters, SeatRecords, Vacancies,
};
use alloc::collections::{BTreeMap, BTreeSet};
use cairn_primitives::{
	spec::Access,
	traits::{Models, Providers},
	ModelId,
};
use frame_support::{ensure, traits::Get};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// The invariants of this pallet.
	///
	/// 1. A roster belongs to a stage of a model with a clock, has as many seats as the spec has lanes and as many
	///    records as seats, and somebody is on it.
	/// 2. A provider has one place in a model, and `Places` names its stage.
	/// 3. A provider that waits for its lot has no place in the model, and as many wait as are counted, at most
	///    `MaxRequests`.
	/// 4. Everyone who has a place or waits for one has bond committed to the model.
	/// 5. Vacancies are what the rosters leave, for every model with a clock and no other.
	/// 6. Whoever has a place in a sealed model is entitled to that stage of its family.
	/// 7. While a window runs every seat is taken and its number is the next.
	/// 8. The closed windows that are kept are exactly those from the oldest to the one before the next.
	/// 9. A vacant seat has an empty record, no seat has missed `MaxMissed` windows, and departures are scheduled only
	///    while a window runs.
	/// 10. The beacon keeps the values of the last blocks, at most `BeaconLength` successive ones, and older ones only as
	///     long as something waits for them.
	/// 11. As many lots and scheduled windows wait for a block's value as are counted.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_rosters()?;
		Self::check_requests()?;
		Self::check_vacancies()?;
		Self::check_entitlements()?;
		Self::check_clocks()?;
		Self::check_beacon()?;
		Self::check_awaited()
	}

	fn check_rosters() -> Result<(), TryRuntimeError> {
		let mut members = BTreeSet::new();
		for (model, index, roster) in Rosters::<T>::iter() {
			let clock = Clocks::<T>::get(model).ok_or("1: a roster without a clock")?;
			let spec = T::Models::spec(model).ok_or("1: a roster of no model")?;
			ensure!(spec.has_stage(index), "1: a roster of no stage");
			let stage = Stage { roster, records: SeatRecords::<T>::get(model, index) };
			ensure!(
				stage.roster.seats.len() == usize::from(spec.lanes),
				"1: not as many seats as lanes"
			);
			ensure!(stage.records.len() == stage.roster.seats.len(), "1: not a record a seat");
			ensure!(!stage.is_empty(), "1: an empty roster is stored");
			for provider in stage.members() {
				ensure!(members.insert((model, provider.clone())), "2: two places in a model");
				ensure!(
					Places::<T>::get(model, provider) == Some(index),
					"2: a place is not where its provider is"
				);
				ensure!(
					!T::Providers::committed(provider, model).eq(&0),
					"4: a member has no bond committed"
				);
			}
			let running = clock.phase.is_running();
			ensure!(!running || stage.roster.is_full(), "7: a vacancy in a running window");
			for (seat, record) in stage.roster.seats.iter().zip(&stage.records) {
				ensure!(
					seat.is_some() || *record == Default::default(),
					"9: a vacant seat's record"
				);
				ensure!(record.missed < T::MaxMissed::get(), "9: too many windows missed");
				ensure!(running || record.departure.is_none(), "9: a departure is overdue");
			}
		}
		ensure!(Places::<T>::iter().count() == members.len(), "2: a place on no roster");
		ensure!(
			SeatRecords::<T>::iter_keys()
				.all(|(model, stage)| Rosters::<T>::contains_key(model, stage)),
			"1: records without a roster"
		);
		Ok(())
	}

	fn check_requests() -> Result<(), TryRuntimeError> {
		let mut counts = BTreeMap::<ModelId, u32>::new();
		for (model, provider, _) in Requests::<T>::iter() {
			ensure!(!Places::<T>::contains_key(model, &provider), "3: a member waits for a lot");
			ensure!(
				!T::Providers::committed(&provider, model).eq(&0),
				"4: a request has no bond committed"
			);
			let count = counts.entry(model).or_default();
			*count = count.saturating_add(1);
		}
		ensure!(RequestCount::<T>::iter().collect::<BTreeMap<_, _>>() == counts, "3: miscounted");
		ensure!(counts.values().all(|count| *count <= T::MaxRequests::get()), "3: too many wait");
		Ok(())
	}

	fn check_vacancies() -> Result<(), TryRuntimeError> {
		for (model, vacancies) in Vacancies::<T>::iter() {
			ensure!(Clocks::<T>::contains_key(model), "5: vacancies without a clock");
			let spec = T::Models::spec(model).ok_or("5: vacancies of no model")?;
			ensure!(vacancies.len() == spec.stages.len(), "5: not a vacancy a stage");
			for (stage, vacancy) in (0..).zip(vacancies.iter()) {
				let truth = Self::load_stage(model, stage, spec.lanes).vacancy();
				ensure!(*vacancy == truth, "5: vacancies are not what the roster leaves");
			}
		}
		let clocks = Clocks::<T>::iter_keys().count();
		ensure!(Vacancies::<T>::iter_keys().count() == clocks, "5: a clock without vacancies");
		Ok(())
	}

	fn check_entitlements() -> Result<(), TryRuntimeError> {
		for (model, provider, stage) in Places::<T>::iter() {
			let spec = T::Models::spec(model).ok_or("6: a place in no model")?;
			let info = T::Models::info(model).ok_or("6: a place in no model")?;
			ensure!(
				spec.access == Access::Open
					|| Entitlements::<T>::get(info.root, provider) == Some(stage),
				"6: a member is not entitled to its stage"
			);
		}
		Ok(())
	}

	fn check_clocks() -> Result<(), TryRuntimeError> {
		let mut kept = 0usize;
		for (model, clock) in Clocks::<T>::iter() {
			if let Phase::Running(window) = clock.phase {
				ensure!(window.index == clock.next, "7: the running window is not the next");
				let spec = T::Models::spec(model).ok_or("7: a clock of no model")?;
				let stages = Rosters::<T>::iter_prefix(model).count();
				ensure!(stages == spec.stages.len(), "7: an empty stage in a running window");
			}
			ensure!(clock.oldest <= clock.next, "8: the oldest window comes after the next");
			for window in clock.oldest..clock.next {
				let closed = Closed::<T>::get(model, window).ok_or("8: a window is missing")?;
				ensure!(closed.window.index == window, "8: a window under another's number");
				kept = kept.saturating_add(1);
			}
		}
		ensure!(Closed::<T>::iter_keys().count() == kept, "8: a window is kept too long");
		Ok(())
	}

	fn check_beacon() -> Result<(), TryRuntimeError> {
		let blocks: BTreeSet<_> =
			Outputs::<T>::iter_keys().filter(|block| !Awaited::<T>::contains_key(block)).collect();
		ensure!(blocks.len() <= T::BeaconLength::get() as usize, "10: the beacon is too long");
		let Some((last, first)) = blocks.last().zip(blocks.first()) else { return Ok(()) };
		ensure!((*first..=*last).all(Outputs::<T>::contains_key), "10: the beacon has a gap");
		ensure!(
			last.saturating_sub(*first) < T::BeaconLength::get(),
			"10: the beacon keeps what nobody waits for"
		);
		Ok(())
	}

	fn check_awaited() -> Result<(), TryRuntimeError> {
		let windows = Clocks::<T>::iter_values().filter_map(|clock| match clock.phase {
			Phase::Scheduled { seed_at } => Some(seed_at),
			Phase::Waiting | Phase::Running(_) => None,
		});
		let mut waiting = BTreeMap::<_, u32>::new();
		for block in windows.chain(Requests::<T>::iter_values()) {
			let count = waiting.entry(block).or_default();
			*count = count.saturating_add(1);
		}
		ensure!(
			Awaited::<T>::iter().collect::<BTreeMap<_, _>>() == waiting,
			"11: what waits for the beacon is miscounted"
		);
		Ok(())
	}
}
