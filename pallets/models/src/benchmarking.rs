//! Benchmarks of every call, each in its worst case.

use crate::{
	AccountIdOf, Call, Config, DatasetMetadata, Datasets, ModelMetadata, NextModel, Pallet,
	Records, MAX_DATASET_METADATA, MAX_MODEL_METADATA,
};
use alloc::{boxed::Box, vec};
use cairn_primitives::{
	traits::Models, voucher::Price, DatasetId, ModelId, ModelSpec, ModelStatus, PauseReason, Terms,
	GATE_EVERY, MAX_LANES, MAX_STAGES,
};
use frame_benchmarking::v2::*; // the macros need names that the prelude hides
use frame_support::traits::{
	fungible::{Inspect, Mutate},
	Get,
};
use frame_system::RawOrigin;
use sp_runtime::Permill;

/// An account that can pay every deposit.
fn rich<T: Config>(name: &'static str) -> AccountIdOf<T> {
	let who = account(name, 0, 0);
	let deposits = Pallet::<T>::deposit(T::ModelDeposit::get(), 1 << 16)
		.saturating_add(Pallet::<T>::deposit(T::DatasetDeposit::get(), 1 << 16));
	let amount = deposits.saturating_mul(4).saturating_add(T::Currency::minimum_balance());
	let _ = T::Currency::set_balance(&who, amount);
	who
}

fn root() -> DatasetId {
	DatasetId::repeat_byte(0xbe)
}

fn dataset<T: Config>(owner: &AccountIdOf<T>) -> Result<(), BenchmarkError> {
	let metadata = DatasetMetadata::truncate_from(vec![b'x'; MAX_DATASET_METADATA as usize]);
	Ok(Pallet::<T>::do_register_dataset(owner.clone(), root(), metadata)?)
}

fn spec(stages: u32) -> ModelSpec {
	ModelSpec::example(root(), stages as u8, MAX_LANES as u8)
}

fn terms() -> Terms {
	let part = Permill::from_percent(10);
	Terms { data: part, researcher: part, treasury: part, royalty: part, serving_fee: part }
}

fn metadata() -> ModelMetadata {
	ModelMetadata::truncate_from(vec![b'x'; MAX_MODEL_METADATA as usize])
}

/// A proposal of the largest model on a dataset of the same account.
fn proposed<T: Config>(researcher: &AccountIdOf<T>) -> Result<ModelId, BenchmarkError> {
	if !Datasets::<T>::contains_key(root()) {
		dataset::<T>(researcher)?;
	}
	let model = NextModel::<T>::get();
	Pallet::<T>::do_propose(researcher.clone(), spec(MAX_STAGES), terms(), None, metadata())?;
	Ok(model)
}

/// A model in training with all the checkpoints it can have.
fn training<T: Config>(researcher: &AccountIdOf<T>) -> Result<ModelId, BenchmarkError> {
	let model = proposed::<T>(researcher)?;
	Pallet::<T>::do_open(researcher.clone(), model)?;
	for gate in [GATE_EVERY - 1, 2 * GATE_EVERY - 1] {
		Pallet::<T>::accept_window(model, gate, 1)?;
		Pallet::<T>::judge_gate(model, gate, 1)?;
		Pallet::<T>::conclude_gate(model, gate, Some(1))?;
	}
	Ok(model)
}

/// A model that its owner paused.
fn paused<T: Config>(researcher: &AccountIdOf<T>) -> Result<ModelId, BenchmarkError> {
	let model = training::<T>(researcher)?;
	<Pallet<T> as Models>::pause(model, PauseReason::Owner)?;
	Ok(model)
}

fn status<T: Config>(model: ModelId) -> Option<ModelStatus> {
	Records::<T>::get(model).map(|record| record.status)
}

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn register_dataset() -> Result<(), BenchmarkError> {
		let owner = rich::<T>("owner");
		let metadata = DatasetMetadata::truncate_from(vec![b'x'; MAX_DATASET_METADATA as usize]);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), root(), metadata);

		assert!(Datasets::<T>::contains_key(root()));
		Ok(())
	}

	#[benchmark]
	fn transfer_dataset() -> Result<(), BenchmarkError> {
		let (from, to) = (rich::<T>("from"), rich::<T>("to"));
		dataset::<T>(&from)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(from), root(), to.clone());

		assert_eq!(Datasets::<T>::get(root()).map(|row| row.owner), Some(to));
		Ok(())
	}

	#[benchmark]
	fn propose(s: Linear<1, MAX_STAGES>) -> Result<(), BenchmarkError> {
		let researcher = rich::<T>("researcher");
		dataset::<T>(&researcher)?;
		let parent = NextModel::<T>::get();
		let who = researcher.clone();
		Pallet::<T>::do_propose(who, spec(s), terms(), None, metadata())?;

		#[extrinsic_call]
		_(RawOrigin::Signed(researcher), Box::new(spec(s)), terms(), Some(parent), metadata());

		assert_eq!(NextModel::<T>::get(), parent + 2);
		Ok(())
	}

	#[benchmark]
	fn open() -> Result<(), BenchmarkError> {
		let researcher = rich::<T>("researcher");
		let model = proposed::<T>(&researcher)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(researcher), model);

		assert_eq!(status::<T>(model), Some(ModelStatus::Training));
		Ok(())
	}

	#[benchmark]
	fn set_price() -> Result<(), BenchmarkError> {
		let researcher = rich::<T>("researcher");
		let model = training::<T>(&researcher)?;
		let price = Some(Price { prompt: u128::MAX, completion: u128::MAX });

		#[extrinsic_call]
		_(RawOrigin::Signed(researcher), model, price);

		assert_eq!(Pallet::<T>::price(model), price);
		Ok(())
	}

	#[benchmark]
	fn pause() -> Result<(), BenchmarkError> {
		let researcher = rich::<T>("researcher");
		let model = training::<T>(&researcher)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(researcher), model);

		assert_eq!(status::<T>(model), Some(ModelStatus::Paused(PauseReason::Owner)));
		Ok(())
	}

	#[benchmark]
	fn resume() -> Result<(), BenchmarkError> {
		let researcher = rich::<T>("researcher");
		let model = paused::<T>(&researcher)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(researcher), model);

		assert_eq!(status::<T>(model), Some(ModelStatus::Training));
		Ok(())
	}

	#[benchmark]
	fn restart_from() -> Result<(), BenchmarkError> {
		let researcher = rich::<T>("researcher");
		let model = paused::<T>(&researcher)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(researcher), model, GATE_EVERY - 1);

		assert_eq!(status::<T>(model), Some(ModelStatus::Training));
		Ok(())
	}

	#[benchmark]
	fn retire() -> Result<(), BenchmarkError> {
		let researcher = rich::<T>("researcher");
		let model = training::<T>(&researcher)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(researcher), model);

		assert_eq!(status::<T>(model), Some(ModelStatus::Retired));
		Ok(())
	}

	#[benchmark]
	fn cede() -> Result<(), BenchmarkError> {
		let (from, to) = (rich::<T>("from"), rich::<T>("to"));
		let model = training::<T>(&from)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(from), model, to.clone());

		assert_eq!(Records::<T>::get(model).map(|record| record.researcher), Some(to));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
