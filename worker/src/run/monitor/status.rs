//! What the views show.

use std::{
	collections::VecDeque,
	time::{SystemTime, UNIX_EPOCH},
};

use cairn_chain::AccountId;
use cairn_primitives::BlockNumber;
use serde::Serialize;

use super::SeatStatus;
use crate::commands::status::Account;

/// Words that are remembered.
const REMEMBERED: usize = 16;

/// How a daemon is.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
	/// Version of the program.
	pub version: &'static str,
	/// When it was started, in seconds since 1970.
	pub started: u64,
	/// Whom it works for; nobody until the machine is registered.
	pub provider: Option<AccountId>,
	/// Under which name other workers find it.
	pub endpoint: Option<String>,
	/// Whether it ends after the running windows.
	pub leaving: bool,
	/// The chain, as its node shows it.
	pub chain: ChainStatus,
	/// Where it works, by model.
	pub seats: Vec<SeatStatus>,
	/// What the chain says of the provider; nothing until it was asked.
	pub account: Option<Account>,
	/// What was told last, the newest behind.
	pub told: VecDeque<Told>,
}

/// The chain, as the node shows it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChainStatus {
	/// Address of the node.
	pub node: String,
	/// The network's name.
	pub name: String,
	/// Whether the node answers.
	pub answers: bool,
	/// Height of the newest block.
	pub best: BlockNumber,
	/// Height of the newest final block.
	pub r#final: BlockNumber,
	/// Nodes that the node is connected to.
	pub peers: usize,
	/// Whether it is still fetching old blocks.
	pub is_syncing: bool,
	/// Seconds for which nothing has become final, if that is long.
	pub silence: Option<u64>,
}

/// Something that a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
	/// When, in seconds since 1970.
	pub at: u64,
	/// What.
	pub words: String,
}

impl Status {
	/// Of a daemon that has just started.
	pub fn new(node: &str) -> Self {
		Self {
			version: env!("CARGO_PKG_VERSION"),
			started: seconds(SystemTime::now()),
			provider: None,
			endpoint: None,
			leaving: false,
			chain: ChainStatus { node: node.into(), answers: true, ..ChainStatus::default() },
			seats: Vec::new(),
			account: None,
			told: VecDeque::new(),
		}
	}

	/// Remember something, for a while.
	pub fn tell(&mut self, words: &str, at: SystemTime) {
		if self.told.len() == REMEMBERED {
			self.told.pop_front();
		}
		self.told.push_back(Told { at: seconds(at), words: words.into() });
	}
}

fn seconds(time: SystemTime) -> u64 {
	time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
