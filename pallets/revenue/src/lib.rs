#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
	not(any(test, feature = "runtime-benchmarks")),
	deny(
		clippy::unwrap_used,
		clippy::expect_used,
		clippy::panic,
		clippy::indexing_slicing,
		clippy::arithmetic_side_effects
	)
)]

extern crate alloc;

pub mod accumulator;
mod assets;
#[cfg(any(test, feature = "runtime-benchmarks"))]
pub mod benchmarking;
mod claims;
mod genesis;
mod income;
mod minting;
#[cfg(test)]
mod mock;
mod pools;
mod stream;
#[cfg(test)]
mod tests;
mod transfers;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[allow(clippy::expect_used, reason = "FRAME's macros expand to it")]
#[frame_support::pallet]
pub mod pallet {
	use super::{types::*, weights::WeightInfo};
	use alloc::vec::Vec;
	use cairn_primitives::{traits::Models, Balance, BlockNumber, ModelId, Points};
	use frame_support::{
		pallet_prelude::*,
		traits::{
			fungible::{Mutate, MutateHold},
			tokens::Preservation,
			Contains,
		},
		PalletId,
	};
	use frame_system::pallet_prelude::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The runtime's account identifier.
	pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
	/// The row of a holder, with the runtime's types.
	pub type HolderOf<T> = Holder<AccountIdOf<T>>;

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// The money that models earn.
		type Currency: Mutate<Self::AccountId, Balance = Balance>
			+ MutateHold<Self::AccountId, Reason: From<HoldReason>>;

		/// The registry of models.
		type Models: Models<AccountId = Self::AccountId>;

		/// Models that are retired and of which no work is open: nothing will ever mint shares of them.
		type Ended: Contains<ModelId>;

		/// The account that the treasury's part of each mint goes to. Its keeper must be able to claim.
		type Treasury: Get<Self::AccountId>;

		/// Names the pot, the account that holds the money of all models.
		#[pallet::constant]
		type PalletId: Get<PalletId>;

		/// Over how many blocks income streams to the holders.
		type StreamBlocks: Get<BlockNumber>;

		/// What is held for a row from whoever creates it by a transfer.
		#[pallet::constant]
		type RowDeposit: Get<Balance>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;

