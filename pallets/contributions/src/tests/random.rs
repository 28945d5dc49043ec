//! A model of the whole: windows in which some are absent, late, lazy or lie, over many seeds. Whatever they do, honest
//! work is paid, honest providers are never fined, lies that an honest auditor or challenger looked at are refuted, and in
//! the end nothing is left behind.

use std::collections::{BTreeMap, BTreeSet};

use cairn_primitives::{
	attestation::Verdict, model::ModelStatus, traits::Fault, Hash, Points, UnitId,
};
use frame_support::{assert_noop, assert_ok};

use crate::{
	mock::*, AuditState, Audits, Challenges, Check, Error, Newest, OpenUnits, Phase, Queue, Stages,
	Suspicions, Units, VoidReason, Windows,
};

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Dice(u64);

impl Dice {
	fn roll(&mut self) -> u64 {
		self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
		let mut z = self.0;
		z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
		z ^ (z >> 31)
	}

	fn percent(&mut self, chance: u64) -> bool {
		self.roll() % 100 < chance
	}

	fn below(&mut self, bound: usize) -> usize {
		(self.roll() % bound as u64) as usize
	}
}

/// What a simulation keeps in mind.
struct World {
	dice: Dice,
	/// Providers that cheat whenever it seems worth it.
	liars: BTreeSet<u8>,
	/// False units that somebody honest looked at.
	caught: BTreeSet<UnitId>,
	/// What honest providers must be paid for.
	owed: BTreeMap<u8, Points>,
	/// Units of void windows.
	void: BTreeSet<UnitId>,
	/// Windows of the whole simulation.
	windows: u32,
}

impl World {
	fn is_honest(&self, who: u8) -> bool {
		!self.liars.contains(&who)
	}

	fn owe(&mut self, who: u8, points: Points) {
		*self.owed.entry(who).or_default() += points;
	}

	fn is_false(id: UnitId) -> bool {
		let unit = stored(id);
		let truth = Trace::new(id, state_of(unit.shard_before), unit.outcome.steps());
		truth.checkpoints() != unit.checkpoints
	}

	/// One window from start to lots.
	fn train(&mut self, window: u32) {
		start_window(window);
		let mut late = vec![];
		let mut attested = 0;
		for lane in 0..spec().lanes {
			let steps = if self.dice.percent(15) { self.dice.below(6) as u32 } else { 6 };
			for stage in 0..2 {
				let id = unit(window, stage, lane);
				if self.dice.percent(if window == 7 { 80 } else { 10 }) {
					late.push(id);
					continue;
				}
				let mut attestation = attestation(id, START, steps);
				let who = on(id);
				let lies = !self.is_honest(who) && self.dice.percent(50);
				if lies {
					attestation.checkpoints = Hash::from_low_u64_be(self.dice.roll());
				}
				assert_ok!(attest_as(who, attestation.clone()));
				assert_noop!(attest_as(who, attestation), Error::<Test>::AlreadyAttested);
				attested += 1;
			}
		}
		let deadline = window_of(unit(window, 0, 0)).deadline;
		run_to(deadline + 1);
		for id in late {
			let too_late = attestation(id, START, 6);
			assert_noop!(attest_as(on(id), too_late), Error::<Test>::TooLate);
		}
		let is_void = 2 * attested < places(window).len();
		close_window(is_void);
		for id in places(window).into_iter().filter(|id| Units::<Test>::contains_key(id)) {
			if is_void {
				self.void.insert(id);
			} else if self.is_honest(on(id)) {
				self.owe(on(id), stored(id).points);
			}
		}
		if !is_void && self.dice.percent(20) {
			let by = seat(self.dice.below(2) as u8, self.dice.below(4) as u8);
			let lane = self.dice.below(4) as u8;
			// It may be that the lane attested nothing.
			let _ = Contributions::suspect(signed(by), MODEL, window, lane);
		}
		run_to(deadline + LotDelay::get() + 1);
		for stage in [1, 0] {
			// It may be that the stage attested nothing.
			let _ = Contributions::draw_lots(signed(NOBODY), MODEL, window, stage);
		}
	}

