//! Benchmarks of every call and hook, each in its worst case.

use crate::{
	clock::FORGOTTEN_PER_POKE, lot::first_stage, stage::Stage, Awaited, Call, Clock, Clocks,
	Closed, Config, Entitlements, Outputs, Pallet, Phase, Places, RequestCount, Requests, Rosters,
	SeatRecord, SeatRecords, StageVacancies, Vacancies,
};
use alloc::vec;
use cairn_primitives::{
	hash::Domain,
	lottery::draw,
	traits::{ClosedWindow, Models, Providers},
	BlockNumber, Hash, ModelId, StageIndex, Window, WindowIndex, MAX_LANES, MAX_STAGES,
	MAX_STANDBYS,
};
use frame_benchmarking::v2::*;
use frame_support::{traits::Get, BoundedVec};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_runtime::SaturatedConversion;

/// Brings the neighbours of this pallet into the states that benchmarks need. Nothing that it makes has to pass the
/// checks of the calls that usually make it.
pub trait BenchmarkHelper<AccountId> {
	/// A sealed model that trains, with `min_holders` at most 1.
	fn training_model(stages: u8, lanes: u8) -> ModelId;
	/// Retire a model.
	fn retire(model: ModelId);
	/// The registered provider of the given number, with free bond enough for a model, and its worker key.
	fn provider(number: u32) -> (AccountId, AccountId);
	/// Let so many units of a window be attested, in no particular lanes.
	fn attest(model: ModelId, window: WindowIndex, units: u32);
}

type Helper<T> = <T as Config>::BenchmarkHelper;

const LANES: u8 = MAX_LANES as u8;
const STAGES: u8 = MAX_STAGES as u8;
const NOW: BlockNumber = 100_000;
const NO_MODEL: BenchmarkError = BenchmarkError::Stop("the helper made no model");

fn model<T: Config>(stages: u8) -> ModelId {
	frame_system::Pallet::<T>::set_block_number(NOW.into());
	let model = Helper::<T>::training_model(stages, LANES);
	let vacancy = Stage::<T::AccountId>::empty(LANES).vacancy();
	let all: StageVacancies = BoundedVec::truncate_from(vec![vacancy; usize::from(stages)]);
	Vacancies::<T>::insert(model, all);
	Clocks::<T>::insert(model, Clock { next: 0, oldest: 0, phase: Phase::Waiting, voided: 0 });
	model
}

/// Put providers on all seats of a stage, and `standbys` behind them.
fn fill<T: Config>(model: ModelId, stage: StageIndex, standbys: u32) -> Result<(), BenchmarkError> {
	let mut members = Stage::empty(LANES);
	for place in 0..MAX_LANES.saturating_add(standbys) {
		let number = u32::from(stage)
			.saturating_mul(MAX_LANES.saturating_add(MAX_STANDBYS))
			.saturating_add(place);
		let (provider, _) = Helper::<T>::provider(number);
		commit::<T>(&provider, model)?;
		if place < MAX_LANES {
			members.take_vacant_seat(0, provider.clone());
		} else {
			members.add_standby(provider.clone());
		}
		Places::<T>::insert(model, &provider, stage);
		entitle::<T>(model, &provider, stage)?;
	}
	Pallet::<T>::save_stage(model, stage, &members);
	Ok(())
}

fn commit<T: Config>(provider: &T::AccountId, model: ModelId) -> Result<(), BenchmarkError> {
	let points = T::Models::bonded_points(model).ok_or(NO_MODEL)?;
	T::Providers::commit(provider, model, T::Providers::required_bond(points))?;
	Ok(())
}

fn entitle<T: Config>(
	model: ModelId,
	provider: &T::AccountId,
	stage: StageIndex,
) -> Result<(), BenchmarkError> {
	let info = T::Models::info(model).ok_or(NO_MODEL)?;
	Entitlements::<T>::insert(info.root, provider, stage);
	Ok(())
}

/// A provider that waits for its lot, whose randomness is known.
fn request<T: Config>(model: ModelId) -> Result<T::AccountId, BenchmarkError> {
	let (provider, _) = Helper::<T>::provider(u32::MAX);
	commit::<T>(&provider, model)?;
	let seed_at = judged_long_ago();
	Requests::<T>::insert(model, &provider, seed_at);
	RequestCount::<T>::insert(model, 2);
	Outputs::<T>::insert(seed_at, Hash::repeat_byte(7));
	Awaited::<T>::insert(seed_at, 1);
	Ok(provider)
}

