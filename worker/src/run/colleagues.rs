//! Everybody else at a stage, and what they can be asked for: shards and differences, which the chain knows by their roots.

use std::sync::Arc;

use cairn_chain::{views::State, AccountId, ViewError};
use cairn_engine::Difference;
use cairn_primitives::{dispute::Merged, Hash, StageIndex, UnitId, WindowIndex};
use cairn_transport::{BlobError, FetchError, Peer};
use tokio::task::{spawn_blocking, JoinError};

use super::{
	desk::{claimed_shelf, fetched_shelf, Desk},
	peers,
	question::{Answer, Question},
	shard::Held,
	worker::Worker,
};

/// Most bytes of a tensor.
const TENSOR_LIMIT: u64 = 1 << 34;

/// Everybody else at a stage.
#[derive(Clone)]
pub struct Colleagues {
	pub(super) worker: Arc<Worker>,
	pub(super) desk: Arc<Desk>,
}

/// Why colleagues could not help.
#[derive(Debug, thiserror::Error)]
pub enum ColleagueError {
	/// The chain does not answer.
	#[error(transparent)]
	Chain(#[from] ViewError),
	/// The store of blobs failed.
	#[error(transparent)]
	Blob(#[from] BlobError),
	/// Nobody has a shard.
	#[error("no peer of stage {stage} has shard {root:?}: waiting until one answers")]
	NoShard {
		/// The stage.
		stage: StageIndex,
		/// Root of the shard.
		root: Hash,
	},
	/// Nobody has a difference.
	#[error("no peer of the stage has the difference of {0:?}: waiting until one answers")]
	NoDifference(UnitId),
	/// A thread was stopped.
	#[error("a thread was stopped: {0}")]
	Stopped(#[from] JoinError),
}

impl Colleagues {
	/// Those at the stage of a desk.
	pub fn new(worker: Arc<Worker>, desk: Arc<Desk>) -> Self {
		Self { worker, desk }
	}

	/// How all at a stage are reached.
	pub async fn at(&self, state: &State, stage: StageIndex) -> Result<Vec<Peer>, ViewError> {
		let Some(roster) = state.roster(self.desk.model, stage).await? else {
			return Ok(Vec::new());
		};
		let standbys = roster.standbys.iter().map(|standby| &standby.provider);
		let mut found = Vec::new();
		for provider in roster.seats.iter().flatten().chain(standbys) {
			if *provider != self.worker.provider {
				let provider = state.provider(provider).await?;
				found.extend(provider.and_then(|provider| peers::reach(&provider.endpoint)));
			}
		}
		Ok(found)
	}

	/// Ask a peer; `None` if it has no answer.
	pub async fn ask(&self, peer: &Peer, question: &Question) -> Option<Answer> {
		match self.worker.endpoint.ask(peer, question.to_bytes()).await {
			Ok(answer) => Answer::from_bytes(&answer),
			Err(error) => {
				tracing::debug!(peer = %peer.id.fmt_short(), %error, "a peer does not answer");
				None
			},
		}
	}

	/// The difference of a member of a merge: here already, or fetched from whoever holds it.
	pub async fn difference(
		&self,
		state: &State,
		window: WindowIndex,
		member: &Merged,
	) -> Result<Difference, ColleagueError> {
		let Desk { model, stage, .. } = *self.desk;
		let unit = UnitId { model, window, stage, lane: member.lane };
		let root = member.difference;
		if let Some(held) = self.desk.difference(&unit).filter(|held| held.root == root) {
			match self.desk.read_difference(&self.worker, root, held.blob).await {
				Ok(difference) => return Ok(difference),
				Err(error) => {
					tracing::warn!(?unit, %error, "a difference that was here is fetched anew")
				},
			}
		}
		for peer in self.at(state, stage).await? {
			let question = Question::Difference { unit, difference: root };
			if let Some(Answer::Blob(blob)) = self.ask(&peer, &question).await {
				match self.desk.fetch_difference(&self.worker, unit, root, blob, &[peer]).await {
					Ok(difference) => return Ok(difference),
					Err(error) => tracing::info!(?unit, %error, "trying the next peer"),
				}
			}
		}
		Err(ColleagueError::NoDifference(unit))
	}

	/// A shard, tensor by tensor, from whoever of the stage has it.
	pub async fn shard(&self, state: &State, root: Hash) -> Result<Held, ColleagueError> {
		let peers = self.at(state, self.desk.stage).await?;
		self.shard_from(&peers, root).await
	}

	/// The same, or from a provider that may have left.
	pub async fn shard_or_of(
		&self,
		state: &State,
		root: Hash,
		provider: &AccountId,
	) -> Result<Held, ColleagueError> {
		let mut peers = self.at(state, self.desk.stage).await?;
		let provider = state.provider(provider).await?;
		peers.extend(provider.and_then(|provider| peers::reach(&provider.endpoint)));
		self.shard_from(&peers, root).await
	}

	async fn shard_from(&self, peers: &[Peer], root: Hash) -> Result<Held, ColleagueError> {
		let Desk { model, stage, .. } = *self.desk;
		tracing::info!(model, stage, ?root, "fetching a shard");
		for peer in peers {
			if let Some(held) = self.shard_of(peer, root).await? {
				return Ok(held);
			}
		}
		Err(ColleagueError::NoShard { stage, root })
	}

	/// The roots of a shard's tensors and of their momenta, from a peer; `None` if it does not tell.
	pub async fn list(&self, peer: &Peer, root: Hash) -> Option<Vec<Hash>> {
		let Desk { model, stage, .. } = *self.desk;
		let Some(Answer::Blobs(list)) =
			self.ask(peer, &Question::Shard { model, stage, root }).await
		else {
			return None;
		};
		if Held::root_of_list(&list) != root {
			tracing::info!(peer = %peer.id.fmt_short(), "a peer names another shard");
			return None;
		}
		Some(list.into_inner())
	}

	/// Tensors of a shard that is not one's own, from a peer that has them; `None` if it does not give them.
	pub async fn blobs(
		&self,
		peer: &Peer,
		list: &[Hash],
	) -> Result<Option<Vec<Vec<u8>>>, BlobError> {
		let Desk { model, stage, .. } = *self.desk;
		let (shelf, peers) = (claimed_shelf(model, stage), [peer.clone()]);
		let endpoint = &self.worker.endpoint;
		match endpoint.fetch_all(list, &peers, TENSOR_LIMIT, &shelf).await {
			Ok(_) => {},
			Err(FetchError::Here(error)) => return Err(error),
			Err(error) => {
				tracing::info!(%error, "a claimed shard was not fetched");
				return Ok(None);
			},
		}
		let mut blobs = Vec::new();
		for hash in list {
			blobs.push(endpoint.blobs().read(*hash).await?.to_vec());
		}
		endpoint.blobs().clear(&shelf).await?;
		Ok(Some(blobs))
	}

	/// A shard of a peer; `None` if it does not give it.
	async fn shard_of(&self, peer: &Peer, root: Hash) -> Result<Option<Held>, ColleagueError> {
		let Desk { model, stage, .. } = *self.desk;
		let Some(list) = self.list(peer, root).await else { return Ok(None) };
		let (shelf, peers) = (fetched_shelf(model, stage), [peer.clone()]);
		let blobs = self.worker.endpoint.blobs();
		if let Err(error) =
			self.worker.endpoint.fetch_all(&list, &peers, TENSOR_LIMIT, &shelf).await
		{
			tracing::info!(?root, %error, "a shard was not fetched");
			return Ok(None);
		}
		let mut tensors = Vec::new();
		for hash in &list {
			tensors.push(blobs.read(*hash).await?.to_vec());
		}
		let spec = self.desk.spec.clone();
		let held = spawn_blocking(move || Held::from_blobs(&spec, stage, tensors)).await?;
		blobs.clear(&shelf).await?;
		match held {
			Ok(held) if held.root == root => Ok(Some(held)),
			Ok(_) => Ok(None),
			Err(error) => {
				tracing::info!(?root, %error, "what a peer gave is no shard");
				Ok(None)
			},
		}
	}
}
