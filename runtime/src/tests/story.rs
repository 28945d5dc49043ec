//! A model's life, brought about by real calls: what tests start from that need a network at work.

use std::collections::BTreeMap;

use cairn_primitives::{
	attestation::{audit_root, checkpoint_steps, checkpoints_root, HeldSignature, NonNegative},
	roster::is_gate,
	signing::{edge_message, endpoint_message, held_message, worker_message, Edge},
	spec::Access,
	traits::Models as _,
	Attestation, EdgeReceipt, LaneIndex, ModelId, ModelSpec, Outcome, StageIndex, Terms, UnitId,
	Verdict, Window, WindowIndex,
};
use cairn_program::trace::Evidence;
use frame_support::traits::{fungible::Mutate, Hooks};
use pallet_contributions::{AuditState, Audits, Units};
use pallet_disputes::{Games, Phase, Side};
use sp_core::{ed25519, sr25519, Pair};
use sp_runtime::{traits::Dispatchable, Permill};

use super::{evidence::merge, *};

mod trade;

/// Stages and lanes of the model.
const STAGES: u8 = 2;
const LANES: u8 = 2;
/// Providers: one for each seat, and a standby for each stage.
const PROVIDERS: u8 = 6;
/// The model of the story.
pub const MODEL: ModelId = 0;

fn spec() -> ModelSpec {
	let mut spec = ModelSpec::example(Hash::repeat_byte(1), STAGES, LANES);
	(spec.access, spec.window.blocks) = (Access::Open, 10);
	spec
}

/// A call, and who makes it.
pub type Deed = (AccountId, RuntimeCall);

/// A model in training whose seats are all taken. Everyone is honest, unless calls say otherwise.
pub struct Story {
	/// The key of each provider's worker.
	workers: BTreeMap<AccountId, sr25519::Pair>,
	/// What the last stage's workers attest of held-out samples, in nats.
	pub held_out: f32,
}

impl Story {
	/// Propose and open a model, seat everyone and start the first window.
	pub fn begin() -> Self {
		let researcher = Sr25519Keyring::Alice.to_account_id();
		let root = spec().dataset;
		let part = Permill::from_percent(5);
		let terms = Terms {
			data: part,
			researcher: part,
			treasury: part,
			royalty: part,
			serving_fee: part,
		};
		let metadata = Default::default();
		act((
			researcher.clone(),
			pallet_models::Call::register_dataset { root, metadata: Default::default() }.into(),
		));
		let proposal =
			pallet_models::Call::propose { spec: Box::new(spec()), terms, parent: None, metadata };
		act((researcher.clone(), proposal.into()));
		act((researcher, pallet_models::Call::open { model: MODEL }.into()));
		trade::prepare();
		let story = Self { workers: (0..PROVIDERS).map(register).collect(), held_out: 1.0 };
		story.take_seats();
		story.start_window();
		story
	}

