//! Parameters of the protocol that governance can change without a runtime upgrade.
//!
//! Every parameter is a type that implements `Get`, so a pallet's configuration names it like any
//! constant. Genesis writes the first values (see [`crate::clock`]); wallets read them under
//! `parameters.parameters` and governance sets them with `parameters.set_parameter`.
//!
//! Whatever is stored, a parameter counts [`Within`] bounds: a zero that slips into a motion must not
//! void what the protocol promises, such as time to answer in a dispute.

use core::marker::PhantomData;

use frame_support::{
	dynamic_params::{dynamic_pallet_params, dynamic_params},
	traits::Get,
};

use crate::{
	clock::{ProtocolTimes, SetProtocolTimes},
	time::{DAYS, HOURS, MINUTES},
	Runtime,
};

/// The times of a public network.
pub const PUBLIC_TIMES: ProtocolTimes = ProtocolTimes {
	escrow: DAYS,
	escrow_windows: 48,
	dispute_budget: 4 * HOURS,
	dispute_extension: 30 * MINUTES,
	retention_windows: 1,
	unbonding: 7 * DAYS,
	post_leave_lock: 90 * DAYS,
	audit_deadline: HOURS,
	audit_windows: 2,
	stream: DAYS,
	settlement_window: HOURS,
	beacon_delay: MINUTES,
};

/// The times of a development chain: seconds to minutes, so that a person can watch a life cycle.
pub const SHORT_TIMES: ProtocolTimes = ProtocolTimes {
	escrow: 10,
	escrow_windows: 1,
	dispute_budget: 60,
	// A worker's move is there four blocks after the opponent's: when that is final, and this one in a block.
	dispute_extension: 10,
	retention_windows: 1,
	unbonding: 20,
	post_leave_lock: 40,
	audit_deadline: 20,
	audit_windows: 1,
	stream: 10,
	settlement_window: 10,
	beacon_delay: 3,
};

/// All dynamic parameters, one module per topic.
#[dynamic_params(RuntimeParameters, pallet_parameters::Parameters::<Runtime>)]
pub mod dynamic {
	use super::*;

	/// Times of the training and serving protocol, in blocks unless the name says otherwise.
	#[dynamic_pallet_params]
	#[codec(index = 0)]
	pub mod protocol {
		use super::*;

		/// How long points stay in escrow after the deadline of their window, before they are final.
		#[codec(index = 0)]
		pub static EscrowBlocks: u32 = PUBLIC_TIMES.escrow;
		/// Time that each side of a dispute has in all.
		#[codec(index = 1)]
		pub static DisputeBudget: u32 = PUBLIC_TIMES.dispute_budget;
		/// Time added for each move of a dispute.
		#[codec(index = 2)]
		pub static DisputeExtension: u32 = PUBLIC_TIMES.dispute_extension;
		/// Windows for which a worker keeps what an audit may ask for.
		#[codec(index = 3)]
		pub static RetentionWindows: u32 = PUBLIC_TIMES.retention_windows;
		/// Time between asking for a bond and getting it.
		#[codec(index = 4)]
		pub static UnbondingBlocks: u32 = PUBLIC_TIMES.unbonding;
		/// Time for which a bond stays locked after its worker left a model.
		#[codec(index = 5)]
		pub static PostLeaveLock: u32 = PUBLIC_TIMES.post_leave_lock;
		/// Time an auditor has to answer.
		#[codec(index = 6)]
		pub static AuditDeadline: u32 = PUBLIC_TIMES.audit_deadline;
		/// Time over which revenue is streamed to holders.
		#[codec(index = 7)]
		pub static StreamBlocks: u32 = PUBLIC_TIMES.stream;
		/// Time a payment channel stays open for better vouchers after a close was asked for.
		#[codec(index = 8)]
		pub static SettlementWindow: u32 = PUBLIC_TIMES.settlement_window;
		/// Time between a commitment and the randomness that judges it.
		#[codec(index = 9)]
		pub static BeaconDelay: u32 = PUBLIC_TIMES.beacon_delay;
		/// How many lengths of a model's window points stay in escrow at least.
		#[codec(index = 10)]
		pub static EscrowWindows: u32 = PUBLIC_TIMES.escrow_windows;
		/// How many lengths of a model's window an auditor has at least.
		#[codec(index = 11)]
		pub static AuditWindows: u32 = PUBLIC_TIMES.audit_windows;
	}
}

