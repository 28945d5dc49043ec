//! Units are re-executed by others, who come to the same.

use cairn_chain::{
	calls,
	views::{Check, Place},
	Submitter, Tips,
};
use cairn_primitives::UnitId;

use crate::network::{Network, MODEL};
use crate::node::key;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make test` runs it beside the other networks"]
async fn the_units_of_a_suspected_lane_are_audited_and_found_right() {
	// GIVEN a window that was trained
	let mut network = Network::start(4).await;
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

	// AND whoever has a place at a stage verifies its units: its own, and those of its colleagues
	let state = network.state().await;
	let (own, unit) = (network.workers[0].provider.clone(), &lane[0]);
	let Some(Place::Seat { stage, .. }) = state.place(MODEL, &own).await.unwrap() else {
		panic!("all have seats");
	};
	network.workers[0].kill();
	let data = network.workers[0].dataset.take().unwrap();
	for lane in 0..network.spec.lanes {
		let unit = format!("{MODEL}/0/{stage}/{lane}");
		let said = network.workers[0]
			.machine
			.does(&format!("verify {unit} --dataset {} --threads 1", data.display()));
		assert!(said.contains("right: its checkpoints"), "{unit}: {said}");
	}
	let other = UnitId { stage: 1 - stage, ..*unit };
	let refused = network.workers[0]
		.machine
		.fails(&format!("verify {MODEL}/0/{}/{}", other.stage, other.lane));
	assert!(refused.contains("is not the data of a worker of stage"), "{refused}");

	// AND a worker that is not told of the dataset is given it by the others
	network.workers[0].start();
	network
		.until("the dataset", async |_| {
			network.workers[0].has_logged_all(&["the dataset is here"]).then_some(())
		})
		.await;
}
