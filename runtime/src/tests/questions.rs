//! What people ask, as a node asks the runtime for them.

use std::collections::BTreeSet;

use cairn_primitives::{
	voucher::{Price, Voucher},
	ModelSpec, Points, UnitId, Window,
};
use codec::Decode;
use frame_support::traits::GetCallMetadata;
use pallet_contributions::{AuditState, AuditTask, Audits, Call};
use pallet_disputes::{Games, Side};
use pallet_revenue::Position;
use pallet_shards::{ExtractionPrice, Lane, Place};
use pallet_validators::Status;

use super::{
	story::{next_block, try_to, Deed, Story, MODEL},
	*,
};

/// A model that nobody proposed.
const GHOST: u32 = 99;

/// What the runtime API answers.
fn ask<Answer: Decode>(question: &str, input: impl Encode) -> Answer {
	let answer = apis::api::dispatch(&format!("CairnApi_{question}"), &input.encode())
		.unwrap_or_else(|| panic!("the runtime does not know {question}"));
	Answer::decode(&mut answer.as_slice()).expect("the answer is of its type")
}

/// Everyone at the story's model.
fn providers() -> Vec<AccountId> {
	pallet_workers::Ledgers::<Runtime>::iter_keys().collect()
}

fn act(who: Sr25519Keyring, call: impl Into<RuntimeCall>) {
	assert_ok!(try_to((who.to_account_id(), call.into())));
}

/// Blocks in which everyone does what it can of what is `wanted`, until something is found.
#[track_caller]
fn live_until<Found>(
	story: &Story,
	wanted: impl Fn(&Deed) -> bool,
	look: impl Fn() -> Option<Found>,
) -> Found {
	let mut refused = BTreeSet::new();
	for _ in 0..300 {
		for deed in story.deeds().into_iter().filter(|deed| wanted(deed)) {
			let call = deed.1.get_call_metadata();
			if let Err(error) = try_to(deed) {
				let error = <&str>::from(error);
				refused.insert((call.pallet_name, call.function_name, error));
			}
		}
		if let Some(found) = look() {
			return found;
		}
		next_block();
	}
	panic!("nothing was found in 300 blocks; refused were {refused:#?}");
}

/// Work that accuses nobody and answers no audit.
fn is_plain_work((_, call): &Deed) -> bool {
	matches!(
		call,
		RuntimeCall::Contributions(Call::attest { .. } | Call::draw_lots { .. })
			| RuntimeCall::Shards(_)
	)
}

#[test]
fn every_question_says_in_the_metadata_what_it_answers() {
	// Some constants in it are read from the state.
	let mut metadata = None;
	in_network("development", || metadata = Some(Runtime::metadata_ir()));
	let metadata = metadata.expect("the test ran");
	let api = metadata.apis.iter().find(|api| api.name == "CairnApi").expect("it is declared");
	let mut names: Vec<_> = api.methods.iter().map(|method| method.name).collect();
	names.sort_unstable();
	assert_eq!(
		names,
		[
			"audit_tasks",
			"bond_for",
			"candidate",
			"challenge_bond",
			"channel_of",
			"claimable",
			"escrow",
			"extraction_price",
			"lanes",
			"merge_set",
			"my_games",
			"positions",
			"proposal_deposit",
			"quote",
			"required_bond",
			"seat_of",
			"suspicion_bond",
			"voucher_message",
			"window",
		]
	);
	for method in &api.methods {
		assert!(!method.docs.is_empty(), "{} has no explanation", method.name);
	}
	assert!(Runtime::metadata_versions().contains(&15), "polkadot.js reads version 15");
}

#[test]
fn share_holders_learn_what_they_can_claim() {
	use cairn_primitives::traits::{Models as _, Shares};
	in_network("development", || {
		let _story = Story::begin();
		let bob = Sr25519Keyring::Bob.to_account_id();
		assert_eq!(ask::<Balance>("claimable", (MODEL, &bob)), 0);
		assert_eq!(ask::<Vec<Position>>("positions", (&bob, vec![MODEL, GHOST])), []);

		let spec = Models::spec(MODEL).unwrap();
		assert_ok!(Revenue::mint(MODEL, &spec, &bob, 1_000_000_000_000_000, 1_000));
		let amount = 1_000 * CRN;
		act(Sr25519Keyring::Alice, pallet_revenue::Call::deposit_revenue { model: MODEL, amount });
		System::set_block_number(System::block_number() + protocol::StreamBlocks::get());
		let claimable = ask::<Balance>("claimable", (MODEL, &bob));
		assert!(claimable > 0 && claimable <= amount, "{claimable}");
		let positions = ask::<Vec<Position>>("positions", (&bob, vec![MODEL, GHOST]));
		let shares = Revenue::shares_of(MODEL, bob.clone());
		let supply = Revenue::supply(MODEL);
		assert_eq!(positions, [Position { model: MODEL, shares, supply, claimable }]);

		let before = Balances::balance(&bob);
		act(Sr25519Keyring::Bob, pallet_revenue::Call::claim { model: MODEL });
		assert_eq!(Balances::balance(&bob) - before, claimable);
	});
}

