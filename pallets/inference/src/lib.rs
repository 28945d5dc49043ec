#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]
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
mod channels;
mod closing;
mod genesis;
mod lanes;
#[cfg(test)]
mod mock;
mod settling;
mod split;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use split::{split, Split};
pub use types::*;
pub use weights::WeightInfo;

#[allow(clippy::expect_used, reason = "FRAME's macros expand to it")]
#[frame_support::pallet]
pub mod pallet {
	use cairn_primitives::{
		traits::{Models, Providers, Seats, Shares},
		voucher::{ChannelId, Price, Voucher},
		Balance, BlockNumber, Hash, LaneIndex, ModelId, StageIndex, WindowIndex, MAX_STAGES,
	};
	use frame_support::{
		dispatch::DispatchResultWithPostInfo,
		pallet_prelude::*,
		traits::fungible::{Mutate, MutateHold},
		PalletId,
	};
	use frame_system::pallet_prelude::*;
	use sp_runtime::{AccountId32, MultiSigner};

	use super::{types::*, weights::WeightInfo};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The runtime's account identifier.
	pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Accounts are 32 bytes, because vouchers are verified against the account of the key that signs them; hashes are,
	/// because vouchers bind the genesis.
	#[pallet::config]
	pub trait Config: frame_system::Config<AccountId = AccountId32, Hash = Hash> {
		/// The currency of deposits.
		type Currency: Mutate<Self::AccountId, Balance = Balance>
			+ MutateHold<Self::AccountId, Balance = Balance, Reason: From<HoldReason>>;

		/// The registry of models.
		type Models: Models<AccountId = Self::AccountId>;

		/// Who sits in a lane.
		type Seats: Seats<AccountId = Self::AccountId>;

		/// Whom a worker key works for.
		type Providers: Providers<AccountId = Self::AccountId>;

		/// Where revenue goes.
		type Shares: Shares<AccountId = Self::AccountId>;

		/// Names the pot through which revenue passes on its way out of a hold.
		#[pallet::constant]
		type PalletId: Get<PalletId>;

		/// The smallest deposit of a channel; above zero.
		#[pallet::constant]
		type MinDeposit: Get<Balance>;

		/// The most blocks that a channel may have before it expires; above zero.
		#[pallet::constant]
		type MaxLife: Get<BlockNumber>;

		/// For how many blocks after the first voucher a better one counts, and after expiry a first one is safe.
		type SettlementWindow: Get<BlockNumber>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;

		/// Brings neighbours into the state that benchmarks need.
		#[cfg(any(test, feature = "runtime-benchmarks"))]
		type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
	}

