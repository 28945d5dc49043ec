//! Records of this pallet.

use alloc::vec::Vec;
use cairn_primitives::{
	Balance, BlockNumber, LaneIndex, SeatIndex, StageIndex, Window, WindowIndex, MAX_LANES,
	MAX_STAGES,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

/// The window clock of a model.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Clock {
	/// Number of the window that runs or comes next; the window before it is the last closed one.
	pub next: WindowIndex,
	/// The oldest closed window that is still kept.
	pub oldest: WindowIndex,
	/// What the clock waits for.
	pub phase: Phase,
	/// How many windows in a row were void, up to 255.
	pub voided: u8,
}

/// What a model's clock waits for.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Phase {
	/// For seats to be taken, members to be found, or the model to train.
	Waiting,
	/// For the randomness that the next window starts with, and for whatever [`Phase::Waiting`] waits for, if that was lost
	/// meanwhile.
	Scheduled {
		/// The block whose beacon value seeds the window, whenever that starts.
		seed_at: BlockNumber,
	},
	/// For the deadline of this window.
	Running(Window),
}

impl Phase {
	/// Whether a window runs, so that seats may not change.
	pub fn is_running(&self) -> bool {
		matches!(self, Phase::Running(_))
	}
}

/// Free places at one stage.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Vacancy {
	/// Seats that nobody sits on.
	pub seats: u8,
	/// Standbys that the stage still takes.
	pub standbys: u8,
}

/// Free places of a model, stage by stage.
pub type StageVacancies = BoundedVec<Vacancy, ConstU32<MAX_STAGES>>;

/// What is noted about the provider on a seat.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct SeatRecord {
	/// Windows in a row that it did not attest; void windows do not count.
	pub missed: u8,
	/// Why it gives up the seat when the running window closes, if it does.
	pub departure: Option<Departure>,
}

/// What is noted about the providers on the seats of a stage, in the order of seats.
pub type SeatRecordsOf = BoundedVec<SeatRecord, ConstU32<MAX_LANES>>;

/// Why a provider is no longer in a model.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Departure {
	/// It asked to leave.
	Left,
	/// It did not attest too many windows in a row.
	Absent,
	/// It was at fault.
	Expelled,
	/// The model was retired.
	Dissolved,
}

/// Where a provider stands in a model.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Place {
	/// It has enlisted; its lot is not drawn yet.
	Enlisted {
		/// The block whose beacon value decides the lot.
		seed_at: BlockNumber,
	},
	/// It sits.
	Seat {
		/// The stage.
		stage: StageIndex,
		/// The seat.
		seat: SeatIndex,
		/// The lane that it works in while a window runs.
		lane: Option<LaneIndex>,
		/// What is noted about it.
		record: SeatRecord,
	},
	/// It stands by.
	Standby {
		/// The stage.
		stage: StageIndex,
		/// The last window whose merged shard it declared to hold.
		held: Option<WindowIndex>,
	},
}

/// Who works in a lane.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Lane<AccountId> {
	/// The lane.
	pub lane: LaneIndex,
	/// The providers along it, in the order of stages.
	pub providers: Vec<AccountId>,
}

/// What it costs at least, on average, to collect all shards of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct ExtractionPrice {
	/// Stages of the model.
	pub stages: u32,
	/// Fresh identities that are needed on average until each stage was drawn once, in thousandths, rounded down.
	pub identities_milli: u64,
	/// What each of them has to bond in this model.
	pub bond_per_identity: Balance,
	/// What all of them have to bond. Of a fork fewer identities may bond in it, if lots are cheaper at the family's root.
	pub total: Balance,
}
