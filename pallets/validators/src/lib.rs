#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
// Runtime code must not panic.
#![cfg_attr(
	not(any(test, feature = "runtime-benchmarks")),
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
mod candidates;
mod genesis;
#[cfg(test)]
mod mock;
mod offences;
mod quota;
mod sessions;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use sessions::ExposureOf;
pub use types::*;
pub use weights::WeightInfo;

/// Target of this pallet's log lines.
pub(crate) const LOG_TARGET: &str = "runtime::validators";

#[allow(clippy::expect_used, reason = "FRAME's macros expand to it")]
#[frame_support::pallet]
pub mod pallet {
	use super::{types::*, weights::WeightInfo};
	use alloc::vec::Vec;
	use frame_support::{
		pallet_prelude::*,
		traits::{
			fungible::{BalancedHold, Credit, Inspect, Mutate, MutateHold},
			OnUnbalanced,
		},
	};
	use frame_system::pallet_prelude::*;
	use sp_runtime::{Perbill, Saturating};
	use sp_staking::SessionIndex;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// Balance of the currency that bonds are made of.
	pub type BalanceOf<T> = <<T as Config>::Currency as Inspect<AccountIdOf<T>>>::Balance;
	/// Slashed funds on their way to [`Config::SlashDestination`].
	pub type CreditOf<T> = Credit<AccountIdOf<T>, <T as Config>::Currency>;
	/// The runtime's account identifier.
	pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
	/// The row of an account, with the runtime's types.
	pub type CandidacyOf<T> = Candidacy<BalanceOf<T>, BlockNumberFor<T>>;
	/// A validator set, with the runtime's types.
	pub type SeatsOf<T> =
		BoundedVec<Seat<AccountIdOf<T>, BalanceOf<T>>, <T as Config>::MaxValidators>;

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config:
		frame_system::Config
		+ pallet_session::Config<ValidatorId = <Self as frame_system::Config>::AccountId>
		+ pallet_session::historical::Config
	{
		/// The currency of bonds.
		type Currency: Mutate<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason: From<HoldReason>>
			+ BalancedHold<Self::AccountId>;

		/// Who admits and removes validators and sets the floor.
		type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Where slashed bonds go, less the reporter's share; `()` burns them.
		type SlashDestination: OnUnbalanced<CreditOf<Self>>;

		/// The smallest bond that a candidate may apply with.
		#[pallet::constant]
		type MinBond: Get<BalanceOf<Self>>;

		/// The largest validator set. Lowering it needs a migration: longer stored sets would not
		/// decode.
		#[pallet::constant]
		type MaxValidators: Get<u32>;

		/// How many candidates may wait, applied and approved together. Lowering it needs a
		/// migration.
		#[pallet::constant]
		type MaxCandidates: Get<u32>;

		/// Which part of the set may leave, and which part may join, at one session change. At
		/// least one validator always may; more than a third never may.
		#[pallet::constant]
		type MaxChangePerSession: Get<Perbill>;

		/// The smallest part of its bond that an offender loses, however mild the report.
		#[pallet::constant]
		type MinSlash: Get<Perbill>;

		/// The part of a slash that goes to who reported the offence.
		#[pallet::constant]
		type ReporterShare: Get<Perbill>;

		/// For how many blocks a bond stays locked, and can be slashed, after its owner left.
		#[pallet::constant]
		type UnbondingPeriod: Get<BlockNumberFor<Self>>;

		/// For how many past sessions an offence can be proven and is punished.
		#[pallet::constant]
		type HistoryDepth: Get<SessionIndex>;

		/// Weights of the calls and hooks.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds funds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The bond of a candidate or validator.
		#[codec(index = 0)]
		ValidatorBond,
	}

	/// Everyone with a bond: candidates, validators, and those who left and have not withdrawn.
	#[pallet::storage]
	pub type Candidates<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, CandidacyOf<T>>;

	/// How many rows of [`Candidates`] are `Applied` or `Queued`.
	#[pallet::storage]
	pub type WaitingCount<T: Config> = StorageValue<_, u32, ValueQuery>;

