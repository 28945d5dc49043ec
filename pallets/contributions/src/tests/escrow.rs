//! A hundred thousand random operations on what is in escrow and on hold, with amounts from 1 to 10³⁰: points are minted,
//! void or in escrow, bonds are held, returned or taken, and nothing else.

use std::collections::BTreeMap;

use cairn_primitives::{
	attestation::{NonNegative, Verdict},
	Balance, Hash, Outcome, Points, UnitId, WindowIndex,
};
use frame_support::{
	dispatch::DispatchResult,
	traits::fungible::{Inspect, InspectHold, Mutate},
};
use rand::{seq::SliceRandom, Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sp_core::Pair;
use sp_runtime::DispatchError;

use crate::{
	mock::*, AuditState, Audits, Base, Check, Error, Event, HoldReason, Item, Latest, Lots, Newest,
	Phase, Stages, Suspicions, Unit, Units, WindowRow, Windows,
};

const STAGES: u8 = 2;
const LANES: u8 = 4;
/// What every account has, so that nobody runs out of bonds.
const RICH: Balance = 1 << 115;
/// Windows behind the newest whose units are still operated on.
const RECENT: WindowIndex = 6;

/// What became of points, by how they left or entered the escrow.
#[derive(Default)]
struct Ledger {
	booked: Points,
	minted: BTreeMap<u8, Points>,
	void: Points,
}

struct Chaos {
	random: ChaCha8Rng,
	ledger: Ledger,
	newest: WindowIndex,
}

impl Chaos {
	/// Any order of magnitude is as likely as another.
	fn amount(&mut self) -> u128 {
		let most = 10u128.pow(self.random.gen_range(0..=30));
		match self.random.gen_range(0..4) {
			0 => most,
			_ => self.random.gen_range(1..=most),
		}
	}

	fn someone(&mut self) -> u8 {
		let stage = self.random.gen_range(0..STAGES);
		match self.random.gen_range(0..3) {
			0 => standby(stage, self.random.gen_range(0..2)),
			_ => seat(stage, self.random.gen_range(0..LANES)),
		}
	}

	/// A unit of a recent window, which may or may not be there.
	fn recent(&mut self) -> UnitId {
		let window = self.newest.saturating_sub(self.random.gen_range(0..RECENT));
		unit(window, self.random.gen_range(0..STAGES), self.random.gen_range(0..LANES))
	}

	/// A window in which seats attested work worth whatever the dice say, and whose lots are drawn.
	fn book_window(&mut self) -> DispatchResult {
		self.newest += 1;
		ChallengeBond::set(self.amount());
		SuspicionBond::set(self.amount());
		PointsPerBond::set(self.amount());
		let window = start_window(self.newest);
		close_window(false);
		let mut row = WindowRow {
			deadline: window.deadline,
			samples: 0,
			base: Base::Open,
			needed_until: 0,
			tally: Default::default(),
			pruned: 0,
			stages: 0,
			suspected: 0,
			open_suspicions: 0,
		};
		for id in places(self.newest) {
			if self.random.gen_bool(0.8) {
				self.book(id, &mut row)?;
			}
		}
		if row.tally.attested > 0 {
			Windows::<Test>::insert(MODEL, self.newest, row);
			Newest::<Test>::insert(MODEL, Latest { window: self.newest, is_broken: false });
		}
		Ok(())
	}

	fn book(&mut self, id: UnitId, row: &mut WindowRow) -> DispatchResult {
		let who = on(id);
		let points = self.amount();
		let key = (id.model, id.window, id.stage);
		let mut stage = Stages::<Test>::get(key);
		stage.lots = Lots::Drawn(now());
		stage.admit(id.lane, root_of(START));
		Contributions::put_stage(row, id.model, id.window, id.stage, &stage);
		row.tally.attested += 1;
		let (index, generation) =
			Contributions::enqueue(&provider(who), id.model, Item::Work(id), points)?;
		let unit = Unit {
			provider: provider(who),
			worker: pair(who).public(),
			shard_before: root_of(START),
			outcome: Outcome::Done { steps: 0 },
			upstream: None,
			downstream: None,
			result: Hash::zero(),
			checkpoints: Hash::zero(),
			difference: Hash::zero(),
			norm: NonNegative(0),
			loss: None,
			held_out: None,
			points,
			generation,
			index,
			due: now() + self.random.gen_range(1..60),
			in_merge: false,
			check: Check::Spared,
			phase: Phase::Pending,
		};
		Units::<Test>::insert(id, unit);
		self.ledger.booked += points;
		Ok(())
	}

	/// Whatever people may do to a unit, in any order.
	fn operation(&mut self) -> DispatchResult {
		let (id, who) = (self.recent(), self.someone());
		match self.random.gen_range(0..100) {
			0..=7 => self.book_window(),
			8..=27 => Contributions::challenge(signed(who), id, Hash::repeat_byte(who)),
			28..=32 => Contributions::suspect(signed(who), id.model, id.window, id.lane)
				.map(drop)
				.map_err(|error| error.error),
			33..=39 => {
				Contributions::settle_suspicion(signed(NOBODY), id.model, id.window, id.lane)
					.map(drop)
					.map_err(|error| error.error)
			},
			40..=59 => self.audit(id),
			60..=69 => self.end_a_game(id),
			70..=71 => {
				Contributions::forfeit_points(&provider(who), MODEL);
				Ok(())
			},
			72..=89 => {
				Contributions::finalise(signed(NOBODY), id).map(drop).map_err(|error| error.error)
			},
			90..=96 => {
				Contributions::sweep(&provider(who), MODEL, 2);
				Ok(())
			},
			_ => {
				run_to(now() + self.random.gen_range(1..30));
				Ok(())
			},
		}
	}

	/// The audit of a unit goes on: its auditor answers one way or another, or another one is drawn.
	fn audit(&mut self, id: UnitId) -> DispatchResult {
		let Some(audit) = Audits::<Test>::get(id) else { return Ok(()) };
		let result = match audit.state {
			AuditState::Assigned { auditor, deadline } if now() <= deadline => {
				let verdict = match self.random.gen_bool(0.6) {
					true => Verdict::Ok { audit_root: Hash::zero() },
					false => Verdict::Bad { checkpoints: Hash::repeat_byte(0xbb) },
				};
				Contributions::verdict(signed(number_of(&auditor)), id, verdict)
			},
			AuditState::Drawing { seed_at } => {
				run_to(seed_at + 1);
				Contributions::redraw_audit(signed(NOBODY), id)
			},
			_ => Contributions::redraw_audit(signed(NOBODY), id),
		};
		result.map(drop).map_err(|error| error.error)
	}

	/// One of the games about a unit ends, for either side.
	fn end_a_game(&mut self, id: UnitId) -> DispatchResult {
		let games = Games::get(id).unwrap_or_default();
		if let Some((challenger, ..)) = games.choose(&mut self.random) {
			end_game(id, challenger, self.random.gen_bool(0.4));
		}
		Ok(())
	}

	/// Bring the ledger up to what the chain says happened.
	fn follow(&mut self) {
		for event in events() {
			match event {
				Event::UnitFinalised { provider, points, .. }
				| Event::AuditFinalised { auditor: provider, points, .. } => {
					*self.ledger.minted.entry(number_of(&provider)).or_default() += points;
				},
				Event::UnitVoided { unit, .. } | Event::UnitRefuted { unit, .. } => {
					self.ledger.void += stored(unit).points;
				},
				// An approval is worth its unit's points and a tenth.
				Event::UnitApproved { unit, .. } => {
					self.ledger.booked += stored(unit).audit_points();
				},
				Event::AuditVoided { unit, .. } => self.ledger.void += stored(unit).audit_points(),
				_ => {},
			}
		}
	}

	/// Points that nobody has got or lost yet.
	fn pending() -> Points {
		let work = Units::<Test>::iter_values().filter(|unit| unit.is_pending());
		let work: Points = work.map(|unit| unit.points).sum();
		let is_answered =
			|audit: &crate::AuditOf<Test>| matches!(audit.state, AuditState::Answered { .. });
		let approvals: Points = Audits::<Test>::iter()
			.filter(|(_, audit)| is_answered(audit))
			.map(|(id, _)| stored(id).audit_points())
			.sum();
		work + approvals
	}

	fn check(&self) {
		Contributions::do_try_state().unwrap();
		let paid: Points = self.ledger.minted.values().sum();
		assert_eq!(self.ledger.booked, paid + self.ledger.void + Self::pending());
		for (who, points) in &self.ledger.minted {
			assert_eq!(minted(*who), *points, "{who}");
		}
	}

	/// Everything that is open ends, and everything that is due is finalised.
	fn wind_up(&mut self) {
		for id in Games::iter_keys().collect::<Vec<_>>() {
			while Games::contains_key(id) {
				self.end_a_game(id).unwrap();
				self.follow();
			}
		}
		for id in Audits::<Test>::iter_keys().collect::<Vec<_>>() {
			while is_open(id) {
				self.audit(id).unwrap();
				self.follow();
				while Games::contains_key(id) {
					self.end_a_game(id).unwrap();
					self.follow();
				}
			}
		}
		for (model, window, lane) in Suspicions::<Test>::iter_keys().collect::<Vec<_>>() {
			Contributions::settle_suspicion(signed(NOBODY), model, window, lane).unwrap();
		}
		run_to(now() + 1_000);
		for id in Units::<Test>::iter_keys().collect::<Vec<_>>() {
			if stored(id).is_pending() || Audits::<Test>::contains_key(id) {
				Contributions::finalise(signed(NOBODY), id).unwrap();
			}
		}
		self.follow();
	}
}

/// Whether a unit's audit has no answer yet.
fn is_open(id: UnitId) -> bool {
	Audits::<Test>::get(id).is_some_and(|audit| !matches!(audit.state, AuditState::Answered { .. }))
}

/// Errors that are answers, not accidents.
fn is_expected(error: DispatchError) -> bool {
	[
		Error::UnknownUnit,
		Error::UnknownWindow,
		Error::OwnUnit,
		Error::NotEntitled,
		Error::AlreadyDecided,
		Error::EscrowOver,
		Error::RetentionOver,
		Error::AuditorCannotChallenge,
		Error::AlreadyChallenged,
		Error::TooManyChallenges,
		Error::NothingAttested,
		Error::AlreadySuspected,
		Error::NoSuspicion,
		Error::SuspicionOpen,
		Error::AuditorHasTime,
		Error::AuditAnswered,
		Error::AuditOpen,
		Error::Contested,
		Error::NotDue,
		Error::NothingPending,
		Error::NotAudited,
	]
	.map(|error: Error<Test>| DispatchError::from(error))
	.contains(&error)
}

fn everyone() -> impl Iterator<Item = u8> {
	(0..=u8::MAX).filter(|who| *who != number_of(&TreasuryAccount::get()))
}

fn nothing_is_lost(seed: u64, operations: u32) {
	ExtBuilder::default().shape(STAGES, LANES, 2).build_and_execute(|| {
		for who in everyone() {
			Balances::set_balance(&provider(who), RICH);
		}
		let issued = Balances::total_issuance();
		let random = ChaCha8Rng::seed_from_u64(seed);
		let mut chaos = Chaos { random, ledger: Ledger::default(), newest: 0 };
		let mut done = 0;
		for operation in 0..operations {
			match chaos.operation() {
				Ok(()) => done += 1,
				Err(error) => assert!(is_expected(error), "operation {operation}: {error:?}"),
			}
			chaos.follow();
			if operation % 2_500 == 0 {
				chaos.check();
			}
		}
		assert!(done > operations / 3, "{done} of {operations} went through");

		// WHEN everything ends
		chaos.wind_up();
		chaos.check();

		// THEN no points are pending, nothing is on hold, and of all bonds only what was burned is gone.
		assert_eq!(Chaos::pending(), 0);
		let mut left = Balances::total_balance(&TreasuryAccount::get());
		for who in everyone() {
			assert_eq!(record_of(who).escrow, 0);
			for reason in [HoldReason::Suspicion, HoldReason::Challenge] {
				assert_eq!(held(reason, who), 0);
			}
			assert_eq!(Balances::total_balance_on_hold(&provider(who)), 0);
			left += balance(who);
		}
		assert_eq!(left, Balances::total_issuance());
		assert!(left < issued, "bonds were lost, and a part of them burned");
	});
}

#[test]
fn nothing_is_lost_over_a_hundred_thousand_random_operations() {
	// Anew now and then, so that there is not too much to look through.
	for seed in 0..20 {
		nothing_is_lost(seed, 5_000);
	}
}
