//! A lane over the network, as the thread sees it that computes a unit.
//!
//! Each edge has a task that receives, sends, settles and keeps what crossed, all side by side; the thread talks to it over
//! bounded channels, so that tensors travel while it computes. When an edge breaks, or the time for the lane is over, the lane falls
//! back to the last step that is settled on all its edges.

use std::{
	sync::Arc,
	time::{Duration, Instant},
};

use bytes::Bytes;
use cairn_engine::unit::{Crossing, Lane};
use cairn_primitives::{StepIndex, UnitId};
use cairn_transport::{Contradiction, EdgeChannel, Failure, Position};
use tokio::{
	runtime::Handle,
	sync::{mpsc, watch},
	task::JoinHandle,
};

use super::{
	conduct::Conduct,
	edge::{EdgeEnd, EdgeKeeper, EdgeState, EdgeTask, Extent},
};

/// Tensors that may lie ready for the thread that computes, and those that it has handed over and that are not under way.
const QUEUE: usize = 4;

/// Why nothing crosses any more.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Broken {
	/// An edge failed.
	#[error("the edge to {0} broke: {1}")]
	Edge(Neighbour, Arc<Failure>),
	/// The edge to a neighbour ended.
	#[error("the edge to {0} ended")]
	Ended(Neighbour),
	/// The window leaves no more time.
	#[error("the time for the lane is over")]
	TimeUp,
}

/// Whom an edge leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbour {
	/// The stage before.
	Upstream,
	/// The stage after.
	Downstream,
}

impl std::fmt::Display for Neighbour {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.write_str(match self {
			Self::Upstream => "the stage before",
			Self::Downstream => "the stage after",
		})
	}
}

/// How far the computing is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
	/// Steps computed.
	pub steps: StepIndex,
	/// Mean loss of the last of them, on the last stage.
	pub loss: Option<f32>,
	/// Time since the lane was opened.
	pub elapsed: Duration,
	/// The part of it in which the thread waited for neighbours.
	pub waited: Duration,
}

/// The lane of a seat in a window.
pub struct NetworkLane {
	unit: UnitId,
	conduct: Arc<dyn Conduct>,
	extent: Extent,
	upstream: Option<Wire>,
	downstream: Option<Wire>,
	/// Up to which step the edges are to be settled before they are left; none while the lane works.
	over: watch::Sender<Option<StepIndex>>,
	/// Whether the window leaves no more time.
	stop: watch::Receiver<bool>,
	progress: watch::Sender<Progress>,
	opened: Instant,
	/// Time for which neighbours were waited for.
	waited: Duration,
	runtime: Handle,
	broken: Option<Broken>,
	end: LaneEnd,
}

/// What is left of a lane.
#[derive(Debug, Default)]
pub struct LaneEnd {
	/// Of the edge to the stage before.
	pub upstream: Option<EdgeEnd>,
	/// Of the edge to the stage after.
	pub downstream: Option<EdgeEnd>,
	/// What ended it early.
	pub broken: Option<Broken>,
}

impl LaneEnd {
	/// Two roots that a neighbour signed for as many steps, if that is what ended the lane.
	pub fn contradiction(&self) -> Option<(Neighbour, &Contradiction)> {
		let Some(Broken::Edge(neighbour, failure)) = &self.broken else { return None };
		match &**failure {
			Failure::Equivocation(contradiction) => Some((*neighbour, contradiction)),
			_ => None,
		}
	}
}

/// The thread's side of an edge.
#[derive(Debug)]
struct Wire {
	incoming: mpsc::Receiver<Bytes>,
	outgoing: mpsc::Sender<(Position, Bytes)>,
	state: watch::Receiver<EdgeState>,
	task: JoinHandle<EdgeEnd>,
}

/// An open edge, and what keeps what crosses it.
pub type OpenEdge = (EdgeChannel, EdgeKeeper);

