//! Benchmarks of every call, each in its worst case.

use alloc::vec::Vec;

use cairn_primitives::{
	attestation::{
		audit_root, checkpoints_root, Attestation, EdgeReceipt, HeldSignature, NonNegative, Verdict,
	},
	dispute::MAX_EVIDENCE,
	lcg::Lcg,
	roster::is_gate,
	signing::{edge_message, held_message, running_root, Edge},
	traits::{Models, Providers, Seats},
	Balance, BlockNumber, Hash, ModelId, Outcome, Points, StageIndex, UnitId, WindowIndex,
	GATE_EVERY, MAX_CHECKPOINTS, MAX_HELD, MAX_LANES, MAX_STAGES, MAX_STEPS,
};
use codec::{Decode, Encode};
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{
		fungible::{Mutate, MutateHold},
		Get,
	},
	BoundedVec,
};
use frame_system::RawOrigin;
use sp_core::{crypto::key_types::DUMMY, sr25519};

use crate::{
	types::bit, AccountIdOf, Audit, AuditState, Audits, Base, Call, Challenge, Challenges, Check,
	Config, HoldReason, Item, Latest, Lots, Newest, Pallet, Phase, Records, StageRow, Stages,
	Suspicion, Suspicions, Unit, UnitOf, Units, VoidReason, WindowRow, Windows,
	UNAVAILABLE_REPORTS,
};

/// Brings a benchmark's neighbours into a state.
pub trait BenchmarkHelper<AccountId> {
	/// An open model that trains, with this many stages, lanes, and standbys of each stage, which hold the last shard.
	/// Every seat is taken; the worker keys of all are in the keystore under the key type `DUMMY`, and their bonds are
	/// committed.
	fn create_model(stages: u8, lanes: u8, standbys: u8) -> ModelId;

	/// Start a window of a model in the current block.
	fn start_window(model: ModelId, window: WindowIndex);

	/// Close a running window as one that counted.
	fn close_window(model: ModelId, window: WindowIndex);

	/// Go on until the randomness of a block is known.
	fn reach_beacon(block: BlockNumber);

	/// A merge of `members` differences that is wrong, and evidence of `bytes` bytes for it. By default that of the linear
	/// congruential program.
	fn wrong_merge(members: u32, bytes: u32) -> WrongMerge {
		let states: Vec<u64> = (0..u64::from(members)).collect();
		let mut evidence = (7u64, &states).encode();
		evidence.resize(evidence.len().max(bytes as usize), 0);
		WrongMerge {
			before: Lcg::commit(7),
			differences: states.into_iter().map(Lcg::commit).collect(),
			claimed: Lcg::commit(u64::MAX),
			evidence,
		}
	}
}

/// A wrong merge and its proof.
pub struct WrongMerge {
	/// Root of the shard before.
	pub before: Hash,
	/// Roots of the differences.
	pub differences: Vec<Hash>,
	/// The wrong root.
	pub claimed: Hash,
	/// The proof.
	pub evidence: Vec<u8>,
}

const LANES: u8 = MAX_LANES as u8;
/// More than any bond.
const RICH: Balance = 1 << 100;

/// A model with as many lanes as may be.
fn helper<T: Config>(stages: u32, standbys: u8) -> ModelId {
	model_of::<T>(stages, LANES, standbys)
}

fn model_of<T: Config>(stages: u32, lanes: u8, standbys: u8) -> ModelId {
	frame_system::Pallet::<T>::set_block_number(1u32.into());
	T::Currency::set_balance(&T::Treasury::get(), RICH);
	T::BenchmarkHelper::create_model(stages as u8, lanes, standbys)
}

fn id(model: ModelId, window: WindowIndex, stage: StageIndex) -> UnitId {
	UnitId { model, window, stage, lane: 0 }
}

/// The provider on a seat, with money.
fn seat<T: Config>(model: ModelId, stage: StageIndex, index: usize) -> AccountIdOf<T> {
	let roster = T::Seats::roster(model, stage).expect("every stage has a roster");
	let who = roster.seats[index].clone().expect("every seat is taken");
	T::Currency::set_balance(&who, RICH);
	who
}

