#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
	not(test),
	deny(
		clippy::unwrap_used,
		clippy::expect_used,
		clippy::panic,
		clippy::indexing_slicing,
		clippy::arithmetic_side_effects
	)
)]

extern crate alloc;

mod beacon;
#[cfg(any(test, feature = "runtime-benchmarks"))]
mod benchmarking;
mod clock;
mod enlistment;
mod lot;
#[cfg(test)]
mod mock;
mod rosters;
mod seats;
mod stage;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
pub mod weights;

#[cfg(any(test, feature = "runtime-benchmarks"))]
pub use benchmarking::BenchmarkHelper;
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

/// Target of this pallet's log lines.
pub(crate) const LOG_TARGET: &str = "runtime::shards";

#[allow(clippy::expect_used, reason = "FRAME's macros expand to it")]
#[frame_support::pallet]
pub mod pallet {
	use super::{types::*, weights::WeightInfo};
	use alloc::vec::Vec;
	use cairn_primitives::{
		traits::{ClosedWindow, Models, Providers, Seats, Work},
		BlockNumber, Hash, ModelId, Roster, SeatIndex, StageIndex, Window, WindowIndex,
	};
	use frame_support::{
		dispatch::{DispatchResultWithPostInfo, Pays},
		pallet_prelude::*,
	};
	use frame_system::pallet_prelude::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// The registry of models.
		type Models: Models<AccountId = Self::AccountId>;

		/// The register of providers and their bonds.
		type Providers: Providers<AccountId = Self::AccountId>;

		/// Attested work.
		type Work: Work<AccountId = Self::AccountId>;

		/// The VRF output of the parent block, as known while a block is initialised: pallet-babe's
		/// `AuthorVrfRandomness`. With `None` the hash of the parent block takes its place, which its
		/// author can choose: good enough for a chain without BABE, never for a public one.
		type BlockRandomness: Get<Option<Hash>>;

		/// How many blocks' beacon values are kept, and longer if a lot or a window waits for one. Lowering it needs a
		/// migration.
		#[pallet::constant]
		type BeaconLength: Get<u32>;

		/// Blocks between a commitment (an enlistment, a schedule) and the randomness that judges it.
		type BeaconDelay: Get<u32>;

		/// Closed windows of a model that are kept. They must outlast escrow and disputes: at least the longest time
		/// to the final end of a unit, in windows.
		type RetainedWindows: Get<u32>;

		/// Enlistments of one model that may wait for their lot at a time.
		#[pallet::constant]
		type MaxRequests: Get<u32>;

		/// Blocks after the deadline of a retired model's last window in which its stages are not dissolved: audits of the
		/// window draw on them. With [`Config::DissolveWindows`] at least the time in which a unit is audited and becomes final.
		type DissolveDelay: Get<BlockNumber>;

		/// The same in lengths of that window; the longer of the two counts.
		type DissolveWindows: Get<u32>;

		/// Windows in a row that a seat may miss; at the last of them it is lost.
		#[pallet::constant]
		type MaxMissed: Get<u8>;

		/// Weights of the calls and hooks.
		type WeightInfo: WeightInfo;

