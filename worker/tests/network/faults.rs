//! Whatever stops, training goes on, and nobody honest is fined.

use std::time::Duration;

use cairn_chain::views::{Phase, Place};
use tokio::time::sleep;

use crate::network::{slower, Network, MODEL};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make test` runs it beside the other networks"]
async fn a_worker_that_is_killed_amid_a_window_signs_nothing_twice_and_goes_on() {
	let mut network = Network::with(4, slower).await;
	let steps = network.spec.window.steps;

	// WHEN a worker is killed amid a window, and is back at once
	let victim = network.at_work(0).await;
	network.workers[victim].kill();
	network.workers[victim].start();

	// THEN all attest, its lane what both ends have signed
	let units = network.attested(0).await;
	let provider = network.workers[victim].provider.clone();
	let own = units.iter().find(|unit| unit.provider == provider).unwrap();
	assert_eq!(
		own.outcome.steps(),
		0,
		"what it signed before is lost: it says that nothing was done"
	);
	// AND the window after is whole again
	let units = network.attested(1).await;
	assert!(units.iter().all(|unit| unit.outcome.steps() == steps), "{}", network.logs());
	network.assert_nobody_is_fined().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make test` runs it beside the other networks"]
async fn training_goes_on_when_the_node_was_away_and_a_worker_frozen() {
	let mut network = Network::with(4, slower).await;
	let steps = network.spec.window.steps;
	network.attested(0).await;

	// The node dies, and is back a while later.
	network.node.kill();
	sleep(Duration::from_secs(10)).await;
	network.node.restart().await;
	let running = network
		.until("the next window", async |state| match Network::clock(state).await?.phase {
			Phase::Running(window) if window.index >= 1 => Some(window.index),
			_ => None,
		})
		.await;

	// A worker freezes for longer than its neighbours wait.
	let frozen = network.at_work(running).await;
	network.workers[frozen].signal(libc::SIGSTOP);
	sleep(Duration::from_secs(15)).await;
	network.workers[frozen].signal(libc::SIGCONT);
	let units = network.attested(running).await;
	assert!(units.iter().any(|unit| unit.outcome.steps() < steps), "{}", network.logs());
	let units = network.attested(running + 1).await;
	assert!(units.iter().all(|unit| unit.outcome.steps() == steps), "{}", network.logs());
	network.assert_nobody_is_fined().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make test` runs it beside the other networks"]
async fn a_standby_takes_the_seat_of_a_worker_that_stays_away() {
	// GIVEN a stage with a standby
	let mut network = Network::start(6).await;
	let state = network.state().await;
	let mut rosters = Vec::new();
	for stage in 0..2 {
		rosters.push(state.roster(MODEL, stage).await.unwrap().unwrap());
	}
	let roster = rosters.iter().find(|roster| !roster.standbys.is_empty()).unwrap();
	let (gone, next) = (roster.seats[0].clone().unwrap(), roster.standbys[0].provider.clone());
	network.attested(0).await;

	// WHEN a worker of it dies for good
	let number = network.workers.iter().position(|worker| worker.provider == gone).unwrap();
	network.workers[number].kill();

	// THEN the standby has its seat after two windows, and its shard at once
	let window = network
		.until("the standby's seat", async |state| {
			let place = state.place(MODEL, &next).await.ok()?;
			let clock = Network::clock(state).await?;
			matches!(place, Some(Place::Seat { .. })).then_some(clock.next)
		})
		.await;
	let units = network.attested(window).await;
	let steps = network.spec.window.steps;
	assert!(units.iter().all(|unit| unit.outcome.steps() == steps), "{}", network.logs());
	assert!(units.iter().any(|unit| unit.provider == next));
	// AND nobody is fined: who was absent loses the seat alone
	network.assert_nobody_is_fined().await;
	let state = network.state().await;
	assert_eq!(state.place(MODEL, &gone).await.unwrap(), None);
	// AND what it did before becomes shares, although it does not ask for them any more
	network
		.until("the shares of who is gone", async |state| {
			let escrow = state.escrow(&gone, MODEL).await.ok()?;
			let shares = state.shares(MODEL, &gone).await.ok()?;
			(escrow == 0 && shares > 0).then_some(())
		})
		.await;
}
