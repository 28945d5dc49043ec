//! Random bytes and mutated valid calls against every call of Cairn's pallets: nothing panics, and a refused call leaves no
//! trace. Runs for `FUZZ_SECONDS` (default 60) with the seed `FUZZ_SEED` (by default
//! the day, so that every day tries something else).

use std::{
	collections::BTreeMap,
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use cairn_primitives::{
	attestation::NonNegative, voucher::Price, Attestation, EdgeReceipt, ModelSpec, Outcome, Terms,
	UnitId, Verdict,
};
use codec::{Decode, DecodeLimit};
use frame_support::traits::GetCallMetadata;
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sp_core::{ed25519, sr25519};
use sp_runtime::{MultiSignature, Permill, StateVersion};

use super::{
	story::{Deed, Story},
	*,
};

/// The pallets whose calls are tried.
const PALLETS: [u8; 8] = [20, 40, 41, 42, 43, 44, 45, 46];
/// How many times the length of a run is added to it while calls are left out.
const PATIENCE: u32 = 4;
/// Calls between two blocks.
const CALLS_PER_BLOCK: u32 = 20;
/// Calls of which one is checked for traces that it left although it was refused.
const CALLS_PER_ROOT: u64 = 32;
/// Blocks before everything begins anew.
const BLOCKS_PER_LIFE: u32 = 200;
/// Their names.
const NAMES: [&str; 8] = [
	"Validators",
	"Models",
	"Workers",
	"Shards",
	"Contributions",
	"Disputes",
	"Revenue",
	"Inference",
];
/// Calls that only go through in a network at work.
const DEEP: [&str; 17] = [
	"Workers.register",
	"Workers.rotate_key",
	"Workers.set_endpoint",
	"Workers.bond_more",
	"Inference.open_channel",
	"Inference.settle",
	"Inference.close",
	"Revenue.transfer_shares",
	"Shards.poke_window",
	"Contributions.attest",
	"Contributions.draw_lots",
	"Contributions.verdict",
	"Contributions.challenge",
	"Contributions.finalise",
	"Disputes.reveal",
	"Disputes.choose",
	"Revenue.claim",
];

fn number_from(name: &str, default: u64) -> u64 {
	std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// At least one well-formed call of each pallet, as a start for mutations; in an order in which most go through.
fn valid_calls() -> Vec<RuntimeCall> {
	let dataset = Hash::repeat_byte(1);
	let part = Permill::from_percent(5);
	let terms =
		Terms { data: part, researcher: part, treasury: part, royalty: part, serving_fee: part };
	let unit = UnitId { model: 0, window: 0, stage: 0, lane: 0 };
	let receipt = || {
		let signature = sr25519::Signature::from([7; 64]);
		EdgeReceipt { root: Hash::repeat_byte(3), signature }
	};
	let bob = Sr25519Keyring::Bob.to_account_id();
	let price = Price { prompt: CRN, completion: CRN };
	let attestation = Attestation {
		unit,
		shard_before: dataset,
		outcome: Outcome::Done { steps: 100 },
		difference: dataset,
		norm: NonNegative(0),
		checkpoints: dataset,
		upstream: Some(receipt()),
		downstream: None,
		loss: Some(NonNegative(0)),
		held_out: None,
		inner_state: None,
		held: Default::default(),
	};
	let voucher = cairn_primitives::voucher::Voucher {
		channel: 0,
		amount: CRN,
		window: 0,
		signature: MultiSignature::Sr25519([7; 64].into()),
	};
	vec![
		pallet_models::Call::register_dataset {
			root: dataset,
			metadata: b"text".to_vec().try_into().unwrap(),
		}
		.into(),
		pallet_models::Call::propose {
			spec: Box::new(ModelSpec::example(dataset, 2, 2)),
			terms,
			parent: None,
			metadata: Default::default(),
		}
		.into(),
		pallet_models::Call::open { model: 0 }.into(),
		pallet_models::Call::set_price { model: 0, price: Some(price) }.into(),
		pallet_workers::Call::register {
			worker: Sr25519Keyring::Bob.public(),
			consent: sr25519::Signature::from([7; 64]),
			endpoint: ed25519::Public::from([8; 32]),
			proof: ed25519::Signature::from([7; 64]),
			addresses: Default::default(),
			relay: None,
			hardware: Default::default(),
			bond: 100 * CRN,
		}
		.into(),
		pallet_shards::Call::enlist { model: 0 }.into(),
		pallet_shards::Call::poke_window { model: 0 }.into(),
		pallet_contributions::Call::attest { attestation }.into(),
		pallet_contributions::Call::verdict { unit, verdict: Verdict::Ok { audit_root: dataset } }
			.into(),
		pallet_contributions::Call::refute_merge {
			model: 0,
			window: 0,
			stage: 0,
			evidence: vec![1; 100].try_into().unwrap(),
		}
		.into(),
		pallet_disputes::Call::reveal {
			unit,
			challenger: bob.clone(),
			leaves: vec![dataset; 5].try_into().unwrap(),
		}
		.into(),
		pallet_disputes::Call::prove_leaf {
			unit,
			challenger: bob.clone(),
			evidence: vec![1; 8].try_into().unwrap(),
		}
		.into(),
		pallet_revenue::Call::deposit_revenue { model: 0, amount: CRN }.into(),
		pallet_revenue::Call::transfer_shares { model: 0, to: bob, amount: 1 }.into(),
		pallet_inference::Call::open_channel {
			model: 0,
			lane: 0,
			deposit: CRN,
			blocks: 100,
			signer: None,
			max_price: price,
		}
		.into(),
		pallet_inference::Call::settle { voucher }.into(),
		pallet_validators::Call::apply { bond: 1_000 * CRN }.into(),
	]
}

/// Flips, drops or adds some bytes.
fn mutate(bytes: &mut Vec<u8>, random: &mut ChaCha8Rng) {
	for _ in 0..random.gen_range(0..4) {
		let at = random.gen_range(0..bytes.len().max(1));
		match random.gen_range(0..4u8) {
			0 => bytes.truncate(at),
			1 => bytes.insert(at.min(bytes.len()), random.gen()),
			_ => {
				if let Some(byte) = bytes.get_mut(at) {
					*byte = if random.gen() { random.gen() } else { byte.wrapping_add(1) };
				}
			},
		}
	}
}

/// What people want to do, by call: there are many more challenges to make than vouchers to settle.
fn by_kind(deeds: Vec<Deed>) -> Vec<Vec<Deed>> {
	let mut kinds = BTreeMap::<_, Vec<Deed>>::new();
	for deed in deeds {
		let names = deed.1.get_call_metadata();
		kinds.entry((names.pallet_name, names.function_name)).or_default().push(deed);
	}
	kinds.into_values().collect()
}

/// One of them; each kind is as likely as another.
fn pick<'a>(deeds: &'a [Vec<Deed>], random: &mut ChaCha8Rng) -> &'a Deed {
	let kind = &deeds[random.gen_range(0..deeds.len())];
	&kind[random.gen_range(0..kind.len())]
}