impl NetworkLane {
	/// The lane of a unit over open edges. `stop` turns true when the window leaves no more time.
	pub fn new(
		unit: UnitId,
		conduct: Arc<dyn Conduct>,
		extent: Extent,
		upstream: Option<OpenEdge>,
		downstream: Option<OpenEdge>,
		stop: watch::Receiver<bool>,
	) -> Self {
		let over = watch::Sender::new(None);
		let wire = |edge| Wire::new(extent, edge, over.subscribe());
		Self {
			unit,
			conduct,
			extent,
			upstream: upstream.map(wire),
			downstream: downstream.map(wire),
			over,
			stop,
			progress: watch::Sender::default(),
			opened: Instant::now(),
			waited: Duration::ZERO,
			runtime: Handle::current(),
			broken: None,
			end: LaneEnd::default(),
		}
	}

	/// Tells how far the computing is.
	pub fn progress(&self) -> watch::Receiver<Progress> {
		self.progress.subscribe()
	}

	/// What is left of the lane once its unit is computed.
	pub fn into_end(self) -> LaneEnd {
		LaneEnd { broken: self.broken, ..self.end }
	}

	/// Do something with an edge unless the time is over; what broke first is remembered.
	fn with<T>(
		&mut self,
		neighbour: Neighbour,
		cross: impl AsyncFnOnce(&mut Wire) -> Option<T>,
	) -> Result<T, Broken> {
		let wire = match neighbour {
			Neighbour::Upstream => &mut self.upstream,
			Neighbour::Downstream => &mut self.downstream,
		};
		let Some(wire) = wire else { return Err(Broken::Ended(neighbour)) };
		let (stop, since) = (&mut self.stop, Instant::now());
		let crossed = self.runtime.block_on(async {
			tokio::select! {
				biased;
				_ = stop.wait_for(|stop| *stop) => Err(Broken::TimeUp),
				crossed = cross(wire) => crossed.ok_or(Broken::Ended(neighbour)),
			}
		});
		self.waited += since.elapsed();
		crossed.map_err(|broken| {
			let failure = wire.state.borrow().failure.clone();
			let broken = match (broken, failure) {
				(Broken::Ended(_), Some(failure)) => Broken::Edge(neighbour, failure),
				(broken, _) => broken,
			};
			self.broken.get_or_insert(broken).clone()
		})
	}

	fn receive(&mut self, from: Neighbour) -> Result<Bytes, Broken> {
		self.with(from, async |wire| wire.incoming.recv().await)
	}

	fn send(&mut self, to: Neighbour, at: Crossing, bytes: Vec<u8>) -> Result<(), Broken> {
		let position = position(at);
		let bytes = self.conduct.sends(&self.unit, at, bytes);
		self.with(to, async move |wire| wire.outgoing.send((position, bytes.into())).await.ok())
	}
}

impl Lane for NetworkLane {
	type Error = Broken;

	fn receive_activations(&mut self, _: Crossing) -> Result<Bytes, Broken> {
		self.receive(Neighbour::Upstream)
	}

	fn send_activations(&mut self, at: Crossing, bytes: Vec<u8>) -> Result<(), Broken> {
		self.send(Neighbour::Downstream, at, bytes)
	}

	fn receive_gradients(&mut self, _: Crossing) -> Result<Bytes, Broken> {
		self.receive(Neighbour::Downstream)
	}

	fn send_gradients(&mut self, at: Crossing, bytes: Vec<u8>) -> Result<(), Broken> {
		self.send(Neighbour::Upstream, at, bytes)
	}

	fn until_settled(&mut self, steps: StepIndex) -> Result<(), Broken> {
		if self.upstream.is_some() {
			self.with(Neighbour::Upstream, async |wire| wire.settled(steps).await)?;
		}
		if self.downstream.is_some() {
			self.with(Neighbour::Downstream, async |wire| wire.settled(steps).await)?;
		}
		Ok(())
	}

	fn step_done(&mut self, step: StepIndex, loss: Option<f32>) -> Result<(), Broken> {
		let (elapsed, waited) = (self.opened.elapsed(), self.waited);
		self.progress.send_replace(Progress { steps: step + 1, loss, elapsed, waited });
		match *self.stop.borrow() {
			true => Err(self.broken.get_or_insert(Broken::TimeUp).clone()),
			false => Ok(()),
		}
	}

