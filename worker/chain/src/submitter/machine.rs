//! The submitter's decisions, as a state machine over final blocks and the pool's answers. It knows no network: values go in,
//! [`Command`]s come out.
//!
//! # Why nothing is executed twice
//!
//! A request has one nonce at a time, and however often it is signed anew, for another tip or after it expired, it keeps that
//! nonce. Of all transactions with one nonce the chain executes at most one. Only when a final block shows that *another*
//! transaction took the nonce does the request get a new one. So within the life of a machine no request is executed twice,
//! whatever pools drop, forks undo or nodes forget.
//!
//! A process that dies takes the machine with it, but not what it sent. What is left of that is bounded by a [`Horizon`], which
//! is on disk before anything is sent: requests that must not be repeated wait until the horizon is passed.

use std::collections::{BTreeMap, VecDeque};

use cairn_primitives::{Balance, BlockNumber, Hash};

use super::{
	entry::{Attempt, Entry, Live, Stage},
	pool::Answer,
	rules::{Horizon, Rules, Tips},
};

/// Blocks for which a transaction is valid. A power of two, as eras are.
pub const MORTALITY: BlockNumber = 64;
/// Final blocks after which a transaction that still waits in the pool is sent with a higher tip.
pub const PATIENCE: BlockNumber = 8;
/// How often a pool may call a transaction invalid before its request fails: a runtime upgrade explains it once or twice.
const STRIKES: u8 = 3;
/// Transactions that are on their way at a time. Pools take many more of one account.
const MOST_LIVE: usize = 64;

/// Names a request.
pub type Id = u64;

/// What a final block told about the submitter's account.
#[derive(Clone, Debug)]
pub struct FinalBlock<I> {
	/// Its height.
	pub height: BlockNumber,
	/// The account's next nonce after the block.
	pub nonce: u64,
	/// The account's next nonce after everything that the node's best chain and pool hold.
	pub pool_nonce: u64,
	/// Which of the machine's transactions are in the block, and what became of them.
	pub included: Vec<(Hash, I)>,
}

/// What the machine asks of its driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<I> {
	/// Find out in the newest final state whether the request is done already; answer with [`Machine::checked`].
	Check(Id),
	/// Sign and send; answer with [`Machine::signed`] before, and [`Machine::answered`] after sending.
	Send {
		/// The request.
		id: Id,
		/// The nonce to sign.
		nonce: u64,
		/// The tip to sign.
		tip: Balance,
		/// Whether to send the request, or something that does nothing and takes the nonce.
		content: Content,
	},
	/// The request is over.
	Settle(Id, Verdict<I>),
}

/// What a transaction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
	/// What was requested.
	Request,
	/// Nothing: it closes a gap before later nonces.
	Nothing,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<I> {
	/// One of its transactions is in a final block.
	Included(I),
	/// The chain's state shows that it was done already.
	AlreadyDone,
	/// It was in no block until its deadline, and never will be.
	TooLate,
	/// The account cannot pay the fee. It is in no block and never will be.
	Unpayable,
	/// The node refused it again and again. It is in no block and never will be.
	Invalid(String),
}

/// See the module.
#[derive(Debug)]
pub struct Machine<I> {
	tips: Tips,
	horizon: Option<Horizon>,
	view: Option<View>,
	requests: BTreeMap<Id, Entry>,
	next_id: Id,
	commands: VecDeque<Command<I>>,
}

/// What is known of the account.
#[derive(Clone, Copy, Debug)]
struct View {
	height: BlockNumber,
	nonce: u64,
	pool_nonce: u64,
	/// Nonces below this one are taken by transactions that are not the machine's, as far as the pool knows.
	foreign: u64,
}

impl<I> Machine<I> {
	/// A machine that knows no block yet. `horizon` is what earlier lives of its key left.
	pub fn new(tips: Tips, horizon: Option<Horizon>) -> Self {
		Self {
			tips,
			horizon,
			view: None,
			requests: BTreeMap::new(),
			next_id: 0,
			commands: VecDeque::new(),
		}
	}

	/// Take in a request.
	pub fn request(&mut self, rules: Rules) -> Id {
		let id = self.add(rules, false);
		self.go_on();
		id
	}

	/// The driver's answer to [`Command::Check`]; `None` if the state could not be read.
	pub fn checked(&mut self, id: Id, is_done: Option<bool>) {
		let Some(view) = self.view else { return };
		let is_clear = self.is_clear(&view);
		let Some(entry) = self.requests.get_mut(&id) else { return };
		match is_done {
			Some(true) => self.settle(id, Verdict::AlreadyDone),
			Some(false) if is_clear && entry.is_late(view.height) => {
				self.settle(id, Verdict::TooLate)
			},
			Some(false) => {
				entry.stage = Stage::Ready;
				self.go_on();
			},
			// With the next block it is asked for again.
			None => entry.stage = Stage::New,
		}
	}

