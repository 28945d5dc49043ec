//! A seat's work in a window: open the edges of its lane, compute the unit, have its difference held, attest.

use std::{sync::Arc, time::Duration};

use cairn_chain::{
	calls::contributions::attest,
	views::{Neighbours, Peer},
	AccountId, Request,
};
use cairn_engine::unit::{UnitError, UnitReport};
use cairn_primitives::{
	attestation::{checkpoints_root, NonNegative},
	roster::is_gate,
	signing::{held_message, verify_worker, Edge},
	Attestation, BlockNumber, Hash, HeldSignature, UnitId, Window,
};
use cairn_program::Stage;
use cairn_transport::{EdgeConfig, Form, OpenError, Side, Terms};
use futures::{stream::FuturesUnordered, StreamExt};
use tokio::{
	sync::watch,
	task::spawn_blocking,
	time::{sleep, timeout},
};

use super::{
	desk::{difference_shelf, edge_shelf, HeldDifference, Session},
	edge::{EdgeEnd, EdgeKeeper, Extent},
	lane::{LaneEnd, Neighbour, NetworkLane, OpenEdge},
	monitor::{Doing, SeatStatus},
	peers,
	question::{Answer, Question},
	seat::{Seat, SeatError},
	shard::Held,
	units::{UnitRecord, UnitResult},
};

/// Pause before a neighbour or a peer is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// How long those are waited for that do not hold a difference yet, once a majority does.
const STRAGGLERS: Duration = Duration::from_secs(5);
/// Blocks that an attestation needs to get into one before the deadline.
const TO_ATTEST: BlockNumber = 2;
/// Blocks that the exchange of differences needs before that, at least.
const TO_EXCHANGE: BlockNumber = 2;

/// A window and the seat's place in it.
#[derive(Clone, Debug)]
pub struct Duty {
	/// The window.
	pub window: Window,
	/// The unit.
	pub unit: UnitId,
	/// With whom.
	pub neighbours: Neighbours,
}

/// What a unit came to here.
struct Computed {
	report: UnitReport,
	/// The shard after, where there is one lane.
	after: Option<Held>,
	/// What is left of the lane.
	end: LaneEnd,
}

impl Seat {
	/// Work in a window, to the attestation.
	pub async fn work(&mut self, duty: Duty) -> Result<(), SeatError> {
		let Duty { window, unit, neighbours } = &duty;
		self.note(|seat| seat.begin(&duty, self.spec.window.steps));
		let held = self.prepare(window.index).await?;
		self.desk.note(*unit);
		self.desk.open(Session { window: *window, seats: neighbours.seats.clone() });
		let known = self.units.get(window.index).filter(|known| known.seed == window.seed);
		if let Some(known) = known.cloned() {
			return self.take_up(&duty, known, &held).await;
		}
		self.engine.has_room()?;
		let shard_before = held.root;
		let record = UnitRecord { unit: *unit, seed: window.seed, shard_before, result: None };
		// From here on receipts may be signed: whoever restarts must not sign others.
		self.units.put(record.clone())?;
		let mut computed = self.compute(&duty, held).await?;
		computed.report = self.worker.conduct.reports(unit, computed.report);
		self.conclude(&duty, record, computed).await
	}

	/// Go on with a window that this process or one before has begun.
	async fn take_up(
		&mut self,
		duty: &Duty,
		record: UnitRecord,
		held: &Arc<Held>,
	) -> Result<(), SeatError> {
		if let Some(attestation) = record.result.as_ref().and_then(UnitResult::attestation) {
			return self.send(duty, attestation).await;
		}
		// What was computed is lost, and other roots than those that were signed may not be signed: no step was done.
		tracing::warn!(unit = ?duty.unit, "the window was interrupted: attesting that no step was done");
		let computed = self.compute_nothing(duty, held.clone()).await?;
		self.conclude(duty, record, computed).await
	}

	/// Write down what a unit came to, give out what others need of it, and attest.
	async fn conclude(
		&mut self,
		duty: &Duty,
		mut record: UnitRecord,
		Computed { report, after, end }: Computed,
	) -> Result<(), SeatError> {
		let attestation = self.attestation(duty, record.shard_before, &report, &end);
		let difference = self.give_out_difference(&duty.unit, &report).await?;
		if let Some(after) = after {
			self.keep(after).await?;
		}
		record.result = Some(UnitResult {
			leaves: [report.leaves, vec![attestation.result()]].concat(),
			difference,
			upstream: end.upstream.map(|end| end.record),
			downstream: end.downstream.map(|end| end.record),
			attestation: None,
		});
		self.desk.give_out(&record);
		self.exchange_and_attest(duty, record, attestation).await
	}