/// The first standby of a stage, with money.
fn standby<T: Config>(model: ModelId, stage: StageIndex) -> AccountIdOf<T> {
	let who = T::Seats::roster(model, stage).expect("every stage has a roster").standbys[0]
		.provider
		.clone();
	T::Currency::set_balance(&who, RICH);
	who
}

fn key<T: Config>(provider: &AccountIdOf<T>) -> sr25519::Public {
	T::Providers::worker_key(provider).expect("every provider has a key")
}

/// The account that signs for a provider: its worker's public key.
fn signer<T: Config>(provider: &AccountIdOf<T>) -> RawOrigin<AccountIdOf<T>> {
	let key = key::<T>(provider);
	let account = AccountIdOf::<T>::decode(&mut &key.0[..]).expect("accounts are public keys");
	RawOrigin::Signed(account)
}

fn sign(key: &sr25519::Public, message: Hash) -> sr25519::Signature {
	sp_io::crypto::sr25519_sign(DUMMY, key, message.as_bytes()).expect("the key is in the store")
}

fn root(byte: u8) -> Hash {
	Hash::repeat_byte(byte)
}

/// A unit that is nothing special.
fn plain<T: Config>(provider: AccountIdOf<T>, points: Points) -> UnitOf<T> {
	let worker = key::<T>(&provider);
	Unit {
		provider,
		worker,
		shard_before: root(1),
		outcome: Outcome::Done { steps: 1 },
		upstream: Some(root(2)),
		downstream: Some(root(3)),
		result: root(4),
		checkpoints: root(5),
		difference: root(6),
		norm: NonNegative(0),
		loss: Some(NonNegative(0)),
		held_out: Some(NonNegative(0)),
		points,
		generation: 0,
		index: 0,
		due: 0,
		in_merge: true,
		check: Check::Waiting,
		phase: Phase::Pending,
	}
}

/// Store a pending unit with all that belongs to it, as if it had been attested.
fn put<T: Config>(id: UnitId, mut unit: UnitOf<T>) {
	let points = unit.points;
	let (index, generation) =
		Pallet::<T>::enqueue(&unit.provider, id.model, Item::Work(id), points)
			.expect("queues have room");
	(unit.index, unit.generation) = (index, generation);
	let mut row = Windows::<T>::get(id.model, id.window).unwrap_or(WindowRow {
		deadline: Pallet::<T>::now(),
		due: 0,
		samples: 0,
		base: Base::Initial,
		needed_until: 0,
		tally: Default::default(),
		pruned: 0,
		stages: 0,
		suspected: 0,
		open_suspicions: 0,
	});
	row.tally.attested += 1;
	if T::Models::spec(id.model).expect("the model has a spec").is_last_stage(id.stage) {
		row.tally.samples += u64::from(batch::<T>(id.model)) * u64::from(unit.outcome.steps());
	}
	let mut stage = Stages::<T>::get((id.model, id.window, id.stage));
	row.count(&stage);
	stage.admit(id.lane, unit.shard_before);
	if unit.check != Check::Waiting {
		stage.lots = Lots::Drawn(Pallet::<T>::now());
	}
	Stages::<T>::insert((id.model, id.window, id.stage), stage);
	Windows::<T>::insert(id.model, id.window, row);
	let newest = Newest::<T>::get(id.model).map_or(0, |newest| newest.window);
	let window = newest.max(id.window);
	Newest::<T>::insert(id.model, Latest { window, is_broken: false });
	Units::<T>::insert(id, unit);
}

/// Let a window without a clock count as one that enough attested.
fn counted<T: Config>(model: ModelId, window: WindowIndex) {
	let spec = T::Models::spec(model).expect("the model has a spec");
	Pallet::<T>::update_window(model, window, |row| row.tally.attested = spec.seat_count());
}