	/// Everybody, providers and workers.
	pub fn people(&self) -> impl Iterator<Item = AccountId> + '_ {
		self.workers.iter().flat_map(|(provider, key)| [provider.clone(), key.public().into()])
	}

	/// The next window runs.
	pub fn start_window(&self) {
		let poke = || pallet_shards::Call::poke_window { model: MODEL }.into();
		let someone = Sr25519Keyring::Eve.to_account_id();
		while Shards::window(MODEL).is_none() {
			// Too early most of the time.
			let _ = try_to((someone.clone(), poke()));
			next_block();
		}
	}

	/// What everyone might want to do now, as well as it can be done.
	pub fn deeds(&self) -> Vec<Deed> {
		let someone = Sr25519Keyring::Eve.to_account_id();
		let mut deeds = vec![
			(someone.clone(), pallet_shards::Call::poke_window { model: MODEL }.into()),
			(someone.clone(), pallet_revenue::Call::fold { model: MODEL }.into()),
		];
		for provider in self.workers.keys() {
			deeds.push((provider.clone(), pallet_shards::Call::enlist { model: MODEL }.into()));
			deeds.push((provider.clone(), pallet_revenue::Call::claim { model: MODEL }.into()));
			let provider = provider.clone();
			let draw = pallet_shards::Call::draw_seat { model: MODEL, provider };
			deeds.push((someone.clone(), draw.into()));
		}
		if let Some(window) = Shards::window(MODEL) {
			self.work_in(&window, &mut deeds);
		}
		let next = pallet_shards::Clocks::<Runtime>::get(MODEL).map_or(0, |clock| clock.next);
		for window in next.saturating_sub(3)..next {
			self.judge(window, &mut deeds);
		}
		self.audit(&mut deeds);
		self.dispute(&mut deeds);
		self.trade(&mut deeds);
		deeds
	}

	/// The attestation of a unit, as an honest worker makes it.
	pub fn attestation(&self, window: &Window, stage: StageIndex, lane: LaneIndex) -> Option<Deed> {
		let unit = UnitId { model: MODEL, window: window.index, stage, lane };
		let provider = seated(window, stage, lane)?;
		let spec = Models::spec(MODEL).expect("the model exists");
		let steps = spec.window.steps;
		let receipt = |edge: Option<Edge>, stage: Option<StageIndex>| {
			let (edge, neighbour) = (edge?, seated(window, stage?, lane)?);
			let root = Hash::repeat_byte(3);
			let message = edge_message(genesis_hash(), window.seed, &edge, steps, root);
			Some(EdgeReceipt { root, signature: self.key(&neighbour).sign(&message.0) })
		};
		let is_last = spec.is_last_stage(stage);
		let nats = |number: f32| is_last.then_some(NonNegative(number.to_bits()));
		let difference = Hash::repeat_byte(4);
		let held_by = held_message(genesis_hash(), window.seed, &unit, difference);
		let roster = Shards::roster(MODEL, stage)?;
		let held: Vec<_> = roster
			.holders_for(&provider, window.index)
			.map(|holder| HeldSignature {
				holder: holder.clone(),
				signature: self.key(holder).sign(&held_by.0),
			})
			.collect();
		let mut attestation = Attestation {
			unit,
			shard_before: *spec.initial.get(usize::from(stage))?,
			outcome: Outcome::Done { steps },
			difference,
			norm: NonNegative(1f32.to_bits()),
			checkpoints: Hash::zero(),
			upstream: receipt(Edge::upstream(&unit), stage.checked_sub(1)),
			downstream: receipt(Edge::downstream(&unit, STAGES.into()), Some(stage + 1)),
			loss: nats(1.0),
			held_out: nats(self.held_out).filter(|_| is_gate(window.index)),
			inner_state: None,
			held: held.try_into().expect("as many as the stage has members"),
		};
		let leaves = leaves(attestation.shard_before, attestation.result());
		attestation.checkpoints = checkpoints_root(genesis_hash(), &unit, &leaves);
		let call = pallet_contributions::Call::attest { attestation };
		Some((self.worker(&provider), call.into()))
	}

	/// The attestations of a whole window.
	pub fn attestations<'a>(&'a self, window: &'a Window) -> impl Iterator<Item = Deed> + 'a {
		let places = (0..STAGES).flat_map(|stage| (0..LANES).map(move |lane| (stage, lane)));
		places.filter_map(|(stage, lane)| self.attestation(window, stage, lane))
	}

	/// What honest auditors answer to all that they are asked.
	pub fn approvals(&self) -> Vec<Deed> {
		let approve = |(unit, audit): (UnitId, pallet_contributions::Audit<AccountId>)| {
			let AuditState::Assigned { auditor, .. } = &audit.state else { return None };
			let attested = Units::<Runtime>::get(unit)?;
			let leaves = leaves(attested.shard_before, attested.result);
			let audit_root = audit_root(genesis_hash(), &unit, auditor, &leaves);
			let verdict = Verdict::Ok { audit_root };
			let call = pallet_contributions::Call::verdict { unit, verdict };
			Some((self.worker(auditor), call.into()))
		};
		Audits::<Runtime>::iter().filter_map(approve).collect()
	}

	fn take_seats(&self) {
		for provider in self.workers.keys() {
			act((provider.clone(), pallet_shards::Call::enlist { model: MODEL }.into()));
		}
		for _ in 0..protocol::BeaconDelay::get() + 2 {
			next_block();
		}
		for provider in self.workers.keys() {
			let draw = pallet_shards::Call::draw_seat { model: MODEL, provider: provider.clone() };
			act((provider.clone(), draw.into()));
		}
	}

	/// Attest, declare, leave, and report those who sign twice, while a window runs.
	fn work_in(&self, window: &Window, deeds: &mut Vec<Deed>) {
		deeds.extend(self.attestations(window));
		for provider in self.workers.keys() {
			let worker = self.worker(provider);
			let held = window.index.saturating_sub(1);
			let declare = pallet_shards::Call::declare_held { model: MODEL, window: held };
			deeds.push((worker, declare.into()));
		}
		let edge = Edge { model: MODEL, window: window.index, lane: 0, upper: 0 };
		if let Some(provider) = seated(window, 0, 0) {
			let receipt = |byte| {
				let root = Hash::repeat_byte(byte);
				let message = edge_message(genesis_hash(), window.seed, &edge, 1, root);
				EdgeReceipt { root, signature: self.key(&provider).sign(&message.0) }
			};
			let report = pallet_contributions::Call::report_equivocation {
				provider: provider.clone(),
				edge,
				steps: 1,
				first: receipt(1),
				second: receipt(2),
			};
			deeds.push((Sr25519Keyring::Eve.to_account_id(), report.into()));
		}
	}

	/// Draw lots, suspect, challenge, finalise and prune what was attested in a closed window.
	fn judge(&self, window: WindowIndex, deeds: &mut Vec<Deed>) {
		use pallet_contributions::Call;
		let someone = Sr25519Keyring::Eve.to_account_id();
		for stage in (0..STAGES).rev() {
			let lots = Call::draw_lots { model: MODEL, window, stage };
			deeds.push((someone.clone(), lots.into()));
			deeds.push((someone.clone(), Call::prune { model: MODEL, window, stage }.into()));
			let (_, evidence) = merge::wrong(&spec(), LANES.into(), 0);
			let evidence = evidence.try_into().expect("it is short");
			let refute = Call::refute_merge { model: MODEL, window, stage, evidence };
			deeds.push((someone.clone(), refute.into()));
			for lane in 0..LANES {
				let unit = UnitId { model: MODEL, window, stage, lane };
				deeds.push((someone.clone(), Call::finalise { unit }.into()));
				deeds.push((someone.clone(), Call::redraw_audit { unit }.into()));
				let edge = Edge { model: MODEL, window, lane, upper: stage };
				let (previous, steps) = (Hash::zero(), Default::default());
				deeds.push((someone.clone(), Call::report_fork { edge, previous, steps }.into()));
				for provider in self.workers.keys() {
					let checkpoints = Hash::repeat_byte(9);
					let worker = self.worker(provider);
					deeds.push((worker, Call::challenge { unit, checkpoints }.into()));
				}
			}
		}
		for lane in 0..LANES {
			for provider in self.workers.keys() {
				let suspect = Call::suspect { model: MODEL, window, lane };
				deeds.push((self.worker(provider), suspect.into()));
			}
			let settle = Call::settle_suspicion { model: MODEL, window, lane };
			deeds.push((someone.clone(), settle.into()));
		}
	}

	/// Answer audits, rightly and wrongly, and expose answers.
	fn audit(&self, deeds: &mut Vec<Deed>) {
		use pallet_contributions::Call;
		deeds.extend(self.approvals());
		for (unit, audit) in Audits::<Runtime>::iter() {
			let Some(attested) = Units::<Runtime>::get(unit) else { continue };
			let leaves = leaves(attested.shard_before, attested.result);
			if let AuditState::Assigned { auditor, .. } = &audit.state {
				let worker = self.worker(auditor);
				for verdict in [
					Verdict::Ok { audit_root: Hash::zero() },
					Verdict::Bad { checkpoints: Hash::zero() },
				] {
					deeds.push((worker.clone(), Call::verdict { unit, verdict }.into()));
				}
				deeds.push((worker, Call::report_unavailable { unit }.into()));
			}
			let leaves = leaves.try_into().expect("the model has few checkpoints");
			let expose = Call::expose_audit { unit, leaves };
			deeds.push((self.worker(&attested.provider), expose.into()));
		}
	}

	/// Make every move that is due in a game.
	fn dispute(&self, deeds: &mut Vec<Deed>) {
		use pallet_disputes::Call;
		for (unit, challenger, dispute) in Games::<Runtime>::iter() {
			let game = &dispute.game;
			let mover = match game.turn().side {
				Side::Defender => self.worker(&dispute.defender),
				Side::Challenger => self.worker(&challenger),
			};
			let next = match &game.phase {
				Phase::Reveal => Call::reveal {
					unit,
					challenger: challenger.clone(),
					leaves: leaves(game.context.shard_before, game.context.result)
						.try_into()
						.expect("the model has few checkpoints"),
				},
				Phase::Split(range) => Call::advance {
					unit,
					challenger: challenger.clone(),
					hashes: cairn_primitives::dispute::split(range.from, range.to)
						.into_iter()
						.map(|at| Hash::repeat_byte(at as u8))
						.collect::<Vec<_>>()
						.try_into()
						.expect("a range is split into 16 at most"),
				},
				Phase::ChooseCheckpoint(_) | Phase::ChooseChild(..) => {
					Call::choose { unit, challenger: challenger.clone(), child: 0 }
				},
				Phase::Prove(_) => Call::prove_leaf {
					unit,
					challenger: challenger.clone(),
					evidence: Evidence::default().encode().try_into().expect("it is short"),
				},
			};
			deeds.push((mover.clone(), next.into()));
			deeds.push((mover, Call::time_out { unit, challenger }.into()));
		}
	}

	fn key(&self, provider: &AccountId) -> &sr25519::Pair {
		self.workers.get(provider).expect("only providers of the story work")
	}

	fn worker(&self, provider: &AccountId) -> AccountId {
		self.key(provider).public().into()
	}
}

