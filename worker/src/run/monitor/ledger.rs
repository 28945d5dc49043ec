//! What the chain says of the provider, asked for now and then.

use std::time::Duration;

use cairn_chain::{AccountId, Connection, Node, ViewError};
use cairn_primitives::{BlockNumber, MILLISECONDS_PER_BLOCK};
use tokio::time::sleep;

use super::Monitor;
use crate::commands::status::Account;

/// Pause between two questions: a block.
const PAUSE: Duration = Duration::from_millis(MILLISECONDS_PER_BLOCK);

/// Note what the chain says, again and again; never ends.
pub async fn keep_books(connection: Connection, provider: AccountId, monitor: Monitor) {
	loop {
		match ask(&connection, &provider).await {
			Ok((node, height, account)) => monitor.0.send_modify(|status| {
				status.chain.name = node.chain;
				status.chain.r#final = height.max(status.chain.r#final);
				// The node may have gone on since it was asked.
				status.chain.best = node.best.max(status.chain.r#final);
				status.chain.peers = node.peers;
				status.chain.is_syncing = node.is_syncing;
				status.chain.answers = true;
				status.account = Some(account);
			}),
			Err(error) => {
				tracing::debug!("the chain was not asked how the provider is: {error}");
				monitor.0.send_modify(|status| status.chain.answers = false);
			},
		}
		sleep(PAUSE).await;
	}
}

async fn ask(
	connection: &Connection,
	provider: &AccountId,
) -> Result<(Node, BlockNumber, Account), ViewError> {
	let (node, state) = (connection.node().await?, connection.state().await?);
	let account = Account::gather(&state, provider).await?;
	Ok((node, state.height(), account))
}