fn root() -> Vec<u8> {
	sp_io::storage::root(StateVersion::V1)
}

/// What became of the calls of one kind.
#[derive(Default)]
struct Count {
	accepted: u64,
	refused: u64,
}

/// Tries calls in a network at work, and counts.
struct Fuzzer {
	random: ChaCha8Rng,
	corpus: Vec<Vec<u8>>,
	tried: u64,
	counts: BTreeMap<String, Count>,
}

impl Fuzzer {
	/// Bytes that may be a call, and who sends them.
	fn next(&mut self, deeds: &[Vec<Deed>], people: &[AccountId]) -> (AccountId, Vec<u8>) {
		let random = &mut self.random;
		let anyone = people[random.gen_range(0..people.len())].clone();
		match random.gen_range(0..4u8) {
			0 => {
				let mut bytes =
					vec![PALLETS[random.gen_range(0..PALLETS.len())], random.gen_range(0..14)];
				let length = random.gen_range(0..300);
				bytes.resize(bytes.len() + length, 0);
				random.fill_bytes(&mut bytes[2..]);
				(anyone, bytes)
			},
			1 => {
				let mut bytes = self.corpus[random.gen_range(0..self.corpus.len())].clone();
				mutate(&mut bytes, random);
				(anyone, bytes)
			},
			2 => {
				let (who, call) = pick(deeds, random);
				let mut bytes = call.encode();
				mutate(&mut bytes, random);
				(if random.gen() { who.clone() } else { anyone }, bytes)
			},
			_ => {
				let (who, call) = pick(deeds, random);
				(who.clone(), call.encode())
			},
		}
	}