	/// Honest and other challengers look at what was spared.
	fn challenge(&mut self, window: u32) {
		for id in places(window) {
			let Some(unit) = Units::<Test>::get(id) else { continue };
			if !self.dice.percent(15) || self.void.contains(&id) || !unit.is_pending() {
				continue;
			}
			let who = seat(id.stage, self.dice.below(4) as u8);
			let is_false = Self::is_false(id);
			if self.is_honest(who) && !is_false {
				continue;
			}
			let checkpoints = Hash::from_low_u64_be(self.dice.roll());
			if Contributions::challenge(signed(who), id, checkpoints).is_ok() && is_false {
				self.caught.insert(id);
			}
		}
	}

	/// Every open audit goes on by one answer, every open game ends by the truth.
	fn audit(&mut self) {
		let open: Vec<_> = Audits::<Test>::iter().collect();
		for (id, audit) in open {
			match audit.state {
				AuditState::Drawing { seed_at } => {
					run_to(seed_at + 1);
					assert_ok!(Contributions::redraw_audit(signed(NOBODY), id));
				},
				AuditState::Assigned { auditor, deadline } => {
					self.answer(id, number_of(&auditor), deadline)
				},
				_ => {},
			}
		}
		for id in Games::iter_keys().collect::<Vec<_>>() {
			while let Some(game) = Games::get(id).and_then(|games| games.first().cloned()) {
				end_game_by_truth(id, &game.0);
			}
		}
	}

	fn answer(&mut self, id: UnitId, auditor: u8, deadline: u32) {
		let unit = stored(id);
		let truth = Trace::new(id, state_of(unit.shard_before), unit.outcome.steps());
		let is_false = truth.checkpoints() != unit.checkpoints;
		let signer = signed(auditor);
		if now() > deadline || self.dice.percent(15) {
			run_to(deadline + 1);
			assert_ok!(Contributions::redraw_audit(signed(NOBODY), id));
		} else if self.is_honest(auditor) && is_false {
			self.caught.insert(id);
			let verdict = Verdict::Bad { checkpoints: truth.checkpoints() };
			assert_ok!(Contributions::verdict(signer, id, verdict));
		} else if self.is_honest(auditor) {
			let verdict = Verdict::Ok { audit_root: truth.answer(auditor) };
			assert_ok!(Contributions::verdict(signer, id, verdict));
			self.owe(auditor, stored(id).audit_points());
		} else if !is_false && self.dice.percent(50) {
			let checkpoints = Hash::from_low_u64_be(self.dice.roll());
			assert_ok!(Contributions::verdict(signer, id, Verdict::Bad { checkpoints }));
		} else {
			// Approves without looking; an honest worker exposes it.
			let audit_root = Hash::from_low_u64_be(self.dice.roll());
			assert_ok!(Contributions::verdict(signer, id, Verdict::Ok { audit_root }));
			if self.is_honest(on(id)) {
				let leaves = truth.leaves.clone().try_into().unwrap();
				assert_ok!(Contributions::expose_audit(signed(on(id)), id, leaves));
			}
		}
	}

	/// Audits and games of everything so far, until none is open.
	fn audit_all(&mut self) {
		for _ in 0..20 {
			let is_open = |(_, audit): (_, crate::AuditOf<Test>)| {
				!matches!(audit.state, AuditState::Answered { .. })
			};
			if !Audits::<Test>::iter().any(is_open) && Games::iter().next().is_none() {
				return;
			}
			self.audit();
		}
		panic!("audits do not end");
	}

	/// Everything falls due, is finalised and removed.
	fn wind_up(&mut self) {
		let lanes: Vec<_> = Suspicions::<Test>::iter_keys().collect();
		for (model, window, lane) in lanes {
			assert_ok!(Contributions::settle_suspicion(signed(NOBODY), model, window, lane));
		}
		run_to(now() + 200);
		for id in Units::<Test>::iter_keys().collect::<Vec<_>>() {
			let has_audit = Audits::<Test>::contains_key(id);
			if stored(id).is_pending() || has_audit {
				assert_ok!(Contributions::finalise(signed(NOBODY), id));
			}
		}
	}

