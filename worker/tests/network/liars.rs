//! Workers that lie are found out, each by what is meant for it; they pay for it, and the honest do not.

use std::fs;

use cairn_chain::{
	calls::contributions,
	views::{Check, State, Unit, UnitPhase, VoidReason},
};
use cairn_primitives::{ModelSpec, ModelStatus, PauseReason, StageIndex, UnitId, WindowIndex};
use cairn_transport::{
	AskError, Attempt, Endpoint, EndpointId, FetchError, Peer, SecretKey, Shelf,
};
use serde_json::Value;

use crate::network::{Network, Worker, BOND, MODEL};

/// Windows with time for a worker that does two things at once, and more than two checkpoints.
fn longer(spec: &mut ModelSpec) {
	spec.schedule.points.iter_mut().for_each(|point| point.batch = 8);
	spec.window.checkpoint_every = 10;
	spec.window.blocks = 30;
}

impl Network {
	/// Workers by stage: those on seats, then those that stand by.
	async fn places(&self) -> Vec<Vec<usize>> {
		self.until("places", async |state| {
			let mut places = Vec::new();
			for stage in 0..self.spec.stages.len() as StageIndex {
				let roster = state.roster(MODEL, stage).await.ok()??;
				let seats = roster.seats.iter().cloned().collect::<Option<Vec<_>>>()?;
				let standbys = roster.standbys.iter().map(|standby| standby.provider.clone());
				let number = |provider| {
					self.workers.iter().position(|worker| worker.provider == provider).unwrap()
				};
				places.push(seats.into_iter().chain(standbys).map(number).collect::<Vec<_>>());
			}
			let placed = places.iter().map(Vec::len).sum::<usize>();
			(placed == self.workers.len()).then_some(places)
		})
		.await
	}

	/// Start all workers, some of which lie.
	fn start_with<'a>(&mut self, lies: impl IntoIterator<Item = (usize, &'a str)>) {
		for (worker, lie) in lies {
			self.workers[worker].lie = Some(lie.into());
		}
		self.workers.iter_mut().for_each(Worker::start);
	}

	/// The unit of a worker in a window.
	async fn unit_of(&self, state: &State, worker: usize, window: WindowIndex) -> (UnitId, Unit) {
		for id in self.units(window) {
			if let Some(unit) = state.unit(id).await.unwrap() {
				if unit.provider == self.workers[worker].provider {
					return (id, unit);
				}
			}
		}
		panic!("worker {worker} has no unit in window {window}\n{}", self.logs());
	}

	/// Wait until units of these workers are refuted, and they are fined.
	async fn refuted(&self, workers: impl IntoIterator<Item = usize>, window: WindowIndex) {
		for worker in workers {
			self.until(&format!("the refutation of worker {worker}"), async |state| {
				let (_, unit) = self.unit_of(state, worker, window).await;
				(unit.phase == UnitPhase::Void(VoidReason::Refuted)).then_some(())
			})
			.await;
			assert!(self.is_fined(worker).await, "worker {worker}\n{}", self.logs());
		}
	}

	/// Wait until a unit is approved, and then until it is paid for.
	async fn paid(&self, worker: usize, window: WindowIndex) {
		let (id, unit) = self
			.until(&format!("the approval of worker {worker}"), async |state| {
				let (id, unit) = self.unit_of(state, worker, window).await;
				(unit.check == Check::Approved).then_some((id, unit))
			})
			.await;
		self.until("the end of its escrow", async |state| {
			(state.height() > unit.due).then_some(())
		})
		.await;
		self.have_done(contributions::settle_suspicion(MODEL, window, id.lane)).await;
		if self.state().await.unit(id).await.unwrap().unwrap().phase == UnitPhase::Pending {
			self.have_done(contributions::finalise(id)).await;
		}
		let state = self.state().await;
		assert_eq!(state.unit(id).await.unwrap().unwrap().phase, UnitPhase::Final);
		let shares = state.shares(MODEL, &self.workers[worker].provider).await.unwrap();
		assert!(shares > 0);
	}

	/// Whether a worker was found at fault and fined.
	async fn is_fined(&self, worker: usize) -> bool {
		let state = self.state().await;
		let provider = state.provider(&self.workers[worker].provider).await.unwrap().unwrap();
		assert_eq!(provider.reputation.faults > 0, provider.bond < BOND, "{}", self.logs());
		provider.bond < BOND
	}
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make test-faults` runs it"]
async fn whoever_attests_what_it_has_not_computed_loses_a_game_and_is_fined() {
	// GIVEN three lanes, in which all but one worker lie about window 0 in a way of their own
	let mut network = Network::enter(6, |spec| {
		longer(spec);
		spec.lanes = 3;
	})
	.await;
	let places = network.places().await;
	let honest = places[0][0];
	let liars = [&places[0][1..], &places[1]].concat();
	let lies = ["made-up 0", "skipped-steps 0", "random-gradients 0", "zeros 0", "fewer-tokens 0"];
	network.start_with(liars.iter().copied().zip(lies));

	// WHEN all units of the window are audited, by others of the stage
	network.closed(0).await;
	network.suspect(honest, 0).await;

	// THEN each of the liars loses a game, down to what the chain computes, and is fined
	network.refuted(liars, 0).await;
	let proved = network.workers.iter().filter(|worker| worker.has_logged_all(&["prove_leaf"]));
	assert!(proved.count() > 0, "{}", network.logs());
	// AND who was honest is paid, and not fined
	network.paid(honest, 0).await;
	assert!(!network.is_fined(honest).await, "{}", network.logs());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make test-faults` runs it"]