	fn settled(&mut self) -> StepIndex {
		let done = self.progress.borrow().steps;
		if done < self.extent.steps {
			self.over.send_replace(Some(done));
		}
		let (mut stop, over) = (self.stop.clone(), self.over.clone());
		let mut end = |wire: Option<Wire>| {
			let Wire { task, outgoing, incoming, .. } = wire?;
			drop(incoming); // what still comes is of no use
			let mut task = task;
			let ended = self.runtime.block_on(async {
				tokio::select! {
					ended = &mut task => return ended.ok(),
					_ = stop.wait_for(|stop| *stop) => drop(over.send_replace(Some(done))),
				}
				task.await.ok()
			});
			drop(outgoing); // until then what was handed over may still be sent
			ended
		};
		let (upstream, downstream) = (self.upstream.take(), self.downstream.take());
		self.end.upstream = end(upstream);
		self.end.downstream = end(downstream);
		let ends = self.end.upstream.iter().chain(&self.end.downstream);
		ends.map(EdgeEnd::settled).fold(done, StepIndex::min)
	}
}

impl Wire {
	fn new(
		extent: Extent,
		(channel, keeper): OpenEdge,
		over: watch::Receiver<Option<StepIndex>>,
	) -> Self {
		let (to_thread, incoming) = mpsc::channel(QUEUE);
		let (outgoing, from_thread) = mpsc::channel(QUEUE);
		let (task, state) = EdgeTask::new(extent, keeper, to_thread, from_thread, over);
		let task = tokio::spawn(task.run(channel));
		Self { incoming, outgoing, state, task }
	}

	/// Wait until so many steps are settled; `None` if that will not be.
	async fn settled(&mut self, steps: StepIndex) -> Option<()> {
		let is_over = |state: &EdgeState| state.settled >= steps || state.failure.is_some();
		let state = self.state.wait_for(is_over).await.ok()?;
		(state.settled >= steps).then_some(())
	}
}

fn position(at: Crossing) -> Position {
	match at {
		Crossing::HeldOut { microbatch } => Position::HeldOut { microbatch },
		Crossing::Step { step, microbatch } => Position::Step { step, microbatch },
	}
}

#[cfg(test)]
mod tests {
	use cairn_chain::Key;
	use cairn_primitives::{
		signing::{edge_message, verify_worker, Edge},
		EdgeReceipt, Hash,
	};

	use super::*;

	#[test]
	fn a_neighbour_that_signs_two_roots_is_remembered_with_both() {
		let key = Key::from_phrase("//Alice").unwrap();
		let edge = Edge { model: 0, window: 1, lane: 2, upper: 3 };
		let [genesis, seed] = [1, 2].map(Hash::repeat_byte);
		let message = |root| edge_message(genesis, seed, &edge, 7, root);
		let receipt = |root| {
			let root = Hash::repeat_byte(root);
			EdgeReceipt { root, signature: key.sign(message(root).as_bytes()) }
		};
		let signed = Contradiction { edge, seed, steps: 7, first: receipt(3), second: receipt(4) };
		let end = |failure| LaneEnd {
			broken: Some(Broken::Edge(Neighbour::Upstream, Arc::new(failure))),
			..LaneEnd::default()
		};

		let equivocated = end(Failure::Equivocation(Box::new(signed.clone())));
		let (neighbour, found) = equivocated.contradiction().unwrap();
		assert_eq!((neighbour, found), (Neighbour::Upstream, &signed));
		for receipt in [&found.first, &found.second] {
			assert!(verify_worker(message(receipt.root), &receipt.signature, &key.public()));
		}
		// Where one of the roots is ours, the chain cannot tell who is right.
		assert_eq!(end(Failure::Fork(Box::new(signed))).contradiction(), None);
		assert_eq!(end(Failure::Left).contradiction(), None);
		assert_eq!(LaneEnd::default().contradiction(), None);
	}
}
