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
mod bonds;
mod commitments;
mod fines;
#[cfg(test)]
mod mock;
mod registry;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

/// Target of this pallet's log lines.
pub(crate) const LOG_TARGET: &str = "runtime::workers";

#[allow(clippy::expect_used, reason = "FRAME's macros expand to it")]
#[allow(clippy::too_many_arguments, reason = "`register` asks for all that a provider is")]
#[frame_support::pallet]
pub mod pallet {
	use super::{types::*, weights::WeightInfo};
	use cairn_primitives::{
		traits::{Fault, Providers, Work},
		Balance, BlockNumber, Hash, ModelId, ModelSpec,
	};
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{BalancedHold, Mutate, MutateHold},
	};
	use frame_system::pallet_prelude::*;
	use sp_core::{ed25519, sr25519};
	use sp_runtime::AccountId32;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Accounts are public keys, because a worker's key signs both extrinsics and what workers show each other.
	#[pallet::config]
	pub trait Config: frame_system::Config<AccountId = AccountId32, Hash = Hash> {
		/// The currency of bonds.
		type Currency: Mutate<Self::AccountId, Balance = Balance>
			+ MutateHold<Self::AccountId, Reason: From<HoldReason>>
			+ BalancedHold<Self::AccountId>;

		/// Who knows what work is not final.
		type Work: Work<AccountId = Self::AccountId>;

		/// Who sets the price of bonds.
		type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Where the treasury's part of fines goes.
		type TreasuryAccount: Get<Self::AccountId>;

		/// The smallest bond of a provider, and the smallest that a model asks.
		#[pallet::constant]
		type MinBond: Get<Balance>;

		/// The price of bonds until governance sets one: money for 10¹⁵ FLOPs.
		#[pallet::constant]
		type DefaultBondPrice: Get<Balance>;

		/// Blocks from unbonding to withdrawal.
		type UnbondingPeriod: Get<BlockNumber>;

		/// Blocks for which a commitment stays locked after its provider left the model. Longer than escrow and disputes
		/// together, so that work is final when the bond behind it goes.
		type LeaveLock: Get<BlockNumber>;

		/// Blocks between two rotations of a worker's key. At least the longest window and the time in which what was signed
		/// in it is judged by the key of its start, because only one former key is remembered.
		type RotationPause: Get<BlockNumber>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds funds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The bond of a provider.
		#[codec(index = 0)]
		ProviderBond,
	}

	/// Every provider.
	#[pallet::storage]
	pub type Ledgers<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Ledger>;

	/// The provider that a worker key works for, by the account of the key.
	#[pallet::storage]
	pub type Workers<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, T::AccountId>;

	/// The provider that an endpoint belongs to.
	#[pallet::storage]
	pub type Endpoints<T: Config> = StorageMap<_, Blake2_128Concat, ed25519::Public, T::AccountId>;

	/// What of a provider's bond answers for its work in a model.
	#[pallet::storage]
	pub type Commitments<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, ModelId, Commitment>;

	/// Money for 10¹⁵ FLOPs of bonded work.
	#[pallet::storage]
	pub type BondPrice<T: Config> = StorageValue<_, Balance, ValueQuery, T::DefaultBondPrice>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A provider registered.
		Registered {
			/// The provider.
			provider: T::AccountId,
			/// Its worker's key.
			worker: sr25519::Public,
			/// Its worker's endpoint.
			endpoint: ed25519::Public,
			/// Its bond.
			bond: Balance,
		},
		/// A provider replaced its worker's key.
		KeyRotated {
			/// The provider.
			provider: T::AccountId,
			/// The key that is void.
			old: sr25519::Public,
			/// The key that counts.
			new: sr25519::Public,
		},
		/// A provider changed how its worker is reached.
		EndpointSet {
			/// The provider.
			provider: T::AccountId,
			/// Its worker's endpoint.
			endpoint: ed25519::Public,
		},
		/// A provider changed what it says about its machine.
		HardwareSet {
			/// The provider.
			provider: T::AccountId,
			/// The machine.
			hardware: Hardware,
		},
		/// A bond grew.
		BondIncreased {
			/// The provider.
			provider: T::AccountId,
			/// By how much.
			amount: Balance,
			/// The whole bond now.
			bond: Balance,
		},
		/// A part of a bond is on its way out.
		Unbonded {
			/// The provider.
			provider: T::AccountId,
			/// How much.
			amount: Balance,
			/// First block in which it can be withdrawn.
			unlock: BlockNumber,
		},
		/// A part of a bond was given back.
		Withdrawn {
			/// The provider.
			provider: T::AccountId,
			/// How much.
			amount: Balance,
		},
		/// A part of a bond was committed to a model, or is so again.
		Committed {
			/// The provider.
			provider: T::AccountId,
			/// The model.
			model: ModelId,
			/// How much answers for the model now.
			amount: Balance,
		},
		/// A provider left a model; its commitment stays locked for a while.
		CommitmentReleased {
			/// The provider.
			provider: T::AccountId,
			/// The model.
			model: ModelId,
			/// First block in which it can be settled.
			unlock: BlockNumber,
		},
		/// A commitment is over; what is left of it is free bond.
		CommitmentSettled {
			/// The provider.
			provider: T::AccountId,
			/// The model.
			model: ModelId,
			/// How much became free.
			amount: Balance,
		},
		/// A provider was fined. The parts sum to the fine.
		Fined {
			/// The provider.
			provider: T::AccountId,
			/// The model.
			model: ModelId,
			/// For what.
			fault: Fault,
			/// Who proved it and was rewarded.
			prover: Option<T::AccountId>,
			/// What the prover got.
			reward: Balance,
			/// What the treasury got.
			treasury: Balance,
			/// What was burned.
			burned: Balance,
		},
		/// A provider ended its registration.
		Deregistered {
			/// The former provider.
			provider: T::AccountId,
			/// The bond that was given back.
			bond: Balance,
		},
		/// Governance set the price of bonds.
		BondPriceSet {
			/// Money for 10¹⁵ FLOPs.
			price: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The account is a provider already: use `rotate_key`, `set_endpoint` or `bond_more`.
		AlreadyRegistered,
		/// The account is no provider: call `register` first.
		NotProvider,
		/// The worker key works for a provider already: generate another one.
		WorkerTaken,
		/// The endpoint belongs to a provider already: generate another transport key.
		EndpointTaken,
		/// The worker key did not sign `worker_message` for this chain, provider and endpoint: sign it anew.
		BadConsent,
		/// The endpoint's key did not sign `endpoint_message` for this chain and provider: sign it anew.
		BadEndpointProof,
		/// The bond that stays would be below `MinBond`: keep more, or `deregister` to take all.
		BondTooSmall,
		/// Bonds cannot be counted beyond this: use a smaller amount.
		BondTooLarge,
		/// An amount of 0 does nothing: name a larger one.
		ZeroAmount,
		/// Too little bond is neither committed nor unbonding: `bond_more`, or settle what you left.
		NotEnoughFreeBond,
		/// Eight parts of the bond unbond already: `withdraw` what is unlocked first.
		TooManyUnbonding,
		/// Nothing is unlocked: wait until the block that `Unbonded` named.
		NothingToWithdraw,
		/// Units or audits of the provider are not final: wait until they are, its bond answers for them.
		OpenUnits,
		/// A part of the bond is committed: leave its models, and settle each commitment after its lock.
		BondCommitted,
		/// The provider has a commitment to the model: if it left, wait for the lock and settle it.
		AlreadyCommitted,
		/// The provider has no commitment to the model: check both.
		NoCommitment,
		/// The provider is still in the model: `shards.leave` it first.
		NotReleased,
		/// The commitment is locked: settle it in the block that `CommitmentReleased` named.
		CommitmentLocked,
		/// The worker key was replaced a short while ago: wait until `RotationPause` blocks have passed since `KeyRotated`.
		RotatedRecently,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MinBond::get() > 0, "a provider's rows must cost something");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Register as a provider: bond, and name your worker's key and endpoint.
		///
		/// `proof` is the endpoint key's signature of `endpoint_message`, `consent` the worker key's of `worker_message`; the
		/// worker's command line makes both. One worker per provider: for several machines use several accounts.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::register())]
		pub fn register(
			origin: OriginFor<T>,
			worker: sr25519::Public,
			consent: sr25519::Signature,
			endpoint: ed25519::Public,
			proof: ed25519::Signature,
			addresses: Addresses,
			relay: Option<Relay>,
			hardware: Hardware,
			#[pallet::compact] bond: Balance,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let endpoint = Endpoint { key: endpoint, addresses, relay };
			Self::do_register(who, worker, consent, endpoint, proof, hardware, bond)
		}

		/// Replace your worker's key; the old one is void at once.
		///
		/// What workers show each other in a window that runs is still signed with the key that the window started with. Wait
		/// `RotationPause` blocks between two rotations.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::rotate_key())]
		pub fn rotate_key(
			origin: OriginFor<T>,
			worker: sr25519::Public,
			consent: sr25519::Signature,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_rotate_key(who, worker, consent)
		}

		/// Change how your worker is reached.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::set_endpoint())]
		pub fn set_endpoint(
			origin: OriginFor<T>,
			endpoint: ed25519::Public,
			proof: ed25519::Signature,
			addresses: Addresses,
			relay: Option<Relay>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_endpoint(who, Endpoint { key: endpoint, addresses, relay }, proof)
		}

		/// Change what you say about your worker's machine.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::set_hardware())]
		pub fn set_hardware(origin: OriginFor<T>, hardware: Hardware) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_hardware(who, hardware)
		}

		/// Add to your bond.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::bond_more())]
		pub fn bond_more(
			origin: OriginFor<T>,
			#[pallet::compact] amount: Balance,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_bond_more(who, amount)
		}

		/// Begin to take back bond that is not committed to a model.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::unbond())]
		pub fn unbond(origin: OriginFor<T>, #[pallet::compact] amount: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_unbond(who, amount)
		}

		/// Take back what you unbonded and is unlocked.
		///
		/// Not while units or audits of yours are open.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::withdraw())]
		pub fn withdraw(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw(who)
		}

		/// Free the commitment of a provider that left a model and waited out the lock.
		///
		/// Anyone may do it; the fee is returned. Not while units or audits in the model are open.
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::settle_commitment())]
		pub fn settle_commitment(
			origin: OriginFor<T>,
			provider: T::AccountId,
			#[pallet::compact] model: ModelId,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_settle_commitment(provider, model)?;
			Ok(Pays::No.into())
		}

		/// End your registration and take back your whole bond.
		///
		/// Once nothing is committed and no unit is open. Your reputation ends with it.
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::deregister())]
		pub fn deregister(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_deregister(who)
		}

		/// Set what bonded work costs: money for 10¹⁵ FLOPs.
		///
		/// Counts for later commitments.
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::set_bond_price())]
		pub fn set_bond_price(
			origin: OriginFor<T>,
			#[pallet::compact] price: Balance,
		) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_set_bond_price(price)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Everything about a provider but its commitments.
		pub fn provider(account: T::AccountId) -> Option<Ledger> {
			Ledgers::<T>::get(account)
		}

		/// The provider that a worker key works for.
		pub fn worker(key: sr25519::Public) -> Option<T::AccountId> {
			Workers::<T>::get(T::AccountId::from(key))
		}

		/// What of a provider's bond answers for its work in a model.
		pub fn commitment(provider: T::AccountId, model: ModelId) -> Option<Commitment> {
			Commitments::<T>::get(provider, model)
		}

		/// The part of a provider's bond that it can commit or unbond.
		pub fn free_bond(provider: T::AccountId) -> Option<Balance> {
			Ledgers::<T>::get(provider).map(|ledger| ledger.free())
		}

		/// The bond that a model of this spec asks of each provider; a fork asks no less than its parent.
		pub fn bond_for(spec: ModelSpec) -> Balance {
			<Self as Providers>::required_bond(spec.bonded_points())
		}
	}
}