/// The hash that every message of the chain is bound to.
fn genesis_hash() -> Hash {
	System::block_hash(0)
}

fn seated(window: &Window, stage: StageIndex, lane: LaneIndex) -> Option<AccountId> {
	Shards::roster(MODEL, stage)?.in_lane(window.seed, stage, lane).cloned()
}

/// States at the checkpoints of a unit that ran to the end. Nothing here computes them: any will do that begins and ends
/// as was attested.
fn leaves(before: Hash, result: Hash) -> Vec<Hash> {
	let window = Models::spec(MODEL).expect("the model exists").window;
	let states = checkpoint_steps(window.steps, window.checkpoint_every).len();
	let inner = (1..states).map(|at| Hash::repeat_byte(at as u8));
	[before].into_iter().chain(inner).chain([result]).collect()
}

/// Register a provider with money enough.
fn register(number: u8) -> (AccountId, sr25519::Pair) {
	let provider = AccountId::new([100 + number; 32]);
	Balances::mint_into(&provider, 1_000_000 * CRN).expect("there is room for more money");
	let worker = sr25519::Pair::from_seed(&[100 + number; 32]);
	let endpoint = ed25519::Pair::from_seed(&[100 + number; 32]);
	act((provider.clone(), registration(&provider, &worker, &endpoint)));
	(provider, worker)
}

