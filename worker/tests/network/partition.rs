//! Two neighbours that do not reach each other, although everybody else reaches both.

use crate::network::{slower, Network};

/// Part two workers, or join them again.
fn part(network: &Network, pair: [usize; 2], is_cut: bool) {
	let [one, other] = pair.map(|number| &network.workers[number]);
	for (at, from) in [(one, other), (other, one)] {
		at.proxy.as_ref().unwrap().cut(from.listen, is_cut);
	}
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make test-faults` runs it"]
async fn neighbours_that_lose_each_other_attest_what_both_have_signed() {
	let network = Network::behind_proxies(4, slower).await;
	let steps = network.spec.window.steps;

	// WHEN the two of a lane lose each other amid a window
	let seats = network.running(0).await;
	let pair = [seats[0][0], seats[1][0]];
	let words = ["the lane is open", "window: 0,", "lane: 0"];
	network
		.until("the first lane", async |_| {
			pair.iter().all(|one| network.workers[*one].has_logged_all(&words)).then_some(())
		})
		.await;
	part(&network, pair, true);

	// THEN both attest the same steps but for one whose receipt was lost, and the other lane all of them
	let units = network.attested(0).await;
	let done = |stage, lane| {
		let at = network.units(0).iter().position(|id| (id.stage, id.lane) == (stage, lane));
		units[at.unwrap()].outcome.steps()
	};
	assert!(done(0, 0).abs_diff(done(1, 0)) <= 1, "{}", network.logs());
	assert!(done(0, 0) < steps, "{}", network.logs());
	assert_eq!([done(0, 1), done(1, 1)], [steps; 2], "{}", network.logs());

	// WHEN they find each other again
	network.closed(0).await;
	part(&network, pair, false);

	// THEN windows are whole again
	let next = network
		.until("the next window", async |state| Some(Network::clock(state).await?.next))
		.await;
	network.whole(next + 1).await;
	network.assert_nobody_is_fined().await;
}
