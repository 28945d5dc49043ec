//! Windows, and what a model's clock waits for.

use cairn_primitives::{BlockNumber, ModelId, Window, WindowIndex};

use super::{State, ViewError};
use crate::api::{self, runtime_types::pallet_shards::types};

/// The window clock of a model. It moves when somebody calls
/// [`poke_window`](crate::calls::shards::poke_window).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
	/// Number of the window that runs or comes next.
	pub next: WindowIndex,
	/// The oldest closed window that is still kept.
	pub oldest: WindowIndex,
	/// What the clock waits for.
	pub phase: Phase,
}

/// What a model's clock waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
	/// For seats to be taken, members to be found, or the model to train; then a poke schedules the next window.
	Waiting,
	/// For the randomness that the next window starts with; a poke in a later block starts it.
	Scheduled {
		/// The block whose randomness it is.
		seed_at: BlockNumber,
	},
	/// For the deadline of this window; a poke in a later block closes it.
	Running(Window),
}

/// A window that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedWindow {
	/// The window as it was fixed when it started.
	pub window: Window,
	/// Whether so few attested that nothing of it counts.
	pub is_void: bool,
}

impl State {
	/// The window clock of a model; none before the first provider enlists.
	pub async fn clock(&self, model: ModelId) -> Result<Option<Clock>, ViewError> {
		let clock = self.view(api::view_functions().shards().clock(model)).await?;
		Ok(clock.map(Clock::from))
	}

	/// The running window of a model.
	pub async fn window(&self, model: ModelId) -> Result<Option<Window>, ViewError> {
		let window = self.view(api::view_functions().shards().window(model)).await?;
		Ok(window.map(|window| window.0))
	}

	/// A window of a model that is over, while it is kept.
	pub async fn closed_window(
		&self,
		model: ModelId,
		window: WindowIndex,
	) -> Result<Option<ClosedWindow>, ViewError> {
		let closed = self.read(api::storage().shards().closed(), (model, window)).await?;
		Ok(closed.map(|found| ClosedWindow { window: found.window.0, is_void: found.is_void }))
	}
}

impl From<types::Clock> for Clock {
	fn from(clock: types::Clock) -> Self {
		let phase = match clock.phase {
			types::Phase::Waiting => Phase::Waiting,
			types::Phase::Scheduled { seed_at } => Phase::Scheduled { seed_at },
			types::Phase::Running(window) => Phase::Running(window.0),
		};
		Self { next: clock.next, oldest: clock.oldest, phase }
	}
}
