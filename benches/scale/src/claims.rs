//! What a claim costs: its weight, the keys it touches, the bytes of the trie it needs, and its time.

use std::time::{Duration, Instant};

use cairn_runtime::Runtime;
use sp_trie::recorder::Recorder;

use crate::{keys::Signer, network::Network, transaction};

/// Claims that are measured at a time.
const SAMPLE: usize = 64;
/// Holders among which that many who can claim are looked for.
const CANDIDATES: usize = 2_000;

/// What claims cost at one time; medians, but for the weight and the keys, which are maxima.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClaimCost {
	/// Claims measured.
	pub claims: usize,
	/// Picoseconds that a block is charged.
	pub weight: u64,
	/// Keys that a claim reads from the state, and the block before it did not.
	pub reads: usize,
	/// Keys that a claim changes, and the block before it did not.
	pub writes: usize,
	/// Bytes of the trie's nodes that it needs.
	pub nodes: usize,
	/// Time to execute it.
	pub took: Duration,
}

/// Measure claims of holders of different models on the newest state, which stays as it is.
pub fn measure(network: &Network) -> ClaimCost {
	let mut costs: Vec<ClaimCost> = (0..CANDIDATES)
		.map(|nth| pick(network, nth))
		.filter(|(_, model, who)| {
			let who = network.common.keys.providers[*who as usize].id();
			network.chain.read(|| pallet_revenue::Pallet::<Runtime>::claimable(*model, who)) > 0
		})
		.take(SAMPLE)
		.filter_map(|(_, model, who)| claim(network, model, who))
		.collect();
	if costs.is_empty() {
		return ClaimCost::default();
	}
	let median = |key: &dyn Fn(&ClaimCost) -> u128, costs: &mut Vec<ClaimCost>| {
		costs.sort_by_key(|cost| key(cost));
		costs[costs.len() / 2]
	};
	let took = median(&|cost| cost.took.as_nanos(), &mut costs).took;
	let nodes = median(&|cost| cost.nodes as u128, &mut costs).nodes;
	let most = |key: fn(&ClaimCost) -> u64| costs.iter().map(key).max().unwrap_or_default();
	ClaimCost {
		claims: costs.len(),
		weight: most(|cost| cost.weight),
		reads: most(|cost| cost.reads as u64) as usize,
		writes: most(|cost| cost.writes as u64) as usize,
		nodes,
		took,
	}
}

/// The nth holder to look at: one model after the other, and within a model one seat after the other.
fn pick(network: &Network, nth: usize) -> (usize, u32, u32) {
	let model = nth % network.seats.len();
	let round = nth / network.seats.len();
	let seats: Vec<u32> = network.seats[model].iter().flatten().copied().collect();
	(nth, model as u32, seats[round % seats.len()])
}

/// Execute one claim in a block of its own that is then thrown away.
fn claim(network: &Network, model: u32, who: u32) -> Option<ClaimCost> {
	let signer = Signer::Provider(who);
	let call = pallet_revenue::Call::claim { model }.into();
	let pair = network.common.keys.pair(signer);
	let transaction =
		transaction::signed(call, pair, network.count_of(signer), network.common.genesis);

	let mut block = network.chain.begin();
	let began = Instant::now();
	let result = block.apply(&transaction);
	let took = began.elapsed();
	result.ok()?.ok()?;

	let recorder = Recorder::default();
	let mut block = network.chain.begin_recorded(recorder.clone());
	let keys =
		|recorder: &Recorder<_>| recorder.recorded_keys().values().map(|keys| keys.len()).sum();
	let reads_before: usize = keys(&recorder);
	let (writes_before, nodes_before) = (block.changed_keys(), recorder.estimate_encoded_size());
	let weight_before = block.normal();
	block.apply(&transaction).ok()?.ok()?;
	let reads: usize = keys(&recorder);
	Some(ClaimCost {
		claims: 1,
		weight: block.normal() - weight_before,
		reads: reads - reads_before,
		writes: block.changed_keys() - writes_before,
		nodes: recorder.estimate_encoded_size() - nodes_before,
		took,
	})
}
