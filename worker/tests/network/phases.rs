//! Workers that die in every phase of a window, alone, together, and with all others of their stage.

use std::time::{Duration, Instant};

use cairn_primitives::WindowIndex;
use tokio::time::sleep;

use crate::network::{slower, Network};

/// How long a worker has to come to a phase: windows last most of a minute.
const PATIENCE: Duration = Duration::from_secs(300);

/// Kill a worker as soon as it says that it is so far in a window, and start it again.
async fn kill_at(network: &mut Network, victim: usize, phase: &str, window: WindowIndex) {
	let window = format!("window: {window},");
	let start = Instant::now();
	while !network.workers[victim].has_logged_all(&[phase, &window]) {
		assert!(start.elapsed() < PATIENCE, "waiting for {phase}\n{}", network.logs());
		sleep(Duration::from_millis(20)).await;
	}
	network.workers[victim].kill();
	network.workers[victim].start();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make test-faults` runs it"]
async fn a_worker_may_die_in_every_phase_of_a_window() {
	let mut network = Network::with(4, slower).await;
	let steps = network.spec.window.steps;

	// WHEN one dies as its lane opens, and another when its unit is computed and nobody has it yet
	let seats = network.running(0).await;
	kill_at(&mut network, seats[0][0], "the lane is open", 0).await;
	kill_at(&mut network, seats[1][1], "the unit is computed", 0).await;

	// THEN what they have signed and lost counts for nothing, and what others have done for all that it is
	let units = network.attested(0).await;
	for (unit, id) in units.iter().zip(network.units(0)) {
		let is_victim = [(0, 0), (1, 1)].contains(&(id.stage, id.lane));
		let done = unit.outcome.steps();
		// The second may have been faster than its death.
		let is_saved = id.lane == 1 && done == steps;
		assert!(!is_victim || done == 0 || is_saved, "{id:?}: {done}\n{}", network.logs());
		assert!(id.lane == 0 || is_victim || done == steps, "{id:?}: {done}\n{}", network.logs());
	}

	// WHEN one dies while its attestation is on its way, and another when that is there
	let seats = network.running(1).await;
	kill_at(&mut network, seats[0][0], "the difference is held", 1).await;
	kill_at(&mut network, seats[1][1], "attested", 1).await;

	// THEN all of it counts, and the next window is whole
	network.whole(1).await;
	network.whole(2).await;
	network.assert_nobody_is_fined().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make test-faults` runs it"]
async fn two_lanes_may_lose_stages_and_a_stage_all_of_its_workers() {
	let mut network = Network::with(4, slower).await;

	// WHEN a lane loses its first stage and the other its last in the same window, amid it
	let seats = network.running(0).await;
	let victims = [seats[0][0], seats[1][1]];
	let words = ["the lane is open", "window: 0,"];
	network
		.until("both lanes", async |_| {
			victims.iter().all(|one| network.workers[*one].has_logged_all(&words)).then_some(())
		})
		.await;
	for victim in victims {
		network.workers[victim].kill();
		network.workers[victim].start();
	}
	// THEN all attest, and those who lost what they had signed that nothing was done
	for (unit, id) in network.attested(0).await.iter().zip(network.units(0)) {
		let done = unit.outcome.steps();
		let is_victim = [(0, 0), (1, 1)].contains(&(id.stage, id.lane));
		assert!(!is_victim || done == 0, "{id:?}: {done}\n{}", network.logs());
	}

	// WHEN all workers of a stage are gone in the next, and back when it is over
	let seats = network.running(1).await;
	network.at_work(1).await;
	for victim in &seats[0] {
		network.workers[*victim].kill();
	}
	network.closed(1).await;
	for victim in &seats[0] {
		network.workers[*victim].start();
	}
	// THEN training goes on
	network.whole(2).await;
	network.assert_nobody_is_fined().await;
}