	/// Try bytes as a call. A refused one leaves no trace.
	fn attempt(&mut self, who: AccountId, mut bytes: &[u8]) {
		let Ok(call) = RuntimeCall::decode_with_depth_limit(64, &mut bytes) else { return };
		if !call.encode().first().is_some_and(|pallet| PALLETS.contains(pallet)) {
			return;
		}
		self.tried += 1;
		let names = call.get_call_metadata();
		// The root of the whole state is dear.
		let before = self.tried.is_multiple_of(CALLS_PER_ROOT).then(root);
		let result = story::try_to((who, call.clone()));
		let count = self
			.counts
			.entry(format!("{}.{}", names.pallet_name, names.function_name))
			.or_default();
		match result {
			Ok(()) => count.accepted += 1,
			Err(error) => {
				count.refused += 1;
				if let Some(before) = before {
					assert_eq!(before, root(), "{error:?} left a trace of {call:?}");
				}
			},
		}
	}

	/// A call that was not tried, or that never went through so that what follows it was not.
	fn left_out(&self) -> Option<String> {
		let accepted = |name: &&str| self.counts.get(*name).map_or(0, |count| count.accepted);
		let mut names = NAMES.into_iter().flat_map(|pallet| {
			let calls = RuntimeCall::get_call_names(pallet);
			calls.iter().map(move |call| format!("{pallet}.{call}"))
		});
		let untried = names.find(|name| !self.counts.contains_key(name));
		let barred = DEEP.into_iter().find(|name| accepted(name) == 0).map(String::from);
		untried.or(barred)
	}

	/// A model's life until something ends it or so many blocks have passed.
	fn live(&mut self, blocks: u32, deadline: Instant) {
		let story = Story::begin();
		let people: Vec<AccountId> = Sr25519Keyring::well_known()
			.map(|key| key.to_account_id())
			.chain(story.people())
			.collect();
		for _ in 0..blocks {
			let deeds = by_kind(story.deeds());
			for _ in 0..CALLS_PER_BLOCK {
				let (who, bytes) = self.next(&deeds, &people);
				self.attempt(who, &bytes);
			}
			story::next_block();
			if Instant::now() > deadline {
				break;
			}
		}
		story::check_invariants();
	}
}

/// Days since 1970.
fn today() -> u64 {
	let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
	now.as_secs() / 86_400
}

#[test]
fn no_call_panics_and_refused_calls_leave_no_trace() {
	let length = Duration::from_secs(number_from("FUZZ_SECONDS", 60));
	let mut deadline = Instant::now() + length;
	let last = deadline + length * PATIENCE;
	let seed = number_from("FUZZ_SEED", today());
	println!("seed {seed}: set FUZZ_SEED to repeat this run");
	let mut fuzzer = Fuzzer {
		random: ChaCha8Rng::seed_from_u64(seed),
		corpus: valid_calls().iter().map(Encode::encode).collect(),
		tried: 0,
		counts: BTreeMap::new(),
	};
	while Instant::now() < deadline {
		in_network("development", || fuzzer.live(BLOCKS_PER_LIFE, deadline));
		// A machine that does other things as well may have more time, until enough was tried.
		if Instant::now() > deadline && deadline < last && fuzzer.left_out().is_some() {
			deadline += length;
		}
	}

	println!("{} calls tried", fuzzer.tried);
	for (name, Count { accepted, refused }) in &fuzzer.counts {
		println!("{accepted:>8} accepted {refused:>8} refused  {name}");
	}
	assert_eq!(fuzzer.left_out(), None);
}

#[test]
fn valid_calls_survive_a_round_trip() {
	for call in valid_calls() {
		assert_eq!(RuntimeCall::decode(&mut call.encode().as_slice()), Ok(call));
	}
}
