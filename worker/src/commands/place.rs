//! Where providers stand in models, in words.

use cairn_chain::views::{Departure, Place};
use cairn_primitives::{ModelStatus, PauseReason};
use serde::Serialize;

/// A place as programs read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum PlaceShown {
	/// Waits for its lot.
	Enlisted {
		/// The block whose randomness decides.
		seed_at: u32,
	},
	/// Sits.
	Seat {
		/// The stage, from 0.
		stage: u8,
		/// The seat, from 0.
		seat: u8,
		/// The lane of the running window.
		lane: Option<u8>,
		/// Windows missed in a row.
		missed: u8,
		/// Why the seat falls vacant when the window closes.
		leaves: Option<&'static str>,
	},
	/// Stands by.
	Standby {
		/// The stage, from 0.
		stage: u8,
		/// The last window whose shard it declared to hold.
		held: Option<u32>,
	},
}

impl From<Place> for PlaceShown {
	fn from(place: Place) -> Self {
		match place {
			Place::Enlisted { seed_at } => Self::Enlisted { seed_at },
			Place::Seat { stage, seat, lane, missed, departure } => {
				Self::Seat { stage, seat, lane, missed, leaves: departure.map(reason) }
			},
			Place::Standby { stage, held } => Self::Standby { stage, held },
		}
	}
}

impl PlaceShown {
	/// In words.
	pub fn words(&self) -> String {
		match self {
			Self::Enlisted { seed_at } => format!("enlisted, lot drawn after block {seed_at}"),
			Self::Seat { stage, seat, lane, missed, leaves } => {
				let mut words = format!("stage {stage}, seat {seat}");
				if let Some(lane) = lane {
					words += &format!(", lane {lane} in this window");
				}
				if *missed > 0 {
					words += &format!(", missed {missed} in a row");
				}
				if let Some(reason) = leaves {
					words += &format!(", ends with this window ({reason})");
				}
				words
			},
			Self::Standby { stage, held: Some(window) } => {
				format!("stage {stage}, standby with the shard of window {window}")
			},
			Self::Standby { stage, held: None } => {
				format!("stage {stage}, standby without a declared shard")
			},
		}
	}
}

fn reason(departure: Departure) -> &'static str {
	match departure {
		Departure::Left => "left",
		Departure::Absent => "absent",
		Departure::Expelled => "expelled",
		Departure::Dissolved => "dissolved",
	}
}

/// Where a model is in its life.
pub fn status(status: ModelStatus) -> &'static str {
	match status {
		ModelStatus::Proposed => "proposed",
		ModelStatus::Training => "training",
		ModelStatus::Serving => "serving",
		ModelStatus::Paused(PauseReason::Owner) => "paused by its owner",
		ModelStatus::Paused(PauseReason::Gate) => "paused by the gate",
		ModelStatus::Paused(PauseReason::Merge) => "paused: wrong merge",
		ModelStatus::Retired => "retired",
	}
}
