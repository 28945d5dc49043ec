//! The work of a window: what everyone attests, and what the next window starts from.

use cairn_primitives::{
	attestation::{checkpoints_root, EdgeReceipt, HeldSignature, NonNegative},
	hash::blob_root,
	lcg::Lcg,
	roster::is_gate,
	signing::{edge_message, held_message, Edge},
	traits::Seats,
	Attestation, Hash, Outcome, Points, Roster, StageIndex, StepIndex, UnitId, Window, WindowIndex,
};
use codec::Encode;
use pallet_contributions::Units;
use sp_core::Pair;

use crate::{
	life::{Life, Work},
	network::{genesis_hash, keeper, must, LANES, STAGES},
	runtime::*,
	strategy::{Claim, Deed, Strategy},
	trace::{Edges, Trace},
};

/// A shard from which there is nothing to compute.
const MADE_UP: u64 = 0;

impl Life {
	/// Everyone attests, and whoever copies comes last.
	pub fn attest_window(&mut self, window: &Window) {
		let rosters: Vec<Roster<AccountId>> =
			(0..STAGES).filter_map(|stage| <Shards as Seats>::roster(MODEL, stage)).collect();
		let worker = |stage: StageIndex, lane| {
			rosters[usize::from(stage)].in_lane(window.seed, stage, lane).cloned()
		};
		let mut units = Vec::new();
		for lane in 0..LANES {
			let lane_of: Vec<_> = (0..STAGES).filter_map(|stage| worker(stage, lane)).collect();
			let is_theirs = lane_of.iter().all(|who| self.liars.contains(who));
			let liar = lane_of.iter().position(|who| self.lies(who, window.index));
			for (stage, provider) in (0..).zip(&lane_of) {
				let unit = UnitId { model: MODEL, window: window.index, stage, lane };
				let deed = if self.lies(provider, window.index) {
					self.strategy.deed(&self.network.spec, &unit, is_theirs)
				} else {
					Deed::HONEST
				};
				let outcome = self.outcome(stage, liar);
				units.push((unit, deed, outcome, lane_of.clone()));
			}
		}
		units.sort_by_key(|(_, deed, ..)| deed.claim == Claim::Copied);
		for (unit, deed, outcome, lane) in units {
			let provider = lane[usize::from(unit.stage)].clone();
			self.note_work(&unit, &provider, &outcome, deed);
			let roster = &rosters[usize::from(unit.stage)];
			let attestation = self.attestation(window, unit, deed, outcome, &lane, roster);
			let signer = self.network.person(&provider).worker_account();
			must(signer, pallet_contributions::Call::attest { attestation });
			if self.strategy == Strategy::TwoRoots && self.lies(&provider, window.index) {
				self.report_two_roots(window, &unit, &lane);
			}
		}
	}

	/// How a seat's unit ends: huge numbers of a neighbour make the step diverge that reads them, halfway through the window.
	fn outcome(&self, stage: StageIndex, liar: Option<usize>) -> Outcome {
		let steps = self.network.spec.window.steps;
		match liar {
			Some(liar) if self.strategy == Strategy::HugeActivations => {
				let step = steps / 2;
				if usize::from(stage) == liar + 1 {
					Outcome::Diverged { step, operation: 0 }
				} else {
					Outcome::Done { steps: step }
				}
			},
			_ => Outcome::Done { steps },
		}
	}

	/// What a unit of so many steps is worth.
	fn points(&self, stage: StageIndex, steps: StepIndex) -> Points {
		let spec = &self.network.spec;
		let batch = spec.schedule.batch_at(0);
		spec.stage_cost(stage).map_or(0, |cost| cost.points(steps, batch))
	}

	/// Note what a liar's unit costs it, and what honest work would have cost and earned.
	fn note_work(&mut self, unit: &UnitId, provider: &AccountId, outcome: &Outcome, deed: Deed) {
		if !self.liars.contains(provider) {
			return;
		}
		let whole = self.points(unit.stage, self.network.spec.window.steps);
		let done = self.points(unit.stage, outcome.steps());
		self.books.asked += whole;
		self.books.owed += whole;
		self.books.spent += done * Points::from(deed.effort) / 100;
		if self.strategy == Strategy::HugeActivations && done < whole {
			self.books.catch("lane cut short");
		}
	}

