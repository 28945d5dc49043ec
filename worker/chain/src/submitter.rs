//! Has calls done by the chain, once each, whatever becomes of transactions, nodes and forks on the way.
//!
//! A [`Submitter`] is one task for one key; nobody else should sign with it. It decides on final blocks only, and what it sends
//! again is the request, signed anew, not the old bytes. The `machine` module tells why nothing is done twice.

mod driver;
mod entry;
mod machine;
mod outcome;
mod pool;
mod request;
mod rules;
#[cfg(test)]
mod tests;

use std::path::Path;

use tokio::{
	sync::{mpsc, oneshot},
	task::JoinHandle,
};

pub use machine::MORTALITY;
pub use outcome::{Done, Failure, Included, Stopped};
pub use request::Request;
pub use rules::Tips;

use crate::{AccountId, Connection, Key};
use driver::{Driver, Order};

/// Requests that may wait to be taken in.
const WAITING_ROOM: usize = 64;

/// Signs and submits for one key. Dropping it ends its task; what was sent may still get into blocks.
pub struct Submitter {
	account: AccountId,
	orders: mpsc::Sender<Order>,
	task: JoinHandle<()>,
}

impl Submitter {
	/// Starts the task. `horizon` is the file that remembers how far the key has signed, so that nothing is done twice after a
	/// restart: one for each key and chain.
	pub fn start(
		connection: Connection,
		key: Key,
		tips: Tips,
		horizon: &Path,
	) -> Result<Self, Stopped> {
		let account = key.account();
		let (orders, inbox) = mpsc::channel(WAITING_ROOM);
		let driver = Driver::new(connection, key, tips, horizon, inbox)?;
		Ok(Self { account, orders, task: tokio::spawn(driver.run()) })
	}

	/// The account that signs.
	pub fn account(&self) -> &AccountId {
		&self.account
	}

	/// Has something done, and waits until that is final. Requests may be made side by side; they are sent in the order in which
	/// they came. Who does not wait to the end does not undo the request.
	pub async fn submit(&self, request: impl Into<Request>) -> Result<Done, Failure> {
		let (reply, verdict) = oneshot::channel();
		let order = Order { request: request.into(), reply };
		self.orders.send(order).await.map_err(|_| Stopped::TaskEnded)?;
		verdict.await.map_err(|_| Stopped::TaskEnded)?
	}
}

impl Drop for Submitter {
	fn drop(&mut self) {
		self.task.abort();
	}
}
