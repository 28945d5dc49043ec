//! What people do: work, honest or not, attest and audit.

use super::*;

/// What a unit computes.
pub struct Trace {
	pub unit: UnitId,
	pub leaves: Vec<Hash>,
	pub difference: u64,
}

pub fn genesis() -> Hash {
	System::block_hash(0)
}

/// What crosses an edge in a step.
pub fn crossing(edge: Edge, step: StepIndex) -> Hash {
	blob_root(&(edge, step).encode())
}

/// The running root of an edge after so many steps.
pub fn edge_root(edge: Edge, steps: StepIndex) -> Hash {
	(0..steps).fold(Hash::zero(), |root, step| running_root(root, crossing(edge, step)))
}

pub fn crossed(edge: Option<Edge>, steps: StepIndex) -> Option<Hash> {
	edge.filter(|_| steps > 0).map(|edge| edge_root(edge, steps))
}

impl Trace {
	pub fn new(unit: UnitId, start: u64, steps: StepIndex) -> Self {
		let spec = spec();
		let mut states = vec![start];
		for step in 0..=steps {
			let state = Lcg::step(&unit, states[step as usize], step);
			states.push(state);
		}
		let difference = states[steps as usize + 1];
		let mut leaves: Vec<_> = checkpoint_steps(steps, spec.window.checkpoint_every)
			.into_iter()
			.map(|step| Lcg::commit(states[step as usize]))
			.collect();
		leaves.push(content(unit, steps, Lcg::commit(difference)).result());
		root_of(difference);
		Self { unit, leaves, difference }
	}

	pub fn checkpoints(&self) -> Hash {
		checkpoints_root(genesis(), &self.unit, &self.leaves)
	}

	pub fn answer(&self, auditor: u8) -> Hash {
		audit_root(genesis(), &self.unit, &provider(auditor), &self.leaves)
	}
}

/// An attestation without signatures, shard and checkpoints.
pub fn content(unit: UnitId, steps: StepIndex, difference: Hash) -> Attestation<AccountId> {
	let spec = spec();
	let receipt = |root| EdgeReceipt { root, signature: sr25519::Signature::default() };
	let zero = NonNegative(0);
	let is_last = spec.is_last_stage(unit.stage);
	Attestation {
		unit,
		shard_before: Hash::zero(),
		outcome: Outcome::Done { steps },
		difference,
		norm: zero,
		checkpoints: Hash::zero(),
		upstream: crossed(Edge::upstream(&unit), steps).map(receipt),
		downstream: crossed(Edge::downstream(&unit, spec.stage_count()), steps).map(receipt),
		loss: is_last.then_some(zero),
		held_out: (is_last && is_gate(unit.window)).then_some(zero),
		inner_state: None,
		held: Default::default(),
	}
}

/// An attestation of work from a state, signed by all that have to.
pub fn attestation(id: UnitId, start: u64, steps: StepIndex) -> Attestation<AccountId> {
	let trace = Trace::new(id, start, steps);
	let mut attestation = content(id, steps, root_of(trace.difference));
	attestation.shard_before = root_of(start);
	attestation.checkpoints = trace.checkpoints();
	sign(&mut attestation);
	attestation
}

/// Has the neighbours and all holders sign an attestation as it is.
pub fn sign(attestation: &mut Attestation<AccountId>) {
	let id = attestation.unit;
	let steps = attestation.outcome.steps();
	if let (Some(receipt), Some(edge)) = (&mut attestation.upstream, Edge::upstream(&id)) {
		let neighbour = on(UnitId { stage: id.stage - 1, ..id });
		receipt.signature = sign_edge(neighbour, edge, steps, receipt.root);
	}
	let below = Edge::downstream(&id, spec().stage_count());
	if let (Some(receipt), Some(edge)) = (&mut attestation.downstream, below) {
		let neighbour = on(UnitId { stage: id.stage + 1, ..id });
		receipt.signature = sign_edge(neighbour, edge, steps, receipt.root);
	}
	let roster = Rosters::get((id.model, id.stage)).unwrap();
	let message = held_message(genesis(), window_of(id).seed, &id, attestation.difference);
	let held: Vec<_> = roster
		.holders_for(&provider(on(id)), id.window)
		.map(|holder| HeldSignature {
			holder: holder.clone(),
			signature: pair(number_of(holder)).sign(message.as_bytes()),
		})
		.collect();
	attestation.held = held.try_into().unwrap();
}

pub fn sign_edge(who: u8, edge: Edge, steps: StepIndex, root: Hash) -> sr25519::Signature {
	// Of a window that never was, any seed will do.
	let seed = find_window(edge.model, edge.window).map(|window| window.seed).unwrap_or_default();
	pair(who).sign(edge_message(genesis(), seed, &edge, steps, root).as_bytes())
}

pub fn attest_as(
	who: u8,
	attestation: Attestation<AccountId>,
) -> frame_support::dispatch::DispatchResultWithPostInfo {
	Contributions::attest(signed(who), attestation)
}

/// State from which all stages start a window, unless a test says otherwise.
pub const START: u64 = 42;

/// Attests a unit honestly from [`START`], with all steps.
pub fn attest(id: UnitId) {
	attest_from(id, START);
}

pub fn attest_from(id: UnitId, start: u64) {
	attest_as(on(id), attestation(id, start, spec().window.steps)).unwrap();
}

/// Attests a unit with checkpoints that nothing leads to.
pub fn attest_falsely(id: UnitId) {
	let mut false_one = attestation(id, START, spec().window.steps);
	false_one.checkpoints = Hash::repeat_byte(0xbb);
	attest_as(on(id), false_one).unwrap();
}

/// The trace of a unit from [`START`] with all steps.
pub fn trace(id: UnitId) -> Trace {
	Trace::new(id, START, spec().window.steps)
}

/// A window that all seats attest honestly, closed.
pub fn whole_window(index: WindowIndex) {
	start_window(index);
	places(index).into_iter().for_each(attest);
	close_window(false);
}

/// Draws the lots of all stages, the last one first, when their randomness is known.
pub fn draw_all(window: WindowIndex) {
	run_to(window_of(unit(window, 0, 0)).deadline + LotDelay::get() + 1);
	for stage in (0..spec().stages.len() as u8).rev() {
		Contributions::draw_lots(signed(NOBODY), MODEL, window, stage).unwrap();
	}
}

/// Makes sure that an attested unit is audited when its lots are drawn.
pub fn suspected(id: UnitId) {
	Contributions::update_window(id.model, id.window, |row| row.suspected |= 1 << id.lane);
}

/// Who is to audit a unit.
pub fn auditor_of(id: UnitId) -> u8 {
	match crate::Audits::<Test>::get(id).unwrap().state {
		crate::AuditState::Assigned { auditor, .. } => number_of(&auditor),
		state => panic!("no auditor is at work: {state:?}"),
	}
}
