//! A hundred thousand random operations with adversarial amounts: the invariants, and the promises of the README.

use crate::{mock::*, MinValidators, Queue, Status};
use frame_support::{dispatch::DispatchResult, traits::fungible::Mutate};
use rand::{seq::SliceRandom, Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sp_session::MembershipProof;
use sp_staking::SessionIndex;
use std::collections::{BTreeMap, BTreeSet};

const SEEDS: u64 = 5;
const OPERATIONS: usize = 20_000;
/// After how many operations the invariants are checked.
const CHECK_EVERY: usize = 20;
/// Amounts have at most so many digits after the first: 10³⁰, and 10³² for the richest accounts.
const DIGITS: u32 = 30;
const WEALTH: u32 = 32;

/// What the test remembers of a chain, to hold it against later.
struct World {
	rng: ChaCha8Rng,
	/// Proofs of who sat in which session.
	proofs: Vec<(AccountId, MembershipProof)>,
	/// The bond that each validator entered each session with, and the largest fraction reported.
	due: BTreeMap<(SessionIndex, AccountId), (Balance, u32)>,
	/// The next slot for an offence.
	slot: u64,
	/// How often each operation succeeded.
	done: BTreeMap<&'static str, usize>,
}

impl World {
	/// Any order of magnitude is as likely as another; powers of ten and their neighbours are common.
	fn amount(&mut self, digits: u32) -> Balance {
		let most: Balance = 10u128.pow(self.rng.gen_range(0..=digits));
		match self.rng.gen_range(0..4) {
			0 => most,
			1 => (most - 1).max(1),
			_ => self.rng.gen_range(1..=most),
		}
	}

	/// Some accounts are poor, others can pay any bond of this test.
	fn endow(&mut self) {
		for who in 1..=ACCOUNTS {
			let wealth = self.amount(WEALTH);
			Balances::mint_into(&who, wealth).unwrap();
		}
	}

	fn account(&mut self) -> AccountId {
		self.rng.gen_range(1..=ACCOUNTS)
	}

	fn count(&mut self, what: &'static str, success: bool) {
		*self.done.entry(what).or_default() += usize::from(success);
	}

	fn call(
		&mut self,
		what: &'static str,
		call: impl FnOnce(RuntimeOrigin, AccountId) -> DispatchResult,
	) {
		let who = self.account();
		let result = call(RuntimeOrigin::signed(who), who);
		self.count(what, result.is_ok());
	}

	fn step(&mut self) {
		let amount = self.amount(DIGITS);
		match self.rng.gen_range(0..100) {
			0..=14 => self.call("apply", |origin, who| {
				if Session::load_keys(&who).is_none() && Balances::free_balance(who) > 100 {
					register_keys(who, keys_of(who));
				}
				Validators::apply(origin, amount)
			}),
			15..=29 => {
				self.call("approve", |_, who| Validators::approve(RuntimeOrigin::root(), who))
			},
			30..=34 => self.bond_more(amount),
			35..=41 => self.call("leave", |origin, _| Validators::leave(origin)),
			42..=43 => self.call("remove", |_, who| Validators::remove(RuntimeOrigin::root(), who)),
			44..=58 => self.call("withdraw", |origin, _| Validators::withdraw(origin)),
			59..=60 => self.call("purge_keys", |origin, _| Validators::purge_keys(origin)),
			61 => {
				let floor = self.rng.gen_range(3..7);
				let set = Validators::set_min_validators(RuntimeOrigin::root(), floor);
				self.count("set_min_validators", set.is_ok());
			},
			62..=66 => self.offend(),
			67..=89 => run_to(System::block_number() + 1),
			_ => {},
		}
		if !System::block_number().is_multiple_of(SessionLength::get()) {
			self.roll();
		}
	}

	/// A bond grows by exactly what is added, and the largest amounts neither wrap nor saturate.
	fn bond_more(&mut self, amount: Balance) {
		let who = self.account();
		let before = bond_of(who);
		let grown = Validators::bond_more(RuntimeOrigin::signed(who), amount).is_ok();
		assert_eq!(bond_of(who), before + if grown { amount } else { 0 });
		self.count("bond_more", grown);
		self.count("large bond", grown && amount > 10u128.pow(DIGITS - 6));
		self.count("small bond", grown && amount < 10);
	}

	/// A validator of a session that may be long ago equivocates, or did.
	fn offend(&mut self) {
		let Some((who, proof)) = self.proofs.choose(&mut self.rng).cloned() else { return };
		let session = proof.session;
		let offender = convict(who, proof);
		let age = Session::current_index() - session;
		assert_eq!(offender.is_some(), age <= HistoryDepth::get(), "session {session}, age {age}");
		let Some(offender) = offender else { return };
		let (bond, worst) = self.due.get_mut(&(session, who)).unwrap();
		assert_eq!(offender.1.bond, *bond, "a bond in a proof has changed");

		let share: u32 = self.rng.gen_range(0..=60);
		self.slot += 1;
		let reporter = Some(self.rng.gen_range(1..=ACCOUNTS));
		let before = bond_of(who);
		let more = share.max(10).saturating_sub(*worst);
		let expected = before.min(
			percent((*worst).max(share).max(10)).mul_ceil(*bond) - percent(*worst).mul_ceil(*bond),
		);
		report_all(vec![offender], session, self.slot, percent(share), reporter).unwrap();
		*worst += more;
		assert_eq!(before - bond_of(who), expected, "the bond was slashed more or less than once");
		self.count("offence", expected > 0);
	}

	/// Lets a session begin now and then, and compares the sets.
	fn roll(&mut self) {
		if !self.rng.gen_bool(0.06) {
			return;
		}
		let old: Vec<_> = planned();
		let queue: Vec<_> = Queue::<Test>::get().into_inner();
		let going: BTreeSet<_> =
			old.iter().copied().filter(|who| status_of(*who) != Status::Active).collect();
		let floor = MinValidators::<Test>::get() as usize;
		let limit = (old.len() / 4).max(1);

		roll_sessions(1);

		let new = planned();
		let left: Vec<_> = old.iter().filter(|who| !new.contains(who)).collect();
		let joined: Vec<_> = new.iter().filter(|who| !old.contains(who)).copied().collect();
		assert!(left.len() <= limit && joined.len() <= limit, "{old:?} {new:?}");
		assert!(new.len() >= floor && new.len() <= MaxValidators::get() as usize);
		assert!(left.iter().all(|who| going.contains(who)), "somebody was unseated for no reason");
		assert!(queue.starts_with(&joined), "the queue was jumped");
		// Nobody is kept or passed over who need not be.
		let kept = going.len() - left.len();
		assert!(kept == 0 || left.len() == limit || new.len() == floor, "{old:?} {new:?}");
		assert!(
			joined.len() == queue.len().min(limit) || new.len() == MaxValidators::get() as usize
		);
		self.count("joined", !joined.is_empty());
		self.count("left", !left.is_empty());
		self.count("held back", kept > 0);
		self.check_disabled();
		self.remember();
	}

	/// As many ejected validators as can be are disabled, and nobody else who has a seat.
	fn check_disabled(&mut self) {
		let validators = Session::validators();
		let ejected = validators
			.iter()
			.filter(|who| matches!(status_of(**who), Status::Ejected { .. }))
			.count();
		let most = (validators.len() - 1) / 3;
		assert!(disabled().len() >= ejected.min(most), "an offender may go on validating");
		self.count("disabled", ejected > 0);
	}

	/// Notes who sits in the session that has begun.
	fn remember(&mut self) {
		let session = Session::current_index();
		for seat in crate::Current::<Test>::get() {
			// Proofs are what takes the time of this test.
			if self.rng.gen_ratio(1, 3) {
				self.proofs.push((seat.who, prove(seat.who)));
			}
			self.due.insert((session, seat.who), (seat.bond, 0));
		}
		let oldest = session.saturating_sub(HistoryDepth::get() + 2);
		self.proofs.retain(|(_, proof)| proof.session >= oldest);
	}
}

fn run(seed: u64) -> BTreeMap<&'static str, usize> {
	let mut done = BTreeMap::new();
	ExtBuilder::default().build_and_execute(|| {
		let mut world = World {
			rng: ChaCha8Rng::seed_from_u64(seed),
			proofs: vec![],
			due: BTreeMap::new(),
			slot: 0,
			done: BTreeMap::new(),
		};
		world.endow();
		let issuance = Balances::total_issuance();
		world.remember();
		for operation in 0..OPERATIONS {
			world.step();
			if operation.is_multiple_of(CHECK_EVERY) {
				if let Err(broken) = Validators::do_try_state() {
					panic!("seed {seed}, operation {operation}: {broken:?}");
				}
			}
			// No inflation, and nothing vanishes but what the destination burned.
			assert_eq!(Balances::total_issuance(), issuance - SlashedFunds::get());
			System::reset_events();
		}
		done = world.done;
	});
	done
}

#[test]
fn a_hundred_thousand_random_operations_break_no_promise() {
	let mut total = BTreeMap::<_, usize>::new();
	for seed in 0..SEEDS {
		for (what, count) in run(seed) {
			*total.entry(what).or_default() += count;
		}
	}
	// A test in which nothing happens proves nothing.
	for (what, count) in &total {
		assert!(*count >= 10, "{what} succeeded only {count} times: {total:?}");
	}
	assert_eq!(total.len(), 15, "{total:?}");
}
