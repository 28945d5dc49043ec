//! Brings neighbouring pallets into the states that benchmarks need, by writing their rows: what is written is what the
//! calls that usually write it would leave behind.

use alloc::{format, vec, vec::Vec};

use cairn_primitives::{
	attestation::NonNegative,
	dispute::{Leaf, MergeContext, UnitContext},
	traits::{ClosedWindow, Providers, Shares, Tally},
	voucher::Price,
	BlockNumber, Hash, ModelId, ModelSpec, ModelStatus, Outcome, Points, Roster, StageIndex,
	Standby, Terms, UnitId, Window, WindowIndex, GATE_EVERY, MAX_LANES, MAX_STANDBYS,
};
use codec::Encode;
use frame_benchmarking::account;
use frame_support::{
	traits::{
		fungible::{Mutate, MutateHold},
		ConstU32, Get,
	},
	BoundedVec,
};
use pallet_contributions::{
	Audit, AuditState, Base, Challenge, Check, Item, Record as WorkRecord, StageRow, Unit,
	WindowRow, WrongMerge,
};
use pallet_models::{Dataset, Mark, Record, MAX_MARKS};
use pallet_shards::{Clock, Phase, SeatRecord, Vacancy};
use pallet_workers::{Endpoint, Hardware, Ledger, Rotation};
use sp_core::{crypto::key_types::DUMMY, ed25519};
use sp_io::hashing::blake2_256;
use sp_runtime::Permill;

use super::{leaf, merge};
use crate::{AccountId, Balance, Balances, Revenue, Runtime, System, Workers};

/// What every provider has bonded: more than any model asks.
const BOND: Balance = 1 << 90;
/// What every account owns: more than any bond of a suspicion or challenge.
const RICH: Balance = 1 << 91;
/// What a model has earned before, and the points that its shares are from.
const INCOME: Balance = 1 << 60;
const POINTS: Points = 1 << 60;
const PART: Permill = Permill::from_percent(10);
const LANES: u8 = MAX_LANES as u8;

/// Implements what the benchmarks of each pallet ask of its neighbours.
pub struct Helper;

/// Every part of a mint goes to somebody, and forks pay royalties.
const TERMS: Terms = Terms {
	data: PART,
	researcher: PART,
	treasury: PART,
	royalty: PART,
	serving_fee: Terms::MAX_SERVING_FEE,
};

/// A block so many after the current one.
fn later(blocks: BlockNumber) -> BlockNumber {
	System::block_number().saturating_add(blocks)
}

/// A full vector of bytes.
fn bytes<Bound: Get<u32>>() -> BoundedVec<u8, Bound> {
	BoundedVec::truncate_from(vec![b'x'; Bound::get() as usize])
}

/// A model in training that has a price.
fn add_model(spec: ModelSpec, parent: Option<ModelId>) -> ModelId {
	let model = pallet_models::NextModel::<Runtime>::get();
	pallet_models::NextModel::<Runtime>::put(model.saturating_add(1));
	let family = parent.and_then(pallet_models::Records::<Runtime>::get);
	let bonded_points = spec.bonded_points();
	let owner = account("data owner", 0, 0);
	pallet_models::Datasets::<Runtime>::insert(
		spec.dataset,
		Dataset { owner, metadata: bytes(), deposit: 0 },
	);
	pallet_models::Specs::<Runtime>::insert(model, spec);
	pallet_models::Records::<Runtime>::insert(
		model,
		Record {
			researcher: account("researcher", 0, 0),
			parent,
			root: family.map_or(model, |parent| parent.root),
			status: ModelStatus::Training,
			terms: TERMS,
			price: Some(Price { prompt: 1, completion: 1 }),
			samples: 0,
			bonded_points,
			marks: marks(),
			best_before: None,
			checkpoints: BoundedVec::new(),
			restart_from: None,
			undone: None,
			branch: 0,
			metadata: bytes(),
			deposit: 0,
		},
	);
	model
}

/// As many losses of gates as are kept, so that one more displaces one.
fn marks() -> BoundedVec<Mark, ConstU32<MAX_MARKS>> {
	BoundedVec::truncate_from((0..MAX_MARKS).map(|window| Mark { window, loss: 0 }).collect())
}

fn spec_of(model: ModelId) -> ModelSpec {
	pallet_models::Specs::<Runtime>::get(model).expect("the model was added")
}

