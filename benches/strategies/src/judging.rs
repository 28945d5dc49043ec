//! Audits and games, as honest workers answer them and as liars do.

use cairn_primitives::{
	attestation::{audit_root, checkpoints_root, Verdict},
	dispute::UnitContext,
	hash::blob_root,
	UnitId,
};
use codec::Encode;
use pallet_contributions::{AuditState, Audits, Units};
use pallet_disputes::{Dispute, Games, Move, Phase, Side};

use crate::{
	life::{Life, Task},
	network::{genesis_hash, must},
	runtime::*,
	strategy::Strategy,
	trace::Trace,
};

impl Life {
	/// Answer an audit.
	pub fn audit(&mut self, unit: UnitId, auditor: &AccountId) {
		let state = Audits::<Chain>::get(unit).map(|audit| audit.state);
		if !matches!(state, Some(AuditState::Assigned { auditor: asked, .. }) if asked == *auditor)
		{
			return;
		}
		let signer = self.network.person(auditor).worker_account();
		if self.is_withheld(&unit) {
			return must(signer, pallet_contributions::Call::report_unavailable { unit });
		}
		let noise = blob_root(&("noise", unit, auditor).encode());
		let verdict = match self.strategy {
			Strategy::LazyAuditor if self.lies(auditor, unit.window) => {
				Verdict::Ok { audit_root: noise }
			},
			Strategy::FalseAccuser if self.lies(auditor, unit.window) => {
				Verdict::Bad { checkpoints: noise }
			},
			_ => self.verdict(unit, auditor),
		};
		must(signer, pallet_contributions::Call::verdict { unit, verdict });
	}

	/// Whether nobody can fetch what a unit's audit needs.
	fn is_withheld(&self, unit: &UnitId) -> bool {
		let lies = |who| self.lies(who, unit.window);
		self.strategy == Strategy::WithheldInputs
			&& self.works.get(unit).is_some_and(|work| lies(&work.provider))
	}

	/// What re-executing a unit shows. Accomplices tell each other what to say.
	fn verdict(&mut self, unit: UnitId, auditor: &AccountId) -> Verdict {
		let row = Units::<Chain>::get(unit).expect("it is audited");
		let (steps, edges) = (row.outcome.steps(), [row.upstream, row.downstream]);
		let is_liar = self.liars.contains(auditor);
		let is_among_liars = is_liar
			&& self.works.get(&unit).is_some_and(|work| self.liars.contains(&work.provider));
		let told = is_among_liars.then(|| self.trace_of(unit, steps, edges)).flatten();
		if is_liar && told.is_none() {
			self.books.spent += row.points;
		}
		let trace =
			told.unwrap_or_else(|| self.trace(unit, self.states[&row.shard_before], steps, edges));
		let leaves = trace.leaves();
		let checkpoints = checkpoints_root(genesis_hash(), &unit, &leaves);
		if checkpoints == row.checkpoints {
			let audit_root = audit_root(genesis_hash(), &unit, auditor, &leaves);
			Verdict::Ok { audit_root }
		} else {
			Verdict::Bad { checkpoints }
		}
	}

	/// A worker looks whether who approved its unit did the work, and exposes who did not.
	pub fn look_at_answer(&mut self, unit: UnitId) {
		let Some(row) = Units::<Chain>::get(unit) else { return };
		let Some(AuditState::Answered { auditor, root, .. }) =
			Audits::<Chain>::get(unit).map(|audit| audit.state)
		else {
			return;
		};
		let edges = [row.upstream, row.downstream];
		let Some(trace) = self.trace_of(unit, row.outcome.steps(), edges) else { return };
		let leaves = trace.leaves();
		if root == audit_root(genesis_hash(), &unit, &auditor, &leaves) {
			return;
		}
		let signer = self.network.person(&row.provider).worker_account();
		let leaves = leaves.try_into().expect("as many as the spec allows");
		must(signer, pallet_contributions::Call::expose_audit { unit, leaves });
	}

	/// Move in a game, if it goes on.
	pub fn make_move(&mut self, unit: UnitId, challenger: AccountId) {
		let Some(Dispute { defender, game }) = Games::<Chain>::get(unit, &challenger) else {
			return;
		};
		let now = System::block_number();
		let turn = game.turn();
		let stalls = self.strategy == Strategy::StalledClock && turn.side == Side::Defender;
		if let Phase::Prove(leaf) = &game.phase {
			// Whoever is right has the state before it.
			let truth = self.truth(&game.context);
			let Some(evidence) = truth.evidence(leaf) else { return };
			let prover = if self.liars.contains(&defender) { &challenger } else { &defender };
			let signer = self.network.person(prover).worker_account();
			let evidence = evidence.try_into().expect("a number is short");
			return must(signer, pallet_disputes::Call::prove_leaf { unit, challenger, evidence });
		}
		if stalls && now < turn.deadline {
			return self.plan(turn.deadline, Task::Move(unit, challenger));
		}
		let (mover, movement) = match turn.side {
			Side::Defender => {
				let context = &game.context;
				let edges = [context.upstream, context.downstream];
				let own = self.trace_of(unit, context.outcome.steps(), edges);
				(defender, own.and_then(|trace| trace.next_move(&game)))
			},
			Side::Challenger if self.liars.contains(&challenger) => {
				(challenger.clone(), Some(Move::Choose(0)))
			},
			Side::Challenger => (challenger.clone(), self.truth(&game.context).next_move(&game)),
		};
		// Whoever has nothing to say loses by the clock.
		let Some(movement) = movement else { return };
		let signer = self.network.person(&mover).worker_account();
		match movement {
			Move::Reveal(leaves) => {
				must(signer, pallet_disputes::Call::reveal { unit, challenger, leaves })
			},
			Move::Split(hashes) => {
				must(signer, pallet_disputes::Call::advance { unit, challenger, hashes })
			},
			Move::Choose(child) => {
				must(signer, pallet_disputes::Call::choose { unit, challenger, child })
			},
		}
	}

	/// The right trace of a disputed unit.
	fn truth(&self, context: &UnitContext) -> Trace {
		let start = self.states[&context.shard_before];
		let edges = [context.upstream, context.downstream];
		self.trace(context.unit, start, context.outcome.steps(), edges)
	}
}
