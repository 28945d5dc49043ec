//! One edge of a lane at work: what comes, what goes, what both ends sign, and what is kept of it.

use std::{
	collections::{BTreeMap, VecDeque},
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};

use bytes::Bytes;
use cairn_primitives::{
	attestation::EdgeReceipt, roster::is_gate, Hash, ModelSpec, StepIndex, Window, HELD_OUT_SAMPLES,
};
use cairn_transport::{
	Blobs, Direction, EdgeChannel, Failure, Position, Receipts, Receiver, SendError, Sender,
	SettleError, Settled, Shelf, Side,
};
use serde::{Deserialize, Serialize};
use tokio::{
	sync::{mpsc, watch, Notify},
	time::sleep,
};

use super::monitor::Meter;

/// How long receipts of a step that is computed may still come once the lane is over.
const GRACE: Duration = Duration::from_secs(5);
/// Settled steps that are remembered: a lane falls back by one.
const REMEMBERED: usize = 3;

/// How much crosses the edges of a lane.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
	/// Held-out microbatches, before the first step.
	pub held_out: u32,
	/// Steps.
	pub steps: StepIndex,
	/// Microbatches of a step.
	pub microbatches: u32,
}

impl Extent {
	/// Of a window.
	pub fn of(spec: &ModelSpec, window: &Window) -> Self {
		let microbatch = u32::from(spec.schedule.microbatch).max(1);
		Self {
			held_out: if is_gate(window.index) { HELD_OUT_SAMPLES.div_ceil(microbatch) } else { 0 },
			steps: spec.window.steps,
			microbatches: spec.schedule.batch_at(window.samples) / microbatch,
		}
	}

	/// Of so many steps of it. Where none was done, nothing crossed that counts.
	pub fn within(self, steps: StepIndex) -> Self {
		Self { steps, held_out: if steps > 0 { self.held_out } else { 0 }, ..self }
	}
}

/// How far an edge is.
#[derive(Clone, Debug, Default)]
pub struct EdgeState {
	/// Steps that both ends signed.
	pub settled: StepIndex,
	/// Why nothing crosses any more.
	pub failure: Option<Arc<Failure>>,
}

/// What is kept of an edge: blobs of everything that crossed, microbatch by microbatch, forward and then backward.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgeRecord {
	/// Held-out samples.
	pub held_out: Option<Hash>,
	/// Each step.
	pub steps: Vec<Hash>,
}

/// What is left of an edge.
#[derive(Debug, Default)]
pub struct EdgeEnd {
	/// The last steps that were settled.
	settled: VecDeque<Settled>,
	/// What crossed.
	pub record: EdgeRecord,
}

impl EdgeEnd {
	/// Steps that both ends signed.
	pub fn settled(&self) -> StepIndex {
		self.settled.back().map_or(0, |settled| settled.steps)
	}

	/// The neighbour's receipt for so many steps.
	pub fn receipt(&self, steps: StepIndex) -> Option<EdgeReceipt> {
		let settled = self.settled.iter().find(|settled| settled.steps == steps)?;
		Some(settled.theirs.clone())
	}
}

/// Keeps what crosses an edge.
#[derive(Clone, Debug)]
pub struct EdgeKeeper {
	/// Where.
	pub blobs: Blobs,
	/// On which shelf.
	pub shelf: Shelf,
	/// Which end of the edge this is.
	pub side: Side,
	/// Counts it.
	pub meter: Meter,
}

/// Nothing crosses any more.
struct Broken;

/// The task of an edge.
pub struct EdgeTask {
	extent: Extent,
	keeper: EdgeKeeper,
	to_thread: mpsc::Sender<Bytes>,
	from_thread: mpsc::Receiver<(Position, Bytes)>,
	over: watch::Receiver<Option<StepIndex>>,
	state: watch::Sender<EdgeState>,
	/// What crossed in steps that are not settled.
	crossed: Mutex<BTreeMap<(Position, u8), Bytes>>,
	/// Told whenever more of it is kept.
	kept: Notify,
}

impl EdgeTask {
	/// A task, and how it tells how far the edge is.
	pub fn new(
		extent: Extent,
		keeper: EdgeKeeper,
		to_thread: mpsc::Sender<Bytes>,
		from_thread: mpsc::Receiver<(Position, Bytes)>,
		over: watch::Receiver<Option<StepIndex>>,
	) -> (Self, watch::Receiver<EdgeState>) {
		let (state, states) = watch::channel(EdgeState::default());
		let (crossed, kept) = (Mutex::default(), Notify::new());
		(Self { extent, keeper, to_thread, from_thread, over, state, crossed, kept }, states)
	}

	/// Run the edge until everything is settled, or it breaks, or the lane is over.
	pub async fn run(mut self, channel: EdgeChannel) -> EdgeEnd {
		let EdgeChannel { sender, receiver, mut receipts, .. } = channel;
		let mut end = EdgeEnd::default();
		let from_thread = std::mem::replace(&mut self.from_thread, mpsc::channel(1).1);
		let over = self.over.clone();
		let whole = async {
			// What is settled has come, but the thread may not have it yet.
			tokio::try_join!(self.settle(&mut receipts, &mut end), self.receive(receiver))
		};
		tokio::select! {
			_ = whole => {},
			() = self.send(sender, from_thread) => {},
			() = self.over(over) => {},
		}
		receipts.close().await;
		end
	}

