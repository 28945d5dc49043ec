//! Lanes within a process: what a stage sends is received in the next thread, and both ends keep what crossed.

use std::{
	collections::BTreeMap,
	sync::mpsc::{channel, Receiver, Sender},
};

use bytes::Bytes;
use cairn_engine::unit::{Crossing, Crossings, Lane};
use cairn_primitives::{
	hash::blob_root,
	signing::{running_root, step_root},
	Hash, StepIndex,
};
use cairn_program::Direction;

/// What crossed an edge, as dense numbers: a message is a code.
#[derive(Clone, Debug, Default)]
pub struct Crossed(BTreeMap<(Crossing, Direction), Bytes>);

impl Crossed {
	/// The running root that both ends sign after the last step.
	pub fn root(&self) -> Hash {
		let mut steps = BTreeMap::<_, Vec<Hash>>::new();
		for ((at, _), bytes) in &self.0 {
			// What is held out crosses before all steps.
			let step = match at {
				Crossing::HeldOut { .. } => None,
				Crossing::Step { step, .. } => Some(*step),
			};
			steps.entry(step).or_default().push(blob_root(bytes));
		}
		steps.values().fold(Hash::zero(), |root, codes| running_root(root, step_root(codes)))
	}
}

impl Crossings for Crossed {
	fn bytes(&self, at: Crossing, direction: Direction) -> Option<&Bytes> {
		self.0.get(&(at, direction))
	}
}

/// The thread at the other end of an edge has ended.
#[derive(Debug)]
pub struct Gone;

/// An end of an edge.
#[derive(Debug)]
struct End {
	sender: Sender<Bytes>,
	receiver: Receiver<Bytes>,
	crossed: Crossed,
}

impl End {
	/// Both ends of an edge.
	fn pair() -> [Self; 2] {
		let (down, from_above) = channel();
		let (up, from_below) = channel();
		[(down, from_below), (up, from_above)].map(|(sender, receiver)| Self {
			sender,
			receiver,
			crossed: Crossed::default(),
		})
	}

	fn send(&mut self, at: Crossing, direction: Direction, bytes: Vec<u8>) -> Result<(), Gone> {
		let bytes = Bytes::from(bytes);
		self.crossed.0.insert((at, direction), bytes.clone());
		self.sender.send(bytes).map_err(|_| Gone)
	}

	fn receive(&mut self, at: Crossing, direction: Direction) -> Result<Bytes, Gone> {
		let bytes = self.receiver.recv().map_err(|_| Gone)?;
		self.crossed.0.insert((at, direction), bytes.clone());
		Ok(bytes)
	}
}

/// A stage's place in a lane. Nobody breaks the lane, so that every step counts as soon as it is done.
#[derive(Debug, Default)]
pub struct Place {
	upstream: Option<End>,
	downstream: Option<End>,
	done: StepIndex,
}

impl Place {
	/// The places of a lane's stages.
	pub fn of(stages: usize) -> Vec<Self> {
		let mut places: Vec<Self> = (0..stages).map(|_| Self::default()).collect();
		for upper in 1..stages {
			let [above, below] = End::pair();
			(places[upper - 1].downstream, places[upper].upstream) = (Some(above), Some(below));
		}
		places
	}

	/// What crossed the edges to the stage before and to the stage after.
	pub fn into_crossed(self) -> [Option<Crossed>; 2] {
		[self.upstream, self.downstream].map(|end| end.map(|end| end.crossed))
	}
}

impl Lane for Place {
	type Error = Gone;

	fn receive_activations(&mut self, at: Crossing) -> Result<Bytes, Gone> {
		self.upstream.as_mut().ok_or(Gone)?.receive(at, Direction::Forward)
	}

	fn send_activations(&mut self, at: Crossing, bytes: Vec<u8>) -> Result<(), Gone> {
		self.downstream.as_mut().ok_or(Gone)?.send(at, Direction::Forward, bytes)
	}

	fn receive_gradients(&mut self, at: Crossing) -> Result<Bytes, Gone> {
		self.downstream.as_mut().ok_or(Gone)?.receive(at, Direction::Backward)
	}

	fn send_gradients(&mut self, at: Crossing, bytes: Vec<u8>) -> Result<(), Gone> {
		self.upstream.as_mut().ok_or(Gone)?.send(at, Direction::Backward, bytes)
	}

	fn until_settled(&mut self, _: StepIndex) -> Result<(), Gone> {
		Ok(())
	}

	fn step_done(&mut self, step: StepIndex, _: Option<f32>) -> Result<(), Gone> {
		self.done = step + 1;
		Ok(())
	}

	fn settled(&mut self) -> StepIndex {
		self.done
	}
}
