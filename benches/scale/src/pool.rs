//! Transactions that wait for a block, in the order in which an author takes them.

use std::{cmp::Reverse, collections::BTreeMap};

use cairn_primitives::{ModelId, StageIndex, UnitId, WindowIndex};
use cairn_runtime::{Runtime, RuntimeCall};
use codec::Encode;
use frame_support::dispatch::{DispatchInfo, GetDispatchInfo};
use pallet_transaction_payment::ChargeTransactionPayment;

use crate::keys::Signer;

/// Bytes of a signed transaction besides its call: address, signature, extensions.
const FRAME_OF_TRANSACTION: usize = 110;

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
	/// To populate the network.
	SetUp,
	/// To move a model's clock.
	Poke(ModelId),
	/// To attest a unit.
	Attest(UnitId),
	/// To draw the lots of a stage.
	Draw(ModelId, WindowIndex, StageIndex),
	/// To answer an audit.
	Verdict(UnitId),
	/// To remove a stage of an old window.
	Prune(ModelId, WindowIndex, StageIndex),
	/// To pay revenue.
	Deposit(ModelId),
	/// To claim revenue.
	Claim(ModelId),
}

impl Purpose {
	/// The name of the call.
	pub fn name(&self) -> &'static str {
		match self {
			Purpose::SetUp => "set-up",
			Purpose::Poke(_) => "poke_window",
			Purpose::Attest(_) => "attest",
			Purpose::Draw(..) => "draw_lots",
			Purpose::Verdict(_) => "verdict",
			Purpose::Prune(..) => "prune",
			Purpose::Deposit(_) => "deposit_revenue",
			Purpose::Claim(_) => "claim",
		}
	}
}

/// A transaction that is not signed yet: whoever sends it signs with the number that is due.
pub struct Waiting {
	/// Who signs.
	pub signer: Signer,
	/// What it does.
	pub call: RuntimeCall,
	/// What it is for.
	pub purpose: Purpose,
	/// The first block that could take it.
	pub arrived: u32,
	/// The last block in which it makes sense.
	pub deadline: u32,
}

/// Order of an author: what pays most for the scarce resource first, which without tips is what needs least of it; among
/// equals what came first.
pub type Place = (Reverse<u64>, u64);

/// All transactions that wait.
#[derive(Default)]
pub struct Pool {
	waiting: BTreeMap<Place, Waiting>,
	next: u64,
}

impl Pool {
	/// Take in a transaction.
	pub fn push(&mut self, waiting: Waiting) {
		let place = (Reverse(priority(&waiting.call)), self.next);
		self.next += 1;
		self.waiting.insert(place, waiting);
	}

	/// How many wait.
	pub fn len(&self) -> usize {
		self.waiting.len()
	}

	/// The place of the first, or of the first behind another.
	pub fn first_after(&self, place: Option<Place>) -> Option<Place> {
		use std::ops::Bound::{Excluded, Unbounded};
		let start = place.map_or(Unbounded, Excluded);
		self.waiting.range((start, Unbounded)).next().map(|(place, _)| *place)
	}

	/// A transaction that waits.
	pub fn at(&self, place: &Place) -> &Waiting {
		&self.waiting[place]
	}

	/// Take a transaction out.
	pub fn remove(&mut self, place: &Place) -> Waiting {
		self.waiting.remove(place).expect("it waits")
	}
}

/// The priority that the runtime gives a transaction without a tip.
fn priority(call: &RuntimeCall) -> u64 {
	let info: DispatchInfo = call.get_dispatch_info();
	let length = call.encoded_size() + FRAME_OF_TRANSACTION;
	ChargeTransactionPayment::<Runtime>::get_priority(&info, length, 0, 0)
}

/// The most that ordinary transactions of one block may weigh, in picoseconds.
pub fn normal_limit() -> u64 {
	<Runtime as frame_system::Config>::BlockWeights::get()
		.get(frame_support::dispatch::DispatchClass::Normal)
		.max_total
		.map_or(u64::MAX, |limit| limit.ref_time())
}