	/// Hand to the thread what comes, until all of it has come.
	async fn receive(&self, mut receiver: Receiver) -> Result<(), Broken> {
		let held_out = match self.keeper.side {
			Side::Lower => self.extent.held_out,
			Side::Upper => 0, // they have no gradients
		};
		let expected = u64::from(held_out)
			+ u64::from(self.extent.steps) * u64::from(self.extent.microbatches);
		for _ in 0..expected {
			let Ok(received) = receiver.receive().await else {
				// Why is told where steps are settled.
				return std::future::pending().await;
			};
			self.keep(self.keeper.side.receives(), received.position, &received.bytes);
			// If the unit is ended nobody takes it any more; what was signed for is kept all the same.
			let _ = self.to_thread.send(received.bytes).await;
		}
		Ok(())
	}

	/// Send what the thread hands over; never ends.
	async fn send(&self, mut sender: Sender, mut from_thread: mpsc::Receiver<(Position, Bytes)>) {
		while let Some((position, bytes)) = from_thread.recv().await {
			self.await_turn(position).await;
			self.keep(self.keeper.side.sends(), position, &bytes);
			match sender.send(position, bytes).await {
				Ok(()) => {},
				Err(SendError::Failed(_)) => break,
				Err(error) => {
					tracing::error!(%error, "a tensor was not sent");
					break;
				},
			}
		}
		std::future::pending().await
	}

	/// Tensors of a step may be sent once the step before last is settled.
	async fn await_turn(&self, position: Position) {
		let Position::Step { step, .. } = position else { return };
		let mut state = self.state.subscribe();
		// The sender is in `self`.
		let _ = state.wait_for(|state| state.settled + 1 >= step).await;
	}

	/// Settle step after step.
	async fn settle(&self, receipts: &mut Receipts, end: &mut EdgeEnd) -> Result<(), Broken> {
		for step in 0..self.extent.steps {
			match receipts.settle(step).await {
				Ok(settled) => {
					self.until_kept(step).await;
					// What is not kept is not attested: an audit of it would fail.
					if let Err(error) = self.record(step, end).await {
						tracing::warn!(%error, "what crossed an edge cannot be kept: the lane ends. Check the disk");
						return Err(Broken);
					}
					end.settled.push_back(settled);
					if end.settled.len() > REMEMBERED {
						end.settled.pop_front();
					}
					self.state.send_modify(|state| state.settled = step + 1);
				},
				Err(SettleError::Failed(failure)) => {
					self.state.send_modify(|state| state.failure = Some(Arc::new(failure)));
					return Err(Broken);
				},
				Err(error @ SettleError::OutOfTurn { .. }) => {
					tracing::error!(%error, "a step was not settled");
					return Err(Broken);
				},
			}
		}
		Ok(())
	}

	/// Ends when the lane is over and what can be settled is.
	async fn over(&self, mut over: watch::Receiver<Option<StepIndex>>) {
		let target = match over.wait_for(Option::is_some).await {
			Ok(target) => target.unwrap_or(0),
			Err(_) => 0, // the lane is gone
		};
		let mut state = self.state.subscribe();
		tokio::select! {
			_ = state.wait_for(|state| state.settled >= target) => {},
			() = sleep(GRACE) => {},
		}
	}

	fn keep(&self, direction: Direction, position: Position, bytes: &Bytes) {
		self.keeper.meter.count(direction == self.keeper.side.receives(), bytes.len());
		let mut crossed = self.crossed.lock().unwrap_or_else(PoisonError::into_inner);
		crossed.insert((position, direction as u8), bytes.clone());
		self.kept.notify_one();
	}

	/// Wait until all that crossed in a step is kept: a step is settled when both ends have signed it, and what came last may not have
	/// been taken in here yet.
	async fn until_kept(&self, step: StepIndex) {
		let of_step = 2 * self.extent.microbatches as usize;
		let held_out = if step == 0 { self.extent.held_out as usize } else { 0 };
		loop {
			let kept = {
				let crossed = self.crossed.lock().unwrap_or_else(PoisonError::into_inner);
				let is_of = |position: &Position| match position {
					Position::HeldOut { .. } => step == 0,
					Position::Step { step: of, .. } => *of == step,
				};
				crossed.keys().filter(|(position, _)| is_of(position)).count()
			};
			if kept >= of_step + held_out {
				return;
			}
			self.kept.notified().await;
		}
	}

	/// Keep what crossed in a step as one blob, and before the first what was held out.
	async fn record(
		&self,
		step: StepIndex,
		end: &mut EdgeEnd,
	) -> Result<(), cairn_transport::BlobError> {
		if step == 0 && self.extent.held_out > 0 {
			let held_out = self.taken(|position| matches!(position, Position::HeldOut { .. }));
			end.record.held_out =
				Some(self.keeper.blobs.share_bytes(&self.keeper.shelf, held_out).await?);
		}
		let of_step = |position: &Position| matches!(position, Position::Step { step: of, .. } if *of == step);
		let crossed = self.taken(of_step);
		end.record.steps.push(self.keeper.blobs.share_bytes(&self.keeper.shelf, crossed).await?);
		Ok(())
	}

	/// What crossed at some positions, in order, which is then no longer kept here.
	fn taken(&self, is_of: impl Fn(&Position) -> bool) -> Vec<u8> {
		let mut crossed = self.crossed.lock().unwrap_or_else(PoisonError::into_inner);
		let of: Vec<Bytes> = crossed
			.extract_if(.., |(position, _), _| is_of(position))
			.map(|(_, bytes)| bytes)
			.collect();
		drop(crossed); // others go on to keep what crosses meanwhile
		of.concat()
	}
}
