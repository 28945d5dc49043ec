//! Networks of real nodes: they make blocks, make them final, and survive what happens to machines and people.

mod network;

use std::time::{Duration, Instant};

use cairn_runtime::{
	genesis_config_presets::BOND, time::MILLISECS_PER_BLOCK, Runtime, SessionKeys,
};
use codec::{Decode, Encode};
use jsonrpsee::rpc_params;
use network::{Network, Node};
use pallet_validators::{Error, Status};
use sc_rpc::author::GeneratedSessionKeys;
use sp_core::Bytes;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve};

/// Slots in an epoch of the network of four. A session lasts as long, and a change of the validators takes effect
/// after two sessions at most.
const EPOCH_LENGTH: u64 = 8;
/// The same as a time.
const EPOCH: Duration = Duration::from_millis(EPOCH_LENGTH * MILLISECS_PER_BLOCK);

fn seconds(seconds: u64) -> Duration {
	Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_development_chain_is_final_soon_and_tells_wallets_its_token() {
	let network = Network::development();
	let started = Instant::now();
	let node = network.node("dev").start().await;
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
async fn a_network_survives_losses_changes_of_its_validators_and_an_outage_longer_than_an_epoch() {
	let started = Instant::now();
	let told = |chapter: &str| println!("{chapter}: {:?} after the start", started.elapsed());
	let network = Network::local_with_epochs_of(EPOCH_LENGTH);
	let [alice, bob, charlie, dave] = start_four(&network).await;
	told("four validators finalise");
	let eve = add_validator(&network, &alice).await;
	told("a fifth has a seat and makes blocks");
	let dave = lose_and_find(dave, &alice).await;
	told("one was lost and found");
	remove_validator(bob, &alice).await;
	told("one left");
	join_by_warp_sync(&network, &alice).await;
	told("a node joined by warp sync");
	outage([alice, charlie, dave, eve]).await;
	told("all were down and are back");
}

/// Alice, Bob, Charlie and Dave.
async fn start_four(network: &Network) -> [Node; 4] {
	let alice = network.node("alice").with(&["--alice"]).start().await;
	let mut nodes = vec![];
	for name in ["bob", "charlie", "dave"] {
		let flag = format!("--{name}");
		nodes.push(network.node(name).with(&[&flag]).knowing(&alice).await.start().await);
	}
	alice.wait_peers(3, seconds(30)).await;
	alice.wait_finalized(2, seconds(60)).await;
	nodes.insert(0, alice);
	nodes.try_into().unwrap_or_else(|_| unreachable!("they are four"))
}

/// Eve, who was not there at genesis.
async fn add_validator(network: &Network, alice: &Node) -> Node {
	// WHEN she makes session keys in her node, registers them and bonds, and governance approves.
	let eve = network.node("eve").with(&["--validator"]).knowing(alice).await.start().await;
	eve.wait_finalized(alice.finalized().await, seconds(60)).await;
	let keys = make_keys(&eve).await;
	eve.submit(Eve, pallet_validators::Call::apply { bond: BOND }).await;
	let approve = pallet_validators::Call::approve { candidate: Eve.to_account_id() };
	let as_root = pallet_sudo::Call::sudo { call: Box::new(approve.into()) };
	alice.submit(Alice, as_root).await;

	// THEN she sits in the set, has a vote and makes blocks.
	wait_validators(alice, &[Alice, Bob, Charlie, Dave, Eve]).await;
	assert!(alice.voters().await.iter().any(|(key, _)| *key == keys.grandpa));
	let limit = 5 * EPOCH;
	alice
		.wait("a block of Eve", limit, || async {
			let author = alice.author().await;
			(author == keys.babe).then_some(()).ok_or(format!("the last was made by {author}"))
		})
		.await;
	eve
}

/// Session keys of Eve, registered.
async fn make_keys(eve: &Node) -> SessionKeys {
	let owner = Bytes(Eve.to_account_id().encode());
	let made: GeneratedSessionKeys =
		eve.request_as("author_rotateKeysWithOwner", rpc_params![owner]).await;
	let keys = SessionKeys::decode(&mut &made.keys[..]).expect("they are session keys");
	let proof = made.proof.expect("the runtime makes proofs").0;
	eve.submit(Eve, pallet_session::Call::set_keys { keys: keys.clone(), proof }).await;
	keys
}

/// Dave's machine fails, and works again.
async fn lose_and_find(dave: Node, alice: &Node) -> Node {
	// WHEN he is killed THEN the others go on finalising. That takes every vote of the other four, Eve's too.
	assert_eq!(alice.voters().await.len(), 5);
	let dave = dave.kill();
	let before = alice.finalized().await;
	alice.wait_finalized(before + 3, seconds(60)).await;

	// AND WHEN he comes back THEN he catches up with what was made without him.
	let dave = dave.start().await;
	let ahead = alice.finalized().await;
	dave.wait_finalized(ahead, seconds(60)).await;
	dave
}

/// Bob retires.
async fn remove_validator(bob: Node, alice: &Node) {
	// WHEN he leaves THEN the set shrinks.
	bob.submit(Bob, pallet_validators::Call::leave {}).await;
	wait_validators(alice, &[Alice, Charlie, Dave, Eve]).await;
	assert_eq!(alice.voters().await.len(), 4);

	// AND his bond stays where it is for now.
	let account = Bob.to_account_id();
	let (bond, status) = alice.candidacy(&account).await.expect("he has a bond");
	assert!(matches!(status, Status::Unbonding { .. }), "{status:?}");
	assert_eq!((bond, alice.held_bond(&account).await), (BOND, BOND));
	let withdrawal = alice.try_out(Bob, pallet_validators::Call::withdraw {}).await;
	assert_eq!(withdrawal, Ok(Err(Error::<Runtime>::StillLocked.into())));

	// AND finality goes on without his machine.
	drop(bob);
	let before = alice.finalized().await;
	alice.wait_finalized(before + 3, seconds(60)).await;
}

/// A node that starts from the newest final state.
async fn join_by_warp_sync(network: &Network, alice: &Node) {
	// WHEN it joins THEN it has followed both changes of the voters and follows the chain.
	let newcomer =
		network.node("newcomer").with(&["--sync", "warp"]).knowing(alice).await.start().await;
	let target = alice.finalized().await;
	newcomer.wait_finalized(target, seconds(60)).await;
	assert!(newcomer.log().contains("Warp sync is complete"), "the newcomer did not warp");
	// (It has no older blocks yet than the one that it jumped to.)
	let seen = newcomer.finalized().await;
	assert_eq!(newcomer.block_hash(seen).await, alice.block_hash(seen).await);
	newcomer.wait_finalized(target + 2, seconds(40)).await;
}

/// Power fails everywhere.
async fn outage(nodes: [Node; 4]) {
	// WHEN all are down for longer than an epoch.
	let last = nodes[0].best().await;
	let setups = nodes.map(Node::kill);
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

/// Waits until a final block belongs to a session of exactly these validators.
async fn wait_validators(node: &Node, expected: &[Sr25519Keyring]) {
	let expected: Vec<_> = expected.iter().map(|key| key.to_account_id()).collect();
	node.wait(&format!("validators {expected:?}"), 3 * EPOCH + seconds(30), || async {
		let seen = node.validators().await;
		(seen == expected).then_some(()).ok_or(format!("they are {seen:?}"))
	})
	.await
}