	/// Note what an audit that falls to a liar costs and earns.
	pub fn note_audit(&mut self, unit: &UnitId, auditor: &AccountId) {
		if !self.liars.contains(auditor) {
			return;
		}
		if let Some(row) = Units::<Chain>::get(unit) {
			self.books.asked += row.points;
			self.books.owed += row.audit_points();
		}
	}

	/// The running root of an edge: what crosses it does not matter to the program.
	fn edge_root(edge: &Edge, steps: StepIndex) -> Hash {
		blob_root(&(edge, steps).encode())
	}

	/// The right trace of a unit.
	pub fn trace(&self, unit: UnitId, start: u64, steps: StepIndex, edges: Edges) -> Trace {
		Trace::new(&self.network.spec, unit, start, steps, edges)
	}

	/// The trace that a unit's worker holds.
	pub fn trace_of(&self, unit: UnitId, steps: StepIndex, edges: Edges) -> Option<Trace> {
		let work = self.works.get(&unit)?;
		let right = self.trace(unit, work.start, steps, edges);
		match work.claim {
			Claim::Right | Claim::Stale | Claim::MadeUp => Some(right),
			Claim::WrongFrom(piece) => Some(right.wrong_from(&self.network.spec, piece, edges)),
			Claim::Copied => None,
		}
	}

	fn attestation(
		&mut self,
		window: &Window,
		unit: UnitId,
		deed: Deed,
		outcome: Outcome,
		lane: &[AccountId],
		roster: &Roster<AccountId>,
	) -> Attestation<AccountId> {
		let (stage, steps) = (usize::from(unit.stage), outcome.steps());
		let spec = &self.network.spec;
		let start = match deed.claim {
			Claim::Stale => self.starts[1][stage],
			Claim::MadeUp => MADE_UP,
			_ => self.starts[0][stage],
		};
		let receipt = |edge: Edge, neighbour: usize| {
			let root = Self::edge_root(&edge, steps);
			let message = edge_message(genesis_hash(), window.seed, &edge, steps, root);
			let signature = self.network.person(&lane[neighbour]).worker.sign(message.as_bytes());
			EdgeReceipt { root, signature }
		};
		let upstream = Edge::upstream(&unit).map(|edge| receipt(edge, stage - 1));
		let below = Edge::downstream(&unit, spec.stage_count());
		let downstream = below.map(|edge| receipt(edge, stage + 1));
		let edges = [upstream.as_ref(), downstream.as_ref()].map(|end| Some(end?.root));
		let loss = spec.is_last_stage(unit.stage).then_some(NonNegative(0));

		let provider = lane[stage].clone();
		self.states.insert(Lcg::commit(start), start);
		self.works.insert(unit, Work { provider: provider.clone(), start, claim: deed.claim });
		let (difference, checkpoints) = match self.trace_of(unit, steps, edges) {
			Some(trace) => {
				let state = trace.difference();
				self.states.insert(Lcg::commit(state), state);
				let root = checkpoints_root(genesis_hash(), &unit, &trace.leaves());
				(Lcg::commit(state), root)
			},
			None => self.copied(&unit),
		};
		Attestation {
			unit,
			shard_before: Lcg::commit(start),
			outcome,
			difference,
			norm: NonNegative(0),
			checkpoints,
			upstream,
			downstream,
			loss,
			held_out: loss.filter(|_| is_gate(unit.window)),
			inner_state: None,
			held: self.held(window, &unit, difference, &provider, roster),
		}
	}

	/// What the next lane attested.
	fn copied(&self, unit: &UnitId) -> (Hash, Hash) {
		let other = UnitId { lane: (unit.lane + 1) % LANES, ..*unit };
		let row = Units::<Chain>::get(other).expect("whoever copies attests last");
		(row.difference, row.checkpoints)
	}

