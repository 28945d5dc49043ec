//! Brings a network to the state in which all models can train: everything by transactions in blocks.

use std::{collections::HashMap, sync::Arc};

use cairn_primitives::{
	hash::blob_root,
	spec::{Nano, SchedulePoint},
	ModelId, ModelSpec, Terms,
};
use cairn_runtime::{currency::CRN, parameters::protocol, AccountId, Hash, Runtime, RuntimeCall};
use frame_support::traits::Get;
use sp_runtime::Permill;

use crate::{keys::Signer, network::Network, options::Options};

/// What each provider bonds.
const BOND: u128 = 100 * CRN;

/// The dataset of all models.
fn dataset() -> Hash {
	blob_root(b"the dataset of a simulation")
}

/// The spec of all models: open, so that as many providers as there are seats take them all, and with training that does not end.
pub fn spec(options: &Options, seats: u32) -> ModelSpec {
	let mut spec = ModelSpec::example(dataset(), options.stages, options.lanes);
	spec.window.blocks = options.window_blocks(seats);
	let end = SchedulePoint { samples: u64::MAX, batch: 8, learning_rate: Nano(100_000) };
	if let Some(last) = spec.schedule.points.last_mut() {
		*last = end;
	}
	spec
}

/// Register all providers, propose all models, and fill every seat. No model is opened.
pub fn populate(network: &mut Network, models: u32) {
	propose(network, models);
	register(network);
	let waiting: u32 = <Runtime as pallet_shards::Config>::MaxRequests::get();
	let each = network.common.spec.seat_count();
	let mut first = 0;
	while first < each {
		let last = each.min(first + waiting);
		fill(network, models, first..last);
		first = last;
	}
	read_seats(network, models);
}

fn propose(network: &mut Network, models: u32) {
	let metadata = b"a simulation".to_vec();
	let dataset = pallet_models::Call::register_dataset {
		root: dataset(),
		metadata: metadata.clone().try_into().expect("12 bytes are few"),
	};
	network.send(Signer::Researcher, dataset);
	network.settle();
	let part = Permill::from_percent(5);
	let terms =
		Terms { data: part, researcher: part, treasury: part, royalty: part, serving_fee: part };
	for _ in 0..models {
		let proposal = pallet_models::Call::propose {
			spec: Box::new((*network.common.spec).clone()),
			terms,
			parent: None,
			metadata: metadata.clone().try_into().expect("12 bytes are few"),
		};
		network.send(Signer::Researcher, proposal);
	}
	network.settle();
}

fn register(network: &mut Network) {
	let keys = network.common.keys.clone();
	for (number, provider) in (0..).zip(&keys.providers) {
		let call: RuntimeCall = provider.registration(network.common.genesis, BOND);
		network.send(Signer::Provider(number), call);
	}
	network.settle();
}

/// Let some providers of each model enlist, and draw their lots.
fn fill(network: &mut Network, models: u32, which: std::ops::Range<u32>) {
	let each = network.common.spec.seat_count();
	let all = || {
		let which = which.clone();
		which.flat_map(|nth| (0..models).map(move |model| (model, model * each + nth)))
	};
	for (model, provider) in all() {
		network.send(Signer::Provider(provider), pallet_shards::Call::enlist { model });
	}
	network.settle();
	let delay = network.chain.read(protocol::BeaconDelay::get);
	for _ in 0..=delay {
		network.make_block();
	}
	for (model, provider) in all() {
		let provider = network.common.keys.providers[provider as usize].id();
		network.send(Signer::Keeper, pallet_shards::Call::draw_seat { model, provider });
	}
	network.settle();
}

/// Look up who was given which seat.
fn read_seats(network: &mut Network, models: u32) {
	let numbers: HashMap<AccountId, u32> =
		(0..).zip(&network.common.keys.providers).map(|(number, who)| (who.id(), number)).collect();
	let stages = network.common.spec.stages.len() as u8;
	let seats_of = |model: ModelId| {
		let stage = |stage| {
			let roster = network
				.chain
				.read(|| pallet_shards::Rosters::<Runtime>::get(model, stage))
				.expect("somebody sits at every stage");
			assert!(roster.is_full(), "a seat is vacant");
			roster.seats.iter().flatten().map(|who| numbers[who]).collect()
		};
		Arc::new((0..stages).map(stage).collect::<Vec<Vec<u32>>>())
	};
	network.seats = (0..models).map(seats_of).collect();
}