async fn auditors_that_do_not_audit_and_those_that_stall_a_game_are_fined() {
	// GIVEN a stage whose seats audit each other and lie about that, and one in which one stalls and one withholds; nobody else is
	// there to audit
	let mut network = Network::enter(4, longer).await;
	let places = network.places().await;
	let [accuser, lazy, stalling, withholding] =
		[places[0][0], places[0][1], places[1][0], places[1][1]];
	network.start_with([
		(accuser, "false-accuser 0"),
		(lazy, "lazy-auditor 0"),
		(stalling, "stalling 0"),
		(withholding, "withheld-difference 0"),
	]);
	network.closed(0).await;
	network.suspect(withholding, 0).await;

	// THEN who accuses falsely loses against the trace of the accused, down to what the chain computes
	network
		.until("the fine of the accuser", async |_| network.is_fined(accuser).await.then_some(()))
		.await;
	assert!(network.workers[lazy].has_logged_all(&["prove_leaf"]), "{}", network.logs());
	// AND who approves without the work is exposed by the worker whose unit it was
	network
		.until("the fine of the lazy", async |_| network.is_fined(lazy).await.then_some(()))
		.await;
	// AND who says nothing in a game loses it by the clock
	network.refuted([stalling], 0).await;
	assert!(network.workers[withholding].has_logged_all(&["time_out"]), "{}", network.logs());
	// AND a difference that nobody was given is in no merge
	let state = network.state().await;
	assert!(!network.unit_of(&state, withholding, 0).await.1.in_merge);
	assert!(!network.is_fined(withholding).await, "{}", network.logs());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make test-faults` runs it"]
async fn who_withholds_copies_or_stays_behind_earns_nothing_and_strangers_are_not_let_in() {
	// GIVEN three lanes, and workers that lie about window 1
	let mut network = Network::enter(6, |spec| {
		longer(spec);
		spec.lanes = 3;
	})
	.await;
	let places = network.places().await;
	let [withholding, stale, huge] = places[0][..] else { panic!("{places:?}") };
	let copying = places[1].iter().map(|worker| (*worker, "copied-attestation 1"));
	network.start_with(copying.chain([(stale, "stale-shard 1"), (huge, "huge-activations 1")]));
	network.attested(0).await;
	network.refuse_strangers(&places).await;
	network.closed(0).await;

	// WHEN both ends of an edge give no auditor what crossed it
	let (id, _) = network.unit_of(&network.state().await, withholding, 0).await;
	let below = network.worker_of(UnitId { stage: 1, ..id }).await;
	for worker in [withholding, below] {
		let worker = &mut network.workers[worker];
		worker.kill();
		worker.lie = Some("withheld-inputs 0".into());
		worker.start();
	}
	network.suspect(stale, 0).await;
	let units = network.attested(1).await;
	network.closed(1).await;
	network.suspect(stale, 1).await;

	// THEN numbers that nobody has to take end their lane, and what was done before them counts
	let state = network.state().await;
	let (_, unit) = network.unit_of(&state, huge, 1).await;
	assert!(unit.outcome.steps() < network.spec.window.steps, "{:?}", unit.outcome);
	// AND who goes on from another shard than the rest of the stage is in no merge
	let (id, unit) = network.unit_of(&state, stale, 1).await;
	let others = units.iter().zip(network.units(1)).filter(|(_, other)| other.stage == id.stage);
	let same = others.filter(|(other, _)| other.shard_before == unit.shard_before);
	assert_eq!(same.count(), 1);
	let merged = state.merge_set(MODEL, 1, id.stage).await.unwrap();
	assert!(merged.iter().all(|member| member.lane != id.lane), "{merged:?}");
	// AND what was copied hashes no leaves of this unit, so that nothing can be revealed in a game
	let copying = places[1].iter().copied().filter(|worker| *worker != below);
	network.refuted(copying, 1).await;
	// AND what nobody can audit is refuted, once two auditors have said so
	network.refuted([withholding, below], 0).await;
	// AND nobody else is fined
	for worker in [stale, huge] {
		assert!(!network.is_fined(worker).await, "{}", network.logs());
	}
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make test-faults` runs it"]
async fn a_majority_that_starts_from_another_shard_is_refuted_by_who_is_honest() {
	// GIVEN a stage in which two of three go on from what they had before
	let mut network = Network::enter(6, |spec| {
		longer(spec);
		spec.lanes = 3;
	})
	.await;
	let places = network.places().await;
	let [one, other, honest] = places[0][..] else { panic!("{places:?}") };
	network.start_with([one, other].map(|liar| (liar, "stale-shard 1")));

	// WHEN the window is over, THEN the third proves that the shard of the majority is wrong
	network.attested(1).await;
	network.refuted([one, other], 1).await;
	assert!(network.workers[honest].has_logged_all(&["a merge is refuted"]), "{}", network.logs());
	// AND the model waits for its owner, and nobody else is fined
	let model = network.state().await.model(MODEL).await.unwrap().unwrap();
	assert_eq!(model.status, ModelStatus::Paused(PauseReason::Merge));
	for worker in places[1].iter().chain([&honest]) {
		assert!(!network.is_fined(*worker).await, "{}", network.logs());
	}
}

impl Network {
	/// Who did a unit.
	async fn worker_of(&self, id: UnitId) -> usize {
		let unit = self.state().await.unit(id).await.unwrap().unwrap();
		self.workers.iter().position(|worker| worker.provider == unit.provider).unwrap()
	}

	/// Nobody answers an endpoint that has no place, and nobody gives it what it knows the hash of.
	async fn refuse_strangers(&self, places: &[Vec<usize>]) {
		let stranger = Endpoint::builder(SecretKey::from_bytes(&[7; 32]))
			.bind_address(([127, 0, 0, 1], 0).into())
			.bind()
			.await
			.unwrap();
		let state = self.state().await;
		for (number, worker) in self.workers.iter().enumerate() {
			let endpoint = state.provider(&worker.provider).await.unwrap().unwrap().endpoint;
			let addresses = endpoint.addresses.iter().map(|address| address.parse().unwrap());
			let peer = Peer::new(EndpointId::from_bytes(&endpoint.key.0).unwrap(), addresses);
			let answer = stranger.ask(&peer, vec![0].into()).await;
			assert!(matches!(answer, Err(AskError::NotAdmitted)), "{answer:?}");
			let stage = places.iter().position(|stage| stage.contains(&number)).unwrap();
			let record = format!("data/model-{MODEL}/stage-{stage}/units/window-000000.json");
			let record = worker.machine.file(&record);
			let record: Value = serde_json::from_slice(&fs::read(record).unwrap()).unwrap();
			let blob = record["result"]["difference"].as_str().unwrap().parse().unwrap();
			let fetched = stranger.fetch(blob, &[peer], 1 << 30, &Shelf::new("stolen")).await;
			let Err(FetchError::NoPeer { attempts, .. }) = fetched else { panic!("{fetched:?}") };
			assert!(matches!(attempts[..], [(_, Attempt::NotAdmitted)]), "{attempts:?}");
		}
	}
}
