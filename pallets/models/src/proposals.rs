//! Proposals and forks.

use crate::{
	AccountIdOf, Config, Datasets, Error, Event, HoldReason, ModelMetadata, NextModel, Pallet,
	Record, RecordOf, Records, Specs,
};
use cairn_primitives::{spec::Access, Balance, ModelId, ModelSpec, ModelStatus, Terms};
use codec::Encode;
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{fungible::MutateHold, Get},
};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_propose(
		researcher: AccountIdOf<T>,
		spec: ModelSpec,
		terms: Terms,
		parent: Option<ModelId>,
		metadata: ModelMetadata,
	) -> DispatchResult {
		spec.validate().map_err(Error::<T>::InvalidSpec)?;
		terms.validate().map_err(Error::<T>::InvalidTerms)?;
		ensure!(Datasets::<T>::contains_key(spec.dataset), Error::<T>::UnknownDataset);
		let model = NextModel::<T>::get();
		let next = model.checked_add(1).ok_or(Error::<T>::TooManyModels)?;
		let own_points = spec.bonded_points();
		// Who works on a fork holds what its parents trained: it answers for that too.
		let (root, bonded_points) = match parent {
			Some(parent) => {
				let parent = Self::check_fork(&spec, &terms, parent)?;
				(parent.root, own_points.max(parent.bonded_points))
			},
			None => (model, own_points),
		};

		let deposit = Self::model_deposit(&spec, &metadata);
		T::Currency::hold(&HoldReason::ModelDeposit.into(), &researcher, deposit)?;
		NextModel::<T>::put(next);
		Specs::<T>::insert(model, spec);
		Records::<T>::insert(
			model,
			Record {
				researcher: researcher.clone(),
				parent,
				root,
				status: ModelStatus::Proposed,
				terms,
				price: None,
				samples: 0,
				bonded_points,
				marks: Default::default(),
				best_before: None,
				checkpoints: Default::default(),
				restart_from: None,
				undone: None,
				branch: 0,
				metadata,
				deposit,
			},
		);
		Self::deposit_event(Event::Proposed { model, researcher, parent });
		Ok(())
	}

	/// A fork starts from its parent's shards: it must fit them, and must not open what is sealed. It asks at least the royalty
	/// of its parent, so that a fork of a fork does not get away with less.
	fn check_fork(
		spec: &ModelSpec,
		terms: &Terms,
		parent: ModelId,
	) -> Result<RecordOf<T>, DispatchError> {
		let record = Records::<T>::get(parent).ok_or(Error::<T>::UnknownParent)?;
		let original = Specs::<T>::get(parent).ok_or(Error::<T>::UnknownParent)?;
		ensure!(spec.continues(&original), Error::<T>::ForkDoesNotContinue);
		ensure!(
			original.access == Access::Open || spec.access == Access::Sealed,
			Error::<T>::ForkUnseals
		);
		ensure!(terms.royalty >= record.terms.royalty, Error::<T>::RoyaltyBelowParent);
		Ok(record)
	}

	/// What is held for a model.
	pub(crate) fn model_deposit(spec: &ModelSpec, metadata: &ModelMetadata) -> Balance {
		// Saturating: both are bounded to a few kilobytes.
		Self::deposit(T::ModelDeposit::get(), spec.encoded_size().saturating_add(metadata.len()))
	}
}