/// Register an account as a provider with a bond; returns its worker.
fn register(who: &AccountId) -> AccountId {
	if let Some(ledger) = pallet_workers::Ledgers::<Runtime>::get(who) {
		return AccountId::from(ledger.worker.0);
	}
	let seed = Hash::from(blake2_256(&("worker", who).encode()));
	// From a seed: a phrase, as without one, takes a hundred times as long.
	let key = sp_io::crypto::sr25519_generate(DUMMY, Some(format!("{seed:?}").into_bytes()));
	let endpoint = Endpoint {
		key: ed25519::Public::from_raw(seed.0),
		addresses: BoundedVec::truncate_from(vec![bytes(); pallet_workers::MAX_ADDRESSES as usize]),
		relay: Some(bytes()),
	};
	let worker = AccountId::from(key.0);
	pallet_workers::Workers::<Runtime>::insert(&worker, who);
	pallet_workers::Endpoints::<Runtime>::insert(endpoint.key, who);
	pallet_workers::Ledgers::<Runtime>::insert(
		who,
		Ledger {
			worker: key,
			rotation: Some(Rotation { from: key, at: 0 }),
			endpoint,
			hardware: Hardware::default(),
			bond: BOND,
			committed: 0,
			unbonding: BoundedVec::new(),
			reputation: Default::default(),
		},
	);
	Balances::set_balance(who, RICH);
	Balances::hold(&pallet_workers::HoldReason::ProviderBond.into(), who, BOND)
		.expect("the account is rich");
	worker
}

fn commit(who: &AccountId, model: ModelId) {
	let bond = Workers::required_bond(spec_of(model).bonded_points());
	<Workers as Providers>::commit(who, model, bond).expect("the bond is free");
}

/// The member of a stage at a place, seats first.
fn member(stage: StageIndex, place: u32) -> AccountId {
	account("member", stage.into(), place)
}

/// Put registered providers on all seats of a stage and `standbys` behind them.
fn fill(model: ModelId, stage: StageIndex, lanes: u8, standbys: u8) {
	let sit = |place: u32| {
		let who = member(stage, place);
		register(&who);
		commit(&who, model);
		pallet_shards::Places::<Runtime>::insert(model, &who, stage);
		who
	};
	let seats: Vec<_> = (0..lanes.into()).map(|place| Some(sit(place))).collect();
	let places = u32::from(lanes)..u32::from(lanes).saturating_add(standbys.into());
	let standbys: Vec<_> =
		places.map(|place| Standby { provider: sit(place), held: None }).collect();
	let roster = Roster {
		seats: BoundedVec::truncate_from(seats),
		standbys: BoundedVec::truncate_from(standbys),
	};
	pallet_shards::Rosters::<Runtime>::insert(model, stage, roster);
	let records = vec![SeatRecord::default(); lanes.into()];
	pallet_shards::SeatRecords::<Runtime>::insert(model, stage, BoundedVec::truncate_from(records));
}

/// Fill every stage of a model.
fn fill_all(model: ModelId, standbys: u8) {
	let ModelSpec { stages, lanes, .. } = spec_of(model);
	let free = (MAX_STANDBYS as u8).saturating_sub(standbys);
	let vacancies = vec![Vacancy { seats: 0, standbys: free }; stages.len()];
	pallet_shards::Vacancies::<Runtime>::insert(model, BoundedVec::truncate_from(vacancies));
	set_clock(model, 0, Phase::Waiting);
	for stage in 0..stages.len() as StageIndex {
		fill(model, stage, lanes, standbys);
	}
}

fn set_clock(model: ModelId, next: WindowIndex, phase: Phase) {
	let clock = Clock { next, oldest: next, phase, voided: 0 };
	pallet_shards::Clocks::<Runtime>::insert(model, clock);
}

fn window_row(attested: u32) -> WindowRow {
	WindowRow {
		deadline: later(0),
		due: 0,
		samples: 0,
		base: Base::Initial,
		needed_until: 0,
		tally: Tally { attested, samples: 1 },
		pruned: 0,
		stages: 0,
		suspected: 0,
		open_suspicions: 0,
	}
}

impl pallet_shards::BenchmarkHelper<AccountId> for Helper {
	fn training_model(stages: u8, lanes: u8) -> ModelId {
		let mut spec = ModelSpec::example(Hash::repeat_byte(1), stages, lanes);
		spec.access = cairn_primitives::spec::Access::Sealed;
		add_model(spec, None)
	}

	fn retire(model: ModelId) {
		pallet_models::Records::<Runtime>::mutate_extant(model, |record| {
			record.status = ModelStatus::Retired
		});
	}