	/// Compute the unit with the neighbours, until it is done or the window leaves no more time.
	async fn compute(&self, duty: &Duty, held: Arc<Held>) -> Result<Computed, SeatError> {
		let (stop, stopped) = watch::channel(false);
		let reserve = (duty.window.deadline - duty.window.start) / 8;
		let last = duty.window.deadline.saturating_sub(TO_ATTEST + TO_EXCHANGE.max(reserve));
		let clock = tokio::spawn(stop_at(self.worker.clone(), last, stop));
		let done = self.compute_until(duty, held, stopped).await;
		clock.abort();
		done
	}

	async fn compute_until(
		&self,
		duty: &Duty,
		held: Arc<Held>,
		mut stopped: watch::Receiver<bool>,
	) -> Result<Computed, SeatError> {
		let extent = Extent::of(&self.spec, &duty.window);
		let upstream = Edge::upstream(&duty.unit).zip(duty.neighbours.upstream.clone());
		let downstream = Edge::downstream(&duty.unit, self.spec.stage_count())
			.zip(duty.neighbours.downstream.clone());
		self.desk.open_lane(upstream.into_iter().chain(downstream).collect());
		self.note(|seat| seat.doing = Doing::Connecting);
		let edges = async {
			tokio::try_join!(
				self.open(duty, extent, Side::Lower),
				self.open(duty, extent, Side::Upper)
			)
		};
		let opened = tokio::select! {
			opened = edges => Some(opened?),
			_ = stopped.wait_for(|stop| *stop) => None,
		};
		let Some((upstream, downstream)) = opened else {
			tracing::warn!(
				unit = ?duty.unit,
				"the neighbours in the lane were not reached: attesting that no step was done. They may be down; if it goes on, see whether your \
				 own port can be reached (`provider show` has the address that they use)"
			);
			self.note(|seat| seat.lane_over(true, None));
			self.tell("the neighbours in the lane were not reached");
			return self.compute_nothing(duty, held).await;
		};
		tracing::info!(unit = ?duty.unit, "the lane is open");
		self.note(|seat| seat.doing = Doing::Computing);
		let mut lane = NetworkLane::new(
			duty.unit,
			self.worker.conduct.clone(),
			extent,
			upstream,
			downstream,
			stopped,
		);
		self.show_progress(duty, lane.progress());
		let (unit, steps) = (duty.unit, extent.steps);
		let samples = self.worker.conduct.reads(&unit, duty.window.samples);
		let engine = self.engine.clone();
		let computed = spawn_blocking(move || {
			let (report, after) = engine.run(&held, unit, samples, steps, &mut lane)?;
			Ok::<_, UnitError>(Computed { report, after, end: lane.into_end() })
		});
		let computed = computed.await??;
		let steps = computed.report.outcome.steps();
		self.note_contradiction(duty, &computed.end);
		let (is_broken, held_out) = (computed.end.broken.is_some(), computed.report.held_out);
		self.note(|seat| seat.lane_over(is_broken, held_out));
		match &computed.end.broken {
			Some(broken) => {
				tracing::warn!(?unit, steps, "the lane ended early: {broken}");
				self.tell(&format!("the lane ended early: {broken}"));
			},
			None => tracing::info!(?unit, steps, "the unit is computed"),
		}
		Ok(computed)
	}

	/// Remember what a neighbour signed twice, if that is why the lane ended.
	fn note_contradiction(&self, duty: &Duty, end: &LaneEnd) {
		let Some((neighbour, contradiction)) = end.contradiction() else { return };
		let peer = match neighbour {
			Neighbour::Upstream => &duty.neighbours.upstream,
			Neighbour::Downstream => &duty.neighbours.downstream,
		};
		if let Some(peer) = peer {
			self.desk.note_contradiction(peer.provider.clone(), contradiction.clone());
		}
	}

	/// A unit of which no step was done.
	async fn compute_nothing(&self, duty: &Duty, held: Arc<Held>) -> Result<Computed, SeatError> {
		let (engine, unit, samples) = (self.engine.clone(), duty.unit, duty.window.samples);
		let report = spawn_blocking(move || engine.nothing(&held, unit, samples)).await??;
		Ok(Computed { report, after: None, end: LaneEnd::default() })
	}

