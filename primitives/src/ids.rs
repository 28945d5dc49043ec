//! Names of things on chain.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::Hash;

/// A model, numbered in the order of proposals.
pub type ModelId = u32;
/// A window of a model, counted from 0.
pub type WindowIndex = u32;
/// A stage of a model, counted from the embedding (0) to the head.
pub type StageIndex = u8;
/// A stable place within a stage.
pub type SeatIndex = u8;
/// One complete pipeline through all stages, for one window.
pub type LaneIndex = u8;
/// An optimizer step within a window, counted from 0.
pub type StepIndex = u32;
/// A dataset is named by the root of its manifest.
pub type DatasetId = Hash;

/// The work of one seat in one window.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	core::hash::Hash,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct UnitId {
	/// The model that is trained.
	pub model: ModelId,
	/// The window in which the work is done.
	pub window: WindowIndex,
	/// The stage that is trained.
	pub stage: StageIndex,
	/// The lane that the seat forms part of in this window.
	pub lane: LaneIndex,
}
