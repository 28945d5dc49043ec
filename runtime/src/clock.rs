//! # Clock
//!
//! The times a network is born with. Two kinds of time decide how fast a network lives, and both
//! are set by its genesis, so that one runtime serves a development chain that shows a whole life
//! cycle in minutes and a public network that takes its time:
//!
//! - **Epoch length**, in slots. Consensus derives the epoch of every slot from it, hence it must
//!   never change after genesis: it lives here, where nothing but genesis writes.
//! - **Protocol times** (escrow, dispute clocks, unbonding and so on). They start with the values
//!   of genesis and are ordinary runtime parameters afterwards (`pallet-parameters`, see the
//!   `parameters` module), so that governance can adjust them.

use frame_support::traits::Get;

pub use pallet::*;

/// Writes the protocol times of genesis to where the pallets read them.
pub trait SetProtocolTimes {
	/// Store `times` as the current parameters.
	fn set(times: ProtocolTimes);
}

/// The protocol times of a genesis, in blocks unless the name says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtocolTimes {
	/// How long points stay in escrow after the deadline of their window, before they are final.
	pub escrow: u32,
	/// How many lengths of a model's window points stay in escrow at least.
	pub escrow_windows: u32,
	/// Time that each side of a dispute has in all.
	pub dispute_budget: u32,
	/// Time added for each move of a dispute.
	pub dispute_extension: u32,
	/// Windows for which a worker keeps what an audit may ask for.
	pub retention_windows: u32,
	/// Time between asking for a bond and getting it.
	pub unbonding: u32,
	/// Time for which a bond stays locked after its worker left a model.
	pub post_leave_lock: u32,
	/// Time an auditor has to answer.
	pub audit_deadline: u32,
	/// How many lengths of a model's window an auditor has at least.
	pub audit_windows: u32,
	/// Time over which revenue is streamed to holders.
	pub stream: u32,
	/// Time a payment channel stays open for better vouchers after a close was asked for.
	pub settlement_window: u32,
	/// Time between a commitment and the randomness that judges it.
	pub beacon_delay: u32,
}

/// [`Config::DefaultEpochLength`] until genesis chose another, then that, for ever.
pub struct EpochDuration<T>(core::marker::PhantomData<T>);

impl<T: Config> Get<u64> for EpochDuration<T> {
	fn get() -> u64 {
		EpochLength::<T>::get()
	}
}

#[allow(clippy::expect_used, reason = "FRAME's macros expand to it")]
#[frame_support::pallet]
pub mod pallet {
	use super::{ProtocolTimes, SetProtocolTimes};
	use frame_support::pallet_prelude::*;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// Slots in an epoch of a network whose genesis does not say otherwise.
		#[pallet::constant]
		type DefaultEpochLength: Get<u64>;
		/// The protocol times of a network whose genesis does not say otherwise.
		type DefaultTimes: Get<ProtocolTimes>;
		/// Where the protocol times go.
		type Parameters: SetProtocolTimes;
	}

	/// Slots in an epoch. Written by genesis only: another value stops block production for good.
	#[pallet::storage]
	pub type EpochLength<T: Config> = StorageValue<_, u64, ValueQuery, T::DefaultEpochLength>;

	/// The times of a new network (see [`ProtocolTimes`] for what each of them means).
	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// Slots in an epoch.
		pub epoch_length: u64,
		/// See [`ProtocolTimes::escrow`].
		pub escrow: u32,
		/// See [`ProtocolTimes::escrow_windows`].
		pub escrow_windows: u32,
		/// See [`ProtocolTimes::dispute_budget`].
		pub dispute_budget: u32,
		/// See [`ProtocolTimes::dispute_extension`].
		pub dispute_extension: u32,
		/// See [`ProtocolTimes::retention_windows`].
		pub retention_windows: u32,
		/// See [`ProtocolTimes::unbonding`].
		pub unbonding: u32,
		/// See [`ProtocolTimes::post_leave_lock`].
		pub post_leave_lock: u32,
		/// See [`ProtocolTimes::audit_deadline`].
		pub audit_deadline: u32,
		/// See [`ProtocolTimes::audit_windows`].
		pub audit_windows: u32,
		/// See [`ProtocolTimes::stream`].
		pub stream: u32,
		/// See [`ProtocolTimes::settlement_window`].
		pub settlement_window: u32,
		/// See [`ProtocolTimes::beacon_delay`].
		pub beacon_delay: u32,
		/// Binds the configuration to the runtime.
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	impl<T: Config> Default for GenesisConfig<T> {
		fn default() -> Self {
			let times = T::DefaultTimes::get();
			Self {
				epoch_length: T::DefaultEpochLength::get(),
				escrow: times.escrow,
				escrow_windows: times.escrow_windows,
				dispute_budget: times.dispute_budget,
				dispute_extension: times.dispute_extension,
				retention_windows: times.retention_windows,
				unbonding: times.unbonding,
				post_leave_lock: times.post_leave_lock,
				audit_deadline: times.audit_deadline,
				audit_windows: times.audit_windows,
				stream: times.stream,
				settlement_window: times.settlement_window,
				beacon_delay: times.beacon_delay,
				_config: PhantomData,
			}
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			// Four slots leave room for a session to end and the next one to be announced.
			assert!(self.epoch_length >= 4, "clock.epochLength must be at least 4 slots");
			EpochLength::<T>::put(self.epoch_length);
			T::Parameters::set(ProtocolTimes {
				escrow: self.escrow,
				escrow_windows: self.escrow_windows,
				dispute_budget: self.dispute_budget,
				dispute_extension: self.dispute_extension,
				retention_windows: self.retention_windows,
				unbonding: self.unbonding,
				post_leave_lock: self.post_leave_lock,
				audit_deadline: self.audit_deadline,
				audit_windows: self.audit_windows,
				stream: self.stream,
				settlement_window: self.settlement_window,
				beacon_delay: self.beacon_delay,
			});
		}
	}
}
