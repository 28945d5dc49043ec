//! A running daemon, as Prometheus, programs and people see it.

use std::{fs, process::Child, time::Duration};

use jsonrpsee::{
	core::client::{ClientT, Subscription, SubscriptionClientT},
	rpc_params,
	ws_client::WsClientBuilder,
};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::{
	machine::Machine,
	node::Node,
	scrape::{free, until_told},
};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon, until it is dropped.
struct Daemon(Child);

impl Drop for Daemon {
	fn drop(&mut self) {
		let _ = self.0.kill();
		let _ = self.0.wait();
	}
}

#[tokio::test]
async fn a_running_daemon_tells_how_it_is() {
	// GIVEN a daemon that nobody has registered
	let mut node = Node::start().await;
	let alice = Machine::new(&node.url(), "//Alice");
	alice.does("key new");
	let (metrics, rpc) = (free(), free());
	let arguments =
		format!("run --listen 127.0.0.1:0 --metrics {metrics} --rpc {rpc} --log-format json");
	let log = fs::File::create(alice.file("log")).unwrap();
	let mut daemon = Daemon(alice.command(&arguments).stderr(log).spawn().unwrap());

	// THEN it says what it waits for
	let text = until_told(metrics, "cairn_worker_info").await;
	assert!(text.starts_with("HTTP/1.1 200"), "{text}");
	assert!(!text.contains("cairn_worker_bond_crn"), "{text}");
	let client = WsClientBuilder::default().build(format!("ws://{rpc}")).await.unwrap();
	let waits = async {
		loop {
			let status: Value = client.request("cairn_status", rpc_params![]).await.unwrap();
			assert_eq!(status["provider"], Value::Null);
			let told = status["told"][0]["words"].as_str().unwrap_or_default();
			if told.contains("no provider has registered this machine's key") {
				return;
			}
			sleep(Duration::from_millis(100)).await;
		}
	};
	timeout(PATIENCE, waits).await.unwrap();
	let mut changes: Subscription<Value> = client
		.subscribe("cairn_subscribeStatus", rpc_params![], "cairn_unsubscribeStatus")
		.await
		.unwrap();

	// WHEN somebody registers it
	alice.does("provider register --address 127.0.0.1:4001 --bond 20");

	// THEN metrics, the API and its subscribers know
	until_told(metrics, "cairn_worker_bond_crn 20").await;
	// It is given something to spend a block later.
	let text = until_told(metrics, "cairn_worker_balance_crn{account=\"worker\"} 1").await;
	for line in [
		"cairn_worker_bond_committed_crn 0",
		"cairn_worker_balance_crn{account=\"worker\"} 1",
		"cairn_worker_node_answers 1",
		"cairn_worker_faults 0",
	] {
		assert!(text.lines().any(|found| found == line), "{line} is missing:\n{text}");
	}
	let status: Value = client.request("cairn_status", rpc_params![]).await.unwrap();
	assert_eq!(status["provider"], alice.json("status")["provider"]);
	assert_eq!(status["account"]["registration"]["bond"], "20");
	let seats: Value = client.request("cairn_seats", rpc_params![]).await.unwrap();
	assert_eq!(seats, Value::Array(vec![]));
	let heard = async {
		while let Some(status) = changes.next().await {
			if status.unwrap()["account"]["registration"]["bond"] == "20" {
				return;
			}
		}
		panic!("the subscription ended");
	};
	timeout(PATIENCE, heard).await.unwrap();

	// AND each line of the log is an object
	let log = fs::read_to_string(alice.file("log")).unwrap();
	let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
	assert!(events.iter().any(|event| event["message"] == "working"), "{log}");

	// AND a second one on the same port says so
	let complaint =
		alice.fails(&format!("run --data other --listen 127.0.0.1:0 --metrics {metrics}"));
	assert!(complaint.contains("Choose another port with --metrics"), "{complaint}");
	let complaint = alice.fails(&format!("run --data other --listen 127.0.0.1:0 --rpc {rpc}"));
	assert!(complaint.contains("Choose another port with --rpc"), "{complaint}");
	let complaint = alice.fails("run --data other --listen 127.0.0.1:0 --tui");
	assert!(complaint.contains("needs a terminal"), "{complaint}");

	// WHEN the node is gone, THEN that is told
	node.kill();
	until_told(metrics, "cairn_worker_node_answers 0").await;
	assert!(daemon.0.try_wait().unwrap().is_none(), "it goes on");
}
