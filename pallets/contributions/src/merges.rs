//! Refutations of what a stage started a window from.

use alloc::vec::Vec;

use cairn_primitives::{
	dispute::{LeafVerdict, MergeContext, MergeVerifier},
	model::PauseReason,
	traits::{Fault, Models},
	Hash, ModelId, ModelSpec, StageIndex, WindowIndex,
};
use frame_support::{
	dispatch::DispatchResult, ensure, storage::with_storage_layer, traits::Get, weights::Weight,
};
use sp_runtime::DispatchError;

use crate::{
	AccountIdOf, Base, Config, Error, Event, Newest, Pallet, StageRow, Stages, WindowRow, Windows,
	LOG_TARGET,
};

/// Windows that count in which nobody of a stage attests, over which its shard is followed back. A seat is lost at the second
/// window that it misses, so that so many in a row take eight sets of providers that miss them.
pub(crate) const MAX_IDLE: u32 = 16;

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
		let held: Vec<_> = Self::units_of(model, window, stage, progress.lanes)
			.into_iter()
			.filter(|(_, unit)| unit.is_pending() && unit.shard_before == claimed)
			// What is due may have lost its base to `prune`.
			.filter(|(_, unit)| Self::now() < unit.due)
			.collect();
		ensure!(!held.is_empty(), Error::<T>::NothingAtStake);
		let context = Self::merge_context(&spec, &row, model, stage, claimed)?;
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
		spec: &ModelSpec,
		row: &WindowRow,
		model: ModelId,
		stage: StageIndex,
		claimed: Hash,
	) -> Result<MergeContext, DispatchError> {
		let mut base = row.base;
		for _ in 0..=MAX_IDLE {
			let window = match base {
				Base::Merge(window) => window,
				Base::Initial => {
					let before = spec.initial.get(usize::from(stage)).copied();
					let before = before.ok_or(Error::<T>::NoMergeBefore)?;
					return Ok(MergeContext { stage, before, members: Vec::new(), claimed });
				},
				Base::Open => break,
			};
			let base_stage: StageRow = Stages::<T>::get((model, window, stage));
			if let Some(before) = base_stage.claimed_root() {
				let members = Self::merged(model, window, stage);
				return Ok(MergeContext { stage, before, members, claimed });
			}
			// A shard that nobody trained is what it was before, unless what is missing was there and is pruned.
			match Windows::<T>::get(model, window) {
				Some(row) if row.pruned == 0 => base = row.base,
				_ => break,
			}
		}
		Err(Error::<T>::NoMergeBefore.into())
	}

	/// What following a shard back over idle windows reads beyond what benchmarks bring about.
	pub(crate) fn idle_reads() -> Weight {
		T::DbWeight::get().reads(2 * u64::from(MAX_IDLE)) // a stage and a window each
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
