//! What a network trains is what one process trains.

use std::sync::Arc;

use cairn_engine::{
	data::Dataset, load_seat, local::LocalTraining, shard_root, Compute, Recompute,
};
use cairn_primitives::{Hash, WindowIndex};

use crate::network::{Network, MODEL};

/// Windows that are compared.
const WINDOWS: WindowIndex = 3;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make test` runs it beside the other networks"]
async fn a_network_trains_the_shards_that_one_process_trains_to_the_bit() {
	// GIVEN two stages, two lanes and standbys, each a process
	let network = Network::start(6).await;

	// WHEN windows were trained
	for window in 0..WINDOWS {
		for unit in network.attested(window).await {
			assert_eq!(unit.outcome.steps(), network.spec.window.steps, "{}", network.logs());
			assert!(unit.in_merge, "{}", network.logs());
		}
	}
	let units = network.attested(WINDOWS).await;

	// THEN the shards with which the next begins are those of a run in one process
	let expected = roots(&network);
	for (unit, id) in units.iter().zip(network.units(WINDOWS)) {
		assert_eq!(unit.shard_before, expected[usize::from(id.stage)], "stage {}", id.stage);
	}
	// AND standbys hold them, too
	let state = network.state().await;
	let mut standbys = 0;
	for stage in 0..2 {
		let roster = state.roster(MODEL, stage).await.unwrap().unwrap();
		for standby in &roster.standbys {
			standbys += 1;
			assert!(standby.held >= Some(WINDOWS - 2), "{:?}", standby.held);
		}
	}
	assert_eq!(standbys, 2);
	// AND the work is paid for, and nobody fined
	let worker = &network.workers[network.seated(&state).await[0]];
	let escrow = state.escrow(&worker.provider, MODEL).await.unwrap();
	let shares = state.shares(MODEL, &worker.provider).await.unwrap();
	assert!(escrow > 0 && shares > 0, "{escrow} points wait, {shares} shares are there");
	network.assert_nobody_is_fined().await;
}

/// The roots of the shards after the windows, trained in this process.
fn roots(network: &Network) -> Vec<Hash> {
	let folder = tempfile::tempdir().unwrap();
	let dataset = Dataset::open(network.researcher.file("data")).unwrap();
	let compute = Arc::new(Compute::new(1).unwrap());
	let run = folder.path().join("run");
	let spec = network.spec.clone();
	let mut training =
		LocalTraining::open(spec, dataset, run.clone(), Recompute::Selective, compute).unwrap();
	for _ in 0..WINDOWS {
		training.window(|_| Ok(())).unwrap();
	}
	let window = run.join(format!("window-{WINDOWS:06}"));
	let root = |stage| {
		let (shard, outer) = load_seat(&window, &network.spec, stage).unwrap();
		shard_root(&shard, &outer).unwrap()
	};
	[0, 1].map(root).to_vec()
}