fn registration(
	provider: &AccountId,
	worker: &sr25519::Pair,
	endpoint: &ed25519::Pair,
) -> RuntimeCall {
	let call = pallet_workers::Call::register {
		worker: worker.public(),
		consent: consent(provider, worker, endpoint),
		endpoint: endpoint.public(),
		proof: endpoint.sign(&endpoint_message(genesis_hash(), provider).0),
		addresses: Default::default(),
		relay: None,
		hardware: Default::default(),
		bond: 100_000 * CRN,
	};
	call.into()
}

/// A worker key's consent to work for a provider.
fn consent(
	provider: &AccountId,
	worker: &sr25519::Pair,
	endpoint: &ed25519::Pair,
) -> sr25519::Signature {
	worker.sign(&worker_message(genesis_hash(), provider, &endpoint.public()).0)
}

/// Do something that has to succeed.
fn act(deed: Deed) {
	let call = format!("{:?}", deed.1);
	try_to(deed).unwrap_or_else(|error| panic!("{call}: {error:?}"));
}

/// Do something that may fail.
pub fn try_to((who, call): Deed) -> Result<(), sp_runtime::DispatchError> {
	call.dispatch(RuntimeOrigin::signed(who)).map(|_| ()).map_err(|error| error.error)
}

/// Time passes.
pub fn next_block() {
	let next = System::block_number() + 1;
	System::reset_events();
	System::set_block_number(next);
	Shards::on_initialize(next);
}

/// What is true after every block, of each of Cairn's pallets.
pub fn check_invariants() {
	for (pallet, checked) in [
		("models", Models::do_try_state()),
		("workers", Workers::do_try_state()),
		("shards", Shards::do_try_state()),
		("contributions", Contributions::do_try_state()),
		("disputes", Disputes::do_try_state()),
		("revenue", Revenue::do_try_state()),
		("inference", Inference::do_try_state()),
		("validators", Validators::do_try_state()),
	] {
		checked.unwrap_or_else(|error| panic!("{pallet}: {error:?}"));
	}
}