fn batch<T: Config>(model: ModelId) -> u32 {
	T::Models::spec(model).expect("the model has a spec").schedule.batch_at(0)
}

/// Give an audit to an auditor who has all the time in the world.
fn assigned<T: Config>(id: UnitId, auditor: AccountIdOf<T>, unavailable: u8) {
	Units::<T>::mutate_extant(id, |unit| unit.check = Check::Open);
	let state = AuditState::Assigned { auditor, deadline: BlockNumber::MAX };
	let tried = (0..unavailable).map(|stage| seat::<T>(id.model, stage, 3)).collect();
	let audit = Audit { tried: BoundedVec::truncate_from(tried), unavailable, state };
	Audits::<T>::insert(id, audit);
}

/// Store the approval of a unit.
fn approved<T: Config>(id: UnitId, auditor: AccountIdOf<T>, answer: Hash) {
	let unit = Units::<T>::get(id).expect("the unit is stored");
	let (index, generation) =
		Pallet::<T>::enqueue(&auditor, id.model, Item::Audit(id), unit.audit_points())
			.expect("queues have room");
	let state = AuditState::Answered { auditor, root: answer, index, due: 0, generation };
	let audit = Audit { tried: BoundedVec::new(), unavailable: 0, state };
	Audits::<T>::insert(id, audit);
	Units::<T>::mutate_extant(id, |unit| unit.check = Check::Approved);
}

/// Open challenges of a unit by as many seats of another stage as may.
fn challenged<T: Config>(id: UnitId, stage: StageIndex) {
	let bond = T::ChallengeBond::get();
	let mut challenges = Vec::new();
	for index in 0..T::MaxChallenges::get() {
		let by = seat::<T>(id.model, stage, index as usize);
		T::Currency::hold(&HoldReason::Challenge.into(), &by, bond).expect("seats are rich");
		challenges.push(Challenge { by, bond });
	}
	Challenges::<T>::insert(id, BoundedVec::truncate_from(challenges));
}

#[benchmarks]
mod benchmarks {
	use super::*;

	// With no older item to look after, and with one. What a second one costs beyond the first is less, because both change the
	// same pool and accounts: so more than one are charged enough, too.
	#[benchmark]
	fn attest(h: Linear<0, MAX_HELD>, f: Linear<0, 1>) {
		let window = GATE_EVERY;
		let model = helper::<T>(3, (MAX_HELD - MAX_LANES + 1) as u8);
		T::BenchmarkHelper::start_window(model, window);
		let running = T::Seats::window(model).expect("the window was started");
		let unit = id(model, window, 1);
		let spec = T::Models::spec(model).expect("the model has a spec");
		let at = |stage| {
			let roster = T::Seats::roster(model, stage).expect("every stage has a roster");
			roster.in_lane(running.seed, stage, 0).expect("every seat is taken").clone()
		};
		let provider = at(1);
		T::Currency::set_balance(&provider, RICH);
		// The older unit is due, and the one after it is looked at.
		for older in 1 - f..2 {
			let mut unit = plain::<T>(provider.clone(), 1_000_000_000);
			unit.check = Check::Spared;
			unit.due = if older == 0 { 0 } else { BlockNumber::MAX };
			put::<T>(id(model, window - 2 + older, 1), unit);
		}
		let genesis = Pallet::<T>::genesis();
		let steps = spec.window.steps;
		// Both neighbours attested the same roots of the edges to it.
		for stage in [0, 2] {
			let mut other = plain::<T>(at(stage), 1);
			other.outcome = Outcome::Done { steps };
			(other.upstream, other.downstream) = (Some(root(1)), Some(root(1)));
			put::<T>(id(model, window, stage), other);
		}
		Pallet::<T>::update_window(model, window, |row| row.base = Base::Merge(window - 1));
		let receipt = |edge: Option<Edge>, stage| {
			let edge = edge.expect("the edge exists");
			let message = edge_message(genesis, running.seed, &edge, steps, root(1));
			Some(EdgeReceipt { root: root(1), signature: sign(&key::<T>(&at(stage)), message) })
		};
		let roster = T::Seats::roster(model, 1).expect("every stage has a roster");
		let message = held_message(genesis, running.seed, &unit, root(6));
		let held: Vec<_> = roster
			.holders_for(&provider, window)
			.take(h as usize)
			.map(|holder| HeldSignature {
				holder: holder.clone(),
				signature: sign(&key::<T>(holder), message),
			})
			.collect();
		assert_eq!(held.len(), h as usize);
		let attestation = Attestation {
			unit,
			shard_before: root(1),
			outcome: Outcome::Done { steps },
			difference: root(6),
			norm: NonNegative(0),
			checkpoints: root(5),
			upstream: receipt(Edge::upstream(&unit), 0),
			downstream: receipt(Edge::downstream(&unit, 3), 2),
			loss: None,
			held_out: None,
			inner_state: spec.inner.carries_state().then(|| root(7)),
			held: BoundedVec::truncate_from(held),
		};
		let origin = signer::<T>(&provider);

		#[extrinsic_call]
		_(origin, attestation);

		assert!(Units::<T>::contains_key(unit));
		assert_eq!(Records::<T>::get(&provider, model).head, f);
		assert!(Units::<T>::get(id(model, window, 0)).is_some_and(|other| other.in_merge));
	}

