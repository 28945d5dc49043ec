//! What windows start from.

use cairn_primitives::{ModelId, WindowIndex};

use super::{State, ViewError};
use crate::api::{self, runtime_types::pallet_contributions::types};

/// Where the shards of a window come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
	/// They are the model's first ones, whose roots the spec names.
	Initial,
	/// The merge after this window.
	Merge(WindowIndex),
	/// A refuted merge lies between: the model's owner decides.
	Open,
}

impl State {
	/// Where the shards of a window come from: of one in which somebody attested that is fixed; of one that runs or comes next it
	/// is what it will be when somebody does.
	pub async fn base(&self, model: ModelId, window: WindowIndex) -> Result<Base, ViewError> {
		let rows = || api::storage().contributions().windows();
		if let Some(row) = self.read(rows(), (model, window)).await? {
			return Ok(row.base.into());
		}
		let restart = self.model(model).await?.and_then(|found| found.restart_from);
		if let Some(restart) = restart {
			return Ok(Base::Merge(restart));
		}
		let newest = self.read(api::storage().contributions().newest(), (model,)).await?;
		let Some(newest) = newest else { return Ok(Base::Initial) };
		let row = self.read(rows(), (model, newest.window)).await?;
		let Some(row) = row.filter(|_| !newest.is_broken) else { return Ok(Base::Open) };
		let is_void = match self.closed_window(model, newest.window).await? {
			Some(closed) => closed.is_void,
			None => false,
		};
		// A void window changes nothing: its own base stands in for it.
		Ok(if is_void { row.base.into() } else { Base::Merge(newest.window) })
	}
}

impl From<types::Base> for Base {
	fn from(base: types::Base) -> Self {
		match base {
			types::Base::Initial => Base::Initial,
			types::Base::Merge(window) => Base::Merge(window),
			types::Base::Open => Base::Open,
		}
	}
}
