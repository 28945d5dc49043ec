//! A chain, a pool and the driver of a machine, all in memory.

use std::collections::{BTreeMap, BTreeSet};

use cairn_primitives::{Balance, BlockNumber, Hash};
use proptest::sample::Index;

use crate::submitter::{
	machine::{Command, Content, FinalBlock, Id, Machine, Verdict, MORTALITY},
	pool::Answer,
	rules::{Horizon, Rules, Tips},
};

/// Money and patience without end, so that tips are raised but decide nothing.
const TIPS: Tips = Tips { least: 0, step: 1, most: 1 << 40 };
/// Transactions in a block.
const BLOCK_SIZE: usize = 3;

/// Something that happens.
#[derive(Clone, Debug)]
pub enum Step {
	/// Somebody wants something done, within so many final blocks.
	Request { is_once: bool, patience: Option<u32> },
	/// A block is made.
	Block,
	/// The oldest block that is not final becomes final.
	Finalise,
	/// So many of the newest blocks are undone, and their transactions go back into the pool.
	Fork(usize),
	/// How the node treats what is sent to it changes.
	Weather(Weather),
	/// The pool forgets a transaction.
	Drop(Index),
	/// Some other node still has an old transaction, and hands it to ours.
	ComeBack(Index),
	/// Somebody else signs with the same key.
	Stranger,
	/// The process of the machine dies and starts again.
	Restart,
	/// So many empty blocks become final.
	Silence(u32),
}

/// How the node treats what is sent to it.
#[derive(Clone, Copy, Debug, Default)]
pub enum Weather {
	/// As it should.
	#[default]
	Fine,
	/// It gets nothing.
	LostOnTheWay,
	/// It takes everything, and its answers are lost.
	AnswerLost,
	/// The pool is full.
	NoRoom,
	/// It refuses for the moment.
	NotNow,
	/// It says that the account cannot pay.
	Unpayable,
}

/// A thing that somebody wants done, whatever becomes of processes.
#[derive(Clone, Debug)]
struct Wish {
	rules: Rules,
	/// How many processes were asked for it.
	processes: usize,
	verdict: Option<Verdict<BlockNumber>>,
}

#[derive(Clone, Debug)]
struct Transaction {
	hash: Hash,
	nonce: u64,
	tip: Balance,
	last: BlockNumber,
	/// The wish; none if it does nothing, or is a stranger's.
	wish: Option<usize>,
}

#[derive(Default)]
pub struct World {
	wishes: Vec<Wish>,
	open: BTreeMap<Id, usize>,
	machine: Option<Machine<BlockNumber>>,
	horizon: Option<Horizon>,
	weather: Weather,
	pool: BTreeMap<u64, Transaction>,
	/// Everything that ever reached a node.
	known: Vec<Transaction>,
	hashes: u64,
	chain: Vec<Vec<Transaction>>,
	final_blocks: usize,
	/// Nonces that the present machine's transactions have, and the last blocks that can contain them, by wish.
	signed: BTreeMap<usize, BTreeSet<(u64, BlockNumber)>>,
}

impl World {
	pub fn take(&mut self, step: Step) {
		match step {
			Step::Request { is_once, patience } => self.wish(is_once, patience),
			Step::Block => self.make_block(),
			Step::Finalise => self.finalise(),
			Step::Fork(depth) => self.fork(depth),
			Step::Weather(weather) => self.weather = weather,
			Step::Drop(index) => self.drop_from_pool(index),
			Step::ComeBack(index) => self.come_back(index),
			Step::Stranger => self.stranger(),
			Step::Restart => self.restart(),
			Step::Silence(blocks) => self.silence(blocks),
		}
		self.drive();
	}

	/// Good weather, for longer than any transaction lives.
	pub fn calm_down(&mut self) {
		self.weather = Weather::Fine;
		for _ in 0..4 * MORTALITY {
			self.take(Step::Block);
			self.take(Step::Finalise);
		}
		while self.final_blocks < self.chain.len() {
			self.take(Step::Finalise);
		}
	}