	#[benchmark]
	fn open_window() {
		// The window before counted, but the clock has forgotten it.
		let model = helper::<T>(2, 0);
		put::<T>(id(model, 0, 0), plain::<T>(seat::<T>(model, 0, 0), 1));
		counted::<T>(model, 0);
		T::BenchmarkHelper::start_window(model, 1);
		let running = T::Seats::window(model).expect("the window was started");
		let spec = T::Models::spec(model).expect("the model has a spec");
		let row;

		#[block]
		{
			row = Pallet::<T>::running_row(model, &spec, &running);
		}

		assert_eq!(row.base, Base::Merge(0));
		assert!(Windows::<T>::get(model, 0).is_some_and(|base| base.needed_until > 0));
	}

	#[benchmark]
	fn ends_differ() {
		let model = helper::<T>(2, 0);
		let spec = T::Models::spec(model).expect("the model has a spec");
		let above = id(model, 0, 0);
		put::<T>(above, plain::<T>(seat::<T>(model, 0, 0), 1));
		let mut below = plain::<T>(seat::<T>(model, 1, 0), 1);
		let differing;

		#[block]
		{
			differing = Pallet::<T>::compare_ends(&spec, &id(model, 0, 1), &mut below);
		}

		assert_eq!(differing, 1);
		assert!(Units::<T>::get(above).is_some_and(|above| !above.in_merge));
	}

	#[benchmark]
	fn draw_lots() {
		let window = GATE_EVERY - 1;
		assert!(is_gate(window));
		let model = helper::<T>(2, LANES);
		T::BenchmarkHelper::start_window(model, window);
		for lane in 0..LANES {
			for stage in [0, 1] {
				let provider = seat::<T>(model, stage, lane as usize);
				put::<T>(UnitId { model, window, stage, lane }, plain::<T>(provider, 1));
			}
		}
		T::BenchmarkHelper::close_window(model, window);
		let row = Windows::<T>::get(model, window).expect("units were attested");
		T::BenchmarkHelper::reach_beacon(row.deadline + T::LotDelay::get());
		let caller = seat::<T>(model, 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), model, window, 1);

