//! The window clock: `Waiting` → `Scheduled` → `Running` → `Waiting` or `Scheduled`, moved by a permissionless call.
//!
//! What was scheduled stays scheduled until it runs, with the seed of the block that it named: otherwise whoever can keep a
//! window from starting (an owner who pauses, a seat that leaves) could draw the lanes of the window again.

use crate::{
	enlistment::ModelOf, Clock, Clocks, Closed, Config, Error, Event, Pallet, Phase, RequestCount,
	Vacancies, Vacancy, WeightInfo, LOG_TARGET,
};
use cairn_primitives::{
	hash::{hash, Domain},
	traits::{ClosedWindow, Models, Providers, Tally, Work},
	BlockNumber, Hash, ModelId, ModelSpec, ModelStatus, StageIndex, Window, MAX_STAGES,
	MAX_STANDBYS,
};
use frame_support::{ensure, storage::with_storage_layer, traits::Get, weights::Weight};
use sp_runtime::DispatchError;

/// Void windows in a row from which on seats that do not attest are lost. One or two void windows may have a cause that is
/// nobody's fault; a model whose seats are lost for good would have nothing but void windows.
const MAX_VOID: u8 = 3;
/// Closed windows that one poke forgets while the model lives: two, so that a shorter retention is caught up with.
const FORGOTTEN_PER_CLOSE: u32 = 2;
/// Closed windows of a retired model that one poke forgets.
pub(crate) const FORGOTTEN_PER_POKE: u32 = 8;

impl<T: Config> Pallet<T> {
	/// Do what the clock of a model waits for; returns what that weighed.
	pub(crate) fn do_poke_window(model: ModelId) -> Result<Weight, DispatchError> {
		let clock = Clocks::<T>::get(model).ok_or(Error::<T>::NobodyEnlisted)?;
		let of_model = Self::model(model)?;
		let stages = of_model.0.stage_count();
		match clock.phase.clone() {
			Phase::Waiting | Phase::Scheduled { .. }
				if of_model.1.status == ModelStatus::Retired =>
			{
				Self::forget(model, clock)?;
				Ok(T::WeightInfo::poke_forget())
			},
			Phase::Waiting => {
				Self::ensure_ready(model, &of_model)?;
				Self::schedule(model, &of_model, clock);
				Ok(T::WeightInfo::poke_schedule(stages))
			},
			Phase::Scheduled { seed_at } => {
				let seed = Self::seed(seed_at).ok_or(Error::<T>::BeaconNotKnown)?;
				Self::ensure_ready(model, &of_model)?;
				Self::done_with(seed_at);
				Self::start(model, &of_model, clock, seed);
				Ok(T::WeightInfo::poke_start(stages))
			},
			Phase::Running(window) => {
				ensure!(Self::now() > window.deadline, Error::<T>::WindowRunning);
				Self::close(model, &of_model.0, clock, window)?;
				Ok(T::WeightInfo::poke_close(stages))
			},
		}
	}

	/// The most that a poke can weigh.
	pub(crate) fn poke_weight() -> Weight {
		T::WeightInfo::poke_close(MAX_STAGES)
			.max(T::WeightInfo::poke_start(MAX_STAGES))
			.max(T::WeightInfo::poke_schedule(MAX_STAGES))
			.max(T::WeightInfo::poke_forget())
	}

	/// Bounds that the configuration has to keep.
	pub(crate) fn check_config() {
		assert!(T::MaxMissed::get() > 0, "MaxMissed must be positive: nobody could miss less");
		assert!(T::MaxRequests::get() > 0, "MaxRequests must be positive: nobody could enlist");
		assert!(
			T::BeaconLength::get() > T::BeaconDelay::get(),
			"BeaconLength must exceed BeaconDelay: values would be forgotten before they are used"
		);
	}

	/// How many providers sit or stand by at a stage of a model.
	fn present(spec: &ModelSpec, free: &Vacancy) -> u32 {
		// Free places are counted among all places: the difference is not negative.
		u32::from(spec.lanes)
			.saturating_add(MAX_STANDBYS)
			.saturating_sub(u32::from(free.seats))
			.saturating_sub(u32::from(free.standbys))
	}

