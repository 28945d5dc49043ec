//! Units are re-executed by others, who come to the same.

use cairn_chain::{calls, views::Check, Submitter, Tips};

use crate::network::{Network, MODEL};
use crate::node::key;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make test` runs it beside the other networks"]
async fn the_units_of_a_suspected_lane_are_audited_and_found_right() {
	// GIVEN a window that was trained
	let network = Network::start(4).await;
	network.attested(0).await;
	network
		.until("the end of window 0", async |state| {
			state.closed_window(MODEL, 0).await.ok()?.map(|_| ())
		})
		.await;

	// WHEN somebody vouches that a lane of it is wrong
	let suspicious = &network.workers[0];
	let tips = Tips { least: 0, step: 1_000_000, most: 1_000_000_000 };
	let submitter = |key: cairn_chain::Key, name: &str| {
		Submitter::start(network.connection.clone(), key, tips, &network.node.file(name)).unwrap()
	};
	let rich = submitter(key("Bob//stash"), "rich.json");
	let pay = calls::balances::transfer_keep_alive(&suspicious.key().account(), 50_000_000_000_000);
	rich.submit(pay).await.unwrap();
	let suspecting = submitter(suspicious.key(), "suspecting.json");
	suspecting.submit(calls::contributions::suspect(MODEL, 0, 0)).await.unwrap();

	// THEN all of its units are audited, and approved
	let lane: Vec<_> = network.units(0).into_iter().filter(|unit| unit.lane == 0).collect();
	network
		.until("audits", async |state| {
			for unit in &lane {
				let check = state.unit(*unit).await.ok()??.check;
				if check != Check::Approved {
					return None;
				}
			}
			Some(())
		})
		.await;
	network.assert_nobody_is_fined().await;
}
