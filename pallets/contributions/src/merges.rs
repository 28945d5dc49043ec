//! Refutations of what a stage started a window from.

use cairn_primitives::{
	dispute::{LeafVerdict, MergeContext, MergeVerifier},
	model::PauseReason,
	traits::{Fault, Models},
	Hash, ModelId, ModelSpec, StageIndex, WindowIndex,
};
use frame_support::{dispatch::DispatchResult, ensure, storage::with_storage_layer};
use sp_runtime::DispatchError;

use crate::{
	AccountIdOf, Base, Config, Error, Event, Newest, Pallet, StageRow, Stages, WindowRow,
	LOG_TARGET,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_refute_merge(
		who: AccountIdOf<T>,
		model: ModelId,
		window: WindowIndex,
		stage: StageIndex,
		evidence: &[u8],
	) -> DispatchResult {
		// Which root most units started from is known once the window is closed, and void windows change nothing.
		let (row, spec) = Self::counted_window(model, window)?;
		let mut progress = Stages::<T>::get((model, window, stage));
		ensure!(progress.lanes != 0, Error::<T>::NothingAttested);
		let claimed = progress.majority_root().ok_or(Error::<T>::MergeAlreadyRefuted)?;
		let held: alloc::vec::Vec<_> = Self::units_of(model, window, stage, progress.lanes)
			.into_iter()
			.filter(|(_, unit)| unit.is_pending() && unit.shard_before == claimed)
			.collect();
		ensure!(!held.is_empty(), Error::<T>::NothingAtStake);
		let context = Self::merge_context(&row, model, stage, claimed)?;
		Self::check_wrong(&spec, &context, evidence)?;

		progress.refute_root(claimed);
		Stages::<T>::insert((model, window, stage), progress);
		let prover = Self::prover(who);
		for (id, unit) in held {
			Self::refute(id, unit, Fault::Merge, Some(&prover));
		}
		let is_paused = Self::stop_model(model);
		Self::deposit_event(Event::MergeRefuted { model, window, stage, claimed, is_paused });
		Ok(())
	}

	/// The merge that a window's stage claims to have started from. What it built on is what was claimed then, whatever was
	/// found out about that later: whoever followed it honestly is right.
	fn merge_context(
		row: &WindowRow,
		model: ModelId,
		stage: StageIndex,
		claimed: Hash,
	) -> Result<MergeContext, DispatchError> {
		let Base::Merge(base) = row.base else { return Err(Error::<T>::NoMergeBefore.into()) };
		let base_stage: StageRow = Stages::<T>::get((model, base, stage));
		let before = base_stage.claimed_root().ok_or(Error::<T>::NoMergeBefore)?;
		Ok(MergeContext { before, members: Self::merged(model, base, stage), claimed })
	}

	fn check_wrong(spec: &ModelSpec, context: &MergeContext, evidence: &[u8]) -> DispatchResult {
		let verdict = match context.without_arithmetic(spec.lanes) {
			Some(root) if root == context.claimed => LeafVerdict::Right,
			Some(_) => LeafVerdict::Wrong,
			None => T::Merges::verify(spec, context, evidence),
		};
		match verdict {
			LeafVerdict::Wrong => Ok(()),
			LeafVerdict::Right => Err(Error::<T>::MergeIsRight.into()),
			LeafVerdict::Unproven => Err(Error::<T>::EvidenceUnproven.into()),
		}
	}

	/// Pause a model whose merge is wrong. Where it goes on from is for people to decide, so that nobody is held to the
	/// next window's start.
	fn stop_model(model: ModelId) -> bool {
		Newest::<T>::mutate_extant(model, |newest| newest.is_broken = true);
		let paused = with_storage_layer(|| T::Models::pause(model, PauseReason::Merge));
		if let Err(error) = paused {
			log::warn!(target: LOG_TARGET, "model {model} cannot be paused: {error:?}");
		}
		paused.is_ok()
	}
}
