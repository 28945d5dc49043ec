//! What is true after every block.

use crate::{
	AccountIdOf, Config, Datasets, HoldReason, NextModel, Pallet, RecordOf, Records, Specs,
};
use alloc::collections::BTreeMap;
use cairn_primitives::{spec::Access, Balance, ModelId, ModelSpec, ModelStatus};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// The invariants of this pallet.
	///
	/// 1. What is on hold for an account is the sum of the deposits of its rows, for datasets and for models; nobody
	///    else has any.
	/// 2. Every model has a record and a spec, and a number below `NextModel`.
	/// 3. A fork's parent exists, is older, is of the same family, has the same stages and shapes, and is open if the
	///    fork is; a model without a parent is the root of its family. Bonds answer for the dearest unit of a model, and
	///    of a fork for no less than its parent's.
	/// 4. Every spec and all terms are valid, and every dataset of a model is registered.
	/// 5. Checkpoints ascend, none is ahead of the model, and none was undone; a restart starts from the last one kept. Losses
	///    of gates ascend by window, and none is of a window that a restart undid.
	/// 6. A proposed model has no history, a training one has samples to go, a serving one has none, and a retired
	///    one has no price.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_deposits()?;
		for model in Specs::<T>::iter_keys() {
			ensure!(Records::<T>::contains_key(model), "2: a spec has no record");
		}
		for (model, record) in Records::<T>::iter() {
			let spec = Specs::<T>::get(model).ok_or("2: a record has no spec")?;
			ensure!(model < NextModel::<T>::get(), "2: a model's number is not used up");
			Self::check_lineage(model, &record, &spec)?;
			ensure!(spec.validate().is_ok(), "4: a spec is invalid");
			ensure!(record.terms.validate().is_ok(), "4: terms are invalid");
			ensure!(
				Datasets::<T>::contains_key(spec.dataset),
				"4: a model's dataset is not registered"
			);
			Self::check_history(&record)?;
			Self::check_status(&record, &spec)?;
		}
		Ok(())
	}

	fn check_deposits() -> Result<(), TryRuntimeError> {
		let mut sums = BTreeMap::<AccountIdOf<T>, (Balance, Balance)>::new();
		for row in Datasets::<T>::iter_values() {
			let sum = &mut sums.entry(row.owner).or_default().0;
			*sum = sum.checked_add(row.deposit).ok_or("1: deposits overflow")?;
		}
		for record in Records::<T>::iter_values() {
			let sum = &mut sums.entry(record.researcher).or_default().1;
			*sum = sum.checked_add(record.deposit).ok_or("1: deposits overflow")?;
		}
		// Whoever else has funds on hold here has no row, but an account.
		for (who, _) in frame_system::Account::<T>::iter() {
			sums.entry(who).or_default();
		}
		for (who, (datasets, models)) in sums {
			let held = |reason: HoldReason| T::Currency::balance_on_hold(&reason.into(), &who);
			ensure!(
				held(HoldReason::DatasetDeposit) == datasets,
				"1: what is held for datasets is not the sum of their deposits"
			);
			ensure!(
				held(HoldReason::ModelDeposit) == models,
				"1: what is held for models is not the sum of their deposits"
			);
		}
		Ok(())
	}

	fn check_lineage(
		model: ModelId,
		record: &RecordOf<T>,
		spec: &ModelSpec,
	) -> Result<(), TryRuntimeError> {
		let own_points = spec.bonded_points();
		let Some(parent) = record.parent else {
			ensure!(record.bonded_points == own_points, "3: bonds do not answer for the work");
			ensure!(record.root == model, "3: a model without a parent is not its family's root");
			return Ok(());
		};
		ensure!(parent < model, "3: a fork is older than its parent");
		let origin = Records::<T>::get(parent).ok_or("3: a fork's parent does not exist")?;
		let original = Specs::<T>::get(parent).ok_or("3: a fork's parent has no spec")?;
		ensure!(origin.root == record.root, "3: a fork left its family");
		ensure!(
			record.bonded_points == own_points.max(origin.bonded_points),
			"3: bonds of a fork do not answer for its family's work"
		);
		ensure!(spec.continues(&original), "3: a fork has other stages or shapes than its parent");
		ensure!(
			original.access == Access::Open || spec.access == Access::Sealed,
			"3: a fork opens what is sealed"
		);
		Ok(())
	}

	fn check_history(record: &RecordOf<T>) -> Result<(), TryRuntimeError> {
		let kept = &record.checkpoints;
		let ascends = kept
			.iter()
			.zip(kept.iter().skip(1))
			.all(|(a, b)| a.window < b.window && a.samples <= b.samples);
		ensure!(ascends, "5: checkpoints do not ascend");
		let marks = &record.marks;
		let ascends = marks.is_sorted_by(|a, b| a.window < b.window);
		ensure!(ascends, "5: losses of gates do not ascend");
		let is_behind = |from| marks.last().is_none_or(|last| last.window <= from);
		ensure!(
			record.restart_from.is_none_or(is_behind),
			"5: a loss of a gate was undone by a restart"
		);
		ensure!(
			kept.iter().all(|kept| kept.window < record.branch || !record.is_undone(kept.window)),
			"5: a checkpoint was undone"
		);
		let last = kept.last();
		ensure!(
			last.is_none_or(|last| last.samples <= record.samples),
			"5: a checkpoint is ahead of the model"
		);
		ensure!(
			record.restart_from.is_none_or(|from| last
				.is_some_and(|last| last.window == from && last.samples == record.samples)),
			"5: a restart does not start from the last checkpoint"
		);
		Ok(())
	}

	fn check_status(record: &RecordOf<T>, spec: &ModelSpec) -> Result<(), TryRuntimeError> {
		match record.status {
			ModelStatus::Proposed => ensure!(
				record.samples == 0
					&& record.checkpoints.is_empty()
					&& record.best_loss().is_none(),
				"6: a proposed model has a history"
			),
			ModelStatus::Training | ModelStatus::Serving => ensure!(
				record.natural_status(spec) == record.status,
				"6: a model's status does not fit its samples"
			),
			ModelStatus::Paused(_) => {},
			ModelStatus::Retired => {
				ensure!(record.price.is_none(), "6: a retired model has a price")
			},
		}
		Ok(())
	}
}