	/// Approved candidates without a seat, in the order of their approval.
	#[pallet::storage]
	pub type Queue<T: Config> =
		StorageValue<_, BoundedVec<T::AccountId, T::MaxCandidates>, ValueQuery>;

	/// The set of the last planned session: the one after the current.
	#[pallet::storage]
	pub type Planned<T: Config> = StorageValue<_, SeatsOf<T>, ValueQuery>;

	/// The set of the current session, with the bonds it was planned with.
	#[pallet::storage]
	pub type Current<T: Config> = StorageValue<_, SeatsOf<T>, ValueQuery>;

	/// The smallest set that may be planned.
	#[pallet::storage]
	pub type MinValidators<T: Config> = StorageValue<_, u32, ValueQuery>;

	/// What an account was slashed for its offences of a session, for as long as they can be
	/// proven.
	#[pallet::storage]
	pub type Slashes<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		SessionIndex,
		Blake2_128Concat,
		T::AccountId,
		Slash<BalanceOf<T>>,
	>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The first validators and their bonds. Each needs session keys in the session pallet's
		/// genesis.
		pub validators: Vec<(T::AccountId, BalanceOf<T>)>,
		/// The smallest set that may be planned; at least 1 and at most as many as there are
		/// validators.
		pub min_validators: u32,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			Pallet::<T>::do_genesis(&self.validators, self.min_validators);
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account bonded and asked for a seat.
		Applied {
			/// The new candidate.
			who: T::AccountId,
			/// Its bond.
			bond: BalanceOf<T>,
		},
		/// A bond grew.
		BondIncreased {
			/// The candidate or validator.
			who: T::AccountId,
			/// How much was added.
			amount: BalanceOf<T>,
			/// The whole bond now.
			bond: BalanceOf<T>,
		},
		/// Governance approved a candidate, who now waits in the queue.
		Approved {
			/// The candidate.
			who: T::AccountId,
		},
		/// Governance removed a candidate or validator.
		Removed {
			/// The candidate or validator.
			who: T::AccountId,
		},
		/// A validator is to give up its seat as soon as the set can do without it.
		LeaveScheduled {
			/// The validator.
			who: T::AccountId,
		},
		/// A candidacy or seat ended; the bond stays locked for a while.
		Retired {
			/// The former candidate or validator.
			who: T::AccountId,
			/// The first block in which the bond can be withdrawn.
			unlocks_at: BlockNumberFor<T>,
		},
		/// A bond was given back.
		Withdrawn {
			/// Its owner.
			who: T::AccountId,
			/// How much was left of it.
			amount: BalanceOf<T>,
		},
		/// An account removed its session keys.
		KeysPurged {
			/// The account.
			who: T::AccountId,
		},
		/// Governance set the smallest set that may be planned.
		MinValidatorsSet {
			/// The smallest set from now on.
			min_validators: u32,
		},
		/// The set for a coming session differs from the one before.
		SetPlanned {
			/// The session.
			session: SessionIndex,
			/// Who takes a seat.
			joined: Vec<T::AccountId>,
			/// Who gives up a seat.
			left: Vec<T::AccountId>,
			/// How many should have left too, but are kept for now by the floor or the bound on
			/// change.
			held_back: u32,
		},
		/// A bond was slashed for an offence.
		Slashed {
			/// The offender.
			who: T::AccountId,
			/// The session of the offence.
			session: SessionIndex,
			/// How much was taken.
			amount: BalanceOf<T>,
			/// How much of it went to the reporter.
			reward: BalanceOf<T>,
		},
		/// A validator lost its right to the seat: it leaves as soon as the set can do without it.
		Ejected {
			/// The offender.
			who: T::AccountId,
			/// The session of the offence.
			session: SessionIndex,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// You are a candidate or validator already: use `bond_more`, or leave and withdraw first.
		AlreadyCandidate,
		/// The account has no bond here: call `apply` first.
		NotCandidate,
		/// The bond is below `MinBond`: apply with a larger one.
		BondTooSmall,
		/// The account has no session keys: call `session.setKeys` with your node's keys first.
		NoSessionKeys,
		/// All places for candidates are taken: wait until some are seated or removed.
		TooManyCandidates,
		/// The candidate does not wait for approval: check its status before you approve it.
		NotApplied,
		/// The account is leaving: wait until its bond unlocks, withdraw, then apply anew.
		AlreadyLeaving,
		/// The bond is in use: call `leave` and wait for `Retired`, which names the block.
		StillBonded,
		/// The bond is locked: withdraw at the block that `Retired` named.
		StillLocked,
		/// The account still sits in the current session's set: try again in the next session.
		StillSeated,
		/// The session keys are in use: leave first, and try again once you have no seat.
		KeysInUse,
		/// The floor must be between 1 and the size of the set: admit more validators first.
		FloorOutOfRange,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
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
		/// Bond and ask for a seat in the validator set.
		///
		/// Your node's session keys must be registered (`session.setKeys`). Governance decides on
		/// the application; the bond stays locked until you leave and the unbonding period is over.
		#[pallet::call_index(0)]
		#[pallet::weight(<T as Config>::WeightInfo::apply())]
		pub fn apply(
			origin: OriginFor<T>,
			#[pallet::compact] bond: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_apply(who, bond)
		}

		/// Add to your bond as a candidate or validator.
		#[pallet::call_index(1)]
		#[pallet::weight(<T as Config>::WeightInfo::bond_more())]
		pub fn bond_more(
			origin: OriginFor<T>,
			#[pallet::compact] amount: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_bond_more(who, amount)
		}

		/// Approve a candidate, who takes a seat when one is free.
		#[pallet::call_index(2)]
		#[pallet::weight(<T as Config>::WeightInfo::approve())]
		pub fn approve(origin: OriginFor<T>, candidate: T::AccountId) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_approve(candidate)
		}