	/// What must be true in the end.
	pub fn check(&self) {
		assert!(self.open.is_empty(), "requests that never ended: {:?}", self.open);
		for (index, wish) in self.wishes.iter().enumerate() {
			let executions = self.executions(index, self.chain.len());
			if wish.rules.is_once {
				assert!(executions <= 1, "wish {index} was executed {executions} times");
			}
			let verdict = wish.verdict.as_ref().expect("what is not open has a verdict");
			let is_done = matches!(verdict, Verdict::Included(_) | Verdict::AlreadyDone);
			// What the account cannot pay now, an earlier process may have sent.
			if wish.processes == 1 || *verdict != Verdict::Unpayable {
				assert_eq!(is_done, executions > 0, "wish {index} ended with {verdict:?}");
			}
		}
	}

	/// How many transactions of a wish are in so many blocks.
	fn executions(&self, wish: usize, blocks: usize) -> usize {
		self.chain[..blocks].iter().flatten().filter(|tx| tx.wish == Some(wish)).count()
	}

	fn wish(&mut self, is_once: bool, patience: Option<u32>) {
		let until = patience.map(|patience| self.final_height() + patience);
		let rules = Rules { has_check: true, is_once, until };
		self.wishes.push(Wish { rules, processes: 0, verdict: None });
		self.request(self.wishes.len() - 1);
	}

	fn request(&mut self, wish: usize) {
		self.wishes[wish].processes += 1;
		let rules = self.wishes[wish].rules;
		let id = self.machine().request(rules);
		self.open.insert(id, wish);
	}

	/// The machine, which is told where the chain is when it starts.
	fn machine(&mut self) -> &mut Machine<BlockNumber> {
		if self.machine.is_none() {
			self.signed.clear();
			let mut machine = Machine::new(TIPS, self.horizon);
			machine.block(self.final_block(Vec::new()));
			self.machine = Some(machine);
		}
		self.machine.as_mut().expect("it was just made")
	}

	fn drive(&mut self) {
		while let Some(command) = self.machine().next_command() {
			match command {
				Command::Check(id) => {
					let is_done = self.executions(self.open[&id], self.final_blocks) > 0;
					self.machine().checked(id, Some(is_done));
				},
				Command::Send { id, nonce, tip, content } => self.send(id, nonce, tip, content),
				Command::Settle(id, verdict) => {
					let wish = self.open.remove(&id).expect("only what is open ends");
					self.wishes[wish].verdict = Some(verdict);
				},
			}
		}
	}

	fn send(&mut self, id: Id, nonce: u64, tip: Balance, content: Content) {
		let wish = self.open.get(&id).copied().filter(|_| content == Content::Request);
		self.hashes += 1;
		let hash = Hash::from_low_u64_be(self.hashes);
		let last = self.final_height() + MORTALITY - 1;
		let transaction = Transaction { hash, nonce, tip, last, wish };
		self.horizon = Some(self.horizon.unwrap_or_default().with(nonce, last));
		self.machine().signed(id, hash, content, last);
		let answer = self.submit(transaction);
		if let Some(wish) = wish.filter(|_| !answer.is_refusal()) {
			self.note_nonce(wish, nonce, last);
		}
		self.machine().answered(id, Some(hash), answer);
	}

	/// Fails if two transactions of one wish may get into blocks.
	fn note_nonce(&mut self, wish: usize, nonce: u64, last: BlockNumber) {
		let (decided, height) = (self.nonce_of(self.final_blocks), self.final_height());
		let signed = self.signed.entry(wish).or_default();
		signed.retain(|(nonce, last)| *nonce >= decided && *last > height);
		signed.insert((nonce, last));
		let nonces: BTreeSet<u64> = signed.iter().map(|(nonce, _)| *nonce).collect();
		assert_eq!(nonces.len(), 1, "wish {wish} has several nonces on their way: {nonces:?}");
	}