	/// The driver has signed what [`Command::Send`] told, and will send it now. `last` is the last block that can contain it.
	pub fn signed(&mut self, id: Id, hash: Hash, content: Content, last: BlockNumber) {
		if let Some(entry) = self.requests.get_mut(&id) {
			entry.attempts.push(Attempt { hash, content, last, is_void: false });
		}
	}

	/// The pool's answer to a transaction. Without a hash it could not even be signed.
	pub fn answered(&mut self, id: Id, hash: Option<Hash>, answer: Answer) {
		let (tips, Some(view)) = (self.tips, &mut self.view) else { return };
		let Some(entry) = self.requests.get_mut(&id) else { return };
		if answer.is_refusal() {
			// It never was in a pool, and nobody else was shown it.
			entry.void_attempts(|attempt| Some(attempt.hash) == hash);
		}
		let is_out = entry.is_out();
		let Some(live) = entry.live_mut() else { return };
		live.is_sending = false;
		match answer {
			Answer::Taken => live.hurry(view.height),
			Answer::NonceTaken if is_out => live.hurry(view.height),
			Answer::NonceTaken => {
				// By somebody else's transaction: the next block tells what became of it.
				view.foreign = view.foreign.max(live.nonce.saturating_add(1));
				entry.stage = Stage::Ready;
			},
			Answer::NoRoom => {
				live.tip = tips.above(live.tip);
				live.slow_down(view.height);
			},
			Answer::Unpayable if !is_out => self.settle(id, Verdict::Unpayable),
			Answer::Invalid(reason) => {
				live.strikes = live.strikes.saturating_add(1);
				live.slow_down(view.height);
				if live.strikes >= STRIKES && !is_out {
					self.settle(id, Verdict::Invalid(reason));
				}
			},
			Answer::Silence | Answer::NotNow | Answer::Unpayable => live.slow_down(view.height),
		}
	}

	/// A block became final. Blocks come in order.
	pub fn block(&mut self, block: FinalBlock<I>) {
		for (hash, inclusion) in block.included {
			self.include(hash, inclusion);
		}
		let highest = self.lives().map(|live| live.nonce.saturating_add(1)).max().unwrap_or(0);
		let own = highest.max(block.nonce);
		let foreign = if block.pool_nonce > own { block.pool_nonce } else { block.nonce };
		let (height, nonce, pool_nonce) = (block.height, block.nonce, block.pool_nonce);
		let view = View { height, nonce, pool_nonce, foreign };
		self.view = Some(view);
		self.decide(&view);
		self.give_up(&view);
		self.send_again();
		self.go_on();
	}

	/// What the driver has to do next. It obeys all commands before it tells anything else than what they ask for.
	pub fn next_command(&mut self) -> Option<Command<I>> {
		self.commands.pop_front()
	}

	/// Whether a transaction in a block is one of the machine's.
	pub fn knows(&self, hash: &Hash) -> bool {
		self.find(hash).is_some()
	}

	fn add(&mut self, rules: Rules, is_filler: bool) -> Id {
		let id = self.next_id;
		self.next_id += 1;
		self.requests.insert(id, Entry::new(rules, is_filler));
		id
	}

	fn find(&self, hash: &Hash) -> Option<(Id, Content)> {
		self.requests.iter().find_map(|(id, entry)| {
			let attempt = entry.attempts.iter().find(|attempt| attempt.hash == *hash)?;
			Some((*id, attempt.content))
		})
	}

	/// A transaction is in a final block.
	fn include(&mut self, hash: Hash, inclusion: I) {
		match self.find(&hash) {
			Some((id, Content::Request)) => self.settle(id, Verdict::Included(inclusion)),
			// It filled a gap, or took the nonce of a request that was given up.
			Some((id, Content::Nothing)) => self.rethink(id),
			None => (),
		}
	}

	/// Look through the requests whose nonce is taken, or whose transactions expired, as of a final block.
	fn decide(&mut self, view: &View) {
		for id in self.ids() {
			let Some(entry) = self.requests.get_mut(&id) else { continue };
			entry.attempts.retain(|attempt| attempt.last > view.height);
			let is_out = entry.is_out();
			let is_filler = entry.is_filler;
			let Some(live) = entry.live() else { continue };
			let is_taken = live.nonce < view.nonce;
			if is_taken || (live.is_given_up || is_filler) && !is_out {
				self.rethink(id);
			}
		}
	}

	/// A request whose transactions came to nothing begins anew; a filler has done what it could.
	fn rethink(&mut self, id: Id) {
		let Some(entry) = self.requests.get_mut(&id) else { return };
		if entry.is_filler {
			self.settle(id, Verdict::TooLate);
		} else {
			entry.void_attempts(|_| true);
			entry.stage = Stage::New;
		}
	}

