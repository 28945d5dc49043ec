//! A chain takes a new runtime, even one that nearly fills a block.

// Other tests use more of it.
#[allow(dead_code)]
mod network;

use std::time::Duration;

use cairn_runtime::{configs::MAXIMUM_BLOCK_LENGTH, RuntimeCall, WASM_BINARY};
use frame_system::Call;
use jsonrpsee::rpc_params;
use network::{Network, Node};
use sp_core::{bytes::to_hex, storage::well_known_keys::CODE, Bytes};
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use sp_runtime::traits::{BlakeTwo256, Hash};

const MINUTE: Duration = Duration::from_secs(60);

/// Longer than what the node's block proposer took by default, shorter than what the runtime takes.
const LONG: usize = 4_500_000;

/// The runtime of this build at a certain length: compressed, with a part that decompression leaves out.
fn runtime_of(length: usize) -> Vec<u8> {
	let mut code = WASM_BINARY.expect("this build has a runtime").to_vec();
	let filling = length.checked_sub(code.len() + 8).expect("the runtime is small");
	code.extend(0x184D_2A50_u32.to_le_bytes());
	code.extend((filling as u32).to_le_bytes());
	code.resize(length, 0);
	code
}

async fn code(node: &Node) -> Vec<u8> {
	let key = to_hex(CODE, false);
	let code: Option<Bytes> = node.request_as("state_getStorage", rpc_params![key]).await;
	code.expect("a chain has a runtime").0
}

/// Root lets go of `code`, and somebody sends it.
async fn upgrade(node: &Node, authorize: Call<cairn_runtime::Runtime>, code: Vec<u8>) {
	let authorize = Box::new(RuntimeCall::from(authorize));
	node.submit(Alice, pallet_sudo::Call::sudo { call: authorize }).await;
	node.submit(Bob, Call::apply_authorized_upgrade { code }).await;
}

#[tokio::test]
async fn a_chain_takes_a_new_runtime_and_refuses_the_version_that_it_has() {
	let network = Network::development();
	let node = network.node("dev").start().await;
	node.wait_finalized(1, MINUTE).await;
	let before = code(&node).await;
	assert_eq!(before.as_slice(), WASM_BINARY.expect("this build has a runtime"));
	assert!(LONG < MAXIMUM_BLOCK_LENGTH as usize);

	// WHEN somebody sends a runtime whose version is not above that of the chain THEN it has no effect.
	let new = runtime_of(LONG);
	let code_hash = BlakeTwo256::hash(&new);
	upgrade(&node, Call::authorize_upgrade { code_hash }, new.clone()).await;
	node.wait_finalized(node.best().await + 1, MINUTE).await;
	assert!(code(&node).await == before, "the runtime changed");

	// AND WHEN root waives the version THEN the chain goes on with the new one.
	upgrade(&node, Call::authorize_upgrade_without_checks { code_hash }, new.clone()).await;
	node.wait_finalized(node.best().await + 2, MINUTE).await;
	assert!(code(&node).await == new, "the runtime did not change");
	node.submit(Bob, Call::remark { remark: vec![] }).await;
}