/// A block whose value is kept only because something waits for it.
fn judged_long_ago() -> BlockNumber {
	1
}

fn window(index: WindowIndex, deadline: BlockNumber) -> Window {
	Window { index, start: 1, deadline, seed: Hash::repeat_byte(3), samples: 0 }
}

fn caller<T: Config>() -> RawOrigin<T::AccountId> {
	RawOrigin::Signed(whitelisted_caller())
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn on_initialize() {
		let now = T::BeaconLength::get().saturating_add(2);
		let oldest = 1;
		Outputs::<T>::insert(oldest, Hash::zero());
		Outputs::<T>::insert(now.saturating_sub(2), Hash::zero());
		let block: BlockNumberFor<T> = now.into();

		#[block]
		{
			Pallet::<T>::extend_beacon(block);
		}

		assert!(!Outputs::<T>::contains_key(oldest));
		assert!(Outputs::<T>::contains_key(now.saturating_sub(1)));
	}

	#[benchmark]
	fn enlist() {
		let model = model::<T>(STAGES);
		Clocks::<T>::remove(model);
		Vacancies::<T>::remove(model);
		let (provider, _) = Helper::<T>::provider(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(provider.clone()), model);

		assert!(Requests::<T>::contains_key(model, provider));
	}

	#[benchmark]
	fn draw_seat() -> Result<(), BenchmarkError> {
		// The first lot of the provider, which falls on a stage with one place left.
		let model = model::<T>(STAGES);
		let provider = request::<T>(model)?;
		let drawn = draw(Domain::SeatLot, Hash::repeat_byte(7), &(model, &provider));
		let (stage, _) = first_stage(u32::from(STAGES), drawn);
		fill::<T>(model, stage, MAX_STANDBYS.saturating_sub(1))?;

		#[extrinsic_call]
		_(caller::<T>(), model, provider.clone());

		assert_eq!(Places::<T>::get(model, provider), Some(stage));
		Ok(())
	}

	#[benchmark]
	fn leave() -> Result<(), BenchmarkError> {
		let model = model::<T>(STAGES);
		fill::<T>(model, 0, MAX_STANDBYS)?;
		let (provider, _) = Helper::<T>::provider(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(provider.clone()), model);

		assert!(!Places::<T>::contains_key(model, provider));
		Ok(())
	}

	#[benchmark]
	fn leave_enlistment() -> Result<(), BenchmarkError> {
		let model = model::<T>(STAGES);
		let provider = request::<T>(model)?;

		#[extrinsic_call]
		leave(RawOrigin::Signed(provider.clone()), model);

		assert!(!Requests::<T>::contains_key(model, provider));
		Ok(())
	}

	#[benchmark]
	fn declare_held() -> Result<(), BenchmarkError> {
		let model = model::<T>(1);
		fill::<T>(model, 0, MAX_STANDBYS)?;
		Clocks::<T>::insert(model, Clock { next: 1, oldest: 1, phase: Phase::Waiting, voided: 0 });
		let last = MAX_LANES.saturating_add(MAX_STANDBYS).saturating_sub(1);
		let (_, worker) = Helper::<T>::provider(last);

		#[extrinsic_call]
		_(RawOrigin::Signed(worker), model, 0);

		let roster = Rosters::<T>::get(model, 0).ok_or("the roster is there")?;
		assert_eq!(roster.standbys.last().and_then(|standby| standby.held), Some(0));
		Ok(())
	}

	#[benchmark]
	fn poke_close(s: Linear<1, MAX_STAGES>) -> Result<(), BenchmarkError> {
		// Everybody on a seat was absent once too often, and a standby takes its place.
		let model = model::<T>(s as u8);
		for stage in 0..s as StageIndex {
			fill::<T>(model, stage, MAX_STANDBYS)?;
			let missed = T::MaxMissed::get().saturating_sub(1);
			let record = SeatRecord { missed, departure: None };
			SeatRecords::<T>::insert(
				model,
				stage,
				BoundedVec::truncate_from(vec![record; usize::from(LANES)]),
			);
		}
		let next = T::RetainedWindows::get().saturating_add(1);
		for old in 0..next {
			let closed = ClosedWindow { window: window(old, 2), is_void: false };
			Closed::<T>::insert(model, old, closed);
		}
		let phase = Phase::Running(window(next, NOW.saturating_sub(1)));
		Clocks::<T>::insert(model, Clock { next, oldest: 0, phase, voided: 0 });
		Helper::<T>::attest(model, next, s.saturating_mul(MAX_LANES));

		#[extrinsic_call]
		poke_window(caller::<T>(), model);

		let roster = Rosters::<T>::get(model, 0).ok_or("the roster is there")?;
		assert!(roster.is_full() && roster.standbys.is_empty());
		assert!(!Closed::<T>::contains_key(model, 1));
		Ok(())
	}

	#[benchmark]
	fn poke_schedule(s: Linear<1, MAX_STAGES>) -> Result<(), BenchmarkError> {
		let model = model::<T>(s as u8);
		for stage in 0..s as StageIndex {
			fill::<T>(model, stage, 0)?;
		}

		#[extrinsic_call]
		poke_window(caller::<T>(), model);

		let phase = Clocks::<T>::get(model).map(|clock| clock.phase);
		assert!(matches!(phase, Some(Phase::Scheduled { .. })));
		Ok(())
	}

	#[benchmark]
	fn poke_start(s: Linear<1, MAX_STAGES>) -> Result<(), BenchmarkError> {
		let model = model::<T>(s as u8);
		for stage in 0..s as StageIndex {
			fill::<T>(model, stage, 0)?;
		}
		let seed_at = judged_long_ago();
		Outputs::<T>::insert(seed_at, Hash::repeat_byte(7));
		Awaited::<T>::insert(seed_at, 1);
		Clocks::<T>::insert(
			model,
			Clock { next: 1, oldest: 1, phase: Phase::Scheduled { seed_at }, voided: 0 },
		);

		#[extrinsic_call]
		poke_window(caller::<T>(), model);

		assert!(Pallet::<T>::is_running(model));
		assert!(!Outputs::<T>::contains_key(seed_at));
		Ok(())
	}

	#[benchmark]
	fn poke_forget() {
		let model = model::<T>(STAGES);
		for old in 0..FORGOTTEN_PER_POKE {
			let closed = ClosedWindow { window: window(old, 1), is_void: false };
			Closed::<T>::insert(model, old, closed);
		}
		let seed_at = judged_long_ago();
		Outputs::<T>::insert(seed_at, Hash::repeat_byte(7));
		Awaited::<T>::insert(seed_at, 1);
		let phase = Phase::Scheduled { seed_at };
		Clocks::<T>::insert(model, Clock { next: FORGOTTEN_PER_POKE, oldest: 0, phase, voided: 0 });
		Helper::<T>::retire(model);
		// Windows of one block, whose deadline is block 1
		let kept =
			T::RetainedWindows::get().max(T::DissolveDelay::get()).max(T::DissolveWindows::get());
		let later: BlockNumber = kept.max(T::BeaconLength::get()).saturating_add(3);
		frame_system::Pallet::<T>::set_block_number(later.saturated_into());

		#[extrinsic_call]
		poke_window(caller::<T>(), model);

		assert!(!Clocks::<T>::contains_key(model));
		assert_eq!(Closed::<T>::iter_prefix(model).count(), 0);
	}

	#[benchmark]
	fn dissolve() -> Result<(), BenchmarkError> {
		let model = model::<T>(STAGES);
		fill::<T>(model, 0, MAX_STANDBYS)?;
		let closed = ClosedWindow { window: window(0, 1), is_void: false };
		Closed::<T>::insert(model, 0, closed);
		Clocks::<T>::insert(model, Clock { next: 1, oldest: 0, phase: Phase::Waiting, voided: 0 });
		Helper::<T>::retire(model);
		let later: BlockNumber =
			T::DissolveDelay::get().max(T::DissolveWindows::get()).saturating_add(1);
		frame_system::Pallet::<T>::set_block_number(later.saturated_into());

		#[extrinsic_call]
		_(caller::<T>(), model, 0);

		assert!(!Rosters::<T>::contains_key(model, 0));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