	/// Whether the next window may start; if not, what it waits for.
	fn ensure_ready(model: ModelId, of_model: &ModelOf<T>) -> Result<(), Error<T>> {
		let (spec, info) = of_model;
		ensure!(info.status.trains(), Error::<T>::NotTraining);
		let least = u32::from(spec.min_holders);
		let vacancies = Vacancies::<T>::get(model).unwrap_or_default();
		for (stage, vacancy) in (0..=StageIndex::MAX).zip(vacancies.iter()) {
			ensure!(vacancy.seats == 0, Error::<T>::SeatsVacant { stage });
		}
		for (stage, vacancy) in (0..=StageIndex::MAX).zip(vacancies.iter()) {
			let present = Self::present(spec, vacancy);
			ensure!(present >= least, Error::<T>::TooFewHolders { stage });
		}
		Ok(())
	}

	fn schedule(model: ModelId, (spec, _): &ModelOf<T>, clock: Clock) {
		// Saturating: a block number at its maximum means never.
		let seed_at = match clock.next {
			0 => Self::judged_at().saturating_add(Self::offset(model, spec)),
			_ => Self::judged_at(),
		};
		let window = clock.next;
		Self::wait_for(seed_at);
		Clocks::<T>::insert(model, Clock { phase: Phase::Scheduled { seed_at }, ..clock });
		Self::deposit_event(Event::WindowScheduled { model, window, seed_at });
	}

	fn start(model: ModelId, of_model: &ModelOf<T>, clock: Clock, seed: Hash) {
		let index = clock.next;
		let start = Self::now();
		let window = Window {
			index,
			start,
			deadline: start.saturating_add(of_model.0.window.blocks), // the maximum means never
			seed: hash(Domain::Lanes, &(seed, model, index)),
			samples: of_model.1.samples,
		};
		Clocks::<T>::insert(model, Clock { phase: Phase::Running(window), ..clock });
		Self::deposit_event(Event::WindowStarted { model, window });
	}

	fn close(
		model: ModelId,
		spec: &ModelSpec,
		mut clock: Clock,
		window: Window,
	) -> Result<(), Error<T>> {
		let Tally { attested, samples } = T::Work::tally(model, window.index);
		let is_void = attested < spec.seat_count().div_ceil(2);
		Closed::<T>::insert(model, window.index, ClosedWindow { window, is_void });
		if !is_void {
			Self::accept(model, &window, samples);
		}
		clock.voided = if is_void { clock.voided.saturating_add(1) } else { 0 };
		Self::close_stages(model, spec, &window, clock.voided);

		clock.next = window.index.saturating_add(1); // 2³² windows take longer than block numbers last
		Self::forget_old(model, &mut clock);
		clock.phase = Phase::Waiting;
		Self::deposit_event(Event::WindowClosed {
			model,
			window: window.index,
			attested,
			samples,
			is_void,
		});
		// Accepting the window may have ended training: read the model anew.
		let of_model = Self::model(model)?;
		match Self::ensure_ready(model, &of_model) {
			Ok(()) => Self::schedule(model, &of_model, clock),
			Err(_) => Clocks::<T>::insert(model, clock),
		}
		Ok(())
	}

	/// Tell the registry that a window counts. It cannot refuse: a window that was started is closed, come what may.
	fn accept(model: ModelId, window: &Window, samples: u64) {
		let accepted =
			with_storage_layer(|| T::Models::accept_window(model, window.index, samples));
		if let Err(error) = accepted {
			log::error!(
				target: LOG_TARGET,
				"window {} of model {model} was not accepted: {error:?}",
				window.index
			);
		}
	}

	/// Change seats: those who depart and those who were absent too often give way to standbys. In a void window, which is the
	/// `voided`th in a row, absence is not noted; but where void windows do not end, it costs the seat.
	fn close_stages(model: ModelId, spec: &ModelSpec, window: &Window, voided: u8) {
		let mut vacancies = Vacancies::<T>::get(model).unwrap_or_default();
		for (stage, vacancy) in (0..=StageIndex::MAX).zip(vacancies.iter_mut()) {
			let mut members = Self::load_stage(model, stage, spec.lanes);
			let attested = || T::Work::attested_lanes(model, window.index, stage);
			if voided >= MAX_VOID {
				members.dismiss_absent(window, stage, attested());
			} else if voided == 0 {
				for provider in members.note_attendance(window, stage, attested()) {
					T::Providers::note_absence(&provider);
				}
			}
			for (provider, reason) in members.clear_departed(T::MaxMissed::get()) {
				Self::depart(model, stage, provider, reason);
			}
			Self::promote(model, stage, &mut members);
			Self::store_rows(model, stage, &members);
			*vacancy = members.vacancy();
		}
		Vacancies::<T>::insert(model, vacancies);
	}