	fn submit(&mut self, transaction: Transaction) -> Answer {
		match self.weather {
			Weather::Fine => self.enter_pool(transaction),
			Weather::LostOnTheWay => Answer::Silence,
			Weather::AnswerLost => {
				self.enter_pool(transaction);
				Answer::Silence
			},
			Weather::NoRoom => Answer::NoRoom,
			Weather::NotNow => Answer::NotNow,
			Weather::Unpayable => Answer::Unpayable,
		}
	}

	fn enter_pool(&mut self, transaction: Transaction) -> Answer {
		let nonce = transaction.nonce;
		let is_worse = |other: &Transaction| other.tip >= transaction.tip;
		if nonce < self.nonce_of(self.chain.len()) || self.pool.get(&nonce).is_some_and(is_worse) {
			return Answer::NonceTaken;
		}
		self.known.push(transaction.clone());
		self.pool.insert(nonce, transaction);
		Answer::Taken
	}

	fn make_block(&mut self) {
		let height = self.chain.len() as BlockNumber + 1;
		let mut nonce = self.nonce_of(self.chain.len());
		self.pool.retain(|at, transaction| *at >= nonce && transaction.last >= height);
		let mut block = Vec::new();
		while block.len() < BLOCK_SIZE {
			let Some(transaction) = self.pool.remove(&nonce) else { break };
			block.push(transaction);
			nonce += 1;
		}
		self.chain.push(block);
	}

	fn finalise(&mut self) {
		let Some(block) = self.chain.get(self.final_blocks).cloned() else { return };
		self.final_blocks += 1;
		let height = self.final_height();
		let hashes: Vec<Hash> = block.iter().map(|transaction| transaction.hash).collect();
		let machine = self.machine();
		let own = hashes.into_iter().filter(|hash| machine.knows(hash));
		let included = own.map(|hash| (hash, height)).collect();
		let block = self.final_block(included);
		self.machine().block(block);
	}

	fn final_block(&self, included: Vec<(Hash, BlockNumber)>) -> FinalBlock<BlockNumber> {
		let mut pool_nonce = self.nonce_of(self.chain.len());
		while self.pool.contains_key(&pool_nonce) {
			pool_nonce += 1;
		}
		let nonce = self.nonce_of(self.final_blocks);
		FinalBlock { height: self.final_height(), nonce, pool_nonce, included }
	}

	fn fork(&mut self, depth: usize) {
		let keep = self.chain.len().saturating_sub(depth).max(self.final_blocks);
		for transaction in self.chain.split_off(keep).into_iter().flatten() {
			self.pool.entry(transaction.nonce).or_insert(transaction);
		}
	}

	fn drop_from_pool(&mut self, index: Index) {
		let nonces: Vec<u64> = self.pool.keys().copied().collect();
		if !nonces.is_empty() {
			self.pool.remove(index.get(&nonces));
		}
	}

	fn come_back(&mut self, index: Index) {
		if !self.known.is_empty() {
			let transaction = index.get(&self.known).clone();
			self.pool.entry(transaction.nonce).or_insert(transaction);
		}
	}

	fn stranger(&mut self) {
		self.hashes += 1;
		let hash = Hash::from_low_u64_be(self.hashes);
		let nonce = self.final_block(Vec::new()).pool_nonce;
		let last = self.final_height() + MORTALITY - 1;
		self.pool.insert(nonce, Transaction { hash, nonce, tip: 0, last, wish: None });
	}

	/// What was open is asked for again by the next process.
	fn restart(&mut self) {
		self.machine = None;
		let open: Vec<usize> = std::mem::take(&mut self.open).into_values().collect();
		for wish in open {
			self.request(wish);
		}
	}

	fn silence(&mut self, blocks: u32) {
		for _ in 0..blocks {
			self.chain.push(Vec::new());
			self.finalise();
			self.drive();
		}
	}

	/// The account's next nonce after so many blocks.
	fn nonce_of(&self, blocks: usize) -> u64 {
		self.chain[..blocks].iter().map(|block| block.len() as u64).sum()
	}

	fn final_height(&self) -> BlockNumber {
		self.final_blocks as BlockNumber
	}
}
