//! Holds the shard that most of a stage started a window from against the one that it should have started from, and refutes it
//! where it is another.

use std::{
	collections::HashSet,
	sync::{Arc, Mutex, PoisonError},
};

use cairn_chain::{calls::contributions::refute_merge, views::State, Request, ViewError};
use cairn_engine::{Difference, Merge};
use cairn_primitives::{dispute::Merged, Hash, StepIndex, WindowIndex};
use cairn_transport::BlobError;
use codec::Encode;
use tokio::task::{spawn_blocking, JoinError};

use super::{
	colleagues::{ColleagueError, Colleagues},
	desk::Desk,
	origin::Origin,
	shard::{attested_lanes, Held},
};

/// Looks at what a stage started windows from.
#[derive(Clone)]
pub struct Merges {
	colleagues: Colleagues,
	/// Roots that were looked at, or are, by the windows that started from them.
	taken: Arc<Mutex<HashSet<(WindowIndex, Hash)>>>,
}

/// Why a merge cannot be refuted now.
#[derive(Debug, thiserror::Error)]
pub enum RefuteError {
	/// The chain does not answer.
	#[error(transparent)]
	Chain(#[from] ViewError),
	/// The chain did not take the proof.
	#[error(transparent)]
	Call(#[from] cairn_chain::Failure),
	/// Nobody has what is needed.
	#[error(transparent)]
	Colleagues(#[from] ColleagueError),
	/// The store of blobs failed.
	#[error(transparent)]
	Blob(#[from] BlobError),
	/// The store of shards failed.
	#[error(transparent)]
	Shard(#[from] cairn_engine::CheckpointError),
	/// A thread was stopped.
	#[error("a thread was stopped: {0}")]
	Stopped(#[from] JoinError),
	/// Nobody shows the claimed shard.
	#[error("no peer of the stage shows what is wrong with shard {0:?}: waiting until one does")]
	NotShown(Hash),
}

/// The shard before a merge, and what it takes in.
struct Base {
	held: Held,
	lanes: Vec<(StepIndex, Difference)>,
}

impl Merges {
	/// Nothing looked at yet.
	pub fn new(colleagues: Colleagues) -> Self {
		Self { colleagues, taken: Arc::default() }
	}

	/// Look at what the stage started a closed window from, and refute it if need be, beside other work.
	pub async fn look(&self, state: &State, window: WindowIndex) -> Result<(), ViewError> {
		let Desk { model, stage, .. } = *self.colleagues.desk;
		let Some(own) = self.colleagues.desk.root(window) else { return Ok(()) };
		let claimed = state.majority_root(model, window, stage).await?;
		let Some(claimed) = claimed.filter(|claimed| *claimed != own) else { return Ok(()) };
		if self.taken().insert((window, claimed)) {
			tracing::warn!(
				window,
				?own,
				?claimed,
				"the stage started from another shard than this seat"
			);
			let merges = self.clone();
			tokio::spawn(async move {
				if let Err(error) = merges.refute(window, claimed).await {
					tracing::warn!(window, ?claimed, "a merge is not refuted: {error}");
					// It is tried again as long as the window is recent.
					merges.taken().remove(&(window, claimed));
				}
			});
		}
		Ok(())
	}

	fn taken(&self) -> std::sync::MutexGuard<'_, HashSet<(WindowIndex, Hash)>> {
		self.taken.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Prove that a window's stage should have started from another shard, if it should.
	async fn refute(&self, window: WindowIndex, claimed: Hash) -> Result<(), RefuteError> {
		let Colleagues { worker, desk } = &self.colleagues;
		let Desk { model, stage, .. } = **desk;
		let state = worker.connection.state().await?;
		let evidence = match Origin::of(&state, model, &desk.spec, stage, window).await? {
			Origin::Open => None,
			// The chain needs no arithmetic to see that.
			Origin::Shard(root) => (root != claimed).then(Vec::new),
			Origin::Merge { before, window, members } => {
				let base = self.base(&state, before, window, members).await?;
				self.evidence(&state, Arc::new(base), claimed).await?
			},
		};
		let Some(evidence) = evidence else {
			tracing::warn!(window, ?claimed, "the stage is right, and this seat was wrong");
			return Ok(());
		};
		let is_refuted = move |state: State| async move {
			Ok(state.majority_root(model, window, stage).await? != Some(claimed))
		};
		let call = refute_merge(model, window, stage, evidence);
		worker.submitter.submit(Request::from(call).unless(is_refuted)).await?;
		tracing::warn!(model, window, stage, ?claimed, "a merge is refuted");
		Ok(())
	}

	/// The shard before a merge, and the differences that it takes in.
	async fn base(
		&self,
		state: &State,
		before: Hash,
		window: WindowIndex,
		members: Vec<Merged>,
	) -> Result<Base, RefuteError> {
		let desk = self.colleagues.desk.clone();
		let stored = spawn_blocking(move || desk.shards.load(&desk.spec, before)).await??;
		let held = match stored {
			Some(held) => held,
			None => self.colleagues.shard(state, before).await?,
		};
		let mut differences = Vec::new();
		for member in &members {
			differences.push(self.colleagues.difference(state, window, member).await?);
		}
		Ok(Base { held, lanes: attested_lanes(&members, differences) })
	}

	/// What proves a claimed shard wrong, from whoever has it; `None` if it is right.
	async fn evidence(
		&self,
		state: &State,
		base: Arc<Base>,
		claimed: Hash,
	) -> Result<Option<Vec<u8>>, RefuteError> {
		for peer in self.colleagues.at(state, self.colleagues.desk.stage).await? {
			let Some(list) = self.colleagues.list(&peer, claimed).await else { continue };
			let Some(wrong) =
				self.with(&base, list.clone(), |merge, list| merge.wrong(list)).await?
			else {
				return Ok(None);
			};
			let needed = wrong.blobs(&list);
			let Some(blobs) = self.colleagues.blobs(&peer, &needed).await? else { continue };
			let evidence = self
				.with(&base, list, move |merge, list| merge.evidence(list, wrong, &blobs))
				.await?;
			if let Some(evidence) = evidence {
				return Ok(Some(evidence.encode()));
			}
		}
		Err(RefuteError::NotShown(claimed))
	}

	/// Look at a claimed shard on the threads that compute.
	async fn with<T: Send + 'static>(
		&self,
		base: &Arc<Base>,
		list: Vec<Hash>,
		look: impl FnOnce(&Merge, &[Hash]) -> T + Send + 'static,
	) -> Result<T, JoinError> {
		let (base, spec) = (base.clone(), self.colleagues.desk.spec.clone());
		let compute = self.colleagues.worker.compute.clone();
		spawn_blocking(move || {
			let Held { weights, outer, .. } = &base.held;
			let merge = Merge { spec: &spec, before: weights, momenta: outer, lanes: &base.lanes };
			compute.run(|| look(&merge, &list))
		})
		.await
	}
}
