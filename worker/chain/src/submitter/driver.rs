//! The machine's hands: reads blocks, signs and sends.

mod reading;
mod sending;

use std::{
	collections::BTreeMap,
	path::{Path, PathBuf},
};

use cairn_primitives::Hash;
use tokio::sync::{mpsc, oneshot};

use super::{
	machine::{Command, Id, Machine},
	outcome::{Done, Failure, Included, Stopped},
	request::Request,
	rules::{Horizon, Tips},
};
use crate::{disk, views::State, walk::Walk, BlockRef, Connection, Key};

/// A request, and who waits for its end.
pub(super) struct Order {
	pub request: Request,
	pub reply: oneshot::Sender<Result<Done, Failure>>,
}

/// What became of a transaction in a final block.
type Inclusion = Result<Included, Failure>;

pub(super) struct Driver {
	connection: Connection,
	key: Key,
	machine: Machine<Inclusion>,
	inbox: mpsc::Receiver<Order>,
	orders: BTreeMap<Id, Order>,
	walk: Walk,
	/// The newest final block, and its state.
	head: Option<(BlockRef, State)>,
	/// The account's next nonce after the last block that was read.
	nonce: Option<u64>,
	/// What was found in blocks that the machine has not been told about.
	found: Vec<(Hash, Inclusion)>,
	horizon: Horizon,
	horizon_file: PathBuf,
}

impl Driver {
	pub fn new(
		connection: Connection,
		key: Key,
		tips: Tips,
		horizon_file: &Path,
		inbox: mpsc::Receiver<Order>,
	) -> Result<Self, Stopped> {
		let horizon: Option<Horizon> =
			disk::load(horizon_file).map_err(|reason| Stopped::horizon(horizon_file, reason))?;
		Ok(Self {
			walk: Walk::after(connection.clone(), None),
			connection,
			key,
			machine: Machine::new(tips, horizon),
			inbox,
			orders: BTreeMap::new(),
			head: None,
			nonce: None,
			found: Vec::new(),
			horizon: horizon.unwrap_or_default(),
			horizon_file: horizon_file.into(),
		})
	}

	/// Works until the submitter is dropped, or cannot go on.
	pub async fn run(mut self) {
		let Err(reason) = self.work().await else { return };
		tracing::error!("no more transactions of {}: {reason}", self.key.account());
		for order in self.orders.into_values() {
			let _ = order.reply.send(Err(reason.clone().into()));
		}
		while let Some(order) = self.inbox.recv().await {
			let _ = order.reply.send(Err(reason.clone().into()));
		}
	}

	async fn work(&mut self) -> Result<(), Stopped> {
		loop {
			tokio::select! {
				order = self.inbox.recv() => match order {
					Some(order) => self.take(order),
					None => return Ok(()),
				},
				block = self.walk.next() => self.read(block?).await?,
			}
			while let Some(command) = self.machine.next_command() {
				self.obey(command).await?;
			}
		}
	}

	fn take(&mut self, order: Order) {
		let id = self.machine.request(order.request.rules());
		self.orders.insert(id, order);
	}

	async fn obey(&mut self, command: Command<Inclusion>) -> Result<(), Stopped> {
		match command {
			Command::Check(id) => {
				let is_done = self.is_done(id).await;
				self.machine.checked(id, is_done);
				Ok(())
			},
			Command::Send { id, nonce, tip, content } => {
				self.send(id, nonce, tip, content).await;
				Ok(())
			},
			Command::Settle(id, verdict) => {
				self.settle(id, verdict).await;
				Ok(())
			},
		}
	}
}