	fn provider(number: u32) -> (AccountId, AccountId) {
		let who = account("provider", number, 0);
		let worker = register(&who);
		(who, worker)
	}

	fn attest(model: ModelId, window: WindowIndex, units: u32) {
		pallet_contributions::Windows::<Runtime>::insert(model, window, window_row(units));
	}
}

impl pallet_contributions::BenchmarkHelper<AccountId> for Helper {
	/// A fork with shares and income, so that minting folds a stream and pays its parent.
	fn create_model(stages: u8, lanes: u8, standbys: u8) -> ModelId {
		let spec = ModelSpec::example(Hash::repeat_byte(1), stages, lanes);
		let parent = add_model(spec.clone(), None);
		let model = add_model(spec.clone(), Some(parent));
		fill_all(model, standbys);
		let payer = account("client", 0, 0);
		Balances::set_balance(&payer, RICH);
		<Revenue as Shares>::mint(model, &spec, &member(0, 0), POINTS, 0).expect("the model mints");
		<Revenue as Shares>::deposit(model, &payer, INCOME).expect("the client is rich");
		System::set_block_number(later(1)); // a part of the income is released
		model
	}

	fn start_window(model: ModelId, index: WindowIndex) {
		let spec = spec_of(model);
		for stage in 0..spec.stages.len() as StageIndex {
			pallet_shards::Rosters::<Runtime>::mutate(model, stage, |roster| {
				for standby in roster.iter_mut().flat_map(|roster| &mut roster.standbys) {
					standby.held = index.checked_sub(1);
				}
			});
		}
		let start = later(0);
		let window = Window {
			index,
			start,
			deadline: later(spec.window.blocks),
			seed: Hash::repeat_byte(3),
			samples: 0,
		};
		set_clock(model, index, Phase::Running(window));
	}

	fn close_window(model: ModelId, index: WindowIndex) {
		let clock = pallet_shards::Clocks::<Runtime>::get(model).expect("the model has a clock");
		let Phase::Running(window) = clock.phase else { panic!("the window runs") };
		let closed = ClosedWindow { window, is_void: false };
		pallet_shards::Closed::<Runtime>::insert(model, index, closed);
		set_clock(model, index.saturating_add(1), Phase::Waiting);
	}

	fn reach_beacon(block: BlockNumber) {
		pallet_shards::Outputs::<Runtime>::insert(block, Hash::repeat_byte(7));
		System::set_block_number(later(0).max(block.saturating_add(3)));
	}

	fn wrong_merge(members: u32, bytes: u32) -> WrongMerge {
		// The shapes of any model that is created here.
		let spec = ModelSpec::example(Hash::zero(), 2, LANES);
		let (MergeContext { before, members, claimed, .. }, evidence) =
			merge::wrong(&spec, members, bytes);
		let differences = members.into_iter().map(|member| member.difference).collect();
		WrongMerge { before, differences, claimed, evidence }
	}
}

impl pallet_disputes::benchmarking::BenchmarkHelper<AccountId> for Helper {
	/// The unit was accused by its auditor, the last challenger, and challenged by as many others as may; its worker does
	/// not keep its seat. It is the last of a gate's units whose audit is open, so that its end decides the gate.
	fn attested_unit(defender: &AccountId, challengers: &[AccountId]) -> UnitContext {
		let spec = leaf::spec(LANES);
		let steps = spec.window.steps;
		let model = add_model(spec, None);
		fill_all(model, MAX_STANDBYS as u8);
		let unit = UnitId { model, window: GATE_EVERY - 1, stage: 1, lane: 0 };
		seat_instead(unit, defender);
		for who in challengers {
			Balances::set_balance(who, RICH);
		}

		let context = UnitContext {
			genesis: System::block_hash(0),
			unit,
			shard_before: Hash::repeat_byte(2),
			outcome: Outcome::Done { steps },
			samples: 0,
			// A unit of the last stage has no edge behind it: evidence is no dearer than with both.
			upstream: Some(leaf::signed()),
			downstream: Some(leaf::signed()),
			result: Hash::repeat_byte(4),
			checkpoints: Hash::repeat_byte(5),
		};
		attest(&context, defender);
		approve_others(unit);
		contest(unit, challengers);
		context
	}

	fn refuted_leaf(context: &UnitContext, size: u32) -> (Leaf, Vec<u8>) {
		leaf::refuted(&spec_of(context.unit.model), context, size)
	}
}