	/// Forget closed windows beyond the retention.
	fn forget_old(model: ModelId, clock: &mut Clock) {
		let retained = T::RetainedWindows::get().max(1);
		for _ in 0..FORGOTTEN_PER_CLOSE {
			// `oldest` never passes `next`.
			if clock.next.saturating_sub(clock.oldest) > retained {
				Closed::<T>::remove(model, clock.oldest);
				clock.oldest = clock.oldest.saturating_add(1);
			}
		}
	}

	/// Forget the windows of a retired model once their retention is over, and with the last of them the model.
	fn forget(model: ModelId, mut clock: Clock) -> Result<(), Error<T>> {
		let before = clock.oldest;
		for _ in 0..FORGOTTEN_PER_POKE {
			let Some(closed) = Closed::<T>::get(model, clock.oldest) else { break };
			if Self::now() <= Self::kept_until(&closed) {
				break;
			}
			Closed::<T>::remove(model, clock.oldest);
			clock.oldest = clock.oldest.saturating_add(1); // below `next`
		}
		let is_done = clock.oldest == clock.next && Self::has_no_members(model);
		ensure!(is_done || clock.oldest > before, Error::<T>::NothingToForget);

		let oldest = clock.oldest;
		if is_done {
			if let Phase::Scheduled { seed_at } = clock.phase {
				Self::done_with(seed_at);
			}
			Clocks::<T>::remove(model);
			Vacancies::<T>::remove(model);
		} else {
			Clocks::<T>::insert(model, clock);
		}
		Self::deposit_event(Event::WindowsForgotten { model, oldest });
		Ok(())
	}

	/// The last block for which a closed window of a model without further windows is kept: as long as its retention
	/// would have taken, and while its audits need the stages. Saturating: a block number at its maximum means never.
	fn kept_until(ClosedWindow { window, .. }: &ClosedWindow) -> BlockNumber {
		let retention = T::RetainedWindows::get().saturating_mul(length(window));
		window.deadline.saturating_add(retention.max(Self::dissolve_delay(window)))
	}

	fn dissolve_delay(window: &Window) -> BlockNumber {
		let windows = T::DissolveWindows::get().saturating_mul(length(window));
		windows.max(T::DissolveDelay::get())
	}

	/// The first block in which the stages of a retired model can be dissolved. Saturating: as above.
	pub(crate) fn dissolvable(model: ModelId, clock: &Clock) -> BlockNumber {
		// The last closed window is forgotten only after its audits; without one there is nothing to audit.
		let last = clock.next.checked_sub(1).and_then(|last| Closed::<T>::get(model, last));
		last.map_or(0, |ClosedWindow { window, .. }| {
			window.deadline.saturating_add(Self::dissolve_delay(&window))
		})
	}

	fn has_no_members(model: ModelId) -> bool {
		let lanes_vacant = |lanes: usize| {
			Vacancies::<T>::get(model).unwrap_or_default().iter().all(|vacancy| {
				usize::from(vacancy.seats) == lanes && u32::from(vacancy.standbys) == MAX_STANDBYS
			})
		};
		let lanes = T::Models::spec(model).map_or(0, |spec| usize::from(spec.lanes));
		RequestCount::<T>::get(model) == 0 && lanes_vacant(lanes)
	}

	/// How much later than others a model starts its first window: consecutive models are spread evenly (multiples of
	/// the golden ratio) over the length of a window, so that deadlines do not bunch.
	pub(crate) fn offset(model: ModelId, spec: &ModelSpec) -> BlockNumber {
		let turn = u64::from(model.wrapping_mul(0x9e37_79b9));
		// Both factors are below 2³²: the product fits, and its upper half is below the window's length.
		(turn.saturating_mul(u64::from(spec.window.blocks)) >> 32) as BlockNumber
	}
}

/// Blocks of a window.
fn length(window: &Window) -> BlockNumber {
	window.deadline.saturating_sub(window.start).saturating_add(1) // it ends after it starts
}
