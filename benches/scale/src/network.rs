//! A network: its chain, its keys, and the transactions that wait; and how a block is made of them.

use std::{
	collections::HashMap,
	time::{Duration, Instant},
};

use sp_runtime::{
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	DispatchError,
};

use crate::{
	attesting::{Common, Seats},
	chain::Chain,
	keys::Signer,
	pool::{Pool, Waiting},
	transaction,
};

/// Transactions that do not fit into a block before its author gives up, as in the node.
const SKIPPED: u32 = 8;

/// A network.
pub struct Network {
	/// Its chain.
	pub chain: Chain,
	/// Keys, spec and genesis.
	pub common: Common,
	/// What waits for a block.
	pub pool: Pool,
	/// Who sits where, by model.
	pub seats: Vec<Seats>,
	sent: HashMap<Signer, u32>,
}

/// A transaction in a block.
pub struct Included {
	/// What was sent.
	pub sent: Waiting,
	/// What became of it.
	pub result: Result<(), DispatchError>,
	/// Picoseconds that the block was charged for it, all included.
	pub weight: u64,
	/// How long it took in fact.
	pub took: Duration,
}

/// A block as it was made.
pub struct Made {
	/// Its number.
	pub number: u32,
	/// Its transactions.
	pub included: Vec<Included>,
	/// Transactions that were dropped because their time was over.
	pub missed: Vec<Waiting>,
	/// Picoseconds of its ordinary transactions.
	pub normal: u64,
	/// Picoseconds of everything.
	pub total: u64,
	/// Bytes of its transactions.
	pub bytes: usize,
	/// How long its execution took, from its first hook to its root.
	pub took: Duration,
}

impl Network {
	/// A network without models.
	pub fn new(chain: Chain, common: Common) -> Self {
		let (pool, seats, sent) = Default::default();
		Self { chain, common, pool, seats, sent }
	}

	/// Number of the block that comes next.
	pub fn next(&self) -> u32 {
		self.chain.number() + 1
	}

	/// Transactions that a signer has sent.
	pub fn count_of(&self, signer: Signer) -> u32 {
		self.sent.get(&signer).copied().unwrap_or_default()
	}

	/// Let a transaction wait for the next block that has room, however long that takes.
	pub fn send(&mut self, signer: Signer, call: impl Into<cairn_runtime::RuntimeCall>) {
		self.pool.push(Waiting {
			signer,
			call: call.into(),
			purpose: crate::pool::Purpose::SetUp,
			arrived: self.next(),
			deadline: u32::MAX,
		});
	}

	/// Make a block of what waits, as an author does: by priority, until nothing fits any more.
	pub fn make_block(&mut self) -> Made {
		let number = self.next();
		let began = Instant::now();
		let mut block = self.chain.begin();
		let mut took = began.elapsed();
		let (mut included, mut missed, mut bytes, mut skipped) = (Vec::new(), Vec::new(), 0, 0);
		let mut place = self.pool.first_after(None);
		while let Some(here) = place {
			place = self.pool.first_after(Some(here));
			let waiting = self.pool.at(&here);
			if number > waiting.deadline {
				missed.push(self.pool.remove(&here));
				continue;
			}
			let count = self.sent.entry(waiting.signer).or_default();
			let transaction = transaction::signed(
				waiting.call.clone(),
				self.common.keys.pair(waiting.signer),
				*count,
				self.common.genesis,
			);
			let before = block.normal();
			let began = Instant::now();
			let result = block.apply(&transaction);
			let spent = began.elapsed();
			took += spent;
			match result {
				Ok(result) => {
					*count += 1;
					bytes += transaction.len();
					let weight = block.normal() - before;
					let sent = self.pool.remove(&here);
					included.push(Included { sent, result, weight, took: spent });
				},
				Err(TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources)) => {
					skipped += 1;
					if skipped > SKIPPED {
						break;
					}
				},
				Err(error) => panic!("{:?} is refused: {error:?}", waiting.purpose),
			}
		}
		let weight = block.weight();
		let began = Instant::now();
		let sealed = block.finish();
		self.chain.import(sealed);
		took += began.elapsed();
		let normal = weight.get(frame_support::dispatch::DispatchClass::Normal).ref_time();
		let total = weight.total().ref_time();
		Made { number, included, missed, normal, total, bytes, took }
	}

	/// Make blocks until nothing waits; all of it has to succeed.
	pub fn settle(&mut self) {
		while self.pool.len() > 0 {
			for included in self.make_block().included {
				let call = included.sent.call;
				included.result.unwrap_or_else(|error| panic!("{call:?} failed: {error:?}"));
			}
		}
	}
}