#[test]
fn a_holder_cannot_ask_about_more_models_than_an_answer_takes() {
	in_network("development", || {
		let alice = Sr25519Keyring::Alice.to_account_id();
		let most: Vec<u32> = (0..256).collect();
		assert_eq!(ask::<Vec<Position>>("positions", (&alice, most)), []);
		let more: Vec<u32> = (0..257).collect();
		let asked = std::panic::catch_unwind(|| ask::<Vec<Position>>("positions", (&alice, more)));
		assert!(asked.is_err(), "257 models are too many");
	});
}

#[test]
fn clients_learn_prices_and_what_to_sign() {
	in_network("development", || {
		let _story = Story::begin();
		let quote = (MODEL, 1_000_000u64, 500_000u64);
		assert_eq!(ask::<Option<Balance>>("quote", quote), None);
		let price = Price { prompt: CRN, completion: 4 * CRN };
		act(
			Sr25519Keyring::Alice,
			pallet_models::Call::set_price { model: MODEL, price: Some(price) },
		);
		assert_eq!(ask::<Option<Balance>>("quote", quote), Some(3 * CRN));

		let client = Sr25519Keyring::Alice.to_account_id();
		let lane = 1u8;
		assert_eq!(ask::<Option<u64>>("channel_of", (&client, MODEL, lane)), None);
		let open = pallet_inference::Call::open_channel {
			model: MODEL,
			lane,
			deposit: 10 * CRN,
			blocks: 100,
			signer: None,
			max_price: price,
		};
		act(Sr25519Keyring::Alice, open);
		let channel = ask::<Option<u64>>("channel_of", (&client, MODEL, lane)).unwrap();
		let (amount, window) = (CRN, 0);
		let message = ask::<Hash>("voucher_message", (channel, amount, window));
		let signature = Sr25519Keyring::Alice.sign(message.as_ref()).into();
		let voucher = Voucher { channel, amount, window, signature };
		act(Sr25519Keyring::Alice, pallet_inference::Call::settle { voucher });
	});
}

#[test]
fn researchers_learn_what_is_held_and_what_stealing_costs() {
	in_network("development", || {
		let root = Hash::repeat_byte(1);
		let spec = ModelSpec::example(root, 2, 2);
		let metadata = b"a name".to_vec();
		let deposit = ask::<Balance>("proposal_deposit", (&spec, &metadata));
		let bond = ask::<Balance>("bond_for", &spec);
		let part = sp_runtime::Permill::from_percent(5);
		let terms = cairn_primitives::Terms {
			data: part,
			researcher: part,
			treasury: part,
			royalty: part,
			serving_fee: part,
		};
		act(
			Sr25519Keyring::Bob,
			pallet_models::Call::register_dataset { root, metadata: Default::default() },
		);
		let before = Balances::balance(&Sr25519Keyring::Bob.to_account_id());
		let metadata = metadata.try_into().unwrap();
		act(
			Sr25519Keyring::Bob,
			pallet_models::Call::propose { spec: Box::new(spec), terms, parent: None, metadata },
		);
		let after = Balances::balance(&Sr25519Keyring::Bob.to_account_id());
		assert_eq!(before - after, deposit);

		assert_eq!(ask::<Option<Balance>>("required_bond", 0u32), Some(bond));
		let price = ask::<Option<ExtractionPrice>>("extraction_price", 0u32).unwrap();
		assert_eq!(price.bond_per_identity, bond);
		assert!(price.total >= bond);
		assert_eq!(ask::<Option<Balance>>("required_bond", GHOST), None);
		assert_eq!(ask::<Option<ExtractionPrice>>("extraction_price", GHOST), None);
	});
}

