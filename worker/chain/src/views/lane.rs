//! Who works with whom in a window, and how they are reached.

use cairn_primitives::{LaneIndex, ModelId, StageIndex, Window};
use sp_core::sr25519;

use super::{from_chain, Endpoint, State, ViewError};
use crate::{api, AccountId};

/// Who works in a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
	/// The lane.
	pub lane: LaneIndex,
	/// The providers along it, in the order of stages.
	pub providers: Vec<AccountId>,
}

/// Somebody to work with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
	/// The provider.
	pub provider: AccountId,
	/// The key of its worker that counts in the window: what it had when the window started.
	pub worker: sr25519::Public,
	/// How its worker can be reached.
	pub endpoint: Endpoint,
}

/// Those with whom a seat works in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbours {
	/// In its lane, at the stage before; none at the first stage.
	pub upstream: Option<Peer>,
	/// In its lane, at the stage after; none at the last stage.
	pub downstream: Option<Peer>,
	/// At its stage, on the other seats, by lane.
	pub seats: Vec<(LaneIndex, Peer)>,
	/// At its stage, in the order in which they step in.
	pub standbys: Vec<Peer>,
}

impl State {
	/// Who works in which lane in the running window; nobody between windows.
	pub async fn lanes(&self, model: ModelId) -> Result<Vec<Lane>, ViewError> {
		let lanes = self.view(api::view_functions().shards().lanes(model)).await?;
		let lanes = lanes.into_iter().map(|found| Lane {
			lane: found.lane,
			providers: found.providers.into_iter().map(from_chain).collect(),
		});
		Ok(lanes.collect())
	}

	/// Those with whom the seat of a stage that works in a lane of a running window does so. Who is no longer registered is left out.
	pub async fn neighbours(
		&self,
		model: ModelId,
		window: &Window,
		stage: StageIndex,
		lane: LaneIndex,
	) -> Result<Neighbours, ViewError> {
		let upstream = match stage.checked_sub(1) {
			Some(before) => self.worker_in(model, window, before, lane).await?,
			None => None,
		};
		let downstream = match stage.checked_add(1) {
			Some(after) => self.worker_in(model, window, after, lane).await?,
			None => None,
		};
		let mut neighbours =
			Neighbours { upstream, downstream, seats: Vec::new(), standbys: Vec::new() };
		let Some(roster) = self.roster(model, stage).await? else { return Ok(neighbours) };
		let lanes = LaneIndex::try_from(roster.seats.len()).unwrap_or(LaneIndex::MAX);
		for other in (0..lanes).filter(|other| *other != lane) {
			if let Some(provider) = roster.in_lane(window.seed, stage, other) {
				let peer = self.peer(provider, window).await?;
				neighbours.seats.extend(peer.map(|peer| (other, peer)));
			}
		}
		for standby in &roster.standbys {
			neighbours.standbys.extend(self.peer(&standby.provider, window).await?);
		}
		Ok(neighbours)
	}

	/// How a provider's worker is reached and what it signs with in a window, if the provider is registered.
	pub async fn peer(
		&self,
		provider: &AccountId,
		window: &Window,
	) -> Result<Option<Peer>, ViewError> {
		let found = self.provider(provider).await?;
		Ok(found.map(|found| Peer {
			provider: provider.clone(),
			worker: found.worker_at(window.start),
			endpoint: found.endpoint,
		}))
	}

	async fn worker_in(
		&self,
		model: ModelId,
		window: &Window,
		stage: StageIndex,
		lane: LaneIndex,
	) -> Result<Option<Peer>, ViewError> {
		let roster = self.roster(model, stage).await?;
		match roster.as_ref().and_then(|roster| roster.in_lane(window.seed, stage, lane)) {
			Some(provider) => self.peer(provider, window).await,
			None => Ok(None),
		}
	}
}
