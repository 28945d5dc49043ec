//! The status API: JSON-RPC over HTTP and WebSockets. It tells, and changes nothing.
//!
//! | method | answer |
//! | --- | --- |
//! | `cairn_status` | all of [`Status`](crate::run::monitor::Status) |
//! | `cairn_seats` | its `seats` |
//! | `cairn_subscribeStatus` | `cairn_status` as a notification, now and when something has changed, once a second at most |

use std::{net::SocketAddr, sync::Arc, time::Duration};

use jsonrpsee::{
	core::{RegisterMethodError, RpcResult, SubscriptionResult},
	server::{Server, ServerHandle},
	PendingSubscriptionSink, RpcModule, SubscriptionMessage,
};
use tokio::time::sleep;

use super::ViewsError;
use crate::run::monitor::Monitor;

/// Pause between two notifications.
const PAUSE: Duration = Duration::from_secs(1);

/// Serve the API until the handle is dropped.
pub async fn serve(address: SocketAddr, monitor: Monitor) -> Result<ServerHandle, ViewsError> {
	let server = Server::builder().build(address).await;
	let server = server.map_err(|error| ViewsError::Rpc(address, error))?;
	Ok(server.start(module(monitor)?))
}

fn module(monitor: Monitor) -> Result<RpcModule<Monitor>, RegisterMethodError> {
	let mut module = RpcModule::new(monitor);
	module.register_method("cairn_status", |_, monitor, _| RpcResult::Ok(monitor.status()))?;
	module.register_method("cairn_seats", |_, monitor, _| RpcResult::Ok(monitor.status().seats))?;
	module.register_subscription(
		"cairn_subscribeStatus",
		"cairn_status",
		"cairn_unsubscribeStatus",
		|_, pending, monitor, _| tell(pending, monitor),
	)?;
	Ok(module)
}

/// Tell a subscriber how things are, until it goes.
async fn tell(pending: PendingSubscriptionSink, monitor: Arc<Monitor>) -> SubscriptionResult {
	let sink = pending.accept().await?;
	let mut changes = monitor.watch();
	loop {
		let status = changes.borrow_and_update().clone();
		sink.send(SubscriptionMessage::from_json(&status)?).await?;
		tokio::select! {
			() = sink.closed() => return Ok(()),
			() = sleep(PAUSE) => {},
		}
		tokio::select! {
			() = sink.closed() => return Ok(()),
			changed = changes.changed() => changed?,
		}
	}
}

#[cfg(test)]
mod tests {
	use jsonrpsee::core::EmptyServerParams;
	use serde_json::{json, Value};

	use super::*;

	#[tokio::test]
	async fn a_program_asks_how_things_are_and_hears_of_changes() {
		let monitor = Monitor::new("ws://node");
		monitor.took(3, 1);
		let module = module(monitor.clone()).unwrap();
		let none = EmptyServerParams::new();
		let status: Value = module.call("cairn_status", none.clone()).await.unwrap();
		assert_eq!(status["chain"]["node"], "ws://node");
		assert_eq!(status["seats"][0]["doing"], "waiting");
		let seats: Value = module.call("cairn_seats", none.clone()).await.unwrap();
		assert_eq!((&seats[0]["model"], &seats[0]["stage"]), (&json!(3), &json!(1)));

		let mut changes = module.subscribe_unbounded("cairn_subscribeStatus", none).await.unwrap();
		let (first, _) = changes.next::<Value>().await.unwrap().unwrap();
		assert_eq!(first["chain"]["final"], 0);
		monitor.finalised(7);
		let (then, _) = changes.next::<Value>().await.unwrap().unwrap();
		assert_eq!(then["chain"]["final"], 7);
	}
}