#[test]
fn providers_learn_where_they_stand() {
	in_network("development", || {
		let _story = Story::begin();
		let lanes = ask::<Vec<Lane<AccountId>>>("lanes", MODEL);
		assert_eq!(lanes.len(), 2);
		let mut seated = 0;
		for provider in providers() {
			match ask::<Option<Place>>("seat_of", (MODEL, &provider)).expect("everyone enlisted") {
				Place::Seat { stage, lane, .. } => {
					seated += 1;
					let lane = lane.expect("a window runs");
					let row = lanes.iter().find(|row| row.lane == lane).unwrap();
					assert_eq!(row.providers[usize::from(stage)], provider);
				},
				Place::Standby { .. } => (),
				enlisted => panic!("{enlisted:?}: the lots are drawn"),
			}
			let committed =
				Workers::commitment(provider, MODEL).expect("it is in the model").amount;
			assert_eq!(ask::<Option<Balance>>("required_bond", MODEL), Some(committed));
		}
		assert_eq!(seated, 4);
		let window = ask::<Option<Window>>("window", MODEL).expect("a window runs");
		assert!(
			window.start <= System::block_number() && System::block_number() <= window.deadline
		);
		assert_eq!(ask::<Option<Window>>("window", GHOST), None);
		assert_eq!(ask::<Vec<Lane<AccountId>>>("lanes", GHOST), []);
	});
}

#[test]
fn providers_learn_what_their_work_is_and_what_is_due() {
	in_network("development", || {
		let story = Story::begin();
		// Until an audit is assigned.
		let (unit, auditor) = live_until(&story, is_plain_work, || {
			Audits::<Runtime>::iter().find_map(|(unit, audit)| match audit.state {
				AuditState::Assigned { auditor, deadline } => {
					Some((AuditTask { unit, deadline }, auditor))
				},
				_ => None,
			})
		});
		let tasks = ask::<Vec<AuditTask>>("audit_tasks", &auditor);
		assert!(tasks.contains(&unit));
		assert!(tasks.is_sorted_by_key(|task| task.deadline));
		let all: usize = providers()
			.iter()
			.map(|provider| ask::<Vec<AuditTask>>("audit_tasks", provider).len())
			.sum();
		assert_eq!(all, Audits::<Runtime>::iter().count());

		let window = unit.unit.window;
		let merged =
			ask::<Vec<cairn_primitives::dispute::Merged>>("merge_set", (MODEL, window, 0u8));
		assert_eq!(merged.iter().map(|member| member.lane).collect::<Vec<_>>(), [0, 1]);
		assert_eq!(ask::<Option<Balance>>("challenge_bond", unit.unit), Some(10 * CRN));
		let unknown = UnitId { window: window + 9, ..unit.unit };
		assert_eq!(ask::<Option<Balance>>("challenge_bond", unknown), None);
		let suspicion: Option<Balance> = ask("suspicion_bond", (MODEL, window, unit.unit.lane));
		assert_eq!(suspicion, Contributions::suspicion_bond(MODEL, window, unit.unit.lane));
		let escrowed: Points =
			providers().iter().map(|provider| ask::<Points>("escrow", (provider, MODEL))).sum();
		let pending: Points = pallet_contributions::Records::<Runtime>::iter()
			.map(|(_, _, record)| record.escrow)
			.sum();
		assert!(escrowed > 0);
		assert_eq!(escrowed, pending);

		// Until somebody is accused.
		let accuses = |deed: &Deed| {
			matches!(deed.1, RuntimeCall::Contributions(Call::challenge { .. }))
				|| is_plain_work(deed)
		};
		let (unit, challenger, defender) = live_until(&story, accuses, || {
			Games::<Runtime>::iter()
				.next()
				.map(|(unit, challenger, dispute)| (unit, challenger, dispute.defender))
		});
		for (provider, side) in [(&challenger, Side::Challenger), (&defender, Side::Defender)] {
			let games = ask::<Vec<pallet_disputes::Standing<AccountId>>>("my_games", provider);
			let game = games
				.iter()
				.find(|game| game.unit == unit && game.challenger == challenger)
				.expect("it is in the game");
			assert_eq!(game.side, side);
			assert_eq!(Some(game.turn), Disputes::turn(unit, challenger.clone()));
		}
	});
}

#[test]
fn validators_learn_where_they_stand() {
	in_network("local_testnet", || {
		type Answer = Option<pallet_validators::Standing<Balance, BlockNumber>>;
		let dave = Sr25519Keyring::Dave.to_account_id();
		let standing = ask::<Answer>("candidate", &dave).expect("Dave validates");
		assert_eq!((standing.status, standing.validating), (Status::Active, true));
		act(Sr25519Keyring::Dave, pallet_validators::Call::leave {});
		assert_eq!(ask::<Answer>("candidate", &dave).unwrap().status, Status::Leaving);
		let eve = Sr25519Keyring::Eve.to_account_id();
		assert_eq!(ask::<Answer>("candidate", &eve), None);
	});
}