/// Give the first seat of a unit's stage to somebody else.
fn seat_instead(UnitId { model, stage, .. }: UnitId, who: &AccountId) {
	register(who);
	commit(who, model);
	pallet_shards::Places::<Runtime>::remove(model, member(stage, 0));
	pallet_shards::Places::<Runtime>::insert(model, who, stage);
	pallet_shards::Rosters::<Runtime>::mutate(model, stage, |roster| {
		if let Some(seat) = roster.as_mut().and_then(|roster| roster.seats.iter_mut().next()) {
			*seat = Some(who.clone());
		}
	});
}

/// Store a pending unit with all that belongs to it.
fn attest(context: &UnitContext, provider: &AccountId) {
	let (unit, points) = (context.unit, 1_000);
	let mut stage = StageRow::default();
	stage.admit(unit.lane, context.shard_before);
	pallet_contributions::Stages::<Runtime>::insert((unit.model, unit.window, unit.stage), stage);
	let row = WindowRow { stages: 1, ..window_row(1) };
	pallet_contributions::Windows::<Runtime>::insert(unit.model, unit.window, row);
	let record = WorkRecord { escrow: points, tail: 1, queued: 1, ..Default::default() };
	pallet_contributions::Records::<Runtime>::insert(provider, unit.model, record);
	pallet_contributions::Queue::<Runtime>::insert((provider, unit.model, 0), Item::Work(unit));
	pallet_contributions::OpenUnits::<Runtime>::insert(provider, 1);
	pallet_contributions::Units::<Runtime>::insert(
		unit,
		Unit {
			provider: provider.clone(),
			worker: Workers::worker_key(provider).expect("the provider is registered"),
			shard_before: context.shard_before,
			outcome: context.outcome,
			upstream: context.upstream,
			downstream: context.downstream,
			result: context.result,
			checkpoints: context.checkpoints,
			difference: Hash::repeat_byte(6),
			norm: NonNegative(0),
			loss: None,
			held_out: Some(NonNegative(0)),
			points,
			generation: 0,
			index: 0,
			due: 0,
			in_merge: true,
			check: Check::Open,
			phase: pallet_contributions::Phase::Pending,
		},
	);
}

/// Let the other lanes of a unit's stage have attested, and their audits be over.
fn approve_others(id: UnitId) {
	let unit = pallet_contributions::Units::<Runtime>::get(id).expect("the unit is attested");
	pallet_contributions::Stages::<Runtime>::mutate((id.model, id.window, id.stage), |stage| {
		for lane in 1..LANES {
			stage.admit(lane, unit.shard_before);
			let approved = Unit { check: Check::Approved, ..unit.clone() };
			pallet_contributions::Units::<Runtime>::insert(UnitId { lane, ..id }, approved);
		}
	});
}

/// Let the last of the challengers be the unit's auditor, and the first ones challenge it.
fn contest(unit: UnitId, challengers: &[AccountId]) {
	let Some((auditor, others)) = challengers.split_last() else { return };
	let state = AuditState::Accused { auditor: auditor.clone() };
	let audit = Audit { tried: BoundedVec::new(), unavailable: 0, state };
	pallet_contributions::Audits::<Runtime>::insert(unit, audit);
	pallet_contributions::OpenUnits::<Runtime>::insert(auditor, 1);
	let bond = <Runtime as pallet_contributions::Config>::ChallengeBond::get();
	let raised = others.iter().map(|by| {
		Balances::hold(&pallet_contributions::HoldReason::Challenge.into(), by, bond)
			.expect("the account is rich");
		Challenge { by: by.clone(), bond }
	});
	let most: u32 = <Runtime as pallet_contributions::Config>::MaxChallenges::get();
	let challenges: Vec<_> = raised.take(most as usize).collect();
	pallet_contributions::Challenges::<Runtime>::insert(
		unit,
		BoundedVec::truncate_from(challenges),
	);
}

impl pallet_revenue::benchmarking::BenchmarkHelper for Helper {
	fn fork(index: u32) -> ModelId {
		let spec = ModelSpec::example(Hash::from(blake2_256(&index.encode())), 2, 1);
		let root = add_model(spec.clone(), None);
		let child = add_model(spec.clone(), Some(root));
		add_model(spec, Some(child))
	}
}

impl pallet_inference::BenchmarkHelper<AccountId> for Helper {
	fn serving_model(stages: u32) -> (ModelId, AccountId) {
		let model = add_model(ModelSpec::example(Hash::repeat_byte(1), stages as u8, LANES), None);
		fill_all(model, MAX_STANDBYS as u8);
		let last = (stages as StageIndex).saturating_sub(1);
		(model, register(&member(last, 0)))
	}
}
