//! Units are re-executed by others, who come to the same.

use cairn_chain::views::Check;

use crate::network::{Network, MODEL};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make test` runs it beside the other networks"]
async fn suspected_units_are_audited_and_found_right_even_of_who_has_left() {
	// GIVEN a window in which one of the two seats of a stage has worked that has left since
	let mut network = Network::start(4).await;
	let seats = network.running(0).await;
	let stage = seats.iter().position(|stage| stage.contains(&0)).unwrap();
	let gone = *seats[stage].iter().find(|worker| **worker != 0).unwrap();
	network.workers[gone].machine.does(&format!("provider leave {MODEL}"));
	network.whole(0).await;
	network.closed(0).await;

	// WHEN somebody vouches that all of its units are wrong
	network.suspect(0, 0).await;

	// THEN they are audited, one by somebody of another stage, and approved
	network
		.until("audits", async |state| {
			for unit in network.units(0) {
				let check = state.unit(unit).await.ok()??.check;
				if check != Check::Approved {
					return None;
				}
			}
			Some(())
		})
		.await;
	network.assert_nobody_is_fined().await;
	assert!(network.workers[gone].has_logged_all(&["serving auditors"]), "{}", network.logs());

	// AND whoever has a place at a stage verifies its units: its own, and those of others
	network.workers[0].kill();
	let data = network.workers[0].dataset.take().unwrap();
	let machine = &network.workers[0].machine;
	for lane in 0..network.spec.lanes {
		let unit = format!("{MODEL}/0/{stage}/{lane}");
		let said = machine.does(&format!("verify {unit} --dataset {} --threads 1", data.display()));
		assert!(said.contains("right: its checkpoints"), "{unit}: {said}");
	}
	let refused = machine.fails(&format!("verify {MODEL}/0/{}/0", 1 - stage));
	assert!(refused.contains("is not the data of a worker of stage"), "{refused}");

	// AND a worker that is not told of the dataset is given it by the others
	network.workers[0].start();
	network
		.until("the dataset", async |_| {
			network.workers[0].has_logged_all(&["the dataset is here"]).then_some(())
		})
		.await;
}
