//! What the seats of a window attest, signed by all that have to: prepared aside, while blocks are executed.

use std::{
	sync::{
		mpsc::{channel, Receiver, Sender},
		Arc, Mutex,
	},
	thread,
};

use cairn_primitives::{
	attestation::{
		audit_root, checkpoint_steps, checkpoints_root, Attestation, EdgeReceipt, HeldSignature,
		NonNegative,
	},
	hash::blob_root,
	lottery::lanes_of_seats,
	roster::is_gate,
	signing::{edge_message, held_message, Edge},
	ModelId, ModelSpec, Outcome, StageIndex, UnitId, Window,
};
use cairn_runtime::{AccountId, Hash};
use codec::Encode;
use sp_core::Pair;

use crate::keys::Keys;

/// The training loss that every lane attests, and the held-out loss: 2.0.
const LOSS: NonNegative = NonNegative(0x4000_0000);

/// Who sits where: numbers of providers by stage and seat.
pub type Seats = Arc<Vec<Vec<u32>>>;

/// One attestation of a provider.
pub type Signed = (u32, Attestation<AccountId>);

/// What all attestations of a network have in common.
#[derive(Clone)]
pub struct Common {
	/// All keys.
	pub keys: Arc<Keys>,
	/// The spec of every model.
	pub spec: Arc<ModelSpec>,
	/// What every message is bound to.
	pub genesis: Hash,
	/// Signatures "held" under an attestation.
	pub held: usize,
}

/// The attestations of one model's window.
struct Job {
	model: ModelId,
	window: Window,
	seats: Seats,
	answer: Sender<Vec<Signed>>,
}

/// Threads that sign.
pub struct Signers {
	jobs: Sender<Job>,
}

impl Signers {
	/// Start so many threads. They end when this is dropped.
	pub fn start(threads: usize, common: &Common) -> Self {
		let (jobs, queue) = channel::<Job>();
		let queue = Arc::new(Mutex::new(queue));
		for _ in 0..threads.max(1) {
			let (queue, common) = (queue.clone(), common.clone());
			thread::spawn(move || loop {
				let job = queue.lock().expect("no thread panics while it waits").recv();
				let Ok(job) = job else { return };
				// Nobody waits for the answer any more if the simulation has ended.
				let _ = job.answer.send(attest_all(&common, job.model, job.window, &job.seats));
			});
		}
		Self { jobs }
	}

	/// Have all seats of a window attest.
	pub fn attest(&self, model: ModelId, window: Window, seats: Seats) -> Receiver<Vec<Signed>> {
		let (answer, result) = channel();
		self.jobs.send(Job { model, window, seats, answer }).expect("the threads live as long");
		result
	}
}

/// The attestations of all seats of a window.
fn attest_all(common: &Common, model: ModelId, window: Window, seats: &Seats) -> Vec<Signed> {
	let lanes = common.spec.lanes;
	let mut in_lane = vec![vec![0; usize::from(lanes)]; seats.len()];
	for (stage, providers) in (0..).zip(seats.iter()) {
		let drawn = lanes_of_seats(window.seed, stage, lanes);
		for (provider, lane) in providers.iter().zip(drawn) {
			in_lane[usize::from(stage)][usize::from(lane)] = *provider;
		}
	}
	let units = (0..seats.len() as StageIndex).flat_map(|stage| {
		(0..lanes).map(move |lane| UnitId { model, window: window.index, stage, lane })
	});
	units.map(|unit| attest(common, window.seed, unit, seats, &in_lane)).collect()
}

/// The attestation of one unit that was done with all its steps.
fn attest(
	common: &Common,
	seed: Hash,
	unit: UnitId,
	seats: &Seats,
	in_lane: &[Vec<u32>],
) -> Signed {
	let spec = &common.spec;
	let worker = |stage: StageIndex| in_lane[usize::from(stage)][usize::from(unit.lane)];
	let provider = worker(unit.stage);
	let steps = spec.window.steps;
	let is_last = spec.is_last_stage(unit.stage);
	let receipt = |edge: Edge, neighbour: StageIndex| {
		let root = blob_root(&(edge, steps).encode());
		let message = edge_message(common.genesis, seed, &edge, steps, root);
		EdgeReceipt { root, signature: sign(common, worker(neighbour), message) }
	};
	let downstream = Edge::downstream(&unit, spec.stage_count());
	let difference = blob_root(&("difference", unit).encode());
	let mut attestation = Attestation {
		unit,
		// As if no merge ever changed anything: the chain compares a shard with the spec in the first window only.
		shard_before: spec.initial[usize::from(unit.stage)],
		outcome: Outcome::Done { steps },
		difference,
		norm: NonNegative(0x3f80_0000),
		checkpoints: Hash::zero(),
		upstream: Edge::upstream(&unit).map(|edge| receipt(edge, edge.upper)),
		downstream: downstream.map(|edge| receipt(edge, edge.upper + 1)),
		loss: is_last.then_some(LOSS),
		held_out: (is_last && is_gate(unit.window)).then_some(LOSS),
		inner_state: None,
		held: Default::default(),
	};
	let leaves = leaves(spec, unit);
	attestation.checkpoints = checkpoints_root(common.genesis, &unit, &leaves);
	let message = held_message(common.genesis, seed, &unit, difference);
	let mut others: Vec<u32> =
		seats[usize::from(unit.stage)].iter().copied().filter(|other| *other != provider).collect();
	// Others sign first in each window: which of them are the first to store it is chance.
	let turn = (unit.window as usize + usize::from(unit.lane)) % others.len().max(1);
	others.rotate_left(turn);
	let held = others.into_iter().take(common.held).map(|holder| HeldSignature {
		holder: common.keys.providers[holder as usize].id(),
		signature: sign(common, holder, message),
	});
	attestation.held = held.collect::<Vec<_>>().try_into().expect("at most a stage's other seats");
	(provider, attestation)
}

fn sign(common: &Common, provider: u32, message: Hash) -> sp_core::sr25519::Signature {
	common.keys.providers[provider as usize].worker.sign(message.as_bytes())
}

/// The states of a unit at its checkpoints, and its result.
fn leaves(spec: &ModelSpec, unit: UnitId) -> Vec<Hash> {
	checkpoint_steps(spec.window.steps, spec.window.checkpoint_every)
		.into_iter()
		.map(|step| blob_root(&("state", unit, step).encode()))
		.chain([blob_root(&("result", unit).encode())])
		.collect()
}

/// What an honest auditor answers.
pub fn approval(common: &Common, unit: UnitId, auditor: &AccountId) -> Hash {
	audit_root(common.genesis, &unit, auditor, &leaves(&common.spec, unit))
}
