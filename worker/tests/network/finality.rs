//! A network that makes blocks and does not finalise them.

use std::{env, time::Duration};

use tokio::time::sleep;

use crate::network::{slower, Network};

/// How long nothing becomes final, in seconds: longer than a window and the time between two. `CAIRN_STALL` names another.
const STALL: u64 = 120;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make test-faults` runs it"]
async fn training_goes_on_when_blocks_become_final_again() {
	let mut network = Network::with(4, slower).await;
	network.whole(0).await;

	// WHEN nothing becomes final from the middle of a window on
	network.at_work(1).await;
	network.node.restart_with(&["--no-grandpa"]).await;
	let stall = env::var("CAIRN_STALL").map_or(STALL, |text| text.parse().unwrap());
	sleep(Duration::from_secs(stall)).await;
	assert!(
		network.workers.iter().all(|worker| worker.has_logged_all(&["nothing becomes final"])),
		"{}",
		network.logs()
	);
	network.node.restart().await;

	// THEN the next windows are whole, and nobody was fined for what it could not know
	let next = network
		.until("the next window", async |state| {
			let clock = Network::clock(state).await?;
			(clock.next >= 2).then_some(clock.next)
		})
		.await;
	network.whole(next).await;
	network.assert_nobody_is_fined().await;
}