	fn check_payment(&self) {
		let mut minted_by_units: Points = 0;
		for (id, unit) in Units::<Test>::iter() {
			let expected = if self.void.contains(&id) {
				Some(Phase::Void(VoidReason::Window))
			} else if self.is_honest(on(id)) {
				Some(Phase::Final)
			} else {
				None
			};
			assert!(expected.is_none_or(|phase| phase == unit.phase), "{id:?}: {unit:?}");
			if unit.phase == Phase::Final {
				minted_by_units += unit.points;
			}
			let is_refuted = unit.phase == Phase::Void(VoidReason::Refuted);
			assert!(is_refuted || unit.check != Check::Open, "{id:?}: {unit:?}");
		}
		for id in &self.caught {
			assert_eq!(stored(*id).phase, Phase::Void(VoidReason::Refuted), "{id:?}");
		}
		for (who, owed) in &self.owed {
			assert_eq!(minted(*who), *owed, "{who}");
		}
		for (who, fault, _) in fines() {
			assert!(!self.is_honest(who), "{who} was fined for {fault:?}");
		}
		let refuted = fines().iter().filter(|fine| fine.1 == Fault::Unit).count();
		assert_eq!(refuted, self.caught.len());
		let minted: Points = Minted::iter_values().sum();
		assert!(minted >= minted_by_units);
	}

	fn check_nothing_is_left(&self) {
		Infos::mutate_extant(MODEL, |info| info.status = ModelStatus::Retired);
		for window in 0..self.windows {
			for stage in 0..2 {
				let has_row = Stages::<Test>::contains_key((MODEL, window, stage));
				let pruned = Contributions::prune(signed(NOBODY), MODEL, window, stage);
				assert_eq!(pruned.is_ok(), has_row, "{window}, {stage}: {pruned:?}");
			}
		}
		assert_eq!(Units::<Test>::iter().count(), 0);
		assert_eq!(Audits::<Test>::iter().count(), 0);
		assert_eq!(Stages::<Test>::iter().count(), 0);
		assert_eq!(Windows::<Test>::iter().count(), 0);
		assert_eq!(Newest::<Test>::iter().count(), 0);
		assert_eq!(Queue::<Test>::iter().count(), 0);
		assert_eq!(OpenUnits::<Test>::iter().count(), 0);
		assert_eq!(Challenges::<Test>::iter().count(), 0);
		assert_eq!(Suspicions::<Test>::iter().count(), 0);
	}
}

fn simulate(seed: u64, windows: u32) -> World {
	let liars = [seat(0, 1), seat(1, 2), standby(0, 0)].into();
	let mut world = World {
		dice: Dice(seed),
		liars,
		caught: BTreeSet::new(),
		owed: BTreeMap::new(),
		void: BTreeSet::new(),
		windows,
	};
	ExtBuilder::default().shape(2, 4, 2).build_and_execute(|| {
		for window in 0..windows {
			world.train(window);
			world.challenge(window);
			world.audit();
			Contributions::do_try_state().unwrap();
			// Liars bond anew.
			Committed::translate(|_: (AccountId, u32), _: u128| Some(BOND));
		}
		world.audit_all();
		Contributions::do_try_state().unwrap();
		world.wind_up();
		Contributions::do_try_state().unwrap();
		world.check_payment();
		world.check_nothing_is_left();
	});
	world
}

#[test]
fn honest_work_is_paid_lies_that_somebody_looks_at_are_not_and_nothing_is_left_behind() {
	let (mut caught, mut void) = (0, 0);
	for seed in 0..6 {
		let world = simulate(seed, 20);
		caught += world.caught.len();
		void += world.void.len();
	}
	assert!(caught > 30, "the simulation has to try lies: {caught}");
	assert!(void > 3, "the simulation has to try void windows: {void}");
}