		/// What benchmarks need of the neighbours.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::benchmarking::BenchmarkHelper;
	}

	/// Why this pallet holds funds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The deposit for a share holder's row.
		#[codec(index = 0)]
		ShareHolder,
	}

	/// Shares and income of each model.
	#[pallet::storage]
	pub type Pools<T: Config> = StorageMap<_, Twox64Concat, ModelId, Pool>;

	/// The holders of each model.
	#[pallet::storage]
	pub type Holders<T: Config> =
		StorageDoubleMap<_, Twox64Concat, ModelId, Blake2_128Concat, T::AccountId, HolderOf<T>>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// There is nothing to configure: genesis funds the pot.
		#[serde(skip)]
		pub _config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			Pallet::<T>::do_genesis();
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Verified work minted shares.
		SharesMinted {
			/// The model that was worked on.
			model: ModelId,
			/// Who did the work.
			provider: T::AccountId,
			/// The work.
			points: Points,
			/// The new shares, by who gets them.
			split: Split,
		},
		/// Shares changed hands.
		SharesTransferred {
			/// The model.
			model: ModelId,
			/// Who held them.
			from: T::AccountId,
			/// Who holds them now.
			to: T::AccountId,
			/// How many.
			amount: Balance,
		},
		/// Shares were destroyed.
		SharesBurned {
			/// The model.
			model: ModelId,
			/// Who held them.
			who: T::AccountId,
			/// How many.
			amount: Balance,
		},
		/// Revenue of a model came in.
		RevenueDeposited {
			/// The model.
			model: ModelId,
			/// Who paid it.
			from: T::AccountId,
			/// How much.
			amount: Balance,
		},
		/// What a model's stream released was shared out.
		Folded {
			/// The model.
			model: ModelId,
			/// How much, royalty included.
			amount: Balance,
		},
		/// A fork paid its royalty; it streams to the parent's holders from now on.
		RoyaltyPassedOn {
			/// The fork.
			model: ModelId,
			/// The model that it was forked from.
			parent: ModelId,
			/// How much.
			amount: Balance,
		},
		/// A holder was paid what its shares earned; or the treasury what a model earned that ended without shares.
		Claimed {
			/// The model.
			model: ModelId,
			/// The holder, or the treasury.
			who: T::AccountId,
			/// How much.
			amount: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such model, or it has neither shares nor income yet: check the model's number.
		UnknownModel,
		/// The amount is zero: name an amount of at least one unit.
		ZeroAmount,
		/// Nothing is claimable: wait until the models' income has streamed to your shares.
		NothingToClaim,
		/// The stream released nothing since the last fold: try again in a later block.
		NothingToFold,
		/// You hold fewer shares than that: transfer at most what `shares_of` shows.
		NotEnoughShares,
		/// Sender and receiver are the same account: name another receiver.
		TransferToSelf,
		/// The payout is too small to open your account: fund the account, or claim when more is due; nothing is lost.
		PayoutBelowExistentialDeposit,
		/// The receiver holds no shares of this model yet and you cannot pay the deposit for its row: fund your account.
		CannotPayRowDeposit,
		/// The model's income would exceed the bound of a lifetime: deposit less.
		IncomeTooHigh,
		/// Only verified work mints shares: contribute to the model, or buy shares of a holder.
		OnlyWorkMints,
		/// The model was retired before it had shares: nobody could ever claim its revenue. Choose another model.
		RetiredWithoutShares,
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
		/// Pay revenue to the holders of a model.
		///
		/// It streams to whoever holds shares over the blocks that follow. Your account stays alive.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::deposit_revenue())]
		pub fn deposit_revenue(
			origin: OriginFor<T>,
			#[pallet::compact] model: ModelId,
			#[pallet::compact] amount: Balance,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_deposit(model, &who, amount, Preservation::Preserve)
		}

		/// Share out what a model's stream has released, and pay its parent's royalty.
		///
		/// Claims and transfers do so by themselves; a fold brings the royalty to the parent's holders when none of the
		/// fork's holders moves. The fee is returned if the model was not folded for a while.
		///
		/// What came in for a model that ended before it had shares goes to the treasury: nobody could ever claim it.
		#[pallet::call_index(1)]
		#[pallet::weight(Pallet::<T>::fold_weight())]
		pub fn fold(
			origin: OriginFor<T>,
			#[pallet::compact] model: ModelId,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_fold(model)
		}

		/// Claim what your shares of a model have earned.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::claim())]
		pub fn claim(origin: OriginFor<T>, #[pallet::compact] model: ModelId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_claim(&who, &[model])
		}

		/// Claim what your shares of several models have earned.
		///
		/// Models that owe you nothing are passed over.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::claim_many(models.len() as u32))]
		pub fn claim_many(
			origin: OriginFor<T>,
			models: BoundedVec<ModelId, ConstU32<MAX_CLAIMS>>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_claim(&who, &models)
		}

		/// Transfer shares of a model to another account.
		///
		/// What they earned so far stays yours to claim. If the receiver holds none of this model yet, a deposit is held
		/// on your account until it holds none again.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::transfer_shares())]
		pub fn transfer_shares(
			origin: OriginFor<T>,
			#[pallet::compact] model: ModelId,
			to: T::AccountId,
			#[pallet::compact] amount: Balance,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_transfer(model, &who, &to, amount)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// What an account can claim of a model now.
		pub fn claimable(model: ModelId, account: T::AccountId) -> Balance {
			Self::claimable_of(model, &account)
		}

		/// The shares of a model that an account holds.
		pub fn shares_of(model: ModelId, account: T::AccountId) -> Balance {
			Holders::<T>::get(model, account).map_or(0, |row| row.shares)
		}

		/// Shares and income of a model.
		pub fn pool(model: ModelId) -> Option<Pool> {
			Self::folded(model)
		}

		/// Shares of some models and what can be claimed of them; models that owe an account nothing are left out.
		pub fn portfolio(
			account: T::AccountId,
			models: BoundedVec<ModelId, ConstU32<MAX_PORTFOLIO>>,
		) -> Vec<Position> {
			Self::positions(&account, &models)
		}
	}
}
