//! A hundred thousand random operations on what is in escrow and on hold, with amounts from 1 to 10³⁰: points are minted,
//! void or in escrow, bonds are held, returned or taken, and nothing else.

use std::collections::BTreeMap;

use cairn_primitives::{
	attestation::{checkpoints_root, NonNegative, Verdict},
	Balance, Hash, LaneIndex, Outcome, Points, UnitId, WindowIndex,
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
	mock::*, queue::Escrow, AuditState, Audits, Base, Challenges, Check, Error, Event, Item,
	Latest, Lots, Newest, Phase, Stages, Suspicions, Unit, Units, WindowRow, Windows,
};

const STAGES: u8 = 2;
const LANES: u8 = 4;
/// What every account has, so that nobody runs out of bonds.
const RICH: Balance = 1 << 115;
/// Windows behind the newest whose units are still operated on.
const RECENT: WindowIndex = 6;

/// What became of points, by how they left or entered the escrow, and of bonds.
#[derive(Default)]
struct Ledger {
	booked: Points,
	minted: BTreeMap<u8, Points>,
	void: Points,
	/// Bonds on hold for challenges, and for suspicions of a window's lane.
	challenges: BTreeMap<(UnitId, u8), Balance>,
	suspicions: BTreeMap<(WindowIndex, LaneIndex), (u8, Balance)>,
	/// What lost bonds brought, or cost, each account.
	gained: BTreeMap<u8, Balance>,
	lost: BTreeMap<u8, Balance>,
	treasury: Balance,
	burned: Balance,
}

impl Ledger {
	/// A bond is lost: 30 % are burned, half goes to whoever was wronged, and the rest to the treasury.
	fn lose(&mut self, from: u8, bond: Balance, wronged: Option<u8>) {
		let burned = bond / 10 * 3 + bond % 10 * 3 / 10;
		*self.lost.entry(from).or_default() += bond;
		self.burned += burned;
		self.treasury += bond - burned;
		if let Some(wronged) = wronged {
			*self.gained.entry(wronged).or_default() += bond / 2;
			self.treasury -= bond / 2;
		}
	}

	fn held_from(&self, who: u8) -> Balance {
		let challenges = self.challenges.iter().filter(|((_, by), _)| *by == who);
		let suspicions = self.suspicions.values().filter(|(by, _)| *by == who);
		challenges.map(|(_, bond)| bond).chain(suspicions.map(|(_, bond)| bond)).sum()
	}
}

/// The one checkpoint of every unit.
const LEAF: Hash = Hash::repeat_byte(7);

struct Chaos {
	random: ChaCha8Rng,
	ledger: Ledger,
	newest: WindowIndex,
	issued: Balance,
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
			due: 0,
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
		row.count(&stage);
		stage.lots = Lots::Drawn(now());
		stage.admit(id.lane, root_of(START));
		Stages::<Test>::insert(key, stage);
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
			checkpoints: checkpoints_root(genesis(), &id, &[LEAF]),
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
				let mut escrow = Escrow::<Test>::of(provider(who), MODEL);
				escrow.sweep(&spec(), 2);
				escrow.store();
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
				let auditor = signed(number_of(&auditor));
				match self.random.gen_range(0..10) {
					0..=4 => {
						let verdict = Verdict::Ok { audit_root: Hash::zero() };
						Contributions::verdict(auditor, id, verdict)
					},
					5..=7 => {
						let verdict = Verdict::Bad { checkpoints: Hash::repeat_byte(0xbb) };
						Contributions::verdict(auditor, id, verdict)
					},
					_ => Contributions::report_unavailable(auditor, id),
				}
			},
			AuditState::Answered { .. } if self.random.gen_bool(0.3) => {
				let leaves = vec![LEAF].try_into().unwrap();
				Contributions::expose_audit(signed(on(id)), id, leaves)
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
				Event::UnitVoided { unit, .. } => self.ledger.void += stored(unit).points,
				Event::UnitRefuted { unit, .. } => {
					self.ledger.void += stored(unit).points;
					self.ledger.challenges.retain(|(id, _), _| *id != unit);
				},
				Event::UnitChallenged { unit, challenger } => {
					let bond = Challenges::<Test>::get(unit).last().unwrap().bond;
					self.ledger.challenges.insert((unit, number_of(&challenger)), bond);
				},
				Event::UnitUpheld { unit, challenger } => {
					let challenger = number_of(&challenger);
					if let Some(bond) = self.ledger.challenges.remove(&(unit, challenger)) {
						let worker = number_of(&stored(unit).provider);
						self.ledger.lose(challenger, bond, Some(worker));
					}
				},
				Event::LaneSuspected { window, lane, by: Some(by), .. } => {
					let bond = Suspicions::<Test>::get((MODEL, window, lane)).unwrap().bond;
					self.ledger.suspicions.insert((window, lane), (number_of(&by), bond));
				},
				Event::SuspicionSettled { window, lane, was_right, .. } => {
					let (by, bond) = self.ledger.suspicions.remove(&(window, lane)).unwrap();
					if !was_right {
						self.ledger.lose(by, bond, None);
					}
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
		for who in everyone() {
			let of = |map: &BTreeMap<u8, Balance>| map.get(&who).copied().unwrap_or_default();
			let expected = RICH + of(&self.ledger.gained) - of(&self.ledger.lost);
			assert_eq!(Balances::total_balance(&provider(who)), expected, "{who}");
			let held = Balances::total_balance_on_hold(&provider(who));
			assert_eq!(held, self.ledger.held_from(who), "{who}");
		}
		let treasury = Balances::total_balance(&TreasuryAccount::get());
		assert_eq!(treasury, ENDOWMENT + self.ledger.treasury);
		assert_eq!(Balances::total_issuance(), self.issued - self.ledger.burned);
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
		let mut chaos = Chaos { random, ledger: Ledger::default(), newest: 0, issued };
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

		// THEN no points are pending, and nothing is on hold.
		assert_eq!(Chaos::pending(), 0);
		for who in everyone() {
			assert_eq!(record_of(who).escrow, 0);
			assert_eq!(Balances::total_balance_on_hold(&provider(who)), 0);
		}
		assert!(chaos.ledger.burned > 0 && !chaos.ledger.gained.is_empty(), "bonds were lost");
	});
}

#[test]
fn nothing_is_lost_over_a_hundred_thousand_random_operations() {
	// Anew now and then, so that there is not too much to look through.
	for seed in 0..20 {
		nothing_is_lost(seed, 5_000);
	}
}