		/// Remove a candidate or validator, as if it left by itself.
		#[pallet::call_index(3)]
		#[pallet::weight(<T as Config>::WeightInfo::remove())]
		pub fn remove(origin: OriginFor<T>, candidate: T::AccountId) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_remove(candidate)
		}

		/// Withdraw your candidacy or give up your seat.
		///
		/// A validator keeps its seat until the set can do without it; the event `Retired` marks
		/// the start of its last session. Keep the node running through that session, until a
		/// finalised block's `session.validators` does not name your account any more; then call
		/// `purge_keys`. The bond stays locked for the unbonding period from `Retired` on.
		#[pallet::call_index(4)]
		#[pallet::weight(<T as Config>::WeightInfo::leave())]
		pub fn leave(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_leave(who)
		}

		/// Take back your bond after the unbonding period.
		#[pallet::call_index(5)]
		#[pallet::weight(<T as Config>::WeightInfo::withdraw())]
		pub fn withdraw(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw(who)
		}

		/// Remove your session keys and take back their deposit.
		///
		/// Stands in for `session.purgeKeys`, which would let a validator drop out of the set at
		/// once.
		#[pallet::call_index(6)]
		#[pallet::weight(<T as Config>::WeightInfo::purge_keys())]
		pub fn purge_keys(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_purge_keys(who)
		}

		/// Set the size that the validator set may not fall below.
		#[pallet::call_index(7)]
		#[pallet::weight(<T as Config>::WeightInfo::set_min_validators())]
		pub fn set_min_validators(
			origin: OriginFor<T>,
			#[pallet::compact] min_validators: u32,
		) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_set_min_validators(min_validators)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Where an account stands: bond, status, place in the queue, whether it validates now.
		pub fn status(account: T::AccountId) -> Option<Standing<BalanceOf<T>, BlockNumberFor<T>>> {
			Self::standing(&account)
		}

		/// The validators of the current session.
		pub fn active() -> Vec<T::AccountId> {
			Self::current_validators()
		}

		/// Approved candidates without a seat, the next one first.
		pub fn queue() -> Vec<T::AccountId> {
			Queue::<T>::get().into_inner()
		}
	}

	impl<T: Config> Pallet<T> {
		/// The block in which a bond unlocks whose owner retires now.
		pub(crate) fn unlock_block() -> BlockNumberFor<T> {
			// Saturating: a block number at its maximum means never, which is what an overflow
			// would be.
			frame_system::Pallet::<T>::block_number().saturating_add(T::UnbondingPeriod::get())
		}
	}
}