	/// Open an edge of the lane, of which this is the `side`; `None` where the lane ends.
	async fn open(
		&self,
		duty: &Duty,
		extent: Extent,
		side: Side,
	) -> Result<Option<OpenEdge>, SeatError> {
		let (edge, neighbour) = match side {
			Side::Lower => (Edge::upstream(&duty.unit), &duty.neighbours.upstream),
			Side::Upper => {
				(Edge::downstream(&duty.unit, self.spec.stage_count()), &duty.neighbours.downstream)
			},
		};
		let Some(edge) = edge else { return Ok(None) };
		let Some(neighbour) = neighbour else { return Err(SeatError::NoNeighbour(edge)) };
		let peer = peers::reach(&neighbour.endpoint).ok_or(SeatError::NoNeighbour(edge))?;
		let stage = Stage::new(&self.spec, self.stage).ok_or(SeatError::NoStage)?;
		let terms = Terms {
			edge,
			genesis: self.worker.genesis,
			seed: duty.window.seed,
			held_out: extent.held_out,
			microbatches: extent.microbatches,
			form: Form::new(self.spec.boundary, stage.tokens(), stage.width),
		};
		let config = EdgeConfig::new(terms, side, self.worker.signer(), neighbour.worker);
		let endpoint = &self.worker.endpoint;
		let channel = loop {
			match endpoint.open_edge(&peer, &config).await {
				Ok(channel) => break channel,
				Err(error @ OpenError::Terms { .. }) => return Err(error.into()),
				// It may learn of the window later than we do, or be on its way.
				Err(error) => tracing::debug!(?edge, %error, "trying the edge again"),
			}
			sleep(RETRY).await;
		};
		self.note(|seat| seat.connected(side));
		let (blobs, meter) =
			(endpoint.blobs().clone(), self.worker.monitor.meter(self.model, self.stage));
		let keeper = EdgeKeeper { blobs, shelf: edge_shelf(&edge), side, meter };
		Ok(Some((channel, keeper)))
	}

	/// What is to be attested, but for the holders.
	fn attestation(
		&self,
		duty: &Duty,
		shard_before: Hash,
		report: &UnitReport,
		end: &LaneEnd,
	) -> Attestation<AccountId> {
		let number = |value: f32| NonNegative(value.to_bits());
		let is_last = self.spec.is_last_stage(self.stage);
		let is_gate = is_gate(duty.window.index);
		let steps = report.outcome.steps();
		let receipt = |end: &Option<EdgeEnd>| end.as_ref()?.receipt(steps);
		let mut attestation = Attestation {
			unit: duty.unit,
			shard_before,
			outcome: report.outcome,
			difference: report.root,
			norm: number(report.norm),
			checkpoints: Hash::zero(),
			upstream: receipt(&end.upstream),
			downstream: receipt(&end.downstream),
			loss: is_last.then(|| number(report.loss.unwrap_or(0.0))),
			held_out: (is_last && is_gate).then(|| number(report.held_out.unwrap_or(0.0))),
			inner_state: None,
			held: Default::default(),
		};
		let leaves = [report.leaves.clone(), vec![attestation.result()]].concat();
		attestation.checkpoints = checkpoints_root(self.worker.genesis, &duty.unit, &leaves);
		self.worker.conduct.attests(attestation)
	}

	/// Keep the unit's difference where the peers of the stage may fetch it; its blob.
	async fn give_out_difference(
		&self,
		unit: &UnitId,
		report: &UnitReport,
	) -> Result<Option<Hash>, SeatError> {
		let Some(difference) = report.difference.as_ref().filter(|_| report.outcome.steps() > 0)
		else {
			return Ok(None);
		};
		let shelf = difference_shelf(unit.model, unit.stage, unit.window);
		let bytes = difference.to_bytes();
		let blob = self.worker.endpoint.blobs().share_bytes(&shelf, bytes).await?;
		self.desk.add_difference(*unit, HeldDifference { root: report.root, blob });
		Ok(Some(blob))
	}

	/// Have the difference held by as many as there are, or as time allows, and attest.
	async fn exchange_and_attest(
		&mut self,
		duty: &Duty,
		mut record: UnitRecord,
		mut attestation: Attestation<AccountId>,
	) -> Result<(), SeatError> {
		let blob = record.result.as_ref().and_then(|result| result.difference);
		if let Some(blob) = blob.filter(|_| self.worker.conduct.gives_difference(&duty.unit)) {
			self.note(|seat| seat.doing = Doing::Exchanging);
			let (stop, stopped) = watch::channel(false);
			let last = duty.window.deadline.saturating_sub(TO_ATTEST + 1);
			let clock = tokio::spawn(stop_at(self.worker.clone(), last, stop));
			let held = self.have_held(duty, attestation.difference, blob, stopped).await;
			clock.abort();
			attestation.held = held.try_into().unwrap_or_default();
		}
		if let Some(result) = &mut record.result {
			result.attest(&attestation);
		}
		self.units.put(record)?;
		tracing::info!(unit = ?duty.unit, holders = attestation.held.len(), "the difference is held");
		self.send(duty, attestation).await
	}

