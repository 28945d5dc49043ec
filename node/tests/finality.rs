//! Networks of real nodes: they make blocks, make them final, and survive what happens to machines.

mod network;

use std::time::{Duration, Instant};

use jsonrpsee::rpc_params;
use network::{Network, Node, Setup};

/// Slots in an epoch of the local network, times their length.
const EPOCH: Duration = Duration::from_secs(60);

fn seconds(seconds: u64) -> Duration {
	Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_development_chain_is_final_soon_and_tells_wallets_its_token() {
	let network = Network::new("dev");
	let started = Instant::now();
	let node = network.node("dev").with(&["--alice", "--force-authoring"]).start().await;
	node.wait_finalized(2, seconds(60)).await;
	println!("block 2 was final {:?} after the start", started.elapsed());

	let properties = node.request("system_properties", rpc_params![]).await;
	assert_eq!(properties["tokenSymbol"], "CRN");
	assert_eq!(properties["tokenDecimals"], 12);
	let runtime = node.request("state_getRuntimeVersion", rpc_params![]).await;
	assert_eq!(runtime["specName"], "cairn");
}

/// The story of one network, told in one test because starting it is the slow part.
#[tokio::test]
async fn four_validators_survive_the_loss_of_one_and_an_outage_longer_than_an_epoch() {
	let network = Network::new("local");

	// GIVEN four validators that finalise.
	let alice = network.node("alice").with(&["--alice"]).start().await;
	let mut others = Vec::new();
	for name in ["bob", "charlie", "dave"] {
		let flag = format!("--{name}");
		others.push(network.node(name).with(&[&flag]).knowing(&alice).await.start().await);
	}
	let [bob, charlie, dave]: [Node; 3] = others.try_into().unwrap_or_else(|_| unreachable!());
	alice.wait_peers(3, seconds(30)).await;
	alice.wait_finalized(2, seconds(60)).await;

	// WHEN one of them is killed THEN the others go on finalising.
	let dave = dave.kill();
	let before = alice.finalized().await;
	alice.wait_finalized(before + 3, seconds(60)).await;

	// AND WHEN it comes back THEN it catches up with what was made without it.
	let dave = dave.start().await;
	let ahead = alice.finalized().await;
	dave.wait_finalized(ahead, seconds(60)).await;

	// WHEN a node joins by warp sync THEN it has the newest final state and follows the chain.
	let newcomer =
		network.node("newcomer").with(&["--sync", "warp"]).knowing(&alice).await.start().await;
	let target = alice.finalized().await;
	newcomer.wait_finalized(target, seconds(60)).await;
	assert!(newcomer.log().contains("Warp sync is complete"), "the newcomer did not warp");
	// (It has no older blocks yet than the one that it jumped to.)
	let seen = newcomer.finalized().await;
	assert_eq!(newcomer.block_hash(seen).await, alice.block_hash(seen).await);
	newcomer.wait_finalized(target + 2, seconds(40)).await;

	// WHEN all are down for longer than an epoch.
	let last = alice.best().await;
	let setups: Vec<Setup> =
		[alice, bob, charlie, dave].map(|node| node.kill()).into_iter().collect();
	drop(newcomer);
	tokio::time::sleep(EPOCH + seconds(10)).await;

	// THEN they take up where they stopped.
	let mut nodes: Vec<Node> = Vec::new();
	for setup in setups {
		nodes.push(setup.start().await);
	}
	for node in &nodes {
		node.wait_finalized(last + 3, seconds(90)).await;
	}
	let common = nodes[0].finalized().await;
	let reference = nodes[0].block_hash(common).await;
	nodes[3].wait_finalized(common, seconds(30)).await;
	assert_eq!(nodes[3].block_hash(common).await, reference);
}