	/// Give up requests whose deadline is over. What was sent may still get into a block, also by an earlier life of the key:
	/// then the verdict has to wait.
	fn give_up(&mut self, view: &View) {
		let is_clear = self.is_clear(view);
		for id in self.ids() {
			let Some(entry) = self.requests.get_mut(&id) else { continue };
			if !entry.is_late(view.height) {
				continue;
			}
			let (is_out, has_check) = (entry.is_out(), entry.rules.has_check);
			match &mut entry.stage {
				Stage::Live(live) if is_out => live.is_given_up = true,
				Stage::Checking => (),
				stage if has_check => *stage = Stage::New,
				_ if is_clear => self.settle(id, Verdict::TooLate),
				stage => *stage = Stage::Ready,
			}
		}
	}

	/// Whether nothing is on its way that an earlier life of the key has sent.
	fn is_clear(&self, view: &View) -> bool {
		self.horizon.is_none_or(|horizon| horizon.is_passed(view.nonce, view.height))
	}

	/// Send again what the pool has lost, and with a higher tip what it has kept for too long.
	fn send_again(&mut self) {
		let Some(view) = self.view else { return };
		let tips = self.tips;
		for id in self.ids_by_nonce() {
			let Some(entry) = self.requests.get_mut(&id) else { continue };
			let is_out = entry.is_out();
			let Some(live) = entry.live_mut() else { continue };
			if live.is_sending || view.height < live.not_before || view.height <= live.sent_at {
				continue;
			}
			let is_lost = !is_out || live.nonce >= view.pool_nonce;
			let is_stuck = view.height - live.sent_at >= PATIENCE;
			if is_stuck {
				live.tip = tips.above(live.tip);
			}
			if is_lost || is_stuck {
				self.send(id);
			}
		}
	}

	/// Check what is new, and give nonces to what is ready.
	fn go_on(&mut self) {
		let Some(view) = self.view else { return };
		let is_clear = self.is_clear(&view);
		for id in self.ids() {
			let Some(entry) = self.requests.get_mut(&id) else { continue };
			// What must not be repeated is looked for only when nothing can do it any more after the look.
			let may_look = is_clear || !entry.rules.is_once;
			if !matches!(entry.stage, Stage::New) || !may_look {
				continue;
			}
			if entry.rules.has_check {
				entry.stage = Stage::Checking;
				self.commands.push_back(Command::Check(id));
			} else {
				entry.stage = Stage::Ready;
			}
		}
		for id in self.ids() {
			let may_start = |entry: &Entry| entry.may_start(view.height);
			if self.requests.get(&id).is_some_and(may_start) && self.lives().count() < MOST_LIVE {
				let nonce = self.free_nonce(&view);
				self.start(id, nonce);
			}
		}
		self.fill_gaps(&view);
	}

	/// Take the nonces that nobody has below those on their way, because a pool holds back what comes after a gap.
	fn fill_gaps(&mut self, view: &View) {
		while self.lives().any(|live| live.nonce > self.free_nonce(view)) {
			let nonce = self.free_nonce(view);
			let id = self.add(Rules::default(), true);
			self.start(id, nonce);
		}
	}

	fn start(&mut self, id: Id, nonce: u64) {
		if let Some(entry) = self.requests.get_mut(&id) {
			entry.stage = Stage::Live(Live::new(nonce, self.tips.least));
			self.send(id);
		}
	}

	fn send(&mut self, id: Id) {
		let height = self.view.map_or(0, |view| view.height);
		let Some(entry) = self.requests.get_mut(&id) else { return };
		let is_filler = entry.is_filler;
		let Some(live) = entry.live_mut() else { return };
		live.is_sending = true;
		live.sent_at = height;
		let content =
			if is_filler || live.is_given_up { Content::Nothing } else { Content::Request };
		let (nonce, tip) = (live.nonce, live.tip);
		self.commands.push_back(Command::Send { id, nonce, tip, content });
	}

	/// The lowest nonce that is neither used nor on its way.
	fn free_nonce(&self, view: &View) -> u64 {
		let mut nonce = view.foreign.max(view.nonce);
		while self.lives().any(|live| live.nonce == nonce) {
			nonce += 1;
		}
		nonce
	}

	fn settle(&mut self, id: Id, verdict: Verdict<I>) {
		if self.requests.remove(&id).is_some_and(|entry| !entry.is_filler) {
			self.commands.push_back(Command::Settle(id, verdict));
		}
	}

	fn ids(&self) -> Vec<Id> {
		self.requests.keys().copied().collect()
	}

	fn ids_by_nonce(&self) -> Vec<Id> {
		let live = |(id, entry): (&Id, &Entry)| Some((entry.live()?.nonce, *id));
		let mut ids: Vec<(u64, Id)> = self.requests.iter().filter_map(live).collect();
		ids.sort_unstable();
		ids.into_iter().map(|(_, id)| id).collect()
	}

	fn lives(&self) -> impl Iterator<Item = &Live> {
		self.requests.values().filter_map(Entry::live)
	}
}