	/// The signatures of those who got a difference: all other seats, unless its worker keeps it from them.
	fn held(
		&self,
		window: &Window,
		unit: &UnitId,
		difference: Hash,
		provider: &AccountId,
		roster: &Roster<AccountId>,
	) -> sp_runtime::BoundedVec<
		HeldSignature<AccountId>,
		sp_core::ConstU32<{ cairn_primitives::MAX_HELD }>,
	> {
		let reached = match self.strategy {
			Strategy::WithheldDifference if self.lies(provider, window.index) => 0,
			Strategy::TwoDifferences if self.lies(provider, window.index) => 1,
			_ => usize::from(LANES),
		};
		let message = held_message(genesis_hash(), window.seed, unit, difference);
		let others = roster.seats.iter().flatten().filter(|other| *other != provider);
		let signatures = others.take(reached).map(|holder| HeldSignature {
			holder: holder.clone(),
			signature: self.network.person(holder).worker.sign(message.as_bytes()),
		});
		signatures.collect::<Vec<_>>().try_into().expect("a stage's seats are few")
	}

	/// A liar signed another root of the edge above it, and the neighbour there, who has the first one, came by it.
	fn report_two_roots(&self, window: &Window, unit: &UnitId, lane: &[AccountId]) {
		let (Some(edge), stage) = (Edge::upstream(unit), usize::from(unit.stage)) else { return };
		let steps = self.network.spec.window.steps;
		let liar = self.network.person(&lane[stage]);
		let receipt = |root: Hash| {
			let message = edge_message(genesis_hash(), window.seed, &edge, steps, root);
			EdgeReceipt { root, signature: liar.worker.sign(message.as_bytes()) }
		};
		let report = pallet_contributions::Call::report_equivocation {
			provider: liar.account.clone(),
			edge,
			steps,
			first: receipt(Self::edge_root(&edge, steps)),
			second: receipt(blob_root(b"another story")),
		};
		must(self.network.person(&lane[stage - 1]).worker_account(), report);
	}

	/// Whoever merged honestly refutes what most of a stage claim to have started from, if that is something else.
	pub fn check_start(&self, window: WindowIndex, stage: StageIndex) {
		let right = self.starts[0][usize::from(stage)];
		let claimed = Contributions::majority_root(MODEL, window, stage);
		let (Some(claimed), Some(base)) = (claimed, window.checked_sub(1)) else { return };
		if claimed == Lcg::commit(right) {
			return;
		}
		let evidence = (self.starts[1][usize::from(stage)], self.differences(base, stage)).encode();
		let honest = |(unit, work): (&UnitId, &Work)| {
			let is_here = unit.window == window && unit.stage == stage;
			(is_here && !self.liars.contains(&work.provider)).then(|| work.provider.clone())
		};
		let prover = self.works.iter().find_map(honest);
		let prover =
			prover.map_or(keeper(), |prover| self.network.person(&prover).worker_account());
		let evidence = evidence.try_into().expect("a few numbers");
		let call =
			pallet_contributions::Call::refute_merge { model: MODEL, window, stage, evidence };
		must(prover, call);
	}

	/// The differences that the merge after a window takes in.
	fn differences(&self, window: WindowIndex, stage: StageIndex) -> Vec<u64> {
		let members = Contributions::merge_set(MODEL, window, stage);
		members.iter().map(|member| self.states[&member.difference]).collect()
	}

	/// What the stages start from after a window.
	pub fn merge(&mut self, window: WindowIndex) {
		let merged = |stage: StageIndex| {
			let members = Contributions::merge_set(MODEL, window, stage);
			let steps = members.iter().map(|member| member.steps);
			let weighted: Vec<_> = self.differences(window, stage).into_iter().zip(steps).collect();
			Lcg::merge(self.starts[0][usize::from(stage)], &weighted)
		};
		let next = (0..STAGES).map(merged).collect();
		self.starts = [next, std::mem::take(&mut self.starts[0])];
	}
}