	/// Why this pallet holds funds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The deposit of a payment channel.
		#[codec(index = 0)]
		Channel,
	}

	/// Every channel that was not closed yet.
	#[pallet::storage]
	pub type Channels<T: Config> =
		StorageMap<_, Twox64Concat, ChannelId, Channel<AccountIdOf<T>>, OptionQuery>;

	/// The number that the next channel gets.
	#[pallet::storage]
	pub type NextChannel<T: Config> = StorageValue<_, ChannelId, ValueQuery>;

	/// The open channel of a client to a lane of a model: one that is being settled is not open any more.
	#[pallet::storage]
	pub type OpenChannels<T: Config> = StorageNMap<
		_,
		(
			NMapKey<Blake2_128Concat, AccountIdOf<T>>,
			NMapKey<Twox64Concat, ModelId>,
			NMapKey<Twox64Concat, LaneIndex>,
		),
		ChannelId,
		OptionQuery,
	>;

	/// Who sat in the lane of every channel when it was opened. They are parties to it until it is closed, wherever they sit
	/// by then; whoever holds a voucher can bring it.
	#[pallet::storage]
	pub type Hired<T: Config> =
		StorageMap<_, Twox64Concat, ChannelId, Lane<AccountIdOf<T>>, OptionQuery>;

	/// Among whom the serving fee of a channel that is being settled is split: for each stage who sat in the lane when the
	/// settlement began, or who was hired where nobody did.
	#[pallet::storage]
	pub type Served<T: Config> =
		StorageMap<_, Twox64Concat, ChannelId, Lane<AccountIdOf<T>>, OptionQuery>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Nothing to configure.
		#[serde(skip)]
		pub _config: PhantomData<T>,
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
		/// A client opened a channel.
		ChannelOpened {
			/// The channel.
			channel: ChannelId,
			/// Who pays.
			client: T::AccountId,
			/// The account whose key signs vouchers.
			signer: T::AccountId,
			/// The model.
			model: ModelId,
			/// The lane that is to serve.
			lane: LaneIndex,
			/// What is held.
			deposit: Balance,
			/// What tokens cost for the life of the channel.
			price: Price,
			/// The first block in which it is expired.
			expires: BlockNumber,
		},
		/// A client added to the deposit of a channel.
		ChannelToppedUp {
			/// The channel.
			channel: ChannelId,
			/// How much was added.
			amount: Balance,
			/// The whole deposit now.
			deposit: Balance,
		},
		/// A client prolonged the life of a channel.
		ChannelExtended {
			/// The channel.
			channel: ChannelId,
			/// The first block in which it is expired now.
			expires: BlockNumber,
		},
		/// The first voucher of a channel came in: seats should stop serving it, and bring better vouchers if they have any.
		SettlementStarted {
			/// The channel.
			channel: ChannelId,
			/// Who brought the voucher: the client, or the provider of a seat.
			by: T::AccountId,
			/// What the channel will pay.
			amount: Balance,
			/// The window that the voucher names.
			window: WindowIndex,
			/// The first block in which the channel can be closed.
			closes: BlockNumber,
		},
		/// A better voucher took the place of the best one so far.
		SettlementRaised {
			/// The channel.
			channel: ChannelId,
			/// Who brought the voucher: the client, or the provider of a seat.
			by: T::AccountId,
			/// What the channel will pay.
			amount: Balance,
			/// The window that the voucher names.
			window: WindowIndex,
		},
		/// A provider got its part of a serving fee.
		SeatPaid {
			/// The channel.
			channel: ChannelId,
			/// The stage that the provider served.
			stage: StageIndex,
			/// The provider.
			provider: T::AccountId,
			/// Its part.
			amount: Balance,
		},
		/// A channel was closed: `fee + revenue + refund` was its deposit.
		ChannelClosed {
			/// The channel.
			channel: ChannelId,
			/// Whose channel it was.
			client: T::AccountId,
			/// What the seats got.
			fee: Balance,
			/// What the model's holders get; nothing if it was retired before it had any.
			revenue: Balance,
			/// What the client got back.
			refund: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such model: look its number up in the registry.
		UnknownModel,
		/// The model does not serve, because it is not opened yet, paused or retired: choose another, or wait.
		NotServing,
		/// The model has no price yet: ask its owner to set one.
		NoPrice,
		/// The price is above the one you accept: ask for a quote and raise `max_price`, or choose another model.
		PriceTooHigh,
		/// The model has no such lane: its spec says how many there are, counted from 0.
		NoSuchLane,
		/// A stage of the lane has nobody on its seat: choose another lane, or wait until the seat is taken.
		LaneVacant,
		/// The deposit is below the minimum: deposit at least `MinDeposit`.
		DepositTooSmall,
		/// Nothing would be added: name an amount above zero.
		ZeroAmount,
		/// A channel lives for at least one block and at most `MaxLife` from now: choose another number of blocks.
		LifeOutOfRange,
		/// You have an open channel to this lane: top it up or extend it, or settle it first.
		AlreadyOpen,
		/// There is no such channel, or it is closed: open a new one.
		UnknownChannel,
		/// The channel is not yours: use the account that opened it.
		NotClient,
		/// The channel is being settled and takes no change: open a new one.
		Settling,
		/// The channel is expired: extend it first.
		ChannelExpired,
		/// You are neither the client nor on a seat of the lane, now or when the channel was opened: leave settling to them.
		NotParty,
		/// The voucher's signature is not the one of the channel's signer: check key, genesis, channel, amount and window.
		BadSignature,
		/// The voucher pays no more than the best one so far: nothing needs to be done.
		VoucherNotBetter,
		/// The time for better vouchers is over: close the channel.
		SettlementOver,
		/// No voucher was settled: settle one, or, as the client, force the channel closed once it is expired.
		NotSettled,
		/// Better vouchers may still come in: try again when the settlement closes.
		SettlementOpen,
		/// Seats may still settle: try again one settlement window after the channel expires, or settle a voucher.
		NotExpired,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MinDeposit::get() > 0, "a channel without a deposit would be free storage");
			assert!(T::MaxLife::get() > 0, "no channel could be opened");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Open a payment channel to a serving lane of a model.
		///
		/// `deposit` is held, and is all that the channel can ever cost. The channel expires after `blocks` blocks. Vouchers
		/// are signed with the key of `signer`, or with your own if there is none; an account without a key of its own (a
		/// multisig, a pure proxy) needs one. The price is fixed at opening; the call fails if it is above `max_price`.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::open_channel(MAX_STAGES))]
		pub fn open_channel(
			origin: OriginFor<T>,
			model: ModelId,
			lane: LaneIndex,
			deposit: Balance,
			blocks: BlockNumber,
			signer: Option<MultiSigner>,
			max_price: Price,
		) -> DispatchResultWithPostInfo {
			let client = ensure_signed(origin)?;
			let to = Destination { model, lane };
			Self::do_open_channel(client, to, deposit, blocks, signer, max_price)
		}

		/// Add to the deposit of your channel.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::top_up())]
		pub fn top_up(origin: OriginFor<T>, channel: ChannelId, amount: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_top_up(who, channel, amount)
		}

		/// Prolong the life of your channel.
		///
		/// The blocks count from its expiry, or from now if it is expired.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::extend())]
		pub fn extend(
			origin: OriginFor<T>,
			channel: ChannelId,
			blocks: BlockNumber,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_extend(who, channel, blocks)
		}

		/// Settle a voucher, which ends its channel.
		///
		/// The client may, and who sits in the lane or sat in it when the channel was opened (the provider, or its worker key).
		/// The first voucher starts the settlement window, in which a higher one takes its place. A voucher above the deposit
		/// pays the deposit. The fee of the first settlement of a channel is returned.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::settle(MAX_STAGES))]
		pub fn settle(origin: OriginFor<T>, voucher: Voucher) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_settle(who, voucher)
		}

		/// Pay out a channel whose settlement window is over.
		///
		/// Anyone may; the fee is returned.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::close(MAX_STAGES))]
		pub fn close(origin: OriginFor<T>, channel: ChannelId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_close(channel)
		}

		/// Take back the deposit of your expired channel.
		///
		/// Possible one settlement window after expiry. A channel that is being settled is closed as by `close`.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::close(MAX_STAGES).max(T::WeightInfo::force_close()))]
		pub fn force_close(origin: OriginFor<T>, channel: ChannelId) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_force_close(who, channel)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// What a request costs at a model's current price; none if it has no price.
		pub fn quote(
			model: ModelId,
			prompt_tokens: u64,
			completion_tokens: u64,
		) -> Option<Balance> {
			Self::quote_now(model, prompt_tokens, completion_tokens)
		}

		/// A channel that is not closed.
		pub fn channel(channel: ChannelId) -> Option<Channel<T::AccountId>> {
			Channels::<T>::get(channel)
		}

		/// The open channel of a client to a lane of a model.
		pub fn open_channel_of(
			client: T::AccountId,
			model: ModelId,
			lane: LaneIndex,
		) -> Option<ChannelId> {
			OpenChannels::<T>::get((client, model, lane))
		}

		/// What a client signs to promise `amount` in all: these bytes, or `<Bytes>`, these bytes, `</Bytes>`.
		pub fn voucher_message(channel: ChannelId, amount: Balance, window: WindowIndex) -> Hash {
			Self::message(channel, amount, window)
		}
	}
}