		assert_eq!(Audits::<T>::iter().count(), LANES as usize);
	}

	#[benchmark]
	fn redraw_audit() {
		// The worker and who was asked before are all there are at the stage: others are asked.
		let model = model_of::<T>(MAX_STAGES, 2, 0);
		let unit = id(model, 0, 1);
		put::<T>(unit, plain::<T>(seat::<T>(model, 1, 0), 1));
		Stages::<T>::mutate((model, 0, 1), |stage| stage.lots = Lots::Drawn(1));
		assigned::<T>(unit, seat::<T>(model, 1, 1), 0);
		let seed_at = Pallet::<T>::now();
		Audits::<T>::mutate_extant(unit, |audit| {
			audit.tried = BoundedVec::truncate_from(Vec::from([seat::<T>(model, 1, 1)]));
			audit.state = AuditState::Drawing { seed_at };
		});
		T::BenchmarkHelper::reach_beacon(seed_at);
		let caller = seat::<T>(model, 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), unit);

		let state = Audits::<T>::get(unit).expect("the audit is open").state;
		assert!(matches!(state, AuditState::Assigned { .. }));
	}

	#[benchmark]
	fn verdict_ok() {
		// The last open audit of a gate, whose median the model is told.
		let window = GATE_EVERY - 1;
		let model = helper::<T>(2, 1);
		let unit = id(model, window, 1);
		for lane in 0..LANES {
			let mut approved = plain::<T>(seat::<T>(model, 1, lane as usize), 1_000);
			approved.check = Check::Approved;
			put::<T>(UnitId { lane, ..unit }, approved);
		}
		Stages::<T>::mutate((model, window, 1), |stage| stage.lots = Lots::Drawn(1));
		let auditor = standby::<T>(model, 1);
		assigned::<T>(unit, auditor.clone(), 0);
		let origin = signer::<T>(&auditor);

		#[extrinsic_call]
		verdict(origin, unit, Verdict::Ok { audit_root: root(9) });

		assert_eq!(Units::<T>::get(unit).map(|unit| unit.check), Some(Check::Approved));
	}

	#[benchmark]
	fn conclude_gate() {
		let window = GATE_EVERY - 1;
		let model = helper::<T>(2, 1);
		let unit = id(model, window, 1);
		for lane in 0..LANES {
			let mut approved = plain::<T>(seat::<T>(model, 1, lane as usize), 1_000);
			approved.check = Check::Approved;
			put::<T>(UnitId { lane, ..unit }, approved);
		}

		#[block]
		{
			Pallet::<T>::conclude_gate(&unit);
		}
	}

	#[benchmark]
	fn verdict_bad() {
		let model = helper::<T>(2, 1);
		let unit = id(model, 0, 0);
		put::<T>(unit, plain::<T>(seat::<T>(model, 0, 0), 1_000));
		Stages::<T>::mutate((model, 0, 0), |stage| stage.lots = Lots::Drawn(1));
		let auditor = standby::<T>(model, 0);
		assigned::<T>(unit, auditor.clone(), 0);
		let origin = signer::<T>(&auditor);

		#[extrinsic_call]
		verdict(origin, unit, Verdict::Bad { checkpoints: root(9) });

		let state = Audits::<T>::get(unit).expect("the audit is open").state;
		assert_eq!(state, AuditState::Accused { auditor });
	}

	#[benchmark]
	fn report_unavailable() {
		let model = helper::<T>(2, 1);
		let unit = id(model, 0, 0);
		put::<T>(unit, plain::<T>(seat::<T>(model, 0, 0), 1_000));
		Stages::<T>::mutate((model, 0, 0), |stage| stage.lots = Lots::Drawn(1));
		let auditor = standby::<T>(model, 0);
		assigned::<T>(unit, auditor.clone(), UNAVAILABLE_REPORTS);
		challenged::<T>(unit, 1);
		let origin = signer::<T>(&auditor);

		#[extrinsic_call]
		_(origin, unit);

		let phase = Units::<T>::get(unit).map(|unit| unit.phase);
		assert_eq!(phase, Some(Phase::Void(VoidReason::Refuted)));
	}

	#[benchmark]
	fn expose_audit() {
		let model = helper::<T>(2, 1);
		let unit = id(model, 0, 0);
		let worker = seat::<T>(model, 0, 0);
		let auditor = standby::<T>(model, 0);
		let leaves: Vec<_> = (0..MAX_CHECKPOINTS + 2).map(|leaf| root(leaf as u8)).collect();
		let genesis = Pallet::<T>::genesis();
		let mut lazily = plain::<T>(worker.clone(), 1_000);
		lazily.checkpoints = checkpoints_root(genesis, &unit, &leaves);
		put::<T>(unit, lazily);
		Stages::<T>::mutate((model, 0, 0), |stage| stage.lots = Lots::Drawn(1));
		let answer = audit_root(genesis, &unit, &worker, &leaves);
		approved::<T>(unit, auditor, answer);
		let origin = signer::<T>(&worker);

		#[extrinsic_call]
		_(origin, unit, BoundedVec::truncate_from(leaves));

		assert_eq!(Units::<T>::get(unit).map(|unit| unit.check), Some(Check::Open));
	}

	#[benchmark]
	fn suspect(s: Linear<1, MAX_STAGES>) {
		let model = helper::<T>(s, 0);
		T::BenchmarkHelper::start_window(model, 0);
		for stage in 0..s as u8 {
			let mut unit = plain::<T>(seat::<T>(model, stage, 0), 1);
			unit.check = Check::Spared;
			put::<T>(id(model, 0, stage), unit);
		}
		T::BenchmarkHelper::close_window(model, 0);
		let origin = signer::<T>(&seat::<T>(model, (s - 1) as u8, 1));

		#[extrinsic_call]
		_(origin, model, 0, 0);

		assert_eq!(Audits::<T>::iter().count(), s as usize);
	}

	#[benchmark]
	fn settle_suspicion(s: Linear<1, MAX_STAGES>) {
		let model = helper::<T>(s, 0);
		for stage in 0..s as u8 {
			let mut unit = plain::<T>(seat::<T>(model, stage, 0), 1);
			unit.check = Check::Approved;
			put::<T>(id(model, 0, stage), unit);
		}
		let by = seat::<T>(model, 0, 1);
		let bond = T::SuspicionBond::get();
		T::Currency::hold(&HoldReason::Suspicion.into(), &by, bond).expect("seats are rich");
		Suspicions::<T>::insert((model, 0, 0), Suspicion { by: by.clone(), bond, known: 0 });
		Pallet::<T>::update_window(model, 0, |row| {
			row.suspected = bit(0);
			row.open_suspicions = bit(0);
		});

		#[extrinsic_call]
		_(RawOrigin::Signed(by), model, 0, 0);

		assert!(!Suspicions::<T>::contains_key((model, 0, 0)));
	}

	#[benchmark]
	fn challenge() {
		let model = helper::<T>(2, 0);
		let unit = id(model, 0, 0);
		let mut spared = plain::<T>(seat::<T>(model, 0, 0), 1);
		spared.check = Check::Spared;
		spared.due = BlockNumber::MAX;
		put::<T>(unit, spared);
		counted::<T>(model, 0);
		let origin = signer::<T>(&seat::<T>(model, 0, 1));

		#[extrinsic_call]
		_(origin, unit, root(9));

		assert_eq!(Challenges::<T>::get(unit).len(), 1);
	}

	#[benchmark]
	fn refute_merge(e: Linear<1_024, MAX_EVIDENCE>) {
		let model = helper::<T>(2, 1);
		let wrong = T::BenchmarkHelper::wrong_merge(MAX_LANES, e);
		for lane in 0..LANES {
			let provider = seat::<T>(model, 0, lane as usize);
			let mut before = plain::<T>(provider.clone(), 1);
			before.shard_before = wrong.before;
			before.difference = wrong.differences[lane as usize];
			put::<T>(UnitId { lane, ..id(model, 0, 0) }, before);
			let mut after = plain::<T>(provider, 1);
			(after.shard_before, after.due) = (wrong.claimed, BlockNumber::MAX);
			put::<T>(UnitId { lane, ..id(model, 1, 0) }, after);
		}
		Pallet::<T>::update_window(model, 1, |row| row.base = Base::Merge(0));
		let caller = standby::<T>(model, 0);
		let evidence = BoundedVec::truncate_from(wrong.evidence);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), model, 1, 0, evidence);

		assert_eq!(Stages::<T>::get((model, 1, 0)).majority_root(), None);
	}

	#[benchmark]
	fn report_equivocation() {
		let model = helper::<T>(2, 1);
		T::BenchmarkHelper::start_window(model, 0);
		let seed = T::Seats::window(model).expect("the window was started").seed;
		let roster = T::Seats::roster(model, 1).expect("every stage has a roster");
		let provider = roster.in_lane(seed, 1, 0).expect("every seat is taken").clone();
		T::Currency::set_balance(&provider, RICH);
		let edge = Edge { model, window: 0, lane: 0, upper: 0 };
		let receipt = |byte| {
			let message = edge_message(Pallet::<T>::genesis(), seed, &edge, 1, root(byte));
			EdgeReceipt { root: root(byte), signature: sign(&key::<T>(&provider), message) }
		};
		let (first, second) = (receipt(1), receipt(2));
		let caller = standby::<T>(model, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), provider.clone(), edge, 1, first, second);

		assert_eq!(Records::<T>::get(provider, model).generation, 1);
	}

	#[benchmark]
	fn report_fork(n: Linear<0, MAX_STEPS>) {
		let model = helper::<T>(2, 1);
		let steps = alloc::vec![root(9); n as usize];
		let mut above = plain::<T>(seat::<T>(model, 0, 0), 1_000);
		above.outcome = Outcome::Done { steps: 1 };
		let mut below = plain::<T>(seat::<T>(model, 1, 0), 1_000);
		below.outcome = Outcome::Done { steps: n + 1 };
		below.upstream = Some(steps.iter().fold(root(8), |end, step| running_root(end, *step)));
		for (stage, unit) in [(0, above), (1, below)] {
			let id = id(model, 0, stage);
			put::<T>(id, unit);
			challenged::<T>(id, 1 - stage);
		}
		let caller = standby::<T>(model, 0);
		let edge = Edge { model, window: 0, lane: 0, upper: 0 };
		let steps = BoundedVec::truncate_from(steps);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), edge, root(8), steps);

		for stage in [0, 1] {
			let phase = Units::<T>::get(id(model, 0, stage)).map(|unit| unit.phase);
			assert_eq!(phase, Some(Phase::Void(VoidReason::Refuted)));
		}
	}

	#[benchmark]
	fn finalise() {
		let model = helper::<T>(2, 1);
		let unit = id(model, 0, 0);
		let mut spared = plain::<T>(seat::<T>(model, 0, 0), 1_000_000_000);
		spared.check = Check::Spared;
		put::<T>(unit, spared);
		approved::<T>(unit, standby::<T>(model, 0), root(9));
		let caller = seat::<T>(model, 1, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), unit);

		assert_eq!(Units::<T>::get(unit).map(|unit| unit.phase), Some(Phase::Final));
		assert!(!Audits::<T>::contains_key(unit));
	}

	#[benchmark]
	fn prune() {
		let model = helper::<T>(2, 1);
		for lane in 0..LANES {
			let place = UnitId { lane, ..id(model, 0, 0) };
			let mut unit = plain::<T>(seat::<T>(model, 0, lane as usize), 1);
			unit.check = Check::Spared;
			put::<T>(place, unit.clone());
			let stored = Units::<T>::get(place).expect("it was stored");
			Pallet::<T>::close(&place, stored, Phase::Final);
		}
		put::<T>(id(model, WindowIndex::MAX, 0), plain::<T>(seat::<T>(model, 0, 0), 1));
		let stage: StageRow = Stages::<T>::get((model, 0, 0));
		assert_eq!(stage.lanes, u16::MAX);
		let caller = seat::<T>(model, 1, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), model, 0, 0);

		assert!(!Stages::<T>::contains_key((model, 0, 0)));
		assert!(!Windows::<T>::contains_key(model, 0));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
