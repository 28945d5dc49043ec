//! What was attested and is not over.

use std::fmt::Display;

use cairn_primitives::{BlockNumber, LaneIndex, ModelId, UnitId, WindowIndex};
use subxt::utils::Static;

use super::{from_chain, to_chain, State, ViewError};
use crate::{
	api::{self, runtime_types::pallet_contributions::types},
	AccountId,
};

/// A window in which something was attested, until it is pruned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestedWindow {
	/// Its number.
	pub window: WindowIndex,
	/// The first block in which its units can become final.
	pub due: BlockNumber,
	/// Until when it is needed as the base of a later window.
	pub needed_until: BlockNumber,
	/// Lanes about which a bonded suspicion is not settled.
	pub suspicions: Vec<LaneIndex>,
}

impl State {
	/// The windows of a model in which something was attested, oldest first.
	pub async fn attested_windows(&self, model: ModelId) -> Result<Vec<AttestedWindow>, ViewError> {
		let wrong = |error: &dyn Display| {
			ViewError::new("contributions.windows", self.height(), error.to_string())
		};
		let asked = api::storage().contributions().windows();
		let storage = self.client().storage();
		let mut entries = storage.iter(asked, (model,)).await.map_err(|error| wrong(&error))?;
		let mut found = Vec::new();
		while let Some(entry) = entries.next().await {
			let entry = entry.map_err(|error| wrong(&error))?;
			let key = entry.key().map_err(|error| wrong(&error))?;
			let (_, window) = key.decode().map_err(|error| wrong(&error))?;
			let row = entry.value().decode().map_err(|error| wrong(&error))?;
			found.push(AttestedWindow::new(window, row));
		}
		found.sort_by_key(|found| found.window);
		Ok(found)
	}

	/// The units that a provider did or approved in a model and that are not final, the oldest first.
	pub async fn queue(
		&self,
		provider: &AccountId,
		model: ModelId,
	) -> Result<Vec<UnitId>, ViewError> {
		let wrong = |error: &dyn Display| {
			ViewError::new("contributions.queue", self.height(), error.to_string())
		};
		let (asked, storage) = (api::storage().contributions().queue(), self.client().storage());
		let begin = (to_chain(provider), model);
		let mut entries = storage.iter(asked, begin).await.map_err(|error| wrong(&error))?;
		let mut found = Vec::new();
		while let Some(entry) = entries.next().await {
			let entry = entry.map_err(|error| wrong(&error))?;
			let key = entry.key().map_err(|error| wrong(&error))?;
			let (_, _, place) = key.decode().map_err(|error| wrong(&error))?;
			let item = entry.value().decode().map_err(|error| wrong(&error))?;
			let (types::Item::Work(unit) | types::Item::Audit(unit)) = item;
			found.push((place, unit.0));
		}
		found.sort_by_key(|(place, _)| *place);
		Ok(found.into_iter().map(|(_, unit)| unit).collect())
	}

	/// Who has a game about a unit that is open.
	pub async fn challengers(&self, unit: UnitId) -> Result<Vec<AccountId>, ViewError> {
		let asked = api::storage().disputes().open_games();
		let games = self.read(asked, (Static(unit),)).await?.unwrap_or_default();
		Ok(games.into_iter().map(from_chain).collect())
	}

	/// Whether a game about a unit is open.
	pub async fn is_contested(&self, unit: UnitId) -> Result<bool, ViewError> {
		Ok(!self.challengers(unit).await?.is_empty())
	}
}

impl AttestedWindow {
	fn new(window: WindowIndex, row: types::WindowRow) -> Self {
		let suspicions = (0..16).filter(|lane| row.open_suspicions >> lane & 1 == 1);
		Self {
			window,
			due: row.due,
			needed_until: row.needed_until,
			suspicions: suspicions.collect(),
		}
	}
}
