//! Looks at what others have attested, as final blocks come, and proves what is wrong to the chain: what a stage started from, and the
//! courses of edges that do not continue each other.

use cairn_chain::{views::State, BlockRef, ViewError};
use cairn_primitives::WindowIndex;
use tokio::sync::watch;

use super::{
	colleagues::Colleagues,
	forks::{self, Forks},
	merges::Merges,
};

/// Closed windows that are looked at.
const RECENT: WindowIndex = 3;

/// Look at what others have attested, block after block.
pub async fn keep(colleagues: Colleagues, mut blocks: watch::Receiver<Option<BlockRef>>) {
	let (merges, mut forks) = (Merges::new(colleagues.clone()), Forks::default());
	loop {
		if let Err(error) = look(&colleagues, &merges, &mut forks).await {
			tracing::debug!(model = colleagues.desk.model, "nothing was looked at: {error}");
		}
		if blocks.changed().await.is_err() {
			return;
		}
	}
}

async fn look(
	colleagues: &Colleagues,
	merges: &Merges,
	forks: &mut Forks,
) -> Result<(), ViewError> {
	let state = colleagues.worker.connection.state().await?;
	forks::report_contradictions(colleagues);
	for window in closed(&state, colleagues).await? {
		merges.look(&state, window).await?;
		forks.look(colleagues, &state, window).await?;
	}
	Ok(())
}

/// The newest windows that are over and count.
async fn closed(state: &State, colleagues: &Colleagues) -> Result<Vec<WindowIndex>, ViewError> {
	let model = colleagues.desk.model;
	let newest = state.clock(model).await?.map_or(0, |clock| clock.next);
	let mut closed = Vec::new();
	for window in newest.saturating_sub(RECENT)..newest {
		let found = state.closed_window(model, window).await?;
		closed.extend(found.filter(|found| !found.is_void).map(|_| window));
	}
	Ok(closed)
}
