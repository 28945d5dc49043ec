//! What a worker does can be seen from outside while it does it.

use jsonrpsee::{core::client::ClientT, rpc_params, ws_client::WsClientBuilder};
use serde_json::Value;

use crate::{
	network::Network,
	scrape::{free, until_told},
};

/// The value of a metric of one place, by its name and what its labels have besides model and stage.
fn value(metrics: &str, name: &str, label: &str) -> f64 {
	let is_it = |line: &&str| line.starts_with(name) && line.contains(label);
	let line = metrics.lines().find(is_it).unwrap_or_else(|| panic!("{name}:\n{metrics}"));
	line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make test-faults` runs it"]
async fn a_window_is_seen_in_metrics_and_status() {
	// GIVEN workers that train, one of which is started again with its views open
	let mut network = Network::start(4).await;
	network.attested(0).await;
	let (metrics, rpc) = (free(), free());
	let settings = format!("[run]\nmetrics = \"{metrics}\"\nrpc = \"{rpc}\"\n");
	let watched = &mut network.workers[0];
	watched.kill();
	watched.machine.write("data/config.toml", &settings);
	watched.start();

	// WHEN it computes
	until_told(metrics, "cairn_worker_tokens_total").await;
	network.attested(1).await;

	// THEN its metrics add up to the window's work
	let text = until_told(metrics, "cairn_worker_final_units").await;
	let steps = f64::from(network.spec.window.steps);
	assert_eq!(value(&text, "cairn_worker_steps_total{", ""), steps, "{text}");
	assert_eq!(value(&text, "cairn_worker_window{", ""), 1.0);
	assert_eq!(value(&text, "cairn_worker_window_steps{", "done"), steps);
	assert!(value(&text, "cairn_worker_units_total{", "") >= 1.0);
	assert_eq!(value(&text, "cairn_worker_broken_lanes_total{", ""), 0.0);
	let batch = f64::from(network.spec.schedule.batch_at(0));
	let tokens = steps * batch * f64::from(network.spec.architecture.context);
	assert_eq!(value(&text, "cairn_worker_tokens_total{", ""), tokens);
	for direction in ["sent", "received"] {
		assert!(value(&text, "cairn_worker_edge_bytes_total{", direction) > tokens);
	}
	assert!(value(&text, "cairn_worker_lane_seconds_total{", "compute") > 0.0);

	// AND the status says the same, with what the chain says beside it
	let client = WsClientBuilder::default().build(format!("ws://{rpc}")).await.unwrap();
	let status: Value = client.request("cairn_status", rpc_params![]).await.unwrap();
	let seat = &status["seats"][0];
	assert_eq!(seat["window"], 1, "{status}");
	assert_eq!(seat["step"], network.spec.window.steps, "{status}");
	assert_eq!(seat["neighbours"].as_array().unwrap().len(), 1, "{status}");
	assert_eq!(status["account"]["places"][0]["place"]["stage"], seat["stage"], "{status}");
}
