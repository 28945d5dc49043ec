//! Where providers sit and stand by.

use cairn_primitives::{
	BlockNumber, LaneIndex, ModelId, Roster, SeatIndex, StageIndex, WindowIndex,
};

use super::{to_chain, State, ViewError};
use crate::{
	api::{self, runtime_types::pallet_shards::types},
	AccountId,
};

/// Where a provider stands in a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
	/// It has enlisted; its lot is not drawn yet.
	Enlisted {
		/// The block whose randomness decides the lot.
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
		/// Windows in a row that it missed.
		missed: u8,
		/// Why it gives up the seat when the running window closes, if it does.
		departure: Option<Departure>,
	},
	/// It stands by.
	Standby {
		/// The stage.
		stage: StageIndex,
		/// The last window whose merged shard it declared to hold.
		held: Option<WindowIndex>,
	},
}

/// Why a provider is no longer in a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
	/// It asked to leave.
	Left,
	/// It missed too many windows in a row.
	Absent,
	/// It was at fault.
	Expelled,
	/// The model was retired.
	Dissolved,
}

impl State {
	/// Where a provider stands in a model.
	pub async fn place(
		&self,
		model: ModelId,
		provider: &AccountId,
	) -> Result<Option<Place>, ViewError> {
		let place = self.view(api::view_functions().shards().seat_of(model, to_chain(provider)));
		Ok(place.await?.map(Place::from))
	}

	/// Everyone at a stage: seats by number, and standbys in the order in which they step in.
	pub async fn roster(
		&self,
		model: ModelId,
		stage: StageIndex,
	) -> Result<Option<Roster<AccountId>>, ViewError> {
		let roster = self.view(api::view_functions().shards().roster(model, stage)).await?;
		Ok(roster.map(|roster| roster.0))
	}
}

impl From<types::Place> for Place {
	fn from(place: types::Place) -> Self {
		match place {
			types::Place::Enlisted { seed_at } => Place::Enlisted { seed_at },
			types::Place::Seat { stage, seat, lane, record } => Place::Seat {
				stage,
				seat,
				lane,
				missed: record.missed,
				departure: record.departure.map(Departure::from),
			},
			types::Place::Standby { stage, held } => Place::Standby { stage, held },
		}
	}
}

impl From<types::Departure> for Departure {
	fn from(departure: types::Departure) -> Self {
		match departure {
			types::Departure::Left => Departure::Left,
			types::Departure::Absent => Departure::Absent,
			types::Departure::Expelled => Departure::Expelled,
			types::Departure::Dissolved => Departure::Dissolved,
		}
	}
}
