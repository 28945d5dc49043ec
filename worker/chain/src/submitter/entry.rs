//! What the machine notes about one request.

use cairn_primitives::{Balance, BlockNumber, Hash};

use super::{machine::Content, rules::Rules};

/// Most final blocks between two tries.
const LONGEST_PAUSE: BlockNumber = 8;

/// An open request.
#[derive(Debug)]
pub(super) struct Entry {
	pub rules: Rules,
	/// It only fills a gap between nonces: nobody waits for a verdict.
	pub is_filler: bool,
	/// What was signed for it and may still be found in a block.
	pub attempts: Vec<Attempt>,
	pub stage: Stage,
}

/// How far a request is.
#[derive(Debug)]
pub(super) enum Stage {
	/// To be checked, unless the request has no check.
	New,
	/// The driver checks.
	Checking,
	/// Waits for a nonce.
	Ready,
	/// Has a nonce.
	Live(Live),
}

/// A request with a nonce.
#[derive(Debug)]
pub(super) struct Live {
	pub nonce: u64,
	pub tip: Balance,
	/// The driver was told to send it, and has not answered.
	pub is_sending: bool,
	/// It is too late for the request, but what is on its way has to be decided.
	pub is_given_up: bool,
	/// The height at which it was sent last.
	pub sent_at: BlockNumber,
	/// It is not sent before this height.
	pub not_before: BlockNumber,
	/// How often a pool called it invalid.
	pub strikes: u8,
	pause: BlockNumber,
}

/// One signed transaction.
#[derive(Debug)]
pub(super) struct Attempt {
	pub hash: Hash,
	pub content: Content,
	/// The last block that can contain it.
	pub last: BlockNumber,
	/// The pool refused it, or another transaction took its nonce: it is not expected in any block.
	pub is_void: bool,
}

impl Entry {
	pub fn new(rules: Rules, is_filler: bool) -> Self {
		Self { rules, is_filler, attempts: Vec::new(), stage: Stage::New }
	}

	pub fn live(&self) -> Option<&Live> {
		match &self.stage {
			Stage::Live(live) => Some(live),
			_ => None,
		}
	}

	pub fn live_mut(&mut self) -> Option<&mut Live> {
		match &mut self.stage {
			Stage::Live(live) => Some(live),
			_ => None,
		}
	}

	/// Whether a transaction of it may still get into a block.
	pub fn is_out(&self) -> bool {
		self.attempts.iter().any(|attempt| !attempt.is_void)
	}

	/// Such attempts are not expected in any block.
	pub fn void_attempts(&mut self, are_void: impl Fn(&Attempt) -> bool) {
		for attempt in self.attempts.iter_mut().filter(|attempt| are_void(attempt)) {
			attempt.is_void = true;
		}
	}

	/// Whether it is pointless after a final block of this height.
	pub fn is_late(&self, height: BlockNumber) -> bool {
		self.rules.until.is_some_and(|until| height >= until)
	}

	/// Whether it waits for a nonce and may have one.
	pub fn may_start(&self, height: BlockNumber) -> bool {
		matches!(self.stage, Stage::Ready) && !self.is_late(height)
	}
}

impl Live {
	pub fn new(nonce: u64, tip: Balance) -> Self {
		Self {
			nonce,
			tip,
			is_sending: false,
			is_given_up: false,
			sent_at: 0,
			not_before: 0,
			strikes: 0,
			pause: 0,
		}
	}

	/// The pool has it: there is nothing to wait for.
	pub fn hurry(&mut self, height: BlockNumber) {
		self.pause = 0;
		self.not_before = height;
	}

	/// Wait before the next try, longer each time.
	pub fn slow_down(&mut self, height: BlockNumber) {
		self.pause = self.pause.saturating_mul(2).clamp(1, LONGEST_PAUSE);
		self.not_before = height.saturating_add(self.pause);
	}
}
