#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
	not(test),
	deny(
		clippy::arithmetic_side_effects,
		clippy::expect_used,
		clippy::indexing_slicing,
		clippy::panic,
		clippy::unwrap_used
	)
)]

extern crate alloc;

#[cfg(any(test, feature = "runtime-benchmarks"))]
mod benchmarking;
mod datasets;
mod life_cycle;
#[cfg(test)]
mod mock;
mod proposals;
#[cfg(test)]
mod tests;
mod training;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[allow(clippy::expect_used, reason = "FRAME's macros expand to it")]
#[frame_support::pallet]
pub mod pallet {
	use super::{types::*, weights::WeightInfo};
	use alloc::boxed::Box;
	use cairn_primitives::{
		spec::SpecError, terms::TermsError, traits::Seats, voucher::Price, Balance, DatasetId,
		ModelId, ModelSpec, ModelStatus, PauseReason, Terms, WindowIndex,
	};
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{Mutate, MutateHold},
	};
	use frame_system::pallet_prelude::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The runtime's account identifier.
	pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
	/// A dataset, with the runtime's types.
	pub type DatasetOf<T> = Dataset<AccountIdOf<T>>;
	/// A model's record, with the runtime's types.
	pub type RecordOf<T> = Record<AccountIdOf<T>>;

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// The currency of deposits.
		type Currency: Mutate<Self::AccountId, Balance = Balance>
			+ MutateHold<Self::AccountId, Reason: From<HoldReason>>;

		/// Who may pause and retire any model.
		type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// The window clock: a model is restarted only between windows.
		type Seats: Seats<AccountId = Self::AccountId>;

		/// What is held for a dataset, besides its metadata's bytes.
		#[pallet::constant]
		type DatasetDeposit: Get<Balance>;

		/// What is held for a model, besides the bytes of its spec and metadata.
		#[pallet::constant]
		type ModelDeposit: Get<Balance>;

		/// What is held for a byte.
		#[pallet::constant]
		type DepositPerByte: Get<Balance>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds funds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The deposit for a dataset's row.
		#[codec(index = 0)]
		DatasetDeposit,
		/// The deposit for a model's rows.
		#[codec(index = 1)]
		ModelDeposit,
	}

	/// Datasets, by the root of their manifest.
	#[pallet::storage]
	pub type Datasets<T: Config> = StorageMap<_, Blake2_128Concat, DatasetId, DatasetOf<T>>;

	/// The spec of every model, for ever: what was computed stays checkable.
	#[pallet::storage]
	pub type Specs<T: Config> = StorageMap<_, Twox64Concat, ModelId, ModelSpec>;

	/// Everything else about every model.
	#[pallet::storage]
	pub type Records<T: Config> = StorageMap<_, Twox64Concat, ModelId, RecordOf<T>>;

	/// The number of the next model.
	#[pallet::storage]
	pub type NextModel<T: Config> = StorageValue<_, ModelId, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A dataset was registered.
		DatasetRegistered {
			/// Root of its manifest.
			dataset: DatasetId,
			/// Who is paid for it.
			owner: T::AccountId,
		},
		/// A dataset changed hands.
		DatasetTransferred {
			/// Root of its manifest.
			dataset: DatasetId,
			/// Who was paid for it.
			from: T::AccountId,
			/// Who is paid for it from now on.
			to: T::AccountId,
		},
		/// A model was proposed; providers may enlist.
		Proposed {
			/// The model.
			model: ModelId,
			/// Who owns its decisions.
			researcher: T::AccountId,
			/// The model it was forked from.
			parent: Option<ModelId>,
		},
		/// A model was opened for training.
		Opened {
			/// The model.
			model: ModelId,
		},
		/// A model's price changed.
		PriceSet {
			/// The model.
			model: ModelId,
			/// What tokens cost from now on.
			price: Option<Price>,
		},
		/// A model was paused.
		Paused {
			/// The model.
			model: ModelId,
			/// Why.
			reason: PauseReason,
		},
		/// A paused model goes on where it stopped.
		Resumed {
			/// The model.
			model: ModelId,
			/// What it does now.
			status: ModelStatus,
		},
		/// A paused model goes on from a checkpoint.
		Restarted {
			/// The model.
			model: ModelId,
			/// The window whose merged shards it goes on from.
			window: WindowIndex,
			/// Samples that count as accepted now.
			samples: u64,
		},
		/// A model ended.
		Retired {
			/// The model.
			model: ModelId,
		},
		/// A model's decisions changed hands.
		Ceded {
			/// The model.
			model: ModelId,
			/// Who decided until now.
			from: T::AccountId,
			/// Who decides from now on.
			to: T::AccountId,
		},
		/// The samples of a window were accepted.
		WindowAccepted {
			/// The model.
			model: ModelId,
			/// The window.
			window: WindowIndex,
			/// Samples accepted so far.
			samples: u64,
		},
		/// The schedule of a model is done: it only serves from now on.
		Trained {
			/// The model.
			model: ModelId,
			/// Samples accepted in all.
			samples: u64,
		},
		/// The held-out loss of a gate window was good enough.
		GatePassed {
			/// The model.
			model: ModelId,
			/// The window.
			window: WindowIndex,
			/// Median held-out loss in millionths of a nat.
			loss: u64,
		},
		/// Later gates are compared with another loss: that of a gate window, all of it audited, is the best one so far, or it
		/// was and turned out to be false.
		BestLossChanged {
			/// The model.
			model: ModelId,
			/// The gate window that changed it.
			window: WindowIndex,
			/// The best median held-out loss in millionths of a nat, if there is any.
			best: Option<u64>,
		},
		/// The held-out loss of a gate window was too far above the best one.
		GateFailed {
			/// The model.
			model: ModelId,
			/// The window.
			window: WindowIndex,
			/// Median held-out loss in millionths of a nat.
			loss: u64,
			/// The best one so far.
			best: u64,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The dataset is registered already: use it as it is, or ask its owner to transfer it.
		DatasetExists,
		/// No such dataset: register it with `register_dataset` first, and name its root in the spec.
		UnknownDataset,
		/// Only the owner of the dataset may do this: sign with the account that `Datasets` names.
		NotDatasetOwner,
		/// No such model: check its number.
		UnknownModel,
		/// Only the researcher of the model may do this: sign with the account that `Records` names.
		NotResearcher,
		/// The spec is inconsistent: change what the inner error names.
		InvalidSpec(SpecError),
		/// The terms exceed a bound: change what the inner error names.
		InvalidTerms(TermsError),
		/// No such parent: check its number, or propose a model without one.
		UnknownParent,
		/// A fork keeps the stages and the architecture of its parent: copy both from its spec.
		ForkDoesNotContinue,
		/// A fork of a sealed model must be sealed too: set `access` to `Sealed`.
		ForkUnseals,
		/// A fork asks at least the royalty that its parent asks: raise `royalty` to that of the parent's terms.
		RoyaltyBelowParent,
		/// There are as many models as can be numbered: this chain takes no more.
		TooManyModels,
		/// The model is open already, or over: `open` is for proposed models.
		NotProposed,
		/// The model neither trains nor serves: `pause` is for models that do.
		NotRunning,
		/// The model is not paused: `pause` it first.
		NotPaused,
		/// A gate stopped the model: use `restart_from` with one of its last two checkpoints.
		MustRestart,
		/// The window is none of the model's last two checkpoints: see `Records` for them.
		UnknownCheckpoint,
		/// A window is running: wait for its deadline, call `shards.poke_window`, then restart.
		WindowRunning,
		/// The model is over: nothing about it changes any more.
		AlreadyRetired,
		/// The model was never opened, so that no window of it can be accepted: `open` it first.
		NotOpened,
		/// A window after this one was accepted already: windows are accepted once and in order.
		StaleWindow,
		/// The samples of the model exceed what can be counted: propose a fork.
		TooManySamples,
		/// The account owns this already: name another one.
		SameOwner,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Register a dataset, to be paid for the models trained on it.
		///
		/// `root` is the BLAKE3 hash of its head. Who registers it first owns it, so register it before you publish
		/// it. A deposit is held.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::register_dataset())]
		pub fn register_dataset(
			origin: OriginFor<T>,
			root: DatasetId,
			metadata: DatasetMetadata,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_register_dataset(who, root, metadata)
		}

		/// Give a dataset of yours to another account, with its deposit.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::transfer_dataset())]
		pub fn transfer_dataset(
			origin: OriginFor<T>,
			root: DatasetId,
			to: T::AccountId,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_transfer_dataset(who, root, to)
		}

		/// Propose a model for providers to back.
		///
		/// Spec and terms never change. A fork names its `parent`, whose terms set the royalty that it owes. A deposit is
		/// held; a part of it returns when the model is retired, the rest pays for the bytes of spec and metadata, which stay.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::propose(spec.stage_count()))]
		pub fn propose(
			origin: OriginFor<T>,
			spec: Box<ModelSpec>,
			terms: Terms,
			parent: Option<ModelId>,
			metadata: ModelMetadata,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_propose(who, *spec, terms, parent, metadata)
		}

		/// Open a proposed model of yours for training.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::open())]
		pub fn open(origin: OriginFor<T>, #[pallet::compact] model: ModelId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_open(who, model)
		}

		/// Set what tokens of a model of yours cost, or take it off the market.
		///
		/// Prices are per million tokens. Open channels keep the price they were opened with.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::set_price())]
		pub fn set_price(
			origin: OriginFor<T>,
			#[pallet::compact] model: ModelId,
			price: Option<Price>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_price(who, model, price)
		}

		/// Pause a model of yours, until you resume it.
		///
		/// A window that runs is finished and counts. Governance may pause any model.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::pause())]
		pub fn pause(origin: OriginFor<T>, #[pallet::compact] model: ModelId) -> DispatchResult {
			let who = Self::ensure_signed_or_governance(origin)?;
			Self::do_pause(who, model)
		}

		/// Let a paused model of yours go on where it stopped.
		///
		/// Not after a failed gate: then use `restart_from`.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::resume())]
		pub fn resume(origin: OriginFor<T>, #[pallet::compact] model: ModelId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_resume(who, model)
		}

		/// Let a paused model of yours go on from one of its last two checkpoints.
		///
		/// Between windows only. What was earned since that checkpoint stays earned.
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::restart_from())]
		pub fn restart_from(
			origin: OriginFor<T>,
			#[pallet::compact] model: ModelId,
			#[pallet::compact] window: WindowIndex,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_restart_from(who, model, window)
		}

		/// End a model of yours for good and take back its deposit, but for what the bytes of its spec and metadata cost.
		///
		/// Shares and claims live on. Governance may retire any model.
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::retire())]
		pub fn retire(origin: OriginFor<T>, #[pallet::compact] model: ModelId) -> DispatchResult {
			let who = Self::ensure_signed_or_governance(origin)?;
			Self::do_retire(who, model)
		}

		/// Give the decisions about a model of yours to another account, with its deposit.
		///
		/// The researcher's part of later mints goes with them.
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::cede())]
		pub fn cede(
			origin: OriginFor<T>,
			#[pallet::compact] model: ModelId,
			new_owner: T::AccountId,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_cede(who, model, new_owner)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Everything about a model but its spec.
		pub fn model(model: ModelId) -> Option<RecordOf<T>> {
			Records::<T>::get(model)
		}

		/// The spec of a model.
		pub fn model_spec(model: ModelId) -> Option<ModelSpec> {
			Specs::<T>::get(model)
		}

		/// A dataset and its owner.
		pub fn dataset(root: DatasetId) -> Option<DatasetOf<T>> {
			Datasets::<T>::get(root)
		}

		/// What would be held for proposing this spec with this metadata.
		pub fn proposal_deposit(spec: ModelSpec, metadata: ModelMetadata) -> Balance {
			Self::model_deposit(&spec, &metadata)
		}
	}
}