/// A stored parameter, as near to its value as the bounds allow.
pub struct Within<Stored, const LEAST: u32, const MOST: u32 = { u32::MAX }>(PhantomData<Stored>);

impl<Stored, const LEAST: u32, const MOST: u32> Within<Stored, LEAST, MOST> {
	/// The least value that counts.
	pub const LEAST: u32 = LEAST;
	/// The largest value that counts.
	pub const MOST: u32 = MOST;
}

impl<Stored: Get<u32>, const LEAST: u32, const MOST: u32> Get<u32> for Within<Stored, LEAST, MOST> {
	fn get() -> u32 {
		Stored::get().max(LEAST).min(MOST)
	}
}

/// The times of the training and serving protocol as pallets read them. The types here stand before those of the same name
/// that `dynamic` stores; the values, by which `set_parameter` names a parameter, are those of `dynamic`.
pub mod protocol {
	pub use super::dynamic::protocol::*;
	use super::{dynamic::protocol as stored, Within};

	/// Points are final in a later block than that of their window's end.
	pub type EscrowBlocks = Within<stored::EscrowBlocks, 1>;
	/// Points wait for a window, in which they can be challenged.
	pub type EscrowWindows = Within<stored::EscrowWindows, 1>;
	/// A side can make a move that comes in with the block after next.
	pub type DisputeBudget = Within<stored::DisputeBudget, 2>;
	/// The same for every further move.
	pub type DisputeExtension = Within<stored::DisputeExtension, 2>;
	/// What is audited can be fetched for a window.
	pub type RetentionWindows = Within<stored::RetentionWindows, 1>;
	/// Nobody asks for a bond and has it in the same block.
	pub type UnbondingBlocks = Within<stored::UnbondingBlocks, 1>;
	/// Nobody leaves a model and has its bond in the same block.
	pub type PostLeaveLock = Within<stored::PostLeaveLock, 1>;
	/// An auditor can answer in the block after next.
	pub type AuditDeadline = Within<stored::AuditDeadline, 2>;
	/// An auditor has as long as the worker had.
	pub type AuditWindows = Within<stored::AuditWindows, 1>;
	/// Shares bought in the block of an income earn nothing of it.
	pub type StreamBlocks = Within<stored::StreamBlocks, 1>;
	/// A better voucher comes in with the block after next.
	pub type SettlementWindow = Within<stored::SettlementWindow, 2>;
	/// Lots are not known at the deadline, and not forgotten before they are known.
	pub type BeaconDelay = Within<stored::BeaconDelay, 1, 1_000>;
}

/// Writes the protocol times of genesis into `pallet-parameters`.
pub struct ProtocolParameters;

impl SetProtocolTimes for ProtocolParameters {
	fn set(times: ProtocolTimes) {
		use frame_support::traits::dynamic_params::AggregatedKeyValue;
		use protocol::*;

		for parameter in [
			Parameters::EscrowBlocks(EscrowBlocks, Some(times.escrow)),
			Parameters::DisputeBudget(DisputeBudget, Some(times.dispute_budget)),
			Parameters::DisputeExtension(DisputeExtension, Some(times.dispute_extension)),
			Parameters::RetentionWindows(RetentionWindows, Some(times.retention_windows)),
			Parameters::UnbondingBlocks(UnbondingBlocks, Some(times.unbonding)),
			Parameters::PostLeaveLock(PostLeaveLock, Some(times.post_leave_lock)),
			Parameters::AuditDeadline(AuditDeadline, Some(times.audit_deadline)),
			Parameters::StreamBlocks(StreamBlocks, Some(times.stream)),
			Parameters::SettlementWindow(SettlementWindow, Some(times.settlement_window)),
			Parameters::BeaconDelay(BeaconDelay, Some(times.beacon_delay)),
			Parameters::EscrowWindows(EscrowWindows, Some(times.escrow_windows)),
			Parameters::AuditWindows(AuditWindows, Some(times.audit_windows)),
		] {
			let (key, value) = RuntimeParameters::Protocol(parameter).into_parts();
			pallet_parameters::Parameters::<Runtime>::set(key, value);
		}
	}
}

/// The parameter that benchmarks set.
#[cfg(feature = "runtime-benchmarks")]
impl Default for RuntimeParameters {
	fn default() -> Self {
		RuntimeParameters::Protocol(protocol::Parameters::EscrowBlocks(
			protocol::EscrowBlocks,
			Some(PUBLIC_TIMES.escrow),
		))
	}
}