		/// Brings the neighbours into the states that benchmarks need.
		#[cfg(any(test, feature = "runtime-benchmarks"))]
		type BenchmarkHelper: crate::BenchmarkHelper<Self::AccountId>;
	}

	/// The beacon: the VRF outputs of all blocks up to and including this one, chained.
	#[pallet::storage]
	pub type Outputs<T: Config> = StorageMap<_, Twox64Concat, BlockNumber, Hash>;

	/// How many lots and scheduled windows a block's beacon value decides. It is kept until the last of them is done: who
	/// could wait for it to be forgotten could draw again.
	#[pallet::storage]
	pub type Awaited<T: Config> = StorageMap<_, Twox64Concat, BlockNumber, u32, ValueQuery>;

	/// The window clock of every model that somebody enlisted for.
	#[pallet::storage]
	pub type Clocks<T: Config> = StorageMap<_, Twox64Concat, ModelId, Clock>;

	/// Free places of every model that somebody enlisted for: what a lottery reads.
	#[pallet::storage]
	pub type Vacancies<T: Config> = StorageMap<_, Twox64Concat, ModelId, StageVacancies>;

	/// Everyone at a stage. A stage without a row is empty.
	#[pallet::storage]
	pub type Rosters<T: Config> =
		StorageDoubleMap<_, Twox64Concat, ModelId, Twox64Concat, StageIndex, Roster<T::AccountId>>;

	/// What is noted about the providers on a stage's seats; there is a row where [`Rosters`] has one.
	#[pallet::storage]
	pub type SeatRecords<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		ModelId,
		Twox64Concat,
		StageIndex,
		SeatRecordsOf,
		ValueQuery,
	>;

	/// The stage at which a provider sits or stands by.
	#[pallet::storage]
	pub type Places<T: Config> =
		StorageDoubleMap<_, Twox64Concat, ModelId, Blake2_128Concat, T::AccountId, StageIndex>;

	/// Providers that wait for their lot, and the block whose beacon value decides it.
	#[pallet::storage]
	pub type Requests<T: Config> =
		StorageDoubleMap<_, Twox64Concat, ModelId, Blake2_128Concat, T::AccountId, BlockNumber>;

	/// How many providers wait for their lot.
	#[pallet::storage]
	pub type RequestCount<T: Config> = StorageMap<_, Twox64Concat, ModelId, u32, ValueQuery>;

	/// The one stage that a provider may ever hold of a sealed family, by the family's root model.
	#[pallet::storage]
	pub type Entitlements<T: Config> =
		StorageDoubleMap<_, Twox64Concat, ModelId, Blake2_128Concat, T::AccountId, StageIndex>;

	/// Windows that are over.
	#[pallet::storage]
	pub type Closed<T: Config> =
		StorageDoubleMap<_, Twox64Concat, ModelId, Twox64Concat, WindowIndex, ClosedWindow>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A provider enlisted for a model and waits for its lot.
		Enlisted {
			/// The model.
			model: ModelId,
			/// The provider.
			provider: T::AccountId,
			/// The block whose beacon value decides the lot.
			seed_at: BlockNumber,
		},
		/// The stage that fell to a provider has no free place: its enlistment is over. Its bond stays locked for a while, and
		/// it stays entitled to the stage, for which it may enlist again.
		TurnedAway {
			/// The model.
			model: ModelId,
			/// The provider.
			provider: T::AccountId,
			/// The stage.
			stage: StageIndex,
		},
		/// An enlistment was withdrawn before a place was taken.
		EnlistmentWithdrawn {
			/// The model.
			model: ModelId,
			/// The provider.
			provider: T::AccountId,
		},
		/// A stage of a sealed family was drawn for a provider, for ever.
		Entitled {
			/// The root model of the family.
			root: ModelId,
			/// The provider.
			provider: T::AccountId,
			/// The stage.
			stage: StageIndex,
		},
		/// A provider took a seat.
		SeatTaken {
			/// The model.
			model: ModelId,
			/// The stage.
			stage: StageIndex,
			/// The seat.
			seat: SeatIndex,
			/// The provider.
			provider: T::AccountId,
		},
		/// A provider became a standby.
		StandbyAdded {
			/// The model.
			model: ModelId,
			/// The stage.
			stage: StageIndex,
			/// The provider.
			provider: T::AccountId,
		},
		/// A provider will give up its seat when the running window closes.
		DepartureScheduled {
			/// The model.
			model: ModelId,
			/// The stage.
			stage: StageIndex,
			/// The provider.
			provider: T::AccountId,
			/// Why.
			reason: Departure,
		},
		/// A provider gave up its seat or its place as a standby.
		Departed {
			/// The model.
			model: ModelId,
			/// The stage.
			stage: StageIndex,
			/// The provider.
			provider: T::AccountId,
			/// Why.
			reason: Departure,
		},
		/// A standby declared that it holds the merged shard of a window.
		ShardHeld {
			/// The model.
			model: ModelId,
			/// The stage.
			stage: StageIndex,
			/// The provider.
			provider: T::AccountId,
			/// The window.
			window: WindowIndex,
		},
		/// The next window of a model is to start.
		WindowScheduled {
			/// The model.
			model: ModelId,
			/// The window.
			window: WindowIndex,
			/// The block whose beacon value seeds it.
			seed_at: BlockNumber,
		},
		/// A window started.
		WindowStarted {
			/// The model.
			model: ModelId,
			/// Everything that is fixed about the window.
			window: Window,
		},
		/// A window is over.
		WindowClosed {
			/// The model.
			model: ModelId,
			/// The window.
			window: WindowIndex,
			/// Units attested.
			attested: u32,
			/// Samples that last stages attested.
			samples: u64,
			/// Whether so few attested that nothing of the window counts.
			is_void: bool,
		},
		/// A stage of a retired model was cleared.
		StageDissolved {
			/// The model.
			model: ModelId,
			/// The stage.
			stage: StageIndex,
		},
		/// Old windows of a retired model were forgotten.
		WindowsForgotten {
			/// The model.
			model: ModelId,
			/// The first window that is still kept, if there is one.
			oldest: WindowIndex,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such model: look up the number of the model.
		UnknownModel,
		/// The model is retired: choose another.
		ModelRetired,
		/// The model is not retired: its stages cannot be dissolved; use `leave` to leave it.
		NotRetired,
		/// The account is no provider: call `workers.register` first.
		NotRegistered,
		/// The provider is in this model already: use `leave` first, or enlist for another model.
		AlreadyIn,
		/// The provider is not in this model: use `enlist` first.
		NotIn,
		/// The provider leaves already: its seat falls vacant when the running window closes.
		AlreadyLeaving,
		/// Every seat and every standby's place is taken: wait until somebody leaves, or choose another model.
		NoVacancy,
		/// The stage of this family that the provider is entitled to is full: wait until somebody leaves it.
		StageFull,
		/// Too many enlistments wait for their lot: call `draw_seat` for some of them and try again.
		TooManyRequests,
		/// The provider has no enlistment that waits for its lot: call `enlist` first.
		NoRequest,
		/// The randomness is not known yet: try again after the block that the schedule names.
		BeaconNotKnown,
		/// The signer is no worker key: sign with the worker key of a registered provider.
		NotAWorker,
		/// The provider is no standby of this model: only standbys declare what they hold.
		NotStandby,
		/// The window is not the one that closed last: declare the last closed window.
		NotLastWindow,
		/// The standby has declared this window already: wait for the next one to close.
		AlreadyDeclared,
		/// Nobody enlisted for this model yet: its clock starts with the first enlistment.
		NobodyEnlisted,
		/// A window runs: try again after its deadline.
		WindowRunning,
		/// Seats of this stage are vacant: draw the lots of those that wait, or enlist.
		SeatsVacant {
			/// The first stage with a vacancy.
			stage: StageIndex,
		},
		/// Fewer providers sit or stand by at this stage than the spec's `min_holders`: wait for more to enlist.
		TooFewHolders {
			/// The first such stage.
			stage: StageIndex,
		},
		/// The model does not train: wait until its owner opens or resumes it.
		NotTraining,
		/// The audits of the last window still need the stage: dissolve it in the block that `dissolvable_from` names.
		TooEarlyToDissolve,
		/// The stage is empty: there is nothing to dissolve.
		NothingToDissolve,
		/// The retired model's windows are still kept, or members are left: dissolve its stages and try again later.
		NothingToForget,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(now: BlockNumberFor<T>) -> Weight {
			Self::extend_beacon(now);
			T::WeightInfo::on_initialize()
		}

		fn integrity_test() {
			Self::check_config();
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Enlist for a model with the bond that it asks for.
		///
		/// Signed by the provider. A lot decides the stage: anyone can draw it with `draw_seat` once its block has passed. The
		/// first lot in a sealed family falls on any of its stages, and the provider is bound to it, also if it has no place
		/// left.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::enlist())]
		pub fn enlist(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			let provider = ensure_signed(origin)?;
			Self::do_enlist(provider, model)
		}

		/// Draw the lot of an enlisted provider and give it its place.
		///
		/// If its stage of a sealed family is full, the enlistment is over. Anyone may call this; the fee is returned.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::draw_seat())]
		pub fn draw_seat(
			origin: OriginFor<T>,
			model: ModelId,
			provider: T::AccountId,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_draw_seat(model, provider)?;
			Ok(Pays::No.into())
		}

		/// Leave a model.
		///
		/// Signed by the provider. An enlistment or a standby's place ends at once; a seat when the running window
		/// closes: keep working until `Departed`. The bond stays locked for a while after that.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::leave().max(T::WeightInfo::leave_enlistment()))]
		pub fn leave(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			let provider = ensure_signed(origin)?;
			Self::do_leave(provider, model)
		}

		/// Declare that you hold the merged shard of the last closed window.
		///
		/// Signed by the worker key of a standby; once a window. The fee is returned.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::declare_held())]
		pub fn declare_held(
			origin: OriginFor<T>,
			model: ModelId,
			window: WindowIndex,
		) -> DispatchResultWithPostInfo {
			let worker = ensure_signed(origin)?;
			Self::do_declare_held(worker, model, window)?;
			Ok(Pays::No.into())
		}

		/// Move a model's window clock: close, schedule or start a window.
		///
		/// Anyone may call this; the fee is returned. A scheduled window waits for what it lacks, and keeps its seed. Of a
		/// retired model it forgets windows that nobody needs any more.
		#[pallet::call_index(4)]
		#[pallet::weight(Pallet::<T>::poke_weight())]
		pub fn poke_window(origin: OriginFor<T>, model: ModelId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let weight = Self::do_poke_window(model)?;
			Ok((Some(weight), Pays::No).into())
		}

		/// Clear a stage of a retired model and free the bonds of its members.
		///
		/// Once the audits of its last window had their time (`dissolvable_from`). Anyone may call this; the fee is returned.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::dissolve())]
		pub fn dissolve(
			origin: OriginFor<T>,
			model: ModelId,
			stage: StageIndex,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_dissolve(model, stage)?;
			Ok(Pays::No.into())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Where a provider stands in a model.
		pub fn seat_of(model: ModelId, provider: T::AccountId) -> Option<Place> {
			Self::place_of(model, &provider)
		}

		/// The running window of a model.
		pub fn window(model: ModelId) -> Option<Window> {
			<Self as Seats>::window(model)
		}

		/// The window clock of a model: which window comes next and what it waits for.
		pub fn clock(model: ModelId) -> Option<Clock> {
			Clocks::<T>::get(model)
		}

		/// What a model's clock waits for.
		pub fn phase(model: ModelId) -> Option<Phase> {
			Clocks::<T>::get(model).map(|clock| clock.phase)
		}

		/// The first block in which the stages of a model can be dissolved, if it is retired and no window runs.
		pub fn dissolvable_from(model: ModelId) -> Option<BlockNumber> {
			Clocks::<T>::get(model).map(|clock| Self::dissolvable(model, &clock))
		}

		/// Everyone at a stage of a model.
		pub fn roster(model: ModelId, stage: StageIndex) -> Option<Roster<T::AccountId>> {
			Rosters::<T>::get(model, stage)
		}

		/// Who works in which lane in the running window of a model.
		pub fn lanes(model: ModelId) -> Vec<Lane<T::AccountId>> {
			Self::lanes_of(model)
		}

		/// What it costs to collect all shards of a model with fresh identities.
		pub fn extraction_price(model: ModelId) -> Option<ExtractionPrice> {
			Self::price_of_extraction(model)
		}
	}
}
