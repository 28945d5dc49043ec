//! Connecting to a real node and following its chain.

use std::time::Duration;

use crate::node::Node;
use cairn_chain::{BlockRef, ConnectError, Connection, FollowError, Follower, Notice};
use cairn_primitives::Hash;
use tokio::time::timeout;

/// Blocks take three seconds, and two more until they are final; machines that run tests have more to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// The next block, which follows `last`.
async fn follow(follower: &mut Follower, last: Option<BlockRef>) -> BlockRef {
	let notice = timeout(PATIENCE, follower.next()).await.expect("blocks become final");
	let block = match notice.expect("the chain can be followed") {
		Notice::Final(block) => block,
		stalled => panic!("expected a block, found {stalled:?}"),
	};
	if let Some(last) = last {
		assert_eq!(block.height, last.height + 1, "no block is left out and none comes twice");
	}
	follower.handled(block).expect("the position can be saved");
	block
}

#[tokio::test]
async fn a_follower_sees_every_final_block_over_restarts_of_both_sides() {
	let mut node = Node::start().await;
	let connection = node.connect().await;
	let file = node.file("position.json");
	let patience = Duration::from_secs(20);
	let mut follower = Follower::open(connection.clone(), &file, patience).unwrap();

	// WHEN three blocks become final THEN it tells them in order.
	let mut last = follow(&mut follower, None).await;
	for _ in 0..2 {
		last = follow(&mut follower, Some(last)).await;
	}
	let state = connection.state_at(&last).await.unwrap();
	assert_eq!(state.block(), last);

	// WHEN the node is gone THEN it says so, once.
	node.kill();
	loop {
		match timeout(3 * PATIENCE, follower.next()).await.expect("silence is told").unwrap() {
			// It may have been final before.
			Notice::Final(block) => {
				assert_eq!(block.height, last.height + 1);
				follower.handled(block).unwrap();
				last = block;
			},
			Notice::Stalled { node_answers, silence } => {
				assert!(!node_answers && silence >= patience);
				break;
			},
		}
	}

	// AND WHEN the node is back THEN it goes on with the next block.
	node.restart().await;
	last = follow(&mut follower, Some(last)).await;

	// AND WHEN the follower starts anew THEN it goes on behind what was handled, with what it missed.
	drop(follower);
	tokio::time::sleep(Duration::from_secs(8)).await;
	let mut follower = Follower::open(connection, &file, patience).unwrap();
	for _ in 0..3 {
		last = follow(&mut follower, Some(last)).await;
	}
}

#[tokio::test]
async fn other_chains_and_missing_nodes_are_named() {
	let mut node = Node::start().await;
	let genesis = node.connect().await.genesis();
	let connection = Connection::open(&node.url(), Some(genesis)).await.unwrap();

	// GIVEN a worker that was on another chain.
	let expected = Hash::repeat_byte(7);
	let refusal = Connection::open(&node.url(), Some(expected)).await.err();
	let url = node.url();
	let wrong_chain = ConnectError::WrongChain { url: url.clone(), expected, found: genesis };
	assert_eq!(refusal, Some(wrong_chain));

	// AND one whose position is on another chain, or in another history of this one.
	let position = |genesis: Hash, height: u32| {
		format!(
			r#"{{"genesis":"{genesis:?}","block":{{"height":{height},"hash":"{expected:?}"}}}}"#
		)
	};
	let file = node.file("position.json");
	std::fs::write(&file, position(expected, 1)).unwrap();
	let refusal = Follower::open(connection.clone(), &file, PATIENCE).err();
	assert!(matches!(refusal, Some(FollowError::PositionOfOtherChain { .. })), "{refusal:?}");
	std::fs::write(&file, position(genesis, 1)).unwrap();
	let mut follower = Follower::open(connection.clone(), &file, PATIENCE).unwrap();
	let refusal = timeout(PATIENCE, follower.next()).await.unwrap().unwrap_err();
	assert!(refusal.to_string().contains("final block 2 does not continue"), "{refusal}");

	// AND one without a node.
	node.kill();
	let refusal = Connection::open(&url, None).await.err();
	assert!(matches!(refusal, Some(ConnectError::NoNode { .. })), "{refusal:?}");
	assert!(connection.state().await.is_err(), "nobody answers");
	let refusal = Connection::open("127.0.0.1:9944", None).await.err();
	assert_eq!(refusal, Some(ConnectError::BadAddress { url: "127.0.0.1:9944".into() }));
}
