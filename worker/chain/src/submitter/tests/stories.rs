//! What the machine does, case by case.

use cairn_primitives::{BlockNumber, Hash};

use crate::submitter::{
	machine::{Command, Content, FinalBlock, Id, Machine, Verdict, MORTALITY, PATIENCE},
	pool::Answer,
	rules::{Horizon, Rules, Tips},
};

const TIPS: Tips = Tips { least: 0, step: 10, most: 35 };

/// A machine whose account has made `nonce` transactions, as of final block 100.
struct Story {
	machine: Machine<&'static str>,
	height: BlockNumber,
	nonce: u64,
	hashes: u64,
}

impl Story {
	fn new(nonce: u64) -> Self {
		Self::after(nonce, None)
	}

	fn after(nonce: u64, horizon: Option<Horizon>) -> Self {
		let mut story = Self { machine: Machine::new(TIPS, horizon), height: 99, nonce, hashes: 0 };
		story.block(nonce);
		story
	}

	/// The next final block, which contains nothing of ours. The pool's next nonce is `pool_nonce`.
	fn block(&mut self, pool_nonce: u64) {
		self.block_with(pool_nonce, vec![]);
	}

	fn block_with(&mut self, pool_nonce: u64, included: Vec<(Hash, &'static str)>) {
		self.height += 1;
		let (height, nonce) = (self.height, self.nonce);
		self.machine.block(FinalBlock { height, nonce, pool_nonce, included });
	}

	/// The next command is to send, and the pool answers. Returns nonce, tip, content and hash.
	fn send(&mut self, answer: Answer) -> (u64, u128, Content, Hash) {
		let command = self.machine.next_command();
		let Some(Command::Send { id, nonce, tip, content }) = command else {
			panic!("expected something to send, found {command:?}")
		};
		self.hashes += 1;
		let hash = Hash::from_low_u64_be(self.hashes);
		self.machine.signed(id, hash, content, self.height + MORTALITY - 1);
		self.machine.answered(id, Some(hash), answer);
		(nonce, tip, content, hash)
	}

	fn nothing(&mut self) {
		assert_eq!(self.machine.next_command(), None);
	}

	fn verdict(&mut self, id: Id, verdict: Verdict<&'static str>) {
		assert_eq!(self.machine.next_command(), Some(Command::Settle(id, verdict)));
	}
}

#[test]
fn requests_get_consecutive_nonces_and_end_when_their_block_is_final() {
	let mut story = Story::new(5);
	let first = story.machine.request(Rules::default());
	let second = story.machine.request(Rules::default());
	let (nonce, _, _, hash) = story.send(Answer::Taken);
	assert_eq!(nonce, 5);
	let (nonce, _, _, other) = story.send(Answer::Taken);
	assert_eq!(nonce, 6);
	story.nothing();

	story.nonce = 6;
	story.block_with(7, vec![(hash, "done")]);
	story.verdict(first, Verdict::Included("done"));
	story.nothing();

	story.nonce = 7;
	story.block_with(7, vec![(other, "done, too")]);
	story.verdict(second, Verdict::Included("done, too"));
}

#[test]
fn what_the_pool_loses_is_signed_anew_with_the_same_nonce() {
	let mut story = Story::new(5);
	story.machine.request(Rules::default());
	story.send(Answer::Taken);
	story.block(6);
	story.nothing();
	story.block(5);
	assert_eq!(story.send(Answer::Taken).0, 5);
}

#[test]
fn both_of_two_transactions_with_one_nonce_end_the_request() {
	let mut story = Story::new(5);
	let id = story.machine.request(Rules::default());
	let (_, _, _, older) = story.send(Answer::Taken);
	story.block(5);
	story.send(Answer::Taken);
	story.nonce = 6;
	story.block_with(6, vec![(older, "done")]);
	story.verdict(id, Verdict::Included("done"));
}

#[test]
fn what_waits_too_long_pays_more_up_to_a_bound() {
	let mut story = Story::new(0);
	story.machine.request(Rules::default());
	let mut tips = vec![story.send(Answer::Taken).1];
	for _ in 0..4 {
		(0..PATIENCE).for_each(|_| story.block(1));
		tips.push(story.send(Answer::Taken).1);
	}
	assert_eq!(tips, [0, 10, 20, 35, 35]);
}

#[test]
fn a_full_pool_is_offered_more_after_ever_longer_pauses() {
	let mut story = Story::new(0);
	story.machine.request(Rules::default());
	story.send(Answer::NoRoom);
	story.block(0);
	assert_eq!(story.send(Answer::NoRoom).1, 10);
	story.block(0);
	story.nothing();
	story.block(0);
	assert_eq!(story.send(Answer::Taken).1, 20);
}

#[test]
fn a_nonce_that_a_stranger_took_is_replaced_after_a_look_at_the_state() {
	let mut story = Story::new(3);
	let id = story.machine.request(Rules { has_check: true, ..Rules::default() });
	assert_eq!(story.machine.next_command(), Some(Command::Check(id)));
	story.machine.checked(id, Some(false));
	story.send(Answer::Taken);
	story.nonce = 4;
	story.block(4);
	assert_eq!(story.machine.next_command(), Some(Command::Check(id)));
	story.machine.checked(id, Some(false));
	assert_eq!(story.send(Answer::Taken).0, 4);

	// AND where the state shows it, it is not sent again.
	story.nonce = 5;
	story.block(5);
	assert_eq!(story.machine.next_command(), Some(Command::Check(id)));
	story.machine.checked(id, Some(true));
	story.verdict(id, Verdict::AlreadyDone);
}

#[test]
fn a_stranger_in_the_pool_is_waited_for_behind() {
	let mut story = Story::new(3);
	story.block(5);
	story.machine.request(Rules::default());
	assert_eq!(story.send(Answer::Taken).0, 5);
	story.nothing();
}

#[test]
fn a_nonce_that_the_pool_refuses_is_left_to_its_owner() {
	let mut story = Story::new(3);
	story.machine.request(Rules::default());
	assert_eq!(story.send(Answer::NonceTaken).0, 3);
	story.nothing();
	story.block(4);
	assert_eq!(story.send(Answer::Taken).0, 4);
}

#[test]
fn a_gap_that_a_vanished_stranger_leaves_is_filled_with_nothing() {
	let mut story = Story::new(3);
	story.block(4);
	story.machine.request(Rules::default());
	assert_eq!(story.send(Answer::Taken).0, 4);
	story.block(3);
	// What stands behind the gap is sent again, in case it was lost too.
	assert_eq!(story.send(Answer::NonceTaken).0, 4);
	let (nonce, _, content, _) = story.send(Answer::Taken);
	assert_eq!((nonce, content), (3, Content::Nothing));
	story.nothing();
}

#[test]
fn an_account_without_money_is_told_at_once() {
	let mut story = Story::new(0);
	let id = story.machine.request(Rules::default());
	story.send(Answer::Unpayable);
	story.verdict(id, Verdict::Unpayable);
}

#[test]
fn what_may_be_in_a_pool_is_never_called_unpayable() {
	let mut story = Story::new(0);
	story.machine.request(Rules::default());
	story.send(Answer::Silence);
	story.block(0);
	story.send(Answer::Unpayable);
	story.nothing();
}

#[test]
fn what_stays_invalid_fails_with_the_nodes_reason() {
	let mut story = Story::new(0);
	let id = story.machine.request(Rules::default());
	let invalid = || Answer::Invalid("bad signature".into());
	story.send(invalid());
	story.block(0);
	story.send(invalid());
	story.block(0);
	story.block(0);
	story.send(invalid());
	story.verdict(id, Verdict::Invalid("bad signature".into()));
}

#[test]
fn a_late_request_that_was_never_sent_ends_at_its_deadline() {
	let mut story = Story::new(0);
	let id = story.machine.request(Rules { until: Some(102), ..Rules::default() });
	story.send(Answer::NotNow);
	story.block(0);
	story.send(Answer::NotNow);
	story.block(0);
	story.verdict(id, Verdict::TooLate);
	story.nothing();
}

#[test]
fn a_late_request_on_its_way_ends_when_that_is_decided() {
	let mut story = Story::new(0);
	let id = story.machine.request(Rules { until: Some(101), ..Rules::default() });
	let (_, _, _, hash) = story.send(Answer::Taken);
	story.block(1);
	story.nothing();

	// WHEN the pool loses it, something that does nothing takes its nonce.
	story.block(0);
	assert_eq!(story.send(Answer::Taken).2, Content::Nothing);
	// It may have got into a block all the same.
	story.nonce = 1;
	story.block_with(1, vec![(hash, "done")]);
	story.verdict(id, Verdict::Included("done"));
}

#[test]
fn a_late_request_whose_nonce_nothing_took_is_too_late() {
	let mut story = Story::new(0);
	let id = story.machine.request(Rules { until: Some(101), ..Rules::default() });
	story.send(Answer::Taken);
	story.block(0);
	let (_, _, content, hash) = story.send(Answer::Taken);
	assert_eq!(content, Content::Nothing);
	story.nonce = 1;
	story.block_with(1, vec![(hash, "nothing")]);
	story.verdict(id, Verdict::TooLate);
}

#[test]
fn what_must_not_be_repeated_waits_for_what_an_earlier_process_sent() {
	let horizon = Horizon { nonce: 8, height: 150 };
	let once = Rules { is_once: true, ..Rules::default() };
	let mut story = Story::after(7, Some(horizon));
	story.machine.request(once);
	story.nothing();
	// Others need not wait.
	story.machine.request(Rules::default());
	assert_eq!(story.send(Answer::Taken).0, 7);

	// WHEN all nonces that were ever signed are decided.
	story.nonce = 8;
	story.block(8);
	assert_eq!(story.send(Answer::Taken).0, 8);

	// OR WHEN all that was ever signed has expired.
	let mut story = Story::after(7, Some(horizon));
	story.machine.request(once);
	(101..150).for_each(|_| story.block(7));
	story.nothing();
	story.block(7);
	assert_eq!(story.send(Answer::Taken).0, 7);
}