	/// Signatures of the stage's other seats and standbys, until there are all or it is time to attest.
	async fn have_held(
		&self,
		duty: &Duty,
		difference: Hash,
		blob: Hash,
		mut stopped: watch::Receiver<bool>,
	) -> Vec<HeldSignature<AccountId>> {
		let Neighbours { seats, standbys, .. } = &duty.neighbours;
		let peers = seats.iter().map(|(_, peer)| peer).chain(standbys);
		let question = Question::Hold { unit: duty.unit, difference, blob };
		let mut asked: FuturesUnordered<_> =
			peers.map(|peer| self.have_held_by(duty, peer, &question, difference)).collect();
		let (mut held, all) = (Vec::new(), asked.len());
		loop {
			// Once a majority holds it, nobody waits long for the rest.
			let patience = async {
				match held.len() * 2 > all {
					true => sleep(STRAGGLERS).await,
					false => std::future::pending().await,
				}
			};
			tokio::select! {
				signature = asked.next() => match signature {
					Some(signature) => held.extend(signature),
					None => return held,
				},
				() = patience => return held,
				_ = stopped.wait_for(|stop| *stop) => return held,
			}
		}
	}

	/// Ask one peer until it holds the difference.
	async fn have_held_by(
		&self,
		duty: &Duty,
		peer: &Peer,
		question: &Question,
		difference: Hash,
	) -> Option<HeldSignature<AccountId>> {
		let address = peers::reach(&peer.endpoint)?;
		let (genesis, seed) = (self.worker.genesis, duty.window.seed);
		let message = held_message(genesis, seed, &duty.unit, difference);
		loop {
			match self.worker.endpoint.ask(&address, question.to_bytes()).await {
				Ok(answer) => match Answer::from_bytes(&answer) {
					Some(Answer::Held(signature))
						if verify_worker(message, &signature, &peer.worker) =>
					{
						let holder = peer.provider.clone();
						return Some(HeldSignature { holder, signature });
					},
					Some(Answer::Unknown) => {}, // it does not work in this window yet
					_ => {
						tracing::warn!(provider = %peer.provider, "a peer's answer is none");
						return None;
					},
				},
				Err(error) => {
					tracing::debug!(provider = %peer.provider, %error, "a peer does not answer");
				},
			}
			sleep(RETRY).await;
		}
	}

	/// Have an attestation included.
	async fn send(
		&self,
		duty: &Duty,
		attestation: Attestation<AccountId>,
	) -> Result<(), SeatError> {
		self.note(|seat| seat.doing = Doing::Attesting);
		let (unit, steps) = (duty.unit, attestation.outcome.steps());
		let loss = attestation.loss.map(|loss| f32::from_bits(loss.0));
		let is_there =
			move |state: cairn_chain::State| async move { Ok(state.unit(unit).await?.is_some()) };
		let request =
			Request::from(attest(attestation)).unless(is_there).until(duty.window.deadline);
		self.worker.submitter.submit(request).await?;
		self.note(SeatStatus::attested);
		tracing::info!(?unit, steps, ?loss, "attested");
		Ok(())
	}

	/// Tell how far a unit is.
	fn show_progress(&self, duty: &Duty, mut progress: watch::Receiver<super::lane::Progress>) {
		let (unit, steps) = (duty.unit, self.spec.window.steps);
		let samples = self.spec.schedule.batch_at(duty.window.samples);
		let tokens = u64::from(samples) * u64::from(self.spec.architecture.context);
		let monitor = self.worker.monitor.clone();
		tokio::spawn(async move {
			while progress.changed().await.is_ok() {
				let now = *progress.borrow_and_update();
				monitor.seat(unit.model, unit.stage, |seat| seat.computed(now, tokens));
				tracing::debug!(?unit, step = now.steps, of = steps, loss = ?now.loss, "step done");
			}
		});
	}
}

/// Turn the switch when a block of this height is made, final or not: an attestation gets into the next one, wherever
/// finality is.
async fn stop_at(
	worker: Arc<super::worker::Worker>,
	height: BlockNumber,
	stop: watch::Sender<bool>,
) {
	loop {
		let patience = Duration::from_secs(3);
		match timeout(patience, worker.connection.best()).await {
			Ok(Ok(best)) if best >= height => break,
			// A node that is silent stops no lane: neighbours see its end of the window.
			_ => sleep(Duration::from_secs(1)).await,
		}
	}
	stop.send_replace(true);
}
